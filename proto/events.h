#ifndef ROOMCAST_PROTO_EVENTS_H
#define ROOMCAST_PROTO_EVENTS_H
/*
 * The application events (events.def): what clients and rooms say to each other. Gateway, broker,
 * metrics and documentation read this one table.
 */
#include "common/str.h"

enum event {
#define EVENT(NAME, name, direction, doc) EVENT_##NAME,
#define FIELD(EVENT, kind, presence, name, doc)
#include "proto/events.def"
#undef EVENT
#undef FIELD
	EVENTS,
	EVENT_UNKNOWN = EVENTS
};

enum event_direction { EVENT_IN = 1, EVENT_OUT = 2, EVENT_BOTH = 3 };

enum event_field_kind {
#define KIND(NAME, rule) EVENT_FIELD_##NAME,
#include "proto/fields.def"
#undef KIND
	EVENT_FIELD_KINDS
};

enum event_presence { EVENT_OPTIONAL, EVENT_REQUIRED };

struct event_field {
	enum event event;
	enum event_field_kind kind;
	enum event_presence presence;
	const char *name;
	const char *doc;
};

struct event_row {
	const char *name;
	enum event_direction direction;
	const char *doc;
};

/* The row of an event below EVENTS. */
const struct event_row *event_row(enum event event);

/* The name as clients know it; "other" for EVENT_UNKNOWN. */
struct str event_name(enum event event);

/* One that moderators have, where the namespace allows it: EVENT_KICK to EVENT_UNMUTE. */
bool event_is_moderation(enum event event);

/* EVENT_UNKNOWN when the table does not have it. */
enum event event_find(struct str name);

/* What fields of a kind have to be, in words. */
const char *event_field_rule(enum event_field_kind kind);

/* Names that mean something else to socket.io, or to Node's EventEmitter: either side that hears one
 * closes the connection. `error` is none. */
bool event_is_reserved(struct str name);

/* The n-th field of any event, NULL after the last: those of one event follow each other. */
const struct event_field *event_field(size_t n);

#endif
