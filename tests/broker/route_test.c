#include "tests/check.h"

#include "broker/route.h"

struct peer {
	int unused;
};

static size_t members_at(const struct route *r, const struct peer *p)
{
	size_t found = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (r->stops[i].peer == p)
			found += r->stops[i].members;
	}
	return found;
}

static void test_one_stop_for_each_peer(void **state)
{
	struct route r = {0};
	struct peer east, west;

	(void)state;
	route_add(&r, &east);
	route_add(&r, &west);
	route_add(&r, &east);
	assert_int_equal(r.count, 2);
	assert_int_equal(members_at(&r, &east), 2);
	assert_true(route_has(&r, &east));
	assert_int_equal(members_at(&r, &west), 1);
	route_free(&r);
}

static void test_a_stop_goes_with_its_last_member(void **state)
{
	struct route r = {0};
	struct peer east, west;

	(void)state;
	route_add(&r, &east);
	route_add(&r, &east);
	route_add(&r, &west);
	route_remove(&r, &east);
	assert_int_equal(r.count, 2);
	route_remove(&r, &east);
	assert_int_equal(r.count, 1);
	assert_false(route_has(&r, &east));
	assert_true(route_has(&r, &west));
	assert_int_equal(members_at(&r, &east), 0);
	assert_int_equal(members_at(&r, &west), 1);
	route_free(&r);
}

/* A room that nobody is in must cost nothing: there may be a million of them. */
static void test_an_empty_route_keeps_no_memory(void **state)
{
	struct route r = {0};
	struct peer east;

	(void)state;
	route_add(&r, &east);
	route_remove(&r, &east);
	assert_int_equal(r.count, 0);
	assert_int_equal(r.size, 0);
	assert_null(r.stops);
	route_add(&r, &east);
	assert_int_equal(members_at(&r, &east), 1);
	route_free(&r);
	route_free(&r);
	assert_null(r.stops);
}

static void test_many_peers(void **state)
{
	enum { PEERS = 100 };
	struct route r = {0};
	struct peer peers[PEERS];

	(void)state;
	for (size_t i = 0; i < PEERS; i++) {
		route_add(&r, &peers[i]);
		route_add(&r, &peers[i]);
	}
	for (size_t i = 0; i < PEERS; i += 2) {
		route_remove(&r, &peers[i]);
		route_remove(&r, &peers[i]);
	}
	assert_int_equal(r.count, PEERS / 2);
	for (size_t i = 0; i < PEERS; i++)
		assert_int_equal(members_at(&r, &peers[i]), i % 2 ? 2 : 0);
	route_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_stop_for_each_peer),
	    cmocka_unit_test(test_a_stop_goes_with_its_last_member),
	    cmocka_unit_test(test_an_empty_route_keeps_no_memory),
	    cmocka_unit_test(test_many_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
