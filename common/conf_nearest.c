#include "common/conf.h"

#include <string.h>

enum { WORD_MAX = 64 }; /* longer words are near to nothing */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: how many letters must be put in, left out, replaced or swapped with
 * the next one. Both words are shorter than WORD_MAX.
 */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX] = {{0}};
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	size_t width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned *spare = before;

		before = above;
		above = row;
		row = spare;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= width; j++) {
			row[j] = least(
			    least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[width];
}

const char *conf_nearest(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strlen(word);
	const char *nearest = NULL;

	if (len == 0 || len >= WORD_MAX)
		return NULL;
	/* A third of the letters may be wrong, three at most: with more it is another word. */
	unsigned best = least((unsigned)(len + 2) / 3, 3) + 1;

	for (size_t i = 0; i < count; i++) {
		if (strlen(candidates[i]) >= WORD_MAX)
			continue;
		unsigned d = distance(word, candidates[i]);

		if (d < best && d < len) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
