#include "tests/bench/histogram.h"

#include <assert.h>
#include <stdlib.h>

#include "tests/bench/die.h"

#define SUB_BITS 6
#define SUB_BUCKETS (1u << SUB_BITS)
/* Values of 64 bits: the first power holds 0..63 exactly, each of the other 58 has 64 buckets. */
#define BUCKETS ((64 - SUB_BITS + 1) * SUB_BUCKETS)

struct histogram {
	uint64_t total;
	uint64_t max_ns;
	uint64_t counts[BUCKETS];
};

static size_t bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < SUB_BUCKETS)
		return (size_t)value;
	shift = 63u - (unsigned)__builtin_clzll(value) - SUB_BITS;
	return (size_t)(shift + 1) * SUB_BUCKETS + (size_t)((value >> shift) - SUB_BUCKETS);
}

/* The highest value that falls into the bucket: a percentile must not flatter. */
static uint64_t bucket_top(size_t bucket)
{
	uint64_t shift, low;

	if (bucket < SUB_BUCKETS)
		return bucket;
	shift = bucket / SUB_BUCKETS - 1;
	low = ((uint64_t)SUB_BUCKETS + bucket % SUB_BUCKETS) << shift;
	return low + ((UINT64_C(1) << shift) - 1);
}

struct histogram *histogram_new(void)
{
	return need_memory(1, sizeof(struct histogram));
}

void histogram_free(struct histogram **histogram)
{
	free(*histogram);
	*histogram = NULL;
}

void histogram_add(struct histogram *h, uint64_t value_ns)
{
	h->counts[bucket_of(value_ns)]++;
	h->total++;
	if (value_ns > h->max_ns)
		h->max_ns = value_ns;
}

uint64_t histogram_count(const struct histogram *h)
{
	return h->total;
}

uint64_t histogram_max_ns(const struct histogram *h)
{
	return h->max_ns;
}

uint64_t histogram_at_ns(const struct histogram *h, unsigned per_mille)
{
	uint64_t wanted = (h->total * per_mille + 999) / 1000;
	uint64_t seen = 0;

	assert(per_mille <= 1000);
	for (size_t i = 0; i < BUCKETS; i++) {
		seen += h->counts[i];
		if (seen >= wanted && seen > 0)
			return bucket_top(i) < h->max_ns ? bucket_top(i) : h->max_ns;
	}
	return 0;
}
