#include "tests/broker/replay_stage.h"

#include "broker/attend.h"
#include "broker/catchup.h"
#include "broker/census.h"
#include "broker/entry.h"
#include "broker/limit.h"
#include "broker/message.h"
#include "broker/metrics.h"
#include "broker/presence.h"
#include "broker/publish.h"
#include "broker/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small, so that everything is full now and then. */
enum { BACKLOG_BYTES = 12000, REPLAY_MAX = 80, SETTLE_TURNS = 5000 };

struct stage *stage_now;

/* ---- the broker ---- */

static uint64_t get_gseq(void *up)
{
	(void)up;
	return stage_now->b.gseq;
}

static uint64_t get_released(void *up)
{
	(void)up;
	return stage_now->b.released;
}

static uint64_t get_pruned(void *up)
{
	(void)up;
	return stage_now->b.pruned;
}

static bool is_owed(void *up, const struct peer *p)
{
	(void)up;
	return outbox_has_for(stage_now->b.outbox, p);
}

static void on_begun(void *up, struct peer *p)
{
	(void)up;
	outbox_forget_answers(stage_now->b.outbox, p);
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
	on_wire[m->type](&stage_now->b, p, m);
}

static void on_gone(void *up, struct peer *p, const char *why)
{
	(void)up;
	(void)why;
	entry_on_peer_gone(&stage_now->b, p);
}

static const struct peers_events peers_news = {
    .get_gseq = get_gseq,
    .get_released = get_released,
    .get_pruned = get_pruned,
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
	static const struct namespace_conf namespaces[] = {
	    {.name = (char *)"/", .create_rooms = true}};
	struct broker *b = &s->b;
	struct peers_conf conf = {.boot = 5,
	    .epoch = STAGE_EPOCH,
	    .heartbeat_ms = 1000,
	    .lease_ms = 600000,
	    .backlog_max_bytes = BACKLOG_BYTES,
	    .replay_max = REPLAY_MAX};
	char why[100];

	*b = (struct broker){0};
	b->config.namespaces = (struct namespace_conf *)namespaces;
	b->config.namespace_count = ARRAY_LEN(namespaces);
	b->config.max_rooms = 100;
	b->config.sessions_max = 1000;
	b->config.max_rooms_per_socket = STAGE_ROOMS;
	b->config.store_backlog_max = 10000;
	b->config.store_backlog_max_bytes = 1;
	b->config.replay_max = REPLAY_MAX;
	b->config.presence_detail_max = 1000;
	b->config.presence_tick_ms = 100;
	presence_init(b);
	b->rooms = rooms_new();
	b->memberships = memberships_new();
	b->sanctions = sanctions_new();
	b->sessions = sessions_new();
	b->crew = crew_new();
	b->outbox = outbox_new(&outbox_news, s);
	b->dedup = dedup_new(NULL);
	b->metrics = metrics_new(metric_table, METRICS);
	b->limits = limits_new(&b->config);
	b->census = census_new();
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
	revocations_free(&b->revocations);
	crew_free(&b->crew);
	sanctions_free(&b->sanctions);
	memberships_free(&b->memberships);
	rooms_free(&b->rooms);
	metrics_free(&b->metrics);
	limits_free(&b->limits);
	census_free(&b->census);
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
	s->row_count = stage_stored_rows(s);
	/* Those numbers of batches are never used again. */
	s->committed = s->gathering++;
	publish_on_failed(&s->b, "no space");
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
	for (size_t i = 0; !error && i < stage_stored_rows(s); i++) {
		const struct row *row = &s->rows[i];
		struct reader_entry entry = {.room = row->room, .nsp = STR("/")};
		char name[8];

		if (row->gseq <= page.after || row->gseq > page.upto)
			continue;
		if (log.count == limit) {
			log.reached = s->rows[i - 1].gseq;
			break;
		}
		stage_room_name(row->room - 1, name);
		entry.name = str_of(name);
		entry.message = (struct reader_message){
		    .gseq = row->gseq, .seq = row->seq, .content = bytes_of("\xa1x", 2)};
		message_put_deliver(&bytes[log.count], &entry);
		entries[log.count] =
		    (struct archive_entry){row->room, buf_bytes(&bytes[log.count])};
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
	s->row_count = stage_stored_rows(s);
	s->committed = 0;
	s->gathering = 1;
	for (size_t i = 0; i < s->row_count; i++)
		s->rows[i].batch = 0;
	make_broker(s);
	for (size_t i = 0; i < STAGE_GATEWAYS; i++)
		gateway_mend(s, &s->gateways[i]);
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

	stage_now = s;
	s->now = (struct mono){1000000};
	s->gathering = 1;
	make_broker(s);
	for (size_t i = 0; i < STAGE_GATEWAYS; i++) {
		struct gateway *g = &s->gateways[i];

		snprintf(g->name, sizeof(g->name), "g%zu", i);
		g->address = (struct link_address){.len = 1, .id = {(uint8_t)('0' + i)}};
		gateway_begin(s, g);
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
