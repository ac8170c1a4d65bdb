#include "tests/check.h"

#include "broker/config.h"
#include "proto/limits.h"
#include "tests/common/conf_trial.h"

#include <string.h>

static const struct conf_trial trial = {&config_spec, NULL};

static int setup(void **state)
{
	return conf_trial_setup(&trial, state);
}

static int teardown(void **state)
{
	return conf_trial_teardown(&trial, state);
}

static void assert_fault(const struct config *c, const char *sentence)
{
	conf_trial_says(&trial, c, sentence);
}

static void assert_no_fault(const struct config *c)
{
	conf_trial_says(&trial, c, "");
}

/* A rule is tried on a copy of the defaults that borrows their text. */
static struct config with(
    const struct config *c, const char *tcp, const char *secret, const char *authorized)
{
	struct config copy = *c;

	copy.tcp_endpoint = (char *)tcp;
	copy.curve_secret_file = (char *)secret;
	copy.authorized_gateways = (char *)authorized;
	return copy;
}

static void test_the_defaults_are_valid(void **state)
{
	const struct config *c = *state;

	assert_no_fault(c);
	assert_string_equal(c->ipc_endpoint, "ipc:///run/roomcast/link.sock");
	assert_string_equal(c->tcp_endpoint, "");
	assert_string_equal(c->http_listen, "127.0.0.1:9400");
	assert_int_equal(c->synchronous, 0); /* full: what is acknowledged is on the disk */
	assert_int_equal(c->namespace_count, 3);
	assert_string_equal(c->namespaces[1].name, "/chat");
	assert_true(c->namespaces[1].create_rooms);
	assert_true(c->max_rooms_per_socket <= LIMIT_ROOMS_PER_SOCKET);
}

static void test_the_sample_says_the_defaults(void **state)
{
	const struct config *defaults = *state;
	struct config sample;

	conf_trial_load_sample(&trial, &sample);
	assert_string_equal(sample.database, defaults->database);
	assert_string_equal(sample.control_endpoint, defaults->control_endpoint);
	assert_int_equal(sample.lease_ms, defaults->lease_ms);
	assert_int_equal(sample.gateway_backlog_max_bytes, defaults->gateway_backlog_max_bytes);
	assert_int_equal(sample.namespace_count, defaults->namespace_count);
	conf_free(&config_spec, &sample);
}

static void test_some_door_must_be_open(void **state)
{
	struct config c = with(*state, "", "", "");

	c.ipc_endpoint = (char *)"";
	assert_fault(&c, "no gateway can connect: set ipc-endpoint or tcp-endpoint in [link]");
	c = with(*state, "tcp://0.0.0.0:7400", "/key", "/folder");
	c.ipc_endpoint = (char *)"";
	assert_no_fault(&c);
}

static void test_tcp_needs_keys(void **state)
{
	struct config c = with(*state, "tcp://0.0.0.0:7400", "", "/folder");

	assert_fault(&c, "tcp-endpoint needs curve-secret-file: make one with `roomcastctl keygen "
			 "curve`");
	c = with(*state, "tcp://0.0.0.0:7400", "/key", "");
	assert_fault(&c, "tcp-endpoint needs authorized-gateways: the folder of the gateways' .pub "
			 "files");
	c = with(*state, "", "/key", ""); /* written down for later */
	assert_no_fault(&c);
}

static void test_a_lease_is_three_heartbeats(void **state)
{
	struct config c = *(const struct config *)*state;

	c.lease_ms = c.heartbeat_ms * 3;
	assert_no_fault(&c);
	c.lease_ms--;
	assert_fault(&c, "lease-ms must be at least three times heartbeat-ms");
}

static void test_there_must_be_a_database(void **state)
{
	struct config c = *(const struct config *)*state;

	c.database = (char *)"";
	assert_fault(&c, "database is empty: set the path of the database file in [store]");
}

static void test_names_of_namespaces(void **state)
{
	struct config c = *(const struct config *)*state;
	char longest[LIMIT_NSP + 2];
	struct namespace_conf two[] = {{.name = (char *)"/"}, {.name = longest}};

	memset(longest, 'n', sizeof(longest));
	longest[0] = '/';
	longest[LIMIT_NSP + 1] = '\0';
	c.namespaces = two;
	c.namespace_count = ARRAY_LEN(two);
	assert_fault(&c, "the name of a namespace is too long");
	longest[LIMIT_NSP] = '\0';
	assert_no_fault(&c);
	two[1].name = (char *)"chat";
	assert_fault(&c, "the name of a namespace must begin with /");
	static const char *const bad[] = {"/a,b", "/a?b", "/a b", "/a\tb", "/a\"b", "/a\\b"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		two[1].name = (char *)bad[i];
		assert_fault(
		    &c, "the name of a namespace holds a comma, question mark, quote or space");
	}
}

static void test_a_file_sets_what_it_names(void **state)
{
	struct config c;

	(void)state;
	conf_trial_load(&trial,
	    "[store]\nsynchronous = normal\n[rooms]\nmax-rooms = 7\n"
	    "[namespace /only]\ncreate-rooms = no\n",
	    &c);
	assert_int_equal(c.synchronous, 1);
	assert_int_equal(c.max_rooms, 7);
	assert_int_equal(c.namespace_count, 1);
	assert_string_equal(c.namespaces[0].name, "/only");
	assert_false(c.namespaces[0].create_rooms);
	conf_free(&config_spec, &c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_defaults_are_valid),
	    TEST(test_the_sample_says_the_defaults),
	    TEST(test_some_door_must_be_open),
	    TEST(test_tcp_needs_keys),
	    TEST(test_a_lease_is_three_heartbeats),
	    TEST(test_there_must_be_a_database),
	    TEST(test_names_of_namespaces),
	    TEST(test_a_file_sets_what_it_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
