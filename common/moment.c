#include "common/moment.h"

/* The last millisecond of the year 9999. */
static const int64_t moment_max_ms = INT64_C(253402300799999);

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct str *s, size_t digits, int64_t *ret)
{
	uint64_t n;

	if (s->len < digits || str_to_u64((struct str){s->p, digits}, 9999, &n))
		return false;
	*s = (struct str){s->p + digits, s->len - digits};
	*ret = (int64_t)n;
	return true;
}

/* Takes one of the characters off the front. */
static bool take(struct str *s, char one, char other)
{
	if (s->len == 0 || (*s->p != one && *s->p != other))
		return false;
	*s = (struct str){s->p + 1, s->len - 1};
	return true;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in(int64_t year, int64_t month)
{
	static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Takes YYYY-MM-DD; days since 1970. */
static bool take_date(struct str *s, int64_t *ret_days)
{
	int64_t year, month, day, days = 0;

	if (!take_number(s, 4, &year) || !take(s, '-', '-') || !take_number(s, 2, &month) ||
	    !take(s, '-', '-') || !take_number(s, 2, &day) || year < 1970 || month < 1 ||
	    month > 12 || day < 1 || day > days_in(year, month))
		return false;
	for (int64_t y = 1970; y < year; y++)
		days += is_leap(y) ? 366 : 365;
	for (int64_t m = 1; m < month; m++)
		days += days_in(year, m);
	*ret_days = days + day - 1;
	return true;
}

/* Takes hh:mm:ss and a fraction; ms of the day. A leap second is the one before it. */
static bool take_time(struct str *s, int64_t *ret_ms)
{
	int64_t hour, minute, second, digit, ms = 0, weight = 100;

	if (!take_number(s, 2, &hour) || !take(s, ':', ':') || !take_number(s, 2, &minute) ||
	    !take(s, ':', ':') || !take_number(s, 2, &second) || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	if (take(s, '.', '.')) {
		if (!take_number(s, 1, &digit))
			return false;
		do {
			ms += digit * weight;
			weight /= 10;
		} while (take_number(s, 1, &digit));
	}
	*ret_ms = ((hour * 60 + minute) * 60 + (second == 60 ? 59 : second)) * 1000 + ms;
	return true;
}

/* Takes Z or +hh:mm; ms to be taken off. */
static bool take_offset(struct str *s, int64_t *ret_ms)
{
	int64_t hours, minutes;
	bool is_behind = s->len && *s->p == '-';

	*ret_ms = 0;
	if (take(s, 'Z', 'z'))
		return true;
	if (!take(s, '+', '-') || !take_number(s, 2, &hours) || !take(s, ':', ':') ||
	    !take_number(s, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_ms = (hours * 60 + minutes) * 60000 * (is_behind ? -1 : 1);
	return true;
}

enum err moment_parse(struct str text, struct wall *ret)
{
	int64_t days, time_ms, offset_ms;
	uint64_t ms;

	if (str_to_u64(text, (uint64_t)moment_max_ms, &ms) == ERR_OK) {
		ret->ms = (int64_t)ms;
		return ERR_OK;
	}
	if (!take_date(&text, &days) || !take(&text, 'T', 't') || !take_time(&text, &time_ms) ||
	    !take_offset(&text, &offset_ms) || text.len > 0)
		return ERR_INVALID;
	int64_t at = days * 86400000 + time_ms - offset_ms;

	if (at < 0 || at > moment_max_ms)
		return ERR_INVALID;
	ret->ms = at;
	return ERR_OK;
}
