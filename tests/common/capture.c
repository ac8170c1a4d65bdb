#include "tests/common/capture.h"

#include "common/base.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct capture {
	int fd;
	int saved;
	FILE *file;
};

struct capture *capture_new(int fd)
{
	struct capture *c = xcalloc(1, sizeof(*c));

	fflush(stdout);
	c->fd = fd;
	c->saved = dup(fd);
	c->file = tmpfile();
	assert(c->saved >= 0 && c->file);
	int copy = dup2(fileno(c->file), fd);

	assert(copy == fd);
	(void)copy;
	return c;
}

char *capture_end(struct capture **c)
{
	struct capture *ended = *c;

	*c = NULL;
	fflush(stdout);
	dup2(ended->saved, ended->fd);
	close(ended->saved);
	fseek(ended->file, 0, SEEK_END);
	long size = ftell(ended->file);
	rewind(ended->file);
	char *text = xcalloc((size_t)size + 1, 1);
	size_t got = fread(text, 1, (size_t)size, ended->file);

	assert(got == (size_t)size);
	(void)got;
	fclose(ended->file);
	free(ended);
	return text;
}
