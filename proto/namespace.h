#ifndef ROOMCAST_PROTO_NAMESPACE_H
#define ROOMCAST_PROTO_NAMESPACE_H
/*
 * What the configuration says of a namespace (namespace.def). Gateway and broker read the same
 * sections, so they are described once.
 */
#include "common/conf.h"
#include "common/str.h"

/* Values of the choices, in the order of namespace.def. */
enum namespace_handler { NAMESPACE_ROOMS, NAMESPACE_WORKER };
enum namespace_auth { NAMESPACE_REQUIRED, NAMESPACE_ANONYMOUS, NAMESPACE_DEFERRED, NAMESPACE_ANY };

struct namespace_conf {
	char *name; /* "/", "/chat" */
#define NAMESPACE_CHOICE(field, name, fallback, choices, doc) int field;
#define NAMESPACE_BOOL(field, name, fallback, doc) bool field;
#define NAMESPACE_U64(field, name, fallback, min, max, doc) uint64_t field;
#define NAMESPACE_STR(field, name, fallback, doc) char *field;
#include "proto/namespace.def"
#undef NAMESPACE_CHOICE
#undef NAMESPACE_BOOL
#undef NAMESPACE_U64
#undef NAMESPACE_STR
};

/* How many options a namespace has. */
enum {
	NAMESPACE_OPTIONS = 0
#define NAMESPACE_CHOICE(field, name, fallback, choices, doc) +1
#define NAMESPACE_BOOL(field, name, fallback, doc) +1
#define NAMESPACE_U64(field, name, fallback, min, max, doc) +1
#define NAMESPACE_STR(field, name, fallback, doc) +1
#include "proto/namespace.def"
#undef NAMESPACE_CHOICE
#undef NAMESPACE_BOOL
#undef NAMESPACE_U64
#undef NAMESPACE_STR
};

/* For struct conf_group. */
extern const struct conf_option namespace_options[NAMESPACE_OPTIONS];

/* The namespaces of the sample and of a file that names none. NULL-terminated. */
extern const char *const namespace_samples[];

/* NULL when none has that name. */
const struct namespace_conf *namespaces_find(
    const struct namespace_conf *namespaces, size_t count, struct str name);

/* The first thing that is wrong with the names, in words; NULL when nothing is. Static. */
const char *namespaces_find_fault(const struct namespace_conf *namespaces, size_t count);

#endif
