/*
 * A sioclient is one Socket.IO v5 client over Engine.IO v4 over WebSocket, with one namespace and
 * text only. Used by fleet. It connects with {"token":...}, answers the server's pings, emits
 * events with ack ids, and hands events and acks of its namespace upwards, unparsed.
 */
#ifndef BENCH_SIOCLIENT_H
#define BENCH_SIOCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct sioclient;
struct target;
struct wsclient_message;

/* What is the same for all clients of a target. Lent for as long as the clients live. */
struct sioclient_conf {
	struct loop *loop;
	const struct target *target;
	const char *path;
	const char *nsp;
	const struct sioclient_events *events;
};

/*
 * `args` is the JSON array of the packet, a view into the message, which also tells frame and time.
 * Called from loop turns only. After on_failed nothing more comes.
 */
struct sioclient_args {
	const char *text;
	size_t len;
	const struct wsclient_message *message;
};

struct sioclient_events {
	void (*on_connect)(void *owner);
	void (*on_event)(void *owner, const struct sioclient_args *);
	void (*on_ack)(void *owner, uint64_t ack_id, const struct sioclient_args *);
	void (*on_failed)(void *owner, const char *reason);
};

/* `token` is lent until on_connect; it goes into JSON as it is. */
struct sioclient *sioclient_new(const struct sioclient_conf *, const char *token, void *owner);
void sioclient_free(struct sioclient **);

/* Queues the event; `args` is a JSON array of its name and payload. */
void sioclient_emit(struct sioclient *, uint64_t ack_id, const char *args);
void sioclient_flush(struct sioclient *);

/* Reads no more, or again. */
void sioclient_read(struct sioclient *, bool is_reading);

#endif
