#ifndef ROOMCAST_TESTS_GATEWAY_EIO_SESSION_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_EIO_SESSION_STAGE_H
/*
 * A session between a transport that takes notes and a layer above that takes notes, for the tests
 * of session.c. A test begins at 1000 ms.
 */
#include "common/buf.h"
#include "gateway/eio/session_priv.h"
#include "tests/check.h"

enum {
	STAGE_INTERVAL = 300,
	STAGE_TIMEOUT = 200,
	STAGE_UPGRADE_TIMEOUT = 500,
	STAGE_QUEUE_MAX = 1000,
};

struct stage {
	struct eio_family *family;
	struct eio_session *session;
	struct mono now;
	int woken, opened, closed, hung_up;
	enum eio_close why, why_hung_up;
	struct buf heard; /* messages from the client: t:text or b:binary, each with a ';' */
	bool closes_on_open, closes_on_message;
	size_t open_count_on_close;
};

/* What every session of a stage has below and above it; wire and up are the stage. */
extern const struct eio_transport stage_transport;
extern const struct eio_events stage_events;

/* For cmocka_unit_test_setup_teardown: no session yet, or one whose open packet has been sent. */
int stage_setup(void **state);
int stage_setup_open(void **state);
int stage_teardown(void **state);
void stage_open(struct stage *s);

/* It is so many milliseconds, and what is due happens. */
void stage_at(struct stage *s, uint64_t ms);

/* A text packet comes from the client; the layer above says a text. */
void stage_receive(struct stage *s, const char *text);
void stage_send_text(struct stage *s, const char *text, enum eio_send how);

/* Compares all that the layer above has heard. */
void stage_heard(struct stage *s, const char *expected);

void stage_closed(struct stage *s, enum eio_close why);
void stage_is_open(struct stage *s);

/* Takes what is queued first, which must be a packet of this type, with this text. */
void stage_sent(struct stage *s, enum eio_packet_type type, const char *text);
void stage_nothing_sent(struct stage *s);

#endif
