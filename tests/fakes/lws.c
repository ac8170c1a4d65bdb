#include "tests/check.h"

#include "tests/fakes/lws.h"

#include <string.h>

int lws_hdr_copy(struct lws *wsi, char *to, int size, enum lws_token_indexes token)
{
	const char *value = wsi->headers[token];

	*to = 0;
	if (!value)
		return 0;
	if ((int)strlen(value) >= size)
		return -1;
	strcpy(to, value);
	return (int)strlen(value);
}

int lws_is_ssl(struct lws *wsi)
{
	return wsi->is_secure;
}

int lws_hdr_copy_fragment(
    struct lws *wsi, char *to, int size, enum lws_token_indexes token, int index)
{
	assert_int_equal(token, WSI_TOKEN_HTTP_URI_ARGS);
	if (index >= 4 || !wsi->parameters[index] || (int)strlen(wsi->parameters[index]) >= size)
		return -1;
	strcpy(to, wsi->parameters[index]);
	return (int)strlen(to);
}

int lws_http_get_uri_and_method(struct lws *wsi, char **ret_path, int *ret_len)
{
	if (!wsi->path)
		return -1;
	*ret_path = wsi->path;
	*ret_len = (int)strlen(wsi->path);
	return wsi->method;
}

int lws_get_socket_fd(struct lws *wsi)
{
	return wsi->fd;
}

int lws_write(struct lws *wsi, unsigned char *bytes, size_t len, enum lws_write_protocol protocol)
{
	assert_int_equal(protocol, LWS_WRITE_HTTP_FINAL);
	buf_reset(&wsi->written);
	buf_put(&wsi->written, bytes_of(bytes, len));
	return wsi->is_broken ? -1 : (int)len;
}

void lws_set_timeout(struct lws *wsi, enum pending_timeout reason, int secs)
{
	assert_true(reason == NO_PENDING_TIMEOUT || secs == LWS_TO_KILL_ASYNC);
	wsi->timeout = reason;
}

int lws_http_transaction_completed(struct lws *wsi)
{
	wsi->completed++;
	return wsi->is_last;
}

int lws_hdr_custom_copy(struct lws *wsi, char *to, int size, const char *name, int len)
{
	const char *value = wsi->forwarded_proto;

	assert_true(str_eqz((struct str){name, (size_t)len}, "x-forwarded-proto:"));
	if (!value || (int)strlen(value) >= size)
		return -1;
	strcpy(to, value);
	return (int)strlen(value);
}

struct wire *fake_wire(struct lws *wsi)
{
	return (struct wire *)(void *)wsi;
}

struct http_request *fake_request(struct lws *wsi)
{
	struct proxies *nobody = NULL;
	char why[100];

	assert_int_equal(proxies_new(STR(""), why, sizeof(why), &nobody), ERR_OK);

	struct http_request *r = http_request_new(fake_wire(wsi), nobody);

	proxies_free(&nobody);
	return r;
}

bool fake_write_take(struct lws *wsi, struct frame **answer)
{
	bool is_fine = http_write_take(fake_wire(wsi), answer);

	assert_null(*answer);
	return is_fine;
}

void assert_written(struct lws *wsi, const char *expected)
{
	assert_true(str_eqz(buf_str(&wsi->written), expected));
	buf_free(&wsi->written);
}
