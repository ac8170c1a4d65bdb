#include "proto/message_id.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const uint64_t samples[] = {0, 1, 9, 10, 31, 32, 33, 1023, 1024, UINT32_MAX,
    (uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};

static void has_a_fixed_form(void **state)
{
	char id[MESSAGE_ID_LEN + 1];

	(void)state;
	message_id_text(0, id);
	assert_string_equal(id, "0000000000000");
	message_id_text(1, id);
	assert_string_equal(id, "0000000000001");
	message_id_text(32, id);
	assert_string_equal(id, "0000000000010");
	message_id_text(UINT64_MAX, id);
	assert_string_equal(id, "fzzzzzzzzzzzz");
}

static void comes_back_as_the_same_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		char id[MESSAGE_ID_LEN + 1];
		uint64_t gseq;

		message_id_text(samples[i], id);
		assert_int_equal(message_id_parse(str_of(id), &gseq), ERR_OK);
		assert_true(gseq == samples[i]);
	}
}

static void sorts_like_the_number(void **state)
{
	char before[MESSAGE_ID_LEN + 1], id[MESSAGE_ID_LEN + 1];

	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(samples); i++) {
		message_id_text(samples[i - 1], before);
		message_id_text(samples[i], id);
		assert_true(strcmp(before, id) < 0);
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = {"", "0", "000000000000", "00000000000000",
	    "000000000000i", "000000000000l", "000000000000o", "000000000000u", "000000000000A",
	    "-000000000001", " 000000000001", "000000000001 ", "000000000000\xc3", "g000000000000",
	    "zzzzzzzzzzzzz"};
	uint64_t gseq = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(message_id_parse(str_of(wrong[i]), &gseq), ERR_INVALID);
	assert_int_equal(message_id_parse(STR("000000000000\0"), &gseq), ERR_INVALID);
	assert_int_equal(gseq, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_a_fixed_form),
	    cmocka_unit_test(comes_back_as_the_same_number),
	    cmocka_unit_test(sorts_like_the_number),
	    cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
