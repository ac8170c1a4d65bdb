-- The tables of the broker's database, as steps forward. A line "-- version N" opens the step
-- from version N-1 to N; it runs in one transaction of its own and sets user_version last.
-- A step that was ever released does not change again: what changes is a new step at the end.

-- version 1

-- "Rmct": tells this database from anybody else's.
PRAGMA application_id = 1382900596;

-- One row: what is known of the database as a whole.
CREATE TABLE meta (
	id          INTEGER PRIMARY KEY CHECK (id = 1),
	epoch       INTEGER NOT NULL, -- random, names this database for ever
	last_gseq   INTEGER NOT NULL, -- highest gseq ever given; outlives the message
	last_commit INTEGER NOT NULL, -- number of the last write transaction
	created_ms  INTEGER NOT NULL
) STRICT;

INSERT INTO meta (id, epoch, last_gseq, last_commit, created_ms)
VALUES (1, max(1, random() & 9223372036854775807), 0, 0,
	CAST(strftime('%s', 'now') AS INTEGER) * 1000);

CREATE TABLE rooms (
	id         INTEGER PRIMARY KEY,
	nsp        TEXT NOT NULL,
	name       TEXT NOT NULL,
	is_public  INTEGER NOT NULL,
	seq        INTEGER NOT NULL, -- highest seq ever given; outlives the message
	created_ms INTEGER NOT NULL,
	UNIQUE (nsp, name)
) STRICT;

-- A history page is one run of neighbours in the tree, hence the key and WITHOUT ROWID.
CREATE TABLE messages (
	room         INTEGER NOT NULL REFERENCES rooms (id),
	seq          INTEGER NOT NULL, -- number in the room, from 1
	gseq         INTEGER NOT NULL, -- number in the whole broker
	user         TEXT NOT NULL,
	username     TEXT NOT NULL,
	type         TEXT NOT NULL,
	content      ANY NOT NULL,     -- TEXT, or BLOB when it is binary
	timestamp_ms INTEGER NOT NULL,
	origin_boot  INTEGER NOT NULL, -- the gateway's run and its count: never stored twice
	origin_count INTEGER NOT NULL,
	message_id   TEXT,             -- the client's idempotency key
	PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX messages_by_origin ON messages (origin_boot, origin_count);
CREATE UNIQUE INDEX messages_by_message_id ON messages (user, message_id)
	WHERE message_id IS NOT NULL;

CREATE TABLE memberships (
	room     INTEGER NOT NULL REFERENCES rooms (id),
	user     TEXT NOT NULL,
	role     TEXT NOT NULL,
	since_ms INTEGER NOT NULL,
	PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_user ON memberships (user);

PRAGMA user_version = 1;

-- version 2

-- The log: every message of the broker in one order. A gateway that missed some is sent them from
-- here. The key of the table stands behind each entry, so that walking it touches no room.
CREATE UNIQUE INDEX messages_by_gseq ON messages (gseq);

-- What a client can get back after a broken connection. Read at start only, so there is no index.
CREATE TABLE sessions (
	id       INTEGER PRIMARY KEY,
	pid      TEXT NOT NULL,    -- by which the client asks for it; a secret
	socket   TEXT NOT NULL,    -- its connection of now, or the last one
	sid      TEXT NOT NULL,    -- the id that the client knows itself by
	nsp      TEXT NOT NULL,
	user     TEXT NOT NULL,
	username TEXT NOT NULL,
	gseq     INTEGER NOT NULL  -- the newest message when it began
) STRICT;

CREATE TABLE session_rooms (
	session INTEGER NOT NULL,
	room    INTEGER NOT NULL,
	gseq    INTEGER NOT NULL,  -- the newest message when it joined: older ones are not for it
	PRIMARY KEY (session, room)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;

-- version 3

-- Who was ever here, guests left out.
CREATE TABLE users (
	id            TEXT PRIMARY KEY,
	username      TEXT NOT NULL, -- the last one
	first_seen_ms INTEGER NOT NULL,
	last_seen_ms  INTEGER NOT NULL -- when his first connection came or his last one went
) STRICT, WITHOUT ROWID;

-- An archived room is read by its members, and nobody speaks there.
ALTER TABLE rooms ADD COLUMN is_archived INTEGER NOT NULL DEFAULT 0;

-- Users who are banned or muted. A row that is over is deleted when the broker sees it.
CREATE TABLE sanctions (
	kind     TEXT NOT NULL,    -- ban or mute
	user     TEXT NOT NULL,
	nsp      TEXT NOT NULL,    -- empty = every namespace, or that of the room
	room     INTEGER NOT NULL, -- 0 = not one room alone
	by       TEXT NOT NULL,    -- the moderator; empty = an operator
	reason   TEXT NOT NULL,
	since_ms INTEGER NOT NULL,
	until_ms INTEGER NOT NULL, -- 0 = for ever
	PRIMARY KEY (kind, user, nsp, room)
) STRICT, WITHOUT ROWID;

-- History may end: the oldest messages of a room can be pruned, any message can be deleted.

ALTER TABLE meta ADD COLUMN pruned_gseq INTEGER NOT NULL DEFAULT 0;  -- the newest that was pruned

ALTER TABLE rooms ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1;   -- the oldest that is kept
ALTER TABLE rooms ADD COLUMN pruned_gseq INTEGER NOT NULL DEFAULT 0; -- of the newest pruned here
ALTER TABLE rooms ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;       -- of all contents

-- What makes asking again safe, for a time (idempotency-window-ms): it ends at the front, in the
-- order of time, whatever became of the messages. So the two indices that every message is put into
-- at random hold that time and not the whole history.
CREATE TABLE receipts (
	gseq         INTEGER PRIMARY KEY,
	room         INTEGER NOT NULL,
	seq          INTEGER NOT NULL,
	user         TEXT NOT NULL,
	message_id   TEXT,             -- the client's idempotency key
	origin_boot  INTEGER NOT NULL, -- the gateway's run and its count
	origin_count INTEGER NOT NULL,
	timestamp_ms INTEGER NOT NULL
) STRICT;

INSERT INTO receipts (gseq, room, seq, user, message_id, origin_boot, origin_count, timestamp_ms)
SELECT gseq, room, seq, user, message_id, origin_boot, origin_count, timestamp_ms
FROM messages ORDER BY gseq;

CREATE UNIQUE INDEX receipts_by_origin ON receipts (origin_boot, origin_count);
CREATE UNIQUE INDEX receipts_by_message_id ON receipts (user, message_id)
	WHERE message_id IS NOT NULL;

CREATE TABLE kept (
	room         INTEGER NOT NULL REFERENCES rooms (id),
	seq          INTEGER NOT NULL, -- number in the room, from 1
	gseq         INTEGER NOT NULL, -- number in the whole broker
	user         TEXT NOT NULL,
	username     TEXT NOT NULL,
	type         TEXT NOT NULL,
	content      ANY,              -- TEXT, or BLOB when it is binary; NULL = it was deleted
	timestamp_ms INTEGER NOT NULL,
	message_id   TEXT,             -- as the client gave it
	PRIMARY KEY (room, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO kept (room, seq, gseq, user, username, type, content, timestamp_ms, message_id)
SELECT room, seq, gseq, user, username, type, content, timestamp_ms, message_id
FROM messages ORDER BY room, seq;

DROP TABLE messages;
ALTER TABLE kept RENAME TO messages;
CREATE UNIQUE INDEX messages_by_gseq ON messages (gseq);

UPDATE rooms SET bytes = coalesce(
	(SELECT sum(length(CAST(content AS BLOB))) FROM messages WHERE room = rooms.id), 0);

-- That a message was deleted is part of the log, with a number of its own, for those who heard it.
CREATE TABLE deletions (
	room         INTEGER NOT NULL REFERENCES rooms (id),
	gseq         INTEGER NOT NULL, -- of the deletion
	seq          INTEGER NOT NULL, -- of the message, as
	target       INTEGER NOT NULL, -- this, its gseq
	timestamp_ms INTEGER NOT NULL,
	PRIMARY KEY (room, gseq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX deletions_by_gseq ON deletions (gseq);

-- Tokens that are not accepted any more although they have not expired, until they would have.
CREATE TABLE revocations (
	kind      INTEGER NOT NULL, -- 0: all tokens of a user issued before a time, 1: one token
	subject   TEXT NOT NULL,    -- id of the user, or of the token
	before_ms INTEGER NOT NULL, -- kind 0
	until_ms  INTEGER NOT NULL, -- of no use any more
	made_ms   INTEGER NOT NULL,
	PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 3;
