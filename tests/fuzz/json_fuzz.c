/* JSON that is accepted is a value, and is written as JSON that is read as the same. */
#include "tests/fuzz/fuzz.h"

#include "gateway/sio/json.h"
#include "proto/limits.h"
#include "proto/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf value = {0}, text = {0}, again = {0}, text_again = {0};
	struct str from = bytes_str(bytes_of(data, size));

	if (json_read(from, LIMIT_ARGS, &value) == ERR_OK) {
		assert(value.len <= 3 * (size + 1));
		assert(value_check(buf_bytes(&value), LIMIT_VALUE_DEPTH) == ERR_OK);
		json_write(&text, buf_bytes(&value));
		assert(text.len <= 8 * value.len);
		enum err e = json_read(buf_str(&text), LIMIT_ARGS, &again);

		/* 1.0 is written as 1, and 1 is shorter as a value: so the texts are compared. */
		assert(!e);
		json_write(&text_again, buf_bytes(&again));
		assert(str_eq(buf_str(&text), buf_str(&text_again)));
	} else {
		assert(value.len == 0);
	}
	buf_free(&value);
	buf_free(&text);
	buf_free(&again);
	buf_free(&text_again);
	return 0;
}
