#include "broker/catchup.h"

#include "broker/metrics.h"
#include "common/failpoint.h"
#include "common/log.h"

static void ask(void *ctx, struct peer *p)
{
	struct broker *b = ctx;
	uint64_t after;

	/* Numbers were given out that a failed batch took back: they are not waited for. */
	peer_void(p, b->gseq);
	if (!peer_wants_page(p, b->released, &after))
		return;
	if (after >= b->released) {
		peer_ask_page(p, ++b->last_ticket, b->released);
		peer_end_page(p, b->released);
		return;
	}
	/* It would not notice what is not there any more. */
	if (b->released - after > b->config.replay_max || after < b->pruned) {
		peers_give_up(b->peers, p);
		return;
	}
	/* Too many read already: the answer to one of them makes another turn. */
	if (archive_read_log(b->archive, b->last_ticket + 1, after, b->released) == ERR_OK)
		peer_ask_page(p, ++b->last_ticket, b->released);
}

void catchup_on_turn_end(struct broker *b)
{
	if (!b->is_log_unreadable)
		peers_each(b->peers, ask, b);
}

struct search {
	uint64_t ticket;
	struct peer *found;
};

static void compare_ticket(void *ctx, struct peer *p)
{
	struct search *search = ctx;

	if (peer_asked_page(p, search->ticket))
		search->found = p;
}

static bool is_wanted(const struct broker *b, const struct peer *p, uint64_t room)
{
	const struct room *r = rooms_find_id(b->rooms, room);

	/* The mutation that the tests must catch: what was missed stays missed. */
	return r && route_has(&r->route, p) && !failpoint_mutation("skip-replay");
}

void catchup_on_log(struct broker *b, const struct archive_log *log)
{
	struct search search = {.ticket = log->request};

	peers_each(b->peers, compare_ticket, &search);
	struct peer *p = search.found;

	/* It is gone, or has begun anew. */
	if (!p)
		return;
	if (log->error) {
		log_warn("peer.replay", LOG_Z(PEER, peer_name(p)), LOG_Z(ERR, err_text(log->error)),
		    LOG_Z(HINT, "what it missed cannot be read from the database; tried again"));
		b->is_log_unreadable = true;
		peer_fail_page(p);
		return;
	}
	/* It fell so far behind meanwhile that what it needs was not waited for. */
	if (peer_place(p) < b->pruned) {
		peers_give_up(b->peers, p);
		return;
	}
	uint64_t sent = 0;

	for (size_t i = 0; i < log->count; i++) {
		if (!is_wanted(b, p, log->entries[i].room))
			continue;
		peer_put_encoded(p, log->entries[i].deliver);
		sent++;
	}
	if (sent)
		failpoint("in-replay");
	metrics_add(b->metrics, METRIC_REPLAYED, 0, 0, sent);
	peer_end_page(p, log->reached);
}

void catchup_on_tick(struct broker *b)
{
	b->is_log_unreadable = false;
}
