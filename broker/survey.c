#include "broker/survey.h"

#include "proto/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

/* What an answer may be nested, so that the whole result can still be read. */
enum { ANSWER_DEPTH = LIMIT_VALUE_DEPTH - 4, NUMBER_BITS = 51 };

/* One socket of a survey. */
struct question {
	uint64_t number; /* of the ack: the same at each try, so that the first answer counts */
	struct survey *survey;
	struct session *session;            /* NULL: it is over */
	char *user, *socket;                /* as the client knows it */
	char gateway[LIMIT_GATEWAY_ID + 1]; /* where it was asked last, or answered */
	uint64_t tries, resent;             /* resent: how often its silence was answered for */
	bool has_answered, is_kept;
	struct buf answer;
	uint64_t ms;                                  /* until the answer */
	struct question *prev, *next;                 /* in the survey */
	struct question *session_prev, *session_next; /* in session->questions */
	UT_hash_handle hh;
};

struct survey {
	struct survey_asker asker;
	char *event;
	struct buf args;
	struct mono began, deadline;
	uint64_t interval_ms; /* between two tries */
	uint64_t retries, gateways;
	struct question *questions;
	size_t count, answered, open; /* open: may answer yet */
	size_t answer_bytes;
	struct survey *prev, *next;
};

struct surveys {
	struct broker *broker;
	const struct survey_events *events;
	void *up;
	struct survey *all;
	struct question *by_number;
	size_t count;
	uint64_t last_number;
};

struct surveys *surveys_new(struct broker *b, const struct survey_events *events, void *up)
{
	struct surveys *ss = xcalloc(1, sizeof(*ss));

	ss->broker = b;
	ss->events = events;
	ss->up = up;
	/* Not where the last broker began: a client may answer what that one asked. */
	ss->last_number = SURVEY_ACK_FIRST + (b->boot & ((UINT64_C(1) << NUMBER_BITS) - 1));
	return ss;
}

/* ---- bookkeeping ---- */

/* It is not asked any more, nor listened to. */
static void part(struct question *q)
{
	if (!q->session)
		return;
	DL_DELETE2(q->session->questions, q, session_prev, session_next);
	q->session = NULL;
}

static void free_question(struct surveys *ss, struct question *q)
{
	part(q);
	HASH_DEL(ss->by_number, q);
	DL_DELETE(q->survey->questions, q);
	buf_free(&q->answer);
	free(q->user);
	free(q->socket);
	free(q);
}

static void drop(struct surveys *ss, struct survey *s)
{
	while (s->questions)
		free_question(ss, s->questions);
	DL_DELETE(ss->all, s);
	ss->count--;
	buf_free(&s->args);
	free(s->event);
	free(s);
}

void surveys_free(struct surveys **ss)
{
	if (!*ss)
		return;
	while ((*ss)->all)
		drop(*ss, (*ss)->all);
	free(*ss);
	*ss = NULL;
}

enum err surveys_check(
    const struct surveys *ss, size_t sockets, size_t bytes, char ret_text[SURVEY_TEXT_SIZE])
{
	if (sockets > SURVEY_SOCKETS_MAX) {
		snprintf(ret_text, SURVEY_TEXT_SIZE,
		    "%zu sockets: at most %d can be asked at a time; without --ack there may be "
		    "any "
		    "number",
		    sockets, SURVEY_SOCKETS_MAX);
		return ERR_TOO_BIG;
	}
	if (bytes * sockets > SURVEY_BYTES_MAX) {
		snprintf(ret_text, SURVEY_TEXT_SIZE,
		    "%zu bytes for %zu sockets: together they may be %d MiB; without --ack they "
		    "count "
		    "once",
		    bytes, sockets, SURVEY_BYTES_MAX >> 20);
		return ERR_TOO_BIG;
	}
	if (ss->count >= SURVEYS_MAX || HASH_COUNT(ss->by_number) + sockets > SURVEYS_SOCKETS_MAX) {
		snprintf(ret_text, SURVEY_TEXT_SIZE,
		    "too many sockets are being asked already, try again later");
		return ERR_FULL;
	}
	return ERR_OK;
}

/* ---- asking ---- */

/* Behind all that was decided before: the answer to the CONNECT of this very client, perhaps. */
static void ask(const struct surveys *ss, struct question *q)
{
	struct broker *b = ss->broker;
	struct wire_message m = {.type = WIRE_SEND};
	struct buf encoded = {0};

	m.as.send = (struct wire_send){
	    .socket = str_of(q->session->id),
	    .event = str_of(q->survey->event),
	    .args = buf_bytes(&q->survey->args),
	    .has_ack = true,
	    .ack = q->number,
	};
	wire_put(&encoded, &m);
	struct frame *frame = buf_seal(&encoded);

	outbox_hold(b->outbox, &(struct outbox_letter){.to = q->session->peer,
				   .batch = outbox_newest(b->outbox),
				   .message = frame,
				   .instead = frame});
	frame_unref(&frame);
	q->tries++;
	snprintf(q->gateway, sizeof(q->gateway), "%s", peer_name(q->session->peer));
}

static void add(struct surveys *ss, struct survey *s, struct session *session)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->number = ++ss->last_number;
	q->survey = s;
	q->session = session;
	q->user = xstrdup(session->user->id);
	q->socket = xstrdup(session->sid);
	DL_APPEND(s->questions, q);
	DL_APPEND2(session->questions, q, session_prev, session_next);
	HASH_ADD(hh, ss->by_number, number, sizeof(q->number), q);
	s->count++;
	s->open++;
	ask(ss, q);
}

void survey_begin(struct surveys *ss, const struct survey_order *order,
    struct session *const *sessions, size_t count)
{
	struct survey *s = xcalloc(1, sizeof(*s));

	s->asker = order->asker;
	s->event = str_dup(order->event);
	buf_put(&s->args, order->args);
	s->began = turn_now(ss->broker->turn);
	s->deadline = mono_add_ms(s->began, order->timeout_ms);
	s->interval_ms = order->timeout_ms / (order->retries + 1);
	s->retries = order->retries;
	s->gateways = order->gateways;
	DL_APPEND(ss->all, s);
	ss->count++;
	for (size_t i = 0; i < count; i++)
		add(ss, s, sessions[i]);
}

/* ---- the result ---- */

static const char *outcome_of(const struct question *q)
{
	if (q->has_answered)
		return q->is_kept ? "answered" : "answered, too long";
	if (!q->session)
		return "gone";
	return q->session->peer ? "no answer" : "away";
}

static void put_question(struct buf *out, const struct question *q)
{
	value_put_map(out, 5 + (q->has_answered ? 1 : 0) + (q->is_kept ? 1 : 0));
	value_put_str_pair(out, STR("userId"), str_of(q->user));
	value_put_str_pair(out, STR("socketId"), str_of(q->socket));
	value_put_str_pair(out, STR("gateway"), str_of(q->gateway));
	value_put_str_pair(out, STR("outcome"), str_of(outcome_of(q)));
	value_put_u64_pair(out, STR("tries"), q->tries);
	if (q->has_answered)
		value_put_u64_pair(out, STR("ms"), q->ms);
	if (q->is_kept)
		value_put_raw_pair(out, STR("args"), buf_bytes(&q->answer));
}

static void conclude(struct surveys *ss, struct survey *s)
{
	struct buf value = {0};
	const struct question *q;

	value_put_map(&value, 4);
	value_put_u64_pair(&value, STR("sockets"), s->count);
	value_put_u64_pair(&value, STR("gateways"), s->gateways);
	value_put_u64_pair(&value, STR("answered"), s->answered);
	value_put_str(&value, STR("answers"));
	value_put_array(&value, (uint32_t)s->count);
	DL_FOREACH(s->questions, q)
	{
		put_question(&value, q);
	}
	ss->events->on_result(ss->up, &s->asker, buf_bytes(&value));
	buf_free(&value);
	drop(ss, s);
}

/* ---- news ---- */

/* What is longer than is kept, or deeper than the result could be read, is only counted. */
static void keep(struct question *q, struct bytes args)
{
	struct survey *s = q->survey;

	if (args.len > SURVEY_ANSWER_MAX || s->answer_bytes + args.len > SURVEY_ANSWERS_MAX ||
	    value_check(args, ANSWER_DEPTH))
		return;
	s->answer_bytes += args.len;
	buf_put(&q->answer, args);
	q->is_kept = true;
}

bool survey_on_ack(struct broker *b, const struct peer *p, const struct wire_ack *ack)
{
	struct surveys *ss = b->surveys;
	struct question *q = NULL;

	if (ack->ack < SURVEY_ACK_FIRST)
		return false;
	if (ss)
		HASH_FIND(hh, ss->by_number, &ack->ack, sizeof(ack->ack), q);
	/* Too late, for the second time, or from a connection that is not the session's any more.
	 */
	if (!q || !q->session || q->session->peer != p || !str_eqz(ack->socket, q->session->id))
		return true;
	struct survey *s = q->survey;

	q->has_answered = true;
	q->ms = mono_ms_between(s->began, turn_now(b->turn));
	snprintf(q->gateway, sizeof(q->gateway), "%s", peer_name(p));
	keep(q, ack->args);
	part(q);
	s->answered++;
	if (--s->open == 0)
		conclude(ss, s);
	return true;
}

/* How often who is silent should have been asked again by now. */
static uint64_t due_at(const struct survey *s, struct mono now)
{
	uint64_t due = s->interval_ms ? mono_ms_between(s->began, now) / s->interval_ms : 0;

	return due < s->retries ? due : s->retries;
}

void survey_on_back(struct broker *b, struct session *s)
{
	struct question *q;

	DL_FOREACH2(s->questions, q, session_next)
	{
		q->resent = due_at(q->survey, turn_now(b->turn));
		ask(b->surveys, q);
	}
}

void survey_on_gone(struct broker *b, struct session *s)
{
	while (s->questions) {
		struct survey *survey = s->questions->survey;

		part(s->questions);
		if (--survey->open == 0)
			conclude(b->surveys, survey);
	}
}

static void ask_again(const struct surveys *ss, const struct survey *s, struct mono now)
{
	uint64_t due = due_at(s, now);
	struct question *q;

	DL_FOREACH(s->questions, q)
	{
		/* Who is away is asked when he is back. */
		if (!q->session || !q->session->peer || q->resent >= due)
			continue;
		q->resent = due;
		ask(ss, q);
	}
}

void surveys_on_pace(struct surveys *ss, struct mono now)
{
	struct survey *s, *next;

	DL_FOREACH_SAFE(ss->all, s, next)
	{
		if (mono_before(now, s->deadline))
			ask_again(ss, s, now);
		else
			conclude(ss, s);
	}
}
