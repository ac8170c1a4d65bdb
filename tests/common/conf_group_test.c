#include "tests/common/conf_complaints.h"
#include "tests/common/conf_example.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void elements_are_added_with_name_and_defaults(void **state)
{
	struct conf_load load = example_load();
	const struct example *c = (const void *)load.config;

	(void)state;
	assert_int_equal(conf_group_count(&example_group, load.config), 0);
	for (size_t i = 0; i < 20; i++) {
		char name[] = "/room-a";

		name[6] = (char)('a' + i);
		char *element = conf_group_add(&example_group, load.config, str_of(name));

		assert_string_equal(conf_group_name(element), name);
		assert_int_equal(conf_group_count(&example_group, load.config), i + 1);
	}
	assert_int_equal(c->room_count, 20);
	for (size_t i = 0; i < 20; i++) {
		assert_ptr_equal(conf_group_at(&example_group, load.config, i), &c->rooms[i]);
		assert_int_equal(c->rooms[i].name[6], 'a' + (int)i);
		assert_string_equal(c->rooms[i].title, "");
		assert_int_equal(c->rooms[i].members, 10);
		assert_int_equal(c->rooms[i].kind, 0);
	}
	example_load_end(&load);
}

static void a_value_belongs_to_its_element(void **state)
{
	struct conf_load load = example_load();
	const struct example *c = (const void *)load.config;

	(void)state;
	conf_group_add(&example_group, load.config, STR("a"));
	char *b = conf_group_add(&example_group, load.config, STR("b"));

	assert_int_equal(
	    conf_value_set(&example_room_options[EXAMPLE_ROOM_TITLE], b, "second"), ERR_OK);
	assert_string_equal(c->rooms[0].title, "");
	assert_string_equal(c->rooms[1].title, "second");
	example_load_end(&load);
}

static void an_empty_group_is_freed_too(void **state)
{
	struct conf_load load = example_load();

	(void)state;
	example_load_end(&load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elements_are_added_with_name_and_defaults),
	    cmocka_unit_test(a_value_belongs_to_its_element),
	    cmocka_unit_test(an_empty_group_is_freed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
