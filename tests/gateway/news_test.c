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

enum err trail_find(const struct trail *t, uint64_t gseq, struct trail_step *ret)
{
	note(t, "find");
	if (gseq != 7)
		return gseq < 7 ? ERR_EXPIRED : ERR_NOT_FOUND;
	*ret = (struct trail_step){7, {1000}, 5, 2, 3};
	return ERR_OK;
}

static struct wire_message sent;

enum err uplink_send(struct uplink *u, const struct wire_message *m)
{
	note(u, "send");
	sent = *m;
	return ERR_OK;
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
	assert_string_equal(heard, "desk: gap; desk: linked; desk: up; desk: down; desk: reply; ");
	heard[0] = '\0';
	m = (struct wire_message){.type = WIRE_DRAIN};
	m.as.drain.per_second = 5;
	news_of_link.on_message(&n, &m);
	m = (struct wire_message){.type = WIRE_SHARE};
	m.as.share.connects_per_second = 9;
	news_of_link.on_message(&n, &m);
	assert_string_equal(heard, "drain: 5 a second; bucket: 9 a second; ");
}

static struct wire_why_answer ask_why(uint64_t gseq)
{
	struct news n = {.trail = (struct trail *)"trail", .uplink = (struct uplink *)"link"};
	struct wire_message m = {.type = WIRE_WHY};

	heard[0] = '\0';
	m.as.why = (struct wire_why){9, gseq};
	news_of_link.on_message(&n, &m);
	assert_string_equal(heard, "trail: find; link: send; ");
	assert_int_equal(sent.type, WIRE_WHY_ANSWER);
	assert_int_equal(sent.as.why_answer.request, 9);
	return sent.as.why_answer;
}

static void test_what_became_of_a_message(void **state)
{
	struct wire_why_answer a = ask_why(7);

	(void)state;
	assert_true(a.is_found);
	assert_false(a.is_forgotten);
	assert_int_equal(a.sockets, 5);
	assert_int_equal(a.lagging, 2);
	assert_int_equal(a.recovered, 3);
	assert_int_equal(a.at_ms, 1000);
	a = ask_why(6);
	assert_false(a.is_found);
	assert_true(a.is_forgotten);
	assert_int_equal(a.sockets, 0);
	a = ask_why(8);
	assert_false(a.is_found);
	assert_false(a.is_forgotten);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_hears_what),
	    cmocka_unit_test(test_what_became_of_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
