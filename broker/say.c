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

	letter.instead = event->is_so_anyway ? letter.message : NULL;
	for (size_t i = 0; i < room->route.count; i++) {
		letter.to = room->route.stops[i].peer;
		outbox_hold(b->outbox, &letter);
	}
	frame_unref(&letter.message);
}

void say_cast(struct broker *b, const struct room *room, const struct wire_cast *cast)
{
	struct wire_message m = {.type = WIRE_CAST};

	m.as.cast = *cast;
	struct outbox_letter letter = {.message = encode(&m)};

	for (size_t i = 0; i < room->route.count; i++) {
		letter.to = room->route.stops[i].peer;
		outbox_hold(b->outbox, &letter);
	}
	frame_unref(&letter.message);
}

static struct frame *error_frame(uint64_t request, const struct say_fault *fault)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = fault->error;
	m.as.reply.text = str_of(fault->text);
	m.as.reply.retry_after_ms = fault->retry_after_ms;
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
			: error_frame(reply->request,
			      &(struct say_fault){.error = CLIENT_ERROR_UNAVAILABLE});
	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
	frame_unref(&letter.instead);
}

void say_fault(struct broker *b, struct peer *to, uint64_t request, const struct say_fault *fault)
{
	struct outbox_letter letter = {.to = to};

	if (request == 0)
		return;
	letter.message = error_frame(request, fault);
	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
}

void say_error(
    struct broker *b, struct peer *to, uint64_t request, enum client_error error, const char *text)
{
	say_fault(b, to, request, &(struct say_fault){.error = error, .text = text});
}

void say_now(struct broker *b, struct peer *to, const struct wire_message *m)
{
	struct outbox_letter letter = {.to = to, .message = encode(m)};

	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
}

void say_limited(struct broker *b, struct peer *to, uint64_t request, uint64_t retry_after_ms)
{
	say_fault(b, to, request,
	    &(struct say_fault){
		.error = CLIENT_ERROR_RATE_LIMITED, .retry_after_ms = retry_after_ms});
}

uint64_t say_newest(const struct broker *b)
{
	uint64_t said = outbox_newest(b->outbox);

	return said > b->numbered ? said : b->numbered;
}

void say_behind(struct broker *b, struct peer *to, const struct room *room,
    const struct wire_message *m, const struct wire_message *instead)
{
	struct outbox_letter letter = {
	    .to = to, .batch = say_newest(b), .lane = room, .message = encode(m)};

	if (letter.batch)
		letter.instead = encode(instead ? instead : m);
	outbox_hold(b->outbox, &letter);
	frame_unref(&letter.message);
	frame_unref(&letter.instead);
}

void say_refusal(
    struct broker *b, struct peer *to, uint64_t request, const struct say_refusal *refusal)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = refusal->error;
	m.as.reply.text = refusal->message;
	m.as.reply.value = refusal->data;
	say_now(b, to, &m);
}
