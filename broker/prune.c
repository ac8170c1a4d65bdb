#include "broker/prune.h"

#include "broker/metrics.h"
#include "common/log.h"

#include <stdlib.h>

/* Rooms that are looked at in one go: memory only, a few microseconds. */
enum { ROOMS_A_LOOK = 2000, RECEIPTS_LOOK_MS = 1000 };

struct prune {
	uint64_t room;     /* id: the next to be looked at */
	uint64_t ticket;   /* of the plan that is being filled in, 0 = none */
	uint64_t stored;   /* b->stored when it was asked for */
	uint64_t released; /* b->released then: what it surely knows */
	struct wall oldest_receipt;
	struct wall asked; /* when it was looked for */
	struct wall from;  /* nothing goes before this */
	/* The order: */
	char *nsp;
	struct wall before; /* 0 = there is none */
	uint64_t rooms_left;
};

struct prune *prune_new(struct broker *b)
{
	struct prune *p = xcalloc(1, sizeof(*p));

	p->room = 1;
	p->from.ms = turn_wall(b->turn).ms + (int64_t)b->config.recovery_window_ms;
	return p;
}

void prune_free(struct prune **p)
{
	if (!*p)
		return;
	free((*p)->nsp);
	free(*p);
	*p = NULL;
}

static void end_order(struct prune *p)
{
	free(p->nsp);
	p->nsp = NULL;
	p->before = (struct wall){0};
}

void prune_order(struct broker *b, struct str nsp, struct wall before)
{
	struct prune *p = b->prune;

	end_order(p);
	p->nsp = str_dup(nsp);
	p->before = before;
	p->rooms_left = rooms_end(b->rooms) - 1;
}

static struct wall ago(struct broker *b, uint64_t ms)
{
	return (struct wall){turn_wall(b->turn).ms - (int64_t)ms};
}

/* ---- which rooms ---- */

static struct wall later(struct wall a, struct wall b)
{
	return a.ms > b.ms ? a : b;
}

/* What its namespace, and the order, say of a room. */
static void apply_rules(struct broker *b, const struct room *r, struct plan_room *ret)
{
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, str_of(r->nsp));
	const struct prune *p = b->prune;

	if (n && n->retention_age_ms)
		ret->before = ago(b, n->retention_age_ms);
	if (p->before.ms && (!p->nsp[0] || str_eqz(str_of(p->nsp), r->nsp)))
		ret->before = later(ret->before, p->before);
	if (n && n->retention_messages && r->committed_seq > n->retention_messages)
		ret->below = r->committed_seq + 1 - n->retention_messages;
	if (n && n->retention_bytes && r->bytes > n->retention_bytes)
		ret->excess = r->bytes - n->retention_bytes;
}

/* Is something of it to go, as far as memory knows? Its oldest message may have to be looked at to
 * know how old it is. */
static bool is_due(struct broker *b, const struct room *r, struct plan_room *ret)
{
	bool is_young = r->front.ms && r->front.ms >= ago(b, b->config.recovery_window_ms).ms;

	if (r->is_fleeting || r->first_seq > r->committed_seq || is_young)
		return false;
	*ret = (struct plan_room){.room = r->id, .first_seq = r->first_seq};
	apply_rules(b, r, ret);
	return r->first_seq < ret->below || ret->excess || r->front.ms < ret->before.ms;
}

/* Goes on where the last look ended; an order ends when it was all round. */
static void fill_rooms(struct broker *b, struct plan *plan)
{
	struct prune *p = b->prune;
	uint64_t end = rooms_end(b->rooms);
	uint64_t looks = end - 1 < ROOMS_A_LOOK ? end - 1 : ROOMS_A_LOOK; /* none twice */

	for (; looks > 0 && plan->count < PRUNE_ROOMS; looks--) {
		const struct room *r = rooms_find_id(b->rooms, p->room);

		if (p->before.ms && p->rooms_left-- == 0)
			end_order(p);
		if (r && is_due(b, r, &plan->rooms[plan->count]))
			plan->count++;
		p->room = p->room + 1 < end ? p->room + 1 : 1;
	}
}

static void find_least(void *ctx, struct peer *p)
{
	uint64_t *least = ctx, place = peer_place(p);

	if (place < *least)
		*least = place;
}

/* What gateways on the link may still have to be sent is later than this. Who is further behind
 * than anything is sent again for does not count. */
static uint64_t bound_of_peers(struct broker *b)
{
	uint64_t least = b->released;
	uint64_t floor =
	    b->released > b->config.replay_max ? b->released - b->config.replay_max : 0;

	peers_each(b->peers, find_least, &least);
	return least > floor ? least : floor;
}

static bool is_receipt_due(struct broker *b)
{
	const struct prune *p = b->prune;

	return p->oldest_receipt.ms <= ago(b, b->config.idempotency_window_ms).ms &&
	       p->asked.ms <= ago(b, RECEIPTS_LOOK_MS).ms;
}

static bool is_out_of_order(const struct broker *b)
{
	return store_trouble(b->store)[0] || b->is_numbering_stale;
}

static void begin(struct broker *b, unsigned limit)
{
	struct prune *p = b->prune;

	if (p->ticket || is_out_of_order(b) || b->farewell != FAREWELL_NOT_YET ||
	    turn_wall(b->turn).ms < p->from.ms)
		return;
	struct plan *plan = plan_new(PRUNE_ROOMS);

	fill_rooms(b, plan);
	plan->young = ago(b, b->config.recovery_window_ms);
	plan->place = bound_of_peers(b);
	plan->limit = limit;
	if ((plan->count || is_receipt_due(b)) &&
	    archive_plan_take(b->archive, b->last_ticket + 1, &plan) == ERR_OK) {
		p->ticket = ++b->last_ticket;
		p->asked = turn_wall(b->turn);
		p->stored = b->stored;
		p->released = b->released;
	}
	plan_free(&plan);
}

/* ---- steps ---- */

static void prune_room(struct broker *b, struct room *r, const struct plan_room *plan)
{
	struct store_pruning step = {r->id, plan->upto, plan->gseq, plan->bytes};

	metrics_add(b->metrics, METRIC_PRUNED, 0, 0, plan->upto - r->first_seq);
	store_prune(b->store, &step);
	r->first_seq = plan->upto;
	r->bytes -= plan->bytes < r->bytes ? plan->bytes : r->bytes;
	if (b->pruned < plan->gseq)
		b->pruned = plan->gseq;
}

static void take_step(struct broker *b, const struct plan *plan)
{
	uint64_t bound = bound_of_peers(b);

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_room *step = &plan->rooms[i];
		struct room *r = rooms_find_id(b->rooms, step->room);

		/* A gateway may have come since, which needs what was to go. */
		if (!r || r->first_seq != step->first_seq || step->gseq > bound)
			continue;
		/* What a deletion took off the room it may count again: the next one will not. */
		if (r->erased_gseq > b->prune->released)
			continue;
		r->front = step->front;
		if (!step->gseq)
			continue;
		prune_room(b, r, step);
		/* An order is done when nothing went all round. */
		b->prune->rooms_left = rooms_end(b->rooms) - 1;
	}
}

void prune_on_plan(struct broker *b, uint64_t request, enum err error, const struct plan *plan)
{
	struct prune *p = b->prune;
	struct wall expired = ago(b, b->config.idempotency_window_ms);

	if (p->ticket != request)
		return;
	p->ticket = 0;
	if (error) {
		log_warn("prune.failed", LOG_Z(ERR, err_text(error)),
		    LOG_Z(HINT, "the database could not be read; tried again"));
		return;
	}
	if (is_out_of_order(b))
		return;
	take_step(b, plan);
	/* Without one, none that comes can be over before its window is. */
	p->oldest_receipt = plan->oldest_receipt.ms ? plan->oldest_receipt : turn_wall(b->turn);
	if (p->oldest_receipt.ms <= expired.ms) {
		store_expire_receipts(b->store, expired, plan->limit);
		p->asked = (struct wall){0};
	}
}

void prune_on_pace(void *broker)
{
	begin(broker, PRUNE_STEP);
}

void prune_on_committed(struct broker *b)
{
	uint64_t stored = b->stored - b->prune->stored;

	if (stored < PRUNE_STEP / 2)
		return;
	begin(b, stored < PRUNE_STEP_MAX / 2 ? (unsigned)(2 * stored) : PRUNE_STEP_MAX);
}

void prune_on_failed(struct broker *b)
{
	b->prune->ticket = 0;
}
