#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/session.h"

#include "common/buf.h"
#include "common/crypto.h"
#include "gateway/eio/session_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTERVAL = 300, TIMEOUT = 200, UPGRADE_TIMEOUT = 500, QUEUE_MAX = 1000 };

/* A session between a transport that takes notes and a layer above that takes notes. */
struct scene {
	struct eio_family *family;
	struct eio_session *session;
	struct mono now;
	int woken, opened, closed, hung_up;
	enum eio_close why, why_hung_up;
	struct buf heard; /* messages from the client: t:text or b:binary, each with a ';' */
	bool closes_on_open, closes_on_message;
	size_t open_count_on_close;
};

static void on_wake(void *wire)
{
	struct scene *s = wire;

	s->woken++;
}

static void on_hang_up(void *wire, enum eio_close why)
{
	struct scene *s = wire;

	assert_int_equal(s->closed, 0); /* the transport first, then the layer above */
	s->hung_up++;
	s->why_hung_up = why;
}

static const struct eio_transport transport = {
    .name = "fake", .wake = on_wake, .close = on_hang_up};

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct scene *s = up;

	s->opened++;
	assert_ptr_equal(session, s->session);
	assert_true(str_eqz(h->ip, "192.0.2.1"));
	if (s->closes_on_open)
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	struct scene *s = up;

	buf_puts(&s->heard, is_binary ? STR("b:") : STR("t:"));
	buf_put(&s->heard, message);
	buf_putc(&s->heard, ';');
	if (s->closes_on_message)
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct scene *s = up;
	struct frame *late = frame_new(bytes_of("late", 4));

	s->closed++;
	s->why = why;
	s->open_count_on_close = eio_family_open_count(s->family);
	/* Not allowed, and harmless. */
	eio_session_send(session, late, EIO_SEND_NORMAL);
	eio_session_close(session, EIO_CLOSE_SHUTDOWN);
	frame_unref(&late);
}

static const struct eio_events events = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

static void at(struct scene *s, uint64_t ms)
{
	s->now = (struct mono){ms * 1000};
	eio_family_expire(s->family, s->now);
}

static void open_session(struct scene *s)
{
	struct eio_handshake h = {.ip = STR("192.0.2.1")};

	s->session = eio_session_new(s->family, &transport, s);
	eio_session_open(s->session, &h, s->now);
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {INTERVAL, TIMEOUT, 1000000, QUEUE_MAX, UPGRADE_TIMEOUT, {0}};

	s->now = (struct mono){1000000};
	s->family = eio_family_new(&rules, &events, s);
	*state = s;
	return 0;
}

static int setup_open(void **state)
{
	setup(state);

	struct scene *s = *state;

	open_session(s);
	eio_queue_pop(eio_session_queue(s->session)); /* the open packet has been sent */
	s->woken = 0;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	if (s->session) {
		eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
		assert_int_equal(s->closed, 1);
		assert_int_equal(s->hung_up, 1);
	}
	eio_session_free(&s->session);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	free(s);
	return 0;
}

static void receive(struct scene *s, const char *text)
{
	eio_session_receive(s->session, str_bytes(str_of(text)), false, s->now);
}

static void assert_heard(struct scene *s, const char *expected)
{
	assert_true(str_eqz(buf_str(&s->heard), expected));
}

static void assert_closed(struct scene *s, enum eio_close why)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->hung_up, 1);
	assert_int_equal(s->why, why);
	assert_int_equal(s->why_hung_up, why);
	assert_false(eio_session_is_open(s->session));
}

static void assert_open(struct scene *s)
{
	assert_int_equal(s->closed, 0);
	assert_true(eio_session_is_open(s->session));
}

/* Takes what is queued first, which must be a packet of this type, with this text. */
static void assert_sent(struct scene *s, enum eio_packet_type type, const char *text)
{
	struct eio_queue *q = eio_session_queue(s->session);

	assert_true(q->count > 0);

	const struct eio_entry *e = eio_queue_at(q, 0);

	assert_int_equal(e->type, type);
	if (e->frame)
		assert_true(str_eqz(bytes_str(frame_bytes(e->frame)), text));
	else
		assert_string_equal(text, "");
	eio_queue_pop(q);
}

static void assert_nothing_sent(struct scene *s)
{
	assert_int_equal(eio_session_queue(s->session)->count, 0);
}

static void send_text(struct scene *s, const char *text, enum eio_send how)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));

	eio_session_send(s->session, f, how);
	frame_unref(&f);
}

static void test_open(void **state)
{
	struct scene *s = *state;
	char expected[200];

	open_session(s);
	assert_int_equal(s->opened, 1);
	assert_int_equal(s->woken, 1);
	assert_int_equal(eio_family_open_count(s->family), 1);
	snprintf(expected, sizeof(expected),
	    "{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":200,"
	    "\"maxPayload\":1000000}",
	    eio_session_id(s->session));
	assert_sent(s, EIO_PACKET_OPEN, expected);
	assert_nothing_sent(s);
}

static void test_sid_is_twenty_characters_and_new_each_time(void **state)
{
	struct scene *s = *state;
	struct eio_session *other = eio_session_new(s->family, &transport, s);

	open_session(s);
	assert_int_equal(strlen(eio_session_id(s->session)), CRYPTO_ID_LEN);
	assert_string_not_equal(eio_session_id(s->session), eio_session_id(other));
	eio_session_free(&other); /* never opened: nobody is told */
	assert_open(s);
}

static void test_closed_while_it_opens(void **state)
{
	struct scene *s = *state;

	s->closes_on_open = true;
	open_session(s);
	assert_closed(s, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(eio_family_open_count(s->family), 0);
	at(s, 100000);
	assert_closed(s, EIO_CLOSE_FORCED_CLOSE);
}

static void test_messages_go_up(void **state)
{
	struct scene *s = *state;

	receive(s, "4hello");
	receive(s, "4");
	eio_session_receive(s->session, bytes_of("\x01\x02", 2), true, s->now);
	eio_session_receive(s->session, bytes_of("", 0), true, s->now);
	assert_heard(s, "t:hello;t:;b:\x01\x02;b:;");
	assert_open(s);
}

/* A binary frame is a message whatever it begins with. */
static void test_binary_has_no_type(void **state)
{
	struct scene *s = *state;

	eio_session_receive(s->session, bytes_of("2abc", 4), true, s->now);
	assert_heard(s, "b:2abc;");
	assert_open(s);
}

static void test_base64_in_text_is_binary(void **state)
{
	struct scene *s = *state;

	receive(s, "bAQID");
	receive(s, "b");
	assert_heard(s, "b:\x01\x02\x03;b:;");
	assert_open(s);
}

static void test_base64_needs_no_padding(void **state)
{
	struct scene *s = *state;

	receive(s, "bAQI=");
	receive(s, "bAQI");
	receive(s, "bAQ");
	assert_heard(s, "b:\x01\x02;b:\x01\x02;b:\x01;");
	assert_open(s);
}

static void test_bad_base64_closes(void **state)
{
	struct scene *s = *state;

	receive(s, "bAQJ");
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
	assert_heard(s, "");
}

static void test_empty_packet_closes(void **state)
{
	struct scene *s = *state;

	receive(s, "");
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
}

static void test_unknown_type_closes(void **state)
{
	struct scene *s = *state;

	receive(s, "abc");
	assert_closed(s, EIO_CLOSE_PARSE_ERROR);
	receive(s, "4more");
	assert_heard(s, "");
}

static void test_client_ping_closes(void **state)
{
	struct scene *s = *state;

	receive(s, "2");
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
}

static void test_probe_outside_an_upgrade_closes(void **state)
{
	struct scene *s = *state;

	receive(s, "2probe");
	assert_closed(s, EIO_CLOSE_TRANSPORT_ERROR);
}

static void test_client_close_closes(void **state)
{
	struct scene *s = *state;

	receive(s, "1");
	assert_closed(s, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_open_upgrade_and_noop_pass(void **state)
{
	struct scene *s = *state;

	receive(s, "0");
	receive(s, "0{}");
	receive(s, "5");
	receive(s, "6");
	assert_open(s);
	assert_heard(s, "");
	assert_nothing_sent(s);
}

static void test_ping_comes_after_the_interval(void **state)
{
	struct scene *s = *state;

	at(s, 1000 + INTERVAL - 1);
	assert_nothing_sent(s);
	at(s, 1000 + INTERVAL);
	assert_int_equal(s->woken, 1);
	assert_sent(s, EIO_PACKET_PING, "");
	assert_nothing_sent(s);
}

static void test_pong_starts_the_next_interval(void **state)
{
	struct scene *s = *state;

	at(s, 1300);
	assert_sent(s, EIO_PACKET_PING, "");
	at(s, 1450);
	receive(s, "3");
	at(s, 1749);
	assert_nothing_sent(s);
	assert_open(s);
	at(s, 1750);
	assert_sent(s, EIO_PACKET_PING, "");
}

static void test_no_pong_closes_after_the_timeout(void **state)
{
	struct scene *s = *state;

	at(s, 1300);
	at(s, 1499);
	assert_open(s);
	at(s, 1500);
	assert_closed(s, EIO_CLOSE_PING_TIMEOUT);
	assert_int_equal(s->open_count_on_close, 0);
	assert_nothing_sent(s); /* nobody reads there */
}

/* The client times out on missing pings, whatever else it hears: so traffic must not delay them. */
static void test_traffic_does_not_replace_the_heartbeat(void **state)
{
	struct scene *s = *state;

	for (uint64_t ms = 1000; ms < 1300; ms += 50) {
		at(s, ms);
		receive(s, "4busy");
		send_text(s, "busy", EIO_SEND_NORMAL);
	}
	eio_queue_clear(eio_session_queue(s->session));
	at(s, 1300);
	assert_sent(s, EIO_PACKET_PING, "");
	for (uint64_t ms = 1300; ms < 1500; ms += 50) {
		at(s, ms);
		receive(s, "4busy");
	}
	assert_open(s);
	at(s, 1500);
	assert_closed(s, EIO_CLOSE_PING_TIMEOUT);
}

static void test_unasked_pong_does_not_delay_the_ping(void **state)
{
	struct scene *s = *state;

	for (uint64_t ms = 1000; ms < 1300; ms += 50) {
		at(s, ms);
		receive(s, "3");
	}
	at(s, 1300);
	assert_sent(s, EIO_PACKET_PING, "");
}

static void test_heartbeat_ends_with_the_session(void **state)
{
	struct scene *s = *state;
	struct mono due;

	assert_true(eio_family_next_due(s->family, &due));
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	assert_false(eio_family_next_due(s->family, &due));
	at(s, 100000);
	assert_nothing_sent(s);
}

static void test_next_due_is_exact(void **state)
{
	struct scene *s = *state;
	struct scene other = {.family = s->family};
	struct mono due;

	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1300 * 1000);
	at(s, 1300);
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1500 * 1000);
	/* A younger session is to be pinged before the older one times out: the earlier counts. */
	other.session = eio_session_new(s->family, &transport, &other);
	struct eio_session *mine = s->session;

	s->session = other.session;
	eio_session_open(other.session, &(struct eio_handshake){.ip = STR("192.0.2.1")},
	    (struct mono){1150 * 1000});
	s->session = mine;
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1450 * 1000);
	eio_session_close(other.session, EIO_CLOSE_FORCED_CLOSE);
	eio_session_free(&other.session);
	s->closed = 0; /* both tell the same layer above */
	assert_true(eio_family_next_due(s->family, &due));
	assert_int_equal(due.us, 1500 * 1000);
}

static void test_sending(void **state)
{
	struct scene *s = *state;
	struct frame *f = frame_new(bytes_of("\x01", 1));

	send_text(s, "one", EIO_SEND_NORMAL);
	eio_session_send_binary(s->session, f, EIO_SEND_VOLATILE);
	assert_int_equal(s->woken, 2);
	assert_int_equal(eio_session_queued_bytes(s->session), 2 * EIO_QUEUE_ENTRY_BYTES + 3 + 1);
	frame_unref(&f);
	assert_sent(s, EIO_PACKET_MESSAGE, "one");
	assert_int_equal(eio_queue_at(eio_session_queue(s->session), 0)->form, EIO_FORM_BINARY);
	assert_true(eio_queue_at(eio_session_queue(s->session), 0)->is_volatile);
	assert_sent(s, EIO_PACKET_MESSAGE, "\x01");
	assert_nothing_sent(s);
	assert_int_equal(eio_session_queued_bytes(s->session), 0);
}

static void fill(struct scene *s, size_t bytes)
{
	char text[QUEUE_MAX];

	memset(text, 'x', sizeof(text));
	text[bytes - EIO_QUEUE_ENTRY_BYTES] = 0;
	send_text(s, text, EIO_SEND_NORMAL);
}

static void test_overflow_closes_at_the_end_of_the_turn(void **state)
{
	struct scene *s = *state;

	fill(s, QUEUE_MAX - 10);
	eio_session_end_turn(s->session);
	assert_open(s);
	send_text(s, "too much", EIO_SEND_NORMAL);
	assert_open(s); /* never inside the call */
	assert_int_equal(s->woken, 2);
	send_text(s, "", EIO_SEND_NORMAL);
	assert_int_equal(eio_session_queue(s->session)->count, 1);
	eio_session_end_turn(s->session);
	assert_closed(s, EIO_CLOSE_SLOW_CONSUMER);
	assert_nothing_sent(s);
	assert_int_equal(frame_live(), 0);
}

/* More than its bound at once, and announced; when that is gone the bound is what it was. */
static void test_what_is_expected_has_room(void **state)
{
	struct scene *s = *state;

	eio_session_expect(s->session, 2 * QUEUE_MAX);
	for (int i = 0; i < 3; i++)
		fill(s, QUEUE_MAX - 10);
	eio_session_end_turn(s->session);
	assert_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 3);
	while (eio_session_queue(s->session)->count)
		eio_queue_pop(eio_session_queue(s->session));
	eio_session_end_turn(s->session);
	fill(s, QUEUE_MAX - 10);
	fill(s, QUEUE_MAX - 10);
	eio_session_end_turn(s->session);
	assert_closed(s, EIO_CLOSE_SLOW_CONSUMER);
	assert_int_equal(frame_live(), 0);
}

static void test_overflow_of_volatile_is_forgotten(void **state)
{
	struct scene *s = *state;

	fill(s, QUEUE_MAX - 10);
	send_text(s, "too much", EIO_SEND_VOLATILE);
	eio_session_end_turn(s->session);
	assert_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 1);
}

static void test_volatile_makes_room(void **state)
{
	struct scene *s = *state;

	fill(s, QUEUE_MAX - 100);
	send_text(s, "typing", EIO_SEND_VOLATILE);
	fill(s, 100);
	eio_session_end_turn(s->session);
	assert_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 2);
	assert_int_equal(eio_session_queued_bytes(s->session), QUEUE_MAX);
}

static void test_ping_fits_into_a_full_queue(void **state)
{
	struct scene *s = *state;

	fill(s, QUEUE_MAX);
	at(s, 1300);
	eio_session_end_turn(s->session);
	assert_open(s);
	assert_int_equal(eio_session_queue(s->session)->count, 2);
}

static void test_what_was_queued_before_a_close_stays(void **state)
{
	struct scene *s = *state;

	send_text(s, "44{}", EIO_SEND_NORMAL);
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	assert_closed(s, EIO_CLOSE_FORCED_CLOSE);
	send_text(s, "late", EIO_SEND_NORMAL);
	assert_sent(s, EIO_PACKET_MESSAGE, "44{}");
	assert_nothing_sent(s);
}

static void test_closes_inside_on_message(void **state)
{
	struct scene *s = *state;

	s->closes_on_message = true;
	receive(s, "4one");
	receive(s, "4two");
	eio_session_receive(s->session, bytes_of("x", 1), true, s->now);
	receive(s, "2");
	assert_heard(s, "t:one;");
	assert_closed(s, EIO_CLOSE_FORCED_CLOSE);
}

static void count_and_close(void *ctx, struct eio_session *session)
{
	size_t *n = ctx;

	++*n;
	eio_session_close(session, EIO_CLOSE_SHUTDOWN);
}

static void test_each(void **state)
{
	struct scene *s = *state;
	size_t n = 0;

	eio_family_each(s->family, count_and_close, &n);
	assert_int_equal(n, 1);
	assert_closed(s, EIO_CLOSE_SHUTDOWN);
	eio_family_each(s->family, count_and_close, &n);
	assert_int_equal(n, 1);
}

static void test_owner(void **state)
{
	struct scene *s = *state;

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

#define NEW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define OPEN(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown)

static void test_who_sends_too_fast_is_told_of_and_a_flood_is_closed(void **state)
{
	struct scene *s = *state;
	struct eio_rules rules = {.ping_interval_ms = INTERVAL,
	    .ping_timeout_ms = TIMEOUT,
	    .max_payload_bytes = 1000000,
	    .queue_max_bytes = QUEUE_MAX,
	    .upgrade_timeout_ms = UPGRADE_TIMEOUT,
	    .flow = {.packets_per_second = 2}};

	eio_family_free(&s->family);
	s->family = eio_family_new(&rules, &events, s);
	open_session(s);
	for (int i = 0; i < 4; i++) {
		receive(s, "4m");
		assert_int_equal(eio_session_retry_after_ms(s->session), 0);
	}
	/* It is for the layer above to refuse what it asks for. */
	for (int i = 0; i < 4; i++) {
		receive(s, "4n");
		assert_int_equal(eio_session_retry_after_ms(s->session), 500);
	}
	assert_true(str_eqz(buf_str(&s->heard), "t:m;t:m;t:m;t:m;t:n;t:n;t:n;t:n;"));
	assert_int_equal(s->closed, 0);
	assert_int_equal(eio_family_floods(s->family), 0);
	receive(s, "4o");
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_FLOOD);
	assert_int_equal(eio_family_floods(s->family), 1);
	assert_int_equal(s->heard.len, 8 * 4);
}

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
	    OPEN(test_ping_comes_after_the_interval),
	    OPEN(test_pong_starts_the_next_interval),
	    OPEN(test_no_pong_closes_after_the_timeout),
	    OPEN(test_traffic_does_not_replace_the_heartbeat),
	    OPEN(test_unasked_pong_does_not_delay_the_ping),
	    OPEN(test_heartbeat_ends_with_the_session),
	    OPEN(test_next_due_is_exact),
	    OPEN(test_sending),
	    OPEN(test_overflow_closes_at_the_end_of_the_turn),
	    OPEN(test_what_is_expected_has_room),
	    OPEN(test_overflow_of_volatile_is_forgotten),
	    OPEN(test_volatile_makes_room),
	    OPEN(test_ping_fits_into_a_full_queue),
	    OPEN(test_what_was_queued_before_a_close_stays),
	    OPEN(test_closes_inside_on_message),
	    OPEN(test_each),
	    OPEN(test_owner),
	    cmocka_unit_test(test_close_table),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
