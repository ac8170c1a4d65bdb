#ifndef ROOMCAST_BROKER_CONTENT_H
#define ROOMCAST_BROKER_CONTENT_H
/*
 * The content of a message as the database keeps it: what an encoded string or bin holds, without
 * its head. What is counted against retention-bytes is its length.
 */
#include "common/str.h"

/* True: it is text. Anything but a string or a bin is kept as it is encoded. */
bool content_payload(struct bytes encoded, struct bytes *ret);

#endif
