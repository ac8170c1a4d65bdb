#include "tests/bench/report.h"

#include "tests/bench/histogram.h"
#include "tests/bench/result.h"

#define NS_PER_S 1e9
#define NS_PER_MS 1e6
#define NS_PER_US 1e3
#define MIB 1048576.0
#define KIB 1024.0

static double per(uint64_t sum, uint64_t count, double unit)
{
	return count > 0 ? (double)sum / (double)count / unit : 0;
}

static void print_cpu(FILE *out, const char *who, const struct proc_set *set, double cpu_us)
{
	if (set->count > 0)
		fprintf(out, "   %s %.2f us", who, cpu_us);
	else
		fprintf(out, "   %s -", who);
}

static void print_connect(FILE *out, const struct options *o, const struct result_connect *connect)
{
	uint64_t members = o->members;

	fprintf(out, "connect   %.2f s, %.0f/s", (double)connect->wall_ns / NS_PER_S,
	    (double)members * NS_PER_S / (double)connect->wall_ns);
	fputs("; CPU per member:", out);
	print_cpu(out, "gateway", &o->gateways, per(connect->gateway_ns, members, NS_PER_US));
	print_cpu(out, "broker", &o->brokers, per(connect->broker_ns, members, NS_PER_US));
	if (o->gateways.count > 0)
		fprintf(out, "\nmemory    gateway RSS %.1f MiB -> %.1f MiB, %.2f KiB per member",
		    (double)connect->rss_before / MIB, (double)connect->rss_after / MIB,
		    ((double)connect->rss_after - (double)connect->rss_before) / (double)members /
			KIB);
	fputc('\n', out);
}

static void print_latency(FILE *out, const char *what, const struct histogram *h)
{
	fprintf(out, "          %s  p50 %.3f  p90 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms\n", what,
	    (double)histogram_at_ns(h, 500) / NS_PER_MS,
	    (double)histogram_at_ns(h, 900) / NS_PER_MS,
	    (double)histogram_at_ns(h, 990) / NS_PER_MS,
	    (double)histogram_at_ns(h, 999) / NS_PER_MS, (double)histogram_max_ns(h) / NS_PER_MS);
}

static void print_floor(
    FILE *out, const char *what, const struct result_floor *floor, double cpu_us)
{
	double floor_us = per(floor->cost.cpu_ns, floor->cost.deliveries, NS_PER_US);

	if (!floor->is_measured)
		return;
	fprintf(out, "          baseline, %s: %.2f us", what, floor_us);
	if (cpu_us > 0)
		fprintf(out, "; ratio %.2f (slices %.2f .. %.2f)", cpu_us / floor_us,
		    floor->ratio_low, floor->ratio_high);
	fputc('\n', out);
}

static double ratio_at(const struct result_phase *phase, unsigned per_mille)
{
	return (double)histogram_at_ns(phase->sleepy.trial.delivery, per_mille) /
	       (double)histogram_at_ns(phase->trial.delivery, per_mille);
}

static void print_sleepy(FILE *out, const struct options *o, const struct result_phase *phase)
{
	const struct result_sleepy *sleepy = &phase->sleepy;
	const struct sleepers_found *found = &sleepy->found;

	fprintf(out, "  beside %llu that do not read\n", (unsigned long long)o->sleepers);
	print_latency(out, "delivery", sleepy->trial.delivery);
	fprintf(out, "          ratio     p50 %.2f  p90 %.2f  p99 %.2f  p99.9 %.2f\n",
	    ratio_at(phase, 500), ratio_at(phase, 900), ratio_at(phase, 990), ratio_at(phase, 999));
	fprintf(out, "          CPU per delivery:");
	print_cpu(out, "gateway", &o->gateways,
	    per(sleepy->gateway_ns, sleepy->trial.deliveries, NS_PER_US));
	fprintf(out, "; gateway RSS grew by %.1f MiB at most, %.0f KiB each\n",
	    (double)sleepy->grown_bytes / MIB,
	    (double)sleepy->grown_bytes / KIB / (double)o->sleepers);
	fprintf(out, "          let go: %llu of %llu, who found %.0f KiB each on the way to them\n",
	    (unsigned long long)found->let_go, (unsigned long long)found->woken,
	    per(found->bytes, found->let_go, KIB));
}

static void print_phase(FILE *out, const struct options *o, const struct result_phase *phase)
{
	const struct trial_result *trial = &phase->trial;
	uint64_t count = trial->deliveries;
	double gateway_us = per(phase->gateway_ns, count, NS_PER_US);

	if (phase->pace.burst > 0)
		fprintf(out, "burst %-4llu", (unsigned long long)phase->pace.burst);
	else
		fprintf(out, "rate %-5llu", (unsigned long long)phase->pace.rate_per_s);
	fprintf(out, "%llu deliveries of %llu messages in %.2f s, %.0f/s",
	    (unsigned long long)count, (unsigned long long)trial->messages,
	    (double)trial->wall_ns / NS_PER_S, (double)count * NS_PER_S / (double)trial->wall_ns);
	if (trial->other_events > 0)
		fprintf(out, ", and %llu other events", (unsigned long long)trial->other_events);
	fputc('\n', out);
	print_latency(out, "delivery", trial->delivery);
	print_latency(out, "ack     ", trial->ack);
	fputs("          CPU per delivery:", out);
	print_cpu(out, "gateway", &o->gateways, gateway_us);
	print_cpu(out, "broker", &o->brokers, per(phase->broker_ns, count, NS_PER_US));
	fprintf(out, "   this client %.2f us\n", per(phase->client_ns, count, NS_PER_US));
	print_floor(out, "a send() each", &phase->one_send, gateway_us);
	print_floor(out, "a send() per burst", &phase->coalesced, gateway_us);
	if (o->sleepers > 0)
		print_sleepy(out, o, phase);
}

void report_text(FILE *out, const struct options *o, const struct result *result)
{
	fprintf(out, "room      %s in %s, %llu members, content of %llu bytes, %llu slices\n",
	    o->room, o->nsp, (unsigned long long)o->members, (unsigned long long)o->content_bytes,
	    (unsigned long long)o->slices);
	print_connect(out, o, &result->connect);
	for (size_t i = 0; i < o->phases_count; i++)
		print_phase(out, o, &result->phases[i]);
	if (result->wrong == 0)
		fputs("verdict   every member got every message once, in order\n", out);
	else
		fprintf(out, "verdict   FAILED: %llu deliveries were wrong\n",
		    (unsigned long long)result->wrong);
}
