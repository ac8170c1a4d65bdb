#ifndef ROOMCAST_GATEWAY_EIO_WSFRAME_H
#define ROOMCAST_GATEWAY_EIO_WSFRAME_H
/*
 * WebSocket frames (RFC 6455 section 5.2) from server to client, around queued Engine.IO packets:
 * one unmasked final frame each, text with the digit of the packet's type, or a binary message,
 * which in revision 3 begins with a byte for its type. All forms of a message differ in what comes
 * before its data only, so they share its frame.
 * Pure bytes; writing them is websocket.c's.
 */
#include "gateway/eio/queue.h"

enum {
	WSFRAME_HEADER_MAX = 2 + 8 + 2, /* frame header with a 64-bit length, packet type */
	WSFRAME_CLOSE_MAX = 2 + 125,
};

/* What comes before the packet's data on the wire: its length, and the bytes. Returns the end. */
size_t wsframe_header_len(const struct eio_entry *e);
uint8_t *wsframe_put_header(uint8_t *at, const struct eio_entry *e);

/*
 * The header written into the headroom of the packet's own frame: a view of header and data, good
 * until somebody else writes there. For a packet with data.
 */
struct bytes wsframe_in_place(const struct eio_entry *e);

/* As many packets from the front as fit into size bytes, one after the other. Returns how many. */
size_t wsframe_gather(const struct eio_queue *q, uint8_t *at, size_t size, size_t *ret_len);

/* A close frame; a longer text is cut. Returns its length. */
size_t wsframe_close(uint8_t at[WSFRAME_CLOSE_MAX], uint16_t code, struct str text);

#endif
