#include "broker/reader_start.h"

#include "broker/batch.h"
#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

#include <stdio.h>

static const struct store_sanction ban = {
    .kind = {"ban", 3},
    .user = {"ann", 3},
    .nsp = {"/chat", 5},
    .by = {"mod", 3},
    .reason = {"spam, \"loud\"", 12},
    .since = {1700000000000},
    .until = {1700000001000},
};

static void put(struct fixture *f, enum batch_kind kind, const struct store_sanction *s)
{
	batch_put(f->batch, &(struct batch_op){.kind = kind, .as.sanction = *s});
}

static void see(void *ctx, const struct store_sanction *s)
{
	unsigned *seen = ctx;

	++*seen;
	assert_true(str_eq(s->kind, ban.kind) && str_eq(s->user, ban.user));
	assert_true(str_eq(s->nsp, ban.nsp) && str_eq(s->by, ban.by));
	assert_int_equal(s->since.ms, ban.since.ms);
	assert_true(s->room == 0 || s->room == 7);
	assert_true(s->room == 7 || str_eq(s->reason, ban.reason));
	assert_int_equal(s->until.ms, s->room ? 0 : ban.until.ms);
}

static unsigned count(struct fixture *f)
{
	struct reader *r = fixture_open_reader(f);
	unsigned seen = 0;

	assert_int_equal(reader_each_sanction(r, see, &seen), ERR_OK);
	reader_close(&r);
	return seen;
}

static void test_sanctions(void **state)
{
	struct fixture *f = *state;
	struct store_sanction in_room = ban;

	in_room.room = 7;
	in_room.until.ms = 0;
	in_room.reason = STR("");
	batch_reset(f->batch);
	put(f, BATCH_PUT_SANCTION, &ban);
	put(f, BATCH_PUT_SANCTION, &ban);
	put(f, BATCH_PUT_SANCTION, &in_room);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	assert_int_equal(count(f), 2);
	batch_reset(f->batch);
	put(f, BATCH_REMOVE_SANCTION, &in_room);
	put(f, BATCH_REMOVE_SANCTION, &in_room);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	assert_int_equal(count(f), 1);
}

static void see_archived(void *ctx, const struct reader_room *room)
{
	*(unsigned *)ctx += room->is_archived && !room->is_public;
}

static void test_a_room_changes_its_kind(void **state)
{
	struct fixture *f = *state;
	struct batch_op op = {.kind = BATCH_ROOM,
	    .as.room = {.id = 1, .nsp = STR("/"), .name = STR("room-1"), .is_archived = true}};
	struct reader *r;
	unsigned archived = 0;

	batch_reset(f->batch);
	batch_put(f->batch, &op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	r = fixture_open_reader(f);
	assert_int_equal(reader_each_room(r, see_archived, &archived), ERR_OK);
	assert_int_equal(archived, 1);
	reader_close(&r);
}

static void on_room(void *ctx, const struct reader_room *room)
{
	char name[20];

	++*(uint64_t *)ctx;
	assert_int_equal(room->id, *(uint64_t *)ctx);
	snprintf(name, sizeof(name), "room-%d", (int)room->id);
	assert_true(str_eqz(room->name, name));
	assert_true(str_eqz(room->nsp, "/"));
	assert_true(room->is_public);
	assert_int_equal(room->seq, room->id == 1 ? 2 : 1);
}

static void on_membership(void *ctx, const struct reader_membership *membership)
{
	buf_printf(ctx, "%d:%.*s:%.*s ", (int)membership->room, STR_ARG(membership->user),
	    STR_ARG(membership->role));
}

static void what_was_there_at_start(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	struct reader *r = fixture_open_reader(f);
	uint64_t n = 42;

	assert_int_equal(reader_last_gseq(r, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(fixture_commit(f, 4), WRITER_COMMITTED);
	rows_execute(f->path, "INSERT INTO memberships VALUES (2, 'u2', 'owner', 0),"
			      " (2, 'u1', 'member', 0), (1, 'u2', 'member', 0)");
	assert_int_equal(reader_last_gseq(r, &n), ERR_OK);
	assert_int_equal(n, 4);
	assert_int_equal(reader_epoch(r, &n), ERR_OK);
	assert_true(n > 0 && (int64_t)n == rows_number(f->path, "SELECT epoch FROM meta"));
	n = 0;
	assert_int_equal(reader_each_room(r, on_room, &n), ERR_OK);
	assert_int_equal(n, ROWS_ROOMS);
	assert_int_equal(reader_each_membership(r, on_membership, &text), ERR_OK);
	assert_true(str_eqz(buf_str(&text), "1:u2:member 2:u1:member 2:u2:owner "));
	buf_free(&text);
	reader_close(&r);
}

static void on_session(void *ctx, const struct reader_session *session)
{
	buf_printf(ctx, "%llu %.*s %.*s %.*s %.*s %.*s %.*s %llu;", (unsigned long long)session->id,
	    STR_ARG(session->pid), STR_ARG(session->socket), STR_ARG(session->sid),
	    STR_ARG(session->nsp), STR_ARG(session->user), STR_ARG(session->username),
	    (unsigned long long)session->gseq);
}

static void on_session_room(void *ctx, const struct reader_session_room *room)
{
	buf_printf(ctx, "%llu %llu %llu;", (unsigned long long)room->session,
	    (unsigned long long)room->room, (unsigned long long)room->gseq);
}

static void sessions_are_read_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct reader *r;
	struct buf seen = {0};

	rows_execute(f->path, "INSERT INTO sessions VALUES (9, 'p9', 'c9', 's9', '/', 'u', 'U', 4),"
			      " (2, 'p2', 'c2', 's2', '/a', 'v', 'V', 5);"
			      "INSERT INTO session_rooms VALUES (9, 1, 6), (2, 3, 7), (2, 1, 8)");
	r = fixture_open_reader(f);
	assert_int_equal(reader_each_session(r, on_session, &seen), ERR_OK);
	assert_int_equal(reader_each_session_room(r, on_session_room, &seen), ERR_OK);
	assert_true(
	    str_eqz(buf_str(&seen), "2 p2 c2 s2 /a v V 5;9 p9 c9 s9 / u U 4;2 1 8;2 3 7;9 1 6;"));
	buf_free(&seen);
	reader_close(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_was_there_at_start),
	    TEST(sessions_are_read_in_their_order),
	    TEST(test_sanctions),
	    TEST(test_a_room_changes_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
