#include "broker/say.h"

#include "proto/wire.h"

static struct frame *encode(const struct wire_message *m)
{
	struct buf b = {0};

	wire_put(&b, m);
	return buf_seal(&b);
}

void say_to_room(struct broker *b, const struct room *room, const struct say_event *event)
{
	if (room->route.count == 0)
		return;
	struct wire_message m = {.type = WIRE_DELIVER};

	m.as.deliver = (struct wire_deliver){
	    .gseq = event->gseq,
	    .nsp = str_of(room->nsp),
	    .room = str_of(room->name),
	    .event = event->name,
	    .args = event->args,
	    .except = str_of(event->except ? event->except->id : NULL),
	    .is_volatile = event->is_volatile,
	};
	struct frame *f = encode(&m);

	for (size_t i = 0; i < room->route.count; i++)
		outbox_hold(b->outbox, event->batch, room->route.stops[i].peer, f, NULL);
	frame_unref(&f);
}

static struct frame *error_frame(uint64_t request, enum client_error error, const char *text)
{
	struct wire_message m = {.type = WIRE_REPLY};

	m.as.reply.request = request;
	m.as.reply.error = error;
	m.as.reply.text = str_of(text);
	return encode(&m);
}

void say_ok(struct broker *b, struct peer *to, uint64_t request, struct bytes value, uint64_t batch)
{
	struct wire_message m = {.type = WIRE_REPLY};

	if (request == 0)
		return;
	m.as.reply.request = request;
	m.as.reply.value = value;
	struct frame *ok = encode(&m);
	struct frame *instead = error_frame(request, CLIENT_ERROR_UNAVAILABLE, NULL);

	outbox_hold(b->outbox, batch, to, ok, instead);
	frame_unref(&ok);
	frame_unref(&instead);
}

void say_error(struct broker *b, struct peer *to, uint64_t request, enum client_error error,
    const char *text)
{
	if (request == 0)
		return;
	struct frame *f = error_frame(request, error, text);

	outbox_hold(b->outbox, 0, to, f, NULL);
	frame_unref(&f);
}
