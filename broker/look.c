#include "broker/look.h"

#include "broker/attend.h"
#include "broker/rights.h"
#include "broker/say.h"
#include "proto/value.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* One client cannot take the archive for itself. */
enum { PAGES_PER_SOCKET = 4 };

struct look_page {
	uint64_t ticket;
	uint64_t request;
	struct peer *peer;
	char socket[LIMIT_SOCKET_ID + 1]; /* who asked */
	uint64_t room;                    /* id */
	UT_hash_handle hh;
};

/* The room that a request names, NULL after it was answered with an error. */
static struct room *find_room(
    struct broker *b, struct peer *p, struct str socket, struct str name, uint64_t request)
{
	struct session *s = attend_session(b, p, socket, request);
	struct room *r = s ? rooms_find(b->rooms, str_of(s->nsp), name) : NULL;

	struct say_fault fault = {.error = room_name_is_personal(name)
	        ? CLIENT_ERROR_ACCESS_DENIED
	        : CLIENT_ERROR_ROOM_NOT_FOUND};

	if (!s || (r && rights_may_enter(b, s, r, &fault)))
		return r;
	say_fault(b, p, request, &fault);
	return NULL;
}

static void put_user(struct buf *out, const struct attendance *a)
{
	value_put_map(out, 4);
	value_put_str_pair(out, STR("userId"), str_of(a->user));
	value_put_str_pair(out, STR("username"), str_of(a->members->session->user->username));
	value_put_u64_pair(out, STR("joinedAt"), (uint64_t)a->joined.ms);
	value_put_u64_pair(out, STR("connections"), a->connections);
}

void look_on_users(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_users *u = &m->as.users;
	struct room *r = find_room(b, p, u->socket, u->room, u->request);
	struct buf value = {0};

	if (!r)
		return;
	size_t count = room_user_count(r);
	size_t listed = count < LIMIT_USERS_LISTED ? count : LIMIT_USERS_LISTED;
	const struct attendance *a = r->users;

	value_put_map(&value, 3);
	value_put_str_pair(&value, STR("roomId"), str_of(r->name));
	value_put_u64_pair(&value, STR("usersCount"), count);
	value_put_str(&value, STR("users"));
	value_put_array(&value, (uint32_t)listed);
	for (; listed > 0; listed--, a = a->hh.next)
		put_user(&value, a);
	say_ok(b, p, &(struct say_reply){.request = u->request, .value = buf_bytes(&value)});
	buf_free(&value);
}

/* How many pages are being read for a socket; the archive's queue keeps the walk short. */
static unsigned pages_of(const struct broker *b, struct str socket)
{
	const struct look_page *page;
	unsigned count = 0;

	for (page = b->pages; page; page = page->hh.next)
		count += str_eqz(socket, page->socket);
	return count;
}

void look_on_history(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_history *h = &m->as.history;
	struct room *r = find_room(b, p, h->socket, h->room, h->request);

	if (!r)
		return;
	struct reader_page page = {
	    .room = r->id,
	    .before = h->before,
	    .after = h->after,
	    .has_after = h->has_after,
	    .limit = h->limit < LIMIT_HISTORY_CLIENT ? (unsigned)h->limit : LIMIT_HISTORY_CLIENT,
	    .max_bytes = LIMIT_HISTORY_CLIENT_BYTES,
	    .max_blobs = LIMIT_ATTACHMENTS,
	};

	if (pages_of(b, h->socket) >= PAGES_PER_SOCKET ||
	    archive_history(b->archive, ++b->last_ticket, &page, str_of(r->name))) {
		say_error(b, p, h->request, CLIENT_ERROR_UNAVAILABLE,
		    "too much history is being read, try again");
		return;
	}
	struct look_page *waiting = xcalloc(1, sizeof(*waiting));

	*waiting = (struct look_page){
	    .ticket = b->last_ticket, .request = h->request, .peer = p, .room = r->id};
	memcpy(waiting->socket, h->socket.p, h->socket.len);
	HASH_ADD(hh, b->pages, ticket, sizeof(waiting->ticket), waiting);
}

static void reply_page(
    struct broker *b, const struct look_page *page, const struct archive_answer *answer)
{
	const struct room *r = rooms_find_id(b->rooms, page->room);
	const struct session *s = sessions_find(b->sessions, str_of(page->socket));
	struct say_fault fault;
	struct buf value = {0};

	if (answer->error || !r) {
		say_error(b, page->peer, page->request, CLIENT_ERROR_UNAVAILABLE,
		    "the history cannot be read now");
		return;
	}
	/* He may have lost his right since he asked. */
	if (s && !rights_may_enter(b, s, r, &fault)) {
		say_fault(b, page->peer, page->request, &fault);
		return;
	}
	value_put_map(&value, 3);
	value_put_str_pair(&value, STR("roomId"), str_of(r->name));
	value_put_raw_pair(&value, STR("messages"), answer->messages);
	value_put_bool_pair(&value, STR("more"), answer->more);
	say_ok(b, page->peer,
	    &(struct say_reply){.request = page->request, .value = buf_bytes(&value)});
	buf_free(&value);
}

bool look_on_page(struct broker *b, const struct archive_answer *answer)
{
	struct look_page *page;

	HASH_FIND(hh, b->pages, &answer->request, sizeof(answer->request), page);
	if (!page)
		return false;
	HASH_DEL(b->pages, page);
	reply_page(b, page, answer);
	free(page);
	return true;
}

void look_forget(struct broker *b, const struct peer *p)
{
	struct look_page *page, *next;

	HASH_ITER (hh, b->pages, page, next) {
		if (p && page->peer != p)
			continue;
		HASH_DEL(b->pages, page);
		free(page);
	}
}
