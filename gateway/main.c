/*
 * roomcast-gateway: one thread, one loop. This file makes the rooms of the house, connects them,
 * runs the loop, and unmakes everything in reverse. Who calls whom:
 *
 *	server -> door -> client -> desk -> uplink      what clients say
 *	uplink -> desk -> hub -> client -> door -> server    what they hear
 */
#include "common/bucket.h"
#include "common/files.h"
#include "common/log.h"
#include "common/reload.h"
#include "common/service.h"
#include "gateway/config.h"
#include "gateway/drain.h"
#include "gateway/link/pending.h"
#include "gateway/link/uplink.h"
#include "gateway/metrics.h"
#include "gateway/news.h"
#include "gateway/pages.h"
#include "gateway/room/desk.h"
#include "gateway/room/door.h"
#include "gateway/room/hub.h"
#include "gateway/secrets.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WHY_SIZE = 512,
	TICK_MS = 50,
	KEYS_LOOK_MS = 1000,
	UPLINK_QUEUE_MAX_BYTES = 64 << 20,
	FILES_MIN = 64,     /* with fewer there is no point in starting */
	FILES_RESERVE = 24, /* not for new sessions: for requests of others, pages, the link */
};

struct gateway {
	struct config config;
	struct conf_source source;
	char id[LIMIT_GATEWAY_ID + 1];
	uint64_t boot;
	struct loop *loop;
	struct loop_timer *tick, *watchdog;
	struct metrics *metrics;
	struct secrets secrets;
	struct mono keys_looked_at;
	struct timer_queue connect_timeout;
	const char *namespaces[LIMIT_NAMESPACES + 1];
	struct sio_conf sio_conf;
	struct hub *hub;
	struct trail *trail;
	struct pending *pending;
	struct desk *desk;
	struct doors *doors;
	struct uplink *uplink;
	struct eio_server *server;
	struct drain *drain;
	struct bucket admission; /* this gateway's share of what the broker wants to let in */
	struct news news;
	struct files_watch files;
};

/* ---- pages beside Engine.IO ---- */

static bool on_page(void *up, struct str path, struct eio_page *page)
{
	const struct gateway *g = up;
	const struct pages pages = {.metrics = g->metrics,
	    .doors = g->doors,
	    .hub = g->hub,
	    .desk = g->desk,
	    .uplink = g->uplink,
	    .pending = g->pending,
	    .drain = g->drain,
	    .are_files_short = g->files.is_short,
	    .tls = eio_server_tls(g->server),
	    .excess = eio_server_excess(g->server)};

	return pages_answer(&pages, path, page);
}

static bool may_open(void *up)
{
	struct gateway *g = up;

	return uplink_is_up(g->uplink) && !drain_is_on(g->drain) &&
	       files_admit(&g->files, FILES_RESERVE) &&
	       bucket_take(&g->admission, loop_now(g->loop));
}

/* ---- connections: the server's news go through the door ---- */

static void on_open(void *up, struct eio_session *s, const struct eio_handshake *h)
{
	door_eio_events.on_open(((struct gateway *)up)->doors, s, h);
}

static void on_message(void *up, struct eio_session *s, struct bytes message, bool is_binary)
{
	door_eio_events.on_message(((struct gateway *)up)->doors, s, message, is_binary);
}

static void on_oversize(void *up, struct eio_session *s, struct bytes head, bool is_binary)
{
	door_eio_events.on_oversize(((struct gateway *)up)->doors, s, head, is_binary);
}

static void on_close(void *up, struct eio_session *s, enum eio_close why)
{
	door_eio_events.on_close(((struct gateway *)up)->doors, s, why);
}

static const struct eio_server_events server_news = {.session = {.on_open = on_open,
							 .on_message = on_message,
							 .on_oversize = on_oversize,
							 .on_close = on_close},
    .may_open = may_open,
    .on_page = on_page};

/* ---- time and signals ---- */

static void on_tick(void *ctx)
{
	struct gateway *g = ctx;

	doors_expire(g->doors, loop_now(g->loop));
	desk_expire(g->desk, loop_now(g->loop));
	/* One more: who asks for a session has a connection already. */
	files_watch(&g->files, FILES_RESERVE + 1, loop_now(g->loop));
	if (mono_ms_between(g->keys_looked_at, loop_now(g->loop)) >= KEYS_LOOK_MS) {
		g->keys_looked_at = loop_now(g->loop);
		keyring_look(g->secrets.keyring, loop_wall(g->loop));
	}
	if (uplink_has_left(g->uplink))
		loop_stop(g->loop);
	loop_timer_arm(g->tick, TICK_MS);
}

static void on_watchdog(void *ctx)
{
	struct gateway *g = ctx;

	service_watchdog();
	loop_timer_arm(g->watchdog, service_watchdog_interval_ms());
}

static void on_signal(void *ctx, int signo)
{
	struct gateway *g = ctx;
	bool is_hasty = drain_is_on(g->drain);

	log_notice("gateway.stopping", LOG_U(SIGNAL, (uint64_t)signo));
	service_stopping();
	if (is_hasty)
		loop_stop(g->loop);
	else
		drain_begin(g->drain, 0);
}

static void on_drained(void *ctx)
{
	/* The last word; on_tick sees when it is answered. */
	uplink_leave(((struct gateway *)ctx)->uplink);
}

static void reload_tls(struct gateway *g)
{
	char why[TLS_WHY_SIZE] = "";

	if (!eio_server_tls(g->server))
		return;
	if (eio_server_reload_tls(g->server, why))
		log_warn("tls.kept", LOG_Z(REASON, why),
		    LOG_Z(HINT, "the old certificate stays; mend the files and send SIGHUP again"));
	else
		log_notice("tls.renewed", LOG_Z(PATH, g->config.tls_certificate_file));
}

static void on_reload(void *ctx, int signo)
{
	struct gateway *g = ctx;
	const struct config *c = &g->config;

	(void)signo;
	keyring_reload(g->secrets.keyring, loop_wall(g->loop));
	if (reload_config(&config_spec, &g->source, &g->config) == ERR_OK) {
		log_set_level((enum log_level)c->log_level);
		drain_set(g->drain, c->drain_rate, c->drain_timeout_ms);
	}
	reload_tls(g);
}

/* ---- making the house ---- */

static void make_rooms(struct gateway *g)
{
	const struct config *c = &g->config;

	for (size_t i = 0; i < c->namespace_count; i++)
		g->namespaces[i] = c->namespaces[i].name;
	timer_queue_init(&g->connect_timeout, c->connect_timeout_ms);
	g->sio_conf =
	    (struct sio_conf){g->namespaces, &g->connect_timeout, LIMIT_ATTACHMENTS, LIMIT_ARGS};
	g->hub = hub_new();
	g->trail = trail_new();
	g->pending = pending_new(
	    c->publish_timeout_ms, &(struct pending_bounds){c->pending_max, c->pending_max_bytes,
				       c->pending_max_per_client});
	struct desk_parts parts = {.loop = g->loop,
	    .hub = g->hub,
	    .trail = g->trail,
	    .pending = g->pending,
	    .keys = keyring_keys(g->secrets.keyring),
	    .rules = {c->token_issuer, c->token_audience, c->token_leeway_ms},
	    .metrics = g->metrics,
	    .error_event = c->error_event,
	    .auth_timeout_ms = c->auth_timeout_ms,
	    .auth_expiring_ms = c->auth_expiring_ms,
	    .namespaces = c->namespaces,
	    .namespace_count = c->namespace_count,
	    .recovery = c->recovery,
	    .recovery_max_bytes = c->recovery_max_bytes};

	g->desk = desk_new(&parts);
	g->doors = doors_new(g->loop, &g->sio_conf, &desk_sio_events, g->desk);
}

static enum err open_link(struct gateway *g, char *why)
{
	struct uplink_conf conf = {
	    .endpoint = g->config.broker_endpoint,
	    .gateway = g->id,
	    .boot = g->boot,
	    .curve_secret =
		g->secrets.curve_secret.len ? buf_str(&g->secrets.curve_secret).p : NULL,
	    .broker_public =
		g->secrets.broker_public.len ? buf_str(&g->secrets.broker_public).p : NULL,
	    .queue_max_bytes = UPLINK_QUEUE_MAX_BYTES,
	};

	g->news = (struct news){
	    .loop = g->loop, .desk = g->desk, .admission = &g->admission, .trail = g->trail};
	enum err e = uplink_new(g->loop, &conf, &news_of_link, &g->news, why, &g->uplink);

	if (!e)
		desk_set_uplink(g->desk, g->uplink);
	g->news.uplink = g->uplink;
	return e;
}

static enum err open_server(struct gateway *g, char *why)
{
	const struct config *c = &g->config;
	struct eio_server_conf conf = {.listen_address = c->listen_address,
	    .port = (uint16_t)c->port,
	    .reuse_port = c->reuse_port,
	    .path = c->path,
	    .allow_eio3 = c->allow_eio3,
	    .tls = {c->tls_certificate_file, c->tls_key_file},
	    .static_dir = c->demo_dir,
	    .client_dir = c->client_dir,
	    .cors_origins = c->cors_origins,
	    .cors_credentials = c->cors_credentials,
	    .cookie = c->cookie,
	    .trusted_proxies = c->trusted_proxies,
	    .proxy_protocol = c->proxy_protocol,
	    .ping_interval_ms = c->ping_interval_ms,
	    .ping_timeout_ms = c->ping_timeout_ms,
	    .upgrade_timeout_ms = c->upgrade_timeout_ms,
	    .max_payload_bytes = c->max_payload_bytes,
	    .sessions_max = c->sessions_max,
	    .queue_max_bytes = c->client_queue_max_bytes,
	    .packets_per_second = c->client_packets_per_second,
	    .bytes_per_second = c->client_bytes_per_second,
	    .ip_handshakes_per_second = c->ip_handshakes_per_second};

	return eio_server_new(g->loop, &conf, &server_news, g, why, WHY_SIZE, &g->server);
}

static void make_drain(struct gateway *g)
{
	struct drain_conf conf = {.per_second = g->config.drain_rate,
	    .deadline_ms = g->config.drain_timeout_ms,
	    .on_over = on_drained,
	    .ctx = g};

	g->news.drain = g->drain = drain_new(g->loop, g->server, &conf);
}

static enum err open_house(struct gateway *g, char *why)
{
	enum err e = files_require(FILES_MIN, why, WHY_SIZE);

	if (e)
		return e;
	e = crypto_init();
	if (e) {
		snprintf(why, WHY_SIZE, "the system gives no randomness");
		return e;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	g->boot = crypto_random_u64() >> 1;
	config_gateway_id(&g->config, g->id);
	if (files_limit() < g->config.sessions_max)
		log_notice("gateway.files", LOG_U(COUNT, files_limit()),
		    LOG_Z(HINT, "sessions-max is more than open files allow; raise their limit"));
	e = secrets_read(&g->config, why, &g->secrets);
	if (e)
		return e;
	g->loop = loop_new();
	g->metrics = metrics_new(metric_table, METRICS);
	make_rooms(g);
	e = open_link(g, why);
	if (!e)
		e = open_server(g, why);
	if (!e)
		e = loop_on_signal(g->loop, SIGTERM, on_signal, g);
	if (!e)
		e = loop_on_signal(g->loop, SIGINT, on_signal, g);
	if (!e)
		e = loop_on_signal(g->loop, SIGHUP, on_reload, g);
	return e;
}

static void start_timers(struct gateway *g)
{
	g->tick = loop_timer_new(g->loop, on_tick, g);
	loop_timer_arm(g->tick, TICK_MS);
	if (service_watchdog_interval_ms()) {
		g->watchdog = loop_timer_new(g->loop, on_watchdog, g);
		loop_timer_arm(g->watchdog, service_watchdog_interval_ms());
	}
}

static void close_house(struct gateway *g)
{
	loop_timer_free(&g->watchdog);
	loop_timer_free(&g->tick);
	drain_free(&g->drain);
	/* The link says goodbye behind the last client, and takes its threads with it: they open
	 * descriptors, see eio_server_free(). */
	if (g->server)
		eio_server_shut(g->server);
	doors_free(&g->doors);
	uplink_free(&g->uplink);
	eio_server_free(&g->server);
	desk_free(&g->desk);
	pending_free(&g->pending);
	trail_free(&g->trail);
	hub_free(&g->hub);
	metrics_free(&g->metrics);
	loop_free(&g->loop);
	secrets_free(&g->secrets);
}

/* With the files of keys, so that --check-config knows of them, too. */
static enum err check_all(const void *config, char *ret_why, size_t why_size)
{
	enum err e = config_spec.check(config, ret_why, why_size);

	return e ? e : secrets_check(config, ret_why, why_size);
}

int main(int argc, char **argv)
{
	struct gateway g = {.source = {argc, argv}};
	char why[WHY_SIZE] = "";
	struct conf_spec spec = config_spec;

	spec.check = check_all;
	enum conf_outcome outcome = conf_load(&spec, argc, argv, &g.config);

	if (outcome != CONF_RUN)
		return outcome == CONF_DONE ? 0 : 2;
	log_setup(
	    "gateway", (enum log_format)g.config.log_format, (enum log_level)g.config.log_level);
	enum err e = open_house(&g, why);

	if (e) {
		log_error("gateway.refused", LOG_Z(ERR, err_text(e)), LOG_Z(REASON, why));
	} else {
		log_notice("gateway.listening", LOG_Z(VERSION, ROOMCAST_VERSION), LOG_Z(PEER, g.id),
		    LOG_Z(ENDPOINT, g.config.listen_address),
		    LOG_U(PORT, eio_server_port(g.server)));
		make_drain(&g);
		start_timers(&g);
		service_ready("listening");
		loop_run(g.loop);
	}
	close_house(&g);
	conf_free(&config_spec, &g.config);
	return e ? 1 : 0;
}
