#include "common/bucket.h"

enum { TOKEN = 1000000 };

static uint64_t full(const struct bucket *b)
{
	return b->burst * TOKEN;
}

/* What is in it now; one token a second is one millionth of a token a microsecond. */
static uint64_t level(const struct bucket *b, struct mono now)
{
	uint64_t us = mono_us_between(b->filled, now), missing = full(b) - b->millionths;

	if (b->per_second && us > missing / b->per_second)
		return full(b);
	return b->millionths + us * b->per_second;
}

void bucket_init(struct bucket *b, uint64_t per_second, uint64_t burst, struct mono now)
{
	*b = (struct bucket){.per_second = per_second, .burst = burst ? burst : 1, .filled = now};
	b->millionths = full(b);
}

void bucket_set_rate(struct bucket *b, uint64_t per_second, uint64_t burst, struct mono now)
{
	bool was_bounded = b->per_second > 0;
	uint64_t have = level(b, now);

	bucket_init(b, per_second, burst, now);
	if (was_bounded && have < full(b))
		b->millionths = have;
}

/* What so many tokens are. */
static uint64_t price(const struct bucket *b, uint64_t tokens)
{
	return tokens < b->burst ? tokens * TOKEN : full(b);
}

bool bucket_take_many(struct bucket *b, uint64_t tokens, struct mono now)
{
	uint64_t wanted = price(b, tokens);

	if (!b->per_second)
		return true;
	b->millionths = level(b, now);
	b->filled = now;
	if (b->millionths < wanted)
		return false;
	b->millionths -= wanted;
	return true;
}

bool bucket_take(struct bucket *b, struct mono now)
{
	return bucket_take_many(b, 1, now);
}

uint64_t bucket_wait_many_ms(const struct bucket *b, uint64_t tokens, struct mono now)
{
	uint64_t have = level(b, now), wanted = price(b, tokens), ms = 1000;

	if (!b->per_second || have >= wanted)
		return 0;
	return (wanted - have + b->per_second * ms - 1) / (b->per_second * ms);
}

uint64_t bucket_wait_ms(const struct bucket *b, struct mono now)
{
	return bucket_wait_many_ms(b, 1, now);
}
