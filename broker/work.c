#include "broker/work.h"

#include "broker/attend.h"
#include "broker/entry.h"
#include "broker/order.h"
#include "broker/say.h"
#include "broker/survey.h"
#include "common/log.h"
#include "proto/value.h"

/* The room "" is the whole namespace. */
static const struct str everybody = {"", 0};

/* An array without elements. */
static const uint8_t no_args[] = {0x90};

bool work_is_for(const struct broker *b, struct str nsp)
{
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, nsp);

	return n && n->handler == NAMESPACE_WORKER;
}

static void enter_everybody(struct broker *b, struct session *s)
{
	struct room *r = rooms_find(b->rooms, str_of(s->nsp), everybody);

	if (!r)
		r = rooms_create_fleeting(b->rooms, str_of(s->nsp), everybody, turn_wall(b->turn));
	attend_enter(b, s, r, ATTEND_SILENT);
}

/* ---- giving work ---- */

static void put_connect(
    const struct session *s, uint64_t task, struct bytes auth, struct wire_message *ret)
{
	*ret = (struct wire_message){.type = WIRE_WORK_CONNECT};
	ret->as.work_connect = (struct wire_work_connect){
	    .task = task,
	    .socket = str_of(s->id),
	    .nsp = str_of(s->nsp),
	    .user = str_of(s->user->id),
	    .username = str_of(s->user->username),
	    .ip = str_of(s->ip),
	    .user_agent = str_of(s->user_agent),
	    .transport = str_of(s->transport),
	    .since_ms = (uint64_t)s->since.ms,
	    .url = str_of(s->url),
	    .secure = s->is_secure,
	    .headers = buf_bytes(&s->headers),
	    .auth = auth,
	};
}

/* Finds a hand for a ward that has none, and tells it of a ward that was let in already. */
static bool hire(struct broker *b, struct ward *w)
{
	struct wire_message m;

	if (w->hand)
		return true;
	if (!crew_hire(b->crew, w))
		return false;
	if (w->is_admitted) {
		put_connect(w->session, 0, (struct bytes){0}, &m);
		say_now(b, w->hand->peer, &m);
	}
	return true;
}

static void send_task(struct broker *b, const struct task *t)
{
	outbox_hold(
	    b->outbox, &(struct outbox_letter){.to = t->ward->hand->peer, .message = t->message});
}

/* Gives the ward's hand a task; m carries its number. */
static void give(
    struct broker *b, struct ward *w, const struct task *facts, const struct wire_message *m)
{
	struct task t = *facts;
	struct buf encoded = {0};

	wire_put(&encoded, m);
	t.ward = w;
	t.type = m->type;
	t.message = buf_seal(&encoded);
	if (crew_add_task(b->crew, &t))
		say_error(b, w->session->peer, t.request, CLIENT_ERROR_UNAVAILABLE, NULL);
	else
		send_task(b, &t);
	frame_unref(&t.message);
}

bool work_on_enter(struct broker *b, struct session *s, const struct wire_connect *c)
{
	struct ward *w = s->ward ? s->ward : ward_new(s);
	struct task facts = {.number = crew_next_task(b->crew), .request = c->request};
	struct wire_message m;

	enter_everybody(b, s);
	if (w->is_admitted)
		return true;
	if (ward_find_task(w, c->request))
		return false;
	if (!hire(b, w)) {
		/* Its gateway closes the connection, and the client comes back. */
		say_error(b, s->peer, c->request, CLIENT_ERROR_UNAVAILABLE, NULL);
		return false;
	}
	put_connect(s, facts.number, c->auth, &m);
	give(b, w, &facts, &m);
	return false;
}

void work_on_announced(struct broker *b, struct session *s)
{
	if (!s->ward)
		ward_new(s);
	s->ward->is_admitted = true;
	enter_everybody(b, s);
}

/* In a namespace of rooms a session is nobody's ward before it has work for a worker. */
static struct ward *ward_of(struct broker *b, struct session *s)
{
	struct str nsp = str_of(s->nsp);

	if (work_is_for(b, nsp))
		return s->ward;
	if (!crew_serves(b->crew, nsp))
		return NULL;
	if (!s->ward)
		ward_new(s)->is_admitted = true;
	return s->ward;
}

void work_on_event(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_event *e = &m->as.event;
	struct session *s = attend_session(b, p, e->socket, e->request);
	struct task facts = {.request = e->request};
	struct wire_message work = {.type = WIRE_WORK_EVENT};

	if (!s)
		return;
	struct ward *w = ward_of(b, s);

	if (!w || !w->is_admitted) {
		say_error(b, p, e->request, CLIENT_ERROR_UNKNOWN_EVENT, NULL);
		return;
	}
	/* Asked again on a new link. What was done already has lost its answer. */
	if (e->request <= w->last_request) {
		if (!ward_find_task(w, e->request))
			say_error(b, p, e->request, CLIENT_ERROR_TIMEOUT, NULL);
		return;
	}
	w->last_request = e->request;
	if (!hire(b, w)) {
		say_error(b, p, e->request, CLIENT_ERROR_UNAVAILABLE, NULL);
		return;
	}
	facts.number = crew_next_task(b->crew);
	work.as.work_event = (struct wire_work_event){
	    facts.number, e->socket, str_of(s->nsp), e->event, e->args, e->has_ack};
	give(b, w, &facts, &work);
}

void work_on_ack(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct session *s = sessions_find(b->sessions, m->as.ack.socket);
	struct wire_message work = {.type = WIRE_WORK_ACK};

	if (survey_on_ack(b, p, &m->as.ack))
		return;
	/* A hand that has just come does not know the question. */
	if (!s || s->peer != p || !s->ward || !s->ward->hand)
		return;
	work.as.work_ack = (struct wire_work_ack){m->as.ack.socket, m->as.ack.ack, m->as.ack.args};
	say_now(b, s->ward->hand->peer, &work);
}

void work_on_gone(struct broker *b, struct session *s, struct str reason)
{
	struct wire_message m = {.type = WIRE_WORK_DISCONNECT};

	if (!s->ward)
		return;
	m.as.work_disconnect = (struct wire_work_disconnect){str_of(s->id), reason};
	if (s->ward->hand)
		say_now(b, s->ward->hand->peer, &m);
	struct ward *w = s->ward;

	ward_free(b->crew, &w);
}

/* ---- answers ---- */

void work_on_serve(struct broker *b, struct peer *p, const struct wire_message *m)
{
	enum err e = crew_add(b->crew, p, m->as.serve.namespaces);

	if (e)
		log_warn("worker.invalid", LOG_Z(PEER, peer_name(p)), LOG_Z(ERR, err_text(e)),
		    LOG_Z(HINT, "SERVE is said once, with an array of namespaces"));
	else
		log_notice("worker.serving", LOG_Z(PEER, peer_name(p)),
		    LOG_U(COUNT, crew_find(b->crew, p)->namespace_count));
}

/* The task of that type that the peer was given; NULL when it is not its own (any more). */
static struct task *find_task(
    struct broker *b, struct peer *p, uint64_t number, enum wire_type type)
{
	const struct hand *h = crew_find(b->crew, p);
	struct task *t = h ? crew_find_task(b->crew, h, number) : NULL;

	return t && t->type == type ? t : NULL;
}

void work_on_accept(struct broker *b, struct peer *p, const struct wire_message *m)
{
	struct task *t = find_task(b, p, m->as.accept.task, WIRE_WORK_CONNECT);

	if (!t)
		return;
	struct ward *w = t->ward;

	w->is_admitted = true;
	entry_reply_rooms(b, w->session->peer, t->request, w->session);
	crew_end_task(b->crew, &t);
}

void work_on_refuse(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_refuse *r = &m->as.refuse;
	struct task *t = find_task(b, p, r->task, WIRE_WORK_CONNECT);

	if (!t)
		return;
	struct ward *w = t->ward;
	struct session *s = w->session;

	say_refusal(b, s->peer, t->request,
	    &(struct say_refusal){CLIENT_ERROR_ACCESS_DENIED, r->message, r->data});
	/* The worker knows. */
	ward_free(b->crew, &w);
	entry_end(b, s);
}

static void answer(struct broker *b, struct peer *p, uint64_t number, struct bytes args)
{
	struct task *t = find_task(b, p, number, WIRE_WORK_EVENT);
	struct value_reader r = value_reader(args);
	struct value head;

	if (!t)
		return;
	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		args = bytes_of(no_args, sizeof(no_args));
	say_ok(
	    b, t->ward->session->peer, &(struct say_reply){.request = t->request, .value = args});
	crew_end_task(b->crew, &t);
}

void work_on_answer(struct broker *b, struct peer *p, const struct wire_message *m)
{
	answer(b, p, m->as.work_answer.task, m->as.work_answer.args);
}

void work_on_done(struct broker *b, struct peer *p, const struct wire_message *m)
{
	answer(b, p, m->as.work_done.task, bytes_of(no_args, sizeof(no_args)));
}

/* ---- a worker is gone ---- */

static void give_up(struct broker *b, struct ward *w)
{
	while (w->tasks) {
		struct task *t = w->tasks;

		say_error(b, w->session->peer, t->request, CLIENT_ERROR_UNAVAILABLE, NULL);
		crew_end_task(b->crew, &t);
	}
}

void work_on_peer_gone(struct broker *b, struct peer *p)
{
	struct hand *h = crew_find(b->crew, p);

	if (!h)
		return;
	h->is_gone = true;
	while (h->wards) {
		struct ward *w = h->wards;

		crew_part(w);
		if (!hire(b, w)) {
			give_up(b, w);
			continue;
		}
		for (const struct task *t = w->tasks; t; t = t->next)
			send_task(b, t);
	}
	crew_remove(b->crew, &h);
}

bool work_on_message(struct broker *b, struct peer *p, const struct wire_message *m)
{
	static void (*const on_wire[WIRE_TYPES])(
	    struct broker *, struct peer *, const struct wire_message *) = {
	    [WIRE_EVENT] = work_on_event,
	    [WIRE_ACK] = work_on_ack,
	    [WIRE_SERVE] = work_on_serve,
	    [WIRE_ACCEPT] = work_on_accept,
	    [WIRE_REFUSE] = work_on_refuse,
	    [WIRE_WORK_ANSWER] = work_on_answer,
	    [WIRE_WORK_DONE] = work_on_done,
	    [WIRE_EMIT] = order_on_emit,
	    [WIRE_WORK_JOIN] = order_on_join,
	    [WIRE_WORK_LEAVE] = order_on_leave,
	    [WIRE_WORK_END] = order_on_end,
	};

	if (!on_wire[m->type])
		return false;
	on_wire[m->type](b, p, m);
	return true;
}
