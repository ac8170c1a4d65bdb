#include "gateway/eio/http.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

/* All headers of a request, as libwebsockets is told to limit them, and their terminators. */
enum { TEXT_BYTES = 16384 + 1024 };

struct http_request {
	struct eio_request engine;
	struct str path, user_agent, authorization, referer, language;
	struct str content_type, content_length, transfer_encoding, asked_headers, known_etag;
	struct buf url;
	const char *cors;
	bool is_secure;
	bool has_address;
	struct ip address;
	char ip[IP_TEXT_SIZE]; /* as text */
	size_t used;
	char text[TEXT_BYTES];
};

_Static_assert(FRAME_HEADROOM >= LWS_PRE, "a frame can be handed to lws_write()");

static struct lws *lws_of(struct wire *w)
{
	return (struct lws *)(void *)w;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The n bytes that were just copied to the end of the text, trimmed; n <= 0 = nothing was. A NUL
 * in a header is one here, too: cut off there, it could say what it did not. */
static struct str keep(struct http_request *r, int n)
{
	struct str s = {r->text + r->used, n > 0 ? (size_t)n : 0};

	r->used += n > 0 ? (size_t)n + 1 : 0;
	while (s.len && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

static struct str header(struct http_request *r, struct lws *wsi, enum lws_token_indexes token)
{
	return keep(r, lws_hdr_copy(wsi, r->text + r->used, (int)(TEXT_BYTES - r->used), token));
}

static struct str method_of(int index)
{
	static const char *const names[] = {
	    [LWSHUMETH_GET] = "GET",
	    [LWSHUMETH_POST] = "POST",
	    [LWSHUMETH_OPTIONS] = "OPTIONS",
	    [LWSHUMETH_PUT] = "PUT",
	    [LWSHUMETH_PATCH] = "PATCH",
	    [LWSHUMETH_DELETE] = "DELETE",
	    [LWSHUMETH_CONNECT] = "CONNECT",
	    [LWSHUMETH_HEAD] = "HEAD",
	};

	if (index < 0 || (size_t)index >= ARRAY_LEN(names))
		return STR("");
	return str_of(names[index]);
}

/* libwebsockets has decoded the URL; it is encoded again, so that separators stay separators. */
static void put_encoded(struct buf *url, struct str s, const char *plain)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c && strchr(plain, c)))
			buf_putc(url, (char)c);
		else
			buf_printf(url, "%%%02X", c);
	}
}

static void read_url(struct http_request *r, struct lws *wsi)
{
	char *path = NULL;
	int len = 0;

	r->engine.method = method_of(lws_http_get_uri_and_method(wsi, &path, &len));
	if (path) {
		r->path = (struct str){r->text + r->used, (size_t)len};
		memcpy(r->text + r->used, path, (size_t)len);
		r->used += (size_t)len + 1;
	}
	put_encoded(&r->url, r->path, "/-._~!$&'()*+,;=:@");
	for (int i = 0;; i++) {
		int n = lws_hdr_copy_fragment(wsi, r->text + r->used, (int)(TEXT_BYTES - r->used),
		    WSI_TOKEN_HTTP_URI_ARGS, i);

		if (n < 0)
			return;

		struct str parameter = {r->text + r->used, (size_t)n};

		r->used += (size_t)n + 1;
		eio_request_add_parameter(&r->engine, parameter);
		buf_putc(&r->url, i ? '&' : '?');
		put_encoded(&r->url, parameter, "=/-._~!$'()*,:@");
	}
}

static struct str custom_header(struct http_request *r, struct lws *wsi, struct str name)
{
	return keep(r, lws_hdr_custom_copy(wsi, r->text + r->used, (int)(TEXT_BYTES - r->used),
			   name.p, (int)name.len));
}

/* Headers can say anything: only those of a proxy of ours are read. */
static void read_client(struct http_request *r, struct lws *wsi, const struct proxies *proxies)
{
	struct ip ip;

	if (!proxies_peer(proxies, lws_get_socket_fd(wsi), &ip))
		return;
	if (proxies_trust(proxies, &ip)) {
		struct str proto = custom_header(r, wsi, STR("x-forwarded-proto:"));

		if (proto.len)
			r->is_secure = proxies_is_https(proto);
		ip = proxies_client(proxies, &ip, header(r, wsi, WSI_TOKEN_X_FORWARDED_FOR));
	}
	r->has_address = true;
	r->address = ip;
	ip_text(&ip, r->ip);
}

struct http_request *http_request_new(struct wire *w, const struct proxies *proxies)
{
	struct http_request *r = xcalloc(1, sizeof(*r));
	struct lws *wsi = lws_of(w);

	read_url(r, wsi);
	r->is_secure = lws_is_ssl(wsi);
	r->engine.version = header(r, wsi, WSI_TOKEN_HTTP);
	r->engine.host = header(r, wsi, WSI_TOKEN_HOST);
	r->engine.origin = header(r, wsi, WSI_TOKEN_ORIGIN);
	r->engine.upgrade = header(r, wsi, WSI_TOKEN_UPGRADE);
	r->engine.connection = header(r, wsi, WSI_TOKEN_CONNECTION);
	r->engine.websocket_key = header(r, wsi, WSI_TOKEN_KEY);
	r->engine.websocket_version = header(r, wsi, WSI_TOKEN_VERSION);
	r->engine.websocket_protocol = header(r, wsi, WSI_TOKEN_PROTOCOL);
	r->user_agent = header(r, wsi, WSI_TOKEN_HTTP_USER_AGENT);
	r->authorization = header(r, wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
	r->referer = header(r, wsi, WSI_TOKEN_HTTP_REFERER);
	r->language = header(r, wsi, WSI_TOKEN_HTTP_ACCEPT_LANGUAGE);
	r->content_type = header(r, wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
	r->content_length = header(r, wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	r->transfer_encoding = header(r, wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
	r->known_etag = header(r, wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
	r->asked_headers = header(r, wsi, WSI_TOKEN_HTTP_AC_REQUEST_HEADERS);
	read_client(r, wsi, proxies);
	return r;
}

void http_request_free(struct http_request **r)
{
	struct http_request *dead = *r;

	*r = NULL;
	if (!dead)
		return;
	buf_free(&dead->url);
	free(dead);
}

struct str http_request_path(const struct http_request *r)
{
	return r->path;
}

const struct ip *http_request_address(const struct http_request *r)
{
	return r->has_address ? &r->address : NULL;
}

struct str http_request_content_type(const struct http_request *r)
{
	return r->content_type;
}

struct str http_request_known_etag(const struct http_request *r)
{
	return r->known_etag;
}

struct str http_request_asked_headers(const struct http_request *r)
{
	return r->asked_headers;
}

void http_request_set_cors(struct http_request *r, const char *headers)
{
	r->cors = headers;
}

const char *http_request_cors(const struct http_request *r)
{
	return r->cors;
}

const struct eio_request *http_request_engine(const struct http_request *r)
{
	return &r->engine;
}

struct eio_handshake http_request_handshake(const struct http_request *r)
{
	return (struct eio_handshake){
	    .ip = str_of(r->ip),
	    .user_agent = r->user_agent,
	    .authorization = r->authorization,
	    .origin = r->engine.origin,
	    .host = r->engine.host,
	    .referer = r->referer,
	    .language = r->language,
	    .url = buf_str(&r->url),
	    .transport = r->engine.transport,
	    .token = r->engine.token,
	    .revision = eio_request_revision(&r->engine),
	    .is_text_only = r->engine.b64.len > 0,
	    .secure = r->is_secure,
	};
}

unsigned http_request_bad_body(const struct http_request *r)
{
	struct str method = r->engine.method;
	uint64_t length;

	if (r->transfer_encoding.len)
		return 411;
	if (!r->content_length.len) {
		bool has_body =
		    str_eqz(method, "POST") || str_eqz(method, "PUT") || str_eqz(method, "PATCH");

		return has_body ? 411 : 0;
	}
	switch (str_to_u64(r->content_length, HTTP_SKIPPED_BODY_MAX, &length)) {
	case ERR_OK:
		return 0;
	case ERR_TOO_BIG:
		return 413;
	default:
		return 400;
	}
}

uint64_t http_request_body_bytes(const struct http_request *r)
{
	uint64_t length = 0;

	if (r->content_length.len && str_to_u64(r->content_length, UINT64_MAX, &length))
		return UINT64_MAX;
	return length;
}

void http_copy_subprotocol(struct wire *w, char ret_name[EIO_SUBPROTOCOL_MAX + 1])
{
	char offer[EIO_SUBPROTOCOLS_MAX + 2];
	int len = lws_hdr_copy(lws_of(w), offer, sizeof(offer), WSI_TOKEN_PROTOCOL);
	struct str name = len > 0 ? eio_subprotocol(str_of(offer)) : STR("");

	if (!name.len)
		return;
	memcpy(ret_name, name.p, name.len);
	ret_name[name.len] = '\0';
}

static const char *phrase_of(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {
	    {200, "OK"},
	    {204, "No Content"},
	    {400, "Bad Request"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {411, "Length Required"},
	    {413, "Content Too Large"},
	    {426, "Upgrade Required"},
	    {429, "Too Many Requests"},
	    {500, "Internal Server Error"},
	    {503, "Service Unavailable"},
	    {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
		if (phrases[i].status == status)
			return phrases[i].phrase;
	}
	return "Unknown";
}

static const char *or_none(const char *headers)
{
	return headers ? headers : "";
}

struct frame *http_answer(const struct http_request *r, const struct http_answer *a)
{
	struct buf text = {0};

	buf_printf(&text, "HTTP/1.1 %u %s\r\n%s", a->status, phrase_of(a->status),
	    or_none(a->cors || !r ? a->cors : r->cors));
	if (a->content_type)
		buf_printf(&text, "Content-Type: %s\r\n", a->content_type);
	buf_printf(&text, "Content-Length: %zu\r\n", a->body.len);
	if (a->status != 204)
		buf_printf(&text, "Cache-Control: %s\r\n", a->cache ? a->cache : "no-store");
	buf_printf(
	    &text, "%s%s\r\n", a->is_last ? "Connection: close\r\n" : "", or_none(a->headers));
	if (!r || !str_eqz(r->engine.method, "HEAD"))
		buf_puts(&text, a->body);
	return buf_seal(&text);
}

static struct frame *refuse(const struct http_request *r, struct http_answer a,
    const struct eio_refusal_row *row, struct str body)
{
	a.status = row->status;
	a.headers = row->headers;
	a.body = body;
	return http_answer(r, &a);
}

static struct frame *refuse_plain(
    const struct http_request *r, const char *cors, const struct eio_refusal_row *row)
{
	/* Who is refused for want of room does not keep his connection either. */
	struct http_answer a = {
	    .content_type = "application/json", .cors = cors, .is_last = row->status == 503};
	struct buf json = {0};

	buf_printf(&json, "{\"code\":%u,\"message\":\"%s\"}", row->code, row->message);

	struct frame *f = refuse(r, a, row, buf_str(&json));

	buf_free(&json);
	return f;
}

struct frame *http_refusal(const struct http_request *r, enum eio_refusal why, bool is_upgrade)
{
	struct http_answer a = {.content_type = "text/html", .is_last = true};
	const struct eio_refusal_row *row = eio_refusal_row(why);

	return is_upgrade ? refuse(r, a, row, str_of(row->message)) : refuse_plain(r, NULL, row);
}

struct frame *http_late_refusal(const char *cors, enum eio_refusal why)
{
	return refuse_plain(NULL, cors, eio_refusal_row(why));
}

bool http_write_take(struct wire *w, struct frame **answer)
{
	int n = lws_write(lws_of(w), frame_data(*answer), frame_len(*answer), LWS_WRITE_HTTP_FINAL);

	frame_unref(answer);
	return n >= 0;
}

void http_park(struct wire *w)
{
	lws_set_timeout(lws_of(w), NO_PENDING_TIMEOUT, 0);
}

void http_finish(struct wire *w, bool is_sent)
{
	if (!is_sent || lws_http_transaction_completed(lws_of(w)))
		lws_set_timeout(lws_of(w), PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
}
