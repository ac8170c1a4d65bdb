/*
 * A wsframe is one WebSocket frame (RFC 6455, section 5) as bytes: parsed when it comes from a
 * server, written masked when it goes to one. Pure; used by wsclient only.
 */
#ifndef BENCH_WSFRAME_H
#define BENCH_WSFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wsframe_opcode {
	WSFRAME_TEXT = 0x1,
	WSFRAME_BINARY = 0x2,
	WSFRAME_CLOSE = 0x8,
	WSFRAME_PING = 0x9,
	WSFRAME_PONG = 0xa,
};

enum wsframe_result {
	WSFRAME_WHOLE,
	WSFRAME_MORE, /* the rest has not come yet */
	WSFRAME_BAD,  /* masked, reserved bits, fragmented or absurdly long: not for us */
};

enum { WSFRAME_HEADER_MAX = 14 };

/* A view into the bytes that were parsed. */
struct wsframe {
	enum wsframe_opcode opcode;
	const uint8_t *payload;
	size_t payload_len;
	size_t whole_len; /* with the header */
};

enum wsframe_result wsframe_parse(const uint8_t *data, size_t len, struct wsframe *ret_frame);

/* Writes header and masked payload to `out`, which has room for both; returns the length. */
size_t wsframe_write(
    uint8_t *out, enum wsframe_opcode, const void *payload, size_t len, uint32_t mask);

#endif
