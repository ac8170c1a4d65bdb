#include "broker/archive.h"

#include "broker/message.h"
#include "broker/worker.h"
#include "proto/events.h"
#include "proto/limits.h"
#include "proto/value.h"

#include <stdatomic.h>
#include <stdlib.h>

_Static_assert((int)ARCHIVE_QUEUE_MAX <= (int)WORKER_JOBS_MAX, "one worker takes no more jobs");

struct archive {
	const struct archive_events *events;
	void *up;
	struct reader *reader; /* the worker's, while it works */
	struct worker *worker;
	atomic_bool is_closing; /* the one thing both threads see: what still waits is skipped */
};

/* A request on its way to the reader, its answer on the way back. */
struct job {
	uint64_t request;
	struct reader_page page;
	struct merge *merge; /* NULL = a page of history */
	char *room_name;
	enum err error;
	uint32_t count;
	struct buf messages; /* without the array's head, whose length comes last */
	bool more;
};

static void free_job(struct job *job)
{
	merge_free(&job->merge);
	free(job->room_name);
	buf_free(&job->messages);
	free(job);
}

static void add_message(void *ctx, const struct reader_message *m)
{
	struct job *job = ctx;

	job->count++;
	message_put(&job->messages, str_of(job->room_name), m);
}

static void add_event(
    void *ctx, const struct merge_room *room, const struct reader_message *message)
{
	struct job *job = ctx;
	struct buf *out = &job->messages;

	job->count++;
	value_put_array(out, 3);
	value_put_u64(out, message->gseq);
	value_put_str(out, event_name(EVENT_MESSAGE));
	value_put_array(out, 1);
	message_put(out, str_of(room->name), message);
}

/* In the worker's thread. */
static void work(void *ctx, void *arg)
{
	struct archive *a = ctx;
	struct job *job = arg;

	if (atomic_load(&a->is_closing))
		return;
	if (job->merge)
		job->error = merge_read(a->reader, job->merge, add_event, job, &job->more);
	else
		job->error = reader_history(a->reader, &job->page, add_message, job, &job->more);
}

enum err archive_open(const char *path, const struct archive_events *events, void *up,
    char *ret_why, size_t why_size, struct archive **ret)
{
	struct reader *reader;
	enum err e = reader_open(path, ret_why, why_size, &reader);

	if (e)
		return e;
	struct archive *a = xcalloc(1, sizeof(*a));

	a->events = events;
	a->up = up;
	a->reader = reader;
	a->worker = worker_new(work, a);
	*ret = a;
	return ERR_OK;
}

void archive_close(struct archive **a)
{
	struct archive *dead = *a;
	struct job *job;

	*a = NULL;
	if (!dead)
		return;
	atomic_store(&dead->is_closing, true);
	while ((job = worker_wait(dead->worker)))
		free_job(job);
	worker_free(&dead->worker);
	reader_close(&dead->reader);
	free(dead);
}

enum err archive_history(
    struct archive *a, uint64_t request, const struct reader_page *page, struct str room_name)
{
	if (worker_jobs(a->worker) >= ARCHIVE_QUEUE_MAX)
		return ERR_FULL;
	struct job *job = xcalloc(1, sizeof(*job));

	job->request = request;
	job->page = *page;
	if (job->page.limit > LIMIT_HISTORY_PAGE)
		job->page.limit = LIMIT_HISTORY_PAGE;
	if (job->page.max_bytes == 0 || job->page.max_bytes > ARCHIVE_CONTENT_MAX)
		job->page.max_bytes = ARCHIVE_CONTENT_MAX;
	job->room_name = str_dup(room_name);
	worker_give(a->worker, job);
	return ERR_OK;
}

enum err archive_merge_take(struct archive *a, uint64_t request, struct merge **m)
{
	if (worker_jobs(a->worker) >= ARCHIVE_QUEUE_MAX)
		return ERR_FULL;
	struct job *job = xcalloc(1, sizeof(*job));

	job->request = request;
	job->merge = *m;
	*m = NULL;
	worker_give(a->worker, job);
	return ERR_OK;
}

void *archive_socket(const struct archive *a)
{
	return worker_socket(a->worker);
}

static void answer(struct archive *a, struct job *job)
{
	struct buf whole = {0};

	value_put_array(&whole, job->error ? 0 : job->count);
	if (!job->error)
		buf_put(&whole, buf_bytes(&job->messages));
	struct archive_answer answer = {
	    .request = job->request,
	    .error = job->error,
	    .messages = buf_bytes(&whole),
	    .more = job->more,
	};

	a->events->on_page(a->up, &answer);
	buf_free(&whole);
}

void archive_serve(struct archive *a)
{
	struct job *job;

	while ((job = worker_take(a->worker))) {
		answer(a, job);
		free_job(job);
	}
}
