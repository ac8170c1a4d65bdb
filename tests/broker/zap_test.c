#include "tests/check.h"

#include "broker/zap.h"
#include "common/frame.h"
#include "tests/broker/visitor.h"
#include "tests/common/capture.h"
#include "tests/common/tempdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

/* Who is denied hears nothing more until the handshake ends. */
enum { KEY_SIZE = 41, HANDSHAKE_MS = 250 };

/* A CURVE server that asks the key check, and a gateway with a key. */
struct world {
	struct tempdir *folder;
	void *context, *server;
	struct zap *zap;
	struct mono now;
	char endpoint[256], why[ZAP_WHY_SIZE];
	char server_public[KEY_SIZE], server_secret[KEY_SIZE];
	char public_key[KEY_SIZE], secret_key[KEY_SIZE];
	struct visitor *gateway;
};

static int setup(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	w->folder = tempdir_new();
	w->context = zmq_ctx_new();
	w->now = (struct mono){3600 * 1000000ULL};
	zmq_curve_keypair(w->server_public, w->server_secret);
	zmq_curve_keypair(w->public_key, w->secret_key);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	visitor_free(&w->gateway);
	if (w->server)
		zmq_close(w->server);
	zap_free(&w->zap);
	assert_null(w->zap);
	zap_free(&w->zap);
	zmq_ctx_term(w->context);
	tempdir_free(&w->folder);
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

static void put_key(struct world *w, const char *file, const char *text)
{
	tempdir_write(w->folder, file, text, strlen(text), 0644);
}

static void open_zap(struct world *w)
{
	assert_int_equal(zap_new(w->context, tempdir_path(w->folder, ""), w->why, &w->zap), ERR_OK);
}

static void open_server(struct world *w)
{
	size_t size = sizeof(w->endpoint);
	int yes = 1, none = 0, handshake = HANDSHAKE_MS;

	w->server = zmq_socket(w->context, ZMQ_ROUTER);
	zmq_setsockopt(w->server, ZMQ_CURVE_SERVER, &yes, sizeof(yes));
	zmq_setsockopt(w->server, ZMQ_CURVE_SECRETKEY, w->server_secret, KEY_SIZE);
	zmq_setsockopt(w->server, ZMQ_ZAP_DOMAIN, "test", 4);
	zmq_setsockopt(w->server, ZMQ_LINGER, &none, sizeof(none));
	zmq_setsockopt(w->server, ZMQ_HANDSHAKE_IVL, &handshake, sizeof(handshake));
	assert_int_equal(zmq_bind(w->server, "tcp://127.0.0.1:*"), 0);
	zmq_getsockopt(w->server, ZMQ_LAST_ENDPOINT, w->endpoint, &size);
}

/* Serves the key check until the gateway's connection has a fate. */
static enum visitor_fate wait_for_fate(struct world *w)
{
	enum visitor_fate fate = VISITOR_WAITING;

	while (fate == VISITOR_WAITING) {
		zmq_pollitem_t items[] = {{.socket = zap_socket(w->zap), .events = ZMQ_POLLIN},
		    {.socket = visitor_watch(w->gateway), .events = ZMQ_POLLIN}};

		if (zmq_poll(items, ARRAY_LEN(items), VISITOR_DEADLINE_MS) <= 0)
			break;
		if (items[0].revents)
			zap_serve(w->zap, w->now);
		if (items[1].revents)
			fate = visitor_fate(w->gateway);
	}
	return fate;
}

/* A fresh connection of the gateway. */
static enum visitor_fate knock(struct world *w)
{
	struct visitor_keys keys = {.broker_public = w->server_public, .secret = w->secret_key};

	visitor_free(&w->gateway);
	w->gateway = visitor_new("any", w->endpoint, &keys);
	return wait_for_fate(w);
}

static void test_a_known_key_comes_in_under_its_name(void **state)
{
	struct world *w = *state;
	zmq_msg_t id, body;

	put_key(w, "east.pub", w->public_key);
	open_zap(w);
	open_server(w);
	assert_int_equal(knock(w), VISITOR_IN);
	visitor_send(w->gateway, str_bytes(STR("hello")));
	zmq_msg_init(&id);
	zmq_msg_init(&body);
	assert_true(zmq_msg_recv(&id, w->server, 0) >= 0);
	assert_true(zmq_msg_recv(&body, w->server, 0) >= 0);
	assert_string_equal(zmq_msg_gets(&body, "User-Id"), "east");
	zmq_msg_close(&id);
	zmq_msg_close(&body);
}

static void test_an_unknown_key_is_denied(void **state)
{
	struct world *w = *state;

	put_key(w, "other.pub", w->server_public);
	open_zap(w);
	open_server(w);
	struct capture *c = capture_new(STDERR_FILENO);
	enum visitor_fate fate = knock(w);
	enum visitor_fate again = knock(w);
	char *log = capture_end(&c);

	assert_int_equal(fate, VISITOR_DROPPED);
	assert_int_equal(again, VISITOR_DROPPED);
	/* Said once, with the key, so that the operator can compare. */
	char *said = strstr(log, "zap.denied");

	assert_non_null(said);
	assert_non_null(strstr(said, "127.0.0.1"));
	assert_null(strstr(said + 1, "zap.denied"));
	free(log);
}

static void test_without_any_file_nobody_comes_in(void **state)
{
	struct world *w = *state;

	open_zap(w);
	open_server(w);
	assert_int_equal(knock(w), VISITOR_DROPPED);
}

static void test_a_key_file_added_later_lets_it_in(void **state)
{
	struct world *w = *state;

	open_zap(w);
	open_server(w);
	assert_int_equal(knock(w), VISITOR_DROPPED);
	put_key(w, "east.pub", w->public_key);
	/* The folder was read just now: not again within the same second. */
	w->now = mono_add_ms(w->now, 999);
	assert_int_equal(knock(w), VISITOR_DROPPED);
	w->now = mono_add_ms(w->now, 1);
	assert_int_equal(knock(w), VISITOR_IN);
}

/* A gateway that was denied keeps trying: nobody has to restart it. */
static void test_the_same_connection_gets_in_when_its_key_comes(void **state)
{
	struct world *w = *state;
	enum visitor_fate fate = VISITOR_WAITING;

	open_zap(w);
	open_server(w);
	assert_int_equal(knock(w), VISITOR_DROPPED);
	put_key(w, "east.pub", w->public_key);
	w->now = mono_add_ms(w->now, 1000);
	for (int i = 0; fate != VISITOR_IN && i < 10; i++)
		fate = wait_for_fate(w);
	assert_int_equal(fate, VISITOR_IN);
}

static void test_bad_key_files_are_skipped(void **state)
{
	struct world *w = *state;
	struct capture *c;
	char *log;

	put_key(w, "a-long.pub", "0000000000000000000000000000000000000000000");
	put_key(w, "b-short.pub", "00000");
	put_key(w, "c-empty.pub", "");
	put_key(w, "east.pub", w->public_key);
	put_key(w, "north.txt", w->server_public);
	put_key(w, ".pub", w->server_public);
	c = capture_new(STDERR_FILENO);
	open_zap(w);
	log = capture_end(&c);
	assert_non_null(strstr(log, "a-long.pub"));
	assert_non_null(strstr(log, "b-short.pub"));
	assert_non_null(strstr(log, "c-empty.pub"));
	assert_non_null(strstr(log, "a .pub file holds 40 characters of Z85"));
	assert_null(strstr(log, "north.txt"));
	free(log);
	open_server(w);
	assert_int_equal(knock(w), VISITOR_IN);
	memcpy(w->secret_key, w->server_secret, KEY_SIZE);
	assert_int_equal(knock(w), VISITOR_DROPPED);
}

static void test_a_newline_at_the_end_is_no_matter(void **state)
{
	struct world *w = *state;
	char text[KEY_SIZE + 2];

	snprintf(text, sizeof(text), "%s\n", w->public_key);
	put_key(w, "east.pub", text);
	open_zap(w);
	open_server(w);
	assert_int_equal(knock(w), VISITOR_IN);
}

static void test_a_folder_that_is_gone_keeps_who_is_known(void **state)
{
	struct world *w = *state;
	char known[KEY_SIZE], public_key[KEY_SIZE];

	put_key(w, "east.pub", w->public_key);
	open_zap(w);
	open_server(w);
	unlink(tempdir_path(w->folder, "east.pub"));
	rmdir(tempdir_path(w->folder, ""));
	memcpy(known, w->secret_key, KEY_SIZE);
	zmq_curve_keypair(public_key, w->secret_key);
	enum visitor_fate stranger = knock(w);

	memcpy(w->secret_key, known, KEY_SIZE);
	enum visitor_fate east = knock(w);

	mkdir(tempdir_path(w->folder, ""), 0700);
	assert_int_equal(stranger, VISITOR_DROPPED);
	assert_int_equal(east, VISITOR_IN);
}

static void test_no_folder(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    zap_new(w->context, tempdir_path(w->folder, "none"), w->why, &w->zap), ERR_NOT_FOUND);
	assert_null(w->zap);
	assert_non_null(strstr(w->why, tempdir_path(w->folder, "none")));
	assert_non_null(strstr(w->why, "create it and put the .pub file of each gateway into it"));
}

static void test_one_key_check_in_a_process(void **state)
{
	struct world *w = *state;
	struct zap *second = NULL;

	open_zap(w);
	assert_int_equal(
	    zap_new(w->context, tempdir_path(w->folder, ""), w->why, &second), ERR_SYSTEM);
	assert_null(second);
	assert_int_equal(strncmp(w->why, "cannot start the key check: ", 28), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_known_key_comes_in_under_its_name),
	    TEST(test_an_unknown_key_is_denied),
	    TEST(test_without_any_file_nobody_comes_in),
	    TEST(test_a_key_file_added_later_lets_it_in),
	    TEST(test_the_same_connection_gets_in_when_its_key_comes),
	    TEST(test_bad_key_files_are_skipped),
	    TEST(test_a_newline_at_the_end_is_no_matter),
	    TEST(test_a_folder_that_is_gone_keeps_who_is_known),
	    TEST(test_no_folder),
	    TEST(test_one_key_check_in_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
