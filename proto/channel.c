#include "proto/channel.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
	BATCH_BYTES = 64 * 1024, /* a batch is closed when it has grown to this */
	HEADER_BYTES = 11,       /* BATCH with its number in 9 bytes, patched in when it leaves */
};

struct batch {
	struct buf bytes;
	struct batch *prev, *next;
};

struct flow {
	uint64_t messages;
	uint64_t bytes;
};

struct channel {
	struct batch *queue; /* the last one is open for more */
	size_t queued_bytes;
	struct buf control;
	bool is_next_control; /* what channel_next() lent */
	uint64_t sent_number;
	struct flow sent, credited;
	struct channel_window window;
	uint64_t received_number;
	struct flow received, credit_told;
	struct channel_window own_window;
};

struct channel *channel_new(void)
{
	return xcalloc(1, sizeof(struct channel));
}

static void drop_batch(struct channel *c, struct batch *b)
{
	DL_DELETE(c->queue, b);
	buf_free(&b->bytes);
	free(b);
}

static void drop_queue(struct channel *c)
{
	while (c->queue)
		drop_batch(c, c->queue);
	c->queued_bytes = 0;
	buf_free(&c->control);
}

void channel_free(struct channel **c)
{
	if (!*c)
		return;
	drop_queue(*c);
	free(*c);
	*c = NULL;
}

void channel_reset(struct channel *c)
{
	struct channel_window own = c->own_window;

	drop_queue(c);
	*c = (struct channel){.own_window = own};
}

void channel_set_window(struct channel *c, struct channel_window window)
{
	c->window = window;
}

void channel_set_own_window(struct channel *c, struct channel_window window)
{
	c->own_window = window;
}

/* The number is written when the batch leaves: control batches overtake those that wait. */
static void open_header(struct buf *b)
{
	static const uint8_t header[HEADER_BYTES] = {0x92, WIRE_BATCH, 0xcf};

	_Static_assert(WIRE_BATCH < 0x80, "the number of BATCH must fit into one msgpack byte");
	buf_put(b, bytes_of(header, sizeof(header)));
}

static void patch_number(struct bytes batch, uint64_t number)
{
	uint8_t *p = (uint8_t *)batch.p + 3;

	for (int i = 7; i >= 0; i--) {
		p[i] = (uint8_t)number;
		number >>= 8;
	}
}

static struct buf *open_batch(struct channel *c)
{
	struct batch *last = c->queue ? c->queue->prev : NULL;

	if (!last || last->bytes.len >= BATCH_BYTES) {
		last = xcalloc(1, sizeof(*last));
		open_header(&last->bytes);
		DL_APPEND(c->queue, last);
	}
	return &last->bytes;
}

void channel_put(struct channel *c, const struct wire_message *m)
{
	struct buf *b = open_batch(c);
	size_t before = b->len;

	wire_put(b, m);
	c->queued_bytes += b->len - before;
}

void channel_put_encoded(struct channel *c, struct bytes message)
{
	buf_put(open_batch(c), message);
	c->queued_bytes += message.len;
}

void channel_put_control(struct channel *c, const struct wire_message *m)
{
	if (c->control.len == 0)
		open_header(&c->control);
	wire_put(&c->control, m);
}

static bool is_credit_due(const struct channel *c)
{
	return (c->received.messages - c->credit_told.messages) * 2 >= c->own_window.messages ||
	       (c->received.bytes - c->credit_told.bytes) * 2 >= c->own_window.bytes;
}

static void put_credit(struct channel *c)
{
	struct wire_message m = {.type = WIRE_CREDIT};

	m.as.credit.messages = c->received.messages;
	m.as.credit.bytes = c->received.bytes;
	c->credit_told = c->received;
	channel_put_control(c, &m);
}

static bool has_credit_for(const struct channel *c, size_t bytes)
{
	return c->sent.messages - c->credited.messages < c->window.messages &&
	       c->sent.bytes - c->credited.bytes + bytes <= c->window.bytes;
}

bool channel_next(struct channel *c, struct bytes *ret_batch)
{
	if (c->own_window.messages && c->received.messages > c->credit_told.messages &&
	    is_credit_due(c))
		put_credit(c);
	c->is_next_control = c->control.len > 0;
	if (c->is_next_control)
		*ret_batch = buf_bytes(&c->control);
	else if (c->queue && has_credit_for(c, c->queue->bytes.len))
		*ret_batch = buf_bytes(&c->queue->bytes);
	else
		return false;
	patch_number(*ret_batch, c->sent_number + 1);
	return true;
}

void channel_sent(struct channel *c)
{
	size_t bytes = c->is_next_control ? c->control.len : c->queue->bytes.len;

	c->sent_number++;
	c->sent.messages++;
	c->sent.bytes += bytes;
	if (c->is_next_control) {
		buf_reset(&c->control);
		return;
	}
	c->queued_bytes -= bytes - HEADER_BYTES;
	drop_batch(c, c->queue);
}

size_t channel_queued_bytes(const struct channel *c)
{
	return c->queued_bytes;
}

enum err channel_receive(struct channel *c, struct bytes batch, struct wire_reader *ret)
{
	struct wire_reader r = wire_reader(batch);
	struct wire_message m;

	if (wire_next(&r, &m) || m.type != WIRE_BATCH)
		return ERR_MALFORMED;
	if (m.as.batch.number != c->received_number + 1)
		return ERR_CLOSED;
	c->received_number = m.as.batch.number;
	c->received.messages++;
	c->received.bytes += batch.len;
	*ret = r;
	return ERR_OK;
}

enum wire_type channel_opening(struct bytes batch, struct wire_message *ret)
{
	struct wire_reader r = wire_reader(batch);
	struct wire_message m;

	if (wire_next(&r, &m) || m.type != WIRE_BATCH || m.as.batch.number != 1 ||
	    wire_next(&r, &m))
		return WIRE_TYPES;
	*ret = m;
	return m.type;
}

void channel_restart_receiving(struct channel *c)
{
	c->received_number = 0;
	c->received = c->credit_told = (struct flow){0};
}

void channel_on_credit(struct channel *c, const struct wire_credit *credit)
{
	/* A peer cannot have taken in more than was sent. */
	if (credit->messages > c->sent.messages || credit->bytes > c->sent.bytes)
		return;
	c->credited = (struct flow){credit->messages, credit->bytes};
}
