#include "tests/bench/tokens.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/die.h"

enum { TOKEN_MAX = 8192, TOKENS_MAX = 1000000 };

struct tokens {
	size_t count;
	size_t room;
	char **lines;
};

static bool is_plain(const char *token)
{
	for (; *token != '\0'; token++) {
		if (*token <= ' ' || *token > '~' || *token == '"' || *token == '\\')
			return false;
	}
	return true;
}

static void add(struct tokens *t, const char *token)
{
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->lines = realloc(t->lines, t->room * sizeof(t->lines[0]));
		if (!t->lines)
			die("out of memory");
	}
	t->lines[t->count] = strdup(token);
	if (!t->lines[t->count++])
		die("out of memory");
}

static void load(struct tokens *t, const char *path, FILE *file)
{
	char line[TOKEN_MAX + 2];

	for (size_t number = 1; fgets(line, sizeof(line), file); number++) {
		size_t len = strcspn(line, "\r\n");

		if (len > TOKEN_MAX)
			die("%s:%zu: a token of more than %d characters", path, number, TOKEN_MAX);
		line[len] = '\0';
		if (len == 0)
			continue;
		if (!is_plain(line))
			die("%s:%zu: a token has no spaces, quotes or backslashes", path, number);
		if (t->count == TOKENS_MAX)
			die("%s: more than %d tokens", path, TOKENS_MAX);
		add(t, line);
	}
}

struct tokens *tokens_load(const char *path)
{
	struct tokens *t = need_memory(1, sizeof(*t));
	FILE *file = fopen(path, "re");

	if (!file)
		die("%s: %s", path, strerror(errno));
	load(t, path, file);
	if (ferror(file))
		die("%s: %s", path, strerror(errno));
	fclose(file);
	if (t->count == 0)
		die("%s: no token in it", path);
	return t;
}

void tokens_free(struct tokens **tokens)
{
	struct tokens *t = *tokens;

	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->lines[i]);
	free(t->lines);
	free(t);
	*tokens = NULL;
}

const char *tokens_of_member(const struct tokens *t, size_t member)
{
	return t->lines[member % t->count];
}
