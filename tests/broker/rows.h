#ifndef ROOMCAST_TESTS_BROKER_ROWS_H
#define ROOMCAST_TESTS_BROKER_ROWS_H
/*
 * Rows for tests of the database, and an oracle that reads the file with SQLite alone, without
 * any code of the broker.
 */
#include "broker/store.h"

enum { ROWS_ROOMS = 3 };

/* Room 1..ROWS_ROOMS, "room-<id>" in "/". */
struct store_room rows_room(uint64_t id);

/* Message gseq of a broker in which room 1, 2, 3, 1, ... speak in turn, its text "m<gseq>", its
 * idempotency key "id<gseq>". Views are good until the next call. */
struct store_message rows_message(uint64_t gseq);

/* Runs SQL on the file. */
void rows_execute(const char *path, const char *sql);

/* The first column of the first row as a number. */
int64_t rows_number(const char *path, const char *sql);

/*
 * Fails the test unless the file is sound, its messages are exactly rows_message(1..n), whole and
 * without a gap, and the high-water marks say the same. Returns n.
 */
uint64_t rows_check(const char *path);

#endif
