#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/packet.h"

static enum err parse(const char *text, struct eio_packet *ret)
{
	return eio_packet_parse(str_bytes(str_of(text)), false, ret);
}

static enum err parse3(struct bytes packet, bool is_binary, struct eio_packet *ret)
{
	return eio_packet_parse3(packet, is_binary, ret);
}

static void test_every_type(void **state)
{
	(void)state;
	for (int type = 0; type < EIO_PACKETS; type++) {
		char text[] = {(char)('0' + type), 'x', 0};
		struct eio_packet p;

		assert_int_equal(parse(text, &p), ERR_OK);
		assert_int_equal(p.type, type);
		assert_false(p.is_base64);
		assert_true(str_eqz(p.data, "x"));
		assert_int_equal(eio_packet_digit((enum eio_packet_type)type), '0' + type);
	}
}

static void test_packet_without_data(void **state)
{
	struct eio_packet p;

	(void)state;
	assert_int_equal(parse("3", &p), ERR_OK);
	assert_int_equal(p.type, EIO_PACKET_PONG);
	assert_int_equal(p.data.len, 0);
}

static void test_binary_in_text(void **state)
{
	struct eio_packet p;

	(void)state;
	assert_int_equal(parse("bAQID", &p), ERR_OK);
	assert_int_equal(p.type, EIO_PACKET_MESSAGE);
	assert_true(p.is_binary && p.is_base64);
	assert_true(str_eqz(p.data, "AQID"));
}

static void test_a_binary_packet_is_a_message(void **state)
{
	struct eio_packet p;

	(void)state;
	assert_int_equal(eio_packet_parse(bytes_of("2probe", 6), true, &p), ERR_OK);
	assert_int_equal(p.type, EIO_PACKET_MESSAGE);
	assert_true(p.is_binary && !p.is_base64);
	assert_true(str_eqz(p.data, "2probe"));
	assert_int_equal(eio_packet_parse(bytes_of("", 0), true, &p), ERR_OK);
	assert_int_equal(p.data.len, 0);
}

static void test_what_is_no_packet(void **state)
{
	static const char *const bad[] = {"", "7", "/", ":", "abc", " 4", "B", "-1", "\xff", "\n"};
	struct eio_packet p = {.type = EIO_PACKET_NOOP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &p), ERR_MALFORMED);
	assert_int_equal(eio_packet_parse(bytes_of("\0", 1), false, &p), ERR_MALFORMED);
	assert_int_equal(p.type, EIO_PACKET_NOOP); /* untouched */
}

static void test_revision_3(void **state)
{
	static const struct {
		const char *text;
		bool is_binary;
		enum eio_packet_type type;
		const char *data;
	} good[] = {
	    {"4hello", false, EIO_PACKET_MESSAGE, "hello"},
	    {"2probe", false, EIO_PACKET_PING, "probe"},
	    {"b4AQID", false, EIO_PACKET_MESSAGE, "AQID"},
	    {"b2", false, EIO_PACKET_PING, ""},
	    {"\4hello", true, EIO_PACKET_MESSAGE, "hello"},
	    {"\2", true, EIO_PACKET_PING, ""},
	};
	struct eio_packet p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct bytes packet = str_bytes(str_of(good[i].text));

		assert_int_equal(parse3(packet, good[i].is_binary, &p), ERR_OK);
		assert_int_equal(p.type, good[i].type);
		assert_true(str_eqz(p.data, good[i].data));
		assert_int_equal(p.is_base64, good[i].text[0] == 'b');
		assert_int_equal(p.is_binary, good[i].is_binary || p.is_base64);
	}
}

static void test_what_is_no_packet_of_revision_3(void **state)
{
	static const char *const bad[] = {"", "7", "b", "b7", "bAQID", "B4", "\4", "bb4"};
	struct eio_packet p = {.type = EIO_PACKET_NOOP};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse3(str_bytes(str_of(bad[i])), false, &p), ERR_MALFORMED);
	assert_int_equal(parse3(bytes_of("4hello", 6), true, &p), ERR_MALFORMED);
	assert_int_equal(parse3(bytes_of("b4AQID", 6), true, &p), ERR_MALFORMED);
	assert_int_equal(parse3(bytes_of("", 0), true, &p), ERR_MALFORMED);
	assert_int_equal(p.type, EIO_PACKET_NOOP); /* untouched */
}

static void test_open_has_exactly_the_five_keys_in_order(void **state)
{
	struct eio_packet_open open = {
	    .sid = STR("lv_VI97HAXpY6yYWAAAB"),
	    .ping_interval_ms = 25000,
	    .ping_timeout_ms = 60000,
	    .max_payload_bytes = 1000000,
	};
	struct buf text = {0};

	(void)state;
	eio_packet_put_open(&text, &open);
	assert_true(str_eqz(buf_str(&text),
	    "{\"sid\":\"lv_VI97HAXpY6yYWAAAB\",\"upgrades\":[],\"pingInterval\":25000,"
	    "\"pingTimeout\":60000,\"maxPayload\":1000000}"));
	buf_reset(&text);
	open.may_upgrade = true;
	open.max_payload_bytes = UINT64_MAX;
	eio_packet_put_open(&text, &open);
	assert_true(str_eqz(buf_str(&text),
	    "{\"sid\":\"lv_VI97HAXpY6yYWAAAB\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
	    "\"pingTimeout\":60000,\"maxPayload\":18446744073709551615}"));
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_type),
	    cmocka_unit_test(test_packet_without_data),
	    cmocka_unit_test(test_binary_in_text),
	    cmocka_unit_test(test_a_binary_packet_is_a_message),
	    cmocka_unit_test(test_what_is_no_packet),
	    cmocka_unit_test(test_revision_3),
	    cmocka_unit_test(test_what_is_no_packet_of_revision_3),
	    cmocka_unit_test(test_open_has_exactly_the_five_keys_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
