#include "tests/broker/admin_fixture.h"

#include "proto/value.h"
#include "tests/fakes/link.h"
#include "tests/fakes/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 2048 };

static void assert_begins(const char *text, const char *beginning)
{
	if (strncmp(text, beginning, strlen(beginning)) != 0)
		fail_msg("'%s' does not begin with '%s'", text, beginning);
}

/* ---- commands ---- */

static void test_status(void **state)
{
	struct desk *d = *state;
	char expected[TEXT_SIZE];

	desk_populate(d);
	d->w->b.gseq = 9;
	d->w->b.stored = 4;
	fake_store.backlog = 3;
	snprintf(expected, sizeof(expected),
	    "ok {\"version\":\"%s\",\"pid\":%ld,\"boot\":\"000000000000b007\","
	    "\"epoch\":\"000000000000e70c\",\"database\":\"/var/rooms.db\",\"uptimeMs\":1000,"
	    "\"gateways\":2,\"connections\":3,\"users\":2,\"rooms\":3,\"gseq\":9,\"messages\":4,"
	    "\"backlog\":3,\"state\":\"ok\",\"reason\":\"\"}",
	    ROOMCAST_VERSION, (long)getpid());
	assert_string_equal(desk_ask(d, "status"), expected);
	fake_store.trouble = "the disk is full";
	assert_non_null(strstr(
	    desk_ask(d, "status"), "\"state\":\"degraded\",\"reason\":\"the disk is full\"}"));
}

static void test_gateways(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(desk_ask(d, "gateways"),
	    "ok {\"gateways\":["
	    "{\"id\":\"east\",\"boot\":\"000000000000000b\",\"endpoint\":\"ipc://test\","
	    "\"state\":\"ready\",\"sinceMs\":11,\"connections\":2,\"rooms\":3,\"queuedBytes\":0},"
	    "{\"id\":\"west\",\"boot\":\"0000000000000016\",\"endpoint\":\"tcp://test\","
	    "\"state\":\"resuming\",\"sinceMs\":22,\"connections\":1,\"rooms\":1,\"queuedBytes\":"
	    "300}"
	    "]}");
}

static void test_rooms(void **state)
{
	struct desk *d = *state;

	assert_string_equal(desk_ask(d, "rooms"), "ok {\"rooms\":[]}");
	desk_populate(d);
	rooms_load(d->w->b.rooms, 9, STR("/fixed"), STR("hall"), false, 5);
	/* The personal rooms are the broker's own affair. */
	assert_string_equal(desk_ask(d, "rooms"),
	    "ok {\"rooms\":[{\"nsp\":\"/chat\",\"room\":\"lobby\",\"public\":true,"
	    "\"archived\":false,\"seq\":0,\"members\":1,\"users\":1},"
	    "{\"nsp\":\"/fixed\",\"room\":\"hall\",\"public\":false,\"archived\":false,"
	    "\"seq\":5,\"members\":0,\"users\":0}]}");
	assert_string_equal(
	    desk_ask_raw(d, WIRE_VERSION, "rooms", bytes_of("\x81\xa3nsp\xa6/fixed", 12)),
	    "ok {\"rooms\":[{\"nsp\":\"/fixed\",\"room\":\"hall\",\"public\":false,"
	    "\"archived\":false,\"seq\":5,\"members\":0,\"users\":0}]}");
}

static void test_more_rooms_than_an_answer_has_place_for(void **state)
{
	enum { MANY = 60000 };
	struct desk *d = *state;
	char name[32];

	for (uint64_t i = 1; i <= MANY; i++) {
		snprintf(name, sizeof(name), "room-with-number-%d", (int)i);
		rooms_load(d->w->b.rooms, i, STR("/chat"), str_of(name), true, 0);
	}
	assert_non_null(strstr(desk_ask(d, "rooms"), "],\"more\":true}"));
	const char *some = desk_ask_raw(
	    d, WIRE_VERSION, "rooms", bytes_of("\x81\xa6prefix\xb5room-with-number-59999", 30));

	assert_non_null(strstr(some, "\"room\":\"room-with-number-59999\""));
	assert_null(strstr(some, "more"));
}

static const char *drain(struct desk *d, const char *gateway, uint64_t rate)
{
	struct buf args = {0};

	value_put_map(&args, 2);
	value_put_str_pair(&args, STR("gateway"), str_of(gateway));
	value_put_u64_pair(&args, STR("rate"), rate);

	const char *answer = desk_ask_raw(d, WIRE_VERSION, "drain", buf_bytes(&args));

	buf_free(&args);
	return answer;
}

static void test_drain(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(drain(d, "west", 50), "ok {\"gateway\":\"west\"}");
	assert_true(fake_peer_heard(&d->w->west, "DRAIN"));
	assert_true(fake_peer_heard(&d->w->west, "50"));
	assert_false(fake_peer_heard(&d->w->east, "DRAIN"));
	assert_non_null(
	    strstr(drain(d, "north", 0), "no gateway \"north\"; `gateways` lists them"));
}

static void test_members(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(desk_ask_room(d, "members", "lobby", NULL, 0),
	    "ok {\"members\":[{\"userId\":\"ann\",\"username\":\"ann\",\"socketId\":\"e1\","
	    "\"gateway\":\"east\",\"joinedAt\":1700000000000,\"ip\":\"\"}]}");
}

static void test_users(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	world_connect(d->w, &d->w->east, "e3", "ann");
	assert_string_equal(desk_ask(d, "users"),
	    "ok {\"users\":[{\"userId\":\"ann\",\"username\":\"ann\",\"connections\":3,"
	    "\"gateways\":\"east,west\",\"since\":0},{\"userId\":\"bob\",\"username\":\"bob\","
	    "\"connections\":1,\"gateways\":\"east\",\"since\":0}]}");
}

static const char *ask_with(struct desk *d, const char *command, const char *key, const char *value)
{
	return desk_ask_pairs(d, command, (const char *const[]){key, value, NULL, NULL});
}

static void test_users_whose_id_begins_so(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(ask_with(d, "users", "prefix", "b"),
	    "ok {\"users\":[{\"userId\":\"bob\",\"username\":\"bob\",\"connections\":1,"
	    "\"gateways\":\"east\",\"since\":0}]}");
	assert_string_equal(ask_with(d, "users", "prefix", "bobby"), "ok {\"users\":[]}");
}

static void test_connections_and_one_user(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_begins(ask_with(d, "connections", "user", "bob"),
	    "ok {\"connections\":[{\"userId\":\"bob\",\"username\":\"bob\",\"nsp\":\"/chat\",");
	assert_string_equal(ask_with(d, "connections", "gateway", "north"),
	    "ok {\"connections\":[],\"more\":false}");
	assert_begins(ask_with(d, "connections", "room", "lobby"),
	    "ok {\"connections\":[{\"userId\":\"ann\",");
	assert_begins(
	    ask_with(d, "connections", "room", "nowhere"), "NOT_FOUND: no room \"nowhere\"");
	assert_begins(ask_with(d, "user", "user", "bob"),
	    "ok {\"userId\":\"bob\",\"username\":\"bob\",\"online\":true,\"count\":1,");
	assert_string_equal(ask_with(d, "user", "user", "cid"),
	    "NOT_FOUND: no user \"cid\" was ever here; `users` lists those who are");
	fake_store.reader_fault = ERR_IO;
	assert_string_equal(
	    ask_with(d, "user", "user", "bob"), "IO: the database could not be read");
	fake_store.reader_fault = ERR_OK;
}

static void test_history_is_answered_when_the_page_is_read(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(desk_ask_room(d, "history", "lobby", "before", 12), "none");
	assert_int_equal(fake_archive.page.room, world_room(d->w, "lobby")->id);
	assert_int_equal(fake_archive.page.before, 12);
	assert_false(fake_archive.page.has_after);
	assert_int_equal(fake_archive.page.limit, 50);
	assert_string_equal(fake_archive.room, "lobby");
	struct archive_answer page = {.request = fake_archive.ticket,
	    .messages = bytes_of("\x91\x81\xa3seq\x0b", 7),
	    .more = true};
	struct archive_answer other = page;

	other.request++;
	admin_on_page(d->admin, &other);
	assert_string_equal(desk_answer(), "none");
	admin_on_page(d->admin, &page);
	assert_string_equal(desk_answer(), "ok {\"messages\":[{\"seq\":11}],\"more\":true}");
	admin_on_page(d->admin, &page);
	assert_int_equal(fake_link.letters, 1);
}

static void test_history_after_the_first(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(desk_ask_room(d, "history", "lobby", "after", 0), "none");
	assert_true(fake_archive.page.has_after);
	assert_int_equal(fake_archive.page.after, 0);
}

static void test_what_cannot_be_read_says_so(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	desk_ask_room(d, "history", "lobby", NULL, 0);
	admin_on_page(
	    d->admin, &(struct archive_answer){.request = fake_archive.ticket, .error = ERR_IO});
	assert_string_equal(desk_answer(), "IO: the database could not be read");
	fake_archive.fault = ERR_FULL;
	assert_string_equal(desk_ask_room(d, "history", "lobby", NULL, 0),
	    "FULL: too many history requests, try again");
}

static void test_limits_of_a_page(void **state)
{
	static const uint64_t bad[] = {0, LIMIT_HISTORY_PAGE + 1, (1ULL << 32) + 1, UINT64_MAX};
	struct desk *d = *state;

	desk_populate(d);
	assert_string_equal(
	    desk_ask_room(d, "history", "lobby", "limit", LIMIT_HISTORY_PAGE), "none");
	assert_int_equal(fake_archive.page.limit, LIMIT_HISTORY_PAGE);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_string_equal(desk_ask_room(d, "history", "lobby", "limit", bad[i]),
		    "INVALID: limit must be 1 to 1000");
}

/* Reads a page of the lobby that the archive answers with this much content. */
static const char *read_page_of(struct desk *d, size_t content)
{
	uint8_t *zeros = xcalloc(content, 1);
	struct buf page = {0};

	value_put_array(&page, 1);
	value_put_bin(&page, bytes_of(zeros, content));
	free(zeros);
	desk_ask_room(d, "history", "lobby", NULL, 0);
	admin_on_page(d->admin,
	    &(struct archive_answer){.request = fake_archive.ticket, .messages = buf_bytes(&page)});
	buf_free(&page);
	return desk_answer();
}

/* The archive makes pages that fit the link (archive.h): they are answered, whatever their size. */
static void test_what_fits_the_link_is_answered(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	assert_begins(read_page_of(d, ARCHIVE_CONTENT_MAX + LIMIT_HISTORY_PAGE * 1000),
	    "ok {\"messages\":[{\"base64url\":\"AAAA");
	assert_string_equal(read_page_of(d, LIMIT_LINK_MESSAGE),
	    "TOO_BIG: the answer is too long: narrow the question (--limit)");
}

/* ---- what is no good question ---- */

static void test_a_room_that_is_not_there(void **state)
{
	struct desk *d = *state;

	rooms_load(d->w->b.rooms, 9, STR("/fixed"), STR("hall"), false, 5);
	assert_string_equal(desk_ask_room(d, "members", "hall", NULL, 0),
	    "NOT_FOUND: no room \"hall\" in namespace /chat; `rooms` lists them, --nsp names "
	    "another namespace");
	assert_begins(desk_ask_room(d, "history", "hall", NULL, 0), "NOT_FOUND: no room \"hall\"");
	assert_begins(desk_ask(d, "members"), "NOT_FOUND: no room \"\"");
}

/* A long name is cut, but not within a character: roomcastctl could not read the answer. */
static void test_long_names_are_cut_between_characters(void **state)
{
	struct desk *d = *state;
	char name[100] = "";

	for (int i = 0; i < 33; i++)
		strcat(name, "\u20ac");
	assert_begins(desk_ask_room(d, "members", name, NULL, 0), "NOT_FOUND: no room \"\u20ac");
	name[0] = '\0';
	strcat(name, "x");
	for (int i = 0; i < 32; i++)
		strcat(name, "\u20ac");
	assert_begins(desk_ask_room(d, "members", name, NULL, 0), "NOT_FOUND: no room \"x\u20ac");
}

static void test_no_such_command(void **state)
{
	struct desk *d = *state;

	assert_string_equal(desk_ask(d, "dance"), "INVALID: the broker has no such command");
	assert_string_equal(desk_ask(d, "statu"), "INVALID: the broker has no such command");
	assert_string_equal(desk_ask(d, ""), "INVALID: the broker has no such command");
}

static void test_another_version(void **state)
{
	struct desk *d = *state;

	assert_string_equal(desk_ask_raw(d, WIRE_VERSION + 1, "status", (struct bytes){0}),
	    "VERSION: roomcastctl speaks version 5, the broker 4: use the one that was installed "
	    "with the broker");
}

static void test_what_is_no_question_gets_no_answer(void **state)
{
	struct desk *d = *state;
	struct wire_message m = {.type = WIRE_ASK}, hello = {.type = WIRE_HELLO};
	struct buf body = {0};

	desk_receive(d, str_bytes(STR("status")));
	desk_receive(d, (struct bytes){0});
	wire_put(&body, &hello);
	desk_receive(d, buf_bytes(&body));
	buf_reset(&body);
	wire_put(&body, &m);
	wire_put(&body, &m);
	desk_receive(d, buf_bytes(&body));
	buf_free(&body);
	assert_int_equal(fake_link.letters, 0);
}

static void test_who_fake_archive_may_be_gone(void **state)
{
	struct desk *d = *state;

	desk_populate(d);
	desk_ask_room(d, "history", "lobby", NULL, 0);
	fake_link.fault = ERR_CLOSED;
	admin_on_page(d->admin, &(struct archive_answer){.request = fake_archive.ticket,
				    .messages = bytes_of("\x90", 1)});
	assert_string_equal(desk_answer(), "none");
	/* One that still waits goes with the desk. */
	desk_ask_room(d, "history", "lobby", NULL, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_setup, desk_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_status),
	    TEST(test_gateways),
	    TEST(test_rooms),
	    TEST(test_more_rooms_than_an_answer_has_place_for),
	    TEST(test_drain),
	    TEST(test_members),
	    TEST(test_users),
	    TEST(test_users_whose_id_begins_so),
	    TEST(test_connections_and_one_user),
	    TEST(test_history_is_answered_when_the_page_is_read),
	    TEST(test_history_after_the_first),
	    TEST(test_what_cannot_be_read_says_so),
	    TEST(test_limits_of_a_page),
	    TEST(test_what_fits_the_link_is_answered),
	    TEST(test_a_room_that_is_not_there),
	    TEST(test_long_names_are_cut_between_characters),
	    TEST(test_no_such_command),
	    TEST(test_another_version),
	    TEST(test_what_is_no_question_gets_no_answer),
	    TEST(test_who_fake_archive_may_be_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
