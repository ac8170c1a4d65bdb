#ifndef ROOMCAST_BROKER_READER_H
#define ROOMCAST_BROKER_READER_H
/*
 * A read-only connection to the database: single look-ups, pages and the log; reader_start.h and
 * reader_front.h have more. It belongs to the thread that opened it. Long reads are the archive's
 * (archive.h), which owns a reader in a thread of its own.
 */
#include "common/buf.h"
#include "common/clock.h"

struct reader;

/* The database must exist, as store_open makes it. ERR_DENIED, ERR_MALFORMED, ERR_VERSION,
 * ERR_BUSY, ERR_IO; ret_why says it in words. */
MUST_USE enum err reader_open(
    const char *path, char *ret_why, size_t why_size, struct reader **ret);
void reader_close(struct reader **r);

/* What a duplicate is answered with. */
struct reader_receipt {
	uint64_t gseq, seq, room;
	struct wall timestamp;
};

/* Of messages that were pruned or deleted too. ERR_NOT_FOUND, ERR_IO. */
MUST_USE enum err reader_find_message_id(
    struct reader *r, struct str user, struct str message_id, struct reader_receipt *ret);
MUST_USE enum err reader_find_origin(
    struct reader *r, uint64_t boot, uint64_t count, struct reader_receipt *ret);

/* One stored message, views good during the callback. */
struct reader_message {
	uint64_t gseq, seq;
	struct str user, username, type;
	struct bytes content; /* encoded value; nil when it is deleted */
	struct wall timestamp;
	uint64_t deleted; /* gseq of the message that is deleted: itself, or what a deletion in the
			   * log is about (its gseq is then the deletion's, seq the message's); 0 */
};

/* The message with that number, or its gseq. ERR_NOT_FOUND: it is not there (any more). */
MUST_USE enum err reader_gseq_at(struct reader *r, uint64_t room, uint64_t seq, uint64_t *ret);
MUST_USE enum err reader_message_at(struct reader *r, uint64_t room, uint64_t seq,
    void (*fn)(void *ctx, const struct reader_message *message), void *ctx);

struct reader_deletion {
	uint64_t gseq, seq, target; /* its own gseq; seq and gseq of the message */
};

/* The first deletion in a room after this gseq. ERR_NOT_FOUND. */
MUST_USE enum err reader_deletion_after(
    struct reader *r, uint64_t room, uint64_t gseq, struct reader_deletion *ret);

/*
 * Up to limit messages of a room, oldest first: those next below `before` (0 = the newest), or,
 * when before is 0 and has_after, those next above `after`. A page also ends before its contents
 * would exceed max_bytes or would be binary more than max_blobs times (0 = no such bound), but
 * never without its first message.
 */
struct reader_page {
	uint64_t room;
	uint64_t before;
	uint64_t after;
	bool has_after;
	unsigned limit;
	size_t max_bytes;
	unsigned max_blobs;
};

/* ret_more: there are more beyond the page, in the direction asked for. */
MUST_USE enum err reader_history(struct reader *r, const struct reader_page *page,
    void (*fn)(void *ctx, const struct reader_message *message), void *ctx, bool *ret_more);

/*
 * The messages of all rooms with after < gseq <= upto, in the order of gseq. A page ends after
 * `limit` of them, and before their contents would exceed max_bytes (0 = no such bound), but never
 * without its first.
 */
struct reader_span {
	uint64_t after, upto;
	unsigned limit;
	size_t max_bytes;
};

/* A message with its place. */
struct reader_entry {
	uint64_t room;
	struct str nsp, name; /* of the room */
	struct reader_message message;
};

/* ret_reached: the page has everything up to this gseq; upto when nothing is left out. */
MUST_USE enum err reader_log(struct reader *r, const struct reader_span *span,
    void (*fn)(void *ctx, const struct reader_entry *entry), void *ctx, uint64_t *ret_reached);

#endif
