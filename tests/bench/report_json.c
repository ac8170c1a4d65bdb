#include "tests/bench/report.h"

#include "tests/bench/histogram.h"
#include "tests/bench/result.h"

#define NS_PER_S 1e9
#define NS_PER_US 1e3

/* Names and strings come from our options, which allow nothing that JSON would escape. */

static void put_count(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "\"%s\":%llu,", name, (unsigned long long)value);
}

static void put_null(FILE *out, const char *name)
{
	fprintf(out, "\"%s\":null,", name);
}

static void put_per(FILE *out, const char *name, uint64_t sum_ns, uint64_t count)
{
	if (count > 0)
		fprintf(out, "\"%s\":%.4f,", name, (double)sum_ns / (double)count / NS_PER_US);
	else
		put_null(out, name);
}

static void put_cpu(
    FILE *out, const char *name, const struct proc_set *set, uint64_t sum_ns, uint64_t count)
{
	if (set->count > 0)
		put_per(out, name, sum_ns, count);
	else
		put_null(out, name);
}

static void put_latency(FILE *out, const char *name, const struct histogram *h)
{
	fprintf(out, "\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f},",
	    name, (double)histogram_at_ns(h, 500) / NS_PER_US,
	    (double)histogram_at_ns(h, 900) / NS_PER_US,
	    (double)histogram_at_ns(h, 990) / NS_PER_US,
	    (double)histogram_at_ns(h, 999) / NS_PER_US, (double)histogram_max_ns(h) / NS_PER_US);
}

static void put_floor(FILE *out, const char *name, const struct result_floor *floor,
    double gateway_us, const char *end)
{
	double cpu_us;

	if (!floor->is_measured) {
		fprintf(out, "\"%s\":null%s", name, end);
		return;
	}
	cpu_us = (double)floor->cost.cpu_ns / (double)floor->cost.deliveries / NS_PER_US;
	fprintf(out, "\"%s\":{\"cpu_us\":%.4f,", name, cpu_us);
	if (gateway_us > 0)
		fprintf(out, "\"ratio\":%.4f,\"ratio_low\":%.4f,\"ratio_high\":%.4f}%s",
		    gateway_us / cpu_us, floor->ratio_low, floor->ratio_high, end);
	else
		fprintf(out, "\"ratio\":null,\"ratio_low\":null,\"ratio_high\":null}%s", end);
}

static void put_sleepy(FILE *out, const struct options *o, const struct result_sleepy *sleepy)
{
	fputs("\"sleepy\":{", out);
	put_count(out, "sleepers", o->sleepers);
	put_count(out, "deliveries", sleepy->trial.deliveries);
	put_latency(out, "delivery_us", sleepy->trial.delivery);
	put_latency(out, "ack_us", sleepy->trial.ack);
	put_cpu(out, "gateway_cpu_us", &o->gateways, sleepy->gateway_ns, sleepy->trial.deliveries);
	put_count(out, "gateway_grown_bytes", sleepy->grown_bytes);
	put_count(out, "let_go", sleepy->found.let_go);
	put_count(out, "let_go_bytes", sleepy->found.bytes);
	fprintf(out, "\"woken\":%llu},", (unsigned long long)sleepy->found.woken);
}

static void put_phase(FILE *out, const struct options *o, const struct result_phase *phase)
{
	const struct trial_result *trial = &phase->trial;
	uint64_t count = trial->deliveries;
	double gateway_us = (double)phase->gateway_ns / (double)count / NS_PER_US;

	fputc('{', out);
	put_count(out, "burst", phase->pace.burst);
	put_count(out, "rate_per_s", phase->pace.rate_per_s);
	put_count(out, "messages", trial->messages);
	put_count(out, "deliveries", count);
	put_count(out, "other_events", trial->other_events);
	fprintf(out, "\"wall_s\":%.6f,", (double)trial->wall_ns / NS_PER_S);
	fprintf(
	    out, "\"deliveries_per_s\":%.1f,", (double)count * NS_PER_S / (double)trial->wall_ns);
	put_latency(out, "delivery_us", trial->delivery);
	put_latency(out, "ack_us", trial->ack);
	put_cpu(out, "gateway_cpu_us", &o->gateways, phase->gateway_ns, count);
	put_cpu(out, "broker_cpu_us", &o->brokers, phase->broker_ns, count);
	put_per(out, "client_cpu_us", phase->client_ns, count);
	if (o->sleepers > 0)
		put_sleepy(out, o, &phase->sleepy);
	put_floor(out, "baseline_one_send", &phase->one_send, gateway_us, ",");
	put_floor(out, "baseline_coalesced", &phase->coalesced, gateway_us, "}");
}

static void put_connect(FILE *out, const struct options *o, const struct result_connect *connect)
{
	fputs("\"connect\":{", out);
	put_cpu(out, "gateway_cpu_us", &o->gateways, connect->gateway_ns, o->members);
	put_cpu(out, "broker_cpu_us", &o->brokers, connect->broker_ns, o->members);
	if (o->gateways.count > 0) {
		put_count(out, "gateway_rss_before_bytes", connect->rss_before);
		put_count(out, "gateway_rss_after_bytes", connect->rss_after);
		fprintf(out, "\"gateway_rss_per_member_bytes\":%.1f,",
		    ((double)connect->rss_after - (double)connect->rss_before) /
			(double)o->members);
	} else {
		put_null(out, "gateway_rss_before_bytes");
		put_null(out, "gateway_rss_after_bytes");
		put_null(out, "gateway_rss_per_member_bytes");
	}
	fprintf(out, "\"wall_s\":%.6f},", (double)connect->wall_ns / NS_PER_S);
}

void report_json(FILE *out, const struct options *o, const struct result *result)
{
	fprintf(out, "{\"nsp\":\"%s\",\"room\":\"%s\",", o->nsp, o->room);
	put_count(out, "members", o->members);
	put_count(out, "content_bytes", o->content_bytes);
	put_count(out, "slices", o->slices);
	put_connect(out, o, &result->connect);
	fputs("\"phases\":[", out);
	for (size_t i = 0; i < o->phases_count; i++) {
		if (i > 0)
			fputc(',', out);
		put_phase(out, o, &result->phases[i]);
	}
	fprintf(out, "],\"wrong\":%llu,\"ok\":%s}\n", (unsigned long long)result->wrong,
	    result->wrong == 0 ? "true" : "false");
}
