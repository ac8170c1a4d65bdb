#ifndef ROOMCAST_GATEWAY_SIO_CLIENT_PRIV_H
#define ROOMCAST_GATEWAY_SIO_CLIENT_PRIV_H
/*
 * What the two files of the client share: client.c, what comes in and the life of a client;
 * socket.c, what a namespace socket is asked to send.
 */
#include "gateway/sio/assembly.h"
#include "gateway/sio/backlog.h"
#include "gateway/sio/cast.h"
#include "proto/limits.h"

enum socket_state {
	SOCKET_WAITING, /* the layer above has not answered the CONNECT yet */
	SOCKET_CONNECTED,
	SOCKET_ENDED, /* freed when no call of ours is on the stack */
};

struct sio_socket {
	struct sio_client *client;
	struct sio_socket *next;
	enum socket_state state;
	unsigned nsp; /* index in the configuration */
	char *id;     /* NULL until it is accepted */
	struct backlog *backlog; /* NULL = what is sent to it leaves */
	void *owner;
};

struct sio_client {
	const struct sio_conf *conf;
	const struct sio_events *events;
	void *up;
	const struct sio_transport *transport;
	void *down;
	void *owner;
	struct timer connect_timer;
	struct sio_socket *sockets;
	struct assembly *assembly; /* of the packet whose attachments are coming; NULL = none */
	/* By namespace: we have ended it, and what the client sent before it heard of that is on
	 * its way yet. */
	uint64_t dismissed;
	unsigned busy;         /* calls of ours on the stack */
	enum codec_kind codec; /* of its parser, from its first message on */
	bool has_spoken;
	bool is_closed;
	bool is_doomed;
};

/* Between enter and leave nothing is freed, whatever the layers above and below call. */
void client_enter(struct sio_client *c);
void client_leave(struct sio_client *c);

/* Sends a packet and its attachments. Those make sense together only: none may be dropped. */
void client_send(struct sio_client *c, const struct sio_parcel *p, bool is_volatile);

/* Sends what was built, whose data has no attachments, and empties it. */
void client_send_built(struct sio_client *c, struct buf *b);

void client_close(struct sio_client *c, bool is_parse_error);

/* Tells the layer above, unless it was told before. */
void client_end_socket(struct sio_socket *s, enum sio_end why);

/* What the client sends to it before it hears of the end is not held against it. */
void client_dismiss(struct sio_socket *s);

#endif
