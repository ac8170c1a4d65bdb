/*
 * An Engine.IO server that sends every message back: common, gateway/loop and gateway/eio, and
 * nothing else. That it links shows that Engine.IO knows nothing of what is built upon it.
 */
#include "common/crypto.h"
#include "gateway/eio/server.h"
#include "gateway/loop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX_BYTES = 8 * 1024 * 1024, WHY_SIZE = 400 };

struct echo {
	struct loop *loop;
	struct eio_server *server;
	bool is_full; /* open no more sessions */
};

static void on_open(void *up, struct eio_session *s, const struct eio_handshake *h)
{
	(void)up;
	printf("open %s %.*s%s\n", eio_session_id(s), STR_ARG(h->ip), h->secure ? " secure" : "");
}

/* A few messages are orders instead, so that tests reach what only the layer above can do. */
static bool obey(struct echo *e, struct eio_session *s, struct str message)
{
	if (str_eqz(message, "!close"))
		eio_session_close(s, EIO_CLOSE_FORCED_CLOSE);
	else if (str_eqz(message, "!full"))
		e->is_full = true;
	else if (str_eqz(message, "!free"))
		e->is_full = false;
	else
		return false;
	return true;
}

static void on_message(void *up, struct eio_session *s, struct bytes message, bool is_binary)
{
	struct frame *f = frame_new(message);

	if (is_binary)
		eio_session_send_binary(s, f, EIO_SEND_NORMAL);
	else
		eio_session_send(s, f, EIO_SEND_NORMAL);
	frame_unref(&f);
	if (!is_binary)
		(void)obey(up, s, bytes_str(message));
}

static void on_close(void *up, struct eio_session *s, enum eio_close why)
{
	(void)up;
	printf("close %s %s\n", eio_session_id(s), eio_close_row(why)->reason);
}

static bool may_open(void *up)
{
	const struct echo *e = up;

	return !e->is_full;
}

static bool on_page(void *up, struct str path, struct eio_page *page)
{
	const struct echo *e = up;

	if (!str_eqz(path, "/health"))
		return false;
	buf_printf(page->body, "sessions %zu\n", eio_server_sessions(e->server));
	return true;
}

static const struct eio_server_events events = {
    .session = {.on_open = on_open, .on_message = on_message, .on_close = on_close},
    .may_open = may_open,
    .on_page = on_page,
};

static void on_reload(void *ctx, int signo)
{
	struct echo *e = ctx;
	char why[TLS_WHY_SIZE] = "";

	(void)signo;
	if (eio_server_reload_tls(e->server, why))
		printf("kept: %s\n", why);
	else
		printf("renewed\n");
}

static void on_signal(void *ctx, int signo)
{
	struct echo *e = ctx;

	(void)signo;
	loop_stop(e->loop);
}

/* Every option takes a value: text or a number. */
struct setting {
	const char *name;
	const char **text;
	uint64_t *number;
};

static void set(const struct setting *setting, const char *value)
{
	if (setting->text) {
		*setting->text = value;
	} else if (str_to_u64(str_of(value), UINT32_MAX, setting->number)) {
		fprintf(stderr, "echo: --%s %s is not a number\n", setting->name, value);
		exit(2);
	}
}

static void parse(int argc, char **argv, struct eio_server_conf *conf)
{
	uint64_t port = conf->port, allow_eio3 = 0, credentials = 0, proxy_protocol = 0;
	const struct setting settings[] = {
	    {"address", &conf->listen_address, NULL},
	    {"path", &conf->path, NULL},
	    {"static-dir", &conf->static_dir, NULL},
	    {"cors-origins", &conf->cors_origins, NULL},
	    {"cookie", &conf->cookie, NULL},
	    {"trusted-proxies", &conf->trusted_proxies, NULL},
	    {"cors-credentials", NULL, &credentials},
	    {"proxy-protocol", NULL, &proxy_protocol},
	    {"tls-certificate-file", &conf->tls.certificate, NULL},
	    {"tls-key-file", &conf->tls.key, NULL},
	    {"port", NULL, &port},
	    {"ping-interval-ms", NULL, &conf->ping_interval_ms},
	    {"ping-timeout-ms", NULL, &conf->ping_timeout_ms},
	    {"upgrade-timeout-ms", NULL, &conf->upgrade_timeout_ms},
	    {"sessions-max", NULL, &conf->sessions_max},
	    {"max-payload-bytes", NULL, &conf->max_payload_bytes},
	    {"queue-max-bytes", NULL, &conf->queue_max_bytes},
	    {"allow-eio3", NULL, &allow_eio3}, /* 0 or 1 */
	};
	struct option options[ARRAY_LEN(settings) + 1] = {0};
	int which, index = 0;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		options[i] = (struct option){settings[i].name, required_argument, NULL, 'x'};
	while ((which = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (which != 'x')
			exit(2);
		set(&settings[index], optarg);
	}
	conf->port = (uint16_t)port;
	conf->cors_credentials = credentials;
	conf->proxy_protocol = proxy_protocol;
	conf->allow_eio3 = allow_eio3 > 0;
}

static int run(struct echo *e, const struct eio_server_conf *conf)
{
	char why[WHY_SIZE];

	if (loop_on_signal(e->loop, SIGTERM, on_signal, e) ||
	    loop_on_signal(e->loop, SIGINT, on_signal, e))
		return 1;
	if (eio_server_new(e->loop, conf, &events, e, why, sizeof(why), &e->server)) {
		fprintf(stderr, "echo: %s\n", why);
		return 1;
	}
	if (eio_server_tls(e->server) && loop_on_signal(e->loop, SIGHUP, on_reload, e))
		return 1;
	printf("listening on %s port %u\n", conf->listen_address,
	    (unsigned)eio_server_port(e->server));
	loop_run(e->loop);
	return 0;
}

int main(int argc, char **argv)
{
	struct eio_server_conf conf = {
	    .listen_address = "127.0.0.1",
	    .port = 3000,
	    .path = "/engine.io/",
	    .static_dir = "",
	    .client_dir = "",
	    .cors_origins = "",
	    .cookie = "",
	    .trusted_proxies = "",
	    .ping_interval_ms = 300,
	    .ping_timeout_ms = 200,
	    .upgrade_timeout_ms = 10000,
	    .sessions_max = 100000,
	    .max_payload_bytes = 1000000,
	    .queue_max_bytes = QUEUE_MAX_BYTES,
	};
	struct echo e = {0};
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	parse(argc, argv, &conf);
	if (crypto_init())
		return 1;
	e.loop = loop_new();
	status = run(&e, &conf);
	eio_server_free(&e.server);
	loop_free(&e.loop);
	return status ? status : frame_live() != 0;
}
