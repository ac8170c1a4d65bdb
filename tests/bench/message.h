/*
 * The message of the benchmark: what the publisher sends, and what of it is found again in an
 * event. Its content begins with the run's tag, the message's number and the time it was due, so
 * that every delivery is a latency sample and can be told from anybody else's. Pure.
 */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The stamp in front, and what the server allows. */
enum { MESSAGE_CONTENT_MIN = 64, MESSAGE_CONTENT_MAX = 5000 };

struct message_stamp {
	uint32_t run;
	uint64_t number;
	uint64_t due_ns;
};

/* Writes exactly `len` characters that need no escape in JSON, and a final zero. */
void message_compose(const struct message_stamp *, char *ret_content, size_t len);

/* Does this ack say {"ok":true}? */
bool message_is_ok(const char *args, size_t len);

/* Is this the JSON array of a "message" event? */
bool message_is(const char *args, size_t len);

/* False if the text holds no `"seq":` number. */
bool message_find_seq(const char *args, size_t len, uint64_t *ret_seq);

/* False if the text holds no content of our making. */
bool message_find_stamp(const char *args, size_t len, struct message_stamp *ret_stamp);

#endif
