#ifndef ROOMCAST_GATEWAY_METRICS_H
#define ROOMCAST_GATEWAY_METRICS_H
/*
 * The metrics of a gateway, made from metrics.def. The event label knows the names of the event
 * table and a few more; whatever else a client makes up counts as "other".
 */
#include "common/metrics.h"
#include "proto/events.h"

enum metric {
#define METRIC(name, kind, text, a, b, help) METRIC_##name,
#include "gateway/metrics.def"
#undef METRIC
	METRICS
};

extern const struct metric_desc metric_table[METRICS];

/* Values of the event label beside the event table's, which come first. */
enum {
	METRIC_EVENT_CONNECTION = EVENTS,
	METRIC_EVENT_DISCONNECT,
	METRIC_EVENT_OTHER,
	METRIC_EVENT_VALUES
};

/* Values of the limit label. */
enum { METRIC_LIMIT_EVENTS, METRIC_LIMIT_FLOODS, METRIC_LIMIT_HANDSHAKES };

/* Values of the state label of TLS handshakes. */
enum { METRIC_TLS_BEGUN, METRIC_TLS_DONE, METRIC_TLS_FAILED };

/* The label value of an application event; EVENT_UNKNOWN is "other". */
size_t metric_event_of(enum event event);

/* websocket_messages_total */
void metric_event_in(struct metrics *m, size_t event_value);
void metric_event_out(struct metrics *m, size_t event_value, uint64_t count);

#endif
