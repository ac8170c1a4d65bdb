#include "broker/admin.h"

#include "broker/crew.h"
#include "broker/registry.h"
#include "broker/report.h"
#include "broker/say.h"
#include "broker/why.h"
#include "common/log.h"
#include "proto/value.h"
#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
	struct why *why;
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
	report_status(call->admin->broker, &call->value);
	return ERR_OK;
}

static enum err on_gateways(struct command_call *call)
{
	report_gateways(call->admin->broker, &call->value);
	return ERR_OK;
}

static enum err on_rooms(struct command_call *call)
{
	report_rooms(call->admin->broker, arg_str(call, "nsp", ""), &call->value);
	return ERR_OK;
}

static enum err on_users(struct command_call *call)
{
	report_users(call->admin->broker, arg_str(call, "prefix", ""), &call->value);
	return ERR_OK;
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
	struct room *r = find_room(call);

	if (!r)
		return ERR_NOT_FOUND;
	report_members(r, &call->value);
	return ERR_OK;
}

static enum err on_connections(struct command_call *call)
{
	struct registry_filter filter = {
	    .user = arg_str(call, "user", ""), .gateway = arg_str(call, "gateway", "")};

	if (arg_str(call, "room", "").len) {
		filter.room = find_room(call);
		if (!filter.room)
			return ERR_NOT_FOUND;
	}
	registry_connections(call->admin->broker, &filter, &call->value);
	return ERR_OK;
}

static enum err on_user(struct command_call *call)
{
	struct str user = arg_str(call, "user", "");
	enum err e = registry_user(call->admin->broker, user, &call->value);

	if (e == ERR_NOT_FOUND)
		snprintf(call->why, sizeof(call->why),
		    "no user \"%.*s\" was ever here; `users` lists those who are",
		    STR_ARG(cut(user, NAME_SHOWN)));
	else if (e)
		snprintf(call->why, sizeof(call->why), "the database could not be read");
	return e;
}

struct sought {
	struct str name;
	struct peer *peer;
};

static void note_if_sought(void *ctx, struct peer *p)
{
	struct sought *s = ctx;

	if (str_eqz(s->name, peer_name(p)))
		s->peer = p;
}

static enum err on_drain(struct command_call *call)
{
	struct broker *b = call->admin->broker;
	struct sought sought = {.name = arg_str(call, "gateway", "")};
	struct wire_message m = {.type = WIRE_DRAIN};

	peers_each(b->peers, note_if_sought, &sought);
	if (!sought.peer || crew_find(b->crew, sought.peer)) {
		snprintf(call->why, sizeof(call->why), "no gateway \"%.*s\"; `gateways` lists them",
		    STR_ARG(cut(sought.name, NAME_SHOWN)));
		return ERR_NOT_FOUND;
	}
	m.as.drain.per_second = arg_u64(call, "rate", 0);
	say_now(b, sought.peer, &m);
	log_notice("gateway.drain", LOG_Z(PEER, peer_name(sought.peer)),
	    LOG_U(RATE, m.as.drain.per_second));
	value_put_map(&call->value, 1);
	value_put_str_pair(&call->value, STR("gateway"), str_of(peer_name(sought.peer)));
	return ERR_OK;
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
	enum err e =
	    archive_history(a->broker->archive, ++a->broker->last_ticket, &page, str_of(r->name));

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

static enum err on_why(struct command_call *call)
{
	struct why_asker asker = {*call->from, call->request};
	enum err e = why_ask(call->admin->why, &asker, arg_str(call, "id", ""), call->why);

	call->is_answered_later = !e;
	return e;
}

static const struct command commands[] = {
    {"status", on_status},
    {"gateways", on_gateways},
    {"rooms", on_rooms},
    {"members", on_members},
    {"users", on_users},
    {"user", on_user},
    {"connections", on_connections},
    {"history", on_history},
    {"drain", on_drain},
    {"why", on_why},
};

static void send_answer(struct admin *a, const struct link_address *to, uint64_t request,
    enum err e, const char *why, struct bytes value)
{
	struct wire_message m = {.type = WIRE_ANSWER};
	struct buf out = {0};

	if (!e && value.len > LIMIT_LINK_MESSAGE - ANSWER_HEAD) {
		e = ERR_TOO_BIG;
		why = "the answer is too long: narrow the question (--nsp, --prefix, --limit)";
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

static void on_why_answer(void *up, const struct why_asker *asker, const struct why_answer *answer)
{
	send_answer(up, &asker->to, asker->request, answer->error, answer->text, answer->value);
}

static const struct why_events why_news = {.on_answer = on_why_answer};

struct admin *admin_new(struct broker *b)
{
	struct admin *a = xcalloc(1, sizeof(*a));

	a->broker = b;
	a->why = why_new(b, &why_news, a);
	return a;
}

void admin_free(struct admin **a)
{
	struct waiting *w, *next;

	if (!*a)
		return;
	HASH_ITER(hh, (*a)->waiting, w, next)
	{
		HASH_DEL((*a)->waiting, w);
		free(w);
	}
	why_free(&(*a)->why);
	free(*a);
	*a = NULL;
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
	struct command_call call = {
	    .admin = a, .from = &letter->from, .request = m.as.ask.request, .args = m.as.ask.args};
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

bool admin_on_log(struct admin *a, const struct archive_log *log)
{
	return why_on_log(a->why, log);
}

void admin_on_why_answer(struct broker *b, struct peer *p, const struct wire_message *m)
{
	why_on_answer(b->admin->why, p, &m->as.why_answer);
}

void admin_on_pace(void *admin)
{
	struct admin *a = admin;

	why_expire(a->why, turn_now(a->broker->turn));
}
