#include "tests/check.h"

#include "broker/metrics.h"

#include <ctype.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* [a-zA-Z_:][a-zA-Z0-9_:]*, of which ours use the lower case only. */
static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (!islower((unsigned char)*c) && *c != '_' &&
		    (c == name || !isdigit((unsigned char)*c)))
			return false;
	}
	return name[0] != '\0';
}

static void test_names_are_those_of_prometheus(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		const struct metric_desc *m = &metric_table[i];

		assert_true(is_name(m->name));
		assert_int_equal(strncmp(m->name, "roomcast_broker_", 16), 0);
		assert_int_equal(m->kind == METRIC_COUNTER, ends_with(m->name, "_total"));
		assert_int_equal(m->kind == METRIC_HISTOGRAM, ends_with(m->name, "_seconds"));
		assert_true(strlen(m->help) > 10);
		assert_false(ends_with(m->help, "."));
	}
}

static void test_no_name_stands_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRICS; i++) {
		for (size_t k = i + 1; k < METRICS; k++)
			assert_string_not_equal(metric_table[i].name, metric_table[k].name);
	}
}

/* Is there a line that is exactly this text? */
static bool has_line(const struct buf *out, const char *text)
{
	struct str all = buf_str(out);
	size_t len = strlen(text);

	for (size_t at = 0; at + len < all.len; at++) {
		if (memcmp(all.p + at, text, len) == 0 && all.p[at + len] == '\n' &&
		    (at == 0 || all.p[at - 1] == '\n'))
			return true;
	}
	return false;
}

static void assert_row(const struct buf *out, const struct metric_desc *m)
{
	static const char *const kinds[] = {[METRIC_COUNTER] = "counter",
	    [METRIC_GAUGE] = "gauge",
	    [METRIC_HISTOGRAM] = "histogram"};
	struct buf line = {0};

	buf_printf(&line, "# TYPE %s %s", m->name, kinds[m->kind]);
	buf_putc(&line, '\0');
	assert_true(has_line(out, buf_str(&line).p));
	buf_reset(&line);
	buf_printf(&line, "# HELP %s %s", m->name, m->help);
	buf_putc(&line, '\0');
	assert_true(has_line(out, buf_str(&line).p));
	buf_free(&line);
}

static void test_every_row_is_rendered(void **state)
{
	struct metrics *m = metrics_new(metric_table, METRICS);
	struct buf out = {0};

	(void)state;
	metrics_add(m, METRIC_MESSAGES, 0, 0, 3);
	metrics_set(m, METRIC_GATEWAYS, 0, 0, 2);
	metrics_observe_us(m, METRIC_COMMIT, 0, 0, 1500);
	metrics_render(m, &out);
	for (size_t i = 0; i < METRICS; i++)
		assert_row(&out, &metric_table[i]);
	assert_true(has_line(&out, "roomcast_broker_messages_total 3"));
	assert_true(has_line(&out, "roomcast_broker_gateways 2"));
	assert_true(has_line(&out, "roomcast_broker_commit_seconds_count 1"));
	assert_true(has_line(&out, "roomcast_broker_store_faults_total 0"));
	buf_free(&out);
	metrics_free(&m);
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_those_of_prometheus),
	    cmocka_unit_test(test_no_name_stands_twice),
	    cmocka_unit_test(test_every_row_is_rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
