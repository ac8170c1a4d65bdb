#include "tests/fakes/uplink.h"

bool uplink_is_up(const struct uplink *u)
{
	return u->state == FAKE_UPLINK_UP;
}

bool uplink_is_full(const struct uplink *u)
{
	return u->is_full;
}

uint64_t uplink_epoch(const struct uplink *u)
{
	return u->epoch;
}

uint64_t uplink_place(const struct uplink *u)
{
	return u->place;
}

enum err uplink_send(struct uplink *u, const struct wire_message *m)
{
	if (u->state == FAKE_UPLINK_DOWN)
		return ERR_UNAVAILABLE;
	wire_put(&u->given, m);
	return ERR_OK;
}

bool fake_uplink_next(struct uplink *u, struct wire_message *ret)
{
	struct bytes all = buf_bytes(&u->given);
	struct wire_reader r = wire_reader(bytes_of(all.p + u->looked_at, all.len - u->looked_at));

	if (wire_at_end(&r) || wire_next(&r, ret))
		return false;
	u->looked_at = all.len - r.rest.len;
	return true;
}

void fake_uplink_print(struct uplink *u, struct buf *out)
{
	struct wire_message m;

	while (fake_uplink_next(u, &m)) {
		wire_print(&m, out);
		buf_putc(out, '\n');
	}
}
