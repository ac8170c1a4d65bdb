#include "gateway/pages.h"

#include "gateway/drain.h"
#include "gateway/link/pending.h"
#include "gateway/link/uplink.h"
#include "gateway/metrics.h"
#include "gateway/room/desk.h"
#include "gateway/room/door.h"
#include "gateway/room/hub.h"

static void set_tls_metrics(struct metrics *m, const struct tls *tls)
{
	struct tls_counts counts = tls_counts(tls);

	metrics_set(m, METRIC_TLS_HANDSHAKES, METRIC_TLS_BEGUN, 0, (int64_t)counts.begun);
	metrics_set(m, METRIC_TLS_HANDSHAKES, METRIC_TLS_DONE, 0, (int64_t)counts.done);
	metrics_set(m, METRIC_TLS_HANDSHAKES, METRIC_TLS_FAILED, 0, (int64_t)counts.failed);
	metrics_set(m, METRIC_TLS_EXPIRES, 0, 0, tls_expires(tls));
}

static void render_metrics(const struct pages *p, struct buf *out)
{
	metrics_set(p->metrics, METRIC_CONNECTED_CLIENTS, 0, 0, (int64_t)doors_count(p->doors));
	metrics_set(p->metrics, METRIC_ROOMS, 0, 0, (int64_t)hub_room_count(p->hub));
	metrics_set(p->metrics, METRIC_SOCKETS, 0, 0, (int64_t)desk_connected(p->desk));
	metrics_set(p->metrics, METRIC_LINK_UP, 0, 0, uplink_is_up(p->uplink));
	metrics_set(p->metrics, METRIC_LIMITED, METRIC_LIMIT_FLOODS, 0, (int64_t)p->excess.floods);
	metrics_set(
	    p->metrics, METRIC_LIMITED, METRIC_LIMIT_HANDSHAKES, 0, (int64_t)p->excess.handshakes);
	if (p->tls)
		set_tls_metrics(p->metrics, p->tls);
	metrics_set(p->metrics, METRIC_PENDING, 0, 0, (int64_t)pending_count(p->pending));
	metrics_render(p->metrics, out);
}

static void render_ready(const struct pages *p, struct eio_page *page)
{
	const char *why = NULL;

	if (drain_is_on(p->drain))
		why = "draining";
	else if (!uplink_is_up(p->uplink))
		why = uplink_state_text(p->uplink);
	else if (p->are_files_short)
		why = "open files run out";
	if (!why) {
		buf_puts(page->body, STR("ready\n"));
		return;
	}
	page->status = 503;
	buf_printf(page->body, "not ready: %s\n", why);
}

/* It lives; what an operator should see to all the same stands below. */
static void render_health(const struct pages *p, struct eio_page *page)
{
	buf_puts(page->body, STR("ok\n"));
	if (p->are_files_short)
		buf_puts(page->body,
		    STR("open files run out: nobody else is let in; raise the limit\n"));
}

bool pages_answer(const struct pages *p, struct str path, struct eio_page *page)
{
	page->content_type = "text/plain; charset=utf-8";
	if (str_eqz(path, "/health")) {
		render_health(p, page);
	} else if (str_eqz(path, "/ready")) {
		render_ready(p, page);
	} else if (str_eqz(path, "/metrics")) {
		page->content_type = "text/plain; version=0.0.4; charset=utf-8";
		render_metrics(p, page->body);
	} else {
		return false;
	}
	return true;
}
