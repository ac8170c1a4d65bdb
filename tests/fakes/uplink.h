#ifndef ROOMCAST_TESTS_FAKES_UPLINK_H
#define ROOMCAST_TESTS_FAKES_UPLINK_H
/*
 * A link in the hand of the test: it is down, up or full as the test says, and keeps what it is
 * given while it is not down.
 */
#include "gateway/link/uplink.h"

enum fake_uplink_state { FAKE_UPLINK_DOWN, FAKE_UPLINK_GREETED, FAKE_UPLINK_UP };

struct uplink {
	enum fake_uplink_state state;
	bool is_full;
	uint64_t epoch, place;
	struct buf given; /* encoded messages */
	size_t looked_at; /* bytes of given */
};

/* The next message that was given and not looked at yet; good until another is given. */
bool fake_uplink_next(struct uplink *u, struct wire_message *ret);

/* The messages that were given and not looked at yet, each a line by wire_print. Appends. */
void fake_uplink_print(struct uplink *u, struct buf *out);

#endif
