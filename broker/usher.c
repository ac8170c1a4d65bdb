#include "broker/usher.h"

#include "broker/attend.h"
#include "broker/dormancy.h"
#include "broker/entry.h"
#include "broker/expelled.h"
#include "broker/rights.h"
#include "broker/roll.h"
#include "proto/events.h"
#include "proto/value.h"

static const char *const reason_texts[] = {
    [USHER_REMOVED] = "removed",
    [USHER_KICKED] = "kicked",
    [USHER_BANNED] = "banned",
    [USHER_PRIVATE] = "private",
    [USHER_ARCHIVED] = "archived",
};

const char *usher_reason_text(enum usher_reason reason)
{
	return reason_texts[reason];
}

/* ---- telling ---- */

/* {roomId} or {roomId, reason}, for the client of one session. */
static void tell(struct broker *b, const struct session *s, enum event event, const struct room *r,
    const char *reason)
{
	struct wire_message m = {.type = WIRE_SEND};
	struct buf args = {0};

	if (!s->peer)
		return;
	value_put_array(&args, 1);
	value_put_map(&args, reason ? 2 : 1);
	value_put_str_pair(&args, STR("roomId"), str_of(r->name));
	if (reason)
		value_put_str_pair(&args, STR("reason"), str_of(reason));
	m.as.send = (struct wire_send){
	    .socket = str_of(s->id), .event = event_name(event), .args = buf_bytes(&args)};
	say_behind(b, s->peer, r, &m, NULL);
	buf_free(&args);
}

void usher_tell_left(
    struct broker *b, const struct session *s, const struct room *r, enum usher_reason reason)
{
	tell(b, s, EVENT_ROOM_LEFT, r, usher_reason_text(reason));
}

void usher_tell_joined(struct broker *b, const struct session *s, const struct room *r)
{
	tell(b, s, EVENT_ROOM_JOINED, r, NULL);
}

/* Now, and again behind an answer that still says that it is in. */
void usher_keep_out(struct broker *b, const struct session *s, const struct room *r)
{
	struct wire_message m = {.type = WIRE_MOVE};

	m.as.move = (struct wire_move){.socket = str_of(s->id), .room = str_of(r->name)};
	say_now(b, s->peer, &m);
	if (outbox_newest(b->outbox))
		say_behind(b, s->peer, r, &m, NULL);
}

void usher_tell_in(struct broker *b, const struct member *in)
{
	const struct session *s = in->session;
	struct wire_message m = {.type = WIRE_MOVE}, instead;

	/* What it is given from there on is decided after this; if what waits fails, all of that is
	 * void. */
	m.as.move = (struct wire_move){.socket = str_of(s->id),
	    .room = str_of(in->room->name),
	    .is_in = true,
	    .gseq = in->gseq};
	instead = m;
	if (instead.as.move.gseq > b->released)
		instead.as.move.gseq = b->released;
	say_behind(b, s->peer, in->room, &m, &instead);
	usher_tell_joined(b, s, in->room);
}

/* ---- out of a room ---- */

void usher_out_of_room(
    struct broker *b, struct session *s, struct room *r, enum usher_reason reason)
{
	struct member *in = member_find(r, s);

	if (!s->peer) {
		dormancy_lose_room(b, s, r, reason);
		return;
	}
	if (!in)
		return;
	roll_leave(b, s, r);
	usher_keep_out(b, s, r);
	usher_tell_left(b, s, r, reason);
	dormancy_note_put_out(b, s, r, reason);
	attend_leave(b, in);
}

static bool is_in(const struct session *s, const struct room *r)
{
	if (member_find(r, s))
		return true;
	for (size_t i = 0; i < s->berth_count; i++) {
		if (s->berths[i].room == r && !s->berths[i].is_lost)
			return true;
	}
	return false;
}

size_t usher_prepare_user(struct broker *b, const struct room *r, struct str user)
{
	const struct user *u = sessions_find_user(b->sessions, user);
	size_t rows = 0;

	for (const struct session *s = u ? u->sessions : NULL; s; s = s->user_next) {
		if (!s->row || !is_in(s, r))
			continue;
		store_remove_session_room(b->store, s->row, r->id);
		rows++;
	}
	return rows;
}

void usher_user_out_of_room(
    struct broker *b, struct room *r, struct str user, enum usher_reason reason)
{
	struct user *u = sessions_find_user(b->sessions, user);

	for (struct session *s = u ? u->sessions : NULL; s; s = s->user_next)
		usher_out_of_room(b, s, r, reason);
}

/* A walk over all sessions, for a room. */
struct sweep {
	struct broker *broker;
	struct room *room;
	enum usher_reason reason;
};

static void put_out_if_strange(void *ctx, struct session *s)
{
	const struct sweep *sweep = ctx;

	if (is_in(s, sweep->room) && !rights_may_enter(sweep->broker, s, sweep->room, NULL))
		usher_out_of_room(sweep->broker, s, sweep->room, sweep->reason);
}

void usher_strangers_out_of_room(struct broker *b, struct room *r, enum usher_reason reason)
{
	sessions_each(b->sessions, put_out_if_strange, &(struct sweep){b, r, reason});
}

/* ---- out of the house ---- */

static void end(struct broker *b, struct session *s, enum client_error error, struct str text)
{
	struct wire_message m = {.type = WIRE_EXPEL};

	m.as.expel = (struct wire_expel){.socket = str_of(s->id), .error = error, .text = text};
	if (s->peer)
		say_now(b, s->peer, &m);
	entry_end(b, s);
}

void usher_end(struct broker *b, struct session *s, const struct sanction *ban)
{
	/* The ban itself is found again. */
	if (!ban)
		expelled_note(b, str_of(s->id));
	end(b, s, ban ? CLIENT_ERROR_USER_BANNED : CLIENT_ERROR_NONE, ban ? ban->reason : STR(""));
}

void usher_end_revoked(struct broker *b, struct session *s)
{
	end(b, s, CLIENT_ERROR_TOKEN_REVOKED, STR(""));
}

static bool is_of(const struct session *s, struct str nsp)
{
	return nsp.len == 0 || str_eqz(nsp, s->nsp);
}

size_t usher_prepare_end(struct broker *b, struct str nsp, struct str user)
{
	const struct user *u = sessions_find_user(b->sessions, user);
	size_t rows = 0;

	for (const struct session *s = u ? u->sessions : NULL; s; s = s->user_next) {
		if (!s->row || !is_of(s, nsp))
			continue;
		store_remove_session(b->store, s->row);
		rows++;
	}
	return rows;
}

/* With the last session of a user he is gone, too. */
static struct session *find_first(const struct broker *b, struct str nsp, struct str user)
{
	const struct user *u = sessions_find_user(b->sessions, user);
	struct session *s;

	for (s = u ? u->sessions : NULL; s && !is_of(s, nsp); s = s->user_next)
		;
	return s;
}

void usher_end_user(struct broker *b, struct str nsp, struct str user, const struct sanction *ban)
{
	struct session *s;

	while ((s = find_first(b, nsp, user)))
		usher_end(b, s, ban);
}

/* ---- into a room ---- */

bool usher_enter_membership(struct broker *b, struct session *s, struct room *r)
{
	if (!str_eqz(str_of(r->nsp), s->nsp) || member_find(r, s) || dormancy_has_lost(s, r) ||
	    s->member_count > b->config.max_rooms_per_socket || !rights_may_enter(b, s, r, NULL))
		return false;
	attend_enter(b, s, r, ATTEND_TOLD);
	roll_join(b, s, r, b->gseq);
	return true;
}

void usher_user_into_room(struct broker *b, struct room *r, struct str user)
{
	struct user *u = sessions_find_user(b->sessions, user);

	for (struct session *s = u ? u->sessions : NULL; s; s = s->user_next) {
		/* That he was put out is over, also for one that enters when it is back. */
		dormancy_forget_lost(s, r);
		if (s->peer && usher_enter_membership(b, s, r))
			usher_tell_in(b, member_find(r, s));
	}
}
