#include "broker/writer.h"

#include "tests/broker/rows.h"
#include "tests/broker/writer_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void a_batch_is_in_the_database(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 1), WRITER_COMMITTED);
	assert_int_equal(fixture_commit(f, 100), WRITER_COMMITTED);
	assert_int_equal(fixture_commit(f, 10), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 111);
	assert_int_equal(fixture_check_copy(f), 111);
	assert_int_equal(rows_number(f->path, "SELECT last_commit FROM meta"), 4);
}

static void columns_hold_what_they_are_named_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 2), WRITER_COMMITTED);
	assert_int_equal(
	    rows_number(f->path, "SELECT count(*) FROM messages WHERE gseq = 2 AND room = 2"
				 " AND seq = 1 AND user = 'u1' AND username = 'Ann' AND"
				 " type = 'text' AND content = 'm2' AND message_id = 'id2'"
				 " AND timestamp_ms = 1700000000002"),
	    1);
	assert_int_equal(
	    rows_number(f->path, "SELECT count(*) FROM receipts WHERE gseq = 2 AND room = 2"
				 " AND seq = 1 AND user = 'u1' AND message_id = 'id2'"
				 " AND timestamp_ms = 1700000000002 AND origin_boot = -2"
				 " AND origin_count = 2"),
	    1);
	assert_int_equal(
	    rows_number(f->path, "SELECT count(*) FROM rooms WHERE id = 3 AND nsp = '/'"
				 " AND name = 'room-3' AND is_public = 1 AND seq = 0"
				 " AND created_ms = 1700000000000"),
	    1);
}

static void content_keeps_its_kind(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *encoded;
		size_t len;
		const char *expected;
	} cases[] = {
	    {"\xa3h\xc3\xa9", 4, "'h\xc3\xa9'"},
	    {"\xa0", 1, "''"},
	    {"\xc4\x02\x00\xff", 4, "x'00ff'"},
	    {"\xc4\x00", 2, "x''"},
	    {"\xa3"
	     "a\0b",
		4, "CAST(x'610062' AS TEXT)"},
	    {"\x81\xa1k\x05", 4, "x'81a16b05'"}, /* neither text nor binary: its encoding */
	    {"\xc1", 1, "x'c1'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(i + 1)};
		char sql[200];

		op.as.message.content = bytes_of(cases[i].encoded, cases[i].len);
		op.as.message.message_id = STR("");
		batch_reset(f->batch);
		batch_put(f->batch, &op);
		assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
		snprintf(sql, sizeof(sql),
		    "SELECT count(*) FROM messages WHERE gseq = %zu AND content IS %s"
		    " AND typeof(content) = typeof(%s) AND message_id IS NULL",
		    i + 1, cases[i].expected, cases[i].expected);
		assert_int_equal(rows_number(f->path, sql), 1);
	}
}

static void put_membership(struct fixture *f, enum batch_kind kind, const char *role)
{
	struct batch_op op = {.kind = kind,
	    .as.membership = {.room = 2, .user = STR("u1"), .role = str_of(role), .since = {5}}};

	batch_reset(f->batch);
	batch_put(f->batch, &op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
}

static void memberships_come_change_and_go(void **state)
{
	static const char count[] = "SELECT count(*) FROM memberships WHERE role = 'owner'";
	struct fixture *f = *state;

	put_membership(f, BATCH_PUT_MEMBERSHIP, "member");
	assert_int_equal(rows_number(f->path, count), 0);
	put_membership(f, BATCH_PUT_MEMBERSHIP, "owner");
	assert_int_equal(rows_number(f->path, count), 1);
	put_membership(f, BATCH_REMOVE_MEMBERSHIP, NULL);
	put_membership(f, BATCH_REMOVE_MEMBERSHIP, NULL);
	assert_int_equal(rows_number(f->path, "SELECT count(*) FROM memberships"), 0);
}

/* A ban that is over goes behind the one that was put in its place, in the same batch. */
static void a_renewed_ban_outlives_the_end_of_the_old_one(void **state)
{
	static const struct {
		int64_t until;
		int left;
	} cases[] = {{1000, 0}, {999, 0}, {1001, 1}, {0, 1}};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct batch_op op = {.kind = BATCH_PUT_SANCTION,
		    .as.sanction = {.kind = STR("ban"),
			.user = STR("ann"),
			.nsp = STR("/chat"),
			.until = {cases[i].until}}};

		batch_reset(f->batch);
		batch_put(f->batch, &op);
		op.kind = BATCH_EXPIRE_SANCTION;
		op.as.sanction.until.ms = 1000;
		batch_put(f->batch, &op);
		assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
		assert_int_equal(
		    rows_number(f->path, "SELECT count(*) FROM sanctions"), cases[i].left);
	}
}

static void a_room_put_again_changes_only_who_may_see_it(void **state)
{
	struct fixture *f = *state;
	struct batch_op op = {.kind = BATCH_ROOM, .as.room = rows_room(1)};

	assert_int_equal(fixture_commit(f, 1), WRITER_COMMITTED);
	op.as.room.is_public = false;
	op.as.room.name = STR("other");
	batch_reset(f->batch);
	batch_put(f->batch, &op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	assert_int_equal(
	    rows_number(f->path, "SELECT count(*) FROM rooms WHERE id = 1 AND name = 'room-1'"
				 " AND is_public = 0 AND seq = 1"),
	    1);
}

static void the_highest_gseq_outlives_its_message(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 9), WRITER_COMMITTED);
	rows_execute(f->path, "DELETE FROM messages");
	put_membership(f, BATCH_PUT_MEMBERSHIP, "member");
	assert_int_equal(rows_number(f->path, "SELECT last_gseq FROM meta"), 9);
	assert_int_equal(rows_number(f->path, "SELECT min(seq) FROM rooms"), 3);
}

/* One bad operation takes its whole batch with it, and only that. */
static void a_batch_is_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 5), WRITER_COMMITTED);
	batch_reset(f->batch);
	fixture_put_messages(f, 5, 3);
	fixture_put_messages(f, 2, 1); /* stored already */
	assert_int_equal(fixture_commit_batch(f), WRITER_FAILED);
	assert_non_null(strstr(f->why, "UNIQUE"));
	assert_int_equal(rows_check(f->path), 5);
	assert_int_equal(fixture_commit(f, 5), WRITER_COMMITTED);
	assert_int_equal(rows_check(f->path), 10);
}

static void each_uniqueness_holds(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 1), WRITER_COMMITTED);
	for (int i = 0; i < 4; i++) {
		struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(2)};

		if (i == 0)
			op.as.message.message_id = STR("id1");
		if (i == 1)
			op.as.message.origin_count = 1;
		if (i == 2)
			op.as.message.room = 99;
		if (i == 3)
			op.as.message = rows_message(1);
		batch_reset(f->batch);
		batch_put(f->batch, &op);
		assert_int_equal(fixture_commit_batch(f), WRITER_FAILED);
	}
	/* The same key of another user is another key. */
	struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(2)};

	op.as.message.message_id = STR("id1");
	op.as.message.user = STR("u2");
	batch_reset(f->batch);
	batch_put(f->batch, &op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
}

static void session_op(struct fixture *f, const struct batch_op *op)
{
	batch_reset(f->batch);
	batch_put(f->batch, op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
}

static void sessions_come_change_and_go(void **state)
{
	static const char sessions[] = "SELECT count(*) FROM sessions WHERE socket = 'c2' AND"
				       " pid = 'p' AND sid = 's' AND nsp = '/' AND user = 'u' AND"
				       " username = 'U' AND gseq = 9";
	static const char rooms[] = "SELECT sum(gseq) FROM session_rooms WHERE session = 7";
	struct fixture *f = *state;
	struct batch_op session = {.kind = BATCH_PUT_SESSION,
	    .as.session = {7, STR("p"), STR("c1"), STR("s"), STR("/"), STR("u"), STR("U"), 9}};
	struct batch_op room = {.kind = BATCH_PUT_SESSION_ROOM, .as.session_room = {7, 1, 10}};

	session_op(f, &session);
	session.as.session.socket = STR("c2");
	session_op(f, &session);
	assert_int_equal(rows_number(f->path, sessions), 1);
	session_op(f, &room);
	room.as.session_room = (struct batch_session_room){7, 2, 20};
	session_op(f, &room);
	room.as.session_room.gseq = 30;
	session_op(f, &room);
	assert_int_equal(rows_number(f->path, rooms), 40);
	room.kind = BATCH_REMOVE_SESSION_ROOM;
	session_op(f, &room);
	session_op(f, &room);
	assert_int_equal(rows_number(f->path, rooms), 10);
	session.kind = BATCH_REMOVE_SESSION;
	session_op(f, &session);
	assert_int_equal(rows_number(f->path, "SELECT count(*) FROM sessions"), 0);
	assert_int_equal(rows_number(f->path, "SELECT count(*) FROM session_rooms"), 0);
}

static void users_are_seen_for_the_first_and_the_last_time(void **state)
{
	static const char seen[] =
	    "SELECT count(*) FROM users WHERE id = 'u' AND username = 'B' AND"
	    " first_seen_ms = 100 AND last_seen_ms = 300";
	struct fixture *f = *state;
	struct batch_op user = {
	    .kind = BATCH_PUT_USER, .as.user = {STR("u"), STR("A"), {100}, {110}}};

	session_op(f, &user);
	user.as.user = (struct store_user){STR("u"), STR("A"), {250}, {300}};
	session_op(f, &user);
	/* A clock that was put back makes nobody younger. */
	user.as.user = (struct store_user){STR("u"), STR("B"), {200}, {200}};
	session_op(f, &user);
	assert_int_equal(rows_number(f->path, seen), 1);
	assert_int_equal(rows_number(f->path, "SELECT count(*) FROM users"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sessions_come_change_and_go),
	    TEST(users_are_seen_for_the_first_and_the_last_time),
	    TEST(a_batch_is_in_the_database),
	    TEST(columns_hold_what_they_are_named_for),
	    TEST(content_keeps_its_kind),
	    TEST(memberships_come_change_and_go),
	    TEST(a_renewed_ban_outlives_the_end_of_the_old_one),
	    TEST(a_room_put_again_changes_only_who_may_see_it),
	    TEST(the_highest_gseq_outlives_its_message),
	    TEST(a_batch_is_whole_or_not_at_all),
	    TEST(each_uniqueness_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
