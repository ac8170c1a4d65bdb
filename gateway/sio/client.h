#ifndef ROOMCAST_GATEWAY_SIO_CLIENT_H
#define ROOMCAST_GATEWAY_SIO_CLIENT_H
/*
 * A Socket.IO v5 client: one Engine.IO connection seen as namespaces. It reads packets, keeps the
 * rules of who may say what when (client-visible state machine of the protocol), and writes
 * packets. A struct sio_socket is one namespace of one client. Pure: bytes and time in, two
 * tables of functions out.
 *
 * Ownership: the client owns its sockets. A socket lives from on_connect until on_disconnect has
 * returned (or until sio_socket_refuse, which tells nobody); the layer above keeps its own state
 * in the owner pointer.
 * Protocol: https://github.com/socketio/socket.io-protocol (revision 5)
 */
#include "common/clock.h"
#include "common/frame.h"
#include "common/timer.h"

struct sio_cast;
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

/* Sends CONNECT {"sid","pid"}; pid may be empty (recovery off). Stops the connect timeout. Events
 * may be sent before it, too: the client keeps them until CONNECT comes. */
void sio_socket_accept(struct sio_socket *s, struct str sid, struct str pid);

/*
 * For a client that comes back: from now on what is sent to the socket waits, to be written behind
 * CONNECT; volatile events are dropped. What sio_socket_recall() is given is written before it. A
 * client keeps what it hears before CONNECT even if that never comes, so nothing is written until
 * sio_socket_accept(), and then the connection is asked to find room for it. When more than a quarter
 * of max_bytes is new, the connection closes.
 */
void sio_socket_hold(struct sio_socket *s, size_t max_bytes);
/* An event that the client missed. ERR_FULL: too many. */
MUST_USE enum err sio_socket_recall(struct sio_socket *s, struct str event, struct bytes args);
/* It begins anew, without all that. */
void sio_socket_forget(struct sio_socket *s);

/* Sends CONNECT_ERROR {"message","data"}; data: an encoded value or empty. Ends the socket: the
 * pointer is dead afterwards. */
void sio_socket_refuse(struct sio_socket *s, struct str message, struct bytes data);

/* Answers an event's ack id: args is a msgpack array. At most once per id (the caller's duty). */
void sio_socket_ack(struct sio_socket *s, uint64_t ack_id, struct bytes args);

/* One event for this socket alone. args: msgpack array of what follows the name. */
void sio_socket_emit(struct sio_socket *s, struct str event, struct bytes args);

/* The same with an ack id, at most 2^53-1: its answer comes by on_ack. */
void sio_socket_ask(struct sio_socket *s, struct str event, struct bytes args, uint64_t ack_id);

/* An event for many, this socket among them; the cast is of its namespace. Volatile: the connection
 * may drop it when it is slow. */
void sio_socket_send(struct sio_socket *s, struct sio_cast *cast, bool is_volatile);

/* Sends DISCONNECT and ends the socket; on_disconnect(SIO_END_SERVER) follows before return. What
 * the client has sent to it meanwhile is ignored, until it connects to that namespace again. */
void sio_socket_disconnect(struct sio_socket *s);

/* The whole connection goes, so that the client comes back by itself. */
void sio_socket_close_connection(struct sio_socket *s);

struct str sio_socket_nsp(const struct sio_socket *s);
struct str sio_socket_id(const struct sio_socket *s); /* "" before accept */
bool sio_socket_is_connected(const struct sio_socket *s);
struct sio_client *sio_socket_client(const struct sio_socket *s);

void sio_socket_set_owner(struct sio_socket *s, void *owner);
void *sio_socket_owner(const struct sio_socket *s);
void sio_client_set_owner(struct sio_client *c, void *owner);
void *sio_client_owner(const struct sio_client *c);

/*
 * An event for any number of sockets of a namespace. It is encoded once for each encoding in use,
 * when the first socket that speaks it is met, and shared by reference. All three are views, which
 * must stay good until the cast is freed.
 */
struct sio_cast *sio_cast_new(struct str nsp, struct str event, struct bytes args);
void sio_cast_free(struct sio_cast **c);

#endif
