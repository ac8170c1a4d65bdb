#include "tests/common/tempdir.h"

#include "common/base.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS_MAX = 64, PATH_BYTES = 256 };

struct tempdir {
	char root[PATH_BYTES];
	char *paths[PATHS_MAX]; /* given out */
	size_t count;
};

struct tempdir *tempdir_new(void)
{
	struct tempdir *t = xcalloc(1, sizeof(*t));

	snprintf(t->root, sizeof(t->root), "/tmp/roomcast-test-XXXXXX");
	const char *made = mkdtemp(t->root);

	assert(made);
	(void)made;
	return t;
}

void tempdir_free(struct tempdir **t)
{
	struct tempdir *dead = *t;

	*t = NULL;
	if (!dead)
		return;
	DIR *dir = opendir(dead->root);

	for (struct dirent *entry; (entry = readdir(dir));)
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	rmdir(dead->root);
	for (size_t i = 0; i < dead->count; i++)
		free(dead->paths[i]);
	free(dead);
}

const char *tempdir_path(struct tempdir *t, const char *name)
{
	char *path = xcalloc(1, PATH_BYTES * 2);

	assert(t->count < PATHS_MAX);
	snprintf(path, PATH_BYTES * 2, "%s%s%s", t->root, *name ? "/" : "", name);
	t->paths[t->count++] = path;
	return path;
}

const char *tempdir_write(
    struct tempdir *t, const char *name, const void *bytes, size_t len, mode_t mode)
{
	const char *path = tempdir_path(t, name);

	/* One of an earlier write may have a mode that keeps even its owner from writing. */
	unlink(path);
	FILE *f = fopen(path, "we");

	assert(f);
	size_t written = fwrite(bytes, 1, len, f);

	assert(written == len);
	(void)written;
	fchmod(fileno(f), mode);
	fclose(f);
	return path;
}
