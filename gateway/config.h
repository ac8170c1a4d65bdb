#ifndef ROOMCAST_GATEWAY_CONFIG_H
#define ROOMCAST_GATEWAY_CONFIG_H
/*
 * The configuration of a gateway, made from config.def.
 */
#include "common/conf.h"
#include "proto/limits.h"
#include "proto/namespace.h"

struct config {
#define OPTION_STR(section, field, name, fallback, doc) char *field;
#define OPTION_CHECKED(section, field, name, fallback, check, doc) char *field;
#define OPTION_U64(section, field, name, fallback, min, max, doc) uint64_t field;
#define OPTION_BOOL(section, field, name, fallback, doc) bool field;
#define OPTION_CHOICE(section, field, name, fallback, choices, doc) int field;
#include "gateway/config.def"
#undef OPTION_STR
#undef OPTION_CHECKED
#undef OPTION_U64
#undef OPTION_BOOL
#undef OPTION_CHOICE
	struct namespace_conf *namespaces;
	size_t namespace_count;
};

extern const struct conf_spec config_spec;

/* Two gateways of one name would take each other's place: the default is made of what differs. */
void config_gateway_id(const struct config *c, char ret[LIMIT_GATEWAY_ID + 1]);

#endif
