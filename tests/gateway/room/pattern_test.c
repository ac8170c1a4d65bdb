#include "tests/check.h"

#include "gateway/room/pattern.h"

#include <string.h>
#include <time.h>

static char why[200];

static struct pattern *pattern_of(const char *source)
{
	struct pattern *p = NULL;

	if (pattern_new(str_of(source), why, sizeof(why), &p))
		fail_msg("%s: %s", source, why);
	return p;
}

static bool matches(const char *source, const char *text)
{
	struct pattern *p = pattern_of(source);
	bool result = pattern_matches(p, str_of(text));

	pattern_free(&p);
	assert_null(p);
	pattern_free(&p);
	return result;
}

/* Whatever is at an end, or in one branch of several: the whole text, or nothing. */
static void test_all_of_the_text_has_to_match(void **state)
{
	(void)state;
	assert_true(matches("[a-z]+", "abc"));
	assert_false(matches("[a-z]+", "abc1"));
	assert_false(matches("[a-z]+", "1abc"));
	assert_false(matches("a|b", "ab"));
	assert_true(matches("a|ab", "ab"));
	assert_false(matches("[a-z]+$", "abc\n"));
	assert_false(matches("[a-z]+\\Z", "abc\n"));
	assert_false(matches("(?m)^a$", "b\na"));
}

static void test_characters_are_code_points(void **state)
{
	(void)state;
	assert_true(matches(".", "\u20ac"));
	assert_true(matches("[\u00e0-\u00ff]{2}", "\u00e9\u00e8"));
	assert_false(matches("..", "\u20ac"));
}

static void test_what_is_no_pattern_says_where(void **state)
{
	struct pattern *p = NULL;

	(void)state;
	assert_int_equal(pattern_new(STR("ab[c"), why, sizeof(why), &p), ERR_INVALID);
	assert_null(p);
	assert_non_null(strstr(why, "at character 4: "));
	assert_int_equal(pattern_new(STR("a(b"), why, sizeof(why), &p), ERR_INVALID);
	assert_int_equal(pattern_new(STR("\xff"), why, sizeof(why), &p), ERR_INVALID);
}

/* Without a bound this would take longer than the sun burns. */
static void test_effort_has_a_bound(void **state)
{
	char text[128];
	struct timespec before, after;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[126] = '!';
	text[127] = '\0';
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_false(matches("((a+)+)+b?\\1?c", text));
	assert_false(matches("(a|aa|a?)+$", text));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	assert_true(after.tv_sec - before.tv_sec < 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_of_the_text_has_to_match),
	    cmocka_unit_test(test_characters_are_code_points),
	    cmocka_unit_test(test_what_is_no_pattern_says_where),
	    cmocka_unit_test(test_effort_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
