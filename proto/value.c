#include "proto/value.h"

#include "proto/limits.h"

#include <assert.h>
#include <msgpack.h>
#include <string.h>

enum { FIRST_FORM = 0xc0, FIRST_FIXEXT = 0xd4, SHORTEST_HEAD = 1, LONGEST_HEAD = 5 };

enum { VALUE_NEVER = VALUE_EXT + 1 }; /* no value begins with 0xc1 */

/* First bytes 0xc0..0xdf. width: bytes of the number behind it (content, length or count). */
static const struct {
	uint8_t type;
	uint8_t width;
} forms[32] = {{VALUE_NIL, 0}, {VALUE_NEVER, 0}, {VALUE_BOOL, 0}, {VALUE_BOOL, 0}, {VALUE_BIN, 1},
    {VALUE_BIN, 2}, {VALUE_BIN, 4}, {VALUE_EXT, 1}, {VALUE_EXT, 2}, {VALUE_EXT, 4},
    {VALUE_DOUBLE, 4}, {VALUE_DOUBLE, 8}, {VALUE_UINT, 1}, {VALUE_UINT, 2}, {VALUE_UINT, 4},
    {VALUE_UINT, 8}, {VALUE_INT, 1}, {VALUE_INT, 2}, {VALUE_INT, 4}, {VALUE_INT, 8}, {VALUE_EXT, 0},
    {VALUE_EXT, 0}, {VALUE_EXT, 0}, {VALUE_EXT, 0}, {VALUE_EXT, 0}, {VALUE_STR, 1}, {VALUE_STR, 2},
    {VALUE_STR, 4}, {VALUE_ARRAY, 2}, {VALUE_ARRAY, 4}, {VALUE_MAP, 2}, {VALUE_MAP, 4}};

struct value_reader value_reader(struct bytes b)
{
	/* No arithmetic on the NULL of an empty view. */
	return (struct value_reader){b.p, b.len ? b.p + b.len : b.p};
}

bool value_at_end(const struct value_reader *r)
{
	return r->p == r->end;
}

static size_t left(const struct value_reader *r)
{
	return (size_t)(r->end - r->p);
}

static enum err take(struct value_reader *r, uint64_t n, struct bytes *ret)
{
	if (left(r) < n)
		return ERR_MALFORMED;
	*ret = (struct bytes){r->p, n};
	r->p += n;
	return ERR_OK;
}

static enum err take_number(struct value_reader *r, size_t width, uint64_t *ret)
{
	struct bytes b;
	uint64_t n = 0;

	if (take(r, width, &b))
		return ERR_MALFORMED;
	for (size_t i = 0; i < width; i++)
		n = n << 8 | b.p[i];
	*ret = n;
	return ERR_OK;
}

static enum err read_content(struct value_reader *r, uint64_t len, struct value *ret)
{
	struct bytes content;

	if (take(r, len, &content))
		return ERR_MALFORMED;
	if (ret->type == VALUE_STR)
		ret->as.s = bytes_str(content);
	else
		ret->as.bin = content;
	return ERR_OK;
}

static enum err read_ext(struct value_reader *r, uint64_t len, struct value *ret)
{
	uint64_t type;

	if (take_number(r, 1, &type))
		return ERR_MALFORMED;
	ret->ext_type = (int8_t)type;
	return read_content(r, len, ret);
}

/* Every value takes a byte at least, so a count can be refused before anybody believes it. */
static enum err read_count(const struct value_reader *r, uint64_t count, struct value *ret)
{
	if (count * (ret->type == VALUE_MAP ? 2 : 1) > left(r))
		return ERR_MALFORMED;
	ret->as.count = (uint32_t)count;
	return ERR_OK;
}

static void set_int(uint64_t bits, size_t width, struct value *ret)
{
	unsigned unused = 64 - 8 * (unsigned)width;

	ret->as.i = (int64_t)(bits << unused) >> unused;
	ret->type = ret->as.i < 0 ? VALUE_INT : VALUE_UINT;
}

static void set_double(uint64_t bits, size_t width, struct value *ret)
{
	uint32_t half = (uint32_t)bits;
	float f;

	memcpy(&ret->as.d, &bits, sizeof(ret->as.d));
	if (width == sizeof(f)) {
		memcpy(&f, &half, sizeof(f));
		ret->as.d = (double)f;
	}
}

static enum err read_form(struct value_reader *r, uint8_t first, struct value *ret)
{
	size_t width = forms[first - FIRST_FORM].width;
	uint64_t n;

	if (take_number(r, width, &n))
		return ERR_MALFORMED;
	ret->type = forms[first - FIRST_FORM].type;
	switch (ret->type) {
	case VALUE_NIL:
		return ERR_OK;
	case VALUE_BOOL:
		ret->as.b = first & 1;
		return ERR_OK;
	case VALUE_UINT:
		ret->as.u = n;
		return ERR_OK;
	case VALUE_INT:
		set_int(n, width, ret);
		return ERR_OK;
	case VALUE_DOUBLE:
		set_double(n, width, ret);
		return ERR_OK;
	case VALUE_STR:
	case VALUE_BIN:
		return read_content(r, n, ret);
	case VALUE_EXT:
		return read_ext(r, width ? n : (uint64_t)1 << (first - FIRST_FIXEXT), ret);
	case VALUE_ARRAY:
	case VALUE_MAP:
		return read_count(r, n, ret);
	}
	return ERR_MALFORMED;
}

/* The forms that carry their number in the first byte: small integers, counts and lengths. */
static enum err read_first(struct value_reader *r, uint8_t first, struct value *ret)
{
	if (first >= FIRST_FORM && first < 0xe0)
		return read_form(r, first, ret);
	if (first >= 0xa0 && first < FIRST_FORM) {
		ret->type = VALUE_STR;
		return read_content(r, first & 0x1f, ret);
	}
	if (first >= 0x80 && first < 0xa0) {
		ret->type = first < 0x90 ? VALUE_MAP : VALUE_ARRAY;
		return read_count(r, first & 0x0f, ret);
	}
	set_int(first, 1, ret);
	return ERR_OK;
}

enum err value_next(struct value_reader *r, struct value *ret)
{
	struct value_reader ahead = *r;
	struct value v = {0};

	if (value_at_end(r) || read_first(&ahead, *ahead.p++, &v))
		return ERR_MALFORMED;
	*r = ahead;
	*ret = v;
	return ERR_OK;
}

/* How many values follow inside of v. */
static uint64_t inner_values(const struct value *v)
{
	if (v->type == VALUE_MAP)
		return (uint64_t)v->as.count * 2;
	return v->type == VALUE_ARRAY ? v->as.count : 0;
}

enum err value_skip(struct value_reader *r, struct bytes *ret)
{
	struct value_reader ahead = *r;
	struct value v;

	for (uint64_t pending = 1; pending > 0; pending--) {
		if (value_next(&ahead, &v))
			return ERR_MALFORMED;
		pending += inner_values(&v);
	}
	*ret = (struct bytes){r->p, (size_t)(ahead.p - r->p)};
	*r = ahead;
	return ERR_OK;
}

enum err value_check(struct bytes b, unsigned max_depth)
{
	struct value_reader r = value_reader(b);
	uint64_t pending[LIMIT_VALUE_DEPTH + 1] = {1}; /* values to come, per open container */
	unsigned depth = 0;
	struct value v;

	assert(max_depth <= LIMIT_VALUE_DEPTH);
	for (;;) {
		while (pending[depth] == 0) {
			if (depth == 0)
				return value_at_end(&r) ? ERR_OK : ERR_MALFORMED;
			depth--;
		}
		pending[depth]--;
		if (value_next(&r, &v) || (v.type == VALUE_STR && !str_is_utf8(v.as.s)))
			return ERR_MALFORMED;
		if (v.type != VALUE_ARRAY && v.type != VALUE_MAP)
			continue;
		if (depth == max_depth)
			return ERR_TOO_BIG;
		pending[++depth] = inner_values(&v);
	}
}

/* b is one scalar of that type and nothing else. */
static bool read_alone(struct bytes b, enum value_type type, struct value *ret)
{
	struct value_reader r = value_reader(b);

	return value_next(&r, ret) == ERR_OK && ret->type == type && value_at_end(&r);
}

bool value_as_str(struct bytes b, struct str *ret)
{
	struct value v;
	bool is = read_alone(b, VALUE_STR, &v);

	if (is)
		*ret = v.as.s;
	return is;
}

bool value_as_u64(struct bytes b, uint64_t *ret)
{
	struct value v;
	bool is = read_alone(b, VALUE_UINT, &v);

	if (is)
		*ret = v.as.u;
	return is;
}

bool value_as_bool(struct bytes b, bool *ret)
{
	struct value v;
	bool is = read_alone(b, VALUE_BOOL, &v);

	if (is)
		*ret = v.as.b;
	return is;
}

static int append(void *out, const char *p, size_t len)
{
	buf_put(out, bytes_of(p, len));
	return 0;
}

void value_put_nil(struct buf *out)
{
	msgpack_pack_nil(&(msgpack_packer){out, append});
}

void value_put_bool(struct buf *out, bool b)
{
	(b ? msgpack_pack_true : msgpack_pack_false)(&(msgpack_packer){out, append});
}

void value_put_i64(struct buf *out, int64_t i)
{
	msgpack_pack_int64(&(msgpack_packer){out, append}, i);
}

void value_put_u64(struct buf *out, uint64_t u)
{
	msgpack_pack_uint64(&(msgpack_packer){out, append}, u);
}

void value_put_double(struct buf *out, double d)
{
	msgpack_pack_double(&(msgpack_packer){out, append}, d);
}

void value_put_str(struct buf *out, struct str s)
{
	assert(s.len <= UINT32_MAX);
	msgpack_pack_str_with_body(&(msgpack_packer){out, append}, s.p, s.len);
}

void value_put_bin(struct buf *out, struct bytes b)
{
	assert(b.len <= UINT32_MAX);
	msgpack_pack_bin_with_body(&(msgpack_packer){out, append}, b.p, b.len);
}

void value_put_array(struct buf *out, uint32_t count)
{
	msgpack_pack_array(&(msgpack_packer){out, append}, count);
}

void value_put_map(struct buf *out, uint32_t pairs)
{
	msgpack_pack_map(&(msgpack_packer){out, append}, pairs);
}

size_t value_open(struct buf *out)
{
	size_t at = out->len;

	buf_extend(out, SHORTEST_HEAD);
	return at;
}

/* Moves the head that was appended at head_at to where the container was opened. */
static void close_container(struct buf *out, size_t opened, size_t head_at)
{
	uint8_t head[LONGEST_HEAD];
	size_t len = out->len - head_at;
	size_t open_len = head_at - opened;

	memcpy(head, buf_bytes(out).p + head_at, len);
	buf_truncate(out, head_at);
	uint8_t *at = buf_extend(out, len - SHORTEST_HEAD) - open_len;

	if (len > SHORTEST_HEAD)
		memmove(at + len, at + SHORTEST_HEAD, open_len - SHORTEST_HEAD);
	memcpy(at, head, len);
}

void value_close_array(struct buf *out, size_t opened, uint32_t count)
{
	size_t head_at = out->len;

	value_put_array(out, count);
	close_container(out, opened, head_at);
}

void value_close_map(struct buf *out, size_t opened, uint32_t pairs)
{
	size_t head_at = out->len;

	value_put_map(out, pairs);
	close_container(out, opened, head_at);
}

void value_put_str_pair(struct buf *out, struct str key, struct str value)
{
	value_put_str(out, key);
	value_put_str(out, value);
}

void value_put_u64_pair(struct buf *out, struct str key, uint64_t value)
{
	value_put_str(out, key);
	value_put_u64(out, value);
}

void value_put_bool_pair(struct buf *out, struct str key, bool value)
{
	value_put_str(out, key);
	value_put_bool(out, value);
}

void value_put_raw_pair(struct buf *out, struct str key, struct bytes value)
{
	value_put_str(out, key);
	buf_put(out, value);
}
