#include "broker/cli/emission.h"

#include <stdio.h>

#include "broker/cli/json_value.h"
#include "proto/limits.h"
#include "proto/value_map.h"

enum {
	FIRST_ARGUMENT = 2, /* among the words: behind the command and the event */
	GRACE_MS = 2000,    /* for the broker to say that the time is up */
};

/* The options that name who hears the event, as the broker is asked. */
static const enum option_id targets[] = {OPTION_USER, OPTION_ROOM, OPTION_SOCKET, OPTION_NSP};

static bool is_given(const struct options *o, uint32_t bit)
{
	return (o->given & bit) != 0;
}

static enum err check(const struct options *o, char *ret_why)
{
	if (o->room_count > 1) {
		snprintf(ret_why, OPTIONS_WHY_SIZE, "emit takes one --room");
		return ERR_INVALID;
	}
	if (is_given(o, OPTION_BIT(RETRIES)) && !is_given(o, OPTION_BIT(ACK))) {
		snprintf(ret_why, OPTIONS_WHY_SIZE, "--retries needs --ack");
		return ERR_INVALID;
	}
	return ERR_OK;
}

/* The array of the event's arguments. */
static enum err put_words(const struct options *o, struct buf *out, char *ret_why)
{
	size_t count = o->word_count > FIRST_ARGUMENT ? o->word_count - FIRST_ARGUMENT : 0;
	char fault[JSON_VALUE_FAULT_SIZE];
	struct buf args = {0};
	enum err e = ERR_OK;

	value_put_array(&args, (uint32_t)count);
	for (size_t i = 0; i < count && !e; i++) {
		e = json_value_put(&args, str_of(o->words[FIRST_ARGUMENT + i]), fault);
		if (e)
			snprintf(ret_why, OPTIONS_WHY_SIZE, "JSON %zu: %s", i + 1, fault);
	}
	if (!e && value_check(buf_bytes(&args), LIMIT_VALUE_DEPTH)) {
		e = ERR_INVALID;
		snprintf(ret_why, OPTIONS_WHY_SIZE, "the arguments are nested deeper than %d",
		    LIMIT_VALUE_DEPTH);
	}
	if (!e)
		value_put_raw_pair(out, STR("args"), buf_bytes(&args));
	buf_free(&args);
	return e;
}

enum err emission_put_args(const struct options *o, struct buf *out, char ret_why[OPTIONS_WHY_SIZE])
{
	bool has_ack = is_given(o, OPTION_BIT(ACK));
	enum err e = check(o, ret_why);
	size_t opened = value_open(out);
	uint32_t pairs = 2;

	if (!e)
		e = put_words(o, out, ret_why);
	if (e)
		return e;
	value_put_str_pair(out, STR("event"), str_of(o->words[1]));
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		const char *text = o->text[targets[i]];

		if (!text)
			continue;
		value_put_str_pair(out, str_of(option_row(targets[i])->name), str_of(text));
		pairs++;
	}
	if (has_ack) {
		value_put_u64_pair(out, STR("timeout"), o->number[OPTION_TIMEOUT]);
		value_put_u64_pair(out, STR("retries"), o->number[OPTION_RETRIES]);
		pairs += 2;
	}
	value_close_map(out, opened, pairs);
	return ERR_OK;
}

uint64_t emission_wait_ms(const struct options *o)
{
	uint64_t timeout_ms = o->number[OPTION_TIMEOUT];

	return is_given(o, OPTION_BIT(ACK)) ? timeout_ms + GRACE_MS : timeout_ms;
}

bool emission_is_answered(struct bytes answer)
{
	struct bytes answers;

	return value_map_get(answer, STR("answers"), &answers) != ERR_OK ||
	       value_map_u64(answer, STR("answered"), 0) ==
		   value_map_u64(answer, STR("sockets"), 0);
}
