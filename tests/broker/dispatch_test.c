#include "broker/dispatch.h"

#include "broker/admin.h"
#include "broker/attend.h"
#include "broker/entry.h"
#include "broker/look.h"
#include "broker/metrics.h"
#include "broker/missed.h"
#include "broker/moderate.h"
#include "broker/publish.h"
#include "broker/refresh.h"
#include "broker/share.h"
#include "broker/work.h"
#include "tests/check.h"
#include "tests/fakes/peer.h"

#include <string.h>

/* The neighbours: they write down what they hear. */
static char heard[256];
static bool is_workers;

static void note(const char *what)
{
	strcat(strcat(heard, what), " ");
}

#define HANDLER(name)                                                             \
	void name(struct broker *b, struct peer *p, const struct wire_message *m) \
	{                                                                         \
		(void)b;                                                          \
		(void)p;                                                          \
		(void)m;                                                          \
		note(#name);                                                      \
	}

HANDLER(entry_on_connect)
HANDLER(entry_on_disconnect)
HANDLER(entry_on_resumed)
HANDLER(attend_on_join)
HANDLER(attend_on_leave)
HANDLER(attend_on_typing)
HANDLER(publish_on_message)
HANDLER(look_on_users)
HANDLER(look_on_history)
HANDLER(missed_on_replay)
HANDLER(moderate_on_message)
HANDLER(refresh_on_auth)
HANDLER(admin_on_why_answer)

void share_on_resumed(struct broker *b, struct peer *p)
{
	(void)b;
	(void)p;
	note("share_on_resumed");
}

bool work_on_message(struct broker *b, struct peer *p, const struct wire_message *m)
{
	(void)b;
	(void)p;
	(void)m;
	note("work_on_message");
	return is_workers;
}

struct scene {
	struct broker b;
	struct peer east;
};

static int setup(void **state)
{
	struct scene *s = test_calloc(1, sizeof(*s));

	s->b.metrics = metrics_new(metric_table, METRICS);
	s->east.name = "east";
	heard[0] = '\0';
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	metrics_free(&s->b.metrics);
	test_free(s);
	return 0;
}

static void test_every_message_of_a_gateway_has_its_handler(void **state)
{
	static const struct {
		enum wire_type type;
		const char *heard;
	} rows[] = {
	    {WIRE_CONNECT, "entry_on_connect "},
	    {WIRE_DISCONNECT, "entry_on_disconnect "},
	    {WIRE_RESUMED, "entry_on_resumed share_on_resumed "},
	    {WIRE_JOIN, "attend_on_join "},
	    {WIRE_LEAVE, "attend_on_leave "},
	    {WIRE_TYPING, "attend_on_typing "},
	    {WIRE_PUBLISH, "publish_on_message "},
	    {WIRE_USERS, "look_on_users "},
	    {WIRE_HISTORY, "look_on_history "},
	    {WIRE_REPLAY, "missed_on_replay "},
	    {WIRE_MODERATE, "moderate_on_message "},
	    {WIRE_AUTH, "refresh_on_auth "},
	    {WIRE_WHY_ANSWER, "admin_on_why_answer "},
	    {WIRE_EMIT, "work_on_message "},
	};
	struct scene *s = *state;

	is_workers = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire_message m = {.type = rows[i].type};

		heard[0] = '\0';
		dispatch_on_message(&s->b, &s->east, &m);
		assert_string_equal(heard, rows[i].heard);
	}
	assert_int_equal(metrics_value(s->b.metrics, METRIC_LINK_IN, 0, 0), ARRAY_LEN(rows));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_every_message_of_a_gateway_has_its_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
