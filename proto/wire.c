#include "proto/wire.h"

#include "proto/value.h"

#include <assert.h>
#include <string.h>

#define MESSAGE(NAME, name, number, direction, doc)                                                \
	static const struct wire_field_row name##_fields[] = {
#define FIELD(name, type, field, limit, doc)                                                       \
	{#field, WIRE_FIELD_##type, offsetof(struct wire_##name, field), limit, doc},
#define END(name)                                                                                  \
	{                                                                                          \
		0                                                                                  \
	}                                                                                          \
	}                                                                                          \
	;
#include "proto/wire.def"
#undef MESSAGE
#undef FIELD
#undef END

static const struct wire_row rows[WIRE_TYPES] = {
#define MESSAGE(NAME, name, number, direction, doc)                                                \
	[number] = {#NAME, #direction, name##_fields, doc},
#define FIELD(name, type, field, limit, doc)
#define END(name)
#include "proto/wire.def"
#undef MESSAGE
#undef FIELD
#undef END
};

/* An absent VALUE is sent as nil, so that a zeroed struct is a valid message. */
static const uint8_t nil_value[] = {0xc0};

const struct wire_row *wire_row(uint64_t number)
{
	return number < WIRE_TYPES && rows[number].name ? &rows[number] : NULL;
}

const char *wire_name(enum wire_type type)
{
	const struct wire_row *row = wire_row(type);

	return row ? row->name : "UNKNOWN";
}

static uint32_t field_count(const struct wire_row *row)
{
	uint32_t n = 0;

	while (row->fields[n].name)
		n++;
	return n;
}

static void put_field(struct buf *batch, const struct wire_field_row *field, const void *at)
{
	switch (field->type) {
	case WIRE_FIELD_U64:
		value_put_u64(batch, *(const uint64_t *)at);
		break;
	case WIRE_FIELD_BOOL:
		value_put_bool(batch, *(const bool *)at);
		break;
	case WIRE_FIELD_STR: {
		const struct str *s = at;

		assert(s->len <= field->limit);
		value_put_str(batch, *s);
		break;
	}
	case WIRE_FIELD_VALUE: {
		const struct bytes *value = at;

		assert(value->len <= field->limit);
		buf_put(batch, value->len ? *value : bytes_of(nil_value, sizeof(nil_value)));
		break;
	}
	}
}

void wire_put(struct buf *batch, const struct wire_message *m)
{
	const struct wire_row *row = wire_row(m->type);

	assert(row);
	value_put_array(batch, field_count(row) + 1);
	value_put_u64(batch, m->type);
	for (const struct wire_field_row *f = row->fields; f->name; f++)
		put_field(batch, f, (const uint8_t *)&m->as + f->offset);
}

struct wire_reader wire_reader(struct bytes batch)
{
	return (struct wire_reader){batch};
}

bool wire_at_end(const struct wire_reader *r)
{
	return r->rest.len == 0;
}

static enum err get_value(struct value_reader *r, size_t limit, struct bytes *ret)
{
	struct bytes whole;
	enum err e = value_skip(r, &whole);

	if (e)
		return e;
	if (whole.len > limit)
		return ERR_MALFORMED;
	e = value_check(whole, LIMIT_VALUE_DEPTH);
	if (!e)
		*ret = whole;
	return e;
}

static enum err get_scalar(struct value_reader *r, const struct wire_field_row *field, void *at)
{
	struct value v;
	enum err e = value_next(r, &v);

	if (e)
		return e;
	if (field->type == WIRE_FIELD_U64 && v.type == VALUE_UINT)
		*(uint64_t *)at = v.as.u;
	else if (field->type == WIRE_FIELD_BOOL && v.type == VALUE_BOOL)
		*(bool *)at = v.as.b;
	else if (field->type == WIRE_FIELD_STR && v.type == VALUE_STR &&
	    v.as.s.len <= field->limit && str_is_utf8(v.as.s))
		*(struct str *)at = v.as.s;
	else
		return ERR_MALFORMED;
	return ERR_OK;
}

static enum err get_fields(struct value_reader *r, const struct wire_row *row, void *body)
{
	for (const struct wire_field_row *f = row->fields; f->name; f++) {
		uint8_t *at = (uint8_t *)body + f->offset;
		enum err e = f->type == WIRE_FIELD_VALUE
		    ? get_value(r, f->limit, (struct bytes *)(void *)at)
		    : get_scalar(r, f, at);

		if (e)
			return ERR_MALFORMED;
	}
	return ERR_OK;
}

enum err wire_next(struct wire_reader *r, struct wire_message *ret)
{
	struct value_reader in = value_reader(r->rest);
	struct value head, number;

	if (value_next(&in, &head) || head.type != VALUE_ARRAY || head.as.count == 0)
		return ERR_MALFORMED;
	if (value_next(&in, &number) || number.type != VALUE_UINT)
		return ERR_MALFORMED;
	const struct wire_row *row = wire_row(number.as.u);

	if (!row || head.as.count != field_count(row) + 1)
		return ERR_MALFORMED;
	struct wire_message m = {.type = (enum wire_type)number.as.u};
	enum err e = get_fields(&in, row, &m.as);

	if (e)
		return e;
	r->rest = bytes_of(in.p, (size_t)(in.end - in.p));
	*ret = m;
	return ERR_OK;
}

enum { PRINT_STR_MAX = 64, PRINT_VALUE_MAX = 32 };

static void print_text(struct buf *out, struct str s)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < s.len && i < PRINT_STR_MAX; i++) {
		char c = s.p[i];

		buf_putc(out, c < ' ' || c == '"' || c == '\\' || c == 0x7f ? '?' : c);
	}
	buf_puts(out, s.len > PRINT_STR_MAX ? STR("...\"") : STR("\""));
}

static void print_value(struct buf *out, struct bytes b)
{
	buf_printf(out, "<%zu:", b.len);
	for (size_t i = 0; i < b.len && i < PRINT_VALUE_MAX; i++)
		buf_printf(out, "%02x", b.p[i]);
	buf_puts(out, b.len > PRINT_VALUE_MAX ? STR("...>") : STR(">"));
}

void wire_print(const struct wire_message *m, struct buf *out)
{
	const struct wire_row *row = wire_row(m->type);

	buf_printf(out, "%s{", wire_name(m->type));
	for (const struct wire_field_row *f = row ? row->fields : NULL; f && f->name; f++) {
		const void *at = (const uint8_t *)&m->as + f->offset;

		buf_printf(out, "%s%s=", f == row->fields ? "" : " ", f->name);
		if (f->type == WIRE_FIELD_U64)
			buf_put_u64(out, *(const uint64_t *)at);
		else if (f->type == WIRE_FIELD_BOOL)
			buf_puts(out, *(const bool *)at ? STR("true") : STR("false"));
		else if (f->type == WIRE_FIELD_STR)
			print_text(out, *(const struct str *)at);
		else
			print_value(out, *(const struct bytes *)at);
	}
	buf_putc(out, '}');
}
