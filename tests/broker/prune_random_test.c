/*
 * Chance against a model: messages, deletions, pruning by plan, then what a session that comes back
 * is given (merge) and what a gateway that comes back is sent (log), for every place it may have.
 * Either all of it is right, or it is said that something is missing, and then something is.
 */
#include "tests/check.h"

#include "broker/merge.h"
#include "broker/plan.h"
#include "broker/reader_start.h"
#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 12, STEPS = 60, LOG_MAX = 2000 };

static const int64_t noon = 1700000000000;

/* One entry of the log as the model has it. */
struct entry {
	uint64_t room, seq;
	uint64_t target; /* of a deletion; 0 = a message */
	bool is_deleted, is_pruned;
};

struct model {
	struct fixture *f;
	uint64_t chance;
	struct entry log[LOG_MAX + 1]; /* by gseq */
	uint64_t newest;
	uint64_t seqs[ROWS_ROOMS + 1], firsts[ROWS_ROOMS + 1];
};

static uint64_t draw(struct model *m, uint64_t below)
{
	m->chance = m->chance * 6364136223846793005U + 1442695040888963407U;
	return (m->chance >> 33) % below;
}

static void commit(struct model *m)
{
	if (fixture_commit_batch(m->f) != WRITER_COMMITTED)
		fail_msg("%s", m->f->why);
}

static void publish(struct model *m)
{
	uint64_t count = 1 + draw(m, 6);

	batch_reset(m->f->batch);
	for (; count > 0; count--) {
		uint64_t room = 1 + draw(m, ROWS_ROOMS), gseq = ++m->newest;
		struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(gseq)};

		op.as.message.room = room;
		op.as.message.seq = ++m->seqs[room];
		m->log[gseq] = (struct entry){.room = room, .seq = m->seqs[room]};
		batch_put(m->f->batch, &op);
	}
	commit(m);
}

static void delete (struct model *m)
{
	uint64_t target = 1 + draw(m, m->newest);
	const struct entry *e = &m->log[target];

	if (e->target || e->is_deleted || e->is_pruned)
		return;
	uint64_t gseq = ++m->newest;

	m->log[target].is_deleted = true;
	m->log[gseq] = (struct entry){.room = e->room, .seq = e->seq, .target = target};
	batch_reset(m->f->batch);
	batch_put(m->f->batch,
	    &(struct batch_op){.kind = BATCH_DELETION,
		.as.deletion = {gseq, e->room, e->seq, target, {noon + (int64_t)gseq}}});
	commit(m);
}

static void note_pruned(struct model *m, uint64_t room, uint64_t gseq)
{
	for (uint64_t i = 1; i <= gseq; i++) {
		if (m->log[i].room == room)
			m->log[i].is_pruned = true;
	}
}

static void prune(struct model *m, struct reader *r)
{
	uint64_t room = 1 + draw(m, ROWS_ROOMS);
	struct plan *p = plan_new(1);
	struct plan_room *step = &p->rooms[0];

	*step = (struct plan_room){.room = room,
	    .first_seq = m->firsts[room],
	    .below = draw(m, m->seqs[room] + 2),
	    .before = {noon + (int64_t)draw(m, m->newest + 1)}};
	p->count = 1;
	p->limit = (unsigned)draw(m, 10);
	p->young.ms = noon + LOG_MAX;
	p->place = draw(m, m->newest + 1);
	assert_int_equal(plan_read(r, p), ERR_OK);
	if (step->gseq) {
		assert_true(step->gseq <= p->place);
		batch_reset(m->f->batch);
		batch_put(
		    m->f->batch, &(struct batch_op){.kind = BATCH_PRUNING,
				     .as.pruning = {room, step->upto, step->gseq, step->bytes}});
		commit(m);
		m->firsts[room] = step->upto;
		note_pruned(m, room, step->gseq);
	}
	plan_free(&p);
}

/* What was heard, against what the model says should be. */
struct ear {
	const struct model *m;
	uint64_t rooms; /* bits */
	uint64_t at;    /* everything up to here was checked */
};

static void expect_up_to(struct ear *ear, uint64_t gseq)
{
	while (++ear->at < gseq) {
		const struct entry *e = &ear->m->log[ear->at];

		if (ear->rooms & UINT64_C(1) << e->room)
			fail_msg("%d was not heard", (int)ear->at);
	}
}

static void hear(struct ear *ear, uint64_t room, const struct reader_message *message)
{
	const struct entry *e = &ear->m->log[message->gseq];

	assert_true(message->gseq > ear->at);
	expect_up_to(ear, message->gseq);
	assert_int_equal(e->room, room);
	assert_int_equal(e->seq, message->seq);
	assert_false(e->is_pruned);
	if (e->target || e->is_deleted)
		assert_int_equal(message->deleted, e->target ? e->target : message->gseq);
	else
		assert_int_equal(message->deleted, 0);
}

static void hear_merged(
    void *ctx, const struct merge_room *room, const struct reader_message *message)
{
	hear(ctx, room->id, message);
}

static void hear_logged(void *ctx, const struct reader_entry *entry)
{
	hear(ctx, entry->room, &entry->message);
}

static bool has_lost(const struct model *m, uint64_t rooms, uint64_t after)
{
	for (uint64_t i = after + 1; i <= m->newest; i++) {
		if (m->log[i].is_pruned && rooms & UINT64_C(1) << m->log[i].room)
			return true;
	}
	return false;
}

static struct merge *merge_of(const struct model *m, uint64_t rooms, uint64_t after)
{
	struct merge *merge = merge_new(ROWS_ROOMS);

	merge->count = 0;
	for (uint64_t id = 1; id <= ROWS_ROOMS; id++) {
		if (rooms & UINT64_C(1) << id && m->seqs[id])
			merge->rooms[merge->count++] = (struct merge_room){.id = id,
			    .name = xstrdup("room"),
			    .after = after,
			    .last_seq = m->seqs[id]};
	}
	merge->until = m->newest;
	merge->limit = 7;
	merge->max_bytes = 1 << 20;
	return merge;
}

/* A session in some rooms comes back, page by page. */
static void come_back(const struct model *m, struct reader *r, uint64_t rooms, uint64_t after)
{
	struct ear ear = {m, rooms, after};
	bool more = true;

	while (more) {
		struct merge *merge = merge_of(m, rooms, ear.at);
		enum err e = merge_read(r, merge, hear_merged, &ear, &more);

		merge_free(&merge);
		if (e) {
			assert_int_equal(e, ERR_NOT_FOUND);
			assert_true(has_lost(m, rooms, after));
			return;
		}
	}
	assert_false(has_lost(m, rooms, after));
	expect_up_to(&ear, m->newest + 1);
}

/* A gateway comes back, which is told of a gap when what it missed was pruned. */
static void catch_up(const struct model *m, struct reader *r, uint64_t after)
{
	const uint64_t all = ~UINT64_C(0);
	struct ear ear = {m, all, after};
	uint64_t pruned, reached = after;

	assert_int_equal(reader_pruned_gseq(r, &pruned), ERR_OK);
	assert_true((after < pruned) == has_lost(m, all, after));
	while (after >= pruned && reached < m->newest) {
		struct reader_span span = {.after = reached, .upto = m->newest, .limit = 5};

		assert_int_equal(reader_log(r, &span, hear_logged, &ear, &reached), ERR_OK);
		expect_up_to(&ear, reached + 1);
		ear.at = reached;
	}
}

static void check(struct model *m, struct reader *r)
{
	for (uint64_t after = 0; after <= m->newest; after++) {
		come_back(m, r, 2 + draw(m, 14), after);
		catch_up(m, r, after);
	}
}

static void live(struct fixture *f, uint64_t seed)
{
	struct model *m = xcalloc(1, sizeof(*m));
	struct reader *r;

	m->f = f;
	m->chance = seed;
	for (uint64_t id = 1; id <= ROWS_ROOMS; id++)
		m->firsts[id] = 1;
	r = fixture_open_reader(f);
	publish(m);
	for (int i = 0; i < STEPS; i++) {
		switch (draw(m, 4)) {
		case 0:
			prune(m, r);
			break;
		case 1:
			delete (m);
			break;
		default:
			publish(m);
		}
		if (i % 10 == 9)
			check(m, r);
	}
	reader_close(&r);
	free(m);
}

static void what_is_said_is_so(void **state)
{
	const char *given = getenv("ROOMCAST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : 1;

	(void)state;
	for (uint64_t round = 0; round < (given ? 1 : ROUNDS); round++) {
		void *f;

		print_message("ROOMCAST_SEED=%llu\n", (unsigned long long)(seed + round));
		assert_int_equal(fixture_set_up(&f), 0);
		live(f, seed + round);
		assert_int_equal(fixture_tear_down(&f), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_said_is_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
