#include "common/curve.h"

#include "common/crypto.h"

#include <stdio.h>

enum err curve_key_read(const char *path, enum keyfile_kind kind, struct buf *out,
    char ret_why[KEYFILE_WHY_SIZE])
{
	char public_key[CRYPTO_Z85_KEY_SIZE];
	size_t start = out->len;
	enum err e = keyfile_read(path, kind, out, ret_why);

	if (e)
		return e;
	buf_putc(out, '\0');
	/* Any 32 bytes in Z85 can be a secret: that is enough to tell another file. */
	e = crypto_curve_public(buf_str(out).p + start, public_key);
	if (e) {
		buf_truncate(out, start);
		snprintf(ret_why, KEYFILE_WHY_SIZE,
		    "%s holds no CURVE key: make one with `roomcastctl keygen curve`", path);
	}
	return e;
}

void curve_key_wipe(struct buf *key)
{
	if (key->len)
		crypto_wipe((void *)buf_bytes(key).p, key->len);
	buf_free(key);
}
