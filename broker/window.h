#ifndef ROOMCAST_BROKER_WINDOW_H
#define ROOMCAST_BROKER_WINDOW_H
/*
 * What the broker shows at /ready and /metrics.
 */
#include "broker/broker.h"
#include "broker/http.h"

/* For http_new(); its `up` is the struct broker. Ready = messages can be stored. */
extern const struct http_events window_http_events;

#endif
