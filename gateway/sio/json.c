#include "gateway/sio/json.h"

#include "gateway/sio/number.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <string.h>

/* An array or object that is not closed yet. */
struct level {
	size_t opened; /* see value_open() */
	uint32_t count;
	bool is_map;
};

struct reader {
	const char *p, *end;
	struct buf *out;
	struct buf unescaped; /* the string at hand, if it has escapes */
	unsigned depth;
	struct level levels[LIMIT_VALUE_DEPTH];
};

enum { REPLACEMENT = 0xfffd }; /* U+FFFD, for the half of a surrogate pair */

static struct str rest(const struct reader *r)
{
	return (struct str){r->p, (size_t)(r->end - r->p)};
}

/* The next character, '\0' at the end (which no valid text has outside of strings). */
static char peek(const struct reader *r)
{
	return r->p < r->end ? *r->p : '\0';
}

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

/* Steps over c, if it is the next character after space. */
static bool skip(struct reader *r, char c)
{
	skip_space(r);
	if (peek(r) != c)
		return false;
	r->p++;
	return true;
}

static void put_code_point(struct buf *out, uint32_t c)
{
	static const uint8_t leads[] = {0x00, 0xc0, 0xe0, 0xf0};
	unsigned more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	buf_putc(out, (char)(leads[more] | c >> 6 * more));
	while (more-- > 0)
		buf_putc(out, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* The code unit of the \uXXXX that s begins with. */
static bool read_unit(struct str s, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	uint32_t unit = 0;

	if (s.len < 6 || s.p[0] != '\\' || s.p[1] != 'u')
		return false;
	for (size_t i = 2; i < 6; i++) {
		const char *digit = memchr(digits, s.p[i], sizeof(digits) - 1);

		if (!digit)
			return false;
		unit = unit << 4 | (uint32_t)((digit - digits) & 0xf);
	}
	*ret = unit;
	return true;
}

/* Appends what the \uXXXX at s stands for; two that are a pair are one character. */
static bool unescape_unit(struct str *s, struct buf *out)
{
	uint32_t unit, low;

	if (!read_unit(*s, &unit))
		return false;
	*s = (struct str){s->p + 6, s->len - 6};
	if (unit < 0xd800 || unit > 0xdfff) {
		put_code_point(out, unit);
	} else if (unit < 0xdc00 && read_unit(*s, &low) && low >= 0xdc00 && low <= 0xdfff) {
		*s = (struct str){s->p + 6, s->len - 6};
		put_code_point(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
	} else {
		put_code_point(out, REPLACEMENT);
	}
	return true;
}

/* Appends what the escape at s stands for; s has two characters at least. */
static bool unescape_one(struct str *s, struct buf *out)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *escape = memchr(escapes, s->p[1], sizeof(escapes) - 1);

	if (!escape)
		return unescape_unit(s, out);
	buf_putc(out, meanings[escape - escapes]);
	*s = (struct str){s->p + 2, s->len - 2};
	return true;
}

static enum err unescape(struct str s, struct buf *out)
{
	while (s.len > 0) {
		const char *escape = memchr(s.p, '\\', s.len);
		size_t plain = escape ? (size_t)(escape - s.p) : s.len;

		buf_puts(out, (struct str){s.p, plain});
		s = (struct str){s.p + plain, s.len - plain};
		if (escape && !unescape_one(&s, out))
			return ERR_MALFORMED;
	}
	return ERR_OK;
}

/* From behind the opening quote to behind the closing one. */
static enum err scan_string(struct reader *r, struct str *ret_raw, bool *ret_has_escape)
{
	const char *start = r->p;
	bool has_escape = false;
	uint8_t seen = 0;

	for (; r->p < r->end && *r->p != '"'; r->p++) {
		if ((uint8_t)*r->p < 0x20)
			return ERR_MALFORMED;
		seen |= (uint8_t)*r->p;
		if (*r->p != '\\')
			continue;
		has_escape = true;
		if (++r->p == r->end)
			return ERR_MALFORMED;
	}
	if (r->p == r->end)
		return ERR_MALFORMED;
	*ret_raw = (struct str){start, (size_t)(r->p++ - start)};
	*ret_has_escape = has_escape;
	return seen < 0x80 || str_is_utf8(*ret_raw) ? ERR_OK : ERR_MALFORMED;
}

static enum err read_string(struct reader *r)
{
	struct str raw;
	bool has_escape;

	if (!skip(r, '"') || scan_string(r, &raw, &has_escape))
		return ERR_MALFORMED;
	if (has_escape) {
		buf_reset(&r->unescaped);
		if (unescape(raw, &r->unescaped))
			return ERR_MALFORMED;
		raw = buf_str(&r->unescaped);
	}
	value_put_str(r->out, raw);
	return ERR_OK;
}

static enum err read_word(struct reader *r)
{
	static const char *const words[] = {"false", "true", "null"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_has_prefix(rest(r), str_of(words[i])))
			continue;
		if (i < 2)
			value_put_bool(r->out, i);
		else
			value_put_nil(r->out);
		r->p += strlen(words[i]);
		return ERR_OK;
	}
	return ERR_MALFORMED;
}

static enum err read_scalar(struct reader *r)
{
	size_t len;

	if (peek(r) == '"')
		return read_string(r);
	if (peek(r) != '-' && (peek(r) < '0' || peek(r) > '9'))
		return read_word(r);
	if (number_read(rest(r), r->out, &len))
		return ERR_MALFORMED;
	r->p += len;
	return ERR_OK;
}

static enum err read_key(struct reader *r)
{
	return read_string(r) || !skip(r, ':') ? ERR_MALFORMED : ERR_OK;
}

/* Does the innermost container end here? Then it is a value, and complete. */
static bool close_container(struct reader *r)
{
	struct level *top = &r->levels[r->depth - 1];

	if (!skip(r, top->is_map ? '}' : ']'))
		return false;
	(top->is_map ? value_close_map : value_close_array)(r->out, top->opened, top->count);
	r->depth--;
	return true;
}

/* Opens a container, up to where its first member begins; an empty one is complete already. */
static enum err open_container(struct reader *r, bool *ret_is_complete)
{
	bool is_map = *r->p++ == '{';

	if (r->depth == LIMIT_VALUE_DEPTH)
		return ERR_TOO_BIG;
	r->levels[r->depth++] = (struct level){.opened = value_open(r->out), .is_map = is_map};
	*ret_is_complete = close_container(r);
	return *ret_is_complete || !is_map ? ERR_OK : read_key(r);
}

static enum err read_value(struct reader *r, bool *ret_is_complete)
{
	skip_space(r);
	if (peek(r) == '[' || peek(r) == '{')
		return open_container(r, ret_is_complete);
	*ret_is_complete = true;
	return read_scalar(r);
}

/* Behind a complete value: closes what ends with it, up to where the next value begins. */
static enum err end_value(struct reader *r)
{
	while (r->depth > 0) {
		struct level *top = &r->levels[r->depth - 1];

		top->count++;
		if (skip(r, ','))
			return top->is_map ? read_key(r) : ERR_OK;
		if (!close_container(r))
			return ERR_MALFORMED;
	}
	skip_space(r);
	return r->p == r->end ? ERR_OK : ERR_MALFORMED;
}

enum err json_read(struct str text, size_t max_bytes, struct buf *out)
{
	struct reader r = {.p = text.p, .end = text.len ? text.p + text.len : text.p, .out = out};
	size_t start = out->len;
	enum err e;

	do {
		bool is_complete = false;

		e = read_value(&r, &is_complete);
		if (!e && is_complete)
			e = end_value(&r);
		if (!e && out->len - start > max_bytes)
			e = ERR_TOO_BIG;
	} while (!e && r.depth > 0);
	buf_free(&r.unescaped);
	if (e)
		buf_truncate(out, start);
	return e;
}
