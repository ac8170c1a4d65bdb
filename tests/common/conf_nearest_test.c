#include "common/conf.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const char *const names[] = {
    "port", "host", "max-connections", "max-rooms", "log-level", "log-format", "tls", "a"};

static const char *nearest(const char *word)
{
	return conf_nearest(word, names, ARRAY_LEN(names));
}

static void slips_of_the_hand(void **state)
{
	(void)state;
	assert_string_equal(nearest("prot"), "port");  /* swapped */
	assert_string_equal(nearest("pot"), "port");   /* left out */
	assert_string_equal(nearest("ports"), "port"); /* added */
	assert_string_equal(nearest("pord"), "port");  /* replaced */
	assert_string_equal(nearest("tsl"), "tls");    /* one slip, not two */
	assert_string_equal(nearest("max_connections"), "max-connections");
	assert_string_equal(nearest("max-conections"), "max-connections");
	assert_string_equal(nearest("loglevel"), "log-level");
	assert_string_equal(nearest("port"), "port");
}

static void another_word_is_not_near(void **state)
{
	(void)state;
	assert_null(nearest("database"));
	assert_null(nearest(""));
	assert_null(nearest("xy"));
	assert_null(nearest("b")); /* one letter replaced is all of it */
	assert_null(nearest("max"));
	assert_null(conf_nearest("port", names, 0));
}

static void the_nearest_wins_the_first_of_equals(void **state)
{
	static const char *const close[] = {"cart", "care", "core"};

	(void)state;
	assert_string_equal(conf_nearest("core", close, ARRAY_LEN(close)), "core");
	assert_string_equal(conf_nearest("carx", close, ARRAY_LEN(close)), "cart");
}

static void words_of_any_length(void **state)
{
	char word[1000], candidate[1000];
	const char *candidates[] = {candidate};

	(void)state;
	memset(word, 'w', sizeof(word));
	memset(candidate, 'w', sizeof(candidate));
	for (size_t len = 60; len < 70; len++) {
		word[len] = '\0';
		candidate[len - 1] = '\0';
		const char *near = conf_nearest(word, candidates, 1);

		if (len < 64)
			assert_ptr_equal(near, candidate);
		else
			assert_null(near);
		word[len] = candidate[len - 1] = 'w';
	}
	word[999] = candidate[999] = '\0';
	assert_null(conf_nearest(word, candidates, 1));
	assert_null(conf_nearest("short", candidates, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slips_of_the_hand),
	    cmocka_unit_test(another_word_is_not_near),
	    cmocka_unit_test(the_nearest_wins_the_first_of_equals),
	    cmocka_unit_test(words_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
