/*
 * A client with socket.io-msgpack-parser, and rooms where such clients meet those of the default
 * parser.
 */
#include "tests/check.h"

#include "gateway/sio/json.h"
#include "gateway/sio/socket.h"
#include "tests/gateway/sio/stage.h"

#include <string.h>

#define B(literal)                                              \
	{                                                       \
		(const uint8_t *)(literal), sizeof(literal) - 1 \
	}
#define BIN(literal) bytes_of(literal, sizeof(literal) - 1)
#define P(n) "{\"_placeholder\":true,\"num\":" #n "}"

static const struct bytes connect_root = B("\x83\xa4type\0\xa4"
					   "data\xd4\0\0\xa3nsp\xa1/");

/* What left last, as JSON; it was one binary message. */
static void left(const char *expected)
{
	struct str said = buf_str(&stage.said);
	struct buf text = {0};

	assert_true(str_has_prefix(said, STR("<< ")));
	json_write(&text, bytes_of(said.p + 3, said.len - 4));
	if (!str_eqz(buf_str(&text), expected))
		fail_msg("%.*s", STR_ARG(buf_str(&text)));
	buf_free(&text);
	buf_reset(&stage.said);
}

static void connect_msgpack(void)
{
	stage_receive_binary(connect_root);
	stage_said("connect / -\n");
	stage_accept(stage.sockets[STAGE_ROOT]);
	left("{\"type\":0,\"nsp\":\"/\",\"data\":{\"sid\":\"s1\"}}");
}

static void the_first_message_tells_the_parser(void **state)
{
	(void)state;
	connect_msgpack();
	stage_receive_binary(BIN("\x84\xa4type\x02\xa4"
				 "data\x93\xa1"
				 "e\x05\xc4\x01x\xa2id\x07\xa3nsp\xa1/"));
	stage_said("event / 7 e [5," P(0) "] <x>\n");
	stage_receive_binary(BIN("\x84\xa4type\x03\xa4"
				 "data\x91\xc3\xa2id\x09\xa3nsp\xa1/"));
	stage_said("ack / 9 [true]\n");
	stage_receive_binary(BIN("\x82\xa4type\x01\xa3nsp\xa1/"));
	stage_said("disconnect / client\n");
}

static void everything_leaves_in_its_words(void **state)
{
	struct sio_socket *s;

	(void)state;
	connect_msgpack();
	s = stage.sockets[STAGE_ROOT];
	sio_socket_emit(s, STR("e"), BIN("\x91\x05"));
	left("{\"type\":2,\"nsp\":\"/\",\"data\":[\"e\",5]}");
	sio_socket_ack(s, 7, BIN("\x91\xc3"));
	left("{\"type\":3,\"nsp\":\"/\",\"id\":7,\"data\":[true]}");
	sio_socket_disconnect(s);
	assert_true(str_has_prefix(buf_str(&stage.said), STR("<< \x82\xa4type\x01")));
	buf_reset(&stage.said);
	stage_receive_binary(BIN("\x82\xa4type\0\xa3nsp\xa2/x"));
	left("{\"type\":4,\"nsp\":\"/x\",\"data\":{\"message\":\"Invalid namespace\"}}");
	stage_receive_binary(connect_root);
	buf_reset(&stage.said);
	sio_socket_refuse(stage.sockets[STAGE_ROOT], STR("No"),
	    BIN("\x81\xa1"
		"c\x01"));
	left("{\"type\":4,\"nsp\":\"/\",\"data\":{\"message\":\"No\",\"data\":{\"c\":1}}}");
}

static void binary_is_in_the_packet(void **state)
{
	(void)state;
	connect_msgpack();
	sio_socket_emit(stage.sockets[STAGE_ROOT], STR("e"), BIN("\x91\xc4\x02xy"));
	assert_true(str_eqz(buf_str(&stage.said), "<< \x83\xa4type\x02\xa3nsp\xa1/\xa4"
						  "data\x92\xa1"
						  "e\xc4\x02xy\n"));
}

/* A message that may be dropped may be dropped with what it holds. */
static void volatile_stays_volatile(void **state)
{
	struct sio_cast *cast = sio_cast_new(STR("/"), STR("e"), BIN("\x91\xc4\x02xy"));

	(void)state;
	connect_msgpack();
	sio_socket_send(stage.sockets[STAGE_ROOT], cast, true);
	assert_true(str_has_prefix(buf_str(&stage.said), STR("<< volatile \x83")));
	sio_cast_free(&cast);
}

static void a_broken_rule_closes(void **state)
{
	static const struct bytes rows[] = {
	    B("\xc0"),
	    B(""),
	    B("\x83\xa4type\x05\xa4"
	      "data\x91\xa1"
	      "e\xa3nsp\xa1/"),
	    B("\x83\xa4type\x02\xa4"
	      "data\x90\xa3nsp\xa1/"),
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		connect_msgpack();
		stage_receive_binary(rows[i]);
		stage_said("close parse error\n");
		sio_client_free(&stage.client);
		assert_int_equal(stage_end(state), 0);
		stage_begin(state);
	}
	/* Text is of another parser. */
	connect_msgpack();
	stage_receive("2[\"e\"]");
	stage_said("close parse error\n");
}

static void rules_of_state_are_the_same(void **state)
{
	(void)state;
	connect_msgpack();
	stage_receive_binary(connect_root);
	stage_said("close\n");
}

static void the_first_message_may_be_nonsense(void **state)
{
	(void)state;
	stage_receive_binary(BIN("nonsense"));
	stage_said("close parse error\n");
}

/* Two clients of either parser: one cast, two encodings, four receivers. */
static void a_cast_is_encoded_once_for_each_encoding(void **state)
{
	enum { CLIENTS = 4 };
	struct sio_client *clients[CLIENTS];
	struct sio_socket *sockets[CLIENTS];
	struct sio_cast *cast;
	size_t before;

	(void)state;
	for (size_t i = 0; i < CLIENTS; i++) {
		if (i > 0)
			stage_new_client();
		if (i % 2)
			stage_receive("0");
		else
			stage_receive_binary(connect_root);
		sockets[i] = stage.sockets[STAGE_ROOT];
		clients[i] = stage.client;
		stage_accept(sockets[i]);
	}
	cast = sio_cast_new(STR("/"), STR("e"), BIN("\x91\xc4\x02xy"));
	before = frame_live();
	for (size_t i = 0; i < CLIENTS; i++) {
		sio_socket_send(sockets[i], cast, false);
		/* One binary message; a text and its attachment. */
		assert_int_equal(frame_live() - before, i == 0 ? 1 : 3);
	}
	sio_cast_free(&cast);
	assert_int_equal(frame_live(), before);
	for (size_t i = 0; i < CLIENTS; i++)
		sio_client_free(&clients[i]);
	stage.client = NULL;
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_begin, stage_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_first_message_tells_the_parser),
	    TEST(everything_leaves_in_its_words),
	    TEST(binary_is_in_the_packet),
	    TEST(volatile_stays_volatile),
	    TEST(a_broken_rule_closes),
	    TEST(rules_of_state_are_the_same),
	    TEST(the_first_message_may_be_nonsense),
	    TEST(a_cast_is_encoded_once_for_each_encoding),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
