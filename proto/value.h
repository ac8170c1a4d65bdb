#ifndef ROOMCAST_PROTO_VALUE_H
#define ROOMCAST_PROTO_VALUE_H
/*
 * Values: the one form that event arguments have between the edge and the database, in memory
 * and on the link. A value is one msgpack object as bytes; it is checked once where it enters
 * (value_check) and from then on read in place by a cursor, without a tree and without memory of
 * its own: nothing a peer declares ever makes us reserve memory.
 * Format: msgpack specification, https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#include "common/buf.h"

enum value_type {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,    /* negative integers only */
	VALUE_UINT,   /* all others */
	VALUE_DOUBLE, /* float32 too */
	VALUE_STR,
	VALUE_BIN,
	VALUE_ARRAY, /* the elements follow */
	VALUE_MAP,   /* the pairs follow, key before value */
	VALUE_EXT,
};

/* One head: a scalar with its content, or the opening of a container with its count. */
struct value {
	enum value_type type;
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		struct str s;     /* STR; a view into what is read */
		struct bytes bin; /* BIN, EXT; a view into what is read */
		uint32_t count;   /* ARRAY: elements; MAP: pairs */
	} as;
	int8_t ext_type;
};

/*
 * b is exactly one well-formed value: types, lengths, nesting <= max_depth (a scalar has 0, an
 * empty array 1), strings valid UTF-8, no byte after it; a map's key may be any value. max_depth
 * is at most LIMIT_VALUE_DEPTH. ERR_MALFORMED or ERR_TOO_BIG (depth). Linear time, no memory.
 */
MUST_USE enum err value_check(struct bytes b, unsigned max_depth);

/* A cursor over the values of b, one after the other. Safe on any bytes. */
struct value_reader {
	const uint8_t *p;
	const uint8_t *end;
};

struct value_reader value_reader(struct bytes b);
bool value_at_end(const struct value_reader *r);

/*
 * Reads one head. ERR_MALFORMED at the end, on bytes that are no value, and on a container that
 * declares more values than there are bytes left; r is then unchanged. UTF-8 is value_check's.
 */
MUST_USE enum err value_next(struct value_reader *r, struct value *ret);

/* Steps over one whole value (iteratively) and gives a view of it. */
MUST_USE enum err value_skip(struct value_reader *r, struct bytes *ret);

/* Convenience on one value: true and the content when b is of that type. */
bool value_as_str(struct bytes b, struct str *ret);
bool value_as_u64(struct bytes b, uint64_t *ret);
bool value_as_bool(struct bytes b, bool *ret);

/* Writers append one head or scalar, always in the shortest form (msgpack-c's packer). */
void value_put_nil(struct buf *out);
void value_put_bool(struct buf *out, bool b);
void value_put_i64(struct buf *out, int64_t i);
void value_put_u64(struct buf *out, uint64_t u);
void value_put_double(struct buf *out, double d);
void value_put_str(struct buf *out, struct str s);
void value_put_bin(struct buf *out, struct bytes b);
void value_put_array(struct buf *out, uint32_t count);
void value_put_map(struct buf *out, uint32_t pairs);

/*
 * A container whose count is known only after its values are written: open it, append the values,
 * close it with the count (MAP: of pairs). Up to 15 cost nothing, more cost one move of the values.
 */
size_t value_open(struct buf *out);
void value_close_array(struct buf *out, size_t opened, uint32_t count);
void value_close_map(struct buf *out, size_t opened, uint32_t pairs);

/* key and value in one go, for maps of known keys. */
void value_put_str_pair(struct buf *out, struct str key, struct str value);
void value_put_u64_pair(struct buf *out, struct str key, uint64_t value);
void value_put_bool_pair(struct buf *out, struct str key, bool value);
/* value: an encoded value, copied as it is. */
void value_put_raw_pair(struct buf *out, struct str key, struct bytes value);

#endif
