#include "tests/gateway/room/shape_stage.h"

#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

struct shape_stage stage;

void stage_take_rules(const struct namespace_conf *n)
{
	char why[200];

	rulebook_free(&stage.rules);
	assert_int_equal(rulebook_new(n, why, sizeof(why), &stage.rules), ERR_OK);
}

int stage_begin(void **state)
{
	(void)state;
	stage.fields = (struct shape_fields){0};
	stage_take_rules(&(struct namespace_conf){0});
	return 0;
}

int stage_end(void **state)
{
	(void)state;
	buf_free(&stage.args);
	buf_free(&stage.details);
	buf_free(&stage.text);
	rulebook_free(&stage.rules);
	return 0;
}

enum err stage_check_args(enum event e)
{
	buf_reset(&stage.details);
	return shape_check(stage.rules, e, buf_bytes(&stage.args), &stage.fields, &stage.details);
}

enum err stage_check(enum event e, struct str json)
{
	buf_reset(&stage.args);
	assert_int_equal(json_read(json, SIZE_MAX, &stage.args), ERR_OK);
	return stage_check_args(e);
}

void stage_good(enum event e, const char *json)
{
	if (stage_check(e, str_of(json)))
		fail_msg("%s is refused", json);
	assert_int_equal(stage.details.len, 0);
}

void stage_details_are(const char *expected)
{
	char *p;

	assert_int_equal(value_check(buf_bytes(&stage.details), LIMIT_VALUE_DEPTH), ERR_OK);
	buf_reset(&stage.text);
	json_write(&stage.text, buf_bytes(&stage.details));
	buf_putc(&stage.text, '\0');
	for (p = (char *)frame_data(stage.text.store); *p; p++) {
		if (*p == '"')
			*p = '\'';
	}
	assert_string_equal((char *)frame_data(stage.text.store), expected);
}

void stage_bad(enum event e, const char *json, const char *expected)
{
	static const struct shape_fields none;

	stage.fields = none;
	if (stage_check(e, str_of(json)) != ERR_INVALID)
		fail_msg("%s is accepted", json);
	stage_details_are(expected);
	assert_memory_equal(&stage.fields, &none, sizeof(none));
}
