#include "tests/gateway/eio/server_stage.h"

#include "common/crypto.h"
#include "common/log.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_open(void *up, struct eio_session *session, const struct eio_handshake *h)
{
	struct stage *s = up;

	s->opened++;
	s->session = session;
	assert_true(str_eqz(h->ip, "127.0.0.1"));
	assert_true(str_eqz(h->authorization, "Bearer x"));
	assert_true(str_eqz(h->url, "/socket.io/?EIO=4&transport=websocket&name=a%26b"));
	if (s->closes_on_open)
		eio_session_close(session, EIO_CLOSE_FORCED_CLOSE);
}

static void on_message(void *up, struct eio_session *session, struct bytes message, bool is_binary)
{
	(void)up;
	(void)session;
	(void)message;
	(void)is_binary;
}

static void on_close(void *up, struct eio_session *session, enum eio_close why)
{
	struct stage *s = up;

	(void)session;
	s->closed++;
	s->close_why = why;
	loop_stop(s->loop);
}

static bool may_open(void *up)
{
	(void)up;
	return true;
}

static bool on_page(void *up, struct str path, struct eio_page *page)
{
	(void)up;
	buf_puts(page->body, STR("page "));
	buf_puts(page->body, path);
	return true;
}

static const struct eio_server_events events = {
    .session = {.on_open = on_open, .on_message = on_message, .on_close = on_close},
    .may_open = may_open,
    .on_page = on_page};

enum err stage_start(struct stage *s)
{
	return eio_server_new(s->loop, &s->conf, &events, s, s->why, sizeof(s->why), &s->server);
}

int stage_setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof(*s));

	s->loop = loop_new();
	s->client = -1;
	s->conf = (struct eio_server_conf){
	    .listen_address = "127.0.0.1",
	    .path = "/socket.io/",
	    .static_dir = "",
	    .client_dir = "",
	    .cors_origins = "",
	    .cookie = "",
	    .trusted_proxies = "",
	    .ping_interval_ms = 20,
	    .ping_timeout_ms = 20,
	    .upgrade_timeout_ms = 1000,
	    .sessions_max = 10,
	    .max_payload_bytes = 1000,
	    .queue_max_bytes = 100000,
	};
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	loop_watch_free(&s->watch);
	if (s->client >= 0)
		close(s->client);
	eio_server_free(&s->server);
	assert_null(s->server);
	assert_int_equal(s->opened, s->closed);
	loop_free(&s->loop);
	buf_free(&s->received);
	free(s);
	return 0;
}

static void on_readable(void *ctx)
{
	struct stage *s = ctx;
	ssize_t n = recv(s->client, buf_extend(&s->received, 4096), 4096, MSG_DONTWAIT);

	buf_truncate(&s->received, s->received.len - 4096 + (n > 0 ? (size_t)n : 0));
	if (n <= 0 || (s->awaited && memmem(buf_bytes(&s->received).p, s->received.len, s->awaited,
					 strlen(s->awaited))))
		loop_stop(s->loop);
}

void stage_talk(struct stage *s, const char *request, const char *awaited)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(eio_server_port(s->server)),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};

	s->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->client, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(s->client, request, strlen(request)), strlen(request));
	s->awaited = awaited;
	s->watch = loop_watch_new(s->loop, s->client, on_readable, s);
	loop_run(s->loop);
}

void stage_received(struct stage *s, const char *text)
{
	assert_non_null(memmem(buf_bytes(&s->received).p, s->received.len, text, strlen(text)));
}

static size_t files_before;

static size_t open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

bool stage_begin(void)
{
	/* libuv keeps a pipe for signals from the first loop on. */
	struct loop *warm = loop_new();

	loop_free(&warm);
	files_before = open_files();
	log_setup("server_test", LOG_FORMAT_TEXT, LOG_ERROR);
	return crypto_init() == ERR_OK;
}

bool stage_has_leftovers(void)
{
	return frame_live() != 0 || open_files() != files_before;
}
