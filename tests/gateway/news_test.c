#include "tests/check.h"

#include "gateway/news.h"

#include <stdio.h>
#include <string.h>

/* The neighbours: they write down what they hear. */
static char heard[128];

static void note(const void *who, const char *what)
{
	size_t len = strlen(heard);

	snprintf(heard + len, sizeof(heard) - len, "%s: %s; ", (const char *)who, what);
}

static void on_gap(void *up)
{
	note(up, "gap");
}

static size_t on_linked(void *up)
{
	note(up, "linked");
	return 7;
}

static void on_up(void *up)
{
	note(up, "up");
}

static void on_down(void *up, const char *why)
{
	note(up, why);
}

static void on_message(void *up, const struct wire_message *m)
{
	note(up, m->type == WIRE_REPLY ? "reply" : "other");
}

const struct uplink_events desk_uplink_events = {
    .on_gap = on_gap,
    .on_linked = on_linked,
    .on_up = on_up,
    .on_down = on_down,
    .on_message = on_message,
};

void drain_begin(struct drain *d, uint64_t per_second)
{
	note(d, per_second == 5 ? "5 a second" : "?");
}

void bucket_set_rate(struct bucket *b, uint64_t per_second, uint64_t burst, struct mono now)
{
	(void)now;
	note(b, per_second == 9 && burst == 9 ? "9 a second" : "?");
}

struct mono loop_now(const struct loop *l)
{
	(void)l;
	return (struct mono){1};
}

static void test_who_hears_what(void **state)
{
	struct news n = {
	    .desk = (struct desk *)"desk",
	    .drain = (struct drain *)"drain",
	    .admission = (struct bucket *)"bucket",
	};
	struct wire_message m = {.type = WIRE_REPLY};

	(void)state;
	news_of_link.on_gap(&n);
	assert_int_equal(news_of_link.on_linked(&n), 7);
	news_of_link.on_up(&n);
	news_of_link.on_down(&n, "down");
	news_of_link.on_message(&n, &m);
	assert_string_equal(
	    heard, "desk: gap; desk: linked; desk: up; desk: down; desk: reply; ");
	heard[0] = '\0';
	m = (struct wire_message){.type = WIRE_DRAIN};
	m.as.drain.per_second = 5;
	news_of_link.on_message(&n, &m);
	m = (struct wire_message){.type = WIRE_SHARE};
	m.as.share.connects_per_second = 9;
	news_of_link.on_message(&n, &m);
	assert_string_equal(heard, "drain: 5 a second; bucket: 9 a second; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_hears_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
