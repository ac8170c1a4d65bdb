#include "broker/rights.h"

static const char archived_text[] = "This room is archived";
static const char banned_text[] = "You are banned from this room";
static const char peer_text[] = "Moderators do not act on each other";

/* False, with what the client is told. */
static bool refuse(struct say_fault *ret_fault, enum client_error error, const char *text)
{
	if (ret_fault)
		*ret_fault = (struct say_fault){.error = error, .text = text};
	return false;
}

static bool deny(struct say_fault *ret_fault, const char *text)
{
	return refuse(ret_fault, CLIENT_ERROR_ACCESS_DENIED, text);
}

static const struct sanction *find_in_room(
    const struct broker *b, enum sanction_kind kind, const struct session *s, const struct room *r)
{
	return sanctions_find(b->sanctions,
	    &(struct sanction_key){.kind = kind, .user = str_of(s->user->id), .room = r->id},
	    turn_wall(b->turn));
}

static bool is_member(const struct broker *b, const struct session *s, const struct room *r)
{
	return memberships_role(b->memberships, r->id, str_of(s->user->id)) != ROLE_NONE;
}

bool rights_may_enter(const struct broker *b, const struct session *s, const struct room *r,
    struct say_fault *ret_fault)
{
	bool is_open = r->is_public || session_is_granted(s, str_of(r->name));

	if (r->is_fleeting)
		return deny(ret_fault, NULL);
	if ((!is_open || r->is_archived) && !is_member(b, s, r))
		return deny(ret_fault, is_open ? archived_text : NULL);
	if (find_in_room(b, SANCTION_BAN, s, r))
		return deny(ret_fault, banned_text);
	return true;
}

bool rights_may_speak(const struct broker *b, const struct session *s, const struct room *r,
    struct say_fault *ret_fault)
{
	const struct sanction *mute;

	if (!rights_may_enter(b, s, r, ret_fault))
		return false;
	if (r->is_archived)
		return deny(ret_fault, archived_text);
	mute = find_in_room(b, SANCTION_MUTE, s, r);
	if (!mute)
		return true;
	(void)refuse(ret_fault, CLIENT_ERROR_MUTED, NULL);
	if (ret_fault && mute->until.ms)
		ret_fault->retry_after_ms = (uint64_t)(mute->until.ms - turn_wall(b->turn).ms);
	return false;
}

bool rights_may_moderate(const struct broker *b, const struct session *s, const struct room *r,
    struct str user, struct say_fault *ret_fault)
{
	if (!rights_may_enter(b, s, r, ret_fault))
		return false;
	if (memberships_role(b->memberships, r->id, str_of(s->user->id)) != ROLE_MODERATOR)
		return deny(ret_fault, NULL);
	return memberships_role(b->memberships, r->id, user) != ROLE_MODERATOR ||
	       deny(ret_fault, peer_text);
}

const struct sanction *rights_find_ban(const struct broker *b, struct str nsp, struct str user)
{
	struct sanction_key key = {.kind = SANCTION_BAN, .user = user};
	const struct sanction *ban = sanctions_find(b->sanctions, &key, turn_wall(b->turn));

	key.nsp = nsp;
	return ban ? ban : sanctions_find(b->sanctions, &key, turn_wall(b->turn));
}

bool rights_are_moderated(const struct broker *b, struct str nsp)
{
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, nsp);

	return n && n->handler == NAMESPACE_ROOMS && n->moderation;
}
