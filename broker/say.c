#include "broker/say.h"

static struct frame *encode(const struct wire_message *m)
{
	struct buf b = {0};

	wire_put(&b, m);
	return buf_seal(&b);
}

void say_to_room(struct broker *b, const struct room *room, const struct say_event *event)
{
	if (room->route.count == 0 || (event->is_volatile && outbox_is_waiting(b->outbox, room)))
		return;
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver = (struct wire_deliver){
	    .gseq = event->gseq,
	    .nsp = str_of(room->nsp),
	    .room = str_of(room->name),
	    .event = event->name,
	    .args = event->args,
	    .except = str_of(event->except ? event->except->sid : NULL),
	    .is_volatile = event->is_volatile,
	};
	struct outbox_letter letter = {
	    .batch = event->batch, .lane = room, .message = encode(&m), .gseq = event->gseq};

	for (size_t i = 0; i < room->route.count; i++) {
		letter.to = room->route.stops[i].peer;
		outbox_hold(b->outbox, &letter);
	}
	frame_unref(&letter.message);
}

static struct frame *error_frame(uint64_t request, enum client_error error, const char *text)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = error;
	m.as.reply.text = str_of(text);
	return encode(&m);
}

static struct frame *ok_frame(uint64_t request, struct bytes value, uint64_t gseq)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.value = value;
	m.as.reply.gseq = gseq;
	return encode(&m);
}

void say_ok(struct broker *b, struct peer *to, const struct say_reply *reply)
{
	struct outbox_letter letter = {
	    .to = to, .batch = reply->batch, .lane = reply->room, .is_answer = true};

	if (reply->request == 0)
		return;
	letter.message = ok_frame(reply->request, reply->value, reply->gseq);
	if (reply->batch)
		letter.instead =
		    reply->otherwise.len
			? ok_frame(reply->request, reply->otherwise, reply->otherwise_gseq)
			: error_frame(reply->request, CLIENT_ERROR_UNAVAILABLE, NULL);
	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
	frame_unref(&letter.instead);
}

void say_error(
    struct broker *b, struct peer *to, uint64_t request, enum client_error error, const char *text)
{
	struct outbox_letter letter = {.to = to};

	if (request == 0)
		return;
	letter.message = error_frame(request, error, text);
	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
}

void say_now(struct broker *b, struct peer *to, const struct wire_message *m)
{
	struct outbox_letter letter = {.to = to, .message = encode(m)};

	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
}

void say_limited(struct broker *b, struct peer *to, uint64_t request, uint64_t retry_after_ms)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = CLIENT_ERROR_RATE_LIMITED;
	m.as.reply.retry_after_ms = retry_after_ms;
	say_now(b, to, &m);
}

void say_refusal(
    struct broker *b, struct peer *to, uint64_t request, struct str message, struct bytes data)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = CLIENT_ERROR_ACCESS_DENIED;
	m.as.reply.text = message;
	m.as.reply.value = data;
	say_now(b, to, &m);
}
