#include "broker/why.h"

#include "broker/say.h"
#include "proto/events.h"
#include "proto/message_id.h"
#include "proto/value_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
	ID_SHOWN = 32, /* bytes of what is no id */
	FACTS = 10,    /* pairs of read_facts() */
};

/* A gateway that was asked, or could not be. No pointer to the peer, which may go. */
struct witness {
	char name[LIMIT_GATEWAY_ID + 1];
	bool is_resuming, is_live, was_asked, has_answered;
	struct wire_why_answer answer; /* has no views */
};

struct question {
	struct why_asker asker;
	uint64_t ticket; /* of the archive, and of what the gateways are asked */
	uint64_t gseq;
	struct buf facts; /* pairs of the answer; empty = the row is being read */
	bool is_deleted;  /* then one pair more */
	struct witness *witnesses;
	size_t count, waiting;
	struct mono deadline;
	struct question *prev, *next;
};

struct why {
	struct broker *broker;
	const struct why_events *events;
	void *up;
	struct question *questions;
	size_t count;
};

struct why *why_new(struct broker *b, const struct why_events *events, void *up)
{
	struct why *w = xcalloc(1, sizeof(*w));

	w->broker = b;
	w->events = events;
	w->up = up;
	return w;
}

static void drop(struct why *w, struct question *q)
{
	w->count--;
	DL_DELETE(w->questions, q);
	buf_free(&q->facts);
	free(q->witnesses);
	free(q);
}

void why_free(struct why **w)
{
	struct question *q, *next;

	if (!*w)
		return;
	DL_FOREACH_SAFE((*w)->questions, q, next)
	{
		drop(*w, q);
	}
	free(*w);
	*w = NULL;
}

/* ---- the answer ---- */

static void fail(struct why *w, struct question *q, enum err e, const char *text)
{
	w->events->on_answer(w->up, &q->asker, &(struct why_answer){.error = e, .text = text});
	drop(w, q);
}

static const char *state_of(const struct witness *g)
{
	if (g->is_resuming)
		return "resuming";
	return g->is_live ? "live" : "behind";
}

static const char *outcome_of(const struct witness *g)
{
	if (!g->has_answered)
		return "no answer";
	if (g->answer.is_found)
		return "delivered";
	if (g->answer.is_forgotten)
		return "not known any more";
	/* What was released before was queued before the question, if it was LIVE then. */
	return g->is_live ? "nobody here" : "not yet";
}

static void put_witness(struct buf *out, const struct witness *g)
{
	const struct wire_why_answer *a = &g->answer;
	bool is_told = g->has_answered && a->is_found;

	value_put_map(out, is_told ? 8 : 3);
	value_put_str_pair(out, STR("id"), str_of(g->name));
	value_put_str_pair(out, STR("state"), str_of(state_of(g)));
	value_put_str_pair(out, STR("outcome"), str_of(outcome_of(g)));
	if (!is_told)
		return;
	value_put_u64_pair(out, STR("sockets"), a->sockets);
	value_put_u64_pair(
	    out, STR("written"), a->sockets > a->lagging ? a->sockets - a->lagging : 0);
	value_put_u64_pair(out, STR("lagging"), a->lagging);
	value_put_u64_pair(out, STR("recovered"), a->recovered);
	value_put_u64_pair(out, STR("at"), a->at_ms);
}

static void conclude(struct why *w, struct question *q)
{
	struct buf value = {0};

	value_put_map(&value, FACTS + q->is_deleted + 1);
	buf_put(&value, buf_bytes(&q->facts));
	if (q->is_deleted)
		value_put_bool_pair(&value, STR("deleted"), true);
	value_put_str(&value, STR("gateways"));
	value_put_array(&value, (uint32_t)q->count);
	for (size_t i = 0; i < q->count; i++)
		put_witness(&value, &q->witnesses[i]);
	w->events->on_answer(w->up, &q->asker, &(struct why_answer){.value = buf_bytes(&value)});
	buf_free(&value);
	drop(w, q);
}

/* ---- asking the gateways ---- */

struct round {
	struct why *why;
	struct question *question;
};

static void ask_gateway(void *ctx, struct peer *p)
{
	struct round *round = ctx;
	struct question *q = round->question;
	struct broker *b = round->why->broker;
	struct wire_message m = {.type = WIRE_WHY};

	if (crew_find(b->crew, p))
		return;
	q->witnesses = xrealloc(q->witnesses, (q->count + 1) * sizeof(*q->witnesses));
	struct witness *g = &q->witnesses[q->count++];

	*g = (struct witness){.is_resuming = peer_is_resuming(p), .is_live = peer_is_live(p)};
	snprintf(g->name, sizeof(g->name), "%s", peer_name(p));
	if (g->is_resuming)
		return;
	g->was_asked = true;
	q->waiting++;
	m.as.why = (struct wire_why){q->ticket, q->gseq};
	say_now(b, p, &m);
}

static void ask_gateways(struct why *w, struct question *q)
{
	struct round round = {w, q};

	q->deadline = mono_add_ms(turn_now(w->broker->turn), WHY_WAIT_MS);
	peers_each(w->broker->peers, ask_gateway, &round);
	if (q->waiting == 0)
		conclude(w, q);
}

void why_on_answer(struct why *w, const struct peer *p, const struct wire_why_answer *answer)
{
	struct question *q;

	DL_FOREACH(w->questions, q)
	{
		if (q->ticket == answer->request)
			break;
	}
	/* Too late, or never asked. */
	if (!q)
		return;
	for (size_t i = 0; i < q->count; i++) {
		struct witness *g = &q->witnesses[i];

		if (!g->was_asked || g->has_answered || strcmp(g->name, peer_name(p)) != 0)
			continue;
		g->has_answered = true;
		g->answer = *answer;
		q->waiting--;
	}
	if (q->waiting == 0)
		conclude(w, q);
}

void why_expire(struct why *w, struct mono now)
{
	struct question *q, *next;

	DL_FOREACH_SAFE(w->questions, q, next)
	{
		if (q->facts.len && mono_us_between(q->deadline, now) > 0)
			conclude(w, q);
	}
}

/* ---- the row ---- */

/* The message object in a DELIVER that was read from the log. */
static enum err open_message(
    struct bytes deliver, struct wire_message *ret, struct bytes *ret_message)
{
	struct wire_reader in = wire_reader(deliver);
	struct value head;
	enum err e = wire_next(&in, ret);

	if (e || ret->type != WIRE_DELIVER)
		return ERR_MALFORMED;
	struct value_reader args = value_reader(ret->as.deliver.args);

	if (value_next(&args, &head) || head.type != VALUE_ARRAY || head.as.count != 1)
		return ERR_MALFORMED;
	return value_skip(&args, ret_message);
}

static void copy_pair(struct buf *out, struct bytes message, struct str key)
{
	struct bytes raw;

	if (value_map_get(message, key, &raw) == ERR_OK) {
		value_put_raw_pair(out, key, raw);
	} else {
		value_put_str(out, key);
		value_put_nil(out);
	}
}

/* A deletion has a number of its own, which is no message's. */
static bool is_of(struct bytes message, uint64_t gseq)
{
	char id[MESSAGE_ID_LEN + 1];

	message_id_text(gseq, id);
	return str_eqz(value_map_str(message, STR("id"), STR("")), id);
}

static enum err read_facts(struct why *w, struct question *q, struct bytes deliver)
{
	struct wire_message m;
	struct bytes message;
	enum err e = open_message(deliver, &m, &message);

	if (e)
		return e;
	if (!is_of(message, q->gseq))
		return ERR_NOT_FOUND;
	q->is_deleted = str_eq(m.as.deliver.event, event_name(EVENT_MESSAGE_DELETED));
	const struct room *r = rooms_find(w->broker->rooms, m.as.deliver.nsp, m.as.deliver.room);

	copy_pair(&q->facts, message, STR("id"));
	value_put_str_pair(&q->facts, STR("nsp"), m.as.deliver.nsp);
	value_put_str_pair(&q->facts, STR("room"), m.as.deliver.room);
	value_put_u64_pair(&q->facts, STR("members"), r ? r->member_count : 0);
	copy_pair(&q->facts, message, STR("seq"));
	value_put_u64_pair(&q->facts, STR("gseq"), q->gseq);
	copy_pair(&q->facts, message, STR("userId"));
	copy_pair(&q->facts, message, STR("username"));
	copy_pair(&q->facts, message, STR("type"));
	copy_pair(&q->facts, message, STR("timestamp"));
	return ERR_OK;
}

bool why_on_log(struct why *w, const struct archive_log *log)
{
	struct question *q;

	DL_FOREACH(w->questions, q)
	{
		if (q->ticket == log->request)
			break;
	}
	if (!q)
		return false;
	enum err e = log->error;

	if (!e)
		e = log->count ? read_facts(w, q, log->entries[0].deliver) : ERR_NOT_FOUND;
	if (!log->error && e == ERR_NOT_FOUND)
		fail(w, q, e,
		    "its number was given, but there is no such message in the database: it was "
		    "pruned, or is of another database");
	else if (e)
		fail(w, q, e, "the database could not be read");
	else
		ask_gateways(w, q);
	return true;
}

/* ---- the question ---- */

static enum err check(
    const struct why *w, struct str id, uint64_t *ret_gseq, char ret_text[WHY_TEXT_SIZE])
{
	const struct broker *b = w->broker;
	char newest[MESSAGE_ID_LEN + 1];
	int shown = (int)(id.len < ID_SHOWN ? id.len : ID_SHOWN);

	if (message_id_parse(id, ret_gseq)) {
		/* Cut between two characters, or the answer could not be read. */
		while (shown > 0 && shown < (int)id.len && (id.p[shown] & 0xc0) == 0x80)
			shown--;
		snprintf(ret_text, WHY_TEXT_SIZE,
		    "\"%.*s\" is no id of a message: those have %d digits and small letters, "
		    "`history` shows them",
		    shown, id.p, MESSAGE_ID_LEN);
		return ERR_INVALID;
	}
	if (*ret_gseq == 0 || *ret_gseq > b->gseq) {
		message_id_text(b->gseq, newest);
		snprintf(ret_text, WHY_TEXT_SIZE, "no message has had this id: the newest is %s",
		    b->gseq ? newest : "none");
		return ERR_NOT_FOUND;
	}
	if (*ret_gseq > b->released) {
		snprintf(ret_text, WHY_TEXT_SIZE,
		    "this message is not committed yet, nobody has been told of it; ask again");
		return ERR_UNAVAILABLE;
	}
	return ERR_OK;
}

enum err why_ask(
    struct why *w, const struct why_asker *asker, struct str id, char ret_text[WHY_TEXT_SIZE])
{
	struct broker *b = w->broker;
	uint64_t gseq;
	enum err e = check(w, id, &gseq, ret_text);

	if (e)
		return e;
	if (w->count >= WHY_QUESTIONS_MAX ||
	    archive_read_log(b->archive, b->last_ticket + 1, gseq - 1, gseq)) {
		snprintf(
		    ret_text, WHY_TEXT_SIZE, "too many questions are being answered, try again");
		return ERR_FULL;
	}
	struct question *q = xcalloc(1, sizeof(*q));

	*q = (struct question){.asker = *asker, .ticket = ++b->last_ticket, .gseq = gseq};
	DL_APPEND(w->questions, q);
	w->count++;
	return ERR_OK;
}
