/*
 * The neighbours of the stage's broker: link, store, reader and archive, as the stage has them.
 */
#include "tests/broker/replay_stage.h"

#include "broker/reader_start.h"
#include "broker/reader_user.h"
#include "broker/reader_start.h"

#include <stdio.h>

enum err link_send(struct link *l, const struct link_address *to, struct bytes body)
{
	struct gateway *g = &stage_now->gateways[to->id[0] - '0'];

	(void)l;
	if (g->is_cut)
		return ERR_CLOSED;
	assert_true(g->last - g->first < ARRAY_LEN(g->inbox));
	buf_put(&g->inbox[g->last++ % ARRAY_LEN(g->inbox)], body);
	return ERR_OK;
}

const char *link_endpoint(const struct link *l, enum link_door door)
{
	(void)l;
	(void)door;
	return "";
}

bool link_address_eq(const struct link_address *a, const struct link_address *b)
{
	return a->id[0] == b->id[0];
}

void store_put_room(struct store *s, const struct store_room *room)
{
	(void)s;
	(void)room;
}

void store_put_message(struct store *s, const struct store_message *m)
{
	(void)s;
	assert_true(stage_now->row_count < ARRAY_LEN(stage_now->rows));
	stage_now->rows[stage_now->row_count++] =
	    (struct row){m->gseq, m->room, m->seq, stage_now->gathering};
}

/* Nobody on this stage comes back to a session. */
void store_put_session(struct store *s, const struct store_session *session)
{
	(void)s;
	(void)session;
}

void store_put_user(struct store *s, const struct store_user *user)
{
	(void)s;
	(void)user;
}

void store_put_session_room(struct store *s, uint64_t session, uint64_t room, uint64_t gseq)
{
	(void)s;
	(void)session;
	(void)room;
	(void)gseq;
}

void store_remove_session_room(struct store *s, uint64_t session, uint64_t room)
{
	(void)s;
	(void)session;
	(void)room;
}

void store_remove_session(struct store *s, uint64_t session)
{
	(void)s;
	(void)session;
}

uint64_t store_gathering(const struct store *s)
{
	(void)s;
	return stage_now->gathering;
}

size_t store_backlog(const struct store *s)
{
	(void)s;
	return 0;
}

size_t store_backlog_bytes(const struct store *s)
{
	(void)s;
	return 0;
}

bool store_is_in_doubt(const struct store *s)
{
	(void)s;
	return false;
}

const char *store_trouble(const struct store *s)
{
	(void)s;
	return "";
}

/* What is in the database. */
size_t stage_stored_rows(const struct stage *s)
{
	size_t n = 0;

	while (n < s->row_count && s->rows[n].batch <= s->committed)
		n++;
	return n;
}

enum err reader_last_gseq(struct reader *r, uint64_t *ret)
{
	size_t n = stage_stored_rows(stage_now);

	(void)r;
	*ret = n ? stage_now->rows[n - 1].gseq : 0;
	return ERR_OK;
}

enum err reader_epoch(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = STAGE_EPOCH;
	return ERR_OK;
}

void stage_room_name(uint64_t room, char name[8])
{
	snprintf(name, 8, "room-%u", (unsigned)(room & 7));
}

enum err reader_each_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_room *room), void *ctx)
{
	(void)r;
	for (uint64_t id = 1; id <= STAGE_ROOMS; id++) {
		char name[8];
		struct reader_room room = {.id = id, .nsp = STR("/"), .is_public = true};

		stage_room_name(id - 1, name);
		room.name = str_of(name);
		for (size_t i = 0; i < stage_stored_rows(stage_now); i++)
			room.seq += stage_now->rows[i].room == id;
		fn(ctx, &room);
	}
	return ERR_OK;
}

enum err reader_pruned_gseq(struct reader *r, uint64_t *ret)
{
	(void)r;
	*ret = 0;
	return ERR_OK;
}

void store_remove_receipt(struct store *s, uint64_t gseq)
{
	(void)s;
	(void)gseq;
}

enum err reader_each_membership(
    struct reader *r, void (*fn)(void *ctx, const struct reader_membership *membership), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return ERR_OK;
}

enum err reader_each_sanction(
    struct reader *r, void (*fn)(void *ctx, const struct store_sanction *sanction), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return ERR_OK;
}

enum err reader_each_session(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session *session), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return ERR_OK;
}

enum err reader_each_session_room(
    struct reader *r, void (*fn)(void *ctx, const struct reader_session_room *room), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return ERR_OK;
}

enum err reader_user(struct reader *r, struct str id,
    void (*fn)(void *ctx, const struct reader_user *user), void *ctx)
{
	(void)r;
	(void)id;
	(void)fn;
	(void)ctx;
	return ERR_NOT_FOUND;
}

enum err reader_find_message_id(
    struct reader *r, struct str user, struct str message_id, struct reader_receipt *ret)
{
	(void)r;
	(void)user;
	(void)message_id;
	(void)ret;
	return ERR_NOT_FOUND;
}

enum err reader_find_origin(
    struct reader *r, uint64_t boot, uint64_t count, struct reader_receipt *ret)
{
	(void)r;
	(void)boot;
	(void)count;
	(void)ret;
	return ERR_NOT_FOUND;
}

enum err archive_read_log(struct archive *a, uint64_t request, uint64_t after, uint64_t upto)
{
	(void)a;
	if (stage_now->page_count == ARRAY_LEN(stage_now->pages))
		return ERR_FULL;
	stage_now->pages[stage_now->page_count++] = (struct page){request, after, upto};
	return ERR_OK;
}

void store_put_revocation(struct store *s, const struct revocation_facts *r)
{
	(void)s;
	(void)r;
}

void store_remove_revocation(struct store *s, const struct revocation_facts *r)
{
	(void)s;
	(void)r;
}

enum err reader_each_revocation(
    struct reader *r, void (*fn)(void *ctx, const struct revocation_facts *revocation), void *ctx)
{
	(void)r;
	(void)fn;
	(void)ctx;
	return ERR_OK;
}
