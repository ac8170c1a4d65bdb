#include "common/log.h"
#include "gateway/metrics.h"
#include "gateway/room/bearer.h"
#include "gateway/room/door.h"
#include "gateway/room/errand.h"
#include "gateway/room/passport.h"
#include "gateway/room/recovery.h"
#include "gateway/sio/socket.h"
#include "proto/events.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Of the payload, else of the header, else what an old client has in its query. */
static struct str find_token(const struct sio_socket *s, struct bytes auth)
{
	const struct door_facts *facts = door_facts_of(s);
	struct str header = str_of(facts->authorization);
	struct str bearer = STR("Bearer ");
	struct bytes raw;
	struct str token;

	if (auth.len && value_map_get(auth, STR("token"), &raw) == ERR_OK &&
	    value_as_str(raw, &token))
		return token;
	if (!str_has_prefix(header, bearer))
		return str_of(facts->token);
	return (struct str){header.p + bearer.len, header.len - bearer.len};
}

static void refuse(struct sio_socket *s, enum token_verdict verdict, const char *detail)
{
	struct str message = verdict == TOKEN_MISSING ? STR("Authentication required")
						      : STR("Invalid authentication");
	struct buf data = {0};

	if (door_note_refusal(s) > REFUSALS_MAX) {
		sio_socket_close_connection(s);
		return;
	}
	log_info("socket.refused", LOG_S(NSP, sio_socket_nsp(s)), LOG_Z(IP, door_facts_of(s)->ip),
	    LOG_Z(REASON, token_verdict_code(verdict)), LOG_Z(MESSAGE, detail));
	value_put_map(&data, 1);
	value_put_str_pair(&data, STR("code"), str_of(token_verdict_code(verdict)));
	sio_socket_refuse(s, message, buf_bytes(&data));
	buf_free(&data);
}

void entrance_free_seat(struct seat **seat)
{
	struct seat *dead = *seat;
	struct desk *d = dead->desk;

	*seat = NULL;
	pending_forget(d->parts.pending, &dead->requests);
	recovery_free(&dead->recovery);
	bearer_free(dead);
	hub_member_free(d->parts.hub, &dead->member);
	if (dead->claims.user)
		token_claims_free(&dead->claims);
	DL_DELETE(d->seats, dead);
	HASH_DEL(d->seats_by_id, dead);
	d->connected -= dead->is_connected;
	sio_socket_set_owner(dead->socket, NULL);
	free(dead->id);
	free(dead->sid);
	free(dead);
}

static const struct namespace_conf *conf_of(const struct desk *d, const struct sio_socket *s)
{
	return namespaces_find(d->parts.namespaces, d->parts.namespace_count, sio_socket_nsp(s));
}

/* A client is told the id of its socket; an old one believes that it knows. */
static char *make_id(const struct sio_socket *s, const char *fresh)
{
	const char *sid = door_facts_of(s)->sid;
	char id[LIMIT_SOCKET_ID + 1];

	if (!sid)
		return xstrdup(fresh);
	if (str_eqz(sio_socket_nsp(s), "/"))
		return xstrdup(sid);
	snprintf(id, sizeof(id), "%.*s#%s", STR_ARG(sio_socket_nsp(s)), sid);
	return xstrdup(id);
}

/* Who sits down. */
enum guest { BEARER, GUEST, BARE };

/* claims: of a BEARER. The name of a guest is what everybody sees: it must not be what opens a
 * connection. */
static struct seat *new_seat(
    struct desk *d, struct sio_socket *s, enum guest who, const struct token_claims *claims)
{
	const struct namespace_conf *conf = conf_of(d, s);
	struct seat *seat = xcalloc(1, sizeof(*seat));
	char fresh[CRYPTO_ID_LEN + 1];

	crypto_id(fresh);
	seat->id = make_id(s, fresh);
	seat->desk = d;
	seat->socket = s;
	seat->member = hub_member_new(s);
	seat->is_errand = conf && conf->handler == NAMESPACE_WORKER;
	seat->is_moderated = conf && !seat->is_errand && conf->moderation;
	seat->since = loop_now(d->parts.loop);
	seat->since_wall = loop_wall(d->parts.loop);
	if (who == BEARER)
		seat->claims = *claims;
	else if (who == GUEST)
		token_claims_guest(str_of(fresh), &seat->claims);
	DL_APPEND(d->seats, seat);
	HASH_ADD_STR(d->seats_by_id, id, seat);
	sio_socket_set_owner(s, seat);
	return seat;
}

void entrance_renew(struct seat *seat)
{
	struct desk *d = seat->desk;
	char fresh[CRYPTO_ID_LEN + 1];

	hub_member_free(d->parts.hub, &seat->member);
	seat->member = hub_member_new(seat->socket);
	HASH_DEL(d->seats_by_id, seat);
	crypto_id(fresh);
	free(seat->id);
	free(seat->sid);
	seat->id = xstrdup(fresh);
	seat->sid = NULL;
	seat->pid[0] = '\0';
	HASH_ADD_STR(d->seats_by_id, id, seat);
}

void entrance_knock(struct seat *seat, struct bytes auth)
{
	struct desk *d = seat->desk;
	struct pending_request request = {.id = pending_next_id(d->parts.pending),
	    .owner = &seat->requests,
	    .type = WIRE_CONNECT,
	    .started = seat->since};
	struct buf grants = {0};
	struct wire_message m;

	passport_put_grants(&seat->claims, &grants);
	passport_put_connect(
	    seat, &seat->claims, &(struct passport_lists){buf_bytes(&grants), {0}}, &m);
	m.as.connect.request = request.id;
	if (seat->is_errand)
		m.as.connect.auth = auth;
	recovery_put_claim(seat, auth, &m.as.connect);
	/* Not a refusal: stock clients never come back from that. */
	if (desk_ask(d, &request, &m))
		sio_socket_close_connection(seat->socket);
	buf_free(&grants);
}

static void admit_bearer(struct desk *d, struct sio_socket *s, struct bytes auth)
{
	struct token_claims claims;
	const char *detail = "";
	struct str token = find_token(s, auth);
	enum token_verdict verdict = token_verify(
	    d->parts.keys, &d->parts.rules, token, loop_wall(d->parts.loop), &claims, &detail);

	metric_event_in(d->parts.metrics, METRIC_EVENT_CONNECTION);
	if (verdict != TOKEN_OK) {
		refuse(s, verdict, detail);
		return;
	}
	if (!uplink_is_up(d->uplink)) {
		token_claims_free(&claims);
		sio_socket_close_connection(s);
		return;
	}
	entrance_knock(new_seat(d, s, BEARER, &claims), auth);
}

/* Whoever comes; nobody asks for a token, and none is looked at. */
static void admit_guest(struct desk *d, struct sio_socket *s, struct bytes auth)
{
	metric_event_in(d->parts.metrics, METRIC_EVENT_CONNECTION);
	if (uplink_is_up(d->uplink))
		entrance_knock(new_seat(d, s, GUEST, NULL), auth);
	else
		sio_socket_close_connection(s);
}

/*
 * Who says later who he is. With the pid of a session the broker is asked whether he has it back,
 * and it answers who he is.
 */
static void admit_bare(struct desk *d, struct sio_socket *s, struct bytes auth)
{
	struct seat *seat;

	metric_event_in(d->parts.metrics, METRIC_EVENT_CONNECTION);
	if (!uplink_is_up(d->uplink)) {
		sio_socket_close_connection(s);
		return;
	}
	seat = new_seat(d, s, BARE, NULL);
	if (recovery_has_claim(seat, auth))
		entrance_knock(seat, auth);
	else
		bearer_await(seat);
}

void entrance_on_connect(void *up, struct sio_socket *s, struct bytes auth)
{
	struct desk *d = up;
	const struct namespace_conf *conf = conf_of(d, s);

	if (conf && (conf->auth == NAMESPACE_ANONYMOUS || conf->auth == NAMESPACE_ANY))
		admit_guest(d, s, auth);
	else if (conf && conf->auth == NAMESPACE_DEFERRED && find_token(s, auth).len == 0)
		admit_bare(d, s, auth);
	else
		admit_bearer(d, s, auth);
}

void entrance_emit_room(struct sio_socket *s, enum event event, struct str room)
{
	struct str offset = recovery_offset(sio_socket_owner(s));
	struct buf args = {0};

	value_put_array(&args, offset.len ? 2 : 1);
	value_put_map(&args, 1);
	value_put_str_pair(&args, STR("roomId"), room);
	if (offset.len)
		value_put_str(&args, offset);
	sio_socket_emit(s, event_name(event), buf_bytes(&args));
	buf_free(&args);
}

void entrance_tell_room(struct seat *seat, struct str room)
{
	/* The personal room comes of itself; the stored memberships are news. */
	if (!seat->is_errand && !str_has_prefix(room, STR("user:")))
		entrance_emit_room(seat->socket, EVENT_ROOM_JOINED, room);
}

static void enter_room(struct seat *seat, struct str room, uint64_t since)
{
	hub_join(seat->desk->parts.hub, seat->member, room, since);
	entrance_tell_room(seat, room);
}

void entrance_each_room(struct seat *seat, const struct wire_reply *reply,
    void (*fn)(struct seat *seat, struct str room, uint64_t since))
{
	struct bytes rooms;
	struct value head, room;

	if (value_map_get(reply->value, STR("rooms"), &rooms))
		return;
	struct value_reader r = value_reader(rooms);

	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		return;
	for (uint32_t i = 0; i < head.as.count; i++) {
		if (value_next(&r, &room) || room.type != VALUE_STR)
			return;
		fn(seat, room.as.s, reply->gseq);
	}
}

void entrance_note_connected(struct seat *seat)
{
	const struct door_facts *facts = door_facts_of(seat->socket);
	struct str sid = str_of(seat->sid ? seat->sid : seat->id);

	seat->is_connected = true;
	seat->desk->connected++;
	log_info("socket.connected", LOG_Z(USER_ID, seat->claims.user), LOG_S(SOCKET_ID, sid),
	    LOG_Z(IP, facts->ip), LOG_Z(USER_AGENT, facts->user_agent),
	    LOG_S(NSP, sio_socket_nsp(seat->socket)), LOG_Z(TRANSPORT, facts->transport));
}

/* Too many connects. As a middleware of the reference would say it: a stock client tries again only
 * when its application does. */
static void refuse_hasty(struct seat *seat, const struct wire_reply *reply)
{
	const struct client_error_row *row = client_error_row((enum client_error)reply->error);
	struct sio_socket *s = seat->socket;
	struct buf data = {0};

	if (door_note_refusal(s) > REFUSALS_MAX) {
		sio_socket_close_connection(s);
		return;
	}
	value_put_map(&data, 2);
	value_put_str_pair(&data, STR("code"), str_of(row->code));
	value_put_u64_pair(&data, STR("retryAfter"), reply->retry_after_ms);
	entrance_free_seat(&seat);
	sio_socket_refuse(s, str_of(row->message), buf_bytes(&data));
	buf_free(&data);
}

void entrance_admit(struct seat *seat)
{
	sio_socket_accept(
	    seat->socket, str_of(seat->sid ? seat->sid : seat->id), str_of(seat->pid));
	entrance_note_connected(seat);
	bearer_begin(seat);
}

void entrance_on_reply(struct seat *seat, const struct wire_reply *reply)
{
	if (!seat->claims.user && reply->error == CLIENT_ERROR_AUTHENTICATION_REQUIRED) {
		bearer_await(seat);
		return;
	}
	if ((seat->is_errand && reply->error == CLIENT_ERROR_ACCESS_DENIED) ||
	    reply->error == CLIENT_ERROR_USER_BANNED ||
	    reply->error == CLIENT_ERROR_TOKEN_REVOKED) {
		errand_refuse(seat, reply);
		return;
	}
	if (reply->error == CLIENT_ERROR_RATE_LIMITED) {
		refuse_hasty(seat, reply);
		return;
	}
	if (reply->error || (!seat->claims.user && bearer_recognise(seat, reply))) {
		/* The broker's trouble, not the client's: it shall come back. */
		sio_socket_close_connection(seat->socket);
		return;
	}
	if (recovery_is_for(seat) && recovery_on_connected(seat, reply))
		return;
	entrance_admit(seat);
	entrance_each_room(seat, reply, enter_room);
}

void entrance_on_timeout(struct seat *seat)
{
	sio_socket_close_connection(seat->socket);
}

static const char *end_reason(const struct sio_socket *s, enum sio_end why)
{
	const char *reason = door_facts_of(s)->reason;

	switch (why) {
	case SIO_END_CLIENT:
		return "client namespace disconnect";
	case SIO_END_SERVER:
		return "server namespace disconnect";
	case SIO_END_TRANSPORT:
		break;
	}
	return reason ? reason : "transport close";
}

void entrance_on_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	struct desk *d = up;
	struct seat *seat = sio_socket_owner(s);
	const char *reason = end_reason(s, why);
	struct wire_message m = {.type = WIRE_DISCONNECT};

	if (!seat)
		return;
	metric_event_in(d->parts.metrics, METRIC_EVENT_DISCONNECT);
	log_info("socket.disconnected", LOG_Z(USER_ID, seat->claims.user),
	    LOG_Z(SOCKET_ID, seat->sid ? seat->sid : seat->id), LOG_Z(REASON, reason),
	    LOG_U(DURATION, mono_ms_between(seat->since, loop_now(d->parts.loop))));
	m.as.disconnect.socket = str_of(seat->id);
	m.as.disconnect.reason = str_of(reason);
	m.as.disconnect.is_lost = why == SIO_END_TRANSPORT && door_facts_of(s)->is_lost;
	/* Without a link there is nothing to say: the next announcement leaves it out. */
	if (!seat->is_bare || seat->has_fresh)
		(void)!uplink_send(d->uplink, &m);
	entrance_free_seat(&seat);
}
