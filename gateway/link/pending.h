#ifndef ROOMCAST_GATEWAY_LINK_PENDING_H
#define ROOMCAST_GATEWAY_LINK_PENDING_H
/*
 * Requests that wait for the broker's answer: what was asked, for whom, and the message itself,
 * so that it can be asked again when the link broke. Bounded in number and bytes, in all and for
 * each who asks; each has a deadline. Pure.
 */
#include "common/timer.h"
#include "proto/wire.h"

struct pending;
struct pending_entry;

/* One who asks; embedded in the asker's struct. All-zero: has asked nothing. */
struct pending_owner {
	struct pending_entry *entries;
	size_t count;
};

struct pending_request {
	uint64_t id; /* unique in this process, 0 is none */
	struct pending_owner *owner; /* NULL: nobody wants to know any more */
	enum wire_type type;
	unsigned event; /* application event that caused it, for metrics */
	bool has_ack;
	uint64_t ack_id;
	char room[LIMIT_ROOM + 1];
	uint64_t length; /* code points of a message's content, for the log */
	struct mono started;
	struct frame *message; /* encoded */
	bool was_sent;         /* it left at least once: the broker may have done it */
};

struct pending_bounds {
	size_t requests; /* an eighth more for CONNECT, so that asking much keeps nobody out */
	size_t bytes;
	size_t per_owner;
};

struct pending *pending_new(uint64_t timeout_ms, const struct pending_bounds *bounds);
void pending_free(struct pending **p);

/* The id for the next request; each call gives another. */
uint64_t pending_next_id(struct pending *p);

/* Copies the request and takes its own reference of the message. ERR_FULL. */
MUST_USE enum err pending_add(
    struct pending *p, const struct pending_request *request, struct mono now);

/* Looks at one; the pointer is good until the next call. NULL when there is none. */
const struct pending_request *pending_find(const struct pending *p, uint64_t id);

void pending_mark_sent(struct pending *p, uint64_t id);

/* Answered or given up. */
void pending_remove(struct pending *p, uint64_t id);

/* In order of their ids; fn may not add or remove. */
void pending_each(
    struct pending *p, void (*fn)(void *ctx, const struct pending_request *r), void *ctx);

/* The owner is gone. Publishes go on without it, everything else is dropped. */
void pending_forget(struct pending *p, struct pending_owner *owner);

/* Does the owner wait for an answer of that type about that room? */
bool pending_has(
    const struct pending_owner *owner, enum wire_type type, struct str room);

/* Drops all of a type, e.g. what would be old news after a broken link. fn hears of each first. */
void pending_drop_type(struct pending *p, enum wire_type type,
    void (*fn)(void *ctx, const struct pending_request *r), void *ctx);

/* One whose deadline has passed, NULL when none. The caller removes it. */
const struct pending_request *pending_expired(struct pending *p, struct mono now);

/* When the next deadline is; false when nothing waits. */
bool pending_next_due(const struct pending *p, struct mono *ret);

size_t pending_count(const struct pending *p);

#endif
