/*
 * Requests for Engine.IO, judged: the first line is the query, the others are what else the
 * judgement needs, in the order of struct eio_request.
 */
#include "tests/fuzz/fuzz.h"

#include "gateway/eio/handshake.h"

#include <string.h>

/* Takes what stands before the first `sign` off, and the sign; without one, all. */
static struct str take_until(struct str *rest, char sign)
{
	const char *end = rest->len ? memchr(rest->p, sign, rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->p) : rest->len;
	size_t taken = end ? len + 1 : len;
	struct str part = {rest->p, len};

	*rest = (struct str){rest->p + taken, rest->len - taken};
	return part;
}

static void read_query(struct eio_request *r, struct str query)
{
	while (query.len > 0)
		eio_request_add_parameter(r, take_until(&query, '&'));
}

static void judge(const struct eio_request *r, enum eio_revision oldest, enum eio_sid sid)
{
	enum eio_refusal why = EIO_REFUSALS;

	if (eio_request_may_upgrade(r, oldest, sid, &why)) {
		assert(why == EIO_REFUSALS && str_eqz(r->transport, "websocket"));
		assert(eio_request_revision(r) <= oldest);
		assert(sid != EIO_SID_UNKNOWN && sid != EIO_SID_OTHER_REVISION);
		assert(r->host.len && r->websocket_key.len == 24);
	} else {
		assert(eio_refusal_row(why)->status >= 400);
	}
	why = EIO_REFUSALS;
	if (eio_request_may_poll(r, oldest, sid, &why)) {
		assert(why == EIO_REFUSALS && str_eqz(r->transport, "polling"));
		assert(eio_request_revision(r) <= oldest);
		assert(sid == EIO_SID_POLLING || str_eqz(r->method, "GET"));
		assert(sid == EIO_SID_POLLING || sid == EIO_SID_NONE);
	} else {
		assert(eio_refusal_row(why)->status >= 400);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = bytes_str(bytes_of(data, size));
	struct eio_request r = {0};
	struct str *const lines[] = {&r.method, &r.version, &r.host, &r.origin, &r.upgrade,
	    &r.connection, &r.websocket_key, &r.websocket_version, &r.websocket_protocol};

	read_query(&r, take_until(&rest, '\n'));
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		*lines[i] = take_until(&rest, '\n');
	for (enum eio_revision oldest = EIO_REVISION_4; oldest < EIO_REVISIONS; oldest++) {
		for (enum eio_sid sid = EIO_SID_NONE; sid <= EIO_SID_OTHER_REVISION; sid++)
			judge(&r, oldest, sid);
	}
	return 0;
}
