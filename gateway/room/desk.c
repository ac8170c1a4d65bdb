#include "gateway/room/desk.h"

#include "common/log.h"
#include "gateway/metrics.h"
#include "gateway/room/bearer.h"
#include "gateway/room/errand.h"
#include "gateway/room/haste.h"
#include "gateway/room/petition.h"
#include "gateway/room/recovery.h"
#include "gateway/sio/socket.h"
#include "proto/events.h"
#include "proto/value_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct desk *desk_new(const struct desk_parts *parts)
{
	struct desk *d = xcalloc(1, sizeof(*d));

	d->parts = *parts;
	d->rulebooks = rulebooks_new(parts->namespaces, parts->namespace_count);
	vigil_init(&d->vigil);
	timer_queue_init(&d->patience, parts->auth_timeout_ms);
	for (size_t i = 0; i < parts->namespace_count; i++) {
		if (parts->namespaces[i].auth == NAMESPACE_ANY)
			log_warn("namespace.open", LOG_Z(NSP, parts->namespaces[i].name),
			    LOG_Z(HINT, "auth = any accepts everybody and every token: for load "
					"tests only, never where real users are"));
	}
	return d;
}

void desk_free(struct desk **d)
{
	if (!*d)
		return;
	assert(!(*d)->seats);
	rulebooks_free(&(*d)->rulebooks);
	free(*d);
	*d = NULL;
}

void desk_set_uplink(struct desk *d, struct uplink *u)
{
	d->uplink = u;
}

size_t desk_connected(const struct desk *d)
{
	return d->connected;
}

struct seat *desk_seat_of(const struct pending_request *r)
{
	return r->owner ? CONTAINER_OF(r->owner, struct seat, requests) : NULL;
}

/* ---- asking ---- */

enum err desk_ask(struct desk *d, struct pending_request *request, const struct wire_message *m)
{
	struct buf b = {0};
	enum err e;

	if (uplink_is_full(d->uplink))
		return ERR_FULL;
	wire_put(&b, m);
	request->message = buf_seal(&b);
	/* While the link is away it waits; resume sends it. */
	request->was_sent = uplink_is_up(d->uplink);
	e = pending_add(d->parts.pending, request, loop_now(d->parts.loop));
	if (!e && request->was_sent)
		e = uplink_send(d->uplink, m);
	frame_unref(&request->message);
	return e;
}

/* Moderators have no events where the namespace has no moderation: their names are free. */
static enum event event_of(const struct seat *seat, struct str name)
{
	enum event event = event_find(name);

	return event_is_moderation(event) && !seat->is_moderated ? EVENT_UNKNOWN : event;
}

static bool is_for_worker(const struct petition *p)
{
	if (p->event == EVENT_AUTH)
		return !bearer_takes(p->seat, p->event);
	return p->seat->is_errand || p->event == EVENTS;
}

static void on_event(void *up, struct sio_socket *s, const struct sio_event *event)
{
	struct desk *d = up;
	struct petition p = {
	    .desk = d,
	    .seat = sio_socket_owner(s),
	    .event = event_find(event->name),
	    .to = {s, event->has_ack, event->ack_id, str_of(d->parts.error_event), STR("")},
	};
	struct buf details = {0};

	metric_event_in(d->parts.metrics, metric_event_of(p.event));
	if (!p.seat || (!p.seat->is_connected && !p.seat->is_bare))
		return;
	p.event = event_of(p.seat, event->name);
	p.to.offset = recovery_offset(p.seat);
	if (haste_refuses(p.seat, &p.to))
		return;
	if (p.seat->is_bare && p.event != EVENT_AUTH) {
		petition_fail(&p, CLIENT_ERROR_AUTHENTICATION_REQUIRED);
		return;
	}
	/* What has no name here may have one at a worker; the broker knows whether there is one. */
	if (is_for_worker(&p)) {
		enum err e = errand_event(p.seat, event);

		if (e)
			petition_fail(&p, e == ERR_TOO_BIG ? CLIENT_ERROR_INVALID_MESSAGE
							   : CLIENT_ERROR_UNAVAILABLE);
		return;
	}
	if (!petition_is_for(p.event))
		petition_fail(&p, CLIENT_ERROR_UNKNOWN_EVENT);
	else if (shape_check(rulebooks_find(d->rulebooks, sio_socket_nsp(s)), p.event, event->args,
		     &p.fields, &details) == ERR_OK)
		petition_send(&p);
	else
		answer_error(&p.to, &(struct answer_fault){.error = CLIENT_ERROR_INVALID_MESSAGE,
					.details = buf_bytes(&details)});
	buf_free(&details);
}

static void on_oversize(void *up, struct sio_socket *s, bool has_ack, uint64_t ack_id)
{
	const struct desk *d = up;
	const struct seat *seat = sio_socket_owner(s);
	struct answer_to to = {s, has_ack, ack_id, str_of(d->parts.error_event),
	    seat ? recovery_offset(seat) : STR("")};

	answer_error(&to, &(struct answer_fault){.error = CLIENT_ERROR_PAYLOAD_TOO_LARGE});
}

/* Only what workers send carries an ack id. */
static void on_ack(void *up, struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	const struct seat *seat = sio_socket_owner(s);

	(void)up;
	if (seat && (seat->is_errand || seat->is_asked))
		errand_ack(seat, ack_id, args);
}

const struct sio_events desk_sio_events = {
    .on_connect = entrance_on_connect,
    .on_event = on_event,
    .on_oversize = on_oversize,
    .on_ack = on_ack,
    .on_disconnect = entrance_on_disconnect,
};

/* ---- answers ---- */

struct answer_to desk_answer_to(const struct desk *d, const struct pending_request *r)
{
	const struct seat *seat = desk_seat_of(r);

	return (struct answer_to){seat->socket, r->has_ack, r->ack_id, str_of(d->parts.error_event),
	    recovery_offset(seat)};
}

static void log_message(const struct pending_request *r, const struct wire_reply *reply)
{
	const struct seat *seat = desk_seat_of(r);

	/* Stored before, and logged then. */
	if (value_map_is_true(reply->value, STR("duplicate")))
		return;
	log_info("message.stored", LOG_Z(USER_ID, seat->claims.user), LOG_Z(ROOM_ID, r->room),
	    LOG_U(LENGTH, r->length),
	    LOG_S(MESSAGE_ID, value_map_str(reply->value, STR("id"), STR(""))));
}

/* What a good answer changes here, before the client hears of it. */
static void apply(struct desk *d, const struct pending_request *r, const struct wire_reply *reply)
{
	struct seat *seat = desk_seat_of(r);

	if (r->type == WIRE_JOIN)
		hub_join(d->parts.hub, seat->member, str_of(r->room), reply->gseq);
	else if (r->type == WIRE_LEAVE)
		hub_leave(d->parts.hub, seat->member, str_of(r->room));
}

static void answer(struct desk *d, const struct pending_request *r, const struct wire_reply *reply)
{
	struct answer_to to = desk_answer_to(d, r);

	if (reply->error) {
		answer_error(&to, &(struct answer_fault){.error = (enum client_error)reply->error,
				      .text = reply->text,
				      .retry_after_ms = reply->retry_after_ms});
		return;
	}
	if (r->type == WIRE_EVENT) {
		errand_on_reply(r, reply);
		return;
	}
	apply(d, r, reply);
	answer_ok(&to, reply->value);
	if (r->type == WIRE_JOIN)
		entrance_emit_room(to.socket, EVENT_ROOM_JOINED, str_of(r->room));
	else if (r->type == WIRE_LEAVE)
		entrance_emit_room(to.socket, EVENT_ROOM_LEFT, str_of(r->room));
	else if (r->type == WIRE_PUBLISH)
		log_message(r, reply);
}

bool desk_is_entering(const struct pending_request *r)
{
	return r->type == WIRE_CONNECT || r->type == WIRE_REPLAY;
}

static void on_reply(struct desk *d, const struct wire_reply *reply)
{
	const struct pending_request *r = pending_find(d->parts.pending, reply->request);

	if (!r)
		return;
	metrics_observe_us(d->parts.metrics, METRIC_MESSAGE_DURATION,
	    desk_is_entering(r) ? METRIC_EVENT_CONNECTION : metric_event_of((enum event)r->event),
	    0, mono_us_between(r->started, loop_now(d->parts.loop)));
	if (r->owner && r->type == WIRE_CONNECT && desk_seat_of(r)->is_bare)
		bearer_on_connected(r, reply);
	else if (r->owner && r->type == WIRE_AUTH)
		bearer_on_refreshed(r, reply);
	else if (r->owner && r->type == WIRE_CONNECT)
		entrance_on_reply(desk_seat_of(r), reply);
	else if (r->owner && r->type == WIRE_REPLAY)
		recovery_on_page(desk_seat_of(r), reply);
	else if (r->owner)
		answer(d, r, reply);
	pending_remove(d->parts.pending, reply->request);
}

static void on_message(void *up, const struct wire_message *m)
{
	struct desk *d = up;

	if (m->type == WIRE_REPLY) {
		on_reply(d, &m->as.reply);
	} else if (m->type == WIRE_DELIVER) {
		metric_event_out(d->parts.metrics, metric_event_of(event_find(m->as.deliver.event)),
		    recovery_deliver(d, &m->as.deliver));
	} else if (!errand_on_message(d, m)) {
		log_warn("link.unexpected", LOG_Z(MESSAGE, wire_name(m->type)));
	}
}

const struct uplink_events desk_uplink_events = {
    .on_gap = resume_on_gap,
    .on_linked = resume_on_linked,
    .on_up = resume_on_up,
    .on_down = resume_on_down,
    .on_message = on_message,
};
