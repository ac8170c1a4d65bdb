#include "broker/batch.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct batch_op message_op(const char *content, size_t len)
{
	return (struct batch_op){
	    .kind = BATCH_MESSAGE,
	    .as.message = {.gseq = 7,
		.room = 2,
		.seq = 3,
		.user = STR("u1"),
		.username = STR("Ann"),
		.type = STR("text"),
		.content = bytes_of(content, len),
		.message_id = STR("k")},
	};
}

static void is_born_empty(void **state)
{
	struct batch *b = batch_new();

	(void)state;
	assert_int_equal(batch_count(b), 0);
	assert_int_equal(batch_bytes(b), 0);
	batch_free(&b);
	assert_null(b);
	batch_free(&b);
}

static void keeps_order_and_kind(void **state)
{
	struct batch *b = batch_new();
	struct batch_op room = {
	    .kind = BATCH_ROOM, .as.room = {.id = 2, .nsp = STR("/"), .name = STR("lobby")}};
	struct batch_op message = message_op("hello", 5);
	struct batch_op leave = {
	    .kind = BATCH_REMOVE_MEMBERSHIP, .as.membership = {.room = 2, .user = STR("u9")}};

	(void)state;
	batch_put(b, &room);
	batch_put(b, &message);
	batch_put(b, &leave);
	assert_int_equal(batch_count(b), 3);
	assert_int_equal(batch_at(b, 0)->kind, BATCH_ROOM);
	assert_true(str_eqz(batch_at(b, 0)->as.room.name, "lobby"));
	assert_int_equal(batch_at(b, 1)->as.message.gseq, 7);
	assert_true(str_eqz(batch_at(b, 1)->as.message.message_id, "k"));
	assert_true(str_eqz(batch_at(b, 2)->as.membership.user, "u9"));
	assert_int_equal(batch_at(b, 2)->as.membership.role.len, 0);
	batch_free(&b);
}

static void copies_what_it_is_lent(void **state)
{
	struct batch *b = batch_new();
	char lent[] = "hello";
	struct batch_op op = message_op(lent, 5);

	(void)state;
	batch_put(b, &op);
	memset(lent, 'x', 5);
	assert_memory_equal(batch_at(b, 0)->as.message.content.p, "hello", 5);
	batch_free(&b);
}

static void texts_stay_where_they_are_while_it_grows(void **state)
{
	struct batch *b = batch_new();
	char text[300];

	(void)state;
	memset(text, 'a', sizeof(text));
	struct batch_op op = message_op(text, sizeof(text));

	batch_put(b, &op);
	const uint8_t *first = batch_at(b, 0)->as.message.content.p;

	for (int i = 0; i < 5000; i++)
		batch_put(b, &op);
	assert_ptr_equal(batch_at(b, 0)->as.message.content.p, first);
	assert_memory_equal(batch_at(b, 5000)->as.message.content.p, text, sizeof(text));
	assert_true(batch_bytes(b) > 5000 * sizeof(text));
	batch_free(&b);
}

static void takes_texts_larger_than_a_chunk(void **state)
{
	enum { LARGE = 1 << 20 };
	struct batch *b = batch_new();
	char *text = malloc(LARGE);

	(void)state;
	memset(text, 'z', LARGE);
	struct batch_op small = message_op("s", 1), large = message_op(text, LARGE);

	batch_put(b, &small);
	batch_put(b, &large);
	batch_put(b, &small);
	assert_memory_equal(batch_at(b, 1)->as.message.content.p, text, LARGE);
	assert_memory_equal(batch_at(b, 2)->as.message.content.p, "s", 1);
	free(text);
	batch_free(&b);
}

static void can_be_used_again(void **state)
{
	struct batch *b = batch_new();
	struct batch_op op = message_op("hello", 5);

	(void)state;
	batch_reset(b);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3000; i++)
			batch_put(b, &op);
		batch_reset(b);
		assert_int_equal(batch_count(b), 0);
		assert_int_equal(batch_bytes(b), 0);
	}
	batch_put(b, &op);
	assert_memory_equal(batch_at(b, 0)->as.message.content.p, "hello", 5);
	batch_free(&b);
}

static void keeps_sessions(void **state)
{
	struct batch *b = batch_new();
	char lent[] = "abcdef";
	struct batch_op put = {.kind = BATCH_PUT_SESSION,
	    .as.session = {.id = 3,
		.pid = {lent, 1},
		.socket = {lent, 2},
		.sid = {lent, 3},
		.nsp = {lent, 4},
		.user = {lent, 5},
		.username = {lent, 6},
		.gseq = 9}};
	struct batch_op room = {.kind = BATCH_PUT_SESSION_ROOM, .as.session_room = {3, 4, 5}};

	struct batch_op user = {
	    .kind = BATCH_PUT_USER, .as.user = {{lent, 2}, {lent, 3}, {1}, {2}}};

	(void)state;
	batch_put(b, &put);
	batch_put(b, &room);
	batch_put(b, &user);
	memset(lent, 'x', 6);
	const struct store_session *kept = &batch_at(b, 0)->as.session;

	assert_int_equal(kept->id, 3);
	assert_true(str_eqz(kept->pid, "a") && str_eqz(kept->socket, "ab"));
	assert_true(str_eqz(kept->sid, "abc") && str_eqz(kept->nsp, "abcd"));
	assert_true(str_eqz(kept->user, "abcde") && str_eqz(kept->username, "abcdef"));
	assert_int_equal(batch_at(b, 1)->as.session_room.gseq, 5);
	assert_true(str_eqz(batch_at(b, 2)->as.user.id, "ab"));
	assert_true(str_eqz(batch_at(b, 2)->as.user.username, "abc"));
	batch_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_sessions),
	    cmocka_unit_test(is_born_empty),
	    cmocka_unit_test(keeps_order_and_kind),
	    cmocka_unit_test(copies_what_it_is_lent),
	    cmocka_unit_test(texts_stay_where_they_are_while_it_grows),
	    cmocka_unit_test(takes_texts_larger_than_a_chunk),
	    cmocka_unit_test(can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
