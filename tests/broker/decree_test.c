#include "broker/decree.h"

#include "proto/value_map.h"
#include "tests/broker/world.h"
#include "tests/fakes/store.h"
#include "tests/fakes/turn.h"

#include <stdio.h>
#include <string.h>

static const int64_t noon = 1700000000000;

struct stage {
	void *world;
	struct world *w;
	struct decrees *d;
	char text[DECREE_TEXT_SIZE];
};

/* What was answered last. */
static struct {
	unsigned count;
	uint64_t request;
	enum err error;
	struct buf value;
} seen;

static void on_answer(
    void *up, const struct decree_asker *asker, const struct decree_answer *answer)
{
	(void)up;
	seen.count++;
	seen.request = asker->request;
	seen.error = answer->error;
	buf_reset(&seen.value);
	buf_put(&seen.value, answer->value);
}

static const struct decree_events events = {.on_answer = on_answer};

static int set_up(void **state)
{
	struct stage *s = test_calloc(1, sizeof(*s));

	world_setup(&s->world);
	s->w = s->world;
	s->d = decrees_new(&s->w->b, &events, s);
	memset(&seen, 0, sizeof(seen));
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	decrees_free(&s->d);
	decrees_free(&s->d);
	buf_free(&seen.value);
	int result = world_teardown(&s->world);

	test_free(s);
	return result;
}

/* One or two pairs, the second a number; "" = it is not there. */
static struct buf args_of(const char *key, const char *text, const char *time_key, uint64_t time)
{
	struct buf args = {0};

	value_put_map(&args, (key[0] != 0) + (time_key[0] != 0));
	if (key[0])
		value_put_str_pair(&args, str_of(key), str_of(text));
	if (time_key[0])
		value_put_u64_pair(&args, str_of(time_key), time);
	return args;
}

static enum err revoke(struct stage *s, uint64_t request, struct buf args)
{
	struct decree_asker asker = {.request = request};
	enum err e = decree_revoke(s->d, &asker, buf_bytes(&args), s->text);

	buf_free(&args);
	return e;
}

static enum err lift(struct stage *s, uint64_t request, struct buf args)
{
	struct decree_asker asker = {.request = request};
	enum err e = decree_lift(s->d, &asker, buf_bytes(&args), s->text);

	buf_free(&args);
	return e;
}

static uint64_t number(const char *key)
{
	struct bytes raw;
	uint64_t u = 0;

	assert_int_equal(value_map_get(buf_bytes(&seen.value), str_of(key), &raw), ERR_OK);
	assert_true(value_as_u64(raw, &u));
	return u;
}

static void test_answered_when_it_is_stored(void **state)
{
	struct stage *s = *state;

	world_connect(s->w, &s->w->east, "e1", "ann");
	assert_int_equal(revoke(s, 5, args_of("user", "ann", "", 0)), ERR_OK);
	assert_null(world_session(s->w, "e1"));
	assert_int_equal(seen.count, 0);
	decrees_on_stored(s->d, fake_store.gathering - 1, ERR_OK);
	assert_int_equal(seen.count, 0);
	decrees_on_stored(s->d, fake_store.gathering, ERR_OK);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.request, 5);
	assert_int_equal(seen.error, ERR_OK);
	assert_int_equal(number("ended"), 1);
	assert_int_equal(number("before"), noon);
	assert_int_equal(number("until"), noon + 1000000);
	decrees_on_stored(s->d, fake_store.gathering, ERR_OK);
	assert_int_equal(seen.count, 1);
}

static void test_times(void **state)
{
	struct stage *s = *state;
	const struct revocation *r;

	assert_int_equal(
	    revoke(s, 1, args_of("user", "ann", "issued-before", (uint64_t)noon - 7)), ERR_OK);
	r = revocations_find(s->w->b.revocations, REVOCATION_USER, STR("ann"));
	assert_int_equal(r->before.ms, noon - 7);
	assert_int_equal(r->until.ms, noon + 1000000);
	assert_int_equal(
	    revoke(s, 1, args_of("user", "bob", "issued-before", (uint64_t)noon + 7)), ERR_OK);
	r = revocations_find(s->w->b.revocations, REVOCATION_USER, STR("bob"));
	assert_int_equal(r->until.ms, noon + 1000007);
	assert_int_equal(revoke(s, 1, args_of("jti", "t1", "until", (uint64_t)noon + 9)), ERR_OK);
	r = revocations_find(s->w->b.revocations, REVOCATION_TOKEN, STR("t1"));
	assert_int_equal(r->until.ms, noon + 9);
}

static void test_what_is_over_is_not_revoked(void **state)
{
	struct stage *s = *state;

	assert_int_equal(revoke(s, 1, args_of("jti", "t1", "until", (uint64_t)noon)), ERR_INVALID);
	assert_non_null(strstr(s->text, "until is over already"));
	assert_int_equal(revocations_count(s->w->b.revocations), 0);
}

static void test_a_disk_in_trouble(void **state)
{
	struct stage *s = *state;

	assert_int_equal(revoke(s, 5, args_of("jti", "t1", "", 0)), ERR_OK);
	decrees_on_stored(s->d, fake_store.gathering, ERR_IO);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.error, ERR_IO);
}

static void test_lifted(void **state)
{
	struct stage *s = *state;

	assert_int_equal(lift(s, 1, args_of("jti", "t1", "", 0)), ERR_NOT_FOUND);
	assert_int_equal(revoke(s, 2, args_of("jti", "t1", "", 0)), ERR_OK);
	assert_int_equal(lift(s, 3, args_of("jti", "t1", "", 0)), ERR_OK);
	decrees_on_stored(s->d, fake_store.gathering, ERR_OK);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.request, 3);
	assert_int_equal(revocations_count(s->w->b.revocations), 0);
}

static void test_nothing_named(void **state)
{
	struct stage *s = *state;
	char name[LIMIT_TOKEN_ID + 2];
	struct buf both = {0};

	assert_int_equal(revoke(s, 1, args_of("", "", "", 0)), ERR_INVALID);
	assert_int_equal(revoke(s, 1, args_of("user", "", "", 0)), ERR_INVALID);
	memset(name, 'x', sizeof(name));
	name[LIMIT_TOKEN_ID + 1] = '\0';
	assert_int_equal(revoke(s, 1, args_of("jti", name, "", 0)), ERR_INVALID);
	assert_int_equal(lift(s, 1, args_of("", "", "", 0)), ERR_INVALID);
	value_put_map(&both, 2);
	value_put_str_pair(&both, STR("user"), STR("ann"));
	value_put_str_pair(&both, STR("jti"), STR("t"));
	assert_int_equal(revoke(s, 1, both), ERR_INVALID);
	assert_non_null(strstr(s->text, "name a user"));
}

static void test_too_many(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "t%d", i);
		assert_int_equal(revoke(s, 1, args_of("jti", id, "", 0)), ERR_OK);
	}
	assert_int_equal(revoke(s, 1, args_of("jti", "t4", "", 0)), ERR_FULL);
	assert_non_null(strstr(s->text, "revocations-max"));
	for (int i = 3; i < DECREES_MAX; i++)
		assert_int_equal(revoke(s, 1, args_of("jti", "t1", "", 0)), ERR_OK);
	assert_int_equal(revoke(s, 1, args_of("jti", "t1", "", 0)), ERR_FULL);
	assert_non_null(strstr(s->text, "waiting"));
}

static void test_the_list(void **state)
{
	struct stage *s = *state;
	struct bytes rows;
	struct value head;

	assert_int_equal(revoke(s, 1, args_of("user", "ann", "", 0)), ERR_OK);
	assert_int_equal(revoke(s, 1, args_of("jti", "t1", "", 0)), ERR_OK);
	assert_int_equal(revoke(s, 1, args_of("jti", "over", "until", (uint64_t)noon + 1)), ERR_OK);
	fake_turn_wall.ms += 1;
	buf_reset(&seen.value);
	decree_list(&s->w->b, &seen.value);
	assert_int_equal(value_map_get(buf_bytes(&seen.value), STR("revocations"), &rows), ERR_OK);
	struct value_reader r = value_reader(rows);

	assert_int_equal(value_next(&r, &head), ERR_OK);
	assert_int_equal(head.as.count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_answered_when_it_is_stored),
	    TEST(test_times),
	    TEST(test_what_is_over_is_not_revoked),
	    TEST(test_a_disk_in_trouble),
	    TEST(test_lifted),
	    TEST(test_nothing_named),
	    TEST(test_too_many),
	    TEST(test_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
