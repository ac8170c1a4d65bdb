#include "broker/reader_user.h"

#include "tests/broker/reader_fixture.h"
#include "tests/broker/rows.h"
#include "tests/check.h"

static void on_user(void *ctx, const struct reader_user *user)
{
	buf_printf(ctx, "%.*s %lld %lld;", STR_ARG(user->username), (long long)user->first_seen.ms,
	    (long long)user->last_seen.ms);
}

static void a_user_is_found_by_his_id(void **state)
{
	struct fixture *f = *state;
	struct reader *r;
	struct buf seen = {0};

	rows_execute(
	    f->path, "INSERT INTO users VALUES ('ann', 'Ann', 5, 9), ('bob', 'Bob', 6, 7)");
	r = fixture_open_reader(f);
	assert_int_equal(reader_user(r, STR("ann"), on_user, &seen), ERR_OK);
	assert_int_equal(reader_user(r, STR("bob"), on_user, &seen), ERR_OK);
	assert_int_equal(reader_user(r, STR("an"), on_user, &seen), ERR_NOT_FOUND);
	assert_true(str_eqz(buf_str(&seen), "Ann 5 9;Bob 6 7;"));
	rows_execute(f->path, "DROP TABLE users");
	assert_int_equal(reader_user(r, STR("ann"), on_user, &seen), ERR_IO);
	buf_free(&seen);
	reader_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_user_is_found_by_his_id, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
