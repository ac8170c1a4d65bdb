#ifndef ROOMCAST_GATEWAY_SIO_PLAIN_H
#define ROOMCAST_GATEWAY_SIO_PLAIN_H
/*
 * Plain values: what JSON can say, and bin. A client's msgpack may say more; it is made plain when
 * it comes in, into what the same client would have sent as JSON, so that everybody in a room sees
 * the same values whatever parser he has. Used by mpacket.c. Pure.
 *
 *  undefined (ext 0 of 1 byte)        nil in an array; in a map the pair is left out
 *  Date (fixext 0 of 8 bytes)         its ISO 8601 text; nil when JavaScript has no such date
 *  ArrayBuffer (ext8/16/32 of type 0) bin
 *  any other ext, NaN, infinities     nil
 *  a key that is no string            the text of its scalar, "null" for all others
 *  numbers, lengths, counts           in their shortest form
 */
#include "common/buf.h"

struct plain_limits {
	size_t max_bytes;  /* of what is appended */
	unsigned max_bins; /* in it */
};

/*
 * Appends value, which may be any bytes, made plain. ERR_MALFORMED: not exactly one value, or a
 * string that is not UTF-8; ERR_TOO_BIG: over limits, nested deeper than LIMIT_VALUE_DEPTH, or over
 * 3 times as long as value, which takes hundreds of keys that are no strings. On failure out is as
 * it was. Linear time.
 */
MUST_USE enum err plain_read(
    struct bytes value, const struct plain_limits *limits, struct buf *out);

/* Is value what JavaScript encodes undefined as? */
bool plain_is_undefined(struct bytes value);

#endif
