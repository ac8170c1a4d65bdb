#include "broker/admin.h"

#include "broker/erase.h"
#include "proto/value.h"
#include "tests/broker/admin_fixture.h"
#include "tests/fakes/link.h"
#include "tests/fakes/store.h"

#include <string.h>

static void assert_begins(const char *text, const char *beginning)
{
	if (strncmp(text, beginning, strlen(beginning)) != 0)
		fail_msg("%s", text);
}

static const char *ask_delete(struct desk *d, const char *id)
{
	struct buf args = {0};

	value_put_map(&args, 1);
	value_put_str_pair(&args, STR("id"), str_of(id));
	const char *answer = desk_ask_raw(d, WIRE_VERSION, "delete", buf_bytes(&args));

	buf_free(&args);
	return answer;
}

/* A message of the lobby that is committed, as number 1. */
static void say_something(struct desk *d)
{
	desk_populate(d);
	world_publish(d->w, &d->w->east, "e1", "lobby");
	world_commit(d->w);
	fake_store.stored_place_gseq = 1;
	fake_store.stored_place =
	    (struct reader_place){.room = world_room(d->w, "lobby")->id, .seq = 1, .bytes = 2};
}

static void test_a_deletion_is_answered_when_it_is_committed(void **state)
{
	struct desk *d = *state;

	say_something(d);
	assert_string_equal(ask_delete(d, "0000000000001"), "none");
	fake_link_reset();
	erase_on_committed(&d->w->b, fake_store.gathering);
	assert_string_equal(desk_answer(),
	    "ok {\"id\":\"0000000000001\",\"nsp\":\"/chat\",\"room\":\"lobby\",\"seq\":1}");
	assert_begins(ask_delete(d, "what"), "INVALID: \"what\" is no id of a message");
	assert_begins(ask_delete(d, "0000000000009"), "NOT_FOUND: no message has had this id");
}

static void test_a_deletion_that_fails_says_so(void **state)
{
	struct desk *d = *state;

	say_something(d);
	assert_string_equal(ask_delete(d, "0000000000001"), "none");
	fake_link_reset();
	erase_on_failed(&d->w->b);
	assert_begins(desk_answer(), "UNAVAILABLE: the database could not take it");
}

/* What was put into a batch may still be committed, when the store closes. */
static void test_a_broker_that_stops_does_not_say_what_it_does_not_know(void **state)
{
	struct desk *d = *state;

	say_something(d);
	assert_string_equal(ask_delete(d, "0000000000001"), "none");
	fake_link_reset();
	erase_forget_all(&d->w->b);
	assert_string_equal(desk_answer(), "none");
	assert_null(d->w->b.erasures);
}

static void test_an_order_to_prune(void **state)
{
	struct desk *d = *state;
	struct buf args = {0};

	value_put_map(&args, 2);
	value_put_str_pair(&args, STR("nsp"), STR("/chat"));
	value_put_u64_pair(&args, STR("older-than"), 60);
	assert_string_equal(desk_ask_raw(d, WIRE_VERSION, "prune", buf_bytes(&args)),
	    "ok {\"nsp\":\"/chat\",\"before\":1699999940000}");
	assert_string_equal(fake_order.nsp, "/chat");
	assert_int_equal(fake_order.before.ms, 1699999940000);
	assert_string_equal(desk_ask(d, "prune"), "ok {\"nsp\":\"all\",\"before\":1700000000000}");
	assert_string_equal(fake_order.nsp, "");
	buf_reset(&args);
	value_put_map(&args, 1);
	value_put_str_pair(&args, STR("nsp"), STR("/nowhere"));
	assert_begins(desk_ask_raw(d, WIRE_VERSION, "prune", buf_bytes(&args)),
	    "NOT_FOUND: no namespace /nowhere");
	buf_free(&args);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_deletion_is_answered_when_it_is_committed),
	    TEST(test_a_deletion_that_fails_says_so),
	    TEST(test_a_broker_that_stops_does_not_say_what_it_does_not_know),
	    TEST(test_an_order_to_prune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
