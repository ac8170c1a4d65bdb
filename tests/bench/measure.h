/*
 * To measure is to run a trial and its baseline side by side and to read the processes' clocks
 * before and after. Used by main.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

struct baseline;
struct options;
struct result;
struct result_phase;
struct sleepers;
struct trial;

struct measure {
	const struct options *options;
	struct trial *trial;
	struct baseline *baseline; /* or NULL */
	struct sleepers *sleepers; /* or NULL */
};

/* Everything: connect, warm up, all phases. The result begins as zeroes. */
void measure_run(const struct measure *, struct result *);
void measure_release(struct result *);

#endif
