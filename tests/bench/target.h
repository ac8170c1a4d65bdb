/*
 * A target is where to connect: one URL of the command line, resolved once.
 */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <stdbool.h>
#include <sys/socket.h>

enum { TARGET_HOST_MAX = 300 };

struct target {
	bool is_secure;
	char host[TARGET_HOST_MAX]; /* "name:port", as the Host header has it */
	struct sockaddr_storage address;
	socklen_t address_len;
};

/* Takes "http://host:port", or with https, ws, wss. False, with a reason in words, if it is none. */
bool target_parse(const char *url, struct target *ret_target, const char **ret_reason);

#endif
