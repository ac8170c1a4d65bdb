#include "tests/gateway/auth/keysmith.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"

struct keysmith {
	EVP_PKEY *pkey;
	bool is_rsa;
	const char *curve;
};

struct keysmith *keysmith_rsa(unsigned bits)
{
	struct keysmith *k = xcalloc(1, sizeof(*k));

	*k = (struct keysmith){.pkey = EVP_RSA_gen(bits), .is_rsa = true};
	assert(k->pkey);
	return k;
}

struct keysmith *keysmith_ec(const char *curve)
{
	struct keysmith *k = xcalloc(1, sizeof(*k));

	*k = (struct keysmith){.pkey = EVP_EC_gen(curve), .curve = curve};
	assert(k->pkey);
	return k;
}

void keysmith_free(struct keysmith **k)
{
	if (!*k)
		return;
	EVP_PKEY_free((*k)->pkey);
	free(*k);
	*k = NULL;
}

static void put_number(const struct keysmith *k, const char *param, int bytes, struct buf *out)
{
	uint8_t raw[1024];
	BIGNUM *n = NULL;
	int got = EVP_PKEY_get_bn_param(k->pkey, param, &n);

	assert(got == 1);
	(void)got;
	int len = bytes ? bytes : BN_num_bytes(n);

	assert(len <= (int)sizeof(raw));
	BN_bn2binpad(n, raw, len);
	crypto_base64url_put(out, bytes_of(raw, (size_t)len));
	BN_free(n);
}

void keysmith_put_jwk(const struct keysmith *k, const char *more, struct buf *out)
{
	if (k->is_rsa) {
		buf_puts(out, STR("{\"kty\":\"RSA\",\"n\":\""));
		put_number(k, OSSL_PKEY_PARAM_RSA_N, 0, out);
		buf_puts(out, STR("\",\"e\":\""));
		put_number(k, OSSL_PKEY_PARAM_RSA_E, 0, out);
	} else {
		int bytes = (EVP_PKEY_get_bits(k->pkey) + 7) / 8;

		buf_printf(out, "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"", k->curve);
		put_number(k, OSSL_PKEY_PARAM_EC_PUB_X, bytes, out);
		buf_puts(out, STR("\",\"y\":\""));
		put_number(k, OSSL_PKEY_PARAM_EC_PUB_Y, bytes, out);
	}
	buf_printf(out, "\"%s}", more);
}

void keysmith_put_pem(const struct keysmith *k, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	PEM_write_bio_PUBKEY(bio, k->pkey);
	long len = BIO_get_mem_data(bio, &text);

	buf_puts(out, (struct str){text, (size_t)len});
	BIO_free(bio);
}

/* r and s behind each other, as a JWS wants them. */
static void put_raw(const uint8_t *der, size_t len, struct buf *out)
{
	const uint8_t *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	uint8_t raw[64];

	assert(sig);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	buf_put(out, bytes_of(raw, sizeof(raw)));
	ECDSA_SIG_free(sig);
}

void keysmith_sign(const struct keysmith *k, struct bytes data, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[1024];
	size_t len = sizeof(signature);
	int signed_ = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) == 1 &&
		      EVP_DigestSign(ctx, signature, &len, data.p, data.len) == 1;

	assert(signed_);
	(void)signed_;
	EVP_MD_CTX_free(ctx);
	if (k->is_rsa)
		buf_put(out, bytes_of(signature, len));
	else
		put_raw(signature, len, out);
}

void keysmith_mac(size_t hash_bytes, struct bytes secret, struct bytes data, struct buf *out)
{
	uint8_t mac[64];
	size_t len = 0;
	const char *digest = hash_bytes == 48 ? "SHA384" : "SHA512";
	void *made = EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, secret.p, secret.len, data.p,
	    data.len, mac, sizeof(mac), &len);

	assert(made && len == hash_bytes);
	(void)made;
	buf_put(out, bytes_of(mac, len));
}
