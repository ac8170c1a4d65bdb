#include "tests/check.h"

#include "gateway/eio/proxies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_SIZE = 300 };

static struct proxies *make(const char *list)
{
	struct proxies *p = NULL;
	char why[WHY_SIZE] = "";

	assert_int_equal(proxies_new(str_of(list), why, sizeof(why), &p), ERR_OK);
	assert_string_equal(why, "");
	return p;
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(str_of(text), &ip), ERR_OK);
	return ip;
}

static void assert_client(
    const char *list, const char *peer, const char *forwarded_for, const char *expected)
{
	struct proxies *p = make(list);
	struct ip from = ip_of(peer), client = proxies_client(p, &from, str_of(forwarded_for));
	char text[IP_TEXT_SIZE];

	ip_text(&client, text);
	assert_string_equal(text, expected);
	proxies_free(&p);
	assert_null(p);
}

static void test_nobody_is_trusted_by_default(void **state)
{
	(void)state;
	assert_client("", "127.0.0.1", "203.0.113.9", "127.0.0.1");
	assert_client(" , ", "127.0.0.1", "203.0.113.9", "127.0.0.1");
	assert_client("10.0.0.1", "10.0.0.2", "203.0.113.9", "10.0.0.2");
}

static void test_the_last_that_is_no_proxy_is_the_client(void **state)
{
	static const char list[] = "10.0.0.0/8, 2001:db8::/32 ::1,127.0.0.1";
	static const struct {
		const char *forwarded_for, *client;
	} rows[] = {
	    {"203.0.113.9", "203.0.113.9"},
	    {"6.6.6.6, 203.0.113.9", "203.0.113.9"},
	    {"6.6.6.6,203.0.113.9, 10.1.1.1 ,\t10.2.2.2", "203.0.113.9"},
	    {"203.0.113.9:4711", "203.0.113.9"},
	    {"[2001:dbf::9]:4711, 2001:db8::1", "2001:dbf::9"},
	    {"[2001:dbf::9]", "2001:dbf::9"},
	    {"2001:dbf::9", "2001:dbf::9"},
	    {"::ffff:203.0.113.9", "203.0.113.9"},
	    {"[::ffff:203.0.113.9]:1", "203.0.113.9"},
	    {"203.0.113.9, [::1]:80, 10.0.0.1:80", "203.0.113.9"},
	    {"203.0.113.9,,", "203.0.113.9"},
	    /* All are ours: the first. */
	    {"10.9.9.9, 10.1.1.1", "10.9.9.9"},
	    /* Behind the client anything may stand: that is what it wrote. */
	    {"<script>, 203.0.113.9", "203.0.113.9"},
	    {"", "127.0.0.1"},
	    {" , ,", "127.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_client(list, "127.0.0.1", rows[i].forwarded_for, rows[i].client);
}

static void test_garbage_is_nobody(void **state)
{
	static const char *const garbage[] = {"unknown", "_hidden", "203.0.113",
	    "203.0.113.9:", "203.0.113.9:x", "203.0.113.9:65536", "203.0.113.9 10.0.0.1",
	    "[203.0.113.9]:80", "[::1", "::1]", "[]", "[]:80", "[::1]x",
	    "[::1]:", "\"203.0.113.9\"", "for=203.0.113.9", "203.0.113.9;10.0.0.1",
	    "203.0.113.9/32", "unknown, 10.0.0.1", "1.2.3.4:5:6", "[", "]", ":",
	    "203.0.113.9\r\nX: y"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++)
		assert_client("127.0.0.1 10.0.0.0/8", "127.0.0.1", garbage[i], "127.0.0.1");
}

static void test_a_list_of_proxies_without_end(void **state)
{
	char list[40 * 10] = "203.0.113.9";

	(void)state;
	for (int i = 0; i < 31; i++)
		strcat(list, ",10.0.0.1");
	assert_client("127.0.0.1 10.0.0.0/8", "127.0.0.1", list, "203.0.113.9");
	strcat(list, ",10.0.0.1");
	assert_client("127.0.0.1 10.0.0.0/8", "127.0.0.1", list, "127.0.0.1");
}

static void test_https(void **state)
{
	(void)state;
	assert_true(proxies_is_https(STR("https")));
	assert_true(proxies_is_https(STR(" HTTPS ")));
	assert_true(proxies_is_https(STR("http, https")));
	assert_false(proxies_is_https(STR("https, http")));
	assert_false(proxies_is_https(STR("")));
	assert_false(proxies_is_https(STR("httpsx")));
	assert_false(proxies_is_https(STR("wss")));
}

static void test_introductions(void **state)
{
	struct proxies *p = make("");
	struct ip one = ip_of("203.0.113.1"), two = ip_of("2001:db8::2"), ip;

	(void)state;
	assert_false(proxies_peer(p, 7, &ip));
	assert_false(proxies_peer(p, -1, &ip));
	proxies_introduce(p, 1000, NULL);
	proxies_introduce(p, 7, &one);
	proxies_introduce(p, 900, &two);
	assert_true(proxies_peer(p, 7, &ip));
	assert_memory_equal(&ip, &one, sizeof(ip));
	assert_true(proxies_peer(p, 900, &ip));
	assert_memory_equal(&ip, &two, sizeof(ip));
	assert_false(proxies_peer(p, 8, &ip));
	assert_false(proxies_peer(p, 901, &ip));
	/* The descriptor is used again. */
	proxies_introduce(p, 7, NULL);
	assert_false(proxies_peer(p, 7, &ip));
	proxies_free(&p);
	proxies_free(&p);
}

static void assert_refused(const char *list, const char *sentence)
{
	struct proxies *p = NULL;
	char why[WHY_SIZE] = "";

	assert_int_equal(proxies_new(str_of(list), why, sizeof(why), &p), ERR_INVALID);
	assert_null(p);
	assert_string_equal(why, sentence);
}

static void test_bad_lists(void **state)
{
	char many[257 * 8 + 1] = "";

	(void)state;
	assert_refused("10.0.0.1 nginx", "nginx is no address: give numbers like 10.0.0.5, "
					 "10.0.0.0/8, ::1 or fd00::/8");
	assert_refused("10.0.0.1/8",
	    "10.0.0.1/8 has bits behind its prefix: give the first address of the block");
	assert_refused("10.0.0.0/33;", "10.0.0.0/33; is no address: give numbers like 10.0.0.5, "
				       "10.0.0.0/8, ::1 or fd00::/8");
	for (int i = 0; i < 257; i++)
		strcat(many, "1.2.3.4 ");
	assert_refused(many, "more than 256 addresses: join them to blocks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nobody_is_trusted_by_default),
	    cmocka_unit_test(test_the_last_that_is_no_proxy_is_the_client),
	    cmocka_unit_test(test_garbage_is_nobody),
	    cmocka_unit_test(test_a_list_of_proxies_without_end),
	    cmocka_unit_test(test_https),
	    cmocka_unit_test(test_introductions),
	    cmocka_unit_test(test_bad_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
