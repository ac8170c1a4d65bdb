#include "broker/order.h"

#include "tests/broker/crew_stage.h"
#include "tests/fakes/store.h"

static void emit(struct crew_stage *s, struct peer *worker, const struct wire_emit *e)
{
	struct wire_message m = {.type = WIRE_EMIT};

	m.as.emit = *e;
	if (!m.as.emit.nsp.len)
		m.as.emit.nsp = STR("/work");
	if (!m.as.emit.args.len)
		m.as.emit.args = bytes_of("\x90", 1);
	order_on_emit(&s->w->b, worker, &m);
}

static void join(struct crew_stage *s, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_WORK_JOIN};

	m.as.work_join = (struct wire_work_join){str_of(socket), str_of(room)};
	order_on_join(&s->w->b, &s->north, &m);
}

static void leave(struct crew_stage *s, const char *socket, const char *room)
{
	struct wire_message m = {.type = WIRE_WORK_LEAVE};

	m.as.work_leave = (struct wire_work_leave){str_of(socket), str_of(room)};
	order_on_leave(&s->w->b, &s->north, &m);
}

static void test_to_one_room_user_and_all(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	emit(s, &s->north,
	    &(struct wire_emit){.socket = STR("e1"), .event = STR("a"), .has_ack = true, .ack = 5});
	assert_true(fake_peer_heard(
	    &s->w->east, "SEND{socket=\"e1\" event=\"a\" args=<1:90> has_ack=true ack=5"));
	/* No name is a name: stock clients say and hear it. */
	emit(s, &s->north, &(struct wire_emit){.socket = STR("e1"), .event = STR("")});
	assert_true(fake_peer_heard(&s->w->east, "SEND{socket=\"e1\" event=\"\""));
	emit(s, &s->north,
	    &(struct wire_emit){.event = STR("b"), .except = bytes_of("\x91\xa1x", 3)});
	assert_true(fake_peer_heard(
	    &s->w->east, "CAST{nsp=\"/work\" room=\"\" except=<3:91a178> event=\"b\""));
	emit(s, &s->north, &(struct wire_emit){.room = STR("user:guest:1"), .event = STR("c")});
	assert_true(fake_peer_heard(&s->w->east, "room=\"user:guest:1\""));
	emit(s, &s->north, &(struct wire_emit){.room = STR("nowhere"), .event = STR("d")});
	emit(s, &s->north, &(struct wire_emit){.socket = STR("e9"), .event = STR("d")});
	assert_false(fake_peer_heard(&s->w->east, "event=\"d\""));
	assert_false(fake_peer_heard(&s->w->west, "CAST"));
}

/* Its rooms are not the worker's; to speak in them is. */
static void test_in_a_namespace_of_rooms(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_serve(s, &s->north);
	world_connect(s->w, &s->w->east, "chatter", "ann");
	crew_stage_forget(s);
	emit(s, &s->north,
	    &(struct wire_emit){.nsp = STR("/chat"), .room = STR("user:ann"), .event = STR("a")});
	assert_true(fake_peer_heard(&s->w->east, "CAST{nsp=\"/chat\" room=\"user:ann\""));
	emit(s, &s->north,
	    &(struct wire_emit){.nsp = STR("/chat"), .socket = STR("chatter"), .event = STR("b")});
	assert_true(fake_peer_heard(&s->w->east, "SEND{socket=\"chatter\" event=\"b\""));
	crew_stage_event(s, "chatter", 50);
	crew_stage_forget(s);
	join(s, "chatter", "lobby");
	leave(s, "chatter", "user:ann");
	assert_int_equal(s->w->east.heard.len, 0);
	assert_null(rooms_find(s->w->b.rooms, STR("/chat"), STR("lobby")));
}

static void test_what_makes_no_sense_is_not_done(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	world_connect(s->w, &s->w->east, "chatter", "ann");
	crew_stage_forget(s);
	emit(s, &s->north, &(struct wire_emit){.event = STR("disconnect")});
	emit(s, &s->north, &(struct wire_emit){.event = STR("a"), .args = bytes_of("\x80", 1)});
	emit(s, &s->north, &(struct wire_emit){.event = STR("a"), .has_ack = true});
	emit(s, &s->north,
	    &(struct wire_emit){
		.event = STR("a"), .socket = STR("e1"), .has_ack = true, .ack = UINT64_C(1) << 52});
	emit(s, &s->north, &(struct wire_emit){.event = STR("a"), .nsp = STR("/chat")});
	emit(s, &s->south, &(struct wire_emit){.event = STR("a")});
	assert_int_equal(s->w->east.heard.len, 0);
}

static void test_rooms_live_while_somebody_is_in_them(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	join(s, "e1", "team");
	assert_true(fake_peer_heard(&s->w->east, "MOVE{socket=\"e1\" room=\"team\" is_in=true gseq=0}"));
	assert_false(fake_peer_heard(&s->w->east, "room-presence"));
	assert_int_equal(fake_store.rooms, 0);
	crew_stage_forget(s);
	join(s, "e1", "team");
	join(s, "e1", "");
	join(s, "e1", "user:other");
	join(s, "e9", "team");
	leave(s, "e1", "");
	leave(s, "e1", "user:guest:1");
	leave(s, "e1", "elsewhere");
	assert_int_equal(s->w->east.heard.len, 0);
	leave(s, "e1", "team");
	assert_true(fake_peer_heard(&s->w->east, "MOVE{socket=\"e1\" room=\"team\" is_in=false gseq=0}"));
	assert_null(rooms_find(s->w->b.rooms, STR("/work"), STR("team")));
}

static void test_a_socket_is_in_so_many_rooms_only(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	join(s, "e1", "a");
	join(s, "e1", "b");
	join(s, "e1", "c");
	join(s, "e1", "d");
	assert_false(fake_peer_heard(&s->w->east, "room=\"d\""));
	assert_null(rooms_find(s->w->b.rooms, STR("/work"), STR("d")));
}

static void test_a_worker_ends_its_sockets(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_WORK_END};

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	world_connect(s->w, &s->w->east, "chatter", "ann");
	world_forget_heard(s->w);
	m.as.work_end.socket = STR("chatter");
	order_on_end(&s->w->b, &s->north, &m);
	assert_false(fake_peer_heard(&s->w->east, "EXPEL"));
	m.as.work_end.socket = STR("e1");
	order_on_end(&s->w->b, &s->north, &m);
	assert_true(fake_peer_heard(&s->w->east, "EXPEL{socket=\"e1\" close=false error=0 text=\"\"}"));
}

#define ORDER_TEST(f) cmocka_unit_test_setup_teardown(f, crew_stage_setup, crew_stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ORDER_TEST(test_to_one_room_user_and_all),
	    ORDER_TEST(test_in_a_namespace_of_rooms),
	    ORDER_TEST(test_what_makes_no_sense_is_not_done),
	    ORDER_TEST(test_rooms_live_while_somebody_is_in_them),
	    ORDER_TEST(test_a_socket_is_in_so_many_rooms_only),
	    ORDER_TEST(test_a_worker_ends_its_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
