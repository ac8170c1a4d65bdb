/*
 * The result is what a run has found out: filled by measure, told by report.
 */
#ifndef BENCH_RESULT_H
#define BENCH_RESULT_H

#include <stdint.h>

#include "tests/bench/baseline.h"
#include "tests/bench/options.h"
#include "tests/bench/pace.h"
#include "tests/bench/sleepers.h"
#include "tests/bench/trial.h"

/* Connecting and joining, of all members together. */
struct result_connect {
	uint64_t wall_ns;
	uint64_t gateway_ns; /* CPU, as everywhere below */
	uint64_t broker_ns;
	uint64_t rss_before; /* bytes, of all gateways */
	uint64_t rss_after;
};

/* The baseline's price, and the gateway's in terms of it. */
struct result_floor {
	bool is_measured;
	struct baseline_result cost;
	double ratio_low; /* over the slices */
	double ratio_high;
};

/* The same with clients in the room that do not read. */
struct result_sleepy {
	struct trial_result trial;
	struct sleepers_found found;
	uint64_t gateway_ns;
	uint64_t grown_bytes; /* by how much the gateways' memory exceeded what it was; the worst */
};

struct result_phase {
	struct pace pace;
	struct trial_result trial;
	uint64_t gateway_ns;
	uint64_t broker_ns;
	uint64_t client_ns;
	struct result_sleepy sleepy;
	struct result_floor one_send;
	struct result_floor coalesced; /* bursts only */
};

struct result {
	struct result_connect connect;
	struct result_phase phases[OPTIONS_PHASES_MAX];
	uint64_t wrong;
};

#endif
