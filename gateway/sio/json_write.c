#include "gateway/sio/json.h"

#include "gateway/sio/number.h"
#include "proto/limits.h"
#include "proto/value.h"

/* The control characters that JavaScript has a short escape for; the others are \u00XX. */
static const char short_escapes[0x20] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

static void put_escaped(struct buf *out, char c)
{
	uint8_t byte = (uint8_t)c;

	buf_putc(out, '\\');
	if (byte >= 0x20)
		buf_putc(out, c);
	else if (short_escapes[byte])
		buf_putc(out, short_escapes[byte]);
	else
		buf_printf(out, "u%04x", byte);
}

void json_write_str(struct buf *out, struct str s)
{
	size_t from = 0;

	buf_putc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		if ((uint8_t)s.p[i] >= 0x20 && s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_puts(out, (struct str){s.p + from, i - from});
		put_escaped(out, s.p[i]);
		from = i + 1;
	}
	if (s.len > 0)
		buf_puts(out, (struct str){s.p + from, s.len - from});
	buf_putc(out, '"');
}

static void put_placeholder(struct buf *out, unsigned num)
{
	buf_puts(out, STR("{\"_placeholder\":true,\"num\":"));
	buf_put_u64(out, num);
	buf_putc(out, '}');
}

static void put_scalar(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		buf_puts(out, v->as.b ? STR("true") : STR("false"));
		break;
	case VALUE_INT:
		buf_putc(out, '-');
		buf_put_u64(out, (uint64_t)0 - (uint64_t)v->as.i);
		break;
	case VALUE_UINT:
		buf_put_u64(out, v->as.u);
		break;
	case VALUE_DOUBLE:
		number_write(out, v->as.d);
		break;
	case VALUE_STR:
		json_write_str(out, v->as.s);
		break;
	default:
		buf_puts(out, STR("null"));
		break;
	}
}

/* A container on its way out. */
struct open {
	uint32_t left, count; /* members */
	bool is_map;
};

struct writer {
	struct buf *out;
	struct value_reader from;
	unsigned *next_bin;      /* its number; NULL: bins have no word */
	bool is_placeholder_key; /* the key at hand is "_placeholder" */
};

static enum err put_key(struct writer *w)
{
	struct bytes key;
	struct value v;

	if (value_skip(&w->from, &key))
		return ERR_MALFORMED;
	struct value_reader inside = value_reader(key);

	if (value_next(&inside, &v))
		return ERR_MALFORMED;
	struct str quote = v.type == VALUE_STR ? STR("") : STR("\"");

	buf_puts(w->out, quote);
	put_scalar(w->out, &v);
	buf_puts(w->out, quote);
	buf_putc(w->out, ':');
	w->is_placeholder_key = v.type == VALUE_STR && str_eqz(v.as.s, "_placeholder");
	/* A bin in the place of a key cannot be shown, and is an attachment all the same. */
	if (w->next_bin)
		*w->next_bin += json_count_bins(key);
	return ERR_OK;
}

static void put_member(struct writer *w, const struct value *v)
{
	if (w->next_bin && v->type == VALUE_BIN)
		put_placeholder(w->out, (*w->next_bin)++);
	else if (w->next_bin && w->is_placeholder_key && v->type == VALUE_BOOL)
		buf_puts(w->out, STR("null"));
	else
		put_scalar(w->out, v);
}

static enum err put_value(struct writer *w)
{
	struct open levels[LIMIT_VALUE_DEPTH + 1] = {{.left = 1, .count = 1}};
	struct open *top = levels;
	struct value v;

	for (;;) {
		while (top->left == 0) {
			if (top == levels)
				return ERR_OK;
			buf_putc(w->out, top--->is_map ? '}' : ']');
		}
		if (top->left-- < top->count)
			buf_putc(w->out, ',');
		w->is_placeholder_key = false;
		if (top->is_map && put_key(w))
			return ERR_MALFORMED;
		if (value_next(&w->from, &v))
			return ERR_MALFORMED;
		if (v.type != VALUE_ARRAY && v.type != VALUE_MAP) {
			put_member(w, &v);
			continue;
		}
		if (++top == levels + ARRAY_LEN(levels))
			return ERR_TOO_BIG;
		*top = (struct open){v.as.count, v.as.count, v.type == VALUE_MAP};
		buf_putc(w->out, top->is_map ? '{' : '[');
	}
}

static void write_value(struct writer *w)
{
	size_t start = w->out->len;

	if (put_value(w)) {
		buf_truncate(w->out, start);
		buf_puts(w->out, STR("null"));
	}
}

void json_write(struct buf *out, struct bytes value)
{
	write_value(&(struct writer){.out = out, .from = value_reader(value)});
}

void json_write_attached(struct buf *out, struct bytes value, unsigned *next)
{
	write_value(&(struct writer){.out = out, .from = value_reader(value), .next_bin = next});
}

unsigned json_count_bins(struct bytes value)
{
	struct value_reader r = value_reader(value);
	unsigned count = 0;
	struct value v;

	while (value_next(&r, &v) == ERR_OK)
		count += v.type == VALUE_BIN;
	return count;
}
