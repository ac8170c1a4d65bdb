#ifndef ROOMCAST_COMMON_STR_H
#define ROOMCAST_COMMON_STR_H
/*
 * Borrowed views of somebody else's memory: text (struct str, UTF-8 where it was checked) and
 * bytes. A view owns nothing and dies with what it points into; a struct that keeps one names
 * the owner beside it. Neither is NUL-terminated.
 */
#include "common/base.h"
#include "common/err.h"

struct str {
	const char *p;
	size_t len;
};

struct bytes {
	const uint8_t *p;
	size_t len;
};

/* A view of a string literal, usable in initialisers of locals. */
#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})

/* printf helpers: printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).len, (s).p

/* A view of a NUL-terminated string; NULL gives the empty view. */
struct str str_of(const char *z);

struct bytes bytes_of(const void *p, size_t len);
struct bytes str_bytes(struct str s);
struct str bytes_str(struct bytes b);

bool str_eq(struct str a, struct str b);
bool str_eqz(struct str a, const char *z);
bool str_has_prefix(struct str s, struct str prefix);

/* strcmp order (bytes, shorter first). */
int str_cmp(struct str a, struct str b);

/*
 * Takes the next word off the front of *rest: the longest run of characters that are none of
 * `separators`, past those that are. Empty = there is none any more.
 */
struct str str_next_word(struct str *rest, const char *separators);

/* A NUL-terminated copy; the caller owns it and ends it with free(). */
char *str_dup(struct str s);

/*
 * Decimal digits only (no sign, no space, no leading '+'), the whole view.
 * ERR_INVALID: empty or another character; ERR_TOO_BIG: over max.
 */
MUST_USE enum err str_to_u64(struct str s, uint64_t max, uint64_t *ret);

/* Is the whole view valid UTF-8 (RFC 3629: no overlong forms, no surrogates, <= U+10FFFF)? */
bool str_is_utf8(struct str s);

/* Bytes (1 to 4) of the code point that s begins with; 0 when s is empty or begins with none. */
size_t str_utf8_first(struct str s);

/* Its first bytes, at most max: cut between two characters of valid UTF-8. */
struct str str_cut(struct str s, size_t max);

/* Number of code points of valid UTF-8. */
size_t str_code_points(struct str s);

#endif
