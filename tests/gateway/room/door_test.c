#include "gateway/room/door.h"

#include "tests/gateway/room/door_stage.h"

static void test_a_session_is_a_client(void **state)
{
	struct eio_session *s = stage_open();
	struct sio_client *c = stage.newest;
	const struct door_facts *facts = door_facts_of(&(struct sio_socket){.client = c});

	(void)state;
	assert_int_equal(doors_count(stage.doors), 1);
	assert_ptr_equal(c->up, &stage);
	assert_int_equal(c->born.us, stage.loop.now.us);
	assert_string_equal(facts->ip, "10.0.0.1");
	assert_string_equal(facts->user_agent, "agent");
	assert_string_equal(facts->authorization, "Bearer x");
	assert_string_equal(facts->url, "/?token=&a=1");
	assert_true(str_eqz(buf_str(&facts->headers), "\x81\xa4host\xa1x"));
	assert_true(facts->is_secure);
	assert_string_equal(facts->transport, "polling");
	assert_null(facts->reason);
	/* The facts are of now: a connection may change what carries it. */
	s->is_upgraded = true;
	assert_string_equal(
	    door_facts_of(&(struct sio_socket){.client = c})->transport, "websocket");
	eio_session_close(s, EIO_CLOSE_TRANSPORT_CLOSE);
	stage_free(&s);
}

static void test_messages_pass_both_ways(void **state)
{
	struct eio_session *s = stage_open();
	struct sio_client *c = stage.newest;

	(void)state;
	stage_receive(s, "0/chat,", false);
	assert_string_equal(c->last, "0/chat,");
	assert_int_equal(c->binaries, 0);
	stage_receive(s, "\x01", true);
	assert_int_equal(c->messages, 2);
	assert_int_equal(c->binaries, 1);
	stage_send(c, false, false);
	assert_int_equal(s->texts, 1);
	assert_int_equal(s->volatiles, 0);
	stage_send(c, true, true);
	assert_int_equal(s->binaries, 1);
	assert_int_equal(s->volatiles, 1);
	eio_session_close(s, EIO_CLOSE_TRANSPORT_CLOSE);
	stage_free(&s);
}

static void test_who_lags_is_known(void **state)
{
	struct eio_session *s = stage_open();
	struct sio_socket socket = {.client = stage.newest};

	(void)state;
	assert_false(door_is_lagging(&socket));
	socket.is_waiting = true;
	assert_true(door_is_lagging(&socket));
	socket.is_waiting = false;
	s->is_lagging = true;
	assert_true(door_is_lagging(&socket));
	eio_session_close(s, EIO_CLOSE_FORCED_CLOSE);
	assert_false(door_is_lagging(&socket));
	stage_free(&s);
}

static void test_who_is_too_fast_is_known(void **state)
{
	struct eio_session *s = stage_open();
	struct sio_socket socket = {.client = stage.newest};

	(void)state;
	assert_int_equal(door_retry_after_ms(&socket), 0);
	s->retry_after_ms = 40;
	assert_int_equal(door_retry_after_ms(&socket), 40);
	eio_session_close(s, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(door_retry_after_ms(&socket), 0);
	stage_free(&s);
}

static void test_what_is_too_big_is_passed_on(void **state)
{
	struct eio_session *s = stage_open();
	struct sio_client *c = stage.newest;

	(void)state;
	door_eio_events.on_oversize(stage.doors, s, bytes_of("2/chat,", 7), false);
	assert_string_equal(c->last, "2/chat,");
	assert_int_equal(c->oversize_texts, 1);
	door_eio_events.on_oversize(stage.doors, s, bytes_of("x", 1), true);
	assert_int_equal(c->oversize_texts, 1);
	assert_int_equal(c->messages, 0);
	eio_session_close(s, EIO_CLOSE_TOO_BIG);
	stage_free(&s);
}

static void test_each_session_has_its_own_client(void **state)
{
	struct eio_session *a = stage_open();
	struct sio_client *client_a = stage.newest;
	struct eio_session *b = stage_open();
	struct sio_client *client_b = stage.newest;

	(void)state;
	stage_receive(a, "a", false);
	stage_receive(b, "b", false);
	assert_string_equal(client_a->last, "a");
	assert_string_equal(client_b->last, "b");
	stage_send(client_b, false, false);
	assert_int_equal(a->texts, 0);
	assert_int_equal(b->texts, 1);
	assert_int_equal(doors_count(stage.doors), 2);
	eio_session_close(a, EIO_CLOSE_TRANSPORT_CLOSE);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(doors_count(stage.doors), 1);
	stage_receive(b, "still", false);
	assert_string_equal(client_b->last, "still");
	eio_session_close(b, EIO_CLOSE_SHUTDOWN);
	stage_free(&a);
	stage_free(&b);
}

/* Nobody dies in a call of his own: the client goes at the end of the turn, and is told why. */
static void test_a_closed_session_is_seen_out_at_the_end_of_the_turn(void **state)
{
	struct eio_session *s = stage_open();

	(void)state;
	eio_session_close(s, EIO_CLOSE_PING_TIMEOUT);
	assert_int_equal(stage.living, 1);
	assert_int_equal(stage.ended, 0);
	assert_true(stage.loop.is_again);
	stage_free(&s);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(stage.living, 0);
	assert_int_equal(stage.ended, 1);
	assert_string_equal(stage.last_reason, "ping timeout");
	assert_int_equal(doors_count(stage.doors), 0);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(stage.ended, 1);
}

static void close_it(struct sio_client *c)
{
	c->transport->close(c->down, true);
	assert_int_equal(stage.living, 1);
}

static void test_a_client_closes_inside_a_message(void **state)
{
	struct eio_session *s = stage_open();

	(void)state;
	stage.newest->in_message = close_it;
	stage_receive(s, "junk", false);
	assert_true(s->is_closed);
	assert_int_equal(s->why, EIO_CLOSE_PARSE_ERROR);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(stage.living, 0);
	assert_string_equal(stage.last_reason, "parse error");
	stage_free(&s);
}

/* The server closes the session while the client is at work, and frees it in the same turn. */
static void test_a_client_speaks_while_its_session_is_closed(void **state)
{
	struct eio_session *s = stage_open();
	struct sio_client *c = stage.newest;

	(void)state;
	eio_session_close(s, EIO_CLOSE_SLOW_CONSUMER);
	stage_free(&s);
	stage_send(c, false, false);
	stage_send(c, true, true);
	c->transport->close(c->down, false);
	fake_loop_end_turn(&stage.loop);
	assert_string_equal(stage.last_reason, "slow consumer");
	assert_int_equal(stage.ended, 1);
}

static void test_clients_without_namespace_expire(void **state)
{
	struct eio_session *early = stage_open();
	struct sio_client *early_client = stage.newest;

	(void)state;
	stage.loop.now = mono_add_ms(stage.loop.now, 1000);
	struct eio_session *late = stage_open();
	struct sio_client *late_client = stage.newest;
	struct mono due = mono_add_ms(early_client->born, STAGE_CONNECT_TIMEOUT_MS);

	doors_expire(stage.doors, (struct mono){due.us - 1});
	assert_false(early->is_closed);
	doors_expire(stage.doors, due);
	assert_true(early->is_closed);
	assert_int_equal(early->why, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(early_client->timeouts, 1);
	assert_false(late->is_closed);
	doors_expire(stage.doors, mono_add_ms(due, 1000));
	assert_true(late->is_closed);
	assert_int_equal(early_client->timeouts, 1);
	assert_int_equal(late_client->timeouts, 1);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(stage.living, 0);
	stage_free(&early);
	stage_free(&late);
}

static void test_refusals_are_counted_by_connection(void **state)
{
	struct eio_session *a = stage_open();
	struct sio_socket of_a = {.client = stage.newest}, again_of_a = {.client = stage.newest};
	struct eio_session *b = stage_open();
	struct sio_socket of_b = {.client = stage.newest};

	(void)state;
	assert_int_equal(door_note_refusal(&of_a), 1);
	assert_int_equal(door_note_refusal(&again_of_a), 2);
	assert_int_equal(door_note_refusal(&of_b), 1);
	eio_session_close(a, EIO_CLOSE_FORCED_CLOSE);
	eio_session_close(b, EIO_CLOSE_FORCED_CLOSE);
	stage_free(&a);
	stage_free(&b);
}

static void test_many_close_in_one_turn(void **state)
{
	enum { MANY = 50 };
	struct eio_session *sessions[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		sessions[i] = stage_open();
	for (int i = 0; i < MANY; i += 2)
		eio_session_close(sessions[i], EIO_CLOSE_TRANSPORT_CLOSE);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(doors_count(stage.doors), MANY / 2);
	for (int i = 1; i < MANY; i += 2)
		eio_session_close(sessions[i], EIO_CLOSE_SHUTDOWN);
	/* The loop does not turn any more: the doors see out whoever is left. */
	doors_free(&stage.doors);
	assert_int_equal(stage.ended, MANY);
	assert_string_equal(stage.last_reason, "server shutting down");
	for (int i = 0; i < MANY; i++)
		stage_free(&sessions[i]);
}

static void test_an_old_client_begins_as_one(void **state)
{
	struct eio_session *old = stage_open_legacy();
	const struct door_facts *facts =
	    door_facts_of(&(struct sio_socket){.client = stage.newest});

	(void)state;
	assert_true(stage.newest->is_legacy);
	assert_string_equal(facts->token, "query");
	assert_string_equal(facts->sid, "sid");

	struct eio_session *new = stage_open();

	/* What is in its address is nobody's token. */
	facts = door_facts_of(&(struct sio_socket){.client = stage.newest});
	assert_false(stage.newest->is_legacy);
	assert_null(facts->token);
	assert_null(facts->sid);
	eio_session_close(old, EIO_CLOSE_TRANSPORT_CLOSE);
	eio_session_close(new, EIO_CLOSE_TRANSPORT_CLOSE);
	fake_loop_end_turn(&stage.loop);
	stage_free(&old);
	stage_free(&new);
}

static void test_an_old_client_is_closed_as_it_comes(void **state)
{
	struct eio_session *s;

	(void)state;
	stage.closes_at_once = true;
	s = stage_open_legacy();
	assert_true(s->is_closed);
	assert_int_equal(doors_count(stage.doors), 1);
	fake_loop_end_turn(&stage.loop);
	assert_int_equal(doors_count(stage.doors), 0);
	stage_free(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_session_is_a_client),
	    TEST(test_messages_pass_both_ways),
	    TEST(test_who_lags_is_known),
	    TEST(test_who_is_too_fast_is_known),
	    TEST(test_what_is_too_big_is_passed_on),
	    TEST(test_each_session_has_its_own_client),
	    TEST(test_a_closed_session_is_seen_out_at_the_end_of_the_turn),
	    TEST(test_a_client_closes_inside_a_message),
	    TEST(test_a_client_speaks_while_its_session_is_closed),
	    TEST(test_clients_without_namespace_expire),
	    TEST(test_refusals_are_counted_by_connection),
	    TEST(test_many_close_in_one_turn),
	    TEST(test_an_old_client_begins_as_one),
	    TEST(test_an_old_client_is_closed_as_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
