#include "broker/registry.h"

#include "broker/census.h"
#include "broker/member.h"
#include "proto/value.h"

/* A list in the making. */
struct list {
	const struct registry_filter *filter;
	uint32_t count;
	bool has_more;
	struct buf rows;
};

static bool is_sought(const struct registry_filter *f, const struct session *s)
{
	return s->peer && (!f->user.len || str_eqz(f->user, s->user->id)) &&
	       (!f->gateway.len || str_eqz(f->gateway, peer_name(s->peer))) &&
	       (!f->nsp.len || str_eqz(f->nsp, s->nsp)) && (!f->room || member_find(f->room, s));
}

/* Personal ones are everybody's. */
static size_t count_rooms(const struct session *s)
{
	size_t count = 0;

	for (const struct member *m = s->members; m; m = m->session_next)
		count += !m->room->is_personal && m->room->name[0];
	return count;
}

static void put_connection(struct buf *out, const struct session *s)
{
	value_put_map(out, 10);
	value_put_str_pair(out, STR("userId"), str_of(s->user->id));
	value_put_str_pair(out, STR("username"), str_of(s->user->username));
	value_put_str_pair(out, STR("nsp"), str_of(s->nsp));
	value_put_str_pair(out, STR("socketId"), str_of(s->sid));
	value_put_str_pair(out, STR("gateway"), str_of(peer_name(s->peer)));
	value_put_str_pair(out, STR("transport"), str_of(s->transport));
	value_put_str_pair(out, STR("ip"), str_of(s->ip));
	value_put_str_pair(out, STR("userAgent"), str_of(s->user_agent));
	value_put_u64_pair(out, STR("since"), (uint64_t)s->since.ms);
	value_put_u64_pair(out, STR("rooms"), count_rooms(s));
}

static void put_if_sought(void *ctx, struct session *s)
{
	struct list *l = ctx;

	if (l->has_more || !is_sought(l->filter, s))
		return;
	l->has_more = l->count == REGISTRY_LISTED;
	if (l->has_more)
		return;
	put_connection(&l->rows, s);
	l->count++;
}

static void put_if_member(void *ctx, const struct member *m)
{
	put_if_sought(ctx, m->session);
}

/* By the shortest way there is. */
static void gather(const struct broker *b, struct list *l)
{
	const struct registry_filter *f = l->filter;
	const struct user *u = f->user.len ? sessions_find_user(b->sessions, f->user) : NULL;

	if (f->user.len) {
		for (struct session *s = u ? u->sessions : NULL; s; s = s->user_next)
			put_if_sought(l, s);
	} else if (f->room) {
		room_each_member(f->room, put_if_member, l);
	} else {
		sessions_each(b->sessions, put_if_sought, l);
	}
}

static void put_list(struct list *l, struct buf *out)
{
	value_put_str(out, STR("connections"));
	value_put_array(out, l->count);
	buf_put(out, buf_bytes(&l->rows));
	buf_free(&l->rows);
}

void registry_connections(
    const struct broker *b, const struct registry_filter *filter, struct buf *out)
{
	struct list l = {.filter = filter};

	gather(b, &l);
	value_put_map(out, 2);
	put_list(&l, out);
	value_put_bool_pair(out, STR("more"), l.has_more);
}

/* ---- one user ---- */

void registry_put_gateways(const struct user *u, struct buf *out)
{
	for (const struct session *s = u->sessions; s; s = s->user_next) {
		const struct session *earlier = u->sessions;

		/* One of several sessions at the same gateway names it. */
		while (earlier != s && earlier->peer != s->peer)
			earlier = earlier->user_next;
		if (s->peer && earlier == s)
			buf_printf(out, "%s%s", out->len ? "," : "", peer_name(s->peer));
	}
}

/* Of several sessions in the same room the first one names it. */
static bool is_named(const struct user *u, const struct member *m)
{
	for (const struct session *s = u->sessions; s != m->session; s = s->user_next) {
		if (member_find(m->room, s))
			return true;
	}
	return false;
}

static void put_rooms(const struct user *u, struct buf *out)
{
	for (const struct session *s = u->sessions; s; s = s->user_next) {
		for (const struct member *m = s->members; m; m = m->session_next) {
			if (!m->room->is_personal && m->room->name[0] && !is_named(u, m))
				buf_printf(out, "%s%s %s", out->len ? ", " : "", m->room->nsp,
				    m->room->name);
		}
	}
}

/* What the census says, copied. */
struct past {
	struct buf username;
	struct wall first_seen, last_seen;
};

static void on_known(void *ctx, const struct reader_user *user)
{
	struct past *past = ctx;

	buf_puts(&past->username, user->username);
	past->first_seen = user->first_seen;
	past->last_seen = user->last_seen;
}

static void put_presence(const struct user *u, struct buf *out)
{
	struct buf gateways = {0}, rooms = {0};

	if (u) {
		registry_put_gateways(u, &gateways);
		put_rooms(u, &rooms);
	}
	value_put_bool_pair(out, STR("online"), u && u->live_count > 0);
	value_put_u64_pair(out, STR("count"), u ? u->live_count : 0);
	value_put_str_pair(out, STR("gateways"), buf_str(&gateways));
	value_put_str_pair(out, STR("rooms"), buf_str(&rooms));
	buf_free(&gateways);
	buf_free(&rooms);
}

enum err registry_user(struct broker *b, struct str user, struct buf *out)
{
	const struct user *u = sessions_find_user(b->sessions, user);
	struct past past = {0};
	enum err e = census_find(b, user, on_known, &past);

	/* A guest is in no census. */
	if (e && !(e == ERR_NOT_FOUND && u)) {
		buf_free(&past.username);
		return e;
	}
	if (e)
		past.first_seen = past.last_seen = u->since;
	struct list l = {.filter = &(struct registry_filter){.user = user}};

	gather(b, &l);
	value_put_map(out, 9);
	value_put_str_pair(out, STR("userId"), user);
	value_put_str_pair(out, STR("username"), u ? str_of(u->username) : buf_str(&past.username));
	put_presence(u, out);
	value_put_u64_pair(out, STR("firstSeen"), (uint64_t)past.first_seen.ms);
	/* Who is here is seen now. */
	value_put_u64_pair(out, STR("lastSeen"),
	    (uint64_t)(u && u->live_count > 0 ? turn_wall(b->turn) : past.last_seen).ms);
	put_list(&l, out);
	buf_free(&past.username);
	return ERR_OK;
}
