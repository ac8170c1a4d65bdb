#ifndef ROOMCAST_PROTO_CHANNEL_H
#define ROOMCAST_PROTO_CHANNEL_H
/*
 * A channel is one end of the conversation between a gateway and the broker: it gathers messages
 * into batches, numbers them, keeps what is in flight within the credit the other side gave, and
 * notices what got lost. Both ends use it; pure, no socket in it.
 *
 *	out: channel_put... -> channel_next (while it gives a batch: send it, channel_sent)
 *	in:  channel_receive -> wire_next...
 *
 * ZeroMQ drops or blocks above its marks and loses what was under way when a connection breaks;
 * credit keeps both ends far below the marks, and a gap in the numbers starts the conversation
 * anew (HELLO). CREDIT and HEARTBEAT batches are numbered but need no credit, so that two full
 * ends never wait for each other.
 */
#include "proto/wire.h"

struct channel;

/* What one side may have sent and not yet seen taken in. */
struct channel_window {
	uint64_t messages; /* ZeroMQ messages */
	uint64_t bytes;
};

struct channel *channel_new(void);
void channel_free(struct channel **c);

/* Begins a conversation anew: numbers start at 1, nothing is queued or in flight. */
void channel_reset(struct channel *c);

/* What the other side lets us have in flight; before this nothing but control leaves. */
void channel_set_window(struct channel *c, struct channel_window window);

/* What we let the other side have in flight: CREDIT is due after each half of it. */
void channel_set_own_window(struct channel *c, struct channel_window window);

/* Queues a message (copied). */
void channel_put(struct channel *c, const struct wire_message *m);
/* The same for one that is encoded already (wire_put), e.g. for many peers. */
void channel_put_encoded(struct channel *c, struct bytes message);
/* Queues a message that needs no credit, ahead of those that do (HELLO, WELCOME, HEARTBEAT...). */
void channel_put_control(struct channel *c, const struct wire_message *m);

/* The next batch that may leave now; false: none. The view is good until channel_sent(). */
bool channel_next(struct channel *c, struct bytes *ret_batch);
void channel_sent(struct channel *c);

/* Bytes queued and not sent. */
size_t channel_queued_bytes(const struct channel *c);

/*
 * A batch came in. ERR_MALFORMED: it does not begin with BATCH; ERR_CLOSED: its number does not
 * follow, something was lost. On ERR_OK the reader stands behind the BATCH message.
 */
MUST_USE enum err channel_receive(struct channel *c, struct bytes batch, struct wire_reader *ret);

/*
 * With what a conversation would begin: the type of the first message in a batch numbered 1, and
 * the message, or WIRE_TYPES for every other batch. Asks nothing of a channel: who hears it may
 * have none yet.
 */
enum wire_type channel_opening(struct bytes batch, struct wire_message *ret);

/* The other side begins anew (WELCOME): its next batch is number 1. */
void channel_restart_receiving(struct channel *c);

/* The other side's CREDIT message. */
void channel_on_credit(struct channel *c, const struct wire_credit *credit);

#endif
