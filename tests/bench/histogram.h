/*
 * A histogram counts latencies in log-linear buckets: 64 to every power of two, so that any
 * percentile is right to 1.6 %. The maximum is kept exactly. Fixed size, no allocation per sample.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

struct histogram;

struct histogram *histogram_new(void);
void histogram_free(struct histogram **);

void histogram_add(struct histogram *, uint64_t value_ns);
uint64_t histogram_count(const struct histogram *);
uint64_t histogram_max_ns(const struct histogram *);

/* The value that `per_mille` of the samples do not exceed; 0 when there are none. */
uint64_t histogram_at_ns(const struct histogram *, unsigned per_mille);

#endif
