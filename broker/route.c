#include "broker/route.h"

#include <assert.h>
#include <stdlib.h>

void route_free(struct route *r)
{
	free(r->stops);
	*r = (struct route){0};
}

static struct route_stop *find(const struct route *r, const struct peer *peer)
{
	for (size_t i = 0; i < r->count; i++) {
		if (r->stops[i].peer == peer)
			return &r->stops[i];
	}
	return NULL;
}

bool route_has(const struct route *r, const struct peer *peer)
{
	return find(r, peer) != NULL;
}

void route_add(struct route *r, struct peer *peer)
{
	struct route_stop *stop = find(r, peer);

	if (stop) {
		stop->members++;
		return;
	}
	if (r->count == r->size) {
		r->size = r->size ? r->size * 2 : 2;
		r->stops = xrealloc(r->stops, r->size * sizeof(*r->stops));
	}
	r->stops[r->count++] = (struct route_stop){peer, 1};
}

void route_remove(struct route *r, struct peer *peer)
{
	struct route_stop *stop = find(r, peer);

	assert(stop);
	if (--stop->members == 0)
		*stop = r->stops[--r->count];
	if (r->count == 0)
		route_free(r);
}
