#ifndef ROOMCAST_GATEWAY_ROOM_DOOR_H
#define ROOMCAST_GATEWAY_ROOM_DOOR_H
/*
 * The door: where a connection (eio) and a client (sio) meet. It makes one from the other, passes
 * messages through, and sees a closed connection out at the end of the turn, so that nobody is
 * freed inside a call of his own.
 */
#include "gateway/eio/server.h"
#include "gateway/sio/client.h"

struct doors;

/* What is known of the connection of a client; lives as long as the client. */
struct door_facts {
	char *ip, *user_agent, *authorization;
	/* Of a connection of Engine.IO revision 3: the token in its query, "" = none, and its id,
	 * which its client takes for the id of its sockets. Of any other NULL. */
	char *token, *sid;
	char *url;          /* without what lets a client in */
	struct buf headers; /* an encoded map of those that workers may see */
	bool is_secure;
	const char *transport; /* of now, or the last one */
	const char *reason;    /* why the connection closed, NULL while it is open */
	bool is_lost;          /* it closed in a way that the client may come back from */
};

struct doors *doors_new(
    struct loop *loop, const struct sio_conf *conf, const struct sio_events *events, void *up);
/* The server must be gone. */
void doors_free(struct doors **d);

/* For the server; its `up` is the struct doors. */
extern const struct eio_events door_eio_events;

const struct door_facts *door_facts_of(const struct sio_socket *s);

/* What is sent to it now waits: behind what its client has not taken yet, or behind CONNECT, for
 * one that comes back. */
bool door_is_lagging(const struct sio_socket *s);

/* Its client sends too fast: see eio_session_retry_after_ms(). */
uint64_t door_retry_after_ms(const struct sio_socket *s);

/* A CONNECT of this connection was refused; returns how many were. */
unsigned door_note_refusal(const struct sio_socket *s);

/* Ends clients whose connect timer is due. */
void doors_expire(struct doors *d, struct mono now);

size_t doors_count(const struct doors *d);

#endif
