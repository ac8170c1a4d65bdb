#include "broker/why.h"

#include "broker/message.h"
#include "proto/message_id.h"
#include "proto/value.h"
#include "tests/broker/admin_fixture.h"
#include "tests/fakes/link.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

enum { GSEQ = 40, NEWEST = 50 };

#define FACTS                                                                              \
	"ok {\"id\":\"0000000000018\",\"nsp\":\"/chat\",\"room\":\"lobby\",\"members\":1," \
	"\"seq\":3,\"gseq\":40,\"userId\":\"ann\",\"username\":\"Ann\",\"type\":\"text\"," \
	"\"timestamp\":1700000000123,\"gateways\":["

static int setup(void **state)
{
	int result = desk_setup(state);
	struct desk *d = *state;

	desk_populate(d);
	d->w->b.admin = d->admin;
	d->w->b.gseq = d->w->b.released = NEWEST;
	fake_peers.west_is_ready = true;
	return result;
}

static const char *ask_id(struct desk *d, const char *id)
{
	struct buf args = {0};

	value_put_map(&args, 1);
	value_put_str_pair(&args, STR("id"), str_of(id));
	const char *result = desk_ask_raw(d, WIRE_VERSION, "why", buf_bytes(&args));

	buf_free(&args);
	return result;
}

static const char *ask(struct desk *d, uint64_t gseq)
{
	char id[MESSAGE_ID_LEN + 1];

	message_id_text(gseq, id);
	return ask_id(d, id);
}

/* The archive answers what it was asked last; deleted: the number of the message, or 0. */
static bool tell_row_of(struct desk *d, uint64_t deleted)
{
	struct reader_entry entry = {.room = 1,
	    .nsp = STR("/chat"),
	    .name = STR("lobby"),
	    .message = {.gseq = GSEQ,
		.seq = 3,
		.user = STR("ann"),
		.username = STR("Ann"),
		.type = STR("text"),
		.content = bytes_of("\xa2hi", 3),
		.deleted = deleted,
		.timestamp = {1700000000123}}};
	struct buf deliver = {0};

	message_put_deliver(&deliver, &entry);
	struct archive_entry row = {1, buf_bytes(&deliver)};
	bool is_ours = admin_on_log(d->admin,
	    &(struct archive_log){
		.request = fake_archive.log_ticket, .entries = &row, .count = 1, .reached = GSEQ});

	buf_free(&deliver);
	return is_ours;
}

static bool tell_row(struct desk *d)
{
	return tell_row_of(d, 0);
}

static void answer(struct desk *d, struct peer *p, const struct wire_why_answer *facts)
{
	struct wire_message m = {.type = WIRE_WHY_ANSWER};

	m.as.why_answer = *facts;
	m.as.why_answer.request = fake_archive.log_ticket;
	admin_on_why_answer(&d->w->b, p, &m);
}

static void pass_ms(struct desk *d, uint64_t ms)
{
	fake_turn_now = mono_add_ms(fake_turn_now, ms);
	admin_on_pace(d->admin);
}

static void test_all_gateways_answer(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(d, GSEQ), "none");
	assert_int_equal(fake_archive.after, GSEQ - 1);
	assert_int_equal(fake_archive.upto, GSEQ);
	assert_false(fake_peer_heard(&d->w->east, "WHY"));
	assert_true(tell_row(d));
	assert_true(fake_peer_heard(&d->w->east, "WHY"));
	assert_true(fake_peer_heard(&d->w->west, "40"));
	answer(d, &d->w->east,
	    &(struct wire_why_answer){
		.is_found = true, .sockets = 5, .lagging = 2, .recovered = 1, .at_ms = 1700});
	assert_string_equal(desk_answer(), "none");
	answer(d, &d->w->west, &(struct wire_why_answer){0});
	assert_string_equal(desk_answer(),
	    FACTS "{\"id\":\"east\",\"state\":\"live\",\"outcome\":\"delivered\",\"sockets\":5,"
		  "\"written\":3,\"lagging\":2,\"recovered\":1,\"at\":1700},"
		  "{\"id\":\"west\",\"state\":\"live\",\"outcome\":\"nobody here\"}]}");
	/* Once. */
	answer(d, &d->w->west, &(struct wire_why_answer){0});
	pass_ms(d, 2 * WHY_WAIT_MS);
	assert_int_equal(fake_link.letters, 1);
	assert_false(tell_row(d));
}

/* What it said and who said it is not told again; that it was deleted, is. */
static void test_a_deleted_message_is_called_so(void **state)
{
	struct desk *d = *state;

	ask(d, GSEQ);
	assert_true(tell_row_of(d, GSEQ));
	answer(d, &d->w->east, &(struct wire_why_answer){0});
	answer(d, &d->w->west, &(struct wire_why_answer){0});
	assert_non_null(strstr(desk_answer(),
	    "\"userId\":null,\"username\":null,\"type\":null,\"timestamp\":null,"
	    "\"deleted\":true,\"gateways\":["));
}

static void test_who_does_not_answer_is_not_waited_for(void **state)
{
	struct desk *d = *state;

	ask(d, GSEQ);
	/* The time of the archive does not count. */
	pass_ms(d, 2 * WHY_WAIT_MS);
	tell_row(d);
	answer(d, &d->w->west, &(struct wire_why_answer){.is_forgotten = true});
	answer(d, &d->w->west, &(struct wire_why_answer){.is_found = true});
	pass_ms(d, WHY_WAIT_MS);
	assert_string_equal(desk_answer(), "none");
	pass_ms(d, 1);
	assert_string_equal(desk_answer(),
	    FACTS "{\"id\":\"east\",\"state\":\"live\",\"outcome\":\"no answer\"},"
		  "{\"id\":\"west\",\"state\":\"live\",\"outcome\":\"not known any more\"}]}");
	answer(d, &d->w->east, &(struct wire_why_answer){.is_found = true});
	assert_int_equal(fake_link.letters, 1);
}

static void test_who_is_behind_may_get_it_yet(void **state)
{
	struct desk *d = *state;

	fake_peers = (struct fake_peers){.east_is_behind = true};
	ask(d, GSEQ);
	tell_row(d);
	assert_false(fake_peer_heard(&d->w->west, "WHY"));
	/* One that was not asked is not believed, and not waited for. */
	answer(d, &d->w->west, &(struct wire_why_answer){.is_found = true});
	answer(d, &d->w->east, &(struct wire_why_answer){0});
	assert_string_equal(desk_answer(),
	    FACTS "{\"id\":\"east\",\"state\":\"behind\",\"outcome\":\"not yet\"},"
		  "{\"id\":\"west\",\"state\":\"resuming\",\"outcome\":\"no answer\"}]}");
}

static void test_what_is_no_id_says_so(void **state)
{
	static const char *const bad[] = {
	    "", "nonsense", "000000000001", "00000000000018", "000000000001U", "000000000001o"};
	struct desk *d = *state;
	char expected[300], name[100] = "";

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(expected, sizeof(expected),
		    "INVALID: \"%s\" is no id of a message: those have 13 digits and small "
		    "letters, `history` shows them",
		    bad[i]);
		assert_string_equal(ask_id(d, bad[i]), expected);
	}
	assert_non_null(strstr(desk_ask(d, "why"), "INVALID: \"\" is no id"));
	/* Cut between two characters. */
	for (int i = 0; i < 20; i++)
		strcat(name, "\u20ac");
	assert_non_null(strstr(ask_id(d, name), "\u20ac\" is no id of a message"));
	assert_int_equal(fake_archive.log_ticket, 0);
}

static void test_a_number_that_was_never_given(void **state)
{
	struct desk *d = *state;

	assert_string_equal(ask(d, NEWEST + 1),
	    "NOT_FOUND: no message has had this id: the newest is 000000000001j");
	assert_string_equal(
	    ask(d, 0), "NOT_FOUND: no message has had this id: the newest is 000000000001j");
	d->w->b.gseq = d->w->b.released = 0;
	assert_string_equal(ask(d, 1), "NOT_FOUND: no message has had this id: the newest is none");
}

static void test_one_that_is_not_committed_yet(void **state)
{
	struct desk *d = *state;

	d->w->b.released = GSEQ - 1;
	assert_non_null(strstr(ask(d, GSEQ), "UNAVAILABLE: this message is not committed yet"));
}

static void test_what_is_not_in_the_database(void **state)
{
	struct desk *d = *state;

	ask(d, GSEQ);
	assert_true(admin_on_log(
	    d->admin, &(struct archive_log){.request = fake_archive.log_ticket, .reached = GSEQ}));
	assert_non_null(strstr(desk_answer(), "NOT_FOUND: its number was given, but there is no"));
	ask(d, GSEQ);
	admin_on_log(
	    d->admin, &(struct archive_log){.request = fake_archive.log_ticket, .error = ERR_IO});
	assert_string_equal(desk_answer(), "IO: the database could not be read");
	assert_false(fake_peer_heard(&d->w->east, "WHY"));
}

static void test_questions_are_bounded(void **state)
{
	struct desk *d = *state;

	for (int i = 0; i < WHY_QUESTIONS_MAX; i++)
		assert_string_equal(ask(d, GSEQ), "none");
	assert_string_equal(ask(d, GSEQ), "FULL: too many questions are being answered, try again");
	/* One is answered; the others go with the desk. */
	tell_row(d);
	pass_ms(d, WHY_WAIT_MS + 1);
	assert_string_equal(ask(d, GSEQ), "none");
	fake_archive.fault = ERR_FULL;
	assert_string_equal(ask(d, GSEQ), "FULL: too many questions are being answered, try again");
}

static void test_a_page_for_another(void **state)
{
	struct desk *d = *state;

	ask(d, GSEQ);
	fake_archive.log_ticket++;
	assert_false(tell_row(d));
	assert_string_equal(desk_answer(), "none");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_all_gateways_answer),
	    TEST(test_a_deleted_message_is_called_so),
	    TEST(test_who_does_not_answer_is_not_waited_for),
	    TEST(test_who_is_behind_may_get_it_yet),
	    TEST(test_what_is_no_id_says_so),
	    TEST(test_a_number_that_was_never_given),
	    TEST(test_one_that_is_not_committed_yet),
	    TEST(test_what_is_not_in_the_database),
	    TEST(test_questions_are_bounded),
	    TEST(test_a_page_for_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
