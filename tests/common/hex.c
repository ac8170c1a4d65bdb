#include "tests/common/hex.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { HEX_MAX = 256 };

struct bytes hex(const char *digits)
{
	static uint8_t ring[4][HEX_MAX];
	static size_t turn;
	uint8_t *bytes = ring[turn++ % 4];
	size_t len = strlen(digits) / 2;

	assert(len <= HEX_MAX);
	for (size_t i = 0; i < len; i++) {
		unsigned byte = 0;
		int read = sscanf(digits + 2 * i, "%2x", &byte);

		assert(read == 1);
		(void)read;
		bytes[i] = (uint8_t)byte;
	}
	return bytes_of(bytes, len);
}
