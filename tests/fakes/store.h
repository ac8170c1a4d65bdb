#ifndef ROOMCAST_TESTS_FAKES_STORE_H
#define ROOMCAST_TESTS_FAKES_STORE_H
/*
 * Store and reader in the hand of the test; see store.c.
 */
#include "broker/reader.h"
#include "broker/store.h"

struct fake_store {
	/* what was put in */
	unsigned rooms, messages;
	uint64_t last_seq, last_gseq;
	unsigned origin_lookups;
	/* what the test sets */
	uint64_t gathering;
	size_t backlog;
	const char *trouble;
	bool is_in_doubt;
	enum err reader_fault;
	uint64_t stored_gseq;
	struct reader_room stored_room;
	const char *stored_message_id;
	uint64_t stored_origin;
	struct reader_receipt stored_receipt;
};

extern struct fake_store fake_store;

void fake_store_reset(void);

#endif
