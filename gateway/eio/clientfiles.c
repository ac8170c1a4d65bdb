#include "gateway/eio/clientfiles.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 4 << 20, VERSION_BYTES_MAX = 32 };

/* As the reference knows them; each may have a map beside it. */
static const char *const names[] = {
    "socket.io.js",
    "socket.io.min.js",
    "socket.io.esm.min.js",
    "socket.io.msgpack.min.js",
};

enum { FILES = 2 * ARRAY_LEN(names) };

struct client_files {
	char etag[VERSION_BYTES_MAX + sizeof("\"\"")];
	char headers[128];
	struct client_file files[FILES]; /* bytes.p NULL = is not there */
	struct buf contents[FILES];
};

struct why {
	char *text;
	size_t size;
};

static void file_name(size_t i, char *ret, size_t size)
{
	snprintf(ret, size, "%s%s", names[i / 2], i % 2 ? ".map" : "");
}

/* One that is not there stays empty. */
static enum err read_file(const char *path, struct buf *content, struct why why)
{
	char chunk[16384];
	FILE *f = fopen(path, "re");
	size_t n;
	enum err e = ERR_OK;

	if (!f && errno == ENOENT)
		return ERR_OK;
	if (!f) {
		snprintf(why.text, why.size, "cannot read %s: %s", path, strerror(errno));
		return ERR_SYSTEM;
	}
	while (content->len <= FILE_BYTES_MAX && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_puts(content, (struct str){chunk, n});
	if (ferror(f)) {
		snprintf(why.text, why.size, "cannot read %s: %s", path, strerror(errno));
		e = ERR_SYSTEM;
	} else if (content->len > FILE_BYTES_MAX) {
		snprintf(why.text, why.size, "%s is too big for a client library", path);
		e = ERR_INVALID;
	}
	fclose(f);
	return e;
}

/* Its first line names it: "Socket.IO v4.8.3". */
static bool read_version(struct str text, char ret[VERSION_BYTES_MAX])
{
	static const char mark[] = "Socket.IO v";
	const char *at = memmem(text.p, text.len < 200 ? text.len : 200, mark, sizeof(mark) - 1);
	size_t n = 0;

	if (!at)
		return false;
	at += sizeof(mark) - 1;
	while (at + n < text.p + text.len && n < VERSION_BYTES_MAX - 1 &&
	       (isalnum((unsigned char)at[n]) || strchr(".-", at[n])))
		n++;
	memcpy(ret, at, n);
	ret[n] = '\0';
	return n > 0;
}

/* All files of a folder are of one version, that of the first. */
static enum err note_version(
    struct client_files *c, struct str text, const char *path, struct why why)
{
	char version[VERSION_BYTES_MAX];

	if (!read_version(text, version)) {
		snprintf(why.text, why.size,
		    "%s is no client library: it does not begin with its name", path);
		return ERR_INVALID;
	}
	if (c->etag[0])
		return ERR_OK;
	snprintf(c->etag, sizeof(c->etag), "\"%s\"", version);
	snprintf(c->headers, sizeof(c->headers), "ETag: %s\r\n", c->etag);
	return ERR_OK;
}

static enum err load(struct client_files *c, const char *dir, size_t i, struct why why)
{
	char name[64], path[4096];
	struct buf *content = &c->contents[i];
	enum err e;

	file_name(i, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	e = read_file(path, content, why);
	if (e || !content->len)
		return e;
	if (i % 2 == 0)
		e = note_version(c, buf_str(content), path, why);
	c->files[i] = (struct client_file){
	    .type =
		i % 2 ? "application/json; charset=utf-8" : "application/javascript; charset=utf-8",
	    .headers = c->headers,
	    .bytes = buf_str(content),
	};
	return e;
}

enum err client_files_new(
    const char *dir, char *ret_why, size_t why_size, struct client_files **ret)
{
	struct client_files *c;
	struct why why = {ret_why, why_size};
	enum err e = ERR_OK;

	*ret = NULL;
	if (!dir[0])
		return ERR_OK;
	c = xcalloc(1, sizeof(*c));
	for (size_t i = 0; !e && i < FILES; i++)
		e = load(c, dir, i, why);
	if (!e && !c->etag[0]) {
		snprintf(ret_why, why_size,
		    "%s has no socket.io.js and none of its siblings: name the folder `dist` of "
		    "socket.io-client",
		    dir);
		e = ERR_INVALID;
	}
	if (e) {
		client_files_free(&c);
		return e;
	}
	for (size_t i = 0; i < FILES; i++)
		c->files[i].etag = str_of(c->etag);
	*ret = c;
	return ERR_OK;
}

void client_files_free(struct client_files **c)
{
	struct client_files *dead = *c;

	*c = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < FILES; i++)
		buf_free(&dead->contents[i]);
	free(dead);
}

const struct client_file *client_files_find(const struct client_files *c, struct str name)
{
	char known[64];

	for (size_t i = 0; c && i < FILES; i++) {
		file_name(i, known, sizeof(known));
		if (str_eqz(name, known))
			return c->files[i].bytes.len ? &c->files[i] : NULL;
	}
	return NULL;
}

bool client_file_is_known(const struct client_file *f, struct str header)
{
	struct str weak = STR("W/");

	if (str_has_prefix(header, weak))
		header = (struct str){header.p + weak.len, header.len - weak.len};
	return str_eq(header, f->etag);
}
