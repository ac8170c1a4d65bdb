#include "tests/proto/map.h"

#include "proto/value_map.h"
#include "tests/check.h"

static struct bytes get(struct bytes map, const char *key)
{
	struct bytes value;

	assert_int_equal(value_map_get(map, str_of(key), &value), ERR_OK);
	return value;
}

void map_expect_str(struct bytes map, const char *key, const char *expected)
{
	struct str s;

	assert_true(value_as_str(get(map, key), &s));
	assert_true(str_eqz(s, expected));
}

void map_expect_u64(struct bytes map, const char *key, uint64_t expected)
{
	uint64_t u;

	assert_true(value_as_u64(get(map, key), &u));
	assert_true(u == expected);
}
