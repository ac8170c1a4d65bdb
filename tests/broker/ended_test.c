#include "tests/check.h"

#include "broker/ended.h"

#include <stdio.h>

static void test_names_are_remembered(void **state)
{
	struct ended *e = ended_new();
	char name[] = "east";

	(void)state;
	assert_false(ended_has(e, "east"));
	ended_note(e, name);
	ended_note(e, name);
	name[0] = 'E'; /* copied */
	assert_true(ended_has(e, "east"));
	assert_false(ended_has(e, "eas"));
	assert_false(ended_has(e, "west"));
	ended_free(&e);
	assert_null(e);
	ended_free(&e);
}

static void test_there_is_an_end_to_it(void **state)
{
	struct ended *e = ended_new();
	char name[24];

	(void)state;
	for (int i = 0; i <= ENDED_MAX; i++) {
		snprintf(name, sizeof(name), "g%d", i);
		ended_note(e, name);
	}
	assert_true(ended_has(e, "g999"));
	assert_false(ended_has(e, "g1000"));
	ended_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_remembered),
	    cmocka_unit_test(test_there_is_an_end_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
