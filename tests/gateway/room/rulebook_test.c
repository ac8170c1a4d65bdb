#include "tests/check.h"

#include "gateway/room/rulebook.h"

#include <string.h>

static char why[300];

static struct rulebook *rules_of(const struct namespace_conf *n)
{
	struct rulebook *r = NULL;

	if (rulebook_new(n, why, sizeof(why), &r))
		fail_msg("%s", why);
	return r;
}

static bool is_room(const char *rule, const char *name)
{
	struct rulebook *r = rules_of(&(struct namespace_conf){.room_id = (char *)rule});
	bool result = !rulebook_room_fault(r, str_of(name));

	rulebook_free(&r);
	return result;
}

static void test_a_room_is_called_as_the_rule_says(void **state)
{
	static const struct {
		const char *rule, *name;
		bool is_good;
	} cases[] = {
	    {"name", "Lobby_1-a:b.c", true},
	    {"name", "a b", false},
	    {"name", "\u00e9", false},
	    {NULL, "a/b", false},
	    {"uuid", "123e4567-e89b-12d3-a456-426614174000", true},
	    {"uuid", "123E4567-E89B-12D3-A456-426614174000", true},
	    {"uuid", "123e4567-e89b-12d3-a456-42661417400", false},
	    {"uuid", "123e4567-e89b-12d3-a456-42661417400g", false},
	    {"uuid", "123e4567xe89b-12d3-a456-426614174000", false},
	    {"uuid", "{23e4567-e89b-12d3-a456-426614174000}", false},
	    {"team-[0-9]{1,4}", "team-17", true},
	    {"team-[0-9]{1,4}", "team-17 ", false},
	    {"\\p{L}+", "\u00e9t\u00e9", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (is_room(cases[i].rule, cases[i].name) != cases[i].is_good)
			fail_msg("%s: %s", cases[i].rule, cases[i].name);
	}
}

/* What the link takes, whatever the pattern says. */
static void test_a_name_has_a_length(void **state)
{
	char name[131] = "";

	(void)state;
	memset(name, 'a', 128);
	assert_true(is_room(".*", name));
	name[128] = 'a';
	assert_false(is_room(".*", name));
	assert_false(is_room("name", name));
}

static void test_types_are_a_list(void **state)
{
	struct rulebook *r =
	    rules_of(&(struct namespace_conf){.message_types = (char *)" poll  text "});

	(void)state;
	assert_string_equal(rulebook_first_type(r), "poll");
	assert_string_equal(rulebook_types(r), "poll, text");
	assert_string_equal(rulebook_type(r, STR("text")), "text");
	assert_null(rulebook_type(r, STR("image")));
	assert_null(rulebook_type(r, STR("")));
	assert_true(rulebook_may_be_binary("poll"));
	assert_false(rulebook_may_be_binary("text"));
	rulebook_free(&r);
	assert_null(r);
	rulebook_free(&r);
}

static void expect_fault(struct namespace_conf n, const char *text)
{
	struct rulebook *r = NULL;

	assert_int_equal(rulebook_new(&n, why, sizeof(why), &r), ERR_INVALID);
	assert_null(r);
	if (!strstr(why, text))
		fail_msg("%s", why);
}

static void test_what_cannot_be_is_said_at_the_start(void **state)
{
	(void)state;
	expect_fault((struct namespace_conf){.room_id = (char *)"("},
	    "room-id is no regular expression: at character 1: ");
	expect_fault((struct namespace_conf){.room_id = (char *)""}, "room-id is empty");
	expect_fault((struct namespace_conf){.message_types = (char *)" "}, "message-types must");
	expect_fault((struct namespace_conf){.message_types = (char *)"abcdefghijklmnopq"},
	    "at most 16 bytes");
	expect_fault(
	    (struct namespace_conf){.message_types = (char *)"a b c d e f g h i j k l m n o p q"},
	    "1 to 16 words");
}

static void test_lengths(void **state)
{
	struct rulebook *r = rules_of(&(struct namespace_conf){0});

	(void)state;
	assert_int_equal(rulebook_max_chars(r), 5000);
	assert_int_equal(rulebook_max_bytes(r), (1 << 20) - 5);
	rulebook_free(&r);
	r = rules_of(&(struct namespace_conf){.content_max_chars = 10, .content_max_bytes = 20});
	assert_int_equal(rulebook_max_chars(r), 10);
	assert_int_equal(rulebook_max_bytes(r), 20);
	rulebook_free(&r);
}

static void test_each_namespace_has_its_own(void **state)
{
	struct namespace_conf n[] = {
	    {.name = (char *)"/", .content_max_chars = 1},
	    {.name = (char *)"/chat", .content_max_chars = 2},
	};
	struct rulebooks *rs = rulebooks_new(n, ARRAY_LEN(n));

	(void)state;
	assert_int_equal(rulebook_max_chars(rulebooks_find(rs, STR("/"))), 1);
	assert_int_equal(rulebook_max_chars(rulebooks_find(rs, STR("/chat"))), 2);
	assert_null(rulebooks_find(rs, STR("/other")));
	rulebooks_free(&rs);
	assert_null(rs);
	rulebooks_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_room_is_called_as_the_rule_says),
	    cmocka_unit_test(test_a_name_has_a_length),
	    cmocka_unit_test(test_types_are_a_list),
	    cmocka_unit_test(test_what_cannot_be_is_said_at_the_start),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_each_namespace_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
