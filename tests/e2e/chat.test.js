// The events of a rooms namespace, as stock clients on two gateways see them.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const { run, startStack } = require('./stack');
const { connect, joined, linked, newRoom, test, userToken, waitFor } = require('./helpers');

let stack;
let first;
let second;

before(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const enter = (gateway, user, options) => connect(gateway, { token: userToken(stack, user, user.toUpperCase()), ...options });

const enterRoom = async (gateway, user, roomId, options) => joined(await enter(gateway, user, options), roomId);

// What was sent before has been dealt with: a later message has gone all the way round.
async function fence(sender, roomId, ...receivers) {
  const { seq } = await sender.ask('message', { roomId, content: 'fence' });
  for (const client of receivers) await client.next('message', { roomId, seq });
}

const refused = (answer, code) => {
  assert.equal(answer.ok, false, JSON.stringify(answer));
  assert.equal(answer.error.code, code);
  assert.equal(typeof answer.error.message, 'string');
  return answer.error;
};

test('the first to join makes the room', async () => {
  const roomId = newRoom();
  const alice = await enter(first, 'alice');
  assert.deepEqual(await alice.ask('join-room', { roomId }), { ok: true, roomId, seq: 0, usersCount: 1 });
  assert.deepEqual(await alice.next('room-joined'), { roomId });
  assert.deepEqual(await stack.sql(`SELECT nsp, seq FROM rooms WHERE name = '${roomId}'`), [{ nsp: '/chat', seq: 0 }]);
});

test('others are told of the first socket of a user and of the last', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const tab1 = await enter(second, 'bob');
  assert.deepEqual(await tab1.ask('join-room', { roomId }), { ok: true, roomId, seq: 0, usersCount: 2 });
  assert.deepEqual(await alice.next('room-presence', { roomId, userId: 'bob' }),
    { roomId, usersCount: 2, userId: 'bob', action: 'joined' });

  // A second tab, on another gateway, is nobody new; nor does its going take Bob away.
  const tab2 = await enterRoom(first, 'bob', roomId);
  assert.deepEqual(await tab1.ask('leave-room', { roomId }), { ok: true, roomId });
  assert.deepEqual(await tab1.next('room-left'), { roomId });
  await fence(alice, roomId, alice);
  assert.equal(alice.got('room-presence', { roomId, userId: 'bob' }).length, 1);
  assert.equal(alice.got('user-left', { roomId }).length, 0);

  await tab2.ask('leave-room', { roomId });
  assert.deepEqual(await alice.next('user-left', { roomId }), { roomId, userId: 'bob', username: 'BOB' });
  assert.deepEqual(await alice.next('room-presence', { roomId, userId: 'bob' }),
    { roomId, usersCount: 1, userId: 'bob', action: 'left' });
  assert.equal(tab1.got('message', { roomId }).length, 0, 'who has left receives nothing');
});

test('a user who closes the last tab leaves once', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const tabs = [await enterRoom(first, 'bob', roomId), await enterRoom(second, 'bob', roomId)];
  tabs[0].close();
  await waitFor('one connection less', async () => {
    const { members } = await stack.ctl('members', roomId, '--nsp', '/chat');
    return members.filter((m) => m.userId === 'bob').length === 1;
  });
  await fence(alice, roomId, alice, tabs[1]);
  assert.equal(alice.got('user-left', { roomId }).length, 0);

  tabs[1].close();
  await alice.next('user-left', { roomId, userId: 'bob', username: 'BOB' });
  await alice.next('room-presence', { roomId, userId: 'bob', action: 'left', usersCount: 1 });
  await fence(alice, roomId, alice);
  assert.equal(alice.got('user-left', { roomId }).length, 1);
  assert.equal(alice.got('room-presence', { roomId, action: 'left' }).length, 1);
});

test('a message reaches every member, the sender too, and its ack says what was stored', async () => {
  const roomId = newRoom();
  const members = [
    await enterRoom(first, 'alice', roomId), await enterRoom(second, 'alice', roomId),
    await enterRoom(second, 'bob', roomId),
  ];
  const stranger = await enterRoom(second, 'mallory', newRoom());
  const content = 'Grüße, <b>мир</b> \u{1f44b} "\\ \u0000 \u2028';
  const sent = Date.now();
  const { ok, duplicate, ...ack } = await members[0].ask('message', { roomId, content, unknown: 'ignored' });
  assert.deepEqual({ ok, duplicate }, { ok: true, duplicate: false });
  assert.equal(ack.seq, 1);
  assert.equal(typeof ack.id, 'string');
  assert.ok(Math.abs(ack.timestamp - sent) < 60000, `timestamp ${ack.timestamp}`);
  const expected = { ...ack, userId: 'alice', username: 'ALICE', content, type: 'text' };
  for (const member of members) assert.deepEqual(await member.next('message', { roomId }), expected);

  const picture = await members[2].ask('message', { roomId, content: 'https://example.org/cat', type: 'image' });
  await members[0].next('message', { roomId, seq: 2, type: 'image', userId: 'bob' });
  assert.ok(picture.id > ack.id, 'ids sort like the messages');
  assert.equal(stranger.got('message').length, 0);
});

test('the same messageId is stored and delivered once', async () => {
  const roomId = newRoom();
  const here = await enterRoom(first, 'alice', roomId);
  const there = await enterRoom(second, 'alice', roomId);
  const message = { roomId, content: 'once', messageId: `once-${roomId}` };
  const ack = await here.ask('message', message);
  assert.deepEqual(await here.ask('message', message), { ...ack, duplicate: true });
  assert.deepEqual(await there.ask('message', message), { ...ack, duplicate: true });
  await fence(here, roomId, here, there);
  assert.equal(there.got('message', { roomId }).length, 2);
  assert.deepEqual(await stack.sql(`SELECT count(*) AS n FROM messages WHERE message_id = '${message.messageId}'`), [{ n: 1 }]);
});

test('who types is shown to the other sockets and never stored', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const tab = await enterRoom(first, 'alice', roomId);
  const bob = await enterRoom(second, 'bob', roomId);
  assert.equal((await alice.ask('typing', { roomId })).ok, true);
  for (const client of [tab, bob]) {
    assert.deepEqual(await client.next('user-typing'), { roomId, userId: 'alice', username: 'ALICE' });
  }
  await fence(bob, roomId, alice);
  assert.equal(alice.got('user-typing').length, 0);
  assert.equal((await stack.sql(`SELECT count(*) AS n FROM messages JOIN rooms ON rooms.id = room WHERE name = '${roomId}'`))[0].n, 1);
});

test('rooms of the same name in two namespaces of one connection never meet', async () => {
  const roomId = newRoom();
  const chat = await enterRoom(first, 'alice', roomId);
  const notes = await enterRoom(first, 'alice', roomId, { over: chat, nsp: '/notifications' });
  assert.equal(notes.socket.io, chat.socket.io);
  assert.notEqual(notes.socket.id, chat.socket.id);
  const bob = await enterRoom(second, 'bob', roomId, { nsp: '/notifications' });
  assert.equal((await bob.ask('message', { roomId, content: 'note' })).seq, 1);
  for (const client of [bob, notes]) await client.next('message', { roomId, content: 'note' });
  assert.equal((await chat.ask('message', { roomId, content: 'chat' })).seq, 1);
  await chat.next('message', { roomId, content: 'chat' });
  assert.equal(chat.got('message').length, 1);
  assert.equal(bob.got('message').length, 1);
  notes.close();
  assert.equal((await chat.ask('message', { roomId, content: 'still here' })).seq, 2);
});

test('every user has a personal room, on all gateways, that no client writes to', async () => {
  const tabs = [await enter(first, 'carol'), await enter(second, 'carol')];
  const other = await enter(second, 'dave');
  const roomId = 'user:carol';
  const { members } = await stack.ctl('members', roomId, '--nsp', '/chat');
  assert.deepEqual(members.map((m) => m.socketId).sort(), tabs.map((tab) => tab.socket.id).sort());
  for (const client of [tabs[0], other]) {
    refused(await client.ask('message', { roomId, content: 'hi' }), 'access_denied');
    refused(await client.ask('join-room', { roomId }), 'access_denied');
    refused(await client.ask('leave-room', { roomId }), 'access_denied');
    refused(await client.ask('typing', { roomId }), 'access_denied');
  }
  refused(await other.ask('join-room', { roomId: 'user:nobody' }), 'access_denied');
  assert.equal(tabs[1].got('message').length, 0);
});

test('what is refused says why', async () => {
  const roomId = newRoom();
  const alice = await enter(first, 'alice');
  refused(await alice.ask('message', { roomId, content: 'x' }), 'room_not_found');
  refused(await alice.ask('typing', { roomId }), 'room_not_found');
  await enterRoom(second, 'bob', roomId);
  assert.equal((await alice.ask('message', { roomId, content: 'x' })).seq, 1, 'a public room takes a word from outside');
  refused(await alice.ask('typing', { roomId }), 'access_denied');
  assert.deepEqual(await alice.ask('leave-room', { roomId }), { ok: true, roomId }, 'who is not there is out');
  refused(await alice.ask('no-such-event', {}), 'unknown_event');
  await alice.ask('join-room', { roomId });
  const paths = (answer) => {
    const error = refused(answer, 'invalid_message');
    assert.equal(error.message, 'Invalid message format');
    return error.details.map((d) => d.path).sort();
  };
  assert.deepEqual(paths(await alice.ask('message', {})), ['content', 'roomId']);
  assert.deepEqual(paths(await alice.ask('message', { roomId, content: '', type: 'video', messageId: 'm'.repeat(65) })),
    ['content', 'messageId', 'type']);
  assert.deepEqual(paths(await alice.ask('message', { roomId: 7, content: ['x'] })), ['content', 'roomId']);
  assert.deepEqual(paths(await alice.ask('message', { roomId, content: 'x'.repeat(5001) })), ['content']);
  assert.deepEqual(paths(await alice.ask('join-room', { roomId: 'white space' })), ['roomId']);
  assert.equal((await alice.ask('message', { roomId, content: '\u{1f600}'.repeat(5000) })).seq, 2, '5000 code points');

  // Without an ack the same answer comes as an event.
  alice.socket.emit('message', { roomId });
  refused(await alice.next('error'), 'invalid_message');
  alice.socket.emit('no-such-event');
  refused(await alice.next('error'), 'unknown_event');
});

test('who is in a room now', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  await enterRoom(second, 'alice', roomId);
  await enterRoom(second, 'bob', roomId);
  const { ok, users, usersCount } = await alice.ask('room-users', { roomId });
  assert.equal(ok, true);
  assert.equal(usersCount, 2);
  assert.deepEqual(users.map(({ joinedAt, ...user }) => user).sort((a, b) => a.userId.localeCompare(b.userId)), [
    { userId: 'alice', username: 'ALICE', connections: 2 },
    { userId: 'bob', username: 'BOB', connections: 1 },
  ]);
  for (const { joinedAt } of users) assert.ok(Math.abs(joinedAt - Date.now()) < 60000);
});

test('history is read by pages, both ways', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const bob = await enterRoom(second, 'bob', roomId);
  for (let i = 1; i <= 12; i++) await alice.ask('message', { roomId, content: `m${i}` });
  const seen = await bob.next('message', { roomId, seq: 12 });
  const page = async (where) => {
    const { ok, messages, more } = await bob.ask('history', { roomId, ...where });
    assert.equal(ok, true);
    return { seqs: messages.map((m) => m.seq), messages, more };
  };
  const newest = await page({ limit: 5 });
  assert.deepEqual(newest.seqs, [8, 9, 10, 11, 12]);
  assert.equal(newest.more, true);
  assert.deepEqual(newest.messages.at(-1), seen, 'as it was delivered');
  assert.deepEqual((await page({ before: 4 })).seqs, [1, 2, 3]);
  assert.equal((await page({ before: 4 })).more, false);
  assert.deepEqual((await page({ after: 10 })).seqs, [11, 12]);
  refused(await bob.ask('history', { roomId, before: 2, after: 1 }), 'invalid_message');
  refused(await bob.ask('history', { roomId: newRoom() }), 'room_not_found');
});

test('every ack is answered, exactly once', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const acks = [];
  alice.socket.io.on('packet', ({ type, id }) => type === 3 && acks.push(id));
  const values = [[], [null], [0], ['x'], [[]], [{}], [{ roomId }], [{ roomId: null }], [{ roomId, content: null }],
    [{ roomId, content: 'x' }, { roomId }], [{ roomId, content: { deep: [{}] } }]];
  const events = ['join-room', 'message', 'typing', 'error', 'history', 'room-users', 'auth', '__proto__', '', 'leave-room'];
  const answers = await Promise.all(events.flatMap((event) => values.map((args) =>
    alice.socket.timeout(20000).emitWithAck(event, ...args))));
  for (const answer of answers) {
    assert.equal(typeof answer.ok, 'boolean', JSON.stringify(answer));
    if (!answer.ok) refused(answer, answer.error.code);
  }
  assert.equal((await alice.ask('join-room', { roomId })).ok, true, 'the connection lives');
  assert.equal(acks.length, answers.length + 1);
  assert.equal(new Set(acks).size, acks.length, 'an ack id was answered twice');
});

test('logs tell of connections, messages and disconnects', async () => {
  const roomId = newRoom();
  const erin = await enterRoom(first, 'erin', roomId, { extraHeaders: { 'user-agent': 'e2e "quoted"' } });
  const socketId = erin.socket.id;
  await erin.ask('message', { roomId, content: 'four' });
  erin.close();
  const record = (fields, ...keys) => waitFor(`a record of ${JSON.stringify(fields)} with ${keys}`, () =>
    stack.log('gateway-1').find((r) => Object.entries(fields).every(([k, v]) => r[k] === v) && keys.every((k) => k in r)));
  const opened = await record({ userId: 'erin', socketId, userAgent: 'e2e "quoted"' }, 'ip');
  assert.match(opened.ip, /127\.0\.0\.1$/);
  await record({ userId: 'erin', roomId, length: 4 });
  const closed = await record({ userId: 'erin', socketId }, 'reason', 'duration');
  assert.equal(typeof closed.duration, 'number');
});

test('a stored member is in the room from the first moment', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  await stack.stop('broker');
  await run('sqlite3', [stack.broker.database, 'INSERT INTO memberships (room, user, role, since_ms) ' +
    `SELECT id, 'frank', 'member', 0 FROM rooms WHERE name = '${roomId}' AND nsp = '/chat'`]);
  await stack.start('broker');
  await linked(stack);
  const frank = await enter(second, 'frank');
  await waitFor('a message', async () => (await alice.ask('message', { roomId, content: 'welcome' })).ok);
  await frank.next('message', { roomId, content: 'welcome' });
});
