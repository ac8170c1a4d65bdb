#include "broker/decree.h"

#include "broker/revoke.h"
#include "common/log.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* One that waits for its batch. */
struct decree {
	struct decree_asker asker;
	uint64_t batch;
	struct buf value; /* of the answer */
	struct decree *prev, *next;
};

struct decrees {
	struct broker *broker;
	const struct decree_events *events;
	void *up;
	struct decree *waiting; /* in the order of the batches */
	size_t count;
};

/* As people call them, in the order of enum revocation_kind. */
static const char *const kind_names[REVOCATION_KINDS] = {"user", "jti"};

struct decrees *decrees_new(struct broker *b, const struct decree_events *events, void *up)
{
	struct decrees *d = xcalloc(1, sizeof(*d));

	*d = (struct decrees){.broker = b, .events = events, .up = up};
	return d;
}

static void free_decree(struct decrees *all, struct decree *d)
{
	DL_DELETE(all->waiting, d);
	all->count--;
	buf_free(&d->value);
	free(d);
}

void decrees_free(struct decrees **d)
{
	if (!*d)
		return;
	while ((*d)->waiting)
		free_decree(*d, (*d)->waiting);
	free(*d);
	*d = NULL;
}

static bool get_time(struct bytes args, struct str key, struct wall *ret)
{
	uint64_t ms = value_map_u64(args, key, UINT64_MAX);

	if (ms > INT64_MAX)
		return false;
	ret->ms = (int64_t)ms;
	return true;
}

/* Who or what is meant: exactly one of the two. */
static enum err read_subject(struct bytes args, struct revocation_facts *f, char *ret_text)
{
	unsigned found = 0;

	for (enum revocation_kind kind = 0; kind < REVOCATION_KINDS; kind++) {
		size_t limit = kind == REVOCATION_USER ? LIMIT_USER : LIMIT_TOKEN_ID;
		struct str subject = value_map_str(args, str_of(kind_names[kind]), STR(""));

		if (subject.len == 0 || subject.len > limit)
			continue;
		f->kind = kind;
		f->subject = subject;
		found++;
	}
	if (found == 1)
		return ERR_OK;
	snprintf(ret_text, DECREE_TEXT_SIZE, "name a user, or the id (jti) of a token");
	return ERR_INVALID;
}

static void put_subject(const struct revocation_facts *f, struct buf *out)
{
	value_put_str_pair(out, str_of(kind_names[f->kind]), f->subject);
}

/* Answered when the batch that gathers is committed. Takes the value. */
static void wait_for_batch(struct decrees *all, const struct decree_asker *asker, struct buf *value)
{
	struct decree *d = xcalloc(1, sizeof(*d));

	d->asker = *asker;
	d->batch = store_gathering(all->broker->store);
	d->value = *value;
	*value = (struct buf){0};
	DL_APPEND(all->waiting, d);
	all->count++;
}

static enum err check_place(const struct decrees *d, char *ret_text)
{
	if (d->count < DECREES_MAX)
		return ERR_OK;
	snprintf(ret_text, DECREE_TEXT_SIZE, "too many are waiting for the disk, try again");
	return ERR_FULL;
}

/* From now on if nothing else is said, for as long as the tokens may live. */
static void read_times(const struct broker *b, struct bytes args, struct revocation_facts *f)
{
	struct wall now = turn_wall(b->turn);

	f->made = now;
	if (f->kind == REVOCATION_USER && !get_time(args, STR("issued-before"), &f->before))
		f->before = now;
	f->until.ms =
	    (f->before.ms > now.ms ? f->before.ms : now.ms) + (int64_t)b->config.revocation_keep_ms;
	if (f->kind == REVOCATION_TOKEN)
		(void)get_time(args, STR("until"), &f->until);
}

/* One that is over would be answered as if something were revoked, and revoke nothing. */
static enum err check_times(
    const struct broker *b, const struct revocation_facts *f, char *ret_text)
{
	if (f->until.ms > turn_wall(b->turn).ms)
		return ERR_OK;
	snprintf(ret_text, DECREE_TEXT_SIZE,
	    "until is over already: such a token has expired, or does so later; leave it out to "
	    "have it revoked for revocation-keep-ms");
	return ERR_INVALID;
}

static enum err apply(
    struct broker *b, const struct revocation_facts *f, uint64_t *ret_ended, char *ret_text)
{
	enum err e = revoke_put(b, f, ret_ended);

	if (e)
		snprintf(ret_text, DECREE_TEXT_SIZE,
		    "%zu are revoked already, and revocations-max allows no more",
		    revocations_count(b->revocations));
	return e;
}

enum err decree_revoke(struct decrees *d, const struct decree_asker *asker, struct bytes args,
    char ret_text[DECREE_TEXT_SIZE])
{
	struct revocation_facts f = {0};
	struct buf value = {0};
	uint64_t ended = 0;
	enum err e = check_place(d, ret_text);

	if (!e)
		e = read_subject(args, &f, ret_text);
	if (e)
		return e;
	read_times(d->broker, args, &f);
	e = check_times(d->broker, &f, ret_text);
	if (!e)
		e = apply(d->broker, &f, &ended, ret_text);
	if (e)
		return e;
	if (f.kind == REVOCATION_USER)
		log_notice("user.revoked", LOG_S(USER_ID, f.subject), LOG_U(COUNT, ended));
	else
		log_notice("token.revoked", LOG_S(TOKEN_ID, f.subject), LOG_U(COUNT, ended));
	value_put_map(&value, f.before.ms ? 4 : 3);
	put_subject(&f, &value);
	if (f.before.ms)
		value_put_u64_pair(&value, STR("before"), (uint64_t)f.before.ms);
	value_put_u64_pair(&value, STR("until"), (uint64_t)f.until.ms);
	value_put_u64_pair(&value, STR("ended"), ended);
	wait_for_batch(d, asker, &value);
	return ERR_OK;
}

enum err decree_lift(struct decrees *d, const struct decree_asker *asker, struct bytes args,
    char ret_text[DECREE_TEXT_SIZE])
{
	struct revocation_facts f = {0};
	struct buf value = {0};
	enum err e = check_place(d, ret_text);

	if (!e)
		e = read_subject(args, &f, ret_text);
	if (e)
		return e;
	if (!revoke_lift(d->broker, &f)) {
		snprintf(ret_text, DECREE_TEXT_SIZE,
		    "that is not revoked; `revocations` lists "
		    "what is");
		return ERR_NOT_FOUND;
	}
	value_put_map(&value, 1);
	put_subject(&f, &value);
	wait_for_batch(d, asker, &value);
	return ERR_OK;
}

struct list {
	struct buf rows;
	uint32_t count;
	struct wall now;
};

static void put_row(void *ctx, struct revocation *r)
{
	struct list *l = ctx;

	if (l->count == DECREES_LISTED || l->now.ms >= r->until.ms)
		return;
	value_put_map(&l->rows, 4);
	value_put_str_pair(&l->rows, str_of(kind_names[r->kind]), str_of(r->subject));
	value_put_u64_pair(&l->rows, STR("before"), (uint64_t)r->before.ms);
	value_put_u64_pair(&l->rows, STR("until"), (uint64_t)r->until.ms);
	value_put_u64_pair(&l->rows, STR("made"), (uint64_t)r->made.ms);
	l->count++;
}

void decree_list(const struct broker *b, struct buf *out)
{
	struct list l = {.now = turn_wall(b->turn)};

	revocations_each(b->revocations, put_row, &l);
	value_put_map(out, 2);
	value_put_str(out, STR("revocations"));
	value_put_array(out, l.count);
	buf_put(out, buf_bytes(&l.rows));
	value_put_bool_pair(out, STR("more"), revocations_count(b->revocations) > DECREES_LISTED);
	buf_free(&l.rows);
}

void decrees_on_stored(struct decrees *all, uint64_t batch, enum err error)
{
	struct decree *d, *next;

	DL_FOREACH_SAFE(all->waiting, d, next)
	{
		if (!error && d->batch > batch)
			return;
		all->events->on_answer(all->up, &d->asker,
		    &(struct decree_answer){.error = error,
			.text = "it is in force, but the database did not take it: give the "
				"command again before the broker is restarted",
			.value = buf_bytes(&d->value)});
		free_decree(all, d);
	}
}
