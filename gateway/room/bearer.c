#include "gateway/room/bearer.h"

#include "common/log.h"
#include "gateway/room/door.h"
#include "gateway/room/passport.h"
#include "gateway/room/recovery.h"
#include "gateway/sio/socket.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A token that the broker is being asked about is waited for. */
enum { FRESH_WAIT_MS = 1000 };

static struct vigil_now now_of(const struct desk *d)
{
	return (struct vigil_now){loop_now(d->parts.loop), loop_wall(d->parts.loop)};
}

static enum namespace_auth policy_of(const struct seat *seat)
{
	const struct desk *d = seat->desk;
	const struct namespace_conf *n = namespaces_find(
	    d->parts.namespaces, d->parts.namespace_count, sio_socket_nsp(seat->socket));

	return n ? (enum namespace_auth)n->auth : NAMESPACE_REQUIRED;
}

/* ---- what is told ---- */

static void emit_expiring(const struct seat *seat)
{
	struct str offset = recovery_offset(seat);
	struct buf args = {0};

	value_put_array(&args, offset.len ? 2 : 1);
	value_put_map(&args, 1);
	value_put_u64_pair(&args, STR("expiresAt"), (uint64_t)seat->claims.expires.ms);
	if (offset.len)
		value_put_str(&args, offset);
	sio_socket_emit(seat->socket, event_name(EVENT_AUTH_EXPIRING), buf_bytes(&args));
	buf_free(&args);
}

static void answer_accepted(const struct seat *seat, const struct answer_to *to)
{
	struct buf value = {0};

	value_put_map(&value, 2);
	value_put_str_pair(&value, STR("userId"), str_of(seat->claims.user));
	value_put_str(&value, STR("expiresAt"));
	if (seat->claims.expires.ms)
		value_put_u64(&value, (uint64_t)seat->claims.expires.ms);
	else
		value_put_nil(&value);
	answer_ok(to, buf_bytes(&value));
	buf_free(&value);
}

/* Of a token that is not accepted: the client learns the code, the log the rest. */
static void refuse(
    struct seat *seat, const struct answer_to *to, const char *code, const char *detail)
{
	struct buf details = {0};

	log_info("socket.token_refused", LOG_Z(USER_ID, seat->claims.user),
	    LOG_Z(SOCKET_ID, seat->sid ? seat->sid : seat->id), LOG_Z(REASON, code),
	    LOG_Z(MESSAGE, detail));
	value_put_map(&details, 1);
	value_put_str_pair(&details, STR("code"), str_of(code));
	answer_error(to, &(struct answer_fault){.error = CLIENT_ERROR_AUTHENTICATION_INVALID,
			     .details = buf_bytes(&details)});
	buf_free(&details);
	if (door_note_refusal(seat->socket) > REFUSALS_MAX)
		sio_socket_close_connection(seat->socket);
}

static struct answer_to answer_to_of(const struct seat *seat, const struct pending_request *r)
{
	return (struct answer_to){seat->socket, r->has_ack, r->ack_id,
	    str_of(seat->desk->parts.error_event), recovery_offset(seat)};
}

/* The broker says no, for now or to the token. */
static void refuse_by(
    struct seat *seat, const struct pending_request *r, const struct wire_reply *reply)
{
	struct answer_to to = answer_to_of(seat, r);

	if (reply->error == CLIENT_ERROR_TOKEN_REVOKED || reply->error == CLIENT_ERROR_USER_BANNED)
		refuse(seat, &to, client_error_row((enum client_error)reply->error)->code,
		    "the broker does not accept it");
	else
		answer_error(&to, &(struct answer_fault){.error = (enum client_error)reply->error,
				      .text = reply->text,
				      .retry_after_ms = reply->retry_after_ms});
}

void bearer_end(struct seat *seat, enum client_error error)
{
	struct sio_socket *s = seat->socket;
	struct answer_to to = {.socket = s,
	    .error_event = str_of(seat->desk->parts.error_event),
	    .offset = recovery_offset(seat)};

	log_info("socket.ended", LOG_Z(USER_ID, seat->claims.user),
	    LOG_Z(SOCKET_ID, seat->sid ? seat->sid : seat->id),
	    LOG_Z(REASON, client_error_row(error)->code));
	answer_error(&to, &(struct answer_fault){.error = error});
	sio_socket_disconnect(s);
}

/* ---- the token that is asked about ---- */

static void forget_fresh(struct seat *seat)
{
	if (seat->has_fresh)
		token_claims_free(&seat->fresh);
	seat->has_fresh = false;
}

static void take_fresh(struct seat *seat)
{
	if (seat->claims.user)
		token_claims_free(&seat->claims);
	seat->claims = seat->fresh;
	seat->fresh = (struct token_claims){0};
	seat->has_fresh = false;
}

void bearer_begin(struct seat *seat)
{
	struct desk *d = seat->desk;
	struct wall due = {seat->claims.expires.ms - (int64_t)d->parts.auth_expiring_ms};

	seat->is_warned = false;
	if (seat->claims.expires.ms)
		vigil_start(&d->vigil, &seat->watch, due, now_of(d));
}

static void start_patience(struct seat *seat)
{
	timer_start(&seat->patience, &seat->desk->patience, loop_now(seat->desk->parts.loop));
}

void bearer_await(struct seat *seat)
{
	seat->is_bare = true;
	seat->pid[0] = '\0';
	if (recovery_is_for(seat))
		crypto_id(seat->pid);
	sio_socket_accept(seat->socket, str_of(seat->id), str_of(seat->pid));
	start_patience(seat);
}

bool bearer_takes(const struct seat *seat, enum event event)
{
	return event == EVENT_AUTH && policy_of(seat) != NAMESPACE_ANONYMOUS;
}

/* Asks the broker about the fresh token; ERR_FULL: it cannot be asked now. */
static enum err ask(struct seat *seat, const struct answer_to *to)
{
	struct desk *d = seat->desk;
	struct pending_request request = {.id = pending_next_id(d->parts.pending),
	    .owner = &seat->requests,
	    .type = seat->is_bare ? WIRE_CONNECT : WIRE_AUTH,
	    .event = EVENT_AUTH,
	    .has_ack = to->has_ack,
	    .ack_id = to->ack_id,
	    .started = loop_now(d->parts.loop)};
	const struct token_claims *c = &seat->fresh;
	struct buf grants = {0};
	struct wire_message m = {.type = WIRE_AUTH};

	passport_put_grants(c, &grants);
	if (seat->is_bare) {
		passport_put_connect(
		    seat, c, &(struct passport_lists){buf_bytes(&grants), {0}}, &m);
		m.as.connect.request = request.id;
		m.as.connect.recovery = recovery_is_for(seat);
		m.as.connect.wish = str_of(seat->pid);
	} else {
		m.as.auth = (struct wire_auth){request.id, str_of(seat->id), str_of(c->username),
		    buf_bytes(&grants), str_of(c->id), (uint64_t)c->issued.ms,
		    (uint64_t)c->expires.ms};
	}
	enum err e = desk_ask(d, &request, &m);

	buf_free(&grants);
	return e;
}

void bearer_on_auth(struct seat *seat, const struct answer_to *to, struct str token)
{
	struct desk *d = seat->desk;
	struct token_claims claims;
	const char *detail = "";

	if (policy_of(seat) == NAMESPACE_ANY) {
		answer_accepted(seat, to);
		return;
	}
	if (seat->has_fresh) {
		answer_error(to, &(struct answer_fault){.error = CLIENT_ERROR_UNAVAILABLE,
				     .text = STR("Another token is being checked")});
		return;
	}
	enum token_verdict verdict = token_verify(
	    d->parts.keys, &d->parts.rules, token, loop_wall(d->parts.loop), &claims, &detail);

	if (verdict) {
		refuse(seat, to, token_verdict_code(verdict), detail);
		return;
	}
	seat->fresh = claims;
	seat->has_fresh = true;
	if (!seat->is_bare && strcmp(claims.user, seat->claims.user) != 0) {
		forget_fresh(seat);
		refuse(seat, to, "token_user", "it is another user's");
		return;
	}
	timer_stop(&seat->patience);
	if (ask(seat, to) == ERR_OK)
		return;
	forget_fresh(seat);
	if (seat->is_bare)
		start_patience(seat);
	answer_error(to, &(struct answer_fault){.error = CLIENT_ERROR_UNAVAILABLE});
}

/* ---- answers ---- */

static void enter_room(struct seat *seat, struct str room, uint64_t since)
{
	hub_join(seat->desk->parts.hub, seat->member, room, since);
	entrance_tell_room(seat, room);
}

void bearer_on_connected(const struct pending_request *r, const struct wire_reply *reply)
{
	struct seat *seat = desk_seat_of(r);
	struct answer_to to = answer_to_of(seat, r);

	if (reply->error) {
		forget_fresh(seat);
		start_patience(seat);
		refuse_by(seat, r, reply);
		return;
	}
	take_fresh(seat);
	seat->is_bare = false;
	if (recovery_is_for(seat))
		(void)recovery_on_connected(seat, reply);
	entrance_note_connected(seat);
	answer_accepted(seat, &to);
	entrance_each_room(seat, reply, enter_room);
	bearer_begin(seat);
}

void bearer_on_refreshed(const struct pending_request *r, const struct wire_reply *reply)
{
	struct seat *seat = desk_seat_of(r);
	struct answer_to to = answer_to_of(seat, r);

	if (reply->error) {
		forget_fresh(seat);
		refuse_by(seat, r, reply);
		return;
	}
	take_fresh(seat);
	bearer_begin(seat);
	answer_accepted(seat, &to);
}

void bearer_give_up(struct seat *seat)
{
	forget_fresh(seat);
}

/* ---- who came back ---- */

static void read_grants(struct bytes map, struct token_claims *c)
{
	struct bytes raw;
	struct value head, room;

	if (value_map_get(map, STR("grants"), &raw))
		return;
	struct value_reader r = value_reader(raw);

	if (value_next(&r, &head) || head.type != VALUE_ARRAY || head.as.count == 0 ||
	    head.as.count > LIMIT_ROOMS_PER_SOCKET)
		return;
	c->rooms = xcalloc(head.as.count, sizeof(*c->rooms));
	while (c->room_count < head.as.count && !value_next(&r, &room) && room.type == VALUE_STR)
		c->rooms[c->room_count++] = str_dup(room.as.s);
}

enum err bearer_recognise(struct seat *seat, const struct wire_reply *reply)
{
	struct bytes map;

	if (value_map_get(reply->value, STR("bearer"), &map))
		return ERR_MALFORMED;
	struct str user = value_map_str(map, STR("user"), STR(""));
	struct str id = value_map_str(map, STR("tokenId"), STR(""));

	if (user.len == 0)
		return ERR_MALFORMED;
	seat->claims = (struct token_claims){.user = str_dup(user),
	    .username = str_dup(value_map_str(map, STR("username"), STR(""))),
	    .id = id.len ? str_dup(id) : NULL,
	    .issued = {(int64_t)value_map_u64(map, STR("issued"), 0)},
	    .expires = {(int64_t)value_map_u64(map, STR("expires"), 0)}};
	read_grants(map, &seat->claims);
	return ERR_OK;
}

/* ---- time ---- */

static void on_due(struct desk *d, struct seat *seat)
{
	struct vigil_now now = now_of(d);
	struct wall end = {seat->claims.expires.ms + (int64_t)d->parts.rules.leeway_ms};

	if (!seat->is_warned) {
		seat->is_warned = true;
		emit_expiring(seat);
		vigil_start(&d->vigil, &seat->watch, end, now);
	} else if (seat->has_fresh) {
		/* It has done what it should, and the broker is to answer. */
		vigil_start(
		    &d->vigil, &seat->watch, (struct wall){now.wall.ms + FRESH_WAIT_MS}, now);
	} else {
		bearer_end(seat, CLIENT_ERROR_TOKEN_EXPIRED);
	}
}

void bearer_expire(struct desk *d, struct mono now)
{
	struct vigil_now both = {now, loop_wall(d->parts.loop)};
	struct watch *w;
	struct timer *t;

	while ((w = vigil_next(&d->vigil, both)))
		on_due(d, CONTAINER_OF(w, struct seat, watch));
	while ((t = timer_queue_expire(&d->patience, now)))
		bearer_end(
		    CONTAINER_OF(t, struct seat, patience), CLIENT_ERROR_AUTHENTICATION_REQUIRED);
}

void bearer_free(struct seat *seat)
{
	timer_stop(&seat->patience);
	vigil_stop(&seat->watch);
	forget_fresh(seat);
}
