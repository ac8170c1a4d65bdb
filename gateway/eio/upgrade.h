#ifndef ROOMCAST_GATEWAY_EIO_UPGRADE_H
#define ROOMCAST_GATEWAY_EIO_UPGRADE_H
/*
 * A candidate: the WebSocket that wants to carry a session which polling has carried so far. It
 * says "2probe" and hears "3probe"; from then on whoever polls is let go every 100 ms, so that
 * the client can stop polling; it says "5", and the session is its. Pure; for the session alone.
 */
#include "common/timer.h"
#include "gateway/eio/session_priv.h"

enum { UPGRADE_RELEASE_MS = 100 };

/* The deadlines of all candidates of a family. */
struct upgrades {
	struct timer_queue timeout; /* for the whole upgrade */
	struct timer_queue release; /* of the polls */
};

struct upgrade {
	struct timer timeout, release;
	const struct eio_transport *transport; /* of the candidate */
	void *wire;
	struct eio_session *session;
};

void upgrades_init(struct upgrades *all, uint64_t timeout_ms);

struct upgrade *upgrade_new(struct upgrades *all, struct eio_session *s,
    const struct eio_transport *transport, void *wire, struct mono now);
void upgrade_free(struct upgrade **u);

/* The candidate said something. */
enum eio_probe upgrade_receive(
    struct upgrade *u, struct upgrades *all, struct bytes packet, bool is_binary, struct mono now);

/* One that has taken too long; NULL = none (any more). */
struct upgrade *upgrades_expire(struct upgrades *all, struct mono now);

/* One whose session lets its polls go now; NULL = none (any more). Its next time is set. */
struct upgrade *upgrades_release(struct upgrades *all, struct mono now);

#endif
