#include "broker/moderate.h"

#include "broker/attend.h"
#include "broker/change.h"
#include "broker/rights.h"
#include "broker/say.h"
#include "proto/events.h"
#include "proto/value.h"

#include <stdlib.h>
#include <utlist.h>

/* More are not on the way to one gateway when its link breaks, or hardly. */
enum { ANSWERS_KEPT = 64 };

/* What a moderator was answered. */
struct moderated {
	uint64_t boot, request; /* of the gateway */
	struct buf value;
	struct moderated *prev, *next;
};

/* What each event is as a change; by the event. */
static const struct deed {
	enum event event;
	enum change_kind kind;
	enum sanction_kind sanction;
} deeds[] = {
    {EVENT_KICK, CHANGE_KICK, SANCTION_BAN},
    {EVENT_BAN, CHANGE_IMPOSE, SANCTION_BAN},
    {EVENT_UNBAN, CHANGE_LIFT, SANCTION_BAN},
    {EVENT_MUTE, CHANGE_IMPOSE, SANCTION_MUTE},
    {EVENT_UNMUTE, CHANGE_LIFT, SANCTION_MUTE},
};

static const struct deed *find_deed(struct str action)
{
	enum event event = event_find(action);

	for (size_t i = 0; i < ARRAY_LEN(deeds); i++) {
		if (deeds[i].event == event)
			return &deeds[i];
	}
	return NULL;
}

/* The room, NULL with what the moderator is told. */
static struct room *find_room(struct broker *b, const struct session *s,
    const struct wire_moderate *w, struct say_fault *ret_fault)
{
	struct room *r = rooms_find(b->rooms, str_of(s->nsp), w->room);

	*ret_fault = (struct say_fault){.error = CLIENT_ERROR_ROOM_NOT_FOUND};
	if (!r && room_name_is_personal(w->room))
		ret_fault->error = CLIENT_ERROR_ACCESS_DENIED;
	return r && rights_may_moderate(b, s, r, w->user, ret_fault) ? r : NULL;
}

static void put_answer(struct buf *out, const struct wire_moderate *w, struct wall until)
{
	value_put_map(out, 2 + (until.ms > 0));
	value_put_str_pair(out, STR("roomId"), w->room);
	value_put_str_pair(out, STR("userId"), w->user);
	if (until.ms)
		value_put_u64_pair(out, STR("until"), (uint64_t)until.ms);
}

static void free_moderated(struct broker *b, struct moderated *m)
{
	DL_DELETE(b->moderated, m);
	buf_free(&m->value);
	free(m);
}

static void remember(struct broker *b, const struct change_asker *asker, struct bytes value)
{
	struct moderated *m = xcalloc(1, sizeof(*m)), *each;
	size_t count;

	*m = (struct moderated){.boot = peer_boot(asker->peer), .request = asker->request};
	buf_put(&m->value, value);
	DL_APPEND(b->moderated, m);
	DL_COUNT(b->moderated, each, count);
	if (count > ANSWERS_KEPT)
		free_moderated(b, b->moderated);
}

void moderate_forget_all(struct broker *b)
{
	while (b->moderated)
		free_moderated(b, b->moderated);
}

/* Was it answered, in a conversation that broke? */
static bool answer_again(struct broker *b, struct peer *p, uint64_t request)
{
	const struct moderated *m = b->moderated;

	while (m && (m->boot != peer_boot(p) || m->request != request))
		m = m->next;
	if (m)
		say_ok(
		    b, p, &(struct say_reply){.request = request, .value = buf_bytes(&m->value)});
	return m;
}

static void answer(
    struct broker *b, const struct change_asker *asker, enum err e, struct bytes value)
{
	if (e) {
		say_error(b, asker->peer, asker->request, CLIENT_ERROR_UNAVAILABLE, NULL);
		return;
	}
	remember(b, asker, value);
	say_ok(b, asker->peer, &(struct say_reply){.request = asker->request, .value = value});
}

static void order(
    struct broker *b, struct peer *p, const struct wire_moderate *w, struct change_order *o)
{
	struct buf value = {0};

	if (o->kind == CHANGE_IMPOSE && w->duration_ms)
		o->until.ms = turn_wall(b->turn).ms + (int64_t)w->duration_ms;
	put_answer(&value, w, o->until);
	o->user = w->user;
	o->reason = w->reason;
	o->asker = (struct change_asker){.answer = answer, .peer = p, .request = w->request};
	o->answer = buf_bytes(&value);
	enum err e = change_put(b, o);

	if (e)
		say_error(b, p, w->request, CLIENT_ERROR_UNAVAILABLE,
		    e == ERR_FULL ? "no more bans and mutes can be kept" : NULL);
	buf_free(&value);
}

void moderate_on_message(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_moderate *w = &m->as.moderate;
	const struct session *s = attend_session(b, p, w->socket, w->request);
	const struct deed *deed = find_deed(w->action);
	struct say_fault fault;

	if (!s || change_is_asked(b, p, w->request) || answer_again(b, p, w->request))
		return;
	if (!deed || !rights_are_moderated(b, str_of(s->nsp)) ||
	    w->duration_ms > (uint64_t)LIMIT_DURATION_S * 1000) {
		say_error(b, p, w->request, CLIENT_ERROR_UNKNOWN_EVENT, NULL);
		return;
	}
	const struct room *r = find_room(b, s, w, &fault);

	if (!r) {
		say_fault(b, p, w->request, &fault);
		return;
	}
	order(b, p, w,
	    &(struct change_order){.kind = deed->kind,
		.sanction = deed->sanction,
		.room = r->id,
		.by = str_of(s->user->id)});
}
