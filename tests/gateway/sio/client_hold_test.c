#include "tests/check.h"

#include "gateway/sio/socket.h"
#include "tests/gateway/sio/stage.h"

#include <string.h>

enum { QUEUE_BYTES = 8000 };

/* A client of /chat that waits for its CONNECT to be answered. */
static struct sio_socket *knock(void)
{
	stage_receive("0/chat,");
	stage_said("connect /chat -\n");
	return stage.sockets[STAGE_CHAT];
}

static void send(struct sio_socket *s, const char *event, bool is_volatile)
{
	struct sio_cast *cast = sio_cast_new(STR("/chat"), str_of(event), bytes_of("\x91\x01", 2));

	sio_socket_send(s, cast, is_volatile);
	sio_cast_free(&cast);
}

static void test_what_was_missed_then_connect_then_what_is_new(void **state)
{
	struct sio_socket *s = knock();

	(void)state;
	sio_socket_hold(s, QUEUE_BYTES);
	send(s, "new", false);
	send(s, "dropped", true);
	assert_int_equal(sio_socket_recall(s, STR("missed"), bytes_of("\x91\x02", 2)), ERR_OK);
	sio_socket_emit(s, STR("newer"), bytes_of("\x90", 1));
	assert_int_equal(sio_socket_recall(s, STR("missed"), bytes_of("\x91\x03", 2)), ERR_OK);
	stage_said("");
	sio_socket_accept(s, STR("sid"), STR("pid"));
	stage_said("< 2/chat,[\"missed\",2]\n"
		   "< 2/chat,[\"missed\",3]\n"
		   "< 0/chat,{\"sid\":\"sid\",\"pid\":\"pid\"}\n"
		   "< 2/chat,[\"new\",1]\n"
		   "< 2/chat,[\"newer\"]\n");
	assert_true(stage.expected > 80);
	send(s, "live", true);
	stage_said("< volatile 2/chat,[\"live\",1]\n");
}

static void test_a_question_waits_for_connect_too(void **state)
{
	struct sio_socket *s = knock();

	(void)state;
	sio_socket_hold(s, QUEUE_BYTES);
	send(s, "before", false);
	sio_socket_ask(s, STR("question"), bytes_of("\x90", 1), 7);
	stage_said("");
	sio_socket_accept(s, STR("sid"), STR("pid"));
	stage_said("< 0/chat,{\"sid\":\"sid\",\"pid\":\"pid\"}\n"
		   "< 2/chat,[\"before\",1]\n"
		   "< 2/chat,7[\"question\"]\n");
}

static void test_who_begins_anew_hears_nothing_of_it(void **state)
{
	struct sio_socket *s = knock();

	(void)state;
	sio_socket_hold(s, QUEUE_BYTES);
	send(s, "new", false);
	assert_int_equal(sio_socket_recall(s, STR("missed"), bytes_of("\x90", 1)), ERR_OK);
	sio_socket_forget(s);
	sio_socket_accept(s, STR("sid"), STR(""));
	stage_said("< 0/chat,{\"sid\":\"sid\"}\n");
	sio_socket_forget(s);
}

static void test_too_much_that_is_new_closes(void **state)
{
	struct sio_socket *s = knock();
	struct buf said = {0};

	(void)state;
	sio_socket_hold(s, QUEUE_BYTES);
	for (int i = 0; i < 100; i++)
		send(s, "new", false);
	stage_said("close\n");
	buf_free(&said);
}

static void test_too_much_that_was_missed_is_told(void **state)
{
	struct sio_socket *s = knock();
	enum err e = ERR_OK;

	(void)state;
	sio_socket_hold(s, QUEUE_BYTES);
	for (int i = 0; i < 1000 && !e; i++)
		e = sio_socket_recall(s, STR("missed"), bytes_of("\x90", 1));
	assert_int_equal(e, ERR_FULL);
	stage_said("");
}

static void test_a_connection_that_breaks_takes_it_along(void **state)
{
	struct sio_socket *s = knock();

	(void)state;
	sio_socket_hold(s, QUEUE_BYTES);
	send(s, "new", false);
	assert_int_equal(sio_socket_recall(s, STR("missed"), bytes_of("\x90", 1)), ERR_OK);
	sio_client_free(&stage.client);
	stage_said("disconnect /chat transport\n");
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)
	const struct CMUnitTest tests[] = {
	    TEST(test_what_was_missed_then_connect_then_what_is_new),
	    TEST(test_a_question_waits_for_connect_too),
	    TEST(test_who_begins_anew_hears_nothing_of_it),
	    TEST(test_too_much_that_is_new_closes),
	    TEST(test_too_much_that_was_missed_is_told),
	    TEST(test_a_connection_that_breaks_takes_it_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
