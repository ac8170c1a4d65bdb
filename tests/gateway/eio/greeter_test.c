#include "tests/check.h"

#include "gateway/eio/greeter.h"

#include "common/frame.h"
#include "common/log.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\x00\x71\x09\x0a\x00\x00\x01\x12\x34\x0b\xb8"

enum { WATCH_MS = 10000, DEADLINE_MS = 5000 };

struct scene {
	struct loop *loop;
	struct loop_timer *watchdog;
	struct loop_watch *watch; /* of the client: it is hung up on */
	struct proxies *proxies;
	struct greeter *greeter;
	int client, greeted;
	bool is_hung_up;
};

static void on_greeted(void *ctx, int fd)
{
	struct scene *s = ctx;

	assert_int_equal(s->greeted, -1);
	s->greeted = fd;
	loop_stop(s->loop);
}

static void on_watchdog(void *ctx)
{
	(void)ctx;
	fail_msg("nothing happened");
}

static void on_client_readable(void *ctx)
{
	struct scene *s = ctx;
	char byte;

	/* A reset, when something of what was said is unread. */
	assert_true(recv(s->client, &byte, 1, 0) <= 0);
	s->is_hung_up = true;
	loop_stop(s->loop);
}

/* A connection that the greeter has accepted. */
static void connect_to(struct scene *s)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(to);
	int listening = socket(AF_INET, SOCK_STREAM, 0), fd;

	s->client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&to, &len), 0);
	assert_int_equal(connect(s->client, (struct sockaddr *)&to, sizeof(to)), 0);
	fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
	close(listening);
	s->watch = loop_watch_new(s->loop, s->client, on_client_readable, s);
	greeter_accept(s->greeter, fd);
}

static void trust(struct scene *s, const char *list)
{
	char why[100];

	assert_int_equal(proxies_new(str_of(list), why, sizeof(why), &s->proxies), ERR_OK);
	s->greeter = greeter_new(s->loop, s->proxies, on_greeted, s);
	connect_to(s);
}

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	log_setup("test", LOG_FORMAT_TEXT, LOG_ERROR);
	s->loop = loop_new();
	s->watchdog = loop_timer_new(s->loop, on_watchdog, s);
	loop_timer_arm(s->watchdog, WATCH_MS);
	s->greeted = -1;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	greeter_free(&s->greeter);
	assert_null(s->greeter);
	greeter_free(&s->greeter);
	proxies_free(&s->proxies);
	loop_watch_free(&s->watch);
	loop_timer_free(&s->watchdog);
	loop_free(&s->loop);
	close(s->client);
	if (s->greeted >= 0)
		close(s->greeted);
	free(s);
	return 0;
}

static void say(struct scene *s, const char *bytes, size_t len)
{
	assert_int_equal(send(s->client, bytes, len, MSG_NOSIGNAL), len);
}

static void assert_greeted(struct scene *s, const char *ip, const char *rest)
{
	char text[IP_TEXT_SIZE], read[100] = "";
	struct ip peer;

	assert_true(s->greeted >= 0);
	assert_true(proxies_peer(s->proxies, s->greeted, &peer));
	ip_text(&peer, text);
	assert_string_equal(text, ip);
	/* Not a byte that is not the header's was taken. */
	assert_int_equal(recv(s->greeted, read, sizeof(read) - 1, 0), strlen(rest));
	assert_string_equal(read, rest);
}

static void test_a_proxy_introduces(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	assert_int_equal(s->greeted, -1);
	say(s, HEADER "GET /", sizeof(HEADER) - 1 + 5);
	loop_run(s->loop);
	assert_greeted(s, "203.0.113.9", "GET /");
}

/* The next byte of the header. */
static void on_turn(void *ctx)
{
	static size_t at;
	struct scene *s = ctx;

	if (at < sizeof(HEADER) - 1)
		say(s, &HEADER[at++], 1);
	loop_turn_again(s->loop);
}

static void test_byte_by_byte(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	loop_on_turn(s->loop, on_turn, s);
	loop_run(s->loop);
	say(s, "GET /", 5);
	assert_greeted(s, "203.0.113.9", "GET /");
}

static void test_a_proxy_speaks_for_itself(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	proxies_introduce(s->proxies, s->client, NULL);
	say(s, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /", 21);
	loop_run(s->loop);
	assert_greeted(s, "127.0.0.1", "GET /");
}

/* Who is no proxy of ours may say what he likes: it is read as what it is. */
static void test_others_pass(void **state)
{
	struct scene *s = *state;
	struct ip old;

	assert_int_equal(ip_parse(STR("198.51.100.1"), &old), ERR_OK);
	trust(s, "10.0.0.0/8");
	say(s, "GET /", 5);
	assert_greeted(s, "127.0.0.1", "GET /");
	proxies_introduce(s->proxies, s->greeted, &old);
	/* The descriptor is used again. */
	int fd = dup(s->greeted);

	close(s->greeted);
	assert_int_equal(dup2(fd, s->greeted), s->greeted);
	close(fd);
	fd = s->greeted;
	s->greeted = -1;
	greeter_accept(s->greeter, fd);
	say(s, "again", 5);
	assert_greeted(s, "127.0.0.1", "again");
}

static void assert_hung_up(struct scene *s)
{
	loop_run(s->loop);
	assert_true(s->is_hung_up);
	assert_int_equal(s->greeted, -1);
}

static void test_no_header_is_refused(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	say(s, "GET /health HTTP/1.1", 20);
	assert_hung_up(s);
}

static void test_bad_headers_are_refused(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	say(s, "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", 16);
	assert_hung_up(s);
}

static void test_a_malformed_header_is_refused(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	say(s, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\0", 16);
	assert_hung_up(s);
}

static void test_an_end_in_the_middle(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	say(s, HEADER, 20);
	shutdown(s->client, SHUT_WR);
	assert_hung_up(s);
}

static void test_who_says_nothing_is_hung_up_on(void **state)
{
	struct scene *s = *state;
	struct mono start = loop_now(s->loop);

	trust(s, "127.0.0.1");
	say(s, HEADER, 20);
	assert_hung_up(s);
	assert_true(loop_now(s->loop).us - start.us >= DEADLINE_MS * 1000 - 1000);
}

static void test_the_end_while_one_waits(void **state)
{
	struct scene *s = *state;

	trust(s, "127.0.0.1");
	greeter_free(&s->greeter);
	assert_hung_up(s);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_proxy_introduces),
	    TEST(test_byte_by_byte),
	    TEST(test_a_proxy_speaks_for_itself),
	    TEST(test_others_pass),
	    TEST(test_no_header_is_refused),
	    TEST(test_bad_headers_are_refused),
	    TEST(test_a_malformed_header_is_refused),
	    TEST(test_an_end_in_the_middle),
	    TEST(test_who_says_nothing_is_hung_up_on),
	    TEST(test_the_end_while_one_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
