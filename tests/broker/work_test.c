#include "broker/work.h"

#include "broker/entry.h"
#include "tests/broker/crew_stage.h"

#include <string.h>

static void test_a_client_is_in_when_a_worker_says_so(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_ACCEPT};

	crew_stage_serve(s, &s->north);
	crew_stage_knock(s, "e1");
	assert_true(fake_peer_heard(
	    &s->north, "WORK_CONNECT{task=1 socket=\"e1\" nsp=\"/work\" user=\"guest:1\""));
	assert_false(fake_peer_heard(&s->w->east, "REPLY"));
	m.as.accept.task = 2;
	work_on_accept(&s->w->b, &s->north, &m);
	m.as.accept.task = 1;
	work_on_accept(&s->w->b, &s->south, &m);
	assert_false(fake_peer_heard(&s->w->east, "REPLY"));
	work_on_accept(&s->w->b, &s->north, &m);
	assert_int_equal(world_last_error(s->w, &s->w->east), 0);
	crew_stage_forget(s);
	work_on_accept(&s->w->b, &s->north, &m);
	assert_false(fake_peer_heard(&s->w->east, "REPLY"));
}

static void test_a_refusal_is_told_as_it_is(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_REFUSE};

	crew_stage_serve(s, &s->north);
	crew_stage_knock(s, "e1");
	m.as.refuse = (struct wire_refuse){1, STR("not you"), bytes_of("\xa1x", 2)};
	work_on_refuse(&s->w->b, &s->north, &m);
	assert_true(fake_peer_heard(
	    &s->w->east, "error=4 text=\"not you\" retry_after_ms=0 value=<2:a178>"));
	assert_int_equal(sessions_count(s->w->b.sessions), 0);
	assert_false(fake_peer_heard(&s->north, "WORK_DISCONNECT"));
}

static void test_without_a_worker_it_is_unavailable(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_knock(s, "e1");
	assert_int_equal(world_last_error(s->w, &s->w->east), CLIENT_ERROR_UNAVAILABLE);
	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e2");
	work_on_peer_gone(&s->w->b, &s->north);
	s->w->request = 50;
	crew_stage_event(s, "e2", 50);
	assert_int_equal(world_last_error(s->w, &s->w->east), CLIENT_ERROR_UNAVAILABLE);
}

static void test_an_event_is_answered_once(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_WORK_ANSWER};

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	crew_stage_event(s, "e1", 50);
	assert_true(fake_peer_heard(&s->north, "WORK_EVENT{task=2 socket=\"e1\" nsp=\"/work\" "
					       "event=\"ping\" args=<2:9107> has_ack=true}"));
	m.as.work_answer = (struct wire_work_answer){2, bytes_of("\x91\x08", 2)};
	work_on_answer(&s->w->b, &s->north, &m);
	assert_true(fake_peer_heard(
	    &s->w->east, "REPLY{request=50 error=0 text=\"\" retry_after_ms=0 value=<2:9108> gseq=0}"));
	crew_stage_forget(s);
	work_on_answer(&s->w->b, &s->north, &m);
	assert_false(fake_peer_heard(&s->w->east, "REPLY"));
	/* Asked again: it was done, and the answer is lost. */
	crew_stage_event(s, "e1", 50);
	assert_true(fake_peer_heard(&s->w->east, "request=50 error=12"));
	assert_false(fake_peer_heard(&s->north, "WORK_EVENT"));
}

static void test_done_is_an_empty_ack(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_WORK_DONE};

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	crew_stage_event(s, "e1", 50);
	crew_stage_event(s, "e1", 50);
	m.as.work_done.task = 2;
	work_on_done(&s->w->b, &s->north, &m);
	assert_true(fake_peer_heard(
	    &s->w->east, "request=50 error=0 text=\"\" retry_after_ms=0 value=<1:90>"));
	assert_int_equal(crew_stage_task(s), 0);
}

static void test_another_worker_gets_what_is_unanswered_in_order(void **state)
{
	struct crew_stage *s = *state;

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	crew_stage_serve(s, &s->south);
	crew_stage_event(s, "e1", 50);
	crew_stage_event(s, "e1", 51);
	assert_false(fake_peer_heard(&s->south, "WORK"));
	work_on_peer_gone(&s->w->b, &s->north);
	assert_true(fake_peer_heard(&s->south, "WORK_CONNECT{task=0 socket=\"e1\""));
	buf_putc(&s->south.heard, '\0');
	const char *text = buf_str(&s->south.heard).p;
	const char *connect = strstr(text, "WORK_CONNECT"), *first = strstr(text, "task=2 "),
		   *second = strstr(text, "task=3 ");

	assert_true(connect < first && first < second);
	assert_int_equal(world_last_error(s->w, &s->w->east), -1);
	work_on_peer_gone(&s->w->b, &s->south);
	assert_true(fake_peer_heard(&s->w->east, "request=50 error=11"));
	assert_true(fake_peer_heard(&s->w->east, "request=51 error=11"));
}

static void test_a_worker_hears_of_acks_and_of_the_end(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message ack = {.type = WIRE_ACK}, end = {.type = WIRE_DISCONNECT};

	crew_stage_serve(s, &s->north);
	crew_stage_connect(s, &s->north, "e1");
	ack.as.ack = (struct wire_ack){STR("e1"), 9, bytes_of("\x90", 1)};
	work_on_ack(&s->w->b, &s->w->west, &ack);
	assert_false(fake_peer_heard(&s->north, "WORK_ACK"));
	work_on_ack(&s->w->b, &s->w->east, &ack);
	assert_true(fake_peer_heard(&s->north, "WORK_ACK{socket=\"e1\" ack=9 args=<1:90>}"));
	crew_stage_event(s, "e1", 50);
	end.as.disconnect = (struct wire_disconnect){STR("e1"), STR("ping timeout"), false};
	entry_on_disconnect(&s->w->b, &s->w->east, &end);
	assert_true(
	    fake_peer_heard(&s->north, "WORK_DISCONNECT{socket=\"e1\" reason=\"ping timeout\"}"));
	assert_int_equal(crew_stage_task(s), 0);
	assert_int_equal(rooms_count(s->w->b.rooms), 0);
}

static void test_who_was_in_before_is_told_of_with_the_first_event(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	crew_stage_serve(s, &s->north);
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/work"),
	    .user = STR("guest:1"),
	    .grants = bytes_of("\xc0", 1),
	    .rooms = bytes_of("\x92\xa0\xa4team", 7)};
	entry_on_connect(&s->w->b, &s->w->east, &m);
	assert_int_equal(rooms_find(s->w->b.rooms, STR("/work"), STR("team"))->member_count, 1);
	assert_false(fake_peer_heard(&s->north, "WORK"));
	crew_stage_event(s, "e1", 50);
	assert_true(fake_peer_heard(&s->north, "WORK_CONNECT{task=0 socket=\"e1\""));
	assert_true(fake_peer_heard(&s->north, "WORK_EVENT{task=1"));
}

/* An event that the rooms do not know. */
static void say_in_chat(struct crew_stage *s, uint64_t request)
{
	world_connect(s->w, &s->w->east, "chatter", "ann");
	crew_stage_forget(s);
	crew_stage_event(s, "chatter", request);
}

static void test_rooms_have_work_for_a_worker_that_serves_them(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_WORK_ANSWER}, end = {.type = WIRE_DISCONNECT};

	crew_stage_serve(s, &s->north);
	say_in_chat(s, 50);
	assert_true(fake_peer_heard(
	    &s->north, "WORK_CONNECT{task=0 socket=\"chatter\" nsp=\"/chat\" user=\"ann\""));
	assert_true(fake_peer_heard(
	    &s->north, "WORK_EVENT{task=1 socket=\"chatter\" nsp=\"/chat\" event=\"ping\""));
	m.as.work_answer = (struct wire_work_answer){1, bytes_of("\x91\x08", 2)};
	work_on_answer(&s->w->b, &s->north, &m);
	assert_true(fake_peer_heard(&s->w->east, "REPLY{request=50 error=0"));
	end.as.disconnect = (struct wire_disconnect){STR("chatter"), STR("gone"), false};
	entry_on_disconnect(&s->w->b, &s->w->east, &end);
	assert_true(fake_peer_heard(&s->north, "WORK_DISCONNECT{socket=\"chatter\""));
}

/* What a worker serves is the connection, and what it answers to one that is lost goes nowhere. */
static void test_a_lost_connection_is_not_served(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message done = {.type = WIRE_WORK_DONE}, emit = {.type = WIRE_EMIT};

	s->w->b.config.recovery = true;
	crew_stage_serve(s, &s->north);
	say_in_chat(s, 50);
	world_commit(s->w);
	world_lose(s->w, &s->w->east, "chatter");
	assert_true(fake_peer_heard(&s->north, "WORK_DISCONNECT{socket=\"chatter\""));
	assert_null(world_session(s->w, "chatter")->ward);
	done.as.work_done.task = 1;
	work_on_message(&s->w->b, &s->north, &done);
	emit.as.emit = (struct wire_emit){.nsp = STR("/chat"),
	    .socket = STR("chatter"),
	    .event = STR("x"),
	    .args = bytes_of("\x90", 1),
	    .except = bytes_of("\xc0", 1)};
	work_on_message(&s->w->b, &s->north, &emit);
	assert_false(fake_peer_heard(&s->w->east, "SEND"));
	work_on_peer_gone(&s->w->b, &s->north);
}

static void test_rooms_without_a_worker_know_no_more_events(void **state)
{
	struct crew_stage *s = *state;

	say_in_chat(s, 50);
	s->w->request = 50;
	assert_int_equal(world_last_error(s->w, &s->w->east), CLIENT_ERROR_UNKNOWN_EVENT);
	crew_stage_serve(s, &s->north);
	crew_stage_event(s, "chatter", s->w->request = 51);
	work_on_peer_gone(&s->w->b, &s->north);
	assert_int_equal(world_last_error(s->w, &s->w->east), CLIENT_ERROR_UNAVAILABLE);
	crew_stage_event(s, "chatter", s->w->request = 52);
	assert_int_equal(world_last_error(s->w, &s->w->east), CLIENT_ERROR_UNKNOWN_EVENT);
}

/* What an announcement may claim is a matter of the namespace, not of having had work. */
static void test_having_had_work_opens_no_rooms(void **state)
{
	struct crew_stage *s = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	rooms_load(s->w->b.rooms, 7, STR("/chat"), STR("secret"), false, 0);
	crew_stage_serve(s, &s->north);
	say_in_chat(s, 50);
	m.as.connect = (struct wire_connect){.socket = STR("chatter"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .grants = bytes_of("\xc0", 1),
	    .rooms = bytes_of("\x91\xa6secret", 8)};
	entry_on_connect(&s->w->b, &s->w->east, &m);
	assert_int_equal(world_room(s->w, "secret")->member_count, 0);
}

#define WORK_TEST(f) cmocka_unit_test_setup_teardown(f, crew_stage_setup, crew_stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORK_TEST(test_a_client_is_in_when_a_worker_says_so),
	    WORK_TEST(test_a_refusal_is_told_as_it_is),
	    WORK_TEST(test_without_a_worker_it_is_unavailable),
	    WORK_TEST(test_an_event_is_answered_once),
	    WORK_TEST(test_done_is_an_empty_ack),
	    WORK_TEST(test_another_worker_gets_what_is_unanswered_in_order),
	    WORK_TEST(test_a_worker_hears_of_acks_and_of_the_end),
	    WORK_TEST(test_who_was_in_before_is_told_of_with_the_first_event),
	    WORK_TEST(test_rooms_have_work_for_a_worker_that_serves_them),
	    WORK_TEST(test_a_lost_connection_is_not_served),
	    WORK_TEST(test_rooms_without_a_worker_know_no_more_events),
	    WORK_TEST(test_having_had_work_opens_no_rooms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
