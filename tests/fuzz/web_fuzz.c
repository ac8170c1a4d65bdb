/*
 * What is believed of a request and said to a browser. Five lines: trusted proxies,
 * X-Forwarded-For, listed origins, Origin, Access-Control-Request-Headers; what follows is a PROXY
 * header.
 */
#include "tests/fuzz/fuzz.h"

#include "gateway/eio/origins.h"
#include "gateway/eio/proxies.h"
#include "gateway/eio/proxyheader.h"

#include <string.h>

enum { WHY_SIZE = 300 };

static struct str take_line(struct str *rest)
{
	const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	struct str line = {rest->p, end ? (size_t)(end - rest->p) : rest->len};
	size_t taken = line.len + (end != NULL);

	*rest = (struct str){rest->p + taken, rest->len - taken};
	return line;
}

/* Who is not trusted is who he is. */
static void forward(struct str list, struct str forwarded_for)
{
	static const uint8_t loopback[4] = {127, 0, 0, 1};
	struct ip peer = ip_of_v4(loopback), client;
	struct proxies *p;
	char why[WHY_SIZE], text[IP_TEXT_SIZE];
	struct ip again;

	if (proxies_new(list, why, sizeof(why), &p))
		return;
	client = proxies_client(p, &peer, forwarded_for);
	assert(proxies_trust(p, &peer) || !memcmp(&client, &peer, sizeof(peer)));
	ip_text(&client, text);
	assert(ip_parse(str_of(text), &again) == ERR_OK);
	assert(!memcmp(&again, &client, sizeof(client)));
	(void)proxies_is_https(forwarded_for);
	proxies_free(&p);
}

/* Whole lines, and each a header that we know. */
static void check_headers(struct str headers)
{
	while (headers.len) {
		struct str line = take_line(&headers);

		assert(line.len && line.p[line.len - 1] == '\r');
		assert(!memchr(line.p, '\r', line.len - 1) && !memchr(line.p, 0, line.len));
		assert(str_has_prefix(line, STR("Access-Control-Allow-")) ||
		       str_has_prefix(line, STR("Vary: ")));
	}
}

static void answer(struct str list, struct str origin, struct str requested)
{
	struct buf preflight = {0};
	struct origins *o;
	char why[WHY_SIZE];

	if (origins_new(list, false, why, sizeof(why), &o) || !o)
		return;
	for (struct str word; (word = str_next_word(&list, " \t,")).len;)
		assert(origins_admit(o, word));
	(void)origins_admit(o, origin);
	check_headers(str_of(origins_headers(o, origin)));
	origins_put_preflight(o, origin, requested, &preflight);
	check_headers(buf_str(&preflight));
	buf_free(&preflight);
	origins_free(&o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = bytes_str(bytes_of(data, size));
	struct str proxies = take_line(&rest), forwarded_for = take_line(&rest);
	struct str list = take_line(&rest), origin = take_line(&rest), asked = take_line(&rest);
	bool is_told;
	struct ip ip;

	forward(proxies, forwarded_for);
	answer(list, origin, asked);
	if (proxyheader_parse(str_bytes(rest), &is_told, &ip) == ERR_OK)
		assert(rest.len >= PROXYHEADER_FIXED);
	return 0;
}
