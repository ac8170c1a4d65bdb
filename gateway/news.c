#include "gateway/news.h"

static void on_gap(void *up)
{
	desk_uplink_events.on_gap(((struct news *)up)->desk);
}

static size_t on_linked(void *up)
{
	return desk_uplink_events.on_linked(((struct news *)up)->desk);
}

static void on_up(void *up)
{
	desk_uplink_events.on_up(((struct news *)up)->desk);
}

static void on_down(void *up, const char *why)
{
	desk_uplink_events.on_down(((struct news *)up)->desk, why);
}

/* An operator asks what became of a message here. */
static void answer_why(const struct news *n, const struct wire_why *why)
{
	struct wire_message m = {.type = WIRE_WHY_ANSWER};
	struct trail_step step = {0};
	enum err e = trail_find(n->trail, why->gseq, &step);

	m.as.why_answer = (struct wire_why_answer){
	    .request = why->request,
	    .is_found = e == ERR_OK,
	    .is_forgotten = e == ERR_EXPIRED,
	    .sockets = step.sockets,
	    .lagging = step.lagging,
	    .recovered = step.recovered,
	    .at_ms = (uint64_t)step.at.ms,
	};
	/* Without a link nobody waits for it any more. */
	(void)!uplink_send(n->uplink, &m);
}

static void on_message(void *up, const struct wire_message *m)
{
	const struct news *n = up;
	uint64_t rate = m->as.share.connects_per_second;

	if (m->type == WIRE_DRAIN)
		drain_begin(n->drain, m->as.drain.per_second);
	else if (m->type == WIRE_SHARE)
		bucket_set_rate(n->admission, rate, rate, loop_now(n->loop));
	else if (m->type == WIRE_WHY)
		answer_why(n, &m->as.why);
	else
		desk_uplink_events.on_message(n->desk, m);
}

const struct uplink_events news_of_link = {
    .on_gap = on_gap,
    .on_linked = on_linked,
    .on_up = on_up,
    .on_down = on_down,
    .on_message = on_message,
};
