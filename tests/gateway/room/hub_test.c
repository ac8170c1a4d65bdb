#include "tests/check.h"

#include "gateway/room/door.h"
#include "gateway/room/hub.h"
#include "gateway/sio/socket.h"

#include <stdio.h>
#include <string.h>

/* The neighbour: a socket that counts what it is given. */
struct sio_socket {
	const char *nsp, *id;
	unsigned received;
	bool is_lagging;
	struct sio_cast *last; /* only compared */
};

struct str sio_socket_nsp(const struct sio_socket *s)
{
	return str_of(s->nsp);
}

struct str sio_socket_id(const struct sio_socket *s)
{
	return str_of(s->id);
}

bool door_is_lagging(const struct sio_socket *s)
{
	return s->is_lagging;
}

void sio_socket_send(struct sio_socket *s, struct sio_cast *cast, bool is_volatile)
{
	(void)is_volatile;
	s->received++;
	s->last = cast;
}

static unsigned encoded, living;

struct sio_cast *sio_cast_new(struct str nsp, struct str event, struct bytes args)
{
	(void)nsp;
	(void)event;
	(void)args;
	encoded++;
	living++;
	return test_malloc(1);
}

void sio_cast_free(struct sio_cast **c)
{
	living--;
	test_free(*c);
	*c = NULL;
}

enum { SOCKETS = 100 };

struct world {
	struct hub *hub;
	struct sio_socket sockets[SOCKETS];
	struct hub_member *members[SOCKETS];
	char ids[SOCKETS][16];
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->hub = hub_new();
	for (int i = 0; i < SOCKETS; i++) {
		snprintf(w->ids[i], sizeof(w->ids[i]), "s%d", i);
		w->sockets[i] = (struct sio_socket){.nsp = "/chat", .id = w->ids[i]};
		w->members[i] = hub_member_new(&w->sockets[i]);
	}
	encoded = 0;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < SOCKETS; i++)
		hub_member_free(w->hub, &w->members[i]);
	assert_int_equal(hub_room_count(w->hub), 0);
	hub_free(&w->hub);
	test_free(w);
	return living == 0 ? 0 : -1;
}

static size_t deliver(struct world *w, const char *nsp, const char *room, const char *except)
{
	struct wire_deliver d = {.nsp = str_of(nsp),
	    .room = str_of(room),
	    .event = STR("e"),
	    .args = bytes_of("\x90", 1),
	    .except = str_of(except)};

	return hub_deliver(w->hub, &d).sockets;
}

static void test_one_cast_for_all_members(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < SOCKETS; i++)
		hub_join(w->hub, w->members[i], STR("lobby"), 0);
	assert_int_equal(deliver(w, "/chat", "lobby", ""), SOCKETS);
	assert_int_equal(encoded, 1);
	for (int i = 0; i < SOCKETS; i++) {
		assert_int_equal(w->sockets[i].received, 1);
		assert_ptr_equal(w->sockets[i].last, w->sockets[0].last);
	}
}

static void test_nobody_there_is_not_encoded(void **state)
{
	struct world *w = *state;

	assert_int_equal(deliver(w, "/chat", "empty", ""), 0);
	assert_int_equal(encoded, 0);
}

static void test_rooms_of_two_namespaces_never_meet(void **state)
{
	struct world *w = *state;

	w->sockets[1].nsp = "/other";
	hub_join(w->hub, w->members[0], STR("lobby"), 0);
	hub_join(w->hub, w->members[1], STR("lobby"), 0);
	assert_int_equal(hub_room_count(w->hub), 2);
	assert_int_equal(deliver(w, "/other", "lobby", ""), 1);
	assert_int_equal(w->sockets[0].received, 0);
}

static void test_the_excepted_one_is_left_out(void **state)
{
	struct world *w = *state;

	hub_join(w->hub, w->members[0], STR("lobby"), 0);
	hub_join(w->hub, w->members[1], STR("lobby"), 0);
	assert_int_equal(deliver(w, "/chat", "lobby", "s0"), 1);
	assert_int_equal(w->sockets[0].received, 0);
	assert_int_equal(w->sockets[1].received, 1);
}

static struct hub_reach reach_numbered(struct world *w, uint64_t gseq)
{
	struct wire_deliver d = {.gseq = gseq,
	    .nsp = STR("/chat"),
	    .room = STR("lobby"),
	    .event = STR("e"),
	    .args = bytes_of("\x90", 1)};

	return hub_deliver(w->hub, &d);
}

/* How many of the two members of the lobby get a message with this number. */
static size_t deliver_numbered(struct world *w, uint64_t gseq)
{
	return reach_numbered(w, gseq).sockets;
}

static void test_those_who_lag_are_counted(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++)
		hub_join(w->hub, w->members[i], STR("lobby"), 0);
	w->sockets[1].is_lagging = true;
	struct hub_reach reach = reach_numbered(w, 7);

	assert_int_equal(reach.sockets, 3);
	assert_int_equal(reach.lagging, 1);
	/* Nobody asks about what is not stored. */
	assert_int_equal(reach_numbered(w, 0).lagging, 0);
}

/* The gateway catches up: what was said before somebody joined comes after the answer to him. */
static void test_who_came_later_does_not_get_what_was_before(void **state)
{
	struct world *w = *state;

	hub_join(w->hub, w->members[0], STR("lobby"), 0);
	hub_join(w->hub, w->members[1], STR("lobby"), 50);
	assert_int_equal(deliver_numbered(w, 49), 1);
	assert_int_equal(deliver_numbered(w, 50), 1);
	assert_int_equal(w->sockets[1].received, 0);
	assert_int_equal(deliver_numbered(w, 51), 2);
	/* What is not stored has no before. */
	assert_int_equal(deliver_numbered(w, 0), 2);
	assert_int_equal(w->sockets[0].received, 4);
	assert_int_equal(w->sockets[1].received, 2);
}

/* An answer that came twice: what lies between was for him. */
static void test_joining_again_does_not_make_one_come_later(void **state)
{
	struct world *w = *state;

	hub_join(w->hub, w->members[0], STR("lobby"), 50);
	hub_join(w->hub, w->members[0], STR("lobby"), 60);
	assert_int_equal(deliver_numbered(w, 55), 1);
	hub_leave(w->hub, w->members[0], STR("lobby"));
	hub_join(w->hub, w->members[0], STR("lobby"), 60);
	assert_int_equal(deliver_numbered(w, 60), 0);
}

/* Leaving moves the places of others; what they are to get stays with them. */
static void test_places_move_with_their_numbers(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++)
		hub_join(w->hub, w->members[i], STR("lobby"), (uint64_t)i * 10);
	hub_leave(w->hub, w->members[0], STR("lobby"));
	assert_int_equal(deliver_numbered(w, 15), 1);
	assert_int_equal(w->sockets[1].received, 1);
	assert_int_equal(w->sockets[2].received, 0);
	assert_int_equal(deliver_numbered(w, 25), 2);
}

static void test_a_cast_leaves_out_a_list(void **state)
{
	struct world *w = *state;
	struct wire_cast c = {.nsp = STR("/chat"), .event = STR("e"), .args = bytes_of("\x90", 1)};

	for (int i = 0; i < 4; i++)
		hub_join(w->hub, w->members[i], STR(""), 0);
	assert_int_equal(hub_cast(w->hub, &c), 4);
	c.except = bytes_of("\x94\xa2s0\x07\xa2s3\xa2s9", 11);
	assert_int_equal(hub_cast(w->hub, &c), 2);
	assert_int_equal(encoded, 2);
	assert_int_equal(w->sockets[0].received, 1);
	assert_int_equal(w->sockets[1].received, 2);
	c.room = STR("empty");
	assert_int_equal(hub_cast(w->hub, &c), 0);
	assert_int_equal(encoded, 2);
}

static void test_joining_twice_and_leaving_where_one_is_not(void **state)
{
	struct world *w = *state;

	hub_join(w->hub, w->members[0], STR("lobby"), 0);
	hub_join(w->hub, w->members[0], STR("lobby"), 0);
	assert_int_equal(hub_member_room_count(w->members[0]), 1);
	assert_int_equal(deliver(w, "/chat", "lobby", ""), 1);
	hub_leave(w->hub, w->members[0], STR("elsewhere"));
	hub_leave(w->hub, w->members[1], STR("lobby"));
	assert_true(hub_is_in(w->hub, w->members[0], STR("lobby")));
	hub_leave(w->hub, w->members[0], STR("lobby"));
	assert_false(hub_is_in(w->hub, w->members[0], STR("lobby")));
	assert_int_equal(hub_room_count(w->hub), 0);
}

/* The two sides keep each other's places: a random walk against a plain table finds a slip. */
static void test_random_walk(void **state)
{
	enum { ROOMS = 12, STEPS = 20000 };
	struct world *w = *state;
	static bool in[SOCKETS][ROOMS];
	unsigned seed = 20261122;

	memset(in, 0, sizeof(in));
	print_message("seed %u\n", seed);
	for (int step = 0; step < STEPS; step++) {
		seed = seed * 1103515245u + 12345u;
		int s = (int)(seed >> 8) % SOCKETS, r = (int)(seed >> 20) % ROOMS;
		char name[16];

		snprintf(name, sizeof(name), "r%d", r);
		if (in[s][r])
			hub_leave(w->hub, w->members[s], str_of(name));
		else
			hub_join(w->hub, w->members[s], str_of(name), 0);
		in[s][r] = !in[s][r];
		if (step % 50)
			continue;
		size_t expected = 0;

		for (int i = 0; i < SOCKETS; i++) {
			expected += in[i][r];
			w->sockets[i].received = 0;
		}
		assert_int_equal(deliver(w, "/chat", name, ""), expected);
		for (int i = 0; i < SOCKETS; i++)
			assert_int_equal(w->sockets[i].received, in[i][r]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_one_cast_for_all_members, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_nobody_there_is_not_encoded, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_rooms_of_two_namespaces_never_meet, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_the_excepted_one_is_left_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_who_came_later_does_not_get_what_was_before, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_those_who_lag_are_counted, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_joining_again_does_not_make_one_come_later, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_places_move_with_their_numbers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_cast_leaves_out_a_list, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_joining_twice_and_leaving_where_one_is_not, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_random_walk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
