#include "broker/cli/commands.h"

#include "proto/limits.h"
#include "proto/message_id.h"

static const struct print_column status_columns[] = {
    {"state", "state", PRINT_PLAIN},
    {"reason", "reason", PRINT_PLAIN},
    {"version", "version", PRINT_PLAIN},
    {"pid", "process id", PRINT_PLAIN},
    {"uptimeMs", "uptime", PRINT_DURATION},
    {"gateways", "gateways", PRINT_PLAIN},
    {"connections", "connections", PRINT_PLAIN},
    {"users", "users", PRINT_PLAIN},
    {"rooms", "rooms", PRINT_PLAIN},
    {"messages", "messages since start", PRINT_PLAIN},
    {"backlog", "waiting for the disk", PRINT_PLAIN},
    {"gseq", "last message", PRINT_PLAIN},
    {"database", "database", PRINT_PLAIN},
    {"epoch", "epoch", PRINT_PLAIN},
    {"boot", "boot", PRINT_PLAIN},
};

static const struct print_column gateway_columns[] = {
    {"id", "GATEWAY", PRINT_PLAIN},
    {"state", "STATE", PRINT_PLAIN},
    {"sinceMs", "SINCE", PRINT_TIME},
    {"connections", "CONNECTIONS", PRINT_NUMBER},
    {"rooms", "ROOMS", PRINT_NUMBER},
    {"queuedBytes", "QUEUED", PRINT_BYTES},
    {"boot", "BOOT", PRINT_PLAIN},
    {"endpoint", "ENDPOINT", PRINT_PLAIN},
};

static const struct print_column room_columns[] = {
    {"nsp", "NAMESPACE", PRINT_PLAIN},
    {"room", "ROOM", PRINT_PLAIN},
    {"public", "PUBLIC", PRINT_PLAIN},
    {"archived", "ARCHIVED", PRINT_PLAIN},
    {"seq", "LAST", PRINT_NUMBER},
    {"members", "SOCKETS", PRINT_NUMBER},
    {"users", "USERS", PRINT_NUMBER},
};

static const struct print_column member_columns[] = {
    {"userId", "USER", PRINT_PLAIN},
    {"username", "NAME", PRINT_PLAIN},
    {"socketId", "SOCKET", PRINT_PLAIN},
    {"gateway", "GATEWAY", PRINT_PLAIN},
    {"joinedAt", "JOINED", PRINT_TIME},
    {"ip", "ADDRESS", PRINT_PLAIN},
};

static const struct print_column user_columns[] = {
    {"userId", "USER", PRINT_PLAIN},
    {"username", "NAME", PRINT_PLAIN},
    {"connections", "CONNECTIONS", PRINT_NUMBER},
    {"gateways", "GATEWAYS", PRINT_PLAIN},
    {"since", "SINCE", PRINT_TIME},
};

static const struct print_column connection_columns[] = {
    {"userId", "USER", PRINT_PLAIN},
    {"username", "NAME", PRINT_PLAIN},
    {"nsp", "NAMESPACE", PRINT_PLAIN},
    {"socketId", "SOCKET", PRINT_PLAIN},
    {"gateway", "GATEWAY", PRINT_PLAIN},
    {"transport", "TRANSPORT", PRINT_PLAIN},
    {"ip", "ADDRESS", PRINT_PLAIN},
    {"since", "SINCE", PRINT_TIME},
    {"rooms", "ROOMS", PRINT_NUMBER},
    {"userAgent", "USER-AGENT", PRINT_PLAIN},
};

static const struct print_column person_columns[] = {
    {"userId", "user", PRINT_PLAIN},
    {"username", "name", PRINT_PLAIN},
    {"online", "online", PRINT_PLAIN},
    {"count", "connections", PRINT_PLAIN},
    {"gateways", "gateways", PRINT_PLAIN},
    {"rooms", "rooms", PRINT_PLAIN},
    {"firstSeen", "first seen", PRINT_TIME},
    {"lastSeen", "last seen", PRINT_TIME},
};

static const struct print_column message_columns[] = {
    {"seq", "SEQ", PRINT_NUMBER},
    {"id", "ID", PRINT_PLAIN},
    {"timestamp", "TIME", PRINT_TIME},
    {"userId", "USER", PRINT_PLAIN},
    {"username", "NAME", PRINT_PLAIN},
    {"type", "TYPE", PRINT_PLAIN},
    {"content", "CONTENT", PRINT_PLAIN},
    {"deleted", "DELETED", PRINT_PLAIN},
};

static const struct print_column drain_columns[] = {{"gateway", "draining", PRINT_PLAIN}};

static const struct print_column deleted_columns[] = {
    {"id", "deleted", PRINT_PLAIN},
    {"nsp", "namespace", PRINT_PLAIN},
    {"room", "room", PRINT_PLAIN},
    {"seq", "number there", PRINT_PLAIN},
};

static const struct print_column prune_columns[] = {
    {"nsp", "namespace", PRINT_PLAIN},
    {"before", "prunes what is before", PRINT_TIME},
};

static const struct print_column why_columns[] = {
    {"id", "message", PRINT_PLAIN},
    {"nsp", "namespace", PRINT_PLAIN},
    {"room", "room", PRINT_PLAIN},
    {"members", "in it now", PRINT_PLAIN},
    {"seq", "number there", PRINT_PLAIN},
    {"gseq", "number", PRINT_PLAIN},
    {"userId", "user", PRINT_PLAIN},
    {"username", "name", PRINT_PLAIN},
    {"type", "type", PRINT_PLAIN},
    {"timestamp", "stored", PRINT_TIME},
    {"deleted", "deleted", PRINT_PLAIN},
};

static const struct print_column witness_columns[] = {
    {"id", "GATEWAY", PRINT_PLAIN},
    {"state", "STATE", PRINT_PLAIN},
    {"outcome", "OUTCOME", PRINT_PLAIN},
    {"sockets", "SOCKETS", PRINT_NUMBER},
    {"written", "WRITTEN", PRINT_NUMBER},
    {"lagging", "LAGGING", PRINT_NUMBER},
    {"recovered", "RECOVERED", PRINT_NUMBER},
    {"at", "AT", PRINT_TIME},
};

static const struct print_column emit_columns[] = {
    {"sockets", "sockets", PRINT_PLAIN},
    {"gateways", "gateways", PRINT_PLAIN},
    {"answered", "answered", PRINT_PLAIN},
};

enum { EMIT_BRIEF = 2 }; /* of these, without answers */

static const struct print_column answer_columns[] = {
    {"userId", "USER", PRINT_PLAIN},
    {"socketId", "SOCKET", PRINT_PLAIN},
    {"gateway", "GATEWAY", PRINT_PLAIN},
    {"outcome", "OUTCOME", PRINT_PLAIN},
    {"tries", "TRIES", PRINT_NUMBER},
    {"ms", "MS", PRINT_NUMBER},
    {"args", "ANSWER", PRINT_PLAIN},
};

static const struct print_column revocation_columns[] = {
    {"user", "USER", PRINT_PLAIN},
    {"jti", "TOKEN", PRINT_PLAIN},
    {"before", "ISSUED-BEFORE", PRINT_TIME},
    {"until", "UNTIL", PRINT_TIME},
    {"made", "MADE", PRINT_TIME},
};

static const struct print_column revoke_columns[] = {
    {"user", "user", PRINT_PLAIN},
    {"jti", "token", PRINT_PLAIN},
    {"before", "issued before", PRINT_TIME},
    {"until", "until", PRINT_TIME},
    {"ended", "sessions ended", PRINT_PLAIN},
};

static const struct print_column unrevoke_columns[] = {
    {"user", "user", PRINT_PLAIN},
    {"jti", "token", PRINT_PLAIN},
};

static const char revocations_more[] = "There are more.";

static const struct print_column token_columns[] = {{"token", "token", PRINT_PLAIN}};

static const struct print_column key_columns[] = {
    {"kind", "kind", PRINT_PLAIN},
    {"secretFile", "secret", PRINT_PLAIN},
    {"publicFile", "public", PRINT_PLAIN},
};

static const char history_more[] = "There is more: go on with --before, or --after, and a SEQ.";

static const char list_more[] = "There are more: narrow it with --prefix, or --nsp.";

static const char connections_more[] =
    "There are more: narrow it with --user, --gateway or --room.";

#define COLUMNS(columns) columns, ARRAY_LEN(columns)

static const struct print_layout witnesses = {
    PRINT_TABLE, "gateways", COLUMNS(witness_columns), NULL, NULL};

static const struct print_layout connections = {
    PRINT_TABLE, "connections", COLUMNS(connection_columns), NULL, NULL};

static const struct print_layout answers = {
    PRINT_TABLE, "answers", COLUMNS(answer_columns), NULL, NULL};

static const struct print_layout emit_brief = {
    PRINT_PAIRS, NULL, emit_columns, EMIT_BRIEF, NULL, NULL};

static const struct command table[] = {
    {.word = "status",
	.doc = "How the broker is and what it does",
	.wire = "status",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(status_columns), NULL, NULL}},
    {.word = "gateways",
	.doc = "The gateways on the link",
	.wire = "gateways",
	.layout = {PRINT_TABLE, "gateways", COLUMNS(gateway_columns), NULL, NULL}},
    {.word = "rooms",
	.takes = OPTION_BIT(NSP) | OPTION_BIT(PREFIX),
	.doc = "The rooms, with the number of their last message and who is there",
	.wire = "rooms",
	.layout = {PRINT_TABLE, "rooms", COLUMNS(room_columns), list_more, NULL}},
    {.word = "members",
	.argument = "ROOM",
	.argument_max = LIMIT_ROOM,
	.takes = OPTION_BIT(NSP) | OPTION_BIT(PREFIX),
	.doc = "The sockets that are in a room now",
	.wire = "members",
	.wire_argument = "room",
	.layout = {PRINT_TABLE, "members", COLUMNS(member_columns), list_more, NULL}},
    {.word = "connections",
	.takes = OPTION_BIT(USER) | OPTION_BIT(GATEWAY) | OPTION_BIT(ROOM) | OPTION_BIT(NSP),
	.doc = "Who is connected where now: gateway, address, transport, since when",
	.wire = "connections",
	.layout = {PRINT_TABLE, "connections", COLUMNS(connection_columns), connections_more,
	    NULL}},
    {.word = "users",
	.takes = OPTION_BIT(PREFIX),
	.doc = "The users who are connected now",
	.wire = "users",
	.layout = {PRINT_TABLE, "users", COLUMNS(user_columns), list_more, NULL}},
    {.word = "user",
	.argument = "USER",
	.argument_max = LIMIT_USER,
	.doc = "Whether a user is connected, where, in which rooms, and when he was last",
	.wire = "user",
	.wire_argument = "user",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(person_columns), NULL, &connections}},
    {.word = "history",
	.argument = "ROOM",
	.argument_max = LIMIT_ROOM,
	.takes = OPTION_BIT(NSP) | OPTION_BIT(LIMIT) | OPTION_BIT(BEFORE) | OPTION_BIT(AFTER),
	.one_of = OPTION_BIT(BEFORE) | OPTION_BIT(AFTER),
	.doc = "A page of a room's stored messages, oldest first; the newest page by default",
	.wire = "history",
	.wire_argument = "room",
	.layout = {PRINT_TABLE, "messages", COLUMNS(message_columns), history_more, NULL}},
    {.word = "why",
	.argument = "MESSAGE-ID",
	.argument_max = MESSAGE_ID_LEN,
	.doc = "What became of a message: who stored it when, and to whom each gateway gave it",
	.wire = "why",
	.wire_argument = "id",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(why_columns), NULL, &witnesses}},
    {.word = "delete",
	.argument = "MESSAGE-ID",
	.argument_max = MESSAGE_ID_LEN,
	.doc = "Deletes what a message says, and tells the members; its number stays",
	.wire = "delete",
	.wire_argument = "id",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(deleted_columns), NULL, NULL}},
    {.word = "prune",
	.needs = OPTION_BIT(OLDER_THAN),
	.takes = OPTION_BIT(NSP),
	.doc = "Begins to prune old messages now, once, whatever the retention says",
	.wire = "prune",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(prune_columns), NULL, NULL}},
    {.word = "emit",
	.argument = "EVENT",
	.argument_max = LIMIT_EVENT,
	.rest = "JSON",
	.takes = OPTION_BIT(USER) | OPTION_BIT(ROOM) | OPTION_BIT(SOCKET) | OPTION_BIT(NSP) |
		 OPTION_BIT(ACK) | OPTION_BIT(RETRIES),
	.one_of = OPTION_BIT(USER) | OPTION_BIT(ROOM) | OPTION_BIT(SOCKET),
	.needs_one = true,
	.doc = "Sends an event to a user, a room or a socket, and tells who answered; not stored",
	.deed = COMMAND_EMITS,
	.layout = {PRINT_PAIRS, NULL, COLUMNS(emit_columns), NULL, &answers},
	.brief = &emit_brief},
    {.word = "drain",
	.argument = "GATEWAY",
	.argument_max = LIMIT_GATEWAY_ID,
	.takes = OPTION_BIT(RATE),
	.doc = "Lets a gateway send its clients elsewhere, one after the other, and end",
	.wire = "drain",
	.wire_argument = "gateway",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(drain_columns), NULL, NULL}},
    {.word = "revoke",
	.takes = OPTION_BIT(USER) | OPTION_BIT(JTI) | OPTION_BIT(ISSUED_BEFORE) | OPTION_BIT(UNTIL),
	.one_of = OPTION_BIT(USER) | OPTION_BIT(JTI),
	.needs_one = true,
	.doc =
	    "Revokes all tokens of a user that were issued before a time, or one token by its id; "
	    "who is connected with one is disconnected",
	.wire = "revoke",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(revoke_columns), NULL, NULL}},
    {.word = "unrevoke",
	.takes = OPTION_BIT(USER) | OPTION_BIT(JTI),
	.one_of = OPTION_BIT(USER) | OPTION_BIT(JTI),
	.needs_one = true,
	.doc = "Takes a revocation back",
	.wire = "unrevoke",
	.layout = {PRINT_PAIRS, NULL, COLUMNS(unrevoke_columns), NULL, NULL}},
    {.word = "revocations",
	.doc = "The tokens that are revoked and have not expired yet",
	.wire = "revocations",
	.layout = {PRINT_TABLE, "revocations", COLUMNS(revocation_columns), revocations_more,
	    NULL}},
    {.word = "token",
	.needs = OPTION_BIT(USER) | OPTION_BIT(NAME),
	.takes = OPTION_BIT(EXPIRES) | OPTION_BIT(ROOM) | OPTION_BIT(ISSUER) |
		 OPTION_BIT(AUDIENCE) | OPTION_BIT(JTI) | OPTION_BIT(KEY_FILE),
	.doc = "Makes a token that a client authenticates with; asks no broker",
	.deed = COMMAND_MINTS,
	.layout = {PRINT_BARE, NULL, COLUMNS(token_columns), NULL, NULL}},
    {.word = "keygen",
	.argument = "KIND",
	.needs = OPTION_BIT(OUT),
	.doc = "Makes keys; asks no broker",
	.deed = COMMAND_MAKES_KEYS,
	.layout = {PRINT_PAIRS, NULL, COLUMNS(key_columns), NULL, NULL}},
};

const struct command *command_at(size_t n)
{
	return n < ARRAY_LEN(table) ? &table[n] : command_of_rights(n - ARRAY_LEN(table));
}
