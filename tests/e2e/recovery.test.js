// Connection state recovery: what stock clients have after their connection broke.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { after, before } = require('node:test');
const msgpack = require('socket.io-msgpack-parser');
const { Client, Raw, connect, newRoom, test, userToken, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');
const { run, startStack } = require('./stack');

// Longer than a gateway takes to stop while this machine has other things to do.
const GRACE_MS = 6000;
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };

let stack;
let first;
let second;

const brokerOpts = { 'presence-grace-ms': GRACE_MS };

before(async () => {
  stack = await startStack({ gateways: 2, brokerOpts });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

// A client behind a network of its own, in a room.
async function enter(user, roomId, { at = first, on = stack, ...options } = {}) {
  const proxy = await Proxy.to(at);
  const client = await connect(proxy, { token: userToken(on, user), ...AT_ONCE, ...options });
  client.proxy = proxy;
  if (roomId) assert.equal((await client.ask('join-room', { roomId })).ok, true);
  return client;
}

const counts = (client, name) => client.all.filter((e) => e.name === name).length;

// Does what breaks the connection, something meanwhile, and waits until the client is back.
async function lose(client, how, meanwhile = () => {}) {
  const { id } = client.socket;
  const connects = counts(client, 'connect');
  client.proxy.isDown = true;
  await how();
  await waitFor('the client to notice', () => !client.socket.connected);
  await meanwhile();
  client.proxy.up();
  await waitFor('the client to be back', () => client.socket.connected && counts(client, 'connect') > connects);
  return { isSame: client.socket.id === id, recovered: client.socket.recovered };
}

const RECOVERED = { isSame: true, recovered: true };
const ANEW = { isSame: false, recovered: false };

async function say(client, roomId, ...contents) {
  for (const content of contents) {
    const answer = await client.ask('message', { roomId, content });
    assert.equal(answer.ok, true, JSON.stringify(answer));
  }
}

const heard = (client, roomId) => client.got('message', { roomId }).map((m) => m.content);

// What was said before has gone all the way round.
async function hears(client, roomId, contents) {
  await waitFor(`${contents.at(-1)} in ${roomId}`, () => heard(client, roomId).includes(contents.at(-1)));
  assert.deepEqual(heard(client, roomId), contents);
}

/* ---- what breaks ---- */

const VARIANTS = {
  'a WebSocket': { transports: ['websocket'] },
  polling: { transports: ['polling'] },
  'a WebSocket, msgpack parser': { transports: ['websocket'], parser: msgpack },
  'polling, msgpack parser': { transports: ['polling'], parser: msgpack },
};

for (const [name, options] of Object.entries(VARIANTS)) {
  test(`${name} whose network breaks: nothing missed, nothing twice`, async () => {
    const roomId = newRoom();
    const bob = await enter('bob', roomId, { at: second });
    const alice = await enter('alice', roomId, options);
    await say(bob, roomId, 'one');
    await alice.next('message', { content: 'one' });
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, 'two', 'three')), RECOVERED);
    await say(bob, roomId, 'four');
    await hears(alice, roomId, ['one', 'two', 'three', 'four']);
    // It is a member as before: it speaks, and hears itself.
    await say(alice, roomId, 'five');
    await hears(alice, roomId, ['one', 'two', 'three', 'four', 'five']);
  });
}

test('a connection that the client closes under itself', async () => {
  const roomId = newRoom();
  const alice = await enter('alice', roomId);
  assert.deepEqual(await lose(alice, () => alice.socket.io.engine.close()), RECOVERED);
});

test('on another gateway', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  await say(bob, roomId, 'one');
  await alice.next('message', { content: 'one' });
  alice.proxy.lead(second);
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, 'two')), RECOVERED);
  await say(alice, roomId, 'three');
  await hears(alice, roomId, ['one', 'two', 'three']);
  // And back.
  alice.proxy.lead(first);
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, 'four')), RECOVERED);
  await hears(alice, roomId, ['one', 'two', 'three', 'four']);
});

test('three times in a row, and without an event in between', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  for (const content of ['one', 'two', 'three']) {
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, content)), RECOVERED);
  }
  for (let n = 0; n < 3; n++) assert.deepEqual(await lose(alice, () => alice.proxy.cut()), RECOVERED);
  await hears(alice, roomId, ['one', 'two', 'three']);
});

test('no event received yet', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = new Client(await Proxy.to(first), { token: userToken(stack, 'alice'), ...AT_ONCE });
  alice.proxy = { isDown: false, up: () => {} };
  await alice.next('connect');
  // The one event of joining is lost before the client has heard it.
  alice.socket.onevent = () => {};
  assert.equal((await alice.ask('join-room', { roomId })).ok, true);
  delete alice.socket.onevent;
  assert.equal(alice.socket._lastOffset, undefined);
  assert.deepEqual(await lose(alice, () => alice.socket.io.engine.close(), () => say(bob, roomId, 'one')), RECOVERED);
  await hears(alice, roomId, ['one']);
});

test('a killed gateway', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  await say(bob, roomId, 'one');
  await alice.next('message', { content: 'one' });
  alice.proxy.lead(second);
  const how = await lose(alice, () => stack.kill('gateway-1'), () => say(bob, roomId, 'two', 'three'));
  await stack.start('gateway-1');
  assert.deepEqual(how, RECOVERED);
  await say(bob, roomId, 'four');
  await hears(alice, roomId, ['one', 'two', 'three', 'four']);
});

test('a gateway that is stopped', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  alice.proxy.lead(second);
  const how = await lose(alice, () => stack.stop('gateway-1'), () => say(bob, roomId, 'one'));
  await stack.start('gateway-1');
  assert.deepEqual(how, RECOVERED);
  await hears(alice, roomId, ['one']);
  assert.equal(bob.got('user-left', { roomId }).length, 0);
});

for (const [parser, options] of [['default', {}], ['msgpack', { parser: msgpack }]]) {
  test(`binary that was missed comes as binary, with the ${parser} parser`, async () => {
    const roomId = newRoom();
    const bob = await enter('bob', roomId, { at: second });
    const alice = await enter('alice', roomId, options);
    const picture = Buffer.from([0, 1, 2, 253, 254, 255]);
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), async () => {
      await say(bob, roomId, 'before');
      assert.equal((await bob.ask('message', { roomId, content: picture, type: 'image' })).ok, true);
      await say(bob, roomId, 'after');
    }), RECOVERED);
    await hears(alice, roomId, ['before', picture, 'after']);
    assert.deepEqual(await lose(alice, () => alice.proxy.cut()), RECOVERED);
  });
}

test('more than a page was missed, in two rooms', async () => {
  const [one, two] = [newRoom(), newRoom()];
  const bob = await enter('bob', one, { at: second });
  await bob.ask('join-room', { roomId: two });
  const alice = await enter('alice', one);
  await alice.ask('join-room', { roomId: two });
  const order = [];
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), async () => {
    for (let wave = 0; wave < 2; wave++) {
      const answers = await Promise.all(Array.from({ length: 600 }, (_, i) =>
        bob.ask('message', { roomId: i % 3 ? one : two, content: `m${i}` })));
      order.push(...answers.map((answer) => answer.id));
    }
  }), RECOVERED);
  await waitFor('all of them', () => counts(alice, 'message') === 1200);
  assert.deepEqual(alice.got('message').map((m) => m.id), order.sort());
});

test('a killed broker, with the client away and with the client there', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const away = await enter('alice', roomId);
  const there = await enter('carol', roomId);
  await say(bob, roomId, 'one');
  for (const client of [away, there]) await client.next('message', { content: 'one' });
  assert.deepEqual(await lose(away, () => away.proxy.cut(), async () => {
    await say(bob, roomId, 'two');
    await stack.kill('broker');
    await stack.start('broker');
    await waitFor('the gateways to be linked', async () => (await stack.ctl('status')).gateways === 2);
    await say(bob, roomId, 'three');
  }), RECOVERED);
  assert.equal(counts(there, 'disconnect'), 0);
  assert.deepEqual(await lose(there, () => there.proxy.cut(), () => say(bob, roomId, 'four')), RECOVERED);
  await hears(away, roomId, ['one', 'two', 'three', 'four']);
  await hears(there, roomId, ['one', 'two', 'three', 'four']);
});

/* ---- half-open connections ---- */

// A gateway waits five seconds for the close frame of a client that is not there any more.
const CLOSED_MS = 20000;

// The gateway still has the connection of a client that is back already. Resolves when it is closed.
async function takeOver(on, gateways, { to = gateways[0] } = {}) {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: gateways[1], on });
  const alice = await enter('alice', roomId, { at: gateways[0], on });
  alice.proxy.lead(to);
  const how = await lose(alice, () => alice.proxy.orphan(), () => say(bob, roomId, 'one'));
  assert.deepEqual(how, RECOVERED);
  await hears(alice, roomId, ['one']);
  await waitFor('the old connection to be closed', () => alice.proxy.orphans[0].isClosed, CLOSED_MS);
  // What the old gateway has to say of it touches nobody.
  await say(bob, roomId, 'two');
  await hears(alice, roomId, ['one', 'two']);
  assert.equal(bob.got('user-left', { roomId }).length, 0);
  const { members } = await on.ctl('members', roomId, '--nsp', '/chat');
  assert.deepEqual(members.map((m) => m.userId).sort(), ['alice', 'bob']);
  assert.equal(members.find((m) => m.userId === 'alice').socketId, alice.socket.id);
}

test('a half-open connection is taken over on the same gateway', () => takeOver(stack, stack.gateways));
test('a half-open connection is taken over on another gateway', () => takeOver(stack, stack.gateways, { to: second }));

test('without fencing the old connection would live on', async () => {
  const mutant = await startStack({ gateways: 2, env: { ROOMCAST_MUTATION: 'no-fencing' } });
  try {
    await assert.rejects(takeOver(mutant, mutant.gateways), /the old connection to be closed/);
  } finally {
    await mutant.down();
  }
});

test('a gateway that stood still finds its client elsewhere', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  const { pid } = stack.gateways[0];
  alice.proxy.lead(second);
  process.kill(pid, 'SIGSTOP');
  try {
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, 'one')), RECOVERED);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await waitFor('the gateway to speak again', async () => (await (await fetch(`${first.url}/ready`)).text()).startsWith('ready'));
  await enter('carol', roomId); // its DISCONNECT was said before this CONNECT
  await say(bob, roomId, 'two');
  await hears(alice, roomId, ['one', 'two']);
  assert.equal(bob.got('user-left', { roomId, userId: 'alice' }).length, 0);
});

/* ---- what is not recovered, or not all of it ---- */

test('past the window the client is a new session, and is told so', async () => {
  const brief = await startStack({ brokerOpts: { 'recovery-window-ms': 5000, 'presence-grace-ms': 0 } });
  try {
    const roomId = newRoom();
    const bob = await enter('bob', roomId, { at: brief.gateways[0], on: brief });
    const alice = await enter('alice', roomId, { at: brief.gateways[0], on: brief });
    assert.deepEqual(await lose(alice, () => alice.proxy.cut()), RECOVERED, 'within the window');
    const pid = alice.socket._pid;
    const how = await lose(alice, () => alice.proxy.cut(), async () => {
      await say(bob, roomId, 'missed');
      await waitFor('the session to be over', async () => (await brief.sql('SELECT count(*) AS n FROM sessions'))[0].n === 1);
    });
    assert.deepEqual(how, ANEW);
    assert.notEqual(alice.socket._pid, pid);
    assert.equal((await alice.ask('join-room', { roomId })).seq, 1);
    await say(bob, roomId, 'heard');
    await hears(alice, roomId, ['heard']);
    assert.deepEqual(await brief.sql('SELECT count(*) AS n FROM session_rooms'), [{ n: 2 }]);
  } finally {
    await brief.down();
  }
});

test('what was said before it joined a room is never sent', async () => {
  const [early, late] = [newRoom(), newRoom()];
  const bob = await enter('bob', early, { at: second });
  await bob.ask('join-room', { roomId: late });
  const alice = await enter('alice', early);
  await say(bob, late, 'before');
  assert.equal((await alice.ask('join-room', { roomId: late })).seq, 1);
  // The offset of the client is older than its join.
  alice.socket._lastOffset = undefined;
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, late, 'after')), RECOVERED);
  await hears(alice, late, ['after']);
});

test('a room that it left is not there again', async () => {
  const [left, kept] = [newRoom(), newRoom()];
  const bob = await enter('bob', left, { at: second });
  await bob.ask('join-room', { roomId: kept });
  const alice = await enter('alice', left);
  await alice.ask('join-room', { roomId: kept });
  await alice.ask('leave-room', { roomId: left });
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), async () => {
    await say(bob, left, 'not for her');
    await say(bob, kept, 'for her');
  }), RECOVERED);
  await say(bob, left, 'nor this');
  await say(bob, kept, 'and this');
  await hears(alice, kept, ['for her', 'and this']);
  assert.deepEqual(heard(alice, left), []);
});

test('a room that the user may not enter any more is lost', async () => {
  const [secret, open] = [newRoom(), newRoom()];
  const bob = await enter('bob', open, { at: second });
  await bob.ask('join-room', { roomId: secret });
  const alice = await enter('alice', open);
  await alice.ask('join-room', { roomId: secret });
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), async () => {
    await say(bob, secret, 'not for her');
    await stack.stop('broker');
    await run('sqlite3', [stack.broker.database, `UPDATE rooms SET is_public = 0 WHERE name = '${secret}';
      INSERT INTO memberships SELECT id, 'bob', 'member', 0 FROM rooms WHERE name = '${secret}'`]);
    await stack.start('broker');
    await waitFor('the gateways to be linked', async () => (await stack.ctl('status')).gateways === 2);
    await say(bob, open, 'for her');
  }), RECOVERED);
  await say(bob, secret, 'nor this');
  await say(bob, open, 'and this');
  await hears(alice, open, ['for her', 'and this']);
  assert.deepEqual(heard(alice, secret), []);
  assert.equal((await alice.ask('join-room', { roomId: secret })).error.code, 'access_denied');
});

test('the pid of somebody else is nobody', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  const mallory = await enter('mallory');
  mallory.socket._pid = alice.socket._pid;
  mallory.socket._lastOffset = alice.socket._lastOffset;
  assert.deepEqual(await lose(mallory, () => mallory.proxy.cut(), () => say(bob, roomId, 'secret')), ANEW);
  assert.equal(alice.socket.connected, true);
  await say(bob, roomId, 'still secret');
  await hears(alice, roomId, ['secret', 'still secret']);
  assert.deepEqual(heard(mallory, roomId), []);
  assert.deepEqual(await lose(alice, () => alice.proxy.cut()), RECOVERED);
});

test('a client that says goodbye has no session to come back to', async () => {
  const roomId = newRoom();
  const alice = await enter('alice', roomId);
  const { id } = alice.socket;
  alice.socket.disconnect();
  alice.socket.connect();
  await waitFor('the client to be back', () => alice.socket.connected);
  assert.equal(alice.socket.recovered, false);
  assert.notEqual(alice.socket.id, id);
});

const epochOf = (offset) => offset.split('.')[0];
const HOSTILE = {
  negative: (o) => `${epochOf(o)}.-1`,
  'a decimal 2^63': (o) => `${epochOf(o)}.9223372036854775808`,
  '2^63': (o) => `${epochOf(o)}.IAAAAAAAAAA`,
  '2^64-1': (o) => `${epochOf(o)}.P__________`,
  future: (o) => `${epochOf(o)}.BAAAA`,
  'of another database': (o) => (o[0] === 'B' ? 'C' : 'B') + o.slice(1),
  'no number': () => 'undefined',
  'an object': () => ({ $gt: '' }),
  'a number': () => 0,
  empty: () => '',
  'too long': () => 'A'.repeat(100000),
};

async function tryOffset(on, make) {
  const alice = await enter('alice', newRoom(), { at: on.gateways[0], on });
  const offset = alice.socket._lastOffset;
  assert.match(offset, /^[\w-]+\.[\w-]+$/);
  alice.socket._lastOffset = make(offset);
  const how = await lose(alice, () => alice.proxy.cut());
  // None from the server; its connections were refused while the network was down.
  assert.deepEqual(alice.got('connect_error').filter((error) => error.type !== 'TransportError'), []);
  return how;
}

for (const [name, make] of Object.entries(HOSTILE)) {
  test(`an offset that is ${name} recovers nothing and reveals nothing`, async () => {
    assert.deepEqual(await tryOffset(stack, make), ANEW);
  });
}

test('without a look at the epoch the offset of another database would count', async () => {
  const mutant = await startStack({ env: { ROOMCAST_MUTATION: 'no-epoch-check' } });
  try {
    assert.deepEqual(await tryOffset(mutant, HOSTILE['of another database']), RECOVERED);
  } finally {
    await mutant.down();
  }
});

test('a pid that is none', async () => {
  for (const pid of ['', 'x', 'A'.repeat(20), 'A'.repeat(1000), 7, { a: 1 }, ['b']]) {
    const alice = await connect(first, { token: userToken(stack, 'alice'), transports: ['websocket'], forceNew: true });
    alice.socket.auth = { ...alice.socket.auth, pid, offset: alice.socket._lastOffset };
    const { id } = alice.socket;
    alice.socket.disconnect().connect();
    await waitFor('the client to be back', () => alice.socket.connected);
    assert.notEqual(alice.socket.id, id);
    alice.close();
  }
});

test('more than can be sent again: a new session, honestly', async () => {
  const roomId = newRoom();
  const small = await startStack({ gatewayOpts: { 'recovery-max-bytes': 65536 } });
  try {
    const at = small.gateways[0];
    const bob = await enter('bob', roomId, { at, on: small });
    const alice = await enter('alice', roomId, { at, on: small });
    const much = 'x'.repeat(4000);
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, ...Array(8).fill(much))), RECOVERED);
    assert.equal(heard(alice, roomId).length, 8);
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, ...Array(20).fill(much))), ANEW);
    assert.equal(heard(alice, roomId).length, 8);
    // The new session is recovered as any other, and the old one has left no trace.
    await alice.ask('join-room', { roomId });
    assert.deepEqual(await lose(alice, () => alice.proxy.cut(), () => say(bob, roomId, 'end')), RECOVERED);
    assert.equal(heard(alice, roomId).at(-1), 'end');
    await waitFor('two sessions to be left', async () => (await small.sql('SELECT count(*) AS n FROM sessions'))[0].n === 2);
  } finally {
    await small.down();
  }
});

test('with recovery off there is neither pid nor offset', async () => {
  const plain = await startStack({ gatewayOpts: { recovery: 'no' }, brokerOpts: { recovery: 'no' } });
  try {
    const raw = await Raw.connect(plain.gateways[0]);
    raw.send(`40/chat,${JSON.stringify({ token: userToken(plain, 'alice') })}`);
    assert.match(await raw.next(/^40/), /^40\/chat,\{"sid":"[\w-]+"\}$/);
    raw.send('42/chat,["join-room",{"roomId":"r"}]');
    assert.equal(await raw.next(/room-joined/), '42/chat,["room-joined",{"roomId":"r"}]');
    assert.deepEqual(await plain.sql('SELECT count(*) AS n FROM sessions'), [{ n: 0 }]);
    raw.close();
    const alice = await enter('alice', 'r', { at: plain.gateways[0], on: plain });
    assert.deepEqual(await lose(alice, () => alice.proxy.cut()), { isSame: false, recovered: undefined });
  } finally {
    await plain.down();
  }
});

/* ---- how it looks on the wire ---- */

test('what was missed stands before the CONNECT packet, in order, each with its offset', async () => {
  const [roomId, other] = [newRoom(), newRoom()];
  const bob = await enter('bob', roomId, { at: second });
  await bob.ask('join-room', { roomId: other });
  const auth = { token: userToken(stack, 'alice') };
  const raw = await Raw.connect(first);
  raw.send(`40/chat,${JSON.stringify(auth)}`);
  const { sid, pid } = JSON.parse((await raw.next(/^40/)).slice('40/chat,'.length));
  assert.match(pid, /^[\w-]{20}$/);
  for (const [i, name] of [roomId, other].entries()) {
    raw.send(`42/chat,${i}["join-room",{"roomId":"${name}"}]`);
    assert.match(await raw.next(/^43/), /"ok":true,"roomId":"[\w-]+","seq":0,"usersCount":2\}\]$/, 'no offset in an ack');
  }
  const joined = JSON.parse((await raw.next(/room-joined/)).slice('42/chat,'.length));
  assert.equal(joined.length, 3);
  assert.match(joined[2], /^[\w-]+\.[\w-]+$/);
  raw.close();
  await say(bob, roomId, 'one');
  await say(bob, other, 'two');
  await say(bob, roomId, 'three');

  const again = await Raw.connect(second);
  again.send(`40/chat,${JSON.stringify({ pid, offset: joined[2], ...auth })}`);
  const packets = [];
  for (let n = 0; n < 4; n++) packets.push(await again.next(/^4[0-9]/));
  const events = packets.slice(0, 3).map((p) => JSON.parse(p.replace('42/chat,', '')));
  assert.deepEqual(events.map(([name, m]) => [name, m.roomId, m.content]),
    [['message', roomId, 'one'], ['message', other, 'two'], ['message', roomId, 'three']]);
  const offsets = events.map((e) => e[2]);
  assert.equal(new Set(offsets).size, 3);
  assert.deepEqual(JSON.parse(packets[3].slice('40/chat,'.length)), { sid, pid });

  // A live one has the same form as one that is sent again.
  await say(bob, other, 'four');
  const live = JSON.parse((await again.next(/"four"/)).replace('42/chat,', ''));
  assert.deepEqual(Object.keys(live[1]), Object.keys(events[0][1]));
  assert.equal(live.length, 3);
  again.close();
});

test('two namespaces of one connection come back each for itself', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const bobsNotes = await connect(second, { token: userToken(stack, 'bob'), nsp: '/notifications' });
  await bobsNotes.ask('join-room', { roomId });
  const chat = await enter('alice', roomId);
  const notes = await connect(first, { over: chat, nsp: '/notifications', token: userToken(stack, 'alice') });
  notes.proxy = chat.proxy;
  assert.equal((await notes.ask('join-room', { roomId })).ok, true);
  assert.notEqual(notes.socket._pid, chat.socket._pid);
  const ids = [chat.socket.id, notes.socket.id];
  assert.deepEqual(await lose(chat, () => chat.proxy.cut(), async () => {
    await say(bob, roomId, 'chat');
    await say(bobsNotes, roomId, 'note');
  }), RECOVERED);
  await waitFor('both to be back', () => notes.socket.connected);
  assert.equal(notes.socket.recovered, true);
  assert.deepEqual([chat.socket.id, notes.socket.id], ids);
  await hears(chat, roomId, ['chat']);
  await hears(notes, roomId, ['note']);
});

/* ---- while life goes on ---- */

test('50 cuts under full traffic: each message once, in order', { timeout: 600000 }, async (t) => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  let said = 0;
  let isOver = false;
  const speak = async () => {
    while (!isOver) {
      const answer = await bob.ask('message', { roomId, content: String(said++) });
      assert.equal(answer.ok, true, JSON.stringify(answer));
    }
  };
  const speakers = Array.from({ length: 20 }, speak);
  let recovered = 0;
  for (let n = 0; n < 50; n++) {
    if (n % 5 === 4) alice.proxy.lead(n % 2 ? second : first);
    const connects = counts(alice, 'connect');
    if (n % 3 === 2) alice.proxy.orphan();
    else alice.proxy.cut();
    await waitFor('the client to be back', () => alice.socket.connected && counts(alice, 'connect') > connects);
    recovered += alice.socket.recovered;
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }
  isOver = true;
  await Promise.all(speakers);
  await say(bob, roomId, 'end');
  await alice.next('message', { roomId, content: 'end' }, 60000);
  const seqs = alice.got('message', { roomId }).map((m) => m.seq);
  t.diagnostic(`${seqs.length} messages, ${recovered} of 50 recovered`);
  assert.equal(recovered, 50);
  assert.deepEqual(seqs, Array.from({ length: seqs.length }, (_, i) => i + 1));
  assert.equal(seqs.length, (await bob.ask('join-room', { roomId })).seq);
});

/* ---- presence ---- */

test('who comes back within the grace has not been away', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  await bob.next('room-presence', { roomId, userId: 'alice', action: 'joined' });
  for (let n = 0; n < 3; n++) assert.deepEqual(await lose(alice, () => alice.proxy.cut()), RECOVERED);
  await say(bob, roomId, 'end');
  await bob.next('message', { roomId, content: 'end' });
  assert.equal(bob.got('user-left', { roomId }).length, 0);
  assert.equal(bob.got('room-presence', { roomId }).filter((p) => p.userId === 'alice').length, 1);
});

test('who stays away longer leaves once, and joins when he is back', async () => {
  const roomId = newRoom();
  const bob = await enter('bob', roomId, { at: second });
  const alice = await enter('alice', roomId);
  await bob.next('room-presence', { roomId, userId: 'alice', action: 'joined' });
  assert.deepEqual(await lose(alice, () => alice.proxy.cut(), async () => {
    const { usersCount } = await bob.ask('room-users', { roomId });
    assert.equal(usersCount, 2, 'within the grace');
    await bob.next('user-left', { roomId, userId: 'alice' });
    await bob.next('room-presence', { roomId, userId: 'alice', action: 'left', usersCount: 1 });
    await say(bob, roomId, 'missed');
  }), RECOVERED);
  await bob.next('room-presence', { roomId, userId: 'alice', action: 'joined', usersCount: 2 });
  await hears(alice, roomId, ['missed']);
  await say(bob, roomId, 'end');
  await hears(alice, roomId, ['missed', 'end']);
  assert.equal(bob.got('user-left', { roomId }).length, 1);
  assert.equal(bob.got('room-presence', { roomId, action: 'left' }).length, 1);
});

test('the clients of a dead gateway leave once, after its lease and the grace', async () => {
  const roomId = newRoom();
  const mortal = await startStack({ gateways: 2, brokerOpts: { ...brokerOpts, 'heartbeat-ms': 500, 'lease-ms': 4000 } });
  try {
    const bob = await enter('bob', roomId, { at: mortal.gateways[1], on: mortal });
    const alice = await enter('alice', roomId, { at: mortal.gateways[0], on: mortal });
    const carol = await enter('carol', roomId, { at: mortal.gateways[0], on: mortal });
    carol.proxy.lead(mortal.gateways[1]);
    await bob.next('room-presence', { roomId, userId: 'carol', action: 'joined' });
    alice.socket.io.reconnection(false);
    assert.deepEqual(await lose(carol, () => mortal.kill('gateway-1')), RECOVERED);
    await bob.next('user-left', { roomId, userId: 'alice' });
    await say(bob, roomId, 'end');
    await hears(carol, roomId, ['end']);
    assert.deepEqual(bob.got('user-left', { roomId }).map((e) => e.userId), ['alice']);
  } finally {
    await mortal.down();
  }
});

// A way to a gateway that holds back the polls of a client while `polls` is an array of them.
async function startSlowPolls(gateway) {
  const way = { polls: undefined, waiting: 0 };
  const server = http.createServer((request, response) => {
    const { method, headers } = request;
    const isPoll = method === 'GET';
    const pass = () => {
      way.waiting += isPoll;
      const onward = http.request(gateway.url + request.url, { method, headers }, (answer) => {
        way.waiting -= isPoll;
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    };
    if (way.polls && isPoll) way.polls.push(pass);
    else pass();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  way.url = `http://127.0.0.1:${server.address().port}`;
  way.close = () => { server.closeAllConnections(); server.close(); };
  return way;
}

// A stock client looks at events when it has read the whole body they came in: with a close behind them it
// would keep them until it is back, and hear them again from its session.
test('what was said before its connection was closed is heard once by a client that polls', async (t) => {
  const way = await startSlowPolls(first);
  t.after(() => way.close());
  const roomId = newRoom();
  const ann = await connect(second, { token: userToken(stack, 'ann') });
  const bob = await connect(way, { token: userToken(stack, 'bob'), transports: ['polling'], ...AT_ONCE });
  for (const client of [ann, bob]) await client.ask('join-room', { roomId });
  const { id } = bob.socket;
  await bob.next('room-joined');
  await waitFor('a poll that waits', () => way.waiting === 1);
  way.polls = [];
  await ann.ask('message', { roomId, content: 'takes the poll that waits' });
  await bob.next('message');
  await waitFor('the next poll', () => way.polls.length);
  for (const content of ['one', 'two']) await ann.ask('message', { roomId, content });
  // More bad tokens than the gateway listens to: it closes the connection.
  for (let i = 0; i < 6; i++) bob.socket.emit('auth', { token: `bad ${i}` });
  const closed = () => stack.log('gateway-1').some((line) => line.event === 'socket.disconnected' && line.socketId === id);
  await waitFor('the gateway to close it', closed);
  const held = way.polls;
  way.polls = undefined;
  for (const pass of held) pass();
  await waitFor('the client to be back', () => counts(bob, 'connect') === 2);
  assert.equal(bob.socket.recovered, true);
  await ann.ask('message', { roomId, content: 'three' });
  await bob.next('message', { content: 'three' });
  assert.deepEqual(bob.got('message').map(({ content }) => content), ['takes the poll that waits', 'one', 'two', 'three']);
});
