#ifndef ROOMCAST_TESTS_COMMON_HEX_H
#define ROOMCAST_TESTS_COMMON_HEX_H
/*
 * Bytes written as hexadecimal digits, as the vectors of standards are.
 */
#include "common/str.h"

/* The bytes of an even number of digits, 256 at most; good until the fourth call after this. */
struct bytes hex(const char *digits);

#endif
