#include "broker/entry.h"

#include "broker/announce.h"
#include "broker/attend.h"
#include "broker/census.h"
#include "broker/dormancy.h"
#include "broker/expelled.h"
#include "broker/limit.h"
#include "broker/recover.h"
#include "broker/revoke.h"
#include "broker/rights.h"
#include "broker/roll.h"
#include "broker/say.h"
#include "broker/survey.h"
#include "broker/usher.h"
#include "broker/work.h"
#include "common/crypto.h"
#include "common/log.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>

/* A session on its way into the rooms that its user is a member of. */
struct entrant {
	struct broker *broker;
	struct session *session;
	struct room **entered; /* entered_count of them */
	size_t entered_count;
};

static void enter_membership(void *ctx, const struct membership *m)
{
	struct entrant *e = ctx;
	struct broker *b = e->broker;
	struct room *r = rooms_find_id(b->rooms, m->room);

	if (!r || !usher_enter_membership(b, e->session, r))
		return;
	e->entered = xrealloc(e->entered, (e->entered_count + 1) * sizeof(struct room *));
	e->entered[e->entered_count++] = r;
}

static void enter_personal(struct broker *b, struct session *s)
{
	char name[LIMIT_USER + sizeof(ROOM_PERSONAL_PREFIX)];
	int len = snprintf(name, sizeof(name), ROOM_PERSONAL_PREFIX "%s", s->user->id);
	struct str view = {name, (size_t)len};
	struct room *r = rooms_find(b->rooms, str_of(s->nsp), view);

	if (!r)
		r = rooms_create(b->rooms, str_of(s->nsp), view, turn_wall(b->turn));
	attend_enter(b, s, r, ATTEND_SILENT);
}

void entry_reply_rooms(struct broker *b, struct peer *p, uint64_t request, struct session *s)
{
	struct buf value = {0};

	value_put_map(&value, 1);
	value_put_str(&value, STR("rooms"));
	value_put_array(&value, (uint32_t)s->member_count);
	for (const struct member *m = s->members; m; m = m->session_next)
		value_put_str(&value, str_of(m->room->name));
	/* What was not said before he came is not from before, whenever it was numbered. */
	say_ok(b, p,
	    &(struct say_reply){
		.request = request, .value = buf_bytes(&value), .gseq = b->released});
	buf_free(&value);
}

/* Its connection may live on at a gateway that has not heard of it. */
static void note_losses(struct broker *b, const struct session *s)
{
	for (size_t i = 0; i < s->berth_count; i++) {
		if (s->berths[i].is_lost)
			expelled_note_from(b, str_of(s->id), s->berths[i].room);
	}
}

static void end_session(struct broker *b, struct session *s, struct str reason)
{
	note_losses(b, s);
	survey_on_gone(b, s);
	work_on_gone(b, s, reason);
	if (s->peer && s->user->live_count == 1)
		census_note(b, s->user);
	roll_end(b, s);
	attend_leave_all(b, s);
	sessions_remove(b->sessions, &s);
}

void entry_end(struct broker *b, struct session *s)
{
	end_session(b, s, STR(""));
}

static struct session_facts facts_of(struct peer *p, const struct wire_connect *c)
{
	return (struct session_facts){
	    .id = c->socket,
	    .sid = c->sid,
	    .nsp = c->nsp,
	    .user = c->user,
	    .username = c->username,
	    .grants = c->grants,
	    .ip = c->ip,
	    .user_agent = c->user_agent,
	    .transport = c->transport,
	    .url = c->url,
	    .headers = c->headers,
	    .is_secure = c->secure,
	    .token_id = c->token_id,
	    .issued = {(int64_t)c->issued_ms},
	    .expires = {(int64_t)c->expires_ms},
	    .since = {(int64_t)c->since_ms},
	    .peer = p,
	    .generation = peer_generation(p),
	};
}

/* The connection is known already: the same request came before, or the link, or the broker,
 * began anew. */
static enum err find_again(struct broker *b, struct session *s, const struct session_facts *facts)
{
	if (!str_eqz(facts->nsp, s->nsp) || !str_eqz(facts->user, s->user->id))
		return ERR_EXISTS;
	if (s->peer)
		return s->peer == facts->peer ? ERR_OK : ERR_EXISTS;
	enum err e = sessions_renew(b->sessions, s, facts);

	if (!e)
		dormancy_wake(b, s, facts->peer);
	return e;
}

/* Too many sessions: those that nobody has a connection to go first. */
static enum err make_place(struct broker *b)
{
	if (sessions_count(b->sessions) < b->config.sessions_max)
		return ERR_OK;
	return dormancy_evict(b) == ERR_OK ? ERR_OK : ERR_FULL;
}

/* Adds the session, or finds it. NULL: it was refused. */
static struct session *admit(
    struct broker *b, const struct wire_connect *c, struct session_facts *facts)
{
	struct peer *p = facts->peer;
	char pid[CRYPTO_ID_LEN + 1] = "";
	struct session *s = sessions_find(b->sessions, c->socket);
	bool is_new = !s;
	enum err e = s ? find_again(b, s, facts) : make_place(b);

	/* What is announced was promised nothing, or it would have been found. */
	if (is_new && c->request && recover_is_wanted(b, c) && roll_is_open(b))
		recover_choose_pid(b, c, pid);
	facts->pid = str_of(pid);
	if (!e && is_new)
		e = sessions_add(b->sessions, facts, &s);
	if (e) {
		log_warn("session.refused", LOG_Z(PEER, peer_name(p)), LOG_S(SOCKET_ID, c->socket),
		    LOG_Z(ERR, err_text(e)));
		say_error(b, p, c->request,
		    e == ERR_FULL ? CLIENT_ERROR_UNAVAILABLE : CLIENT_ERROR_INTERNAL,
		    e == ERR_FULL ? "no more sessions can be held" : NULL);
		return NULL;
	}
	s->generation = peer_generation(p);
	if (is_new) {
		s->gseq = b->gseq;
		roll_put(b, s);
		if (s->user->live_count == 1)
			census_note(b, s->user);
	}
	return s;
}

static void on_announced(
    struct broker *b, struct peer *p, const struct wire_connect *c, struct session_facts *facts)
{
	const struct session *known = sessions_find(b->sessions, c->socket);
	bool was_live = known && known->peer;

	if (recover_fence_announced(b, p, c) || announce_refuse_expelled(b, p, c))
		return;
	struct session *s = admit(b, c, facts);

	if (!s) {
		announce_send_away(b, p, c);
		return;
	}
	enter_personal(b, s);
	if (work_is_for(b, c->nsp))
		work_on_announced(b, s);
	announce_compare(b, s, c->rooms, was_live);
	dormancy_tell_lost(b, s, c->rooms);
	survey_on_back(b, s);
	/* It was there when the ban came, or the revocation, and its gateway was not. */
	const struct sanction *ban = rights_find_ban(b, c->nsp, c->user);

	if (ban)
		usher_end(b, s, ban);
	else if (revoke_has(b, c))
		usher_end_revoked(b, s);
}

/* True: he is banned, or his token is revoked, and he was told so. */
static bool refuse_unwelcome(struct broker *b, struct peer *p, const struct wire_connect *c)
{
	struct buf data = {0};
	enum client_error error = rights_find_ban(b, c->nsp, c->user) ? CLIENT_ERROR_USER_BANNED
				  : revoke_has(b, c)                  ? CLIENT_ERROR_TOKEN_REVOKED
								      : CLIENT_ERROR_NONE;

	if (!error)
		return false;
	log_info("session.unwelcome", LOG_S(USER_ID, c->user), LOG_S(NSP, c->nsp), LOG_S(IP, c->ip),
	    LOG_Z(REASON, client_error_row(error)->code));
	value_put_map(&data, 1);
	value_put_str_pair(&data, STR("code"), str_of(client_error_row(error)->code));
	say_refusal(b, p, c->request,
	    &(struct say_refusal){error, STR("Invalid authentication"), buf_bytes(&data)});
	buf_free(&data);
	return true;
}

/* The rooms that its user is a member of. One that comes back is in others already, and hears of
 * these by name. */
static void answer_with_rooms(
    struct broker *b, struct session *s, const struct wire_connect *c, const struct recovered *how)
{
	struct entrant e = {.broker = b, .session = s};

	memberships_each_of_user(b->memberships, str_of(s->user->id), enter_membership, &e);
	if (s->pid[0])
		recover_reply(b, s, c->request, how);
	else
		entry_reply_rooms(b, s->peer, c->request, s);
	dormancy_tell_lost(b, s, (struct bytes){0});
	survey_on_back(b, s);
	for (size_t i = 0; how->is_recovered && i < e.entered_count; i++)
		usher_tell_joined(b, s, e.entered[i]);
	free(e.entered);
}

void entry_on_connect(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_connect *c = &m->as.connect;
	struct session_facts facts = facts_of(p, c);
	struct recovered how = {0};
	struct session *s;

	if (c->request == 0) {
		on_announced(b, p, c, &facts);
		return;
	}
	if (refuse_unwelcome(b, p, c))
		return;
	s = recover_session(b, c, &facts, &how);
	/* Who it is, it says later. */
	if (!s && c->user.len == 0) {
		say_error(b, p, c->request, CLIENT_ERROR_AUTHENTICATION_REQUIRED, NULL);
		return;
	}
	/* Neither a return nor the same request again is another connect. */
	if (!s && !sessions_find(b->sessions, c->socket) && !limit_connect(b, p, c))
		return;
	if (!s)
		s = admit(b, c, &facts);
	if (!s)
		return;
	enter_personal(b, s);
	if (!work_is_for(b, c->nsp))
		answer_with_rooms(b, s, c, &how);
	else if (work_on_enter(b, s, c))
		entry_reply_rooms(b, p, c->request, s);
}

void entry_on_disconnect(struct broker *b, struct peer *p, const struct wire_message *m)
{
	struct session *s = sessions_find(b->sessions, m->as.disconnect.socket);

	if (!s || s->peer != p)
		return;
	/* Before its row is stored nobody was told of the pid. */
	if (roll_is_stored(b, s) && m->as.disconnect.is_lost)
		dormancy_begin(b, s, m->as.disconnect.reason);
	else
		end_session(b, s, m->as.disconnect.reason);
}

struct sweep {
	struct broker *broker;
	const struct peer *peer;
	uint64_t generation; /* sessions of an older one go */
};

static void lose_if_stale(void *ctx, struct session *s)
{
	struct sweep *sweep = ctx;

	if (s->peer != sweep->peer || s->generation >= sweep->generation)
		return;
	if (roll_is_stored(sweep->broker, s))
		dormancy_begin(sweep->broker, s, STR("transport close"));
	else
		end_session(sweep->broker, s, STR("transport close"));
}

void entry_on_resumed(struct broker *b, struct peer *p, const struct wire_message *m)
{
	struct sweep sweep = {.broker = b, .peer = p, .generation = peer_generation(p)};

	sessions_each(b->sessions, lose_if_stale, &sweep);
	log_notice("peer.resumed", LOG_Z(PEER, peer_name(p)), LOG_U(COUNT, m->as.resumed.sockets));
}

void entry_on_peer_gone(struct broker *b, struct peer *p)
{
	struct sweep sweep = {.broker = b, .peer = p, .generation = UINT64_MAX};

	/* First: nobody is to be told at the peer that is gone. */
	outbox_forget(b->outbox, p);
	sessions_each(b->sessions, lose_if_stale, &sweep);
	outbox_forget(b->outbox, p);
}

static void forget_members(void *ctx, struct session *s)
{
	const struct broker *b = ctx;

	ward_free(b->crew, &s->ward);
	while (s->members) {
		struct member *m = s->members;
		bool is_last;

		member_remove(&m, &is_last);
	}
}

void entry_forget_all(struct broker *b)
{
	if (b->sessions)
		sessions_each(b->sessions, forget_members, b);
	expelled_forget_all(b);
	roll_forget_all(b);
}
