#include "gateway/sio/assembly.h"

#include "proto/limits.h"
#include "proto/value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* What came may grow so many times by being named more than once, which no stock client does. */
enum { GROWTH_MAX = 2 };

struct assembly {
	struct packet packet; /* with views of frames */
	struct frame *nsp, *name, *data;
	size_t max_bytes, bytes;
	unsigned count; /* attachments that are here */
	struct frame *attachments[];
};

/* A copy, and s becomes a view of it. Exactly as long: what waits is not to cost more. */
static struct frame *keep(struct str *s)
{
	struct frame *copy = frame_new(str_bytes(*s));

	*s = bytes_str(frame_bytes(copy));
	return copy;
}

struct assembly *assembly_new(const struct packet *p, size_t max_bytes)
{
	struct assembly *a = xcalloc(1, sizeof(*a) + p->attachments * sizeof(*a->attachments));

	assert(p->attachments > 0);
	a->packet = *p;
	a->nsp = keep(&a->packet.nsp);
	a->name = keep(&a->packet.name);
	a->data = frame_new(p->data);
	a->max_bytes = max_bytes;
	return a;
}

void assembly_free(struct assembly **a)
{
	struct assembly *dead = *a;

	*a = NULL;
	if (!dead)
		return;
	while (dead->count > 0)
		frame_unref(&dead->attachments[--dead->count]);
	frame_unref(&dead->nsp);
	frame_unref(&dead->name);
	frame_unref(&dead->data);
	free(dead);
}

enum err assembly_add(struct assembly *a, struct bytes attachment)
{
	assert(!assembly_is_complete(a));
	if (attachment.len > a->max_bytes - a->bytes)
		return ERR_TOO_BIG;
	a->bytes += attachment.len;
	a->attachments[a->count++] = frame_new(attachment);
	return ERR_OK;
}

const struct packet *assembly_packet(const struct assembly *a)
{
	return &a->packet;
}

bool assembly_is_complete(const struct assembly *a)
{
	return a->count == a->packet.attachments;
}

enum word { WORD_OTHER, WORD_PLACEHOLDER, WORD_NUM };

/* A container on its way; the outermost level holds the one value that the data is. */
struct level {
	size_t start;  /* of the container in out */
	uint64_t left; /* values to come, keys among them */
	bool is_map;
	enum word key; /* of the pair at hand */
	/* What the last pairs of these names said, as JavaScript has it. */
	bool is_placeholder;
	struct value num;
};

struct filling {
	const struct assembly *assembly;
	struct value_reader from;
	struct buf *out;
	size_t start, max_bytes; /* of what is filled, in out */
	unsigned depth;
	struct level levels[LIMIT_VALUE_DEPTH + 1];
};

static bool find_attachment(const struct assembly *a, const struct value *num, struct frame **ret)
{
	double n = num->type == VALUE_DOUBLE ? num->as.d : -1;

	if (num->type == VALUE_UINT)
		n = (double)num->as.u;
	if (!(n >= 0 && n < a->count) || n != floor(n))
		return false;
	*ret = a->attachments[(unsigned)n];
	return true;
}

/* Behind the last pair of a map: if that was a placeholder, its attachment takes its place. */
static enum err end_level(struct filling *f)
{
	const struct level *done = &f->levels[f->depth--];
	struct frame *attachment;

	if (!done->is_map || !done->is_placeholder)
		return ERR_OK;
	if (!find_attachment(f->assembly, &done->num, &attachment))
		return ERR_MALFORMED;
	buf_truncate(f->out, done->start);
	/* Before it is copied: a few bytes may name it as often as they like. */
	if (f->out->len - f->start + frame_len(attachment) > f->max_bytes)
		return ERR_TOO_BIG;
	value_put_bin(f->out, frame_bytes(attachment));
	return ERR_OK;
}

static enum word word_of(const struct value *key)
{
	if (key->type != VALUE_STR)
		return WORD_OTHER;
	if (str_eqz(key->as.s, "_placeholder"))
		return WORD_PLACEHOLDER;
	return str_eqz(key->as.s, "num") ? WORD_NUM : WORD_OTHER;
}

/* Notes what v, the next value inside of level, says about the level itself. */
static void note(struct level *level, const struct value *v)
{
	bool is_key = level->is_map && level->left % 2 == 0;

	if (is_key)
		level->key = word_of(v);
	else if (level->key == WORD_PLACEHOLDER)
		level->is_placeholder = v->type == VALUE_BOOL && v->as.b;
	else if (level->key == WORD_NUM)
		level->num = *v;
	level->left--;
}

static enum err copy_head(struct filling *f)
{
	const uint8_t *head = f->from.p;
	size_t start = f->out->len;
	struct value v;

	if (value_next(&f->from, &v))
		return ERR_MALFORMED;
	buf_put(f->out, bytes_of(head, (size_t)(f->from.p - head)));
	note(&f->levels[f->depth], &v);
	if (v.type != VALUE_ARRAY && v.type != VALUE_MAP)
		return ERR_OK;
	if (++f->depth == ARRAY_LEN(f->levels))
		return ERR_TOO_BIG;
	bool is_map = v.type == VALUE_MAP;

	f->levels[f->depth] = (struct level){
	    .start = start, .left = (uint64_t)v.as.count * (is_map ? 2 : 1), .is_map = is_map};
	return ERR_OK;
}

static enum err fill(struct filling *f)
{
	for (;;) {
		while (f->levels[f->depth].left == 0) {
			if (f->depth == 0)
				return ERR_OK;
			enum err e = end_level(f);

			if (e)
				return e;
		}
		enum err e = copy_head(f);

		if (e)
			return e;
		if (f->out->len - f->start > f->max_bytes)
			return ERR_TOO_BIG;
	}
}

enum err assembly_finish(const struct assembly *a, struct buf *scratch, struct packet *ret)
{
	struct bytes data = frame_bytes(a->data);
	struct filling f = {.assembly = a,
	    .from = value_reader(data),
	    .out = scratch,
	    .start = scratch->len,
	    .max_bytes = data.len + GROWTH_MAX * a->bytes,
	    .levels[0] = {.left = data.len > 0}};

	assert(assembly_is_complete(a));
	if (f.max_bytes > a->max_bytes)
		f.max_bytes = a->max_bytes;
	/* Most likely it will be so long; growing step by step would take more. */
	buf_extend(scratch, data.len + a->bytes);
	buf_truncate(scratch, f.start);
	enum err e = fill(&f);

	if (e)
		return e;
	*ret = a->packet;
	ret->data = (struct bytes){buf_bytes(scratch).p + f.start, scratch->len - f.start};
	return ERR_OK;
}
