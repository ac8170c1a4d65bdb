#ifndef ROOMCAST_TESTS_FAKES_STORE_H
#define ROOMCAST_TESTS_FAKES_STORE_H
/*
 * Store and reader in the hand of the test; see store.c.
 */
#include "broker/reader_front.h"
#include "broker/reader_start.h"
#include "broker/reader_user.h"
#include "broker/store.h"

/* Of the last store_put_user(). */
struct fake_user {
	char id[64], username[64];
	struct wall first, last;
};

/* Of the last store_put_session(). */
struct fake_session {
	uint64_t id, gseq;
	char pid[64], socket[64], sid[64], user[64];
};

struct fake_store {
	/* what was put in */
	unsigned rooms, messages, sessions, session_rooms, sessions_removed, session_rooms_removed;
	unsigned memberships, memberships_removed, sanctions, sanctions_removed, sanctions_expired;
	bool last_room_is_public, last_room_is_archived;
	unsigned revocations, revocations_removed;
	struct fake_session last_session;
	unsigned users;
	struct fake_user last_user;
	uint64_t last_seq, last_gseq;
	unsigned origin_lookups;
	unsigned deletions, prunings, expiries, receipts_removed;
	struct store_deletion last_deletion;
	struct store_pruning last_pruning;
	uint64_t last_receipt;
	/* what the test sets */
	uint64_t gathering;
	size_t backlog;
	const char *trouble;
	bool is_in_doubt;
	enum err reader_fault;
	uint64_t stored_gseq;
	struct reader_room stored_room;
	const struct reader_session *stored_sessions; /* stored_session_count of them */
	size_t stored_session_count;
	const struct reader_session_room *stored_session_rooms;
	size_t stored_session_room_count;
	const char *stored_user_id; /* NULL = nobody */
	struct reader_user stored_user;
	const struct reader_membership *stored_memberships; /* stored_membership_count of them */
	size_t stored_membership_count;
	const struct store_sanction *stored_sanctions; /* stored_sanction_count of them */
	size_t stored_sanction_count;
	const struct revocation_facts *stored_revocations;
	size_t stored_revocation_count;
	const char *stored_message_id;
	uint64_t stored_origin;
	struct reader_receipt stored_receipt;
	uint64_t stored_pruned;
	uint64_t stored_place_gseq; /* of the message that stands there */
	struct reader_place stored_place;
};

extern struct fake_store fake_store;

void fake_store_reset(void);

#endif
