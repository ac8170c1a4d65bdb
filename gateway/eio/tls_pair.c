#include "gateway/eio/tls_pair.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tls_pair {
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

static PRINTF(2, 3) enum err refuse(char *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why, TLS_WHY_SIZE, format, args);
	va_end(args);
	ERR_clear_error();
	return ERR_INVALID;
}

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text ? text : "for no reason it gives";
}

bool tls_is_wanted(const struct tls_files *files)
{
	return files->certificate && files->certificate[0];
}

/* The end of a PEM file is an error like others. */
static bool is_end_of_pem(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static enum err parse_certificates(
    struct tls_pair *pair, BIO *text, const char *path, char *ret_why)
{
	X509 *next;

	pair->certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
	if (!pair->certificate)
		return refuse(ret_why,
		    "%s holds no certificate that can be read (%s); give the PEM file with the "
		    "server's certificate and its chain",
		    path, reason());
	pair->chain = sk_X509_new_null();
	while ((next = PEM_read_bio_X509(text, NULL, NULL, NULL)))
		sk_X509_push(pair->chain, next);
	if (!is_end_of_pem())
		return refuse(ret_why,
		    "%s: the certificate after number %d cannot be read (%s); is the file whole?",
		    path, sk_X509_num(pair->chain) + 1, reason());
	ERR_clear_error();
	return ERR_OK;
}

/* Asked for when a key is encrypted. Nobody is there to be asked. */
static int no_passphrase(char *buf, int size, int is_writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	*(bool *)ctx = true;
	return -1;
}

static enum err parse_key(struct tls_pair *pair, BIO *text, const char *path, char *ret_why)
{
	bool is_encrypted = false;

	pair->key = PEM_read_bio_PrivateKey(text, NULL, no_passphrase, &is_encrypted);
	if (pair->key)
		return ERR_OK;
	if (is_encrypted)
		return refuse(ret_why,
		    "%s is encrypted with a passphrase; give the key without one (openssl pkey)",
		    path);
	return refuse(ret_why,
	    "%s holds no private key that can be read (%s); give the PEM file that was made with "
	    "the certificate",
	    path, reason());
}

/* One file, handed to a parser. */
static enum err read_file(
    struct tls_pair *pair, const char *path, enum keyfile_kind kind, char *ret_why)
{
	struct buf text = {0};
	enum err e = keyfile_read(path, kind, &text, ret_why);

	if (!e) {
		BIO *bio = BIO_new_mem_buf(buf_bytes(&text).p, (int)text.len);

		e = kind == KEYFILE_SECRET ? parse_key(pair, bio, path, ret_why)
					   : parse_certificates(pair, bio, path, ret_why);
		BIO_free(bio);
		explicit_bzero((void *)buf_bytes(&text).p, text.len);
	}
	buf_free(&text);
	return e;
}

/* Tries it on for size: OpenSSL has rules of its own about what may be shown. */
static enum err check(const struct tls_pair *pair, const struct tls_files *files, char *ret_why)
{
	if (X509_check_private_key(pair->certificate, pair->key) != 1)
		return refuse(ret_why,
		    "the key in %s does not belong to the certificate in %s; give the two that "
		    "were "
		    "made for each other, the server's own certificate first",
		    files->key, files->certificate);

	SSL_CTX *scratch = SSL_CTX_new(TLS_server_method());
	enum err e = ERR_OK;

	if (!scratch ||
	    SSL_CTX_use_cert_and_key(scratch, pair->certificate, pair->key, pair->chain, 1) != 1)
		e = refuse(ret_why,
		    "%s: OpenSSL does not take this certificate: %s; have one issued with a "
		    "stronger key and signature",
		    files->certificate, reason());
	SSL_CTX_free(scratch);
	return e;
}

enum err tls_pair_read(
    const struct tls_files *files, char ret_why[TLS_WHY_SIZE], struct tls_pair **ret)
{
	struct tls_pair *pair = xcalloc(1, sizeof(*pair));
	enum err e = read_file(pair, files->certificate, KEYFILE_PUBLIC, ret_why);

	if (!e)
		e = read_file(pair, files->key, KEYFILE_SECRET, ret_why);
	if (!e)
		e = check(pair, files, ret_why);
	if (e)
		tls_pair_free(&pair);
	else
		*ret = pair;
	return e;
}

void tls_pair_free(struct tls_pair **pair)
{
	struct tls_pair *dead = *pair;

	*pair = NULL;
	if (!dead)
		return;
	X509_free(dead->certificate);
	sk_X509_pop_free(dead->chain, X509_free);
	EVP_PKEY_free(dead->key);
	free(dead);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm tm = {0};

	if (!ASN1_TIME_to_tm(time, &tm))
		return 0;
	return timegm(&tm);
}

int64_t tls_pair_expires(const struct tls_pair *pair)
{
	return seconds_of(X509_get0_notAfter(pair->certificate));
}

int64_t tls_pair_begins(const struct tls_pair *pair)
{
	return seconds_of(X509_get0_notBefore(pair->certificate));
}

bool tls_pair_show(const struct tls_pair *pair, struct tls_wire *w)
{
	SSL *ssl = (SSL *)(void *)w;

	SSL_certs_clear(ssl);
	return SSL_use_cert_and_key(ssl, pair->certificate, pair->key, pair->chain, 1) == 1;
}
