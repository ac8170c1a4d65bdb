#include "common/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

/* Upper bounds of the histogram buckets: as observed, and as Prometheus is told. */
static const struct {
	uint64_t us;
	const char *le;
} buckets[] = {
    {500, "0.0005"},
    {1000, "0.001"},
    {2500, "0.0025"},
    {5000, "0.005"},
    {10000, "0.01"},
    {25000, "0.025"},
    {50000, "0.05"},
    {100000, "0.1"},
    {250000, "0.25"},
    {500000, "0.5"},
    {1000000, "1"},
    {2500000, "2.5"},
    {5000000, "5"},
    {10000000, "10"},
};

struct histogram {
	uint64_t in_bucket[ARRAY_LEN(buckets)]; /* each counts only its own; summed when rendered */
	uint64_t count;
	uint64_t sum_us;
};

struct series {
	bool touched;
	int64_t value;               /* counters and gauges */
	struct histogram *histogram; /* histograms, from the first observation on */
};

struct metric {
	const struct metric_desc *desc;
	struct series *series; /* one for each pair of label values */
};

struct metrics {
	size_t count;
	struct metric *metrics;
};

static const char *const kind_names[] = {"counter", "gauge", "histogram"};

/* How many values label n of a metric has; one that is not used has one, without a name. */
static size_t label_count(const struct metric_desc *d, size_t n)
{
	return d->labels[n] ? d->labels[n]->count : 1;
}

static size_t series_count(const struct metric_desc *d)
{
	return label_count(d, 0) * label_count(d, 1);
}

static struct series *series_at(const struct metrics *m, size_t metric, size_t a, size_t b)
{
	assert(metric < m->count);
	const struct metric *of = &m->metrics[metric];

	assert(a < label_count(of->desc, 0) && b < label_count(of->desc, 1));
	return &of->series[a * label_count(of->desc, 1) + b];
}

struct metrics *metrics_new(const struct metric_desc *table, size_t count)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->count = count;
	m->metrics = xcalloc(count, sizeof(*m->metrics));
	for (size_t i = 0; i < count; i++) {
		m->metrics[i].desc = &table[i];
		m->metrics[i].series = xcalloc(series_count(&table[i]), sizeof(struct series));
	}
	return m;
}

void metrics_free(struct metrics **m)
{
	struct metrics *dead = *m;

	*m = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < dead->count; i++) {
		for (size_t s = 0; s < series_count(dead->metrics[i].desc); s++)
			free(dead->metrics[i].series[s].histogram);
		free(dead->metrics[i].series);
	}
	free(dead->metrics);
	free(dead);
}

void metrics_add(struct metrics *m, size_t metric, size_t a, size_t b, uint64_t n)
{
	struct series *s = series_at(m, metric, a, b);

	assert(m->metrics[metric].desc->kind != METRIC_HISTOGRAM);
	s->touched = true;
	s->value = (int64_t)((uint64_t)s->value + n);
}

void metrics_set(struct metrics *m, size_t metric, size_t a, size_t b, int64_t value)
{
	struct series *s = series_at(m, metric, a, b);

	assert(m->metrics[metric].desc->kind != METRIC_HISTOGRAM);
	s->touched = true;
	s->value = value;
}

void metrics_observe_us(struct metrics *m, size_t metric, size_t a, size_t b, uint64_t us)
{
	struct series *s = series_at(m, metric, a, b);

	assert(m->metrics[metric].desc->kind == METRIC_HISTOGRAM);
	s->touched = true;
	if (!s->histogram)
		s->histogram = xcalloc(1, sizeof(*s->histogram));
	s->histogram->count++;
	s->histogram->sum_us += us;
	for (size_t i = 0; i < ARRAY_LEN(buckets); i++) {
		if (us <= buckets[i].us) {
			s->histogram->in_bucket[i]++;
			break;
		}
	}
}

int64_t metrics_value(const struct metrics *m, size_t metric, size_t a, size_t b)
{
	return series_at(m, metric, a, b)->value;
}

/* Escapes as the text format wants: in a HELP line quotes stand as they are. */
static void put_escaped(struct buf *out, const char *z, bool quotes)
{
	for (; *z; z++) {
		if (*z == '\n') {
			buf_puts(out, STR("\\n"));
			continue;
		}
		if (*z == '\\' || (quotes && *z == '"'))
			buf_putc(out, '\\');
		buf_putc(out, *z);
	}
}

static void put_label(struct buf *out, char before, const char *name, const char *value)
{
	buf_putc(out, before);
	buf_puts(out, str_of(name));
	buf_puts(out, STR("=\""));
	put_escaped(out, value, true);
	buf_putc(out, '"');
}

/* `name_suffix{label="value",...,le="..."} ` of series s; le may be NULL. */
static void put_series(
    struct buf *out, const struct metric_desc *d, size_t s, const char *suffix, const char *le)
{
	size_t values[METRIC_LABELS_MAX] = {s / label_count(d, 1), s % label_count(d, 1)};
	char before = '{';

	buf_puts(out, str_of(d->name));
	buf_puts(out, str_of(suffix));
	for (size_t n = 0; n < METRIC_LABELS_MAX; n++) {
		if (!d->labels[n])
			continue;
		put_label(out, before, d->labels[n]->name, d->labels[n]->values[values[n]]);
		before = ',';
	}
	if (le) {
		put_label(out, before, "le", le);
		before = ',';
	}
	buf_puts(out, before == '{' ? STR(" ") : STR("} "));
}

static void render_histogram(
    struct buf *out, const struct metric_desc *d, size_t s, const struct histogram *h)
{
	static const struct histogram never;
	uint64_t below = 0;

	h = h ? h : &never;
	for (size_t i = 0; i < ARRAY_LEN(buckets); i++) {
		below += h->in_bucket[i];
		put_series(out, d, s, "_bucket", buckets[i].le);
		buf_printf(out, "%" PRIu64 "\n", below);
	}
	put_series(out, d, s, "_bucket", "+Inf");
	buf_printf(out, "%" PRIu64 "\n", h->count);
	put_series(out, d, s, "_sum", NULL);
	buf_printf(out, "%" PRIu64 ".%06" PRIu64 "\n", h->sum_us / 1000000, h->sum_us % 1000000);
	put_series(out, d, s, "_count", NULL);
	buf_printf(out, "%" PRIu64 "\n", h->count);
}

static void render_metric(struct buf *out, const struct metric *m)
{
	const struct metric_desc *d = m->desc;
	bool labelled = d->labels[0] || d->labels[1];

	buf_printf(out, "# HELP %s ", d->name);
	put_escaped(out, d->help, false);
	buf_printf(out, "\n# TYPE %s %s\n", d->name, kind_names[d->kind]);
	for (size_t s = 0; s < series_count(d); s++) {
		if (labelled && !m->series[s].touched)
			continue;
		if (d->kind == METRIC_HISTOGRAM) {
			render_histogram(out, d, s, m->series[s].histogram);
			continue;
		}
		put_series(out, d, s, "", NULL);
		buf_printf(out, "%" PRId64 "\n", m->series[s].value);
	}
}

void metrics_render(const struct metrics *m, struct buf *out)
{
	for (size_t i = 0; i < m->count; i++)
		render_metric(out, &m->metrics[i]);
}
