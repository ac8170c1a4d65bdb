// History: pages, retention, deleted messages, the window of idempotency keys, what may be said.
'use strict';

const assert = require('node:assert/strict');
const { randomBytes, randomUUID } = require('node:crypto');
const { after, before } = require('node:test');
const msgpack = require('socket.io-msgpack-parser');
const { connect, joined, linked, newRoom, test, userToken, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');
const { startStack } = require('./stack');

const KEPT = 20;
const WINDOW_MS = 3000;
const KEY_MS = 2500;
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };

// Nothing is pruned before whoever was away had his time to come back.
const brokerOpts = { 'recovery-window-ms': WINDOW_MS, 'heartbeat-ms': 500, 'lease-ms': 4000 };
// Three namespaces: the first keeps all, the second little, the third has rules of its own.
const namespaceOpts = {
  '/chat': { 'retention-messages': KEPT },
  '/notifications': {
    'room-id': 'uuid', 'message-types': 'text alarm', 'content-max-chars': 10, 'content-max-bytes': 4,
  },
};

let stack;
let first;
let second;
let pruning; // another one, where he has little time

before(async () => {
  [stack, pruning] = await Promise.all([
    startStack({ gateways: 2, namespaceOpts }),
    startStack({ gateways: 2, brokerOpts, namespaceOpts }),
  ]);
  [first, second] = stack.gateways;
});
after(() => Promise.all([stack?.down(), pruning?.down()]));

// A broker that dies and comes back; the gateways let in again.
async function restart(on) {
  await on.kill('broker');
  await on.start('broker');
  await linked(on);
}

const enter = async (gateway, user, roomId, { on = stack, ...options } = {}) =>
  joined(await connect(gateway, { token: userToken(on, user), ...AT_ONCE, ...options }), roomId);

async function say(client, roomId, content, more = {}) {
  const answer = await client.ask('message', { roomId, content, ...more });
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer;
}

async function sayMany(client, roomId, count, from = 1) {
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => say(client, roomId, `m${from + i}`)));
  return answers.at(-1);
}

async function history(client, roomId, more = {}) {
  const answer = await client.ask('history', { roomId, ...more });
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer;
}

const seqs = (messages) => messages.map((m) => m.seq);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const rowsOf = (roomId, on = stack) => on.sql(`SELECT messages.seq, content FROM messages JOIN rooms ON rooms.id = room
  WHERE name = '${roomId}' ORDER BY messages.seq`);
const oldest = async (roomId, on = stack) => (await rowsOf(roomId, on))[0]?.seq;

// What a client heard of a room's messages, in its order: a number, or -number for one deleted.
const heard = (client, roomId) => client.all
  .filter(({ name, data }) => /^message(-deleted)?$/.test(name) && data.roomId === roomId)
  .map(({ name, data }) => (name === 'message' ? data.seq : -data.seq));

/* ---- pages ---- */

test('pages are stable while messages come and go', async () => {
  const roomId = newRoom();
  const writer = await enter(first, 'pages-w', roomId, { nsp: '/' });
  const reader = await enter(second, 'pages-r', roomId, { nsp: '/' });
  const said = await Promise.all(range(1, 100).map((i) => say(writer, roomId, `m${i}`)));
  const gone = said.filter((m) => m.seq % 10 === 0);
  let isOver = false;
  const writing = (async () => {
    while (!isOver) await say(writer, roomId, 'meanwhile');
  })();
  const deleting = Promise.all(gone.map((m) => stack.ctl('delete', m.id)));
  const back = [];
  let page = { messages: [{ seq: 101 }], more: true };
  while (page.more) {
    page = await history(reader, roomId, { before: page.messages[0].seq, limit: 7 });
    back.unshift(...page.messages);
  }
  await deleting;
  isOver = true;
  await writing;
  assert.deepEqual(seqs(back), range(1, 100));
  const there = [];
  page = { more: true };
  while (page.more) {
    page = await history(reader, roomId, { after: there.at(-1)?.seq ?? 0, limit: 13 });
    there.push(...page.messages);
  }
  assert.deepEqual(seqs(there), range(1, there.at(-1).seq));
  for (const m of there.slice(0, 100)) {
    if (m.seq % 10 === 0) assert.deepEqual(m, { id: said.find((s) => s.seq === m.seq).id, roomId, seq: m.seq, deleted: true });
    else assert.match(m.content, /^m\d+$/);
  }
});

/* ---- deleting ---- */

test('a deletion stands in the order of everything, at every member', async () => {
  const roomId = newRoom();
  const [ann, bob] = [await enter(first, 'del-a', roomId), await enter(second, 'del-b', roomId)];
  const one = await say(ann, roomId, 'one');
  await say(bob, roomId, 'two');
  const answer = await stack.ctl('delete', one.id);
  assert.deepEqual(answer, { id: one.id, nsp: '/chat', room: roomId, seq: 1 });
  await say(ann, roomId, 'three');
  for (const client of [ann, bob]) {
    await client.next('message', { roomId, seq: 3 });
    assert.deepEqual(heard(client, roomId), [1, 2, -1, 3]);
    assert.deepEqual(client.got('message-deleted', { roomId }), [{ id: one.id, roomId, seq: 1 }]);
  }
  assert.deepEqual(await rowsOf(roomId), [{ seq: 1, content: null }, { seq: 2, content: 'two' }, { seq: 3, content: 'three' }]);
  await assert.rejects(stack.ctl('delete', one.id), /deleted already/);
  await assert.rejects(stack.ctl('delete', 'nonsense'), /no id of a message/);
  await assert.rejects(stack.ctl('delete', '1000000000000'), /no message has had this id/);
  const { messages } = await stack.ctl('history', roomId, '--nsp', '/chat');
  assert.deepEqual(messages.map((m) => m.deleted ?? m.content), [true, 'two', 'three']);
});

async function behind(user, roomId, options = {}) {
  const proxy = await Proxy.to((options.on ?? stack).gateways[0]);
  const client = await enter(proxy, user, roomId, options);
  client.proxy = proxy;
  return client;
}

async function away(client, meanwhile) {
  const connects = client.all.filter((e) => e.name === 'connect').length;
  client.proxy.isDown = true;
  await client.proxy.cut();
  await waitFor('the client to notice', () => !client.socket.connected);
  await meanwhile();
  client.proxy.up();
  await waitFor('the client to be back', () => client.socket.connected
    && client.all.filter((e) => e.name === 'connect').length > connects);
  return client.socket.recovered;
}

test('who was away hears of it when he comes back, and never what was said', async () => {
  const roomId = newRoom();
  const client = await behind('del-away', roomId);
  const other = await enter(second, 'del-other', roomId);
  const one = await say(other, roomId, 'one');
  await client.next('message', { seq: 1 });
  let two;
  assert.equal(await away(client, async () => {
    two = await say(other, roomId, 'a secret');
    await stack.ctl('delete', one.id);
    await stack.ctl('delete', two.id);
    await say(other, roomId, 'three');
  }), true);
  await client.next('message', { roomId, seq: 3 });
  // In the place of the message that he missed he hears that there is none.
  assert.deepEqual(heard(client, roomId), [1, -2, -1, -2, 3]);
  assert.equal(JSON.stringify(client.all).includes('a secret'), false);
  assert.deepEqual(seqs((await history(client, roomId)).messages), [1, 2, 3]);
});

/* ---- retention ---- */

// One on each gateway.
const enterBoth = (user, roomId) => Promise.all(pruning.gateways.map((gateway, i) => enter(gateway, `${user}-${i + 1}`, roomId, { on: pruning })));

test('a room keeps its newest messages, and all members hear all of them', async () => {
  const roomId = newRoom();
  const [ann, bob] = await enterBoth('ret', roomId);
  const said = await say(ann, roomId, 'm1');
  let last = 1;
  await waitFor('pruning under load', async () => {
    await sayMany(ann, roomId, 50, last + 1);
    last += 50;
    return await oldest(roomId, pruning) > 1;
  });
  await waitFor('the room to have its size', async () => await oldest(roomId, pruning) === last - KEPT + 1);
  for (const client of [ann, bob]) {
    await waitFor('all of it', () => heard(client, roomId).length === last);
    assert.deepEqual(heard(client, roomId), range(1, last));
  }
  const page = await history(bob, roomId, { limit: 100 });
  assert.equal(page.more, false);
  assert.deepEqual(seqs(page.messages), range(last - KEPT + 1, last));
  assert.deepEqual(await history(bob, roomId, { before: last - KEPT + 1 }), { ok: true, roomId, messages: [], more: false });
  assert.deepEqual(seqs((await history(bob, roomId, { after: 3, limit: 2 })).messages), [last - KEPT + 1, last - KEPT + 2]);
  // Numbers go on, over a restart too.
  await restart(pruning);
  assert.equal((await say(ann, roomId, 'next')).seq, last + 1);
  await assert.rejects(pruning.ctl('delete', said.id), /it was pruned/);
});

test('who heard all that was pruned has lost nothing', async () => {
  const roomId = newRoom();
  const client = await behind('ret-heard', roomId, { on: pruning });
  const other = await enter(pruning.gateways[1], 'ret-other', roomId, { on: pruning });
  await sayMany(other, roomId, 60);
  await waitFor('all of it', () => heard(client, roomId).length === 60);
  await waitFor('pruning', async () => await oldest(roomId, pruning) === 41);
  assert.equal(await away(client, () => say(other, roomId, 'm61')), true);
  await client.next('message', { roomId, seq: 61 });
  // Also where nothing at all is left.
  const { before: until } = await pruning.ctl('prune', '--older-than', '0', '--nsp', '/chat');
  assert.ok(until <= Date.now());
  await waitFor('nothing to be left', async () => {
    const rows = await rowsOf(roomId, pruning);
    if (rows.length) await pruning.ctl('prune', '--older-than', '0');
    return rows.length === 0;
  });
  assert.equal(await away(client, () => {}), true);
  assert.equal((await say(other, roomId, 'm62')).seq, 62);
  await client.next('message', { roomId, seq: 62 });
  assert.deepEqual(heard(client, roomId), range(1, 62));
});

test('a gateway that missed what was pruned tells its clients so', async () => {
  const roomId = newRoom();
  const [ann, bob] = await enterBoth('gap', roomId);
  await say(ann, roomId, 'm1');
  await bob.next('message', { roomId, seq: 1 });
  const gone = () => pruning.log('broker').filter((r) => r.event === 'peer.gone').length;
  const earlier = gone();
  const { pid } = pruning.gateways[1];
  process.kill(pid, 'SIGSTOP');
  try {
    // What is sent to it before that it has when it goes on.
    await waitFor('its lease to be over', () => gone() > earlier);
    await sayMany(ann, roomId, 2 * KEPT, 2);
    await waitFor('what it missed to be pruned', async () => await oldest(roomId, pruning) > 2);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await bob.next('disconnect');
  await waitFor('a new session', () => bob.socket.connected);
  assert.equal(bob.socket.recovered, false);
  assert.deepEqual(heard(bob, roomId), [1]);
  await bob.ask('join-room', { roomId });
  const { messages, more } = await history(bob, roomId);
  assert.equal(more, false);
  assert.equal(messages.at(-1).seq, 2 * KEPT + 1);
});

test('killed in the middle of a step, the broker goes on from before it', async () => {
  const env = { ROOMCAST_FAILPOINT: 'in-prune:1' };
  const own = await startStack({ brokerOpts, namespaceOpts, env });
  try {
    const client = await enter(own.gateways[0], 'kill', 'lobby', { on: own });
    await sayMany(client, 'lobby', 50);
    await waitFor('the kill', () => !own.isAlive('broker'));
    assert.deepEqual(seqs(await rowsOf('lobby', own)), range(1, 50));
    assert.deepEqual(await own.sql('SELECT first_seq, pruned_gseq, seq FROM rooms'), [{ first_seq: 1, pruned_gseq: 0, seq: 50 }]);
    delete env.ROOMCAST_FAILPOINT;
    await own.start('broker');
    await linked(own);
    await waitFor('pruning', async () => await oldest('lobby', own) === 50 - KEPT + 1);
    assert.deepEqual(await own.sql(`SELECT first_seq, pruned_gseq, bytes = (SELECT sum(length(content)) FROM messages)
      AS isRight FROM rooms`), [{ first_seq: 31, pruned_gseq: 30, isRight: 1 }]);
    assert.equal((await say(client, 'lobby', 'next')).seq, 51);
  } finally {
    await own.down();
  }
});

/* ---- keys ---- */

test('a key is one message on all gateways, whatever becomes of message and broker', async () => {
  const roomId = newRoom();
  const [one, two] = await Promise.all(pruning.gateways.map((gateway) => enter(gateway, 'key', roomId, { on: pruning })));
  const key = { messageId: randomUUID() };
  const answer = await say(one, roomId, 'once', key);
  assert.equal(answer.duplicate, false);
  const again = { ...answer, duplicate: true };
  assert.deepEqual(await say(two, roomId, 'once', key), again);
  await restart(pruning);
  assert.deepEqual(await say(two, roomId, 'once', key), again);
  await pruning.ctl('delete', answer.id);
  assert.deepEqual(await say(one, roomId, 'once', key), again);
  await sayMany(one, roomId, KEPT, 2);
  await waitFor('it to be pruned', async () => await oldest(roomId, pruning) > 1);
  assert.deepEqual(await say(two, roomId, 'once', key), again);
  assert.deepEqual(heard(two, roomId).filter((seq) => seq === 1), [1]);
});

test('after its window a key is free', async () => {
  const own = await startStack({ gateways: 2, brokerOpts: { ...brokerOpts, 'idempotency-window-ms': KEY_MS } });
  try {
    const one = await enter(own.gateways[0], 'free', 'lobby', { on: own });
    const two = await enter(own.gateways[1], 'free', 'lobby', { on: own });
    const key = { messageId: 'k' };
    const answer = await say(one, 'lobby', 'once', key);
    await restart(own);
    const next = await waitFor('the key to be free', async () => {
      const a = await say(two, 'lobby', 'twice', key);
      return !a.duplicate && a;
    });
    assert.ok(next.timestamp - answer.timestamp >= KEY_MS, `${next.timestamp - answer.timestamp} ms`);
    assert.equal(next.seq, 2);
    // It counts from now on.
    assert.deepEqual(await say(one, 'lobby', 'twice', key), { ...next, duplicate: true });
    await waitFor('receipts to go', async () => (await own.sql('SELECT count(*) AS n FROM receipts'))[0].n === 0);
    assert.deepEqual(seqs(await rowsOf('lobby', own)), [1, 2]);
  } finally {
    await own.down();
  }
});

/* ---- binary ---- */

test('binary content is the same for both parsers, in history, recovery and after a restart', async () => {
  const roomId = newRoom();
  const plain = await behind('bin-p', roomId, { nsp: '/' });
  const packed = await enter(second, 'bin-m', roomId, { nsp: '/', parser: msgpack });
  const image = randomBytes(70000);
  const file = Buffer.from([0, 255, 0]);
  await say(plain, roomId, image, { type: 'image' });
  await say(packed, roomId, file, { type: 'file' });
  const same = (message, type, content) => {
    assert.equal(message.type, type);
    assert.ok(Buffer.isBuffer(message.content) || message.content instanceof Uint8Array);
    assert.ok(Buffer.from(message.content).equals(content));
  };
  const all = (messages) => {
    same(messages[0], 'image', image);
    same(messages[1], 'file', file);
  };
  for (const client of [plain, packed]) {
    await client.next('message', { roomId, seq: 2 });
    all(client.got('message', { roomId }));
    all((await history(client, roomId)).messages);
  }
  const types = await stack.sql(`SELECT typeof(content) AS type, length(content) AS bytes FROM messages JOIN rooms
    ON rooms.id = room WHERE name = '${roomId}'`);
  assert.deepEqual(types, [{ type: 'blob', bytes: 70000 }, { type: 'blob', bytes: 3 }]);
  assert.equal(await away(plain, () => say(packed, roomId, image, { type: 'file' })), true);
  same(await plain.next('message', { roomId, seq: 3 }), 'file', image);
  await restart(stack);
  for (const client of [plain, packed]) all((await history(client, roomId)).messages);
});

/* ---- rules of a namespace ---- */

test('a namespace says what may be said', async () => {
  const client = await connect(first, { token: userToken(stack, 'rules'), nsp: '/notifications' });
  const bad = await client.ask('message', {
    roomId: 'lobby', content: '12345678901', type: 'image', messageId: '',
  });
  assert.equal(bad.error.code, 'invalid_message');
  assert.equal(bad.error.message, 'Invalid message format');
  assert.deepEqual(bad.error.details, [
    { path: 'roomId', message: '"roomId" must be a UUID' },
    { path: 'content', message: '"content" length must be at most 10 characters long' },
    { path: 'type', message: '"type" must be one of [text, alarm]' },
    { path: 'messageId', message: '"messageId" is not allowed to be empty' },
  ]);
  const roomId = randomUUID();
  assert.equal((await client.ask('join-room', { roomId })).ok, true);
  assert.deepEqual((await client.ask('message', { roomId, type: 'alarm', content: Buffer.alloc(5) })).error.details,
    [{ path: 'content', message: '"content" length must be at most 4 bytes' }]);
  assert.equal((await say(client, roomId, '\u{1f600}'.repeat(10))).seq, 1);
  assert.equal((await say(client, roomId, Buffer.alloc(4), { type: 'alarm' })).seq, 2);
});
