#include "tests/check.h"

#include "gateway/sio/json.h"
#include "gateway/sio/query.h"

#include <string.h>

enum { MAX_BYTES = 60 };

/* A copy of its own, so that nothing beyond its end is read unnoticed. */
static enum err read_query(const char *query, struct buf *out)
{
	struct frame *copy = frame_new(str_bytes(str_of(query)));
	enum err e = query_read(bytes_str(frame_bytes(copy)), MAX_BYTES, out);

	frame_unref(&copy);
	return e;
}

static void reads(const char *query, const char *json)
{
	struct buf value = {0}, text = {0};

	assert_int_equal(read_query(query, &value), ERR_OK);
	json_write(&text, buf_bytes(&value));
	if (!str_eqz(buf_str(&text), json))
		fail_msg("%s is %.*s", query, STR_ARG(buf_str(&text)));
	buf_free(&value);
	buf_free(&text);
}

static void fails(const char *query, enum err expected)
{
	struct buf out = {0};

	buf_puts(&out, STR("before"));
	assert_int_equal(read_query(query, &out), expected);
	assert_true(str_eqz(buf_str(&out), "before"));
	buf_free(&out);
}

static void parameters_are_strings(void **state)
{
	(void)state;
	reads("", "{}");
	reads("token=1", "{\"token\":\"1\"}");
	reads("a=1&b=x", "{\"a\":\"1\",\"b\":\"x\"}");
	reads("a&b=&=c", "{\"a\":\"\",\"b\":\"\",\"\":\"c\"}");
	reads("a=b=c?d", "{\"a\":\"b=c?d\"}");
	reads("&&a=1&", "{\"a\":\"1\"}");
	reads("a=1&a=2", "{\"a\":\"1\",\"a\":\"2\"}");
}

static void they_are_decoded(void **state)
{
	(void)state;
	reads("a=x+y%20z", "{\"a\":\"x y z\"}");
	reads("a%3Db=%26%2b", "{\"a=b\":\"&+\"}");
	reads("a=%E2%82%ac", "{\"a\":\"\xe2\x82\xac\"}");
	reads("a=\xe2\x82\xac", "{\"a\":\"\xe2\x82\xac\"}");
	/* What is no escape stands for itself. */
	reads("a=%", "{\"a\":\"%\"}");
	reads("a=%4", "{\"a\":\"%4\"}");
	reads("a=%zz%4G", "{\"a\":\"%zz%4G\"}");
}

static void what_is_no_text_is_refused(void **state)
{
	(void)state;
	fails("a=%ff", ERR_MALFORMED);
	fails("%e2%82=1", ERR_MALFORMED);
	fails("a=1&b=\xff", ERR_MALFORMED);
}

static void the_map_is_bounded(void **state)
{
	char query[200];

	(void)state;
	memset(query, 'x', sizeof(query));
	query[MAX_BYTES - 3] = '\0'; /* two for its head, one for the map and one for its value */
	fails(query, ERR_TOO_BIG);
	query[MAX_BYTES - 4] = '\0';
	struct buf out = {0};

	assert_int_equal(read_query(query, &out), ERR_OK);
	assert_int_equal(out.len, MAX_BYTES);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parameters_are_strings),
	    cmocka_unit_test(they_are_decoded),
	    cmocka_unit_test(what_is_no_text_is_refused),
	    cmocka_unit_test(the_map_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
