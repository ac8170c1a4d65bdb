#include "broker/presence.h"

#include "broker/entry.h"
#include "tests/broker/world.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

/* The world tells of up to 4 users by name, and of more every 100 ms. */
enum { DETAIL_MAX = 4, TICK_MS = 100 };

static void pass(struct world *w, uint64_t ms)
{
	fake_turn_now = mono_add_ms(fake_turn_now, ms);
	presence_on_pace(&w->b);
}

/* How often west has heard of that event. */
static unsigned heard(struct world *w, const char *event)
{
	char text[64];
	unsigned count = 0;

	snprintf(text, sizeof(text), "event=\"%s\"", event);
	buf_putc(&w->west.heard, '\0');
	for (const char *at = buf_str(&w->west.heard).p; (at = strstr(at, text)); at++)
		count++;
	buf_truncate(&w->west.heard, w->west.heard.len - 1);
	return count;
}

static void enter(struct world *w, unsigned n)
{
	char name[32];

	snprintf(name, sizeof(name), "u%u", n);
	world_connect(w, &w->east, name, name);
	world_join(w, &w->east, name, "lobby");
}

static void leave(struct world *w, unsigned n)
{
	char name[32];

	snprintf(name, sizeof(name), "u%u", n);
	world_leave(w, &w->east, name, "lobby");
}

/* Of which the first is at west, and hears. */
static void fill(struct world *w, unsigned users)
{
	w->b.config.sessions_max = 1000;
	world_connect(w, &w->west, "w1", "bob");
	world_join(w, &w->west, "w1", "lobby");
	for (unsigned n = 1; n < users; n++)
		enter(w, n);
	pass(w, TICK_MS);
	world_forget_heard(w);
}

static void test_few_are_told_at_once_and_by_name(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX - 1);
	enter(w, 10);
	assert_int_equal(heard(w, "room-presence"), 1);
	assert_true(fake_peer_read(&w->west, "\xaausersCount\x04"));
	assert_true(fake_peer_read(&w->west, "\xa6userId\xa3u10"));
	assert_true(fake_peer_read(&w->west, "\xa6joined"));
	world_forget_heard(w);
	leave(w, 10);
	assert_int_equal(heard(w, "room-presence"), 1);
	assert_int_equal(heard(w, "user-left"), 1);
	assert_true(fake_peer_read(&w->west, "\xaausersCount\x03"));
	assert_true(fake_peer_read(&w->west, "\xa4left"));
	pass(w, 10 * TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 1);
}

static void test_many_are_told_of_in_numbers(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX);
	for (unsigned n = 10; n < 30; n++)
		enter(w, n);
	assert_int_equal(heard(w, "room-presence"), 0);
	pass(w, TICK_MS - 1);
	assert_int_equal(heard(w, "room-presence"), 0);
	pass(w, 1);
	assert_int_equal(heard(w, "room-presence"), 1);
	assert_true(fake_peer_read(&w->west, "\x82\xa6roomId\xa5lobby\xaausersCount\x18"));
	assert_false(fake_peer_read(&w->west, "userId"));
	assert_false(fake_peer_read(&w->west, "action"));
	/* Who joined hears it, too: others came after him. */
	assert_true(fake_peer_heard(&w->east, "event=\"room-presence\""));
	world_forget_heard(w);
	leave(w, 10);
	leave(w, 11);
	assert_int_equal(heard(w, "user-left"), 0);
	pass(w, TICK_MS);
	assert_int_equal(heard(w, "user-left"), 0);
	assert_int_equal(heard(w, "room-presence"), 1);
	assert_true(fake_peer_read(&w->west, "\xaausersCount\x16"));
}

static void test_one_message_a_tick_and_none_without_news(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX);
	for (unsigned tick = 1; tick <= 5; tick++) {
		for (unsigned n = 0; n < 3; n++)
			enter(w, 10 * tick + n);
		pass(w, TICK_MS);
		assert_int_equal(heard(w, "room-presence"), tick);
	}
	pass(w, 10 * TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 5);
}

static void test_who_comes_and_goes_within_a_tick_is_nothing(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX);
	enter(w, 10);
	leave(w, 10);
	pass(w, TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 0);
	/* One more tick, and it is as if nothing had been. */
	enter(w, 11);
	pass(w, TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 1);
}

/* Whoever came while another went was told a number in his answer that is not right any more. */
static void test_a_newcomer_is_not_left_with_an_old_number(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX + 2);
	enter(w, 10);
	leave(w, 1);
	pass(w, TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 1);
	assert_true(fake_peer_read(&w->west, "\xaausersCount\x06"));
}

/* The same limit for coming and going: nobody leaves by name who came as a number. */
static void test_the_room_shrinks(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX);
	enter(w, 10);
	enter(w, 11);
	leave(w, 11);
	leave(w, 10);
	assert_int_equal(heard(w, "user-left"), 0);
	assert_int_equal(heard(w, "room-presence"), 0);
	/* This one makes the number known, so nothing is left to be told. */
	leave(w, 1);
	assert_int_equal(heard(w, "user-left"), 1);
	assert_int_equal(heard(w, "room-presence"), 1);
	pass(w, TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 1);
	assert_true(fake_peer_read(&w->west, "\xaausersCount\x03"));
}

static void test_a_second_tab_is_nobody_new(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX + 2);
	world_connect(w, &w->east, "tab", "bob");
	world_join(w, &w->east, "tab", "lobby");
	pass(w, TICK_MS);
	assert_int_equal(heard(w, "room-presence"), 0);
	world_leave(w, &w->west, "w1", "lobby");
	pass(w, TICK_MS);
	assert_false(fake_peer_heard(&w->east, "event=\"room-presence\""));
}

static void test_a_room_may_go_while_it_has_something_to_tell(void **state)
{
	struct world *w = *state;

	fill(w, DETAIL_MAX);
	enter(w, 10);
	assert_true(timer_is_running(&world_room(w, "lobby")->presence));
	entry_forget_all(&w->b);
	rooms_free(&w->b.rooms);
	assert_null(w->b.presence.head);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_few_are_told_at_once_and_by_name),
	    TEST(test_many_are_told_of_in_numbers),
	    TEST(test_one_message_a_tick_and_none_without_news),
	    TEST(test_who_comes_and_goes_within_a_tick_is_nothing),
	    TEST(test_a_newcomer_is_not_left_with_an_old_number),
	    TEST(test_the_room_shrinks),
	    TEST(test_a_second_tab_is_nobody_new),
	    TEST(test_a_room_may_go_while_it_has_something_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
