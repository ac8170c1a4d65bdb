#include "tests/gateway/sio/tree.h"

#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BINS_MAX = 5, MEMBERS_MAX = 20 };

void tree_seed(void)
{
	const char *given = getenv("TEST_SEED");
	unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

	printf("TEST_SEED=%u\n", seed);
	srand(seed);
}

static uint64_t bits(void)
{
	return (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
}

static void put_text(struct buf *out)
{
	static const char *const pieces[] = {"", "a", "\"", "\\", "/", "\n", "\x01", "\x7f",
	    "\xc3\xa9", "\xe2\x82\xac", "\xef\xbf\xbd", "\xf0\x9f\x98\x80", "\xe2\x80\xa8",
	    "__proto__", "_placeholder", "num", "0123456789abcdef0123456789abcdef"};
	struct buf text = {0};

	for (int n = rand() % 5; n > 0; n--)
		buf_puts(&text, str_of(pieces[(size_t)rand() % ARRAY_LEN(pieces)]));
	if (rand() % 10 == 0)
		buf_putc(&text, '\0');
	value_put_str(out, buf_str(&text));
	buf_free(&text);
}

static void put_number(struct buf *out)
{
	unsigned width = (unsigned)rand() % 64;

	if (rand() % 4 == 0)
		value_put_double(out, (double)rand() + 0.5); /* a whole one is read as an integer */
	else if (rand() % 2)
		value_put_u64(out, bits() >> width);
	else
		value_put_i64(out, -(int64_t)(bits() >> 1 >> width % 63));
}

static void put_bin(struct buf *out, unsigned *bins)
{
	uint8_t bytes[300];
	size_t len = (size_t)rand() % (rand() % 5 ? 8 : sizeof(bytes));

	if (++*bins > BINS_MAX) {
		value_put_nil(out);
		return;
	}
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)rand();
	value_put_bin(out, bytes_of(bytes, len));
}

static void put_key(struct buf *out, int n)
{
	char name[16];

	/* No duplicates: of those a JavaScript client would keep one. */
	snprintf(name, sizeof(name), n ? "k%d" : "num", n);
	value_put_str(out, str_of(name));
}

static void put_tree(struct buf *out, unsigned depth, unsigned *bins)
{
	int count = rand() % MEMBERS_MAX;

	switch (rand() % (depth ? 8 : 6)) {
	case 0:
		value_put_nil(out);
		break;
	case 1:
		value_put_bool(out, rand() % 2);
		break;
	case 2:
	case 3:
		put_number(out);
		break;
	case 4:
		put_text(out);
		break;
	case 5:
		put_bin(out, bins);
		break;
	case 6:
		value_put_array(out, (uint32_t)count);
		while (count-- > 0)
			put_tree(out, depth - 1, bins);
		break;
	default:
		value_put_map(out, (uint32_t)count);
		while (count-- > 0) {
			put_key(out, count);
			put_tree(out, depth - 1, bins);
		}
	}
}

void tree_put_args(struct buf *out, unsigned depth)
{
	unsigned first = 0, second = 0;

	value_put_array(out, 2);
	put_tree(out, depth, &first);
	put_tree(out, depth, &second);
}
