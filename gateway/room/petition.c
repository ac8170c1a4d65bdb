#include "gateway/room/petition.h"

#include "gateway/room/bearer.h"

#include <string.h>

static void ask(const struct petition *p, struct wire_message *m, uint64_t *request_field)
{
	struct desk *d = p->desk;
	struct pending_request request = {
	    .id = pending_next_id(d->parts.pending),
	    .owner = &p->seat->requests,
	    .type = m->type,
	    .event = p->event,
	    .has_ack = p->to.has_ack,
	    .ack_id = p->to.ack_id,
	    .length = p->fields.content_chars,
	    .started = loop_now(d->parts.loop),
	};

	memcpy(request.room, p->fields.room_id.p, p->fields.room_id.len);
	*request_field = request.id;
	if (desk_ask(d, &request, m))
		petition_fail(p, CLIENT_ERROR_UNAVAILABLE);
}

static void on_join(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_JOIN};

	m.as.join.socket = str_of(p->seat->id);
	m.as.join.room = p->fields.room_id;
	ask(p, &m, &m.as.join.request);
}

static void on_leave(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_LEAVE};

	m.as.leave.socket = str_of(p->seat->id);
	m.as.leave.room = p->fields.room_id;
	ask(p, &m, &m.as.leave.request);
}

static void on_publish(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_PUBLISH};

	m.as.publish.socket = str_of(p->seat->id);
	m.as.publish.room = p->fields.room_id;
	m.as.publish.type = p->fields.type;
	m.as.publish.content = p->fields.content;
	m.as.publish.message_id = p->fields.message_id;
	ask(p, &m, &m.as.publish.request);
}

static void on_typing(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_TYPING};

	/* Old news of typing is worth nothing: it does not wait for the link. */
	if (!uplink_is_up(p->desk->uplink)) {
		if (p->to.has_ack)
			petition_fail(p, CLIENT_ERROR_UNAVAILABLE);
		return;
	}
	m.as.typing.socket = str_of(p->seat->id);
	m.as.typing.room = p->fields.room_id;
	ask(p, &m, &m.as.typing.request);
}

static void on_history(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_HISTORY};

	m.as.history.socket = str_of(p->seat->id);
	m.as.history.room = p->fields.room_id;
	m.as.history.before = p->fields.before;
	m.as.history.after = p->fields.after;
	m.as.history.has_after = p->fields.has_after;
	m.as.history.limit = p->fields.limit;
	ask(p, &m, &m.as.history.request);
}

static void on_users(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_USERS};

	m.as.users.socket = str_of(p->seat->id);
	m.as.users.room = p->fields.room_id;
	ask(p, &m, &m.as.users.request);
}

static void on_moderation(const struct petition *p)
{
	struct wire_message m = {.type = WIRE_MODERATE};

	m.as.moderate = (struct wire_moderate){
	    .socket = str_of(p->seat->id),
	    .action = event_name(p->event),
	    .room = p->fields.room_id,
	    .user = p->fields.user_id,
	    .duration_ms = p->fields.duration_ms,
	    .reason = p->fields.reason,
	};
	ask(p, &m, &m.as.moderate.request);
}

static void on_auth(const struct petition *p)
{
	bearer_on_auth(p->seat, &p->to, p->fields.token);
}

static void (*const on_petition[EVENTS + 1])(const struct petition *p) = {
    [EVENT_JOIN_ROOM] = on_join,
    [EVENT_LEAVE_ROOM] = on_leave,
    [EVENT_MESSAGE] = on_publish,
    [EVENT_TYPING] = on_typing,
    [EVENT_HISTORY] = on_history,
    [EVENT_ROOM_USERS] = on_users,
    [EVENT_KICK] = on_moderation,
    [EVENT_BAN] = on_moderation,
    [EVENT_UNBAN] = on_moderation,
    [EVENT_MUTE] = on_moderation,
    [EVENT_UNMUTE] = on_moderation,
    [EVENT_AUTH] = on_auth,
};

bool petition_is_for(enum event event)
{
	return on_petition[event] != NULL;
}

void petition_send(const struct petition *p)
{
	on_petition[p->event](p);
}

void petition_fail(const struct petition *p, enum client_error error)
{
	answer_error(&p->to, &(struct answer_fault){.error = error});
}
