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

static void on_message(void *up, const struct wire_message *m)
{
	const struct news *n = up;
	uint64_t rate = m->as.share.connects_per_second;

	if (m->type == WIRE_DRAIN)
		drain_begin(n->drain, m->as.drain.per_second);
	else if (m->type == WIRE_SHARE)
		bucket_set_rate(n->admission, rate, rate, loop_now(n->loop));
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
