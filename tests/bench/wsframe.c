#include "tests/bench/wsframe.h"

#include <string.h>

#define FIN 0x80u
#define RESERVED_BITS 0x70u
#define OPCODE_BITS 0x0fu
#define MASKED 0x80u
#define LENGTH_BITS 0x7fu
#define LENGTH_16 126u
#define LENGTH_64 127u
#define LENGTH_LIMIT (UINT64_C(1) << 31)

static uint64_t big_endian(const uint8_t *bytes, size_t count)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void put_big_endian(uint8_t *out, uint64_t value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (uint8_t)(value >> 8 * (count - 1 - i));
}

static bool is_known(uint8_t first)
{
	switch (first & OPCODE_BITS) {
	case WSFRAME_TEXT:
	case WSFRAME_BINARY:
	case WSFRAME_CLOSE:
	case WSFRAME_PING:
	case WSFRAME_PONG:
		return (first & FIN) && !(first & RESERVED_BITS);
	default:
		return false;
	}
}

enum wsframe_result wsframe_parse(const uint8_t *data, size_t len, struct wsframe *ret_frame)
{
	size_t extra, header;
	uint64_t payload_len;

	if (len < 2)
		return WSFRAME_MORE;
	if (!is_known(data[0]) || (data[1] & MASKED))
		return WSFRAME_BAD;
	payload_len = data[1] & LENGTH_BITS;
	extra = payload_len == LENGTH_64 ? 8 : payload_len == LENGTH_16 ? 2 : 0;
	header = 2 + extra;
	if (len < header)
		return WSFRAME_MORE;
	if (extra > 0)
		payload_len = big_endian(data + 2, extra);
	if (payload_len > LENGTH_LIMIT)
		return WSFRAME_BAD;
	if (len - header < payload_len)
		return WSFRAME_MORE;
	ret_frame->opcode = (enum wsframe_opcode)(data[0] & OPCODE_BITS);
	ret_frame->payload = data + header;
	ret_frame->payload_len = (size_t)payload_len;
	ret_frame->whole_len = header + (size_t)payload_len;
	return WSFRAME_WHOLE;
}

static size_t write_length(uint8_t *out, size_t len)
{
	if (len < LENGTH_16) {
		out[0] = (uint8_t)(MASKED | len);
		return 1;
	}
	if (len <= UINT16_MAX) {
		out[0] = MASKED | LENGTH_16;
		put_big_endian(out + 1, len, 2);
		return 3;
	}
	out[0] = MASKED | LENGTH_64;
	put_big_endian(out + 1, len, 8);
	return 9;
}

size_t wsframe_write(
    uint8_t *out, enum wsframe_opcode opcode, const void *payload, size_t len, uint32_t mask)
{
	const uint8_t *from = payload;
	uint8_t key[4];
	size_t at = 0;

	memcpy(key, &mask, sizeof(key));
	out[at++] = (uint8_t)(FIN | opcode);
	at += write_length(out + at, len);
	memcpy(out + at, key, sizeof(key));
	at += sizeof(key);
	for (size_t i = 0; i < len; i++)
		out[at + i] = from[i] ^ key[i % sizeof(key)];
	return at + len;
}
