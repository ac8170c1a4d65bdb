#include "gateway/room/hub.h"

#include "gateway/room/door.h"
#include "gateway/sio/socket.h"
#include "proto/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A member's place in a room; each side knows where the other keeps it, so that leaving is O(1). */
struct place {
	struct hub_member *member;
	size_t at;      /* index in member->stays */
	uint64_t since; /* stored messages up to this gseq are not for it */
};

struct stay {
	struct hub_room *room;
	size_t at; /* index in room->places */
};

struct hub_room {
	char *key; /* namespace, NUL, name */
	struct str name;
	struct place *places;
	size_t count, size;
	UT_hash_handle hh;
};

struct hub_member {
	struct sio_socket *socket;
	struct stay *stays;
	size_t count, size;
};

struct hub {
	struct hub_room *rooms;
};

struct hub *hub_new(void)
{
	return xcalloc(1, sizeof(struct hub));
}

void hub_free(struct hub **h)
{
	if (!*h)
		return;
	assert(!(*h)->rooms);
	free(*h);
	*h = NULL;
}

struct hub_member *hub_member_new(struct sio_socket *socket)
{
	struct hub_member *m = xcalloc(1, sizeof(*m));

	m->socket = socket;
	return m;
}

static struct hub_room *find_room(const struct hub *h, struct str nsp, struct str name)
{
	char key[LIMIT_NSP + 1 + LIMIT_ROOM];
	struct hub_room *r = NULL;

	if (nsp.len > LIMIT_NSP || name.len > LIMIT_ROOM)
		return NULL;
	memcpy(key, nsp.p, nsp.len);
	key[nsp.len] = '\0';
	if (name.len)
		memcpy(key + nsp.len + 1, name.p, name.len);
	HASH_FIND(hh, h->rooms, key, nsp.len + 1 + name.len, r);
	return r;
}

static struct hub_room *add_room(struct hub *h, struct str nsp, struct str name)
{
	struct hub_room *r = xcalloc(1, sizeof(*r));

	r->key = xcalloc(nsp.len + 1 + name.len, 1);
	memcpy(r->key, nsp.p, nsp.len);
	if (name.len)
		memcpy(r->key + nsp.len + 1, name.p, name.len);
	r->name = (struct str){r->key + nsp.len + 1, name.len};
	HASH_ADD_KEYPTR(hh, h->rooms, r->key, nsp.len + 1 + name.len, r);
	return r;
}

static struct stay *find_stay(const struct hub_member *m, const struct hub_room *r)
{
	for (size_t i = 0; r && i < m->count; i++) {
		if (m->stays[i].room == r)
			return &m->stays[i];
	}
	return NULL;
}

/* Takes the last entry into the hole and tells its other side where it is now. */
static void remove_place(struct hub *h, struct hub_room *r, size_t at)
{
	r->places[at] = r->places[--r->count];
	if (at < r->count)
		r->places[at].member->stays[r->places[at].at].at = at;
	if (r->count > 0)
		return;
	HASH_DEL(h->rooms, r);
	free(r->places);
	free(r->key);
	free(r);
}

static void remove_stay(struct hub_member *m, size_t at)
{
	m->stays[at] = m->stays[--m->count];
	if (at < m->count)
		m->stays[at].room->places[m->stays[at].at].at = at;
}

static void leave(struct hub *h, struct hub_member *m, struct stay *s)
{
	struct hub_room *r = s->room;
	size_t place = s->at;

	remove_stay(m, (size_t)(s - m->stays));
	remove_place(h, r, place);
}

void hub_member_free(struct hub *h, struct hub_member **m)
{
	if (!*m)
		return;
	while ((*m)->count > 0)
		leave(h, *m, &(*m)->stays[(*m)->count - 1]);
	free((*m)->stays);
	free(*m);
	*m = NULL;
}

void hub_join(struct hub *h, struct hub_member *m, struct str room, uint64_t since)
{
	struct str nsp = sio_socket_nsp(m->socket);
	struct hub_room *r = find_room(h, nsp, room);

	if (find_stay(m, r))
		return;
	if (!r)
		r = add_room(h, nsp, room);
	if (r->count == r->size) {
		r->size = r->size ? r->size * 2 : 4;
		r->places = xrealloc(r->places, r->size * sizeof(*r->places));
	}
	if (m->count == m->size) {
		m->size = m->size ? m->size * 2 : 2;
		m->stays = xrealloc(m->stays, m->size * sizeof(*m->stays));
	}
	r->places[r->count] = (struct place){m, m->count, since};
	m->stays[m->count++] = (struct stay){r, r->count++};
}

void hub_leave(struct hub *h, struct hub_member *m, struct str room)
{
	struct stay *s = find_stay(m, find_room(h, sio_socket_nsp(m->socket), room));

	if (s)
		leave(h, m, s);
}

bool hub_is_in(const struct hub *h, const struct hub_member *m, struct str room)
{
	return find_stay(m, find_room(h, sio_socket_nsp(m->socket), room)) != NULL;
}

size_t hub_member_room_count(const struct hub_member *m)
{
	return m->count;
}

void hub_each_room_of(const struct hub_member *m, void (*fn)(void *ctx, struct str room), void *ctx)
{
	for (size_t i = 0; i < m->count; i++)
		fn(ctx, m->stays[i].room->name);
}

static bool is_for(const struct place *p, const struct wire_deliver *d)
{
	if (d->gseq && d->gseq <= p->since)
		return false;
	return !d->except.len || !str_eq(sio_socket_id(p->member->socket), d->except);
}

struct hub_reach hub_deliver(struct hub *h, const struct wire_deliver *d)
{
	struct hub_room *r = find_room(h, d->nsp, d->room);
	struct hub_reach reach = {0};

	if (!r)
		return reach;
	struct sio_cast *cast = sio_cast_new(d->nsp, d->event, d->args);

	for (size_t i = 0; i < r->count; i++) {
		const struct place *p = &r->places[i];

		if (!is_for(p, d))
			continue;
		reach.lagging += d->gseq && door_is_lagging(p->member->socket);
		sio_socket_send(p->member->socket, cast, d->is_volatile);
		reach.sockets++;
	}
	sio_cast_free(&cast);
	return reach;
}

static bool is_listed(struct bytes list, struct str socket)
{
	struct value_reader r = value_reader(list);
	struct value head, v;

	if (value_next(&r, &head) || head.type != VALUE_ARRAY)
		return false;
	for (uint32_t i = 0; i < head.as.count && !value_next(&r, &v); i++) {
		if (v.type == VALUE_STR && str_eq(v.as.s, socket))
			return true;
	}
	return false;
}

size_t hub_cast(struct hub *h, const struct wire_cast *c)
{
	const struct hub_room *r = find_room(h, c->nsp, c->room);
	size_t reached = 0;

	if (!r)
		return 0;
	struct sio_cast *cast = sio_cast_new(c->nsp, c->event, c->args);

	for (size_t i = 0; i < r->count; i++) {
		struct sio_socket *s = r->places[i].member->socket;

		if (is_listed(c->except, sio_socket_id(s)))
			continue;
		sio_socket_send(s, cast, c->is_volatile);
		reached++;
	}
	sio_cast_free(&cast);
	return reached;
}

size_t hub_room_count(const struct hub *h)
{
	return HASH_COUNT(h->rooms);
}
