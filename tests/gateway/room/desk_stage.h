#ifndef ROOMCAST_TESTS_GATEWAY_ROOM_DESK_STAGE_H
#define ROOMCAST_TESTS_GATEWAY_ROOM_DESK_STAGE_H
/*
 * A desk between two clients, east and west, and a link: what clients say and what the broker
 * answers goes in, what either hears comes out as lines of text. Loop, link, sockets, tokens and
 * the log are fakes (tests/fakes); desk, entrance, resume, hub, pending requests and shapes are
 * real. Socket ids are socket-1, socket-2 and so on, in the order of coming. Every test begins
 * with the link up and nobody connected.
 */
#include "gateway/room/desk.h"
#include "proto/errors.h"
#include "tests/check.h"
#include "tests/fakes/log.h"
#include "tests/fakes/loop.h"
#include "tests/fakes/socket.h"
#include "tests/fakes/token.h"
#include "tests/fakes/uplink.h"

enum {
	STAGE_TIMEOUT_MS = 1000,
	STAGE_AUTH_TIMEOUT_MS = 10000,
	STAGE_EXPIRING_MS = 30000,
	STAGE_PENDING_MAX = 16,
	STAGE_PENDING_MAX_PER_CLIENT = 10,
	STAGE_NO_ACK = -1,
};

/* When a test begins. */
#define STAGE_NOON_MS 1700000000000

/* The event of failures without ack; not "error", so that the option is seen to matter. */
#define STAGE_ERROR_EVENT "oops"

/* What is said of a token that is no good, as an ack has it. */
#define STAGE_REFUSED(code)                                                         \
	"[{'ok':false,'error':{'code':'authentication_invalid','message':'Invalid " \
	"authentication','details':{'code':'" code "'}}}]\n"

struct stage {
	struct loop loop;
	struct hub *hub;
	struct trail *trail;
	struct pending *pending;
	struct metrics *metrics;
	struct uplink link;
	struct desk *desk;
	struct sio_socket east, west;
};

/* For cmocka_unit_test_setup_teardown; the second checks that nothing is left. */
int stage_setup(void **state);
int stage_teardown(void **state);

/* The same, and both are connected: alice in the east (request 1), bob in the west (2). */
int stage_setup_connected(void **state);

/* ---- clients; JSON is written with ' for " ---- */

/* CONNECT with this auth, "" = none. */
void stage_knock(struct stage *s, struct sio_socket *from, const char *auth_json);
/* Knocks with a token of that user, is let in by the broker; what was said is forgotten. */
void stage_connect(struct stage *s, struct sio_socket *from, const char *user);
void stage_event(struct stage *s, struct sio_socket *from, const char *name, const char *args_json,
    int64_t ack_id);
/* An `auth` of the east client with this token. */
void stage_show(struct stage *s, const char *token, int64_t ack_id);
void stage_disconnect(struct stage *s, struct sio_socket *from, enum sio_end why);

/* A client of another namespace in the place of the one in the east. */
void stage_move(struct stage *s, const char *nsp);

/* Compares what the client heard since the last time. */
void stage_heard(struct sio_socket *who, const char *expected);

/* ---- the broker ---- */

/* REPLY to a request, ok with a value or an error. Requests are numbered from 1. */
void stage_reply_ok(struct stage *s, uint64_t request, const char *value_json);
void stage_reply_error(struct stage *s, uint64_t request, enum client_error error);
void stage_hear(struct stage *s, const struct wire_message *m);
/* It delivers an event with the number 7 to room team; gseq 0 = one that is not stored. */
void stage_say(struct stage *s, uint64_t gseq, const char *event);

/* Compares what was given to the link since the last time, by wire_print. */
void stage_sent(struct stage *s, const char *expected);

/* The next message for the broker, which must be of this type; the next CONNECT, whatever comes
 * before it. Views are good until another message is given to the link. */
struct wire_message stage_next(struct stage *s, enum wire_type type);
struct wire_connect stage_next_connect(struct stage *s);

/* The link breaks; it comes back and the desk is asked to announce and to ask again. */
void stage_link_breaks(struct stage *s);
size_t stage_link_returns(struct stage *s);

/* Another desk, for clients that may come back or not; nobody may be connected. Off at first. */
void stage_recovery(struct stage *s, bool is_on);
/* Recovery is on, the link is up with database 1, alice comes in the east with this claim beside
 * her token. Returns her request. */
uint64_t stage_come_back(struct stage *s, const char *claim);

/* ---- time ---- */

/* Goes on by ms and lets the desk expire what is due. */
void stage_pass_ms(struct stage *s, uint64_t ms);

#endif
