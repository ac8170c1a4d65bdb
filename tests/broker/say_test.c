#include "tests/check.h"

#include "broker/say.h"
#include "proto/wire.h"

#include <string.h>

struct peer {
	int unused;
};

/* The neighbour: an outbox that writes down what it is given. */
struct held {
	uint64_t batch;
	struct peer *to;
	const void *lane;
	const struct frame *message;
	uint64_t gseq;
	bool is_answer;
	char text[512], instead[256]; /* by wire_print; "" = none */
};

static struct held held[4];
static size_t held_count;
static const void *waiting_lane;

static void print(struct frame *f, char *to, size_t size)
{
	struct wire_reader r = wire_reader(f ? frame_bytes(f) : (struct bytes){0});
	struct wire_message m;
	struct buf text = {0};

	to[0] = '\0';
	if (!f)
		return;
	assert_int_equal(wire_next(&r, &m), ERR_OK);
	assert_true(wire_at_end(&r));
	wire_print(&m, &text);
	assert_true(text.len < size);
	memcpy(to, buf_str(&text).p, text.len);
	to[text.len] = '\0';
	buf_free(&text);
}

void outbox_hold(struct outbox *o, const struct outbox_letter *letter)
{
	struct held *h = &held[held_count++];

	(void)o;
	assert_true(held_count <= ARRAY_LEN(held));
	*h = (struct held){.batch = letter->batch,
	    .to = letter->to,
	    .lane = letter->lane,
	    .message = letter->message,
	    .gseq = letter->gseq,
	    .is_answer = letter->is_answer};
	print(letter->message, h->text, sizeof(h->text));
	print(letter->instead, h->instead, sizeof(h->instead));
}

bool outbox_is_waiting(const struct outbox *o, const void *lane)
{
	(void)o;
	return lane == waiting_lane;
}

static uint64_t newest;

uint64_t outbox_newest(const struct outbox *o)
{
	(void)o;
	return newest;
}

struct world {
	struct broker b;
	struct peer east, west;
	struct room room;
};

static int setup(void **state)
{
	static char nsp[] = "/chat", name[] = "lobby";
	struct world *w = test_calloc(1, sizeof(*w));

	held_count = 0;
	waiting_lane = NULL;
	w->room.nsp = nsp;
	w->room.name = name;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	route_free(&w->room.route);
	test_free(w);
	return frame_live() == 0 ? 0 : -1;
}

static void test_an_event_is_encoded_once_for_all(void **state)
{
	struct world *w = *state;
	struct session except = {.id = (char *)"c1", .sid = (char *)"s1"};

	route_add(&w->room.route, &w->east);
	route_add(&w->room.route, &w->west);
	say_to_room(&w->b, &w->room,
	    &(struct say_event){.gseq = 5,
		.name = STR("message"),
		.args = bytes_of("\x91\x01", 2),
		.except = &except,
		.batch = 3});
	assert_int_equal(held_count, 2);
	assert_ptr_equal(held[0].to, &w->east);
	assert_ptr_equal(held[1].to, &w->west);
	assert_ptr_equal(held[0].message, held[1].message);
	assert_int_equal(held[1].batch, 3);
	assert_ptr_equal(held[1].lane, &w->room);
	assert_string_equal(held[1].text,
	    "DELIVER{gseq=5 nsp=\"/chat\" room=\"lobby\" event=\"message\""
	    " args=<2:9101> except=\"s1\" is_volatile=false}");
	assert_string_equal(held[1].instead, ""); /* a message that was not stored is not told */
}

static void test_a_cast_is_encoded_once_for_all_and_waits_for_nothing(void **state)
{
	struct world *w = *state;
	const struct wire_cast cast = {.nsp = STR("/chat"),
	    .room = STR("lobby"),
	    .event = STR("notice"),
	    .args = bytes_of("\x91\x01", 2)};

	say_cast(&w->b, &w->room, &cast);
	assert_int_equal(held_count, 0);
	route_add(&w->room.route, &w->east);
	route_add(&w->room.route, &w->west);
	say_cast(&w->b, &w->room, &cast);
	assert_int_equal(held_count, 2);
	assert_ptr_equal(held[0].to, &w->east);
	assert_ptr_equal(held[1].to, &w->west);
	assert_ptr_equal(held[0].message, held[1].message);
	assert_int_equal(held[0].batch, 0);
	assert_null(held[0].lane);
	assert_string_equal(held[1].text,
	    "CAST{nsp=\"/chat\" room=\"lobby\" except=<1:c0> event=\"notice\" args=<2:9101> "
	    "is_volatile=false}");
}

static void test_what_may_be_dropped_says_so(void **state)
{
	struct world *w = *state;
	struct say_event typing = {
	    .name = STR("user-typing"), .args = bytes_of("\x90", 1), .is_volatile = true};

	route_add(&w->room.route, &w->east);
	say_to_room(&w->b, &w->room, &typing);
	assert_string_equal(held[0].text,
	    "DELIVER{gseq=0 nsp=\"/chat\" room=\"lobby\" event=\"user-typing\" args=<1:90>"
	    " except=\"\" is_volatile=true}");
	assert_int_equal(held[0].batch, 0);
	/* It would be old when the others have been said. */
	waiting_lane = &w->room;
	say_to_room(&w->b, &w->room, &typing);
	assert_int_equal(held_count, 1);
	typing.is_volatile = false;
	say_to_room(&w->b, &w->room, &typing);
	assert_int_equal(held_count, 2);
}

static void test_an_empty_room_hears_nothing(void **state)
{
	struct world *w = *state;

	say_to_room(&w->b, &w->room, &(struct say_event){.name = STR("message")});
	assert_int_equal(held_count, 0);
}

static void test_ok_becomes_unavailable_when_its_batch_fails(void **state)
{
	struct world *w = *state;
	struct say_reply reply = {
	    .request = 7, .value = bytes_of("\x80", 1), .room = &w->room, .batch = 3};

	_Static_assert(CLIENT_ERROR_UNAVAILABLE == 11, "the texts below say 11");
	say_ok(&w->b, &w->east, &reply);
	assert_int_equal(held_count, 1);
	assert_int_equal(held[0].batch, 3);
	assert_ptr_equal(held[0].to, &w->east);
	assert_ptr_equal(held[0].lane, &w->room);
	assert_string_equal(held[0].text,
	    "REPLY{request=7 error=0 text=\"\" retry_after_ms=0 value=<1:80> gseq=0}");
	assert_string_equal(held[0].instead,
	    "REPLY{request=7 error=11 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}");
	reply.otherwise = bytes_of("\x90", 1);
	reply.gseq = 50;
	reply.otherwise_gseq = 40;
	say_ok(&w->b, &w->east, &reply);
	assert_string_equal(held[1].instead,
	    "REPLY{request=7 error=0 text=\"\" retry_after_ms=0 value=<1:90> gseq=40}");
	assert_string_equal(held[1].text,
	    "REPLY{request=7 error=0 text=\"\" retry_after_ms=0 value=<1:80> gseq=50}");
	assert_true(held[1].is_answer);
}

static void test_ok_that_depends_on_nothing(void **state)
{
	struct world *w = *state;

	say_ok(&w->b, &w->east, &(struct say_reply){.request = 7, .value = bytes_of("\x80", 1)});
	assert_int_equal(held[0].batch, 0);
	assert_null(held[0].lane);
	assert_string_equal(held[0].instead, "");
}

static void test_an_error_waits_for_no_batch(void **state)
{
	struct world *w = *state;

	_Static_assert(CLIENT_ERROR_ROOM_NOT_FOUND == 5, "the texts below say 5");
	say_error(&w->b, &w->west, 7, CLIENT_ERROR_ROOM_NOT_FOUND, NULL);
	say_error(&w->b, &w->west, 8, CLIENT_ERROR_ROOM_NOT_FOUND, "in words of its own");
	assert_int_equal(held_count, 2);
	assert_int_equal(held[0].batch, 0);
	assert_null(held[0].lane);
	assert_ptr_equal(held[0].to, &w->west);
	assert_string_equal(held[0].text,
	    "REPLY{request=7 error=5 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}");
	assert_string_equal(held[1].text, "REPLY{request=8 error=5 text=\"in words of its own\" "
					  "retry_after_ms=0 value=<1:c0> gseq=0}");
	assert_string_equal(held[1].instead, "");
}

static void test_a_refusal_says_when_to_try_again(void **state)
{
	struct world *w = *state;

	say_fault(&w->b, &w->east, 7,
	    &(struct say_fault){.error = CLIENT_ERROR_ROOM_NOT_FOUND, .retry_after_ms = 90});
	assert_string_equal(held[0].text,
	    "REPLY{request=7 error=5 text=\"\" retry_after_ms=90 value=<1:c0> gseq=0}");
}

static void test_behind_what_waits_and_all_the_same_if_that_fails(void **state)
{
	struct world *w = *state;
	struct wire_message m = {.type = WIRE_POSITION}, other = {.type = WIRE_POSITION};

	m.as.position.gseq = 5;
	other.as.position.gseq = 4;
	newest = 3;
	say_behind(&w->b, &w->east, NULL, &m, NULL);
	say_behind(&w->b, &w->east, NULL, &m, &other);
	newest = 0;
	say_behind(&w->b, &w->east, NULL, &m, &other);
	/* Nobody was to hear of the last number, and it is not committed all the same. */
	w->b.numbered = 6;
	say_behind(&w->b, &w->east, NULL, &m, &other);
	assert_int_equal(held[3].batch, 6);
	assert_string_equal(held[3].instead, "POSITION{gseq=4}");
	assert_int_equal(held[0].batch, 3);
	assert_string_equal(held[0].text, "POSITION{gseq=5}");
	assert_string_equal(held[0].instead, "POSITION{gseq=5}");
	assert_string_equal(held[1].instead, "POSITION{gseq=4}");
	assert_int_equal(held[2].batch, 0);
	assert_string_equal(held[2].instead, "");
}

static void test_who_wants_no_answer_gets_none(void **state)
{
	struct world *w = *state;

	say_ok(&w->b, &w->east, &(struct say_reply){.value = bytes_of("\x80", 1)});
	say_error(&w->b, &w->east, 0, CLIENT_ERROR_INTERNAL, NULL);
	assert_int_equal(held_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_an_event_is_encoded_once_for_all),
	    TEST(test_a_cast_is_encoded_once_for_all_and_waits_for_nothing),
	    TEST(test_what_may_be_dropped_says_so),
	    TEST(test_an_empty_room_hears_nothing),
	    TEST(test_ok_becomes_unavailable_when_its_batch_fails),
	    TEST(test_ok_that_depends_on_nothing),
	    TEST(test_an_error_waits_for_no_batch),
	    TEST(test_a_refusal_says_when_to_try_again),
	    TEST(test_behind_what_waits_and_all_the_same_if_that_fails),
	    TEST(test_who_wants_no_answer_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
