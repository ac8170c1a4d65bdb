// Binary content, both ways, as stock clients on two gateways send and see it.
'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { after, before } = require('node:test');
const { startStack } = require('./stack');
const { Raw, connect, joined, newRoom, test, userToken } = require('./helpers');

const PLACE = '{"_placeholder":true,"num":0}';
// What stock clients take in one packet.
const ATTACHMENTS_MAX = 10;

let stack;
let first;
let second;

before(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const enterRoom = async (gateway, user, roomId) => joined(await connect(gateway, { token: userToken(stack, user) }), roomId);

// A connection of our own words that has joined a room.
async function enterRaw(gateway, user, roomId) {
  const raw = await Raw.connect(gateway);
  raw.send(`40/chat,${JSON.stringify({ token: userToken(stack, user) })}`);
  await raw.next(/^40\/chat/);
  raw.send(`42/chat,0["join-room",${JSON.stringify({ roomId })}]`);
  await raw.next(/^43\/chat,0.*"ok":true/);
  return raw;
}

const publishText = (roomId, id = 1, more = '') =>
  `451-/chat,${id}["message",{"roomId":"${roomId}","type":"image","content":${PLACE}${more}}]`;

test('a picture reaches every member as it was sent, and is stored so', async () => {
  const roomId = newRoom();
  const members = [
    await enterRoom(first, 'alice', roomId), await enterRoom(first, 'bob', roomId),
    await enterRoom(second, 'carol', roomId), await enterRoom(second, 'alice', roomId),
  ];
  const contents = [Buffer.from([0]), Buffer.from('plain text'), randomBytes(70000), randomBytes(400000)];
  for (const [i, content] of contents.entries()) {
    const answer = await members[i].ask('message', { roomId, content, type: i % 2 ? 'file' : 'image' });
    assert.equal(answer.ok, true, JSON.stringify(answer));
    assert.equal(answer.seq, i + 1);
    for (const member of members) {
      const message = await member.next('message', { roomId, seq: answer.seq });
      assert.ok(Buffer.isBuffer(message.content), typeof message.content);
      assert.ok(message.content.equals(content));
      assert.equal(message.type, i % 2 ? 'file' : 'image');
    }
  }
  const rows = await stack.sql(`SELECT typeof(content) AS kind, length(content) AS size FROM messages
    JOIN rooms ON rooms.id = messages.room WHERE rooms.name = '${roomId}' ORDER BY messages.seq`);
  assert.deepEqual(rows, contents.map((content) => ({ kind: 'blob', size: content.length })));

  const { messages, more } = await members[0].ask('history', { roomId });
  assert.equal(more, false);
  assert.deepEqual(messages.map((m) => m.content), contents);
});

test('text and pictures keep their order at everybody', async () => {
  const roomId = newRoom();
  const [alice, bob] = [await enterRoom(first, 'alice', roomId), await enterRoom(second, 'bob', roomId)];
  const sent = Array.from({ length: 40 }, (_, i) => (i % 3 ? `text ${i}` : Buffer.from(`picture ${i}`)));
  await Promise.all(sent.map((content) =>
    alice.ask('message', { roomId, content, type: typeof content === 'string' ? 'text' : 'image' })));
  for (const client of [alice, bob]) {
    await client.next('message', { roomId, seq: sent.length });
    assert.deepEqual(client.got('message', { roomId }).map((m) => m.content), sent);
  }
});

test('large pictures sent at once reach everybody', async () => {
  const roomId = newRoom();
  const members = [
    await enterRoom(first, 'alice', roomId), await enterRoom(first, 'bob', roomId),
    await enterRoom(second, 'carol', roomId),
  ];
  const contents = Array.from({ length: 6 }, () => randomBytes(400000));
  const answers = await Promise.all(contents.map((content, i) =>
    members[i % 3].ask('message', { roomId, content, type: 'image' })));
  for (const [i, { ok, seq }] of answers.entries()) {
    assert.equal(ok, true);
    for (const member of members) {
      assert.ok((await member.next('message', { roomId, seq })).content.equals(contents[i]));
    }
  }
  for (const member of members) assert.equal(member.got('disconnect').length, 0);
});

test('a page of history has no more pictures than a stock client takes', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const COUNT = 25;
  for (let i = 1; i <= COUNT; i++) {
    await alice.ask('message', { roomId, content: Buffer.from([i]), type: 'image' });
  }
  await alice.ask('message', { roomId, content: 'the end' });
  const seen = [];
  for (let page, before; !page || page.more; before = page.messages[0].seq) {
    page = await alice.ask('history', { roomId, before, limit: 100 });
    assert.equal(page.ok, true, JSON.stringify(page));
    assert.ok(page.messages.filter((m) => Buffer.isBuffer(m.content)).length <= ATTACHMENTS_MAX);
    seen.unshift(...page.messages.map((m) => m.content));
  }
  assert.deepEqual(seen, [...Array.from({ length: COUNT }, (_, i) => Buffer.from([i + 1])), 'the end']);
});

test('binary is refused where it has no place', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const refused = async (event, data, path) => {
    const { ok, error } = await alice.ask(event, data);
    assert.equal(ok, false);
    assert.equal(error.code, 'invalid_message');
    assert.deepEqual(error.details.map((d) => d.path), [path]);
  };
  await refused('message', { roomId, content: Buffer.from('x') }, 'content');
  await refused('message', { roomId, content: Buffer.from('x'), type: 'text' }, 'content');
  await refused('message', { roomId, content: Buffer.alloc(0), type: 'image' }, 'content');
  await refused('message', { roomId, content: [Buffer.from('x')], type: 'image' }, 'content');
  await refused('join-room', { roomId: Buffer.from(roomId) }, 'roomId');
  await refused('join-room', Buffer.from(roomId), '');
  assert.equal((await alice.ask('message', { roomId, content: 'fine' })).seq, 1);
});

test('attachments beside the content are accepted and ignored', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const extra = Array.from({ length: ATTACHMENTS_MAX - 1 }, (_, i) => Buffer.from([i]));
  const { ok, seq } = await alice.ask('message', { extra, roomId, content: Buffer.from('it'), type: 'file' });
  assert.equal(ok, true);
  assert.deepEqual((await alice.next('message', { roomId, seq })).content, Buffer.from('it'));
});

test('the same messageId with a picture is stored once', async () => {
  const roomId = newRoom();
  const alice = await enterRoom(first, 'alice', roomId);
  const message = { roomId, content: Buffer.from('once'), type: 'image', messageId: `m-${roomId}` };
  const { duplicate, ...ack } = await alice.ask('message', message);
  assert.equal(duplicate, false);
  assert.deepEqual(await alice.ask('message', message), { ...ack, duplicate: true });
});

test('on the wire a picture is a text, then its bytes', async () => {
  const roomId = newRoom();
  const raw = await enterRaw(first, 'alice', roomId);
  raw.send(publishText(roomId), Buffer.from('abc'));
  assert.match(await raw.next(/^451-\/chat,\["message",/), /"content":\{"_placeholder":true,"num":0\}/);
  assert.deepEqual(await raw.inbox.take((item) => Buffer.isBuffer(item), 'the bytes'), Buffer.from('abc'));
  await raw.next(/^43\/chat,1\[\{"ok":true/);

  raw.send(`42/chat,2["history",${JSON.stringify({ roomId })}]`);
  assert.match(await raw.next(/^461-\/chat,2\[/), /"content":\{"_placeholder":true,"num":0\}/);
  assert.deepEqual(await raw.inbox.take((item) => Buffer.isBuffer(item), 'the bytes'), Buffer.from('abc'));
});

test('attachments may come as base64, and a ping between them', async () => {
  const roomId = newRoom();
  const raw = await enterRaw(first, 'alice', roomId);
  raw.send(publishText(roomId), '3', 'bYWJj');
  assert.deepEqual(await raw.inbox.take((item) => Buffer.isBuffer(item), 'the bytes'), Buffer.from('abc'));
});

test('packets without attachments that were to have some are accepted', async () => {
  const roomId = newRoom();
  const raw = await enterRaw(first, 'alice', roomId);
  raw.send(`450-/chat,1["room-users",{"roomId":"${roomId}"}]`, `45-/chat,2["room-users",{"roomId":"${roomId}"}]`);
  await raw.next(/^43\/chat,1\[\{"ok":true/);
  await raw.next(/^43\/chat,2\[\{"ok":true/);
  raw.send(`42/chat,3["message",{"roomId":"${roomId}","content":"x"}]`);
  await raw.next(/^43\/chat,3\[\{"ok":true/);
});

for (const [what, packets] of [
  ['a binary message that nobody announced', [Buffer.from('x')]],
  ['text between a packet and its attachment', [publishText('r'), '42/chat,["x"]']],
  ['a packet between two attachments', ['452-/chat,["x"]', Buffer.from('x'), '41/chat,']],
  ['one attachment too many', [publishText('r'), Buffer.from('x'), Buffer.from('x')]],
  ['eleven attachments', ['4511-/chat,["x"]']],
  ['a placeholder beyond the attachments', ['451-/chat,["x",{"_placeholder":true,"num":1}]', Buffer.from('x')]],
  ['a negative placeholder', ['451-/chat,["x",{"_placeholder":true,"num":-1}]', Buffer.from('x')]],
  ['a placeholder that is no number', ['451-/chat,["x",{"_placeholder":true,"num":"splice"}]', Buffer.from('x')]],
  ['half a placeholder', ['451-/chat,["x",{"_placeholder":true,"num":0.5}]', Buffer.from('x')]],
  ['attachments without end', ['4510-/chat,["x"]', ...Array.from({ length: 3 }, () => Buffer.alloc(900000))]],
]) {
  test(`${what} ends the connection, and nobody else's`, async () => {
    const bystander = await connect(first, { token: userToken(stack, 'bystander') });
    const raw = await Raw.connect(first);
    raw.send(`40/chat,${JSON.stringify({ token: userToken(stack, 'mallory') })}`);
    await raw.next(/^40\/chat/);
    raw.send(...packets);
    await raw.waitClosed(what);
    assert.equal((await bystander.ask('join-room', { roomId: newRoom() })).ok, true);
    assert.equal(bystander.got('disconnect').length, 0);
  });
}
