#ifndef ROOMCAST_BROKER_CLI_PRINT_H
#define ROOMCAST_BROKER_CLI_PRINT_H
/*
 * Two renderers of an answer (a msgpack map): text for people, laid out by a table of columns,
 * and JSON for programs, which shows everything. Text of users that would steer a terminal is
 * escaped in the first; in both, nothing an answer contains can do more than look odd.
 */
#include "common/buf.h"

#include <stdio.h>

enum print_kind {
	PRINT_PLAIN,    /* by its type */
	PRINT_NUMBER,   /* the same, aligned to the right */
	PRINT_DURATION, /* ms: "2h 5m" */
	PRINT_TIME,     /* ms since 1970: "2024-05-01T12:00:00Z" */
	PRINT_BYTES,    /* "1.5 MiB" */
};

struct print_column {
	const char *key;   /* in the map of a row */
	const char *title; /* what people read */
	enum print_kind kind;
};

enum print_shape {
	PRINT_PAIRS, /* the answer itself, one line a column: title, value */
	PRINT_TABLE, /* the array `list` of the answer, one line a row */
	PRINT_BARE,  /* only the value of the first column, for use in $(...) */
};

enum { PRINT_MAX_COLUMNS = 16 };

struct print_layout {
	enum print_shape shape;
	const char *list; /* PRINT_TABLE: key of the array */
	const struct print_column *columns;
	size_t column_count; /* <= PRINT_MAX_COLUMNS */
	const char *more; /* PRINT_TABLE: last line when the answer's `more` is true; may be NULL */
	const struct print_layout *below; /* a table of the answer, behind an empty line; or NULL */
};

/* ERR_MALFORMED, ERR_TOO_BIG: not an answer of that layout; nothing was printed then. */
MUST_USE enum err print_text(FILE *out, const struct print_layout *layout, struct bytes answer);

/* As json_text.h has it. ERR_MALFORMED, ERR_TOO_BIG: no map; nothing was printed then. */
MUST_USE enum err print_json(FILE *out, struct bytes answer);

#endif
