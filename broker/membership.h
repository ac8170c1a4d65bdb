#ifndef ROOMCAST_BROKER_MEMBERSHIP_H
#define ROOMCAST_BROKER_MEMBERSHIP_H
/*
 * The stored memberships in memory: which users belong to which rooms, and what they are there. Not
 * who is in a room now: that is member.h's. Read by the rules (rights.h), changed when a change is
 * committed (change.h). Pure bookkeeping.
 */
#include "common/clock.h"
#include "common/str.h"

struct memberships;

/* In the order of their power. */
enum role { ROLE_NONE, ROLE_MEMBER, ROLE_MODERATOR, ROLES };

/* "member", "moderator"; "" for none. */
const char *role_name(enum role role);
/* ROLE_NONE for a word that is no role. */
enum role role_find(struct str name);

struct memberships *memberships_new(void);
void memberships_free(struct memberships **ms);

/* Replaces what is there; the role is not ROLE_NONE. */
void memberships_put(
    struct memberships *ms, uint64_t room, struct str user, enum role role, struct wall since);
/* Nothing when there is none. */
void memberships_remove(struct memberships *ms, uint64_t room, struct str user);

/* ROLE_NONE: he does not belong to it. */
enum role memberships_role(const struct memberships *ms, uint64_t room, struct str user);

size_t memberships_count(const struct memberships *ms);

struct membership {
	const char *user;
	uint64_t room;
	enum role role;
	struct wall since;
};

/* fn must not change what it walks over. */
void memberships_each_of_user(const struct memberships *ms, struct str user,
    void (*fn)(void *ctx, const struct membership *m), void *ctx);
/* Walks over all of them. */
void memberships_each_of_room(const struct memberships *ms, uint64_t room,
    void (*fn)(void *ctx, const struct membership *m), void *ctx);

#endif
