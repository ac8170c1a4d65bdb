#ifndef ROOMCAST_GATEWAY_SIO_JSON_H
#define ROOMCAST_GATEWAY_SIO_JSON_H
/*
 * JSON text to value (json.c) and back (json_write.c), streaming: no tree, no recursion, linear
 * time. Used by packet.c.
 *
 * Strict as RFC 8259 has it, with what JavaScript clients need beside it: \u0000 is a character,
 * and the half of a surrogate pair (what slicing through an emoji leaves) becomes U+FFFD. Objects
 * keep duplicate keys in both directions; whoever reads takes the last, as JavaScript does.
 */
#include "common/buf.h"

/*
 * Appends the one value that the whole text is (space around it allowed) to out.
 * ERR_MALFORMED: not JSON, not UTF-8, or a number beyond double; ERR_TOO_BIG: nested deeper than
 * LIMIT_VALUE_DEPTH or longer than max_bytes as a value. On failure out is as it was.
 * The value is at most 3 times as long as the text and one byte; numbers: see number.h.
 */
MUST_USE enum err json_read(struct str text, size_t max_bytes, struct buf *out);

/*
 * Appends a value as JSON text, byte for byte what JSON.stringify would write (numbers: see
 * number.h). The value has passed value_check; bytes that are no value are written as null.
 * What JSON has no word for is null, too: bin and ext. A map's key that is no string is the text
 * of its scalar, "null" for all others. The text is at most 8 times as long as the value.
 */
void json_write(struct buf *out, struct bytes value);

/*
 * The same for a text with attachments: the bins of the value are numbered from *next on, as they
 * come, and bin n is written as {"_placeholder":true,"num":n}; *next is raised by their number.
 * So that nothing else passes for one, a "_placeholder" of the value that is true or false becomes
 * null. The text is at most 20 times as long as the value.
 */
void json_write_attached(struct buf *out, struct bytes value, unsigned *next);

/* How many bins there are in value, at any depth. */
unsigned json_count_bins(struct bytes value);

/* Appends s as a JSON string; s is valid UTF-8. */
void json_write_str(struct buf *out, struct str s);

#endif
