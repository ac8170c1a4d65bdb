#ifndef ROOMCAST_GATEWAY_SIO_CLIENT_H
#define ROOMCAST_GATEWAY_SIO_CLIENT_H
/*
 * A Socket.IO v5 client: one Engine.IO connection seen as namespaces. It reads packets, keeps the
 * rules of who may say what when (client-visible state machine of the protocol), and writes
 * packets. A struct sio_socket (socket.h) is one namespace of one client. Pure: bytes and time in,
 * two tables of functions out.
 *
 * Ownership: the client owns its sockets. A socket lives from on_connect until on_disconnect has
 * returned (or until sio_socket_refuse, which tells nobody); the layer above keeps its own state
 * in the owner pointer.
 * Protocol: https://github.com/socketio/socket.io-protocol (revision 5)
 */
#include "common/clock.h"
#include "common/frame.h"
#include "common/timer.h"

struct sio_client;
struct sio_socket;

/* Why a namespace socket ends, seen from the server. */
enum sio_end {
	SIO_END_CLIENT,    /* the client sent DISCONNECT */
	SIO_END_SERVER,    /* sio_socket_disconnect() */
	SIO_END_TRANSPORT, /* the connection under it is gone */
};

struct sio_event {
	struct str name;
	struct bytes args; /* msgpack array of the arguments after the name; a view, checked */
	bool has_ack;
	uint64_t ack_id; /* < 2^53 */
};

/* News for the layer above. Views are good during the call only. */
struct sio_events {
	/* CONNECT to a known namespace. auth: a msgpack map, or empty. Answer now or later with
	 * sio_socket_accept or sio_socket_refuse. */
	void (*on_connect)(void *up, struct sio_socket *s, struct bytes auth);
	void (*on_event)(void *up, struct sio_socket *s, const struct sio_event *event);
	/* An event that is too big to be read; the connection closes next. May answer. May be NULL.
	 */
	void (*on_oversize)(void *up, struct sio_socket *s, bool has_ack, uint64_t ack_id);
	/* The answer to an event we sent with an ack id. */
	void (*on_ack)(void *up, struct sio_socket *s, uint64_t ack_id, struct bytes args);
	/* Told for every socket that on_connect was told of, unless it was refused. */
	void (*on_disconnect)(void *up, struct sio_socket *s, enum sio_end why);
};

/* How the client reaches its connection. `down` is the connection. */
struct sio_transport {
	void (*send)(void *down, struct frame *text, bool is_volatile);
	void (*send_binary)(void *down, struct frame *bytes, bool is_volatile);
	/* The peer broke the protocol (or never connected to a namespace): close the connection.
	 * is_parse_error: a packet could not be read; else it came in a state that forbids it. */
	void (*close)(void *down, bool is_parse_error);
	/* So many bytes are sent next, all of them wanted: find room. May be NULL. */
	void (*expect)(void *down, size_t bytes);
};

struct sio_conf {
	const char *const *namespaces; /* known ones, NULL-terminated; "/" is written as it is */
	struct timer_queue *connect_timeout; /* no namespace within it: closed */
	unsigned max_attachments;
	size_t max_args_bytes;
};

/* conf, events and transport must outlive the client. */
struct sio_client *sio_client_new(const struct sio_conf *conf, const struct sio_events *events,
    void *up, const struct sio_transport *transport, void *down, struct mono now);

/* Frees client and sockets; on_disconnect(SIO_END_TRANSPORT) is called for living ones first.
 * Allowed inside of events and of the transport's functions: the memory goes when they return. */
void sio_client_free(struct sio_client **c);

/*
 * The client is one of Socket.IO v2 or older: it is written to as such, and connected to "/", which
 * it takes for granted (on_connect; nothing where there is no such namespace). Before it speaks.
 */
void sio_client_begin_legacy(struct sio_client *c);

/* One message from the connection; the first one tells the parser of the client, default (text) or
 * msgpack (binary). May call every event and transport->close; after close the
 * client ignores everything but sio_client_free. */
void sio_client_receive(struct sio_client *c, struct bytes message, bool is_binary);

/* A message that is too big for the connection has begun so. The caller closes it next. */
void sio_client_oversize(struct sio_client *c, struct bytes head, bool is_binary);

/* The client whose connect timer this is; then call sio_client_on_connect_timeout(). */
struct sio_client *sio_client_of_timer(struct timer *t);
void sio_client_on_connect_timeout(struct sio_client *c);

void sio_client_set_owner(struct sio_client *c, void *owner);
void *sio_client_owner(const struct sio_client *c);

#endif
