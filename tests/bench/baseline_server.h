/*
 * The baseline server is the least that any server must do to fan a message out: one process, one
 * epoll over all clients, send() to each. It runs in a child process of the benchmark. No protocol,
 * no queues, no copies: what it costs is the kernel's price, and nobody can go below it by much.
 *
 * It is told what to do over a SOCK_SEQPACKET socket, one command a packet.
 */
#ifndef BENCH_BASELINE_SERVER_H
#define BENCH_BASELINE_SERVER_H

#include <stddef.h>
#include <stdint.h>

enum { BASELINE_FRAME_MAX = 32 * 1024, BASELINE_BURST_MAX = 1000 };

enum baseline_verb {
	BASELINE_LOAD,      /* these are the bytes to send */
	BASELINE_ONE_SEND,  /* `burst` times: one send() of one frame to each client */
	BASELINE_COALESCED, /* once: one send() of `burst` frames to each client */
};

struct baseline_command {
	enum baseline_verb verb;
	uint32_t burst;
	uint32_t frame_len;
	uint8_t frame[BASELINE_FRAME_MAX];
};

/* Serves the connected, non-blocking sockets until `control_fd` is closed; then ends the process.
 */
__attribute__((noreturn)) void baseline_serve(int control_fd, const int *client_fds, size_t count);

#endif
