#ifndef ROOMCAST_GATEWAY_EIO_SESSION_PRIV_H
#define ROOMCAST_GATEWAY_EIO_SESSION_PRIV_H
/*
 * The lower side of sessions, for the server and the transports: what the sessions of one server
 * have in common (their family), how a session is born, found, fed, drained, handed from one
 * transport to another, and freed.
 */
#include "gateway/eio/flow.h"
#include "gateway/eio/revision.h"

/* Of all sessions of a server. */
struct eio_rules {
	uint64_t ping_interval_ms, ping_timeout_ms;
	uint64_t max_payload_bytes; /* as told to the client; the transport enforces it */
	uint64_t queue_max_bytes;
	uint64_t upgrade_timeout_ms;
	struct flow_rules flow;
};

/* What a session asks of the connection that carries it. */
struct eio_transport {
	const char *name;
	bool may_upgrade; /* to WebSocket */
	/* Something waits in the queue: drain it at the end of the turn. */
	void (*wake)(void *wire);
	/* Nothing has to be sent, and yet whoever waits for something goes now; may be NULL. */
	void (*release)(void *wire);
	/* Another one carries the session from now on; may be NULL as long as may_upgrade is not
	 * set. The session is not this one's to free any more. */
	void (*discard)(void *wire);
	/* What was queued in an earlier turn has not left yet: the client takes nothing now. NULL =
	 * never. */
	bool (*is_stuck)(const void *wire);
	/* The session is over: send what waits, if that can be done soon, and hang up. A candidate
	 * for an upgrade is told, too, and forgets the session. */
	void (*close)(void *wire, enum eio_close why);
};

struct eio_family;

/* Keeps events, which must stay valid. */
struct eio_family *eio_family_new(
    const struct eio_rules *rules, const struct eio_events *events, void *up);
/* All sessions are freed before it. */
void eio_family_free(struct eio_family **f);

/* Sends the pings that are ours to send and closes the silent: everything that is due. */
void eio_family_expire(struct eio_family *f, struct mono now);

/* When eio_family_expire() is due next; false = nothing runs. */
bool eio_family_next_due(const struct eio_family *f, struct mono *ret_due);

/* How many were closed for a flood. */
uint64_t eio_family_floods(const struct eio_family *f);

/* Open sessions: how many, and fn for each; fn may close sessions but not open any. */
size_t eio_family_open_count(const struct eio_family *f);
void eio_family_each(struct eio_family *f, void (*fn)(void *ctx, struct eio_session *s), void *ctx);

/* The session of that id, open or just closed; NULL = none. */
struct eio_session *eio_family_find(const struct eio_family *f, struct str id);

/* A session that is not open yet. The transport's functions get `wire`. */
struct eio_session *eio_session_new(
    struct eio_family *f, const struct eio_transport *transport, void *wire);
/* It was closed or never opened. */
void eio_session_free(struct eio_session **s);

/* Queues the open packet and tells the layer above. */
void eio_session_open(struct eio_session *s, const struct eio_handshake *h, struct mono now);

/*
 * One packet came: of text, checked to be UTF-8, or a binary one. Whatever is wrong with it
 * closes the session. Ignored on a closed one.
 */
void eio_session_receive(
    struct eio_session *s, struct bytes packet, bool is_binary, struct mono now);

/* A packet over the limit has begun so; the transport closes the session for it next. */
void eio_session_oversize(struct eio_session *s, struct bytes head, bool is_binary);

/* Closes the session if its queue overflowed since the last time: the transport asks at the end
 * of a turn in which it was woken. */
void eio_session_end_turn(struct eio_session *s);

bool eio_session_is_open(const struct eio_session *s);

/* Good from eio_session_open() on. */
enum eio_revision eio_session_revision(const struct eio_session *s);

/* The wire of a session that this transport carries, else NULL. */
void *eio_session_wire(const struct eio_session *s, const struct eio_transport *transport);

/*
 * A second connection wants to carry the session: a candidate. false: it may not, because the
 * session is closed, has a candidate already, or cannot be upgraded.
 */
MUST_USE bool eio_session_admit(
    struct eio_session *s, const struct eio_transport *transport, void *wire, struct mono now);

/* What a candidate said: it is owed a pong, carries (and owns) the session now, or is none any
 * more and should be closed. */
enum eio_probe { EIO_PROBE_PONG, EIO_PROBE_TAKEN, EIO_PROBE_FAILED };
enum eio_probe eio_session_probe(
    struct eio_session *s, struct bytes packet, bool is_binary, struct mono now);

/* The candidate is gone. */
void eio_session_dismiss(struct eio_session *s);

/* What waits to be sent; the transport takes from the front. */
struct eio_queue *eio_session_queue(struct eio_session *s);

#endif
