#include "broker/reader_start.h"

#include "broker/batch.h"
#include "tests/broker/writer_fixture.h"
#include "tests/check.h"

/* Rooms, members and sessions: reader_test.c. Here what was put in comes back as it was. */

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
	struct reader *r = NULL;
	unsigned seen = 0;

	assert_int_equal(reader_open(f->path, f->why, sizeof(f->why), &r), ERR_OK);
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
	struct reader *r = NULL;
	unsigned archived = 0;

	batch_reset(f->batch);
	batch_put(f->batch, &op);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	assert_int_equal(reader_open(f->path, f->why, sizeof(f->why), &r), ERR_OK);
	assert_int_equal(reader_each_room(r, see_archived, &archived), ERR_OK);
	assert_int_equal(archived, 1);
	reader_close(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_sanctions),
	    TEST(test_a_room_changes_its_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
