#ifndef ROOMCAST_TESTS_FAKES_PEER_H
#define ROOMCAST_TESTS_FAKES_PEER_H
/*
 * A peer in the hand of the test; see peer.c.
 */
#include "broker/peers.h"

struct peer {
	const char *name;
	uint64_t boot, generation, last_publish;
	bool was_ended;
	struct buf heard;  /* one line for each message, by wire_print */
	struct buf values; /* of REPLY, DELIVER and SEND, one behind the other */
};

void fake_peer_hear(struct peer *p, struct bytes message);
bool fake_peer_heard(struct peer *p, const char *text);
/* Bytes in a value. */
bool fake_peer_read(const struct peer *p, const char *bytes);

#endif
