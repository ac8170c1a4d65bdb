#include "common/metrics.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const char *const transports[] = {"websocket", "polling"};
static const char *const reasons[] = {"ping \"timeout\"", "back\\slash", "new\nline"};
static const struct metric_label transport = {"transport", transports, ARRAY_LEN(transports)};
static const struct metric_label reason = {"reason", reasons, ARRAY_LEN(reasons)};

enum { STARTS, MEMORY, OPENED, CLOSED, BY_REASON, TURN, LATENCY };

static const struct metric_desc table[] = {
    [STARTS] = {"roomcast_starts_total", METRIC_COUNTER, "Starts.", {NULL}},
    [MEMORY] = {"roomcast_memory_bytes", METRIC_GAUGE, "A \"back\\slash\"\nand a line.", {NULL}},
    [OPENED] = {"roomcast_opened_total", METRIC_COUNTER, "Opened.", {&transport}},
    [CLOSED] = {"roomcast_closed_total", METRIC_COUNTER, "Closed.", {&transport, &reason}},
    [BY_REASON] = {"roomcast_by_reason", METRIC_GAUGE, "Second label only.", {NULL, &reason}},
    [TURN] = {"roomcast_turn_seconds", METRIC_HISTOGRAM, "Turns.", {NULL}},
    [LATENCY] = {"roomcast_latency_seconds", METRIC_HISTOGRAM, "Latency.", {&transport}},
};

static int set_up(void **state)
{
	*state = metrics_new(table, ARRAY_LEN(table));
	return 0;
}

static int tear_down(void **state)
{
	struct metrics *m = *state;

	metrics_free(&m);
	assert_null(m);
	metrics_free(&m);
	return 0;
}

/* What is rendered, as a string; good until the next call. */
static const char *rendered(const struct metrics *m)
{
	static char text[32768];
	struct buf out = {0};

	buf_puts(&out, STR("before\n"));
	metrics_render(m, &out);
	struct str s = buf_str(&out);

	assert_true(s.len < sizeof(text));
	assert_true(str_has_prefix(s, STR("before\n# HELP ")));
	memcpy(text, s.p + 7, s.len - 7);
	text[s.len - 7] = '\0';
	buf_free(&out);
	return text;
}

/* The number of lines that begin so. */
static size_t lines_with(const char *text, const char *beginning)
{
	size_t n = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += strncmp(line, beginning, strlen(beginning)) == 0;
	}
	return n;
}

static void assert_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	size_t len = strlen(line);

	if (!at || (at != text && at[-1] != '\n') || at[len] != '\n')
		fail_msg("no line '%s' in:\n%s", line, text);
}

static void untouched_metrics(void **state)
{
	const char *text = rendered(*state);

	assert_line(text, "roomcast_starts_total 0");
	assert_line(text, "roomcast_memory_bytes 0");
	assert_line(text, "roomcast_turn_seconds_bucket{le=\"+Inf\"} 0");
	assert_line(text, "roomcast_turn_seconds_sum 0.000000");
	assert_line(text, "roomcast_turn_seconds_count 0");
	assert_int_equal(lines_with(text, "roomcast_opened_total"), 0);
	assert_int_equal(lines_with(text, "roomcast_latency_seconds"), 0);
	assert_int_equal(metrics_value(*state, STARTS, 0, 0), 0);
}

static void each_metric_is_introduced_once(void **state)
{
	const char *text = rendered(*state);

	assert_int_equal(lines_with(text, "# HELP "), ARRAY_LEN(table));
	assert_int_equal(lines_with(text, "# TYPE "), ARRAY_LEN(table));
	assert_line(text, "# HELP roomcast_starts_total Starts.");
	assert_line(text, "# TYPE roomcast_starts_total counter");
	assert_line(text, "# TYPE roomcast_memory_bytes gauge");
	assert_line(text, "# TYPE roomcast_turn_seconds histogram");
	assert_line(text, "# HELP roomcast_memory_bytes A \"back\\\\slash\"\\nand a line.");
}

static void counters_add_up(void **state)
{
	metrics_add(*state, STARTS, 0, 0, 1);
	metrics_add(*state, STARTS, 0, 0, 41);
	metrics_add(*state, OPENED, 1, 0, 7);
	assert_int_equal(metrics_value(*state, STARTS, 0, 0), 42);
	assert_int_equal(metrics_value(*state, OPENED, 0, 0), 0);
	assert_int_equal(metrics_value(*state, OPENED, 1, 0), 7);
	const char *text = rendered(*state);

	assert_line(text, "roomcast_starts_total 42");
	assert_line(text, "roomcast_opened_total{transport=\"polling\"} 7");
	assert_int_equal(lines_with(text, "roomcast_opened_total{"), 1);
}

static void gauges_go_up_and_down(void **state)
{
	metrics_set(*state, MEMORY, 0, 0, 1000);
	metrics_add(*state, MEMORY, 0, 0, 5);
	assert_int_equal(metrics_value(*state, MEMORY, 0, 0), 1005);
	metrics_set(*state, MEMORY, 0, 0, -3);
	assert_line(rendered(*state), "roomcast_memory_bytes -3");
}

static void a_series_set_to_zero_is_shown(void **state)
{
	metrics_set(*state, BY_REASON, 0, 1, 0);
	assert_line(rendered(*state), "roomcast_by_reason{reason=\"back\\\\slash\"} 0");
}

static void every_pair_of_labels_is_a_series_and_escaped(void **state)
{
	for (size_t a = 0; a < ARRAY_LEN(transports); a++) {
		for (size_t b = 0; b < ARRAY_LEN(reasons); b++)
			metrics_add(*state, CLOSED, a, b, 10 * a + b + 1);
	}
	const char *text = rendered(*state);

	assert_int_equal(lines_with(text, "roomcast_closed_total{"), 6);
	assert_line(text,
	    "roomcast_closed_total{transport=\"websocket\",reason=\"ping \\\"timeout\\\"\"} 1");
	assert_line(
	    text, "roomcast_closed_total{transport=\"polling\",reason=\"back\\\\slash\"} 12");
	assert_line(text, "roomcast_closed_total{transport=\"polling\",reason=\"new\\nline\"} 13");
}

static void buckets_are_cumulative(void **state)
{
	metrics_observe_us(*state, TURN, 0, 0, 0);
	metrics_observe_us(*state, TURN, 0, 0, 500);        /* on the bound: within */
	metrics_observe_us(*state, TURN, 0, 0, 501);        /* just over it */
	metrics_observe_us(*state, TURN, 0, 0, 10000000);   /* the last bound */
	metrics_observe_us(*state, TURN, 0, 0, 3600000001); /* over all of them */
	const char *text = rendered(*state);

	assert_line(text, "roomcast_turn_seconds_bucket{le=\"0.0005\"} 2");
	assert_line(text, "roomcast_turn_seconds_bucket{le=\"0.001\"} 3");
	assert_line(text, "roomcast_turn_seconds_bucket{le=\"0.0025\"} 3");
	assert_line(text, "roomcast_turn_seconds_bucket{le=\"5\"} 3");
	assert_line(text, "roomcast_turn_seconds_bucket{le=\"10\"} 4");
	assert_line(text, "roomcast_turn_seconds_bucket{le=\"+Inf\"} 5");
	assert_line(text, "roomcast_turn_seconds_sum 3610.001002");
	assert_line(text, "roomcast_turn_seconds_count 5");
	assert_int_equal(lines_with(text, "roomcast_turn_seconds_bucket{"), 15);
}

static void histograms_have_labels_too(void **state)
{
	metrics_observe_us(*state, LATENCY, 1, 0, 2000);
	const char *text = rendered(*state);

	assert_line(text, "roomcast_latency_seconds_bucket{transport=\"polling\",le=\"0.001\"} 0");
	assert_line(text, "roomcast_latency_seconds_bucket{transport=\"polling\",le=\"0.0025\"} 1");
	assert_line(text, "roomcast_latency_seconds_sum{transport=\"polling\"} 0.002000");
	assert_line(text, "roomcast_latency_seconds_count{transport=\"polling\"} 1");
	assert_int_equal(lines_with(text, "roomcast_latency_seconds_count"), 1);
}

static void a_table_may_be_empty(void **state)
{
	struct metrics *m = metrics_new(table, 0);
	struct buf out = {0};

	(void)state;
	metrics_render(m, &out);
	assert_int_equal(buf_bytes(&out).len, 0);
	buf_free(&out);
	metrics_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(untouched_metrics, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(each_metric_is_introduced_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(counters_add_up, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(gauges_go_up_and_down, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_series_set_to_zero_is_shown, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		every_pair_of_labels_is_a_series_and_escaped, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(buckets_are_cumulative, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(histograms_have_labels_too, set_up, tear_down),
	    cmocka_unit_test(a_table_may_be_empty),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	return failed + (frame_live() != 0);
}
