/*
 * The conversation breaks and is begun anew: refusals, gaps, junk, silence, a broker that goes
 * and comes back.
 */
#include "gateway/link/uplink.h"

#include "tests/gateway/link/uplink_stage.h"

#include <stdio.h>
#include <string.h>

static void assert_news(struct stage *s, const char *expected)
{
	if (!str_eqz(buf_str(&s->news), expected))
		fail_msg("news:\n%.*sexpected:\n%s", STR_ARG(buf_str(&s->news)), expected);
}

static struct wire_message refusal(uint64_t version, struct str reason)
{
	struct wire_message m = {.type = WIRE_REFUSED};

	m.as.refused = (struct wire_refused){version, reason};
	return m;
}

static struct wire_message delivery(uint64_t gseq)
{
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver.gseq = gseq;
	return m;
}

/* It is down and says so; then HELLO comes again and the broker takes it in. */
static void assert_it_comes_back(struct stage *s, const char *why)
{
	struct wire_message m = stage_join("lobby");

	assert_false(uplink_is_up(s->uplink));
	assert_string_equal(uplink_state_text(s->uplink), why);
	assert_int_equal(uplink_send(s->uplink, &m), ERR_UNAVAILABLE);
	stage_until_heard(s, "BATCH{number=1}\nHELLO{");
	stage_forget(s);
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_heard(s, "RESUMED{");
	assert_news(s, "linked\nup\n");
	assert_true(uplink_is_up(s->uplink));
	assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	stage_until_heard(s, "JOIN{");
}

/* ---- refusals ---- */

static bool is_refused(const struct stage *s)
{
	return strncmp(uplink_state_text(s->uplink), "refused", 7) == 0;
}

/* As often as it is tried, it is told once; and one day it is let in. */
static void assert_refused_is_told_once(
    struct stage *s, uint64_t version, struct str reason, const char *log)
{
	struct wire_message m = refusal(version, reason);
	char why[LIMIT_REASON + 64];

	snprintf(why, sizeof(why), "refused by the broker: %.*s", STR_ARG(reason));
	stage_open_and_greet(s);
	for (int i = 0; i < 3; i++) {
		stage_say_as(s, 1, &m);
		stage_until(s, is_refused, "refused");
		assert_string_equal(uplink_state_text(s->uplink), why);
		stage_forget(s);
		stage_until_heard(s, "HELLO{");
		assert_int_equal(fake_log_count(log), 1);
	}
	assert_news(s, "");
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_told(s, "linked\nup\n");
	assert_string_equal(uplink_state_text(s->uplink), "");
}

static void test_refused(void **state)
{
	assert_refused_is_told_once(*state, WIRE_VERSION, STR("another gateway has this name"),
	    "warn link.refused reason=refused by the broker: another gateway has this name");
}

/* Who was refused does not ask at once again: there may be many of its kind. */
static void test_refused_it_takes_its_time(void **state)
{
	struct stage *s = *state;
	struct wire_message m = refusal(WIRE_VERSION, STR("not now"));

	stage_open_and_greet(s);
	struct mono asked = clock_mono();

	stage_say_as(s, 1, &m);
	stage_forget(s);
	stage_until_heard(s, "HELLO{");
	assert_true(mono_ms_between(asked, clock_mono()) >= 500);
}

static void test_refused_for_a_reason_of_the_greatest_length(void **state)
{
	char reason[LIMIT_REASON];

	memset(reason, 'r', sizeof(reason));
	assert_refused_is_told_once(*state, WIRE_VERSION, (struct str){reason, sizeof(reason)},
	    "warn link.refused reason=refused by the");
}

static void test_refused_for_the_version(void **state)
{
	assert_refused_is_told_once(*state, WIRE_VERSION + 1, STR("upgrade the gateway"),
	    "error link.version reason=refused by the broker: upgrade the gateway version=5");
}

/* A broker that was restarted and thinks otherwise now. */
static void test_refused_while_up(void **state)
{
	struct stage *s = *state;
	struct wire_message m = refusal(WIRE_VERSION, STR("not now"));

	stage_up(s);
	stage_say_as(s, 1, &m);
	stage_until_told(s, "down ");
	assert_news(s, "down refused by the broker: not now\n");
	assert_it_comes_back(s, "refused by the broker: not now");
}

static void test_nobody_answers(void **state)
{
	struct stage *s = *state;

	stage_open_and_greet(s);
	stage_forget(s);
	stage_until_heard(s, "BATCH{number=1}\nHELLO{");
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_told(s, "up\n");
}

/* The broker was slow and answers both: the second one begins the conversation anew. */
static void test_welcome_twice(void **state)
{
	struct stage *s = *state;
	struct wire_message m = delivery(1);

	stage_up(s);
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{");
	stage_forget(s);
	s->place = 1;
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	m.as.deliver.gseq = 2;
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{gseq=2 ");
	stage_until_heard(s, "RESUMED{");
	assert_memory_equal(buf_str(&s->news).p, "linked\nup\nDELIVER{", 18);
	assert_true(uplink_is_up(s->uplink));
}

/* ---- what was lost or cannot be read ---- */

static void test_a_gap_begins_anew(void **state)
{
	struct stage *s = *state;
	struct wire_message m = delivery(42);
	char id[sizeof(s->id)];

	stage_up(s);
	memcpy(id, s->id, sizeof(id));
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{gseq=42 ");
	stage_forget(s);
	m.as.deliver.gseq = 50;
	stage_say_as(s, s->said + 2, &m);
	stage_until_told(s, "down ");
	/* What came behind the gap was not taken in, and the broker is asked for it. */
	assert_news(s, "down messages of the broker were lost on the way\n");
	stage_until_heard(s, " epoch=500 last_gseq=42 ");
	s->place = 42;
	/* On another connection: what is under way in the old one is nobody's. */
	assert_memory_not_equal(s->id, id, s->id_len);
	assert_it_comes_back(s, "messages of the broker were lost on the way");
	assert_int_equal(fake_log_count("warn link.down reason=messages of the broker were lost "
					"on the way endpoint=ipc://"),
	    1);
}

/* Whatever was said twice is heard once; what does not concern us counts as heard. */
static void test_numbers_only_go_up(void **state)
{
	struct stage *s = *state;
	struct wire_message m = delivery(42), position = {.type = WIRE_POSITION};

	s->place = 40;
	stage_up(s);
	stage_say(s, &m);
	stage_say(s, &m);
	m.as.deliver.gseq = 40;
	stage_say(s, &m);
	position.as.position.gseq = 50;
	stage_say(s, &position);
	m.as.deliver.gseq = 50;
	stage_say(s, &m);
	m.as.deliver.gseq = 0; /* not stored */
	stage_say(s, &m);
	stage_say(s, &m);
	m.as.deliver.gseq = 51;
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{gseq=51 ");
	assert_int_equal(s->deliveries, 4);
	stage_forget(s);
	stage_say_as(s, s->said + 2, &m);
	stage_until_heard(s, " last_gseq=51 ");
}

/* The broker cannot send again what was missed: that is said before anybody is announced. */
static void test_a_gap_is_told_first(void **state)
{
	struct stage *s = *state;
	struct wire_message m = delivery(42);

	stage_up(s);
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{");
	stage_say_as(s, s->said + 2, &m);
	stage_until_told(s, "down ");
	stage_until_heard(s, " last_gseq=42 ");
	stage_forget(s);
	s->place = 1000;
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_heard(s, "RESUMED{");
	assert_news(s, "gap\nlinked\nup\n");
}

/* Numbers of another database say nothing about this one: whoever is here missed something. */
static void test_another_database_is_a_gap(void **state)
{
	struct stage *s = *state;
	struct wire_message m = delivery(42);

	stage_up(s);
	stage_say(s, &m);
	stage_until_told(s, "DELIVER{gseq=42 ");
	stage_say_as(s, s->said + 2, &m);
	stage_until_heard(s, " last_gseq=42 ");
	stage_forget(s);
	s->place = 7;
	stage_welcome(s, STAGE_EPOCH + 1, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_heard(s, "RESUMED{");
	assert_news(s, "gap\nlinked\nup\n");
	stage_say_as(s, s->said + 2, &m);
	stage_until_heard(s, " epoch=501 last_gseq=7 ");
}

static void test_what_cannot_be_read_begins_anew(void **state)
{
	static const struct bytes junk[] = {
	    {(const uint8_t *)"junk", 4},
	    {(const uint8_t *)"", 0},
	    /* REPLY without a BATCH before it */
	    {(const uint8_t *)"\x96\x14\x01\x00\xa0\x00\xc0", 7},
	    /* the next BATCH, and behind it a message of no known number */
	    {(const uint8_t *)"\x92\x08\x02\x91\x63", 5},
	};
	struct stage *s = *state;

	stage_up(s);
	for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
		s->said = 1;
		stage_forget(s);
		stage_say_bytes(s, junk[i]);
		stage_until_told(s, "down ");
		assert_news(s, "down a message of the broker cannot be read\n");
		assert_it_comes_back(s, "a message of the broker cannot be read");
	}
}

/* ---- who is not there ---- */

static void test_a_silent_broker(void **state)
{
	struct stage *s = *state;

	stage_open_and_greet(s);
	stage_welcome(s, STAGE_EPOCH, 50, LIMIT_WINDOW_MESSAGES);
	stage_until_told(s, "down ");
	assert_news(s, "linked\nup\ndown the broker is silent\n");
	stage_forget(s);
	assert_it_comes_back(s, "the broker is silent");
}

static void test_a_broker_that_stops(void **state)
{
	struct stage *s = *state;
	struct wire_message batch = {.type = WIRE_BATCH}, goodbye = {.type = WIRE_GOODBYE};
	struct wire_message reply = {.type = WIRE_REPLY};
	struct buf body = {0};

	stage_up(s);
	batch.as.batch.number = s->said + 1;
	wire_put(&body, &batch);
	reply.as.reply.request = 1;
	wire_put(&body, &reply);
	wire_put(&body, &goodbye);
	reply.as.reply.request = 2;
	wire_put(&body, &reply);
	stage_say_bytes(s, buf_bytes(&body));
	buf_free(&body);
	stage_until_told(s, "down ");
	stage_until_heard(s, "GOODBYE_OK{}\n");
	/* Nothing counts after its goodbye. */
	assert_news(s, "REPLY{request=1 error=0 text=\"\" retry_after_ms=0 value=<1:c0> gseq=0}\n"
		       "down the broker stops\n");
	stage_forget(s);
	assert_it_comes_back(s, "the broker stops");
}

static void test_a_broker_that_goes_and_comes(void **state)
{
	struct stage *s = *state;
	struct wire_message m = stage_join("lost");

	stage_up(s);
	stage_broker_goes(s);
	assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	stage_until_told(s, "down ");
	assert_news(s, "down the connection to the broker is lost\n");
	stage_forget(s);
	stage_broker_comes(s);
	assert_it_comes_back(s, "the connection to the broker is lost");
	/* It belongs to a conversation that is over; asking again is the desk's business. */
	assert_false(stage_has(&s->heard, "lost"));
}

static void test_a_broker_that_comes_later(void **state)
{
	struct stage *s = *state;

	stage_broker_goes(s);
	stage_open(s);
	stage_broker_comes(s);
	assert_it_comes_back(s, "not connected to the broker yet");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_refused),
	    TEST(test_refused_it_takes_its_time),
	    TEST(test_refused_for_a_reason_of_the_greatest_length),
	    TEST(test_refused_for_the_version),
	    TEST(test_refused_while_up),
	    TEST(test_nobody_answers),
	    TEST(test_welcome_twice),
	    TEST(test_a_gap_begins_anew),
	    TEST(test_numbers_only_go_up),
	    TEST(test_a_gap_is_told_first),
	    TEST(test_another_database_is_a_gap),
	    TEST(test_what_cannot_be_read_begins_anew),
	    TEST(test_a_silent_broker),
	    TEST(test_a_broker_that_stops),
	    TEST(test_a_broker_that_goes_and_comes),
	    TEST(test_a_broker_that_comes_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
