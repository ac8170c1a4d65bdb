/*
 * Random values come back from JSON unchanged, and damaged texts are judged as jansson judges them.
 */
#include "gateway/sio/json.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "proto/value_map.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t random_state;

static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t random_below(size_t n)
{
	return (size_t)(random_u64() % n);
}

static void put_random_str(struct buf *out)
{
	static const char *const pieces[] = {"a", "B", " ", "\"", "\\", "/", "\n", "\x01", "\x7f",
	    "\xc3\xa9", "\xe2\x82\xac", "\xef\xbf\xbf", "\xf0\x9f\x98\x80"};
	struct buf s = {0};

	for (size_t n = random_below(random_below(50) ? 12 : 400); n > 0; n--)
		buf_puts(&s, str_of(pieces[random_below(ARRAY_LEN(pieces))]));
	if (random_below(20) == 0)
		buf_putc(&s, '\0');
	value_put_str(out, buf_str(&s));
	buf_free(&s);
}

/* Any finite double that is no integer: those come back as integers. */
static void put_random_double(struct buf *out)
{
	uint64_t bits = random_u64();
	double d;

	memcpy(&d, &bits, sizeof(d));
	if (random_below(2))
		d = (double)(int64_t)random_below(1000000) / 1000;
	value_put_double(out, isfinite(d) && (d != floor(d) || fabs(d) > 1e20) ? d : 0.5);
}

static void put_random_scalar(struct buf *out)
{
	uint64_t bits = random_u64() >> random_below(64);

	switch (random_below(6)) {
	case 0:
		value_put_nil(out);
		break;
	case 1:
		value_put_bool(out, bits & 1);
		break;
	case 2:
		value_put_u64(out, bits);
		break;
	case 3:
		value_put_i64(out, -(int64_t)(bits >> 1));
		break;
	case 4:
		put_random_double(out);
		break;
	default:
		put_random_str(out);
	}
}

static void put_random(struct buf *out, unsigned depth)
{
	uint32_t count = (uint32_t)random_below(random_below(4) ? 5 : 60 / depth);
	bool is_map = random_below(2);

	if (depth > 7 || (depth > 1 && random_below(2))) {
		put_random_scalar(out);
		return;
	}
	(is_map ? value_put_map : value_put_array)(out, count);
	while (count-- > 0) {
		if (is_map)
			put_random_str(out);
		put_random(out, depth + 1);
	}
}

static void values_come_back(void **state)
{
	struct buf value = {0}, text = {0}, back = {0};

	(void)state;
	for (int round = 0; round < 1000; round++) {
		buf_reset(&value);
		buf_reset(&text);
		buf_reset(&back);
		put_random(&value, 1);
		json_write(&text, buf_bytes(&value));
		assert_true(str_is_utf8(buf_str(&text)));
		assert_int_equal(json_read(buf_str(&text), SIZE_MAX, &back), ERR_OK);
		assert_int_equal(back.len, value.len);
		assert_memory_equal(buf_bytes(&back).p, buf_bytes(&value).p, value.len);
	}
	buf_free(&value);
	buf_free(&text);
	buf_free(&back);
}

/* The value as a double; -0 is an integer 0 to jansson. */
static double as_double(const struct value *v)
{
	if (v->type == VALUE_DOUBLE)
		return v->as.d;
	return v->type == VALUE_INT ? (double)v->as.i : (double)v->as.u;
}

static void assert_same_scalar(const struct value *v, const json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_NULL:
		assert_int_equal(v->type, VALUE_NIL);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		assert_int_equal(v->type, VALUE_BOOL);
		assert_int_equal(v->as.b, json_is_true(j));
		break;
	case JSON_INTEGER:
		assert_true(as_double(v) == (double)json_integer_value(j));
		if (v->type != VALUE_DOUBLE)
			assert_true(v->as.i == json_integer_value(j));
		break;
	case JSON_REAL:
		assert_true(as_double(v) == json_real_value(j));
		break;
	default:
		assert_int_equal(v->type, VALUE_STR);
		assert_int_equal(v->as.s.len, json_string_length(j));
		assert_memory_equal(v->as.s.p, json_string_value(j), v->as.s.len);
	}
}

static void assert_same(struct bytes b, const json_t *j);

static void assert_same_members(struct bytes map, json_t *j)
{
	const char *key;
	json_t *member;

	json_object_foreach(j, key, member)
	{
		struct bytes value;

		assert_int_equal(value_map_get(map, str_of(key), &value), ERR_OK);
		assert_same(value, member);
	}
}

static void assert_same(struct bytes b, const json_t *j)
{
	struct value_reader r = value_reader(b);
	struct bytes element;
	struct value v;

	assert_int_equal(value_next(&r, &v), ERR_OK);
	if (json_is_object(j)) {
		assert_int_equal(v.type, VALUE_MAP);
		assert_true(v.as.count >= json_object_size(j)); /* duplicates are kept */
		assert_same_members(b, (json_t *)(uintptr_t)j);
	} else if (json_is_array(j)) {
		assert_int_equal(v.type, VALUE_ARRAY);
		assert_int_equal(v.as.count, json_array_size(j));
		for (size_t i = 0; i < json_array_size(j); i++) {
			assert_int_equal(value_skip(&r, &element), ERR_OK);
			assert_same(element, json_array_get(j, i));
		}
	} else {
		assert_same_scalar(&v, j);
	}
}

/* Where jansson refuses by design what we accept: see json.h. */
static bool may_differ(struct str text, const json_error_t *why)
{
	enum json_error_code code = json_error_code(why);

	if (code == json_error_numeric_overflow || code == json_error_null_byte_in_key)
		return true;
	for (size_t i = 0; i + 3 < text.len; i++) {
		if (text.p[i] == '\\' && text.p[i + 1] == 'u' && (text.p[i + 2] | 0x20) == 'd')
			return true; /* perhaps half a surrogate pair */
	}
	return false;
}

static size_t accepted, refused;

static void judge(struct str text)
{
	struct buf value = {0};
	json_error_t why;
	enum err e = json_read(text, SIZE_MAX, &value);
	json_t *j = json_loadb(text.p, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);

	if (e == ERR_OK)
		assert_int_equal(value_check(buf_bytes(&value), LIMIT_VALUE_DEPTH), ERR_OK);
	else
		assert_int_equal(value.len, 0);
	if (e == ERR_OK && j)
		assert_same(buf_bytes(&value), j);
	else if (e == ERR_OK && !may_differ(text, &why))
		fail_msg("only jansson refuses: %.*s: %s", STR_ARG(text), why.text);
	else if (e == ERR_MALFORMED && j)
		fail_msg("only we refuse: %.*s", STR_ARG(text));
	accepted += e == ERR_OK;
	refused += e != ERR_OK;
	json_decref(j);
	buf_free(&value);
}

/* Overwrites, cuts out or puts in a few bytes, often ones that mean something. */
static void mutate(struct buf *text)
{
	static const char *const tokens[] = {"\"", "\\", "[", "]", "{", "}", ",", ":", "0", "-",
	    "1e5", "1e400", ".5", "\\u0000", "\\ud83d", "\\ude00", "\\n", "null", "true", " ", "\t",
	    "\x01", "\xff", "\xc3", "\xc3\xa9", "\xed\xa0\x80", "18446744073709551616", "-0",
	    "\"a\":"};
	struct str token = str_of(tokens[random_below(ARRAY_LEN(tokens))]);
	size_t at = random_below(text->len + 1);
	size_t cut = random_below(3) ? random_below(4) : 0;

	if (cut > text->len - at)
		cut = text->len - at;
	size_t tail = text->len - at - cut;
	size_t put = random_below(4) ? token.len : 0;

	buf_extend(text, put);
	char *p = (char *)frame_data(text->store) + at;

	memmove(p + put, p + cut, tail);
	memcpy(p, token.p, put);
	buf_truncate(text, at + put + tail);
}

static void damaged_texts_are_judged_like_jansson_does(void **state)
{
	struct buf value = {0}, text = {0};

	(void)state;
	for (int round = 0; round < 15000; round++) {
		if (round % 2 == 0) {
			buf_reset(&value);
			buf_reset(&text);
			put_random(&value, random_below(3) ? 5 : 2);
			json_write(&text, buf_bytes(&value));
		}
		for (size_t n = 1 + random_below(2); n > 0; n--)
			mutate(&text);
		char *copy =
		    xcalloc(text.len, 1); /* exact size: the sanitizer sees every overrun */

		memcpy(copy, buf_str(&text).p, text.len);
		judge((struct str){copy, text.len});
		free(copy);
	}
	buf_free(&value);
	buf_free(&text);
	printf("%zu accepted, %zu refused\n", accepted, refused);
	assert_true(accepted > 1000 && refused > 1000);
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_come_back),
	    cmocka_unit_test(damaged_texts_are_judged_like_jansson_does),
	    cmocka_unit_test(leaves_no_frame),
	};
	const char *seed = getenv("TEST_SEED");

	random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	printf("TEST_SEED=%llu\n", (unsigned long long)random_state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
