#include "common/moment.h"

#include "tests/check.h"

static void test_moments(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
	    {"0", 0},
	    {"1700000000123", 1700000000123},
	    {"1970-01-01T00:00:00Z", 0},
	    {"2023-11-14T22:13:20Z", 1700000000000},
	    {"2023-11-14t22:13:20.1239z", 1700000000123},
	    {"2023-11-14T22:13:20.5Z", 1700000000500},
	    {"2023-11-15T00:13:20+02:00", 1700000000000},
	    {"2023-11-14T16:43:20-05:30", 1700000000000},
	    {"2024-02-29T00:00:00Z", 1709164800000},
	    {"2000-02-29T12:00:00Z", 951825600000},
	    {"2016-12-31T23:59:60Z", 1483228799000},
	    {"9999-12-31T23:59:59.999Z", 253402300799999},
	};
	struct wall at;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (moment_parse(str_of(cases[i].text), &at) || at.ms != cases[i].ms)
			fail_msg("%s", cases[i].text);
	}
}

static void test_no_moments(void **state)
{
	static const char *const texts[] = {"", "now", "-1", "+1", "1e3", "253402300800000",
	    "2023-11-14", "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-11-14T22:13Z",
	    "2023-13-14T22:13:20Z", "2023-00-14T22:13:20Z", "2023-02-29T00:00:00Z",
	    "2100-02-29T00:00:00Z", "2023-11-31T00:00:00Z", "2023-11-14T24:00:00Z",
	    "2023-11-14T22:60:00Z", "2023-11-14T22:13:61Z", "2023-11-14T22:13:20.Z",
	    "2023-11-14T22:13:20Zx", "2023-11-14T22:13:20+0200", "2023-11-14T22:13:20+24:00",
	    "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "10000-01-01T00:00:00Z",
	    "2023-1-14T22:13:20Z"};
	struct wall at = {77};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (moment_parse(str_of(texts[i]), &at) != ERR_INVALID || at.ms != 77)
			fail_msg("%s", texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_moments),
	    cmocka_unit_test(test_no_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
