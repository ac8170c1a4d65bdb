/*
 * The fleet is all members of the room: it connects them, lets them join, and tells whose event or
 * ack came. Used by trial. A member that fails ends the run.
 */
#ifndef BENCH_FLEET_H
#define BENCH_FLEET_H

#include <stddef.h>
#include <stdint.h>

struct fleet;
struct loop;
struct options;
struct sioclient_args;

/* Called from loop turns only. */
struct fleet_events {
	/* `seq` is where the room stood when this member joined. */
	void (*on_join)(void *owner, size_t member, uint64_t seq);
	void (*on_event)(void *owner, size_t member, const struct sioclient_args *);
	void (*on_ack)(void *owner, uint64_t ack_id, const struct sioclient_args *);
};

/* Ack ids below this one are the fleet's own. */
enum { FLEET_ACK_ID_FIRST = 1 };

/* The options are lent for the fleet's life. */
struct fleet *fleet_new(
    const struct options *, struct loop *, const struct fleet_events *, void *owner);
void fleet_free(struct fleet **);

/* Returns when every member has joined. */
void fleet_connect(struct fleet *);

/* Returns when nothing has come for a while; so late duplicates and presence are not missed. */
void fleet_settle(struct fleet *);

void fleet_emit(struct fleet *, size_t member, uint64_t ack_id, const char *args);
void fleet_flush(struct fleet *, size_t member);

#endif
