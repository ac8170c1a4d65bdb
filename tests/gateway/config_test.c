#include "tests/check.h"

#include "gateway/config.h"
#include "proto/limits.h"
#include "tests/common/capture.h"
#include "tests/common/conf_trial.h"
#include "tests/common/tempdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With a key for tokens. */
static const struct conf_trial trial = {&config_spec, "--token-hs256-secret-file=/secret"};

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

/* ---- the table ---- */

static void test_the_defaults_are_those_of_the_manual(void **state)
{
	const struct config *c = *state;

	assert_no_fault(c);
	assert_int_equal(c->port, 3000);
	assert_string_equal(c->path, "/socket.io/");
	assert_int_equal(c->ping_interval_ms, 25000);
	assert_int_equal(c->ping_timeout_ms, 60000);
	assert_int_equal(c->upgrade_timeout_ms, 30000);
	assert_int_equal(c->connect_timeout_ms, 45000);
	assert_int_equal(c->max_payload_bytes, 1000000);
	assert_string_equal(c->error_event, "error");
	assert_int_equal(c->namespace_count, 3);
	assert_string_equal(c->namespaces[0].name, "/");
	assert_string_equal(c->namespaces[1].name, "/chat");
	assert_string_equal(c->namespaces[2].name, "/notifications");
}

static void test_the_sample_says_the_defaults(void **state)
{
	const struct config *defaults = *state;
	struct config sample;

	conf_trial_load_sample(&trial, &sample);
	assert_string_equal(sample.listen_address, defaults->listen_address);
	assert_string_equal(sample.broker_endpoint, defaults->broker_endpoint);
	assert_int_equal(sample.pending_max_bytes, defaults->pending_max_bytes);
	assert_int_equal(sample.token_leeway_ms, defaults->token_leeway_ms);
	assert_int_equal(sample.log_level, defaults->log_level);
	assert_int_equal(sample.namespace_count, defaults->namespace_count);
	conf_free(&config_spec, &sample);
}

/* A message must fit into the link's with all that is around it. */
static void test_the_largest_payload_fits_into_the_link(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_spec.option_count; i++) {
		if (strcmp(config_spec.options[i].name, "max-payload-bytes") == 0)
			assert_true(config_spec.options[i].max * 3 < LIMIT_LINK_MESSAGE);
	}
}

/* ---- the rules ---- */

static void test_tcp_needs_keys(void **state)
{
	static const char sentence[] =
	    "a tcp broker-endpoint needs curve-secret-file and broker-public-key-file: make keys "
	    "with `roomcastctl keygen curve`";
	struct config c = *(struct config *)*state;

	c.broker_endpoint = (char *)"tcp://broker.example:7400";
	assert_fault(&c, sentence);
	c.curve_secret_file = (char *)"/gateway.key";
	assert_fault(&c, sentence);
	c.broker_public_key_file = (char *)"/broker.pub";
	assert_no_fault(&c);
	c.curve_secret_file = (char *)"";
	assert_fault(&c, sentence);
	c.broker_endpoint = (char *)"ipc:///run/link.sock";
	assert_no_fault(&c);
}

static void test_some_token_must_be_checkable(void **state)
{
	struct config c = *(struct config *)*state;

	c.token_hs256_secret_file = (char *)"";
	assert_fault(&c, "no token can be checked: set token-keys-file, token-hs256-secret-file or "
			 "token-eddsa-public-key-file in "
			 "[token]");
	c.token_eddsa_public_key_file = (char *)"/issuer.pem";
	assert_no_fault(&c);
	c.token_hs256_secret_file = (char *)"/secret";
	assert_no_fault(&c);
}

static void test_certificate_and_key_go_together(void **state)
{
	static const char fault[] =
	    "tls-certificate-file and tls-key-file go together: set both, or "
	    "none for plain http";
	struct config c = *(struct config *)*state;
	char why[400] = "";

	c.tls_certificate_file = (char *)"/nowhere/tls.pem";
	assert_fault(&c, fault);
	c.tls_key_file = (char *)"/nowhere/tls.key";
	assert_int_equal(config_spec.check(&c, why, sizeof(why)), ERR_NOT_FOUND);
	assert_non_null(strstr(why, "/nowhere/tls.pem does not exist"));
	c.tls_certificate_file = (char *)"";
	assert_fault(&c, fault);
}

static void test_the_path_begins_with_a_slash(void **state)
{
	struct config c = *(struct config *)*state;

	c.path = (char *)"socket.io/";
	assert_fault(&c, "path must begin with /");
	c.path = (char *)"";
	assert_fault(&c, "path must begin with /");
	c.path = (char *)"/";
	assert_no_fault(&c);
}

/* A text of len times 'x'. */
static char *text_of(size_t len)
{
	static char text[LIMIT_EVENT + 2];

	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}

static void test_the_gateway_id_fits_into_the_link(void **state)
{
	struct config c = *(struct config *)*state;

	c.gateway_id = text_of(LIMIT_GATEWAY_ID + 1);
	assert_fault(&c, "gateway-id is too long");
	c.gateway_id = text_of(LIMIT_GATEWAY_ID);
	assert_no_fault(&c);
}

static void test_the_error_event_is_a_name(void **state)
{
	struct config c = *(struct config *)*state;

	c.error_event = (char *)"";
	assert_fault(&c, "error-event must be 1 to 256 bytes");
	c.error_event = text_of(LIMIT_EVENT + 1);
	assert_fault(&c, "error-event must be 1 to 256 bytes");
	c.error_event = text_of(LIMIT_EVENT);
	assert_no_fault(&c);
}

static void test_the_namespaces_are_checked(void **state)
{
	struct config c = *(struct config *)*state;
	struct namespace_conf bad = {.name = (char *)"chat"};

	c.namespaces = &bad;
	c.namespace_count = 1;
	assert_fault(&c, "the name of a namespace must begin with /");
}

/* What the operator reads. */
static void test_a_fault_refuses_the_start(void **state)
{
	char *argv[] = {(char *)"roomcast-gateway", (char *)"--path=x",
	    (char *)"--token-hs256-secret-file=/secret", NULL};
	struct capture *said = capture_new(STDERR_FILENO);
	struct config c = {0};
	enum conf_outcome outcome = conf_load(&config_spec, 3, argv, &c);
	char *text = capture_end(&said);

	(void)state;
	assert_int_equal(outcome, CONF_BAD);
	assert_string_equal(text, "roomcast-gateway: path must begin with /\n");
	free(text);
}

/* What a file with these lines in [web] is refused with, less program and name of the file. */
static void assert_web_refused(const char *lines, const char *sentence)
{
	struct tempdir *t = tempdir_new();
	char text[1000], expected[1000];

	snprintf(text, sizeof(text), "[web]\n%s\n", lines);

	const char *path = tempdir_write(t, "gateway.conf", text, strlen(text), 0644);
	char *argv[] = {(char *)"roomcast-gateway", (char *)"--config", (char *)path,
	    (char *)"--token-hs256-secret-file=/secret", NULL};
	struct capture *said = capture_new(STDERR_FILENO);
	struct config c = {0};
	enum conf_outcome outcome = conf_load(&config_spec, 4, argv, &c);
	char *complaint = capture_end(&said);

	snprintf(expected, sizeof(expected), "roomcast-gateway: %s:%s\n", path, sentence);
	assert_int_equal(outcome, CONF_BAD);
	assert_string_equal(complaint, expected);
	free(complaint);
	tempdir_free(&t);
}

static void test_lists_of_the_web_are_checked(void **state)
{
	(void)state;
	assert_web_refused("cors-origins = https://a.example https://b.example/",
	    "2: cors-origins = https://b.example/ has a path: an origin ends with host or port");
	assert_web_refused("cookie = io\ntrusted-proxies = 127.0.0.1 10.0.0.0/33",
	    "3: trusted-proxies = 10.0.0.0/33 is no address: give numbers like 10.0.0.5, "
	    "10.0.0.0/8, ::1 or fd00::/8");
	assert_web_refused(
	    "cookie = a=b", "2: cookie = a=b is no name of a cookie: give letters and digits");
	assert_web_refused("cookie = "
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "2: cookie = the name of a cookie has at most 64 bytes");
	assert_web_refused("cors-origins = *\ncors-credentials = yes",
	    " cors-origins with cors-credentials: * cannot go with credentials, browsers refuse "
	    "the two together: name the origins");
	assert_web_refused(
	    "proxy-protocol = yes", " proxy-protocol without trusted-proxies: name the proxies");
}

static void test_the_web_may_be_open(void **state)
{
	struct config c = *(struct config *)*state;

	assert_string_equal(c.cors_origins, "");
	assert_string_equal(c.cookie, "");
	assert_string_equal(c.trusted_proxies, "");
	c.cors_origins = (char *)"*";
	assert_no_fault(&c);
	c.cors_credentials = true;
	c.cors_origins = (char *)"https://app.example";
	assert_no_fault(&c);
	c.trusted_proxies = (char *)"127.0.0.1";
	c.proxy_protocol = true;
	assert_no_fault(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_the_defaults_are_those_of_the_manual),
	    TEST(test_the_sample_says_the_defaults),
	    TEST(test_the_largest_payload_fits_into_the_link),
	    TEST(test_tcp_needs_keys),
	    TEST(test_some_token_must_be_checkable),
	    TEST(test_certificate_and_key_go_together),
	    TEST(test_the_path_begins_with_a_slash),
	    TEST(test_the_gateway_id_fits_into_the_link),
	    TEST(test_the_error_event_is_a_name),
	    TEST(test_the_namespaces_are_checked),
	    TEST(test_a_fault_refuses_the_start),
	    TEST(test_lists_of_the_web_are_checked),
	    TEST(test_the_web_may_be_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
