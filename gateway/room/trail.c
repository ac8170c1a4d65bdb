#include "gateway/room/trail.h"

#include "common/base.h"

#include <stdlib.h>
#include <string.h>

struct trail {
	uint64_t epoch;
	uint64_t place;     /* it begins after this one */
	uint64_t delivered; /* highest gseq that was */
	struct trail_step steps[TRAIL_STEPS];
};

_Static_assert(sizeof(struct trail_step) * TRAIL_STEPS <= 2 << 20, "the trail has 2 MiB");

struct trail *trail_new(void)
{
	return xcalloc(1, sizeof(struct trail));
}

void trail_free(struct trail **t)
{
	free(*t);
	*t = NULL;
}

void trail_begin(struct trail *t, uint64_t epoch, uint64_t place)
{
	if (t->epoch == epoch && t->delivered <= place)
		return;
	memset(t, 0, sizeof(*t));
	t->epoch = epoch;
	t->place = place;
}

void trail_note(struct trail *t, const struct trail_step *step)
{
	struct trail_step *s = &t->steps[step->gseq % TRAIL_STEPS];

	if (step->sockets && step->gseq > t->delivered)
		t->delivered = step->gseq;
	/* What a client gets back may be older than what the ring remembers. */
	if (s->gseq > step->gseq)
		return;
	if (s->gseq < step->gseq) {
		*s = *step;
		return;
	}
	s->sockets += step->sockets;
	s->lagging += step->lagging;
	s->recovered += step->recovered;
}

enum err trail_find(const struct trail *t, uint64_t gseq, struct trail_step *ret)
{
	const struct trail_step *s = &t->steps[gseq % TRAIL_STEPS];

	if (s->gseq == gseq) {
		*ret = *s;
		return ERR_OK;
	}
	return s->gseq > gseq || gseq <= t->place ? ERR_EXPIRED : ERR_NOT_FOUND;
}
