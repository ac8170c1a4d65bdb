#include "common/str.h"

#include <string.h>

struct str str_of(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

struct bytes bytes_of(const void *p, size_t len)
{
	return (struct bytes){p, len};
}

struct bytes str_bytes(struct str s)
{
	return (struct bytes){(const uint8_t *)s.p, s.len};
}

struct str bytes_str(struct bytes b)
{
	return (struct str){(const char *)b.p, b.len};
}

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool str_eqz(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

bool str_has_prefix(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq((struct str){s.p, prefix.len}, prefix);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

struct str str_next_word(struct str *rest, const char *separators)
{
	size_t begin = 0, end;

	while (begin < rest->len && is_one_of(rest->p[begin], separators))
		begin++;
	for (end = begin; end < rest->len && !is_one_of(rest->p[end], separators);)
		end++;

	struct str word = {rest->p + begin, end - begin};

	*rest = (struct str){rest->p + end, rest->len - end};
	return word;
}

char *str_dup(struct str s)
{
	char *z = xcalloc(s.len + 1, 1);

	if (s.len)
		memcpy(z, s.p, s.len);
	return z;
}

enum err str_to_u64(struct str s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	bool overflow = false;

	if (s.len == 0)
		return ERR_INVALID;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

		if (digit > 9)
			return ERR_INVALID;
		overflow = overflow || v > (UINT64_MAX - digit) / 10;
		v = v * 10 + digit;
	}
	if (overflow || v > max)
		return ERR_TOO_BIG;
	*ret = v;
	return ERR_OK;
}

/* Length of the sequence that a lead byte opens and the bounds of its second byte; 0 = illegal. */
static size_t utf8_sequence(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
	*ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

size_t str_utf8_first(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;
	uint8_t low, high;

	if (s.len == 0)
		return 0;
	size_t n = utf8_sequence(p[0], &low, &high);

	if (n == 0 || s.len < n || (n > 1 && (p[1] < low || p[1] > high)))
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static size_t ascii_prefix(struct str s)
{
	size_t n = 0;

	/* Eight at a time: most text is ASCII, and the text of every message is checked. */
	for (uint64_t word; s.len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s.p + n, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < s.len && (uint8_t)s.p[n] < 0x80)
		n++;
	return n;
}

bool str_is_utf8(struct str s)
{
	while (s.len > 0) {
		size_t n = ascii_prefix(s);

		if (n == 0)
			n = str_utf8_first(s);
		if (n == 0)
			return false;
		s = (struct str){s.p + n, s.len - n};
	}
	return true;
}

struct str str_cut(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return (struct str){s.p, max};
}

size_t str_code_points(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((uint8_t)s.p[i] & 0xc0) != 0x80;
	return n;
}
