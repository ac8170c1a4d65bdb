#include "tests/common/conf_example.h"

#include <stdio.h>
#include <string.h>

/* A title is no question. */
static enum err check_title(const char *text, char *ret_why, size_t why_size)
{
	if (!strchr(text, '?'))
		return ERR_OK;
	snprintf(ret_why, why_size, "%s asks: say it", text);
	return ERR_INVALID;
}

const struct conf_option example_options[EXAMPLE_OPTIONS] = {
    [EXAMPLE_HOST] = {"server", "host", CONF_STR, offsetof(struct example, host), "localhost", 0, 0,
	NULL, "Name to listen on.", NULL},
    [EXAMPLE_PORT] = {"server", "port", CONF_U64, offsetof(struct example, port), "3000", 1, 65535,
	NULL, "Port to listen on.", NULL},
    /* Not beside the others of its section, as tables grow. */
    [EXAMPLE_FORMAT] = {"log", "log-format", CONF_CHOICE, offsetof(struct example, format), "auto",
	0, 0, "auto|json|text", "How a record looks.", NULL},
    [EXAMPLE_TLS] = {"server", "tls", CONF_BOOL, offsetof(struct example, tls), "no", 0, 0, NULL,
	"Whether connections are encrypted.", NULL},
    [EXAMPLE_BIG] = {"log", "log-max", CONF_U64, offsetof(struct example, big), "0", 0, UINT64_MAX,
	NULL, "Any number.", NULL},
};

const struct conf_option example_room_options[EXAMPLE_ROOM_OPTIONS] = {
    [EXAMPLE_ROOM_TITLE] = {"", "title", CONF_STR, offsetof(struct example_room, title), "", 0, 0,
	NULL, "What the room is called.", check_title},
    [EXAMPLE_ROOM_MEMBERS] = {"", "members", CONF_U64, offsetof(struct example_room, members), "10",
	2, 100, NULL, "How many may be in it.", NULL},
    [EXAMPLE_ROOM_KIND] = {"", "kind", CONF_CHOICE, offsetof(struct example_room, kind), "open", 0,
	0, "open|closed", "Who may come in.", NULL},
};

static const char *const sample[] = {"/", "/chat", NULL};

const struct conf_group example_group = {
    .prefix = "room",
    .doc = "A room of the house.",
    .options = example_room_options,
    .option_count = EXAMPLE_ROOM_OPTIONS,
    .element_size = sizeof(struct example_room),
    .elements_offset = offsetof(struct example, rooms),
    .count_offset = offsetof(struct example, room_count),
    .max = 3,
    .sample = sample,
};

const struct conf_spec example_spec = {
    .program = "example",
    .summary = "Shows how a configuration is read.",
    .options = example_options,
    .option_count = EXAMPLE_OPTIONS,
    .group = &example_group,
    .config_size = sizeof(struct example),
};
