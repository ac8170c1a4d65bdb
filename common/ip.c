#include "common/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { V4_AT = 12, V4_BITS = 96, ALL_BITS = 128 };

static const uint8_t v4_prefix[V4_AT] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct ip *ip)
{
	return memcmp(ip->bytes, v4_prefix, V4_AT) == 0;
}

struct ip ip_of_v4(const uint8_t bytes[4])
{
	struct ip ip;

	memcpy(ip.bytes, v4_prefix, V4_AT);
	memcpy(ip.bytes + V4_AT, bytes, 4);
	return ip;
}

struct ip ip_of_v6(const uint8_t bytes[16])
{
	struct ip ip;

	memcpy(ip.bytes, bytes, sizeof(ip.bytes));
	return ip;
}

enum err ip_parse(struct str text, struct ip *ret)
{
	char z[IP_TEXT_SIZE];
	uint8_t bytes[16];

	if (text.len >= sizeof(z) || (text.len && memchr(text.p, 0, text.len)))
		return ERR_INVALID;
	memcpy(z, text.len ? text.p : "", text.len);
	z[text.len] = '\0';
	if (inet_pton(AF_INET, z, bytes) == 1)
		*ret = ip_of_v4(bytes);
	else if (inet_pton(AF_INET6, z, bytes) == 1)
		*ret = ip_of_v6(bytes);
	else
		return ERR_INVALID;
	return ERR_OK;
}

enum err ip_of_socket(const struct sockaddr *address, struct ip *ret)
{
	const void *any = address;

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = any;

		*ret = ip_of_v4((const uint8_t *)&v4->sin_addr);
	} else if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = any;

		*ret = ip_of_v6(v6->sin6_addr.s6_addr);
	} else {
		return ERR_INVALID;
	}
	return ERR_OK;
}

void ip_text(const struct ip *ip, char ret[IP_TEXT_SIZE])
{
	if (is_v4(ip))
		(void)inet_ntop(AF_INET, ip->bytes + V4_AT, ret, IP_TEXT_SIZE);
	else
		(void)inet_ntop(AF_INET6, ip->bytes, ret, IP_TEXT_SIZE);
}

/* Of the first byte that the prefix of so many bits covers in part only. */
static uint8_t mask_of(unsigned bits)
{
	return (uint8_t)(0xff00 >> bits % 8);
}

static bool has_bits_behind(const struct ip_block *block)
{
	for (unsigned i = block->bits / 8; i < sizeof(block->base.bytes); i++) {
		uint8_t kept = i == block->bits / 8 ? mask_of(block->bits) : 0;

		if (block->base.bytes[i] & (uint8_t)~kept)
			return true;
	}
	return false;
}

enum err ip_block_parse(struct str text, struct ip_block *ret)
{
	const char *slash = text.len ? memchr(text.p, '/', text.len) : NULL;
	struct str address = {text.p, slash ? (size_t)(slash - text.p) : text.len};
	struct ip_block block = {.bits = ALL_BITS};

	if (ip_parse(address, &block.base))
		return ERR_INVALID;
	if (slash) {
		struct str length = {slash + 1, text.len - address.len - 1};
		/* Of what is written: a mapped address in IPv6 counts as IPv6. */
		unsigned first = memchr(address.p, ':', address.len) ? 0 : V4_BITS;
		uint64_t bits;

		if (str_to_u64(length, ALL_BITS - first, &bits))
			return ERR_INVALID;
		block.bits = first + (unsigned)bits;
	}
	if (has_bits_behind(&block))
		return ERR_MALFORMED;
	*ret = block;
	return ERR_OK;
}

bool ip_block_has(const struct ip_block *block, const struct ip *ip)
{
	size_t whole = block->bits / 8;

	if (memcmp(block->base.bytes, ip->bytes, whole) != 0)
		return false;
	return block->bits % 8 == 0 ||
	       ((block->base.bytes[whole] ^ ip->bytes[whole]) & mask_of(block->bits)) == 0;
}
