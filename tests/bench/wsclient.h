/*
 * A wsclient is one WebSocket connection to a server: non-blocking connect, handshake, frames out
 * (masked), frames in. Used by sioclient, and by the baseline, which gives it a connected socket,
 * so that both sides of the comparison are received by the same code.
 *
 * What is queued leaves at wsclient_flush, in one send if the socket takes it. Pings are answered
 * here. Fragmented or binary messages are a failure: no server under test has a reason to send any.
 */
#ifndef BENCH_WSCLIENT_H
#define BENCH_WSCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct target;
struct wsclient;

/* One text message and the frame that brought it. Views: they die with the call. */
struct wsclient_message {
	const char *text;
	size_t len;
	const uint8_t *frame;
	size_t frame_len;
	uint64_t received_ns; /* when read() had returned it */
};

/* Called from loop turns only. After on_failed nothing more comes. */
struct wsclient_events {
	void (*on_open)(void *owner);
	void (*on_text)(void *owner, const struct wsclient_message *);
	void (*on_failed)(void *owner, const char *reason);
};

struct wsclient_conf {
	struct loop *loop;
	const struct wsclient_events *events;
	void *owner;
};

/* `path_and_query` begins with a slash. */
struct wsclient *wsclient_connect(
    const struct wsclient_conf *, const struct target *, const char *path_and_query);
/* Takes over a connected socket on which the server sends frames without any handshake. */
struct wsclient *wsclient_adopt(const struct wsclient_conf *, int fd);
/* Closes the socket, without ceremony. */
void wsclient_free(struct wsclient **);

void wsclient_queue(struct wsclient *, const char *text, size_t len);
void wsclient_flush(struct wsclient *);

/* Reads no more, or again; to be called when all that was queued has left. */
void wsclient_read(struct wsclient *, bool is_reading);

#endif
