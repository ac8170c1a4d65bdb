#include "tests/gateway/eio/issuer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64 };

static EVP_PKEY *make_key(enum issuer_key kind)
{
	switch (kind) {
	case ISSUER_RSA:
		return EVP_RSA_gen(2048);
	case ISSUER_RSA_WEAK:
		return EVP_RSA_gen(512);
	case ISSUER_EC:
		break;
	}
	return EVP_EC_gen("P-256");
}

static X509 *make_certificate(EVP_PKEY *key, const struct issuer_order *order)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(x), order->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), order->begins_s);
	X509_gmtime_adj(X509_getm_notAfter(x), order->expires_s);
	X509_NAME_add_entry_by_txt(
	    name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	return x;
}

static const char *write_bio(struct tempdir *t, const char *name, const char *suffix, BIO *text)
{
	char file[NAME_SIZE];
	char *p;
	long len = BIO_get_mem_data(text, &p);

	snprintf(file, sizeof(file), "%s.%s", name, suffix);

	const char *path = tempdir_write(t, file, p, (size_t)len, 0600);

	BIO_free(text);
	return path;
}

struct tls_files issuer_write(struct tempdir *t, const char *name, const struct issuer_order *order)
{
	EVP_PKEY *key = make_key(order->key);
	X509 *x = make_certificate(key, order);
	BIO *public = BIO_new(BIO_s_mem()), *secret = BIO_new(BIO_s_mem());
	struct tls_files files;

	PEM_write_bio_X509(public, x);
	PEM_write_bio_PrivateKey(secret, key, order->passphrase ? EVP_aes_128_cbc() : NULL, NULL, 0,
	    NULL, (void *)order->passphrase);
	files.certificate = write_bio(t, name, "pem", public);
	files.key = write_bio(t, name, "key", secret);
	X509_free(x);
	EVP_PKEY_free(key);
	return files;
}
