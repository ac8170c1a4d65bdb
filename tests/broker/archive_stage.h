#ifndef ROOMCAST_TESTS_BROKER_ARCHIVE_STAGE_H
#define ROOMCAST_TESTS_BROKER_ARCHIVE_STAGE_H
/*
 * An archive on the database of a writer, and what it answered last. Requests are to be numbered
 * from 1.
 */
#include "broker/archive.h"
#include "proto/value.h"
#include "tests/broker/writer_fixture.h"

struct stage {
	struct fixture *f;
	struct archive *a;
	size_t count; /* of all answers */
	/* of the last one */
	uint64_t last_request;
	enum err error;
	bool more;
	struct buf messages;
	uint64_t reached;
	struct buf log; /* "gseq:room " of each entry, of all answers */
};

/* What every archive of a stage tells; up is the stage. */
extern const struct archive_events stage_events;

/* For cmocka_unit_test_setup_teardown; the archive may be closed before. */
int stage_setup(void **state);
int stage_teardown(void **state);

/* Until there were so many answers. */
void stage_serve(struct stage *s, size_t count);

/* A reader behind the head of the messages that were answered; their number. */
uint32_t stage_messages(const struct stage *s, struct value_reader *ret);

/* So many messages of that size in room 1. */
void stage_put_large(struct stage *s, size_t size, uint64_t count);

#endif
