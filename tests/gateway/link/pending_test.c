#include "tests/check.h"

#include "gateway/link/pending.h"

enum { TIMEOUT_MS = 1000, MAX_REQUESTS = 8, MAX_BYTES = 100, PER_OWNER = 6 };

static struct pending_owner owner, other;

static struct mono at(uint64_t ms)
{
	return (struct mono){ms * 1000};
}

static int setup(void **state)
{
	owner = other = (struct pending_owner){0};
	*state = pending_new(TIMEOUT_MS,
	    &(struct pending_bounds){MAX_REQUESTS, MAX_BYTES, PER_OWNER});
	return 0;
}

static int teardown(void **state)
{
	struct pending *p = *state;

	pending_free(&p);
	return frame_live() == 0 ? 0 : -1;
}

static enum err add(
    struct pending *p, uint64_t id, enum wire_type type, struct pending_owner *o, size_t bytes,
    uint64_t ms)
{
	static const char text[MAX_BYTES + 1];
	struct frame *f = frame_new(bytes_of(text, bytes));
	struct pending_request r = {.id = id, .type = type, .owner = o, .message = f};
	enum err e = pending_add(p, &r, at(ms));

	frame_unref(&f);
	return e;
}

static void test_ids_are_never_the_same(void **state)
{
	struct pending *p = *state;

	assert_int_equal(pending_next_id(p), 1);
	assert_int_equal(pending_next_id(p), 2);
}

static void test_bounds(void **state)
{
	struct pending *p = *state;

	assert_int_equal(add(p, 1, WIRE_JOIN, &owner, MAX_BYTES, 0), ERR_OK);
	assert_int_equal(add(p, 2, WIRE_JOIN, &owner, 1, 0), ERR_FULL);
	pending_remove(p, 1);
	for (uint64_t id = 3; id < 3 + PER_OWNER; id++)
		assert_int_equal(add(p, id, WIRE_JOIN, &owner, 1, 0), ERR_OK);
	/* One who asks too much keeps nobody else from asking. */
	assert_int_equal(add(p, 20, WIRE_JOIN, &owner, 1, 0), ERR_FULL);
	assert_int_equal(add(p, 21, WIRE_JOIN, &other, 1, 0), ERR_OK);
	assert_int_equal(add(p, 22, WIRE_JOIN, &other, 1, 0), ERR_OK);
	assert_int_equal(add(p, 23, WIRE_JOIN, &other, 1, 0), ERR_FULL);
	assert_int_equal(add(p, 24, WIRE_CONNECT, &other, 1, 0), ERR_OK);
	assert_int_equal(add(p, 25, WIRE_CONNECT, &other, 1, 0), ERR_FULL);
	assert_int_equal(owner.count, PER_OWNER);
}

static void count(void *ctx, const struct pending_request *r)
{
	assert_int_equal(r->type, WIRE_TYPING);
	++*(int *)ctx;
}

static void test_a_type_can_be_dropped(void **state)
{
	struct pending *p = *state;
	int dropped = 0;

	assert_int_equal(add(p, 1, WIRE_TYPING, &owner, 1, 0), ERR_OK);
	assert_int_equal(add(p, 2, WIRE_JOIN, &owner, 1, 0), ERR_OK);
	assert_int_equal(add(p, 3, WIRE_TYPING, NULL, 1, 0), ERR_OK);
	pending_drop_type(p, WIRE_TYPING, count, &dropped);
	assert_int_equal(dropped, 2);
	assert_int_equal(pending_count(p), 1);
	assert_int_equal(owner.count, 1);
	assert_true(pending_has(&owner, WIRE_JOIN, STR("")));
	assert_false(pending_has(&owner, WIRE_JOIN, STR("r")));
	assert_false(pending_has(&owner, WIRE_LEAVE, STR("")));
}

static void note_id(void *ctx, const struct pending_request *r)
{
	uint64_t **next = ctx;

	*(*next)++ = r->id;
}

static void test_order_is_that_of_asking(void **state)
{
	struct pending *p = *state;
	uint64_t seen[MAX_REQUESTS] = {0}, *next = seen;

	for (uint64_t id = 1; id <= 4; id++)
		assert_int_equal(add(p, id, WIRE_PUBLISH, &owner, 1, 0), ERR_OK);
	pending_remove(p, 2);
	assert_int_equal(add(p, 10, WIRE_PUBLISH, &owner, 1, 0), ERR_OK);
	pending_each(p, note_id, &next);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 3);
	assert_int_equal(seen[2], 4);
	assert_int_equal(seen[3], 10);
}

static void test_a_lost_owner_leaves_its_publishes(void **state)
{
	struct pending *p = *state;
	assert_int_equal(add(p, 1, WIRE_PUBLISH, &other, 1, 0), ERR_OK);
	assert_int_equal(add(p, 2, WIRE_JOIN, &other, 1, 0), ERR_OK);
	assert_int_equal(add(p, 3, WIRE_JOIN, &owner, 1, 0), ERR_OK);
	pending_forget(p, &other);
	assert_non_null(pending_find(p, 1));
	assert_null(pending_find(p, 1)->owner);
	assert_null(pending_find(p, 2));
	assert_ptr_equal(pending_find(p, 3)->owner, &owner);
}

static void test_deadlines(void **state)
{
	struct pending *p = *state;
	struct mono due;

	assert_false(pending_next_due(p, &due));
	assert_int_equal(add(p, 1, WIRE_JOIN, &owner, 1, 100), ERR_OK);
	assert_int_equal(add(p, 2, WIRE_JOIN, &owner, 1, 200), ERR_OK);
	assert_true(pending_next_due(p, &due));
	assert_int_equal(due.us, at(100 + TIMEOUT_MS).us);
	assert_null(pending_expired(p, at(100 + TIMEOUT_MS - 1)));
	assert_int_equal(pending_expired(p, at(100 + TIMEOUT_MS))->id, 1);
	assert_null(pending_expired(p, at(100 + TIMEOUT_MS)));
	pending_remove(p, 1);
	assert_int_equal(pending_count(p), 1);
}

static void test_mark_sent(void **state)
{
	struct pending *p = *state;

	assert_int_equal(add(p, 1, WIRE_PUBLISH, &owner, 1, 0), ERR_OK);
	assert_false(pending_find(p, 1)->was_sent);
	pending_mark_sent(p, 1);
	assert_true(pending_find(p, 1)->was_sent);
	pending_mark_sent(p, 2); /* answered meanwhile */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_ids_are_never_the_same, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_type_can_be_dropped, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_order_is_that_of_asking, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        test_a_lost_owner_leaves_its_publishes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_deadlines, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_mark_sent, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
