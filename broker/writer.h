#ifndef ROOMCAST_BROKER_WRITER_H
#define ROOMCAST_BROKER_WRITER_H
/*
 * The writer: executes batches, each in one transaction, and is honest about what became of them.
 * It is the store's half that waits for the disk; used by one thread at a time.
 *
 * A COMMIT that reports failure may still be on disk and come back after a crash. So every
 * transaction leaves its number in the database (meta.last_commit), and after such a failure the
 * writer opens the database anew and settles the question: the number is there, and the batch is
 * made durable; or it is not, and a transaction of our own takes its place in the log, so that
 * nothing of the batch can ever come back. Until one of the two has worked it is in doubt.
 */
#include "broker/batch.h"

struct writer;

enum writer_outcome {
	WRITER_COMMITTED, /* all of it is in the database for good */
	WRITER_FAILED,    /* nothing of it is, nor ever will be */
	WRITER_IN_DOUBT,  /* not known yet: writer_settle() until it is */
};

/* As store_open() without lock and thread; the same errors. */
MUST_USE enum err writer_open(
    const struct store_conf *conf, char *ret_why, size_t why_size, struct writer **ret);

/* Checkpoints as far as readers allow. */
void writer_close(struct writer **w);

/* ret_why is set unless the batch is committed. Not while another batch is in doubt. */
MUST_USE enum writer_outcome writer_commit(
    struct writer *w, const struct batch *b, char ret_why[STORE_WHY_SIZE]);

/* One attempt to find out about the batch in doubt. */
MUST_USE enum writer_outcome writer_settle(struct writer *w, char ret_why[STORE_WHY_SIZE]);

#endif
