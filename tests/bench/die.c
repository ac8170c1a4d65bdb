#include "tests/bench/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((format(printf, 1, 0))) static void say(const char *fmt, va_list args)
{
	fflush(stdout);
	fputs("roomcast-bench: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	/* Not exit(): what is left allocated at a death is no leak worth a report. */
	_exit(EXIT_FAILURE);
}

void *need_memory(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		die("out of memory (%zu x %zu bytes)", count, size);
	return memory;
}
