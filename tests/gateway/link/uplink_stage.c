#include "tests/gateway/link/uplink_stage.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000, LOOK_MS = 2 };

static const char gateway[] = "g1";

/* ---- the layer above ---- */

static size_t on_linked(void *up)
{
	struct stage *s = up;

	buf_puts(&s->news, STR("linked\n"));
	for (unsigned i = 0; i < s->announces; i++) {
		struct wire_message m = {.type = WIRE_CONNECT};

		m.as.connect.socket = STR("announced");
		assert_int_equal(uplink_send(s->uplink, &m), ERR_OK);
	}
	return s->announces;
}

static void on_up(void *up)
{
	struct stage *s = up;

	assert_true(uplink_is_up(s->uplink));
	buf_puts(&s->news, STR("up\n"));
}

static void on_down(void *up, const char *why)
{
	struct stage *s = up;

	assert_false(uplink_is_up(s->uplink));
	buf_printf(&s->news, "down %s\n", why);
}

static void on_message(void *up, const struct wire_message *m)
{
	struct stage *s = up;

	s->told++;
	s->deliveries += m->type == WIRE_DELIVER;
	wire_print(m, &s->news);
	buf_putc(&s->news, '\n');
}

static void on_gap(void *up)
{
	struct stage *s = up;

	buf_puts(&s->news, STR("gap\n"));
}

static const struct uplink_events events = {on_gap, on_linked, on_up, on_down, on_message};

static void on_turn_end(void *ctx)
{
	struct stage *s = ctx;

	if (s->told > s->most_told)
		s->most_told = s->told;
	s->told = 0;
}

/* ---- the broker's end ---- */

void stage_broker_goes(struct stage *s)
{
	zmq_close(s->router);
	s->router = NULL;
}

static void set_int(void *socket, int option, int value)
{
	assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof(value)), 0);
}

void stage_broker_comes(struct stage *s)
{
	size_t size = sizeof(s->endpoint);

	s->router = zmq_socket(s->context, ZMQ_ROUTER);
	set_int(s->router, ZMQ_ROUTER_MANDATORY, 1);
	set_int(s->router, ZMQ_ROUTER_HANDOVER, 1);
	set_int(s->router, ZMQ_LINGER, 0);
	if (s->broker_secret) {
		set_int(s->router, ZMQ_CURVE_SERVER, 1);
		zmq_setsockopt(s->router, ZMQ_CURVE_SECRETKEY, s->broker_secret, 41);
	}
	assert_int_equal(zmq_bind(s->router, s->endpoint), 0);
	zmq_getsockopt(s->router, ZMQ_LAST_ENDPOINT, s->endpoint, &size);
}

void stage_say_bytes(struct stage *s, struct bytes body)
{
	assert_true(zmq_send(s->router, s->id, s->id_len, ZMQ_SNDMORE) > 0);
	assert_true(zmq_send(s->router, body.p, body.len, 0) >= 0);
}

void stage_say_as(struct stage *s, uint64_t number, const struct wire_message *m)
{
	struct wire_message batch = {.type = WIRE_BATCH};
	struct buf b = {0};

	batch.as.batch.number = number;
	wire_put(&b, &batch);
	wire_put(&b, m);
	stage_say_bytes(s, buf_bytes(&b));
	buf_free(&b);
	s->said = number;
}

void stage_say(struct stage *s, const struct wire_message *m)
{
	stage_say_as(s, s->said + 1, m);
}

static void answer_heartbeat(struct stage *s)
{
	struct wire_message m = {.type = WIRE_HEARTBEAT};

	if (s->answers_heartbeats)
		stage_say(s, &m);
}

static void hear_batch(struct stage *s, struct bytes body)
{
	struct wire_reader r = wire_reader(body);
	struct wire_message m;

	s->batches++;
	while (!wire_at_end(&r)) {
		assert_int_equal(wire_next(&r, &m), ERR_OK);
		wire_print(&m, &s->heard);
		buf_putc(&s->heard, '\n');
		if (m.type == WIRE_HEARTBEAT)
			answer_heartbeat(s);
	}
}

void stage_listen(struct stage *s)
{
	while (s->router) {
		int n = zmq_recv(s->router, s->id, sizeof(s->id), ZMQ_DONTWAIT);
		zmq_msg_t body;

		if (n < 0)
			return;
		s->id_len = (size_t)n;
		zmq_msg_init(&body);
		assert_true(zmq_msg_recv(&body, s->router, ZMQ_DONTWAIT) >= 0);
		assert_false(zmq_msg_more(&body));
		hear_batch(s, bytes_of(zmq_msg_data(&body), zmq_msg_size(&body)));
		zmq_msg_close(&body);
	}
}

/* ---- waiting ---- */

bool stage_has(struct buf *lines, const char *text)
{
	buf_putc(lines, '\0');
	bool found = strstr(buf_str(lines).p, text) != NULL;

	buf_truncate(lines, lines->len - 1);
	return found;
}

void stage_forget(struct stage *s)
{
	buf_reset(&s->heard);
	buf_reset(&s->news);
	s->batches = 0;
}

/* One wait: the loop runs, and every LOOK_MS somebody looks whether it is over. */
struct wait {
	struct stage *stage;
	struct buf *lines; /* NULL: is_so is asked */
	const char *text;
	bool (*is_so)(const struct stage *s);
	struct loop_timer *look;
	struct mono deadline;
	bool is_over;
};

static void look(void *ctx)
{
	struct wait *w = ctx;

	stage_listen(w->stage);
	w->is_over = w->lines ? stage_has(w->lines, w->text) : w->is_so(w->stage);
	if (w->is_over || !mono_before(clock_mono(), w->deadline))
		loop_stop(w->stage->loop);
	else
		loop_timer_arm(w->look, LOOK_MS);
}

static void wait_for(struct wait *w)
{
	struct stage *s = w->stage;

	w->deadline = mono_add_ms(clock_mono(), PATIENCE_MS);
	w->look = loop_timer_new(s->loop, look, w);
	loop_timer_arm(w->look, 1);
	loop_run(s->loop);
	loop_timer_free(&w->look);
	if (!w->is_over)
		fail_msg("waited for: %s\nheard:\n%.*snews:\n%.*sstate: %s", w->text,
		    STR_ARG(buf_str(&s->heard)), STR_ARG(buf_str(&s->news)),
		    uplink_state_text(s->uplink));
}

void stage_until_heard(struct stage *s, const char *text)
{
	wait_for(&(struct wait){.stage = s, .lines = &s->heard, .text = text});
}

void stage_until_told(struct stage *s, const char *text)
{
	wait_for(&(struct wait){.stage = s, .lines = &s->news, .text = text});
}

void stage_until(struct stage *s, bool (*is_so)(const struct stage *s), const char *what)
{
	wait_for(&(struct wait){.stage = s, .is_so = is_so, .text = what});
}

/* ---- the stage ---- */

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

int stage_setup(void **state)
{
	struct stage *s = test_calloc(1, sizeof(*s));
	struct loop *first = loop_new();

	/* What the library opens once for the whole process is no leak of a test. */
	loop_free(&first);
	fake_log_forget();
	s->fds = count_fds();
	s->dir = tempdir_new();
	s->loop = loop_new();
	loop_on_turn(s->loop, on_turn_end, s);
	s->context = zmq_ctx_new();
	snprintf(s->endpoint, sizeof(s->endpoint), "ipc://%s", tempdir_path(s->dir, "link.sock"));
	stage_broker_comes(s);
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	uplink_free(&s->uplink);
	uplink_free(&s->uplink);
	if (s->router)
		stage_broker_goes(s);
	zmq_ctx_term(s->context);
	loop_free(&s->loop);
	tempdir_free(&s->dir);
	buf_free(&s->news);
	buf_free(&s->heard);
	assert_int_equal(count_fds(), s->fds);
	test_free(s);
	return frame_live() == 0 ? 0 : -1;
}

void stage_open(struct stage *s)
{
	/* Copied by the uplink: gone when the call returns. */
	char *endpoint = test_malloc(sizeof(s->endpoint)), *name = test_malloc(sizeof(gateway));
	struct uplink_conf conf = {.endpoint = endpoint,
	    .gateway = name,
	    .boot = STAGE_GATEWAY_BOOT,
	    .curve_secret = s->gateway_secret,
	    .broker_public = s->broker_public,
	    .queue_max_bytes = STAGE_QUEUE_MAX_BYTES};

	memcpy(endpoint, s->endpoint, sizeof(s->endpoint));
	memcpy(name, gateway, sizeof(gateway));
	assert_int_equal(uplink_new(s->loop, &conf, &events, s, s->why, &s->uplink), ERR_OK);
	test_free(endpoint);
	test_free(name);
}

void stage_open_and_greet(struct stage *s)
{
	stage_open(s);
	stage_until_heard(s, "HELLO{");
}

void stage_welcome(struct stage *s, uint64_t epoch, uint64_t heartbeat_ms, uint64_t credit)
{
	struct wire_message m = {.type = WIRE_WELCOME};

	m.as.welcome = (struct wire_welcome){.version = WIRE_VERSION,
	    .boot = 9,
	    .epoch = epoch,
	    .gseq = s->place,
	    .heartbeat_ms = heartbeat_ms,
	    .credit_messages = credit,
	    .credit_bytes = LIMIT_WINDOW_BYTES};
	stage_say_as(s, 1, &m);
}

void stage_up(struct stage *s)
{
	stage_open_and_greet(s);
	stage_welcome(s, STAGE_EPOCH, STAGE_HEARTBEAT_MS, LIMIT_WINDOW_MESSAGES);
	stage_until_heard(s, "RESUMED{");
	stage_forget(s);
}

struct wire_message stage_join(const char *room)
{
	struct wire_message m = {.type = WIRE_JOIN};

	m.as.join = (struct wire_join){1, STR("socket"), str_of(room)};
	return m;
}
