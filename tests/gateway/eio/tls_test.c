#include "tests/check.h"

#include "gateway/eio/tls.h"
#include "tests/fakes/log.h"
#include "tests/gateway/eio/issuer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

enum { HOUR_S = 3600, HOUR_MS = HOUR_S * 1000, ROUNDS = 20 };

static const struct wall now = {1800000000000};

/* A server and its clients, over memory in the place of sockets. */
struct scene {
	struct tempdir *dir;
	struct tls_files files;
	struct tls *tls;
	SSL_CTX *server_context, *client_context;
	SSL *server, *client;
	SSL_SESSION *session; /* for the next client to go on with */
};

static void issue(struct scene *s, enum issuer_key key, int64_t serial)
{
	s->files = issuer_write(s->dir, "server",
	    &(struct issuer_order){.key = key, .serial = serial, .expires_s = HOUR_S});
}

static int on_session(SSL *client, SSL_SESSION *session)
{
	struct scene *s = SSL_get_app_data(client);

	SSL_SESSION_free(s->session);
	s->session = session;
	return 1;
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));
	char why[TLS_WHY_SIZE];

	s->dir = tempdir_new();
	issue(s, ISSUER_EC, 1);
	assert_int_equal(tls_new(&s->files, (struct wall){0}, why, &s->tls), ERR_OK);
	fake_log_forget();
	s->server_context = SSL_CTX_new(TLS_server_method());
	assert_true(tls_govern(s->tls, (struct tls_context *)(void *)s->server_context));
	s->client_context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_session_cache_mode(s->client_context, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(s->client_context, on_session);
	*state = s;
	return 0;
}

static void hang_up(struct scene *s)
{
	/* Else OpenSSL takes the session for a broken one. */
	if (s->client)
		SSL_set_shutdown(s->client, SSL_SENT_SHUTDOWN);
	SSL_free(s->server);
	SSL_free(s->client);
	s->server = s->client = NULL;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	hang_up(s);
	SSL_SESSION_free(s->session);
	SSL_CTX_free(s->server_context);
	SSL_CTX_free(s->client_context);
	tls_free(&s->tls);
	assert_null(s->tls);
	tempdir_free(&s->dir);
	free(s);
	return 0;
}

static void dial(struct scene *s)
{
	BIO *ours, *theirs;

	hang_up(s);
	BIO_new_bio_pair(&ours, 0, &theirs, 0);
	s->server = SSL_new(s->server_context);
	s->client = SSL_new(s->client_context);
	SSL_set_app_data(s->client, s);
	SSL_set_bio(s->server, ours, ours);
	SSL_set_bio(s->client, theirs, theirs);
	SSL_set_accept_state(s->server);
	SSL_set_connect_state(s->client);
}

/* As libwebsockets calls it, with an empty queue of errors. */
static int serve(struct scene *s)
{
	ERR_clear_error();
	return SSL_accept(s->server);
}

/* true = both are sure of each other. */
static bool shake(struct scene *s)
{
	char c;

	for (int i = 0; i < ROUNDS; i++) {
		ERR_clear_error();
		(void)SSL_do_handshake(s->client);
		(void)serve(s);
		/* Reads what comes behind the handshake: tickets, alerts. */
		(void)SSL_read(s->client, &c, 1);
	}
	return SSL_is_init_finished(s->client) && SSL_is_init_finished(s->server) &&
	       !SSL_get_shutdown(s->client);
}

static int64_t serial_seen(const struct scene *s)
{
	int64_t serial = 0;
	X509 *x = SSL_get0_peer_certificate(s->client);

	if (x)
		ASN1_INTEGER_get_int64(&serial, X509_get0_serialNumber(x));
	return serial;
}

static void assert_counts(const struct scene *s, unsigned begun, unsigned done, unsigned failed)
{
	struct tls_counts c = tls_counts(s->tls);

	assert_int_equal(c.begun, begun);
	assert_int_equal(c.done, done);
	assert_int_equal(c.failed, failed);
}

static void test_versions(void **state)
{
	struct scene *s = *state;

	dial(s);
	assert_true(shake(s));
	assert_int_equal(SSL_version(s->client), TLS1_3_VERSION);
	assert_int_equal(serial_seen(s), 1);
	SSL_CTX_set_max_proto_version(s->client_context, TLS1_2_VERSION);
	dial(s);
	assert_true(shake(s));
	assert_int_equal(SSL_version(s->client), TLS1_2_VERSION);
	assert_counts(s, 2, 2, 0);
	/* Whatever a client is ready to do. */
	SSL_CTX_set_security_level(s->client_context, 0);
	SSL_CTX_set_max_proto_version(s->client_context, TLS1_1_VERSION);
	dial(s);
	assert_false(shake(s));
	assert_counts(s, 3, 2, 1);
}

static void test_only_forward_secrecy(void **state)
{
	struct scene *s = *state;

	char why[TLS_WHY_SIZE];

	issue(s, ISSUER_RSA, 2);
	assert_int_equal(tls_reload(s->tls, now, why), ERR_OK);
	SSL_CTX_set_max_proto_version(s->client_context, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(s->client_context, "AES128-GCM-SHA256:AES128-SHA");
	dial(s);
	assert_false(shake(s));
	SSL_CTX_set_cipher_list(s->client_context, "ECDHE-RSA-AES128-GCM-SHA256");
	dial(s);
	assert_true(shake(s));
}

static void test_reload_shows_another_kind_of_certificate(void **state)
{
	struct scene *s = *state;
	char why[TLS_WHY_SIZE];

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		SSL_CTX_set_max_proto_version(s->client_context, version);
		issue(s, ISSUER_RSA, 20);
		assert_int_equal(tls_reload(s->tls, now, why), ERR_OK);
		dial(s);
		assert_true(shake(s));
		assert_int_equal(serial_seen(s), 20);
		issue(s, ISSUER_EC, 21);
		assert_int_equal(tls_reload(s->tls, now, why), ERR_OK);
		/* The one that is there goes on as it was. */
		assert_int_equal(SSL_write(s->server, "x", 1), 1);
		dial(s);
		assert_true(shake(s));
		assert_int_equal(serial_seen(s), 21);
	}
}

static void test_failed_reload_changes_nothing(void **state)
{
	struct scene *s = *state;
	int64_t expires = tls_expires(s->tls);
	char why[TLS_WHY_SIZE] = "";

	tempdir_write(s->dir, "server.pem", "half a cert", 11, 0600);
	assert_int_equal(tls_reload(s->tls, now, why), ERR_INVALID);
	assert_non_null(strstr(why, "server.pem"));
	assert_int_equal(tls_expires(s->tls), expires);
	dial(s);
	assert_true(shake(s));
	assert_int_equal(serial_seen(s), 1);
}

static bool goes_on(struct scene *s)
{
	dial(s);
	SSL_set_session(s->client, s->session);
	assert_true(shake(s));
	return SSL_session_reused(s->client);
}

static void test_tickets_are_good_for_a_while(void **state)
{
	struct scene *s = *state;
	const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct mono t = {1000};

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		SSL_CTX_set_max_proto_version(s->client_context, versions[i]);
		tls_tend(s->tls, t);
		dial(s);
		assert_true(shake(s));
		assert_true(goes_on(s));
		tls_tend(s->tls, mono_add_ms(t, HOUR_MS - 1));
		assert_true(goes_on(s));
		t = mono_add_ms(t, HOUR_MS);
		tls_tend(s->tls, t);
		assert_false(goes_on(s));
		assert_true(goes_on(s));
	}
}

static void test_tickets_end_with_the_certificate(void **state)
{
	struct scene *s = *state;
	char why[TLS_WHY_SIZE];

	dial(s);
	assert_true(shake(s));
	assert_true(goes_on(s));
	issue(s, ISSUER_EC, 3);
	assert_int_equal(tls_reload(s->tls, now, why), ERR_OK);
	assert_false(goes_on(s));
	assert_int_equal(serial_seen(s), 3);
}

static void test_no_renegotiation(void **state)
{
	struct scene *s = *state;
	char c;

	SSL_CTX_set_max_proto_version(s->client_context, TLS1_2_VERSION);
	dial(s);
	assert_true(shake(s));
	assert_int_equal(SSL_renegotiate(s->client), 1);
	(void)SSL_do_handshake(s->client);
	(void)SSL_read(s->server, &c, 1);
	(void)SSL_read(s->client, &c, 1);
	assert_false(SSL_is_init_finished(s->client));
	assert_counts(s, 1, 1, 0);
}

/* What TLS 1.3 calls a handshake within a connection is none of a new one. */
static void test_new_keys_are_no_new_handshake(void **state)
{
	struct scene *s = *state;
	char c;

	dial(s);
	assert_true(shake(s));
	assert_int_equal(SSL_key_update(s->client, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_write(s->client, "x", 1), 1);
	assert_int_equal(SSL_read(s->server, &c, 1), 1);
	assert_counts(s, 1, 1, 0);
}

static void say_nonsense(struct scene *s)
{
	static const char nonsense[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

	dial(s);
	BIO_write(SSL_get_wbio(s->client), nonsense, sizeof(nonsense) - 1);
	assert_int_equal(serve(s), -1);
}

static void test_failures_do_not_flood_the_log(void **state)
{
	struct scene *s = *state;
	struct mono t = {1000};

	tls_tend(s->tls, t);
	for (int i = 0; i < 5; i++)
		say_nonsense(s);
	assert_counts(s, 5, 0, 5);
	assert_int_equal(fake_log_count("info tls.failed reason=http request count=1"), 1);
	assert_int_equal(fake_log_count("tls.failed"), 1);
	tls_tend(s->tls, mono_add_ms(t, 10000));
	say_nonsense(s);
	assert_int_equal(fake_log_count("info tls.failed reason=http request count=5"), 1);
	assert_int_equal(fake_log_count("tls.failed"), 2);
}

static void test_silence_is_no_failure_yet(void **state)
{
	struct scene *s = *state;

	dial(s);
	assert_int_equal(serve(s), -1);
	assert_int_equal(serve(s), -1);
	assert_counts(s, 1, 0, 0);
	/* Gone without a word: probes of the port do nothing else. */
	BIO_shutdown_wr(SSL_get_wbio(s->client));
	assert_int_equal(serve(s), -1);
	assert_counts(s, 1, 0, 1);
	assert_int_equal(fake_log_count("tls.failed"), 0);
}

static void test_times_are_told(void **state)
{
	struct scene *s = *state;
	char why[TLS_WHY_SIZE];
	struct wall expired = {tls_expires(s->tls) * 1000};
	struct tls *other = NULL;

	assert_int_equal(tls_reload(s->tls, expired, why), ERR_OK);
	assert_int_equal(fake_log_count("warn tls.expired"), 1);
	assert_int_equal(tls_reload(s->tls, (struct wall){expired.ms - 1000}, why), ERR_OK);
	assert_int_equal(fake_log_count("tls."), 1);
	assert_int_equal(tls_new(&s->files, (struct wall){1000}, why, &other), ERR_OK);
	assert_int_equal(fake_log_count("warn tls.not_yet_valid"), 1);
	tls_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_only_forward_secrecy, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_reload_shows_another_kind_of_certificate, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_failed_reload_changes_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tickets_are_good_for_a_while, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tickets_end_with_the_certificate, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_renegotiation, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_new_keys_are_no_new_handshake, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_failures_do_not_flood_the_log, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_silence_is_no_failure_yet, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_times_are_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
