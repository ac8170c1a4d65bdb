#ifndef ROOMCAST_GATEWAY_SIO_ASSEMBLY_H
#define ROOMCAST_GATEWAY_SIO_ASSEMBLY_H
/*
 * A packet that has announced attachments, while they come: it keeps what the text said and the
 * binary messages that follow, and when all are there puts them, as bins, in the place of their
 * placeholders. Used by client.c. Pure; its memory is bounded by what the packet may have.
 */
#include "gateway/sio/packet.h"

struct assembly;

/* Copies what p has to say; p->attachments is 1 or more. max_bytes: of the data when it is whole,
 * and of all attachments together. */
struct assembly *assembly_new(const struct packet *p, size_t max_bytes);
void assembly_free(struct assembly **a);

/* One binary message, copied; not called on a complete one. ERR_TOO_BIG: over max_bytes. */
MUST_USE enum err assembly_add(struct assembly *a, struct bytes attachment);

/* What the text said; name and data may still have to be completed. */
const struct packet *assembly_packet(const struct assembly *a);

bool assembly_is_complete(const struct assembly *a);

/*
 * The whole packet of a complete one; views of a and scratch. Every {"_placeholder":true,"num":n}
 * is attachment n now; one that is not referred to is lost, one may be referred to often.
 * ERR_MALFORMED: n is no number of an attachment. ERR_TOO_BIG: over max_bytes, or over twice
 * what came.
 */
MUST_USE enum err assembly_finish(
    const struct assembly *a, struct buf *scratch, struct packet *ret);

#endif
