#include "broker/admin.h"

#include "broker/member.h"
#include "broker/publish.h"
#include "common/log.h"
#include "proto/value.h"
#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

enum {
	HISTORY_DEFAULT = 50,
	NAME_SHOWN = 64,    /* bytes of a name in a sentence about it */
	ANSWER_HEAD = 1024, /* more than an ANSWER has beside its value */
};

/* A history command whose page is being read. */
struct waiting {
	uint64_t ticket;
	uint64_t request;
	struct link_address to;
	UT_hash_handle hh;
};

struct admin {
	struct broker *broker;
	struct waiting *waiting; /* bounded by the archive's queue */
};

/* A command as it is answered: args in, value or why out. */
struct command_call {
	struct admin *admin;
	const struct link_address *from;
	uint64_t request;
	struct bytes args;
	struct buf value;
	char why[LIMIT_REASON];
	bool is_answered_later;
};

struct command {
	const char *name;
	enum err (*run)(struct command_call *call);
};

struct admin *admin_new(struct broker *b)
{
	struct admin *a = xcalloc(1, sizeof(*a));

	a->broker = b;
	return a;
}

void admin_free(struct admin **a)
{
	struct waiting *w, *next;

	if (!*a)
		return;
	HASH_ITER (hh, (*a)->waiting, w, next) {
		HASH_DEL((*a)->waiting, w);
		free(w);
	}
	free(*a);
	*a = NULL;
}

static struct str arg_str(const struct command_call *call, const char *name, const char *fallback)
{
	struct bytes raw;
	struct str s;

	if (value_map_get(call->args, str_of(name), &raw) || !value_as_str(raw, &s))
		return str_of(fallback);
	return s;
}

static uint64_t arg_u64(const struct command_call *call, const char *name, uint64_t fallback)
{
	struct bytes raw;
	uint64_t u;

	if (value_map_get(call->args, str_of(name), &raw) || !value_as_u64(raw, &u))
		return fallback;
	return u;
}

static enum err on_status(struct command_call *call)
{
	struct broker *b = call->admin->broker;
	struct buf *v = &call->value;
	const char *fault = publish_fault(b);
	char boot[17], epoch[17];

	snprintf(boot, sizeof(boot), "%016llx", (unsigned long long)b->boot);
	snprintf(epoch, sizeof(epoch), "%016llx", (unsigned long long)b->epoch);
	value_put_map(v, 15);
	value_put_str_pair(v, STR("version"), str_of(ROOMCAST_VERSION));
	value_put_u64_pair(v, STR("pid"), (uint64_t)getpid());
	value_put_str_pair(v, STR("boot"), str_of(boot));
	value_put_str_pair(v, STR("epoch"), str_of(epoch));
	value_put_str_pair(v, STR("database"), str_of(b->config.database));
	value_put_u64_pair(v, STR("uptimeMs"), mono_ms_between(b->started, turn_now(b->turn)));
	value_put_u64_pair(v, STR("gateways"), peers_count(b->peers));
	value_put_u64_pair(v, STR("connections"), sessions_count(b->sessions));
	value_put_u64_pair(v, STR("users"), sessions_user_count(b->sessions));
	value_put_u64_pair(v, STR("rooms"), rooms_count(b->rooms));
	value_put_u64_pair(v, STR("gseq"), b->gseq);
	value_put_u64_pair(v, STR("messages"), b->stored);
	value_put_u64_pair(v, STR("backlog"), store_backlog(b->store));
	value_put_str_pair(v, STR("state"), fault[0] ? STR("degraded") : STR("ok"));
	value_put_str_pair(v, STR("reason"), str_of(fault));
	return ERR_OK;
}

/* A list in the making: how many rows were put, and where its head is. */
struct list {
	struct command_call *call;
	uint32_t count;
	struct buf rows;
	struct str nsp;
	const struct peer *peer;
};

/* {name: [rows]} */
static enum err put_list(struct list *l, const char *name)
{
	struct buf *v = &l->call->value;

	value_put_map(v, 1);
	value_put_str(v, str_of(name));
	value_put_array(v, l->count);
	buf_put(v, buf_bytes(&l->rows));
	buf_free(&l->rows);
	return ERR_OK;
}

struct tally {
	const struct peer *peer;
	size_t connections, rooms;
};

static void count_session(void *ctx, struct session *s)
{
	struct tally *t = ctx;

	t->connections += s->peer == t->peer;
}

static void count_room(void *ctx, struct room *r)
{
	struct tally *t = ctx;

	for (size_t i = 0; i < r->route.count; i++)
		t->rooms += r->route.stops[i].peer == t->peer;
}

static void put_gateway(void *ctx, struct peer *p)
{
	struct list *l = ctx;
	struct broker *b = l->call->admin->broker;
	struct tally tally = {.peer = p};
	char boot[17];

	sessions_each(b->sessions, count_session, &tally);
	rooms_each(b->rooms, count_room, &tally);
	snprintf(boot, sizeof(boot), "%016llx", (unsigned long long)peer_boot(p));
	value_put_map(&l->rows, 8);
	value_put_str_pair(&l->rows, STR("id"), str_of(peer_name(p)));
	value_put_str_pair(&l->rows, STR("boot"), str_of(boot));
	value_put_str_pair(&l->rows, STR("endpoint"),
	    str_of(link_endpoint(b->link, peer_door(p))));
	value_put_str_pair(&l->rows, STR("state"),
	    peer_is_resuming(p) ? STR("resuming") : STR("ready"));
	value_put_u64_pair(&l->rows, STR("sinceMs"), (uint64_t)peer_since(p).ms);
	value_put_u64_pair(&l->rows, STR("connections"), tally.connections);
	value_put_u64_pair(&l->rows, STR("rooms"), tally.rooms);
	value_put_u64_pair(&l->rows, STR("queuedBytes"), peer_queued_bytes(p));
	l->count++;
}

static enum err on_gateways(struct command_call *call)
{
	struct list l = {.call = call};

	peers_each(call->admin->broker->peers, put_gateway, &l);
	return put_list(&l, "gateways");
}

static void put_room(void *ctx, struct room *r)
{
	struct list *l = ctx;

	if (r->is_personal || (l->nsp.len && !str_eqz(l->nsp, r->nsp)))
		return;
	value_put_map(&l->rows, 6);
	value_put_str_pair(&l->rows, STR("nsp"), str_of(r->nsp));
	value_put_str_pair(&l->rows, STR("room"), str_of(r->name));
	value_put_bool_pair(&l->rows, STR("public"), r->is_public);
	value_put_u64_pair(&l->rows, STR("seq"), r->seq);
	value_put_u64_pair(&l->rows, STR("members"), r->member_count);
	value_put_u64_pair(&l->rows, STR("users"), room_user_count(r));
	l->count++;
}

static enum err on_rooms(struct command_call *call)
{
	struct list l = {.call = call, .nsp = arg_str(call, "nsp", "")};

	rooms_each(call->admin->broker->rooms, put_room, &l);
	return put_list(&l, "rooms");
}

static void put_member(void *ctx, const struct member *m)
{
	struct list *l = ctx;

	value_put_map(&l->rows, 6);
	value_put_str_pair(&l->rows, STR("userId"), str_of(m->session->user->id));
	value_put_str_pair(&l->rows, STR("username"), str_of(m->session->user->username));
	value_put_str_pair(&l->rows, STR("socketId"), str_of(m->session->id));
	value_put_str_pair(&l->rows, STR("gateway"), str_of(peer_name(m->session->peer)));
	value_put_u64_pair(&l->rows, STR("joinedAt"), (uint64_t)m->joined.ms);
	value_put_str_pair(&l->rows, STR("ip"), str_of(m->session->ip));
	l->count++;
}

/* Its beginning, cut between two characters: half of one would spoil the whole answer. */
static struct str cut(struct str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return (struct str){s.p, max};
}

/* The room a command names, NULL with why when there is none. */
static struct room *find_room(struct command_call *call)
{
	struct str name = arg_str(call, "room", "");
	struct str nsp = arg_str(call, "nsp", "/chat");
	struct room *r = rooms_find(call->admin->broker->rooms, nsp, name);

	if (!r)
		snprintf(call->why, sizeof(call->why),
		    "no room \"%.*s\" in namespace %.*s; `rooms` lists them, --nsp names another "
		    "namespace",
		    STR_ARG(cut(name, NAME_SHOWN)), STR_ARG(cut(nsp, NAME_SHOWN)));
	return r;
}

static enum err on_members(struct command_call *call)
{
	struct list l = {.call = call};
	struct room *r = find_room(call);

	if (!r)
		return ERR_NOT_FOUND;
	room_each_member(r, put_member, &l);
	return put_list(&l, "members");
}

static void put_user(void *ctx, struct user *u)
{
	struct list *l = ctx;
	struct buf names = {0};

	for (const struct session *s = u->sessions; s; s = s->user_next) {
		const char *name = peer_name(s->peer);

		/* One of several sessions at the same gateway names it. */
		const struct session *earlier = u->sessions;

		while (earlier != s && earlier->peer != s->peer)
			earlier = earlier->user_next;
		if (earlier == s)
			buf_printf(&names, "%s%s", names.len ? "," : "", name);
	}
	value_put_map(&l->rows, 5);
	value_put_str_pair(&l->rows, STR("userId"), str_of(u->id));
	value_put_str_pair(&l->rows, STR("username"), str_of(u->username));
	value_put_u64_pair(&l->rows, STR("connections"), u->session_count);
	value_put_str_pair(&l->rows, STR("gateways"), buf_str(&names));
	value_put_u64_pair(&l->rows, STR("since"), (uint64_t)u->since.ms);
	buf_free(&names);
	l->count++;
}

static enum err on_users(struct command_call *call)
{
	struct list l = {.call = call};

	sessions_each_user(call->admin->broker->sessions, put_user, &l);
	return put_list(&l, "users");
}

static enum err on_history(struct command_call *call)
{
	struct admin *a = call->admin;
	struct room *r = find_room(call);
	uint64_t limit = arg_u64(call, "limit", HISTORY_DEFAULT);
	struct bytes after;

	if (!r)
		return ERR_NOT_FOUND;
	if (limit == 0 || limit > LIMIT_HISTORY_PAGE) {
		snprintf(call->why, sizeof(call->why), "limit must be 1 to %d", LIMIT_HISTORY_PAGE);
		return ERR_INVALID;
	}
	struct reader_page page = {
	    .room = r->id,
	    .before = arg_u64(call, "before", 0),
	    .after = arg_u64(call, "after", 0),
	    .has_after = value_map_get(call->args, STR("after"), &after) == ERR_OK,
	    .limit = (unsigned)limit,
	};
	enum err e = archive_history(a->broker->archive, ++a->broker->last_ticket, &page, str_of(r->name));

	if (e) {
		snprintf(call->why, sizeof(call->why), "too many history requests, try again");
		return e;
	}
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->ticket = a->broker->last_ticket;
	w->request = call->request;
	w->to = *call->from;
	HASH_ADD(hh, a->waiting, ticket, sizeof(w->ticket), w);
	call->is_answered_later = true;
	return ERR_OK;
}

static const struct command commands[] = {
    {"status", on_status},
    {"gateways", on_gateways},
    {"rooms", on_rooms},
    {"members", on_members},
    {"users", on_users},
    {"history", on_history},
};

static void send_answer(struct admin *a, const struct link_address *to, uint64_t request,
    enum err e, const char *why, struct bytes value)
{
	struct wire_message m = {.type = WIRE_ANSWER};
	struct buf out = {0};

	if (!e && value.len > LIMIT_LINK_MESSAGE - ANSWER_HEAD) {
		e = ERR_TOO_BIG;
		why = "the answer is too long: narrow the question (--nsp, --limit)";
	}
	m.as.answer.request = request;
	m.as.answer.error = str_of(e ? err_name(e) : "");
	m.as.answer.text = str_of(e ? why : "");
	m.as.answer.value = e ? (struct bytes){0} : value;
	wire_put(&out, &m);
	if (link_send(a->broker->link, to, buf_bytes(&out)))
		log_debug("admin.gone", LOG_U(BYTES, out.len));
	buf_free(&out);
}

static enum err run(struct command_call *call, const struct wire_ask *ask)
{
	if (ask->version != WIRE_VERSION) {
		snprintf(call->why, sizeof(call->why),
		    "roomcastctl speaks version %llu, the broker %d: use the one that was "
		    "installed with the broker",
		    (unsigned long long)ask->version, WIRE_VERSION);
		return ERR_VERSION;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (str_eqz(ask->command, commands[i].name))
			return commands[i].run(call);
	}
	snprintf(call->why, sizeof(call->why), "the broker has no such command");
	return ERR_INVALID;
}

void admin_receive(struct admin *a, const struct link_letter *letter)
{
	struct wire_reader r = wire_reader(letter->body);
	struct wire_message m;

	if (wire_next(&r, &m) || m.type != WIRE_ASK || !wire_at_end(&r)) {
		log_warn("admin.malformed", LOG_U(BYTES, letter->body.len));
		return;
	}
	struct command_call call = {.admin = a,
	    .from = &letter->from,
	    .request = m.as.ask.request,
	    .args = m.as.ask.args};
	enum err e = run(&call, &m.as.ask);

	if (!call.is_answered_later)
		send_answer(a, call.from, call.request, e, call.why, buf_bytes(&call.value));
	buf_free(&call.value);
}

void admin_on_page(struct admin *a, const struct archive_answer *answer)
{
	struct waiting *w;
	struct buf value = {0};

	HASH_FIND(hh, a->waiting, &answer->request, sizeof(answer->request), w);
	if (!w)
		return;
	if (!answer->error) {
		value_put_map(&value, 2);
		value_put_raw_pair(&value, STR("messages"), answer->messages);
		value_put_bool_pair(&value, STR("more"), answer->more);
	}
	send_answer(a, &w->to, w->request, answer->error, "the database could not be read",
	    buf_bytes(&value));
	buf_free(&value);
	HASH_DEL(a->waiting, w);
	free(w);
}
