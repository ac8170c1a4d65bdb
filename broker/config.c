#include "broker/config.h"

#include "proto/limits.h"

#include <stdio.h>

static const struct conf_option options[] = {
#define OPTION_STR(section, field, name, fallback, doc) \
	{section, name, CONF_STR, offsetof(struct config, field), fallback, 0, 0, NULL, doc, NULL},
#define OPTION_U64(section, field, name, fallback, min, max, doc)                                \
	{section, name, CONF_U64, offsetof(struct config, field), fallback, min, max, NULL, doc, \
	    NULL},
#define OPTION_BOOL(section, field, name, fallback, doc) \
	{section, name, CONF_BOOL, offsetof(struct config, field), fallback, 0, 0, NULL, doc, NULL},
#define OPTION_CHOICE(section, field, name, fallback, choices, doc)                                \
	{section, name, CONF_CHOICE, offsetof(struct config, field), fallback, 0, 0, choices, doc, \
	    NULL},
#include "broker/config.def"
#undef OPTION_STR
#undef OPTION_U64
#undef OPTION_BOOL
#undef OPTION_CHOICE
};

enum { HEARTBEATS_IN_LEASE = 3 };

static const char *find_fault(const struct config *c)
{
	if (!c->ipc_endpoint[0] && !c->tcp_endpoint[0])
		return "no gateway can connect: set ipc-endpoint or tcp-endpoint in [link]";
	if (c->tcp_endpoint[0] && !c->curve_secret_file[0])
		return "tcp-endpoint needs curve-secret-file: make one with `roomcastctl keygen "
		       "curve`";
	if (c->tcp_endpoint[0] && !c->authorized_gateways[0])
		return "tcp-endpoint needs authorized-gateways: the folder of the gateways' .pub "
		       "files";
	if (c->lease_ms < c->heartbeat_ms * HEARTBEATS_IN_LEASE)
		return "lease-ms must be at least three times heartbeat-ms";
	if (!c->database[0])
		return "database is empty: set the path of the database file in [store]";
	return NULL;
}

static enum err check(const void *config, char *ret_why, size_t why_size)
{
	const struct config *c = config;
	const char *fault = find_fault(c);

	if (!fault)
		fault = namespaces_find_fault(c->namespaces, c->namespace_count);
	if (!fault)
		return ERR_OK;
	snprintf(ret_why, why_size, "%s", fault);
	return ERR_INVALID;
}

/* What on_reload() of main.c has to do something about, or what is looked up when it is needed. */
static const char *const reloads[] = {"log-level", "connect-rate", "max-rooms",
    "max-rooms-per-socket", "store-backlog-max", "store-backlog-max-bytes", "sessions-max", NULL};

static const struct conf_group namespaces = {
    .prefix = "namespace",
    .doc = "a namespace that clients may connect to; the same sections as in gateway.conf",
    .options = namespace_options,
    .option_count = NAMESPACE_OPTIONS,
    .element_size = sizeof(struct namespace_conf),
    .elements_offset = offsetof(struct config, namespaces),
    .count_offset = offsetof(struct config, namespace_count),
    .max = LIMIT_NAMESPACES,
    .sample = namespace_samples,
};

const struct conf_spec config_spec = {
    .program = "roomcast-broker",
    .summary = "Owns rooms, presence, order and persistence, and fans messages out to gateways.",
    .default_file = "/etc/roomcast/broker.conf",
    .options = options,
    .option_count = ARRAY_LEN(options),
    .group = &namespaces,
    .reloads = reloads,
    .config_size = sizeof(struct config),
    .check = check,
};
