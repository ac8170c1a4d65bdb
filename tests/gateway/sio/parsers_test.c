/*
 * Clients of both parsers see the same: whatever goes from one to another and back, through the
 * packets that they write and read, is what it was.
 */
#include "tests/check.h"

#include "gateway/sio/assembly.h"
#include "gateway/sio/json.h"
#include "gateway/sio/mpacket.h"
#include "proto/limits.h"
#include "proto/value.h"
#include "tests/gateway/sio/tree.h"

enum { ROUNDS = 10000, DEPTH = 3 };

static const struct packet_limits limits = {LIMIT_ATTACHMENTS, LIMIT_ARGS, false};

/* From a client of the default parser: text, then the bins of args. */
static void through_text(struct bytes args, struct buf *ret)
{
	struct buf text = {0}, decoded = {0};
	struct value_reader r = value_reader(args);
	struct assembly *a = NULL;
	struct packet p;
	struct value v;

	packet_put_event(&text, STR("/chat"), STR("e"), args);
	assert_int_equal(packet_decode(buf_str(&text), &limits, &decoded, &p), ERR_OK);
	assert_int_equal(p.attachments, json_count_bins(args));
	if (p.attachments)
		a = assembly_new(&p, LIMIT_ARGS);
	while (value_next(&r, &v) == ERR_OK) {
		if (v.type == VALUE_BIN)
			assert_int_equal(assembly_add(a, v.as.bin), ERR_OK);
	}
	if (a)
		assert_int_equal(assembly_finish(a, &decoded, &p), ERR_OK);
	buf_put(ret, p.data);
	assembly_free(&a);
	buf_free(&text);
	buf_free(&decoded);
}

static void through_msgpack(struct bytes args, struct buf *ret)
{
	struct buf message = {0}, decoded = {0};
	struct packet p;

	mpacket_put_event(&message, STR("/chat"), STR("e"), args);
	assert_int_equal(mpacket_decode(buf_bytes(&message), &limits, &decoded, &p), ERR_OK);
	buf_put(ret, p.data);
	buf_free(&message);
	buf_free(&decoded);
}

static void assert_same(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(buf_bytes(a).p, buf_bytes(b).p, b->len);
}

static void everybody_sees_the_same(void **state)
{
	(void)state;
	tree_seed();
	for (int round = 0; round < ROUNDS; round++) {
		struct buf args = {0}, first = {0}, second = {0}, third = {0};

		tree_put_args(&args, DEPTH);
		through_text(buf_bytes(&args), &first);
		assert_same(&first, &args);
		through_msgpack(buf_bytes(&first), &second);
		assert_same(&second, &args);
		through_text(buf_bytes(&second), &third);
		assert_same(&third, &args);
		buf_free(&args);
		buf_free(&first);
		buf_free(&second);
		buf_free(&third);
	}
}

static void leaves_no_frame(void **state)
{
	(void)state;
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everybody_sees_the_same),
	    cmocka_unit_test(leaves_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
