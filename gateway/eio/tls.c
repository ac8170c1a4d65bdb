#include "gateway/eio/tls.h"

#include "common/log.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	TICKET_KEYS_MAX_BYTES = 128,
	TICKET_KEYS_AGE_MS = 3600 * 1000, /* who holds them can read what tickets protect */
	TICKETS = 1,                      /* a stock client makes one connection after another */
	TICKET_LIFE_S = 3600,
	SAY_EVERY_MS = 10000, /* of failed handshakes; who makes them makes many */
	SKIPPED_BYTES = 4096,
};

/* Of TLS 1.2; all there are of 1.3 are good. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct tls {
	struct tls_files files;
	struct tls_pair *pair;
	SSL_CTX *context; /* NULL = governs none yet */
	struct tls_counts counts;
	struct mono now, tickets_made, said;
	uint64_t unsaid; /* failures since the last line */
};

static void warn_of_time(const struct tls *t, struct wall now)
{
	int64_t seconds = now.ms / 1000;

	if (tls_pair_expires(t->pair) <= seconds)
		log_warn("tls.expired", LOG_Z(PATH, t->files.certificate),
		    LOG_Z(HINT, "clients refuse this certificate: renew it and send SIGHUP"));
	else if (tls_pair_begins(t->pair) > seconds)
		log_warn("tls.not_yet_valid", LOG_Z(PATH, t->files.certificate),
		    LOG_Z(HINT, "clients refuse this certificate: is the clock right?"));
}

enum err tls_new(
    const struct tls_files *files, struct wall now, char ret_why[TLS_WHY_SIZE], struct tls **ret)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	enum err e = tls_pair_read(files, ret_why, &t->pair);

	if (e) {
		tls_free(&t);
		return e;
	}
	t->files = *files;
	warn_of_time(t, now);
	*ret = t;
	return ERR_OK;
}

void tls_free(struct tls **tls)
{
	struct tls *dead = *tls;

	*tls = NULL;
	if (!dead)
		return;
	tls_pair_free(&dead->pair);
	free(dead);
}

/* Without a certificate of its own the context asks for one in each handshake. */
static int on_certificate(SSL *ssl, void *ctx)
{
	const struct tls *t = ctx;

	return tls_pair_show(t->pair, (struct tls_wire *)(void *)ssl);
}

static void count(SSL *ssl, uint64_t *which)
{
	(*which)++;
	/* What was counted of it last: handshakes come again within a connection of TLS 1.3. */
	SSL_set_app_data(ssl, which);
}

/* Somebody forgot the s of https. A browser shows this, where it would show nothing. */
static void answer_plain(const SSL *ssl)
{
	static const char answer[] =
	    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 16\r\n"
	    "Connection: close\r\n\r\nhttps is needed\n";
	char skipped[SKIPPED_BYTES];
	int fd = SSL_get_fd(ssl);

	/* What is left unread when it is closed would take the answer away. */
	(void)!recv(fd, skipped, sizeof(skipped), MSG_DONTWAIT);
	(void)!send(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say_failed(struct tls *t, const char *why)
{
	t->unsaid++;
	if (t->said.us && mono_ms_between(t->said, t->now) < SAY_EVERY_MS)
		return;
	log_info("tls.failed", LOG_Z(REASON, why ? why : "?"), LOG_U(COUNT, t->unsaid));
	t->said = t->now;
	t->unsaid = 0;
}

static void on_failed(struct tls *t, const SSL *ssl)
{
	unsigned long error = ERR_peek_last_error();

	if (ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST)
		answer_plain(ssl);
	/* That one hangs up is what probes of the port do all day. */
	if (ERR_GET_REASON(error) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		say_failed(t, ERR_reason_error_string(error));
}

static void on_handshake(const SSL *ssl, int where, int status)
{
	struct tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const uint64_t *last = SSL_get_app_data(ssl);

	if (where == SSL_CB_HANDSHAKE_START && !last) {
		count((SSL *)ssl, &t->counts.begun);
	} else if (where == SSL_CB_HANDSHAKE_DONE && last == &t->counts.begun) {
		count((SSL *)ssl, &t->counts.done);
	} else if (where == SSL_CB_ACCEPT_EXIT && status <= 0 && last == &t->counts.begun &&
		   ERR_peek_last_error()) {
		count((SSL *)ssl, &t->counts.failed);
		on_failed(t, ssl);
	}
}

/* So that no ticket that was given out before opens anything any more. */
static bool make_ticket_keys(struct tls *t)
{
	uint8_t keys[TICKET_KEYS_MAX_BYTES];
	long size = SSL_CTX_get_tlsext_ticket_keys(t->context, NULL, 0);
	bool is_made = size > 0 && (size_t)size <= sizeof(keys) &&
		       RAND_bytes(keys, (int)size) == 1 &&
		       SSL_CTX_set_tlsext_ticket_keys(t->context, keys, size) == 1;

	OPENSSL_cleanse(keys, sizeof(keys));
	return is_made;
}

bool tls_govern(struct tls *t, struct tls_context *context)
{
	SSL_CTX *c = (SSL_CTX *)(void *)context;

	t->context = c;
	SSL_CTX_set_app_data(c, t);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(c, TICKET_LIFE_S);
	SSL_CTX_set_cert_cb(c, on_certificate, t);
	SSL_CTX_set_info_callback(c, on_handshake);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(c, ciphers) == 1 &&
	       SSL_CTX_set_num_tickets(c, TICKETS) == 1 && make_ticket_keys(t);
}

enum err tls_reload(struct tls *t, struct wall now, char ret_why[TLS_WHY_SIZE])
{
	struct tls_pair *renewed = NULL;
	enum err e = tls_pair_read(&t->files, ret_why, &renewed);

	if (e)
		return e;
	tls_pair_free(&t->pair);
	t->pair = renewed;
	warn_of_time(t, now);
	/* A session that goes on by a ticket would go on with the old certificate. */
	if (t->context && !make_ticket_keys(t))
		log_warn("tls.tickets_kept", LOG_Z(REASON, "the system gives no randomness"));
	return ERR_OK;
}

void tls_tend(struct tls *t, struct mono now)
{
	t->now = now;
	if (!t->tickets_made.us)
		t->tickets_made = now;
	if (mono_ms_between(t->tickets_made, now) < TICKET_KEYS_AGE_MS)
		return;
	t->tickets_made = now;
	(void)make_ticket_keys(t);
}

struct tls_counts tls_counts(const struct tls *t)
{
	return t->counts;
}

int64_t tls_expires(const struct tls *t)
{
	return tls_pair_expires(t->pair);
}
