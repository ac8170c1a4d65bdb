#ifndef ROOMCAST_GATEWAY_EIO_PAYLOAD3_H
#define ROOMCAST_GATEWAY_EIO_PAYLOAD3_H
/*
 * Several packets in one HTTP body as protocol revision 3 has them, in two kinds of body:
 *
 *	text    <length>:<packet>...        length in UTF-16 code units; a binary message is "b4"
 *and its base64 form binary  <0|1><length>ff<packet>...  0 = a text, 1 = binary; length in bytes, a
 *byte of value 0 to 9 for each digit
 *
 * The counterpart of payload.h. Pure; for polling.
 */
#include "gateway/eio/payload.h"

/*
 * The next packet; false = that was all. Where the body cannot be read any further that is an empty
 * text, which is no packet to anybody, and the last one: so it is with a text body that is empty,
 * with lengths that are none or go over the end, with a text in a binary body that is not UTF-8. A
 * text body must be UTF-8 as a whole. Packets of length 0 in a text body are skipped.
 */
bool payload3_next(struct payload *p, struct payload_packet *ret);

/*
 * As payload_put(). A binary body where there is a message of EIO_FORM_TYPED, else a text one. An
 * open packet leaves alone, as clients of that revision are used to.
 */
size_t payload3_put(struct payload_body *out, const struct eio_queue *q, size_t max_bytes);

void payload3_put_control(struct payload_body *out, enum eio_packet_type type);

#endif
