#include "gateway/eio/clientfiles.h"

#include "tests/check.h"
#include "tests/common/tempdir.h"

#include <stdlib.h>
#include <string.h>

static const char library[] = "/*!\n * Socket.IO v4.8.3\n */\nvar io;\n";

static char why[300];

static void put(void **state, const char *name, const char *text)
{
	tempdir_write(*state, name, text, strlen(text), 0644);
}

static struct client_files *open_files(void **state)
{
	struct client_files *c;

	assert_int_equal(client_files_new(tempdir_path(*state, ""), why, sizeof(why), &c), ERR_OK);
	return c;
}

static void no_folder_no_files(void **state)
{
	struct client_files *c;

	(void)state;
	assert_int_equal(client_files_new("", why, sizeof(why), &c), ERR_OK);
	assert_null(c);
	assert_null(client_files_find(c, STR("socket.io.js")));
	client_files_free(&c);
}

static void what_is_there_is_found(void **state)
{
	put(state, "socket.io.js", library);
	put(state, "socket.io.js.map", "{}");
	put(state, "other.js", library);
	struct client_files *c = open_files(state);
	const struct client_file *f = client_files_find(c, STR("socket.io.js"));

	assert_str_is(f->bytes, "/*!\n * Socket.IO v4.8.3\n */\nvar io;\n");
	assert_str_is(f->etag, "\"4.8.3\"");
	assert_string_equal(f->type, "application/javascript; charset=utf-8");
	assert_string_equal(f->headers, "ETag: \"4.8.3\"\r\n");
	f = client_files_find(c, STR("socket.io.js.map"));
	assert_str_is(f->bytes, "{}");
	assert_string_equal(f->type, "application/json; charset=utf-8");
	assert_str_is(f->etag, "\"4.8.3\"");
	assert_null(client_files_find(c, STR("socket.io.min.js")));
	assert_null(client_files_find(c, STR("other.js")));
	assert_null(client_files_find(c, STR("")));
	assert_null(client_files_find(c, STR("../socket.io.js")));
	client_files_free(&c);
	assert_null(c);
}

static void a_browser_that_has_it_is_known(void **state)
{
	put(state, "socket.io.min.js", library);
	struct client_files *c = open_files(state);
	const struct client_file *f = client_files_find(c, STR("socket.io.min.js"));

	assert_true(client_file_is_known(f, STR("\"4.8.3\"")));
	assert_true(client_file_is_known(f, STR("W/\"4.8.3\"")));
	assert_false(client_file_is_known(f, STR("\"4.8.2\"")));
	assert_false(client_file_is_known(f, STR("4.8.3")));
	assert_false(client_file_is_known(f, STR("")));
	client_files_free(&c);
}

static void assert_refused(void **state, const char *word)
{
	struct client_files *c;

	assert_int_equal(
	    client_files_new(tempdir_path(*state, ""), why, sizeof(why), &c), ERR_INVALID);
	assert_null(c);
	assert_non_null(strstr(why, word));
}

static void a_folder_of_something_else_is_refused(void **state)
{
	assert_refused(state, "dist");
	put(state, "socket.io.js", "alert(1)");
	assert_refused(state, "no client library");
}

static void too_much_is_refused(void **state)
{
	size_t size = 5 << 20;
	char *text = malloc(size);

	memset(text, 'x', size);
	memcpy(text, library, sizeof(library) - 1);
	tempdir_write(*state, "socket.io.js", text, size, 0644);
	free(text);
	assert_refused(state, "too big");
}

static int setup(void **state)
{
	*state = tempdir_new();
	return 0;
}

static int teardown(void **state)
{
	struct tempdir *dir = *state;

	tempdir_free(&dir);
	return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(no_folder_no_files),
	    TEST(what_is_there_is_found),
	    TEST(a_browser_that_has_it_is_known),
	    TEST(a_folder_of_something_else_is_refused),
	    TEST(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
