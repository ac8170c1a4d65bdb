#include "gateway/link/place.h"

bool place_begin(struct place *p, const struct wire_welcome *w)
{
	bool goes_on = p->epoch == 0 || (p->epoch == w->epoch && p->gseq == w->gseq);

	*p = (struct place){w->epoch, w->gseq};
	return goes_on;
}

bool place_reach(struct place *p, uint64_t gseq)
{
	bool is_new = gseq > p->gseq;

	if (is_new)
		p->gseq = gseq;
	return is_new;
}
