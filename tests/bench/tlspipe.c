#include "tests/bench/tlspipe.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "tests/bench/die.h"

struct tlspipe {
	SSL_CTX *context;
	SSL *ssl;
};

struct tlspipe *tlspipe_new(int fd)
{
	struct tlspipe *p = need_memory(1, sizeof(*p));

	p->context = SSL_CTX_new(TLS_client_method());
	p->ssl = p->context ? SSL_new(p->context) : NULL;
	if (!p->ssl || SSL_set_fd(p->ssl, fd) != 1)
		die("OpenSSL gives no connection");
	SSL_set_mode(p->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				 SSL_MODE_RELEASE_BUFFERS);
	SSL_set_connect_state(p->ssl);
	return p;
}

void tlspipe_free(struct tlspipe **pipe)
{
	struct tlspipe *p = *pipe;

	if (!p)
		return;
	SSL_free(p->ssl);
	SSL_CTX_free(p->context);
	free(p);
	*pipe = NULL;
}

/* As the system call would say it. */
static ssize_t result_of(const struct tlspipe *p, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(p->ssl, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		return errno ? -1 : 0;
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t tlspipe_read(struct tlspipe *p, void *data, size_t room)
{
	ERR_clear_error();
	errno = 0;
	return result_of(p, SSL_read(p->ssl, data, (int)room));
}

ssize_t tlspipe_write(struct tlspipe *p, const void *data, size_t len)
{
	ERR_clear_error();
	errno = 0;
	return result_of(p, SSL_write(p->ssl, data, (int)len));
}

bool tlspipe_wants_room(const struct tlspipe *p)
{
	return SSL_want_write(p->ssl);
}

bool tlspipe_has_more(const struct tlspipe *p)
{
	return SSL_pending(p->ssl) > 0;
}
