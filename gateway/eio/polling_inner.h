#ifndef ROOMCAST_GATEWAY_EIO_POLLING_INNER_H
#define ROOMCAST_GATEWAY_EIO_POLLING_INNER_H
/*
 * What polling is made of. For polling.c (sessions and their turns) and exchange.c (requests)
 * alone.
 */
#include "gateway/eio/polling.h"

/* The type of a binary body. */
#define POLLING_BINARY "application/octet-stream"

/* What carries a session; freed with it, or when it has been discarded. */
struct polling {
	struct polls *set;
	struct eio_session *session; /* NULL = a WebSocket carries it now */
	enum eio_revision revision;  /* of the session */
	struct exchange *poll, *post;
	struct polling *next; /* in set->dirty */
	struct timer linger;  /* until the last words are forgotten */
	bool is_dirty;
	bool is_released; /* the poll is answered, with a noop if need be */
	bool is_closed;
	bool has_last_words; /* closed by us: the next poll fetches what waits and a close packet */
	bool is_owed_noop;   /* closed by the client, which knows */
	bool is_named;       /* its cookie was set */
};

struct exchange {
	struct polls *set;
	struct polling *polling; /* NULL = nothing to do with it (any more) */
	struct wire *wire;
	struct buf body;
	struct mono body_began; /* 0 = nothing of it has come */
	struct frame *answer;  /* NULL = not known yet */
	const char *cors;      /* headers that it carries */
	struct exchange *next; /* in set->complete */
	bool has_body, is_binary;
	bool is_complete; /* waits for the end of the turn */
	bool is_answered;
};

struct polls {
	struct eio_family *family;
	uint64_t max_body_bytes;
	const char *cookie; /* "" = none */
	struct polling *dirty;
	struct exchange *complete; /* answered at the end of the turn */
	struct timer_queue lingering;
	bool has_deadlines;
	bool is_ending; /* nobody comes back for last words */
};

extern const struct eio_transport polling_transport;

/* Writes its answer; it is freed, now or later. */
void exchange_answer(struct exchange *x);

void polling_mark_dirty(struct polling *p);

/* Has it left the session, or the session it? */
bool polling_is_over(const struct polling *p);

#endif
