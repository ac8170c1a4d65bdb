#include "broker/archive.h"

#include "broker/message.h"
#include "broker/worker.h"
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

struct job;

/* A kind of reading: in the worker's thread, then telling what came of it in the owner's. */
struct trade {
	enum err (*read)(struct reader *r, struct job *job);
	void (*tell)(const struct archive *a, struct job *job);
};

/* A request on its way to the reader, its answer on the way back. */
struct job {
	const struct trade *trade;
	uint64_t request;
	enum err error;
	struct buf messages; /* encoded, without an array's head, whose length comes last */
	uint32_t count;
	/* history */
	struct reader_page page;
	char *room_name;
	bool more; /* and of what was missed */
	struct merge *merge;
	/* log */
	struct reader_span span;
	struct archive_entry *entries; /* pointers are set when all is read */
	uint64_t reached;
	struct plan *plan;
};

static void free_job(struct job *job)
{
	merge_free(&job->merge);
	plan_free(&job->plan);
	free(job->room_name);
	free(job->entries);
	buf_free(&job->messages);
	free(job);
}

/* ---- history ---- */

static void add_message(void *ctx, const struct reader_message *m)
{
	struct job *job = ctx;

	job->count++;
	message_put_kept(&job->messages, str_of(job->room_name), m);
}

static enum err read_history(struct reader *r, struct job *job)
{
	return reader_history(r, &job->page, add_message, job, &job->more);
}

static void tell_page(const struct archive *a, struct job *job)
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

static const struct trade history = {read_history, tell_page};

/* ---- what a session missed ---- */

static void add_event(
    void *ctx, const struct merge_room *room, const struct reader_message *message)
{
	struct job *job = ctx;
	struct buf *out = &job->messages;

	job->count++;
	value_put_array(out, 3);
	value_put_u64(out, message->gseq);
	value_put_str(out, message_event(message));
	value_put_array(out, 1);
	message_put(out, str_of(room->name), message);
}

static enum err read_missed(struct reader *r, struct job *job)
{
	return merge_read(r, job->merge, add_event, job, &job->more);
}

static const struct trade missed = {read_missed, tell_page};

/* ---- the log ---- */

static void add_entry(void *ctx, const struct reader_entry *entry)
{
	struct job *job = ctx;
	struct archive_entry *e = &job->entries[job->count++];
	size_t before = job->messages.len;

	message_put_deliver(&job->messages, entry);
	*e = (struct archive_entry){
	    .room = entry->room, .deliver = bytes_of(NULL, job->messages.len - before)};
}

static enum err read_log(struct reader *r, struct job *job)
{
	enum err e = reader_log(r, &job->span, add_entry, job, &job->reached);
	const uint8_t *at = buf_bytes(&job->messages).p;

	for (uint32_t i = 0; i < job->count; i++) {
		job->entries[i].deliver.p = at;
		at += job->entries[i].deliver.len;
	}
	return e;
}

static void tell_log(const struct archive *a, struct job *job)
{
	struct archive_log log = {
	    .request = job->request,
	    .error = job->error,
	    .entries = job->entries,
	    .count = job->error ? 0 : job->count,
	    .reached = job->reached,
	};

	a->events->on_log(a->up, &log);
}

static const struct trade log_trade = {read_log, tell_log};

/* ---- what may be pruned ---- */

static enum err read_plan(struct reader *r, struct job *job)
{
	return plan_read(r, job->plan);
}

static void tell_plan(const struct archive *a, struct job *job)
{
	a->events->on_plan(a->up, job->request, job->error, job->plan);
}

static const struct trade plan_trade = {read_plan, tell_plan};

/* In the worker's thread. */
static void work(void *ctx, void *arg)
{
	struct archive *a = ctx;
	struct job *job = arg;

	if (!atomic_load(&a->is_closing))
		job->error = job->trade->read(a->reader, job);
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

static enum err new_job(
    struct archive *a, const struct trade *trade, uint64_t request, struct job **ret)
{
	if (worker_jobs(a->worker) >= ARCHIVE_QUEUE_MAX)
		return ERR_FULL;
	struct job *job = xcalloc(1, sizeof(*job));

	job->trade = trade;
	job->request = request;
	*ret = job;
	return ERR_OK;
}

enum err archive_history(
    struct archive *a, uint64_t request, const struct reader_page *page, struct str room_name)
{
	struct job *job;
	enum err e = new_job(a, &history, request, &job);

	if (e)
		return e;
	job->page = *page;
	if (job->page.limit > LIMIT_HISTORY_PAGE)
		job->page.limit = LIMIT_HISTORY_PAGE;
	if (job->page.max_bytes == 0 || job->page.max_bytes > ARCHIVE_CONTENT_MAX)
		job->page.max_bytes = ARCHIVE_CONTENT_MAX;
	job->room_name = str_dup(room_name);
	worker_give(a->worker, job);
	return ERR_OK;
}

enum err archive_read_log(struct archive *a, uint64_t request, uint64_t after, uint64_t upto)
{
	struct job *job;
	enum err e = new_job(a, &log_trade, request, &job);

	if (e)
		return e;
	job->span = (struct reader_span){.after = after,
	    .upto = upto,
	    .limit = ARCHIVE_LOG_MESSAGES,
	    .max_bytes = ARCHIVE_LOG_CONTENT_MAX};
	job->entries = xcalloc(ARCHIVE_LOG_MESSAGES, sizeof(*job->entries));
	worker_give(a->worker, job);
	return ERR_OK;
}

enum err archive_merge_take(struct archive *a, uint64_t request, struct merge **m)
{
	struct job *job;
	enum err e = new_job(a, &missed, request, &job);

	if (e)
		return e;
	job->merge = *m;
	*m = NULL;
	worker_give(a->worker, job);
	return ERR_OK;
}

enum err archive_plan_take(struct archive *a, uint64_t request, struct plan **p)
{
	struct job *job;
	enum err e = new_job(a, &plan_trade, request, &job);

	if (e)
		return e;
	job->plan = *p;
	*p = NULL;
	worker_give(a->worker, job);
	return ERR_OK;
}

void *archive_socket(const struct archive *a)
{
	return worker_socket(a->worker);
}

void archive_serve(struct archive *a)
{
	struct job *job;

	while ((job = worker_take(a->worker))) {
		job->trade->tell(a, job);
		free_job(job);
	}
}
