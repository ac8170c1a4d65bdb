// Stock clients with socket.io-msgpack-parser, on the port and in the rooms of all others.
'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { after, before } = require('node:test');
const parser = require('socket.io-msgpack-parser');
const { startStack } = require('./stack');
const { Raw, connect, joined, newRoom, refusal, test, userToken } = require('./helpers');

let stack;
let first;
let second;

before(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const enterRoom = async (gateway, user, roomId, options) =>
  joined(await connect(gateway, { token: userToken(stack, user), ...options }), roomId);

// Four members of a room: either parser on either gateway.
const enterAll = (roomId) => Promise.all([
  enterRoom(first, 'alice', roomId), enterRoom(first, 'bob', roomId, { parser }),
  enterRoom(second, 'carol', roomId), enterRoom(second, 'dave', roomId, { parser }),
]);

test('members of a room see the same, whatever parsers they have', async () => {
  const roomId = newRoom();
  const members = await enterAll(roomId);
  const contents = ['plain', 'Grüße \u{1f44b} \0 \u2028 "\\', Buffer.from([0, 255, 1]), 'x'.repeat(5000),
    randomBytes(300), randomBytes(70000), Buffer.from('text in bytes')];
  for (const [i, content] of contents.entries()) {
    const type = typeof content === 'string' ? 'text' : 'image';
    const { ok, seq, ...ack } = await members[i % 4].ask('message', { roomId, content, type });
    assert.equal(ok, true);
    assert.equal(seq, i + 1);
    const seen = [];
    for (const member of members) seen.push(await member.next('message', { roomId, seq }));
    for (const message of seen) {
      assert.deepEqual(message.content, content);
      assert.deepEqual(message, seen[0]);
      assert.equal(message.id, ack.id);
    }
  }
  const [asJson, asMsgpack] = [await members[0].ask('history', { roomId }), await members[1].ask('history', { roomId })];
  assert.deepEqual(asJson, asMsgpack);
  assert.deepEqual(asJson.messages.map((m) => m.content), contents);
});

test('presence, typing and errors reach them all', async () => {
  const roomId = newRoom();
  const [alice, bob, carol, dave] = await enterAll(roomId);
  bob.socket.emit('typing', { roomId });
  for (const client of [alice, carol, dave]) {
    assert.deepEqual(await client.next('user-typing', { roomId }), { roomId, userId: 'bob', username: 'bob' });
  }
  const bad = await bob.ask('message', { roomId: '', content: 5 });
  assert.deepEqual(bad, await alice.ask('message', { roomId: '', content: 5 }));
  assert.equal(bad.error.code, 'invalid_message');
  dave.socket.emit('no-such-event', undefined, new Date());
  assert.equal((await dave.next('error')).error.code, 'unknown_event');
  dave.close();
  await bob.next('user-left', { roomId, userId: 'dave' });
});

test('binary comes in every form that JavaScript has', async () => {
  const roomId = newRoom();
  const [alice, bob] = await enterAll(roomId);
  const bytes = Buffer.from([1, 2, 3, 250, 0, 7, 8, 9]);
  for (const content of [bytes, new Uint8Array(bytes), new Uint8Array(bytes).buffer]) {
    const { seq } = await bob.ask('message', { roomId, content, type: 'file' });
    assert.deepEqual((await alice.next('message', { roomId, seq })).content, bytes);
    assert.deepEqual((await bob.next('message', { roomId, seq })).content, bytes);
  }
});

test('fields that are undefined are left out', async () => {
  const roomId = newRoom();
  const [, bob] = await enterAll(roomId);
  const { ok, seq } = await bob.ask('message', { roomId, content: 'x', type: undefined, messageId: undefined });
  assert.equal(ok, true);
  assert.equal((await bob.next('message', { roomId, seq })).type, 'text');
});

test('who is refused is told so', async () => {
  const missing = await refusal(first, { parser });
  assert.equal(missing.message, 'Authentication required');
  assert.deepEqual(missing.data, { code: 'token_missing' });
  const unknown = await refusal(first, { parser, nsp: '/nowhere', token: userToken(stack, 'alice') });
  assert.equal(unknown.message, 'Invalid namespace');
});

test('several namespaces share a connection', async () => {
  const chat = await connect(first, { parser, token: userToken(stack, 'alice') });
  const root = await connect(first, { parser, token: userToken(stack, 'alice'), nsp: '/', over: chat });
  assert.equal((await root.ask('join-room', { roomId: newRoom() })).ok, true);
  root.close();
  assert.equal((await chat.ask('join-room', { roomId: newRoom() })).ok, true);
});

test('a client comes back with its parser', async () => {
  const roomId = newRoom();
  const bob = await enterRoom(first, 'bob', roomId, { parser });
  bob.socket.io.engine.transport.ws.terminate();
  await bob.next('disconnect');
  await bob.next('connect');
  assert.equal((await bob.ask('join-room', { roomId })).ok, true);
});

test('on the wire each packet is one binary message', async () => {
  const encoder = new parser.Encoder();
  const raw = await Raw.connect(first);
  const packets = [];
  const decoder = new parser.Decoder();
  decoder.on('decoded', (packet) => packets.push(packet));
  const next = async () => {
    decoder.add(await raw.inbox.take((item) => Buffer.isBuffer(item), 'a packet'));
    return packets.shift();
  };
  raw.send(...encoder.encode({ type: 0, nsp: '/chat', data: { token: userToken(stack, 'alice') } }));
  const { data, ...connected } = await next();
  assert.deepEqual(connected, { type: 0, nsp: '/chat' });
  assert.deepEqual(Object.keys(data), ['sid', 'pid']);
  raw.send(...encoder.encode({ type: 2, nsp: '/chat', data: ['nothing'], id: 3, options: { compress: true } }));
  const { data: answer, ...ack } = await next();
  assert.deepEqual(ack, { type: 3, nsp: '/chat', id: 3 });
  assert.equal(answer[0].error.code, 'unknown_event');
  raw.send('42/chat,["x"]');
  await raw.waitClosed('text from a client of msgpack');
});

for (const [what, bytes] of [
  ['no packet at all', [0xc0]],
  ['a binary event', [...parser.Encoder.prototype.encode({ type: 5, nsp: '/chat', data: ['x'] })[0]]],
  ['a count without members', [0xdf, 0xff, 0xff, 0xff, 0xff]],
  ['endless nesting', Array(100000).fill(0x91)],
  ['eleven bins', [...parser.Encoder.prototype.encode({ type: 2, nsp: '/chat', data: ['x', ...Array(11).fill(Buffer.from('x'))] })[0]]],
]) {
  test(`${what} ends the connection`, async () => {
    const raw = await Raw.connect(first);
    raw.send(...parser.Encoder.prototype.encode({ type: 0, nsp: '/chat', data: { token: userToken(stack, 'mallory') } }));
    await raw.inbox.take((item) => Buffer.isBuffer(item), 'the answer');
    raw.send(Buffer.from(bytes));
    await raw.waitClosed(what);
  });
}
