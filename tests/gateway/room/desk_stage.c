#include "tests/gateway/room/desk_stage.h"

#include "gateway/metrics.h"

#include <stdio.h>
#include <string.h>

static unsigned ids;

static const struct namespace_conf namespaces[] = {
    {.name = (char *)"/chat"},
    {.name = (char *)"/club", .moderation = true},
    {.name = (char *)"/work", .handler = NAMESPACE_WORKER, .auth = NAMESPACE_ANONYMOUS},
    {.name = (char *)"/later", .auth = NAMESPACE_DEFERRED},
    {.name = (char *)"/load", .auth = NAMESPACE_ANY},
    {.name = (char *)"/late-work", .handler = NAMESPACE_WORKER, .auth = NAMESPACE_DEFERRED},
};

void crypto_id(char ret[CRYPTO_ID_LEN + 1])
{
	snprintf(ret, CRYPTO_ID_LEN + 1, "socket-%u", ++ids);
}

static void make_desk(struct stage *s, bool recovery)
{
	struct desk_parts parts = {.loop = &s->loop,
	    .hub = s->hub,
	    .trail = s->trail,
	    .pending = s->pending,
	    .metrics = s->metrics,
	    .error_event = STAGE_ERROR_EVENT,
	    .namespaces = namespaces,
	    .namespace_count = ARRAY_LEN(namespaces),
	    .rules = {"issuer", "audience", 5000},
	    .auth_timeout_ms = STAGE_AUTH_TIMEOUT_MS,
	    .auth_expiring_ms = STAGE_EXPIRING_MS,
	    .recovery = recovery,
	    .recovery_max_bytes = 10000};

	s->desk = desk_new(&parts);
	desk_set_uplink(s->desk, &s->link);
}

void stage_recovery(struct stage *s, bool is_on)
{
	desk_free(&s->desk);
	make_desk(s, is_on);
}

int stage_setup(void **state)
{
	struct stage *s = test_calloc(1, sizeof(*s));

	ids = 0;
	fake_token = (struct fake_token){0};
	fake_log_forget();
	s->loop.now = (struct mono){1000000};
	s->loop.wall = (struct wall){STAGE_NOON_MS};
	s->link.state = FAKE_UPLINK_UP;
	fake_socket_begin(&s->east, "/chat");
	fake_socket_begin(&s->west, "/chat");
	s->hub = hub_new();
	s->trail = trail_new();
	s->pending =
	    pending_new(STAGE_TIMEOUT_MS, &(struct pending_bounds){.requests = STAGE_PENDING_MAX,
					      .bytes = LIMIT_LINK_MESSAGE,
					      .per_owner = STAGE_PENDING_MAX_PER_CLIENT});
	s->metrics = metrics_new(metric_table, METRICS);
	make_desk(s, false);
	*state = s;
	return 0;
}

int stage_teardown(void **state)
{
	struct stage *s = *state;

	desk_sio_events.on_disconnect(s->desk, &s->east, SIO_END_TRANSPORT);
	desk_sio_events.on_disconnect(s->desk, &s->west, SIO_END_TRANSPORT);
	assert_int_equal(desk_connected(s->desk), 0);
	assert_int_equal(hub_room_count(s->hub), 0);
	assert_int_equal(fake_token.living, 0);
	desk_free(&s->desk);
	desk_free(&s->desk);
	pending_free(&s->pending);
	trail_free(&s->trail);
	hub_free(&s->hub);
	metrics_free(&s->metrics);
	buf_free(&s->link.given);
	fake_socket_end(&s->east);
	fake_socket_end(&s->west);
	test_free(s);
	return frame_live() == 0 ? 0 : -1;
}

int stage_setup_connected(void **state)
{
	int failed = stage_setup(state);
	struct stage *s = *state;

	if (failed)
		return failed;
	stage_connect(s, &s->east, "alice");
	stage_connect(s, &s->west, "bob");
	return 0;
}

/* A value in memory of its own: views of it must not outlive the call it is handed to. */
static struct frame *value_of(const char *json)
{
	struct buf b = {0};

	if (*json)
		fake_json(json, &b);
	return buf_seal(&b);
}

void stage_knock(struct stage *s, struct sio_socket *from, const char *auth_json)
{
	struct frame *auth = value_of(auth_json);

	desk_sio_events.on_connect(s->desk, from, frame_bytes(auth));
	frame_unref(&auth);
}

void stage_connect(struct stage *s, struct sio_socket *from, const char *user)
{
	char auth[64];

	snprintf(auth, sizeof(auth), "{'token':'%s'}", user);
	stage_knock(s, from, auth);
	stage_reply_ok(s, stage_next(s, WIRE_CONNECT).as.connect.request, "{'rooms':[]}");
	assert_true(from->id[0]);
	buf_reset(&from->said);
}

void stage_event(struct stage *s, struct sio_socket *from, const char *name, const char *args_json,
    int64_t ack_id)
{
	struct frame *args = value_of(args_json), *text = frame_new(str_bytes(str_of(name)));
	struct sio_event event = {.name = bytes_str(frame_bytes(text)),
	    .args = frame_bytes(args),
	    .has_ack = ack_id != STAGE_NO_ACK,
	    .ack_id = ack_id != STAGE_NO_ACK ? (uint64_t)ack_id : 0};

	desk_sio_events.on_event(s->desk, from, &event);
	frame_unref(&args);
	frame_unref(&text);
}

void stage_show(struct stage *s, const char *token, int64_t ack_id)
{
	char args[64];

	snprintf(args, sizeof(args), "[{'token':'%s'}]", token);
	stage_event(s, &s->east, "auth", args, ack_id);
}

void stage_disconnect(struct stage *s, struct sio_socket *from, enum sio_end why)
{
	desk_sio_events.on_disconnect(s->desk, from, why);
	from->owner = NULL;
	from->is_ended = true;
}

void stage_move(struct stage *s, const char *nsp)
{
	fake_socket_end(&s->east);
	fake_socket_begin(&s->east, nsp);
}

static void compare(struct buf *seen, const char *expected)
{
	if (!str_eqz(buf_str(seen), expected))
		fail_msg("seen:\n%.*sexpected:\n%s", STR_ARG(buf_str(seen)), expected);
	buf_reset(seen);
}

void stage_heard(struct sio_socket *who, const char *expected)
{
	compare(&who->said, expected);
}

void stage_hear(struct stage *s, const struct wire_message *m)
{
	struct buf b = {0};
	struct wire_message seen;

	/* As it comes from the link: views into a batch that goes. */
	wire_put(&b, m);
	struct frame *batch = buf_seal(&b);
	struct wire_reader r = wire_reader(frame_bytes(batch));

	assert_int_equal(wire_next(&r, &seen), ERR_OK);
	if (seen.type == WIRE_DELIVER && seen.as.deliver.gseq)
		s->link.place = seen.as.deliver.gseq;
	desk_uplink_events.on_message(s->desk, &seen);
	frame_unref(&batch);
}

void stage_say(struct stage *s, uint64_t gseq, const char *event)
{
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver = (struct wire_deliver){.gseq = gseq,
	    .nsp = STR("/chat"),
	    .room = STR("team"),
	    .event = str_of(event),
	    .args = bytes_of("\x91\x07", 2)};
	stage_hear(s, &m);
}

void stage_reply_ok(struct stage *s, uint64_t request, const char *value_json)
{
	struct wire_message m = {.type = WIRE_REPLY};
	struct frame *value = value_of(value_json);

	m.as.reply.request = request;
	m.as.reply.value = frame_bytes(value);
	stage_hear(s, &m);
	frame_unref(&value);
}

void stage_reply_error(struct stage *s, uint64_t request, enum client_error error)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = error;
	stage_hear(s, &m);
}

struct wire_message stage_next(struct stage *s, enum wire_type type)
{
	struct wire_message m;

	assert_true(fake_uplink_next(&s->link, &m));
	assert_int_equal(m.type, type);
	return m;
}

struct wire_connect stage_next_connect(struct stage *s)
{
	struct wire_message m;

	do {
		assert_true(fake_uplink_next(&s->link, &m));
	} while (m.type != WIRE_CONNECT);
	return m.as.connect;
}

void stage_sent(struct stage *s, const char *expected)
{
	struct buf lines = {0};

	fake_uplink_print(&s->link, &lines);
	compare(&lines, expected);
	buf_free(&lines);
}

void stage_link_breaks(struct stage *s)
{
	s->link.state = FAKE_UPLINK_DOWN;
	desk_uplink_events.on_down(s->desk, "silence");
}

size_t stage_link_returns(struct stage *s)
{
	s->link.state = FAKE_UPLINK_GREETED;
	size_t announced = desk_uplink_events.on_linked(s->desk);

	s->link.state = FAKE_UPLINK_UP;
	desk_uplink_events.on_up(s->desk);
	return announced;
}

uint64_t stage_come_back(struct stage *s, const char *claim)
{
	char auth[256];

	stage_recovery(s, true);
	s->link.epoch = 1;
	stage_link_breaks(s);
	stage_link_returns(s);
	snprintf(auth, sizeof(auth), "{'token':'alice'%s}", claim);
	stage_knock(s, &s->east, auth);
	return stage_next(s, WIRE_CONNECT).as.connect.request;
}

void stage_pass_ms(struct stage *s, uint64_t ms)
{
	s->loop.now = mono_add_ms(s->loop.now, ms);
	s->loop.wall.ms += (int64_t)ms;
	desk_expire(s->desk, s->loop.now);
}
