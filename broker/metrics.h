#ifndef ROOMCAST_BROKER_METRICS_H
#define ROOMCAST_BROKER_METRICS_H
/*
 * The metrics of the broker, made from metrics.def.
 */
#include "common/metrics.h"

enum metric {
#define METRIC(name, kind, text, labels, help) METRIC_##name,
#include "broker/metrics.def"
#undef METRIC
	METRICS
};

extern const struct metric_desc metric_table[METRICS];

#endif
