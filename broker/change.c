#include "broker/change.h"

#include "broker/attend.h"
#include "broker/publish.h"
#include "broker/say.h"
#include "broker/usher.h"
#include "common/log.h"
#include "proto/events.h"
#include "proto/value.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct change {
	struct change_order is; /* its views are into text */
	struct wall now;
	uint64_t batch;
	char *text;
	struct str sid; /* of the session that ends: its connection may be another one by then */
	struct change *prev, *next;
};

/* ---- into the batch ---- */

static struct sanction sanction_of(const struct change_order *o, struct wall now)
{
	return (struct sanction){
	    .key = {.kind = o->sanction,
		.user = o->user,
		.nsp = o->room ? STR("") : o->nsp,
		.room = o->room},
	    .by = o->by,
	    .reason = o->reason,
	    .since = now,
	    .until = o->until,
	};
}

/* Of each kind: the rows it puts in, and how many. */
typedef size_t preparer(struct broker *b, const struct change_order *o, struct room *r);

static size_t prepare_room(struct broker *b, const struct change_order *o, struct room *r)
{
	store_put_room(b->store, &(struct store_room){.id = r->id,
				     .nsp = str_of(r->nsp),
				     .name = str_of(r->name),
				     .is_public = o->room_kind.is_public,
				     .is_archived = o->room_kind.is_archived,
				     .created = r->created});
	r->is_stored = true;
	return 1;
}

static size_t prepare_member(struct broker *b, const struct change_order *o, struct room *r)
{
	attend_store_room(b, r);
	if (o->role != ROLE_NONE) {
		store_put_membership(
		    b->store, r->id, o->user, str_of(role_name(o->role)), turn_wall(b->turn));
		return 1;
	}
	store_remove_membership(b->store, r->id, o->user);
	return 1 + usher_prepare_user(b, r, o->user);
}

static size_t prepare_sanction(struct broker *b, const struct change_order *o, struct room *r)
{
	struct sanction sanction = sanction_of(o, turn_wall(b->turn));
	struct store_sanction row = sanction_row(&sanction);

	if (r)
		attend_store_room(b, r);
	if (o->kind == CHANGE_LIFT) {
		store_remove_sanction(b->store, &row);
		return 1;
	}
	store_put_sanction(b->store, &row);
	if (o->sanction == SANCTION_MUTE)
		return 1;
	return 1 + (r ? usher_prepare_user(b, r, o->user) : usher_prepare_end(b, o->nsp, o->user));
}

static size_t prepare_kick(struct broker *b, const struct change_order *o, struct room *r)
{
	return r ? usher_prepare_user(b, r, o->user) : usher_prepare_end(b, o->nsp, o->user);
}

static size_t prepare_end(struct broker *b, const struct change_order *o, struct room *r)
{
	const struct session *s = sessions_find(b->sessions, o->socket);

	(void)r;
	if (!s || !s->row)
		return 0;
	store_remove_session(b->store, s->row);
	return 1;
}

/* ---- taking effect ---- */

static void put_moderation(
    struct buf *args, const struct room *r, const struct change_order *o, const char *action)
{
	value_put_array(args, 1);
	value_put_map(args, 3 + (o->by.len > 0) + (o->reason.len > 0) + (o->until.ms > 0));
	value_put_str_pair(args, STR("roomId"), str_of(r->name));
	value_put_str_pair(args, STR("action"), str_of(action));
	value_put_str_pair(args, STR("userId"), o->user);
	if (o->by.len)
		value_put_str_pair(args, STR("by"), o->by);
	if (o->reason.len)
		value_put_str_pair(args, STR("reason"), o->reason);
	if (o->until.ms)
		value_put_u64_pair(args, STR("until"), (uint64_t)o->until.ms);
}

static void tell_room(
    struct broker *b, const struct room *r, const struct change_order *o, const char *action)
{
	struct buf args = {0};

	put_moderation(&args, r, o, action);
	say_to_room(b, r,
	    &(struct say_event){.name = event_name(EVENT_MODERATION), .args = buf_bytes(&args)});
	buf_free(&args);
}

static void log_done(const struct change_order *o, const struct room *r, const char *action)
{
	log_notice("rights.changed", LOG_Z(ACTION, action), LOG_S(USER_ID, o->user),
	    LOG_S(NSP, r ? str_of(r->nsp) : o->nsp), LOG_Z(ROOM_ID, r ? r->name : ""),
	    LOG_S(BY, o->by), LOG_S(REASON, o->reason), LOG_U(UNTIL, (uint64_t)o->until.ms));
}

typedef void applier(struct broker *b, const struct change *c, struct room *r);

static void apply_room(struct broker *b, const struct change *c, struct room *r)
{
	const struct room_kind *to = &c->is.room_kind;
	bool is_closed = r->is_public && !to->is_public;
	bool is_laid_up = to->is_archived && !r->is_archived;

	r->is_public = to->is_public;
	r->is_archived = to->is_archived;
	log_done(&c->is, r, r->is_archived ? "archived" : r->is_public ? "public" : "private");
	/* Otherwise nobody has lost a right. */
	if (is_closed || is_laid_up)
		usher_strangers_out_of_room(b, r, is_laid_up ? USHER_ARCHIVED : USHER_PRIVATE);
}

static void apply_member(struct broker *b, const struct change *c, struct room *r)
{
	const struct change_order *o = &c->is;
	bool was_member = memberships_role(b->memberships, r->id, o->user) != ROLE_NONE;

	log_done(o, r, o->role == ROLE_NONE ? "removed" : role_name(o->role));
	if (o->role == ROLE_NONE) {
		memberships_remove(b->memberships, r->id, o->user);
		usher_user_out_of_room(b, r, o->user, USHER_REMOVED);
		return;
	}
	memberships_put(b->memberships, r->id, o->user, o->role, c->now);
	if (!was_member)
		usher_user_into_room(b, r, o->user);
}

static void apply_sanction(struct broker *b, const struct change *c, struct room *r)
{
	static const char *const actions[SANCTION_KINDS][2] = {
	    [SANCTION_BAN] = {"ban", "unban"}, [SANCTION_MUTE] = {"mute", "unmute"}};
	const struct change_order *o = &c->is;
	bool is_lifted = o->kind == CHANGE_LIFT;
	struct sanction sanction = sanction_of(o, c->now);
	const char *action = actions[o->sanction][is_lifted];

	if (is_lifted)
		sanctions_remove(b->sanctions, &sanction.key);
	else
		sanctions_put(b->sanctions, &sanction);
	log_done(o, r, action);
	if (!is_lifted && o->sanction == SANCTION_BAN && !r)
		usher_end_user(b, o->nsp, o->user, &sanction);
	if (!is_lifted && o->sanction == SANCTION_BAN && r)
		usher_user_out_of_room(b, r, o->user, USHER_BANNED);
	if (r)
		tell_room(b, r, o, action);
}

static void apply_kick(struct broker *b, const struct change *c, struct room *r)
{
	const struct change_order *o = &c->is;

	log_done(o, r, "kick");
	if (!r) {
		usher_end_user(b, o->nsp, o->user, NULL);
		return;
	}
	usher_user_out_of_room(b, r, o->user, USHER_KICKED);
	tell_room(b, r, o, "kick");
}

static void apply_end(struct broker *b, const struct change *c, struct room *r)
{
	struct session *s = sessions_find(b->sessions, c->is.socket);
	const struct user *u = sessions_find_user(b->sessions, c->is.user);

	for (struct session *i = u && !s ? u->sessions : NULL; i && !s; i = i->user_next)
		s = str_eqz(c->sid, i->sid) ? i : NULL;
	log_done(&c->is, r, "kick");
	if (s)
		usher_end(b, s, NULL);
}

static const struct {
	preparer *prepare;
	applier *apply;
} kinds[CHANGE_KINDS] = {
    [CHANGE_ROOM] = {prepare_room, apply_room},
    [CHANGE_MEMBER] = {prepare_member, apply_member},
    [CHANGE_IMPOSE] = {prepare_sanction, apply_sanction},
    [CHANGE_LIFT] = {prepare_sanction, apply_sanction},
    [CHANGE_KICK] = {prepare_kick, apply_kick},
    [CHANGE_END] = {prepare_end, apply_end},
};

/* ---- on the way ---- */

static void answer(struct broker *b, const struct change *c, enum err e)
{
	const struct change_asker *asker = &c->is.asker;

	if (asker->request)
		asker->answer(b, asker, e, c->is.answer);
}

static struct room *room_of(const struct broker *b, const struct change_order *o)
{
	return o->room ? rooms_find_id(b->rooms, o->room) : NULL;
}

static struct str keep(char **at, struct str s)
{
	struct str kept = {*at, s.len};

	if (s.len)
		memcpy(*at, s.p, s.len);
	*at += s.len;
	return kept;
}

static struct change *new_change(const struct broker *b, const struct change_order *o)
{
	struct change *c = xcalloc(1, sizeof(*c));
	const struct session *s = sessions_find(b->sessions, o->socket);
	struct str sid = str_of(s ? s->sid : NULL);
	size_t len = o->nsp.len + o->user.len + o->socket.len + sid.len + o->by.len +
		     o->reason.len + o->answer.len;
	char *at = xcalloc(1, len + 1);

	*c = (struct change){.is = *o, .now = turn_wall(b->turn), .text = at};
	c->is.nsp = keep(&at, o->nsp);
	c->is.user = keep(&at, o->user);
	c->is.socket = keep(&at, o->socket);
	c->sid = keep(&at, sid);
	c->is.by = keep(&at, o->by);
	c->is.reason = keep(&at, o->reason);
	c->is.answer = str_bytes(keep(&at, bytes_str(o->answer)));
	return c;
}

static void free_change(struct change *c)
{
	free(c->text);
	free(c);
}

static void finish(struct broker *b, struct change *c)
{
	kinds[c->is.kind].apply(b, c, room_of(b, &c->is));
	answer(b, c, ERR_OK);
	free_change(c);
}

struct room_kind change_foresee(const struct broker *b, const struct room *r)
{
	struct room_kind kind = {r->is_public, r->is_archived};
	const struct change *c;

	/* Those that are on their way fail together, or take effect in their order. */
	DL_FOREACH(b->changes, c)
	{
		if (c->is.kind == CHANGE_ROOM && c->is.room == r->id)
			kind = c->is.room_kind;
	}
	return kind;
}

static enum err check_place(const struct broker *b, const struct change_order *o)
{
	if (o->kind == CHANGE_IMPOSE && sanctions_count(b->sanctions) >= b->config.sanctions_max)
		return ERR_FULL;
	if (o->kind == CHANGE_MEMBER && o->role != ROLE_NONE &&
	    memberships_count(b->memberships) >= b->config.memberships_max)
		return ERR_FULL;
	return publish_is_refusing(b) ? ERR_UNAVAILABLE : ERR_OK;
}

enum err change_put(struct broker *b, const struct change_order *order)
{
	enum err e = check_place(b, order);
	struct change *c;

	if (e)
		return e;
	c = new_change(b, order);
	/* Without a row it waits for nothing but those before it. */
	c->batch = b->changes ? b->changes->prev->batch : 0;
	if (kinds[order->kind].prepare(b, &c->is, room_of(b, order)) > 0)
		c->batch = store_gathering(b->store);
	DL_APPEND(b->changes, c);
	return ERR_OK;
}

bool change_is_asked(const struct broker *b, const struct peer *p, uint64_t request)
{
	const struct change *c = b->changes;

	while (c && (c->is.asker.peer != p || c->is.asker.request != request))
		c = c->next;
	return c;
}

void change_on_committed(struct broker *b, uint64_t batch)
{
	while (b->changes && b->changes->batch <= batch) {
		struct change *c = b->changes;

		DL_DELETE(b->changes, c);
		finish(b, c);
	}
}

void change_on_failed(struct broker *b)
{
	while (b->changes) {
		struct change *c = b->changes;

		DL_DELETE(b->changes, c);
		if (c->is.is_new)
			attend_undo_room(b, room_of(b, &c->is));
		answer(b, c, ERR_UNAVAILABLE);
		free_change(c);
	}
}

void change_forget(struct broker *b, const struct peer *p)
{
	struct change *c;

	DL_FOREACH(b->changes, c)
	{
		if (c->is.asker.peer == p)
			c->is.asker.request = 0;
	}
}

void change_forget_all(struct broker *b)
{
	while (b->changes) {
		struct change *c = b->changes;

		DL_DELETE(b->changes, c);
		free_change(c);
	}
}

static void expire_row(void *ctx, const struct sanction *s)
{
	struct broker *b = ctx;
	struct store_sanction row = sanction_row(s);

	store_expire_sanction(b->store, &row);
}

void change_on_tick(struct broker *b)
{
	/* If that fails they go at the next start. */
	if (!publish_is_refusing(b))
		sanctions_expire(b->sanctions, turn_wall(b->turn), expire_row, b);
}
