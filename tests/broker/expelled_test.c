#include "broker/expelled.h"

#include "tests/broker/world.h"
#include "tests/fakes/turn.h"

#include <stdio.h>

static void test_for_a_time(void **state)
{
	struct world *w = *state;
	uint64_t kept_ms = w->b.config.lease_ms + w->b.config.recovery_window_ms;

	expelled_note(&w->b, STR("e1"));
	expelled_note(&w->b, STR("e1"));
	assert_true(expelled_has(&w->b, STR("e1")));
	assert_false(expelled_has(&w->b, STR("e2")));
	fake_turn_now.us += kept_ms * 1000 - 1;
	assert_true(expelled_has(&w->b, STR("e1")));
	fake_turn_now.us++;
	assert_false(expelled_has(&w->b, STR("e1")));
	expelled_note(&w->b, STR("e2"));
	assert_true(expelled_has(&w->b, STR("e2")));
}

static void test_not_too_many(void **state)
{
	struct world *w = *state;
	char socket[16];

	for (int i = 0; i <= EXPELLED_MAX; i++) {
		snprintf(socket, sizeof(socket), "s%d", i);
		expelled_note(&w->b, str_of(socket));
	}
	assert_false(expelled_has(&w->b, STR("s0")));
	assert_true(expelled_has(&w->b, STR("s1")));
	assert_true(expelled_has(&w->b, str_of(socket)));
}

static void test_from_a_room(void **state)
{
	struct world *w = *state;
	const struct room *lobby =
	    rooms_create(w->b.rooms, STR("/chat"), STR("lobby"), fake_turn_wall);
	const struct room *club =
	    rooms_create(w->b.rooms, STR("/chat"), STR("club"), fake_turn_wall);

	expelled_note_from(&w->b, STR("e1"), lobby);
	assert_true(expelled_has_from(&w->b, STR("e1"), lobby));
	assert_false(expelled_has_from(&w->b, STR("e1"), club));
	assert_false(expelled_has_from(&w->b, STR("e2"), lobby));
	assert_false(expelled_has(&w->b, STR("e1")));
	expelled_forget_from(&w->b, STR("e1"), club);
	assert_true(expelled_has_from(&w->b, STR("e1"), lobby));
	expelled_forget_from(&w->b, STR("e1"), lobby);
	assert_false(expelled_has_from(&w->b, STR("e1"), lobby));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_for_a_time),
	    TEST(test_not_too_many),
	    TEST(test_from_a_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
