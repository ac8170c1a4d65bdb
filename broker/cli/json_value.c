#include "broker/cli/json_value.h"

#include <jansson.h>
#include <stdio.h>

#include "proto/value.h"

static void put(struct buf *out, const json_t *tree);

static void put_object(struct buf *out, const json_t *tree)
{
	json_t *object = (json_t *)tree; /* its iterators are not const, and change nothing */

	value_put_map(out, (uint32_t)json_object_size(object));
	for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
		value_put_str(
		    out, (struct str){json_object_iter_key(i), json_object_iter_key_len(i)});
		put(out, json_object_iter_value(i));
	}
}

/* As deep as jansson lets a text be; what is too deep for us is refused afterwards. */
static void put(struct buf *out, const json_t *tree)
{
	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		put_object(out, tree);
		break;
	case JSON_ARRAY:
		value_put_array(out, (uint32_t)json_array_size(tree));
		for (size_t i = 0; i < json_array_size(tree); i++)
			put(out, json_array_get(tree, i));
		break;
	case JSON_STRING:
		value_put_str(out, (struct str){json_string_value(tree), json_string_length(tree)});
		break;
	case JSON_INTEGER:
		value_put_i64(out, json_integer_value(tree));
		break;
	case JSON_REAL:
		value_put_double(out, json_real_value(tree));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		value_put_bool(out, json_is_true(tree));
		break;
	case JSON_NULL:
		value_put_nil(out);
		break;
	}
}

enum err json_value_put(struct buf *out, struct str text, char ret_fault[JSON_VALUE_FAULT_SIZE])
{
	json_error_t error;
	json_t *tree = json_loadb(text.p, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

	if (!tree) {
		snprintf(ret_fault, JSON_VALUE_FAULT_SIZE, "line %d, column %d: %s", error.line,
		    error.column, error.text);
		return ERR_INVALID;
	}
	put(out, tree);
	json_decref(tree);
	return ERR_OK;
}
