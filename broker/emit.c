#include "broker/emit.h"

#include "broker/admin_priv.h"
#include "broker/member.h"
#include "broker/say.h"
#include "common/log.h"
#include "proto/events.h"
#include "proto/value_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SHOWN = 64 }; /* bytes of a name in a sentence about it */

/* Who hears it: the members of a room, or one session. */
struct audience {
	struct room *room;
	struct session **sessions; /* live, and let in */
	size_t count;
	uint64_t gateways;
};

static PRINTF(3, 4) enum err refuse(enum err e, char *ret_text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_text, EMIT_TEXT_SIZE, format, args);
	va_end(args);
	return e;
}

static bool is_array(struct bytes value)
{
	struct value_reader r = value_reader(value);
	struct value head;

	return value_next(&r, &head) == ERR_OK && head.type == VALUE_ARRAY;
}

static enum err check(const struct broker *b, const struct emit_order *o, char *ret_text)
{
	size_t targets = (o->socket.len > 0) + (o->user.len > 0) + (o->room.len > 0);

	if (targets != 1)
		return refuse(ERR_INVALID, ret_text, "for whom? A user, a room or a socket");
	if (!namespaces_find(b->config.namespaces, b->config.namespace_count, o->nsp))
		return refuse(ERR_NOT_FOUND, ret_text, "no namespace %.*s in the configuration",
		    STR_ARG(str_cut(o->nsp, NAME_SHOWN)));
	if (o->event.len == 0 || o->event.len > LIMIT_EVENT)
		return refuse(
		    ERR_INVALID, ret_text, "the name of an event has 1 to %d bytes", LIMIT_EVENT);
	if (event_is_reserved(o->event))
		return refuse(ERR_INVALID, ret_text,
		    "\"%.*s\" is a name that clients keep for themselves: hearing it they would "
		    "close the connection",
		    STR_ARG(o->event));
	if (!is_array(o->args) || value_check(o->args, LIMIT_VALUE_DEPTH))
		return refuse(ERR_INVALID, ret_text,
		    "the arguments are no array, or nested deeper than %d", LIMIT_VALUE_DEPTH);
	if (o->args.len > LIMIT_ARGS)
		return refuse(
		    ERR_TOO_BIG, ret_text, "the arguments are longer than %d bytes", LIMIT_ARGS);
	if (o->has_ack && (o->timeout_ms == 0 || o->timeout_ms > EMIT_TIMEOUT_MAX_MS ||
			      o->retries > EMIT_RETRIES_MAX))
		return refuse(ERR_INVALID, ret_text,
		    "timeout must be 1 to %d ms, retries at most %d", EMIT_TIMEOUT_MAX_MS,
		    EMIT_RETRIES_MAX);
	return ERR_OK;
}

/* ---- who hears it ---- */

/* One that a worker has yet to let in hears nothing. */
static bool can_hear(const struct session *s)
{
	return s->peer && (!s->ward || s->ward->is_admitted);
}

static void note(struct audience *a, struct session *s)
{
	if (!can_hear(s))
		return;
	a->sessions = xrealloc(a->sessions, (a->count + 1) * sizeof(struct session *));
	a->sessions[a->count++] = s;
}

static void note_member(void *ctx, const struct member *m)
{
	note(ctx, m->session);
}

static enum err find_members(
    struct broker *b, const struct emit_order *o, struct audience *ret, char *ret_text)
{
	char name[sizeof(ROOM_PERSONAL_PREFIX) + LIMIT_USER];
	struct str room = o->room, shown_nsp = str_cut(o->nsp, NAME_SHOWN);

	if (o->user.len) {
		int len = snprintf(name, sizeof(name), ROOM_PERSONAL_PREFIX "%.*s",
		    STR_ARG(str_cut(o->user, LIMIT_USER)));

		room = (struct str){name, (size_t)len};
	}
	ret->room = rooms_find(b->rooms, o->nsp, room);
	if (!ret->room && !o->user.len)
		return refuse(ERR_NOT_FOUND, ret_text,
		    "no room \"%.*s\" in namespace %.*s; `rooms` lists them, --nsp names another "
		    "namespace",
		    STR_ARG(str_cut(room, NAME_SHOWN)), STR_ARG(shown_nsp));
	if (ret->room)
		room_each_member(ret->room, note_member, ret);
	if (ret->count == 0 && o->user.len)
		return refuse(ERR_UNAVAILABLE, ret_text,
		    "user \"%.*s\" is not connected to namespace %.*s",
		    STR_ARG(str_cut(o->user, NAME_SHOWN)), STR_ARG(shown_nsp));
	if (ret->count == 0)
		return refuse(ERR_UNAVAILABLE, ret_text, "nobody is in room \"%.*s\" of %.*s",
		    STR_ARG(str_cut(room, NAME_SHOWN)), STR_ARG(shown_nsp));
	ret->gateways = ret->room->route.count;
	return ERR_OK;
}

struct search {
	struct str sid, nsp;
	struct session *found;
};

static void note_if_sought(void *ctx, struct session *s)
{
	struct search *search = ctx;

	if (str_eqz(search->sid, s->sid) && str_eqz(search->nsp, s->nsp))
		search->found = s;
}

static enum err find_socket(
    struct broker *b, const struct emit_order *o, struct audience *ret, char *ret_text)
{
	struct search search = {o->socket, o->nsp, NULL};
	struct str shown = str_cut(o->socket, NAME_SHOWN), nsp = str_cut(o->nsp, NAME_SHOWN);

	/* As its client knows it, which after a recovery is not the id of its connection. */
	sessions_each(b->sessions, note_if_sought, &search);
	if (!search.found)
		return refuse(ERR_NOT_FOUND, ret_text,
		    "no socket \"%.*s\" in namespace %.*s; `members` lists those of a room",
		    STR_ARG(shown), STR_ARG(nsp));
	note(ret, search.found);
	if (ret->count == 0)
		return refuse(ERR_UNAVAILABLE, ret_text,
		    "socket \"%.*s\" has no connection now; its client may come back to it",
		    STR_ARG(shown));
	ret->gateways = 1;
	return ERR_OK;
}

/* ---- saying it ---- */

static void send(struct broker *b, const struct emit_order *o, const struct audience *a)
{
	struct wire_message m = {.type = WIRE_SEND};

	if (a->room) {
		say_cast(b, a->room,
		    &(struct wire_cast){.nsp = o->nsp,
			.room = str_of(a->room->name),
			.event = o->event,
			.args = o->args});
		return;
	}
	m.as.send = (struct wire_send){
	    .socket = str_of(a->sessions[0]->id), .event = o->event, .args = o->args};
	say_now(b, a->sessions[0]->peer, &m);
}

static enum err ask(
    struct broker *b, const struct emit_order *o, const struct audience *a, char *ret_text)
{
	enum err e = surveys_check(b->surveys, a->count, o->args.len, ret_text);

	if (!e)
		survey_begin(b->surveys,
		    &(struct survey_order){
			o->asker, o->event, o->args, o->timeout_ms, o->retries, a->gateways},
		    a->sessions, a->count);
	return e;
}

enum err emit_run(struct broker *b, const struct emit_order *order, struct buf *ret_value,
    char ret_text[EMIT_TEXT_SIZE])
{
	struct audience a = {0};
	enum err e = check(b, order, ret_text);

	if (!e)
		e = order->socket.len ? find_socket(b, order, &a, ret_text)
				      : find_members(b, order, &a, ret_text);
	if (!e && order->has_ack)
		e = ask(b, order, &a, ret_text);
	else if (!e)
		send(b, order, &a);
	if (!e)
		log_notice("emit.sent", LOG_S(NSP, order->nsp), LOG_S(MESSAGE, order->event),
		    LOG_U(COUNT, a.count));
	if (!e && !order->has_ack) {
		value_put_map(ret_value, 2);
		value_put_u64_pair(ret_value, STR("sockets"), a.count);
		value_put_u64_pair(ret_value, STR("gateways"), a.gateways);
	}
	free(a.sessions);
	return e;
}

enum err emit_on_command(struct command_call *call)
{
	struct emit_order order = {
	    .nsp = admin_arg_str(call, "nsp", "/chat"),
	    .event = admin_arg_str(call, "event", ""),
	    .socket = admin_arg_str(call, "socket", ""),
	    .user = admin_arg_str(call, "user", ""),
	    .room = admin_arg_str(call, "room", ""),
	    .has_ack = admin_arg_u64(call, "timeout", 0) > 0,
	    .asker = {*call->from, call->request},
	    .timeout_ms = admin_arg_u64(call, "timeout", 0),
	    .retries = admin_arg_u64(call, "retries", 0),
	};

	(void)!value_map_get(call->args, STR("args"), &order.args);
	enum err e = emit_run(call->broker, &order, &call->value, call->why);

	call->is_answered_later = !e && order.has_ack;
	return e;
}
