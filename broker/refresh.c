#include "broker/refresh.h"

#include "broker/attend.h"
#include "broker/revoke.h"
#include "broker/rights.h"
#include "broker/say.h"
#include "broker/usher.h"
#include "broker/work.h"

static struct session_facts facts_of(const struct session *s, const struct wire_auth *a)
{
	return (struct session_facts){
	    .user = str_of(s->user->id),
	    .username = a->username,
	    .grants = a->grants,
	    .token_id = a->token_id,
	    .issued = {(int64_t)a->issued_ms},
	    .expires = {(int64_t)a->expires_ms},
	    .since = s->since,
	};
}

/* Rooms that were open to it by the older token only. */
static void leave_forbidden(struct broker *b, struct session *s)
{
	for (struct member *in = s->members, *next; in; in = next) {
		next = in->session_next;
		if (!in->room->is_personal && !in->room->is_fleeting &&
		    !rights_may_enter(b, s, in->room, NULL))
			usher_out_of_room(b, s, in->room, USHER_REMOVED);
	}
}

void refresh_on_auth(struct broker *b, struct peer *p, const struct wire_message *m)
{
	const struct wire_auth *a = &m->as.auth;
	struct session *s = attend_session(b, p, a->socket, a->request);

	if (!s)
		return;
	struct session_facts facts = facts_of(s, a);
	struct revocation_token token = {facts.user, facts.token_id, facts.issued};

	if (revoke_has_token(b, &token)) {
		say_error(b, p, a->request, CLIENT_ERROR_TOKEN_REVOKED, NULL);
		return;
	}
	if (sessions_set_token(b->sessions, s, &facts)) {
		say_error(b, p, a->request, CLIENT_ERROR_INTERNAL, NULL);
		return;
	}
	if (!work_is_for(b, str_of(s->nsp)))
		leave_forbidden(b, s);
	say_ok(b, p, &(struct say_reply){.request = a->request});
}
