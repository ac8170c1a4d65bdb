#include "tests/check.h"

#include "broker/plan.h"
#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"

#include <stdlib.h>

/* Room 1 has the messages 1, 4, 7, 10 of rows.h, a millisecond each, of 2, 2, 2, 3 bytes. */
static const int64_t noon = 1700000000000;

static struct plan *plan_of(const struct plan_room *room)
{
	struct plan *p = plan_new(1);

	p->rooms[0] = *room;
	p->rooms[0].room = 1;
	p->rooms[0].first_seq = 1;
	p->count = 1;
	p->young.ms = noon + 1000;
	p->place = 100;
	p->limit = 100;
	return p;
}

static void read_plan(struct fixture *f, struct plan *p)
{
	struct reader *r = fixture_open_reader(f);

	assert_int_equal(plan_read(r, p), ERR_OK);
	reader_close(&r);
}

static void expect(const struct plan *p, struct plan_room what)
{
	assert_int_equal(p->rooms[0].upto, what.upto);
	assert_int_equal(p->rooms[0].gseq, what.gseq);
	assert_int_equal(p->rooms[0].bytes, what.bytes);
	assert_int_equal(p->rooms[0].front.ms, what.front.ms ? noon + what.front.ms : 0);
}

static void each_rule_takes_what_it_has(void **state)
{
	static const struct {
		struct plan_room rule, expected;
	} cases[] = {
	    {{.before = {0}}, {.upto = 1, .front = {1}}},
	    {{.before = {1700000000001}}, {.upto = 1, .front = {1}}},
	    {{.before = {1700000000002}}, {.upto = 2, .gseq = 1, .bytes = 2, .front = {4}}},
	    {{.before = {1700000000999}}, {.upto = 5, .gseq = 10, .bytes = 9}},
	    {{.below = 3}, {.upto = 3, .gseq = 4, .bytes = 4, .front = {7}}},
	    {{.excess = 1}, {.upto = 2, .gseq = 1, .bytes = 2, .front = {4}}},
	    {{.excess = 4}, {.upto = 3, .gseq = 4, .bytes = 4, .front = {7}}},
	    {{.excess = 5}, {.upto = 4, .gseq = 7, .bytes = 6, .front = {10}}},
	    {{.below = 2, .excess = 5}, {.upto = 4, .gseq = 7, .bytes = 6, .front = {10}}},
	};
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct plan *p = plan_of(&cases[i].rule);

		read_plan(f, p);
		expect(p, cases[i].expected);
		plan_free(&p);
	}
}

static void what_is_young_or_still_needed_stays(void **state)
{
	struct fixture *f = *state;
	struct plan *p = plan_of(&(struct plan_room){.below = 100});

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	p->young.ms = noon + 7;
	read_plan(f, p);
	expect(p, (struct plan_room){.upto = 3, .gseq = 4, .bytes = 4, .front = {7}});
	plan_free(&p);
	p = plan_of(&(struct plan_room){.below = 100});
	p->place = 3;
	read_plan(f, p);
	expect(p, (struct plan_room){.upto = 2, .gseq = 1, .bytes = 2, .front = {4}});
	plan_free(&p);
}

static void a_step_has_a_bound_for_all_its_rooms(void **state)
{
	struct fixture *f = *state;
	struct plan *p = plan_new(ROWS_ROOMS);

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	for (; p->count < ROWS_ROOMS; p->count++)
		p->rooms[p->count] =
		    (struct plan_room){.room = p->count + 1, .first_seq = 1, .below = 100};
	p->young.ms = noon + 1000;
	p->place = 100;
	p->limit = 6;
	read_plan(f, p);
	assert_int_equal(p->rooms[0].upto, 5);
	assert_int_equal(p->rooms[1].upto, 3);
	assert_int_equal(p->rooms[2].upto, 1);
	/* How old it is, is learnt all the same. */
	assert_int_equal(p->rooms[2].front.ms, noon + 3);
	plan_free(&p);
	plan_free(&p);
}

static void the_oldest_receipt_is_told(void **state)
{
	struct fixture *f = *state;
	struct plan *p = plan_new(0);

	read_plan(f, p);
	assert_int_equal(p->oldest_receipt.ms, 0);
	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	rows_execute(f->path, "DELETE FROM receipts WHERE gseq = 1");
	read_plan(f, p);
	assert_int_equal(p->oldest_receipt.ms, noon + 2);
	plan_free(&p);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(each_rule_takes_what_it_has),
	    TEST(what_is_young_or_still_needed_stays),
	    TEST(a_step_has_a_bound_for_all_its_rooms),
	    TEST(the_oldest_receipt_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
