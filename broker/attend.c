#include "broker/attend.h"

#include "broker/dormancy.h"
#include "broker/expelled.h"
#include "broker/presence.h"
#include "broker/rights.h"
#include "broker/roll.h"
#include "broker/say.h"
#include "proto/events.h"
#include "proto/value.h"

static const char denied_text[] = "Access denied to this room";

struct session *attend_session(
    struct broker *b, struct peer *p, struct str socket, uint64_t request)
{
	struct session *s = sessions_find(b->sessions, socket);

	/* A gateway speaks for its own sockets only. */
	if (s && s->peer == p)
		return s;
	say_error(b, p, request, CLIENT_ERROR_UNAVAILABLE, "connection not known, connect again");
	return NULL;
}

void attend_store_room(struct broker *b, struct room *r)
{
	struct store_room row = {.id = r->id,
	    .nsp = str_of(r->nsp),
	    .name = str_of(r->name),
	    .is_public = r->is_public,
	    .is_archived = r->is_archived,
	    .created = r->created};

	if (r->is_stored || r->is_fleeting)
		return;
	store_put_room(b->store, &row);
	r->is_stored = true;
}

struct berth_search {
	const struct room *room;
	bool is_kept; /* for one who comes back to it */
};

static void look_for_berth(void *ctx, struct session *s)
{
	struct berth_search *search = ctx;

	for (size_t i = 0; i < s->berth_count; i++)
		search->is_kept |= s->berths[i].room == search->room;
}

void attend_undo_room(struct broker *b, struct room *r)
{
	struct berth_search search = {.room = r};

	sessions_each(b->sessions, look_for_berth, &search);
	if (r->member_count == 0 && !search.is_kept)
		rooms_remove(b->rooms, &r);
	else
		r->is_public = true;
}

/* A gateway checks names; what another program sends could mean two things in two places. */
static bool is_fit_for_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	}
	return name.len > 0 && !room_name_is_personal(name);
}

enum err attend_find_or_create(struct broker *b, struct str nsp, struct str name, struct room **ret)
{
	struct room *r = rooms_find(b->rooms, nsp, name);
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, nsp);
	bool is_fleeting = n && n->handler == NAMESPACE_WORKER;

	if (!r && (!n || (!n->create_rooms && !is_fleeting) || !is_fit_for_name(name)))
		return ERR_NOT_FOUND;
	if (!r && rooms_count(b->rooms) >= b->config.max_rooms)
		return ERR_FULL;
	if (!r)
		r = is_fleeting ? rooms_create_fleeting(b->rooms, nsp, name, turn_wall(b->turn))
				: rooms_create(b->rooms, nsp, name, turn_wall(b->turn));
	attend_store_room(b, r);
	*ret = r;
	return ERR_OK;
}

static void enter(
    struct broker *b, struct session *s, struct room *r, uint64_t gseq, enum attend_notice notice)
{
	bool is_first;

	if (member_find(r, s))
		return;
	struct member *m = member_add(r, s, turn_wall(b->turn), &is_first);

	m->gseq = gseq;
	dormancy_forget_lost(s, r);
	expelled_forget_from(b, str_of(s->id), r);
	if (notice == ATTEND_TOLD && !r->is_fleeting)
		presence_entered(b, m, is_first);
}

void attend_enter(struct broker *b, struct session *s, struct room *r, enum attend_notice notice)
{
	enter(b, s, r, b->gseq, notice);
}

void attend_return(struct broker *b, struct session *s, struct room *r, uint64_t gseq)
{
	enter(b, s, r, gseq, ATTEND_TOLD);
}

void attend_board(struct broker *b, struct session *s, struct room *r, uint64_t gseq)
{
	enter(b, s, r, gseq, ATTEND_SILENT);
}

void attend_leave(struct broker *b, struct member *m)
{
	struct presence_parting who = {.room = m->room,
	    .session = m->session,
	    .round = m->round,
	    .batch = roll_batch(m->session)};

	member_remove(&m, &who.is_last);
	if (!who.room->is_fleeting)
		presence_left(b, &who);
	rooms_release(b->rooms, &who.room);
}

void attend_leave_all(struct broker *b, struct session *s)
{
	while (s->members)
		attend_leave(b, s->members);
}

static void put_joined(struct buf *value, const struct room *r, uint64_t seq)
{
	value_put_map(value, 3);
	value_put_str_pair(value, STR("roomId"), str_of(r->name));
	value_put_u64_pair(value, STR("seq"), seq);
	value_put_u64_pair(value, STR("usersCount"), room_user_count(r));
}

/* The answer stands behind the messages that were numbered before it and the row of the join; if
 * those fail, the number it tells is that of the last message that did not. So it is while nobody
 * has looked yet which numbers a failure took along. */
static void reply_joined(
    struct broker *b, const struct session *s, uint64_t request, const struct room *r)
{
	bool is_void = b->is_numbering_stale;
	uint64_t batch = roll_batch(s), numbered = is_void ? 0 : r->batch;
	struct buf value = {0}, otherwise = {0};

	put_joined(&value, r, is_void ? r->committed_seq : r->seq);
	put_joined(&otherwise, r, r->committed_seq);
	say_ok(b, s->peer,
	    &(struct say_reply){.request = request,
		.value = buf_bytes(&value),
		.room = r,
		.gseq = is_void ? r->committed_gseq : r->gseq,
		.batch = batch > numbered ? batch : numbered,
		.otherwise = buf_bytes(&otherwise),
		.otherwise_gseq = r->committed_gseq});
	buf_free(&value);
	buf_free(&otherwise);
}

/* Too much waits for the disk to let more wait behind it. */
static bool is_crowded(const struct broker *b)
{
	return outbox_length(b->outbox) > b->config.store_backlog_max;
}

static void refuse_room(
    struct broker *b, struct peer *p, uint64_t request, enum err e, struct str name)
{
	if (e == ERR_FULL)
		say_error(b, p, request, CLIENT_ERROR_UNAVAILABLE, "no more rooms can be made");
	else if (room_name_is_personal(name))
		say_error(b, p, request, CLIENT_ERROR_ACCESS_DENIED, denied_text);
	else
		say_error(b, p, request, CLIENT_ERROR_ROOM_NOT_FOUND, NULL);
}

void attend_on_join(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_join *join = &m->as.join;
	struct session *s = attend_session(b, p, join->socket, join->request);
	struct room *r;

	if (!s)
		return;
	if (is_crowded(b)) {
		say_error(b, p, join->request, CLIENT_ERROR_UNAVAILABLE, NULL);
		return;
	}
	enum err e = attend_find_or_create(b, str_of(s->nsp), join->room, &r);

	if (e) {
		refuse_room(b, p, join->request, e, join->room);
		return;
	}
	struct say_fault fault;

	if (!rights_may_enter(b, s, r, &fault)) {
		fault.text = fault.text ? fault.text : denied_text;
		say_fault(b, p, join->request, &fault);
		return;
	}
	/* The personal room is not counted. */
	if (!member_find(r, s) && s->member_count > b->config.max_rooms_per_socket) {
		say_error(b, p, join->request, CLIENT_ERROR_TOO_MANY_ROOMS, NULL);
		return;
	}
	if (!member_find(r, s)) {
		attend_enter(b, s, r, ATTEND_TOLD);
		roll_join(b, s, r, b->gseq);
	}
	reply_joined(b, s, join->request, r);
}

/* {roomId} */
static void reply_room(
    struct broker *b, const struct session *s, struct say_reply *reply, struct str name)
{
	struct buf value = {0};

	value_put_map(&value, 1);
	value_put_str_pair(&value, STR("roomId"), name);
	reply->value = reply->otherwise = buf_bytes(&value);
	say_ok(b, s->peer, reply);
	buf_free(&value);
}

void attend_on_leave(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_leave *l = &m->as.leave;
	struct session *s = attend_session(b, p, l->socket, l->request);

	if (!s)
		return;
	struct room *r = rooms_find(b->rooms, str_of(s->nsp), l->room);
	struct member *in = r ? member_find(r, s) : NULL;

	/* By its name: whether there is such a room tells whether the user is connected. */
	if (room_name_is_personal(l->room)) {
		say_error(b, p, l->request, CLIENT_ERROR_ACCESS_DENIED, NULL);
		return;
	}
	if (in)
		roll_leave(b, s, r);
	/* Leaving where one is not is what a client does that lost its answer: it is out. */
	reply_room(b, s,
	    &(struct say_reply){.request = l->request, .room = r, .batch = roll_batch(s)}, l->room);
	if (in)
		attend_leave(b, in);
}

static void tell_typing(struct broker *b, const struct room *r, const struct session *s)
{
	struct buf args = {0};

	value_put_array(&args, 1);
	presence_put_user(&args, r, s->user);
	say_to_room(b, r,
	    &(struct say_event){.name = event_name(EVENT_USER_TYPING),
		.args = buf_bytes(&args),
		.except = s,
		.is_volatile = true});
	buf_free(&args);
}

void attend_on_typing(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_typing *t = &m->as.typing;
	struct session *s = attend_session(b, p, t->socket, t->request);

	if (!s)
		return;
	struct room *r = rooms_find(b->rooms, str_of(s->nsp), t->room);

	if (!r && !room_name_is_personal(t->room)) {
		say_error(b, p, t->request, CLIENT_ERROR_ROOM_NOT_FOUND, NULL);
		return;
	}
	struct say_fault fault = {.error = CLIENT_ERROR_ACCESS_DENIED};

	/* His right first: who is banned hears that, and not that he is not there. */
	if (!r || r->is_personal || !rights_may_speak(b, s, r, &fault) || !member_find(r, s)) {
		say_fault(b, p, t->request, &fault);
		return;
	}
	tell_typing(b, r, s);
	reply_room(b, s, &(struct say_reply){.request = t->request}, t->room);
}
