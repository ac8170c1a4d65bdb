// Many at once: everybody gets everything, once and in one order, and it is all in the database.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { after, before } = require('node:test');
const { startStack } = require('./stack');
const { connect, test, userToken, waitFor } = require('./helpers');

const ROOMS = 5;
const CLIENTS = 50;
const MESSAGES = 2000;
const EACH = MESSAGES / CLIENTS;
const PER_ROOM = MESSAGES / ROOMS;
const ACK = 3;

let stack;

before(async () => { stack = await startStack({ gateways: 2 }); });
after(() => stack?.down());

// Neighbours sit on different gateways, so that every room has members on both.
async function member(n) {
  const user = `user-${n}`;
  const roomId = `room-${Math.floor(n / 2) % ROOMS}`;
  const client = await connect(stack.gateways[n % 2], { token: userToken(stack, user) });
  const acks = [];
  client.socket.io.on('packet', ({ type, id }) => type === ACK && acks.push(id));
  assert.equal((await client.ask('join-room', { roomId })).ok, true);
  return { client, user, roomId, acks };
}

function talk({ client, user, roomId }) {
  return Promise.all(Array.from({ length: EACH }, async (_, i) => {
    const content = `${user} says ${i}`;
    const ack = await client.ask('message', { roomId, content, messageId: `${user}-${i}` }, 60000);
    assert.equal(ack.ok, true, JSON.stringify(ack));
    return { user, roomId, content, ...ack };
  }));
}

test('2000 messages of 50 clients in 5 rooms on 2 gateways', { timeout: 240000 }, async () => {
  const members = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => member(n)));
  const acked = (await Promise.all(members.map(talk))).flat();

  // Every ack once.
  assert.equal(acked.length, MESSAGES);
  for (const { acks } of members) {
    assert.equal(acks.length, EACH + 1);
    assert.equal(new Set(acks).size, EACH + 1);
  }

  // Every message at every member once, in one order without a gap, as it was acked.
  for (const { client, user, roomId } of members) {
    await waitFor(`the last message at ${user}`, () => client.got('message').length >= PER_ROOM, 60000);
    const got = client.got('message');
    const sent = acked.filter((m) => m.roomId === roomId).sort((a, b) => a.seq - b.seq);
    assert.deepEqual(got.map((m) => m.seq), Array.from({ length: PER_ROOM }, (_, i) => i + 1), `seq at ${user}`);
    const essence = (m) => [m.roomId, m.id, m.timestamp, m.content];
    assert.deepEqual(got.map(essence), sent.map(essence), `messages at ${user}`);
    assert.ok(got.every((m) => m.content.startsWith(`${m.userId} says `)));
  }

  // Ids are unique and sort like the seq of their room.
  assert.equal(new Set(acked.map((m) => m.id)).size, MESSAGES);
  for (let i = 0; i < ROOMS; i++) {
    const ids = acked.filter((m) => m.roomId === `room-${i}`).sort((a, b) => a.seq - b.seq).map((m) => m.id);
    assert.deepEqual(ids, [...ids].sort());
  }

  // The same in the database, read by another program.
  const rows = await stack.sql(
    'SELECT name AS roomId, messages.seq, gseq, user, content, message_id, timestamp_ms AS timestamp'
    + ' FROM messages JOIN rooms ON rooms.id = room ORDER BY gseq');
  const key = (m) => `${m.roomId} ${m.seq} ${m.user} ${m.content} ${m.timestamp}`;
  assert.deepEqual(rows.map(key).sort(), acked.map(key).sort());
  assert.equal(new Set(rows.map((r) => r.gseq)).size, MESSAGES);
  for (let i = 0; i < ROOMS; i++) {
    assert.deepEqual(rows.filter((r) => r.roomId === `room-${i}`).map((r) => r.seq),
      Array.from({ length: PER_ROOM }, (_, n) => n + 1), 'seq follows gseq');
  }
  assert.deepEqual(await stack.sql('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});

test('nothing is left afterwards', async () => {
  await stack.down();
  assert.equal(fs.existsSync(stack.dir), false);
});
