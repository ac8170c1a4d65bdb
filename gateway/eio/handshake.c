#include "gateway/eio/handshake.h"

#include "common/crypto.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum {
	KEY_CHARS = 24, /* base64 of the 16 bytes of a Sec-WebSocket-Key */
	KEY_BYTES = 16,
};

static const struct eio_refusal_row rows[] = {
#define EIO_REFUSAL(name, code, status, message, headers) {code, status, message, headers},
#include "gateway/eio/refusal.def"
#undef EIO_REFUSAL
};

const struct eio_refusal_row *eio_refusal_row(enum eio_refusal why)
{
	assert((size_t)why < ARRAY_LEN(rows));
	return &rows[why];
}

static bool eq_ignoring_case(struct str s, const char *z)
{
	return s.len == strlen(z) && strncasecmp(s.p, z, s.len) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the first element off a comma-separated list. */
static struct str next_element(struct str *list)
{
	const char *comma = memchr(list->p, ',', list->len);
	size_t len = comma ? (size_t)(comma - list->p) : list->len;
	struct str element = {list->p, len};

	list->p += comma ? len + 1 : len;
	list->len -= comma ? len + 1 : len;
	while (element.len && is_blank(element.p[0])) {
		element.p++;
		element.len--;
	}
	while (element.len && is_blank(element.p[element.len - 1]))
		element.len--;
	return element;
}

static bool list_has(struct str list, const char *word)
{
	while (list.len) {
		if (eq_ignoring_case(next_element(&list), word))
			return true;
	}
	return false;
}

/* RFC 7230, 3.2.6 */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("(),/:;<=>?@[\\]{}\"", c))
			return false;
	}
	return s.len > 0;
}

static bool list_has_exactly(struct str list, struct str word)
{
	while (list.len) {
		if (str_eq(next_element(&list), word))
			return true;
	}
	return false;
}

struct str eio_subprotocol(struct str offer)
{
	struct str list = offer, first = next_element(&list);
	bool is_good = is_token(first) && first.len <= EIO_SUBPROTOCOL_MAX &&
		       !(first.p[0] >= '0' && first.p[0] <= '9') &&
		       offer.len <= EIO_SUBPROTOCOLS_MAX && offer.p[offer.len - 1] != ',';

	is_good = is_good && !list_has_exactly(list, first);
	while (is_good && list.len) {
		struct str next = next_element(&list);

		is_good = is_token(next) && !list_has_exactly(list, next);
	}
	return is_good ? first : STR("");
}

static bool is_key(struct str key)
{
	struct buf bytes = {0};
	bool is_good = key.len == KEY_CHARS && crypto_base64_decode(key, &bytes) == ERR_OK &&
		       bytes.len == KEY_BYTES;

	buf_free(&bytes);
	return is_good;
}

/* Characters that no header may hold; an Origin with them was not written by a browser. */
static bool has_control_character(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static void set_parameter(struct str *field, struct str value)
{
	*field = field->p ? STR(",") : value;
}

void eio_request_add_parameter(struct eio_request *r, struct str parameter)
{
	static const struct {
		const char *name;
		size_t offset;
	} ours[] = {
	    {"transport", offsetof(struct eio_request, transport)},
	    {"EIO", offsetof(struct eio_request, eio)},
	    {"sid", offsetof(struct eio_request, sid)},
	    {"b64", offsetof(struct eio_request, b64)},
	    {"j", offsetof(struct eio_request, jsonp)},
	    {"token", offsetof(struct eio_request, token)},
	};
	const char *sign = memchr(parameter.p, '=', parameter.len);
	size_t len = sign ? (size_t)(sign - parameter.p) : parameter.len;
	size_t value_at = sign ? len + 1 : len;
	struct str value = {parameter.p + value_at, parameter.len - value_at};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		if (str_eqz((struct str){parameter.p, len}, ours[i].name))
			set_parameter((struct str *)(void *)((char *)r + ours[i].offset), value);
	}
}

enum eio_revision eio_request_revision(const struct eio_request *r)
{
	if (str_eqz(r->eio, "4"))
		return EIO_REVISION_4;
	return !r->eio.len || str_eqz(r->eio, "3") ? EIO_REVISION_3 : EIO_REVISIONS;
}

static bool is_transport(struct str name)
{
	return str_eqz(name, "websocket") || str_eqz(name, "polling");
}

/* The checks that both kinds of request share, in the order of engine.io. */
static bool is_refused(const struct eio_request *r, enum eio_sid sid, enum eio_refusal *ret_why)
{
	if (!is_transport(r->transport))
		*ret_why = EIO_REFUSAL_UNKNOWN_TRANSPORT;
	else if (has_control_character(r->origin))
		*ret_why = EIO_REFUSAL_BAD_REQUEST;
	else if (sid == EIO_SID_UNKNOWN)
		*ret_why = EIO_REFUSAL_UNKNOWN_SID;
	else if (sid == EIO_SID_NONE && !str_eqz(r->method, "GET"))
		*ret_why = EIO_REFUSAL_BAD_METHOD;
	else
		return false;
	return true;
}

/* Do we speak what it speaks, and does it speak what its session does? */
static bool is_misunderstood(const struct eio_request *r, enum eio_revision oldest,
    enum eio_sid sid, enum eio_refusal *ret_why)
{
	if (eio_request_revision(r) > oldest)
		*ret_why = EIO_REFUSAL_UNSUPPORTED_PROTOCOL;
	else if (sid == EIO_SID_OTHER_REVISION)
		*ret_why = EIO_REFUSAL_BAD_REQUEST;
	else
		return false;
	return true;
}

unsigned eio_request_bad_http(const struct eio_request *r)
{
	if (str_eqz(r->version, "HTTP/1.0"))
		return 0;
	if (!str_eqz(r->version, "HTTP/1.1"))
		return 505;
	return r->host.len ? 0 : 400;
}

/*
 * libwebsockets 4.1 answers 101 to nearly anything, so RFC 6455 section 4.2.1 is enforced here.
 */
static bool is_websocket_opening(const struct eio_request *r)
{
	return str_eqz(r->version, "HTTP/1.1") && str_eqz(r->method, "GET") && r->host.len &&
	       eq_ignoring_case(r->upgrade, "websocket") && list_has(r->connection, "upgrade") &&
	       is_key(r->websocket_key) &&
	       (!r->websocket_protocol.len || eio_subprotocol(r->websocket_protocol).len);
}

bool eio_request_may_upgrade(const struct eio_request *r, enum eio_revision oldest,
    enum eio_sid sid, enum eio_refusal *ret_why)
{
	if (is_refused(r, sid, ret_why))
		return false;
	if (r->is_foreign)
		*ret_why = EIO_REFUSAL_FORBIDDEN_UPGRADE;
	else if (is_misunderstood(r, oldest, sid, ret_why))
		return false;
	else if (!str_eqz(r->transport, "websocket") || !is_websocket_opening(r))
		*ret_why = EIO_REFUSAL_BAD_REQUEST;
	else if (!str_eqz(r->websocket_version, "13"))
		*ret_why = EIO_REFUSAL_WEBSOCKET_VERSION;
	else
		return true;
	return false;
}

/* Polling by scripts that the page loads: no client of revision 4 does it, and few of 3 did. */
static bool is_jsonp(const struct eio_request *r)
{
	return r->jsonp.p && eio_request_revision(r) == EIO_REVISION_3;
}

bool eio_request_may_poll(const struct eio_request *r, enum eio_revision oldest, enum eio_sid sid,
    enum eio_refusal *ret_why)
{
	if (is_refused(r, sid, ret_why))
		return false;
	/* Without Upgrade there is no WebSocket, and who is carried by one does not poll. */
	if (!str_eqz(r->transport, "polling") || sid == EIO_SID_WEBSOCKET)
		*ret_why = EIO_REFUSAL_BAD_REQUEST;
	else if (r->is_foreign && sid == EIO_SID_NONE)
		*ret_why = EIO_REFUSAL_FORBIDDEN;
	else if (is_misunderstood(r, oldest, sid, ret_why))
		return false;
	else if (is_jsonp(r))
		*ret_why = EIO_REFUSAL_UNKNOWN_TRANSPORT;
	else
		return true;
	return false;
}
