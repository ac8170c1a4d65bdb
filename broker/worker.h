#ifndef ROOMCAST_BROKER_WORKER_H
#define ROOMCAST_BROKER_WORKER_H
/*
 * A worker: a thread that does jobs for its owner, one after the other, in order, and gives each
 * back when it is done. While the worker has a job its memory is the worker's, before and after
 * it is the owner's; nothing is shared and nothing is locked. Used by store and archive.
 */
#include "common/base.h"

struct worker;

/* Runs in the worker's thread; what ctx points to belongs to that thread while it works. */
typedef void worker_fn(void *ctx, void *job);

/* Jobs one worker may have at a time; keeping to it is the owner's duty. */
enum { WORKER_JOBS_MAX = 1000 };

struct worker *worker_new(worker_fn *fn, void *ctx);

/* Every job must have been taken back. */
void worker_free(struct worker **w);

void worker_give(struct worker *w, void *job);

/* A job that is done, NULL = none yet. */
void *worker_take(struct worker *w);

/* The same, but waits for it; NULL only when the worker has no job. */
void *worker_wait(struct worker *w);

/* Jobs given and not yet taken back. */
size_t worker_jobs(const struct worker *w);

/* The ZeroMQ socket to poll for reading; then call worker_take() until it gives NULL. */
void *worker_socket(const struct worker *w);

#endif
