#ifndef ROOMCAST_GATEWAY_EIO_HANDSHAKE_H
#define ROOMCAST_GATEWAY_EIO_HANDSHAKE_H
/*
 * May this HTTP request open an Engine.IO session? Pure: it judges what was read of a request,
 * in the order in which engine.io does, so that clients get the answers they know.
 */
#include "common/str.h"

enum eio_refusal {
#define EIO_REFUSAL(name, code, status, message, headers) EIO_REFUSAL_##name,
#include "gateway/eio/refusal.def"
#undef EIO_REFUSAL
	EIO_REFUSALS
};

struct eio_refusal_row {
	unsigned code;   /* in the body of a plain answer */
	unsigned status; /* HTTP */
	const char *message;
	const char *headers; /* beside the usual ones */
};

const struct eio_refusal_row *eio_refusal_row(enum eio_refusal why);

/* Of the protocol. One that is not among them is EIO_REVISIONS. */
enum eio_revision { EIO_REVISION_4, EIO_REVISION_3, EIO_REVISIONS };

/* What the judgement needs of a request: views, empty where the request says nothing. */
struct eio_request {
	struct str method;  /* "GET" */
	struct str version; /* "HTTP/1.1" */
	/* Query; a parameter that came twice is never a good one. */
	struct str transport, eio, sid, b64, jsonp, token;
	/* Headers. */
	struct str host, origin, upgrade, connection;
	struct str websocket_key, websocket_version, websocket_protocol;
	bool is_foreign; /* its Origin is of those that may not connect */
};

/* Adds one query parameter, "name=value", decoded. Others than ours are ignored. */
void eio_request_add_parameter(struct eio_request *r, struct str parameter);

/*
 * The subprotocol that an offer (Sec-WebSocket-Protocol) is answered with: the first one, as the
 * reference has it, for Engine.IO knows none. Empty = nothing is offered, or what we cannot answer:
 * no list of tokens, one twice, or more than libwebsockets can hold (a name that begins with a
 * digit is a number to it).
 */
enum { EIO_SUBPROTOCOL_MAX = 62, EIO_SUBPROTOCOLS_MAX = 126 };
struct str eio_subprotocol(struct str offer);

/* What the sid of a request stands for. */
enum eio_sid {
	EIO_SID_NONE, /* there is none: a session is asked for */
	EIO_SID_UNKNOWN,
	EIO_SID_POLLING, /* a session that polling carries */
	EIO_SID_WEBSOCKET,
	EIO_SID_OTHER_REVISION, /* a session of another revision than the request */
};

/* The status that HTTP itself refuses a request with, for its version or for want of a Host; 0 = it
 * does not. */
unsigned eio_request_bad_http(const struct eio_request *r);

/* The revision that a request speaks; who says nothing speaks 3, as clients did then. */
enum eio_revision eio_request_revision(const struct eio_request *r);

/*
 * May a WebSocket be opened, for a new session or to carry one on? oldest: the revision below which
 * we speak none. false: ret_why says why not.
 */
MUST_USE bool eio_request_may_upgrade(const struct eio_request *r, enum eio_revision oldest,
    enum eio_sid sid, enum eio_refusal *ret_why);

/* May a request without Upgrade open a session, or poll and post for one? As above. */
MUST_USE bool eio_request_may_poll(const struct eio_request *r, enum eio_revision oldest,
    enum eio_sid sid, enum eio_refusal *ret_why);

#endif
