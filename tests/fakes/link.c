/*
 * A link without sockets: it writes down what it is given to send, or refuses it.
 */
#include "tests/fakes/link.h"

#include "proto/wire.h"

#include <string.h>

struct fake_link fake_link;

void fake_link_reset(void)
{
	buf_free(&fake_link.log);
	buf_free(&fake_link.last);
	fake_link = (struct fake_link){0};
}

void fake_link_forget(void)
{
	buf_reset(&fake_link.log);
}

bool fake_link_sent(const char *text)
{
	buf_putc(&fake_link.log, '\0');
	bool found = strstr(buf_str(&fake_link.log).p, text) != NULL;

	buf_truncate(&fake_link.log, fake_link.log.len - 1);
	return found;
}

struct link_address fake_link_address(const char *id)
{
	struct link_address a = {.door = LINK_IPC, .len = (uint8_t)strlen(id)};

	memcpy(a.id, id, a.len);
	return a;
}

enum err link_send(struct link *l, const struct link_address *to, struct bytes body)
{
	struct wire_reader r = wire_reader(body);
	struct wire_message m;

	(void)l;
	if (fake_link.fault)
		return fake_link.fault;
	fake_link.letters++;
	buf_reset(&fake_link.last);
	buf_put(&fake_link.last, body);
	buf_printf(&fake_link.log, "%.*s ", (int)to->len, (const char *)to->id);
	while (!wire_at_end(&r) && wire_next(&r, &m) == ERR_OK)
		wire_print(&m, &fake_link.log);
	buf_puts(&fake_link.log, wire_at_end(&r) ? STR("\n") : STR("(malformed)\n"));
	return ERR_OK;
}

const char *link_endpoint(const struct link *l, enum link_door door)
{
	(void)l;
	return door == LINK_TCP ? "tcp://test" : "ipc://test";
}

bool link_address_eq(const struct link_address *a, const struct link_address *b)
{
	return a->door == b->door && a->len == b->len && memcmp(a->id, b->id, a->len) == 0;
}
