/*
 * roomcast-broker: one turn thread that owns rooms, members and order, with the store's and the
 * archive's threads beside it. This file makes the rooms, connects them, runs the turn, and
 * unmakes everything in reverse.
 */
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/catchup.h"
#include "broker/census.h"
#include "broker/change.h"
#include "broker/doorman.h"
#include "broker/doorway.h"
#include "broker/dispatch.h"
#include "broker/dormancy.h"
#include "broker/entry.h"
#include "broker/erase.h"
#include "broker/farewell.h"
#include "broker/http.h"
#include "broker/limit.h"
#include "broker/look.h"
#include "broker/metrics.h"
#include "broker/missed.h"
#include "broker/moderate.h"
#include "broker/news.h"
#include "broker/presence.h"
#include "broker/prune.h"
#include "broker/publish.h"
#include "broker/share.h"
#include "broker/signals.h"
#include "broker/state.h"
#include "broker/window.h"
#include "broker/work.h"
#include "broker/zap.h"
#include "common/crypto.h"
#include "common/curve.h"
#include "common/files.h"
#include "common/log.h"
#include "common/reload.h"
#include "common/service.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { TICK_MS = 1000, PACE_MS = 50 };

/* The broker of this process with what only main knows of. */
struct house {
	struct broker b;
	struct conf_source source;
	struct zap *zap;
	struct http *http;
	struct doorway doorways[LINK_DOORS];
	struct buf curve_secret;
	struct files_watch files;
	int signals;
};

/* ---- news from the link ---- */

static void on_peer_message(void *up, struct peer *p, const struct wire_message *m)
{
	dispatch_on_message(up, p, m);
}

static void on_peer_gone(void *up, struct peer *p, const char *why)
{
	struct broker *b = up;

	(void)why;
	look_forget(b, p);
	missed_forget(b, p);
	change_forget(b, p);
	entry_on_peer_gone(b, p);
	work_on_peer_gone(b, p);
}

static const struct peers_events peers_news = {
    .get_gseq = news_get_gseq,
    .get_released = news_get_released,
    .get_pruned = news_get_pruned,
    .is_owed = news_is_owed,
    .on_begun = news_on_begun,
    .on_message = on_peer_message,
    .on_gone = on_peer_gone,
};

static void on_zap(void *ctx)
{
	struct house *h = ctx;

	zap_serve(h->zap, turn_now(h->b.turn));
}

/* ---- other sources ---- */

static void on_store(void *ctx)
{
	store_serve(((struct house *)ctx)->b.store);
}

static void on_archive(void *ctx)
{
	archive_serve(((struct house *)ctx)->b.archive);
}

static void on_http(void *ctx)
{
	http_serve(((struct house *)ctx)->http);
}

/* ---- time and signals ---- */

static void reload(struct house *h)
{
	if (reload_config(&config_spec, &h->source, &h->b.config) == ERR_OK)
		log_set_level((enum log_level)h->b.config.log_level);
}

static void on_signal(void *ctx)
{
	struct house *h = ctx;
	uint64_t signo = signals_read(h->signals);

	if (!signo)
		return;
	if (signo == SIGHUP) {
		reload(h);
		return;
	}
	log_notice("broker.stopping", LOG_U(SIGNAL, signo));
	service_stopping();
	farewell_begin(&h->b);
}

static void on_tick(void *ctx)
{
	struct house *h = ctx;

	publish_on_tick(&h->b);
	change_on_tick(&h->b);
	catchup_on_tick(&h->b);
	files_watch(&h->files, DOORMAN_RESERVE, turn_now(h->b.turn));
	limit_on_tick(&h->b);
	if (h->http)
		http_serve(h->http);
}

static void on_heartbeat(void *ctx)
{
	struct house *h = ctx;

	peers_tick(h->b.peers, turn_now(h->b.turn));
	share_on_tick(&h->b);
}

static void on_watchdog(void *ctx)
{
	(void)ctx;
	service_watchdog();
}

static void on_turn_end(void *ctx)
{
	struct house *h = ctx;

	change_on_committed(&h->b, 0);
	store_flush(h->b.store);
	catchup_on_turn_end(&h->b);
	if (farewell_is_over(&h->b))
		turn_stop(h->b.turn);
	peers_flush(h->b.peers);
}

/* ---- making the house ---- */

static enum err open_database(struct house *h, char *why)
{
	struct broker *b = &h->b;
	struct store_conf conf = {
	    .path = b->config.database, .is_synchronous_full = b->config.synchronous == 0};
	enum err e = store_open(&conf, &news_of_store, b, why, &b->store);

	if (!e)
		e = reader_open(b->config.database, why, STORE_WHY_SIZE, &b->reader);
	if (!e)
		e = archive_open(
		    b->config.database, &news_of_archive, b, why, STORE_WHY_SIZE, &b->archive);
	if (!e)
		e = state_load(b, why, STORE_WHY_SIZE);
	return e;
}

static enum err open_link(struct house *h, char *why)
{
	const struct config *c = &h->b.config;
	struct link_conf conf = {
	    .endpoints = {[LINK_IPC] = c->ipc_endpoint,
		[LINK_TCP] = c->tcp_endpoint,
		[LINK_CONTROL] = c->control_endpoint},
	    .heartbeat_ms = c->heartbeat_ms,
	};
	enum err e = ERR_OK;

	if (c->tcp_endpoint[0]) {
		e = curve_key_read(c->curve_secret_file, KEYFILE_SECRET, &h->curve_secret, why);
		if (e)
			return e;
		conf.curve_secret = buf_str(&h->curve_secret).p;
		e = zap_new(turn_zmq_context(h->b.turn), c->authorized_gateways, why, &h->zap);
	}
	if (!e)
		e = link_new(turn_zmq_context(h->b.turn), &conf, why, &h->b.link);
	return e;
}

static void make_rooms(struct house *h)
{
	struct broker *b = &h->b;
	struct peers_conf conf = {
	    .boot = b->boot,
	    .epoch = b->epoch,
	    .heartbeat_ms = b->config.heartbeat_ms,
	    .lease_ms = b->config.lease_ms,
	    .backlog_max_bytes = b->config.gateway_backlog_max_bytes,
	    .replay_max = b->config.replay_max,
	};

	b->crew = crew_new();
	b->dedup = dedup_new(b->reader);
	b->outbox = outbox_new(&news_of_outbox, b);
	b->peers = peers_new(b->link, &conf, &peers_news, b);
	b->prune = prune_new(b);
	b->admin = admin_new(b);
	b->limits = limits_new(&b->config);
	b->census = census_new();
}

static void connect_turn(struct house *h)
{
	struct turn *t = h->b.turn;

	turn_on_fd(t, h->signals, on_signal, h);
	turn_on_socket(t, store_socket(h->b.store), on_store, h);
	turn_on_socket(t, archive_socket(h->b.archive), on_archive, h);
	if (h->zap)
		turn_on_socket(t, zap_socket(h->zap), on_zap, h);
	for (int i = LINK_DOORS; i-- > 0;)
		doorway_open(&h->doorways[i], &h->b, (enum link_door)i);
	if (h->http)
		turn_on_fd(t, http_fd(h->http), on_http, h);
	turn_every(t, h->b.config.heartbeat_ms, on_heartbeat, h);
	turn_every(t, TICK_MS, on_tick, h);
	turn_every(t, PACE_MS, dormancy_on_pace, &h->b);
	turn_every(t, PACE_MS, presence_on_pace, &h->b);
	turn_every(t, PACE_MS, prune_on_pace, &h->b);
	turn_every(t, PACE_MS, admin_on_pace, h->b.admin);
	if (service_watchdog_interval_ms())
		turn_every(t, service_watchdog_interval_ms(), on_watchdog, h);
	turn_on_end(t, on_turn_end, h);
}

static enum err open_house(struct house *h, char *why)
{
	enum err e = files_require(DOORMAN_FILES_MIN, why, STORE_WHY_SIZE);

	if (e)
		return e;
	e = crypto_init();
	if (!e)
		e = signals_open(&h->signals);
	if (e) {
		snprintf(why, STORE_WHY_SIZE, "the system gives no randomness or no signals");
		return e;
	}
	h->b.boot = crypto_random_u64() >> 1;
	h->b.started = clock_mono();
	h->b.turn = turn_new();
	h->b.rooms = rooms_new();
	h->b.memberships = memberships_new();
	h->b.sanctions = sanctions_new();
	h->b.sessions = sessions_new();
	dormancy_init(&h->b);
	presence_init(&h->b);
	h->b.metrics = metrics_new(metric_table, METRICS);
	e = open_database(h, why);
	if (!e)
		e = open_link(h, why);
	if (!e && h->b.config.http_listen[0])
		e = http_new(h->b.config.http_listen, &window_http_events, &h->b, why, &h->http);
	if (!e) {
		make_rooms(h);
		connect_turn(h);
	}
	return e;
}

static void close_house(struct house *h)
{
	struct broker *b = &h->b;

	erase_forget_all(b);
	admin_free(&h->b.admin);
	prune_free(&b->prune);
	look_forget(b, NULL);
	missed_forget(b, NULL);
	change_forget_all(b);
	moderate_forget_all(b);
	peers_free(&b->peers);
	outbox_free(&b->outbox);
	dedup_free(&b->dedup);
	http_free(&h->http);
	link_free(&b->link);
	zap_free(&h->zap);
	archive_close(&b->archive);
	reader_close(&b->reader);
	store_close(&b->store);
	metrics_free(&b->metrics);
	entry_forget_all(b);
	crew_free(&b->crew);
	sessions_free(&b->sessions);
	limits_free(&b->limits);
	census_free(&b->census);
	sanctions_free(&b->sanctions);
	memberships_free(&b->memberships);
	revocations_free(&b->revocations);
	rooms_free(&b->rooms);
	turn_free(&b->turn);
	curve_key_wipe(&h->curve_secret);
	if (h->signals > 0)
		close(h->signals);
}

/* With the file of the key, so that --check-config knows of it, too. */
static enum err check_all(const void *config, char *ret_why, size_t why_size)
{
	const struct config *c = config;
	char why[STORE_WHY_SIZE] = "";
	struct buf secret = {0};
	enum err e = config_spec.check(config, ret_why, why_size);

	if (e || !c->tcp_endpoint[0])
		return e;
	e = curve_key_read(c->curve_secret_file, KEYFILE_SECRET, &secret, why);
	curve_key_wipe(&secret);
	if (e)
		snprintf(ret_why, why_size, "%s", why);
	return e;
}

int main(int argc, char **argv)
{
	struct house h = {.source = {argc, argv}};
	char why[STORE_WHY_SIZE] = "";
	struct conf_spec spec = config_spec;

	spec.check = check_all;
	enum conf_outcome outcome = conf_load(&spec, argc, argv, &h.b.config);

	if (outcome != CONF_RUN)
		return outcome == CONF_DONE ? 0 : 2;
	log_setup(
	    "broker", (enum log_format)h.b.config.log_format, (enum log_level)h.b.config.log_level);
	enum err e = open_house(&h, why);

	if (e) {
		log_error("broker.refused", LOG_Z(ERR, err_text(e)), LOG_Z(REASON, why));
	} else {
		log_notice("broker.ready", LOG_Z(VERSION, ROOMCAST_VERSION),
		    LOG_Z(PATH, h.b.config.database), LOG_U(GSEQ, h.b.gseq),
		    LOG_U(COUNT, rooms_count(h.b.rooms)));
		service_ready("serving");
		e = turn_run(h.b.turn);
		if (e)
			log_error("broker.turn", LOG_Z(ERR, err_text(e)));
	}
	close_house(&h);
	conf_free(&config_spec, &h.b.config);
	return e ? 1 : 0;
}
