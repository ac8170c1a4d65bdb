#include "broker/ended.h"

#include <stdlib.h>
#include <uthash.h>

struct name {
	char *text;
	UT_hash_handle hh;
};

struct ended {
	struct name *names;
};

struct ended *ended_new(void)
{
	return xcalloc(1, sizeof(struct ended));
}

void ended_free(struct ended **e)
{
	struct name *n, *next;

	if (!*e)
		return;
	HASH_ITER(hh, (*e)->names, n, next)
	{
		HASH_DEL((*e)->names, n);
		free(n->text);
		free(n);
	}
	free(*e);
	*e = NULL;
}

void ended_note(struct ended *e, const char *name)
{
	if (ended_has(e, name) || HASH_COUNT(e->names) >= ENDED_MAX)
		return;
	struct name *n = xcalloc(1, sizeof(*n));

	n->text = xstrdup(name);
	HASH_ADD_KEYPTR(hh, e->names, n->text, strlen(n->text), n);
}

bool ended_has(const struct ended *e, const char *name)
{
	const struct name *n;

	HASH_FIND_STR(e->names, name, n);
	return n != NULL;
}
