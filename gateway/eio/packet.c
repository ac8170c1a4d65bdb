#include "gateway/eio/packet.h"

#include <inttypes.h>

enum err eio_packet_parse(struct str text, struct eio_packet *ret)
{
	if (text.len == 0)
		return ERR_MALFORMED;

	struct str data = {text.p + 1, text.len - 1};

	if (text.p[0] == 'b') {
		*ret = (struct eio_packet){EIO_PACKET_MESSAGE, true, data};
		return ERR_OK;
	}

	unsigned type = (unsigned)(unsigned char)text.p[0] - '0';

	if (type >= EIO_PACKETS)
		return ERR_MALFORMED;
	*ret = (struct eio_packet){(enum eio_packet_type)type, false, data};
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
