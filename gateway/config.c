#include "gateway/config.h"

#include "common/moment.h"
#include "gateway/auth/algorithm.h"
#include "gateway/eio/origins.h"
#include "gateway/eio/proxies.h"
#include "gateway/eio/tls_pair.h"
#include "gateway/room/rulebook.h"
#include "proto/limits.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COOKIE_NAME_MAX = 64, WHY_SIZE = 300 };

static enum err check_origins(const char *text, char *ret_why, size_t why_size)
{
	struct origins *o = NULL;
	enum err e = origins_new(str_of(text), false, ret_why, why_size, &o);

	origins_free(&o);
	return e;
}

static enum err check_proxies(const char *text, char *ret_why, size_t why_size)
{
	struct proxies *p = NULL;
	enum err e = proxies_new(str_of(text), ret_why, why_size, &p);

	proxies_free(&p);
	return e;
}

static enum err check_moment(const char *text, char *ret_why, size_t why_size)
{
	struct wall at;

	if (!text[0] || moment_parse(str_of(text), &at) == ERR_OK)
		return ERR_OK;
	snprintf(ret_why, why_size,
	    "%.40s is no time: give one such as 2026-01-31T12:00:00Z, or ms since 1970", text);
	return ERR_INVALID;
}

static enum err check_algorithms(const char *text, char *ret_why, size_t why_size)
{
	struct str bad;
	uint32_t set;

	if (algorithm_set(str_of(text), &set, &bad) == ERR_OK)
		return ERR_OK;
	snprintf(ret_why, why_size, "no token may have the algorithm %.*s", STR_ARG(bad));
	return ERR_INVALID;
}

/* RFC 6265: the name of a cookie is a token. */
static enum err check_cookie(const char *text, char *ret_why, size_t why_size)
{
	static const char odd[] = "!#$%&'*+-.^_`|~";

	for (const char *p = text; *p; p++) {
		if (isalnum((unsigned char)*p) || strchr(odd, *p))
			continue;
		snprintf(ret_why, why_size, "%.40s is no name of a cookie: give letters and digits",
		    text);
		return ERR_INVALID;
	}
	if (strlen(text) <= COOKIE_NAME_MAX)
		return ERR_OK;
	snprintf(ret_why, why_size, "the name of a cookie has at most %d bytes", COOKIE_NAME_MAX);
	return ERR_INVALID;
}

static const struct conf_option options[] = {
#define OPTION_STR(section, field, name, fallback, doc) \
	{section, name, CONF_STR, offsetof(struct config, field), fallback, 0, 0, NULL, doc, NULL},
#define OPTION_CHECKED(section, field, name, fallback, check, doc) \
	{section, name, CONF_STR, offsetof(struct config, field), fallback, 0, 0, NULL, doc, check},
#define OPTION_U64(section, field, name, fallback, min, max, doc)                                \
	{section, name, CONF_U64, offsetof(struct config, field), fallback, min, max, NULL, doc, \
	    NULL},
#define OPTION_BOOL(section, field, name, fallback, doc) \
	{section, name, CONF_BOOL, offsetof(struct config, field), fallback, 0, 0, NULL, doc, NULL},
#define OPTION_CHOICE(section, field, name, fallback, choices, doc)                                \
	{section, name, CONF_CHOICE, offsetof(struct config, field), fallback, 0, 0, choices, doc, \
	    NULL},
#include "gateway/config.def"
#undef OPTION_STR
#undef OPTION_CHECKED
#undef OPTION_U64
#undef OPTION_BOOL
#undef OPTION_CHOICE
};

static const char *find_fault(const struct config *c)
{
	bool is_tcp = strncmp(c->broker_endpoint, "tcp://", 6) == 0;

	if (is_tcp && (!c->curve_secret_file[0] || !c->broker_public_key_file[0]))
		return "a tcp broker-endpoint needs curve-secret-file and broker-public-key-file: "
		       "make "
		       "keys with `roomcastctl keygen curve`";
	if (!c->token_hs256_secret_file[0] && !c->token_eddsa_public_key_file[0] &&
	    !c->token_keys_file[0])
		return "no token can be checked: set token-keys-file, token-hs256-secret-file or "
		       "token-eddsa-public-key-file in [token]";
	if ((c->token_previous_keys_file[0] || c->token_previous_secret_file[0]) !=
	    (c->token_previous_until[0] != 0))
		return "older keys and token-previous-until go together: set both, or none";
	if (!c->tls_certificate_file[0] != !c->tls_key_file[0])
		return "tls-certificate-file and tls-key-file go together: set both, or none for "
		       "plain "
		       "http";
	if (c->path[0] != '/')
		return "path must begin with /";
	if (strlen(c->gateway_id) > LIMIT_GATEWAY_ID)
		return "gateway-id is too long";
	if (!c->error_event[0] || strlen(c->error_event) > LIMIT_EVENT)
		return "error-event must be 1 to 256 bytes";
	if (c->proxy_protocol && !c->trusted_proxies[0])
		return "proxy-protocol without trusted-proxies: name the proxies";
	return NULL;
}

/* Each was checked for itself; what is left is whether they go together. */
static enum err check_cors(const struct config *c, char *ret_why, size_t why_size)
{
	struct origins *o = NULL;
	char why[WHY_SIZE] = "";
	enum err e =
	    origins_new(str_of(c->cors_origins), c->cors_credentials, why, sizeof(why), &o);

	origins_free(&o);
	if (e)
		snprintf(ret_why, why_size, "cors-origins with cors-credentials: %s", why);
	return e;
}

/* Here too, and not only where they are used, so that --check-config knows of it. */
static enum err check_tls(const struct config *c, char *ret_why, size_t why_size)
{
	struct tls_files files = {c->tls_certificate_file, c->tls_key_file};
	char why[TLS_WHY_SIZE] = "";
	struct tls_pair *pair = NULL;

	if (!tls_is_wanted(&files))
		return ERR_OK;

	enum err e = tls_pair_read(&files, why, &pair);

	tls_pair_free(&pair);
	if (e)
		snprintf(ret_why, why_size, "%s", why);
	return e;
}

static enum err check_rules(const struct config *c, char *ret_why, size_t why_size)
{
	for (size_t i = 0; i < c->namespace_count; i++) {
		struct rulebook *rules = NULL;
		char why[WHY_SIZE] = "";
		enum err e = rulebook_new(&c->namespaces[i], why, sizeof(why), &rules);

		rulebook_free(&rules);
		if (!e)
			continue;
		snprintf(ret_why, why_size, "[namespace %s] %s", c->namespaces[i].name, why);
		return e;
	}
	return ERR_OK;
}

static enum err check(const void *config, char *ret_why, size_t why_size)
{
	const struct config *c = config;
	const char *fault = find_fault(c);

	if (!fault)
		fault = namespaces_find_fault(c->namespaces, c->namespace_count);
	if (fault) {
		snprintf(ret_why, why_size, "%s", fault);
		return ERR_INVALID;
	}

	enum err e = check_rules(c, ret_why, why_size);

	if (!e)
		e = check_cors(c, ret_why, why_size);
	return e ? e : check_tls(c, ret_why, why_size);
}

/* What on_reload() of main.c has to do something about, or what is looked up when it is needed. */
static const char *const reloads[] = {"log-level", "drain-rate", "drain-timeout-ms", NULL};

static const struct conf_group namespaces = {
    .prefix = "namespace",
    .doc = "a namespace that clients may connect to; the same sections as in broker.conf",
    .options = namespace_options,
    .option_count = NAMESPACE_OPTIONS,
    .element_size = sizeof(struct namespace_conf),
    .elements_offset = offsetof(struct config, namespaces),
    .count_offset = offsetof(struct config, namespace_count),
    .max = LIMIT_NAMESPACES,
    .sample = namespace_samples,
};

const struct conf_spec config_spec = {
    .program = "roomcast-gateway",
    .summary = "Holds Socket.IO clients and forwards their events to the broker.",
    .default_file = "/etc/roomcast/gateway.conf",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .group = &namespaces,
    .reloads = reloads,
    .config_size = sizeof(struct config),
    .check = check,
};

void config_gateway_id(const struct config *c, char ret[LIMIT_GATEWAY_ID + 1])
{
	char host[LIMIT_GATEWAY_ID - 8] = "";
	size_t size = LIMIT_GATEWAY_ID + 1;

	if (c->gateway_id[0]) {
		snprintf(ret, size, "%s", c->gateway_id);
		return;
	}
	gethostname(host, sizeof(host) - 1);
	snprintf(ret, size, "%s-%u", host, (unsigned)c->port);
	if (c->reuse_port)
		snprintf(ret, size, "%.40s-%u-%d", host, (unsigned)c->port, (int)getpid());
}
