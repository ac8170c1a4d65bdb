#include "tests/broker/replay_stage.h"

#include "broker/attend.h"
#include "broker/catchup.h"
#include "broker/entry.h"
#include "broker/message.h"
#include "broker/metrics.h"
#include "broker/publish.h"
#include "broker/state.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small, so that everything is full now and then. */
enum { WINDOW_MESSAGES = 8, BACKLOG_BYTES = 12000, REPLAY_MAX = 80, EPOCH = 6, SETTLE_TURNS = 5000 };

static struct stage *the; /* the fakes know no other */

/* ---- the fakes: link, store, reader, archive ---- */

enum err link_send(struct link *l, const struct link_address *to, struct bytes body)
{
	struct gateway *g = &the->gateways[to->id[0] - '0'];

	(void)l;
	if (g->is_cut)
		return ERR_CLOSED;
	assert_true(g->last - g->first < ARRAY_LEN(g->inbox));
	buf_put(&g->inbox[g->last++ % ARRAY_LEN(g->inbox)], body);
	return ERR_OK;
}

const char *link_endpoint(const struct link *l, enum link_door door)
{
	(void)l;
	(void)door;
	return "";
}

bool link_address_eq(const struct link_address *a, const struct link_address *b)
{
	return a->id[0] == b->id[0];
}

void store_put_room(struct store *s, const struct store_room *room)
{
	(void)s;
	(void)room;
}

void store_put_message(struct store *s, const struct store_message *m)
{
	(void)s;
	assert_true(the->row_count < ARRAY_LEN(the->rows));
	the->rows[the->row_count++] = (struct row){m->gseq, m->room, m->seq, the->gathering};
}

uint64_t store_gathering(const struct store *s)
{
	(void)s;
	return the->gathering;
}

size_t store_backlog(const struct store *s)
{
	(void)s;
	return 0;
}

size_t store_backlog_bytes(const struct store *s)
{
	(void)s;
	return 0;
}

const char *store_trouble(const struct store *s)
{
	(void)s;
	return "";
}

/* What is in the database. */
static size_t committed_rows(void)
{
	size_t n = 0;

	while (n < the->row_count && the->rows[n].batch <= the->committed)
		n++;
	return n;
}

enum err reader_last_gseq(struct reader *r, uint64_t *ret)
{
	size_t n = committed_rows();

	(void)r;
	*ret = n ? the->rows[n - 1].gseq : 0;
	return ERR_OK;
}

enum err reader_epoch(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = EPOCH;
	return ERR_OK;
}

static void room_name(uint64_t room, char name[8])
{
	snprintf(name, 8, "room-%u", (unsigned)(room & 7));
}

enum err reader_each_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_room *room), void *ctx)
{
	(void)r;
	for (uint64_t id = 1; id <= STAGE_ROOMS; id++) {
		char name[8];
		struct reader_room room = {.id = id, .nsp = STR("/"), .is_public = true};

		room_name(id - 1, name);
		room.name = str_of(name);
		for (size_t i = 0; i < committed_rows(); i++)
			room.seq += the->rows[i].room == id;
		fn(ctx, &room);
	}
	return ERR_OK;
}

enum err reader_each_membership(struct reader *r,
    void (*fn)(void *ctx, const struct reader_membership *membership), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return ERR_OK;
}

enum err reader_find_message_id(
    struct reader *r, struct str user, struct str message_id, struct reader_receipt *ret)
{
	(void)r;
	(void)user;
	(void)message_id;
	(void)ret;
	return ERR_NOT_FOUND;
}

enum err reader_find_origin(
    struct reader *r, uint64_t boot, uint64_t count, struct reader_receipt *ret)
{
	(void)r;
	(void)boot;
	(void)count;
	(void)ret;
	return ERR_NOT_FOUND;
}

enum err archive_read_log(struct archive *a, uint64_t request, uint64_t after, uint64_t upto)
{
	(void)a;
	if (the->page_count == ARRAY_LEN(the->pages))
		return ERR_FULL;
	the->pages[the->page_count++] = (struct page){request, after, upto};
	return ERR_OK;
}

/* ---- the broker ---- */

static uint64_t get_gseq(void *up)
{
	(void)up;
	return the->b.gseq;
}

static uint64_t get_released(void *up)
{
	(void)up;
	return the->b.released;
}

static bool is_owed(void *up, const struct peer *p)
{
	(void)up;
	return outbox_has_for(the->b.outbox, p);
}

static void on_begun(void *up, struct peer *p)
{
	(void)up;
	outbox_forget_answers(the->b.outbox, p);
}

static void on_message(void *up, struct peer *p, const struct wire_message *m)
{
	static void (*const on_wire[WIRE_TYPES])(
	    struct broker *, struct peer *, const struct wire_message *) = {
	    [WIRE_CONNECT] = entry_on_connect,
	    [WIRE_RESUMED] = entry_on_resumed,
	    [WIRE_JOIN] = attend_on_join,
	    [WIRE_LEAVE] = attend_on_leave,
	    [WIRE_PUBLISH] = publish_on_message,
	};

	(void)up;
	on_wire[m->type](&the->b, p, m);
}

static void on_gone(void *up, struct peer *p, const char *why)
{
	(void)up;
	(void)why;
	entry_on_peer_gone(&the->b, p);
}

static const struct peers_events peers_news = {
    .get_gseq = get_gseq,
    .get_released = get_released,
    .is_owed = is_owed,
    .on_begun = on_begun,
    .on_message = on_message,
    .on_gone = on_gone,
};

static void on_send(void *up, struct peer *to, struct frame *message, uint64_t gseq)
{
	(void)up;
	if (gseq)
		peer_deliver(to, gseq, message);
	else
		peer_put_encoded(to, frame_bytes(message));
}

static const struct outbox_events outbox_news = {.on_send = on_send};

static void make_broker(struct stage *s)
{
	static const struct namespace_conf namespaces[] = {{.name = (char *)"/", .create_rooms = true}};
	struct broker *b = &s->b;
	struct peers_conf conf = {.boot = 5,
	    .epoch = EPOCH,
	    .heartbeat_ms = 1000,
	    .lease_ms = 600000,
	    .backlog_max_bytes = BACKLOG_BYTES,
	    .replay_max = REPLAY_MAX};
	char why[100];

	*b = (struct broker){0};
	b->config.namespaces = (struct namespace_conf *)namespaces;
	b->config.namespace_count = ARRAY_LEN(namespaces);
	b->config.max_rooms = 100;
	b->config.max_rooms_per_socket = STAGE_ROOMS;
	b->config.store_backlog_max = 10000;
	b->config.store_backlog_max_bytes = 1;
	b->config.replay_max = REPLAY_MAX;
	b->rooms = rooms_new();
	b->sessions = sessions_new();
	b->crew = crew_new();
	b->outbox = outbox_new(&outbox_news, s);
	b->dedup = dedup_new(NULL);
	b->metrics = metrics_new(metric_table, METRICS);
	assert_int_equal(state_load(b, why, sizeof(why)), ERR_OK);
	b->peers = peers_new(NULL, &conf, &peers_news, s);
}

static void free_broker(struct stage *s)
{
	struct broker *b = &s->b;

	peers_free(&b->peers);
	entry_forget_all(b);
	dedup_free(&b->dedup);
	outbox_free(&b->outbox);
	sessions_free(&b->sessions);
	crew_free(&b->crew);
	rooms_free(&b->rooms);
	metrics_free(&b->metrics);
	s->page_count = 0;
}

static void look_at(void *ctx, struct peer *p)
{
	struct stage *s = ctx;

	if (peer_is_live(p))
		s->live++;
	else
		s->behind++;
}

void stage_turn(struct stage *s)
{
	catchup_on_turn_end(&s->b);
	peers_each(s->b.peers, look_at, s);
	peers_flush(s->b.peers);
}

void stage_seal(struct stage *s)
{
	s->gathering++;
}

void stage_commit(struct stage *s)
{
	if (s->committed + 1 < s->gathering)
		publish_on_committed(&s->b, ++s->committed);
}

void stage_fail(struct stage *s)
{
	s->row_count = committed_rows();
	/* Those numbers of batches are never used again. */
	s->committed = s->gathering++;
	publish_on_failed(&s->b, "no space");
	catchup_on_failed(&s->b);
	publish_on_tick(&s->b);
}

void stage_answer_page(struct stage *s, size_t limit, enum err error)
{
	struct archive_entry entries[64];
	struct buf bytes[64] = {{0}};
	const struct page page = s->pages[0];
	struct archive_log log = {
	    .request = page.ticket, .error = error, .entries = entries, .reached = page.upto};

	if (s->page_count == 0)
		return;
	memmove(s->pages, s->pages + 1, --s->page_count * sizeof(page));
	for (size_t i = 0; !error && i < committed_rows(); i++) {
		const struct row *row = &s->rows[i];
		struct reader_entry entry = {.room = row->room, .nsp = STR("/")};
		char name[8];

		if (row->gseq <= page.after || row->gseq > page.upto)
			continue;
		if (log.count == limit) {
			log.reached = s->rows[i - 1].gseq;
			break;
		}
		room_name(row->room - 1, name);
		entry.name = str_of(name);
		entry.message = (struct reader_message){
		    .gseq = row->gseq, .seq = row->seq, .content = bytes_of("\xa1x", 2)};
		message_put_deliver(&bytes[log.count], &entry);
		entries[log.count] = (struct archive_entry){row->room, buf_bytes(&bytes[log.count])};
		log.count++;
	}
	s->replayed += log.count;
	catchup_on_log(&s->b, &log);
	catchup_on_tick(&s->b);
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
		buf_free(&bytes[i]);
}

void stage_restart(struct stage *s)
{
	for (size_t i = 0; i < STAGE_GATEWAYS; i++)
		gateway_cut(s, &s->gateways[i]);
	free_broker(s);
	s->row_count = committed_rows();
	s->committed = 0;
	s->gathering = 1;
	for (size_t i = 0; i < s->row_count; i++)
		s->rows[i].batch = 0;
	make_broker(s);
	for (size_t i = 0; i < STAGE_GATEWAYS; i++)
		gateway_mend(s, &s->gateways[i]);
}

/* ---- gateways ---- */

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
	    .credit_bytes = 1 << 20};
	channel_put_control(g->channel, &m);
	flush(s, g);
}

static void say_stay(struct gateway *g, size_t socket, size_t room, enum wire_type type)
{
	struct wire_message m = {.type = type};
	struct stay *stay = &g->stays[socket][room];
	char id[16], name[8];

	socket_id(g, socket, id);
	room_name(room, name);
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
		room_name(room, name);
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
	room_name(room, name);
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

/* ---- all of it ---- */

static void check_all_was_heard(const struct stage *s)
{
	for (size_t i = 0; i < (size_t)STAGE_GATEWAYS * STAGE_SOCKETS * STAGE_ROOMS; i++) {
		size_t room = i % STAGE_ROOMS, socket = i / STAGE_ROOMS % STAGE_SOCKETS;
		const struct stay *stay =
		    &s->gateways[i / STAGE_ROOMS / STAGE_SOCKETS].stays[socket][room];
		const struct room *r = rooms_find_id(s->b.rooms, room + 1);

		if (stay->is_in)
			assert_int_equal(stay->next, r->seq + 1);
	}
}

void stage_settle(struct stage *s)
{
	for (size_t i = 0; i < STAGE_GATEWAYS; i++)
		gateway_mend(s, &s->gateways[i]);
	for (int turn = 0; turn < SETTLE_TURNS; turn++) {
		stage_seal(s);
		stage_commit(s);
		stage_answer_page(s, 5, ERR_OK);
		for (size_t i = 0; i < STAGE_GATEWAYS; i++)
			gateway_take(s, &s->gateways[i], 100);
		if (turn % 10 == 0)
			peers_tick(s->b.peers, s->now);
		stage_turn(s);
		bool is_quiet = s->page_count == 0 && s->committed + 1 == s->gathering;

		for (size_t i = 0; i < STAGE_GATEWAYS; i++)
			is_quiet = is_quiet && s->gateways[i].first == s->gateways[i].last &&
			    s->gateways[i].is_up && !gateway_is_owed(&s->gateways[i]);
		if (is_quiet && turn > 200)
			break;
	}
	for (size_t i = 0; i < STAGE_GATEWAYS; i++)
		assert_false(gateway_is_owed(&s->gateways[i]));
	check_all_was_heard(s);
}

int stage_setup(void **state)
{
	struct stage *s = test_calloc(1, sizeof(*s));

	the = s;
	s->now = (struct mono){1000000};
	s->gathering = 1;
	make_broker(s);
	for (size_t i = 0; i < STAGE_GATEWAYS; i++) {
		struct gateway *g = &s->gateways[i];

		snprintf(g->name, sizeof(g->name), "g%zu", i);
		g->address = (struct link_address){.len = 1, .id = {(uint8_t)('0' + i)}};
		g->boot = 10 + i;
		g->channel = channel_new();
		channel_set_own_window(
		    g->channel, (struct channel_window){WINDOW_MESSAGES, 1 << 20});
		say_hello(s, g);
		stage_turn(s);
		gateway_take(s, g, 10);
	}
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	free_broker(s);
	for (size_t i = 0; i < STAGE_GATEWAYS; i++) {
		gateway_cut(s, &s->gateways[i]);
		channel_free(&s->gateways[i].channel);
	}
	test_free(s);
	return frame_live() == 0 ? 0 : -1;
}
