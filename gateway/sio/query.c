#include "gateway/sio/query.h"

#include "proto/value.h"

#include <string.h>

/* Takes what stands before the first `sign` off, and the sign; without one, all. */
static struct str take_until(struct str *rest, char sign)
{
	const char *end = rest->len ? memchr(rest->p, sign, rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->p) : rest->len;
	size_t taken = end ? len + 1 : len;
	struct str part = {rest->p, len};

	*rest = (struct str){rest->p + taken, rest->len - taken};
	return part;
}

/* -1 = no hexadecimal digit */
static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that is written as %XX at i; -1 = there is none. */
static int escaped(struct str s, size_t i)
{
	if (s.p[i] != '%' || s.len - i < 3)
		return -1;
	int high = digit_of(s.p[i + 1]), low = digit_of(s.p[i + 2]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static enum err put_decoded(struct str s, struct buf *scratch, struct buf *out)
{
	buf_reset(scratch);
	for (size_t i = 0; i < s.len; i++) {
		int byte = escaped(s, i);

		if (byte >= 0)
			i += 2;
		buf_putc(scratch, byte >= 0 ? (char)byte : s.p[i] == '+' ? ' ' : s.p[i]);
	}
	if (!str_is_utf8(buf_str(scratch)))
		return ERR_MALFORMED;
	value_put_str(out, buf_str(scratch));
	return ERR_OK;
}

enum err query_read(struct str query, size_t max_bytes, struct buf *out)
{
	struct buf scratch = {0};
	size_t start = out->len, opened = value_open(out);
	uint32_t pairs = 0;
	enum err e = ERR_OK;

	while (!e && query.len > 0) {
		struct str value = take_until(&query, '&');

		if (!value.len)
			continue;
		struct str name = take_until(&value, '=');

		pairs++;
		e = put_decoded(name, &scratch, out);
		if (!e)
			e = put_decoded(value, &scratch, out);
		if (!e && out->len - start > max_bytes)
			e = ERR_TOO_BIG;
	}
	value_close_map(out, opened, pairs);
	if (!e && out->len - start > max_bytes)
		e = ERR_TOO_BIG;
	if (e)
		buf_truncate(out, start);
	buf_free(&scratch);
	return e;
}
