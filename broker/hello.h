#ifndef ROOMCAST_BROKER_HELLO_H
#define ROOMCAST_BROKER_HELLO_H
/*
 * What a HELLO has to be like, and what follows from it. Pure; used by peers.
 */
#include "broker/link.h"
#include "proto/channel.h"

enum { HELLO_WHY_SIZE = LIMIT_REASON };

/* The version of the link that this broker speaks. */
uint64_t hello_version(void);

/* May this letter speak for that gateway? An address is what a gateway calls itself; over tcp its
 * key says who it is. A key speaks for one gateway only: nobody takes another's place. */
bool hello_may_speak_for(const struct link_letter *letter, struct str gateway);

/* Why it is refused, with what to do; NULL when it is not. The text may stand in `space`. */
const char *hello_fault(
    const struct link_letter *letter, const struct wire_hello *hello, char space[HELLO_WHY_SIZE]);

/* What may be in flight to the peer: it may want less than we would give, not more. */
struct channel_window hello_window(const struct wire_hello *hello);

/* The log as it is now. */
struct hello_log {
	uint64_t epoch;
	uint64_t released;   /* highest gseq that was said */
	uint64_t pruned;     /* highest gseq that is not stored any more */
	uint64_t replay_max; /* messages that are replayed at most */
};

/* The gseq after which the peer is told what was stored: what HELLO says, or, when that means
 * nothing here or is too long ago, where the log ends now. */
uint64_t hello_place(const struct wire_hello *hello, const struct hello_log *log);

#endif
