#ifndef ROOMCAST_TESTS_BROKER_WRITER_FIXTURE_H
#define ROOMCAST_TESTS_BROKER_WRITER_FIXTURE_H
/*
 * A writer on a fresh database with the rooms of rows.h in it, for the tests of the writer.
 */
#include "broker/writer.h"
#include "tests/common/tempdir.h"

struct fixture {
	struct tempdir *dir;
	const char *path;
	struct writer *writer;
	struct batch *batch; /* the last one tried */
	uint64_t gseq;       /* of the last message committed */
	char why[STORE_WHY_SIZE];
};

/* For cmocka: *state is the fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Puts the rooms of rows.h into the batch. */
void fixture_put_rooms(struct fixture *f);

/* `count` messages of rows.h after gseq `after`. */
void fixture_put_messages(struct fixture *f, uint64_t after, uint64_t count);

/* The next `count` messages; what they become is up to the disk. */
enum writer_outcome fixture_commit(struct fixture *f, uint64_t count);

/* The batch as it is. */
enum writer_outcome fixture_commit_batch(struct fixture *f);

enum writer_outcome fixture_settle(struct fixture *f);

/* rows_check() on what would be found if the process died now: the files without what is kept in
 * shared memory. */
uint64_t fixture_check_copy(struct fixture *f);

#endif
