#ifndef ROOMCAST_TESTS_CHECK_H
#define ROOMCAST_TESTS_CHECK_H
/*
 * What every unit test includes first: cmocka with the headers it wants, and the check that a
 * test program ends without a frame alive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The text of a view, compared with a literal. */
#define assert_str_is(view, literal)                                                               \
	do {                                                                                       \
		struct str seen_ = (view);                                                         \
		assert_int_equal(seen_.len, sizeof(literal) - 1);                                  \
		assert_memory_equal(seen_.p, literal, sizeof(literal) - 1);                        \
	} while (0)

#endif
