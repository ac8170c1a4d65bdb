#include "broker/room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Second index of a stored room. */
struct by_id {
	uint64_t id;
	struct room *room;
	UT_hash_handle hh;
};

struct rooms {
	struct room *all; /* by namespace, NUL, name */
	struct by_id *ids;
	uint64_t next_id;
};

struct rooms *rooms_new(void)
{
	struct rooms *rs = xcalloc(1, sizeof(*rs));

	rs->next_id = 1;
	return rs;
}

static void free_room(struct rooms *rs, struct room *r)
{
	struct by_id *index = NULL;

	HASH_FIND(hh, rs->ids, &r->id, sizeof(r->id), index);
	if (index) {
		HASH_DEL(rs->ids, index);
		free(index);
	}
	HASH_DEL(rs->all, r);
	timer_stop(&r->presence);
	route_free(&r->route);
	free(r->nsp);
	free(r->name);
	free(r->key);
	free(r);
}

void rooms_free(struct rooms **rs)
{
	struct room *r, *next_room;

	if (!*rs)
		return;
	HASH_ITER (hh, (*rs)->all, r, next_room)
		free_room(*rs, r);
	free(*rs);
	*rs = NULL;
}

/* namespace, NUL, name: neither holds a NUL. */
static char *make_key(struct str nsp, struct str name)
{
	char *key = xcalloc(nsp.len + 1 + name.len, 1);

	if (nsp.len)
		memcpy(key, nsp.p, nsp.len);
	if (name.len)
		memcpy(key + nsp.len + 1, name.p, name.len);
	return key;
}

struct room *rooms_find(const struct rooms *rs, struct str nsp, struct str name)
{
	char key[512];
	struct room *r = NULL;
	size_t len = nsp.len + 1 + name.len;

	if (len > sizeof(key))
		return NULL;
	memcpy(key, nsp.p, nsp.len);
	key[nsp.len] = 0;
	if (name.len)
		memcpy(key + nsp.len + 1, name.p, name.len);
	HASH_FIND(hh, rs->all, key, len, r);
	return r;
}

struct room *rooms_find_id(const struct rooms *rs, uint64_t id)
{
	struct by_id *index = NULL;

	HASH_FIND(hh, rs->ids, &id, sizeof(id), index);
	return index ? index->room : NULL;
}

static struct room *add(struct rooms *rs, uint64_t id, struct str nsp, struct str name)
{
	struct room *r = xcalloc(1, sizeof(*r));

	r->id = id;
	r->presence_round = 1;
	r->first_seq = 1;
	r->nsp = str_dup(nsp);
	r->name = str_dup(name);
	r->key = make_key(nsp, name);
	HASH_ADD_KEYPTR(hh, rs->all, r->key, nsp.len + 1 + name.len, r);
	if (id) {
		struct by_id *index = xcalloc(1, sizeof(*index));

		index->id = id;
		index->room = r;
		HASH_ADD(hh, rs->ids, id, sizeof(index->id), index);
		if (id >= rs->next_id)
			rs->next_id = id + 1;
	}
	return r;
}

struct room *rooms_load(struct rooms *rs, uint64_t id, struct str nsp, struct str name,
    bool is_public, uint64_t seq)
{
	struct room *r = add(rs, id, nsp, name);

	r->is_public = is_public;
	r->is_stored = true;
	r->seq = r->committed_seq = seq;
	return r;
}

bool room_name_is_personal(struct str name)
{
	return str_has_prefix(name, STR(ROOM_PERSONAL_PREFIX));
}

struct room *rooms_create(struct rooms *rs, struct str nsp, struct str name, struct wall now)
{
	bool is_personal = room_name_is_personal(name);

	assert(!rooms_find(rs, nsp, name));
	struct room *r = add(rs, is_personal ? 0 : rs->next_id, nsp, name);

	r->is_personal = is_personal;
	r->is_fleeting = is_personal;
	r->is_public = !is_personal;
	r->created = now;
	return r;
}

struct room *rooms_create_fleeting(
    struct rooms *rs, struct str nsp, struct str name, struct wall now)
{
	assert(!rooms_find(rs, nsp, name));
	struct room *r = add(rs, 0, nsp, name);

	r->is_fleeting = true;
	r->is_public = true;
	r->created = now;
	return r;
}

void rooms_release(struct rooms *rs, struct room **r)
{
	if (!(*r)->is_fleeting || (*r)->member_count > 0)
		return;
	free_room(rs, *r);
	*r = NULL;
}

void rooms_remove(struct rooms *rs, struct room **r)
{
	assert((*r)->member_count == 0);
	free_room(rs, *r);
	*r = NULL;
}

uint64_t rooms_end(const struct rooms *rs)
{
	return rs->next_id;
}

size_t rooms_count(const struct rooms *rs)
{
	return HASH_COUNT(rs->all);
}

void rooms_each(struct rooms *rs, void (*fn)(void *ctx, struct room *r), void *ctx)
{
	struct room *r, *next;

	HASH_ITER (hh, rs->all, r, next)
		fn(ctx, r);
}
