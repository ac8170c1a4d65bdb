#include "common/log.h"

#include "common/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 4096, /* PIPE_BUF: a pipe takes a line whole, whoever else writes to it */
	LINE_TAIL_BYTES = 32,  /* kept free for what closes a line */
	VALUE_MAX_BYTES = 512, /* of one value as rendered, without quotes and ellipsis */
};

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool full; /* something did not fit any more */
};

static struct {
	const char *process;
	enum log_format format;
	_Atomic enum log_level level;
} setup = {"roomcast", LOG_FORMAT_AUTO, LOG_NOTICE};

static const char *const level_names[] = {"error", "warn", "notice", "info", "debug"};

static const char *const key_names[] = {
#define LOG_KEY(name, key, text) key,
#include "common/log.def"
#undef LOG_KEY
};

static void put(struct line *l, const char *p, size_t n)
{
	if (n > sizeof(l->text) - LINE_TAIL_BYTES - l->len) {
		l->full = true;
		return;
	}
	memcpy(l->text + l->len, p, n);
	l->len += n;
}

static void put_z(struct line *l, const char *z)
{
	put(l, z, strlen(z));
}

static void PRINTF(2, 3) put_format(struct line *l, const char *format, ...)
{
	char small[64];
	va_list args;

	va_start(args, format);
	vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	put_z(l, small);
}

/* C0, DEL and C1: what could steer a terminal or break a line. n = bytes of the code point. */
static bool is_control(const uint8_t *p, size_t n)
{
	return n == 1 ? p[0] < 0x20 || p[0] == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* The code point that s begins with (n bytes, 0 = invalid) as it stands in a JSON string. */
static size_t escape(struct str s, size_t n, char ret[8])
{
	const uint8_t *p = (const uint8_t *)s.p;

	if (n == 0) {
		memcpy(ret, "\xef\xbf\xbd", 3); /* U+FFFD */
		return 3;
	}
	if (is_control(p, n)) {
		const char *letter = strchr("\nn\rr\tt", p[0]);

		if (n == 1 && p[0] != 0 && letter)
			return (size_t)snprintf(ret, 8, "\\%c", letter[1]);
		return (size_t)snprintf(ret, 8, "\\u%04x", n == 1 ? p[0] : p[1]);
	}
	if (p[0] == '"' || p[0] == '\\')
		return (size_t)snprintf(ret, 8, "\\%c", p[0]);
	memcpy(ret, p, n);
	return n;
}

static void put_escaped(struct line *l, struct str s)
{
	size_t start = l->len;

	while (s.len > 0) {
		char piece[8];
		size_t n = str_utf8_first(s);
		size_t len = escape(s, n, piece);

		if (l->len - start + len > VALUE_MAX_BYTES) {
			put_z(l, "\xe2\x80\xa6"); /* ellipsis */
			return;
		}
		put(l, piece, len);
		n = n ? n : 1;
		s = (struct str){s.p + n, s.len - n};
	}
}

static void put_quoted(struct line *l, struct str s)
{
	put_z(l, "\"");
	put_escaped(l, s);
	put_z(l, "\"");
}

/* May it stand in a line of text without quotes? */
static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"=\\", s.p[i]))
			return false;
	}
	return s.len > 0;
}

static void put_value(struct line *l, const struct log_field *f, bool json)
{
	switch (f->kind) {
	case LOG_KIND_STR:
		if (json || !is_plain(f->value.s))
			put_quoted(l, f->value.s);
		else
			put_escaped(l, f->value.s);
		break;
	case LOG_KIND_U64:
		put_format(l, "%" PRIu64, f->value.u);
		break;
	case LOG_KIND_I64:
		put_format(l, "%" PRId64, f->value.i);
		break;
	case LOG_KIND_BOOL:
		put_z(l, f->value.b ? "true" : "false");
		break;
	case LOG_KIND_END:
		break;
	}
}

/* A field goes in whole or not at all. */
static void put_field(struct line *l, const struct log_field *f, bool json)
{
	size_t start = l->len;

	l->full = false;
	put_z(l, json ? ",\"" : " ");
	put_z(l, key_names[f->key]);
	put_z(l, json ? "\":" : "=");
	put_value(l, f, json);
	if (l->full)
		l->len = start;
}

static bool put_fields(struct line *l, const struct log_field *fields, bool json)
{
	bool all = true;

	for (; fields->kind != LOG_KIND_END; fields++) {
		put_field(l, fields, json);
		all = all && !l->full;
	}
	return all;
}

/* The tail has its room kept free, so it always fits. */
static void close_line(struct line *l, const char *tail)
{
	size_t n = strlen(tail);

	memcpy(l->text + l->len, tail, n);
	l->len += n;
}

static void render_json(struct line *l, struct wall now, enum log_level level, const char *event,
    const struct log_field *fields)
{
	time_t seconds = now.ms / 1000;
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	put_format(l, "{\"time\":\"%s.%03dZ\",", date, (int)(now.ms % 1000));
	put_format(l, "\"level\":\"%s\",\"process\":", level_names[level]);
	put_quoted(l, str_of(setup.process));
	put_z(l, ",\"event\":");
	put_quoted(l, str_of(event));
	close_line(l, put_fields(l, fields, true) ? "}\n" : ",\"truncated\":true}\n");
}

static void render_text(struct line *l, struct wall now, enum log_level level, const char *event,
    const struct log_field *fields)
{
	time_t seconds = now.ms / 1000;
	char date[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%H:%M:%S", &tm);
	put_format(l, "%s.%03d %s ", date, (int)(now.ms % 1000), level_names[level]);
	put_escaped(l, str_of(event));
	close_line(l, put_fields(l, fields, false) ? "\n" : " truncated=true\n");
}

static void write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t written = write(STDERR_FILENO, p, n);

		if (written >= 0) {
			p += written;
			n -= (size_t)written;
		} else if (errno == EAGAIN) {
			/* Standard error may be shared with a program that made it non-blocking. */
			struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};

			poll(&wait, 1, -1);
		} else if (errno != EINTR) {
			return; /* nobody is left to be told */
		}
	}
}

static enum log_format resolve(enum log_format format)
{
	if (format != LOG_FORMAT_AUTO)
		return format;
	return isatty(STDERR_FILENO) ? LOG_FORMAT_TEXT : LOG_FORMAT_JSON;
}

void log_setup(const char *process, enum log_format format, enum log_level level)
{
	setup.process = process;
	setup.format = resolve(format);
	setup.level = level;
}

void log_set_level(enum log_level level)
{
	setup.level = level;
}

bool log_is_on(enum log_level level)
{
	return level <= setup.level;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	int saved_errno = errno;
	struct line l;

	/* Not an initialiser: that would zero the whole text. */
	l.len = 0;
	l.full = false;
	if (resolve(setup.format) == LOG_FORMAT_JSON)
		render_json(&l, clock_wall(), level, event, fields);
	else
		render_text(&l, clock_wall(), level, event, fields);
	write_all(l.text, l.len);
	errno = saved_errno;
}
