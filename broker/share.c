#include "broker/share.h"

#include "broker/crew.h"
#include "broker/say.h"

/* Application workers let nobody in. */
static bool is_gateway(const struct broker *b, const struct peer *p)
{
	return !crew_find(b->crew, p);
}

struct count {
	const struct broker *broker;
	uint64_t gateways;
};

static void count_gateway(void *ctx, struct peer *p)
{
	struct count *c = ctx;

	c->gateways += is_gateway(c->broker, p);
}

static uint64_t compute(struct broker *b)
{
	struct count c = {.broker = b};

	peers_each(b->peers, count_gateway, &c);
	if (!c.gateways || !b->config.connect_rate)
		return b->config.connect_rate;
	uint64_t share = b->config.connect_rate / c.gateways;

	return share ? share : 1;
}

static void tell(void *ctx, struct peer *p)
{
	struct broker *b = ctx;
	struct wire_message m = {.type = WIRE_SHARE};

	m.as.share.connects_per_second = b->share;
	if (is_gateway(b, p) && !peer_is_resuming(p))
		say_now(b, p, &m);
}

void share_on_tick(struct broker *b)
{
	uint64_t share = compute(b);

	if (share == b->share)
		return;
	b->share = share;
	peers_each(b->peers, tell, b);
}

void share_on_resumed(struct broker *b, struct peer *p)
{
	if (compute(b) == b->share)
		tell(b, p);
	else
		share_on_tick(b);
}
