#include "gateway/room/intro.h"

#include "proto/limits.h"
#include "proto/value.h"

#include <string.h>

static struct str shorten(struct str s, size_t limit)
{
	if (s.len <= limit)
		return s;
	s.len = limit;
	/* Not in the middle of a character. */
	while (s.len > 0 && ((unsigned char)s.p[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

/* Takes the first parameter off, with the sign before it. */
static struct str next_parameter(struct str *query)
{
	const char *end = query->len > 1 ? memchr(query->p + 1, '&', query->len - 1) : NULL;
	size_t len = end ? (size_t)(end - query->p) : query->len;
	struct str parameter = {query->p, len};

	query->p += len;
	query->len -= len;
	return parameter;
}

void intro_put_url(struct buf *out, struct str url)
{
	const char *sign = url.len ? memchr(url.p, '?', url.len) : NULL;
	size_t path = sign ? (size_t)(sign - url.p) : url.len;
	struct str query = {url.p + path, url.len - path};
	struct buf whole = {0};

	buf_puts(&whole, (struct str){url.p, path});
	while (query.len) {
		struct str parameter = next_parameter(&query);
		struct str behind_sign = {parameter.p + 1, parameter.len - 1};

		if (str_has_prefix(behind_sign, STR("token=")))
			parameter.len = 1 + STR("token=").len;
		buf_puts(&whole, parameter);
	}
	buf_puts(out, shorten(buf_str(&whole), LIMIT_URL));
	buf_free(&whole);
}

void intro_put_headers(struct buf *out, const struct eio_handshake *h)
{
	const struct {
		const char *name;
		struct str value;
	} rows[] = {
	    {"host", h->host},
	    {"origin", h->origin},
	    {"referer", h->referer},
	    {"accept-language", h->language},
	};
	struct buf pairs = {0};
	uint32_t count = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!rows[i].value.len || !str_is_utf8(rows[i].value))
			continue;
		value_put_str_pair(
		    &pairs, str_of(rows[i].name), shorten(rows[i].value, LIMIT_HEADER));
		count++;
	}
	value_put_map(out, count);
	buf_put(out, buf_bytes(&pairs));
	buf_free(&pairs);
}
