#include "gateway/eio/server.h"

#include "gateway/eio/greeter.h"
#include "gateway/eio/listener.h"
#include "gateway/eio/server_wires.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_MAX_BYTES = 200 }; /* libwebsockets counts them in a byte */

struct eio_server {
	struct loop *loop;
	struct http_routes routes;
	struct eio_family *family;
	struct websockets *websockets;
	struct polls *polls;
	struct origins *origins;
	struct client_files *client_files;
	struct proxies *proxies;
	struct doorman *doorman;
	struct greeter *greeter; /* NULL = connections say nothing before HTTP */
	struct tls *tls;         /* NULL = plain HTTP */
	struct server_wires *wires;
	struct listener *listener; /* NULL once it has stopped listening */
	uint16_t port;
	struct loop_timer *heartbeat;
	struct mono heartbeat_due; /* 0 = not armed */
	int expire_in_turns;       /* 0 = nothing is due */
	char *path;                /* of Engine.IO, without the slash at its end */
};

static void on_greeted(void *ctx, int fd)
{
	struct eio_server *s = ctx;

	server_wires_adopt(s->wires, fd);
}

static void on_accept(void *ctx, int fd)
{
	struct eio_server *s = ctx;

	if (s->greeter)
		greeter_accept(s->greeter, fd);
	else
		on_greeted(s, fd);
}

static void on_heartbeat(void *ctx)
{
	struct eio_server *s = ctx;

	/* After a stall the pongs of the living still wait in their sockets: those are read in the
	 * coming turn, before anybody is called silent at its end. */
	s->heartbeat_due = (struct mono){0};
	s->expire_in_turns = 2;
	loop_turn_again(s->loop);
}

static bool next_due(const struct eio_server *s, struct mono *ret_due)
{
	struct mono polls;
	bool has_family = eio_family_next_due(s->family, ret_due);

	if (!polls_next_due(s->polls, &polls))
		return has_family;
	if (!has_family || mono_before(polls, *ret_due))
		*ret_due = polls;
	return true;
}

static void arm_heartbeat(struct eio_server *s)
{
	struct mono due;

	if (s->expire_in_turns || !next_due(s, &due))
		return;
	if (s->heartbeat_due.us && !mono_before(due, s->heartbeat_due))
		return;
	s->heartbeat_due = due;
	loop_timer_arm_at(s->heartbeat, due);
}

static void on_turn(void *ctx)
{
	struct eio_server *s = ctx;
	struct mono now = loop_now(s->loop);

	if (s->expire_in_turns && --s->expire_in_turns == 0) {
		eio_family_expire(s->family, now);
		polls_expire(s->polls, now);
	}

	/* Polls first: a session that changes its transport ends its turn with the new one. */
	bool has_deadlines = polls_end_turn(s->polls, now);

	if (websockets_end_turn(s->websockets) || has_deadlines)
		server_wires_wake(s->wires);
	arm_heartbeat(s);
}

static enum err check(const struct eio_server_conf *conf, char *ret_why, size_t why_size)
{
	struct stat st;

	if (conf->path[0] != '/' || strlen(conf->path) > PATH_MAX_BYTES) {
		snprintf(ret_why, why_size,
		    "path \"%s\" must begin with / and have at most %d bytes", conf->path,
		    PATH_MAX_BYTES);
		return ERR_INVALID;
	}
	if (conf->static_dir[0] && (stat(conf->static_dir, &st) || !S_ISDIR(st.st_mode))) {
		snprintf(ret_why, why_size, "%s is not a directory", conf->static_dir);
		return ERR_INVALID;
	}
	return ERR_OK;
}

static struct eio_server *make(struct loop *loop, const struct eio_server_conf *conf,
    const struct eio_server_events *events, void *up)
{
	struct eio_server *s = xcalloc(1, sizeof(*s));
	struct str path = str_of(conf->path);

	while (path.len && path.p[path.len - 1] == '/')
		path.len--;
	s->path = str_dup(path);
	s->loop = loop;
	s->routes = (struct http_routes){
	    .path = str_of(s->path),
	    .has_files = conf->static_dir[0],
	    .sessions_max = conf->sessions_max,
	    .oldest = conf->allow_eio3 ? EIO_REVISION_3 : EIO_REVISION_4,
	    .events = events,
	    .up = up,
	};
	s->family = eio_family_new(&(struct eio_rules){.ping_interval_ms = conf->ping_interval_ms,
				       .ping_timeout_ms = conf->ping_timeout_ms,
				       .max_payload_bytes = conf->max_payload_bytes,
				       .queue_max_bytes = conf->queue_max_bytes,
				       .upgrade_timeout_ms = conf->upgrade_timeout_ms,
				       .flow = {conf->packets_per_second, conf->bytes_per_second}},
	    &events->session, up);
	s->websockets = websockets_new(s->family, conf->max_payload_bytes);
	s->polls = polls_new(s->family, conf->max_payload_bytes, conf->cookie);
	s->routes.family = s->family;
	s->routes.polls = s->polls;
	s->routes.doorman = s->doorman = doorman_new(loop, conf->ip_handshakes_per_second);
	s->heartbeat = loop_timer_new(loop, on_heartbeat, s);
	return s;
}

/* Who may connect, from where, and what is served beside. */
static enum err read_lists(
    struct eio_server *s, const struct eio_server_conf *conf, char *ret_why, size_t why_size)
{
	enum err e = origins_new(
	    str_of(conf->cors_origins), conf->cors_credentials, ret_why, why_size, &s->origins);

	if (!e)
		e = proxies_new(str_of(conf->trusted_proxies), ret_why, why_size, &s->proxies);
	if (!e)
		e = client_files_new(conf->client_dir, ret_why, why_size, &s->client_files);
	s->routes.client_files = s->client_files;
	s->routes.origins = s->origins;
	s->routes.proxies = s->proxies;
	if (!e && conf->proxy_protocol)
		s->greeter = greeter_new(s->loop, s->proxies, on_greeted, s);
	return e;
}

static enum err open_wires(
    struct eio_server *s, const char *static_dir, char *ret_why, size_t why_size)
{
	struct server_wires_conf conf = {
	    .loop = s->loop,
	    .routes = &s->routes,
	    .family = s->family,
	    .websockets = s->websockets,
	    .path = s->path,
	    .static_dir = static_dir,
	    .tls = s->tls,
	};

	return server_wires_new(&conf, ret_why, why_size, &s->wires);
}

static enum err open_tls(
    struct eio_server *s, const struct tls_files *files, char *ret_why, size_t why_size)
{
	char why[TLS_WHY_SIZE];

	if (!tls_is_wanted(files))
		return ERR_OK;

	enum err e = tls_new(files, clock_wall(), why, &s->tls);

	if (e)
		snprintf(ret_why, why_size, "%s", why);
	return e;
}

enum err eio_server_new(struct loop *loop, const struct eio_server_conf *conf,
    const struct eio_server_events *events, void *up, char *ret_why, size_t why_size,
    struct eio_server **ret)
{
	struct eio_server *s = make(loop, conf, events, up);
	struct listener_conf l = {conf->listen_address, conf->port, conf->reuse_port, on_accept, s};
	enum err e;

	e = check(conf, ret_why, why_size);
	if (e)
		goto fail;
	e = read_lists(s, conf, ret_why, why_size);
	if (!e)
		e = open_tls(s, &conf->tls, ret_why, why_size);
	if (e)
		goto fail;
	/* A port that is taken is found out before there are wires: see eio_server_free(). */
	e = listener_new(loop, &l, ret_why, why_size, &s->listener);
	if (!e)
		e = open_wires(s, conf->static_dir, ret_why, why_size);
	if (e)
		goto fail;
	s->port = listener_port(s->listener);
	loop_on_turn(loop, on_turn, s);
	*ret = s;
	return ERR_OK;
fail:
	eio_server_free(&s);
	return e;
}

static void shut(void *ctx, struct eio_session *session)
{
	(void)ctx;
	eio_session_close(session, EIO_CLOSE_SHUTDOWN);
}

static void end_last_turn(struct eio_server *s)
{
	polls_end_last_turn(s->polls);
	websockets_end_last_turn(s->websockets);
}

void eio_server_shut(struct eio_server *s)
{
	eio_server_stop_listening(s);
	greeter_free(&s->greeter);
	eio_server_each(s, shut, NULL);
	end_last_turn(s);
}

void eio_server_free(struct eio_server **s)
{
	struct eio_server *dead = *s;

	*s = NULL;
	if (!dead)
		return;
	eio_server_shut(dead);
	server_wires_free(&dead->wires);
	end_last_turn(dead);
	tls_free(&dead->tls);
	loop_timer_free(&dead->heartbeat);
	polls_free(&dead->polls);
	websockets_free(&dead->websockets);
	eio_family_free(&dead->family);
	origins_free(&dead->origins);
	client_files_free(&dead->client_files);
	proxies_free(&dead->proxies);
	doorman_free(&dead->doorman);
	free(dead->path);
	free(dead);
}

void eio_server_stop_listening(struct eio_server *s)
{
	listener_free(&s->listener);
}

uint16_t eio_server_port(const struct eio_server *s)
{
	return s->port;
}

size_t eio_server_sessions(const struct eio_server *s)
{
	return eio_family_open_count(s->family);
}

struct eio_server_excess eio_server_excess(const struct eio_server *s)
{
	return (struct eio_server_excess){
	    doorman_refused(s->doorman), eio_family_floods(s->family)};
}

enum err eio_server_reload_tls(struct eio_server *s, char ret_why[TLS_WHY_SIZE])
{
	return tls_reload(s->tls, clock_wall(), ret_why);
}

const struct tls *eio_server_tls(const struct eio_server *s)
{
	return s->tls;
}

void eio_server_each(
    struct eio_server *s, void (*fn)(void *ctx, struct eio_session *session), void *ctx)
{
	eio_family_each(s->family, fn, ctx);
}
