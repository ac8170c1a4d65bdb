/* A batch of the link: what is accepted can be printed, and is encoded and read as the same. */
#include "tests/fuzz/fuzz.h"

#include "proto/wire.h"

#include <string.h>

static void encode_again(const struct wire_message *m)
{
	struct buf first = {0}, second = {0}, line = {0};
	struct wire_message again;

	wire_put(&first, m);
	struct wire_reader r = wire_reader(buf_bytes(&first));

	assert(wire_next(&r, &again) == ERR_OK && wire_at_end(&r));
	wire_put(&second, &again);
	assert(first.len == second.len);
	assert(memcmp(buf_bytes(&first).p, buf_bytes(&second).p, first.len) == 0);
	wire_print(m, &line);
	buf_free(&first);
	buf_free(&second);
	buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_reader r = wire_reader(bytes_of(data, size));
	struct wire_message m;

	while (!wire_at_end(&r) && wire_next(&r, &m) == ERR_OK)
		encode_again(&m);
	return 0;
}
