#include "tests/check.h"

#include "gateway/eio/tls_pair.h"
#include "tests/gateway/eio/issuer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOUR_S = 3600 };

static const struct issuer_order good = {.serial = 1, .expires_s = HOUR_S};

static int setup(void **state)
{
	*state = tempdir_new();
	return 0;
}

static int teardown(void **state)
{
	tempdir_free((struct tempdir **)state);
	return 0;
}

static void assert_refused(const struct tls_files *files, enum err expected, const char *word)
{
	struct tls_pair *pair = NULL;
	char why[TLS_WHY_SIZE] = "";

	assert_int_equal(tls_pair_read(files, why, &pair), expected);
	assert_null(pair);
	if (!strstr(why, word))
		fail_msg("\"%s\" does not say \"%s\"", why, word);
}

static void assert_taken(const struct tls_files *files)
{
	struct tls_pair *pair = NULL;
	char why[TLS_WHY_SIZE] = "";

	if (tls_pair_read(files, why, &pair))
		fail_msg("%s", why);
	tls_pair_free(&pair);
	assert_null(pair);
}

/* The text of a file, with more behind it. */
static const char *join(struct tempdir *t, const char *name, const char *first, const char *second)
{
	char text[16384];
	size_t len = 0;
	const char *paths[] = {first, second};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		FILE *f = fopen(paths[i], "r");

		len += fread(text + len, 1, sizeof(text) - len, f);
		fclose(f);
	}
	return tempdir_write(t, name, text, len, 0600);
}

static void test_wanted(void **state)
{
	(void)state;
	assert_false(tls_is_wanted(&(struct tls_files){0}));
	assert_false(tls_is_wanted(&(struct tls_files){"", ""}));
	assert_true(tls_is_wanted(&(struct tls_files){"c", "k"}));
}

static void test_every_kind_of_key(void **state)
{
	struct tls_files ec = issuer_write(*state, "ec", &good);
	struct tls_files rsa = issuer_write(
	    *state, "rsa", &(struct issuer_order){.key = ISSUER_RSA, .expires_s = HOUR_S});

	assert_taken(&ec);
	assert_taken(&rsa);
}

static void test_times(void **state)
{
	struct tls_files files = issuer_write(
	    *state, "times", &(struct issuer_order){.begins_s = -2 * HOUR_S, .expires_s = -HOUR_S});
	struct tls_pair *pair = NULL;
	char why[TLS_WHY_SIZE];

	/* Not its affair: whoever shows it must know. */
	assert_int_equal(tls_pair_read(&files, why, &pair), ERR_OK);
	assert_in_range(tls_pair_expires(pair), time(NULL) - HOUR_S - 60, time(NULL) - HOUR_S);
	assert_int_equal(tls_pair_expires(pair) - tls_pair_begins(pair), HOUR_S);
	tls_pair_free(&pair);
}

static void test_chain_and_one_file_for_both(void **state)
{
	struct tls_files a = issuer_write(*state, "a", &good), b = issuer_write(*state, "b", &good);
	const char *chain = join(*state, "chain", a.certificate, b.certificate);
	const char *both = join(*state, "both", a.certificate, a.key);

	assert_taken(&(struct tls_files){chain, a.key});
	assert_taken(&(struct tls_files){both, both});
	/* The server's own is the first. */
	assert_refused(&(struct tls_files){chain, b.key}, ERR_INVALID, "does not belong");
}

static void test_not_a_pair(void **state)
{
	struct tls_files a = issuer_write(*state, "a", &good), b = issuer_write(*state, "b", &good);
	struct tls_files rsa = issuer_write(
	    *state, "rsa", &(struct issuer_order){.key = ISSUER_RSA, .expires_s = HOUR_S});

	assert_refused(&(struct tls_files){a.certificate, b.key}, ERR_INVALID, b.key);
	assert_refused(&(struct tls_files){a.certificate, rsa.key}, ERR_INVALID, "does not belong");
	assert_refused(&(struct tls_files){a.key, a.key}, ERR_INVALID, "no certificate");
	assert_refused(
	    &(struct tls_files){a.certificate, a.certificate}, ERR_INVALID, "no private key");
}

static void test_too_weak(void **state)
{
	struct tls_files weak = issuer_write(
	    *state, "weak", &(struct issuer_order){.key = ISSUER_RSA_WEAK, .expires_s = HOUR_S});

	assert_refused(&weak, ERR_INVALID, "stronger key");
}

static void test_encrypted_key(void **state)
{
	struct tls_files files = issuer_write(*state, "locked",
	    &(struct issuer_order){.expires_s = HOUR_S, .passphrase = "open sesame"});

	assert_refused(&files, ERR_INVALID, "passphrase");
}

static void test_files_that_are_not_as_they_must_be(void **state)
{
	struct tls_files files = issuer_write(*state, "files", &good);
	const char *nowhere = tempdir_path(*state, "nowhere");
	const char *noise = tempdir_write(*state, "noise", "noise", 5, 0600);
	const char *empty = tempdir_write(*state, "empty", "", 0, 0600);

	assert_refused(&(struct tls_files){nowhere, files.key}, ERR_NOT_FOUND, nowhere);
	assert_refused(&(struct tls_files){files.certificate, nowhere}, ERR_NOT_FOUND, nowhere);
	assert_refused(&(struct tls_files){noise, files.key}, ERR_INVALID, noise);
	assert_refused(&(struct tls_files){files.certificate, noise}, ERR_INVALID, noise);
	assert_refused(&(struct tls_files){empty, files.key}, ERR_INVALID, "empty");
	assert_refused(&(struct tls_files){files.certificate, ""}, ERR_NOT_FOUND, "does not exist");
	/* Everybody may read the certificate, nobody the key. */
	assert_int_equal(chmod(files.certificate, 0644), 0);
	assert_taken(&files);
	assert_int_equal(chmod(files.key, 0644), 0);
	assert_refused(&files, ERR_DENIED, "chmod 600");
}

/* A copy that was broken off: the first certificate is whole, the chain is not. */
static void test_broken_chain(void **state)
{
	struct tls_files a = issuer_write(*state, "a", &good), b = issuer_write(*state, "b", &good);
	const char *chain = join(*state, "chain", a.certificate, b.certificate);
	struct stat st;

	assert_int_equal(stat(chain, &st), 0);
	assert_int_equal(truncate(chain, st.st_size - 100), 0);
	assert_refused(&(struct tls_files){chain, a.key}, ERR_INVALID, "is the file whole?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wanted),
	    cmocka_unit_test_setup_teardown(test_every_kind_of_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_times, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_chain_and_one_file_for_both, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_a_pair, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_weak, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_encrypted_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_files_that_are_not_as_they_must_be, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_broken_chain, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
