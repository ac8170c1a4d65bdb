#include "gateway/room/recovery.h"

#include "common/log.h"
#include "gateway/room/door.h"
#include "gateway/sio/socket.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/*
 * So many fetch at a time, the others wait for one of them to end: what is on its way to those who
 * come back stands before what all others are to get, and is kept until all of it is there.
 */
enum { FETCHING_MAX = 8 };

/* What is being fetched: what has a gseq above `after` up to `until`. */
struct recovery {
	struct seat *seat;
	uint64_t after, until;
	size_t count; /* events there so far */
	bool is_fetching;
	struct recovery *prev, *next; /* of those that wait, in the desk */
};

bool recovery_is_for(const struct seat *seat)
{
	/* Clients of Engine.IO revision 3 know nothing of it. */
	return seat->desk->parts.recovery && !seat->is_errand && !door_facts_of(seat->socket)->sid;
}

/* ---- offsets ---- */

/* Everything stored up to there was delivered to this gateway. */
static uint64_t position(const struct desk *d)
{
	return uplink_place(d->uplink);
}

static struct str text(struct desk *d, uint64_t gseq)
{
	offset_text(&(struct offset){uplink_epoch(d->uplink), gseq}, d->offset);
	return str_of(d->offset);
}

void recovery_on_linked(struct desk *d)
{
	/* Numbers of two databases have no order. */
	if (d->epoch != uplink_epoch(d->uplink))
		d->known_to_some = 0;
	d->epoch = uplink_epoch(d->uplink);
	trail_begin(d->parts.trail, d->epoch, position(d));
}

struct str recovery_offset(const struct seat *seat)
{
	uint64_t place = position(seat->desk);

	if (!recovery_is_for(seat))
		return STR("");
	return text(seat->desk, seat->known > place ? seat->known : place);
}

/*
 * Of what is not stored and goes to many: where the gateway is. None while somebody knows more, who
 * has got what he missed before the gateway has: it would take him back. He keeps the offset he
 * has.
 */
static struct str common_offset(struct desk *d)
{
	return position(d) < d->known_to_some ? STR("") : text(d, position(d));
}

/* The arguments, an array, and one more. */
static void put_args(struct buf *out, struct bytes args, struct str offset)
{
	struct value_reader r = value_reader(args);
	struct value head;

	if (value_next(&r, &head) || head.type != VALUE_ARRAY) {
		buf_put(out, args);
		return;
	}
	value_put_array(out, head.as.count + 1);
	buf_put(out, bytes_of(r.p, (size_t)(r.end - r.p)));
	value_put_str(out, offset);
}

struct str recovery_offset_in(struct desk *d, struct str nsp)
{
	const struct namespace_conf *n =
	    namespaces_find(d->parts.namespaces, d->parts.namespace_count, nsp);
	bool has_offsets = d->parts.recovery && n && n->handler == NAMESPACE_ROOMS;

	return has_offsets ? common_offset(d) : STR("");
}

void recovery_append(struct buf *args, struct str offset)
{
	struct buf whole = {0};

	if (offset.len == 0)
		return;
	put_args(&whole, buf_bytes(args), offset);
	buf_free(args);
	*args = whole;
}

static size_t deliver_as(struct desk *d, const struct wire_deliver *deliver)
{
	struct hub_reach reach = hub_deliver(d->parts.hub, deliver);

	if (deliver->gseq && reach.sockets)
		trail_note(d->parts.trail, &(struct trail_step){.gseq = deliver->gseq,
					       .at = clock_wall(),
					       .sockets = (uint32_t)reach.sockets,
					       .lagging = (uint32_t)reach.lagging});
	return reach.sockets;
}

size_t recovery_deliver(struct desk *d, const struct wire_deliver *deliver)
{
	struct wire_deliver marked = *deliver;
	struct buf args = {0};

	if (!d->parts.recovery)
		return deliver_as(d, deliver);
	struct str offset = deliver->gseq ? text(d, deliver->gseq) : common_offset(d);

	if (offset.len == 0)
		return deliver_as(d, deliver);
	/* Once for all who get it. */
	put_args(&args, deliver->args, offset);
	marked.args = buf_bytes(&args);
	size_t reached = deliver_as(d, &marked);

	buf_free(&args);
	return reached;
}

/* ---- coming back ---- */

/* A string of that key, not longer than that; empty when there is none. */
static bool find_text(struct bytes map, struct str key, size_t limit, struct str *ret)
{
	struct bytes raw;
	struct value_reader r;
	struct value v = {.type = VALUE_NIL};

	*ret = STR("");
	if (map.len == 0 || value_map_get(map, key, &raw))
		return true;
	r = value_reader(raw);
	if (value_next(&r, &v) || v.type == VALUE_NIL)
		return true;
	*ret = v.type == VALUE_STR ? v.as.s : STR("");
	return v.type == VALUE_STR && v.as.s.len > 0 && v.as.s.len <= limit;
}

bool recovery_has_claim(const struct seat *seat, struct bytes auth)
{
	struct str pid;

	return recovery_is_for(seat) && find_text(auth, STR("pid"), LIMIT_PID, &pid) && pid.len;
}

void recovery_put_claim(const struct seat *seat, struct bytes auth, struct wire_connect *c)
{
	struct str pid, offset;

	c->recovery = recovery_is_for(seat);
	/* What is no pid or no offset is the claim of nobody. */
	if (!c->recovery || !find_text(auth, STR("pid"), LIMIT_PID, &pid) ||
	    !find_text(auth, STR("offset"), LIMIT_OFFSET, &offset))
		return;
	c->pid = pid;
	c->offset = offset;
}

static void close_connection(const struct seat *seat)
{
	/* The client comes again, with the same claim. */
	sio_socket_close_connection(seat->socket);
}

static void ask_page(struct seat *seat)
{
	struct desk *d = seat->desk;
	struct pending_request request = {.id = pending_next_id(d->parts.pending),
	    .owner = &seat->requests,
	    .type = WIRE_REPLAY,
	    .started = loop_now(d->parts.loop)};
	struct wire_message m = {.type = WIRE_REPLAY};

	m.as.replay = (struct wire_replay){
	    request.id, str_of(seat->id), seat->recovery->after, seat->recovery->until};
	if (desk_ask(d, &request, &m))
		close_connection(seat);
}

static void enter(struct seat *seat, struct str room, uint64_t since)
{
	hub_join(seat->desk->parts.hub, seat->member, room, since);
}

/* The first that waits begins, as long as there is room. */
static void begin_waiting(struct desk *d)
{
	struct recovery *r;

	while (d->fetching < FETCHING_MAX && uplink_is_up(d->uplink) && (r = d->waiting)) {
		DL_DELETE(d->waiting, r);
		r->is_fetching = true;
		d->fetching++;
		ask_page(r->seat);
	}
}

void recovery_free(struct recovery **r)
{
	struct recovery *dead = *r;
	struct desk *d = dead ? dead->seat->desk : NULL;

	*r = NULL;
	if (!dead)
		return;
	if (dead->is_fetching)
		d->fetching--;
	else
		DL_DELETE(d->waiting, dead);
	free(dead);
	begin_waiting(d);
}

static void finish(struct seat *seat)
{
	recovery_free(&seat->recovery);
	entrance_admit(seat);
}

bool recovery_on_connected(struct seat *seat, const struct wire_reply *reply)
{
	struct desk *d = seat->desk;
	struct bytes value = reply->value;
	uint64_t until = value_map_u64(value, STR("until"), 0);
	struct str pid = value_map_str(value, STR("pid"), STR(""));
	struct str sid = value_map_str(value, STR("sid"), STR(""));

	if (pid.len <= LIMIT_PID)
		snprintf(seat->pid, sizeof(seat->pid), "%.*s", STR_ARG(pid));
	free(seat->sid);
	seat->sid = sid.len && sid.len <= LIMIT_SOCKET_ID ? str_dup(sid) : NULL;
	/* Of what was decided before it misses nothing, or fetches it. */
	seat->known = until;
	if (!value_map_is_true(value, STR("recovered")) || !seat->sid)
		return false;
	if (until > d->known_to_some)
		d->known_to_some = until;
	seat->recovery = xcalloc(1, sizeof(*seat->recovery));
	*seat->recovery = (struct recovery){
	    .seat = seat, .after = value_map_u64(value, STR("after"), 0), .until = until};
	DL_APPEND(d->waiting, seat->recovery);
	sio_socket_hold(seat->socket, d->parts.recovery_max_bytes);
	entrance_each_room(seat, reply, enter);
	if (seat->recovery->after < until)
		begin_waiting(d);
	else
		finish(seat);
	return true;
}

/* Not all of it can be had: it leaves the session for good, and is let in as a new one. */
static void begin_anew(struct seat *seat)
{
	struct desk *d = seat->desk;
	struct wire_message m = {.type = WIRE_DISCONNECT};

	log_info("socket.unrecovered", LOG_Z(USER_ID, seat->claims.user),
	    LOG_Z(SOCKET_ID, seat->sid), LOG_Z(REASON, "it missed more than can be sent again"));
	m.as.disconnect.socket = str_of(seat->id);
	m.as.disconnect.reason = STR("session not recovered");
	if (uplink_send(d->uplink, &m)) {
		close_connection(seat);
		return;
	}
	recovery_free(&seat->recovery);
	sio_socket_forget(seat->socket);
	entrance_renew(seat);
	entrance_knock(seat, (struct bytes){0});
}

/* [gseq, event, args]. */
static enum err recall(struct seat *seat, struct value_reader *r)
{
	struct recovery *recovery = seat->recovery;
	struct value head, gseq, event;
	struct bytes args;
	struct buf marked = {0};

	if (value_next(r, &head) || head.type != VALUE_ARRAY || head.as.count != 3 ||
	    value_next(r, &gseq) || gseq.type != VALUE_UINT || gseq.as.u <= recovery->after ||
	    gseq.as.u > recovery->until || value_next(r, &event) || event.type != VALUE_STR ||
	    value_skip(r, &args))
		return ERR_MALFORMED;
	if (++recovery->count > LIMIT_REPLAY_EVENTS)
		return ERR_FULL;
	recovery->after = gseq.as.u;
	put_args(&marked, args, text(seat->desk, gseq.as.u));
	enum err e = sio_socket_recall(seat->socket, event.as.s, buf_bytes(&marked));

	buf_free(&marked);
	if (!e)
		trail_note(seat->desk->parts.trail,
		    &(struct trail_step){.gseq = gseq.as.u, .at = clock_wall(), .recovered = 1});
	return e;
}

static enum err recall_page(struct seat *seat, struct bytes value)
{
	struct bytes events;
	struct value head;
	enum err e = ERR_OK;

	if (value_map_get(value, STR("events"), &events))
		return ERR_MALFORMED;
	struct value_reader r = value_reader(events);

	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		return ERR_MALFORMED;
	for (uint32_t i = 0; !e && i < head.as.count; i++)
		e = recall(seat, &r);
	return e;
}

void recovery_on_page(struct seat *seat, const struct wire_reply *reply)
{
	bool has_more = value_map_is_true(reply->value, STR("more"));
	enum err e;

	if (!seat->recovery)
		return;
	if (reply->error) {
		close_connection(seat);
		return;
	}
	e = value_map_is_true(reply->value, STR("isLost")) ? ERR_NOT_FOUND
							   : recall_page(seat, reply->value);
	if (e == ERR_MALFORMED)
		close_connection(seat);
	else if (e)
		begin_anew(seat);
	else if (has_more)
		ask_page(seat);
	else
		finish(seat);
}

void recovery_on_down(struct desk *d)
{
	for (const struct seat *seat = d->seats; seat; seat = seat->next) {
		if (seat->recovery)
			close_connection(seat);
	}
}
