#ifndef ROOMCAST_GATEWAY_ROOM_PATTERN_H
#define ROOMCAST_GATEWAY_ROOM_PATTERN_H
/*
 * A regular expression of an operator that a whole text must match. It is compiled once; what a
 * client gives it can neither take memory nor more than a bounded effort. Used by the rulebook.
 */
#include "common/str.h"

struct pattern;

/* PCRE2, UTF-8. ERR_INVALID: it is none; ret_why says what is wrong and where. */
MUST_USE enum err pattern_new(
    struct str source, char *ret_why, size_t why_size, struct pattern **ret);
void pattern_free(struct pattern **p);

/* text: UTF-8. What takes too much effort does not match. */
bool pattern_matches(const struct pattern *p, struct str text);

#endif
