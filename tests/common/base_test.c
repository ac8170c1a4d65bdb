#include "common/base.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct outer {
	int first;
	struct inner {
		int x;
	} inner;
};

static void array_len_counts_elements(void **state)
{
	int numbers[7];

	(void)state;
	assert_int_equal(ARRAY_LEN(numbers), 7);
}

static void container_of_finds_the_outer_struct(void **state)
{
	struct outer o = {.first = 1};
	struct inner *inner = &o.inner;

	(void)state;
	assert_ptr_equal(CONTAINER_OF(inner, struct outer, inner), &o);
}

static void xcalloc_gives_zeroed_memory(void **state)
{
	unsigned char *p = xcalloc(100, 3);

	(void)state;
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(p[i], 0);
	free(p);
}

static void nothing_is_memory_too(void **state)
{
	void *a = xcalloc(0, 8), *b = xcalloc(8, 0), *c = xrealloc(NULL, 0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	free(a);
	free(b);
	free(c);
}

static void xrealloc_keeps_what_was_there(void **state)
{
	char *p = xrealloc(NULL, 4);

	(void)state;
	memcpy(p, "abc", 4);
	p = xrealloc(p, 100000);
	assert_string_equal(p, "abc");
	free(p);
}

static void xstrdup_copies(void **state)
{
	const char *original = "text";
	char *copy = xstrdup(original);

	(void)state;
	assert_string_equal(copy, original);
	assert_ptr_not_equal(copy, original);
	assert_null(xstrdup(NULL));
	free(copy);
}

/* Runs one allocation that cannot succeed in a child; true when the child died of it. */
static bool dies(void (*allocate)(size_t huge))
{
	/* Volatile, so that the compiler does not complain for us. */
	volatile size_t huge = SIZE_MAX / 4;
	pid_t child = fork();
	int status;

	if (child == 0) {
		close(STDERR_FILENO);
		allocate(huge);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void allocate_much(size_t huge)
{
	xcalloc(huge, 1);
}

static void allocate_overflowing(size_t huge)
{
	xcalloc(huge, 1000);
}

static void grow_much(size_t huge)
{
	xrealloc(NULL, huge);
}

static void out_of_memory_ends_the_process(void **state)
{
	(void)state;
	assert_true(dies(allocate_much));
	assert_true(dies(allocate_overflowing));
	assert_true(dies(grow_much));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(array_len_counts_elements),
	    cmocka_unit_test(container_of_finds_the_outer_struct),
	    cmocka_unit_test(xcalloc_gives_zeroed_memory),
	    cmocka_unit_test(nothing_is_memory_too),
	    cmocka_unit_test(xrealloc_keeps_what_was_there),
	    cmocka_unit_test(xstrdup_copies),
	    cmocka_unit_test(out_of_memory_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
