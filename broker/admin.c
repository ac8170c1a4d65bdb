#include "broker/admin.h"

#include "broker/admin_priv.h"
#include "broker/crew.h"
#include "broker/emit.h"
#include "broker/operate.h"
#include "broker/registry.h"
#include "broker/report.h"
#include "broker/say.h"
#include "broker/why.h"
#include "common/log.h"
#include "proto/value_map.h"
#include "proto/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_HEAD = 1024 }; /* more than an ANSWER has beside its value */

struct str admin_arg_str(const struct command_call *call, const char *name, const char *fallback)
{
	return value_map_str(call->args, str_of(name), str_of(fallback));
}

uint64_t admin_arg_u64(const struct command_call *call, const char *name, uint64_t fallback)
{
	return value_map_u64(call->args, str_of(name), fallback);
}

struct str admin_cut(struct str s)
{
	size_t len = s.len < ADMIN_NAME_SHOWN ? s.len : ADMIN_NAME_SHOWN;

	while (len > 0 && len < s.len && ((unsigned char)s.p[len] & 0xc0) == 0x80)
		len--;
	return (struct str){s.p, len};
}

struct room *admin_find_room(struct command_call *call)
{
	struct str name = admin_arg_str(call, "room", "");
	struct str nsp = admin_arg_str(call, "nsp", "/chat");
	struct room *r = rooms_find(call->broker->rooms, nsp, name);

	if (!r)
		snprintf(call->why, sizeof(call->why),
		    "no room \"%.*s\" in namespace %.*s; `rooms` lists them, --nsp names another "
		    "namespace",
		    STR_ARG(admin_cut(name)), STR_ARG(admin_cut(nsp)));
	return r;
}

static enum err on_status(struct command_call *call)
{
	report_status(call->broker, &call->value);
	return ERR_OK;
}

static enum err on_gateways(struct command_call *call)
{
	report_gateways(call->broker, &call->value);
	return ERR_OK;
}

static enum err on_rooms(struct command_call *call)
{
	report_rooms(call->broker, admin_arg_str(call, "nsp", ""),
	    admin_arg_str(call, "prefix", ""), &call->value);
	return ERR_OK;
}

static enum err on_users(struct command_call *call)
{
	report_users(call->broker, admin_arg_str(call, "prefix", ""), &call->value);
	return ERR_OK;
}

static enum err on_members(struct command_call *call)
{
	struct room *r = admin_find_room(call);

	if (!r)
		return ERR_NOT_FOUND;
	report_members(r, admin_arg_str(call, "prefix", ""), &call->value);
	return ERR_OK;
}

static enum err on_connections(struct command_call *call)
{
	struct registry_filter filter = {.user = admin_arg_str(call, "user", ""),
	    .gateway = admin_arg_str(call, "gateway", ""),
	    .nsp = admin_arg_str(call, "nsp", "")};

	if (admin_arg_str(call, "room", "").len) {
		filter.room = admin_find_room(call);
		if (!filter.room)
			return ERR_NOT_FOUND;
	}
	registry_connections(call->broker, &filter, &call->value);
	return ERR_OK;
}

static enum err on_user(struct command_call *call)
{
	struct str user = admin_arg_str(call, "user", "");
	enum err e = registry_user(call->broker, user, &call->value);

	if (e == ERR_NOT_FOUND)
		snprintf(call->why, sizeof(call->why),
		    "no user \"%.*s\" was ever here; `users` lists those who are",
		    STR_ARG(admin_cut(user)));
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
	struct broker *b = call->broker;
	struct sought sought = {.name = admin_arg_str(call, "gateway", "")};
	struct wire_message m = {.type = WIRE_DRAIN};

	peers_each(b->peers, note_if_sought, &sought);
	if (!sought.peer || crew_find(b->crew, sought.peer)) {
		snprintf(call->why, sizeof(call->why), "no gateway \"%.*s\"; `gateways` lists them",
		    STR_ARG(admin_cut(sought.name)));
		return ERR_NOT_FOUND;
	}
	m.as.drain.per_second = admin_arg_u64(call, "rate", 0);
	say_now(b, sought.peer, &m);
	log_notice("gateway.drain", LOG_Z(PEER, peer_name(sought.peer)),
	    LOG_U(RATE, m.as.drain.per_second));
	value_put_map(&call->value, 1);
	value_put_str_pair(&call->value, STR("gateway"), str_of(peer_name(sought.peer)));
	return ERR_OK;
}

static enum err on_why(struct command_call *call)
{
	struct why_asker asker = {*call->from, call->request};
	enum err e =
	    why_ask(call->broker->admin->why, &asker, admin_arg_str(call, "id", ""), call->why);

	call->is_answered_later = !e;
	return e;
}

typedef enum err decree_fn(struct decrees *, const struct decree_asker *, struct bytes, char *);

static enum err decree(struct command_call *call, decree_fn *run)
{
	struct decree_asker asker = {*call->from, call->request};
	enum err e = run(call->broker->admin->decrees, &asker, call->args, call->why);

	call->is_answered_later = !e;
	return e;
}

static enum err on_revoke(struct command_call *call)
{
	return decree(call, decree_revoke);
}

static enum err on_unrevoke(struct command_call *call)
{
	return decree(call, decree_lift);
}

static enum err on_revocations(struct command_call *call)
{
	decree_list(call->broker, &call->value);
	return ERR_OK;
}

static const struct command commands[] = {
    {"status", on_status, 0},
    {"gateways", on_gateways, 0},
    {"rooms", on_rooms, 0},
    {"members", on_members, 0},
    {"users", on_users, 0},
    {"user", on_user, 0},
    {"connections", on_connections, 0},
    {"history", admin_on_history, 0},
    {"drain", on_drain, 0},
    {"why", on_why, 0},
    {"delete", admin_on_delete, 0},
    {"prune", admin_on_prune, 0},
    {"emit", emit_on_command, 0},
    {"revoke", on_revoke, 0},
    {"unrevoke", on_unrevoke, 0},
    {"revocations", on_revocations, 0},
};

void admin_send_answer(struct admin *a, const struct link_address *to, uint64_t request, enum err e,
    const char *why, struct bytes value)
{
	struct wire_message m = {.type = WIRE_ANSWER};
	struct buf out = {0};

	if (!e && value.len > LIMIT_LINK_MESSAGE - ANSWER_HEAD) {
		e = ERR_TOO_BIG;
		why = "the answer is too long: narrow the question (--limit)";
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

void admin_answer(struct admin *a, const struct link_address *to, uint64_t request, enum err e,
    struct bytes value)
{
	admin_send_answer(a, to, request, e,
	    "the database does not take it now; nothing has changed, `status` says why", value);
}

static void on_why_answer(void *up, const struct why_asker *asker, const struct why_answer *answer)
{
	admin_send_answer(
	    up, &asker->to, asker->request, answer->error, answer->text, answer->value);
}

static void on_decree_answer(
    void *up, const struct decree_asker *asker, const struct decree_answer *answer)
{
	admin_send_answer(
	    up, &asker->to, asker->request, answer->error, answer->text, answer->value);
}

static const struct decree_events decree_news = {.on_answer = on_decree_answer};

static const struct why_events why_news = {.on_answer = on_why_answer};

static void on_survey_result(void *up, const struct survey_asker *asker, struct bytes value)
{
	admin_send_answer(up, &asker->to, asker->request, ERR_OK, NULL, value);
}

static const struct survey_events survey_news = {.on_result = on_survey_result};

struct admin *admin_new(struct broker *b)
{
	struct admin *a = xcalloc(1, sizeof(*a));

	a->broker = b;
	a->why = why_new(b, &why_news, a);
	b->surveys = surveys_new(b, &survey_news, a);
	a->decrees = decrees_new(b, &decree_news, a);
	return a;
}

void admin_free(struct admin **a)
{
	if (!*a)
		return;
	admin_forget_pages(*a);
	decrees_free(&(*a)->decrees);
	why_free(&(*a)->why);
	surveys_free(&(*a)->broker->surveys);
	free(*a);
	*a = NULL;
}

static const struct command *find_command(struct str name)
{
	const struct command *c;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (str_eqz(name, commands[i].name))
			return &commands[i];
	}
	for (size_t i = 0; (c = operate_command(i)) && !str_eqz(name, c->name); i++)
		;
	return c;
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
	call->command = find_command(ask->command);
	if (call->command)
		return call->command->run(call);
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
	struct command_call call = {.broker = a->broker,
	    .from = &letter->from,
	    .request = m.as.ask.request,
	    .args = m.as.ask.args};
	enum err e = run(&call, &m.as.ask);

	if (!call.is_answered_later)
		admin_send_answer(a, call.from, call.request, e, call.why, buf_bytes(&call.value));
	buf_free(&call.value);
}

void admin_on_stored(struct admin *a, uint64_t batch, enum err error)
{
	decrees_on_stored(a->decrees, batch, error);
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
	surveys_on_pace(a->broker->surveys, turn_now(a->broker->turn));
}
