/*
 * A store in the hand of the test: it counts what is put in, and the test says when a batch is
 * committed (by calling publish_on_committed) or not.
 */
#include "tests/fakes/store.h"

#include <string.h>

struct fake_store fake_store;

void fake_store_reset(void)
{
	fake_store = (struct fake_store){.gathering = 1};
}

void store_put_room(struct store *s, const struct store_room *room)
{
	(void)s;
	fake_store.rooms++;
	fake_store.last_room_is_public = room->is_public;
	fake_store.last_room_is_archived = room->is_archived;
}

void store_put_membership(
    struct store *s, uint64_t room, struct str user, struct str role, struct wall since)
{
	(void)s;
	(void)room;
	(void)user;
	(void)role;
	(void)since;
	fake_store.memberships++;
}

void store_remove_membership(struct store *s, uint64_t room, struct str user)
{
	(void)s;
	(void)room;
	(void)user;
	fake_store.memberships_removed++;
}

void store_put_sanction(struct store *s, const struct store_sanction *sanction)
{
	(void)s;
	(void)sanction;
	fake_store.sanctions++;
}

void store_remove_sanction(struct store *s, const struct store_sanction *sanction)
{
	(void)s;
	(void)sanction;
	fake_store.sanctions_removed++;
}

void store_expire_sanction(struct store *s, const struct store_sanction *sanction)
{
	(void)s;
	(void)sanction;
	fake_store.sanctions_expired++;
}

void store_put_message(struct store *s, const struct store_message *message)
{
	(void)s;
	fake_store.messages++;
	fake_store.last_seq = message->seq;
	fake_store.last_gseq = message->gseq;
}

void store_delete_message(struct store *s, const struct store_deletion *deletion)
{
	(void)s;
	fake_store.deletions++;
	fake_store.last_deletion = *deletion;
}

void store_prune(struct store *s, const struct store_pruning *pruning)
{
	(void)s;
	fake_store.prunings++;
	fake_store.last_pruning = *pruning;
}

void store_expire_receipts(struct store *s, struct wall before, unsigned limit)
{
	(void)s;
	(void)before;
	(void)limit;
	fake_store.expiries++;
}

void store_remove_receipt(struct store *s, uint64_t gseq)
{
	(void)s;
	fake_store.receipts_removed++;
	fake_store.last_receipt = gseq;
}

static void copy(char ret[64], struct str s)
{
	size_t len = s.len < 63 ? s.len : 63;

	memcpy(ret, s.p, len);
	ret[len] = '\0';
}

void store_put_session(struct store *s, const struct store_session *session)
{
	struct fake_session *last = &fake_store.last_session;

	(void)s;
	fake_store.sessions++;
	last->id = session->id;
	last->gseq = session->gseq;
	copy(last->pid, session->pid);
	copy(last->socket, session->socket);
	copy(last->sid, session->sid);
	copy(last->user, session->user);
}

void store_put_session_room(struct store *s, uint64_t session, uint64_t room, uint64_t gseq)
{
	(void)s;
	(void)session;
	(void)room;
	(void)gseq;
	fake_store.session_rooms++;
}

void store_remove_session_room(struct store *s, uint64_t session, uint64_t room)
{
	(void)s;
	(void)session;
	(void)room;
	fake_store.session_rooms_removed++;
}

void store_remove_session(struct store *s, uint64_t session)
{
	(void)s;
	(void)session;
	fake_store.sessions_removed++;
}

void store_put_user(struct store *s, const struct store_user *user)
{
	(void)s;
	fake_store.users++;
	copy(fake_store.last_user.id, user->id);
	copy(fake_store.last_user.username, user->username);
	fake_store.last_user.first = user->first;
	fake_store.last_user.last = user->last;
}

uint64_t store_gathering(const struct store *s)
{
	(void)s;
	return fake_store.gathering;
}

size_t store_backlog(const struct store *s)
{
	(void)s;
	return fake_store.backlog;
}

size_t store_backlog_bytes(const struct store *s)
{
	(void)s;
	return 0;
}

bool store_is_in_doubt(const struct store *s)
{
	(void)s;
	return fake_store.is_in_doubt;
}

const char *store_trouble(const struct store *s)
{
	(void)s;
	return fake_store.trouble ? fake_store.trouble : "";
}

/* ---- what the database holds ---- */

enum err reader_last_gseq(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = fake_store.stored_gseq;
	return fake_store.reader_fault;
}

enum err reader_pruned_gseq(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = fake_store.stored_pruned;
	return fake_store.reader_fault;
}

enum err reader_find_gseq(struct reader *r, uint64_t gseq, struct reader_place *ret)
{
	(void)r;
	if (fake_store.reader_fault)
		return fake_store.reader_fault;
	if (gseq != fake_store.stored_place_gseq)
		return ERR_NOT_FOUND;
	*ret = fake_store.stored_place;
	return ERR_OK;
}

enum err reader_epoch(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = 1;
	return fake_store.reader_fault;
}

enum err reader_each_membership(
    struct reader *r, void (*fn)(void *ctx, const struct reader_membership *membership), void *ctx)
{
	(void)r;
	for (size_t i = 0; i < fake_store.stored_membership_count; i++)
		fn(ctx, &fake_store.stored_memberships[i]);
	return fake_store.reader_fault;
}

enum err reader_each_sanction(
    struct reader *r, void (*fn)(void *ctx, const struct store_sanction *sanction), void *ctx)
{
	(void)r;
	for (size_t i = 0; i < fake_store.stored_sanction_count; i++)
		fn(ctx, &fake_store.stored_sanctions[i]);
	return fake_store.reader_fault;
}

enum err reader_each_session(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session *session), void *ctx)
{
	(void)r;
	for (size_t i = 0; i < fake_store.stored_session_count; i++)
		fn(ctx, &fake_store.stored_sessions[i]);
	return fake_store.reader_fault;
}

enum err reader_each_session_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session_room *room), void *ctx)
{
	(void)r;
	for (size_t i = 0; i < fake_store.stored_session_room_count; i++)
		fn(ctx, &fake_store.stored_session_rooms[i]);
	return fake_store.reader_fault;
}

enum err reader_each_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_room *room), void *ctx)
{
	(void)r;
	if (fake_store.stored_room.id)
		fn(ctx, &fake_store.stored_room);
	return fake_store.reader_fault;
}

enum err reader_user(struct reader *r, struct str id,
    void (*fn)(void *ctx, const struct reader_user *user), void *ctx)
{
	(void)r;
	if (fake_store.reader_fault)
		return fake_store.reader_fault;
	if (!fake_store.stored_user_id || !str_eqz(id, fake_store.stored_user_id))
		return ERR_NOT_FOUND;
	fn(ctx, &fake_store.stored_user);
	return ERR_OK;
}

enum err reader_find_message_id(
    struct reader *r, struct str user, struct str message_id, struct reader_receipt *ret)
{
	(void)r;
	(void)user;
	if (fake_store.reader_fault)
		return fake_store.reader_fault;
	if (!fake_store.stored_message_id || !str_eqz(message_id, fake_store.stored_message_id))
		return ERR_NOT_FOUND;
	*ret = fake_store.stored_receipt;
	return ERR_OK;
}

enum err reader_find_origin(
    struct reader *r, uint64_t boot, uint64_t count, struct reader_receipt *ret)
{
	(void)r;
	(void)boot;
	fake_store.origin_lookups++;
	if (fake_store.reader_fault)
		return fake_store.reader_fault;
	if (!fake_store.stored_origin || fake_store.stored_origin != count)
		return ERR_NOT_FOUND;
	*ret = fake_store.stored_receipt;
	return ERR_OK;
}

void store_put_revocation(struct store *s, const struct revocation_facts *r)
{
	(void)s;
	(void)r;
	fake_store.revocations++;
}

void store_remove_revocation(struct store *s, const struct revocation_facts *r)
{
	(void)s;
	(void)r;
	fake_store.revocations_removed++;
}

enum err reader_each_revocation(
    struct reader *r, void (*fn)(void *ctx, const struct revocation_facts *revocation), void *ctx)
{
	(void)r;
	for (size_t i = 0; i < fake_store.stored_revocation_count; i++)
		fn(ctx, &fake_store.stored_revocations[i]);
	return fake_store.reader_fault;
}
