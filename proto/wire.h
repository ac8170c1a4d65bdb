#ifndef ROOMCAST_PROTO_WIRE_H
#define ROOMCAST_PROTO_WIRE_H
/*
 * The messages between processes (wire.def) and their one codec. A message is a msgpack array
 * [number, field, ...]; one ZeroMQ message carries one or many of them back to back (a batch).
 *
 * Decoding checks the count, every type and every limit before anything is used, reserves no
 * memory, and gives views into the batch. Whoever keeps a field copies it.
 */
#include "common/buf.h"
#include "proto/limits.h"

enum { WIRE_VERSION = 4 };

enum wire_type {
#define MESSAGE(NAME, name, number, direction, doc) WIRE_##NAME = (number),
#define FIELD(name, type, field, limit, doc)
#define END(name)
#include "proto/wire.def"
#undef MESSAGE
#undef FIELD
#undef END
	WIRE_TYPES
};

#define WIRE_C_U64 uint64_t
#define WIRE_C_BOOL bool
#define WIRE_C_STR struct str
#define WIRE_C_VALUE struct bytes
#define MESSAGE(NAME, name, number, direction, doc) struct wire_##name {
#define FIELD(name, type, field, limit, doc) WIRE_C_##type field;
#define END(name)                                                                                  \
	}                                                                                          \
	;
#include "proto/wire.def"
#undef MESSAGE
#undef FIELD
#undef END
#undef WIRE_C_U64
#undef WIRE_C_BOOL
#undef WIRE_C_STR
#undef WIRE_C_VALUE

struct wire_message {
	enum wire_type type;
	union {
#define MESSAGE(NAME, name, number, direction, doc) struct wire_##name name;
#define FIELD(name, type, field, limit, doc)
#define END(name)
#include "proto/wire.def"
#undef MESSAGE
#undef FIELD
#undef END
	} as;
};

/* Appends a message to a batch. A field over its limit is our bug (assert). */
void wire_put(struct buf *batch, const struct wire_message *m);

/* Reads a batch message by message. */
struct wire_reader {
	struct bytes rest;
};

struct wire_reader wire_reader(struct bytes batch);
bool wire_at_end(const struct wire_reader *r);

/* ERR_MALFORMED: not a message of the table, or a field over its limit; the batch is spoilt. */
MUST_USE enum err wire_next(struct wire_reader *r, struct wire_message *ret);

/* "PUBLISH"; "UNKNOWN" for a number without a row. */
const char *wire_name(enum wire_type type);

/* The message as one line, values cut short: PUBLISH{request=1 socket="..." ...}. Appends. */
void wire_print(const struct wire_message *m, struct buf *out);

/* The table itself, for the reference page, the golden test and the fuzz corpus. */
enum wire_field_type { WIRE_FIELD_U64, WIRE_FIELD_BOOL, WIRE_FIELD_STR, WIRE_FIELD_VALUE };

struct wire_field_row {
	const char *name; /* NULL ends the list */
	enum wire_field_type type;
	size_t offset; /* in the message's struct */
	size_t limit;
	const char *doc;
};

struct wire_row {
	const char *name; /* NULL: no message has this number */
	const char *direction;
	const struct wire_field_row *fields;
	const char *doc;
};

/* The row of a number, NULL when none. */
const struct wire_row *wire_row(uint64_t number);

#endif
