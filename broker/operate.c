#include "broker/operate.h"

#include "broker/attend.h"
#include "broker/change.h"
#include "broker/review.h"
#include "proto/room_id.h"
#include "proto/value_map.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static PRINTF(3, 4) enum err refuse(struct command_call *call, enum err e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(call->why, sizeof(call->why), format, args);
	va_end(args);
	return e;
}

/* ---- what a command names ---- */

/* Of whom it speaks; empty = of nobody, which is an error with why. */
static struct str find_user(struct command_call *call)
{
	struct str user = admin_arg_str(call, "user", "");

	if (user.len > 0 && user.len <= LIMIT_USER)
		return user;
	(void)refuse(call, ERR_INVALID, "a user's id has 1 to %d bytes", LIMIT_USER);
	return STR("");
}

static bool flag(const struct command_call *call, const char *name)
{
	return value_map_is_true(call->args, str_of(name));
}

/* ---- ordering ---- */

static void answer(
    struct broker *b, const struct change_asker *asker, enum err e, struct bytes value)
{
	admin_answer(b->admin, &asker->to, asker->request, e, value);
}

/* The call's value is what is answered when it is done. */
static enum err order(struct command_call *call, struct change_order *o)
{
	o->asker =
	    (struct change_asker){.answer = answer, .to = *call->from, .request = call->request};
	o->reason = admin_arg_str(call, "reason", "");
	o->answer = buf_bytes(&call->value);
	if (str_code_points(o->reason) > LIMIT_WHY_CHARS)
		return refuse(
		    call, ERR_TOO_BIG, "the reason is longer than %d characters", LIMIT_WHY_CHARS);
	enum err e = change_put(call->broker, o);

	if (e == ERR_FULL)
		return refuse(call, e,
		    "there are as many as there may be: see memberships-max "
		    "and sanctions-max");
	if (e)
		return refuse(call, e, "the database does not take it now, `status` says why");
	call->is_answered_later = true;
	return ERR_OK;
}

/* ---- rooms ---- */

/* What is wrong with it by the rule of its namespace; NULL = nothing. A pattern is the gateways'
 * affair, which know one when they see it. */
static const char *name_fault(const struct namespace_conf *n, struct str name)
{
	const char *rule = n->room_id ? n->room_id : "name";

	if (room_name_is_personal(name))
		return "rooms whose name begins with user: are the users' own";
	if (strcmp(rule, "name") == 0 && !room_id_is_name(name))
		return "a room's name is 1 to 128 of A-Z a-z 0-9 _ - : .";
	if (strcmp(rule, "uuid") == 0 && !room_id_is_uuid(name))
		return "a room's name is a UUID in this namespace: see its room-id";
	if (name.len == 0 || name.len > LIMIT_ROOM_NAME)
		return "a room's name has 1 to 128 bytes";
	return NULL;
}

static enum err check_new_room(struct command_call *call, struct str nsp, struct str name)
{
	const struct broker *b = call->broker;
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, nsp);
	const struct room *r = rooms_find(b->rooms, nsp, name);

	if (!n || n->handler != NAMESPACE_ROOMS)
		return refuse(
		    call, ERR_INVALID, "%.*s is no namespace with rooms", STR_ARG(admin_cut(nsp)));
	const char *fault = name_fault(n, name);

	if (fault)
		return refuse(call, ERR_INVALID, "%s", fault);
	if (r && r->is_stored)
		return refuse(call, ERR_EXISTS,
		    "there is such a room already; `room public`, "
		    "`room private` and `room archive` change it");
	if (!r && rooms_count(b->rooms) >= b->config.max_rooms)
		return refuse(call, ERR_FULL,
		    "there are as many rooms as there may be: see "
		    "max-rooms");
	return ERR_OK;
}

static enum err order_kind(struct command_call *call, const struct room *r, struct change_order *o)
{
	value_put_map(&call->value, 4);
	value_put_str_pair(&call->value, STR("nsp"), str_of(r->nsp));
	value_put_str_pair(&call->value, STR("room"), str_of(r->name));
	value_put_bool_pair(&call->value, STR("public"), o->room_kind.is_public);
	value_put_bool_pair(&call->value, STR("archived"), o->room_kind.is_archived);
	o->kind = CHANGE_ROOM;
	o->room = r->id;
	return order(call, o);
}

static enum err on_room_create(struct command_call *call)
{
	struct broker *b = call->broker;
	struct str nsp = admin_arg_str(call, "nsp", "/chat");
	struct str name = admin_arg_str(call, "room", "");
	enum err e = check_new_room(call, nsp, name);
	struct room *r = e ? NULL : rooms_find(b->rooms, nsp, name);
	struct change_order o = {.is_new = !r};

	if (e)
		return e;
	/* In memory at once, so that nobody else makes another of that name, or enters it. */
	if (!r) {
		r = rooms_create(b->rooms, nsp, name, turn_wall(b->turn));
		r->is_public = !flag(call, "private");
	}
	o.room_kind = (struct room_kind){!flag(call, "private"), r->is_archived};
	e = order_kind(call, r, &o);
	if (e && o.is_new)
		attend_undo_room(b, r);
	return e;
}

enum { TO_PUBLIC, TO_PRIVATE, TO_ARCHIVED, TO_UNARCHIVED };

static enum err on_room_kind(struct command_call *call)
{
	const struct room *r = review_find_room(call);
	int to = call->command->detail;

	if (!r)
		return ERR_NOT_FOUND;
	struct change_order o = {.room_kind = change_foresee(call->broker, r)};

	if (to == TO_PUBLIC || to == TO_PRIVATE)
		o.room_kind.is_public = to == TO_PUBLIC;
	else
		o.room_kind.is_archived = to == TO_ARCHIVED;
	return order_kind(call, r, &o);
}

/* ---- members ---- */

static enum err order_member(
    struct command_call *call, const struct room *r, struct str user, enum role role)
{
	value_put_map(&call->value, 4);
	value_put_str_pair(&call->value, STR("nsp"), str_of(r->nsp));
	value_put_str_pair(&call->value, STR("room"), str_of(r->name));
	value_put_str_pair(&call->value, STR("userId"), user);
	value_put_str_pair(&call->value, STR("role"), str_of(role_name(role)));
	return order(call, &(struct change_order){
			       .kind = CHANGE_MEMBER, .room = r->id, .user = user, .role = role});
}

enum { MUST_BE_THERE = 1 };

/* is_there: he must belong to the room already. */
static enum err put_member(struct command_call *call, enum role role, bool is_there)
{
	const struct room *r = review_find_room(call);
	struct str user = find_user(call);

	if (!r || !user.len)
		return r ? ERR_INVALID : ERR_NOT_FOUND;
	if (is_there && memberships_role(call->broker->memberships, r->id, user) == ROLE_NONE)
		return refuse(call, ERR_NOT_FOUND,
		    "\"%.*s\" is no member of the room; `member list` lists them",
		    STR_ARG(admin_cut(user)));
	return order_member(call, r, user, role);
}

static enum err on_member_add(struct command_call *call)
{
	enum role role = role_find(admin_arg_str(call, "role", role_name(ROLE_MEMBER)));

	if (role == ROLE_NONE)
		return refuse(call, ERR_INVALID, "a role is member or moderator");
	return put_member(call, role, call->command->detail == MUST_BE_THERE);
}

static enum err on_member_remove(struct command_call *call)
{
	return put_member(call, ROLE_NONE, true);
}

/* ---- bans, mutes, kicks ---- */

/* A slip of the pen would be a ban from nowhere. What was imposed is lifted wherever it was: the
 * namespace may not be configured any more. */
static bool is_namespace(struct command_call *call, const struct change_order *o)
{
	const struct broker *b = call->broker;
	struct str nsp = admin_arg_str(call, "nsp", "");

	if (o->kind == CHANGE_LIFT || nsp.len == 0 ||
	    namespaces_find(b->config.namespaces, b->config.namespace_count, nsp))
		return true;
	(void)refuse(
	    call, ERR_NOT_FOUND, "no namespace %.*s in the configuration", STR_ARG(admin_cut(nsp)));
	return false;
}

/* Where, in the order and in its answer. False, with why: there is no such place. */
static bool set_place(struct command_call *call, struct change_order *o)
{
	const struct room *r = review_names_room(call) ? review_find_room(call) : NULL;

	if (review_names_room(call) ? !r : !is_namespace(call, o))
		return false;
	o->room = r ? r->id : 0;
	o->nsp = r ? str_of(r->nsp) : admin_arg_str(call, "nsp", "");
	value_put_map(&call->value, 3 + (o->until.ms > 0));
	value_put_str_pair(&call->value, STR("userId"), o->user);
	value_put_str_pair(&call->value, STR("nsp"), o->nsp);
	value_put_str_pair(&call->value, STR("room"), str_of(r ? r->name : NULL));
	if (o->until.ms)
		value_put_u64_pair(&call->value, STR("until"), (uint64_t)o->until.ms);
	return true;
}

static enum err on_impose(struct command_call *call)
{
	enum sanction_kind kind = (enum sanction_kind)call->command->detail;
	struct change_order o = {.kind = CHANGE_IMPOSE, .sanction = kind, .user = find_user(call)};
	uint64_t seconds = admin_arg_u64(call, "for", 0);

	if (!o.user.len)
		return ERR_INVALID;
	if (kind == SANCTION_MUTE && !review_names_room(call))
		return refuse(call, ERR_INVALID, "a mute is for one room: --room names it");
	if (seconds > LIMIT_DURATION_S)
		return refuse(call, ERR_INVALID, "not for longer than %d s", LIMIT_DURATION_S);
	if (seconds)
		o.until.ms = turn_wall(call->broker->turn).ms + (int64_t)seconds * 1000;
	return set_place(call, &o) ? order(call, &o) : ERR_NOT_FOUND;
}

static enum err on_lift(struct command_call *call)
{
	enum sanction_kind kind = (enum sanction_kind)call->command->detail;
	struct change_order o = {.kind = CHANGE_LIFT, .sanction = kind, .user = find_user(call)};

	if (!o.user.len)
		return ERR_INVALID;
	if (!set_place(call, &o))
		return ERR_NOT_FOUND;
	struct sanction_key key = {
	    .kind = kind, .user = o.user, .nsp = o.room ? STR("") : o.nsp, .room = o.room};

	if (!sanctions_find(call->broker->sanctions, &key, turn_wall(call->broker->turn)))
		return refuse(call, ERR_NOT_FOUND,
		    "there is no such %s; `%s list` lists them, with the namespace and the room",
		    sanction_kind_name(kind), sanction_kind_name(kind));
	return order(call, &o);
}

static enum err on_kick_user(struct command_call *call)
{
	struct change_order o = {.kind = CHANGE_KICK, .user = find_user(call)};

	if (!o.user.len)
		return ERR_INVALID;
	if (!set_place(call, &o))
		return ERR_NOT_FOUND;
	if (!sessions_find_user(call->broker->sessions, o.user))
		return refuse(call, ERR_NOT_FOUND,
		    "\"%.*s\" is not connected; `users` lists who is", STR_ARG(admin_cut(o.user)));
	return order(call, &o);
}

struct sought {
	struct str sid;
	const struct session *session;
};

static void note_if_sought(void *ctx, struct session *s)
{
	struct sought *sought = ctx;

	if (str_eqz(sought->sid, s->sid))
		sought->session = s;
}

static enum err on_kick_socket(struct command_call *call)
{
	struct sought sought = {.sid = admin_arg_str(call, "socket", "")};

	sessions_each(call->broker->sessions, note_if_sought, &sought);
	if (!sought.session)
		return refuse(call, ERR_NOT_FOUND,
		    "no socket \"%.*s\"; `members` lists those of a room",
		    STR_ARG(admin_cut(sought.sid)));
	value_put_map(&call->value, 2);
	value_put_str_pair(&call->value, STR("socketId"), sought.sid);
	value_put_str_pair(&call->value, STR("userId"), str_of(sought.session->user->id));
	return order(call, &(struct change_order){.kind = CHANGE_END,
			       .user = str_of(sought.session->user->id),
			       .nsp = str_of(sought.session->nsp),
			       .socket = str_of(sought.session->id)});
}

static const struct command commands[] = {
    {"room create", on_room_create, 0},
    {"room show", review_room, 0},
    {"room public", on_room_kind, TO_PUBLIC},
    {"room private", on_room_kind, TO_PRIVATE},
    {"room archive", on_room_kind, TO_ARCHIVED},
    {"room unarchive", on_room_kind, TO_UNARCHIVED},
    {"member add", on_member_add, 0},
    {"member role", on_member_add, MUST_BE_THERE},
    {"member remove", on_member_remove, 0},
    {"member list", review_memberships, 0},
    {"ban add", on_impose, SANCTION_BAN},
    {"ban remove", on_lift, SANCTION_BAN},
    {"ban list", review_sanctions, SANCTION_BAN},
    {"mute add", on_impose, SANCTION_MUTE},
    {"mute remove", on_lift, SANCTION_MUTE},
    {"mute list", review_sanctions, SANCTION_MUTE},
    {"kick user", on_kick_user, 0},
    {"kick socket", on_kick_socket, 0},
};

const struct command *operate_command(size_t n)
{
	return n < ARRAY_LEN(commands) ? &commands[n] : NULL;
}
