#include "broker/apply.h"

#include "broker/reader_start.h"
#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

#include <stdio.h>
#include <string.h>

static void on_revocation(void *ctx, const struct revocation_facts *r)
{
	buf_printf(ctx, "%d %.*s %lld %lld %lld;", r->kind, STR_ARG(r->subject),
	    (long long)r->before.ms, (long long)r->until.ms, (long long)r->made.ms);
}

static void assert_stored(struct fixture *f, const char *expected)
{
	struct buf seen = {0};
	struct reader *r = fixture_open_reader(f);

	assert_int_equal(reader_each_revocation(r, on_revocation, &seen), ERR_OK);
	if (!str_eqz(buf_str(&seen), expected))
		fail_msg("%.*s", STR_ARG(buf_str(&seen)));
	buf_free(&seen);
	reader_close(&r);
}

static void put(struct fixture *f, enum batch_kind kind, struct revocation_facts facts)
{
	struct batch_op op = {.kind = kind, .as.revocation = facts};
	char subject[32];

	/* The batch keeps a copy. */
	snprintf(subject, sizeof(subject), "%.*s", STR_ARG(facts.subject));
	op.as.revocation.subject = str_of(subject);
	batch_reset(f->batch);
	batch_put(f->batch, &op);
	memset(subject, 'x', sizeof(subject));
	assert_int_equal(fixture_commit_batch(f), WRITER_COMMITTED);
}

/* What was put is read, replaced by what is put for the same, and gone when it is taken out. */
static void revocations_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct revocation_facts ann = {REVOCATION_USER, STR("ann"), {5}, {6}, {7}};
	struct revocation_facts same = {REVOCATION_TOKEN, STR("ann"), {0}, {8}, {9}};

	assert_stored(f, "");
	put(f, BATCH_PUT_REVOCATION, same);
	put(f, BATCH_PUT_REVOCATION, ann);
	assert_stored(f, "0 ann 5 6 7;1 ann 0 8 9;");
	ann.before.ms = 15;
	put(f, BATCH_PUT_REVOCATION, ann);
	assert_stored(f, "0 ann 15 6 7;1 ann 0 8 9;");
	put(f, BATCH_REMOVE_REVOCATION, ann);
	put(f, BATCH_REMOVE_REVOCATION, ann);
	assert_stored(f, "1 ann 0 8 9;");
}

static void other_kinds_are_left_out(void **state)
{
	struct fixture *f = *state;

	rows_execute(
	    f->path, "INSERT INTO revocations VALUES (2, 'x', 1, 2, 3), (1, 'y', 1, 2, 3)");
	assert_stored(f, "1 y 1 2 3;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		revocations_come_and_go, fixture_set_up, fixture_tear_down),
	    cmocka_unit_test_setup_teardown(
		other_kinds_are_left_out, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
