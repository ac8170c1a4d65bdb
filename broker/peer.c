#include "broker/peer.h"

#include "broker/peer_priv.h"

void peer_put(struct peer *p, const struct wire_message *m)
{
	if (!p->is_fallen_behind)
		channel_put(p->channel, m);
}

void peer_put_encoded(struct peer *p, struct bytes message)
{
	if (!p->is_fallen_behind)
		channel_put_encoded(p->channel, message);
}

const char *peer_name(const struct peer *p)
{
	return p->name;
}

uint64_t peer_boot(const struct peer *p)
{
	return p->boot;
}

uint64_t peer_generation(const struct peer *p)
{
	return p->generation;
}

bool peer_note_publish(struct peer *p, uint64_t request)
{
	bool is_new = request > p->last_publish;

	if (is_new)
		p->last_publish = request;
	return is_new;
}

bool peer_was_ended(const struct peer *p)
{
	return p->was_ended;
}

bool peer_is_resuming(const struct peer *p)
{
	return p->is_resuming;
}

enum link_door peer_door(const struct peer *p)
{
	return p->address.door;
}

struct wall peer_since(const struct peer *p)
{
	return p->since;
}

size_t peer_queued_bytes(const struct peer *p)
{
	return channel_queued_bytes(p->channel);
}
