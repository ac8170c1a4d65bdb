#include "tests/check.h"

#include "broker/hello.h"

#include <string.h>

static struct link_letter letter(enum link_door door, const char *user)
{
	return (struct link_letter){.from = {.door = door}, .user = str_of(user)};
}

static const char *fault(struct link_letter from, uint64_t version, struct str gateway)
{
	static char space[HELLO_WHY_SIZE];
	struct wire_hello hello = {.version = version, .gateway = gateway};

	return hello_fault(&from, &hello, space);
}

static void test_who_may_come(void **state)
{
	(void)state;
	assert_null(fault(letter(LINK_IPC, ""), WIRE_VERSION, STR("east")));
	assert_null(fault(letter(LINK_TCP, "east"), WIRE_VERSION, STR("east")));
	assert_non_null(strstr(fault(letter(LINK_TCP, "west"), WIRE_VERSION, STR("east")),
	    "its key is that of west: set gateway-id to that"));
	assert_non_null(strstr(fault(letter(LINK_IPC, ""), WIRE_VERSION, STR("")), "empty"));
	assert_non_null(strstr(fault(letter(LINK_IPC, ""), WIRE_VERSION, STR("e\0t")), "NUL"));
}

static void test_the_older_side_is_to_be_upgraded(void **state)
{
	(void)state;
	assert_non_null(strstr(
	    fault(letter(LINK_IPC, ""), WIRE_VERSION - 1, STR("east")), "upgrade the gateway"));
	assert_non_null(strstr(
	    fault(letter(LINK_IPC, ""), WIRE_VERSION + 1, STR("east")), "upgrade the broker"));
}

static void test_a_window_has_a_bound(void **state)
{
	struct wire_hello hello = {.credit_messages = UINT64_MAX, .credit_bytes = UINT64_MAX};

	(void)state;
	assert_true(hello_window(&hello).messages == LIMIT_WINDOW_MESSAGES);
	assert_true(hello_window(&hello).bytes == LIMIT_WINDOW_BYTES);
	hello = (struct wire_hello){.credit_messages = 3, .credit_bytes = 4};
	assert_true(hello_window(&hello).messages == 3);
	assert_true(hello_window(&hello).bytes == 4);
}

static void test_where_it_goes_on(void **state)
{
	static const struct {
		uint64_t epoch, last_gseq, place;
	} rows[] = {
	    {6, 90, 90}, {6, 100, 100}, {6, 50, 50}, {6, 49, 100}, /* too long ago */
	    {6, 0, 100}, {6, 101, 100}, /* it saw what the database has not: that was put back */
	    {7, 90, 100},               /* of another database */
	    {0, 0, 100},                /* it was nowhere */
	};
	const struct hello_log log = {.epoch = 6, .released = 100, .replay_max = 50};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire_hello hello = {.epoch = rows[i].epoch, .last_gseq = rows[i].last_gseq};

		assert_true(hello_place(&hello, &log) == rows[i].place);
	}
}

/* What came right after the last that was pruned is all there. */
static void test_what_was_pruned_is_a_gap(void **state)
{
	const struct hello_log log = {.epoch = 6, .released = 100, .pruned = 70, .replay_max = 50};
	struct wire_hello hello = {.epoch = 6, .last_gseq = 70};

	(void)state;
	assert_true(hello_place(&hello, &log) == 70);
	hello.last_gseq = 69;
	assert_true(hello_place(&hello, &log) == 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_may_come),
	    cmocka_unit_test(test_the_older_side_is_to_be_upgraded),
	    cmocka_unit_test(test_a_window_has_a_bound),
	    cmocka_unit_test(test_where_it_goes_on),
	    cmocka_unit_test(test_what_was_pruned_is_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
