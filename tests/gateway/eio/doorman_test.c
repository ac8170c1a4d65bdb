#include "gateway/eio/doorman.h"

#include "tests/check.h"
#include "tests/fakes/log.h"
#include "tests/fakes/loop.h"

#include <stdio.h>

struct scene {
	struct loop loop;
	struct doorman *doorman;
};

static struct scene *begin(uint64_t per_second)
{
	static struct scene s;

	s.loop = (struct loop){.now = {5000000}};
	s.doorman = doorman_new(&s.loop, per_second);
	fake_log_forget();
	return &s;
}

static void end(struct scene *s)
{
	doorman_free(&s->doorman);
	assert_null(s->doorman);
}

static bool comes(struct scene *s, const char *address)
{
	struct ip ip;

	assert_int_equal(ip_parse(str_of(address), &ip), ERR_OK);
	return doorman_admit(s->doorman, &ip);
}

static unsigned admitted(struct scene *s, const char *address, unsigned times)
{
	unsigned n = 0;

	while (times-- > 0)
		n += comes(s, address);
	return n;
}

static void test_so_many_a_second_and_twice_at_once(void **state)
{
	struct scene *s = begin(5);

	(void)state;
	assert_int_equal(admitted(s, "192.0.2.1", 100), 10);
	assert_int_equal(admitted(s, "192.0.2.2", 100), 10);
	s->loop.now = mono_add_ms(s->loop.now, 1000);
	assert_int_equal(admitted(s, "192.0.2.1", 100), 5);
	assert_int_equal(doorman_refused(s->doorman), 275);
	end(s);
}

static void test_nobody_is_refused_without_a_rate(void **state)
{
	struct scene *s = begin(0);

	(void)state;
	assert_int_equal(admitted(s, "192.0.2.1", 1000), 1000);
	assert_int_equal(doorman_known(s->doorman), 0);
	end(s);
}

static void test_a_network_of_ipv6_is_one_customer(void **state)
{
	struct scene *s = begin(1);

	(void)state;
	assert_true(comes(s, "2001:db8:1:2::1"));
	assert_true(comes(s, "2001:db8:1:2:3:4:5:6"));
	assert_false(comes(s, "2001:db8:1:2:ffff::1"));
	assert_true(comes(s, "2001:db8:1:3::1"));
	/* Those of IPv4 are not. */
	assert_int_equal(admitted(s, "192.0.2.1", 3), 2);
	assert_int_equal(admitted(s, "192.0.2.2", 3), 2);
	end(s);
}

static void test_who_was_quiet_is_forgotten(void **state)
{
	struct scene *s = begin(5);

	(void)state;
	assert_true(comes(s, "192.0.2.1"));
	assert_true(comes(s, "192.0.2.2"));
	s->loop.now = mono_add_ms(s->loop.now, 2000);
	assert_true(comes(s, "192.0.2.3"));
	assert_int_equal(doorman_known(s->doorman), 1);
	end(s);
}

static void test_the_table_is_bounded(void **state)
{
	struct scene *s = begin(1);
	char address[32];

	(void)state;
	for (unsigned i = 0; i < DOORMAN_MAX + 100; i++) {
		snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		assert_true(comes(s, address));
	}
	assert_int_equal(doorman_known(s->doorman), DOORMAN_MAX);
	end(s);
}

static void test_the_log_hears_of_an_address_once_a_minute(void **state)
{
	struct scene *s = begin(1);

	(void)state;
	for (int i = 0; i < 100; i++) {
		(void)!comes(s, "192.0.2.1");
		(void)!comes(s, "192.0.2.1");
		(void)!comes(s, "192.0.2.1");
		s->loop.now = mono_add_ms(s->loop.now, 1000);
	}
	assert_int_equal(fake_log_count("handshakes.limited"), 2);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_so_many_a_second_and_twice_at_once),
	    cmocka_unit_test(test_nobody_is_refused_without_a_rate),
	    cmocka_unit_test(test_a_network_of_ipv6_is_one_customer),
	    cmocka_unit_test(test_who_was_quiet_is_forgotten),
	    cmocka_unit_test(test_the_table_is_bounded),
	    cmocka_unit_test(test_the_log_hears_of_an_address_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
