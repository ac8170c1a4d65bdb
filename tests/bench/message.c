#include "tests/bench/message.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define LEN(literal) (sizeof(literal) - 1)

static const char stamp_lead[] = "\"content\":\"bench ";

/* "rrrrrrrr nnnnnnnnnnnnnnnn tttttttttttttttt": fixed widths, so that reading them is cheap. */
enum { RUN_DIGITS = 8, WIDE_DIGITS = 16, STAMP_CHARS = RUN_DIGITS + 2 * (1 + WIDE_DIGITS) };

_Static_assert(LEN("bench ") + STAMP_CHARS + 1 <= MESSAGE_CONTENT_MIN, "no room for the stamp");

static bool read_hex(const char *text, size_t digits, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret_value = value;
	return true;
}

void message_compose(const struct message_stamp *stamp, char *ret_content, size_t len)
{
	int used;

	assert(len >= MESSAGE_CONTENT_MIN && len <= MESSAGE_CONTENT_MAX);
	used = snprintf(ret_content, len + 1, "bench %08x %016llx %016llx ", (unsigned)stamp->run,
	    (unsigned long long)stamp->number, (unsigned long long)stamp->due_ns);
	memset(ret_content + used, 'x', len - (size_t)used);
	ret_content[len] = '\0';
}

bool message_is_ok(const char *args, size_t len)
{
	static const char lead[] = "\"ok\":true";

	return memmem(args, len, lead, LEN(lead)) != NULL;
}

bool message_is(const char *args, size_t len)
{
	static const char lead[] = "[\"message\",";

	return len > LEN(lead) && memcmp(args, lead, LEN(lead)) == 0;
}

bool message_find_seq(const char *args, size_t len, uint64_t *ret_seq)
{
	static const char lead[] = "\"seq\":";
	const char *end = args + len;
	const char *at = memmem(args, len, lead, LEN(lead));
	uint64_t seq = 0;

	if (!at)
		return false;
	at += LEN(lead);
	if (at == end || *at < '0' || *at > '9')
		return false;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		seq = seq * 10 + (uint64_t)(*at - '0');
	*ret_seq = seq;
	return true;
}

bool message_find_stamp(const char *args, size_t len, struct message_stamp *ret_stamp)
{
	const char *at = memmem(args, len, stamp_lead, LEN(stamp_lead));
	uint64_t run, number, due_ns;

	if (!at)
		return false;
	at += LEN(stamp_lead);
	if ((size_t)(args + len - at) < STAMP_CHARS || !read_hex(at, RUN_DIGITS, &run))
		return false;
	at += RUN_DIGITS + 1;
	if (!read_hex(at, WIDE_DIGITS, &number) ||
	    !read_hex(at + WIDE_DIGITS + 1, WIDE_DIGITS, &due_ns))
		return false;
	ret_stamp->run = (uint32_t)run;
	ret_stamp->number = number;
	ret_stamp->due_ns = due_ns;
	return true;
}
