#include "broker/store.h"

#include "tests/broker/faults.h"
#include "tests/broker/rows.h"
#include "tests/common/tempdir.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

enum { DEADLINE_MS = 10000, NOTHING_MS = 50 };

static char why[STORE_WHY_SIZE];

struct fixture {
	struct tempdir *dir;
	const char *path;
	struct store *store;
	uint64_t gseq;          /* of the last message put in */
	uint64_t last_in[1000]; /* the last message of each batch */
	uint64_t committed;     /* the last batch reported so, and how many reports */
	size_t commits;
	uint64_t failed;
	size_t failures;
	uint64_t durable; /* the last message known committed */
	char why[STORE_WHY_SIZE];
};

static void put_messages(struct fixture *f, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct store_message message = rows_message(++f->gseq);

		store_put_message(f->store, &message);
		f->last_in[store_gathering(f->store)] = f->gseq;
	}
}

static void on_committed(void *up, uint64_t batch)
{
	struct fixture *f = up;

	assert_true(batch > f->committed && batch < store_gathering(f->store));
	f->committed = batch;
	f->commits++;
	if (f->last_in[batch])
		f->durable = f->last_in[batch];
}

/* What the turn thread does: numbers again from the last commit, in this call already. */
static void on_failed(void *up, uint64_t batch, const char *reason)
{
	struct fixture *f = up;

	assert_true(batch > f->committed);
	assert_int_equal(store_gathering(f->store), batch + 2);
	assert_int_equal(store_backlog(f->store), 0);
	f->failed = batch;
	f->failures++;
	snprintf(f->why, sizeof(f->why), "%s", reason);
	f->gseq = f->durable;
	put_messages(f, 1);
}

static const struct store_events events = {on_committed, on_failed};

static enum err open_store(struct fixture *f)
{
	struct store_conf conf = {.path = f->path, .is_synchronous_full = true};

	return store_open(&conf, &events, f, why, &f->store);
}

/* One turn, if there is something to serve. */
static bool turn(struct fixture *f, int timeout_ms)
{
	zmq_pollitem_t item = {.socket = store_socket(f->store), .events = ZMQ_POLLIN};
	int n = zmq_poll(&item, 1, timeout_ms);

	assert_true(n >= 0);
	store_serve(f->store);
	store_flush(f->store);
	return n > 0;
}

static void settle(struct fixture *f)
{
	store_flush(f->store);
	while (store_backlog(f->store))
		assert_true(turn(f, DEADLINE_MS));
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = tempdir_new();
	f->path = tempdir_path(f->dir, "db");
	assert_int_equal(open_store(f), ERR_OK);
	assert_int_equal(store_gathering(f->store), 1);
	for (uint64_t id = 1; id <= ROWS_ROOMS; id++) {
		struct store_room room = rows_room(id);

		store_put_room(f->store, &room);
	}
	settle(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	faults_heal();
	store_close(&f->store);
	store_close(&f->store);
	tempdir_free(&f->dir);
	free(f);
	return 0;
}

static void what_is_reported_is_in_the_database(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->committed, 1);
	put_messages(f, 10);
	assert_int_equal(store_backlog(f->store), 10);
	assert_true(store_backlog_bytes(f->store) > 0);
	settle(f);
	assert_int_equal(f->committed, 2);
	assert_int_equal(rows_check(f->path), 10);
	assert_int_equal(store_backlog_bytes(f->store), 0);
	assert_string_equal(store_trouble(f->store), "");
}

static void an_empty_batch_goes_nowhere(void **state)
{
	struct fixture *f = *state;

	store_flush(f->store);
	store_flush(f->store);
	assert_int_equal(store_gathering(f->store), 2);
	assert_false(turn(f, 0));
}

static void batches_grow_with_the_load(void **state)
{
	struct fixture *f = *state;
	size_t before = f->commits;

	put_messages(f, 1);
	store_flush(f->store);
	/* While that one is on its way every turn adds to the next. */
	for (int i = 0; i < 500; i++) {
		put_messages(f, 1);
		store_flush(f->store);
		assert_int_equal(store_gathering(f->store), 3);
	}
	assert_int_equal(store_backlog(f->store), 501);
	settle(f);
	assert_int_equal(f->commits - before, 2);
	assert_int_equal(rows_check(f->path), 501);
}

static void batches_commit_in_order(void **state)
{
	struct fixture *f = *state;

	for (int i = 1; i <= 300; i++) {
		put_messages(f, (uint64_t)(i % 7));
		turn(f, 0);
	}
	settle(f);
	assert_int_equal(f->commits, f->committed);
	assert_int_equal(f->committed, store_gathering(f->store) - 1);
	assert_int_equal(f->durable, f->gseq);
	assert_int_equal(rows_check(f->path), f->gseq);
}

static void memberships_are_put_and_removed(void **state)
{
	struct fixture *f = *state;

	store_put_membership(f->store, 1, STR("u1"), STR("member"), (struct wall){7});
	store_put_membership(f->store, 2, STR("u1"), STR("member"), (struct wall){7});
	store_remove_membership(f->store, 1, STR("u1"));
	settle(f);
	assert_int_equal(
	    rows_number(f->path, "SELECT count(*) FROM memberships WHERE room = 2 AND user = 'u1'"
				 " AND role = 'member' AND since_ms = 7"),
	    1);
	assert_int_equal(rows_number(f->path, "SELECT count(*) FROM memberships"), 1);
}

static void closing_commits_what_was_put_in(void **state)
{
	struct fixture *f = *state;

	put_messages(f, 5);
	store_flush(f->store);
	put_messages(f, 5);
	store_close(&f->store);
	assert_int_equal(f->commits, 1);
	assert_int_equal(rows_check(f->path), 10);
	assert_int_equal(open_store(f), ERR_OK);
}

static void a_second_one_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store_conf conf = {.path = f->path};
	struct store *second = NULL;

	assert_int_equal(store_open(&conf, &events, f, why, &second), ERR_BUSY);
	assert_null(second);
}

static void a_bad_place_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	struct store_conf conf = {.path = tempdir_path(f->dir, "missing/db")};

	assert_int_equal(store_open(&conf, &events, f, why, &store), ERR_DENIED);
	conf.path = "/proc/roomcast.db";
	assert_int_equal(store_open(&conf, &events, f, why, &store), ERR_DENIED);
	conf.path = tempdir_write(f->dir, "text", "This is not a database at all.\n", 31, 0644);
	assert_int_equal(store_open(&conf, &events, f, why, &store), ERR_MALFORMED);
	assert_non_null(strstr(why, conf.path));
	assert_null(store);
}

/* A batch that fails takes the one that gathers with it, because that counts on it. */
static void a_failure_voids_what_came_after(void **state)
{
	struct fixture *f = *state;

	put_messages(f, 3);
	settle(f);
	faults_arm(FAULT_WRITE, 1, 1, EIO);
	put_messages(f, 50);
	store_flush(f->store);
	put_messages(f, 50);
	while (f->failures == 0)
		assert_true(turn(f, DEADLINE_MS));
	assert_int_equal(f->failed, 3);
	assert_non_null(strstr(f->why, f->path));
	/* on_failed() has put in one message; it is the fourth, in batch 5. */
	settle(f);
	assert_int_equal(f->failures, 1);
	assert_int_equal(f->committed, 5);
	assert_string_equal(store_trouble(f->store), "");
	assert_int_equal(rows_check(f->path), 4);
}

static void a_full_disk_fails_and_heals(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, small;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){.rlim_cur = 256 * 1024, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	while (f->failures < 3) {
		put_messages(f, 100);
		store_flush(f->store);
		assert_true(turn(f, DEADLINE_MS));
		assert_true(f->commits < 900);
	}
	assert_non_null(strstr(f->why, "limit"));
	setrlimit(RLIMIT_FSIZE, &before);
	size_t failures = f->failures;

	settle(f);
	/* What failed stays away, what was reported is there, and it goes on. */
	put_messages(f, 100);
	settle(f);
	assert_true(f->failures <= failures + 1);
	assert_int_equal(f->durable, f->gseq);
	assert_string_equal(store_trouble(f->store), "");
	assert_int_equal(rows_check(f->path), f->gseq);
}

/* Neither event comes before it is known which of the two is true. */
static void a_doubt_is_waited_out(void **state)
{
	struct fixture *f = *state;
	size_t commits = f->commits;

	faults_arm(FAULT_SYNC, 1, FAULT_FOR_EVER, EIO);
	put_messages(f, 10);
	store_flush(f->store);
	while (store_trouble(f->store)[0] == '\0')
		assert_true(turn(f, DEADLINE_MS));
	for (int i = 0; i < 3; i++)
		assert_true(turn(f, DEADLINE_MS));
	assert_int_equal(f->commits, commits);
	assert_int_equal(f->failures, 0);
	assert_int_equal(store_backlog(f->store), 10);
	assert_true(store_is_in_doubt(f->store));
	faults_heal();
	settle(f);
	assert_false(store_is_in_doubt(f->store));
	assert_int_equal(f->commits - commits, 1);
	assert_string_equal(store_trouble(f->store), "");
	assert_int_equal(rows_check(f->path), f->gseq);
}

static void closing_does_not_wait_for_a_broken_disk(void **state)
{
	struct fixture *f = *state;

	put_messages(f, 3);
	settle(f);
	faults_arm(FAULT_SYNC, 1, FAULT_FOR_EVER, EIO);
	put_messages(f, 10);
	store_flush(f->store);
	put_messages(f, 10);
	store_close(&f->store);
	faults_heal();
	uint64_t count = rows_check(f->path);

	assert_true(count == 3 || count == 13);
	assert_int_equal(open_store(f), ERR_OK);
}

static void another_process_in_the_database_is_waited_for(void **state)
{
	struct fixture *f = *state;
	sqlite3 *other;

	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	put_messages(f, 10);
	store_flush(f->store);
	assert_false(turn(f, NOTHING_MS));
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	settle(f);
	assert_int_equal(f->failures, 0);
	assert_int_equal(rows_check(f->path), 10);
	sqlite3_close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_reported_is_in_the_database),
	    TEST(an_empty_batch_goes_nowhere),
	    TEST(batches_grow_with_the_load),
	    TEST(batches_commit_in_order),
	    TEST(memberships_are_put_and_removed),
	    TEST(closing_commits_what_was_put_in),
	    TEST(a_second_one_is_refused),
	    TEST(a_bad_place_is_refused),
	    TEST(a_failure_voids_what_came_after),
	    TEST(a_full_disk_fails_and_heals),
	    TEST(a_doubt_is_waited_out),
	    TEST(closing_does_not_wait_for_a_broken_disk),
	    TEST(another_process_in_the_database_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
