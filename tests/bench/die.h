/*
 * die is how every part of the benchmark fails: one sentence on stderr, exit status 1. A run that
 * lost a connection or a message has measured nothing, so there is nobody to hand an error to.
 */
#ifndef BENCH_DIE_H
#define BENCH_DIE_H

#include <stddef.h>

/* The sentence alone, for those who have more than one to say before they die. */
__attribute__((format(printf, 1, 2))) void complain(const char *fmt, ...);

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);

/* malloc that dies; the memory is zeroed. */
void *need_memory(size_t count, size_t size);

#endif
