#include "gateway/room/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps of one match and its memory: a name of a room is short, and a pattern that needs more for
 * it goes back and forth without end. */
enum { MATCH_LIMIT = 20000, HEAP_LIMIT_KIB = 256 };

struct pattern {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *match; /* nobody asks for it, but it has to be there */
};

enum err pattern_new(struct str source, char *ret_why, size_t why_size, struct pattern **ret)
{
	/* Anchored at both ends: a pattern that fits a part is a hole that nobody sees. */
	const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED |
				 PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
	int number;
	size_t at;
	pcre2_code *code =
	    pcre2_compile((PCRE2_SPTR)source.p, source.len, options, &number, &at, NULL);

	if (!code) {
		char text[120];

		pcre2_get_error_message(number, (PCRE2_UCHAR *)text, sizeof(text));
		snprintf(ret_why, why_size, "at character %zu: %s", at, text);
		return ERR_INVALID;
	}
	struct pattern *p = xcalloc(1, sizeof(*p));

	p->code = code;
	p->limits = pcre2_match_context_create(NULL);
	p->match = pcre2_match_data_create(1, NULL);
	pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(p->limits, HEAP_LIMIT_KIB);
	/* Where the system allows no code to be made, it is interpreted. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	*ret = p;
	return ERR_OK;
}

void pattern_free(struct pattern **p)
{
	struct pattern *dead = *p;

	*p = NULL;
	if (!dead)
		return;
	pcre2_match_data_free(dead->match);
	pcre2_match_context_free(dead->limits);
	pcre2_code_free(dead->code);
	free(dead);
}

bool pattern_matches(const struct pattern *p, struct str text)
{
	return pcre2_match(p->code, (PCRE2_SPTR)text.p, text.len, 0, 0, p->match, p->limits) >= 0;
}
