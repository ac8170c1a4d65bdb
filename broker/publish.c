#include "broker/publish.h"

#include "broker/attend.h"
#include "broker/census.h"
#include "broker/content.h"
#include "broker/limit.h"
#include "broker/message.h"
#include "broker/metrics.h"
#include "broker/revoke.h"
#include "broker/rights.h"
#include "broker/roll.h"
#include "broker/say.h"
#include "broker/state.h"
#include "common/failpoint.h"
#include "common/log.h"
#include "proto/events.h"
#include "proto/message_id.h"
#include "proto/value.h"

#include <string.h>

/* Faults that come and go are logged no more often. */
enum { FAULT_LOG_MS = 10000 };

/* What a number costs is paid here: a message on its way. */
struct letter {
	const struct wire_publish *wire;
	const struct session *from;
	struct room *room;
	struct reader_receipt receipt;
};

static void put_receipt(
    struct buf *value, const struct reader_receipt *receipt, struct str room, bool is_duplicate)
{
	char id[MESSAGE_ID_LEN + 1];

	message_id_text(receipt->gseq, id);
	value_put_map(value, 5);
	value_put_str_pair(value, STR("id"), str_of(id));
	value_put_str_pair(value, STR("roomId"), room);
	value_put_u64_pair(value, STR("seq"), receipt->seq);
	value_put_u64_pair(value, STR("timestamp"), (uint64_t)receipt->timestamp.ms);
	value_put_bool_pair(value, STR("duplicate"), is_duplicate);
}

static void reply_receipt(struct broker *b, struct peer *p, uint64_t request,
    const struct dedup_hit *hit, bool is_duplicate)
{
	const struct room *r = rooms_find_id(b->rooms, hit->receipt.room);
	struct buf value = {0};

	put_receipt(&value, &hit->receipt, str_of(r ? r->name : NULL), is_duplicate);
	say_ok(b, p,
	    &(struct say_reply){
		.request = request, .value = buf_bytes(&value), .room = r, .batch = hit->batch});
	buf_free(&value);
}

static void deliver(struct broker *b, const struct letter *l, uint64_t batch)
{
	const struct reader_message message = {
	    .gseq = l->receipt.gseq,
	    .seq = l->receipt.seq,
	    .user = str_of(l->from->user->id),
	    .username = str_of(l->from->user->username),
	    .type = l->wire->type,
	    .content = l->wire->content,
	    .timestamp = l->receipt.timestamp,
	};
	struct buf args = {0};

	value_put_array(&args, 1);
	message_put(&args, str_of(l->room->name), &message);
	say_to_room(b, l->room,
	    &(struct say_event){.gseq = l->receipt.gseq,
		.name = event_name(EVENT_MESSAGE),
		.args = buf_bytes(&args),
		.batch = batch});
	buf_free(&args);
}

static void store(struct broker *b, const struct letter *l, const struct dedup_names *names)
{
	struct store_message row = {
	    .gseq = l->receipt.gseq,
	    .room = l->room->id,
	    .seq = l->receipt.seq,
	    .user = str_of(l->from->user->id),
	    .username = str_of(l->from->user->username),
	    .type = l->wire->type,
	    .content = l->wire->content,
	    .message_id = l->wire->message_id,
	    .origin_boot = names->boot,
	    .origin_count = names->request,
	    .timestamp = l->receipt.timestamp,
	};

	struct bytes payload;

	(void)content_payload(row.content, &payload);
	l->room->bytes += payload.len;
	attend_store_room(b, l->room);
	store_put_message(b->store, &row);
}

static void time_batch(struct broker *b, uint64_t batch)
{
	if (b->batch_timed[batch & 1] == batch)
		return;
	b->batch_timed[batch & 1] = batch;
	b->batch_began[batch & 1] = turn_now(b->turn);
}

/* New and allowed: numbers it, stores it, and holds delivery and answer until the commit. */
static void accept_message(
    struct broker *b, struct peer *p, struct letter *l, const struct dedup_names *names)
{
	l->receipt = (struct reader_receipt){.gseq = ++b->gseq,
	    .seq = ++l->room->seq,
	    .room = l->room->id,
	    .timestamp = turn_wall(b->turn)};
	store(b, l, names);
	struct dedup_hit hit = {.receipt = l->receipt, .batch = store_gathering(b->store)};

	b->numbered = l->room->batch = hit.batch;
	l->room->gseq = l->receipt.gseq;
	time_batch(b, hit.batch);
	dedup_remember(b->dedup, names, &hit);
	/* The mutation that the kill test must catch: saying it before it is durable. */
	if (failpoint_mutation("ack-before-commit"))
		hit.batch = 0;
	deliver(b, l, hit.batch);
	reply_receipt(b, p, l->wire->request, &hit, false);
}

const char *publish_fault(const struct broker *b)
{
	const char *trouble = store_trouble(b->store);

	if (trouble[0])
		return trouble;
	return b->is_numbering_stale ? "the database could not be read after a fault" : "";
}

/* A store in trouble is still tried: that is how it is found well again. One that has to find out
 * about its last batch does so by itself, and takes nothing meanwhile. */
bool publish_is_refusing(const struct broker *b)
{
	return b->is_numbering_stale || store_is_in_doubt(b->store) ||
	       store_backlog(b->store) >= b->config.store_backlog_max ||
	       store_backlog_bytes(b->store) >= b->config.store_backlog_max_bytes;
}

/* The first answer again, or a new message. What is stored is answered so, whatever its sender may
 * do now. */
static void decide(
    struct broker *b, struct peer *p, struct letter *l, const struct dedup_names *names)
{
	struct dedup_window window = {turn_wall(b->turn), b->config.idempotency_window_ms};
	uint64_t request = l->wire->request;
	struct dedup_hit hit;
	struct say_fault fault;
	enum err e = dedup_find(b->dedup, names, &window, &hit);
	bool is_new = e == ERR_NOT_FOUND || e == ERR_EXPIRED;

	if (e == ERR_OK) {
		reply_receipt(b, p, request, &hit, !hit.is_resent);
	} else if (!is_new && names->may_be_resent) {
		/* It may be stored, and nobody can look. */
		say_error(b, p, request, CLIENT_ERROR_TIMEOUT, NULL);
	} else if (!rights_may_speak(b, l->from, l->room, &fault)) {
		say_fault(b, p, request, &fault);
	} else if (!is_new || publish_is_refusing(b)) {
		say_error(b, p, request, CLIENT_ERROR_UNAVAILABLE, NULL);
	} else if (limit_message(b, l->from, l->room, request)) {
		if (e == ERR_EXPIRED)
			store_remove_receipt(b->store, hit.receipt.gseq);
		accept_message(b, p, l, names);
	}
}

void publish_on_message(struct broker *b, struct peer *p, const struct wire_message *m)
{
	struct letter l = {.wire = &m->as.publish};
	uint64_t request = l.wire->request;

	/* Without a number it has no origin, and nobody waits for the answer. */
	if (request == 0) {
		log_warn("peer.unnumbered", LOG_Z(PEER, peer_name(p)),
		    LOG_Z(MESSAGE, wire_name(m->type)));
		return;
	}
	l.from = attend_session(b, p, l.wire->socket, request);
	if (!l.from)
		return;
	l.room = rooms_find(b->rooms, str_of(l.from->nsp), l.wire->room);
	if (!l.room) {
		say_error(b, p, request,
		    room_name_is_personal(l.wire->room) ? CLIENT_ERROR_ACCESS_DENIED
							: CLIENT_ERROR_ROOM_NOT_FOUND,
		    NULL);
		return;
	}
	struct dedup_names names = {.user = str_of(l.from->user->id),
	    .message_id = l.wire->message_id,
	    .boot = peer_boot(p),
	    .request = request};
	/* The mutation that the tests of broken links must catch: what is sent again is taken for
	 * new. */
	if (failpoint_mutation("no-dedup"))
		names.request |= (b->gseq + 1) << 32;
	/* A number that is not new was sent before, whatever the gateway says of it. */
	names.may_be_resent = !peer_note_publish(p, request) || l.wire->resent;
	decide(b, p, &l, &names);
}

static void count_stored(void *ctx, const struct reader_receipt *receipt)
{
	struct broker *b = ctx;
	struct room *r = rooms_find_id(b->rooms, receipt->room);

	if (r) {
		r->committed_seq = receipt->seq;
		r->committed_gseq = receipt->gseq;
	}
	b->released = receipt->gseq;
	b->stored++;
}

/* The log hears of a fault once, and of its end once, however often they take turns. */
static bool may_log_fault(struct broker *b)
{
	if (b->fault_logged.us &&
	    mono_ms_between(b->fault_logged, turn_now(b->turn)) < FAULT_LOG_MS)
		return false;
	b->fault_logged = turn_now(b->turn);
	return true;
}

void publish_on_committed(struct broker *b, uint64_t batch)
{
	uint64_t before = b->stored;

	if (b->is_failing && b->is_fault_told)
		log_notice("store.recovered", LOG_Z(MESSAGE, "messages are stored again"));
	b->is_failing = b->is_fault_told = false;
	if (b->numbered <= batch)
		b->numbered = 0;
	dedup_commit(b->dedup, batch, count_stored, b);
	metrics_add(b->metrics, METRIC_MESSAGES, 0, 0, b->stored - before);
	metrics_add(b->metrics, METRIC_BATCHES, 0, 0, 1);
	if (b->batch_timed[batch & 1] == batch)
		metrics_observe_us(b->metrics, METRIC_COMMIT, 0, 0,
		    mono_us_between(b->batch_began[batch & 1], clock_mono()));
	roll_on_committed(b, batch);
	census_on_committed(b, batch);
	revoke_on_committed(b, batch);
	outbox_commit(b->outbox, batch);
}

void publish_on_failed(struct broker *b, const char *why)
{
	if (!b->is_failing && may_log_fault(b)) {
		b->is_fault_told = true;
		log_error("store.failed", LOG_Z(ERR, why),
		    LOG_Z(HINT, "messages are answered with an error until the database takes "
				"them again; nothing acknowledged is lost"));
	}
	b->is_failing = true;
	metrics_add(b->metrics, METRIC_STORE_FAULTS, 0, 0, 1);
	b->numbered = 0;
	/* Those after it are void, and will be given again. */
	b->gseq = b->released;
	dedup_fail(b->dedup);
	outbox_fail(b->outbox);
	b->is_numbering_stale = true;
	/* Reading them takes a walk over all rooms: while every batch fails, at the tick only. */
	if (!b->is_numbering_read)
		(void)!state_read_numbers(b);
	b->is_numbering_read = true;
	roll_on_failed(b);
	census_on_failed(b);
	revoke_on_failed(b);
}

void publish_on_tick(struct broker *b)
{
	b->is_numbering_read = false;
	if (b->is_numbering_stale)
		(void)!state_read_numbers(b);
	roll_on_tick(b);
	census_on_tick(b);
	revoke_on_tick(b);
}
