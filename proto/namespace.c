#include "proto/namespace.h"

#include "proto/limits.h"

#include <string.h>

const struct conf_option namespace_options[NAMESPACE_OPTIONS] = {
#define NAMESPACE_CHOICE(field, name, fallback, choices, doc)                                    \
	{"", name, CONF_CHOICE, offsetof(struct namespace_conf, field), fallback, 0, 0, choices, \
	    doc, NULL},
#define NAMESPACE_BOOL(field, name, fallback, doc)                                               \
	{"", name, CONF_BOOL, offsetof(struct namespace_conf, field), fallback, 0, 0, NULL, doc, \
	    NULL},
#define NAMESPACE_U64(field, name, fallback, min, max, doc)                                    \
	{"", name, CONF_U64, offsetof(struct namespace_conf, field), fallback, min, max, NULL, \
	    doc, NULL},
#define NAMESPACE_STR(field, name, fallback, doc)                                               \
	{"", name, CONF_STR, offsetof(struct namespace_conf, field), fallback, 0, 0, NULL, doc, \
	    NULL},
#include "proto/namespace.def"
#undef NAMESPACE_CHOICE
#undef NAMESPACE_BOOL
#undef NAMESPACE_U64
#undef NAMESPACE_STR
};

const char *const namespace_samples[] = {"/", "/chat", "/notifications", NULL};

const struct namespace_conf *namespaces_find(
    const struct namespace_conf *namespaces, size_t count, struct str name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_eqz(name, namespaces[i].name))
			return &namespaces[i];
	}
	return NULL;
}

const char *namespaces_find_fault(const struct namespace_conf *namespaces, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = namespaces[i].name;

		if (name[0] != '/')
			return "the name of a namespace must begin with /";
		if (strlen(name) > LIMIT_NSP)
			return "the name of a namespace is too long";
		/* What ends a name on the wire cannot be in it. */
		if (strpbrk(name, ",? \t\"\\"))
			return "the name of a namespace holds a comma, question mark, quote or "
			       "space";
	}
	return NULL;
}
