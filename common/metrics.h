#ifndef ROOMCAST_COMMON_METRICS_H
#define ROOMCAST_COMMON_METRICS_H
/*
 * Metrics engine: a program lists its metrics in a metrics.def table; this file counts and
 * renders the Prometheus text format 0.0.4. Label values come from fixed lists, so cardinality is
 * bounded by the table. Not thread-safe: one thread counts.
 */
#include "common/buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 2 };

struct metric_label {
	const char *name;
	const char *const *values;
	size_t count;
};

struct metric_desc {
	const char *name; /* Prometheus name */
	enum metric_kind kind;
	const char *help;
	/* unused ones NULL; a series is picked by an index into each list of values */
	const struct metric_label *labels[METRIC_LABELS_MAX];
};

struct metrics;

/* Keeps the table, which must stay valid. */
struct metrics *metrics_new(const struct metric_desc *table, size_t count);
void metrics_free(struct metrics **m);

/* `a` and `b` are label value indices (0 where the metric has no such label). */
void metrics_add(struct metrics *m, size_t metric, size_t a, size_t b, uint64_t n);
void metrics_set(struct metrics *m, size_t metric, size_t a, size_t b, int64_t value);
void metrics_observe_us(struct metrics *m, size_t metric, size_t a, size_t b, uint64_t us);

/* Current value of a counter or gauge series, for tests and status. */
int64_t metrics_value(const struct metrics *m, size_t metric, size_t a, size_t b);

/* Appends everything in Prometheus text format; series never touched are left out, except those
 * of metrics without labels. */
void metrics_render(const struct metrics *m, struct buf *out);

#endif
