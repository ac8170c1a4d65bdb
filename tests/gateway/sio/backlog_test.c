#include "tests/check.h"

#include "gateway/sio/backlog.h"
#include "proto/value.h"

#include <string.h>

static struct sio_parcel parcel_of(const char *text)
{
	struct buf b = {0};

	buf_puts(&b, str_of(text));
	return sio_parcel_pack(CODEC_TEXT, &b, (struct bytes){0});
}

static enum err put(struct backlog *b, enum backlog_part part, const char *text)
{
	struct sio_parcel p = parcel_of(text);
	enum err e = backlog_put(b, part, &p);

	sio_parcel_end(&p);
	return e;
}

static void read_parcel(void *ctx, const struct sio_parcel *parcel)
{
	struct buf *seen = ctx;

	buf_put(seen, frame_bytes(parcel->packet));
	for (unsigned i = 0; i < parcel->count; i++)
		buf_put(seen, frame_bytes(parcel->attachments[i]));
	buf_putc(seen, ' ');
}

static void expect(const struct backlog *b, enum backlog_part part, const char *expected)
{
	struct buf seen = {0};

	backlog_each(b, part, read_parcel, &seen);
	assert_true(str_eqz(buf_str(&seen), expected));
	buf_free(&seen);
}

static void test_each_part_keeps_its_order(void **state)
{
	struct backlog *b = backlog_new(10000);

	(void)state;
	for (int i = 0; i < 9; i++) {
		assert_int_equal(put(b, BACKLOG_MISSED, i % 2 ? "odd" : "even"), ERR_OK);
		if (i < 3)
			assert_int_equal(put(b, BACKLOG_NEW, i ? "later" : "first"), ERR_OK);
	}
	expect(b, BACKLOG_MISSED, "even odd even odd even odd even odd even ");
	expect(b, BACKLOG_NEW, "first later later ");
	backlog_free(&b);
	assert_null(b);
	backlog_free(&b);
	assert_int_equal(frame_live(), 0);
}

static void test_attachments_come_along(void **state)
{
	struct backlog *b = backlog_new(10000);
	struct buf packet = {0};
	struct sio_parcel p;

	(void)state;
	buf_puts(&packet, STR("51-[\"x\",{\"_placeholder\":true,\"num\":0}]"));
	p = sio_parcel_pack(CODEC_TEXT, &packet, bytes_of("\x91\xc4\x02hi", 5));
	assert_int_equal(p.count, 1);
	assert_int_equal(backlog_put(b, BACKLOG_MISSED, &p), ERR_OK);
	sio_parcel_end(&p);
	expect(b, BACKLOG_MISSED, "51-[\"x\",{\"_placeholder\":true,\"num\":0}]hi ");
	backlog_free(&b);
	assert_int_equal(frame_live(), 0);
}

static void test_it_is_bounded_in_bytes_and_number(void **state)
{
	struct backlog *b = backlog_new(8000);
	char text[1001];
	unsigned count = 0;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	while (put(b, BACKLOG_MISSED, text) == ERR_OK)
		count++;
	assert_int_equal(count, 5); /* three quarters */
	assert_int_equal(put(b, BACKLOG_NEW, text), ERR_OK);
	assert_int_equal(put(b, BACKLOG_NEW, text), ERR_FULL);
	assert_true(backlog_bytes(b) > 6000 && backlog_bytes(b) <= 8000);
	for (count = 0; put(b, BACKLOG_NEW, "") == ERR_OK; count++)
		assert_true(count < 1000);
	backlog_free(&b);
	assert_int_equal(frame_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_part_keeps_its_order),
	    cmocka_unit_test(test_attachments_come_along),
	    cmocka_unit_test(test_it_is_bounded_in_bytes_and_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
