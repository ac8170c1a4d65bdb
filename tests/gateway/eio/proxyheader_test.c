#include "tests/check.h"

#include "gateway/eio/proxyheader.h"

#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define ADDRESSES4 "\xcb\x00\x71\x09\x0a\x00\x00\x01\x12\x34\x0b\xb8"
#define ADDRESSES6                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x0b\xb8"

/* The text of whom it introduces, "" = nobody, NULL = it is malformed. */
static const char *introduced(const char *bytes, size_t len)
{
	static char text[IP_TEXT_SIZE];
	bool is_told;
	struct ip ip;

	if (proxyheader_parse(bytes_of(bytes, len), &is_told, &ip))
		return NULL;
	text[0] = '\0';
	if (is_told)
		ip_text(&ip, text);
	return text;
}

#define INTRODUCED(literal) introduced(literal, sizeof(literal) - 1)

static void test_addresses(void **state)
{
	(void)state;
	assert_string_equal(INTRODUCED(SIGNATURE "\x21\x11\0\x0c" ADDRESSES4), "203.0.113.9");
	assert_string_equal(INTRODUCED(SIGNATURE "\x21\x21\0\x24" ADDRESSES6), "2001:db8::9");
	/* What a proxy adds is skipped. */
	assert_string_equal(
	    INTRODUCED(SIGNATURE "\x21\x11\0\x10" ADDRESSES4 "\x04\0\x01x"), "203.0.113.9");
}

static void test_nobody(void **state)
{
	(void)state;
	assert_string_equal(INTRODUCED(SIGNATURE "\x20\x00\0\0"), "");
	/* Whatever it says of whom, the proxy speaks for itself. */
	assert_string_equal(INTRODUCED(SIGNATURE "\x20\x11\0\x0c" ADDRESSES4), "");
	assert_string_equal(INTRODUCED(SIGNATURE "\x21\x00\0\x0c" ADDRESSES4), "");
	assert_string_equal(INTRODUCED(SIGNATURE "\x21\x31\0\0"), "");
}

static void test_malformed(void **state)
{
	static const char good[] = SIGNATURE "\x21\x11\0\x0c" ADDRESSES4;
	char bad[sizeof(good)];

	(void)state;
	for (size_t len = 0; len < sizeof(good) - 1; len++)
		assert_null(introduced(good, len));
	assert_null(INTRODUCED(SIGNATURE "\x21\x11\0\x0c" ADDRESSES4 "x"));
	for (size_t i = 0; i < 14; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i] ^= 0x40;
		assert_null(introduced(bad, sizeof(good) - 1));
	}
	assert_null(INTRODUCED(SIGNATURE "\x22\x11\0\x0c" ADDRESSES4));
	assert_null(INTRODUCED(SIGNATURE "\x11\x11\0\x0c" ADDRESSES4));
	assert_null(INTRODUCED(SIGNATURE "\x21\x12\0\x0c" ADDRESSES4));
	assert_null(
	    INTRODUCED(SIGNATURE "\x21\x11\0\x0b\xcb\x00\x71\x09\x0a\x00\x00\x01\x12\x34\x0b"));
	assert_null(INTRODUCED(SIGNATURE "\x21\x21\0\x0c" ADDRESSES4));
	assert_null(INTRODUCED("PROXY TCP4 203.0.113.9 10.0.0.1 4660 3000\r\n"));
	assert_null(INTRODUCED("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
}

static void test_length(void **state)
{
	size_t length = 7;

	(void)state;
	assert_int_equal(
	    proxyheader_length((const uint8_t *)SIGNATURE "\x21\x11\x10\x00", &length), ERR_OK);
	assert_int_equal(length, PROXYHEADER_MAX);
	length = 7;
	assert_int_equal(proxyheader_length((const uint8_t *)SIGNATURE "\x21\x11\x10\x01", &length),
	    ERR_TOO_BIG);
	assert_int_equal(proxyheader_length((const uint8_t *)SIGNATURE "\x21\x11\xff\xff", &length),
	    ERR_TOO_BIG);
	assert_int_equal(length, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_nobody),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
