#include "broker/hello.h"

#include "common/failpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t hello_version(void)
{
	/* The mutation that stands for a broker that is to be upgraded. */
	return failpoint_mutation("older-link") ? WIRE_VERSION - 1 : WIRE_VERSION;
}

bool hello_may_speak_for(const struct link_letter *letter, struct str gateway)
{
	return letter->from.door != LINK_TCP || str_eq(letter->user, gateway);
}

const char *hello_fault(
    const struct link_letter *letter, const struct wire_hello *hello, char space[HELLO_WHY_SIZE])
{
	if (hello->version != hello_version()) {
		snprintf(space, HELLO_WHY_SIZE,
		    "gateway speaks link version %" PRIu64 ", broker %" PRIu64 ": upgrade the %s",
		    hello->version, hello_version(),
		    hello->version < hello_version() ? "gateway" : "broker");
		return space;
	}
	if (hello->gateway.len == 0)
		return "the gateway's name is empty: set gateway-id";
	if (memchr(hello->gateway.p, 0, hello->gateway.len))
		return "the gateway's name holds a NUL: set gateway-id";
	if (!hello_may_speak_for(letter, hello->gateway)) {
		snprintf(space, HELLO_WHY_SIZE,
		    "its key is that of %.*s: set gateway-id to that, or authorize its key under "
		    "its own name",
		    STR_ARG(letter->user));
		return space;
	}
	return NULL;
}

struct channel_window hello_window(const struct wire_hello *hello)
{
	struct channel_window w = {hello->credit_messages, hello->credit_bytes};

	if (w.messages > LIMIT_WINDOW_MESSAGES)
		w.messages = LIMIT_WINDOW_MESSAGES;
	if (w.bytes > LIMIT_WINDOW_BYTES)
		w.bytes = LIMIT_WINDOW_BYTES;
	return w;
}

uint64_t hello_place(const struct wire_hello *hello, const struct hello_log *log)
{
	/* A database that was put back may have fewer messages than the gateway has seen. */
	bool is_known = hello->epoch == log->epoch && hello->last_gseq <= log->released &&
			hello->last_gseq >= log->pruned;

	return is_known && log->released - hello->last_gseq <= log->replay_max ? hello->last_gseq
									       : log->released;
}
