#include "tests/broker/world.h"

#include "broker/window.h"
#include "tests/fakes/store.h"

#include <string.h>

/* The neighbour: peers that only count. */
size_t peers_count(const struct peers *ps)
{
	(void)ps;
	return 2;
}

static void test_ready_while_messages_can_be_stored(void **state)
{
	struct world *w = *state;
	char why[HTTP_WHY_SIZE] = "x";

	assert_true(window_http_events.is_ready(&w->b, why, sizeof(why)));
	assert_string_equal(why, "");
	fake_store.trouble = "the disk is full";
	assert_false(window_http_events.is_ready(&w->b, why, sizeof(why)));
	assert_string_equal(why, "the disk is full");
}

static bool shows(struct world *w, const char *line)
{
	struct buf out = {0};

	window_http_events.render_metrics(&w->b, &out);
	buf_putc(&out, '\0');
	bool found = strstr(buf_str(&out).p, line) != NULL;

	buf_free(&out);
	return found;
}

static void test_gauges_are_of_now(void **state)
{
	struct world *w = *state;

	assert_true(shows(w, "\nroomcast_broker_connections 0\n"));
	world_connect(w, &w->east, "e1", "ann");
	world_connect(w, &w->east, "e2", "ann");
	assert_true(shows(w, "\nroomcast_broker_connections 2\n"));
	assert_true(shows(w, "\nroomcast_broker_users 1\n"));
	assert_true(shows(w, "\nroomcast_broker_gateways 2\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_ready_while_messages_can_be_stored),
	    TEST(test_gauges_are_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
