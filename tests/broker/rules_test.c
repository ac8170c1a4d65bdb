#include "tests/check.h"

#include "broker/attend.h"
#include "broker/entry.h"
#include "broker/metrics.h"
#include "broker/publish.h"
#include "tests/fakes/peer.h"
#include "tests/fakes/store.h"

#include <stdio.h>

/*
 * The rules of rooms end to end inside the broker: handlers in, what peers hear out. Store,
 * reader, peers and clock are fakes; everything between is real.
 */

static const struct namespace_conf namespaces[] = {
    {.name = (char *)"/chat", .create_rooms = true},
    {.name = (char *)"/fixed", .create_rooms = false},
};

struct world {
	struct broker b;
	struct peer east, west;
	uint64_t request;
};

static void on_send(void *up, struct peer *to, struct frame *message)
{
	(void)up;
	fake_peer_hear(to, frame_bytes(message));
}

static const struct outbox_events outbox_news = {.on_send = on_send};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));
	struct broker *b = &w->b;

	fake_store_reset();
	w->east = (struct peer){.name = "east", .boot = 11, .generation = 1};
	w->west = (struct peer){.name = "west", .boot = 22, .generation = 1};
	b->config.namespaces = (struct namespace_conf *)namespaces;
	b->config.namespace_count = ARRAY_LEN(namespaces);
	b->config.max_rooms = 5;
	b->config.max_rooms_per_socket = 3;
	b->config.store_backlog_max = 100;
	b->config.store_backlog_max_bytes = 1000;
	b->rooms = rooms_new();
	b->sessions = sessions_new();
	b->outbox = outbox_new(&outbox_news, w);
	b->dedup = dedup_new(NULL);
	b->metrics = metrics_new(metric_table, METRICS);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	entry_on_peer_gone(&w->b, &w->east);
	entry_on_peer_gone(&w->b, &w->west);
	dedup_free(&w->b.dedup);
	outbox_free(&w->b.outbox);
	sessions_free(&w->b.sessions);
	rooms_free(&w->b.rooms);
	metrics_free(&w->b.metrics);
	buf_free(&w->east.heard);
	buf_free(&w->west.heard);
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

/* ---- what a gateway says ---- */

static void connect_to(
    struct world *w, struct peer *p, const char *nsp, const char *socket, const char *user)
{
	struct wire_message m = {.type = WIRE_CONNECT};

	m.as.connect = (struct wire_connect){.request = ++w->request,
	    .socket = str_of(socket),
	    .nsp = str_of(nsp),
	    .user = str_of(user),
	    .username = str_of(user),
	    .grants = bytes_of("\x91\xa5vault", 7)};
	entry_on_connect(&w->b, p, &m);
}

static void connect(struct world *w, struct peer *p, const char *socket, const char *user)
{
	connect_to(w, p, "/chat", socket, user);
}

static void join(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_JOIN};

	m.as.join = (struct wire_join){++w->request, str_of(socket), str_of(room)};
	attend_on_join(&w->b, p, &m);
}

static void leave(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_LEAVE};

	m.as.leave = (struct wire_leave){++w->request, str_of(socket), str_of(room)};
	attend_on_leave(&w->b, p, &m);
}

static void typing(struct world *w, struct peer *p, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_TYPING};

	m.as.typing = (struct wire_typing){++w->request, str_of(socket), str_of(room)};
	attend_on_typing(&w->b, p, &m);
}

static void publish_as(struct world *w, struct peer *p, uint64_t request, const char *socket,
    const char *room, const char *message_id, bool resent)
{
	struct wire_message m = {.type = WIRE_PUBLISH};

	m.as.publish = (struct wire_publish){.request = request,
	    .socket = str_of(socket),
	    .room = str_of(room),
	    .type = STR("text"),
	    .content = bytes_of("\xa2hi", 3),
	    .message_id = str_of(message_id),
	    .resent = resent};
	publish_on_message(&w->b, p, &m);
}

static void publish(struct world *w, struct peer *p, const char *socket, const char *room)
{
	publish_as(w, p, ++w->request, socket, room, "", false);
}

static void commit(struct world *w)
{
	publish_on_committed(&w->b, fake_store.gathering++);
}

static void forget_heard(struct world *w)
{
	buf_reset(&w->east.heard);
	buf_reset(&w->west.heard);
}

/* The number of the error that the last request was answered with; 0 = ok, -1 = no answer. */
static int last_error(struct world *w, struct peer *p)
{
	for (int error = 0; error < CLIENT_ERRORS; error++) {
		char line[64];

		snprintf(line, sizeof(line), "REPLY{request=%u error=%d ", (unsigned)w->request,
		    error);
		if (fake_peer_heard(p, line))
			return error;
	}
	return -1;
}

static struct room *room(struct world *w, const char *name)
{
	return rooms_find(w->b.rooms, STR("/chat"), str_of(name));
}

/* ---- joining and leaving ---- */

static void test_the_first_join_makes_the_room(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "s1", "ann");
	join(w, &w->east, "s1", "lobby");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(fake_store.rooms, 1);
	join(w, &w->east, "s1", "lobby");
	assert_int_equal(fake_store.rooms, 1);
	assert_int_equal(room_user_count(room(w, "lobby")), 1);
}

static void test_some_namespaces_make_no_rooms(void **state)
{
	struct world *w = *state;

	connect_to(w, &w->east, "/fixed", "s1", "ann");
	join(w, &w->east, "s1", "lobby");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
}

static void test_presence_is_of_users_not_of_sockets(void **state)
{
	struct world *w = *state;

	connect(w, &w->west, "w1", "bob");
	join(w, &w->west, "w1", "lobby");
	connect(w, &w->east, "e1", "ann");
	connect(w, &w->east, "e2", "ann");
	forget_heard(w);
	join(w, &w->east, "e1", "lobby");
	assert_true(fake_peer_heard(&w->west, "event=\"room-presence\""));
	forget_heard(w);
	join(w, &w->east, "e2", "lobby");
	assert_false(fake_peer_heard(&w->west, "room-presence"));
	leave(w, &w->east, "e1", "lobby");
	assert_false(fake_peer_heard(&w->west, "room-presence"));
	leave(w, &w->east, "e2", "lobby");
	assert_true(fake_peer_heard(&w->west, "event=\"room-presence\""));
	assert_true(fake_peer_heard(&w->west, "event=\"user-left\""));
}

static void test_the_joiner_does_not_hear_of_itself(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	assert_true(fake_peer_heard(&w->east, "except=\"e1\""));
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
}

static void test_leaving_where_one_is_not_is_fine(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	leave(w, &w->east, "e1", "nowhere");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_personal_rooms_are_personal(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	connect(w, &w->west, "w1", "bob");
	assert_non_null(room(w, "user:ann"));
	join(w, &w->west, "w1", "user:ann");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	join(w, &w->west, "w1", "user:nobody");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	leave(w, &w->west, "w1", "user:bob");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
	publish(w, &w->west, "w1", "user:ann");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
}

static void test_private_rooms_want_a_right(void **state)
{
	struct world *w = *state;

	rooms_load(w->b.rooms, 7, STR("/chat"), STR("club"), false, 0);
	rooms_load(w->b.rooms, 8, STR("/chat"), STR("vault"), false, 0);
	rooms_add_membership(w->b.rooms, 7, STR("bob"));
	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "club");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
	publish(w, &w->east, "e1", "club");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_ACCESS_DENIED);
	/* Granted by the token. */
	join(w, &w->east, "e1", "vault");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
	/* A stored membership is joined at connect. */
	connect(w, &w->west, "w1", "bob");
	assert_int_equal(room_user_count(room(w, "club")), 1);
}

static void test_rooms_per_socket_and_in_all_are_bounded(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann"); /* in one room: its own */
	join(w, &w->east, "e1", "a");
	join(w, &w->east, "e1", "b");
	join(w, &w->east, "e1", "c");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_TOO_MANY_ROOMS);
	connect(w, &w->west, "w1", "bob");
	join(w, &w->west, "w1", "d");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_ROOM_NOT_FOUND);
}

static void test_a_gateway_speaks_for_its_own_sockets_only(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->west, "e1", "lobby");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_UNAVAILABLE);
	assert_null(room(w, "lobby"));
}

static void test_typing_goes_to_the_others(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	typing(w, &w->east, "e1", "lobby");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
	join(w, &w->east, "e1", "lobby");
	forget_heard(w);
	typing(w, &w->east, "e1", "lobby");
	assert_true(fake_peer_heard(&w->east, "event=\"user-typing\""));
	assert_true(fake_peer_heard(&w->east, "except=\"e1\" is_volatile=true"));
	connect(w, &w->west, "w1", "bob");
	typing(w, &w->west, "w1", "lobby");
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_ACCESS_DENIED);
}

static void test_a_dead_gateway_s_members_leave_once(void **state)
{
	struct world *w = *state;

	connect(w, &w->west, "w1", "bob");
	join(w, &w->west, "w1", "lobby");
	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	forget_heard(w);
	entry_on_peer_gone(&w->b, &w->east);
	assert_true(fake_peer_heard(&w->west, "event=\"user-left\""));
	assert_int_equal(room_user_count(room(w, "lobby")), 1);
	assert_int_equal(sessions_count(w->b.sessions), 1);
	assert_int_equal(room(w, "lobby")->route.count, 1);
}

static void test_what_is_not_announced_again_is_gone(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_CONNECT}, done = {.type = WIRE_RESUMED};

	connect(w, &w->east, "e1", "ann");
	connect(w, &w->east, "e2", "eve");
	w->east.generation++;
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\xc0", 1),
	    .rooms = bytes_of("\x92\xa5lobby\xa8user:ann", 16)};
	forget_heard(w);
	entry_on_connect(&w->b, &w->east, &m);
	entry_on_resumed(&w->b, &w->east, &done);
	assert_int_equal(sessions_count(w->b.sessions), 1);
	assert_int_equal(room_user_count(room(w, "lobby")), 1);
	assert_false(fake_peer_heard(&w->east, "joined"));
}

/* ---- publishing ---- */

static void test_nothing_is_said_before_the_commit(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	forget_heard(w);
	publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.messages, 1);
	assert_int_equal(w->east.heard.len, 0);
	commit(w);
	assert_true(fake_peer_heard(&w->east, "event=\"message\""));
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
	assert_int_equal(w->b.stored, 1);
}

static void test_seq_is_of_the_room_and_gseq_of_all(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "a");
	join(w, &w->east, "e1", "b");
	publish(w, &w->east, "e1", "a");
	publish(w, &w->east, "e1", "b");
	assert_int_equal(fake_store.last_seq, 1);
	assert_int_equal(fake_store.last_gseq, 2);
	publish(w, &w->east, "e1", "a");
	assert_int_equal(fake_store.last_seq, 2);
	assert_int_equal(fake_store.last_gseq, 3);
}

static void test_only_gateways_with_members_get_it(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	connect(w, &w->west, "w1", "bob");
	forget_heard(w);
	publish(w, &w->east, "e1", "lobby");
	commit(w);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
	/* Speaking in a public room takes no membership, and the speaker hears only his ack. */
	publish(w, &w->west, "w1", "lobby");
	commit(w);
	assert_int_equal(last_error(w, &w->west), CLIENT_ERROR_NONE);
	assert_false(fake_peer_heard(&w->west, "DELIVER"));
}

static void test_a_room_that_is_not_there(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	publish(w, &w->east, "e1", "nowhere");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_ROOM_NOT_FOUND);
}

static void test_the_same_message_id_is_stored_once(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	forget_heard(w);
	publish_as(w, &w->east, ++w->request, "e1", "lobby", "k1", false);
	publish_as(w, &w->east, ++w->request, "e1", "lobby", "k1", false);
	assert_int_equal(fake_store.messages, 1);
	assert_int_equal(last_error(w, &w->east), -1); /* the first is not committed yet */
	commit(w);
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
	/* Another user's key is another key. */
	connect(w, &w->west, "w1", "bob");
	publish_as(w, &w->west, ++w->request, "w1", "lobby", "k1", false);
	assert_int_equal(fake_store.messages, 2);
}

static void test_what_the_database_knows_is_answered_from_it(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	fake_store.stored_message_id = "old";
	fake_store.stored_receipt =
	    (struct reader_receipt){.gseq = 9, .seq = 3, .room = room(w, "lobby")->id};
	publish_as(w, &w->east, ++w->request, "e1", "lobby", "old", false);
	assert_int_equal(fake_store.messages, 0);
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_only_a_resent_message_is_looked_for_by_origin(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	fake_store.stored_origin = 77;
	fake_store.stored_receipt =
	    (struct reader_receipt){.gseq = 9, .seq = 3, .room = room(w, "lobby")->id};
	publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.origin_lookups, 0);
	assert_int_equal(fake_store.messages, 1);
	w->request = 77;
	publish_as(w, &w->east, 77, "e1", "lobby", "", true);
	assert_int_equal(fake_store.origin_lookups, 1);
	assert_int_equal(fake_store.messages, 1);
	/* Sent twice on one living broker: the first is not in the database yet. */
	w->request = 78;
	publish_as(w, &w->east, 78, "e1", "lobby", "", false);
	publish_as(w, &w->east, 78, "e1", "lobby", "", true);
	assert_int_equal(fake_store.messages, 2);
}

static void test_a_failed_batch_is_answered_and_numbers_go_back(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	publish(w, &w->east, "e1", "lobby");
	commit(w);
	publish(w, &w->east, "e1", "lobby");
	publish(w, &w->east, "e1", "lobby");
	forget_heard(w);
	fake_store.stored_gseq = 1;
	fake_store.stored_room = (struct reader_room){.id = room(w, "lobby")->id,
	    .nsp = STR("/chat"),
	    .name = STR("lobby"),
	    .is_public = true,
	    .seq = 1};
	publish_on_failed(&w->b, "disk full");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_false(fake_peer_heard(&w->east, "DELIVER"));
	assert_string_equal(w->b.fault, "disk full");
	publish(w, &w->east, "e1", "lobby");
	assert_int_equal(fake_store.last_seq, 2);
	assert_int_equal(fake_store.last_gseq, 2);
	commit(w);
	assert_string_equal(w->b.fault, "");
}

static void test_while_the_numbers_are_unknown_nothing_is_taken(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	fake_store.reader_fault = ERR_IO;
	publish_on_failed(&w->b, "disk gone");
	publish(w, &w->east, "e1", "lobby");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	/* What needs no disk goes on. */
	typing(w, &w->east, "e1", "lobby");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
	fake_store.reader_fault = ERR_OK;
	publish_on_tick(&w->b);
	publish(w, &w->east, "e1", "lobby");
	commit(w);
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_NONE);
}

static void test_a_slow_disk_refuses_and_says_so(void **state)
{
	struct world *w = *state;

	connect(w, &w->east, "e1", "ann");
	join(w, &w->east, "e1", "lobby");
	fake_store.backlog = 100;
	publish(w, &w->east, "e1", "lobby");
	assert_int_equal(last_error(w, &w->east), CLIENT_ERROR_UNAVAILABLE);
	assert_int_equal(fake_store.messages, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_first_join_makes_the_room),
	    TEST(test_some_namespaces_make_no_rooms),
	    TEST(test_presence_is_of_users_not_of_sockets),
	    TEST(test_the_joiner_does_not_hear_of_itself),
	    TEST(test_leaving_where_one_is_not_is_fine),
	    TEST(test_personal_rooms_are_personal),
	    TEST(test_private_rooms_want_a_right),
	    TEST(test_rooms_per_socket_and_in_all_are_bounded),
	    TEST(test_a_gateway_speaks_for_its_own_sockets_only),
	    TEST(test_typing_goes_to_the_others),
	    TEST(test_a_dead_gateway_s_members_leave_once),
	    TEST(test_what_is_not_announced_again_is_gone),
	    TEST(test_nothing_is_said_before_the_commit),
	    TEST(test_seq_is_of_the_room_and_gseq_of_all),
	    TEST(test_only_gateways_with_members_get_it),
	    TEST(test_a_room_that_is_not_there),
	    TEST(test_the_same_message_id_is_stored_once),
	    TEST(test_what_the_database_knows_is_answered_from_it),
	    TEST(test_only_a_resent_message_is_looked_for_by_origin),
	    TEST(test_a_failed_batch_is_answered_and_numbers_go_back),
	    TEST(test_while_the_numbers_are_unknown_nothing_is_taken),
	    TEST(test_a_slow_disk_refuses_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
