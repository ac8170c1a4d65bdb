/*
 * Plain requests, revisions, foreign origins, and the parameters of an address.
 */
#include "tests/gateway/eio/handshake_stage.h"

static void test_plain_requests(void **state)
{
	struct eio_request r = {.method = STR("GET"), .transport = STR("polling"), .eio = STR("4")};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_NONE, &why));
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_POLLING, &why));
	stage_no_poll(&r, EIO_SID_UNKNOWN, EIO_REFUSAL_UNKNOWN_SID);
	stage_no_poll(&r, EIO_SID_WEBSOCKET, EIO_REFUSAL_BAD_REQUEST);
	r.method = STR("POST");
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_POLLING, &why));
	stage_no_poll(&r, EIO_SID_NONE, EIO_REFUSAL_BAD_METHOD);
	r.eio = STR("3");
	stage_no_poll(&r, EIO_SID_POLLING, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	stage_no_poll(&r, EIO_SID_WEBSOCKET, EIO_REFUSAL_BAD_REQUEST);
	r.transport = STR("websocket");
	stage_no_poll(&r, EIO_SID_POLLING, EIO_REFUSAL_BAD_REQUEST);
	r.transport = STR("abc");
	stage_no_poll(&r, EIO_SID_UNKNOWN, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	assert_int_equal(why, EIO_REFUSALS);
}

static void test_foreign_origin(void **state)
{
	struct eio_request r = stage_good;
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	r.is_foreign = true;
	stage_refused(&r, EIO_REFUSAL_FORBIDDEN_UPGRADE);
	r.eio = STR("3");
	stage_refused(&r, EIO_REFUSAL_FORBIDDEN_UPGRADE);
	r.method = STR("POST");
	stage_refused(&r, EIO_REFUSAL_BAD_METHOD);
	r = stage_good;
	r.is_foreign = true;
	r.transport = STR("polling");
	stage_no_poll(&r, EIO_SID_NONE, EIO_REFUSAL_FORBIDDEN);
	stage_no_poll(&r, EIO_SID_UNKNOWN, EIO_REFUSAL_UNKNOWN_SID);
	assert_true(eio_request_may_poll(&r, EIO_REVISION_4, EIO_SID_POLLING, &why));
	r.transport = STR("websocket");
	stage_no_poll(&r, EIO_SID_NONE, EIO_REFUSAL_BAD_REQUEST);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_FORBIDDEN)->status, 403);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_FORBIDDEN_UPGRADE)->status, 400);
	assert_int_equal(eio_refusal_row(EIO_REFUSAL_FORBIDDEN_UPGRADE)->code, 4);
}

/* Where revision 3 is spoken, too. */
static void test_revision_3(void **state)
{
	static const char *const three[] = {"", "3"}, *const bad[] = {"2", "33", "abc", ",", "5"};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(three); i++) {
		const struct eio_request *r = BUT(eio, three[i]);

		assert_int_equal(eio_request_revision(r), EIO_REVISION_3);
		assert_true(eio_request_may_upgrade(r, EIO_REVISION_3, EIO_SID_NONE, &why));
		stage_refused(r, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(
		    eio_request_may_upgrade(BUT(eio, bad[i]), EIO_REVISION_3, EIO_SID_NONE, &why));
		assert_int_equal(why, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
	}
	assert_int_equal(eio_request_revision(&stage_good), EIO_REVISION_4);
	assert_true(eio_request_may_upgrade(&stage_good, EIO_REVISION_3, EIO_SID_NONE, &why));
	assert_false(
	    eio_request_may_upgrade(&stage_good, EIO_REVISION_3, EIO_SID_OTHER_REVISION, &why));
	assert_int_equal(why, EIO_REFUSAL_BAD_REQUEST);
}

static void test_polling_in_revision_3(void **state)
{
	struct eio_request r = {.method = STR("GET"), .transport = STR("polling"), .eio = STR("3")};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	assert_true(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_NONE, &why));
	assert_false(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_OTHER_REVISION, &why));
	assert_int_equal(why, EIO_REFUSAL_BAD_REQUEST);
	r.sid = STR("x");
	stage_no_poll(&r, EIO_SID_OTHER_REVISION, EIO_REFUSAL_UNSUPPORTED_PROTOCOL);
}

static void test_jsonp_is_no_transport(void **state)
{
	struct eio_request r = {.method = STR("GET"), .transport = STR("polling"), .eio = STR("3")};
	enum eio_refusal why = EIO_REFUSALS;

	(void)state;
	eio_request_add_parameter(&r, STR("j="));
	assert_false(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_NONE, &why));
	assert_int_equal(why, EIO_REFUSAL_UNKNOWN_TRANSPORT);
	r.eio = STR("4"); /* there it is somebody's own parameter */
	assert_true(eio_request_may_poll(&r, EIO_REVISION_3, EIO_SID_NONE, &why));
}

static void test_parameters_beside(void **state)
{
	struct eio_request r = {0};

	(void)state;
	eio_request_add_parameter(&r, STR("b64=1"));
	eio_request_add_parameter(&r, STR("token=a.b=c"));
	assert_true(str_eqz(r.b64, "1"));
	assert_true(str_eqz(r.token, "a.b=c"));
	assert_null(r.jsonp.p);
}

static void test_parameters(void **state)
{
	struct eio_request r = stage_good;

	(void)state;
	r.transport = r.eio = (struct str){0};
	eio_request_add_parameter(&r, STR("t=abc"));
	eio_request_add_parameter(&r, STR("transport=websocket"));
	eio_request_add_parameter(&r, STR("EIO=4"));
	eio_request_add_parameter(&r, STR("eio=3"));
	eio_request_add_parameter(&r, STR("sid="));
	eio_request_add_parameter(&r, STR("transportx=1"));
	eio_request_add_parameter(&r, STR(""));
	stage_allowed(&r);
	eio_request_add_parameter(&r, STR("sid"));
	stage_refused(&r, EIO_REFUSAL_UNKNOWN_SID);
}

static void test_parameter_that_comes_twice(void **state)
{
	static const char *const twice[] = {"transport=websocket", "EIO=4", "sid=x"};
	static const enum eio_refusal expected[] = {
	    EIO_REFUSAL_UNKNOWN_TRANSPORT,
	    EIO_REFUSAL_UNSUPPORTED_PROTOCOL,
	    EIO_REFUSAL_UNKNOWN_SID,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
		struct eio_request r = stage_good;

		eio_request_add_parameter(&r, str_of(twice[i]));
		if (!r.sid.p)
			stage_refused(&r, expected[i]);
		eio_request_add_parameter(&r, str_of(twice[i]));
		stage_refused(&r, expected[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_requests),
	    cmocka_unit_test(test_foreign_origin),
	    cmocka_unit_test(test_revision_3),
	    cmocka_unit_test(test_polling_in_revision_3),
	    cmocka_unit_test(test_jsonp_is_no_transport),
	    cmocka_unit_test(test_parameters_beside),
	    cmocka_unit_test(test_parameters),
	    cmocka_unit_test(test_parameter_that_comes_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) || frame_live() != 0;
}
