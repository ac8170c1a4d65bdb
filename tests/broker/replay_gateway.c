/*
 * The gateways of the stage.
 */
#include "tests/broker/replay_stage.h"

#include "proto/value_map.h"

#include <stdio.h>
#include <string.h>

enum { WINDOW_MESSAGES = 8, WINDOW_BYTES = 1 << 20 };

static void socket_id(const struct gateway *g, size_t socket, char id[16])
{
	snprintf(id, 16, "%s-%zu", g->name, socket);
}

static void flush(struct stage *s, struct gateway *g)
{
	struct bytes batch;

	while (!g->is_cut && channel_next(g->channel, &batch)) {
		struct link_letter letter = {.from = g->address, .body = batch};
		struct buf copy = {0};

		buf_put(&copy, batch);
		letter.body = buf_bytes(&copy);
		channel_sent(g->channel);
		peers_receive(s->b.peers, &letter, s->now);
		buf_free(&copy);
	}
}

static void say_hello(struct stage *s, struct gateway *g)
{
	struct wire_message m = {.type = WIRE_HELLO};

	g->is_up = false;
	channel_reset(g->channel);
	m.as.hello = (struct wire_hello){.version = WIRE_VERSION,
	    .gateway = str_of(g->name),
	    .boot = g->boot,
	    .epoch = g->epoch,
	    .last_gseq = g->place,
	    .credit_messages = WINDOW_MESSAGES,
	    .credit_bytes = WINDOW_BYTES};
	channel_put_control(g->channel, &m);
	flush(s, g);
}

static void say_stay(struct gateway *g, size_t socket, size_t room, enum wire_type type)
{
	struct wire_message m = {.type = type};
	struct stay *stay = &g->stays[socket][room];
	char id[16], name[8];

	socket_id(g, socket, id);
	stage_room_name(room, name);
	if (type == WIRE_JOIN)
		m.as.join = (struct wire_join){stay->joining, str_of(id), str_of(name)};
	else
		m.as.leave = (struct wire_leave){stay->leaving, str_of(id), str_of(name)};
	if (g->is_up)
		channel_put(g->channel, &m);
}

static void announce(struct gateway *g, size_t socket)
{
	struct wire_message m = {.type = WIRE_CONNECT};
	struct buf names = {0}, rooms = {0};
	uint32_t count = 0;
	char id[16], name[8];

	for (size_t room = 0; room < STAGE_ROOMS; room++) {
		const struct stay *stay = &g->stays[socket][room];

		if (!stay->is_in || stay->leaving)
			continue;
		stage_room_name(room, name);
		value_put_str(&names, str_of(name));
		count++;
	}
	value_put_array(&rooms, count);
	buf_put(&rooms, buf_bytes(&names));
	socket_id(g, socket, id);
	m.as.connect = (struct wire_connect){.socket = str_of(id),
	    .nsp = STR("/"),
	    .user = str_of(id),
	    .username = str_of(id),
	    .grants = bytes_of("\x90", 1),
	    .rooms = buf_bytes(&rooms)};
	channel_put(g->channel, &m);
	buf_free(&names);
	buf_free(&rooms);
}

static void on_welcome(struct gateway *g, const struct wire_welcome *w)
{
	struct wire_message m = {.type = WIRE_RESUMED};

	if (g->epoch && (g->epoch != w->epoch || g->place != w->gseq)) {
		g->gaps++;
		memset(g->stays, 0, sizeof(g->stays));
	}
	g->epoch = w->epoch;
	g->place = w->gseq;
	g->is_up = true;
	channel_set_window(
	    g->channel, (struct channel_window){w->credit_messages, w->credit_bytes});
	for (size_t socket = 0; socket < STAGE_SOCKETS; socket++)
		announce(g, socket);
	channel_put(g->channel, &m);
	for (size_t i = 0; i < (size_t)STAGE_SOCKETS * STAGE_ROOMS; i++) {
		const struct stay *stay = &g->stays[i / STAGE_ROOMS][i % STAGE_ROOMS];

		if (stay->joining || stay->leaving)
			say_stay(g, i / STAGE_ROOMS, i % STAGE_ROOMS,
			    stay->joining ? WIRE_JOIN : WIRE_LEAVE);
	}
}

static uint64_t get_seq(struct bytes map)
{
	struct bytes raw;
	uint64_t seq = 0;

	assert_int_equal(value_map_get(map, STR("seq"), &raw), ERR_OK);
	assert_true(value_as_u64(raw, &seq));
	return seq;
}

static void on_reply(struct gateway *g, const struct wire_reply *r)
{
	for (size_t i = 0; r->request && i < (size_t)STAGE_SOCKETS * STAGE_ROOMS; i++) {
		struct stay *stay = &g->stays[i / STAGE_ROOMS][i % STAGE_ROOMS];

		if (stay->joining == r->request) {
			assert_int_equal(r->error, 0);
			*stay = (struct stay){
			    .is_in = true, .since = r->gseq, .next = get_seq(r->value) + 1};
		} else if (stay->leaving == r->request) {
			assert_int_equal(r->error, 0);
			*stay = (struct stay){0};
		}
	}
}

static void on_deliver(struct stage *s, struct gateway *g, const struct wire_deliver *d)
{
	size_t room = (size_t)(d->room.p[d->room.len - 1] - '0');

	if (!d->gseq)
		return;
	assert_true(d->gseq > g->place);
	g->place = d->gseq;
	uint64_t seq = get_seq(bytes_of(d->args.p + 1, d->args.len - 1));

	for (size_t socket = 0; socket < STAGE_SOCKETS; socket++) {
		struct stay *stay = &g->stays[socket][room];

		/* Who has asked to leave may be out already, for the broker. */
		if (!stay->is_in || stay->leaving || d->gseq <= stay->since)
			continue;
		if (seq != stay->next)
			fail_msg("%s-%zu heard %llu of room-%zu where %llu was due", g->name,
			    socket, (unsigned long long)seq, room, (unsigned long long)stay->next);
		stay->next++;
		s->heard++;
	}
}

/* False: the conversation begins anew. */
static bool on_wire(struct stage *s, struct gateway *g, const struct wire_message *m)
{
	switch (m->type) {
	case WIRE_WELCOME:
		on_welcome(g, &m->as.welcome);
		return true;
	case WIRE_CREDIT:
		channel_on_credit(g->channel, &m->as.credit);
		return true;
	case WIRE_POSITION:
		assert_true(m->as.position.gseq >= g->place);
		g->place = m->as.position.gseq;
		return true;
	case WIRE_REPLY:
		on_reply(g, &m->as.reply);
		return true;
	case WIRE_DELIVER:
		on_deliver(s, g, &m->as.deliver);
		return true;
	case WIRE_REFUSED:
		g->first = g->last; /* its socket is made anew */
		say_hello(s, g);
		return false;
	default:
		return true;
	}
}

static void take_batch(struct stage *s, struct gateway *g, struct bytes batch)
{
	struct wire_reader first = wire_reader(batch), body;
	struct wire_message m;

	assert_int_equal(wire_next(&first, &m), ERR_OK);
	assert_int_equal(wire_next(&first, &m), ERR_OK);
	if (m.type == WIRE_WELCOME)
		channel_restart_receiving(g->channel);
	if (m.type == WIRE_REFUSED) {
		on_wire(s, g, &m);
		return;
	}
	if (!g->is_up && m.type != WIRE_WELCOME)
		return;
	assert_int_equal(channel_receive(g->channel, batch, &body), ERR_OK);
	while (!wire_at_end(&body)) {
		assert_int_equal(wire_next(&body, &m), ERR_OK);
		if (!on_wire(s, g, &m))
			return;
	}
}

void gateway_take(struct stage *s, struct gateway *g, size_t batches)
{
	while (batches-- > 0 && g->first < g->last) {
		struct buf batch = g->inbox[g->first % ARRAY_LEN(g->inbox)];

		g->inbox[g->first++ % ARRAY_LEN(g->inbox)] = (struct buf){0};
		take_batch(s, g, buf_bytes(&batch));
		buf_free(&batch);
	}
	flush(s, g);
}

void gateway_cut(struct stage *s, struct gateway *g)
{
	(void)s;
	g->is_cut = true;
	g->is_up = false;
	for (size_t i = 0; i < ARRAY_LEN(g->inbox); i++)
		buf_free(&g->inbox[i]);
	g->first = g->last = 0;
}

void gateway_mend(struct stage *s, struct gateway *g)
{
	if (!g->is_cut)
		return;
	g->is_cut = false;
	say_hello(s, g);
}

void gateway_publish(struct stage *s, struct gateway *g, size_t socket, size_t room)
{
	struct wire_message m = {.type = WIRE_PUBLISH};
	char id[16], name[8];

	socket_id(g, socket, id);
	stage_room_name(room, name);
	m.as.publish = (struct wire_publish){.request = ++s->request,
	    .socket = str_of(id),
	    .room = str_of(name),
	    .type = STR("text"),
	    .content = bytes_of("\xa1x", 2)};
	if (g->is_up)
		channel_put(g->channel, &m);
	flush(s, g);
}

void gateway_turn_stay(struct stage *s, struct gateway *g, size_t socket, size_t room)
{
	struct stay *stay = &g->stays[socket][room];

	if (stay->joining || stay->leaving)
		return;
	if (stay->is_in)
		stay->leaving = ++s->request;
	else
		stay->joining = ++s->request;
	say_stay(g, socket, room, stay->joining ? WIRE_JOIN : WIRE_LEAVE);
	flush(s, g);
}

bool gateway_is_owed(const struct gateway *g)
{
	for (size_t i = 0; i < (size_t)STAGE_SOCKETS * STAGE_ROOMS; i++) {
		const struct stay *stay = &g->stays[i / STAGE_ROOMS][i % STAGE_ROOMS];

		if (stay->joining || stay->leaving)
			return true;
	}
	return false;
}

void gateway_begin(struct stage *s, struct gateway *g)
{
	g->boot = 10;
	g->channel = channel_new();
	channel_set_own_window(g->channel, (struct channel_window){WINDOW_MESSAGES, WINDOW_BYTES});
	say_hello(s, g);
}
