#ifndef ROOMCAST_TESTS_FUZZ_FUZZ_H
#define ROOMCAST_TESTS_FUZZ_FUZZ_H
/*
 * What the fuzz targets share. Each NAME_fuzz.c has the one function that libFuzzer calls, starts
 * from corpus/NAME, and dies of a broken promise (assert) or of a sanitizer. Run: scripts/fuzz.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
