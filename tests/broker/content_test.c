#include "tests/check.h"

#include "broker/content.h"

static void expect(const char *encoded, size_t len, bool is_text, const char *payload, size_t size)
{
	struct bytes got;

	assert_int_equal(content_payload(bytes_of(encoded, len), &got), is_text);
	assert_int_equal(got.len, size);
	if (size)
		assert_memory_equal(got.p, payload, size);
}

static void test_what_a_string_or_a_bin_holds(void **state)
{
	(void)state;
	expect("\xa2hi", 3, true, "hi", 2);
	expect("\xa0", 1, true, "", 0);
	expect("\xc4\x02\x00\xff", 4, false, "\x00\xff", 2);
	expect("\xc4\x00", 2, false, "", 0);
}

/* What is neither, cut off, or followed by more, is kept as it is. */
static void test_anything_else_is_what_it_is(void **state)
{
	(void)state;
	expect("\x05", 1, false, "\x05", 1);
	expect("\xa2h", 2, false, "\xa2h", 2);
	expect("\xa1h\xc0", 3, false, "\xa1h\xc0", 3);
	expect("", 0, false, "", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_string_or_a_bin_holds),
	    cmocka_unit_test(test_anything_else_is_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
