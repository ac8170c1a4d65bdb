#include "gateway/sio/cast.h"

#include "gateway/sio/json.h"
#include "proto/value.h"

#include <stdlib.h>

struct sio_cast {
	struct str nsp, event; /* views, the maker's, as args */
	struct bytes args;
	struct sio_parcel parcels[CODECS];
};

static void add_attachments(struct sio_parcel *p, struct bytes data)
{
	unsigned bins = json_count_bins(data);
	struct value_reader r = value_reader(data);
	struct value v;

	if (bins == 0)
		return;
	p->attachments = xcalloc(bins, sizeof(struct frame *));
	while (value_next(&r, &v) == ERR_OK) {
		if (v.type == VALUE_BIN)
			p->attachments[p->count++] = frame_new(v.as.bin);
	}
}

struct sio_parcel sio_parcel_pack(enum codec_kind kind, struct buf *built, struct bytes data)
{
	struct sio_parcel p = {.packet = buf_seal(built), .is_binary = codecs[kind].is_binary};

	if (!p.is_binary)
		add_attachments(&p, data);
	return p;
}

struct sio_parcel sio_parcel_share(const struct sio_parcel *p)
{
	struct sio_parcel same = *p;

	frame_ref(p->packet);
	if (p->count == 0)
		return same;
	same.attachments = xcalloc(p->count, sizeof(struct frame *));
	for (unsigned i = 0; i < p->count; i++)
		same.attachments[i] = frame_ref(p->attachments[i]);
	return same;
}

void sio_parcel_end(struct sio_parcel *p)
{
	while (p->count > 0)
		frame_unref(&p->attachments[--p->count]);
	free(p->attachments);
	p->attachments = NULL;
	frame_unref(&p->packet);
}

struct sio_cast *sio_cast_new(struct str nsp, struct str event, struct bytes args)
{
	struct sio_cast *c = xcalloc(1, sizeof(*c));

	c->nsp = nsp;
	c->event = event;
	c->args = args;
	return c;
}

void sio_cast_free(struct sio_cast **c)
{
	struct sio_cast *dead = *c;

	*c = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < CODECS; i++)
		sio_parcel_end(&dead->parcels[i]);
	free(dead);
}

const struct sio_parcel *sio_cast_parcel(struct sio_cast *c, enum codec_kind kind)
{
	struct buf b = {0};

	kind = codecs[kind].events;
	if (c->parcels[kind].packet)
		return &c->parcels[kind];
	codecs[kind].put_event(&b, c->nsp, c->event, c->args);
	c->parcels[kind] = sio_parcel_pack(kind, &b, c->args);
	return &c->parcels[kind];
}
