#ifndef ROOMCAST_TESTS_GATEWAY_EIO_POLLING_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_EIO_POLLING_STAGE_H
/*
 * A session that is polled, between a http.c that takes notes and a layer above that does, for the
 * tests of polling.c and exchange.c. It is open, and its open packet has been polled, when a test
 * begins.
 */
#include "gateway/eio/polling.h"
#include "tests/check.h"

enum { STAGE_MAX_BODY = 100, STAGE_QUEUE_MAX = 1000 };

/* http.c, replaced: a request, and a connection with what was answered. */
struct http_request {
	struct eio_request engine;
	const char *content_type;
	const char *cors;
	uint64_t body_bytes;
};

struct wire {
	struct exchange *exchange;
	unsigned status;   /* 0 = not answered */
	char headers[200]; /* those of the request, '|', those of the answer */
	char type[64];
	char body[2 * STAGE_QUEUE_MAX];
	size_t body_len;
	int parked, finished;
	bool is_broken;
};

/* What every request has to be answered with. */
#define STAGE_CORS "Vary: Origin\r\n"

struct stage {
	struct eio_family *family;
	struct polls *set;
	struct eio_session *session;
	struct str sid;
	const char *eio;          /* revision that requests ask for */
	const char *content_type; /* of the next request */
	struct mono now;
	struct buf heard; /* messages, each with a ';' or, binary, with a '!' */
	bool greets;      /* says something as soon as it is open */
	struct wire get, post;
	int closed;
	enum eio_close why;
};

/* For cmocka_unit_test_setup_teardown: a session of revision 4, or 3, which greets. */
int stage_setup(void **state);
int stage_setup3(void **state);
int stage_teardown(void **state);

/* A request begins; what it is answered comes at the end of the turn at the earliest. */
void stage_ask(
    struct stage *s, struct wire *w, const char *method, struct str sid, uint64_t body_bytes);
bool stage_end_turn(struct stage *s);

/* GET for the session. */
void stage_poll(struct stage *s);

/* The body of a POST comes; a whole POST, and what is answered at the end of the turn. */
void stage_bring(struct stage *s, struct bytes body);
unsigned stage_post_bytes(struct stage *s, struct bytes body);
unsigned stage_post(struct stage *s, const char *body);

/* The layer above says a text. */
void stage_send_text(struct stage *s, const char *text);

/* The turn ends: the poll was answered with this, or is not answered. */
void stage_polled(struct stage *s, const char *body);
void stage_waits(struct stage *s);

/* The rest of a request that is refused with this status comes, and is forgotten. */
void stage_refused(struct stage *s, struct wire *w, unsigned status);

void stage_closed(struct stage *s, enum eio_close why);

/* Nobody knows the session any more. */
void stage_unknown(struct stage *s);

#endif
