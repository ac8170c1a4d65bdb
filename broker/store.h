#ifndef ROOMCAST_BROKER_STORE_H
#define ROOMCAST_BROKER_STORE_H
/*
 * The store: the only writer of the database, an actor in a thread of its own. The turn thread
 * puts operations into the gathering batch; while batch k commits, batch k+1 gathers (group
 * commit without a timer: batch size follows the load). A batch is one transaction, so it is
 * committed whole or not at all, and batches commit in order.
 *
 * Used by the turn thread only; everything put in is copied. Knows nothing of peers or wire.
 */
#include "broker/revocation.h"
#include "broker/store_rows.h"

struct store;

enum { STORE_WHY_SIZE = 400 };

struct store_conf {
	const char *path;         /* database file; its directory must exist and be writable */
	bool is_synchronous_full; /* false: NORMAL (survives kill -9, not power loss) */
};

/* Called from store_serve() in the turn thread, and from nowhere else. */
struct store_events {
	/* All batches up to and including `batch` are committed. */
	void (*on_committed)(void *up, uint64_t batch);
	/*
	 * `batch` was not committed, and whatever was put in after it, up to this call, is dropped
	 * with it: nothing of that is in the database, now or after a crash. What is put in from
	 * here on, in this call already, belongs to a new batch (store_gathering() names it) and
	 * continues the numbering of the last commit. `why`: one sentence, with what to do.
	 */
	void (*on_failed)(void *up, uint64_t batch, const char *why);
};

/*
 * Opens or creates the database, migrates its schema forward, takes the lock file
 * `path`.lock against a second broker, and starts the actor. `events` must outlive the store.
 * ERR_BUSY (another broker, with its pid), ERR_VERSION (schema is newer), ERR_DENIED (directory or
 * file not writable), ERR_MALFORMED (not a database), ERR_IO; ret_why says it in one sentence
 * with what to do.
 */
MUST_USE enum err store_open(const struct store_conf *conf, const struct store_events *events,
    void *up, char ret_why[STORE_WHY_SIZE], struct store **ret);

/*
 * Commits what was put in, as far as the disk lets it, checkpoints, stops the actor, releases the
 * lock. Calls no event: who needs the answers first serves until the backlog is 0.
 */
void store_close(struct store **s);

/* A room that is there already takes on is_public and is_archived; nsp and name stay. */
void store_put_room(struct store *s, const struct store_room *room);
/* Its room must be there or have been put in before. */
void store_put_message(struct store *s, const struct store_message *message);

/* Takes the content out of the row, and what is left of it in the file. */
void store_delete_message(struct store *s, const struct store_deletion *deletion);

/* In steps: what it removes is removed while a batch commits. */
void store_prune(struct store *s, const struct store_pruning *pruning);

/* Receipts older than `before` go, the oldest first, so many at most; or the one of a message. */
void store_expire_receipts(struct store *s, struct wall before, unsigned limit);
void store_remove_receipt(struct store *s, uint64_t gseq);

/* Replaces role and since of a membership that is there already. */
void store_put_membership(
    struct store *s, uint64_t room, struct str user, struct str role, struct wall since);
void store_remove_membership(struct store *s, uint64_t room, struct str user);

/* Replaces what is there for the same kind, user, namespace and room. */
void store_put_sanction(struct store *s, const struct store_sanction *sanction);
/* Only those four count. */
void store_remove_sanction(struct store *s, const struct store_sanction *sanction);
/* It is over: goes, unless one that ends later was put in its place before. */
void store_expire_sanction(struct store *s, const struct store_sanction *sanction);

/* Replaces what is there. */
void store_put_session(struct store *s, const struct store_session *session);
void store_put_session_room(struct store *s, uint64_t session, uint64_t room, uint64_t gseq);
void store_remove_session_room(struct store *s, uint64_t session, uint64_t room);
/* With all its rooms. */
void store_remove_session(struct store *s, uint64_t session);

/* A user was seen. */
void store_put_user(struct store *s, const struct store_user *user);

/* Replaces what is there of that kind and subject; of the second only these count. */
void store_put_revocation(struct store *s, const struct revocation_facts *r);
void store_remove_revocation(struct store *s, const struct revocation_facts *r);

/* Number of the batch that gathers now: what is put in next commits with it. Starts at 1. */
uint64_t store_gathering(const struct store *s);

/* Operations put in and not yet known committed, and their bytes; bounds are the caller's. */
size_t store_backlog(const struct store *s);
size_t store_backlog_bytes(const struct store *s);

/*
 * Why nothing can be committed now, in words; "" = all is well, as far as is known. It is set by a
 * failure and cleared by the next commit. In between there may be a batch whose fate is not known
 * (its COMMIT failed in a way that leaves it on disk, perhaps): neither event comes before the
 * database has been opened again and the question is settled, however long that takes.
 */
const char *store_trouble(const struct store *s);
/* Is there such a batch? What is put in now cannot be committed before that is settled. */
bool store_is_in_doubt(const struct store *s);

/* End of turn: hands the gathering batch to the actor if it has none. */
void store_flush(struct store *s);

/* The ZeroMQ socket to poll for reading; then call store_serve(), which calls the events. */
void *store_socket(const struct store *s);
void store_serve(struct store *s);

#endif
