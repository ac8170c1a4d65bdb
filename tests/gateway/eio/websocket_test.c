#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/eio/websocket.h"

#include "common/crypto.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MESSAGE = 1000, QUEUE_MAX = 1000000, CHUNK = 70000 };

/* libwebsockets, as far as websocket.c knows it: one connection that takes notes. */
struct lws {
	struct buf written; /* the open packet not among it */
	int writes, asked, timeout;
	bool is_partial; /* has something buffered of its own */
	bool is_broken;
	bool becomes_partial; /* with the next write */
	/* of the chunk that is being received */
	bool is_binary, is_final;
	size_t to_come;
};

struct scene {
	struct lws lws;
	struct eio_family *family;
	struct websockets *set;
	struct websocket *ws;
	struct eio_session *session;
	struct buf heard;
	int closed;
	enum eio_close why;
	bool closes_on_message;
};

int lws_write(struct lws *wsi, unsigned char *bytes, size_t len, enum lws_write_protocol protocol)
{
	assert_int_equal(protocol, LWS_WRITE_RAW);
	assert_false(wsi->is_partial); /* it would pile up where we do not see it */
	wsi->writes++;
	if (wsi->is_broken)
		return -1;
	wsi->is_partial = wsi->becomes_partial;
	buf_put(&wsi->written, bytes_of(bytes, len));
	return (int)len;
}

int lws_partial_buffered(struct lws *wsi)
{
	return wsi->is_partial;
}

int lws_callback_on_writable(struct lws *wsi)
{
	wsi->asked++;
	return 1;
}

void lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int secs)
{
	(void)reason;
	wsi->timeout = secs;
}

int lws_frame_is_binary(struct lws *wsi)
{
	return wsi->is_binary;
}

int lws_is_final_fragment(struct lws *wsi)
{
	return wsi->is_final && !wsi->to_come;
}

size_t lws_remaining_packet_payload(struct lws *wsi)
{
	return wsi->to_come;
}

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct scene *s = up;

	(void)h;
	s->session = session;
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

	(void)session;
	s->closed++;
	s->why = why;
}

static const struct eio_events events = {on_open, on_message, on_close};

static const struct mono now = {1000000};

static struct wire *wire_of(struct scene *s)
{
	return (struct wire *)(void *)&s->lws;
}

static bool end_turn(struct scene *s)
{
	return websockets_end_turn(s->set);
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {300, 200, MAX_MESSAGE, QUEUE_MAX, 500};

	s->family = eio_family_new(&rules, &events, s);
	s->set = websockets_new(s->family, MAX_MESSAGE);
	s->ws = websocket_new(s->set, wire_of(s), &(struct eio_handshake){0}, now);
	assert_false(end_turn(s));
	assert_int_equal(s->lws.writes, 1); /* the open packet */
	buf_reset(&s->lws.written);
	s->lws.writes = 0;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	if (s->ws)
		websocket_closed(s->ws);
	end_turn(s);
	assert_int_equal(s->closed, 1);
	websockets_free(&s->set);
	eio_family_free(&s->family);
	buf_free(&s->heard);
	buf_free(&s->lws.written);
	free(s);
	return 0;
}

/* One frame, or as much of one as has come. */
static void receive(struct scene *s, const char *chunk, bool is_final, size_t to_come)
{
	s->lws.is_final = is_final;
	s->lws.to_come = to_come;
	websocket_receive(s->ws, str_bytes(str_of(chunk)), now);
}

static void send_text(struct scene *s, const char *text)
{
	struct frame *f = frame_new(str_bytes(str_of(text)));

	eio_session_send(s->session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
}

static void send_long(struct scene *s, size_t len)
{
	char *text = xcalloc(len + 1, 1);

	memset(text, 'x', len);
	send_text(s, text);
	free(text);
}

static void assert_written(struct scene *s, const char *expected, size_t len)
{
	assert_int_equal(s->lws.written.len, len);
	assert_memory_equal(buf_bytes(&s->lws.written).p, expected, len);
	buf_reset(&s->lws.written);
}

#define WRITTEN(s, literal) assert_written(s, literal, sizeof(literal) - 1)

static void assert_heard(struct scene *s, const char *expected)
{
	assert_true(str_eqz(buf_str(&s->heard), expected));
	buf_reset(&s->heard);
}

static void test_one_message_is_one_write_at_the_end_of_the_turn(void **state)
{
	struct scene *s = *state;

	send_text(s, "hi");
	assert_int_equal(s->lws.writes, 0);
	end_turn(s);
	WRITTEN(s, "\x81\x03\x34hi");
	end_turn(s);
	assert_int_equal(s->lws.writes, 1);
	assert_int_equal(s->lws.asked, 0); /* no poll was touched */
}

static void test_several_leave_in_one_write(void **state)
{
	struct scene *s = *state;

	send_text(s, "a");
	send_text(s, "b");
	eio_family_expire(s->family, (struct mono){2000000});
	end_turn(s);
	assert_int_equal(s->lws.writes, 1);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b\x81\x01\x32");
}

static void test_ping_alone(void **state)
{
	struct scene *s = *state;

	eio_family_expire(s->family, (struct mono){2000000});
	end_turn(s);
	WRITTEN(s, "\x81\x01\x32");
}

/* What one frame holds is the same bytes for everyone, wherever it is in their queues. */
static void test_shared_frame(void **state)
{
	struct scene *s = *state;
	struct scene other = {.family = s->family};
	struct frame *f = frame_new(bytes_of("hello", 5));
	struct eio_session *mine = s->session;

	other.ws = websocket_new(s->set, wire_of(&other), &(struct eio_handshake){0}, now);
	other.session = s->session;
	s->session = mine;
	end_turn(s);
	buf_reset(&other.lws.written);
	send_text(s, "x");
	eio_session_send_binary(mine, f, EIO_SEND_NORMAL);
	eio_session_send(other.session, f, EIO_SEND_NORMAL);
	frame_unref(&f);
	end_turn(s);
	WRITTEN(s, "\x81\x02\x34x\x82\x05hello");
	WRITTEN(&other, "\x81\x06\x34hello");
	assert_int_equal(frame_live(), 0);
	websocket_closed(other.ws);
	end_turn(s);
	buf_free(&other.lws.written);
	s->closed = 0;
}

static void test_waits_while_lws_has_something_buffered(void **state)
{
	struct scene *s = *state;

	s->lws.is_partial = true;
	send_text(s, "a");
	end_turn(s);
	send_text(s, "b");
	end_turn(s);
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(s->lws.asked, 1);
	s->lws.is_partial = false;
	websocket_writeable(s->ws);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b");
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.writes, 1);
	assert_int_equal(s->lws.asked, 1);
}

static void test_more_than_a_write_takes(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 10; i++)
		send_long(s, 10000);
	end_turn(s);
	assert_int_equal(s->lws.writes, 1);
	assert_in_range(s->lws.written.len, 50000, 65536);
	assert_int_equal(s->lws.asked, 1);
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.writes, 2);
	assert_int_equal(s->lws.written.len, 10 * 10005);
	assert_int_equal(s->lws.asked, 1);
	assert_int_equal(eio_session_queued_bytes(s->session), 0);
}

/* Longer than the scratch: straight from its frame, even with others behind it. */
static void test_long_one_with_others_behind(void **state)
{
	struct scene *s = *state;

	send_long(s, CHUNK);
	send_text(s, "a");
	send_text(s, "b");
	end_turn(s);
	assert_int_equal(s->lws.written.len, 11 + CHUNK);
	buf_reset(&s->lws.written);
	websocket_writeable(s->ws);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b");
}

static void test_write_that_fails(void **state)
{
	struct scene *s = *state;

	s->lws.is_broken = true;
	send_text(s, "a");
	assert_true(end_turn(s));
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
	assert_int_equal(s->lws.timeout, LWS_TO_KILL_ASYNC);
	send_text(s, "b");
	end_turn(s);
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.writes, 1);
}

static void test_close_sends_what_waits_and_a_close_frame(void **state)
{
	struct scene *s = *state;

	send_text(s, "44");
	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	assert_int_equal(s->lws.writes, 0);
	assert_true(end_turn(s)); /* libwebsockets must notice the deadline */
	WRITTEN(s, "\x81\x03\x34"
		   "44\x88\x0e\x03\xe8"
		   "forced close");
	assert_true(s->lws.timeout > 0);
	end_turn(s);
	websocket_writeable(s->ws);
	assert_int_equal(s->lws.written.len, 0);
}

static void test_close_waits_for_the_socket(void **state)
{
	struct scene *s = *state;

	s->lws.is_partial = true;
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	end_turn(s);
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(s->lws.asked, 1);
	s->lws.is_partial = false;
	websocket_writeable(s->ws);
	WRITTEN(s, "\x88\x16\x03\xe9server shutting down");
}

static void test_last_turn_does_not_wait_for_callbacks(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 20; i++)
		send_long(s, 10000);
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	websockets_end_last_turn(s->set);
	assert_int_equal(s->lws.written.len, 20 * 10005 + 24);
}

static void test_last_turn_leaves_a_full_socket_alone(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 20; i++)
		send_long(s, 10000);
	s->lws.becomes_partial = true;
	eio_session_close(s->session, EIO_CLOSE_SHUTDOWN);
	websockets_end_last_turn(s->set);
	assert_int_equal(s->lws.writes, 1);
}

static void test_answer_to_our_close_ends_it(void **state)
{
	struct scene *s = *state;

	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	end_turn(s);
	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8", 2)), -1);
	assert_int_equal(s->lws.writes, 1);
}

static void test_peer_closes(void **state)
{
	struct scene *s = *state;

	send_text(s, "a");
	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8"
								"bye",
							   5)),
	    0);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
	end_turn(s);
	assert_int_equal(s->lws.writes, 0); /* nothing after a close frame */
}

static void test_peer_closes_without_a_word(void **state)
{
	struct scene *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of(NULL, 0)), 0);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
}

static void test_peer_closes_badly(void **state)
{
	struct scene *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03", 1)), -1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	WRITTEN(s, "\x88\x02\x03\xea");
}

static void test_peer_closes_with_bad_text(void **state)
{
	struct scene *s = *state;

	assert_int_equal(websocket_peer_closing(s->ws, bytes_of("\x03\xe8\xff", 3)), -1);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	WRITTEN(s, "\x88\x02\x03\xef");
}

static void test_gone(void **state)
{
	struct scene *s = *state;

	send_text(s, "a");
	websocket_dropped(s->ws);
	websocket_closed(s->ws);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
	end_turn(s);
	s->ws = NULL;
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(eio_family_open_count(s->family), 0);
}

/* libwebsockets closes by itself and still has the connection: the peer broke the protocol. */
static void test_dropped(void **state)
{
	struct scene *s = *state;

	send_text(s, "a");
	websocket_dropped(s->ws);
	end_turn(s);
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_ERROR);
	assert_int_equal(s->lws.writes, 0);
}

static void test_message_in_one_chunk(void **state)
{
	struct scene *s = *state;

	receive(s, "4hello", true, 0);
	s->lws.is_binary = true;
	receive(s, "4hello", true, 0);
	receive(s, "", true, 0);
	assert_heard(s, "t:hello;b:4hello;b:;");
}

static void test_message_in_fragments_and_chunks(void **state)
{
	struct scene *s = *state;

	receive(s, "4h", false, 3);
	receive(s, "el", false, 1);
	receive(s, "l", false, 0);
	receive(s, "", false, 0);
	assert_heard(s, "");
	receive(s, "o", true, 0);
	receive(s, "4next", true, 0);
	receive(s, "", false, 0);
	receive(s, "4empty first", true, 0);
	receive(s, "4empty last", false, 0);
	receive(s, "", true, 0);
	assert_heard(s, "t:hello;t:next;t:empty first;t:empty last;");
}

static void assert_refused(struct scene *s, enum eio_close why, const char *frame)
{
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, why);
	end_turn(s);
	assert_true(s->lws.written.len >= 4);
	assert_memory_equal(buf_bytes(&s->lws.written).p + 2, frame, 2);
	receive(s, "4deaf", true, 0);
	assert_heard(s, "");
}

#define TOO_BIG "\x03\xf1"
#define BAD_TEXT "\x03\xef"

static void test_size_limit(void **state)
{
	struct scene *s = *state;
	char text[MAX_MESSAGE + 2] = "4";

	memset(text + 1, 'x', MAX_MESSAGE);
	text[MAX_MESSAGE] = 0;
	receive(s, text, true, 0);
	assert_int_equal(s->heard.len, 2 + MAX_MESSAGE - 1 + 1);
	buf_reset(&s->heard);
	text[MAX_MESSAGE] = 'x';
	receive(s, text, true, 0);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_announced_size(void **state)
{
	struct scene *s = *state;

	receive(s, "4", true, MAX_MESSAGE);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_announced_size_that_overflows(void **state)
{
	struct scene *s = *state;

	receive(s, "4abc", true, SIZE_MAX);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_fragments_add_up(void **state)
{
	struct scene *s = *state;

	receive(s, "4", false, 0);
	for (int i = 0; i < MAX_MESSAGE - 1; i++)
		receive(s, "x", false, 0);
	assert_int_equal(s->closed, 0);
	receive(s, "x", false, 0);
	assert_refused(s, EIO_CLOSE_TOO_BIG, TOO_BIG);
}

static void test_bad_text(void **state)
{
	struct scene *s = *state;

	receive(s, "4\xff", true, 0);
	assert_refused(s, EIO_CLOSE_TRANSPORT_ERROR, BAD_TEXT);
}

/* What the check of libwebsockets 4.1 misses. */
static void test_character_cut_off_before_an_empty_fragment(void **state)
{
	struct scene *s = *state;

	receive(s, "4\xe2\x82", false, 0);
	assert_int_equal(s->closed, 0);
	receive(s, "", true, 0);
	assert_refused(s, EIO_CLOSE_TRANSPORT_ERROR, BAD_TEXT);
}

static void test_character_across_fragments(void **state)
{
	struct scene *s = *state;

	receive(s, "4\xe2\x82", false, 0);
	receive(s, "\xac", true, 0);
	assert_heard(s, "t:\xe2\x82\xac;");
}

static void test_binary_need_not_be_text(void **state)
{
	struct scene *s = *state;

	s->lws.is_binary = true;
	receive(s, "\xff\xfe", true, 0);
	assert_heard(s, "b:\xff\xfe;");
}

static void test_closed_by_the_layer_above_between_messages(void **state)
{
	struct scene *s = *state;

	s->closes_on_message = true;
	receive(s, "4one", false, 1);
	receive(s, "!", true, 0);
	receive(s, "4two", true, 0);
	assert_heard(s, "t:one!;");
}

/* ---- candidates: they would carry a session that something else carries so far ---- */

static int released, discarded;

static void ignore(void *wire)
{
	(void)wire;
}

static void ignore_close(void *wire, enum eio_close why)
{
	(void)wire;
	(void)why;
}

static void count_release(void *wire)
{
	(void)wire;
	released++;
}

static void count_discard(void *wire)
{
	(void)wire;
	discarded++;
}

static const struct eio_transport slow = {.name = "slow",
    .may_upgrade = true,
    .wake = ignore,
    .release = count_release,
    .discard = count_discard,
    .close = ignore_close};

/* A scene whose session is carried by something slow, and whose connection is a candidate. */
static int setup_candidate(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	struct eio_rules rules = {300, 200, MAX_MESSAGE, QUEUE_MAX, 500};
	struct eio_session *session;

	s->family = eio_family_new(&rules, &events, s);
	s->set = websockets_new(s->family, MAX_MESSAGE);
	session = eio_session_new(s->family, &slow, s);
	eio_session_open(session, &(struct eio_handshake){0}, now);
	eio_queue_clear(eio_session_queue(session));
	s->ws = websocket_new_candidate(s->set, wire_of(s), session, now);
	assert_false(end_turn(s));
	assert_int_equal(s->lws.writes, 0);
	discarded = 0;
	*state = s;
	return 0;
}

static int teardown_candidate(void **state)
{
	struct scene *s = *state;
	bool is_ours = discarded > 0;

	if (!s->closed)
		eio_session_close(s->session, EIO_CLOSE_TRANSPORT_CLOSE);
	if (!is_ours)
		eio_session_free(&s->session);
	return teardown(state);
}

static void test_candidate_takes_the_session(void **state)
{
	struct scene *s = *state;

	send_text(s, "a");
	end_turn(s);
	receive(s, "2probe", true, 0);
	WRITTEN(s, "\x81\x06"
		   "3probe"); /* at once */
	receive(s, "5", true, 0);
	assert_int_equal(discarded, 1);
	assert_string_equal(eio_session_transport(s->session), "websocket");
	receive(s, "4hi", true, 0);
	assert_heard(s, "t:hi;");
	send_text(s, "b");
	end_turn(s);
	WRITTEN(s, "\x81\x02\x34"
		   "a\x81\x02\x34"
		   "b");
	websocket_closed(s->ws);
	s->ws = NULL;
	assert_int_equal(s->why, EIO_CLOSE_TRANSPORT_CLOSE);
}

/* It is closed, and the session lives. */
static void assert_turned_away(struct scene *s, const char *frame)
{
	end_turn(s);
	assert_int_equal(s->closed, 0);
	assert_true(s->lws.written.len >= 4);
	assert_memory_equal(buf_bytes(&s->lws.written).p + 2, frame, 2);
	receive(s, "5", true, 0);
	assert_int_equal(discarded, 0);
	assert_true(eio_session_is_open(s->session));
	assert_true(eio_session_admit(s->session, &slow, s, now));
	eio_session_dismiss(s->session);
}

static void test_candidate_with_the_wrong_word(void **state)
{
	receive(*state, "4x", true, 0);
	assert_turned_away(*state, "\x03\xea");
}

static void test_candidate_with_bad_text(void **state)
{
	receive(*state, "\xff", true, 0);
	assert_turned_away(*state, BAD_TEXT);
}

static void test_candidate_that_says_too_much(void **state)
{
	receive(*state, "2", true, MAX_MESSAGE);
	assert_turned_away(*state, TOO_BIG);
}

static void test_candidate_that_takes_too_long(void **state)
{
	struct scene *s = *state;

	eio_family_expire(s->family, mono_add_ms(now, 500));
	assert_true(eio_session_is_open(s->session));
	assert_turned_away(s, "\x03\xea");
}

static void test_candidate_that_does_not_read(void **state)
{
	struct scene *s = *state;

	s->lws.is_partial = true;
	receive(s, "2probe", true, 0);
	assert_int_equal(s->lws.timeout, LWS_TO_KILL_ASYNC);
	assert_int_equal(s->lws.writes, 0);
	assert_int_equal(s->closed, 0);
	assert_true(eio_session_admit(s->session, &slow, s, now));
	eio_session_dismiss(s->session);
}

static void test_candidate_that_goes(void **state)
{
	struct scene *s = *state;

	websocket_dropped(s->ws);
	end_turn(s);
	assert_true(eio_session_admit(s->session, &slow, s, now));
	eio_session_dismiss(s->session);
	websocket_closed(s->ws);
	s->ws = NULL;
	end_turn(s);
	assert_int_equal(s->closed, 0);
}

static void test_candidate_whose_session_ends(void **state)
{
	struct scene *s = *state;

	eio_session_close(s->session, EIO_CLOSE_FORCED_CLOSE);
	end_turn(s);
	WRITTEN(s, "\x88\x0e\x03\xe8"
		   "forced close");
	receive(s, "5", true, 0);
	assert_int_equal(discarded, 0);
}

static void test_candidate_for_nothing(void **state)
{
	struct scene *s = *state;
	struct scene other = {.family = s->family};

	other.ws = websocket_new_candidate(s->set, wire_of(&other), NULL, now);
	receive(&other, "2probe", true, 0);
	end_turn(s);
	WRITTEN(&other, "\x88\x0f\x03\xea"
			"upgrade error");
	websocket_closed(other.ws);
	end_turn(s);
	buf_free(&other.lws.written);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define CANDIDATE(name) cmocka_unit_test_setup_teardown(name, setup_candidate, teardown_candidate)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_one_message_is_one_write_at_the_end_of_the_turn),
	    TEST(test_several_leave_in_one_write),
	    TEST(test_ping_alone),
	    TEST(test_shared_frame),
	    TEST(test_waits_while_lws_has_something_buffered),
	    TEST(test_more_than_a_write_takes),
	    TEST(test_long_one_with_others_behind),
	    TEST(test_write_that_fails),
	    TEST(test_close_sends_what_waits_and_a_close_frame),
	    TEST(test_close_waits_for_the_socket),
	    TEST(test_last_turn_does_not_wait_for_callbacks),
	    TEST(test_last_turn_leaves_a_full_socket_alone),
	    TEST(test_answer_to_our_close_ends_it),
	    TEST(test_peer_closes),
	    TEST(test_peer_closes_without_a_word),
	    TEST(test_peer_closes_badly),
	    TEST(test_peer_closes_with_bad_text),
	    TEST(test_gone),
	    TEST(test_dropped),
	    TEST(test_message_in_one_chunk),
	    TEST(test_message_in_fragments_and_chunks),
	    TEST(test_size_limit),
	    TEST(test_announced_size),
	    TEST(test_announced_size_that_overflows),
	    TEST(test_fragments_add_up),
	    TEST(test_bad_text),
	    TEST(test_character_cut_off_before_an_empty_fragment),
	    TEST(test_character_across_fragments),
	    TEST(test_binary_need_not_be_text),
	    TEST(test_closed_by_the_layer_above_between_messages),
	    CANDIDATE(test_candidate_takes_the_session),
	    CANDIDATE(test_candidate_with_the_wrong_word),
	    CANDIDATE(test_candidate_with_bad_text),
	    CANDIDATE(test_candidate_that_says_too_much),
	    CANDIDATE(test_candidate_that_takes_too_long),
	    CANDIDATE(test_candidate_that_does_not_read),
	    CANDIDATE(test_candidate_that_goes),
	    CANDIDATE(test_candidate_whose_session_ends),
	    CANDIDATE(test_candidate_for_nothing),
	};

	if (crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
