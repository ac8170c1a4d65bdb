/*
 * Peers that only have a name and write down what they hear.
 */
#include "tests/fakes/peer.h"

#include "proto/wire.h"

#include <string.h>

void fake_peer_hear(struct peer *p, struct bytes message)
{
	struct wire_reader r = wire_reader(message);
	struct wire_message m = {0};

	if (wire_next(&r, &m) == ERR_OK)
		wire_print(&m, &p->heard);
	if (m.type == WIRE_REPLY)
		buf_put(&p->values, m.as.reply.value);
	if (m.type == WIRE_DELIVER)
		buf_put(&p->values, m.as.deliver.args);
	if (m.type == WIRE_SEND)
		buf_put(&p->values, m.as.send.args);
	buf_putc(&p->heard, '\n');
}

bool fake_peer_heard(struct peer *p, const char *text)
{
	buf_putc(&p->heard, '\0');
	bool found = strstr(buf_str(&p->heard).p, text) != NULL;

	buf_truncate(&p->heard, p->heard.len - 1);
	return found;
}

bool fake_peer_read(const struct peer *p, const char *bytes)
{
	struct bytes all = buf_bytes(&p->values);

	return all.len > 0 && memmem(all.p, all.len, bytes, strlen(bytes));
}

const char *peer_name(const struct peer *p)
{
	return p->name;
}

uint64_t peer_boot(const struct peer *p)
{
	return p->boot;
}

uint64_t peer_generation(const struct peer *p)
{
	return p->generation;
}

bool peer_note_publish(struct peer *p, uint64_t request)
{
	bool is_new = request > p->last_publish;

	if (is_new)
		p->last_publish = request;
	return is_new;
}

bool peer_was_ended(const struct peer *p)
{
	return p->was_ended;
}
