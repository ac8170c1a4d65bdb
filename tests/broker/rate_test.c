#include "broker/rate.h"

#include "tests/check.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { WINDOW_MS = 60000, START_MS = 5000000 };

/* A rate and the clock it sees. */
struct scene {
	struct rate *rate;
	uint64_t ms;
	struct rate_refusal refusal;
};

static struct scene begin(uint64_t max, size_t users_max)
{
	struct rate_conf conf = {max, WINDOW_MS, users_max};

	return (struct scene){.rate = rate_new(&conf), .ms = START_MS};
}

static bool take(struct scene *s, const char *user)
{
	s->refusal = (struct rate_refusal){0};
	return rate_take(s->rate, str_of(user), (struct mono){s->ms * 1000}, &s->refusal);
}

static void test_the_window_slides_and_the_time_to_wait_is_exact(void **state)
{
	struct scene s = begin(3, 10);

	(void)state;
	assert_true(take(&s, "ann"));
	s.ms += 100;
	assert_true(take(&s, "ann"));
	s.ms += 100;
	assert_true(take(&s, "ann"));
	s.ms += 1;
	assert_false(take(&s, "ann"));
	assert_int_equal(s.refusal.retry_after_ms, WINDOW_MS - 201);
	s.ms += s.refusal.retry_after_ms - 1;
	assert_false(take(&s, "ann"));
	assert_int_equal(s.refusal.retry_after_ms, 1);
	s.ms += 1;
	assert_true(take(&s, "ann"));
	assert_false(take(&s, "ann"));
	assert_int_equal(s.refusal.retry_after_ms, 100);
	rate_free(&s.rate);
	assert_null(s.rate);
}

static void test_users_do_not_count_for_each_other(void **state)
{
	struct scene s = begin(1, 10);

	(void)state;
	assert_true(take(&s, "ann"));
	assert_true(take(&s, "bob"));
	assert_true(take(&s, ""));
	assert_false(take(&s, "ann"));
	assert_false(take(&s, "bob"));
	assert_false(take(&s, ""));
	rate_free(&s.rate);
}

static void test_what_was_refused_does_not_count(void **state)
{
	struct scene s = begin(1, 10);

	(void)state;
	assert_true(take(&s, "ann"));
	for (int i = 0; i < 100; i++) {
		s.ms += 100;
		assert_false(take(&s, "ann"));
	}
	s.ms += s.refusal.retry_after_ms;
	assert_true(take(&s, "ann"));
	rate_free(&s.rate);
}

static void test_a_refusal_is_news_once_in_a_window(void **state)
{
	struct scene s = begin(1, 10);

	(void)state;
	assert_true(take(&s, "ann"));
	assert_false(take(&s, "ann"));
	assert_true(s.refusal.is_news);
	s.ms += WINDOW_MS - 1;
	assert_false(take(&s, "ann"));
	assert_false(s.refusal.is_news);
	s.ms += 1;
	assert_true(take(&s, "ann"));
	assert_false(take(&s, "ann"));
	assert_true(s.refusal.is_news);
	rate_free(&s.rate);
}

static void test_who_is_idle_is_forgotten(void **state)
{
	struct scene s = begin(2, 10);

	(void)state;
	assert_true(take(&s, "ann"));
	s.ms += WINDOW_MS / 2;
	assert_true(take(&s, "bob"));
	rate_on_tick(s.rate, (struct mono){(s.ms + WINDOW_MS / 2 - 1) * 1000});
	assert_int_equal(rate_users(s.rate), 2);
	rate_on_tick(s.rate, (struct mono){(s.ms + WINDOW_MS / 2) * 1000});
	assert_int_equal(rate_users(s.rate), 1);
	/* Others that come see to it, too. */
	s.ms += WINDOW_MS;
	assert_true(take(&s, "cid"));
	assert_int_equal(rate_users(s.rate), 1);
	assert_int_equal(rate_forgotten(s.rate), 0);
	rate_free(&s.rate);
}

static void test_a_full_table_forgets_who_was_active_longest_ago(void **state)
{
	struct scene s = begin(1, 2);

	(void)state;
	assert_true(take(&s, "ann"));
	s.ms++;
	assert_true(take(&s, "bob"));
	s.ms++;
	/* To be refused is to be active: who floods is not let off. */
	assert_false(take(&s, "ann"));
	assert_true(take(&s, "cid"));
	assert_int_equal(rate_users(s.rate), 2);
	assert_int_equal(rate_forgotten(s.rate), 1);
	assert_false(take(&s, "ann"));
	assert_true(take(&s, "bob"));
	rate_free(&s.rate);
}

static void test_the_clock_may_wrap(void **state)
{
	struct scene s = begin(5, 10);

	(void)state;
	s.ms = UINT64_C(0x2ffffff00);
	for (int i = 0; i < 5; i++, s.ms += 100)
		assert_true(take(&s, "ann"));
	assert_false(take(&s, "ann"));
	assert_int_equal(s.refusal.retry_after_ms, WINDOW_MS - 500);
	s.ms += s.refusal.retry_after_ms;
	assert_true(take(&s, "ann"));
	assert_false(take(&s, "ann"));
	rate_free(&s.rate);
}

/* The same, kept in the plainest way. */
enum { PLAIN_USERS = 7, PLAIN_STEPS = 60000, PLAIN_MAX = 37 };

struct plain {
	uint64_t times[PLAIN_STEPS];
	size_t first, count;
};

static void test_it_is_what_a_plain_list_says(void **state)
{
	static const char *const users[PLAIN_USERS] = {"a", "b", "c", "d", "e", "f", "g"};
	struct plain *plain = test_calloc(PLAIN_USERS, sizeof(*plain));
	struct scene s = begin(PLAIN_MAX, PLAIN_USERS);
	unsigned refused = 0;

	(void)state;
	srand(1);
	for (int i = 0; i < PLAIN_STEPS; i++) {
		size_t who = (size_t)(rand() % PLAIN_USERS);
		struct plain *p = &plain[who];

		s.ms +=
		    rand() % 1000 ? (uint64_t)(rand() % 400) : (uint64_t)(rand() % (2 * WINDOW_MS));
		while (p->first < p->count && s.ms - p->times[p->first] >= WINDOW_MS)
			p->first++;
		bool is_allowed = p->count - p->first < PLAIN_MAX;

		assert_int_equal(take(&s, users[who]), is_allowed);
		if (is_allowed) {
			p->times[p->count++] = s.ms;
			continue;
		}
		refused++;
		assert_int_equal(s.refusal.retry_after_ms, p->times[p->first] + WINDOW_MS - s.ms);
	}
	assert_true(refused > 100);
	test_free(plain);
	rate_free(&s.rate);
}

/* What a user costs; a sanitizer's memory is another one's, so the figure is for a plain build. */
enum { MANY = 1000000, FEWER = 20000 };

static void test_a_million_users_are_bounded(void **state)
{
	const char *wanted = getenv("ROOMCAST_RATE_USERS");
	unsigned users = wanted ? MANY : FEWER;
	struct scene s = begin(50, users);
	struct mallinfo2 before = mallinfo2();
	struct mono began = clock_mono();
	char name[32];

	(void)state;
	for (unsigned i = 0; i < users + users / 10; i++) {
		snprintf(name, sizeof(name), "user-%u", i);
		assert_true(take(&s, name));
	}
	assert_int_equal(rate_users(s.rate), users);
	assert_int_equal(rate_forgotten(s.rate), users / 10);
	uint64_t us = mono_us_between(began, clock_mono());
	struct mallinfo2 after = mallinfo2();

	if (wanted)
		print_message("%u users: %.0f bytes each, %.0f ns for a check\n", users,
		    (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) /
			users,
		    (double)us * 1000 / (users + users / 10));
	rate_free(&s.rate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_window_slides_and_the_time_to_wait_is_exact),
	    cmocka_unit_test(test_users_do_not_count_for_each_other),
	    cmocka_unit_test(test_what_was_refused_does_not_count),
	    cmocka_unit_test(test_a_refusal_is_news_once_in_a_window),
	    cmocka_unit_test(test_who_is_idle_is_forgotten),
	    cmocka_unit_test(test_a_full_table_forgets_who_was_active_longest_ago),
	    cmocka_unit_test(test_the_clock_may_wrap),
	    cmocka_unit_test(test_it_is_what_a_plain_list_says),
	    cmocka_unit_test(test_a_million_users_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
