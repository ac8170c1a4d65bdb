/*
 * A tlspipe is TLS over a connected socket, for wsclient: it reads and writes as recv() and send()
 * do, with the handshake on the way. The server's certificate is not checked: what is measured is
 * its work, not its name.
 */
#ifndef BENCH_TLSPIPE_H
#define BENCH_TLSPIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tlspipe;

/* The socket stays the caller's. */
struct tlspipe *tlspipe_new(int fd);
void tlspipe_free(struct tlspipe **);

/* -1 with errno; EAGAIN: come again when the socket is ready, for writing if wants_room says so. */
ssize_t tlspipe_read(struct tlspipe *, void *data, size_t room);
ssize_t tlspipe_write(struct tlspipe *, const void *data, size_t len);
bool tlspipe_wants_room(const struct tlspipe *);

/* More can be read although the socket is not ready. */
bool tlspipe_has_more(const struct tlspipe *);

#endif
