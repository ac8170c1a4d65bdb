#ifndef ROOMCAST_COMMON_IP_H
#define ROOMCAST_COMMON_IP_H
/*
 * IP addresses of both kinds as one, and blocks of them (CIDR). An IPv4 address is kept as the
 * IPv6 address it maps to (::ffff:a.b.c.d), so that it is equal to itself however it came.
 */
#include "common/str.h"

struct sockaddr;

struct ip {
	uint8_t bytes[16];
};

enum { IP_TEXT_SIZE = 46 };

/* "192.0.2.1", "2001:db8::1"; no port, no brackets, no zone. ERR_INVALID: anything else. */
MUST_USE enum err ip_parse(struct str text, struct ip *ret);

/* ERR_INVALID: an address of another family. */
MUST_USE enum err ip_of_socket(const struct sockaddr *address, struct ip *ret);

/* 4 or 16 bytes in the order of the network. */
struct ip ip_of_v4(const uint8_t bytes[4]);
struct ip ip_of_v6(const uint8_t bytes[16]);

/* As people write it: an IPv4 address is one again. */
void ip_text(const struct ip *ip, char ret[IP_TEXT_SIZE]);

/* The addresses whose first bits are those of base. */
struct ip_block {
	struct ip base;
	unsigned bits;
};

/* "10.0.0.0/8", "fd00::/8", or one address. ERR_INVALID: anything else; ERR_MALFORMED: a block
 * whose address has bits behind its prefix, which is a slip of the pen. */
MUST_USE enum err ip_block_parse(struct str text, struct ip_block *ret);

bool ip_block_has(const struct ip_block *block, const struct ip *ip);

#endif
