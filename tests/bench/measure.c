#include "tests/bench/measure.h"

#include "tests/bench/histogram.h"
#include "tests/bench/loop.h"
#include "tests/bench/proc.h"
#include "tests/bench/result.h"
#include "tests/bench/sleepers.h"

struct clocks {
	uint64_t gateway_ns;
	uint64_t broker_ns;
	uint64_t client_ns;
};

static struct clocks read_clocks(const struct options *o)
{
	return (struct clocks){
	    .gateway_ns = proc_cpu_ns(&o->gateways),
	    .broker_ns = proc_cpu_ns(&o->brokers),
	    .client_ns = proc_own_cpu_ns(),
	};
}

static void connect_all(const struct measure *m, struct result_connect *result)
{
	const struct options *o = m->options;
	struct clocks before = read_clocks(o), after;
	uint64_t begin_ns = loop_now_ns();

	result->rss_before = proc_rss_bytes(&o->gateways);
	trial_connect(m->trial);
	result->wall_ns = loop_now_ns() - begin_ns;
	trial_settle(m->trial);
	after = read_clocks(o);
	result->gateway_ns = after.gateway_ns - before.gateway_ns;
	result->broker_ns = after.broker_ns - before.broker_ns;
	result->rss_after = proc_rss_bytes(&o->gateways);
}

static void warm_up(const struct measure *m)
{
	const struct pace pace = {.burst = 1};
	struct trial_result ignored = {.delivery = histogram_new(), .ack = histogram_new()};

	trial_publish(m->trial, pace, m->options->warmup, &ignored);
	trial_settle(m->trial);
	histogram_free(&ignored.delivery);
	histogram_free(&ignored.ack);
}

static void run_floor(const struct measure *m, const struct baseline_job *job, double gateway_ns,
    struct result_floor *floor)
{
	struct baseline_result cost = {.deliveries = 0};
	double ratio;

	baseline_run(m->baseline, job, &cost);
	ratio = gateway_ns * (double)cost.deliveries / (double)cost.cpu_ns;
	if (!floor->is_measured || ratio < floor->ratio_low)
		floor->ratio_low = ratio;
	if (!floor->is_measured || ratio > floor->ratio_high)
		floor->ratio_high = ratio;
	floor->is_measured = true;
	floor->cost.deliveries += cost.deliveries;
	floor->cost.cpu_ns += cost.cpu_ns;
}

static void run_floors(
    const struct measure *m, uint64_t messages, double gateway_ns, struct result_phase *phase)
{
	struct baseline_job job = {.pace = phase->pace, .messages = messages};

	job.frame = trial_frame(m->trial, &job.frame_len);
	run_floor(m, &job, gateway_ns, &phase->one_send);
	job.is_coalesced = true;
	if (phase->pace.burst > 1)
		run_floor(m, &job, gateway_ns, &phase->coalesced);
}

/*
 * Gateway and baseline take turns, so that whatever else the machine does hits both, and the spread
 * of the slices' ratios shows how much it did.
 */
static void run_slice(const struct measure *m, uint64_t messages, struct result_phase *phase)
{
	struct clocks before = read_clocks(m->options), after;
	uint64_t gateway_ns;

	trial_publish(m->trial, phase->pace, messages, &phase->trial);
	trial_settle(m->trial);
	after = read_clocks(m->options);
	gateway_ns = after.gateway_ns - before.gateway_ns;
	phase->gateway_ns += gateway_ns;
	phase->broker_ns += after.broker_ns - before.broker_ns;
	phase->client_ns += after.client_ns - before.client_ns;
	if (m->baseline)
		run_floors(m, messages,
		    (double)gateway_ns / (double)(messages * m->options->members), phase);
}

/* Those who sleep have come before the clock starts, and wake when it has stopped. */
static void run_sleepy_slice(const struct measure *m, uint64_t messages, struct result_phase *phase)
{
	const struct proc_set *gateways = &m->options->gateways;
	struct result_sleepy *sleepy = &phase->sleepy;
	uint64_t rss_before, rss_peak, before_ns;

	sleepers_start(m->sleepers);
	trial_settle(m->trial);
	proc_reset_peak(gateways);
	rss_before = proc_rss_bytes(gateways);
	before_ns = proc_cpu_ns(gateways);
	trial_publish(m->trial, phase->pace, messages, &sleepy->trial);
	trial_settle(m->trial);
	sleepy->gateway_ns += proc_cpu_ns(gateways) - before_ns;
	rss_peak = proc_peak_bytes(gateways);
	if (rss_peak - rss_before > sleepy->grown_bytes)
		sleepy->grown_bytes = rss_peak - rss_before;
	sleepers_wake(m->sleepers, &sleepy->found);
	trial_settle(m->trial);
}

/* In turn, and who begins changes too. */
static void run_both_slices(
    const struct measure *m, uint64_t messages, bool is_sleepy_first, struct result_phase *phase)
{
	if (is_sleepy_first)
		run_sleepy_slice(m, messages, phase);
	run_slice(m, messages, phase);
	if (!is_sleepy_first)
		run_sleepy_slice(m, messages, phase);
}

static void run_phase(const struct measure *m, struct result_phase *phase)
{
	uint64_t slices = m->options->slices, messages = m->options->messages;

	phase->trial.delivery = histogram_new();
	phase->trial.ack = histogram_new();
	phase->sleepy.trial.delivery = histogram_new();
	phase->sleepy.trial.ack = histogram_new();
	for (uint64_t i = 0; i < slices; i++) {
		uint64_t count = messages / slices + (i < messages % slices ? 1 : 0);

		if (m->sleepers)
			run_both_slices(m, count, i % 2 == 1, phase);
		else
			run_slice(m, count, phase);
	}
}

void measure_run(const struct measure *m, struct result *result)
{
	connect_all(m, &result->connect);
	warm_up(m);
	for (size_t i = 0; i < m->options->phases_count; i++) {
		result->phases[i].pace = m->options->phases[i];
		run_phase(m, &result->phases[i]);
	}
	result->wrong = trial_wrong(m->trial);
}

void measure_release(struct result *result)
{
	for (size_t i = 0; i < OPTIONS_PHASES_MAX; i++) {
		histogram_free(&result->phases[i].trial.delivery);
		histogram_free(&result->phases[i].trial.ack);
		histogram_free(&result->phases[i].sleepy.trial.delivery);
		histogram_free(&result->phases[i].sleepy.trial.ack);
	}
}
