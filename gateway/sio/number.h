#ifndef ROOMCAST_GATEWAY_SIO_NUMBER_H
#define ROOMCAST_GATEWAY_SIO_NUMBER_H
/*
 * Numbers as JSON spells them: text to value and double to text. Used by json.c. Pure; the process
 * stays in the "C" locale.
 */
#include "common/buf.h"

/*
 * Appends the number that text begins with to out, as a value: one without fraction and exponent
 * that fits int64 or uint64 is an integer, all others (and -0) are doubles. ret_len: bytes of text
 * it took. ERR_MALFORMED: no number of RFC 8259, or one that no double can hold (1e400: JavaScript
 * would make it Infinity, which JSON cannot say again); out is then as it was.
 */
MUST_USE enum err number_read(struct str text, struct buf *out, size_t *ret_len);

/*
 * Appends d in the fewest digits that read back as d, laid out as JavaScript does (100, 0.001,
 * 1e+21, 1e-7), and NaN and infinities as null. Two differences: -0 stays -0, and some powers of
 * two far from 1 get a 17th digit that JavaScript saves.
 */
void number_write(struct buf *out, double d);

#endif
