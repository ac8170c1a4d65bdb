#include "broker/cli/client.h"

#include "common/clock.h"
#include "proto/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct ctl_client {
	void *context, *socket;
	char *endpoint;
	uint64_t request;
};

void ctl_client_close(struct ctl_client **c)
{
	if (!*c)
		return;
	if ((*c)->socket)
		zmq_close((*c)->socket);
	if ((*c)->context)
		zmq_ctx_term((*c)->context);
	free((*c)->endpoint);
	free(*c);
	*c = NULL;
}

enum err ctl_client_open(
    const char *endpoint, char *ret_why, size_t why_size, struct ctl_client **ret)
{
	struct ctl_client *c = xcalloc(1, sizeof(*c));
	int none = 0;

	c->endpoint = xstrdup(endpoint);
	c->context = zmq_ctx_new();
	c->socket = c->context ? zmq_socket(c->context, ZMQ_DEALER) : NULL;
	if (!c->socket || zmq_setsockopt(c->socket, ZMQ_LINGER, &none, sizeof(none)) != 0 ||
	    zmq_connect(c->socket, endpoint) != 0) {
		int fault = errno;

		snprintf(ret_why, why_size,
		    "cannot use the endpoint %s: %s; it looks like "
		    "ipc:///run/roomcast/control.sock",
		    endpoint, zmq_strerror(fault));
		ctl_client_close(&c);
		return fault == EINVAL || fault == EPROTONOSUPPORT ? ERR_INVALID : ERR_SYSTEM;
	}
	*ret = c;
	return ERR_OK;
}

/* The error a broker named; one this program does not know counts as refused. */
static enum err err_of_name(struct str name)
{
	for (int e = ERR_OK + 1; e < ERR_COUNT; e++) {
		if (str_eqz(name, err_name((enum err)e)))
			return (enum err)e;
	}
	return ERR_DENIED;
}

/* Views into body. ERR_MALFORMED, with words: nothing that a broker says here. */
static enum err decode_answer(const struct ctl_client *c, zmq_msg_t *body, struct wire_answer *ret,
    char *ret_why, size_t why_size)
{
	struct wire_reader r = wire_reader(bytes_of(zmq_msg_data(body), zmq_msg_size(body)));
	struct wire_message m;

	if (wire_next(&r, &m) || m.type != WIRE_ANSWER) {
		snprintf(ret_why, why_size,
		    "what answers at %s is not a broker of this version: use the roomcastctl that "
		    "was installed with it",
		    c->endpoint);
		return ERR_MALFORMED;
	}
	*ret = m.as.answer;
	return ERR_OK;
}

static enum err take_answer(
    const struct wire_answer *a, struct buf *answer, char *ret_why, size_t why_size)
{
	if (a->error.len) {
		snprintf(ret_why, why_size, "%.*s", STR_ARG(a->text));
		return err_of_name(a->error);
	}
	buf_put(answer, a->value);
	return ERR_OK;
}

static enum err wait_answer(
    struct ctl_client *c, unsigned timeout_ms, struct buf *answer, char *ret_why, size_t why_size)
{
	struct mono start = clock_mono();
	struct mono end = mono_add_ms(start, timeout_ms);

	for (;;) {
		zmq_pollitem_t item = {.socket = c->socket, .events = ZMQ_POLLIN};
		struct mono now = clock_mono();

		if (!mono_before(now, end) ||
		    zmq_poll(&item, 1, (long)mono_ms_between(now, end) + 1) < 0) {
			snprintf(ret_why, why_size,
			    "no answer at %s within %u ms: is the broker running, and is this its "
			    "control-endpoint (--endpoint)?",
			    c->endpoint, timeout_ms);
			return ERR_TIMEOUT;
		}
		if (!item.revents)
			continue;
		zmq_msg_t body;
		struct wire_answer a = {0};
		enum err e = ERR_OK;

		zmq_msg_init(&body);
		if (zmq_msg_recv(&body, c->socket, ZMQ_DONTWAIT) >= 0)
			e = decode_answer(c, &body, &a, ret_why, why_size);
		/* Else it is the one to an earlier question that timed out. */
		bool is_ours = a.request == c->request;

		if (is_ours)
			e = take_answer(&a, answer, ret_why, why_size);
		zmq_msg_close(&body);
		if (e || is_ours)
			return e;
	}
}

enum err ctl_client_ask(struct ctl_client *c, const char *command, struct bytes args,
    unsigned timeout_ms, struct buf *answer, char *ret_why, size_t why_size)
{
	struct wire_message m = {.type = WIRE_ASK};
	struct buf out = {0};

	ret_why[0] = '\0';
	m.as.ask = (struct wire_ask){.version = WIRE_VERSION,
	    .request = ++c->request,
	    .command = str_of(command),
	    .args = args};
	wire_put(&out, &m);
	int sent = zmq_send(c->socket, buf_bytes(&out).p, out.len, ZMQ_DONTWAIT);

	buf_free(&out);
	if (sent < 0) {
		snprintf(
		    ret_why, why_size, "cannot send to %s: %s", c->endpoint, zmq_strerror(errno));
		return ERR_SYSTEM;
	}
	return wait_answer(c, timeout_ms, answer, ret_why, why_size);
}
