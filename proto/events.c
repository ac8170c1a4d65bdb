#include "proto/events.h"

static const struct event_row rows[EVENTS] = {
#define EVENT(NAME, name, direction, doc) {name, EVENT_##direction, doc},
#define FIELD(EVENT, kind, presence, name, doc)
#include "proto/events.def"
#undef EVENT
#undef FIELD
};

static const struct event_field fields[] = {
#define EVENT(NAME, name, direction, doc)
#define FIELD(EVENT, kind, presence, name, doc) \
	{EVENT_##EVENT, EVENT_FIELD_##kind, EVENT_##presence, name, doc},
#include "proto/events.def"
#undef EVENT
#undef FIELD
};

static const char *const reserved_names[] = {
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

static const char *const field_rules[] = {
#define KIND(NAME, rule) rule,
#include "proto/fields.def"
#undef KIND
};

const char *event_field_rule(enum event_field_kind kind)
{
	return field_rules[kind];
}

const struct event_row *event_row(enum event event)
{
	return &rows[event];
}

struct str event_name(enum event event)
{
	return str_of(event < EVENTS ? rows[event].name : "other");
}

bool event_is_moderation(enum event event)
{
	return event >= EVENT_KICK && event <= EVENT_UNMUTE;
}

enum event event_find(struct str name)
{
	for (size_t i = 0; i < EVENTS; i++) {
		if (str_eqz(name, rows[i].name))
			return (enum event)i;
	}
	return EVENT_UNKNOWN;
}

bool event_is_reserved(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(reserved_names); i++) {
		if (str_eqz(name, reserved_names[i]))
			return true;
	}
	return false;
}

const struct event_field *event_field(size_t n)
{
	return n < ARRAY_LEN(fields) ? &fields[n] : NULL;
}
