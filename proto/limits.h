#ifndef ROOMCAST_PROTO_LIMITS_H
#define ROOMCAST_PROTO_LIMITS_H
/*
 * Sizes that both sides of the link agree on, in bytes unless the name says otherwise. Whatever
 * comes from outside is checked against one of these before it is stored or sent on.
 */
enum {
	LIMIT_NSP = 128,          /* name of a namespace */
	LIMIT_ROOM_NAME = 128,    /* name of a room, as clients may choose it */
	LIMIT_ROOM = LIMIT_ROOM_NAME + 8, /* with the prefix of a personal room */
	LIMIT_USER = 128,         /* id of a user */
	LIMIT_USERNAME = 256,     /* display name of a user */
	LIMIT_TOKEN_ID = 256,     /* id of a token, its `jti` */
	LIMIT_SOCKET_ID = LIMIT_NSP + 32, /* id of a namespace socket; old clients' have its name */
	LIMIT_PID = 32,           /* id by which a client gets its session back */
	LIMIT_OFFSET = 32,        /* how far it has heard, as it says */
	LIMIT_REPLAY_PAGE = 500,  /* events in one page of a replay */
	LIMIT_REPLAY_PAGE_BYTES = 256 * 1024, /* content in one */
	LIMIT_REPLAY_EVENTS = 10000, /* missed by one session; over it the client begins anew */
	LIMIT_EVENT = 256,        /* name of an event */
	LIMIT_MESSAGE_ID = 64,    /* a client's idempotency key, code points */
	LIMIT_MESSAGE_ID_BYTES = 4 * LIMIT_MESSAGE_ID,
	LIMIT_CONTENT_CHARS = 5000, /* text of a message, code points */
	LIMIT_CONTENT = 1 << 20,  /* content of a message */
	LIMIT_ARGS = 2 << 20,     /* arguments of one event, msgpack */
	LIMIT_ATTACHMENTS = 10,   /* bins in one event or ack: stock clients take no more */
	LIMIT_EXCEPT = 64 << 10,  /* list of sockets that an event is not for */
	LIMIT_WORKER_TASKS = 10000, /* unanswered by one worker */
	LIMIT_WORKER_BYTES = 32 << 20, /* of these */
	LIMIT_TYPE = 16,          /* type of a message */
	LIMIT_IP = 64,
	LIMIT_USER_AGENT = 256,
	LIMIT_URL = 2048,         /* path and query of a handshake */
	LIMIT_HEADER = 512,       /* one header of it, as workers hear it */
	LIMIT_HEADERS = 4096,     /* all of them, encoded */
	LIMIT_REASON = 256,
	LIMIT_WHY_CHARS = 200,    /* why a moderator does something, code points */
	LIMIT_WHY = 4 * LIMIT_WHY_CHARS,
	LIMIT_GATEWAY_ID = 64,
	LIMIT_DURATION_S = 315360000, /* of a ban or a mute that ends by itself: ten years */
	LIMIT_ROOMS_PER_SOCKET = 1000,
	LIMIT_NAMESPACES = 64,    /* namespaces in the configuration */
	LIMIT_VALUE_DEPTH = 32,   /* nesting of a msgpack value or JSON text */
	LIMIT_LINK_MESSAGE = 4 << 20, /* one ZeroMQ message */
	/* Credit each side gives: at least twice the largest message, for CREDIT comes at the half. */
	LIMIT_WINDOW_MESSAGES = 2000,
	LIMIT_WINDOW_BYTES = 4 * LIMIT_LINK_MESSAGE,
	LIMIT_HISTORY_DEFAULT = 50, /* messages in one page, for who does not say how many */
	LIMIT_HISTORY_PAGE = 1000, /* messages in one page, for operators */
	LIMIT_HISTORY_CLIENT = 100, /* messages in one page, for clients */
	LIMIT_HISTORY_CLIENT_BYTES = 512 * 1024, /* content in one page, for clients */
	LIMIT_USERS_LISTED = 1000, /* users that room-users names; usersCount counts all */
};

#endif
