#include "broker/cli/keygen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "broker/cli/pem.h"
#include "tests/common/tempdir.h"

struct fixture {
	struct tempdir *dir;
	struct keygen_files files;
	struct buf secret_text, public_text; /* of what was made last */
	char why[KEYFILE_WHY_SIZE];
};

static int set_up(void **state)
{
	struct fixture *x = xcalloc(1, sizeof(*x));

	x->dir = tempdir_new();
	*state = x;
	return crypto_init();
}

static int tear_down(void **state)
{
	struct fixture *x = *state;

	keygen_files_free(&x->files);
	buf_free(&x->secret_text);
	buf_free(&x->public_text);
	tempdir_free(&x->dir);
	free(x);
	return frame_live() != 0;
}

/* keyfile_read also refuses a secret with a mode that lets others at it. */
static void read_back(struct fixture *x)
{
	buf_reset(&x->secret_text);
	buf_reset(&x->public_text);
	assert_int_equal(
	    keyfile_read(x->files.secret_file, KEYFILE_SECRET, &x->secret_text, x->why), ERR_OK);
	if (x->files.public_file)
		assert_int_equal(
		    keyfile_read(x->files.public_file, KEYFILE_PUBLIC, &x->public_text, x->why),
		    ERR_OK);
}

static void make(struct fixture *x, enum keygen_kind kind, const char *name)
{
	keygen_files_free(&x->files);
	enum err e = keygen_make(kind, tempdir_path(x->dir, name), &x->files, x->why);

	if (e)
		fail_msg("%s", x->why);
	read_back(x);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void a_curve_pair_belongs_together(void **state)
{
	struct fixture *x = *state;
	char public_key[CRYPTO_Z85_KEY_SIZE];
	char secret_key[CRYPTO_Z85_KEY_SIZE] = "";

	make(x, KEYGEN_CURVE, "gw");
	assert_string_equal(x->files.secret_file, tempdir_path(x->dir, "gw.key"));
	assert_string_equal(x->files.public_file, tempdir_path(x->dir, "gw.pub"));
	assert_int_equal(x->secret_text.len, CRYPTO_Z85_KEY_SIZE - 1);
	memcpy(secret_key, buf_str(&x->secret_text).p, x->secret_text.len);
	assert_int_equal(crypto_curve_public(secret_key, public_key), ERR_OK);
	assert_true(str_eqz(buf_str(&x->public_text), public_key));
}

static void an_ed25519_pair_belongs_together(void **state)
{
	struct fixture *x = *state;
	uint8_t seed[PEM_SEED_BYTES];
	uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES], secret_key[CRYPTO_ED25519_SECRET_BYTES];
	struct buf expected = {0};

	make(x, KEYGEN_ED25519, "token");
	assert_string_equal(x->files.secret_file, tempdir_path(x->dir, "token.key"));
	assert_int_equal(pem_read_private(buf_str(&x->secret_text), seed), ERR_OK);
	crypto_ed25519_from_seed(seed, public_key, secret_key);
	pem_put_public(&expected, public_key);
	assert_true(str_eq(buf_str(&x->public_text), buf_str(&expected)));
	buf_free(&expected);
}

static void a_secret_is_one_file_of_text(void **state)
{
	struct fixture *x = *state;
	struct buf decoded = {0};

	make(x, KEYGEN_HS256, "hs.secret");
	assert_string_equal(x->files.secret_file, tempdir_path(x->dir, "hs.secret"));
	assert_null(x->files.public_file);
	assert_int_equal(crypto_base64url_decode(buf_str(&x->secret_text), &decoded), ERR_OK);
	assert_int_equal(decoded.len, 32);
	buf_free(&decoded);
}

static void secrets_are_for_their_owner_alone(void **state)
{
	struct fixture *x = *state;

	umask(0);
	make(x, KEYGEN_CURVE, "a");
	assert_int_equal(mode_of(x->files.secret_file), 0600);
	assert_int_equal(mode_of(x->files.public_file), 0644);
	umask(077);
	make(x, KEYGEN_ED25519, "b");
	assert_int_equal(mode_of(x->files.secret_file), 0600);
	assert_int_equal(mode_of(x->files.public_file), 0644);
	make(x, KEYGEN_HS256, "c");
	assert_int_equal(mode_of(x->files.secret_file), 0600);
}

static void no_two_keys_are_alike(void **state)
{
	struct fixture *x = *state;

	for (enum keygen_kind kind = 0; kind < KEYGEN_KINDS; kind++) {
		char name[] = "x0", other[] = "y0";
		struct buf first = {0};

		name[1] = other[1] = (char)('0' + kind);
		make(x, kind, name);
		buf_puts(&first, buf_str(&x->secret_text));
		make(x, kind, other);
		assert_false(str_eq(buf_str(&first), buf_str(&x->secret_text)));
		buf_free(&first);
	}
}

static void the_suffix_key_is_not_doubled(void **state)
{
	struct fixture *x = *state;

	make(x, KEYGEN_CURVE, "gw.key");
	assert_string_equal(x->files.secret_file, tempdir_path(x->dir, "gw.key"));
	assert_string_equal(x->files.public_file, tempdir_path(x->dir, "gw.pub"));
	make(x, KEYGEN_HS256, "token.key");
	assert_string_equal(x->files.secret_file, tempdir_path(x->dir, "token.key"));
}

/* A file of that name is there before: it stays as it was, and nothing is left beside it. */
static void assert_not_overwritten(
    struct fixture *x, enum keygen_kind kind, const char *there, const char *beside)
{
	const char *path = tempdir_write(x->dir, there, "precious", 8, 0600);
	struct keygen_files files = {0};
	struct buf text = {0};

	assert_int_equal(keygen_make(kind, tempdir_path(x->dir, "n"), &files, x->why), ERR_EXISTS);
	assert_non_null(strstr(x->why, path));
	assert_null(files.secret_file);
	assert_int_equal(keyfile_read(path, KEYFILE_SECRET, &text, x->why), ERR_OK);
	assert_true(str_eqz(buf_str(&text), "precious"));
	buf_free(&text);
	if (beside)
		assert_int_equal(access(tempdir_path(x->dir, beside), F_OK), -1);
	unlink(path);
}

static void nothing_is_overwritten(void **state)
{
	struct fixture *x = *state;

	assert_not_overwritten(x, KEYGEN_CURVE, "n.key", "n.pub");
	assert_not_overwritten(x, KEYGEN_CURVE, "n.pub", "n.key");
	assert_not_overwritten(x, KEYGEN_ED25519, "n.key", "n.pub");
	assert_not_overwritten(x, KEYGEN_ED25519, "n.pub", "n.key");
	assert_not_overwritten(x, KEYGEN_HS256, "n", NULL);
}

static void a_missing_directory_is_named(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(keygen_make(KEYGEN_CURVE, "/nowhere/gw", &x->files, x->why), ERR_IO);
	assert_non_null(strstr(x->why, "/nowhere/gw.key"));
}

static void kinds_have_words(void **state)
{
	enum keygen_kind kind = KEYGEN_KINDS;

	(void)state;
	assert_int_equal(keygen_kind_of("rsa", &kind), ERR_NOT_FOUND);
	assert_int_equal(keygen_kind_of("", &kind), ERR_NOT_FOUND);
	assert_int_equal(kind, KEYGEN_KINDS);
	assert_int_equal(keygen_kind_of("curve", &kind), ERR_OK);
	assert_int_equal(kind, KEYGEN_CURVE);
	assert_int_equal(keygen_kind_of("hs256", &kind), ERR_OK);
	assert_int_equal(kind, KEYGEN_HS256);
	assert_int_equal(keygen_kind_of("ed25519", &kind), ERR_OK);
	assert_int_equal(kind, KEYGEN_ED25519);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_curve_pair_belongs_together, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_ed25519_pair_belongs_together, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_secret_is_one_file_of_text, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(secrets_are_for_their_owner_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(no_two_keys_are_alike, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_suffix_key_is_not_doubled, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(nothing_is_overwritten, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_missing_directory_is_named, set_up, tear_down),
	    cmocka_unit_test(kinds_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
