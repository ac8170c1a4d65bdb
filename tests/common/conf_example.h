#ifndef ROOMCAST_TESTS_COMMON_CONF_EXAMPLE_H
#define ROOMCAST_TESTS_COMMON_CONF_EXAMPLE_H
/*
 * A small program's configuration with one option of each type and a group, for the tests of the
 * configuration engine.
 */
#include "common/conf.h"

struct example_room {
	char *name;
	char *title;
	uint64_t members;
	int kind;
};

struct example {
	char *host;
	uint64_t port;
	uint64_t big;
	bool tls;
	int format;
	struct example_room *rooms;
	size_t room_count;
};

/* Indices in example_options and example_room_options. */
enum { EXAMPLE_HOST, EXAMPLE_PORT, EXAMPLE_FORMAT, EXAMPLE_TLS, EXAMPLE_BIG, EXAMPLE_OPTIONS };
enum { EXAMPLE_ROOM_TITLE, EXAMPLE_ROOM_MEMBERS, EXAMPLE_ROOM_KIND, EXAMPLE_ROOM_OPTIONS };

extern const struct conf_option example_options[EXAMPLE_OPTIONS];
extern const struct conf_option example_room_options[EXAMPLE_ROOM_OPTIONS];
extern const struct conf_group example_group; /* at most 3 rooms; samples "/" and "/chat" */
extern const struct conf_spec example_spec;   /* no default file, no check */

#endif
