#include "gateway/eio/proxies.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
	PROXIES_MAX = 256, /* addresses and blocks */
	HOPS_MAX = 32,     /* of one request, through proxies of ours */
};

static const char separators[] = " \t,";

/* What was said of the connection with this descriptor. */
struct introduction {
	bool is_made;
	struct ip ip;
};

struct proxies {
	struct ip_block blocks[PROXIES_MAX];
	size_t count;
	struct introduction *introductions; /* by descriptor */
	size_t introduction_count;
};

static enum err add(struct proxies *p, struct str word, char *ret_why, size_t why_size)
{
	const char *fault;

	if (p->count == PROXIES_MAX) {
		snprintf(
		    ret_why, why_size, "more than %d addresses: join them to blocks", PROXIES_MAX);
		return ERR_INVALID;
	}
	switch (ip_block_parse(word, &p->blocks[p->count])) {
	case ERR_OK:
		p->count++;
		return ERR_OK;
	case ERR_MALFORMED:
		fault = "has bits behind its prefix: give the first address of the block";
		break;
	default:
		fault = "is no address: give numbers like 10.0.0.5, 10.0.0.0/8, ::1 or fd00::/8";
		break;
	}
	snprintf(ret_why, why_size, "%.*s %s", STR_ARG(word), fault);
	return ERR_INVALID;
}

enum err proxies_new(struct str list, char *ret_why, size_t why_size, struct proxies **ret)
{
	struct proxies *p = xcalloc(1, sizeof(*p));
	enum err e = ERR_OK;

	for (struct str word; !e && (word = str_next_word(&list, separators)).len;)
		e = add(p, word, ret_why, why_size);
	if (e)
		proxies_free(&p);
	else
		*ret = p;
	return e;
}

void proxies_free(struct proxies **p)
{
	if (!*p)
		return;
	free((*p)->introductions);
	free(*p);
	*p = NULL;
}

bool proxies_trust(const struct proxies *p, const struct ip *peer)
{
	for (size_t i = 0; i < p->count; i++) {
		if (ip_block_has(&p->blocks[i], peer))
			return true;
	}
	return false;
}

/* Takes the last element off a list that commas separate, without the blanks around it. */
static struct str take_last(struct str *list)
{
	size_t begin = list->len, end;

	while (begin && list->p[begin - 1] != ',')
		begin--;

	struct str last = {list->p + begin, list->len - begin};

	list->len = begin ? begin - 1 : 0;
	for (end = last.len; end && (last.p[end - 1] == ' ' || last.p[end - 1] == '\t');)
		end--;
	last.len = end;
	while (last.len && (last.p[0] == ' ' || last.p[0] == '\t'))
		last = (struct str){last.p + 1, last.len - 1};
	return last;
}

static bool is_port(struct str s)
{
	uint64_t port;

	return s.len >= 2 && s.p[0] == ':' &&
	       str_to_u64((struct str){s.p + 1, s.len - 1}, UINT16_MAX, &port) == ERR_OK;
}

/* An address as proxies write it: with a port or without, one of IPv6 in brackets or not. */
static enum err parse_hop(struct str hop, struct ip *ret)
{
	const char *mark;
	struct str address = hop, rest = {0};

	if (hop.len && hop.p[0] == '[') {
		mark = memchr(hop.p, ']', hop.len);
		if (!mark)
			return ERR_INVALID;
		address = (struct str){hop.p + 1, (size_t)(mark - hop.p) - 1};
		rest = (struct str){mark + 1, hop.len - address.len - 2};
		if (!memchr(address.p, ':', address.len))
			return ERR_INVALID;
	} else if ((mark = memchr(hop.p, ':', hop.len)) &&
		   memchr(hop.p, '.', (size_t)(mark - hop.p))) {
		address.len = (size_t)(mark - hop.p);
		rest = (struct str){mark, hop.len - address.len};
	}
	return rest.len && !is_port(rest) ? ERR_INVALID : ip_parse(address, ret);
}

struct ip proxies_client(const struct proxies *p, const struct ip *peer, struct str forwarded_for)
{
	struct ip client = *peer;
	int hops = 0;

	while (proxies_trust(p, &client) && forwarded_for.len) {
		struct str hop = take_last(&forwarded_for);

		if (!hop.len)
			continue; /* lists may have empty elements */
		if (++hops > HOPS_MAX || parse_hop(hop, &client))
			return *peer;
	}
	return client;
}

bool proxies_is_https(struct str forwarded_proto)
{
	struct str last = take_last(&forwarded_proto);

	return last.len == 5 && strncasecmp(last.p, "https", 5) == 0;
}

void proxies_introduce(struct proxies *p, int fd, const struct ip *ip)
{
	size_t at = (size_t)fd;

	if (at >= p->introduction_count) {
		size_t count = (at + 1) * 2;

		if (!ip)
			return;
		p->introductions = xrealloc(p->introductions, count * sizeof(*p->introductions));
		memset(p->introductions + p->introduction_count, 0,
		    (count - p->introduction_count) * sizeof(*p->introductions));
		p->introduction_count = count;
	}
	p->introductions[at] = (struct introduction){.is_made = ip != NULL};
	if (ip)
		p->introductions[at].ip = *ip;
}

bool proxies_peer(const struct proxies *p, int fd, struct ip *ret)
{
	union {
		struct sockaddr any;
		struct sockaddr_in6 largest;
	} peer = {0};
	socklen_t len = sizeof(peer);

	if (fd >= 0 && (size_t)fd < p->introduction_count && p->introductions[fd].is_made) {
		*ret = p->introductions[fd].ip;
		return true;
	}
	return !getpeername(fd, &peer.any, &len) && ip_of_socket(&peer.any, ret) == ERR_OK;
}
