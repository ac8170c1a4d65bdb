#include "broker/revocation.h"

#include "tests/check.h"

static const struct wall now = {1000};

static struct revocation_facts user(const char *id, int64_t before, int64_t until)
{
	return (struct revocation_facts){
	    REVOCATION_USER, str_of(id), {before}, {until}, .made = now};
}

static struct revocation_facts token(const char *id, int64_t until)
{
	return (struct revocation_facts){
	    .kind = REVOCATION_TOKEN, .subject = str_of(id), .until = {until}, .made = now};
}

static bool has(const struct revocations *rs, const char *user_id, const char *id, int64_t issued)
{
	struct revocation_token t = {str_of(user_id), str_of(id), {issued}};

	return revocations_has(rs, &t, now);
}

static void put(struct revocations *rs, struct revocation_facts facts)
{
	struct revocation *r;

	assert_int_equal(revocations_put(rs, &facts, &r), ERR_OK);
}

static void test_a_user(void **state)
{
	struct revocations *rs = revocations_new(10);

	(void)state;
	put(rs, user("ann", 500, 2000));
	assert_true(has(rs, "ann", "", 499));
	assert_false(has(rs, "ann", "", 500));
	/* Nobody knows when it was issued. */
	assert_true(has(rs, "ann", "x", 0));
	assert_false(has(rs, "bob", "", 0));
	/* A name is not an id of a token. */
	assert_false(has(rs, "bob", "ann", 0));
	revocations_free(&rs);
}

static void test_a_token(void **state)
{
	struct revocations *rs = revocations_new(10);

	(void)state;
	put(rs, token("t1", 2000));
	assert_true(has(rs, "ann", "t1", 900));
	assert_false(has(rs, "ann", "t2", 900));
	assert_false(has(rs, "t1", "", 0));
	revocations_free(&rs);
}

static void test_until(void **state)
{
	struct revocations *rs = revocations_new(10);

	(void)state;
	put(rs, token("over", 1000));
	put(rs, token("almost", 1001));
	put(rs, user("ann", 500, 1000));
	assert_false(has(rs, "x", "over", 1));
	assert_true(has(rs, "x", "almost", 1));
	assert_false(has(rs, "ann", "", 1));
	revocations_free(&rs);
}

/* Said twice, the wider one counts. */
static void test_again(void **state)
{
	struct revocations *rs = revocations_new(10);

	(void)state;
	put(rs, user("ann", 500, 2000));
	put(rs, user("ann", 400, 3000));
	assert_int_equal(revocations_count(rs), 1);
	assert_true(has(rs, "ann", "", 499));
	assert_int_equal(revocations_find(rs, REVOCATION_USER, STR("ann"))->until.ms, 3000);
	revocations_free(&rs);
}

static void test_removed(void **state)
{
	struct revocations *rs = revocations_new(10);
	struct revocation *r;

	(void)state;
	put(rs, user("ann", 500, 2000));
	r = revocations_find(rs, REVOCATION_USER, STR("ann"));
	revocations_remove(rs, &r);
	assert_null(r);
	assert_false(has(rs, "ann", "", 1));
	assert_null(revocations_find(rs, REVOCATION_USER, STR("ann")));
	revocations_free(&rs);
	assert_null(rs);
	revocations_free(&rs);
}

static void test_bounds(void **state)
{
	struct revocations *rs = revocations_new(2);
	struct revocation_facts third = token("c", 2000), none = token("", 2000);
	struct revocation *r = NULL;

	(void)state;
	put(rs, token("a", 2000));
	put(rs, user("b", 500, 2000));
	assert_int_equal(revocations_put(rs, &third, &r), ERR_FULL);
	assert_int_equal(revocations_put(rs, &none, &r), ERR_INVALID);
	assert_null(r);
	put(rs, token("a", 3000));
	revocations_free(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_user),
	    cmocka_unit_test(test_a_token),
	    cmocka_unit_test(test_until),
	    cmocka_unit_test(test_again),
	    cmocka_unit_test(test_removed),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
