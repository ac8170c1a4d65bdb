/*
 * Prints the parts of the documentation that are made from tables, in Markdown:
 *
 *	reference wire      the messages of the link, for docs/protocol.md
 *	reference workers   those that application workers hear and say, for docs/workers.md
 *	reference events    the application events and errors, for docs/events.md
 *
 * scripts/docs puts them between the markers of those files; the build's tests check that they
 * are there as printed.
 */
#include "proto/errors.h"
#include "proto/events.h"
#include "proto/namespace.h"
#include "proto/wire.h"

#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {
    [WIRE_FIELD_U64] = "u64",
    [WIRE_FIELD_BOOL] = "bool",
    [WIRE_FIELD_STR] = "str",
    [WIRE_FIELD_VALUE] = "value",
};

static void print_fields(const struct wire_row *row)
{
	if (!row->fields->name)
		return;
	printf("| field | type | limit | meaning |\n|---|---|---|---|\n");
	for (const struct wire_field_row *f = row->fields; f->name; f++) {
		printf("| `%s` | %s | ", f->name, type_names[f->type]);
		if (f->limit)
			printf("%zu bytes", f->limit);
		printf(" | %s |\n", f->doc);
	}
	putchar('\n');
}

/* The messages that begin and keep every conversation, and those of workers. */
static bool is_for_workers(uint64_t number)
{
	return number < WIRE_CONNECT || number >= WIRE_SERVE;
}

static bool is_for_all(uint64_t number)
{
	(void)number;
	return true;
}

static void print_wire(bool (*is_wanted)(uint64_t number))
{
	printf("Version %d.\n\n", WIRE_VERSION);
	for (uint64_t number = 0; number < WIRE_TYPES; number++) {
		const struct wire_row *row = wire_row(number);

		if (!row || !is_wanted(number))
			continue;
		printf("### %s (%u, %s)\n\n%c%s.\n\n", row->name, (unsigned)number, row->direction,
		    row->doc[0] & ~0x20, row->doc + 1);
		print_fields(row);
	}
}

static const char *direction_name(enum event_direction d)
{
	return d == EVENT_IN ? "from clients" : d == EVENT_OUT ? "to clients" : "both ways";
}

static void print_event_fields(enum event event)
{
	const struct event_field *f;

	for (size_t n = 0; (f = event_field(n)); n++) {
		if (f->event != event)
			continue;
		printf("- `%s`%s: %s; %s\n", f->name,
		    f->presence == EVENT_REQUIRED ? "" : " (optional)", f->doc,
		    event_field_rule(f->kind));
	}
}

/* What a namespace may say of rooms, contents and how long they are kept. */
static void print_rules(void)
{
	printf("## Options of a namespace\n\n| option | default | |\n|---|---|---|\n");
	for (size_t i = 0; i < NAMESPACE_OPTIONS; i++) {
		const struct conf_option *o = &namespace_options[i];

		printf("| `%s` | `%s` | %s |\n", o->name, o->fallback, o->doc);
	}
	putchar('\n');
}

static void print_events(void)
{
	for (int e = 0; e < EVENTS; e++) {
		const struct event_row *row = event_row((enum event)e);

		printf("### `%s` (%s)\n\n%c%s.\n\n", row->name, direction_name(row->direction),
		    row->doc[0] & ~0x20, row->doc + 1);
		print_event_fields((enum event)e);
		putchar('\n');
	}
	print_rules();
	printf("## Errors\n\n| code | message | when |\n|---|---|---|\n");
	for (int e = CLIENT_ERROR_NONE + 1; e < CLIENT_ERRORS; e++) {
		const struct client_error_row *row = client_error_row((uint64_t)e);

		printf("| `%s` | %s | %s |\n", row->code, row->message, row->when);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "wire") == 0) {
		print_wire(is_for_all);
	} else if (argc == 2 && strcmp(argv[1], "workers") == 0) {
		print_wire(is_for_workers);
	} else if (argc == 2 && strcmp(argv[1], "events") == 0) {
		print_events();
	} else {
		fprintf(stderr, "usage: reference wire|workers|events\n");
		return 2;
	}
	return 0;
}
