#include "common/crypto.h"

#include "tests/common/hex.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* Second half of crypto.c's tests: bytes and keys as text. */

/* RFC 4648, section 10, without padding, and the two characters that are its own. */
static const char *const pairs[][2] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xbf", "-_-_"}};

static void base64url_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf b = {0};

		buf_puts(&b, STR("<"));
		crypto_base64url_put(&b, str_bytes(str_of(pairs[i][0])));
		buf_puts(&b, STR(">"));
		char expected[32];

		snprintf(expected, sizeof(expected), "<%s>", pairs[i][1]);
		assert_true(str_eqz(buf_str(&b), expected));
		buf_free(&b);
	}
}

static void base64url_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf b = {0};

		buf_puts(&b, STR("<"));
		assert_int_equal(crypto_base64url_decode(str_of(pairs[i][1]), &b), ERR_OK);
		assert_int_equal(buf_bytes(&b).len, 1 + strlen(pairs[i][0]));
		assert_memory_equal(buf_bytes(&b).p + 1, pairs[i][0], strlen(pairs[i][0]));
		buf_free(&b);
	}
}

static void base64url_keeps_any_bytes(void **state)
{
	(void)state;
	for (size_t len = 0; len < 200; len++) {
		uint8_t bytes[200];
		struct buf coded = {0}, decoded = {0};

		crypto_random(bytes, len);
		crypto_base64url_put(&coded, bytes_of(bytes, len));
		assert_int_equal(crypto_base64url_decode(buf_str(&coded), &decoded), ERR_OK);
		assert_int_equal(buf_bytes(&decoded).len, len);
		assert_memory_equal(buf_bytes(&decoded).p, bytes, len);
		buf_free(&coded);
		buf_free(&decoded);
	}
}

typedef enum err decoder(struct str text, struct buf *out);

static void assert_malformed(decoder *decode, struct str coded)
{
	struct buf b = {0};

	buf_puts(&b, STR("kept"));
	assert_int_equal(decode(coded, &b), ERR_MALFORMED);
	assert_true(str_eqz(buf_str(&b), "kept"));
	buf_free(&b);
}

static void base64url_is_strict(void **state)
{
	static const char *const bad[] = {"Z", "Zm9vY", /* a rest of six bits */
	    "Zg==", "Zg=", "Zm8=",                      /* padding */
	    "Zh", "Zv", "Zm9",                          /* last bits not zero */
	    "Zm+v", "Zm/v",                             /* the other alphabet */
	    " Zm8", "Zm8 ", "Zm\n9v", "Zm9v\n", "Zm.9v", "Zm\xc3\xa9v"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_malformed(crypto_base64url_decode, str_of(bad[i]));
	assert_malformed(crypto_base64url_decode, STR("Zm9v\0"));
	assert_malformed(crypto_base64url_decode, STR("\0"));
}

static void bytes_above_ascii_are_no_letters(void **state)
{
	(void)state;
	for (int byte = 0x80; byte <= 0xff; byte++) {
		char text[4] = {'A', 'A', 'A', (char)byte};

		assert_malformed(crypto_base64url_decode, (struct str){text, sizeof(text)});
		assert_malformed(crypto_base64_decode, (struct str){text, sizeof(text)});
	}
}

static void pem_bodies_are_read(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(crypto_base64_decode(STR(" Zm9v\r\nYmFy\n\tZg==\n"), &b), ERR_OK);
	assert_int_equal(crypto_base64_decode(STR("+/+/"), &b), ERR_OK);
	assert_int_equal(crypto_base64_decode(STR(""), &b), ERR_OK);
	assert_true(str_eqz(buf_str(&b), "foobarf\xfb\xff\xbf"));
	buf_free(&b);
}

static void pem_bodies_are_checked(void **state)
{
	static const char *const bad[] = {
	    "Zg", "Zg=", "Zh==", "Zm-v", "Zm_v", "Zg==Zg==", "Zm9v=", "====", "Zm9v-----"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_malformed(crypto_base64_decode, str_of(bad[i]));
	assert_malformed(crypto_base64_decode, STR("Zm9v\0"));
	assert_malformed(crypto_base64_decode, STR("Zm\0009v"));
}

static void padding_may_be_left_out(void **state)
{
	static const char *const good[] = {
	    "", "Zg==", "Zg", "Zm8=", "Zm8", "Zm9v", "Zm9vYg", "Z g"};
	static const char *const bad[] = {
	    "Z", "Zg=", "Zg===", "Zh", "Zm9", "Zg==Zg==", "Zg==Zg", "====", "!!!", "-_8", "Zg=Zg"};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(crypto_base64_decode_any(str_of(good[i]), &b), ERR_OK);
	assert_true(str_eqz(buf_str(&b), "fffofofoofoobf"));
	buf_free(&b);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_malformed(crypto_base64_decode_any, str_of(bad[i]));
	assert_malformed(crypto_base64_decode_any, STR("Zm\0009v"));
}

/* The keys of ZeroMQ's RFC 26 and RFC 32. */
static const struct {
	const char *hex, *z85;
} z85_keys[] = {
    {"bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518",
	"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"},
    {"7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888",
	"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"},
    {"54fcba24e93249969316fb617c872bb0c1d1ff14800427c594cbfacf1bc2d652",
	"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"},
    {"8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7",
	"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"},
    /* RFC 32's test of eight bytes, four times over */
    {"864fd26fb559f75b864fd26fb559f75b864fd26fb559f75b864fd26fb559f75b",
	"HelloWorldHelloWorldHelloWorldHelloWorld"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0%nSc0"},
};

static void z85_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(z85_keys); i++) {
		char z85[CRYPTO_Z85_KEY_SIZE];

		crypto_z85(hex(z85_keys[i].hex).p, z85);
		assert_string_equal(z85, z85_keys[i].z85);
	}
}

static void curve_public_known_answers(void **state)
{
	char public[CRYPTO_Z85_KEY_SIZE];

	(void)state;
	assert_int_equal(crypto_curve_public(z85_keys[1].z85, public), ERR_OK);
	assert_string_equal(public, z85_keys[0].z85);
	assert_int_equal(crypto_curve_public(z85_keys[3].z85, public), ERR_OK);
	assert_string_equal(public, z85_keys[2].z85);
}

static void curve_pairs_belong_together(void **state)
{
	char public[CRYPTO_Z85_KEY_SIZE], secret[CRYPTO_Z85_KEY_SIZE];
	char again[CRYPTO_Z85_KEY_SIZE], other[CRYPTO_Z85_KEY_SIZE];

	(void)state;
	crypto_curve_keypair(public, secret);
	assert_int_equal(crypto_curve_public(secret, again), ERR_OK);
	assert_string_equal(again, public);
	crypto_curve_keypair(other, secret);
	assert_string_not_equal(other, public);
}

static void what_is_no_z85_key_is_refused(void **state)
{
	static const char *const bad[] = {"", "short",
	    "HelloWorldHelloWorldHelloWorldHelloWorl",   /* 39 */
	    "HelloWorldHelloWorldHelloWorldHelloWorldH", /* 41 */
	    "HelloWorldHelloWorldHelloWorldHelloWor d", "HelloWorldHelloWorldHelloWorldHelloWor\"d",
	    "HelloWorldHelloWorldHelloWorldHelloWor\xc3\xa9", /* not of its digits */
	    "%nSc1HelloWorldHelloWorldHelloWorldHello",       /* 2^32 */
	    "HelloWorldHelloWorldHelloWorldHello#####"};
	char public[CRYPTO_Z85_KEY_SIZE] = "untouched";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(crypto_curve_public(bad[i], public), ERR_MALFORMED);
		assert_string_equal(public, "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64url_is_written),
	    cmocka_unit_test(base64url_is_read),
	    cmocka_unit_test(base64url_keeps_any_bytes),
	    cmocka_unit_test(base64url_is_strict),
	    cmocka_unit_test(bytes_above_ascii_are_no_letters),
	    cmocka_unit_test(pem_bodies_are_read),
	    cmocka_unit_test(pem_bodies_are_checked),
	    cmocka_unit_test(padding_may_be_left_out),
	    cmocka_unit_test(z85_known_answers),
	    cmocka_unit_test(curve_public_known_answers),
	    cmocka_unit_test(curve_pairs_belong_together),
	    cmocka_unit_test(what_is_no_z85_key_is_refused),
	};

	if (crypto_init() != ERR_OK)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
