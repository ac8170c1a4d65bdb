#include "broker/cli/print.h"

#include <assert.h>
#include <inttypes.h>
#include <time.h>

#include "broker/cli/json_text.h"
#include "proto/limits.h"
#include "proto/value_map.h"

/*
 * The code point s begins with, when it would steer a terminal or reorder its line: C0 and C1
 * controls, separators and the bidirectional controls. 0 for all others.
 */
static unsigned steering(struct str s, size_t size)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned point = p[0];

	if (size == 2)
		point = (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU);
	if (size == 3)
		point = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
	if (size <= 2 && (point < 0x20 || (point >= 0x7f && point < 0xa0)))
		return point;
	if (size == 3 &&
	    ((point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)))
		return point;
	return 0;
}

static void put_escaped(struct buf *out, struct str s)
{
	while (s.len > 0) {
		size_t size = str_utf8_first(s);
		unsigned point = steering(s, size);

		if (point || s.p[0] == '\0')
			buf_printf(out, "\\u%04X", point);
		else
			buf_puts(out, (struct str){s.p, size});
		s = (struct str){s.p + size, s.len - size};
	}
}

static void put_duration(struct buf *out, uint64_t ms)
{
	uint64_t s = ms / 1000, min = s / 60, h = min / 60, d = h / 24;

	if (d)
		buf_printf(out, "%" PRIu64 "d %" PRIu64 "h", d, h % 24);
	else if (h)
		buf_printf(out, "%" PRIu64 "h %" PRIu64 "m", h, min % 60);
	else if (min)
		buf_printf(out, "%" PRIu64 "m %" PRIu64 "s", min, s % 60);
	else if (s)
		buf_printf(out, "%" PRIu64 "s", s);
	else
		buf_printf(out, "%" PRIu64 "ms", ms);
}

static void put_time(struct buf *out, uint64_t ms)
{
	char text[40];
	struct tm tm;
	time_t s = (time_t)(ms / 1000);

	/* A year beyond what struct tm holds is shown as the number it came as. */
	if (gmtime_r(&s, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf_puts(out, str_of(text));
	else
		buf_put_u64(out, ms);
}

static void put_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		buf_printf(out, "%" PRIu64 " B", bytes);
		return;
	}
	for (; size >= 1023.95; unit++)
		size /= 1024;
	buf_printf(out, "%.1f %s", size, units[unit]);
}

static void put_number(struct buf *out, enum print_kind kind, uint64_t u)
{
	switch (kind) {
	case PRINT_DURATION:
		put_duration(out, u);
		break;
	case PRINT_TIME:
		put_time(out, u);
		break;
	case PRINT_BYTES:
		put_size(out, u);
		break;
	default:
		buf_put_u64(out, u);
	}
}

static void put_json(struct buf *out, struct bytes value)
{
	struct buf text = {0};

	if (!json_text_put(&text, value, JSON_TEXT_ONE_LINE))
		put_escaped(out, buf_str(&text));
	buf_free(&text);
}

static void put_value(struct buf *out, enum print_kind kind, struct bytes value)
{
	struct value_reader r = value_reader(value);
	struct value v;

	if (value_next(&r, &v))
		return;
	switch (v.type) {
	case VALUE_BOOL:
		buf_puts(out, str_of(v.as.b ? "yes" : "no"));
		break;
	case VALUE_UINT:
		put_number(out, kind, v.as.u);
		break;
	case VALUE_INT:
		buf_printf(out, "%" PRId64, v.as.i);
		break;
	case VALUE_DOUBLE:
		buf_printf(out, "%g", v.as.d);
		break;
	case VALUE_STR:
		put_escaped(out, v.as.s);
		break;
	case VALUE_BIN:
	case VALUE_EXT:
		buf_printf(out, "<%zu bytes>", v.as.bin.len);
		break;
	case VALUE_ARRAY:
	case VALUE_MAP:
		put_json(out, value);
		break;
	case VALUE_NIL:
		break;
	}
}

/* The text of one column of a row, "-" where there is nothing to show. Replaces cell. */
static void render(struct buf *cell, const struct print_column *column, struct bytes row)
{
	struct bytes value;

	buf_reset(cell);
	if (!value_map_get(row, str_of(column->key), &value))
		put_value(cell, column->kind, value);
	if (cell->len == 0)
		buf_putc(cell, '-');
}

static void print_pairs(FILE *out, const struct print_layout *layout, struct bytes answer)
{
	struct buf cell = {0};
	int width = 0;

	for (size_t i = 0; i < layout->column_count; i++) {
		int len = (int)str_code_points(str_of(layout->columns[i].title));

		width = len > width ? len : width;
	}
	for (size_t i = 0; i < layout->column_count; i++) {
		render(&cell, &layout->columns[i], answer);
		fprintf(
		    out, "%-*s  %.*s\n", width, layout->columns[i].title, STR_ARG(buf_str(&cell)));
	}
	buf_free(&cell);
}

static void print_bare(FILE *out, const struct print_layout *layout, struct bytes answer)
{
	struct buf cell = {0};

	render(&cell, &layout->columns[0], answer);
	fprintf(out, "%.*s\n", STR_ARG(buf_str(&cell)));
	buf_free(&cell);
}

static bool is_left_aligned(enum print_kind kind)
{
	return kind == PRINT_PLAIN || kind == PRINT_TIME;
}

static void print_row(
    FILE *out, const struct print_layout *layout, const struct buf *cells, const size_t *widths)
{
	for (size_t i = 0; i < layout->column_count; i++) {
		struct str text = buf_str(&cells[i]);
		int pad = (int)(widths[i] - str_code_points(text));
		bool is_left = is_left_aligned(layout->columns[i].kind);
		bool is_last = i + 1 == layout->column_count;

		fprintf(out, "%s%*s%.*s%*s", i ? "  " : "", is_left ? 0 : pad, "", STR_ARG(text),
		    is_left && !is_last ? pad : 0, "");
	}
	fputc('\n', out);
}

static void render_titles(const struct print_layout *layout, struct buf *cells)
{
	for (size_t i = 0; i < layout->column_count; i++) {
		buf_reset(&cells[i]);
		buf_puts(&cells[i], str_of(layout->columns[i].title));
	}
}

static void render_row(const struct print_layout *layout, struct bytes row, struct buf *cells)
{
	for (size_t i = 0; i < layout->column_count; i++)
		render(&cells[i], &layout->columns[i], row);
}

static void widen(const struct print_layout *layout, const struct buf *cells, size_t *widths)
{
	for (size_t i = 0; i < layout->column_count; i++) {
		size_t width = str_code_points(buf_str(&cells[i]));

		widths[i] = width > widths[i] ? width : widths[i];
	}
}

/* A reader that stands at the first element of an array. */
static struct value_reader rows_of(struct bytes array)
{
	struct value_reader r = value_reader(array);
	struct value head;

	if (value_next(&r, &head))
		r.p = r.end;
	return r;
}

/* Twice over the rows: once to measure, once to print. They were checked, so skipping works. */
static void print_table(FILE *out, const struct print_layout *layout, struct bytes rows)
{
	struct buf cells[PRINT_MAX_COLUMNS] = {{0}};
	size_t widths[PRINT_MAX_COLUMNS] = {0};
	struct bytes row;

	render_titles(layout, cells);
	widen(layout, cells, widths);
	for (struct value_reader r = rows_of(rows); !value_skip(&r, &row);) {
		render_row(layout, row, cells);
		widen(layout, cells, widths);
	}
	render_titles(layout, cells);
	print_row(out, layout, cells, widths);
	for (struct value_reader r = rows_of(rows); !value_skip(&r, &row);) {
		render_row(layout, row, cells);
		print_row(out, layout, cells, widths);
	}
	for (size_t i = 0; i < layout->column_count; i++)
		buf_free(&cells[i]);
}

static bool is_type(struct bytes value, enum value_type type)
{
	struct value_reader r = value_reader(value);
	struct value v;

	return !value_next(&r, &v) && v.type == type;
}

static enum err check(struct bytes answer)
{
	enum err e = value_check(answer, LIMIT_VALUE_DEPTH);

	return !e && !is_type(answer, VALUE_MAP) ? ERR_MALFORMED : e;
}

static enum err print_list(FILE *out, const struct print_layout *layout, struct bytes answer)
{
	struct bytes rows;

	if (value_map_get(answer, str_of(layout->list), &rows) || !is_type(rows, VALUE_ARRAY))
		return ERR_MALFORMED;
	print_table(out, layout, rows);
	if (layout->more && value_map_is_true(answer, STR("more")))
		fprintf(out, "%s\n", layout->more);
	return ERR_OK;
}

static enum err print_part(FILE *out, const struct print_layout *layout, struct bytes answer)
{
	assert(layout->column_count <= PRINT_MAX_COLUMNS);
	switch (layout->shape) {
	case PRINT_PAIRS:
		print_pairs(out, layout, answer);
		break;
	case PRINT_TABLE:
		return print_list(out, layout, answer);
	case PRINT_BARE:
		print_bare(out, layout, answer);
		break;
	}
	return ERR_OK;
}

enum err print_text(FILE *out, const struct print_layout *layout, struct bytes answer)
{
	const struct print_layout *below = layout->below;
	struct bytes rows;
	enum err e = check(answer);

	/* Nothing is printed of an answer that lacks a part. */
	if (!e && below &&
	    (value_map_get(answer, str_of(below->list), &rows) || !is_type(rows, VALUE_ARRAY)))
		e = ERR_MALFORMED;
	if (!e)
		e = print_part(out, layout, answer);
	if (!e && below) {
		fputc('\n', out);
		e = print_part(out, below, answer);
	}
	return e;
}

enum err print_json(FILE *out, struct bytes answer)
{
	struct buf text = {0};
	enum err e = check(answer);

	if (!e)
		e = json_text_put(&text, answer, JSON_TEXT_INDENTED);
	if (!e)
		fprintf(out, "%.*s\n", STR_ARG(buf_str(&text)));
	buf_free(&text);
	return e;
}
