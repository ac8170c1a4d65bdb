#ifndef ROOMCAST_BROKER_BROKER_H
#define ROOMCAST_BROKER_BROKER_H
/*
 * The broker as its handlers see it: the rooms of the house, wired by main.c. Owned by main.c;
 * the handlers (entry.h, attend.h, publish.h, admin.h) borrow it. All of it belongs to the turn
 * thread.
 */
#include "broker/archive.h"
#include "broker/config.h"
#include "broker/crew.h"
#include "broker/dedup.h"
#include "broker/link.h"
#include "broker/membership.h"
#include "broker/outbox.h"
#include "broker/peers.h"
#include "broker/revocation.h"
#include "broker/room.h"
#include "broker/sanction.h"
#include "broker/session.h"
#include "broker/store.h"
#include "broker/turn.h"
#include "common/metrics.h"
#include "proto/errors.h"

struct admin;
struct census;
struct limits;
struct change;
struct erasure;
struct expelled;
struct look_page;
struct missed;
struct prune;
struct surveys;

enum farewell { FAREWELL_NOT_YET, FAREWELL_STORING, FAREWELL_PARTING };

struct broker {
	struct config config;
	uint64_t boot, epoch;
	struct mono started;
	struct turn *turn;
	struct link *link;
	struct peers *peers;
	struct sessions *sessions;
	struct rooms *rooms;
	struct memberships *memberships;
	struct sanctions *sanctions;
	struct change *changes;      /* change.c's: on their way into the database */
	struct moderated *moderated; /* moderate.c's: the last answers to moderators */
	struct expelled *expelled;   /* expelled.c's */
	struct crew *crew;
	struct store *store;
	struct reader *reader;
	struct archive *archive;
	struct outbox *outbox;
	/* dormancy.c's: dormant sessions whose user has not left yet (those from before the start
	 * have longer), and all of them. */
	struct timer_queue grace, first_grace, windows;
	/* roll.c's: sessions of which a batch has something, in the order of the batches; those of
	 * which none has what it should. */
	struct session *roll_under_way, *roll_unwritten;
	/* The same for rows of sessions that are over. */
	struct roll_rest *rests_under_way, *rests_unwritten;
	uint64_t last_row;       /* highest session.row given out */
	uint64_t roll_committed; /* the last batch */
	struct timer_queue
	    presence; /* presence.c's: rooms that are to be told how many there are */
	/* revoke.c's, as the next: those that no batch has yet written, the oldest first. */
	struct revocations *revocations;
	struct revocation *unwritten_revocations;
	struct mono revocations_swept;
	struct dedup *dedup;
	struct metrics *metrics;
	struct admin *admin;
	struct limits *limits;
	struct census *census;
	struct prune *prune;
	struct erasure *erasures; /* erase.c's: deletions that are not committed */
	struct surveys *surveys;  /* admin.c's */
	uint64_t gseq;            /* last number given out */
	uint64_t numbered;        /* the batch that it commits with, 0 = none under way */
	uint64_t released;        /* everything up to this one is committed, and was said */
	uint64_t pruned;          /* all later ones are in the database, or in a batch before us */
	uint64_t stored;          /* messages committed since the start */
	/* When the first message of a batch came, by the last bit of its number: one batch
	 * commits, one gathers. */
	struct mono batch_began[2];
	uint64_t batch_timed[2];
	bool is_failing;        /* the last batch was not committed */
	bool is_fault_told;     /* and the log has it */
	bool is_numbering_read; /* since the last tick */
	struct mono fault_logged;
	uint64_t share;        /* of connect_rate, as each gateway was told */
	uint64_t last_ticket;  /* of what was asked of the archive */
	struct missed *missed; /* missed.c's, as these: who is to be told what it missed */
	size_t missed_count, missed_reading;
	bool is_log_unreadable;  /* since the last tick: catchup waits */
	struct look_page *pages; /* look.c's: pages of clients that are being read */
	enum farewell farewell;
	struct mono farewell_until;
	/* The numbers in memory may be ahead of the database: read them again before the next. */
	bool is_numbering_stale;
};

#endif
