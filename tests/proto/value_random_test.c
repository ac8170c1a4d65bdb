/*
 * Random and damaged values: the cursor and msgpack-c's unpacker must see the same.
 */
#include "proto/value.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/limits.h"

#include <math.h>
#include <msgpack.h>
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
	static const char *const pieces[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
	struct buf text = {0};

	for (size_t n = random_below(random_below(100) ? 20 : 70000); n > 0; n--)
		buf_puts(&text, str_of(pieces[random_below(ARRAY_LEN(pieces))]));
	value_put_str(out, buf_str(&text));
	buf_free(&text);
}

static int append(void *out, const char *p, size_t len)
{
	buf_put(out, bytes_of(p, len));
	return 0;
}

static void put_random_ext(struct buf *out)
{
	msgpack_packer pk = {out, append};
	char content[300] = {0};

	msgpack_pack_ext_with_body(
	    &pk, content, random_below(sizeof(content)), (int8_t)random_u64());
}

static void put_random_scalar(struct buf *out)
{
	uint64_t bits = random_u64() >> random_below(64);
	double d;

	memcpy(&d, &bits, sizeof(d));
	switch (random_below(8)) {
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
		value_put_double(out, d);
		break;
	case 5:
		value_put_bin(out, bytes_of("0123456789", random_below(11)));
		break;
	case 6:
		put_random_ext(out);
		break;
	default:
		put_random_str(out);
	}
}

static void put_random(struct buf *out, unsigned depth)
{
	uint32_t count = (uint32_t)random_below(random_below(4) ? 5 : 40 / depth);

	switch (depth < 8 ? random_below(4) : 3) {
	case 0:
		value_put_array(out, count);
		break;
	case 1:
		value_put_map(out, count);
		count *= 2;
		break;
	default:
		put_random_scalar(out);
		count = 0;
	}
	while (count-- > 0)
		put_random(out, depth + 1);
}

static void assert_bytes(struct bytes b, const char *p, uint32_t len)
{
	assert_int_equal(b.len, len);
	if (len)
		assert_memory_equal(b.p, p, len);
}

static void assert_same_scalar(const struct value *v, const msgpack_object *o)
{
	switch (v->type) {
	case VALUE_BOOL:
		assert_int_equal(v->as.b, o->via.boolean);
		break;
	case VALUE_INT:
	case VALUE_UINT:
		assert_true(v->as.u == o->via.u64);
		break;
	case VALUE_DOUBLE:
		assert_true(v->as.d == o->via.f64 || (isnan(v->as.d) && isnan(o->via.f64)));
		break;
	case VALUE_STR:
		assert_bytes(str_bytes(v->as.s), o->via.str.ptr, o->via.str.size);
		break;
	case VALUE_BIN:
		assert_bytes(v->as.bin, o->via.bin.ptr, o->via.bin.size);
		break;
	case VALUE_EXT:
		assert_bytes(v->as.bin, o->via.ext.ptr, o->via.ext.size);
		assert_int_equal(v->ext_type, o->via.ext.type);
		break;
	default:
		break;
	}
}

static void assert_same(struct value_reader *r, const msgpack_object *o)
{
	static const msgpack_object_type types[] = {
	    [VALUE_NIL] = MSGPACK_OBJECT_NIL,
	    [VALUE_BOOL] = MSGPACK_OBJECT_BOOLEAN,
	    [VALUE_INT] = MSGPACK_OBJECT_NEGATIVE_INTEGER,
	    [VALUE_UINT] = MSGPACK_OBJECT_POSITIVE_INTEGER,
	    [VALUE_DOUBLE] = MSGPACK_OBJECT_FLOAT64,
	    [VALUE_STR] = MSGPACK_OBJECT_STR,
	    [VALUE_BIN] = MSGPACK_OBJECT_BIN,
	    [VALUE_ARRAY] = MSGPACK_OBJECT_ARRAY,
	    [VALUE_MAP] = MSGPACK_OBJECT_MAP,
	    [VALUE_EXT] = MSGPACK_OBJECT_EXT,
	};
	struct value v;

	assert_int_equal(value_next(r, &v), ERR_OK);
	if (o->type != MSGPACK_OBJECT_FLOAT32)
		assert_int_equal(types[v.type], o->type);
	assert_same_scalar(&v, o);
	if (v.type == VALUE_ARRAY) {
		assert_int_equal(v.as.count, o->via.array.size);
		for (uint32_t i = 0; i < v.as.count; i++)
			assert_same(r, &o->via.array.ptr[i]);
	}
	if (v.type == VALUE_MAP) {
		assert_int_equal(v.as.count, o->via.map.size);
		for (uint32_t i = 0; i < v.as.count; i++) {
			assert_same(r, &o->via.map.ptr[i].key);
			assert_same(r, &o->via.map.ptr[i].val);
		}
	}
}

/* Does msgpack-c read b as one whole value, the same one? */
static bool unpacker_agrees(struct bytes b)
{
	struct value_reader r = value_reader(b);
	msgpack_unpacked result;
	size_t used = 0;

	msgpack_unpacked_init(&result);
	bool is_value =
	    msgpack_unpack_next(&result, (const char *)b.p, b.len, &used) == MSGPACK_UNPACK_SUCCESS;

	if (is_value && used == b.len)
		assert_same(&r, &result.data);
	msgpack_unpacked_destroy(&result);
	return is_value && used == b.len;
}

static void reads_what_the_unpacker_reads(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int round = 0; round < 500; round++) {
		buf_reset(&b);
		put_random(&b, 1);
		assert_int_equal(value_check(buf_bytes(&b), LIMIT_VALUE_DEPTH), ERR_OK);
		assert_true(unpacker_agrees(buf_bytes(&b)));
	}
	buf_free(&b);
}

/* Counts of 16 bits and more make msgpack-c reserve memory before it has seen a value. */
static bool has_wide_count(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (b.p[i] >= 0xdc && b.p[i] <= 0xdf)
			return true;
	}
	return false;
}

static bool is_one_value(struct bytes b)
{
	struct value_reader r = value_reader(b);
	struct bytes view;

	return value_skip(&r, &view) == ERR_OK && value_at_end(&r);
}

static void survives_mutations(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		if (round % 20 == 0) {
			buf_reset(&b);
			do
				put_random(&b, 2);
			while (b.len < 20);
		}
		uint8_t *copy =
		    xcalloc(b.len, 1); /* exact size: the sanitizer sees every overrun */
		struct bytes mutant = {copy, 1 + random_below(b.len < 400 ? b.len : 400)};

		memcpy(copy, buf_bytes(&b).p, mutant.len);
		for (size_t n = random_below(4); n > 0; n--)
			copy[random_below(mutant.len)] = (uint8_t)random_u64();
		bool is_value = is_one_value(mutant);

		if (value_check(mutant, LIMIT_VALUE_DEPTH) == ERR_OK)
			assert_true(is_value);
		if (is_value)
			assert_true(unpacker_agrees(mutant));
		else if (!has_wide_count(mutant))
			assert_false(unpacker_agrees(mutant));
		free(copy);
	}
	buf_free(&b);
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_the_unpacker_reads),
	    cmocka_unit_test(survives_mutations),
	    cmocka_unit_test(leaves_no_frame),
	};
	const char *seed = getenv("TEST_SEED");

	random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	printf("TEST_SEED=%llu\n", (unsigned long long)random_state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
