#include "tests/check.h"

#include "broker/crew.h"

#include <string.h>

/* Peers and sessions are only names here. */
static struct peer *const first = (struct peer *)(void *)"first";
static struct peer *const second = (struct peer *)(void *)"second";
static const struct bytes one = {(const uint8_t *)"\x91\xa1/", 3};
static const struct bytes two = {(const uint8_t *)"\x92\xa1/\xa2/a", 6};

static struct session begin(const char *nsp)
{
	return (struct session){.nsp = (char *)nsp};
}

static enum err give(struct crew *c, struct ward *w, uint64_t request, uint64_t *ret_number)
{
	struct task t = {.number = crew_next_task(c),
	    .ward = w,
	    .type = WIRE_WORK_EVENT,
	    .request = request,
	    .message = frame_new(bytes_of("message", 7))};
	enum err e = crew_add_task(c, &t);

	*ret_number = t.number;
	frame_unref(&t.message);
	return e;
}

static void test_what_a_hand_serves(void **state)
{
	struct crew *c = crew_new();
	struct hand *h;

	(void)state;
	assert_int_equal(crew_add(c, first, bytes_of("\x90", 1)), ERR_INVALID);
	assert_int_equal(crew_add(c, first, bytes_of("\x91\x01", 2)), ERR_INVALID);
	assert_int_equal(crew_add(c, first, bytes_of("\xa1/", 2)), ERR_INVALID);
	assert_null(crew_find(c, first));
	assert_int_equal(crew_add(c, first, two), ERR_OK);
	assert_int_equal(crew_add(c, first, one), ERR_EXISTS);
	h = crew_find(c, first);
	assert_true(hand_serves(h, STR("/")));
	assert_true(hand_serves(h, STR("/a")));
	assert_false(hand_serves(h, STR("/b")));
	assert_null(crew_find(c, second));
	crew_free(&c);
	assert_null(c);
	crew_free(&c);
}

static void test_wards_go_to_who_has_fewest(void **state)
{
	struct crew *c = crew_new();
	struct session s[5];
	struct ward *w[5];

	(void)state;
	assert_int_equal(crew_add(c, first, two), ERR_OK);
	assert_int_equal(crew_add(c, second, one), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = begin(i == 4 ? "/b" : "/");
		w[i] = ward_new(&s[i]);
		assert_ptr_equal(s[i].ward, w[i]);
		assert_int_equal(crew_hire(c, w[i]), i != 4);
	}
	assert_int_equal(crew_find(c, first)->ward_count, 2);
	assert_int_equal(crew_find(c, second)->ward_count, 2);
	struct hand *leaving = w[0]->hand;

	leaving->is_gone = true;
	while (leaving->wards) {
		struct ward *left = leaving->wards;

		crew_part(left);
		assert_true(crew_hire(c, left));
		assert_ptr_not_equal(left->hand, leaving);
	}
	crew_remove(c, &leaving);
	assert_null(leaving);
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		ward_free(c, &w[i]);
		assert_null(s[i].ward);
		ward_free(c, &w[i]);
	}
	crew_free(&c);
}

static void test_tasks_move_with_their_ward(void **state)
{
	struct crew *c = crew_new();
	struct session s = begin("/");
	struct ward *w = ward_new(&s);
	uint64_t a, b;

	(void)state;
	assert_int_equal(crew_add(c, first, one), ERR_OK);
	assert_true(crew_hire(c, w));
	struct hand *h = w->hand;

	assert_int_equal(give(c, w, 7, &a), ERR_OK);
	assert_int_equal(give(c, w, 8, &b), ERR_OK);
	assert_int_equal(h->task_count, 2);
	assert_int_equal(h->task_bytes, 14);
	assert_ptr_equal(ward_find_task(w, 8), crew_find_task(c, h, b));
	assert_null(ward_find_task(w, 9));
	crew_part(w);
	assert_int_equal(h->task_count, 0);
	assert_int_equal(h->task_bytes, 0);
	assert_null(crew_find_task(c, h, a));
	assert_true(crew_hire(c, w));
	assert_int_equal(h->task_count, 2);
	struct task *t = crew_find_task(c, h, a);

	crew_end_task(c, &t);
	assert_null(t);
	assert_null(crew_find_task(c, h, a));
	assert_int_equal(h->task_bytes, 7);
	ward_free(c, &w);
	assert_int_equal(h->task_count, 0);
	assert_int_equal(h->ward_count, 0);
	crew_free(&c);
	assert_int_equal(frame_live(), 0);
}

static void test_a_hand_is_given_only_so_much(void **state)
{
	struct crew *c = crew_new();
	struct session s = begin("/");
	struct ward *w = ward_new(&s);
	uint64_t number;

	(void)state;
	assert_int_equal(crew_add(c, first, one), ERR_OK);
	assert_true(crew_hire(c, w));
	for (uint64_t i = 1; i <= LIMIT_WORKER_TASKS; i++)
		assert_int_equal(give(c, w, i, &number), ERR_OK);
	assert_int_equal(give(c, w, LIMIT_WORKER_TASKS + 1, &number), ERR_FULL);
	ward_free(c, &w);
	crew_free(&c);
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_hand_serves),
	    cmocka_unit_test(test_wards_go_to_who_has_fewest),
	    cmocka_unit_test(test_tasks_move_with_their_ward),
	    cmocka_unit_test(test_a_hand_is_given_only_so_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
