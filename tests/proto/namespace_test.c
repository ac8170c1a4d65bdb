#include "tests/check.h"

#include "proto/limits.h"
#include "proto/namespace.h"

#include <string.h>

/* The fault of one name. */
static const char *fault_of(const char *name)
{
	struct namespace_conf n = {.name = (char *)name};

	return namespaces_find_fault(&n, 1);
}

static void test_good_names(void **state)
{
	static const char *const names[] = {"/", "/chat", "/a/b", "/chat-2", "/\xc3\xa4", "/#1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_null(fault_of(names[i]));
	assert_null(namespaces_find_fault(NULL, 0));
}

static void test_a_name_begins_with_a_slash(void **state)
{
	static const char *const names[] = {"", "chat", "chat/", " /chat"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(
		    fault_of(names[i]), "the name of a namespace must begin with /");
}

static void test_a_name_has_a_greatest_length(void **state)
{
	char name[LIMIT_NSP + 2];

	(void)state;
	memset(name, '/', sizeof(name));
	name[LIMIT_NSP] = '\0';
	assert_null(fault_of(name));
	name[LIMIT_NSP] = '/';
	name[LIMIT_NSP + 1] = '\0';
	assert_string_equal(fault_of(name), "the name of a namespace is too long");
}

/* Each would end the name in a packet, or be lost in a JSON text. */
static void test_a_name_holds_nothing_that_ends_it(void **state)
{
	static const char ends[] = ",? \t\"\\";
	char name[] = "/a b";

	(void)state;
	for (size_t i = 0; ends[i]; i++) {
		name[2] = ends[i];
		assert_string_equal(fault_of(name),
		    "the name of a namespace holds a comma, question mark, quote or space");
	}
}

static void test_every_name_is_looked_at(void **state)
{
	struct namespace_conf n[] = {
	    {.name = (char *)"/"}, {.name = (char *)"/chat"}, {.name = (char *)"oops"}};

	(void)state;
	assert_null(namespaces_find_fault(n, 2));
	assert_string_equal(
	    namespaces_find_fault(n, 3), "the name of a namespace must begin with /");
}

/* What --print-config shows can be used as it is. */
static void test_the_samples_are_good(void **state)
{
	size_t count = 0;

	(void)state;
	for (; namespace_samples[count]; count++)
		assert_null(fault_of(namespace_samples[count]));
	assert_in_range(count, 1, LIMIT_NAMESPACES);
	assert_string_equal(namespace_samples[0], "/");
}

static void test_the_options(void **state)
{
	(void)state;
	assert_int_equal(NAMESPACE_OPTIONS, 11);
	for (size_t i = 0; i < NAMESPACE_OPTIONS; i++) {
		const struct conf_option *o = &namespace_options[i];

		assert_string_equal(o->section, "");
		assert_true(strlen(o->doc) > 0);
		/* Behind the name, which comes first. */
		assert_true(o->offset >= sizeof(char *));
		assert_true(o->offset < sizeof(struct namespace_conf));
		if (o->type == CONF_CHOICE)
			assert_non_null(strstr(o->choices, o->fallback));
	}
	assert_string_equal(namespace_options[0].name, "handler");
	assert_string_equal(namespace_options[1].name, "auth");
	assert_string_equal(namespace_options[2].name, "create-rooms");
	assert_int_equal(
	    namespace_options[2].offset, offsetof(struct namespace_conf, create_rooms));
}

static void test_one_is_found_by_its_name(void **state)
{
	struct namespace_conf n[] = {{.name = (char *)"/"}, {.name = (char *)"/chat"}};

	(void)state;
	assert_ptr_equal(namespaces_find(n, ARRAY_LEN(n), STR("/chat")), &n[1]);
	assert_null(namespaces_find(n, ARRAY_LEN(n), STR("/cha")));
	assert_null(namespaces_find(NULL, 0, STR("/")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_names),
	    cmocka_unit_test(test_a_name_begins_with_a_slash),
	    cmocka_unit_test(test_a_name_has_a_greatest_length),
	    cmocka_unit_test(test_a_name_holds_nothing_that_ends_it),
	    cmocka_unit_test(test_every_name_is_looked_at),
	    cmocka_unit_test(test_the_samples_are_good),
	    cmocka_unit_test(test_the_options),
	    cmocka_unit_test(test_one_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
