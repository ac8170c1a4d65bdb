#include "broker/report_rights.h"

#include "broker/member.h"
#include "proto/value.h"

/* A list in the making, or a count. */
struct tally {
	const struct broker *broker;
	const struct room *room;
	enum sanction_kind kind;
	const struct report_place *place;
	struct buf rows;
	uint32_t count;
	bool has_more;
	uint64_t by_role[ROLES], by_kind[SANCTION_KINDS];
};

/* Is he to be in the list, and is there still place? */
static bool is_listed(struct tally *t, struct str user)
{
	bool is = str_has_prefix(user, t->place->prefix);

	t->has_more |= is && t->rows.len > REPORT_LIST_BYTES;
	return is && !t->has_more;
}

/* {name: [rows]} */
static void put_list(struct tally *t, const char *name, struct buf *out)
{
	value_put_map(out, 1 + t->has_more);
	value_put_str(out, str_of(name));
	value_put_array(out, t->count);
	buf_put(out, buf_bytes(&t->rows));
	if (t->has_more)
		value_put_bool_pair(out, STR("more"), true);
	buf_free(&t->rows);
}

static void count_membership(void *ctx, const struct membership *m)
{
	struct tally *t = ctx;

	t->by_role[m->role]++;
}

static void count_sanction(void *ctx, const struct sanction *s)
{
	struct tally *t = ctx;

	t->by_kind[s->key.kind] += s->key.room == t->room->id;
}

void report_room(const struct broker *b, const struct room *r, struct buf *out)
{
	struct tally t = {.room = r};

	memberships_each_of_room(b->memberships, r->id, count_membership, &t);
	sanctions_each(b->sanctions, count_sanction, &t);
	value_put_map(out, 11);
	value_put_str_pair(out, STR("nsp"), str_of(r->nsp));
	value_put_str_pair(out, STR("room"), str_of(r->name));
	value_put_bool_pair(out, STR("public"), r->is_public);
	value_put_bool_pair(out, STR("archived"), r->is_archived);
	value_put_u64_pair(out, STR("seq"), r->seq);
	value_put_u64_pair(out, STR("sockets"), r->member_count);
	value_put_u64_pair(out, STR("users"), room_user_count(r));
	value_put_u64_pair(out, STR("members"), t.by_role[ROLE_MEMBER] + t.by_role[ROLE_MODERATOR]);
	value_put_u64_pair(out, STR("moderators"), t.by_role[ROLE_MODERATOR]);
	value_put_u64_pair(out, STR("bans"), t.by_kind[SANCTION_BAN]);
	value_put_u64_pair(out, STR("mutes"), t.by_kind[SANCTION_MUTE]);
}

static void put_membership(void *ctx, const struct membership *m)
{
	struct tally *t = ctx;
	const struct user *u = sessions_find_user(t->broker->sessions, str_of(m->user));

	if (!is_listed(t, str_of(m->user)))
		return;
	value_put_map(&t->rows, 4);
	value_put_str_pair(&t->rows, STR("userId"), str_of(m->user));
	value_put_str_pair(&t->rows, STR("role"), str_of(role_name(m->role)));
	value_put_u64_pair(&t->rows, STR("since"), (uint64_t)m->since.ms);
	value_put_u64_pair(&t->rows, STR("connections"), u ? u->live_count : 0);
	t->count++;
}

void report_memberships(
    const struct broker *b, const struct room *r, struct str prefix, struct buf *out)
{
	const struct report_place place = {.prefix = prefix};
	struct tally t = {.broker = b, .place = &place};

	memberships_each_of_room(b->memberships, r->id, put_membership, &t);
	put_list(&t, "members", out);
}

static void put_sanction(void *ctx, const struct sanction *s)
{
	struct tally *t = ctx;
	const struct room *r = s->key.room ? rooms_find_id(t->broker->rooms, s->key.room) : NULL;
	struct str nsp = t->place->nsp, is_at = r ? str_of(r->nsp) : s->key.nsp;

	if (s->key.kind != t->kind || (t->place->room && t->place->room != r) ||
	    (nsp.len && !str_eq(nsp, is_at)) || !is_listed(t, s->key.user))
		return;
	value_put_map(&t->rows, 6 + (s->until.ms > 0));
	value_put_str_pair(&t->rows, STR("userId"), s->key.user);
	value_put_str_pair(&t->rows, STR("nsp"), is_at);
	value_put_str_pair(&t->rows, STR("room"), str_of(r ? r->name : NULL));
	value_put_str_pair(&t->rows, STR("by"), s->by);
	value_put_str_pair(&t->rows, STR("reason"), s->reason);
	value_put_u64_pair(&t->rows, STR("since"), (uint64_t)s->since.ms);
	if (s->until.ms)
		value_put_u64_pair(&t->rows, STR("until"), (uint64_t)s->until.ms);
	t->count++;
}

void report_sanctions(const struct broker *b, enum sanction_kind kind,
    const struct report_place *place, struct buf *out)
{
	struct tally t = {.broker = b, .kind = kind, .place = place};

	sanctions_each(b->sanctions, put_sanction, &t);
	put_list(&t, "sanctions", out);
}
