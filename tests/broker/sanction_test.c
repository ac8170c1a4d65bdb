#include "broker/sanction.h"

#include "tests/check.h"

static const struct wall noon = {1700000000000};

static int setup(void **state)
{
	*state = sanctions_new();
	return 0;
}

static int teardown(void **state)
{
	struct sanctions *ss = *state;

	sanctions_free(&ss);
	assert_null(ss);
	sanctions_free(&ss);
	return 0;
}

static struct sanction ban_of(const char *user, const char *nsp, uint64_t room, int64_t for_ms)
{
	return (struct sanction){
	    .key = {SANCTION_BAN, str_of(user), str_of(nsp), room},
	    .by = STR("mod"),
	    .reason = STR("noise"),
	    .since = noon,
	    .until = {for_ms ? noon.ms + for_ms : 0},
	};
}

static const struct sanction *find(
    const struct sanctions *ss, const struct sanction *s, int64_t later_ms)
{
	return sanctions_find(ss, &s->key, (struct wall){noon.ms + later_ms});
}

static void test_its_row(void **state)
{
	struct sanction s = ban_of("ann", "/chat", 0, 5);
	struct store_sanction row = sanction_row(&s);

	(void)state;
	assert_true(str_eqz(row.kind, "ban") && str_eqz(row.user, "ann"));
	assert_true(str_eqz(row.nsp, "/chat") && str_eqz(row.by, "mod"));
	assert_true(str_eqz(row.reason, "noise"));
	assert_int_equal(row.room, 0);
	assert_int_equal(row.since.ms, noon.ms);
	assert_int_equal(row.until.ms, noon.ms + 5);
}

static void test_kinds_have_names(void **state)
{
	enum sanction_kind kind = SANCTION_BAN;

	(void)state;
	assert_true(sanction_kind_find(STR("mute"), &kind));
	assert_int_equal(kind, SANCTION_MUTE);
	assert_false(sanction_kind_find(STR("praise"), &kind));
	assert_string_equal(sanction_kind_name(SANCTION_BAN), "ban");
}

static void test_each_place_is_one_of_its_own(void **state)
{
	struct sanctions *ss = *state;
	struct sanction all = ban_of("ann", "", 0, 0), nsp = ban_of("ann", "/chat", 0, 0),
			room = ban_of("ann", "", 7, 0), mute = room;

	mute.key.kind = SANCTION_MUTE;
	sanctions_put(ss, &all);
	sanctions_put(ss, &room);
	assert_non_null(find(ss, &all, 0));
	assert_null(find(ss, &nsp, 0));
	assert_null(find(ss, &mute, 0));
	sanctions_put(ss, &mute);
	sanctions_remove(ss, &room.key);
	assert_null(find(ss, &room, 0));
	assert_non_null(find(ss, &mute, 0));
	assert_int_equal(sanctions_count(ss), 2);
	/* Neither is taken for another: the parts of a key do not run into each other. */
	struct sanction one = ban_of("x", "/ab", 0, 0), other = ban_of("bx", "/a", 0, 0);

	sanctions_put(ss, &one);
	assert_null(find(ss, &other, 0));
}

static void test_it_is_copied_and_replaced(void **state)
{
	struct sanctions *ss = *state;
	char reason[] = "noise";
	struct sanction s = ban_of("ann", "/chat", 0, 10);

	s.reason = str_of(reason);
	sanctions_put(ss, &s);
	reason[0] = 'v';
	assert_true(str_eqz(find(ss, &s, 0)->reason, "noise"));
	assert_true(str_eqz(find(ss, &s, 0)->by, "mod"));
	sanctions_put(ss, &s);
	assert_int_equal(sanctions_count(ss), 1);
	assert_true(str_eqz(find(ss, &s, 0)->reason, "voise"));
	/* With what is there already, too. */
	sanctions_put(ss, find(ss, &s, 0));
	assert_true(str_eqz(find(ss, &s, 0)->reason, "voise"));
}

static void count(void *ctx, const struct sanction *s)
{
	assert_int_equal(s->key.kind, SANCTION_BAN);
	++*(int *)ctx;
}

static void test_it_ends_by_itself(void **state)
{
	struct sanctions *ss = *state;
	struct sanction soon = ban_of("ann", "", 0, 10), late = ban_of("bob", "", 0, 20),
			never = ban_of("cid", "", 0, 0);
	int ended = 0;

	sanctions_put(ss, &soon);
	sanctions_put(ss, &late);
	sanctions_put(ss, &never);
	assert_non_null(find(ss, &soon, 9));
	assert_null(find(ss, &soon, 10));
	sanctions_expire(ss, (struct wall){noon.ms + 9}, count, &ended);
	assert_int_equal(ended, 0);
	sanctions_expire(ss, (struct wall){noon.ms + 10}, count, &ended);
	assert_int_equal(ended, 1);
	assert_int_equal(sanctions_count(ss), 2);
	sanctions_expire(ss, (struct wall){noon.ms + 1000}, count, &ended);
	assert_int_equal(ended, 2);
	assert_non_null(find(ss, &never, 1000000));
	sanctions_each(ss, count, &ended);
	assert_int_equal(ended, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_kinds_have_names),
	    TEST(test_its_row),
	    TEST(test_each_place_is_one_of_its_own),
	    TEST(test_it_is_copied_and_replaced),
	    TEST(test_it_ends_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
