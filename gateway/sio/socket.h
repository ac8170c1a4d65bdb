#ifndef ROOMCAST_GATEWAY_SIO_SOCKET_H
#define ROOMCAST_GATEWAY_SIO_SOCKET_H
/*
 * A namespace socket: one namespace of one client (client.h, which owns it), as the layer above
 * speaks to it; and what is said to many of them at once, encoded once.
 */
#include "gateway/sio/client.h"

struct sio_cast;

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

/*
 * An event for any number of sockets of a namespace. It is encoded once for each encoding in use,
 * when the first socket that speaks it is met, and shared by reference. All three are views, which
 * must stay good until the cast is freed.
 */
struct sio_cast *sio_cast_new(struct str nsp, struct str event, struct bytes args);
void sio_cast_free(struct sio_cast **c);

#endif
