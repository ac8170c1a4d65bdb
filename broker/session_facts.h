#ifndef ROOMCAST_BROKER_SESSION_FACTS_H
#define ROOMCAST_BROKER_SESSION_FACTS_H
/*
 * The facts of a session: what is said of a connection and of the token that was shown with it.
 * Filled in by whoever lets it in (entry.h), or lets it go on (recover.h, refresh.h), and copied by
 * session.h.
 */
#include "common/clock.h"
#include "common/str.h"

struct peer;

/* What a session is made from; everything is copied. grants: an encoded array of strings. peer
 * may be NULL, sid and pid empty. */
struct session_facts {
	struct str id, sid, pid, nsp, user, username;
	struct bytes grants;
	struct str ip, user_agent, transport, url;
	struct bytes headers; /* an encoded map, or nothing */
	bool is_secure;
	struct str token_id;
	struct wall issued, expires;
	struct wall since;
	struct peer *peer;
	uint64_t generation;
};

#endif
