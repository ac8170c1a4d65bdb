#include "tests/fakes/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINES_BYTES = 65536, LINE_BYTES = 4096 };

static char lines[LINES_BYTES];

static const char *const levels[] = {"error", "warn", "notice", "info", "debug"};

static const char *const keys[] = {
#define LOG_KEY(name, key, text) key,
#include "common/log.def"
#undef LOG_KEY
};

void fake_log_forget(void)
{
	lines[0] = '\0';
}

unsigned fake_log_count(const char *text)
{
	unsigned count = 0;

	for (const char *line = lines; *line;) {
		const char *end = strchr(line, '\n');
		const char *found = strstr(line, text);

		if (found && found < end)
			count++;
		line = end + 1;
	}
	return count;
}

bool log_is_on(enum log_level level)
{
	(void)level;
	return true;
}

static void put_value(char *line, const struct log_field *f)
{
	size_t len = strlen(line), left = LINE_BYTES - len;

	switch (f->kind) {
	case LOG_KIND_STR:
		snprintf(line + len, left, "%.*s", STR_ARG(f->value.s));
		break;
	case LOG_KIND_U64:
		snprintf(line + len, left, "%" PRIu64, f->value.u);
		break;
	case LOG_KIND_I64:
		snprintf(line + len, left, "%" PRIi64, f->value.i);
		break;
	case LOG_KIND_BOOL:
		snprintf(line + len, left, "%s", f->value.b ? "true" : "false");
		break;
	case LOG_KIND_END:
		break;
	}
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	char line[LINE_BYTES];
	size_t len = strlen(lines);

	snprintf(line, sizeof(line), "%s %s", levels[level], event);
	for (const struct log_field *f = fields; f->kind != LOG_KIND_END; f++) {
		size_t at = strlen(line);

		snprintf(line + at, sizeof(line) - at, " %s=", keys[f->key]);
		put_value(line, f);
	}
	/* Beyond the room there is nothing a test waits for. */
	if (len + strlen(line) + 2 <= sizeof(lines))
		snprintf(lines + len, sizeof(lines) - len, "%s\n", line);
}
