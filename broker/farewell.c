#include "broker/farewell.h"

#include "broker/census.h"

void farewell_begin(struct broker *b)
{
	struct mono now = turn_now(b->turn);

	if (b->farewell != FAREWELL_NOT_YET) {
		b->farewell_until = now;
		return;
	}
	peers_hush(b->peers);
	census_flush(b);
	b->farewell = FAREWELL_STORING;
	b->farewell_until = mono_add_ms(now, FAREWELL_MS);
}

bool farewell_is_over(struct broker *b)
{
	if (b->farewell == FAREWELL_NOT_YET)
		return false;
	if (b->farewell == FAREWELL_STORING &&
	    (store_backlog(b->store) == 0 || store_trouble(b->store)[0])) {
		b->farewell = FAREWELL_PARTING;
		peers_part(b->peers);
	}
	return (b->farewell == FAREWELL_PARTING && peers_have_parted(b->peers)) ||
	       !mono_before(turn_now(b->turn), b->farewell_until);
}
