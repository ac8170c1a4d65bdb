#include "broker/store.h"

#include "broker/batch.h"
#include "broker/lockfile.h"
#include "broker/worker.h"
#include "broker/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Between two attempts to find out about a batch in doubt. */
enum { SETTLE_PAUSE_MS = 200 };

/* A batch on its way to the writer and back; its owner is whose thread has it. */
struct job {
	struct batch *batch;
	uint64_t number;
	enum writer_outcome outcome;
	char why[STORE_WHY_SIZE];
};

struct store {
	const struct store_events *events;
	void *up;
	struct lockfile *lock;
	struct writer *writer; /* the worker's, while it works */
	struct worker *worker;
	struct job jobs[2]; /* one gathers while the other may be with the worker */
	struct job *gathering;
	struct job *flying; /* NULL = the worker has none */
	char trouble[STORE_WHY_SIZE];
	bool is_in_doubt; /* what flies is a batch that may be in the database or not */
};

static void rest(unsigned ms)
{
	struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&pause, NULL);
}

/* In the worker's thread. A batch comes again for as long as it is in doubt. */
static void work(void *ctx, void *arg)
{
	struct writer *w = ctx;
	struct job *job = arg;

	if (job->outcome == WRITER_IN_DOUBT)
		rest(SETTLE_PAUSE_MS);
	else
		job->outcome = writer_commit(w, job->batch, job->why);
	if (job->outcome == WRITER_IN_DOUBT)
		job->outcome = writer_settle(w, job->why);
	if (job->outcome == WRITER_COMMITTED)
		job->why[0] = '\0';
}

static void begin_batch(struct store *s, struct job *job, uint64_t number)
{
	batch_reset(job->batch);
	job->number = number;
	job->outcome = WRITER_COMMITTED;
	s->gathering = job;
}

static struct job *other_job(struct store *s, const struct job *job)
{
	return &s->jobs[job == &s->jobs[0]];
}

static struct store *new_store(const struct store_events *events, void *up)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->events = events;
	s->up = up;
	for (size_t i = 0; i < ARRAY_LEN(s->jobs); i++)
		s->jobs[i].batch = batch_new();
	begin_batch(s, &s->jobs[0], 1);
	return s;
}

static void free_store(struct store **s)
{
	struct store *dead = *s;

	*s = NULL;
	worker_free(&dead->worker);
	writer_close(&dead->writer);
	lockfile_release(&dead->lock);
	for (size_t i = 0; i < ARRAY_LEN(dead->jobs); i++)
		batch_free(&dead->jobs[i].batch);
	free(dead);
}

static enum err take_lock(const char *path, char ret_why[STORE_WHY_SIZE], struct lockfile **ret)
{
	size_t size = strlen(path) + sizeof(".lock");
	char *lock_path = xrealloc(NULL, size);

	snprintf(lock_path, size, "%s.lock", path);
	enum err e = lockfile_take(lock_path, ret_why, STORE_WHY_SIZE, ret);

	free(lock_path);
	return e;
}

enum err store_open(const struct store_conf *conf, const struct store_events *events, void *up,
    char ret_why[STORE_WHY_SIZE], struct store **ret)
{
	struct store *s = new_store(events, up);
	enum err e = take_lock(conf->path, ret_why, &s->lock);

	if (!e)
		e = writer_open(conf, ret_why, STORE_WHY_SIZE, &s->writer);
	if (e) {
		free_store(&s);
		return e;
	}
	s->worker = worker_new(work, s->writer);
	*ret = s;
	return ERR_OK;
}

void store_close(struct store **s)
{
	struct store *st = *s;

	*s = NULL;
	if (!st)
		return;
	struct job *done = worker_wait(st->worker);

	/* What gathers behind a batch that failed counts on it, and goes with it. */
	if ((!done || done->outcome == WRITER_COMMITTED) && batch_count(st->gathering->batch)) {
		worker_give(st->worker, st->gathering);
		worker_wait(st->worker);
	}
	free_store(&st);
}

void store_put_room(struct store *s, const struct store_room *room)
{
	struct batch_op op = {.kind = BATCH_ROOM, .as.room = *room};

	batch_put(s->gathering->batch, &op);
}

void store_put_message(struct store *s, const struct store_message *message)
{
	struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = *message};

	batch_put(s->gathering->batch, &op);
}

void store_delete_message(struct store *s, const struct store_deletion *deletion)
{
	struct batch_op op = {.kind = BATCH_DELETION, .as.deletion = *deletion};

	batch_put(s->gathering->batch, &op);
}

void store_prune(struct store *s, const struct store_pruning *pruning)
{
	struct batch_op op = {.kind = BATCH_PRUNING, .as.pruning = *pruning};

	batch_put(s->gathering->batch, &op);
}

void store_expire_receipts(struct store *s, struct wall before, unsigned limit)
{
	struct batch_op op = {.kind = BATCH_EXPIRY, .as.expiry = {before, limit}};

	batch_put(s->gathering->batch, &op);
}

void store_remove_receipt(struct store *s, uint64_t gseq)
{
	struct batch_op op = {.kind = BATCH_REMOVE_RECEIPT, .as.receipt = gseq};

	batch_put(s->gathering->batch, &op);
}

void store_put_membership(
    struct store *s, uint64_t room, struct str user, struct str role, struct wall since)
{
	struct batch_op op = {
	    .kind = BATCH_PUT_MEMBERSHIP,
	    .as.membership = {.room = room, .user = user, .role = role, .since = since},
	};

	batch_put(s->gathering->batch, &op);
}

void store_remove_membership(struct store *s, uint64_t room, struct str user)
{
	struct batch_op op = {
	    .kind = BATCH_REMOVE_MEMBERSHIP,
	    .as.membership = {.room = room, .user = user},
	};

	batch_put(s->gathering->batch, &op);
}

void store_put_sanction(struct store *s, const struct store_sanction *sanction)
{
	struct batch_op op = {.kind = BATCH_PUT_SANCTION, .as.sanction = *sanction};

	batch_put(s->gathering->batch, &op);
}

void store_remove_sanction(struct store *s, const struct store_sanction *sanction)
{
	struct batch_op op = {.kind = BATCH_REMOVE_SANCTION, .as.sanction = *sanction};

	batch_put(s->gathering->batch, &op);
}

void store_expire_sanction(struct store *s, const struct store_sanction *sanction)
{
	struct batch_op op = {.kind = BATCH_EXPIRE_SANCTION, .as.sanction = *sanction};

	batch_put(s->gathering->batch, &op);
}

void store_put_session(struct store *s, const struct store_session *session)
{
	struct batch_op op = {.kind = BATCH_PUT_SESSION, .as.session = *session};

	batch_put(s->gathering->batch, &op);
}

void store_put_session_room(struct store *s, uint64_t session, uint64_t room, uint64_t gseq)
{
	struct batch_op op = {
	    .kind = BATCH_PUT_SESSION_ROOM, .as.session_room = {session, room, gseq}};

	batch_put(s->gathering->batch, &op);
}

void store_remove_session_room(struct store *s, uint64_t session, uint64_t room)
{
	struct batch_op op = {
	    .kind = BATCH_REMOVE_SESSION_ROOM, .as.session_room = {session, room, 0}};

	batch_put(s->gathering->batch, &op);
}

void store_remove_session(struct store *s, uint64_t session)
{
	struct batch_op op = {.kind = BATCH_REMOVE_SESSION, .as.session.id = session};

	batch_put(s->gathering->batch, &op);
}

void store_put_user(struct store *s, const struct store_user *user)
{
	struct batch_op op = {.kind = BATCH_PUT_USER, .as.user = *user};

	batch_put(s->gathering->batch, &op);
}

void store_put_revocation(struct store *s, const struct revocation_facts *r)
{
	struct batch_op op = {.kind = BATCH_PUT_REVOCATION, .as.revocation = *r};

	batch_put(s->gathering->batch, &op);
}

void store_remove_revocation(struct store *s, const struct revocation_facts *r)
{
	struct batch_op op = {.kind = BATCH_REMOVE_REVOCATION, .as.revocation = *r};

	batch_put(s->gathering->batch, &op);
}

uint64_t store_gathering(const struct store *s)
{
	return s->gathering->number;
}

size_t store_backlog(const struct store *s)
{
	return batch_count(s->gathering->batch) + (s->flying ? batch_count(s->flying->batch) : 0);
}

size_t store_backlog_bytes(const struct store *s)
{
	return batch_bytes(s->gathering->batch) + (s->flying ? batch_bytes(s->flying->batch) : 0);
}

const char *store_trouble(const struct store *s)
{
	return s->trouble;
}

bool store_is_in_doubt(const struct store *s)
{
	return s->is_in_doubt;
}

void store_flush(struct store *s)
{
	struct job *job = s->gathering;

	if (s->flying || batch_count(job->batch) == 0)
		return;
	begin_batch(s, other_job(s, job), job->number + 1);
	s->flying = job;
	worker_give(s->worker, job);
}

void *store_socket(const struct store *s)
{
	return worker_socket(s->worker);
}

/* The worker is done with a batch, one way or the other. */
static void settle(struct store *s, struct job *job)
{
	uint64_t number = job->number;

	snprintf(s->trouble, sizeof(s->trouble), "%s", job->why);
	s->is_in_doubt = job->outcome == WRITER_IN_DOUBT;
	if (s->is_in_doubt) {
		worker_give(s->worker, job);
		return;
	}
	s->flying = NULL;
	batch_reset(job->batch);
	if (job->outcome == WRITER_COMMITTED) {
		s->events->on_committed(s->up, number);
		return;
	}
	begin_batch(s, s->gathering, s->gathering->number + 1);
	s->events->on_failed(s->up, number, s->trouble);
}

void store_serve(struct store *s)
{
	struct job *job;

	while ((job = worker_take(s->worker)))
		settle(s, job);
}
