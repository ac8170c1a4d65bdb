#ifndef ROOMCAST_GATEWAY_ROOM_DESK_PRIV_H
#define ROOMCAST_GATEWAY_ROOM_DESK_PRIV_H
/*
 * What the files of the desk share: the desk itself and the seats, one for each namespace socket
 * whose token was accepted.
 */
#include "gateway/room/answer.h"
#include "gateway/room/desk.h"
#include "gateway/room/vigil.h"
#include "proto/events.h"
#include "proto/offset.h"

#include <uthash.h>

/* A connection that is refused so often is not a person trying again. */
enum { REFUSALS_MAX = 5 };

struct seat {
	struct desk *desk;
	struct sio_socket *socket;
	struct hub_member *member;
	struct pending_owner requests; /* what it waits for */
	char *id;                      /* of this connection, for the broker */
	char *sid; /* that the client knows itself by, its first connection's; NULL = the same */
	char pid[LIMIT_PID + 1];   /* by which it gets its session back; "" = it does not */
	struct recovery *recovery; /* recovery.c's, while what it missed is fetched */
	uint64_t known; /* up to this gseq it misses nothing, whatever the gateway has yet to get */
	struct token_claims claims; /* all-zero: who it is was not said */
	struct token_claims fresh;  /* bearer.c's: that the broker is asked about, if has_fresh */
	bool has_fresh;
	bool is_bare; /* let in without the broker, which learns of it when it has shown a token */
	bool is_warned;
	struct watch watch;    /* of its token */
	struct timer patience; /* with a bare one */
	bool is_connected;     /* the broker has answered; it is announced after a broken link */
	bool is_lost;          /* it missed something: about to be closed */
	struct mono since;
	struct wall since_wall;
	bool is_errand; /* in a worker namespace */
	bool is_moderated; /* in one where moderators have events */
	bool is_asked;  /* by a worker, which waits for an ack */
	bool was_hasty; /* and the log has it */
	struct seat *prev, *next;
	UT_hash_handle hh;
};

struct desk {
	struct desk_parts parts;
	struct uplink *uplink;
	struct rulebooks *rulebooks;
	struct seat *seats; /* list */
	struct seat *seats_by_id;
	size_t connected;
	struct vigil vigil;          /* bearer.c's, as the next */
	struct timer_queue patience; /* with those that are bare */
	uint64_t epoch;              /* of the broker's database */
	struct recovery *waiting;    /* recovery.c's list of those that do not fetch yet, and */
	size_t fetching;             /* how many do */
	uint64_t known_to_some;      /* the greatest `known` of those who got back a session */
	char offset[OFFSET_LEN + 1]; /* recovery.c's last one */
};

/*
 * Sends a request to the broker, or keeps it until the link is up. ERR_FULL: too many wait.
 * `request` names id, type, owner and what the answer needs; `m` carries the same id.
 */
MUST_USE enum err desk_ask(
    struct desk *d, struct pending_request *request, const struct wire_message *m);

/* Where the answer to a request goes; its seat is there. */
struct answer_to desk_answer_to(const struct desk *d, const struct pending_request *r);

/* Not an event of the client's: CONNECT, REPLAY. */
bool desk_is_entering(const struct pending_request *r);

/* The seat that asked, NULL when it is gone. */
struct seat *desk_seat_of(const struct pending_request *r);

/* ---- entrance.c ---- */

/* An event {roomId} for one socket. */
void entrance_emit_room(struct sio_socket *s, enum event event, struct str room);

void entrance_on_connect(void *up, struct sio_socket *s, struct bytes auth);
void entrance_on_disconnect(void *up, struct sio_socket *s, enum sio_end why);

/* The broker's answer to CONNECT; or none in time, nor to REPLAY. */
void entrance_on_reply(struct seat *seat, const struct wire_reply *reply);
void entrance_on_timeout(struct seat *seat);

/* Asks the broker to let the seat in. auth: what the client sent, or empty. */
void entrance_knock(struct seat *seat, struct bytes auth);

/* From now on it is another connection for the broker, in no room. */
void entrance_renew(struct seat *seat);

/* It is in: the client is told. */
void entrance_admit(struct seat *seat);

/* It is in: it counts, and the log says so. */
void entrance_note_connected(struct seat *seat);

/* The client hears of a room that it is in from the start; not of the personal one. */
void entrance_tell_room(struct seat *seat, struct str room);

/* Calls fn with every room of the broker's answer to CONNECT, and since when it is in them. */
void entrance_each_room(struct seat *seat, const struct wire_reply *reply,
    void (*fn)(struct seat *seat, struct str room, uint64_t since));

/* Nobody sits there any more. Leaves NULL. */
void entrance_free_seat(struct seat **seat);

/* ---- resume.c ---- */

void resume_on_gap(void *up);
size_t resume_on_linked(void *up);
void resume_on_up(void *up);
void resume_on_down(void *up, const char *why);

#endif
