/*
 * roomcast-broker: one turn thread that owns rooms, members and order, with the store's and the
 * archive's threads beside it. This file makes the rooms, connects them, runs the turn, and
 * unmakes everything in reverse.
 */
#include "broker/admin.h"
#include "broker/attend.h"
#include "broker/broker.h"
#include "broker/entry.h"
#include "broker/http.h"
#include "broker/look.h"
#include "broker/metrics.h"
#include "broker/publish.h"
#include "broker/zap.h"
#include "common/crypto.h"
#include "common/keyfile.h"
#include "common/log.h"
#include "common/service.h"
#include "proto/wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { LETTERS_A_TURN = 1000, TICK_MS = 1000 };

/* The broker of this process with what only main knows of. */
struct house {
	struct broker b;
	struct zap *zap;
	struct http *http;
	struct admin *admin;
	struct buf curve_secret;
	int signals;
};

/* ---- news from the link ---- */

typedef void wire_handler(struct broker *b, struct peer *p, const struct wire_message *m);

static wire_handler *const on_wire[WIRE_TYPES] = {
    [WIRE_CONNECT] = entry_on_connect,
    [WIRE_DISCONNECT] = entry_on_disconnect,
    [WIRE_RESUMED] = entry_on_resumed,
    [WIRE_JOIN] = attend_on_join,
    [WIRE_LEAVE] = attend_on_leave,
    [WIRE_TYPING] = attend_on_typing,
    [WIRE_PUBLISH] = publish_on_message,
    [WIRE_USERS] = look_on_users,
    [WIRE_HISTORY] = look_on_history,
};

static void on_peer_message(void *up, struct peer *p, const struct wire_message *m)
{
	struct house *h = up;

	metrics_add(h->b.metrics, METRIC_LINK_IN, 0, 0, 1);
	if (on_wire[m->type])
		on_wire[m->type](&h->b, p, m);
	else
		log_warn("peer.unexpected", LOG_Z(PEER, peer_name(p)),
		    LOG_Z(MESSAGE, wire_name(m->type)));
}

static uint64_t get_gseq(void *up)
{
	return ((struct house *)up)->b.gseq;
}

static void on_peer_linked(void *up, struct peer *p)
{
	struct house *h = up;

	/* What was decided before HELLO belongs to the old conversation. */
	outbox_forget(h->b.outbox, p);
}

static void on_peer_gone(void *up, struct peer *p, const char *why)
{
	struct house *h = up;

	(void)why;
	look_forget(&h->b, p);
	entry_on_peer_gone(&h->b, p);
}

static const struct peers_events peers_news = {
    .get_gseq = get_gseq,
    .on_message = on_peer_message,
    .on_linked = on_peer_linked,
    .on_gone = on_peer_gone,
};

static void read_door(struct house *h, enum link_door door)
{
	struct link_letter letter;

	for (int i = 0; i < LETTERS_A_TURN; i++) {
		if (link_receive(h->b.link, door, &letter))
			return;
		if (door == LINK_CONTROL)
			admin_receive(h->admin, &letter);
		else
			peers_receive(h->b.peers, &letter, turn_now(h->b.turn));
	}
	turn_again(h->b.turn);
}

static void on_ipc(void *ctx)
{
	read_door(ctx, LINK_IPC);
}

static void on_tcp(void *ctx)
{
	read_door(ctx, LINK_TCP);
}

static void on_control(void *ctx)
{
	read_door(ctx, LINK_CONTROL);
}

static void on_zap(void *ctx)
{
	struct house *h = ctx;

	zap_serve(h->zap, turn_now(h->b.turn));
}

/* ---- news from store, archive, outbox ---- */

static void on_committed(void *up, uint64_t batch)
{
	publish_on_committed(&((struct house *)up)->b, batch);
}

static void on_failed(void *up, uint64_t batch, const char *why)
{
	(void)batch;
	publish_on_failed(&((struct house *)up)->b, why);
}

static const struct store_events store_news = {
    .on_committed = on_committed, .on_failed = on_failed};

static void on_store(void *ctx)
{
	store_serve(((struct house *)ctx)->b.store);
}

static void on_page(void *up, const struct archive_answer *answer)
{
	struct house *h = up;

	if (!look_on_page(&h->b, answer))
		admin_on_page(h->admin, answer);
}

static const struct archive_events archive_news = {.on_page = on_page};

static void on_archive(void *ctx)
{
	archive_serve(((struct house *)ctx)->b.archive);
}

static void on_send(void *up, struct peer *to, struct frame *message)
{
	(void)up;
	peer_put_encoded(to, frame_bytes(message));
}

static const struct outbox_events outbox_news = {.on_send = on_send};

/* ---- the operator's windows ---- */

static bool is_ready(void *up, char *ret_why, size_t why_size)
{
	const struct house *h = up;

	const char *fault = publish_fault(&h->b);

	snprintf(ret_why, why_size, "%s", fault);
	return fault[0] == '\0';
}

static void render_metrics(void *up, struct buf *out)
{
	struct broker *b = &((struct house *)up)->b;

	metrics_set(b->metrics, METRIC_GATEWAYS, 0, 0, (int64_t)peers_count(b->peers));
	metrics_set(b->metrics, METRIC_CONNECTIONS, 0, 0, (int64_t)sessions_count(b->sessions));
	metrics_set(b->metrics, METRIC_USERS, 0, 0, (int64_t)sessions_user_count(b->sessions));
	metrics_set(b->metrics, METRIC_ROOMS, 0, 0, (int64_t)rooms_count(b->rooms));
	metrics_set(b->metrics, METRIC_GSEQ, 0, 0, (int64_t)b->gseq);
	metrics_set(b->metrics, METRIC_STORE_BACKLOG, 0, 0, (int64_t)store_backlog(b->store));
	metrics_render(b->metrics, out);
}

static const struct http_events http_news = {
    .is_ready = is_ready, .render_metrics = render_metrics};

static void on_http(void *ctx)
{
	http_serve(((struct house *)ctx)->http);
}

/* ---- time and signals ---- */

static void on_signal(void *ctx)
{
	struct house *h = ctx;
	struct signalfd_siginfo info;

	if (read(h->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	uint64_t signo = info.ssi_signo;

	log_notice("broker.stopping", LOG_U(SIGNAL, signo));
	service_stopping();
	turn_stop(h->b.turn);
}

static void on_tick(void *ctx)
{
	struct house *h = ctx;

	publish_on_tick(&h->b);
	if (h->http)
		http_serve(h->http);
}

static void on_heartbeat(void *ctx)
{
	struct house *h = ctx;

	peers_tick(h->b.peers, turn_now(h->b.turn));
}

static void on_watchdog(void *ctx)
{
	(void)ctx;
	service_watchdog();
}

static void on_turn_end(void *ctx)
{
	struct house *h = ctx;

	store_flush(h->b.store);
	peers_flush(h->b.peers);
}

/* ---- making the house ---- */

/* Signals come through a descriptor; blocked before any thread starts, so that all inherit it. */
static enum err open_signals(struct house *h)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* A full disk quota is an error to answer, not a reason to die. */
	signal(SIGXFSZ, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return ERR_SYSTEM;
	h->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return h->signals < 0 ? ERR_SYSTEM : ERR_OK;
}

static void load_room(void *ctx, const struct reader_room *row)
{
	struct broker *b = ctx;

	rooms_load(b->rooms, row->id, row->nsp, row->name, row->is_public, row->seq);
}

static void load_membership(void *ctx, const struct reader_membership *row)
{
	struct broker *b = ctx;

	rooms_add_membership(b->rooms, row->room, row->user);
}

static enum err load_state(struct broker *b, char *why)
{
	enum err e = reader_epoch(b->reader, &b->epoch);

	if (!e)
		e = reader_last_gseq(b->reader, &b->gseq);
	if (!e)
		e = reader_each_room(b->reader, load_room, b);
	if (!e)
		e = reader_each_membership(b->reader, load_membership, b);
	if (e)
		snprintf(why, STORE_WHY_SIZE, "cannot read %s: %s; check the file with `sqlite3 "
		                              "FILE 'pragma integrity_check'`",
		    b->config.database, err_text(e));
	return e;
}

static enum err open_database(struct house *h, char *why)
{
	struct broker *b = &h->b;
	struct store_conf conf = {
	    .path = b->config.database, .is_synchronous_full = b->config.synchronous == 0};
	enum err e = store_open(&conf, &store_news, h, why, &b->store);

	if (!e)
		e = reader_open(b->config.database, why, STORE_WHY_SIZE, &b->reader);
	if (!e)
		e = archive_open(b->config.database, &archive_news, h, why, STORE_WHY_SIZE,
		    &b->archive);
	if (!e)
		e = load_state(b, why);
	return e;
}

static enum err open_link(struct house *h, char *why)
{
	const struct config *c = &h->b.config;
	struct link_conf conf = {
	    .endpoints = {[LINK_IPC] = c->ipc_endpoint, [LINK_TCP] = c->tcp_endpoint,
	        [LINK_CONTROL] = c->control_endpoint},
	    .heartbeat_ms = c->heartbeat_ms,
	};
	enum err e = ERR_OK;

	if (c->tcp_endpoint[0]) {
		char public_key[CRYPTO_Z85_KEY_SIZE];

		e = keyfile_read(c->curve_secret_file, KEYFILE_SECRET, &h->curve_secret, why);
		if (e)
			return e;
		buf_putc(&h->curve_secret, '\0');
		conf.curve_secret = buf_str(&h->curve_secret).p;
		e = crypto_curve_public(conf.curve_secret, public_key);
		if (e) {
			snprintf(why, STORE_WHY_SIZE, "%s holds no CURVE key: make one with "
			                              "`roomcastctl keygen curve`",
			    c->curve_secret_file);
			return e;
		}
		e = zap_new(turn_zmq_context(h->b.turn), c->authorized_gateways, why, &h->zap);
	}
	if (!e)
		e = link_new(turn_zmq_context(h->b.turn), &conf, why, &h->b.link);
	return e;
}

static enum err open_http(struct house *h, char *why)
{
	if (!h->b.config.http_listen[0])
		return ERR_OK;
	return http_new(h->b.config.http_listen, &http_news, h, why, &h->http);
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
	};

	b->dedup = dedup_new(b->reader);
	b->outbox = outbox_new(&outbox_news, h);
	b->peers = peers_new(b->link, &conf, &peers_news, h);
	h->admin = admin_new(b);
}

static void on_door(struct house *h, enum link_door door, void (*fn)(void *ctx))
{
	if (link_socket(h->b.link, door))
		turn_on_socket(h->b.turn, link_socket(h->b.link, door), fn, h);
}

static void connect_turn(struct house *h)
{
	struct turn *t = h->b.turn;

	turn_on_fd(t, h->signals, on_signal, h);
	turn_on_socket(t, store_socket(h->b.store), on_store, h);
	turn_on_socket(t, archive_socket(h->b.archive), on_archive, h);
	if (h->zap)
		turn_on_socket(t, zap_socket(h->zap), on_zap, h);
	on_door(h, LINK_CONTROL, on_control);
	on_door(h, LINK_IPC, on_ipc);
	on_door(h, LINK_TCP, on_tcp);
	if (h->http)
		turn_on_fd(t, http_fd(h->http), on_http, h);
	turn_every(t, h->b.config.heartbeat_ms, on_heartbeat, h);
	turn_every(t, TICK_MS, on_tick, h);
	if (service_watchdog_interval_ms())
		turn_every(t, service_watchdog_interval_ms(), on_watchdog, h);
	turn_on_end(t, on_turn_end, h);
}

static enum err open_house(struct house *h, char *why)
{
	enum err e = crypto_init();

	if (!e)
		e = open_signals(h);
	if (e) {
		snprintf(why, STORE_WHY_SIZE, "the system gives no randomness or no signals");
		return e;
	}
	h->b.boot = crypto_random_u64() >> 1;
	h->b.started = clock_mono();
	h->b.turn = turn_new();
	h->b.rooms = rooms_new();
	h->b.sessions = sessions_new();
	h->b.metrics = metrics_new(metric_table, METRICS);
	e = open_database(h, why);
	if (!e)
		e = open_link(h, why);
	if (!e)
		e = open_http(h, why);
	if (!e) {
		make_rooms(h);
		connect_turn(h);
	}
	return e;
}

/* Members without their gateways' goodbye: nobody is told, the process ends. */
static void forget_member(void *ctx, struct session *s)
{
	(void)ctx;
	while (s->members) {
		struct member *m = s->members;
		bool is_last;

		member_remove(&m, &is_last);
	}
}

static void close_house(struct house *h)
{
	struct broker *b = &h->b;

	admin_free(&h->admin);
	look_forget(b, NULL);
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
	if (b->sessions)
		sessions_each(b->sessions, forget_member, NULL);
	sessions_free(&b->sessions);
	rooms_free(&b->rooms);
	turn_free(&b->turn);
	if (h->curve_secret.len)
		crypto_wipe((void *)buf_bytes(&h->curve_secret).p, h->curve_secret.len);
	buf_free(&h->curve_secret);
	if (h->signals > 0)
		close(h->signals);
}

int main(int argc, char **argv)
{
	struct house h = {0};
	char why[STORE_WHY_SIZE] = "";

	switch (conf_load(&config_spec, argc, argv, &h.b.config)) {
	case CONF_DONE:
		return 0;
	case CONF_BAD:
		return 2;
	case CONF_RUN:
		break;
	}
	log_setup("broker", (enum log_format)h.b.config.log_format,
	    (enum log_level)h.b.config.log_level);
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
