#include "broker/dormancy.h"

#include "broker/attend.h"
#include "broker/census.h"
#include "broker/entry.h"
#include "broker/rights.h"
#include "broker/roll.h"
#include "broker/usher.h"
#include "broker/work.h"
#include "proto/value_list.h"

#include <stdlib.h>
#include <string.h>

/* Sessions that end, or leave their rooms, in one go; the others have their turn. */
enum { EXPIRED_A_TURN = 500 };

void dormancy_init(struct broker *b)
{
	const struct config *c = &b->config;

	timer_queue_init(&b->grace, c->presence_grace_ms);
	timer_queue_init(&b->first_grace, c->lease_ms + c->presence_grace_ms);
	timer_queue_init(&b->windows, c->recovery_window_ms);
}

static void add_berth(struct session *s, const struct berth *berth)
{
	s->berths = xrealloc(s->berths, (s->berth_count + 1) * sizeof(*s->berths));
	s->berths[s->berth_count++] = *berth;
}

static void remove_berth(struct session *s, struct berth *berth)
{
	size_t after = (size_t)(s->berths + s->berth_count - (berth + 1));

	memmove(berth, berth + 1, after * sizeof(*berth));
	s->berth_count--;
}

/* He leaves, and the session keeps in mind where it was. */
static void vacate(struct broker *b, struct session *s)
{
	for (const struct member *m = s->members; m; m = m->session_next) {
		if (!m->room->is_fleeting)
			add_berth(s, &(struct berth){.room = m->room, .gseq = m->gseq});
	}
	/* First, so that nobody hears that he left before a broker that starts would know. */
	s->is_away = true;
	roll_put(b, s);
	attend_leave_all(b, s);
}

static void lie_down(struct broker *b, struct session *s, struct timer_queue *grace)
{
	timer_start(&s->window, &b->windows, turn_now(b->turn));
	if (s->is_away)
		return;
	if (b->config.presence_grace_ms > 0)
		timer_start(&s->grace, grace, turn_now(b->turn));
	else
		vacate(b, s);
}

void dormancy_begin(struct broker *b, struct session *s, struct str reason)
{
	/* What workers serve is the connection. */
	work_on_gone(b, s, reason);
	if (s->user->live_count == 1)
		census_note(b, s->user);
	member_move_all(b->sessions, s, NULL);
	lie_down(b, s, &b->grace);
}

void dormancy_remind(struct session *s, struct room *r, uint64_t gseq)
{
	add_berth(s, &(struct berth){.room = r, .gseq = gseq});
}

void dormancy_await(struct broker *b, struct session *s)
{
	lie_down(b, s, &b->first_grace);
}

static struct berth *find_berth(const struct session *s, const struct room *r)
{
	for (size_t i = 0; i < s->berth_count; i++) {
		if (s->berths[i].room == r)
			return &s->berths[i];
	}
	return NULL;
}

static void note_lost(struct session *s, struct room *r, int reason)
{
	struct berth *berth = find_berth(s, r);

	if (!berth)
		add_berth(s, &(struct berth){.room = r, .is_lost = true, .reason = reason});
	else if (!berth->is_lost)
		*berth = (struct berth){.room = r, .is_lost = true, .reason = reason};
}

void dormancy_lose_room(struct broker *b, struct session *s, struct room *r, int reason)
{
	const struct berth *berth = find_berth(s, r);
	struct member *in = member_find(r, s);

	if (!in && (!berth || berth->is_lost))
		return;
	note_lost(s, r, reason);
	roll_leave(b, s, r);
	if (in)
		attend_leave(b, in);
}

void dormancy_note_put_out(struct broker *b, struct session *s, struct room *r, int reason)
{
	if (r->is_fleeting)
		return;
	if (s->berth_count > 0 && s->berth_count >= b->config.max_rooms_per_socket)
		remove_berth(s, &s->berths[0]);
	note_lost(s, r, reason);
}

void dormancy_forget_lost(struct session *s, const struct room *r)
{
	struct berth *berth = find_berth(s, r);

	if (berth && berth->is_lost)
		remove_berth(s, berth);
}

bool dormancy_has_lost(const struct session *s, const struct room *r)
{
	const struct berth *berth = find_berth(s, r);

	return berth && berth->is_lost;
}

void dormancy_tell_lost(struct broker *b, struct session *s, struct bytes still_in)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->berth_count; i++) {
		struct berth berth = s->berths[i];

		if (berth.is_lost)
			usher_tell_left(b, s, berth.room, (enum usher_reason)berth.reason);
		if (berth.is_lost && value_list_has(still_in, str_of(berth.room->name)))
			s->berths[kept++] = berth;
	}
	s->berth_count = kept;
	if (kept > 0)
		return;
	free(s->berths);
	s->berths = NULL;
}

/* His rights are others than they were, or his token is. */
static void leave_forbidden(struct broker *b, struct session *s)
{
	for (struct member *m = s->members, *next; m; m = next) {
		next = m->session_next;
		if (m->room->is_fleeting || rights_may_enter(b, s, m->room, NULL))
			continue;
		note_lost(s, m->room, USHER_REMOVED);
		roll_leave(b, s, m->room);
		attend_leave(b, m);
	}
}

/* Those that it has lost stay, to be told of. */
static void return_to_berths(struct broker *b, struct session *s)
{
	size_t lost = 0;

	for (size_t i = 0; i < s->berth_count; i++) {
		struct berth berth = s->berths[i];

		if (!berth.is_lost && rights_may_enter(b, s, berth.room, NULL)) {
			attend_return(b, s, berth.room, berth.gseq);
			continue;
		}
		if (!berth.is_lost)
			roll_leave(b, s, berth.room);
		berth.reason = berth.is_lost ? berth.reason : USHER_REMOVED;
		berth.is_lost = true;
		s->berths[lost++] = berth;
	}
	s->berth_count = lost;
	s->is_away = false;
	roll_put(b, s);
}

void dormancy_wake(struct broker *b, struct session *s, struct peer *to)
{
	timer_stop(&s->grace);
	timer_stop(&s->window);
	leave_forbidden(b, s);
	if (s->user->live_count == 0)
		census_note(b, s->user);
	member_move_all(b->sessions, s, to);
	if (s->is_away)
		return_to_berths(b, s);
}

enum err dormancy_evict(struct broker *b)
{
	struct timer *oldest = b->windows.head;

	if (!oldest)
		return ERR_NOT_FOUND;
	entry_end(b, CONTAINER_OF(oldest, struct session, window));
	return ERR_OK;
}

static void expire_grace(struct broker *b, struct timer_queue *q)
{
	struct timer *t;

	for (int i = 0; i < EXPIRED_A_TURN && (t = timer_queue_expire(q, turn_now(b->turn))); i++)
		vacate(b, CONTAINER_OF(t, struct session, grace));
}

void dormancy_on_pace(void *broker)
{
	struct broker *b = broker;
	struct timer *t;

	expire_grace(b, &b->grace);
	expire_grace(b, &b->first_grace);
	for (int i = 0;
	     i < EXPIRED_A_TURN && (t = timer_queue_expire(&b->windows, turn_now(b->turn))); i++)
		entry_end(b, CONTAINER_OF(t, struct session, window));
}
