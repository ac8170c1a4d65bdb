#ifndef ROOMCAST_GATEWAY_EIO_CLIENTFILES_H
#define ROOMCAST_GATEWAY_EIO_CLIENTFILES_H
/*
 * The client library for browsers, which the reference serves under its own path: pages say
 * <script src="/socket.io/socket.io.js">. Its files are read once, at start-up, from the `dist`
 * folder of socket.io-client. For the routes.
 */
#include "common/buf.h"

struct client_files;

struct client_file {
	const char *type;    /* Content-Type */
	const char *headers; /* ETag, with CRLF */
	struct str etag;     /* "4.8.3" with its quotes */
	struct str bytes;
};

/*
 * "" gives NULL: none are served. ERR_INVALID: the folder has none of them, or one that is no
 * client library or too big; ERR_SYSTEM: it cannot be read. ret_why in words.
 */
MUST_USE enum err client_files_new(
    const char *dir, char *ret_why, size_t why_size, struct client_files **ret);
void client_files_free(struct client_files **c);

/* The one of that name (what follows the last slash of the path); NULL = there is none. */
const struct client_file *client_files_find(const struct client_files *c, struct str name);

/* Has the browser this one? header: If-None-Match. */
bool client_file_is_known(const struct client_file *f, struct str header);

#endif
