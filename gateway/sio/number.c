#include "gateway/sio/number.h"

#include "proto/value.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	POINT_MAX = 21,  /* where JavaScript still writes the decimal point itself, in digits... */
	POINT_MIN = -6,  /* ...from the first one; beyond, it writes an exponent */
	DIGITS_SIZE = 40 /* "-d.dddddddddddddddde-308" */
};

/* Every integer below it is a double, so that it may be printed as an integer. */
#define EXACT_INTEGERS 9007199254740992.0

/* What a scan of the text found out. */
struct scan {
	size_t len;
	bool is_negative;
	bool is_integer; /* without fraction and exponent, and it fits: */
	uint64_t magnitude;
};

static size_t count_digits(struct str s, size_t from)
{
	size_t n = from;

	while (n < s.len && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n - from;
}

static bool is_at(struct str s, size_t at, const char *set)
{
	return at < s.len && s.p[at] && strchr(set, s.p[at]);
}

static enum err scan_number(struct str text, struct scan *ret)
{
	struct scan scan = {.is_negative = is_at(text, 0, "-")};
	size_t at = scan.is_negative;
	size_t whole = count_digits(text, at);

	if (whole == 0 || (whole > 1 && text.p[at] == '0'))
		return ERR_MALFORMED;
	scan.is_integer =
	    str_to_u64((struct str){text.p + at, whole}, UINT64_MAX, &scan.magnitude) == ERR_OK;
	at += whole;
	if (is_at(text, at, ".")) {
		size_t fraction = count_digits(text, at + 1);

		if (fraction == 0)
			return ERR_MALFORMED;
		at += 1 + fraction;
		scan.is_integer = false;
	}
	if (is_at(text, at, "eE")) {
		at += is_at(text, at + 1, "+-") ? 2 : 1;
		size_t exponent = count_digits(text, at);

		if (exponent == 0)
			return ERR_MALFORMED;
		at += exponent;
		scan.is_integer = false;
	}
	scan.len = at;
	*ret = scan;
	return ERR_OK;
}

/* strtod() wants a NUL behind the digits: they are copied to the end of out for its sake. */
static enum err read_double(struct str digits, struct buf *out)
{
	size_t end = out->len;
	char *copy = (char *)buf_extend(out, digits.len + 1);

	memcpy(copy, digits.p, digits.len);
	copy[digits.len] = '\0';
	double d = strtod(copy, NULL);

	buf_truncate(out, end);
	if (isinf(d))
		return ERR_MALFORMED;
	value_put_double(out, d);
	return ERR_OK;
}

enum err number_read(struct str text, struct buf *out, size_t *ret_len)
{
	const uint64_t lowest = (uint64_t)INT64_MAX + 1; /* magnitude of INT64_MIN */
	struct scan scan;

	if (scan_number(text, &scan))
		return ERR_MALFORMED;
	if (scan.is_integer && !scan.is_negative)
		value_put_u64(out, scan.magnitude);
	else if (scan.is_integer && scan.magnitude > 0 && scan.magnitude <= lowest)
		value_put_i64(out, -(int64_t)(scan.magnitude - 1) - 1);
	else if (read_double((struct str){text.p, scan.len}, out))
		return ERR_MALFORMED;
	*ret_len = scan.len;
	return ERR_OK;
}

/* "%e" with so many digits into text; does it read back as d? */
static bool reads_back(double d, int digits, char text[DIGITS_SIZE])
{
	snprintf(text, DIGITS_SIZE, "%.*e", digits - 1, d);
	return strtod(text, NULL) == d;
}

/* If n digits are enough, so are n + 1; a normal double never needs fewer than it was read from. */
static void print_shortest(double d, char text[DIGITS_SIZE])
{
	int low = isnormal(d) ? DBL_DIG : 1;
	int high = DBL_DECIMAL_DIG;

	while (low < high) {
		int middle = (low + high) / 2;

		if (reads_back(d, middle, text))
			high = middle;
		else
			low = middle + 1;
	}
	snprintf(text, DIGITS_SIZE, "%.*e", high - 1, d);
}

static void put_zeros(struct buf *out, int n)
{
	while (n-- > 0)
		buf_putc(out, '0');
}

/* digits with the decimal point behind the first `point` of them. */
static void put_plain(struct buf *out, struct str digits, int point)
{
	int count = (int)digits.len;

	if (point <= 0) {
		buf_puts(out, STR("0."));
		put_zeros(out, -point);
		buf_puts(out, digits);
	} else if (count <= point) {
		buf_puts(out, digits);
		put_zeros(out, point - count);
	} else {
		buf_puts(out, (struct str){digits.p, (size_t)point});
		buf_putc(out, '.');
		buf_puts(out, (struct str){digits.p + point, digits.len - (size_t)point});
	}
}

static void put_exponent(struct buf *out, struct str digits, int exponent)
{
	buf_putc(out, digits.p[0]);
	if (digits.len > 1) {
		buf_putc(out, '.');
		buf_puts(out, (struct str){digits.p + 1, digits.len - 1});
	}
	buf_puts(out, exponent < 0 ? STR("e-") : STR("e+"));
	buf_put_u64(out, (uint64_t)abs(exponent));
}

/* d is positive. */
static void put_positive(struct buf *out, double d)
{
	char text[DIGITS_SIZE];

	print_shortest(d, text);
	char *mark = strchr(text, 'e');
	int exponent = (int)strtol(mark + 1, NULL, 10);
	size_t count = (size_t)(mark - text);

	/* "d.ddd" becomes "dddd", without the zeros at its end. */
	if (count > 1) {
		memmove(text + 1, text + 2, count - 2);
		count--;
	}
	while (count > 1 && text[count - 1] == '0')
		count--;
	struct str digits = {text, count};

	int point = exponent + 1;

	if (point > POINT_MIN && point <= POINT_MAX)
		put_plain(out, digits, point);
	else
		put_exponent(out, digits, exponent);
}

void number_write(struct buf *out, double d)
{
	double magnitude = fabs(d);

	if (!isfinite(d)) {
		buf_puts(out, STR("null"));
		return;
	}
	if (signbit(d))
		buf_putc(out, '-');
	if (magnitude < EXACT_INTEGERS && magnitude == floor(magnitude))
		buf_put_u64(out, (uint64_t)magnitude);
	else
		put_positive(out, magnitude);
}
