#include "tests/check.h"

#include "proto/errors.h"

#include <string.h>

/*
 * The number of a row goes over the link and the code to clients that exist: rows are added at
 * the end, and none of these changes.
 */
static void test_numbers_and_codes_never_change(void **state)
{
	static const char *const codes[] = {
	    "",
	    "authentication_required",
	    "authentication_invalid",
	    "token_expired",
	    "access_denied",
	    "room_not_found",
	    "invalid_message",
	    "unknown_event",
	    "rate_limited",
	    "too_many_rooms",
	    "payload_too_large",
	    "unavailable",
	    "timeout",
	    "internal",
	};

	(void)state;
	assert_true(CLIENT_ERRORS >= ARRAY_LEN(codes));
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		assert_string_equal(client_error_row(i)->code, codes[i]);
}

static void test_the_texts_that_clients_show(void **state)
{
	static const struct {
		enum client_error error;
		const char *message;
	} rows[] = {
	    {CLIENT_ERROR_AUTHENTICATION_REQUIRED, "Authentication required"},
	    {CLIENT_ERROR_AUTHENTICATION_INVALID, "Invalid authentication"},
	    {CLIENT_ERROR_ACCESS_DENIED, "Access denied"},
	    {CLIENT_ERROR_INVALID_MESSAGE, "Invalid message format"},
	    {CLIENT_ERROR_RATE_LIMITED, "Rate limit exceeded"},
	    {CLIENT_ERROR_UNAVAILABLE, "Failed to send message"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(client_error_row(rows[i].error)->message, rows[i].message);
}

static void test_what_a_newer_peer_says_is_internal(void **state)
{
	const struct client_error_row *internal = client_error_row(CLIENT_ERROR_INTERNAL);

	(void)state;
	assert_string_equal(internal->code, "internal");
	assert_ptr_equal(client_error_row(CLIENT_ERRORS), internal);
	assert_ptr_equal(client_error_row((uint64_t)1 << 32), internal);
	assert_ptr_equal(client_error_row(UINT64_MAX), internal);
}

/* Codes are words for programs, and each says one thing. */
static void test_every_row_is_whole(void **state)
{
	(void)state;
	for (size_t i = CLIENT_ERROR_NONE + 1; i < CLIENT_ERRORS; i++) {
		const struct client_error_row *row = client_error_row(i);

		assert_in_range(strlen(row->code), 1, 64);
		assert_int_equal(
		    strspn(row->code, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->code));
		assert_true(strlen(row->message) > 0);
		assert_true(strlen(row->when) > 0);
		for (size_t k = i + 1; k < CLIENT_ERRORS; k++)
			assert_string_not_equal(row->code, client_error_row(k)->code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_numbers_and_codes_never_change),
	    cmocka_unit_test(test_the_texts_that_clients_show),
	    cmocka_unit_test(test_what_a_newer_peer_says_is_internal),
	    cmocka_unit_test(test_every_row_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
