/*
 * Gives a fuzz target the files that are named, one after the other: so the kept corpus is tried
 * by every build, with or without libFuzzer.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 20 };

static void replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *all = malloc(FILE_MAX);

	assert(f && all);
	size_t size = fread(all, 1, FILE_MAX, f);
	/* Exactly as long, so that no overrun goes unseen. */
	uint8_t *data = realloc(all, size ? size : 1);

	assert(data && size < FILE_MAX);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	fclose(f);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return argc > 1 ? 0 : 1;
}
