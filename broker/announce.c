#include "broker/announce.h"

#include "broker/attend.h"
#include "broker/dormancy.h"
#include "broker/expelled.h"
#include "broker/rights.h"
#include "broker/roll.h"
#include "broker/say.h"
#include "broker/usher.h"
#include "broker/work.h"
#include "proto/value.h"
#include "proto/value_list.h"

static bool belongs(const struct broker *b, const struct session *s, const struct room *r)
{
	return memberships_role(b->memberships, r->id, str_of(s->user->id)) != ROLE_NONE &&
	       rights_may_enter(b, s, r, NULL);
}

/* What its gateway does not know of any more it does not hear: an answer was lost on the way, or
 * the word that he was made a member. */
static void compare_unlisted(struct broker *b, struct session *s, struct bytes rooms)
{
	for (struct member *m = s->members, *next; m; m = next) {
		next = m->session_next;
		if (m->room->is_personal || value_list_has(rooms, str_of(m->room->name)))
			continue;
		if (belongs(b, s, m->room)) {
			usher_tell_in(b, m);
			continue;
		}
		roll_leave(b, s, m->room);
		attend_leave(b, m);
	}
}

static bool may_stay(const struct broker *b, const struct session *s, const struct room *r)
{
	return work_is_for(b, str_of(s->nsp)) ||
	       (!dormancy_has_lost(s, r) && !expelled_has_from(b, str_of(s->id), r) &&
		   rights_may_enter(b, s, r, NULL));
}

/* It was put out, or lost its right, while the link was broken. */
static void keep_out(struct broker *b, struct session *s, struct room *r)
{
	bool is_expelled = expelled_has_from(b, str_of(s->id), r);

	usher_keep_out(b, s, r);
	/* It is told with all that it has lost. */
	if (!dormancy_has_lost(s, r))
		dormancy_note_put_out(b, s, r, is_expelled ? USHER_KICKED : USHER_REMOVED);
}

/* The gateway had them from us and nobody heard of a change. */
static void enter_listed(struct broker *b, struct session *s, struct bytes rooms)
{
	struct value_reader r = value_reader(rooms);
	struct value head, name;
	enum attend_notice notice = peer_was_ended(s->peer) ? ATTEND_TOLD : ATTEND_SILENT;

	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		return;
	for (uint32_t i = 0; i < head.as.count && i <= b->config.max_rooms_per_socket; i++) {
		struct room *room;

		if (value_next(&r, &name) || name.type != VALUE_STR || name.as.s.len > LIMIT_ROOM)
			return;
		if (attend_find_or_create(b, str_of(s->nsp), name.as.s, &room) ||
		    member_find(room, s))
			continue;
		if (!may_stay(b, s, room)) {
			keep_out(b, s, room);
			continue;
		}
		attend_enter(b, s, room, notice);
		/* Since when it is there is not known, so what it missed could not be said. */
		if (!room->is_fleeting)
			roll_give_up(b, s);
	}
}

struct entrant {
	struct broker *broker;
	struct session *session;
};

static void enter_membership(void *ctx, const struct membership *m)
{
	const struct entrant *e = ctx;
	struct room *r = rooms_find_id(e->broker->rooms, m->room);

	/* What he was a member of when he connected he was in, and has left if he is not. */
	if (r && m->since.ms >= e->session->since.ms &&
	    usher_enter_membership(e->broker, e->session, r))
		usher_tell_in(e->broker, member_find(r, e->session));
}

void announce_compare(struct broker *b, struct session *s, struct bytes rooms, bool was_live)
{
	compare_unlisted(b, s, rooms);
	enter_listed(b, s, rooms);
	if (!was_live)
		memberships_each_of_user(
		    b->memberships, str_of(s->user->id), enter_membership, &(struct entrant){b, s});
}

void announce_send_away(struct broker *b, struct peer *p, const struct wire_connect *c)
{
	struct wire_message m = {.type = WIRE_EXPEL};

	m.as.expel.socket = c->socket;
	m.as.expel.close = true;
	say_now(b, p, &m);
}

bool announce_refuse_expelled(struct broker *b, struct peer *p, const struct wire_connect *c)
{
	struct wire_message m = {.type = WIRE_EXPEL};

	/* One that is known has connected since. */
	if (sessions_find(b->sessions, c->socket) || !expelled_has(b, c->socket))
		return false;
	m.as.expel.socket = c->socket;
	say_now(b, p, &m);
	return true;
}
