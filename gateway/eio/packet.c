#include "gateway/eio/packet.h"

#include <inttypes.h>

/* The type that the first byte says, where base is 0. */
static enum err parse(struct str packet, unsigned base, struct eio_packet *ret)
{
	if (packet.len == 0)
		return ERR_MALFORMED;

	unsigned type = (unsigned)(unsigned char)packet.p[0] - base;

	if (type >= EIO_PACKETS)
		return ERR_MALFORMED;
	ret->type = (enum eio_packet_type)type;
	ret->data = (struct str){packet.p + 1, packet.len - 1};
	return ERR_OK;
}

static bool is_base64(struct str text)
{
	return text.len > 0 && text.p[0] == 'b';
}

enum err eio_packet_parse(struct bytes packet, bool is_binary, struct eio_packet *ret)
{
	struct str text = bytes_str(packet);
	struct eio_packet p = {.type = EIO_PACKET_MESSAGE, .is_binary = true, .data = text};

	if (!is_binary && is_base64(text)) {
		p.is_base64 = true;
		p.data = (struct str){text.p + 1, text.len - 1};
	} else if (!is_binary) {
		p.is_binary = false;
		if (parse(text, '0', &p))
			return ERR_MALFORMED;
	}
	*ret = p;
	return ERR_OK;
}

enum err eio_packet_parse3(struct bytes packet, bool is_binary, struct eio_packet *ret)
{
	struct str text = bytes_str(packet);
	struct eio_packet p = {.is_binary = is_binary};

	if (!is_binary && is_base64(text)) {
		p.is_binary = p.is_base64 = true;
		text = (struct str){text.p + 1, text.len - 1};
	}
	if (parse(text, is_binary ? 0 : '0', &p))
		return ERR_MALFORMED;
	*ret = p;
	return ERR_OK;
}

char eio_packet_digit(enum eio_packet_type type)
{
	return (char)('0' + (int)type);
}

void eio_packet_put_open(struct buf *out, const struct eio_packet_open *open)
{
	buf_printf(out,
	    "{\"sid\":\"%.*s\",\"upgrades\":[%s],\"pingInterval\":%" PRIu64
	    ",\"pingTimeout\":%" PRIu64 ",\"maxPayload\":%" PRIu64 "}",
	    STR_ARG(open->sid), open->may_upgrade ? "\"websocket\"" : "", open->ping_interval_ms,
	    open->ping_timeout_ms, open->max_payload_bytes);
}
