#include "proto/offset.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void has_a_short_form(void **state)
{
	char text[OFFSET_LEN + 1];

	(void)state;
	offset_text(&(struct offset){1, 0}, text);
	assert_string_equal(text, "B.A");
	offset_text(&(struct offset){64, 63}, text);
	assert_string_equal(text, "BA._");
	offset_text(&(struct offset){UINT64_MAX, UINT64_MAX}, text);
	assert_string_equal(text, "P__________.P__________");
}

static void comes_back_as_it_was(void **state)
{
	static const uint64_t samples[] = {
	    0, 1, 63, 64, 4095, 4096, UINT32_MAX, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		for (size_t j = 0; j < ARRAY_LEN(samples); j++) {
			char text[OFFSET_LEN + 1];
			struct offset o;

			offset_text(&(struct offset){samples[i], samples[j]}, text);
			assert_int_equal(offset_parse(str_of(text), &o), ERR_OK);
			assert_true(o.epoch == samples[i] && o.gseq == samples[j]);
		}
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = {"", ".", "B", "B.", ".B", "B.B.B", "B.AB", "AB.B",
	    "B.-1 ", "B.+", "B.B ", " B.B", "B.1=", "B,B", "-1", "9223372036854775808",
	    "B.\xc3\xa9", "Q__________.B", "B.Q__________", "B.P___________",
	    "P__________.P__________A", "undefined", "null", "NaN", "{}"};
	struct offset o = {42, 43};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		if (offset_parse(str_of(wrong[i]), &o) != ERR_INVALID)
			fail_msg("taken: %s", wrong[i]);
	}
	assert_int_equal(offset_parse((struct str){"B.\0B", 4}, &o), ERR_INVALID);
	assert_true(o.epoch == 42 && o.gseq == 43);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_a_short_form),
	    cmocka_unit_test(comes_back_as_it_was),
	    cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
