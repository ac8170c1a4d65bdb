#include "gateway/sio/plain.h"

#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <math.h>

/* How much longer a value may become: dates do by 2.5, and a few odd bytes are nobody's business.
 */
enum { GROWTH_MAX = 3, GROWTH_FREE_BYTES = 1024 };

enum { FIXEXT1 = 0xd4, FIXEXT8 = 0xd7, EXT8 = 0xc7, EXT32 = 0xc9, EXT_JAVASCRIPT = 0 };

/* A container on its way. */
struct level {
	size_t opened;  /* see value_open() */
	uint64_t left;  /* members that have not been read */
	uint32_t count; /* members that were written */
	bool is_map;
};

struct reader {
	struct value_reader from;
	struct buf *out;
	const struct plain_limits *limits;
	size_t start, max_bytes; /* of what is appended */
	unsigned bins;
	struct buf key; /* scratch: the text of a key that is no string */
	unsigned depth;
	struct level levels[LIMIT_VALUE_DEPTH + 1];
};

enum kind { KIND_OTHER, KIND_UNDEFINED, KIND_DATE, KIND_BUFFER };

/* What an ext is to JavaScript; its first byte tells a Date from a buffer of 8 bytes. */
static enum kind kind_of(uint8_t first, const struct value *v)
{
	if (v->type != VALUE_EXT || v->ext_type != EXT_JAVASCRIPT)
		return KIND_OTHER;
	if (first == FIXEXT1)
		return KIND_UNDEFINED;
	if (first == FIXEXT8)
		return KIND_DATE;
	return first >= EXT8 && first <= EXT32 ? KIND_BUFFER : KIND_OTHER;
}

/* Year, month and day of a day count since 1970, in the calendar that JavaScript extends to all
 * times: http://howardhinnant.github.io/date_algorithms.html#civil_from_days */
static void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned of_era = (unsigned)(shifted - era * 146097);
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153;

	*ret_day = of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = (int64_t)year + era * 400 + (*ret_month <= 2);
}

/* What toJSON makes of a Date. */
static void put_date(struct buf *out, struct buf *text, struct bytes content)
{
	const int64_t day_ms = 86400000, last_ms = 8640000000000000;
	uint64_t bits = 0;
	int64_t year;
	unsigned month, day;

	for (size_t i = 0; i < content.len; i++)
		bits = bits << 8 | content.p[i];
	int64_t ms = (int64_t)bits;

	if (ms < -last_ms || ms > last_ms) {
		value_put_nil(out);
		return;
	}
	int64_t days = ms / day_ms - (ms % day_ms < 0);
	unsigned rest = (unsigned)(ms - days * day_ms);

	civil_from_days(days, &year, &month, &day);
	buf_reset(text);
	if (year < 0 || year > 9999)
		buf_printf(text, "%c%06d", year < 0 ? '-' : '+', (int)(year < 0 ? -year : year));
	else
		buf_printf(text, "%04d", (int)year);
	buf_printf(text, "-%02u-%02uT%02u:%02u:%02u.%03uZ", month, day, rest / 3600000,
	    rest / 60000 % 60, rest / 1000 % 60, rest % 1000);
	value_put_str(out, buf_str(text));
}

static enum err put_bin(struct reader *r, struct bytes content)
{
	if (++r->bins > r->limits->max_bins)
		return ERR_TOO_BIG;
	value_put_bin(r->out, content);
	return ERR_OK;
}

static enum err put_str(struct reader *r, struct str s)
{
	if (!str_is_utf8(s))
		return ERR_MALFORMED;
	value_put_str(r->out, s);
	return ERR_OK;
}

static enum err put_ext(struct reader *r, uint8_t first, const struct value *v)
{
	enum kind kind = kind_of(first, v);

	if (kind == KIND_BUFFER)
		return put_bin(r, v->as.bin);
	if (kind == KIND_DATE)
		put_date(r->out, &r->key, v->as.bin);
	else
		value_put_nil(r->out);
	return ERR_OK;
}

static enum err put_scalar(struct reader *r, uint8_t first, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		value_put_bool(r->out, v->as.b);
		return ERR_OK;
	case VALUE_INT:
		value_put_i64(r->out, v->as.i);
		return ERR_OK;
	case VALUE_UINT:
		value_put_u64(r->out, v->as.u);
		return ERR_OK;
	case VALUE_DOUBLE:
		if (isfinite(v->as.d))
			value_put_double(r->out, v->as.d);
		else
			value_put_nil(r->out);
		return ERR_OK;
	case VALUE_STR:
		return put_str(r, v->as.s);
	case VALUE_BIN:
		return put_bin(r, v->as.bin);
	case VALUE_EXT:
		return put_ext(r, first, v);
	default:
		value_put_nil(r->out);
		return ERR_OK;
	}
}

static enum err read_key(struct reader *r)
{
	struct bytes raw;
	struct str text;
	struct value v;

	if (value_skip(&r->from, &raw))
		return ERR_MALFORMED;
	if (value_as_str(raw, &text))
		return put_str(r, text);
	struct value_reader inside = value_reader(raw);

	if (value_next(&inside, &v))
		return ERR_MALFORMED;
	buf_reset(&r->key);
	if (v.type == VALUE_ARRAY || v.type == VALUE_MAP)
		buf_puts(&r->key, STR("null"));
	else
		json_write(&r->key, raw);
	value_put_str(r->out, buf_str(&r->key));
	return ERR_OK;
}

static enum err open_level(struct reader *r, const struct value *v)
{
	if (++r->depth == ARRAY_LEN(r->levels))
		return ERR_TOO_BIG;
	r->levels[r->depth] = (struct level){
	    .opened = value_open(r->out), .left = v->as.count, .is_map = v->type == VALUE_MAP};
	return ERR_OK;
}

static void close_level(struct reader *r)
{
	const struct level *done = &r->levels[r->depth--];

	(done->is_map ? value_close_map : value_close_array)(r->out, done->opened, done->count);
}

static enum err read_member(struct reader *r)
{
	struct level *level = &r->levels[r->depth];
	size_t pair_at = r->out->len;
	struct value v;

	level->left--;
	if (level->is_map) {
		enum err e = read_key(r);

		if (e)
			return e;
	}
	const uint8_t *head = r->from.p;

	if (value_next(&r->from, &v))
		return ERR_MALFORMED;
	if (level->is_map && kind_of(*head, &v) == KIND_UNDEFINED) {
		buf_truncate(r->out, pair_at);
		return ERR_OK;
	}
	level->count++;
	if (v.type == VALUE_ARRAY || v.type == VALUE_MAP)
		return open_level(r, &v);
	return put_scalar(r, *head, &v);
}

static enum err read_all(struct reader *r)
{
	for (;;) {
		while (r->levels[r->depth].left == 0) {
			if (r->depth == 0)
				return value_at_end(&r->from) ? ERR_OK : ERR_MALFORMED;
			close_level(r);
		}
		enum err e = read_member(r);

		if (e)
			return e;
		if (r->out->len - r->start > r->max_bytes)
			return ERR_TOO_BIG;
	}
}

enum err plain_read(struct bytes value, const struct plain_limits *limits, struct buf *out)
{
	struct reader r = {.from = value_reader(value),
	    .out = out,
	    .limits = limits,
	    .start = out->len,
	    .max_bytes = GROWTH_MAX * value.len + GROWTH_FREE_BYTES,
	    .levels[0] = {.left = 1}};

	if (r.max_bytes > limits->max_bytes)
		r.max_bytes = limits->max_bytes;
	enum err e = read_all(&r);

	/* The last heads come when their containers close. */
	if (!e && out->len - r.start > r.max_bytes)
		e = ERR_TOO_BIG;
	buf_free(&r.key);
	if (e)
		buf_truncate(out, r.start);
	return e;
}

bool plain_is_undefined(struct bytes value)
{
	struct value_reader r = value_reader(value);
	struct value v;

	return value_next(&r, &v) == ERR_OK && kind_of(value.p[0], &v) == KIND_UNDEFINED;
}
