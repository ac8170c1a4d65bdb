#include "gateway/eio/proxyheader.h"

#include <string.h>

/* Where things stand, and what they are. */
enum {
	COMMAND_AT = 12,
	FAMILY_AT = 13,
	LENGTH_AT = 14,
	ADDRESS_AT = 16, /* of the client; the rest is the proxy's own, ports, and what it adds */
	COMMAND_LOCAL = 0x20,
	COMMAND_PROXY = 0x21,
	FAMILY_NONE = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
	FAMILY_UNIX = 0x31,
	TCP4_BYTES = 12,
	TCP6_BYTES = 36,
};

static const uint8_t signature[12] = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum err proxyheader_length(const uint8_t fixed[PROXYHEADER_FIXED], size_t *ret)
{
	size_t length = PROXYHEADER_FIXED + (size_t)(fixed[LENGTH_AT] << 8 | fixed[LENGTH_AT + 1]);

	if (memcmp(fixed, signature, sizeof(signature)) != 0)
		return ERR_MALFORMED;
	if (fixed[COMMAND_AT] != COMMAND_LOCAL && fixed[COMMAND_AT] != COMMAND_PROXY)
		return ERR_MALFORMED;
	if (length > PROXYHEADER_MAX)
		return ERR_TOO_BIG;
	*ret = length;
	return ERR_OK;
}

static enum err parse_address(struct bytes header, bool *ret_is_told, struct ip *ret)
{
	size_t given = header.len - PROXYHEADER_FIXED;
	uint8_t family = header.p[FAMILY_AT];

	if (family == FAMILY_TCP4 && given >= TCP4_BYTES)
		*ret = ip_of_v4(header.p + ADDRESS_AT);
	else if (family == FAMILY_TCP6 && given >= TCP6_BYTES)
		*ret = ip_of_v6(header.p + ADDRESS_AT);
	else if (family != FAMILY_NONE && family != FAMILY_UNIX)
		return ERR_MALFORMED;
	*ret_is_told = family == FAMILY_TCP4 || family == FAMILY_TCP6;
	return ERR_OK;
}

enum err proxyheader_parse(struct bytes header, bool *ret_is_told, struct ip *ret)
{
	size_t length;

	if (header.len < PROXYHEADER_FIXED || proxyheader_length(header.p, &length) ||
	    length != header.len)
		return ERR_MALFORMED;
	if (header.p[COMMAND_AT] == COMMAND_PROXY)
		return parse_address(header, ret_is_told, ret);
	*ret_is_told = false;
	return ERR_OK;
}
