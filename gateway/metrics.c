#include "gateway/metrics.h"

static const char *const direction_values[] = {"in", "out"};

static const char *const event_values[] = {
#define EVENT(NAME, name, direction, doc) name,
#define FIELD(EVENT, kind, presence, name, doc)
#include "proto/events.def"
#undef EVENT
#undef FIELD
    [METRIC_EVENT_CONNECTION] = "connection",
    [METRIC_EVENT_DISCONNECT] = "disconnect",
    [METRIC_EVENT_OTHER] = "other",
};

static const struct metric_label direction_label = {
    "direction", direction_values, ARRAY_LEN(direction_values)};
static const struct metric_label event_label = {"event", event_values, ARRAY_LEN(event_values)};

static const char *const tls_values[] = {
    [METRIC_TLS_BEGUN] = "begun",
    [METRIC_TLS_DONE] = "done",
    [METRIC_TLS_FAILED] = "failed",
};
static const char *const limit_values[] = {
    [METRIC_LIMIT_EVENTS] = "events",
    [METRIC_LIMIT_FLOODS] = "floods",
    [METRIC_LIMIT_HANDSHAKES] = "handshakes",
};
static const struct metric_label limit_label = {"limit", limit_values, ARRAY_LEN(limit_values)};
/* One value, so that the series is there with TLS only. */
static const char *const certificate_values[] = {"server"};
static const struct metric_label certificate_label = {
    "certificate", certificate_values, ARRAY_LEN(certificate_values)};
static const struct metric_label tls_label = {"state", tls_values, ARRAY_LEN(tls_values)};

const struct metric_desc metric_table[METRICS] = {
#define METRIC(name, kind, text, a, b, help) {text, METRIC_##kind, help, {a, b}},
#include "gateway/metrics.def"
#undef METRIC
};

size_t metric_event_of(enum event event)
{
	return event < EVENTS ? (size_t)event : METRIC_EVENT_OTHER;
}

void metric_event_in(struct metrics *m, size_t event_value)
{
	metrics_add(m, METRIC_MESSAGES, 0, event_value, 1);
}

void metric_event_out(struct metrics *m, size_t event_value, uint64_t count)
{
	metrics_add(m, METRIC_MESSAGES, 1, event_value, count);
}
