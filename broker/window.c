#include "broker/window.h"

#include "broker/doorman.h"
#include "broker/limit.h"
#include "broker/metrics.h"
#include "broker/publish.h"
#include "common/files.h"

#include <stdio.h>

static bool is_ready(void *up, char *ret_why, size_t why_size)
{
	const char *fault = publish_fault(up);

	snprintf(ret_why, why_size, "%s", fault);
	return fault[0] == '\0';
}

static const char *trouble(void *up)
{
	(void)up;
	return files_are_short(DOORMAN_RESERVE)
		   ? "open files run out: new connections are turned away; raise the limit\n"
		   : "";
}

static void set(struct broker *b, enum metric metric, size_t value)
{
	metrics_set(b->metrics, metric, 0, 0, (int64_t)value);
}

/* Brings the gauges up to date first. */
static void render_metrics(void *up, struct buf *out)
{
	struct broker *b = up;

	set(b, METRIC_GATEWAYS, peers_count(b->peers));
	set(b, METRIC_CONNECTIONS, sessions_live_count(b->sessions));
	set(b, METRIC_DORMANT, sessions_count(b->sessions) - sessions_live_count(b->sessions));
	set(b, METRIC_USERS, sessions_user_count(b->sessions));
	set(b, METRIC_ROOMS, rooms_count(b->rooms));
	set(b, METRIC_GSEQ, b->gseq);
	set(b, METRIC_LIMIT_USERS, limit_users(b));
	set(b, METRIC_LIMIT_FORGOTTEN, limit_forgotten(b));
	set(b, METRIC_STORE_BACKLOG, store_backlog(b->store));
	set(b, METRIC_TURNED_AWAY, doorman_turned_away());
	metrics_render(b->metrics, out);
}

const struct http_events window_http_events = {
    .is_ready = is_ready, .trouble = trouble, .render_metrics = render_metrics};
