#ifndef ROOMCAST_TESTS_BROKER_READER_FIXTURE_H
#define ROOMCAST_TESTS_BROKER_READER_FIXTURE_H
/*
 * The fixture of the writer, and a reader on its database, for the tests of all that reads.
 */
#include "broker/reader.h"
#include "tests/broker/writer_fixture.h"

/* The caller closes it. */
struct reader *fixture_open_reader(struct fixture *f);

#endif
