#include "broker/revoke.h"

#include "broker/reader_start.h"
#include "broker/roll.h"
#include "broker/usher.h"
#include "common/log.h"

#include <utlist.h>

enum { SWEEP_MS = 60000, AGAIN_A_TICK = 1000 };

static struct revocation_facts facts_of(const struct revocation *r)
{
	return (struct revocation_facts){r->kind, str_of(r->subject), r->before, r->until, r->made};
}

/* ---- into the database ---- */

static void note_written(struct broker *b, struct revocation *r)
{
	if (r->is_unwritten)
		DL_DELETE(b->unwritten_revocations, r);
	r->is_unwritten = false;
	r->batch = 0;
}

/* Into the batch that gathers, and to the end of the list, which is in the order of the batches. */
static void write_row(struct broker *b, struct revocation *r)
{
	struct revocation_facts facts = facts_of(r);

	note_written(b, r);
	store_put_revocation(b->store, &facts);
	r->batch = store_gathering(b->store);
	r->is_unwritten = true;
	DL_APPEND(b->unwritten_revocations, r);
}

static void drop(struct broker *b, struct revocation *r)
{
	struct revocation_facts facts = facts_of(r);

	note_written(b, r);
	store_remove_revocation(b->store, &facts);
	revocations_remove(b->revocations, &r);
}

void revoke_on_committed(struct broker *b, uint64_t batch)
{
	struct revocation *r, *next;

	DL_FOREACH_SAFE(b->unwritten_revocations, r, next)
	{
		if (r->batch && r->batch <= batch)
			note_written(b, r);
	}
}

void revoke_on_failed(struct broker *b)
{
	struct revocation *r;

	DL_FOREACH(b->unwritten_revocations, r)
	r->batch = 0;
}

static void drop_if_over(void *ctx, struct revocation *r)
{
	struct broker *b = ctx;

	if (turn_wall(b->turn).ms >= r->until.ms)
		drop(b, r);
}

void revoke_on_tick(struct broker *b)
{
	struct revocation *r, *next;
	int written = 0;

	DL_FOREACH_SAFE(b->unwritten_revocations, r, next)
	{
		if (r->batch || !roll_is_open(b) || written++ == AGAIN_A_TICK)
			break;
		write_row(b, r);
	}
	if (mono_ms_between(b->revocations_swept, turn_now(b->turn)) < SWEEP_MS)
		return;
	b->revocations_swept = turn_now(b->turn);
	revocations_each(b->revocations, drop_if_over, b);
}

static void load(void *ctx, const struct revocation_facts *facts)
{
	struct broker *b = ctx;
	struct revocation *r;

	if (turn_wall(b->turn).ms >= facts->until.ms)
		store_remove_revocation(b->store, facts);
	else if (revocations_put(b->revocations, facts, &r))
		log_warn("revocation.left_out",
		    LOG_Z(HINT, "more revocations are stored than revocations-max allows"));
}

enum err revoke_load(struct broker *b)
{
	revocations_free(&b->revocations);
	b->revocations = revocations_new(b->config.revocations_max);
	return reader_each_revocation(b->reader, load, b);
}

/* ---- who is concerned ---- */

bool revoke_has_token(const struct broker *b, const struct revocation_token *token)
{
	return revocations_has(b->revocations, token, turn_wall(b->turn));
}

bool revoke_has(const struct broker *b, const struct wire_connect *c)
{
	struct revocation_token token = {c->user, c->token_id, {(int64_t)c->issued_ms}};

	return revoke_has_token(b, &token);
}

static bool is_revoked(const struct broker *b, const struct session *s)
{
	struct revocation_token token = {str_of(s->user->id), str_of(s->token_id), s->issued};

	return revoke_has_token(b, &token);
}

struct purge {
	struct broker *broker;
	uint64_t ended;
};

static void end_if_revoked(void *ctx, struct session *s)
{
	struct purge *purge = ctx;
	struct broker *b = purge->broker;

	if (!is_revoked(b, s))
		return;
	log_info("session.revoked", LOG_Z(USER_ID, s->user->id), LOG_Z(SOCKET_ID, s->sid),
	    LOG_Z(NSP, s->nsp));
	usher_end_revoked(b, s);
	purge->ended++;
}

/* Of one user: he is gone with his last session. */
static void purge_user(struct purge *purge, struct str id)
{
	const struct user *u = sessions_find_user(purge->broker->sessions, id);
	struct session *s = u ? u->sessions : NULL;

	while (s) {
		struct session *next = s->user_next;

		end_if_revoked(purge, s);
		s = next;
	}
}

enum err revoke_put(struct broker *b, const struct revocation_facts *facts, uint64_t *ret_ended)
{
	struct purge purge = {.broker = b};
	struct revocation *r;
	enum err e = revocations_put(b->revocations, facts, &r);

	if (e)
		return e;
	write_row(b, r);
	if (r->kind == REVOCATION_USER)
		purge_user(&purge, facts->subject);
	else
		sessions_each(b->sessions, end_if_revoked, &purge);
	*ret_ended = purge.ended;
	return ERR_OK;
}

bool revoke_lift(struct broker *b, const struct revocation_facts *facts)
{
	struct revocation *r = revocations_find(b->revocations, facts->kind, facts->subject);

	if (r)
		drop(b, r);
	else
		store_remove_revocation(b->store, facts);
	return r != NULL;
}
