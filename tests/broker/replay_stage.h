#ifndef ROOMCAST_TESTS_BROKER_REPLAY_STAGE_H
#define ROOMCAST_TESTS_BROKER_REPLAY_STAGE_H
/*
 * A broker whose gateways, database and archive are in the hand of the test: link, store and
 * archive are fakes of its own, everything between is real. A gateway does what roomcast-gateway
 * does (announces, asks again, filters by join), takes in what the test lets it, and checks that
 * each member hears each message of its rooms once, in order and without a gap.
 */
#include "broker/broker.h"
#include "proto/channel.h"
#include "tests/check.h"

enum { STAGE_GATEWAYS = 2, STAGE_SOCKETS = 3, STAGE_ROOMS = 4, STAGE_EPOCH = 6 };

/* One socket in one room. */
struct stay {
	bool is_in;
	uint64_t since, next;      /* gseq of the answer; seq that is due */
	uint64_t joining, leaving; /* unanswered request, 0 = none */
};

struct gateway {
	char name[8];
	struct link_address address;
	struct channel *channel;
	uint64_t boot, epoch, place;
	bool is_up;
	bool is_cut;            /* nothing goes either way */
	struct buf inbox[4096]; /* batches that were sent to it */
	size_t first, last;
	struct stay stays[STAGE_SOCKETS][STAGE_ROOMS];
	unsigned gaps;
};

/* A message that was given to the store. */
struct row {
	uint64_t gseq, room, seq, batch;
};

struct page {
	uint64_t ticket, after, upto;
};

struct stage {
	struct broker b;
	struct mono now;
	struct gateway gateways[STAGE_GATEWAYS];
	struct row rows[4096];
	size_t row_count;
	uint64_t gathering, committed; /* batches */
	struct page pages[8];
	size_t page_count;
	uint64_t request, heard, replayed;
	unsigned live, behind; /* how often a peer was seen so */
};

/* The one that there is: the fakes have to know. */
extern struct stage *stage_now;

/* How many rows the database has, the first ones. */
size_t stage_stored_rows(const struct stage *s);

/* For cmocka_unit_test_setup_teardown. Every socket is connected. */
int stage_setup(void **state);
int stage_teardown(void **state);

/* Ends the broker's turn. */
void stage_turn(struct stage *s);

/* What gathers becomes a batch of its own; the oldest such one is committed; all are lost. */
void stage_seal(struct stage *s);
void stage_commit(struct stage *s);
void stage_fail(struct stage *s);

/* The archive answers its oldest question, with so many messages at most or an error. */
void stage_answer_page(struct stage *s, size_t limit, enum err error);

/* The broker dies, with all that is not committed, and another one begins. */
void stage_restart(struct stage *s);

void stage_room_name(uint64_t room, char name[8]);

/* Says HELLO for the first time; its name and address are set. */
void gateway_begin(struct stage *s, struct gateway *g);

/* The gateway takes in so many batches, and says what it has to say. */
void gateway_take(struct stage *s, struct gateway *g, size_t batches);
void gateway_cut(struct stage *s, struct gateway *g);
void gateway_mend(struct stage *s, struct gateway *g);
void gateway_publish(struct stage *s, struct gateway *g, size_t socket, size_t room);
/* In or out, the other way round than before; nothing while an answer is due. */
void gateway_turn_stay(struct stage *s, struct gateway *g, size_t socket, size_t room);
bool gateway_is_owed(const struct gateway *g);

/* Everything is mended, committed, read and taken in; then every member has heard all. */
void stage_settle(struct stage *s);

#endif
