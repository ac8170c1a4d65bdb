#include "gateway/room/shape.h"

#include "proto/limits.h"
#include "proto/value_map.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One check on its way. */
struct check {
	const struct rulebook *rules;
	struct shape_fields fields;
	struct bytes given[EVENT_FIELD_KINDS]; /* what the client gave, by kind; empty = nothing */
	struct buf *details;
	size_t opened; /* see value_open() */
	uint32_t violations;
};

static void add_violation(struct check *c, const char *path, const char *message)
{
	if (c->violations++ == 0)
		c->opened = value_open(c->details);
	value_put_map(c->details, 2);
	value_put_str_pair(c->details, STR("path"), str_of(path));
	value_put_str_pair(c->details, STR("message"), str_of(message));
}

/* The message is the field's name in quotes, then what is wrong with it. */
PRINTF(3, 4)
static void complain(struct check *c, const struct event_field *f, const char *format, ...)
{
	char message[400];
	int n = snprintf(message, sizeof(message), "\"%s\" ", f->name);
	va_list args;

	va_start(args, format);
	vsnprintf(message + n, sizeof(message) - (size_t)n, format, args);
	va_end(args);
	add_violation(c, f->name, message);
}

/* A string of 1 to max code points; complains and gives false when it is not. */
static bool check_str(struct check *c, const struct event_field *f, unsigned max, struct str *ret)
{
	struct str s;

	if (!value_as_str(c->given[f->kind], &s)) {
		complain(c, f, "must be a string");
	} else if (s.len == 0) {
		complain(c, f, "is not allowed to be empty");
	} else if (str_code_points(s) > max) {
		complain(c, f, "length must be at most %u characters long", max);
	} else {
		*ret = s;
		return true;
	}
	return false;
}

static void check_room(struct check *c, const struct event_field *f)
{
	struct str room;

	if (!check_str(c, f, LIMIT_ROOM_NAME, &room))
		return;
	const char *fault = rulebook_room_fault(c->rules, room);

	if (fault) {
		complain(c, f, "%s", fault);
		return;
	}
	c->fields.room_id = room;
	c->fields.has_room_id = true;
}

static void check_type(struct check *c, const struct event_field *f)
{
	struct str given;
	const char *type =
	    value_as_str(c->given[f->kind], &given) ? rulebook_type(c->rules, given) : NULL;

	if (!type) {
		complain(c, f, "must be one of [%s]", rulebook_types(c->rules));
		return;
	}
	c->fields.type = str_of(type);
	c->fields.has_type = true;
}

/* Binary content of an image or a file. */
static void check_bin(struct check *c, const struct event_field *f, size_t len)
{
	if (len == 0)
		complain(c, f, "is not allowed to be empty");
	else if (len > rulebook_max_bytes(c->rules))
		complain(c, f, "length must be at most %zu bytes", rulebook_max_bytes(c->rules));
	else
		c->fields.has_content = true;
}

/* Whatever a type may be that is none, the complaint is about the type. */
static bool may_be_bin(const struct check *c)
{
	struct bytes given = c->given[EVENT_FIELD_TYPE];
	struct str type;

	if (given.len == 0)
		return rulebook_may_be_binary(rulebook_first_type(c->rules));
	return !value_as_str(given, &type) || !rulebook_type(c->rules, type) ||
	       rulebook_may_be_binary(rulebook_type(c->rules, type));
}

static void check_content(struct check *c, const struct event_field *f)
{
	struct value_reader r = value_reader(c->given[f->kind]);
	struct value v = {0};
	struct str text;
	bool is_value = value_next(&r, &v) == ERR_OK;

	if (is_value && v.type == VALUE_BIN && may_be_bin(c)) {
		check_bin(c, f, v.as.bin.len);
	} else if (v.type != VALUE_STR && may_be_bin(c)) {
		complain(c, f, "must be a string or binary");
	} else if (check_str(c, f, rulebook_max_chars(c->rules), &text)) {
		c->fields.content_chars = str_code_points(text);
		c->fields.has_content = true;
	}
	if (c->fields.has_content)
		c->fields.content = c->given[f->kind];
}

static void check_message_id(struct check *c, const struct event_field *f)
{
	c->fields.has_message_id = check_str(c, f, LIMIT_MESSAGE_ID, &c->fields.message_id);
}

/* A seq or a count: a whole number of min or more. */
static bool check_number(
    struct check *c, const struct event_field *f, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t number;

	if (!value_as_u64(c->given[f->kind], &number)) {
		complain(c, f, "must be a whole number");
	} else if (number < min || number > max) {
		complain(c, f, "must be from %llu to %llu", (unsigned long long)min,
		    (unsigned long long)max);
	} else {
		*ret = number;
		return true;
	}
	return false;
}

static void check_before(struct check *c, const struct event_field *f)
{
	(void)check_number(c, f, 1, INT64_MAX, &c->fields.before);
}

static void check_after(struct check *c, const struct event_field *f)
{
	if (c->given[EVENT_FIELD_BEFORE].len > 0)
		complain(c, f, "must not come together with \"before\"");
	else
		c->fields.has_after = check_number(c, f, 0, INT64_MAX, &c->fields.after);
}

static void check_limit(struct check *c, const struct event_field *f)
{
	(void)check_number(c, f, 1, LIMIT_HISTORY_CLIENT, &c->fields.limit);
}

static void check_user(struct check *c, const struct event_field *f)
{
	struct str user;

	if (!check_str(c, f, LIMIT_USER, &user))
		return;
	if (user.len > LIMIT_USER)
		complain(c, f, "must be at most %d bytes long", LIMIT_USER);
	else
		c->fields.user_id = user;
}

static void check_duration(struct check *c, const struct event_field *f)
{
	(void)check_number(c, f, 1, (uint64_t)LIMIT_DURATION_S * 1000, &c->fields.duration_ms);
}

static void check_reason(struct check *c, const struct event_field *f)
{
	(void)check_str(c, f, LIMIT_WHY_CHARS, &c->fields.reason);
}

/* What else it has to be, who verifies it says. */
static void check_token(struct check *c, const struct event_field *f)
{
	(void)check_str(c, f, UINT_MAX, &c->fields.token);
}

static void (*const checks[EVENT_FIELD_KINDS])(struct check *c, const struct event_field *f) = {
    [EVENT_FIELD_ROOM] = check_room,
    [EVENT_FIELD_CONTENT] = check_content,
    [EVENT_FIELD_TYPE] = check_type,
    [EVENT_FIELD_MESSAGE_ID] = check_message_id,
    [EVENT_FIELD_BEFORE] = check_before,
    [EVENT_FIELD_AFTER] = check_after,
    [EVENT_FIELD_LIMIT] = check_limit,
    [EVENT_FIELD_USER] = check_user,
    [EVENT_FIELD_DURATION] = check_duration,
    [EVENT_FIELD_REASON] = check_reason,
    [EVENT_FIELD_TOKEN] = check_token,
};

/* Looks all fields up before it checks them: the rule of one may need another. */
static void check_fields(struct check *c, enum event e, struct bytes map)
{
	const struct event_field *f;

	for (size_t n = 0; (f = event_field(n)); n++) {
		struct bytes value;

		if (f->event == e && value_map_get(map, str_of(f->name), &value) == ERR_OK)
			c->given[f->kind] = value;
	}
	for (size_t n = 0; (f = event_field(n)); n++) {
		if (f->event != e)
			continue;
		if (c->given[f->kind].len > 0)
			checks[f->kind](c, f);
		else if (f->presence == EVENT_REQUIRED)
			complain(c, f, "is required");
	}
}

/* The first of the arguments, if it is a map. */
static bool first_map(struct bytes args, struct bytes *ret)
{
	struct value_reader r = value_reader(args);
	struct value array, map;

	if (value_next(&r, &array) || array.type != VALUE_ARRAY || value_skip(&r, ret))
		return false;
	struct value_reader inside = value_reader(*ret);

	return value_next(&inside, &map) == ERR_OK && map.type == VALUE_MAP;
}

enum err shape_check(const struct rulebook *rules, enum event e, struct bytes args,
    struct shape_fields *ret, struct buf *details)
{
	struct check c = {.rules = rules, .details = details};
	struct bytes map;

	c.fields.type = str_of(rulebook_first_type(rules));
	c.fields.limit = LIMIT_HISTORY_DEFAULT;
	if (first_map(args, &map))
		check_fields(&c, e, map);
	else
		add_violation(&c, "", "\"value\" must be of type object");
	if (c.violations > 0) {
		value_close_array(details, c.opened, c.violations);
		return ERR_INVALID;
	}
	*ret = c.fields;
	return ERR_OK;
}
