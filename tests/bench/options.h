/*
 * The options are the command line, read, checked and resolved. Nonsense is refused with a sentence
 * and exit status 64.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/pace.h"
#include "tests/bench/proc.h"
#include "tests/bench/target.h"

enum { OPTIONS_TARGETS_MAX = 16, OPTIONS_PHASES_MAX = 8 };

/* Strings point into argv. */
struct options {
	size_t targets_count;
	struct target targets[OPTIONS_TARGETS_MAX];
	const char *path;
	const char *nsp;
	const char *room;
	const char *tokens_file;
	struct proc_set gateways;
	struct proc_set brokers;

	uint64_t members;
	uint64_t sleepers;
	uint64_t messages; /* in each phase */
	uint64_t content_bytes;
	uint64_t warmup;
	uint64_t slices;
	uint64_t in_flight;
	uint64_t connects_per_s;
	uint64_t timeout_s;
	size_t phases_count;
	struct pace phases[OPTIONS_PHASES_MAX];

	bool without_baseline;
	bool json;
};

void options_parse(int argc, char **argv, struct options *ret_options);

/* Everything that will be published, the warm-up too. */
uint64_t options_total_messages(const struct options *);

#endif
