#include "broker/peer.h"

#include "broker/peer_priv.h"
#include "common/log.h"

#include <stdlib.h>
#include <string.h>

/* Of what may be queued for a peer stored messages get one part in so many: a page of the log and
 * what is not stored find room beside them. */
enum { LIVE_SHARE = 4 };

struct peer *peer_new(struct str name, uint64_t boot, size_t backlog_max_bytes)
{
	struct peer *p = xcalloc(1, sizeof(*p));

	memcpy(p->name, name.p, name.len);
	p->boot = boot;
	p->live_max_bytes = backlog_max_bytes / LIVE_SHARE;
	p->replay = replay_new();
	p->channel = channel_new();
	channel_set_own_window(
	    p->channel, (struct channel_window){LIMIT_WINDOW_MESSAGES, LIMIT_WINDOW_BYTES});
	p->since = clock_wall();
	return p;
}

void peer_free(struct peer **p)
{
	if (!*p)
		return;
	channel_free(&(*p)->channel);
	replay_free(&(*p)->replay);
	free(*p);
	*p = NULL;
}

void peer_begin(struct peer *p, const struct link_address *address, uint64_t place)
{
	channel_reset(p->channel);
	replay_begin(p->replay, place);
	p->address = *address;
	p->generation++;
	p->is_resuming = true;
	p->is_fallen_behind = false;
	p->parting = PEER_STAYS;
}

void peer_resume(struct peer *p, uint64_t gseq)
{
	p->is_resuming = false;
	replay_require(p->replay, gseq);
}

void peer_put_goodbye(struct peer *p)
{
	struct wire_message m = {.type = WIRE_GOODBYE};

	m.as.goodbye.reason = STR("broker stops");
	p->parting = p->is_worker || p->is_fallen_behind ? PEER_HAS_PARTED : PEER_IS_TOLD;
	if (p->parting == PEER_IS_TOLD)
		channel_put(p->channel, &m);
	else
		channel_put_control(p->channel, &m);
}

static void put_position(struct peer *p, uint64_t gseq)
{
	struct wire_message m = {.type = WIRE_POSITION};

	m.as.position.gseq = gseq;
	peer_put(p, &m);
}

void peer_put_position(struct peer *p, uint64_t released)
{
	if (p->is_worker || p->is_resuming || !replay_is_live(p->replay) ||
	    replay_place(p->replay) >= released)
		return;
	replay_advance(p->replay, released);
	put_position(p, released);
}

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

void peer_deliver(struct peer *p, uint64_t gseq, struct frame *message)
{
	bool was_live = replay_is_live(p->replay);
	bool is_full = channel_queued_bytes(p->channel) > p->live_max_bytes;

	if (p->is_fallen_behind)
		return;
	if (replay_pass(p->replay, gseq, message, is_full))
		channel_put_encoded(p->channel, frame_bytes(message));
	else if (was_live)
		log_notice("peer.behind", LOG_Z(PEER, p->name),
		    LOG_U(GSEQ, replay_place(p->replay)),
		    LOG_U(BYTES, channel_queued_bytes(p->channel)));
}

bool peer_wants_page(const struct peer *p, uint64_t released, uint64_t *ret_after)
{
	if (p->is_resuming || p->is_fallen_behind || p->is_worker || p->parting != PEER_STAYS ||
	    !replay_wants_page(p->replay, released) ||
	    channel_queued_bytes(p->channel) > p->live_max_bytes / 2)
		return false;
	*ret_after = replay_place(p->replay);
	return true;
}

void peer_ask_page(struct peer *p, uint64_t ticket, uint64_t upto)
{
	replay_ask(p->replay, ticket, upto);
}

bool peer_asked_page(const struct peer *p, uint64_t ticket)
{
	return replay_is_waiting_for(p->replay, ticket);
}

void peer_end_page(struct peer *p, uint64_t reached)
{
	struct frame *late;
	bool is_news = reached > replay_place(p->replay);

	replay_reach(p->replay, reached);
	if (is_news)
		put_position(p, reached);
	while ((late = replay_next_of_tail(p->replay))) {
		channel_put_encoded(p->channel, frame_bytes(late));
		frame_unref(&late);
	}
	if (replay_is_live(p->replay))
		log_notice("peer.live", LOG_Z(PEER, p->name), LOG_U(GSEQ, replay_place(p->replay)));
}

void peer_fail_page(struct peer *p)
{
	replay_fail(p->replay);
}

void peer_void(struct peer *p, uint64_t above)
{
	replay_void(p->replay, above);
}

bool peer_is_live(const struct peer *p)
{
	return replay_is_live(p->replay);
}

uint64_t peer_place(const struct peer *p)
{
	return p->is_worker ? UINT64_MAX : replay_place(p->replay);
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
