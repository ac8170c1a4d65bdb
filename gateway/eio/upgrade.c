#include "gateway/eio/upgrade.h"

#include <stdlib.h>

void upgrades_init(struct upgrades *all, uint64_t timeout_ms)
{
	timer_queue_init(&all->timeout, timeout_ms);
	timer_queue_init(&all->release, UPGRADE_RELEASE_MS);
}

struct upgrade *upgrade_new(struct upgrades *all, struct eio_session *s,
    const struct eio_transport *transport, void *wire, struct mono now)
{
	struct upgrade *u = xcalloc(1, sizeof(*u));

	u->session = s;
	u->transport = transport;
	u->wire = wire;
	timer_start(&u->timeout, &all->timeout, now);
	return u;
}

void upgrade_free(struct upgrade **u)
{
	struct upgrade *dead = *u;

	*u = NULL;
	if (!dead)
		return;
	timer_stop(&dead->timeout);
	timer_stop(&dead->release);
	free(dead);
}

enum eio_probe upgrade_receive(
    struct upgrade *u, struct upgrades *all, struct bytes packet, bool is_binary, struct mono now)
{
	struct str text = bytes_str(packet);

	if (!is_binary && str_eqz(text, "2probe")) {
		if (!timer_is_running(&u->release))
			timer_start(&u->release, &all->release, now);
		return EIO_PROBE_PONG;
	}
	return !is_binary && str_eqz(text, "5") ? EIO_PROBE_TAKEN : EIO_PROBE_FAILED;
}

struct upgrade *upgrades_expire(struct upgrades *all, struct mono now)
{
	struct timer *t = timer_queue_expire(&all->timeout, now);

	return t ? CONTAINER_OF(t, struct upgrade, timeout) : NULL;
}

struct upgrade *upgrades_release(struct upgrades *all, struct mono now)
{
	struct timer *t = timer_queue_expire(&all->release, now);

	if (!t)
		return NULL;
	timer_start(t, &all->release, now);
	return CONTAINER_OF(t, struct upgrade, release);
}
