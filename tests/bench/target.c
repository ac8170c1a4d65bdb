#include "tests/bench/target.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535 };

static bool strip_scheme(const char **url, bool *ret_secure)
{
	static const char *const schemes[] = {"http://", "ws://", "https://", "wss://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i]);

		if (strncmp(*url, schemes[i], len) == 0) {
			*url += len;
			*ret_secure = i >= 2;
			return true;
		}
	}
	return false;
}

static bool is_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && port >= 1 && port <= PORT_MAX;
}

/* An IPv6 literal stands in brackets in the URL and without them in the look-up. */
static bool resolve(const char *host, size_t host_len, const char *port, struct target *target)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char name[TARGET_HOST_MAX];
	bool bracketed = host_len > 2 && host[0] == '[' && host[host_len - 1] == ']';

	snprintf(name, sizeof(name), "%.*s", (int)(host_len - (bracketed ? 2 : 0)),
	    host + (bracketed ? 1 : 0));
	if (getaddrinfo(name, port, &hints, &found) != 0)
		return false;
	memcpy(&target->address, found->ai_addr, found->ai_addrlen);
	target->address_len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

bool target_parse(const char *url, struct target *ret_target, const char **ret_reason)
{
	struct target target = {.address_len = 0};
	char host[TARGET_HOST_MAX];
	char *colon;

	*ret_reason = "it must be http://host:port or https://host:port";
	if (!strip_scheme(&url, &target.is_secure) || strlen(url) >= sizeof(host))
		return false;
	snprintf(host, sizeof(host), "%s", url);
	if (host[0] != '\0' && host[strlen(host) - 1] == '/')
		host[strlen(host) - 1] = '\0';
	colon = strrchr(host, ':');
	if (!colon || colon == host || !is_port(colon + 1) || strpbrk(host, "/?#@\" \\"))
		return false;
	snprintf(target.host, sizeof(target.host), "%s", host);
	*ret_reason = "the host is unknown";
	if (!resolve(host, (size_t)(colon - host), colon + 1, &target))
		return false;
	*ret_target = target;
	return true;
}
