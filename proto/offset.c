#include "proto/offset.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { BITS_PER_DIGIT = 6, LOW_BITS = 0x3f };

/* Without leading zeros, and one digit for 0. */
static char *put_number(char *at, uint64_t number)
{
	char digits[OFFSET_DIGITS];
	size_t count = 0;

	do {
		digits[count++] = alphabet[number & LOW_BITS];
		number >>= BITS_PER_DIGIT;
	} while (number);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

void offset_text(const struct offset *o, char ret[OFFSET_LEN + 1])
{
	char *at = put_number(ret, o->epoch);

	*at++ = '.';
	*put_number(at, o->gseq) = '\0';
}

static enum err parse_number(struct str text, uint64_t *ret)
{
	uint64_t number = 0;

	if (text.len == 0 || (text.len > 1 && text.p[0] == alphabet[0]))
		return ERR_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = memchr(alphabet, text.p[i], sizeof(alphabet) - 1);

		if (!at || number >> (64 - BITS_PER_DIGIT))
			return ERR_INVALID;
		number = number << BITS_PER_DIGIT | (uint64_t)(at - alphabet);
	}
	*ret = number;
	return ERR_OK;
}

enum err offset_parse(struct str text, struct offset *ret)
{
	const char *dot = text.len ? memchr(text.p, '.', text.len) : NULL;
	struct offset o;

	if (!dot)
		return ERR_INVALID;
	size_t epoch_len = (size_t)(dot - text.p);

	if (parse_number((struct str){text.p, epoch_len}, &o.epoch) ||
	    parse_number((struct str){dot + 1, text.len - epoch_len - 1}, &o.gseq))
		return ERR_INVALID;
	*ret = o;
	return ERR_OK;
}
