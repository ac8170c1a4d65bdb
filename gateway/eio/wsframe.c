#include "gateway/eio/wsframe.h"

#include <assert.h>
#include <string.h>

enum {
	FINAL = 0x80,
	OPCODE_TEXT = 0x1,
	OPCODE_BINARY = 0x2,
	OPCODE_CLOSE = 0x8,
	LENGTH_16 = 126, /* the length follows in so many bits */
	LENGTH_64 = 127,
	CONTROL_PAYLOAD_MAX = 125,
};

_Static_assert(FRAME_HEADROOM >= WSFRAME_HEADER_MAX, "the headroom takes our header");

static size_t data_len(const struct eio_entry *e)
{
	return e->frame ? frame_len(e->frame) : 0;
}

static const struct {
	uint8_t opcode, type_len; /* of what says the packet's type, before its data */
} forms[] = {
    [EIO_FORM_TEXT] = {OPCODE_TEXT, 1},
    [EIO_FORM_BINARY] = {OPCODE_BINARY, 0},
    [EIO_FORM_TYPED] = {OPCODE_BINARY, 1},
    [EIO_FORM_BASE64] = {OPCODE_TEXT, 2},
};

static size_t type_len(const struct eio_entry *e)
{
	return forms[e->form].type_len;
}

static uint8_t *put_type(uint8_t *at, const struct eio_entry *e)
{
	if (e->form == EIO_FORM_BASE64)
		*at++ = 'b';
	if (e->form == EIO_FORM_TYPED)
		*at++ = (uint8_t)e->type;
	else if (e->form != EIO_FORM_BINARY)
		*at++ = (uint8_t)eio_packet_digit(e->type);
	return at;
}

static unsigned length_bytes(size_t len)
{
	return len < LENGTH_16 ? 0 : len <= UINT16_MAX ? 2 : 8;
}

size_t wsframe_header_len(const struct eio_entry *e)
{
	return 2 + length_bytes(type_len(e) + data_len(e)) + type_len(e);
}

uint8_t *wsframe_put_header(uint8_t *at, const struct eio_entry *e)
{
	size_t len = type_len(e) + data_len(e);
	unsigned bytes = length_bytes(len);

	*at++ = FINAL | forms[e->form].opcode;
	*at++ = (uint8_t)(bytes == 0 ? len : bytes == 2 ? LENGTH_16 : LENGTH_64);
	for (unsigned i = bytes; i > 0; i--)
		*at++ = (uint8_t)((uint64_t)len >> (8 * (i - 1)));
	return put_type(at, e);
}

struct bytes wsframe_in_place(const struct eio_entry *e)
{
	size_t header = wsframe_header_len(e);
	uint8_t *start = frame_data(e->frame) - header;

	wsframe_put_header(start, e);
	return bytes_of(start, header + frame_len(e->frame));
}

size_t wsframe_gather(const struct eio_queue *q, uint8_t *at, size_t size, size_t *ret_len)
{
	uint8_t *start = at;
	size_t n = 0;

	for (; n < q->count; n++) {
		const struct eio_entry *e = eio_queue_at(q, n);
		size_t len = data_len(e);

		if (wsframe_header_len(e) + len > size - (size_t)(at - start))
			break;
		at = wsframe_put_header(at, e);
		if (len)
			memcpy(at, frame_data(e->frame), len);
		at += len;
	}
	*ret_len = (size_t)(at - start);
	return n;
}

size_t wsframe_close(uint8_t at[WSFRAME_CLOSE_MAX], uint16_t code, struct str text)
{
	size_t room = CONTROL_PAYLOAD_MAX - sizeof(code);
	size_t len = text.len < room ? text.len : room;

	at[0] = FINAL | OPCODE_CLOSE;
	at[1] = (uint8_t)(sizeof(code) + len);
	at[2] = (uint8_t)(code >> 8);
	at[3] = (uint8_t)code;
	if (len)
		memcpy(at + 4, text.p, len);
	return 4 + len;
}
