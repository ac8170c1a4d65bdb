/*
 * A baseline is the bare send() loop that the gateway is compared with, in a child process, and as
 * many TCP clients of it. Used by measure. It sends a frame captured from the gateway to the same
 * number of connections in the same bursts, and our side receives it by the same code.
 */
#ifndef BENCH_BASELINE_H
#define BENCH_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/pace.h"

struct baseline;

struct baseline_job {
	const uint8_t *frame;
	size_t frame_len;
	struct pace pace;
	uint64_t messages;
	bool is_coalesced; /* a burst leaves in one send() per client */
};

/* What the runs have cost the child; each run adds to it. */
struct baseline_result {
	uint64_t deliveries;
	uint64_t cpu_ns;
};

/* Forks; so it comes first in the process, before anything that a child should not inherit. */
struct baseline *baseline_start(size_t members, uint64_t timeout_ns);
/* Ends the child and waits for it. */
void baseline_free(struct baseline **);

/* Returns when all is received. */
void baseline_run(struct baseline *, const struct baseline_job *, struct baseline_result *);

#endif
