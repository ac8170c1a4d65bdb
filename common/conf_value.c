#include "common/conf_priv.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	SHOWN_BYTES = 100, /* of a wrong value */
	WHY_SIZE = 400,
};

static enum err set_u64(const struct conf_option *o, char *field, const char *text)
{
	uint64_t value;

	if (str_to_u64(str_of(text), o->max, &value) != ERR_OK || value < o->min)
		return ERR_INVALID;
	memcpy(field, &value, sizeof(value));
	return ERR_OK;
}

static enum err set_bool(char *field, const char *text)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			bool value = i % 2 == 1;

			memcpy(field, &value, sizeof(value));
			return ERR_OK;
		}
	}
	return ERR_INVALID;
}

static enum err set_choice(const struct conf_option *o, char *field, const char *text)
{
	const char *word = o->choices;

	for (int i = 0;; i++) {
		size_t len = strcspn(word, "|");

		if (str_eqz((struct str){word, len}, text)) {
			memcpy(field, &i, sizeof(i));
			return ERR_OK;
		}
		if (word[len] == '\0')
			return ERR_INVALID;
		word += len + 1;
	}
}

static enum err set_str(char *field, const char *text)
{
	char *old, *copy;

	if (!str_is_utf8(str_of(text)))
		return ERR_INVALID;
	copy = xstrdup(text);
	memcpy(&old, field, sizeof(old));
	free(old);
	memcpy(field, &copy, sizeof(copy));
	return ERR_OK;
}

enum err conf_value_set(const struct conf_option *o, char *base, const char *text)
{
	char *field = base + o->offset;

	switch (o->type) {
	case CONF_STR:
		return set_str(field, text);
	case CONF_U64:
		return set_u64(o, field, text);
	case CONF_BOOL:
		return set_bool(field, text);
	case CONF_CHOICE:
		return set_choice(o, field, text);
	}
	return ERR_INVALID;
}

bool conf_is_reloaded(const struct conf_spec *spec, const char *name)
{
	for (const char *const *known = spec->reloads; known && *known; known++) {
		if (strcmp(*known, name) == 0)
			return true;
	}
	return false;
}

bool conf_value_differs(const struct conf_option *o, const char *base, const char *other)
{
	static const size_t sizes[] = {
	    [CONF_U64] = sizeof(uint64_t), [CONF_BOOL] = sizeof(bool), [CONF_CHOICE] = sizeof(int)};
	char *one, *two;

	if (o->type != CONF_STR)
		return memcmp(base + o->offset, other + o->offset, sizes[o->type]) != 0;
	memcpy(&one, base + o->offset, sizeof(one));
	memcpy(&two, other + o->offset, sizeof(two));
	return strcmp(one, two) != 0;
}

/* "a|b|c" as "one of: a, b, c". */
static void describe_choices(const char *choices, char ret[CONF_BOUNDS_SIZE])
{
	size_t at = (size_t)snprintf(ret, CONF_BOUNDS_SIZE, "one of: ");

	for (; *choices && at < CONF_BOUNDS_SIZE - 3; choices++) {
		ret[at++] = *choices == '|' ? ',' : *choices;
		if (*choices == '|')
			ret[at++] = ' ';
	}
	ret[at] = '\0';
}

void conf_value_bounds(const struct conf_option *o, char ret[CONF_BOUNDS_SIZE])
{
	switch (o->type) {
	case CONF_STR:
		snprintf(ret, CONF_BOUNDS_SIZE, "UTF-8 text");
		break;
	case CONF_U64:
		snprintf(ret, CONF_BOUNDS_SIZE, "a whole number from %" PRIu64 " to %" PRIu64,
		    o->min, o->max);
		break;
	case CONF_BOOL:
		snprintf(ret, CONF_BOUNDS_SIZE, "yes or no");
		break;
	case CONF_CHOICE:
		describe_choices(o->choices, ret);
		break;
	}
}

void conf_set(struct conf_load *load, const struct conf_option *o, char *base, const char *origin,
    const char *value)
{
	char bounds[CONF_BOUNDS_SIZE], why[WHY_SIZE] = "";

	if (conf_value_set(o, base, value) == ERR_OK) {
		if (o->check && o->check(value, why, sizeof(why)) != ERR_OK)
			conf_complain(load, "%s%s", origin, why);
		return;
	}
	conf_value_bounds(o, bounds);
	conf_complain(load, "%s%.*s is not allowed; give %s", origin, SHOWN_BYTES, value, bounds);
}

void conf_values_default(const struct conf_option *options, size_t count, char *base)
{
	for (size_t i = 0; i < count; i++) {
		enum err e = conf_value_set(&options[i], base, options[i].fallback);

		/* The table is ours: a default out of its own bounds is our bug. */
		assert(e == ERR_OK);
		(void)e;
	}
}

void conf_values_free(const struct conf_option *options, size_t count, char *base)
{
	for (size_t i = 0; i < count; i++) {
		char *text;

		if (options[i].type != CONF_STR)
			continue;
		memcpy(&text, base + options[i].offset, sizeof(text));
		free(text);
	}
}
