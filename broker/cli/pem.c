#include "broker/cli/pem.h"

#include <string.h>

#define BEGIN_PRIVATE "-----BEGIN PRIVATE KEY-----"
#define END_PRIVATE "-----END PRIVATE KEY-----"
#define BEGIN_PUBLIC "-----BEGIN PUBLIC KEY-----"
#define END_PUBLIC "-----END PUBLIC KEY-----"

/* What stands before the 32 bytes of the key in DER. */
static const uint8_t private_head[] = {
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
static const uint8_t public_head[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

void pem_wipe(struct buf *text)
{
	if (text->store)
		crypto_wipe(frame_data(text->store), text->len);
	buf_free(text);
}

bool pem_is_block(struct str text)
{
	return str_has_prefix(text, STR("-----BEGIN "));
}

enum err pem_read_private(struct str text, uint8_t ret_seed[PEM_SEED_BYTES])
{
	struct str begin = STR(BEGIN_PRIVATE), end = STR(END_PRIVATE);
	struct buf der = {0};
	enum err e = ERR_OK;

	if (!str_has_prefix(text, begin) || text.len < begin.len + end.len ||
	    !str_eq((struct str){text.p + text.len - end.len, end.len}, end))
		return ERR_MALFORMED;
	struct str body = {text.p + begin.len, text.len - begin.len - end.len};

	if (crypto_base64_decode(body, &der))
		e = ERR_MALFORMED;
	else if (der.len != sizeof(private_head) + PEM_SEED_BYTES ||
		 memcmp(buf_bytes(&der).p, private_head, sizeof(private_head)) != 0)
		e = ERR_INVALID;
	else
		memcpy(ret_seed, buf_bytes(&der).p + sizeof(private_head), PEM_SEED_BYTES);
	pem_wipe(&der);
	return e;
}

/* Base64 with padding: base64url with other letters for 62 and 63. Both DERs fit one line. */
static void put_base64(struct buf *out, struct bytes b)
{
	struct buf text = {0};

	crypto_base64url_put(&text, b);
	for (size_t i = 0; i < text.len; i++) {
		char c = buf_str(&text).p[i];

		buf_putc(out, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	for (size_t i = text.len; i % 4 != 0; i++)
		buf_putc(out, '=');
	pem_wipe(&text);
}

void pem_put_private(struct buf *out, const uint8_t seed[PEM_SEED_BYTES])
{
	uint8_t der[sizeof(private_head) + PEM_SEED_BYTES];

	memcpy(der, private_head, sizeof(private_head));
	memcpy(der + sizeof(private_head), seed, PEM_SEED_BYTES);
	buf_puts(out, STR(BEGIN_PRIVATE "\n"));
	put_base64(out, bytes_of(der, sizeof(der)));
	buf_puts(out, STR("\n" END_PRIVATE));
	crypto_wipe(der, sizeof(der));
}

void pem_put_public(struct buf *out, const uint8_t key[CRYPTO_ED25519_PUBLIC_BYTES])
{
	uint8_t der[sizeof(public_head) + CRYPTO_ED25519_PUBLIC_BYTES];

	memcpy(der, public_head, sizeof(public_head));
	memcpy(der + sizeof(public_head), key, CRYPTO_ED25519_PUBLIC_BYTES);
	buf_puts(out, STR(BEGIN_PUBLIC "\n"));
	put_base64(out, bytes_of(der, sizeof(der)));
	buf_puts(out, STR("\n" END_PUBLIC));
}
