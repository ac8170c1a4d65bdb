#ifndef ROOMCAST_TESTS_GATEWAY_ROOM_SHAPE_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_ROOM_SHAPE_STAGE_H
/*
 * Arguments of an event, the rules they are held against, and what came of it, for the tests of
 * shape.c. JSON is written as it is; complaints are read with ' for ".
 */
#include "gateway/room/shape.h"
#include "tests/check.h"

/* Of the last check; fields are views into args. */
extern struct shape_stage {
	struct rulebook *rules;
	struct buf args, details, text;
	struct shape_fields fields;
} stage;

/* For cmocka_unit_test_setup_teardown: the rules are those of an empty configuration. */
int stage_begin(void **state);
int stage_end(void **state);
void stage_take_rules(const struct namespace_conf *n);

/* Checks this, or what was put into args. */
enum err stage_check(enum event e, struct str json);
enum err stage_check_args(enum event e);

/* It passes; or it does not, no field is touched, and this is complained of. */
void stage_good(enum event e, const char *json);
void stage_bad(enum event e, const char *json, const char *expected);
void stage_details_are(const char *expected);

#endif
