#ifndef ROOMCAST_TESTS_PROTO_MAP_H
#define ROOMCAST_TESTS_PROTO_MAP_H
/*
 * What an encoded map says, for tests: each fails the test when the key is not there or is of
 * another type.
 */
#include "common/str.h"

void map_expect_str(struct bytes map, const char *key, const char *expected);
void map_expect_u64(struct bytes map, const char *key, uint64_t expected);

#endif
