#ifndef ROOMCAST_TESTS_GATEWAY_LINK_UPLINK_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_LINK_UPLINK_STAGE_H
/*
 * An uplink in a real loop, the broker's end of the link in the hand of the test (a ROUTER socket
 * of the same process), and a layer above that writes down its news. A test says something on
 * either side and waits until the other has heard it; nobody waits for time. The log is a fake.
 */
#include "gateway/link/uplink.h"
#include "tests/check.h"
#include "tests/common/tempdir.h"
#include "tests/fakes/log.h"

enum {
	STAGE_HEARTBEAT_MS = 10000, /* nobody is silent for so long in a test */
	STAGE_QUEUE_MAX_BYTES = 1000,
	STAGE_GATEWAY_BOOT = 7,
	STAGE_EPOCH = 500,
};

struct stage {
	struct tempdir *dir;
	struct loop *loop;
	struct uplink *uplink;
	char why[UPLINK_WHY_SIZE];
	/* what the layer above was told, a line each: gap, linked, up, "down WHY", a message */
	struct buf news;
	unsigned deliveries; /* of the messages told */
	unsigned announces;       /* sockets that it has */
	unsigned told, most_told; /* messages since the last turn ended; most of any turn */
	/* the broker's end */
	void *context, *router;
	char endpoint[256];        /* where it listens or is to listen */
	const char *broker_secret; /* CURVE, Z85; NULL = none */
	const char *broker_public, *gateway_secret;
	char id[256]; /* of the gateway's socket, as heard last */
	size_t id_len;
	struct buf heard; /* messages of the gateway, a line each; batches begin with BATCH */
	uint64_t said;    /* number of its last batch */
	uint64_t place;   /* gseq that WELCOME says */
	bool answers_heartbeats;
	unsigned batches; /* heard */
	int fds;          /* open before the test */
};

/* For cmocka_unit_test_setup_teardown: no uplink yet, the broker's end listens on ipc. */
int stage_setup(void **state);
int stage_teardown(void **state);

/* An uplink to the broker's end; then until it says HELLO. */
void stage_open(struct stage *s);
void stage_open_and_greet(struct stage *s);

/* The broker's end goes and comes, at the same endpoint. */
void stage_broker_goes(struct stage *s);
void stage_broker_comes(struct stage *s);

/* The broker says a message: in the next batch of the conversation, or in one with this number. */
void stage_say(struct stage *s, const struct wire_message *m);
void stage_say_as(struct stage *s, uint64_t number, const struct wire_message *m);
void stage_say_bytes(struct stage *s, struct bytes body);

/* WELCOME, which begins a conversation; then until the uplink is up. */
void stage_welcome(struct stage *s, uint64_t epoch, uint64_t heartbeat_ms, uint64_t credit);
void stage_up(struct stage *s);

/* Lets the loop run until the broker heard, or the layer above was told, a line with this. */
void stage_until_heard(struct stage *s, const char *text);
void stage_until_told(struct stage *s, const char *text);
void stage_until(struct stage *s, bool (*is_so)(const struct stage *s), const char *what);

bool stage_has(struct buf *lines, const char *text);
void stage_forget(struct stage *s);

/* Takes in what has come for the broker; a loop is not needed. */
void stage_listen(struct stage *s);

/* A short message of the gateway, for uplink_send. */
struct wire_message stage_join(const char *room);

#endif
