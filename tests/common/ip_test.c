#include "tests/check.h"

#include "common/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void addresses_are_read_and_written(void **state)
{
	static const struct {
		const char *text, *written;
	} rows[] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"::ffff:192.0.2.1", "192.0.2.1"},
	    {"::FFFF:c000:0201", "192.0.2.1"},
	    {"::1", "::1"},
	    {"2001:DB8:0:0::1", "2001:db8::1"},
	    {"::", "::"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[IP_TEXT_SIZE];
		struct ip ip;

		assert_int_equal(ip_parse(str_of(rows[i].text), &ip), ERR_OK);
		ip_text(&ip, text);
		assert_string_equal(text, rows[i].written);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ",
	    "1.2.3.4:80", "[::1]", "::1%lo", "fe80::1%eth0", "localhost", "1.2.3.4/8",
	    ":::", "0x7f.1", "2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8:2001:db8"};
	struct ip ip = {{1}}, before = ip;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ip_parse(str_of(bad[i]), &ip), ERR_INVALID);
	assert_int_equal(ip_parse(STR("1.2.3.4\0"), &ip), ERR_INVALID);
	assert_int_equal(ip_parse((struct str){0}, &ip), ERR_INVALID);
	assert_memory_equal(&ip, &before, sizeof(ip));
}

static void a_socket_says_who(void **state)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = {.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000001)}}};
	char text[IP_TEXT_SIZE];
	struct ip ip, mapped;

	(void)state;
	assert_int_equal(ip_of_socket(&a.any, &ip), ERR_OK);
	ip_text(&ip, text);
	assert_string_equal(text, "10.0.0.1");
	a.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6};
	assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", &a.v6.sin6_addr), 1);
	assert_int_equal(ip_of_socket(&a.any, &mapped), ERR_OK);
	assert_memory_equal(&ip, &mapped, sizeof(ip));
	a.any.sa_family = AF_UNIX;
	assert_int_equal(ip_of_socket(&a.any, &ip), ERR_INVALID);
}

static bool has(const char *block, const char *address)
{
	struct ip_block b;
	struct ip ip;

	assert_int_equal(ip_block_parse(str_of(block), &b), ERR_OK);
	assert_int_equal(ip_parse(str_of(address), &ip), ERR_OK);
	return ip_block_has(&b, &ip);
}

static void blocks_have_their_addresses(void **state)
{
	(void)state;
	assert_true(has("10.0.0.0/8", "10.255.255.255"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("10.0.0.0/8", "::ffff:10.1.2.3"));
	assert_true(has("192.0.2.128/25", "192.0.2.128"));
	assert_false(has("192.0.2.128/25", "192.0.2.127"));
	assert_true(has("192.0.2.1", "192.0.2.1"));
	assert_true(has("192.0.2.1/32", "192.0.2.1"));
	assert_false(has("192.0.2.1", "192.0.2.0"));
	assert_true(has("0.0.0.0/0", "255.1.2.3"));
	assert_false(has("0.0.0.0/0", "2001:db8::1"));
	assert_true(has("::/0", "2001:db8::1"));
	assert_true(has("fd00::/8", "fdff::1"));
	assert_false(has("fd00::/8", "fe00::1"));
	assert_true(has("::ffff:10.0.0.0/104", "10.9.9.9"));
	assert_true(has("2001:db8::8/127", "2001:db8::9"));
	assert_false(has("2001:db8::8/127", "2001:db8::a"));
	assert_true(has("::1/128", "::1"));
}

static void what_is_no_block_is_refused(void **state)
{
	static const char *const bad[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129",
	    "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/ 8", "any"};
	static const char *const slips[] = {
	    "10.0.0.1/8", "192.0.2.129/25", "fd00::1/8", "1.2.3.4/0"};
	struct ip_block b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ip_block_parse(str_of(bad[i]), &b), ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(slips); i++)
		assert_int_equal(ip_block_parse(str_of(slips[i]), &b), ERR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_read_and_written),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(a_socket_says_who),
	    cmocka_unit_test(blocks_have_their_addresses),
	    cmocka_unit_test(what_is_no_block_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
