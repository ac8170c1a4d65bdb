#include "tests/gateway/sio/stage.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/sio/json.h"
#include "gateway/sio/socket.h"
#include "proto/value.h"

struct stage stage;
const struct mono stage_start = {1000000};

static const char *const namespaces[STAGE_NAMESPACES + 1] = {"/", "/chat", "/admin"};

static const struct sio_conf conf = {namespaces, &stage.timeouts, 10, STAGE_MAX_ARGS};

/* The bins of a value follow its text. */
static void say_value(struct bytes value)
{
	struct value_reader r = value_reader(value);
	unsigned bins = 0;
	struct value v;

	if (value.len)
		json_write_attached(&stage.said, value, &bins);
	else
		buf_putc(&stage.said, '-');
	while (bins > 0 && value_next(&r, &v) == ERR_OK) {
		if (v.type == VALUE_BIN)
			buf_printf(&stage.said, " <%.*s>", (int)v.as.bin.len, v.as.bin.p);
	}
	buf_putc(&stage.said, '\n');
}

static void say_socket(const char *what, const struct sio_socket *s)
{
	buf_printf(&stage.said, "%s %.*s ", what, STR_ARG(sio_socket_nsp(s)));
}

static void up_connect(void *up, struct sio_socket *s, struct bytes auth)
{
	assert_ptr_equal(up, &stage);
	for (size_t i = 0; namespaces[i]; i++) {
		if (str_eqz(sio_socket_nsp(s), namespaces[i]))
			stage.sockets[i] = s;
	}
	say_socket("connect", s);
	say_value(auth);
	if (stage.in_connect)
		stage.in_connect(s);
}

static void up_event(void *up, struct sio_socket *s, const struct sio_event *event)
{
	assert_ptr_equal(up, &stage);
	say_socket("event", s);
	if (event->has_ack)
		buf_put_u64(&stage.said, event->ack_id);
	buf_printf(&stage.said, " %.*s ", STR_ARG(event->name));
	say_value(event->args);
	if (stage.in_event)
		stage.in_event(s);
}

static void up_oversize(void *up, struct sio_socket *s, bool has_ack, uint64_t ack_id)
{
	assert_ptr_equal(up, &stage);
	say_socket("oversize", s);
	if (has_ack)
		buf_put_u64(&stage.said, ack_id);
	buf_putc(&stage.said, '\n');
}

static void up_ack(void *up, struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	assert_ptr_equal(up, &stage);
	say_socket("ack", s);
	buf_put_u64(&stage.said, ack_id);
	buf_putc(&stage.said, ' ');
	say_value(args);
}

static void up_disconnect(void *up, struct sio_socket *s, enum sio_end why)
{
	static const char *const whys[] = {"client", "server", "transport"};

	assert_ptr_equal(up, &stage);
	assert_false(sio_socket_is_connected(s));
	say_socket("disconnect", s);
	buf_printf(&stage.said, "%s\n", whys[why]);
	if (stage.in_disconnect)
		stage.in_disconnect(s);
}

static void down_send(void *down, struct frame *text, bool is_volatile)
{
	assert_ptr_equal(down, &stage);
	buf_puts(&stage.said, is_volatile ? STR("< volatile ") : STR("< "));
	buf_put(&stage.said, frame_bytes(text));
	buf_putc(&stage.said, '\n');
	if (stage.in_send)
		stage.in_send();
}

static void down_send_binary(void *down, struct frame *bytes, bool is_volatile)
{
	assert_ptr_equal(down, &stage);
	buf_puts(&stage.said, is_volatile ? STR("<< volatile ") : STR("<< "));
	buf_put(&stage.said, frame_bytes(bytes));
	buf_putc(&stage.said, '\n');
	if (stage.in_send)
		stage.in_send();
}

static void down_close(void *down, bool is_parse_error)
{
	assert_ptr_equal(down, &stage);
	buf_puts(&stage.said, is_parse_error ? STR("close parse error\n") : STR("close\n"));
	if (stage.in_close)
		stage.in_close();
}

static const struct sio_events events = {.on_connect = up_connect,
    .on_event = up_event,
    .on_oversize = up_oversize,
    .on_ack = up_ack,
    .on_disconnect = up_disconnect};
static void down_expect(void *down, size_t bytes)
{
	assert_ptr_equal(down, &stage);
	stage.expected = bytes;
}

static const struct sio_transport transport = {
    down_send, down_send_binary, down_close, down_expect};

int stage_begin(void **state)
{
	(void)state;
	stage = (struct stage){0};
	timer_queue_init(&stage.timeouts, STAGE_TIMEOUT_MS);
	stage_new_client();
	return 0;
}

void stage_new_client(void)
{
	stage.client = sio_client_new(&conf, &events, &stage, &transport, &stage, stage_start);
}

int stage_end(void **state)
{
	(void)state;
	sio_client_free(&stage.client);
	buf_free(&stage.said);
	return stage.timeouts.head != NULL;
}

void stage_receive(const char *text)
{
	/* A copy of its own for every message: views of it must not outlive the call. */
	struct frame *f = frame_new(str_bytes(str_of(text)));

	sio_client_receive(stage.client, frame_bytes(f), false);
	frame_unref(&f);
}

void stage_receive_binary(struct bytes message)
{
	struct frame *f = frame_new(message);

	sio_client_receive(stage.client, frame_bytes(f), true);
	frame_unref(&f);
}

void stage_said(const char *expected)
{
	if (!str_eqz(buf_str(&stage.said), expected))
		fail_msg("said:\n%.*sexpected:\n%s", STR_ARG(buf_str(&stage.said)), expected);
	buf_reset(&stage.said);
}

void stage_accept(struct sio_socket *s)
{
	sio_socket_accept(s, STR("s1"), STR(""));
}

void stage_connect_two(void)
{
	stage.in_connect = stage_accept;
	stage_receive("0");
	stage_receive("0/chat,");
	stage_said("connect / -\n< 0{\"sid\":\"s1\"}\n"
		   "connect /chat -\n< 0/chat,{\"sid\":\"s1\"}\n");
}
