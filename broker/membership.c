#include "broker/membership.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* All that one user has; most have few. */
struct holder {
	char *user;
	struct membership *all;
	size_t count;
	UT_hash_handle hh;
};

struct memberships {
	struct holder *holders;
	size_t count;
};

static const char *const role_names[ROLES] = {
    [ROLE_NONE] = "", [ROLE_MEMBER] = "member", [ROLE_MODERATOR] = "moderator"};

const char *role_name(enum role role)
{
	return role_names[role];
}

enum role role_find(struct str name)
{
	for (enum role role = ROLE_MEMBER; role < ROLES; role++) {
		if (str_eqz(name, role_names[role]))
			return role;
	}
	return ROLE_NONE;
}

struct memberships *memberships_new(void)
{
	return xcalloc(1, sizeof(struct memberships));
}

static void free_holder(struct memberships *ms, struct holder *h)
{
	HASH_DEL(ms->holders, h);
	free(h->all);
	free(h->user);
	free(h);
}

void memberships_free(struct memberships **ms)
{
	struct holder *h, *next;

	if (!*ms)
		return;
	HASH_ITER(hh, (*ms)->holders, h, next)
	free_holder(*ms, h);
	free(*ms);
	*ms = NULL;
}

static struct holder *find_holder(const struct memberships *ms, struct str user)
{
	struct holder *h = NULL;

	if (user.len)
		HASH_FIND(hh, ms->holders, user.p, user.len, h);
	return h;
}

static struct membership *find(const struct memberships *ms, uint64_t room, struct str user)
{
	struct holder *h = find_holder(ms, user);

	for (size_t i = 0; h && i < h->count; i++) {
		if (h->all[i].room == room)
			return &h->all[i];
	}
	return NULL;
}

static struct membership *add(struct memberships *ms, uint64_t room, struct str user)
{
	struct holder *h = find_holder(ms, user);

	if (!h) {
		h = xcalloc(1, sizeof(*h));
		h->user = str_dup(user);
		HASH_ADD_KEYPTR(hh, ms->holders, h->user, user.len, h);
	}
	h->all = xrealloc(h->all, (h->count + 1) * sizeof(*h->all));
	h->all[h->count] = (struct membership){.user = h->user, .room = room};
	ms->count++;
	return &h->all[h->count++];
}

void memberships_put(
    struct memberships *ms, uint64_t room, struct str user, enum role role, struct wall since)
{
	struct membership *m = find(ms, room, user);

	assert(role != ROLE_NONE);
	if (user.len == 0)
		return;
	if (!m)
		m = add(ms, room, user);
	m->role = role;
	m->since = since;
}

void memberships_remove(struct memberships *ms, uint64_t room, struct str user)
{
	struct holder *h = find_holder(ms, user);
	struct membership *m = find(ms, room, user);

	if (!m)
		return;
	/* The others keep their order: it is the one in which their rooms are entered. */
	memmove(m, m + 1, (size_t)(h->all + h->count - (m + 1)) * sizeof(*m));
	h->count--;
	ms->count--;
	if (h->count == 0)
		free_holder(ms, h);
}

enum role memberships_role(const struct memberships *ms, uint64_t room, struct str user)
{
	const struct membership *m = room ? find(ms, room, user) : NULL;

	return m ? m->role : ROLE_NONE;
}

size_t memberships_count(const struct memberships *ms)
{
	return ms->count;
}

void memberships_each_of_user(const struct memberships *ms, struct str user,
    void (*fn)(void *ctx, const struct membership *m), void *ctx)
{
	const struct holder *h = find_holder(ms, user);

	for (size_t i = 0; h && i < h->count; i++)
		fn(ctx, &h->all[i]);
}

void memberships_each_of_room(const struct memberships *ms, uint64_t room,
    void (*fn)(void *ctx, const struct membership *m), void *ctx)
{
	for (const struct holder *h = ms->holders; h; h = h->hh.next) {
		for (size_t i = 0; i < h->count; i++) {
			if (h->all[i].room == room)
				fn(ctx, &h->all[i]);
		}
	}
}
