#include "broker/cli/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/conf.h"
#include "proto/value.h"

static const struct command_choice choices[] = {
#define KEYGEN(id, kind, doc) {kind, doc},
#include "broker/cli/keygen.def"
#undef KEYGEN
};

const struct command_choice *command_choice_at(size_t n)
{
	return n < ARRAY_LEN(choices) ? &choices[n] : NULL;
}

static PRINTF(3, 4) enum err refuse(enum err e, char *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, OPTIONS_WHY_SIZE, format, args);
	va_end(args);
	return e;
}

/* Does a command begin with that word, and have another? */
static bool is_first_of_two(const char *word)
{
	const struct command *c;
	size_t len = strlen(word);

	for (size_t i = 0; (c = command_at(i)); i++) {
		if (strncmp(c->word, word, len) == 0 && c->word[len] == ' ')
			return true;
	}
	return false;
}

void command_join_words(struct options *o)
{
	if (o->word_count < 2 || !is_first_of_two(o->words[0]))
		return;
	snprintf(o->joined, sizeof(o->joined), "%s %s", o->words[0], o->words[1]);
	memmove(&o->words[1], &o->words[2], sizeof(o->words) - 2 * sizeof(o->words[0]));
	o->words[0] = o->joined;
	o->word_count--;
}

/* "room needs one more word: create, show or archive"; word: its first one, and what may follow. */
static enum err refuse_first(const char *word, char *ret_why)
{
	const struct command *c;
	int len = (int)strcspn(word, " ");
	char words[OPTIONS_WHY_SIZE / 2] = "";

	for (size_t i = 0; (c = command_at(i)); i++) {
		size_t at = strlen(words);

		if (strncmp(c->word, word, (size_t)len) == 0 && c->word[len] == ' ')
			snprintf(words + at, sizeof(words) - at, "%s%s", at ? ", " : "",
			    c->word + len + 1);
	}
	return refuse(ERR_NOT_FOUND, ret_why,
	    "%.*s needs one more word, of these: %s; `roomcastctl %.*s %.*s --help` says more", len,
	    word, words, len, word, (int)strcspn(words, ","), words);
}

enum err command_find(const char *word, const struct command **ret, char ret_why[OPTIONS_WHY_SIZE])
{
	const char *words[COMMANDS_MAX];
	const struct command *c;
	size_t count = 0;

	for (; (c = command_at(count)); count++) {
		words[count] = c->word;
		if (strcmp(word, c->word) == 0) {
			*ret = c;
			return ERR_OK;
		}
	}
	if (is_first_of_two(word))
		return refuse_first(word, ret_why);
	const char *nearest = conf_nearest(word, words, count);

	if (nearest)
		return refuse(ERR_NOT_FOUND, ret_why, "unknown command '%s', did you mean '%s'?",
		    word, nearest);
	return refuse(ERR_NOT_FOUND, ret_why, "unknown command '%s'; --help lists them", word);
}

static enum err check_choice(const struct command *c, const char *word, char *ret_why)
{
	const char *words[ARRAY_LEN(choices)];

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		words[i] = choices[i].word;
		if (strcmp(word, words[i]) == 0)
			return ERR_OK;
	}
	const char *nearest = conf_nearest(word, words, ARRAY_LEN(words));

	if (nearest)
		return refuse(ERR_INVALID, ret_why, "%s: unknown %s '%s', did you mean '%s'?",
		    c->word, c->argument, word, nearest);
	return refuse(ERR_INVALID, ret_why, "%s: unknown %s '%s'; `%s --help` lists them", c->word,
	    c->argument, word, c->word);
}

static enum err check_argument(const struct command *c, const struct options *o, char *ret_why)
{
	const char *word = o->word_count > 1 ? o->words[1] : NULL;

	if (!c->argument && word)
		return refuse(
		    ERR_INVALID, ret_why, "%s takes no argument such as '%s'", c->word, word);
	if (!c->argument)
		return ERR_OK;
	if (!c->rest && o->word_count > 2)
		return refuse(ERR_INVALID, ret_why, "one argument too many: '%s'", o->words[2]);
	if (!word)
		return refuse(ERR_INVALID, ret_why, "%s needs a %s", c->word, c->argument);
	if (c->argument_max == 0)
		return check_choice(c, word, ret_why);
	size_t len = strlen(word);

	if (len == 0 || len > c->argument_max || !str_is_utf8(str_of(word)))
		return refuse(ERR_INVALID, ret_why, "%s: a %s has 1 to %zu bytes of UTF-8", c->word,
		    c->argument, c->argument_max);
	return ERR_OK;
}

/* The first option in a set of OPTION_BITs, which is not empty. */
static const char *first_name(uint32_t bits)
{
	return option_row((enum option_id)__builtin_ctz(bits))->name;
}

/* "emit needs --user, --room or --socket" */
static enum err refuse_without(const struct command *c, char *ret_why)
{
	char names[OPTIONS_WHY_SIZE / 2] = "";
	uint32_t bits = c->one_of;

	while (bits) {
		size_t len = strlen(names);
		bool is_last = (bits & (bits - 1)) == 0;

		snprintf(names + len, sizeof(names) - len, "%s--%s",
		    len == 0  ? ""
		    : is_last ? " or "
			      : ", ",
		    first_name(bits));
		bits &= bits - 1;
	}
	return refuse(ERR_INVALID, ret_why, "%s needs %s", c->word, names);
}

/* Options that mean something beside another one only. */
static const struct {
	enum option_id option, needs;
} companions[] = {
    {OPTION_ISSUED_BEFORE, OPTION_USER},
    {OPTION_UNTIL, OPTION_JTI},
};

static enum err check_companions(const struct options *o, char *ret_why)
{
	for (size_t i = 0; i < ARRAY_LEN(companions); i++) {
		if (o->given & UINT32_C(1) << companions[i].option &&
		    !(o->given & UINT32_C(1) << companions[i].needs))
			return refuse(ERR_INVALID, ret_why, "--%s needs --%s",
			    option_row(companions[i].option)->name,
			    option_row(companions[i].needs)->name);
	}
	return ERR_OK;
}

enum err command_check(
    const struct command *c, const struct options *o, char ret_why[OPTIONS_WHY_SIZE])
{
	uint32_t strange = o->given & ~(c->needs | c->takes | COMMAND_COMMON_OPTIONS);
	uint32_t missing = c->needs & ~o->given;
	uint32_t rivals = o->given & c->one_of;

	if (strange)
		return refuse(
		    ERR_INVALID, ret_why, "%s takes no --%s", c->word, first_name(strange));
	if (missing)
		return refuse(ERR_INVALID, ret_why, "%s needs --%s", c->word, first_name(missing));
	if (c->wire && o->room_count > 1)
		return refuse(ERR_INVALID, ret_why, "%s takes one --room", c->word);
	if (rivals & (rivals - 1))
		return refuse(ERR_INVALID, ret_why, "%s: either --%s or --%s", c->word,
		    first_name(rivals), first_name(rivals & (rivals - 1)));
	if (c->needs_one && !rivals)
		return refuse_without(c, ret_why);
	if (check_companions(o, ret_why))
		return ERR_INVALID;
	return check_argument(c, o, ret_why);
}

void command_put_args(const struct command *c, const struct options *o, struct buf *out)
{
	uint32_t sent = o->given & (c->needs | c->takes);

	value_put_map(out, (uint32_t)__builtin_popcount(sent) + (c->wire_argument != NULL));
	if (c->wire_argument)
		value_put_str_pair(out, str_of(c->wire_argument), str_of(o->words[1]));
	for (enum option_id id = 0; id < OPTIONS; id++) {
		const struct option_row *row = option_row(id);

		if (!(sent & UINT32_C(1) << id))
			continue;
		if (row->kind == OPTION_FLAG)
			value_put_bool_pair(out, str_of(row->name), true);
		else if (row->kind == OPTION_TEXTS)
			value_put_str_pair(out, str_of(row->name), str_of(o->rooms[0]));
		else if (row->kind == OPTION_NUMBER || row->kind == OPTION_TIME)
			value_put_u64_pair(out, str_of(row->name), o->number[id]);
		else
			value_put_str_pair(out, str_of(row->name), str_of(o->text[id]));
	}
}
