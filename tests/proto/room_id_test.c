#include "proto/room_id.h"

#include "proto/limits.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void names(void **state)
{
	static const char *const bad[] = {"", "a b", "\xc3\xa9", "a/b", "a\n", "#1"};
	char longest[LIMIT_ROOM_NAME + 2] = "";

	(void)state;
	assert_true(room_id_is_name(STR("room-1:A_b.c")));
	memset(longest, 'r', LIMIT_ROOM_NAME);
	assert_true(room_id_is_name(str_of(longest)));
	longest[LIMIT_ROOM_NAME] = 'r';
	assert_false(room_id_is_name(str_of(longest)));
	assert_false(room_id_is_name((struct str){"a\0b", 3}));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(room_id_is_name(str_of(bad[i])));
}

static void uuids(void **state)
{
	static const char *const bad[] = {"", "lobby", "123e4567-e89b-12d3-a456-42661417400",
	    "123e4567-e89b-12d3-a456-4266141740000", "123e4567-e89b-12d3-a456-42661417400g",
	    "123e4567xe89b-12d3-a456-426614174000", "{23e4567-e89b-12d3-a456-426614174000}"};

	(void)state;
	assert_true(room_id_is_uuid(STR("123e4567-e89b-12d3-a456-426614174000")));
	assert_true(room_id_is_uuid(STR("123E4567-E89B-12D3-A456-426614174000")));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(room_id_is_uuid(str_of(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(uuids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
