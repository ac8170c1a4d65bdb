#include "tests/gateway/eio/handshake_stage.h"

const struct eio_request stage_good = {
    .method = {"GET", 3},
    .version = {"HTTP/1.1", 8},
    .transport = {"websocket", 9},
    .eio = {"4", 1},
    .host = {"localhost", 9},
    .upgrade = {"websocket", 9},
    .connection = {"Upgrade", 7},
    .websocket_key = {STAGE_KEY, 24},
    .websocket_version = {"13", 2},
};

/* What the sid stands for is found out by the caller; in these tests nobody has one. */
static enum eio_sid sid_of(const struct eio_request *r)
{
	return r->sid.len ? EIO_SID_UNKNOWN : EIO_SID_NONE;
}

void stage_refused(const struct eio_request *r, enum eio_refusal expected)
{
	enum eio_refusal why = EIO_REFUSALS;

	assert_false(eio_request_may_upgrade(r, EIO_REVISION_4, sid_of(r), &why));
	assert_int_equal(why, expected);
}

void stage_allowed(const struct eio_request *r)
{
	enum eio_refusal why = EIO_REFUSALS;

	assert_true(eio_request_may_upgrade(r, EIO_REVISION_4, sid_of(r), &why));
	assert_int_equal(why, EIO_REFUSALS);
}

const struct eio_request *stage_changed(size_t offset, const char *text)
{
	static struct eio_request r;

	r = stage_good;
	*(struct str *)(void *)((char *)&r + offset) = str_of(text);
	return &r;
}

void stage_no_poll(const struct eio_request *r, enum eio_sid sid, enum eio_refusal expected)
{
	enum eio_refusal why = EIO_REFUSALS;

	assert_false(eio_request_may_poll(r, EIO_REVISION_4, sid, &why));
	assert_int_equal(why, expected);
}
