#include "broker/metrics.h"

const struct metric_desc metric_table[METRICS] = {
#define METRIC(name, kind, text, label, help) {text, METRIC_##kind, help, {label, NULL}},
#include "broker/metrics.def"
#undef METRIC
};
