#ifndef ROOMCAST_BROKER_ARCHIVE_H
#define ROOMCAST_BROKER_ARCHIVE_H
/*
 * The archive: reads history, the log, and what a recovered session missed, for others; an actor
 * with a read-only connection and a thread of its own, so that a long query never stops routing.
 * Requests queue up, bounded; answers come in order. Used by the turn thread only.
 */
#include "broker/merge.h"
#include "broker/plan.h"

struct archive;

/*
 * A page, encoded: of a history, an array of message objects {id, seq, userId, username, content,
 * type, timestamp, roomId}, of deleted ones {id, roomId, seq, deleted}; of a merge, an array of
 * events [gseq, name, arguments]. It fits one message of the link whatever was asked for: what
 * would be too much is left to the next page.
 */
struct archive_answer {
	uint64_t request;
	enum err error;        /* of reader_history() or merge_read() */
	struct bytes messages; /* a view, good during the call */
	bool more;
};

/* A stored message of the log as the DELIVER that brings it, encoded. */
struct archive_entry {
	uint64_t room; /* id */
	struct bytes deliver;
};

/* A page of the log: what was stored with after < gseq <= reached, in that order. */
struct archive_log {
	uint64_t request;
	enum err error;
	const struct archive_entry *entries; /* views, good during the call */
	size_t count;
	uint64_t reached; /* the gseq that was asked for when there was no more */
};

struct archive_events {
	void (*on_page)(void *up, const struct archive_answer *answer);
	void (*on_log)(void *up, const struct archive_log *log);
	/* Filled in, unless there is an error. A view. */
	void (*on_plan)(void *up, uint64_t request, enum err error, const struct plan *plan);
};

enum {
	ARCHIVE_QUEUE_MAX = 64,
	ARCHIVE_CONTENT_MAX = 2 << 20,       /* bytes of content in one page */
	ARCHIVE_LOG_MESSAGES = 1000,         /* in one page of the log */
	ARCHIVE_LOG_CONTENT_MAX = 512 << 10, /* bytes of content there */
};

/* The database must exist; the errors of reader_open(). `events` must outlive the archive. */
MUST_USE enum err archive_open(const char *path, const struct archive_events *events, void *up,
    char *ret_why, size_t why_size, struct archive **ret);

/* Requests that wait are dropped. Calls no event. */
void archive_close(struct archive **a);

/* Asks for a page, which comes by on_page(); room_name is copied and comes back as roomId.
 * The page is cut to LIMIT_HISTORY_PAGE messages. ERR_FULL: ARCHIVE_QUEUE_MAX requests wait. */
MUST_USE enum err archive_history(
    struct archive *a, uint64_t request, const struct reader_page *page, struct str room_name);

/* Asks for a page of the log, after < gseq <= upto, which comes by on_log(). ERR_FULL as above. */
MUST_USE enum err archive_read_log(
    struct archive *a, uint64_t request, uint64_t after, uint64_t upto);

/* Asks for a page of a merge, which comes by on_page(); takes m unless it fails. ERR_FULL. */
MUST_USE enum err archive_merge_take(struct archive *a, uint64_t request, struct merge **m);

/* Asks for a plan to be filled in, which comes by on_plan(); takes p unless it fails. ERR_FULL. */
MUST_USE enum err archive_plan_take(struct archive *a, uint64_t request, struct plan **p);

/* The ZeroMQ socket to poll for reading; then call archive_serve(). */
void *archive_socket(const struct archive *a);
void archive_serve(struct archive *a);

#endif
