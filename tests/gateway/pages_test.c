#include "tests/check.h"

#include "gateway/drain.h"
#include "gateway/link/pending.h"
#include "gateway/link/uplink.h"
#include "gateway/metrics.h"
#include "gateway/pages.h"
#include "gateway/room/desk.h"
#include "gateway/room/door.h"
#include "gateway/room/hub.h"

#include <stdlib.h>
#include <string.h>

/* What the rooms of the house say of themselves. */
static bool is_up, is_draining;

size_t doors_count(const struct doors *d)
{
	(void)d;
	return 1;
}

size_t hub_room_count(const struct hub *h)
{
	(void)h;
	return 2;
}

size_t desk_connected(const struct desk *d)
{
	(void)d;
	return 3;
}

size_t pending_count(const struct pending *p)
{
	(void)p;
	return 4;
}

bool uplink_is_up(const struct uplink *u)
{
	(void)u;
	return is_up;
}

const char *uplink_state_text(const struct uplink *u)
{
	(void)u;
	return "no broker";
}

bool drain_is_on(const struct drain *d)
{
	(void)d;
	return is_draining;
}

struct tls_counts tls_counts(const struct tls *tls)
{
	(void)tls;
	return (struct tls_counts){.begun = 9, .done = 6, .failed = 2};
}

int64_t tls_expires(const struct tls *tls)
{
	(void)tls;
	return 1800000000;
}

struct scene {
	struct pages pages;
	struct buf body;
	struct eio_page page;
};

static int setup(void **state)
{
	struct scene *s = xcalloc(1, sizeof(*s));

	s->pages.metrics = metrics_new(metric_table, METRICS);
	s->page.body = &s->body;
	is_up = true;
	is_draining = false;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	metrics_free(&s->pages.metrics);
	buf_free(&s->body);
	free(s);
	return 0;
}

static unsigned get(struct scene *s, const char *path)
{
	buf_reset(&s->body);
	s->page.status = 200; /* as the server has it */
	assert_true(pages_answer(&s->pages, str_of(path), &s->page));
	return s->page.status;
}

static bool says(struct scene *s, const char *text)
{
	return memmem(buf_bytes(&s->body).p, s->body.len, text, strlen(text)) != NULL;
}

static void test_health(void **state)
{
	struct scene *s = *state;

	is_up = false;
	is_draining = true;
	assert_int_equal(get(s, "/health"), 200);
	assert_true(str_eqz(buf_str(&s->body), "ok\n"));
}

static void test_ready_says_why_not(void **state)
{
	struct scene *s = *state;

	assert_int_equal(get(s, "/ready"), 200);
	is_up = false;
	assert_int_equal(get(s, "/ready"), 503);
	assert_true(str_eqz(buf_str(&s->body), "not ready: no broker\n"));
	is_up = true;
	is_draining = true;
	assert_int_equal(get(s, "/ready"), 503);
	assert_true(str_eqz(buf_str(&s->body), "not ready: draining\n"));
}

static void test_short_of_files(void **state)
{
	struct scene *s = *state;

	s->pages.are_files_short = true;
	assert_int_equal(get(s, "/health"), 200);
	assert_true(says(s, "ok\nopen files run out"));
	assert_int_equal(get(s, "/ready"), 503);
	assert_true(str_eqz(buf_str(&s->body), "not ready: open files run out\n"));
}

static void test_metrics(void **state)
{
	struct scene *s = *state;

	assert_int_equal(get(s, "/metrics"), 200);
	assert_non_null(strstr(s->page.content_type, "version=0.0.4"));
	assert_true(says(s, "\nwebsocket_connected_clients 1\n"));
	assert_true(says(s, "\nwebsocket_rooms_total 2\n"));
	assert_true(says(s, "\nroomcast_gateway_sockets 3\n"));
	assert_true(says(s, "\nroomcast_gateway_pending_requests 4\n"));
	assert_true(says(s, "\nroomcast_gateway_link_up 1\n"));
	/* Else 0 would be a date long ago. */
	assert_false(says(s, "certificate_expires_seconds{"));
}

static void test_metrics_of_what_was_too_much(void **state)
{
	struct scene *s = *state;

	s->pages.excess = (struct eio_server_excess){.handshakes = 7, .floods = 2};
	assert_int_equal(get(s, "/metrics"), 200);
	assert_true(says(s, "\nroomcast_gateway_limited_total{limit=\"handshakes\"} 7\n"));
	assert_true(says(s, "\nroomcast_gateway_limited_total{limit=\"floods\"} 2\n"));
}

static void test_metrics_of_tls(void **state)
{
	struct scene *s = *state;

	s->pages.tls = (const struct tls *)s;
	assert_int_equal(get(s, "/metrics"), 200);
	assert_true(says(s, "\nroomcast_gateway_tls_handshakes_total{state=\"begun\"} 9\n"));
	assert_true(says(s, "\nroomcast_gateway_tls_handshakes_total{state=\"done\"} 6\n"));
	assert_true(says(s, "\nroomcast_gateway_tls_handshakes_total{state=\"failed\"} 2\n"));
	assert_true(says(s, "\nroomcast_gateway_tls_certificate_expires_seconds"
			    "{certificate=\"server\"} 1800000000\n"));
}

static void test_no_such_page(void **state)
{
	struct scene *s = *state;

	assert_false(pages_answer(&s->pages, STR("/healthy"), &s->page));
	assert_int_equal(s->body.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_health, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ready_says_why_not, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_short_of_files, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_of_what_was_too_much, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_of_tls, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_such_page, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
