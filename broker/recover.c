#include "broker/recover.h"

#include "broker/dormancy.h"
#include "broker/metrics.h"
#include "broker/roll.h"
#include "broker/say.h"
#include "broker/work.h"
#include "common/failpoint.h"
#include "common/log.h"
#include "proto/offset.h"
#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>

bool recover_is_wanted(const struct broker *b, const struct wire_connect *c)
{
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, c->nsp);

	return b->config.recovery && c->recovery && n && n->handler == NAMESPACE_ROOMS;
}

void recover_choose_pid(
    const struct broker *b, const struct wire_connect *c, char ret[CRYPTO_ID_LEN + 1])
{
	if (c->wish.len == CRYPTO_ID_LEN && !sessions_find_pid(b->sessions, c->wish))
		snprintf(ret, CRYPTO_ID_LEN + 1, "%.*s", STR_ARG(c->wish));
	else
		crypto_id(ret);
}

/* How far it has heard: what it says, which must be of this database and in the past, or nothing
 * since it began. ERR_INVALID. */
static enum err find_position(
    const struct broker *b, const struct session *s, struct str text, uint64_t *ret)
{
	struct offset offset;

	if (text.len == 0) {
		*ret = s->gseq;
		return ERR_OK;
	}
	if (offset_parse(text, &offset) || offset.gseq > b->gseq)
		return ERR_INVALID;
	/* The mutation that the offsets of another database must catch. */
	if (offset.epoch != b->epoch && !failpoint_mutation("no-epoch-check"))
		return ERR_INVALID;
	*ret = offset.gseq;
	return ERR_OK;
}

/* Closes a connection that is not the session's any more. */
static void fence(struct broker *b, struct peer *p, struct str socket)
{
	struct wire_message m = {.type = WIRE_EXPEL};

	/* The mutation that the half-open connections must catch. */
	if (failpoint_mutation("no-fencing"))
		return;
	m.as.expel.socket = socket;
	m.as.expel.close = true;
	say_now(b, p, &m);
}

/* Is the session this client's? */
static bool is_its_own(
    const struct broker *b, const struct session *s, const struct wire_connect *c)
{
	const struct namespace_conf *n =
	    namespaces_find(b->config.namespaces, b->config.namespace_count, c->nsp);

	if (!str_eqz(c->nsp, s->nsp))
		return false;
	if (c->user.len)
		return str_eqz(c->user, s->user->id);
	/* Of a session of before the start the token is not known. */
	return n && n->auth == NAMESPACE_DEFERRED && turn_wall(b->turn).ms < s->expires.ms;
}

/* Another connection of the session, with what the session knows of its token. */
static enum err renew_bare(
    struct broker *b, struct session *s, const struct session_facts *connection)
{
	struct session_facts facts = *connection;
	struct buf grants = {0};
	char *token_id = xstrdup(s->token_id);

	session_put_grants(s, &grants);
	facts.user = str_of(s->user->id);
	facts.username = str_of(s->user->username);
	facts.grants = buf_bytes(&grants);
	facts.token_id = str_of(token_id);
	facts.issued = s->issued;
	facts.expires = s->expires;
	enum err e = sessions_renew(b->sessions, s, &facts);

	buf_free(&grants);
	free(token_id);
	return e;
}

struct session *recover_session(struct broker *b, const struct wire_connect *c,
    const struct session_facts *facts, struct recovered *ret)
{
	struct session *s = recover_is_wanted(b, c) ? sessions_find_pid(b->sessions, c->pid) : NULL;
	char old_id[LIMIT_SOCKET_ID + 1];
	uint64_t after;

	if (!s || !is_its_own(b, s, c) || find_position(b, s, c->offset, &after))
		return NULL;
	/* The same connection may ask again; what workers serve is the connection. */
	if (!str_eqz(c->socket, s->id))
		work_on_gone(b, s, STR("transport close"));
	snprintf(old_id, sizeof(old_id), "%s", s->id);
	if (c->user.len ? sessions_renew(b->sessions, s, facts) : renew_bare(b, s, facts))
		return NULL;
	if (s->peer && !str_eqz(c->socket, old_id))
		fence(b, s->peer, str_of(old_id));
	dormancy_wake(b, s, facts->peer);
	roll_put(b, s);
	*ret =
	    (struct recovered){.after = after, .is_recovered = true, .is_bare = c->user.len == 0};
	metrics_add(b->metrics, METRIC_RECOVERED, 0, 0, 1);
	log_info("session.recovered", LOG_Z(USER_ID, s->user->id), LOG_Z(SOCKET_ID, s->sid),
	    LOG_Z(PEER, peer_name(facts->peer)), LOG_U(GSEQ, after));
	return s;
}

static void put_rooms(struct buf *value, const struct session *s)
{
	value_put_str(value, STR("rooms"));
	value_put_array(value, (uint32_t)s->member_count);
	for (const struct member *m = s->members; m; m = m->session_next)
		value_put_str(value, str_of(m->room->name));
}

/* Who the gateway has let in. */
static void put_bearer(struct buf *value, const struct session *s)
{
	value_put_str(value, STR("bearer"));
	value_put_map(value, 6);
	value_put_str_pair(value, STR("user"), str_of(s->user->id));
	value_put_str_pair(value, STR("username"), str_of(s->user->username));
	value_put_str_pair(value, STR("tokenId"), str_of(s->token_id));
	value_put_u64_pair(value, STR("issued"), (uint64_t)s->issued.ms);
	value_put_u64_pair(value, STR("expires"), (uint64_t)s->expires.ms);
	value_put_str(value, STR("grants"));
	session_put_grants(s, value);
}

void recover_reply(
    struct broker *b, const struct session *s, uint64_t request, const struct recovered *how)
{
	struct buf value = {0}, otherwise = {0};
	uint64_t batch = roll_batch(s), newest = say_newest(b);

	value_put_map(&value, how->is_bare ? 7 : 6);
	put_rooms(&value, s);
	value_put_str_pair(&value, STR("pid"), str_of(s->pid));
	value_put_str_pair(&value, STR("sid"), str_of(s->sid));
	value_put_bool_pair(&value, STR("recovered"), how->is_recovered);
	value_put_u64_pair(&value, STR("after"), how->after);
	value_put_u64_pair(&value, STR("until"), b->gseq);
	if (how->is_bare)
		put_bearer(&value, s);
	/* A new one that could not be written is a session all the same, but not for ever. */
	if (!how->is_recovered) {
		value_put_map(&otherwise, 1);
		put_rooms(&otherwise, s);
	}
	say_ok(b, s->peer,
	    &(struct say_reply){.request = request,
		.value = buf_bytes(&value),
		.gseq = b->gseq,
		.batch = newest > batch ? newest : batch,
		.otherwise = buf_bytes(&otherwise),
		.otherwise_gseq = b->released});
	buf_free(&value);
	buf_free(&otherwise);
}

bool recover_fence_announced(struct broker *b, struct peer *p, const struct wire_connect *c)
{
	const struct session *s = sessions_find_pid(b->sessions, c->pid);

	if (!s || str_eqz(c->socket, s->id))
		return false;
	fence(b, p, c->socket);
	return true;
}
