#include "tests/check.h"

#include "broker/apply.h"
#include "tests/broker/rows.h"
#include "tests/broker/writer_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void commit(struct fixture *f, struct batch_op op)
{
	batch_reset(f->batch);
	batch_put(f->batch, &op);
	if (fixture_commit_batch(f) != WRITER_COMMITTED)
		fail_msg("%s", f->why);
}

static void prune(struct fixture *f, uint64_t room, uint64_t first, uint64_t gseq, uint64_t bytes)
{
	commit(
	    f, (struct batch_op){.kind = BATCH_PRUNING, .as.pruning = {room, first, gseq, bytes}});
}

static void delete (struct fixture *f, uint64_t gseq, uint64_t target)
{
	const struct store_message m = rows_message(target);

	commit(f, (struct batch_op){.kind = BATCH_DELETION,
		      .as.deletion = {gseq, m.room, m.seq, target, {1700000000000}}});
}

#define expect(f, sql, n) assert_int_equal(rows_number((f)->path, sql), n)

static void a_room_knows_how_much_is_said_in_it(void **state)
{
	struct fixture *f = *state;

	/* "m1" .. "m9" are two bytes, "m10" .. "m12" three. */
	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	expect(f, "SELECT bytes FROM rooms WHERE id = 1", 9);
	expect(f, "SELECT sum(bytes) FROM rooms", 9 * 2 + 3 * 3);
}

static void what_is_pruned_is_gone_and_what_was_counted_stays(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	delete (f, 13, 4);
	prune(f, 1, 3, 4, 2);
	expect(f, "SELECT count(*) FROM messages WHERE room = 1", 2);
	expect(f, "SELECT min(seq) FROM messages WHERE room = 1", 3);
	expect(f,
	    "SELECT first_seq = 3 AND pruned_gseq = 4 AND bytes = 5 AND seq = 4"
	    " FROM rooms WHERE id = 1",
	    1);
	expect(f, "SELECT pruned_gseq FROM meta", 4);
	/* Of later numbers it is not known that nobody wants to hear them. */
	expect(f, "SELECT count(*) FROM deletions", 1);
	expect(f, "SELECT count(*) FROM receipts", 12);
	prune(f, 1, 5, 13, 5);
	expect(f, "SELECT count(*) FROM messages WHERE room = 1", 0);
	expect(f, "SELECT count(*) FROM deletions", 0);
	expect(f, "SELECT bytes FROM rooms WHERE id = 1", 0);
	expect(f, "SELECT seq FROM rooms WHERE id = 1", 4);
	expect(f, "SELECT last_gseq FROM meta", 13);
}

static void a_deleted_message_keeps_its_place(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	delete (f, 13, 5);
	expect(f,
	    "SELECT content IS NULL AND room = 2 AND seq = 2 AND user = 'u1'"
	    " FROM messages WHERE gseq = 5",
	    1);
	expect(f,
	    "SELECT count(*) FROM deletions WHERE gseq = 13 AND room = 2 AND seq = 2"
	    " AND target = 5",
	    1);
	expect(f, "SELECT bytes FROM rooms WHERE id = 2", 2 + 2 + 3);
	expect(f, "SELECT last_gseq FROM meta", 13);
	/* Once more takes nothing more. */
	delete (f, 14, 5);
	expect(f, "SELECT bytes FROM rooms WHERE id = 2", 2 + 2 + 3);
}

static bool is_in_file(const char *path, const char *needle)
{
	char command[600];

	snprintf(command, sizeof(command), "grep -qa '%s' %s", needle, path);
	return WEXITSTATUS(system(command)) == 0;
}

/* In the row, in what its page had of it, and on the pages that its long text took. */
static void what_a_deleted_message_said_is_not_in_the_file(void **state)
{
	enum { SIZE = 20000 };
	struct fixture *f = *state;
	struct store_message m = rows_message(1);
	char *text = xcalloc(1, SIZE + 3);

	text[0] = (char)0xda;
	text[1] = (char)(SIZE >> 8);
	text[2] = (char)(SIZE & 0xff);
	for (size_t i = 0; i < SIZE; i += 10)
		memcpy(text + 3 + i, "verysecret", 10);
	m.content = bytes_of(text, SIZE + 3);
	commit(f, (struct batch_op){.kind = BATCH_MESSAGE, .as.message = m});
	rows_execute(f->path, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_true(is_in_file(f->path, "verysecret"));
	delete (f, 2, 1);
	rows_execute(f->path, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_false(is_in_file(f->path, "verysecret"));
	assert_false(is_in_file(f->path, "verysec"));
	free(text);
}

static void receipts_go_from_the_oldest_on(void **state)
{
	struct fixture *f = *state;
	const struct wall noon = {1700000000000};
	struct batch_op op = {.kind = BATCH_EXPIRY, .as.expiry = {{noon.ms + 9}, 3}};

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	commit(f, op);
	expect(f, "SELECT min(gseq) FROM receipts", 4);
	op.as.expiry.limit = 100;
	commit(f, op);
	expect(f, "SELECT min(gseq) FROM receipts", 9);
	commit(f, op);
	expect(f, "SELECT count(*) FROM receipts", 4);
	expect(f, "SELECT count(*) FROM messages", 12);
}

/* The key of the old message is free for a new one in the same transaction. */
static void a_receipt_makes_room(void **state)
{
	struct fixture *f = *state;
	struct store_message m = rows_message(4);
	struct batch_op message = {.kind = BATCH_MESSAGE, .as.message = m};
	struct batch_op removal = {.kind = BATCH_REMOVE_RECEIPT, .as.receipt = 2};

	assert_int_equal(fixture_commit(f, 3), WRITER_COMMITTED);
	message.as.message.message_id = STR("id2");
	batch_reset(f->batch);
	batch_put(f->batch, &message);
	assert_int_equal(fixture_commit_batch(f), WRITER_FAILED);
	batch_reset(f->batch);
	batch_put(f->batch, &removal);
	batch_put(f->batch, &message);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	expect(f, "SELECT gseq FROM receipts WHERE message_id = 'id2'", 4);
}

/* Killed in the middle of a step: all of it is there, or none. */
static void a_kill_leaves_no_half_step(void **state)
{
	struct fixture *f = *state;
	int status;

	assert_int_equal(fixture_commit(f, 12), WRITER_COMMITTED);
	/* fork() must not find the database open. */
	writer_close(&f->writer);
	pid_t child = fork();

	if (child == 0) {
		struct store_conf conf = {.path = f->path, .is_synchronous_full = true};

		setenv("ROOMCAST_FAILPOINT", "in-prune:1", 1);
		if (writer_open(&conf, f->why, sizeof(f->why), &f->writer))
			_exit(1);
		prune(f, 1, 4, 7, 6);
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(rows_check(f->path), 12);
	expect(f, "SELECT pruned_gseq FROM meta", 0);
	expect(f, "SELECT sum(first_seq) FROM rooms", ROWS_ROOMS);
	struct store_conf conf = {.path = f->path, .is_synchronous_full = true};

	assert_int_equal(writer_open(&conf, f->why, sizeof(f->why), &f->writer), ERR_OK);
	prune(f, 1, 4, 7, 6);
	expect(f, "SELECT count(*) FROM messages", 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_room_knows_how_much_is_said_in_it),
	    TEST(what_is_pruned_is_gone_and_what_was_counted_stays),
	    TEST(a_deleted_message_keeps_its_place),
	    TEST(what_a_deleted_message_said_is_not_in_the_file),
	    TEST(receipts_go_from_the_oldest_on),
	    TEST(a_receipt_makes_room),
	    TEST(a_kill_leaves_no_half_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
