#include "broker/cli/json_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/crypto.h"
#include "proto/value.h"

static json_t *json_of_number(uint64_t u)
{
	char digits[24];

	if (u <= INT64_MAX)
		return json_integer((json_int_t)u);
	snprintf(digits, sizeof(digits), "%" PRIu64, u);
	return json_string(digits);
}

static json_t *json_of_binary(struct bytes b)
{
	struct buf text = {0};

	crypto_base64url_put(&text, b);
	json_t *binary = json_pack("{s:s%}", "base64url", buf_str(&text).p, text.len);

	buf_free(&text);
	return binary;
}

static json_t *json_of_scalar(const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		return json_boolean(v->as.b);
	case VALUE_INT:
		return json_integer(v->as.i);
	case VALUE_UINT:
		return json_of_number(v->as.u);
	case VALUE_DOUBLE:
		return isfinite(v->as.d) ? json_real(v->as.d) : json_null();
	case VALUE_STR:
		return json_stringn(v->as.s.p, v->as.s.len);
	case VALUE_BIN:
	case VALUE_EXT:
		return json_of_binary(v->as.bin);
	default:
		return json_null();
	}
}

/*
 * The value that r stands at, as a tree; NULL when JSON cannot hold it (a key that is no string).
 * The recursion is as deep as value_check has let through. Setters refuse a NULL value.
 */
static json_t *json_of(struct value_reader *r)
{
	struct value v, key;
	json_t *tree;
	bool failed = false;

	if (value_next(r, &v))
		return NULL;
	if (v.type == VALUE_ARRAY) {
		tree = json_array();
		for (uint32_t i = 0; i < v.as.count && !failed; i++)
			failed = json_array_append_new(tree, json_of(r)) != 0;
	} else if (v.type == VALUE_MAP) {
		tree = json_object();
		for (uint32_t i = 0; i < v.as.count && !failed; i++)
			failed = value_next(r, &key) || key.type != VALUE_STR ||
				 json_object_setn_new(tree, key.as.s.p, key.as.s.len, json_of(r));
	} else {
		tree = json_of_scalar(&v);
	}
	if (failed) {
		json_decref(tree);
		tree = NULL;
	}
	return tree;
}

static int append(const char *text, size_t len, void *out)
{
	buf_put(out, bytes_of(text, len));
	return 0;
}

enum err json_text_put(struct buf *out, struct bytes value, enum json_text_style style)
{
	struct value_reader r = value_reader(value);
	size_t start = buf_bytes(out).len;
	size_t flags = style == JSON_TEXT_INDENTED ? JSON_INDENT(2) : JSON_COMPACT;
	json_t *tree = json_of(&r);
	enum err e = ERR_OK;

	if (!tree || json_dump_callback(tree, append, out, flags | JSON_ENCODE_ANY)) {
		buf_truncate(out, start);
		e = ERR_MALFORMED;
	}
	json_decref(tree);
	return e;
}
