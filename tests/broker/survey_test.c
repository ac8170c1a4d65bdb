#include "broker/survey.h"

#include "broker/entry.h"
#include "broker/work.h"
#include "proto/value.h"
#include "tests/broker/admin_fixture.h"
#include "tests/fakes/link.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 3000 };

#define ROW(user, socket, gateway, outcome, tries)                                    \
	"{\"userId\":\"" user "\",\"socketId\":\"" socket "\",\"gateway\":\"" gateway \
	"\",\"outcome\":\"" outcome "\",\"tries\":" #tries
#define ANSWERED(user, socket, gateway, tries, ms, args) \
	ROW(user, socket, gateway, "answered", tries) ",\"ms\":" #ms ",\"args\":" args "}"
#define RESULT(sockets, gateways, answered, rows)                                         \
	"ok {\"sockets\":" #sockets ",\"gateways\":" #gateways ",\"answered\":" #answered \
	",\"answers\":[" rows "]}"

static int setup(void **state)
{
	int result = desk_setup(state);
	struct desk *d = *state;

	d->w->b.config.recovery = true;
	desk_populate(d);
	world_commit(d->w);
	d->w->b.admin = d->admin;
	world_forget_heard(d->w);
	return result;
}

static const char *ask(struct desk *d, const char *to, const char *target, uint64_t retries)
{
	return desk_ask_emit(
	    d, &(struct desk_emit){
		   .to = to, .target = target, .timeout_ms = TIMEOUT_MS, .retries = retries});
}

/* The n-th number that is given since the desk is there. */
static uint64_t number(uint64_t n)
{
	return SURVEY_ACK_FIRST + n;
}

static void say(struct desk *d, struct peer *p, const char *socket, uint64_t ack, struct bytes args)
{
	struct wire_message m = {.type = WIRE_ACK};

	m.as.ack = (struct wire_ack){str_of(socket), ack, args};
	work_on_ack(&d->w->b, p, &m);
}

static void answer(struct desk *d, struct peer *p, const char *socket, uint64_t n)
{
	say(d, p, socket, number(n), bytes_of("\x91\xa2ok", 4));
}

static void pass_ms(struct desk *d, uint64_t ms)
{
	fake_turn_now = mono_add_ms(fake_turn_now, ms);
	admin_on_pace(d->admin);
}

/* How often a question with that number was put to a socket of the peer. */
static size_t asked(struct peer *p, const char *socket, uint64_t n)
{
	char text[200];
	size_t count = 0;
	const char *at;

	snprintf(text, sizeof(text),
	    "SEND{socket=\"%s\" event=\"hi\" args=<3:91a178> has_ack=true ack=%llu "
	    "is_volatile=false}",
	    socket, (unsigned long long)number(n));
	if (!fake_peer_heard(p, text))
		return 0;
	buf_putc(&p->heard, '\0');
	for (at = buf_str(&p->heard).p; (at = strstr(at, text)); at += strlen(text))
		count++;
	buf_truncate(&p->heard, p->heard.len - 1);
	return count;
}

static void test_all_answer(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(d, "user", "ann", 0), "none");
	assert_int_equal(asked(&d->w->east, "e1", 1), 1);
	assert_int_equal(asked(&d->w->west, "w1", 2), 1);
	pass_ms(d, 20);
	answer(d, &d->w->west, "w1", 2);
	/* Twice: the first counts. */
	say(d, &d->w->west, "w1", number(2), bytes_of("\x91\xa2no", 4));
	assert_string_equal(desk_answer(), "none");
	pass_ms(d, 30);
	say(d, &d->w->east, "e1", number(1), bytes_of("\x92\xc4\x01z\x80", 5));
	assert_string_equal(desk_answer(),
	    RESULT(2, 2, 2,
		ANSWERED("ann", "e1", "east", 1, 50, "[{\"base64url\":\"eg\"},{}]") "," ANSWERED(
		    "ann", "w1", "west", 1, 20, "[\"ok\"]")));
	/* It is over: nothing is asked or said again. */
	answer(d, &d->w->east, "e1", 1);
	pass_ms(d, 2 * TIMEOUT_MS);
	assert_int_equal(asked(&d->w->east, "e1", 1), 1);
	assert_int_equal(fake_link.letters, 1);
}

static void test_who_is_silent(void **state)
{
	struct desk *d = *state;

	ask(d, "user", "ann", 0);
	answer(d, &d->w->east, "e1", 1);
	pass_ms(d, TIMEOUT_MS - 1);
	assert_string_equal(desk_answer(), "none");
	pass_ms(d, 1);
	assert_string_equal(
	    desk_answer(), RESULT(2, 2, 1,
			       ANSWERED("ann", "e1", "east", 1, 0, "[\"ok\"]") "," ROW(
				   "ann", "w1", "west", "no answer", 1) "}"));
	assert_int_equal(asked(&d->w->west, "w1", 2), 1);
}

static void test_who_is_silent_is_asked_again(void **state)
{
	struct desk *d = *state;

	ask(d, "socket", "e1", 2);
	pass_ms(d, TIMEOUT_MS / 3 - 1);
	assert_int_equal(asked(&d->w->east, "e1", 1), 1);
	pass_ms(d, 1);
	assert_int_equal(asked(&d->w->east, "e1", 1), 2);
	pass_ms(d, TIMEOUT_MS / 3);
	assert_int_equal(asked(&d->w->east, "e1", 1), 3);
	pass_ms(d, TIMEOUT_MS / 3 - 1);
	assert_int_equal(asked(&d->w->east, "e1", 1), 3);
	answer(d, &d->w->east, "e1", 1);
	assert_string_equal(
	    desk_answer(), RESULT(1, 1, 1, ANSWERED("ann", "e1", "east", 3, 2999, "[\"ok\"]")));
}

static void test_a_stalled_broker_asks_once_for_all_it_missed(void **state)
{
	struct desk *d = *state;

	ask(d, "socket", "e1", 9);
	pass_ms(d, TIMEOUT_MS / 2);
	assert_int_equal(asked(&d->w->east, "e1", 1), 2);
	pass_ms(d, 1);
	assert_int_equal(asked(&d->w->east, "e1", 1), 2);
}

static void test_who_comes_back_is_asked_again(void **state)
{
	struct desk *d = *state;
	char pid[LIMIT_PID + 1];

	snprintf(pid, sizeof(pid), "%s", world_session(d->w, "e1")->pid);
	ask(d, "socket", "e1", 2);
	world_lose(d->w, &d->w->east, "e1");
	/* While he is away nobody is asked, and he is asked once for all of it. */
	pass_ms(d, TIMEOUT_MS / 2);
	world_forget_heard(d->w);
	world_return(d->w, &d->w->west, "w5", "ann", pid, "");
	/* Behind the answer to CONNECT, which waits for the disk. */
	assert_int_equal(asked(&d->w->west, "w5", 1), 0);
	world_commit(d->w);
	assert_int_equal(asked(&d->w->west, "w5", 1), 1);
	buf_putc(&d->w->west.heard, '\0');
	const char *heard = buf_str(&d->w->west.heard).p;

	assert_true(strstr(heard, "REPLY{") < strstr(heard, "SEND{"));
	buf_truncate(&d->w->west.heard, d->w->west.heard.len - 1);
	pass_ms(d, 1);
	assert_int_equal(asked(&d->w->west, "w5", 1), 1);
	/* What the lost connection says is nobody's answer. */
	answer(d, &d->w->east, "e1", 1);
	assert_string_equal(desk_answer(), "none");
	answer(d, &d->w->west, "w5", 1);
	assert_string_equal(
	    desk_answer(), RESULT(1, 1, 1, ANSWERED("ann", "e1", "west", 2, 1501, "[\"ok\"]")));
}

static void test_a_disk_in_trouble_holds_no_question_up(void **state)
{
	struct desk *d = *state;
	char pid[LIMIT_PID + 1];

	snprintf(pid, sizeof(pid), "%s", world_session(d->w, "e1")->pid);
	ask(d, "socket", "e1", 0);
	world_lose(d->w, &d->w->east, "e1");
	world_return(d->w, &d->w->west, "w5", "ann", pid, "");
	world_fail(d->w);
	assert_int_equal(asked(&d->w->west, "w5", 1), 1);
}

static void test_who_stays_away(void **state)
{
	struct desk *d = *state;

	ask(d, "socket", "e1", 2);
	world_lose(d->w, &d->w->east, "e1");
	pass_ms(d, TIMEOUT_MS);
	assert_string_equal(
	    desk_answer(), RESULT(1, 1, 0, ROW("ann", "e1", "east", "away", 1) "}"));
	assert_int_equal(asked(&d->w->east, "e1", 1), 1);
}

static void test_who_is_gone_is_not_waited_for(void **state)
{
	struct desk *d = *state;
	struct wire_message bye = {.type = WIRE_DISCONNECT};

	ask(d, "user", "ann", 2);
	bye.as.disconnect.socket = STR("e1");
	entry_on_disconnect(&d->w->b, &d->w->east, &bye);
	assert_string_equal(desk_answer(), "none");
	answer(d, &d->w->west, "w1", 2);
	assert_string_equal(desk_answer(), RESULT(2, 2, 1,
					       ROW("ann", "e1", "east", "gone", 1) "}," ANSWERED(
						   "ann", "w1", "west", 1, 0, "[\"ok\"]")));
}

static void test_a_gateway_on_a_new_link_asks_again(void **state)
{
	struct desk *d = *state;
	struct wire_message m = {.type = WIRE_CONNECT};

	ask(d, "socket", "e1", 0);
	m.as.connect = (struct wire_connect){.socket = STR("e1"),
	    .nsp = STR("/chat"),
	    .user = STR("ann"),
	    .username = STR("ann"),
	    .grants = bytes_of("\x90", 1),
	    .rooms = bytes_of("\x90", 1),
	    .recovery = true,
	    .pid = str_of(world_session(d->w, "e1")->pid)};
	entry_on_connect(&d->w->b, &d->w->east, &m);
	assert_int_equal(asked(&d->w->east, "e1", 1), 2);
}

static void test_acks_of_others(void **state)
{
	struct desk *d = *state;

	ask(d, "socket", "e1", 0);
	/* From another gateway, of another socket, of a number that is not given, or not any more.
	 */
	answer(d, &d->w->west, "e1", 1);
	answer(d, &d->w->east, "e2", 1);
	answer(d, &d->w->east, "e1", 2);
	answer(d, &d->w->east, "e1", 0);
	assert_string_equal(desk_answer(), "none");
	/* Workers' numbers are not ours; without a desk nobody asked. */
	assert_false(survey_on_ack(&d->w->b, &d->w->east,
	    &(struct wire_ack){STR("e1"), SURVEY_ACK_FIRST - 1, bytes_of("\x90", 1)}));
	struct surveys *surveys = d->w->b.surveys;

	d->w->b.surveys = NULL;
	assert_true(survey_on_ack(
	    &d->w->b, &d->w->east, &(struct wire_ack){STR("e1"), number(1), bytes_of("\x90", 1)}));
	d->w->b.surveys = surveys;
}

static void test_long_and_deep_answers_are_counted_only(void **state)
{
	struct desk *d = *state;
	struct buf big = {0}, deep = {0};
	char text[SURVEY_ANSWER_MAX] = {0};

	memset(text, 'x', sizeof(text));
	value_put_array(&big, 1);
	value_put_str(&big, (struct str){text, sizeof(text)});
	for (int i = 0; i < LIMIT_VALUE_DEPTH; i++)
		value_put_array(&deep, 1);
	value_put_nil(&deep);
	ask(d, "user", "ann", 0);
	say(d, &d->w->east, "e1", number(1), buf_bytes(&big));
	say(d, &d->w->west, "w1", number(2), buf_bytes(&deep));
	assert_string_equal(
	    desk_answer(), RESULT(2, 2, 2,
			       ROW("ann", "e1", "east", "answered, too long", 1) ",\"ms\":0}," ROW(
				   "ann", "w1", "west", "answered, too long", 1) ",\"ms\":0}"));
	buf_free(&big);
	buf_free(&deep);
}

static void test_bounds(void **state)
{
	struct desk *d = *state;
	const struct surveys *ss = d->w->b.surveys;
	char text[SURVEY_TEXT_SIZE];

	assert_int_equal(surveys_check(ss, SURVEY_SOCKETS_MAX, 1, text), ERR_OK);
	assert_int_equal(surveys_check(ss, SURVEY_SOCKETS_MAX + 1, 1, text), ERR_TOO_BIG);
	assert_string_equal(text,
	    "1001 sockets: at most 1000 can be asked at a time; without --ack "
	    "there may be any number");
	assert_int_equal(surveys_check(ss, 1000, SURVEY_BYTES_MAX / 1000, text), ERR_OK);
	assert_int_equal(surveys_check(ss, 1000, SURVEY_BYTES_MAX / 1000 + 1, text), ERR_TOO_BIG);
	assert_non_null(strstr(text, "together they may be 32 MiB"));
	for (int i = 0; i < SURVEYS_MAX; i++)
		assert_string_equal(ask(d, "socket", "e1", 0), "none");
	assert_string_equal(ask(d, "socket", "e1", 0),
	    "FULL: too many sockets are being asked already, try again later");
	/* Each had a number of its own; one answer ends one survey. */
	answer(d, &d->w->east, "e1", 7);
	assert_int_equal(fake_link.letters, 2);
	assert_string_equal(ask(d, "socket", "e1", 0), "none");
}

static void test_sockets_are_bounded_in_all(void **state)
{
	struct desk *d = *state;
	struct surveys *ss = d->w->b.surveys;
	struct session *many[SURVEY_SOCKETS_MAX];
	char text[SURVEY_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = world_session(d->w, "e1");
	for (int i = 0; i < SURVEYS_SOCKETS_MAX / SURVEY_SOCKETS_MAX; i++) {
		assert_int_equal(surveys_check(ss, ARRAY_LEN(many), 1, text), ERR_OK);
		survey_begin(ss,
		    &(struct survey_order){.event = STR("hi"),
			.args = bytes_of("\x90", 1),
			.timeout_ms = TIMEOUT_MS,
			.gateways = 1},
		    many, ARRAY_LEN(many));
	}
	assert_int_equal(surveys_check(ss, 1, 1, text), ERR_FULL);
	/* They go with the desk, and leave the session alone. */
	surveys_free(&d->w->b.surveys);
	assert_null(d->w->b.surveys);
	assert_null(world_session(d->w, "e1")->questions);
}

static void test_numbers_begin_elsewhere_in_each_run(void **state)
{
	struct desk *d = *state;
	struct peer *east = &d->w->east;

	surveys_free(&d->w->b.surveys);
	d->w->b.boot = UINT64_MAX;
	d->w->b.surveys = surveys_new(&d->w->b, NULL, NULL);
	survey_begin(d->w->b.surveys,
	    &(struct survey_order){
		.event = STR("hi"), .args = bytes_of("\x91\xa1x", 3), .timeout_ms = TIMEOUT_MS},
	    (struct session *[]){world_session(d->w, "e1")}, 1);
	/* And stay where stock clients can count to. */
	assert_true(number(UINT64_C(1) << 51) < UINT64_C(1) << 53);
	assert_int_equal(asked(east, "e1", UINT64_C(1) << 51), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_all_answer),
	    TEST(test_who_is_silent),
	    TEST(test_who_is_silent_is_asked_again),
	    TEST(test_a_stalled_broker_asks_once_for_all_it_missed),
	    TEST(test_who_comes_back_is_asked_again),
	    TEST(test_a_disk_in_trouble_holds_no_question_up),
	    TEST(test_who_stays_away),
	    TEST(test_who_is_gone_is_not_waited_for),
	    TEST(test_a_gateway_on_a_new_link_asks_again),
	    TEST(test_acks_of_others),
	    TEST(test_long_and_deep_answers_are_counted_only),
	    TEST(test_bounds),
	    TEST(test_sockets_are_bounded_in_all),
	    TEST(test_numbers_begin_elsewhere_in_each_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
