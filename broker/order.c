#include "broker/order.h"

#include "broker/attend.h"
#include "broker/say.h"
#include "broker/survey.h"
#include "broker/work.h"
#include "common/log.h"
#include "proto/events.h"
#include "proto/value.h"

static void complain(const struct peer *p, const struct wire_message *m, const char *why)
{
	log_warn("worker.invalid", LOG_Z(PEER, peer_name(p)), LOG_Z(MESSAGE, wire_name(m->type)),
	    LOG_Z(REASON, why));
}

static bool is_array(struct bytes value)
{
	struct value_reader r = value_reader(value);
	struct value head;

	return value_next(&r, &head) == ERR_OK && head.type == VALUE_ARRAY;
}

static const char *emit_fault(const struct wire_emit *e)
{
	if (event_is_reserved(e->event))
		return "the event has a name that clients keep for themselves";
	if (!is_array(e->args))
		return "args is no array";
	if (e->has_ack && (e->socket.len == 0 || e->ack >= SURVEY_ACK_FIRST))
		return "an ack is for one socket, and its number less than 2^52";
	return NULL;
}

static bool may_order(struct broker *b, const struct peer *p, struct str nsp)
{
	const struct hand *h = crew_find(b->crew, p);

	return h && hand_serves(h, nsp) &&
	       namespaces_find(b->config.namespaces, b->config.namespace_count, nsp);
}

static void send_one(struct broker *b, const struct wire_emit *e)
{
	const struct session *s = sessions_find(b->sessions, e->socket);
	struct wire_message m = {.type = WIRE_SEND};

	if (!s || !s->peer || !str_eqz(e->nsp, s->nsp))
		return;
	m.as.send =
	    (struct wire_send){e->socket, e->event, e->args, e->has_ack, e->ack, e->is_volatile};
	say_now(b, s->peer, &m);
}

static void send_many(struct broker *b, const struct wire_emit *e)
{
	const struct room *r = rooms_find(b->rooms, e->nsp, e->room);

	if (r)
		say_cast(b, r,
		    &(struct wire_cast){
			e->nsp, e->room, e->except, e->event, e->args, e->is_volatile});
}

void order_on_emit(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_emit *e = &m->as.emit;
	const char *fault = emit_fault(e);

	if (!may_order(b, p, e->nsp))
		complain(p, m, "it does not serve that namespace");
	else if (fault)
		complain(p, m, fault);
	else if (e->socket.len)
		send_one(b, e);
	else
		send_many(b, e);
}

/* The living session of an order about one socket; NULL when it is gone. */
static struct session *find(
    struct broker *b, const struct peer *p, const struct wire_message *m, struct str socket)
{
	struct session *s = sessions_find(b->sessions, socket);

	if (!s || !s->peer)
		return NULL;
	if (!s->ward || !may_order(b, p, str_of(s->nsp))) {
		complain(p, m, "it does not serve that socket");
		return NULL;
	}
	return s;
}

/* The same, where it may be put into rooms: those of a namespace of rooms have rules of their own.
 */
static struct session *find_movable(
    struct broker *b, const struct peer *p, const struct wire_message *m, struct str socket)
{
	struct session *s = find(b, p, m, socket);

	if (!s || work_is_for(b, str_of(s->nsp)))
		return s;
	complain(p, m, "who is in a room of that namespace is not a worker's to say");
	return NULL;
}

/* One that is not in yet hears of all its rooms when it is. */
static void tell_moved(struct broker *b, const struct session *s, struct str room, bool is_in)
{
	struct wire_message m = {.type = WIRE_MOVE};

	m.as.move = (struct wire_move){str_of(s->id), room, is_in, 0};
	if (s->ward->is_admitted)
		say_now(b, s->peer, &m);
}

void order_on_join(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_work_join *j = &m->as.work_join;
	struct session *s = find_movable(b, p, m, j->socket);
	struct room *r;

	if (!s)
		return;
	if (j->room.len == 0 || room_name_is_personal(j->room) ||
	    attend_find_or_create(b, str_of(s->nsp), j->room, &r)) {
		complain(p, m, "there is no such room, or there are too many");
		return;
	}
	if (member_find(r, s))
		return;
	/* The personal room and that of everybody are not counted. */
	if (s->member_count > b->config.max_rooms_per_socket + 1) {
		rooms_release(b->rooms, &r);
		complain(p, m, "the socket is in too many rooms");
		return;
	}
	attend_enter(b, s, r, ATTEND_SILENT);
	tell_moved(b, s, j->room, true);
}

void order_on_leave(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_work_leave *l = &m->as.work_leave;
	struct session *s = find_movable(b, p, m, l->socket);
	struct room *r = s ? rooms_find(b->rooms, str_of(s->nsp), l->room) : NULL;
	struct member *in = r ? member_find(r, s) : NULL;

	if (!in || r->is_personal || l->room.len == 0)
		return;
	attend_leave(b, in);
	tell_moved(b, s, l->room, false);
}

void order_on_end(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_work_end *e = &m->as.work_end;
	const struct session *s = find(b, p, m, e->socket);
	struct wire_message expel = {.type = WIRE_EXPEL};

	if (!s)
		return;
	expel.as.expel = (struct wire_expel){.socket = e->socket, .close = e->close};
	say_now(b, s->peer, &expel);
}
