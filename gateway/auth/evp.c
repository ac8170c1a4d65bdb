#include "gateway/auth/evp.h"

#include <assert.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum {
	RSA_MIN_BITS = 2048, /* RFC 7518 section 3.3 */
	RSA_MAX_BITS = 8192, /* the work of checking grows with it, and anybody may ask for it */
	P256_BYTES = 32,
	HASH_MAX_BYTES = 64,
};

static const char no_key[] = "cannot be read as an RSA or P-256 public key";

struct evp_key {
	EVP_PKEY *pkey;
	enum evp_kind kind;
	size_t refs;
};

static const char *kind_fault(EVP_PKEY *pkey, enum evp_kind *ret)
{
	char curve[64] = "";
	size_t len;

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		int bits = EVP_PKEY_get_bits(pkey);

		*ret = EVP_KIND_RSA;
		return bits < RSA_MIN_BITS || bits > RSA_MAX_BITS
			   ? "is an RSA key of fewer than 2048 bits, or of more than 8192"
			   : NULL;
	}
	*ret = EVP_KIND_P256;
	if (!EVP_PKEY_is_a(pkey, "EC") ||
	    !EVP_PKEY_get_group_name(pkey, curve, sizeof(curve), &len))
		return "is neither an RSA nor a P-256 key";
	return strcmp(curve, SN_X9_62_prime256v1) != 0 ? "is on another curve than P-256" : NULL;
}

/* Is it a sound one, on its curve? What OpenSSL makes from numbers it has not looked at. */
static bool is_sound(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool is = ctx && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return is;
}

/* Takes pkey, which may be NULL. */
static enum err wrap(EVP_PKEY *pkey, struct evp_key **ret, const char **ret_fault)
{
	enum evp_kind kind = EVP_KIND_RSA;
	const char *fault = pkey ? kind_fault(pkey, &kind) : no_key;

	if (!fault && !is_sound(pkey))
		fault = no_key;
	ERR_clear_error();
	if (fault) {
		EVP_PKEY_free(pkey);
		*ret_fault = fault;
		return ERR_INVALID;
	}
	struct evp_key *k = xcalloc(1, sizeof(*k));

	*k = (struct evp_key){pkey, kind, 1};
	*ret = k;
	return ERR_OK;
}

enum err evp_key_read(struct bytes spki, struct evp_key **ret, const char **ret_fault)
{
	const uint8_t *p = spki.p;
	EVP_PKEY *pkey = spki.len <= LONG_MAX ? d2i_PUBKEY(NULL, &p, (long)spki.len) : NULL;

	/* What stands behind it is nobody's. */
	if (pkey && p != spki.p + spki.len) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return wrap(pkey, ret, ret_fault);
}

static EVP_PKEY *make(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

enum err evp_key_rsa(struct bytes n, struct bytes e, struct evp_key **ret, const char **ret_fault)
{
	if (n.len == 0 || n.len > RSA_MAX_BITS / 8 + 1 || e.len == 0 || e.len > 8) {
		*ret_fault = "has numbers (n, e) that are none of an RSA key of 2048 to 8192 bits";
		return ERR_INVALID;
	}
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = BN_bin2bn(n.p, (int)n.len, NULL);
	BIGNUM *exponent = BN_bin2bn(e.p, (int)e.len, NULL);
	OSSL_PARAM *params = NULL;

	if (bld && modulus && exponent &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent))
		params = OSSL_PARAM_BLD_to_param(bld);
	enum err error = wrap(make("RSA", params), ret, ret_fault);

	OSSL_PARAM_free(params);
	BN_free(exponent);
	BN_free(modulus);
	OSSL_PARAM_BLD_free(bld);
	return error;
}

enum err evp_key_p256(struct bytes x, struct bytes y, struct evp_key **ret, const char **ret_fault)
{
	uint8_t point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
	char group[] = SN_X9_62_prime256v1;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
	    OSSL_PARAM_construct_end(),
	};

	if (x.len != P256_BYTES || y.len != P256_BYTES) {
		*ret_fault = "has coordinates (x, y) that are not 32 bytes each";
		return ERR_INVALID;
	}
	memcpy(point + 1, x.p, P256_BYTES);
	memcpy(point + 1 + P256_BYTES, y.p, P256_BYTES);
	return wrap(make("EC", params), ret, ret_fault);
}

struct evp_key *evp_key_ref(struct evp_key *k)
{
	if (k)
		k->refs++;
	return k;
}

void evp_key_unref(struct evp_key **k)
{
	struct evp_key *dead = *k;

	*k = NULL;
	if (!dead)
		return;
	assert(dead->refs > 0);
	if (--dead->refs)
		return;
	EVP_PKEY_free(dead->pkey);
	free(dead);
}

enum evp_kind evp_key_kind(const struct evp_key *k)
{
	return k->kind;
}

static bool verify(EVP_PKEY *pkey, struct bytes data, struct bytes signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		  EVP_DigestVerify(ctx, signature.p, signature.len, data.p, data.len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return is;
}

/* OpenSSL wants r and s as DER, a JWS has them raw (RFC 7518 section 3.4). */
static bool verify_raw(EVP_PKEY *pkey, struct bytes data, struct bytes signature)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature.p, P256_BYTES, NULL);
	BIGNUM *s = BN_bin2bn(signature.p + P256_BYTES, P256_BYTES, NULL);
	uint8_t *der = NULL;
	bool is = false;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		r = s = NULL; /* its own now */
		int len = i2d_ECDSA_SIG(sig, &der);

		is = len > 0 && verify(pkey, data, (struct bytes){der, (size_t)len});
	}
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return is;
}

bool evp_verify(const struct evp_key *k, struct bytes data, struct bytes signature)
{
	if (k->kind == EVP_KIND_RSA)
		return signature.len > 0 && verify(k->pkey, data, signature);
	return signature.len == 2 * P256_BYTES && verify_raw(k->pkey, data, signature);
}

bool evp_hmac_verify(size_t hash_bytes, struct bytes key, struct bytes data, struct bytes mac)
{
	const char *digest = hash_bytes == 48 ? "SHA384" : "SHA512";
	uint8_t right[HASH_MAX_BYTES];
	size_t len = 0;

	assert(hash_bytes == 48 || hash_bytes == 64);
	if (mac.len != hash_bytes || key.len == 0)
		return false;
	bool is = EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key.p, key.len, data.p, data.len,
		      right, sizeof(right), &len) &&
		  len == hash_bytes && CRYPTO_memcmp(right, mac.p, hash_bytes) == 0;

	OPENSSL_cleanse(right, sizeof(right));
	return is;
}
