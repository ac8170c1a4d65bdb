/*
 * How a session opens, what its client says, and how it ends.
 */
#include "tests/gateway/eio/session_stage.h"

#include "common/crypto.h"

#include <stdio.h>
#include <string.h>

static void test_open(void **state)
{
	struct stage *s = *state;
	char expected[200];

	stage_open(s);
	assert_int_equal(s->opened, 1);
	assert_int_equal(s->woken, 1);
	assert_int_equal(eio_family_open_count(s->family), 1);
	snprintf(expected, sizeof(expected),
	    "{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":200,"
	    "\"maxPayload\":1000000}",
	    eio_session_id(s->session));
	stage_sent(s, EIO_PACKET_OPEN, expected);
	stage_nothing_sent(s);
}

static void test_sid_is_twenty_characters_and_new_each_time(void **state)
{
	struct stage *s = *state;
	struct eio_session *other = eio_session_new(s->family, &stage_transport, s);

	stage_open(s);
	assert_int_equal(strlen(eio_session_id(s->session)), CRYPTO_ID_LEN);
	assert_string_not_equal(eio_session_id(s->session), eio_session_id(other));
	eio_session_free(&other); /* never opened: nobody is told */
	stage_is_open(s);
}

static void test_closed_while_it_opens(void **state)
{
	struct stage *s = *state;

	s->closes_on_open = true;
	stage_open(s);
	stage_closed(s, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(eio_family_open_count(s->family), 0);
	stage_at(s, 100000);
	stage_closed(s, EIO_CLOSE_FORCED_CLOSE);
}

static void test_messages_go_up(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "4hello");
	stage_receive(s, "4");
	eio_session_receive(s->session, bytes_of("\x01\x02", 2), true, s->now);
	eio_session_receive(s->session, bytes_of("", 0), true, s->now);
	stage_heard(s, "t:hello;t:;b:\x01\x02;b:;");
	stage_is_open(s);
}

/* A binary frame is a message whatever it begins with. */
static void test_binary_has_no_type(void **state)
{
	struct stage *s = *state;

	eio_session_receive(s->session, bytes_of("2abc", 4), true, s->now);
	stage_heard(s, "b:2abc;");
	stage_is_open(s);
}

static void test_base64_in_text_is_binary(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "bAQID");
	stage_receive(s, "b");
	stage_heard(s, "b:\x01\x02\x03;b:;");
	stage_is_open(s);
}

static void test_base64_needs_no_padding(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "bAQI=");
	stage_receive(s, "bAQI");
	stage_receive(s, "bAQ");
	stage_heard(s, "b:\x01\x02;b:\x01\x02;b:\x01;");
	stage_is_open(s);
}

static void test_bad_base64_closes(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "bAQJ");
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
	stage_heard(s, "");
}

static void test_empty_packet_closes(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "");
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_unknown_type_closes(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "abc");
	stage_closed(s, EIO_CLOSE_PARSE_ERROR);
	stage_receive(s, "4more");
	stage_heard(s, "");
}

static void test_client_ping_closes(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "2");
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
}

static void test_probe_outside_an_upgrade_closes(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "2probe");
	stage_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
}

static void test_client_close_closes(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "1");
	stage_closed(s, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_open_upgrade_and_noop_pass(void **state)
{
	struct stage *s = *state;

	stage_receive(s, "0");
	stage_receive(s, "0{}");
	stage_receive(s, "5");
	stage_receive(s, "6");
	stage_is_open(s);
	stage_heard(s, "");
	stage_nothing_sent(s);
}

static void test_closes_inside_on_message(void **state)
{
	struct stage *s = *state;

	s->closes_on_message = true;
	stage_receive(s, "4one");
	stage_receive(s, "4two");
	eio_session_receive(s->session, bytes_of("x", 1), true, s->now);
	stage_receive(s, "2");
	stage_heard(s, "t:one;");
	stage_closed(s, EIO_CLOSE_FORCED_CLOSE);
}

static void count_and_close(void *ctx, struct eio_session *session)
{
	size_t *n = ctx;

	++*n;
	eio_session_close(session, EIO_CLOSE_SHUTDOWN);
}

static void test_each(void **state)
{
	struct stage *s = *state;
	size_t n = 0;

	eio_family_each(s->family, count_and_close, &n);
	assert_int_equal(n, 1);
	stage_closed(s, EIO_CLOSE_SHUTDOWN);
	eio_family_each(s->family, count_and_close, &n);
	assert_int_equal(n, 1);
}

static void test_owner(void **state)
{
	struct stage *s = *state;

	assert_null(eio_session_owner(s->session));
	eio_session_set_owner(s->session, s);
	assert_ptr_equal(eio_session_owner(s->session), s);
}

static void test_close_table(void **state)
{
	(void)state;
	assert_string_equal(eio_close_row(EIO_CLOSE_PING_TIMEOUT)->reason, "ping timeout");
	for (int why = 0; why < EIO_CLOSES; why++) {
		const struct eio_close_row *row = eio_close_row((enum eio_close)why);

		assert_in_range(row->ws_code, 1000, 1013);
		assert_true(strlen(row->reason) > 0 && strlen(row->reason) < 124);
		assert_true(strlen(row->text) > 0);
	}
}

static void test_who_sends_too_fast_is_told_of_and_a_flood_is_closed(void **state)
{
	struct stage *s = *state;
	struct eio_rules rules = {.ping_interval_ms = STAGE_INTERVAL,
	    .ping_timeout_ms = STAGE_TIMEOUT,
	    .max_payload_bytes = 1000000,
	    .queue_max_bytes = STAGE_QUEUE_MAX,
	    .upgrade_timeout_ms = STAGE_UPGRADE_TIMEOUT,
	    .flow = {.packets_per_second = 2}};

	eio_family_free(&s->family);
	s->family = eio_family_new(&rules, &stage_events, s);
	stage_open(s);
	for (int i = 0; i < 4; i++) {
		stage_receive(s, "4m");
		assert_int_equal(eio_session_retry_after_ms(s->session), 0);
	}
	/* It is for the layer above to refuse what it asks for. */
	for (int i = 0; i < 4; i++) {
		stage_receive(s, "4n");
		assert_int_equal(eio_session_retry_after_ms(s->session), 500);
	}
	assert_true(str_eqz(buf_str(&s->heard), "t:m;t:m;t:m;t:m;t:n;t:n;t:n;t:n;"));
	assert_int_equal(s->closed, 0);
	assert_int_equal(eio_family_floods(s->family), 0);
	stage_receive(s, "4o");
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_FLOOD);
	assert_int_equal(eio_family_floods(s->family), 1);
	assert_int_equal(s->heard.len, 8 * 4);
}

#define NEW(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
#define OPEN(name) cmocka_unit_test_setup_teardown(name, stage_setup_open, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NEW(test_open),
	    NEW(test_sid_is_twenty_characters_and_new_each_time),
	    NEW(test_closed_while_it_opens),
	    NEW(test_who_sends_too_fast_is_told_of_and_a_flood_is_closed),
	    OPEN(test_messages_go_up),
	    OPEN(test_binary_has_no_type),
	    OPEN(test_base64_in_text_is_binary),
	    OPEN(test_base64_needs_no_padding),
	    OPEN(test_bad_base64_closes),
	    OPEN(test_empty_packet_closes),
	    OPEN(test_unknown_type_closes),
	    OPEN(test_client_ping_closes),
	    OPEN(test_probe_outside_an_upgrade_closes),
	    OPEN(test_client_close_closes),
	    OPEN(test_open_upgrade_and_noop_pass),
	    OPEN(test_closes_inside_on_message),
	    OPEN(test_each),
	    OPEN(test_owner),
	    cmocka_unit_test(test_close_table),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
