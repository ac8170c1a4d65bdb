#include "broker/cli/emission.h"

#include "tests/check.h"

#include <string.h>

#include "broker/cli/commands.h"
#include "broker/cli/json_text.h"
#include "proto/limits.h"
#include "proto/value.h"

enum { MAX_WORDS = 16 };

static char why[OPTIONS_WHY_SIZE];

static void parse(const char *const *words, struct options *ret)
{
	char *argv[MAX_WORDS + 2] = {(char[]){"roomcastctl"}};
	int argc = 1;

	for (; words[argc - 1] && argc <= MAX_WORDS; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	if (options_parse(argc, argv, ret, why))
		fail_msg("%s", why);
}

/* What the broker is asked, as JSON; or why not. */
static const char *ask(const char *const *words)
{
	static char said[600];
	struct options o;
	struct buf args = {0}, text = {0};

	parse(words, &o);
	if (emission_put_args(&o, &args, why)) {
		snprintf(said, sizeof(said), "%s", why);
	} else {
		assert_int_equal(value_check(buf_bytes(&args), LIMIT_VALUE_DEPTH), ERR_OK);
		assert_int_equal(
		    json_text_put(&text, buf_bytes(&args), JSON_TEXT_ONE_LINE), ERR_OK);
		snprintf(said, sizeof(said), "%.*s", STR_ARG(buf_str(&text)));
	}
	buf_free(&args);
	buf_free(&text);
	return said;
}

#define ASK(...) ask((const char *const[]){"emit", __VA_ARGS__, NULL})

static void what_the_broker_is_asked(void **state)
{
	(void)state;
	assert_string_equal(
	    ASK("hi", "--user", "u"), "{\"args\":[],\"event\":\"hi\",\"user\":\"u\"}");
	assert_string_equal(
	    ASK("hi", "1", "\"two\"", "{\"three\":[]}", "--room", "r", "--nsp", "/x"),
	    "{\"args\":[1,\"two\",{\"three\":[]}],\"event\":\"hi\",\"room\":\"r\",\"nsp\":\"/x\"}");
	assert_string_equal(ASK("hi", "--socket", "s", "--ack"),
	    "{\"args\":[],\"event\":\"hi\",\"socket\":\"s\",\"timeout\":3000,\"retries\":0}");
	assert_string_equal(ASK("hi", "--user", "u", "--ack", "--timeout", "50", "--retries", "4"),
	    "{\"args\":[],\"event\":\"hi\",\"user\":\"u\",\"timeout\":50,\"retries\":4}");
	/* Without an ack it has no time. */
	assert_string_equal(ASK("hi", "--user", "u", "--timeout", "50", "--", "-5"),
	    "{\"args\":[-5],\"event\":\"hi\",\"user\":\"u\"}");
}

static void what_is_refused(void **state)
{
	char deep[2 * LIMIT_VALUE_DEPTH + 1] = "";

	(void)state;
	assert_string_equal(ASK("hi", "--user", "u", "1", "two"),
	    "JSON 2: line 1, column 3: invalid token near 'two'");
	assert_string_equal(ASK("hi", "--room", "a", "--room", "b"), "emit takes one --room");
	assert_string_equal(ASK("hi", "--user", "u", "--retries", "2"), "--retries needs --ack");
	memset(deep, '[', LIMIT_VALUE_DEPTH);
	memset(deep + LIMIT_VALUE_DEPTH, ']', LIMIT_VALUE_DEPTH);
	assert_string_equal(
	    ASK("hi", deep, "--user", "u"), "the arguments are nested deeper than 32");
}

static void how_long_it_may_take(void **state)
{
	struct options o;

	(void)state;
	parse((const char *const[]){"emit", "hi", "--timeout", "700", NULL}, &o);
	assert_int_equal(emission_wait_ms(&o), 700);
	parse((const char *const[]){"emit", "hi", "--timeout", "700", "--ack", NULL}, &o);
	assert_int_equal(emission_wait_ms(&o), 2700);
}

static bool is_answered(uint64_t sockets, uint64_t answered, bool was_asked)
{
	struct buf answer = {0};

	value_put_map(&answer, was_asked ? 3 : 2);
	value_put_u64_pair(&answer, STR("sockets"), sockets);
	value_put_u64_pair(&answer, STR("answered"), answered);
	if (was_asked)
		value_put_raw_pair(&answer, STR("answers"), bytes_of("\x90", 1));
	bool is_all = emission_is_answered(buf_bytes(&answer));

	buf_free(&answer);
	return is_all;
}

static void what_the_answer_means(void **state)
{
	(void)state;
	assert_true(is_answered(3, 3, true));
	assert_false(is_answered(3, 2, true));
	assert_true(is_answered(3, 0, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_the_broker_is_asked),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(how_long_it_may_take),
	    cmocka_unit_test(what_the_answer_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
