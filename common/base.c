#include "common/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static NORETURN void die_of_memory(size_t size)
{
	fprintf(stderr, "roomcast: out of memory (%zu bytes wanted)\n", size);
	abort();
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die_of_memory(n * size);
	return p;
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		die_of_memory(size);
	return p;
}

char *xstrdup(const char *s)
{
	if (!s)
		return NULL;
	size_t len = strlen(s) + 1;
	char *copy = xcalloc(1, len);

	memcpy(copy, s, len);
	return copy;
}
