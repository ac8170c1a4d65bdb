#include "tests/bench/ledger.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/bench/die.h"

struct ledger {
	size_t members;
	uint64_t base;
	uint64_t right;
	uint64_t wrong;
	uint64_t awaited[];
};

struct ledger *ledger_new(size_t members)
{
	struct ledger *l = need_memory(1, sizeof(*l) + members * sizeof(l->awaited[0]));

	l->members = members;
	return l;
}

void ledger_free(struct ledger **ledger)
{
	free(*ledger);
	*ledger = NULL;
}

void ledger_begin(struct ledger *l, uint64_t base)
{
	l->base = base;
}

uint64_t ledger_seq_of(const struct ledger *l, uint64_t number)
{
	return l->base + 1 + number;
}

enum ledger_finding ledger_enter(struct ledger *l, size_t member, uint64_t number, uint64_t seq)
{
	enum ledger_finding finding = LEDGER_RIGHT;

	assert(member < l->members);
	if (number < l->awaited[member])
		finding = LEDGER_AGAIN;
	else if (number > l->awaited[member])
		finding = LEDGER_GAP;
	else if (seq != ledger_seq_of(l, number))
		finding = LEDGER_SEQ;
	if (finding != LEDGER_AGAIN)
		l->awaited[member] = number + 1;
	if (finding == LEDGER_RIGHT)
		l->right++;
	else
		l->wrong++;
	return finding;
}

uint64_t ledger_awaited(const struct ledger *l, size_t member)
{
	assert(member < l->members);
	return l->awaited[member];
}

uint64_t ledger_right(const struct ledger *l)
{
	return l->right;
}

uint64_t ledger_wrong(const struct ledger *l)
{
	return l->wrong;
}

const char *ledger_finding_text(enum ledger_finding finding)
{
	static const char *const texts[] = {
	    [LEDGER_RIGHT] = "right",
	    [LEDGER_AGAIN] = "came again, or behind a later one",
	    [LEDGER_GAP] = "came before an earlier one, or the earlier one is lost",
	    [LEDGER_SEQ] = "has the wrong seq",
	};

	return texts[finding];
}
