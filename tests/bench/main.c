/*
 * roomcast-bench measures a room of a running server: see README.md beside this file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/baseline.h"
#include "tests/bench/loop.h"
#include "tests/bench/measure.h"
#include "tests/bench/options.h"
#include "tests/bench/proc.h"
#include "tests/bench/report.h"
#include "tests/bench/result.h"
#include "tests/bench/sleepers.h"
#include "tests/bench/trial.h"

#define NS_PER_S UINT64_C(1000000000)

/* stdio, epolls, control socket and what libraries open. */
enum { FILES_BESIDE = 64 };

static void tell(const struct options *options, const struct result *result)
{
	report_text(options->json ? stderr : stdout, options, result);
	if (options->json)
		report_json(stdout, options, result);
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct result result;
	struct measure measure = {.options = &options};
	struct loop *loop;

	options_parse(argc, argv, &options);
	proc_need_files(2 * options.members + options.sleepers + FILES_BESIDE);
	if (!options.without_baseline && options.sleepers == 0)
		measure.baseline = baseline_start(options.members, options.timeout_s * NS_PER_S);
	loop = loop_new();
	measure.trial = trial_new(&options, loop);
	if (options.sleepers > 0)
		measure.sleepers = sleepers_new(&options, loop);

	measure_run(&measure, &result);
	tell(&options, &result);

	sleepers_free(&measure.sleepers);
	trial_free(&measure.trial);
	loop_free(&loop);
	baseline_free(&measure.baseline);
	measure_release(&result);
	return result.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
