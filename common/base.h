#ifndef ROOMCAST_COMMON_BASE_H
#define ROOMCAST_COMMON_BASE_H
/*
 * The handful of words every file speaks: compiler attributes, array length, allocation.
 * Allocation failure ends the process (a peer can never cause it, every queue has a bound),
 * so the x-allocators never return NULL and nobody checks them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of type `type` whose member `member` is at `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Zeroed memory for n elements of size bytes; the caller owns it and ends it with free(). */
void *xcalloc(size_t n, size_t size);

/* realloc() that never fails; the old pointer is gone afterwards. */
void *xrealloc(void *old, size_t size);

/* A copy of a NUL-terminated string; the caller owns it. NULL gives NULL. */
char *xstrdup(const char *s);

#endif
