#include "broker/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a batch keeps when it is emptied; a burst above that is given back. */
enum { CHUNK_SIZE = 64 * 1024, OPS_KEPT = 1024 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	char data[];
};

struct batch {
	struct batch_op *ops;
	size_t count, size;
	struct chunk *chunks; /* the newest first; only that one has room left */
	size_t text_bytes;
};

struct batch *batch_new(void)
{
	return xcalloc(1, sizeof(struct batch));
}

static void free_chunks(struct chunk *c)
{
	while (c) {
		struct chunk *next = c->next;

		free(c);
		c = next;
	}
}

void batch_free(struct batch **b)
{
	struct batch *dead = *b;

	*b = NULL;
	if (!dead)
		return;
	free_chunks(dead->chunks);
	free(dead->ops);
	free(dead);
}

void batch_reset(struct batch *b)
{
	struct chunk *kept = b->chunks;

	b->count = 0;
	b->text_bytes = 0;
	if (b->size > OPS_KEPT) {
		b->ops = xrealloc(b->ops, OPS_KEPT * sizeof(*b->ops));
		b->size = OPS_KEPT;
	}
	if (!kept)
		return;
	free_chunks(kept->next);
	kept->next = NULL;
	kept->used = 0;
	if (kept->size > CHUNK_SIZE) {
		free(kept);
		b->chunks = NULL;
	}
}

static const char *copy(struct batch *b, const char *p, size_t len)
{
	struct chunk *c = b->chunks;

	if (len == 0)
		return "";
	if (!c || c->size - c->used < len) {
		size_t size = len > CHUNK_SIZE ? len : CHUNK_SIZE;

		c = xrealloc(NULL, sizeof(*c) + size);
		*c = (struct chunk){.next = b->chunks, .size = size};
		b->chunks = c;
	}
	char *at = c->data + c->used;

	memcpy(at, p, len);
	c->used += len;
	b->text_bytes += len;
	return at;
}

static void keep_str(struct batch *b, struct str *s)
{
	s->p = copy(b, s->p, s->len);
}

static void keep_session(struct batch *b, struct store_session *s)
{
	keep_str(b, &s->pid);
	keep_str(b, &s->socket);
	keep_str(b, &s->sid);
	keep_str(b, &s->nsp);
	keep_str(b, &s->user);
	keep_str(b, &s->username);
}

static void keep_sanction(struct batch *b, struct store_sanction *s)
{
	keep_str(b, &s->kind);
	keep_str(b, &s->user);
	keep_str(b, &s->nsp);
	keep_str(b, &s->by);
	keep_str(b, &s->reason);
}

static void keep_message(struct batch *b, struct store_message *m)
{
	keep_str(b, &m->user);
	keep_str(b, &m->username);
	keep_str(b, &m->type);
	keep_str(b, &m->message_id);
	m->content.p = (const uint8_t *)copy(b, (const char *)m->content.p, m->content.len);
}

static void keep_texts(struct batch *b, struct batch_op *op)
{
	switch (op->kind) {
	case BATCH_ROOM:
		keep_str(b, &op->as.room.nsp);
		keep_str(b, &op->as.room.name);
		break;
	case BATCH_MESSAGE:
		keep_message(b, &op->as.message);
		break;
	case BATCH_PUT_MEMBERSHIP:
	case BATCH_REMOVE_MEMBERSHIP:
		keep_str(b, &op->as.membership.user);
		keep_str(b, &op->as.membership.role);
		break;
	case BATCH_PUT_SANCTION:
	case BATCH_REMOVE_SANCTION:
	case BATCH_EXPIRE_SANCTION:
		keep_sanction(b, &op->as.sanction);
		break;
	case BATCH_PUT_SESSION:
		keep_session(b, &op->as.session);
		break;
	case BATCH_PUT_USER:
		keep_str(b, &op->as.user.id);
		keep_str(b, &op->as.user.username);
		break;
	case BATCH_PUT_REVOCATION:
	case BATCH_REMOVE_REVOCATION:
		keep_str(b, &op->as.revocation.subject);
		break;
	case BATCH_REMOVE_SESSION:
	case BATCH_PUT_SESSION_ROOM:
	case BATCH_REMOVE_SESSION_ROOM:
	case BATCH_DELETION:
	case BATCH_PRUNING:
	case BATCH_EXPIRY:
	case BATCH_REMOVE_RECEIPT:
		break;
	}
}

void batch_put(struct batch *b, const struct batch_op *op)
{
	if (b->count == b->size) {
		b->size = b->size ? b->size * 2 : 64;
		b->ops = xrealloc(b->ops, b->size * sizeof(*b->ops));
	}
	b->ops[b->count] = *op;
	keep_texts(b, &b->ops[b->count]);
	b->count++;
}

size_t batch_count(const struct batch *b)
{
	return b->count;
}

size_t batch_bytes(const struct batch *b)
{
	return b->count * sizeof(*b->ops) + b->text_bytes;
}

const struct batch_op *batch_at(const struct batch *b, size_t i)
{
	assert(i < b->count);
	return &b->ops[i];
}
