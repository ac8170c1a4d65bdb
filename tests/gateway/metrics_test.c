#include "tests/check.h"

#include "gateway/metrics.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
	*state = metrics_new(metric_table, METRICS);
	return 0;
}

static int teardown(void **state)
{
	struct metrics *m = *state;

	metrics_free(&m);
	return frame_live() == 0 ? 0 : -1;
}

/* Is there a line that is exactly this text? */
static void assert_line(const struct metrics *m, const char *line)
{
	struct buf out = {0};

	buf_putc(&out, '\n');
	metrics_render(m, &out);
	buf_putc(&out, '\0');
	const char *found = buf_str(&out).p;

	while ((found = strstr(found + 1, line))) {
		if (found[-1] == '\n' && found[strlen(line)] == '\n')
			break;
	}
	if (!found)
		fail_msg("no line %s in\n%s", line, buf_str(&out).p);
	buf_free(&out);
}

static size_t count_of(const struct metrics *m, const char *text)
{
	struct buf out = {0};
	size_t count = 0;

	metrics_render(m, &out);
	buf_putc(&out, '\0');
	for (const char *at = buf_str(&out).p; (at = strstr(at, text)); at++)
		count++;
	buf_free(&out);
	return count;
}

static void test_events_are_labelled_by_direction_and_name(void **state)
{
	struct metrics *m = *state;

	metric_event_in(m, metric_event_of(EVENT_MESSAGE));
	metric_event_in(m, metric_event_of(EVENT_MESSAGE));
	metric_event_out(m, metric_event_of(EVENT_MESSAGE), 5);
	metric_event_in(m, METRIC_EVENT_CONNECTION);
	metric_event_in(m, METRIC_EVENT_DISCONNECT);
	assert_line(m, "# TYPE websocket_messages_total counter");
	assert_line(m, "websocket_messages_total{direction=\"in\",event=\"message\"} 2");
	assert_line(m, "websocket_messages_total{direction=\"out\",event=\"message\"} 5");
	assert_line(m, "websocket_messages_total{direction=\"in\",event=\"connection\"} 1");
	assert_line(m, "websocket_messages_total{direction=\"in\",event=\"disconnect\"} 1");
}

/* Every value of the table has its own label, and it is the event's name. */
static void test_every_event_has_its_label(void **state)
{
	struct metrics *m = *state;
	char line[128];

	for (enum event e = 0; e < EVENTS; e++) {
		assert_int_equal(metric_event_of(e), e);
		metric_event_out(m, metric_event_of(e), 100 + e);
		snprintf(line, sizeof(line),
		    "websocket_messages_total{direction=\"out\",event=\"%s\"} %d",
		    event_row(e)->name, 100 + (int)e);
		assert_line(m, line);
	}
	assert_int_equal(count_of(m, "websocket_messages_total{"), EVENTS);
}

/* Whatever clients make up: cardinality is bounded by the table. */
static void test_unknown_events_are_other(void **state)
{
	static const char *const names[] = {"dance", "", "connection", "other", "Message"};
	struct metrics *m = *state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		metric_event_in(m, metric_event_of(event_find(str_of(names[i]))));
	assert_int_equal(metric_event_of(EVENT_UNKNOWN), METRIC_EVENT_OTHER);
	assert_int_equal(metric_event_of((enum event)(EVENTS + 1)), METRIC_EVENT_OTHER);
	assert_line(m, "websocket_messages_total{direction=\"in\",event=\"other\"} 5");
	assert_int_equal(count_of(m, "websocket_messages_total{"), 1);
}

static void test_durations_are_labelled_by_event(void **state)
{
	struct metrics *m = *state;

	metrics_observe_us(m, METRIC_MESSAGE_DURATION, EVENT_JOIN_ROOM, 0, 1500);
	metrics_observe_us(m, METRIC_MESSAGE_DURATION, METRIC_EVENT_OTHER, 0, 1500);
	assert_line(m, "# TYPE websocket_message_duration_seconds histogram");
	assert_line(m, "websocket_message_duration_seconds_count{event=\"join-room\"} 1");
	assert_line(m, "websocket_message_duration_seconds_count{event=\"other\"} 1");
	assert_line(
	    m, "websocket_message_duration_seconds_bucket{event=\"join-room\",le=\"0.0025\"} 1");
	assert_line(
	    m, "websocket_message_duration_seconds_bucket{event=\"join-room\",le=\"0.001\"} 0");
}

/* Dashboards that exist ask for these names; those without labels are there from the start. */
static void test_the_names_are_those_of_the_manual(void **state)
{
	const struct metrics *m = *state;

	assert_line(m, "websocket_connected_clients 0");
	assert_line(m, "websocket_rooms_total 0");
	assert_line(m, "roomcast_gateway_sockets 0");
	assert_line(m, "roomcast_gateway_link_up 0");
	assert_line(m, "roomcast_gateway_pending_requests 0");
	assert_line(m, "# TYPE websocket_connected_clients gauge");
	assert_line(m, "# HELP websocket_connected_clients Number of connected clients");
	assert_string_equal(metric_table[METRIC_MESSAGES].name, "websocket_messages_total");
	assert_string_equal(
	    metric_table[METRIC_MESSAGE_DURATION].name, "websocket_message_duration_seconds");
}

static void test_no_name_stands_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		assert_true(strlen(metric_table[i].help) > 10);
		for (size_t k = i + 1; k < METRICS; k++)
			assert_string_not_equal(metric_table[i].name, metric_table[k].name);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_events_are_labelled_by_direction_and_name),
	    TEST(test_every_event_has_its_label),
	    TEST(test_unknown_events_are_other),
	    TEST(test_durations_are_labelled_by_event),
	    TEST(test_the_names_are_those_of_the_manual),
	    TEST(test_no_name_stands_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
