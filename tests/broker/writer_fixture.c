#include "tests/broker/writer_fixture.h"

#include "tests/broker/faults.h"
#include "tests/broker/rows.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

int fixture_set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = tempdir_new();
	f->path = tempdir_path(f->dir, "db");
	f->batch = batch_new();
	struct store_conf conf = {.path = f->path, .is_synchronous_full = true};

	assert_int_equal(writer_open(&conf, f->why, sizeof(f->why), &f->writer), ERR_OK);
	fixture_put_rooms(f);
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
	*state = f;
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *f = *state;

	faults_heal();
	writer_close(&f->writer);
	batch_free(&f->batch);
	tempdir_free(&f->dir);
	free(f);
	return 0;
}

void fixture_put_rooms(struct fixture *f)
{
	batch_reset(f->batch);
	for (uint64_t id = 1; id <= ROWS_ROOMS; id++) {
		struct batch_op op = {.kind = BATCH_ROOM, .as.room = rows_room(id)};

		batch_put(f->batch, &op);
	}
}

void fixture_put_messages(struct fixture *f, uint64_t after, uint64_t count)
{
	for (uint64_t gseq = after + 1; gseq <= after + count; gseq++) {
		struct batch_op op = {.kind = BATCH_MESSAGE, .as.message = rows_message(gseq)};

		batch_put(f->batch, &op);
	}
}

enum writer_outcome fixture_commit_batch(struct fixture *f)
{
	return writer_commit(f->writer, f->batch, f->why);
}

enum writer_outcome fixture_commit(struct fixture *f, uint64_t count)
{
	batch_reset(f->batch);
	fixture_put_messages(f, f->gseq, count);
	enum writer_outcome outcome = fixture_commit_batch(f);

	if (outcome == WRITER_COMMITTED)
		f->gseq += count;
	return outcome;
}

enum writer_outcome fixture_settle(struct fixture *f)
{
	enum writer_outcome outcome = writer_settle(f->writer, f->why);

	if (outcome == WRITER_COMMITTED)
		f->gseq += batch_count(f->batch);
	return outcome;
}

uint64_t fixture_check_copy(struct fixture *f)
{
	static const char *const suffixes[] = {"", "-wal"};
	static int copies;
	char copy[300], command[700];

	snprintf(copy, sizeof(copy), "%s-copy%d", f->path, ++copies);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		/* There may be no log. */
		snprintf(command, sizeof(command), "cp %s%s %s%s 2>/dev/null || true", f->path,
		    suffixes[i], copy, suffixes[i]);
		assert_int_equal(system(command), 0);
	}
	faults_pause();
	uint64_t count = rows_check(copy);

	faults_resume();
	return count;
}
