#include "tests/fakes/socket.h"

#include "gateway/sio/json.h"
#include "gateway/sio/socket.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = 1 << 20 };

void fake_socket_begin(struct sio_socket *s, const char *nsp)
{
	*s = (struct sio_socket){.nsp = nsp};
	s->facts = (struct door_facts){.ip = (char *)"10.0.0.1",
	    .user_agent = (char *)"agent",
	    .authorization = (char *)"",
	    .url = (char *)"/socket.io/?EIO=4",
	    .is_secure = true,
	    .transport = "websocket"};
}

void fake_socket_end(struct sio_socket *s)
{
	buf_free(&s->said);
	buf_free(&s->held);
}

void fake_json(const char *text, struct buf *out)
{
	struct buf quoted = {0};

	for (; *text; text++)
		buf_putc(&quoted, *text == '\'' ? '"' : *text);
	enum err e = json_read(buf_str(&quoted), JSON_MAX, out);

	assert(!e);
	(void)e;
	buf_free(&quoted);
}

static void put_json(struct buf *out, struct bytes value)
{
	size_t before = out->len;

	json_write(out, value);
	uint8_t *p = (uint8_t *)buf_bytes(out).p;

	for (size_t i = before; i < out->len; i++) {
		if (p[i] == '"')
			p[i] = '\'';
	}
	buf_putc(out, '\n');
}

const struct door_facts *door_facts_of(const struct sio_socket *s)
{
	return &s->facts;
}

uint64_t door_retry_after_ms(const struct sio_socket *s)
{
	return s->retry_after_ms;
}

bool door_is_lagging(const struct sio_socket *s)
{
	return s->is_lagging;
}

/* The door's count is of a connection, and this one has one socket only. */
unsigned door_note_refusal(const struct sio_socket *s)
{
	return ++((struct sio_socket *)s)->refusals;
}

struct str sio_socket_nsp(const struct sio_socket *s)
{
	return str_of(s->nsp);
}

struct str sio_socket_id(const struct sio_socket *s)
{
	return str_of(s->id);
}

void sio_socket_set_owner(struct sio_socket *s, void *owner)
{
	s->owner = owner;
}

void *sio_socket_owner(const struct sio_socket *s)
{
	return s->owner;
}

void sio_socket_accept(struct sio_socket *s, struct str sid, struct str pid)
{
	assert(!s->id[0] && sid.len > 0 && sid.len < sizeof(s->id));
	memcpy(s->id, sid.p, sid.len);
	if (!s->is_ended)
		buf_printf(&s->said, "accept %.*s %.*s\n", STR_ARG(sid), STR_ARG(pid));
	s->is_held = false;
	buf_put(&s->said, buf_bytes(&s->held));
	buf_reset(&s->held);
}

void sio_socket_hold(struct sio_socket *s, size_t max_bytes)
{
	assert(!s->id[0] && !s->is_held && max_bytes > 0);
	s->is_held = true;
}

enum err sio_socket_recall(struct sio_socket *s, struct str event, struct bytes args)
{
	assert(s->is_held);
	if (s->recall_max && s->recalled == s->recall_max)
		return ERR_FULL;
	s->recalled++;
	buf_printf(&s->said, "recall %.*s ", STR_ARG(event));
	put_json(&s->said, args);
	return ERR_OK;
}

void sio_socket_forget(struct sio_socket *s)
{
	s->is_held = false;
	buf_reset(&s->held);
	buf_puts(&s->said, STR("forget\n"));
}

void sio_socket_refuse(struct sio_socket *s, struct str message, struct bytes data)
{
	assert(!s->id[0] && !s->is_ended);
	s->is_ended = true;
	buf_printf(&s->said, "refuse %.*s ", STR_ARG(message));
	put_json(&s->said, data);
}

void sio_socket_ack(struct sio_socket *s, uint64_t ack_id, struct bytes args)
{
	if (s->is_ended || !s->id[0])
		return;
	buf_printf(&s->said, "ack %llu ", (unsigned long long)ack_id);
	put_json(&s->said, args);
}

struct sio_cast {
	struct str event;
	struct bytes args;
};

struct sio_cast *sio_cast_new(struct str nsp, struct str event, struct bytes args)
{
	struct sio_cast *c = xcalloc(1, sizeof(*c));

	(void)nsp;
	c->event = event;
	c->args = args;
	return c;
}

void sio_cast_free(struct sio_cast **c)
{
	free(*c);
	*c = NULL;
}

void sio_socket_send(struct sio_socket *s, struct sio_cast *cast, bool is_volatile)
{
	struct buf *out = s->is_held ? &s->held : &s->said;

	if (s->is_ended)
		return;
	buf_puts(out, is_volatile ? STR("volatile ") : STR(""));
	buf_puts(out, cast->event);
	buf_putc(out, ' ');
	put_json(out, cast->args);
}

void sio_socket_emit(struct sio_socket *s, struct str event, struct bytes args)
{
	struct sio_cast cast = {event, args};

	sio_socket_send(s, &cast, false);
}

void sio_socket_ask(struct sio_socket *s, struct str event, struct bytes args, uint64_t ack_id)
{
	if (s->is_ended)
		return;
	buf_printf(&s->said, "ask %llu ", (unsigned long long)ack_id);
	sio_socket_emit(s, event, args);
}

void sio_socket_disconnect(struct sio_socket *s)
{
	if (!s->is_ended)
		buf_puts(&s->said, STR("disconnect\n"));
	s->is_ended = true;
}

void sio_socket_close_connection(struct sio_socket *s)
{
	if (!s->is_ended)
		buf_puts(&s->said, STR("close\n"));
	s->is_ended = true;
}
