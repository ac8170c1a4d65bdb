#ifndef ROOMCAST_TESTS_FAKES_LOG_H
#define ROOMCAST_TESTS_FAKES_LOG_H
/*
 * A log that is kept for the test to read; every level is on. A record is one line:
 *
 *	info socket.refused nsp=/chat reason=token_expired
 */
#include "common/log.h"

void fake_log_forget(void);

/* How many lines hold the text. */
unsigned fake_log_count(const char *text);

#endif
