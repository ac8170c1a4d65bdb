// The tutorial's smaller systems: metrics by its names, acknowledgments, binary data, namespaces, rooms
// of users, presence.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before } = require('node:test');
const { connect, page, test, waitFor } = require('../e2e/helpers');
const { startStack } = require('../e2e/stack');
const { EchoWorker } = require('../e2e/echo-worker');
const { FILES, startHouse } = require('./house');

let house;
let first;
let second;

before(async () => {
  house = await startHouse({ gateways: 2 });
  [first, second] = house.gateways;
}, { timeout: 120000 });
after(() => house?.down());

const enter = async (gateway, user, nsp = '/') => connect(gateway, { token: await house.token(user, user.toUpperCase()), nsp });
const read = async (gateway) => (await page(`${gateway.url}/metrics`)).text;
const sample = (text, series) => Number(text.split('\n').find((line) => line.startsWith(`${series} `))?.slice(series.length + 1));

// A file of the tutorial, or a part of it, with these names.
function runFile(text, names) {
  return new Function(...Object.keys(names), text)(...Object.values(names));
}
const [serverHalf, clientHalf] = fs.readFileSync(path.join(FILES, 'acknowledgment.js'), 'utf8').split(/(?=\/\/ Клиент)/);
const [sendHalf, receiveHalf] = fs.readFileSync(path.join(FILES, 'binary.js'), 'utf8').split(/(?=\/\/ Получение)/);

test('metrics have the tutorial\'s names, and labels that clients cannot make more of', async () => {
  const client = await enter(first, 'ann');
  const other = await enter(first, 'bob');
  for (const member of [client, other]) await member.ask('join-room', { roomId: 'measured' });
  const was = await read(first);
  for (let i = 0; i < 5; i++) await client.ask('message', { roomId: 'measured', content: 'x' });
  for (let i = 0; i < 3; i++) await client.ask(`made-up-${i}`, {});
  await other.inbox.take(({ name, data }) => name === 'message' && data.seq === 5, 'the last one');
  const is = await read(first);
  const grown = (series) => sample(is, series) - (sample(was, series) || 0);
  assert.match(is, /^# TYPE websocket_connected_clients gauge$/m);
  assert.match(is, /^# TYPE websocket_messages_total counter$/m);
  assert.match(is, /^# TYPE websocket_message_duration_seconds histogram$/m);
  assert.match(is, /^# TYPE websocket_rooms_total gauge$/m);
  assert.equal(sample(is, 'websocket_connected_clients'), 2);
  assert.equal(grown('websocket_messages_total{direction="in",event="message"}'), 5);
  assert.equal(grown('websocket_messages_total{direction="out",event="message"}'), 10);
  assert.equal(grown('websocket_messages_total{direction="in",event="other"}'), 3);
  assert.equal(sample(is, 'websocket_messages_total{direction="in",event="connection"}'), 2);
  assert.doesNotMatch(is, /made-up/);
  // The timer spans the receipt of an event to its answer, which waits for the disk.
  assert.equal(grown('websocket_message_duration_seconds_count{event="message"}'), 5);
  assert.ok(grown('websocket_message_duration_seconds_sum{event="message"}') > 0);
  // The room, and that of each user.
  assert.equal(sample(is, 'websocket_rooms_total'), 3);
  client.socket.disconnect();
  await waitFor('the disconnect to be counted', async () => sample(await read(first), 'websocket_messages_total{direction="in",event="disconnect"}') === 1);
});

test('acknowledgment.js: both halves', async () => {
  const client = await enter(second, 'carol');
  const processed = [];
  runFile(clientHalf, { socket: client.socket, processMessage: (data) => processed.push(data) });
  const said = [];
  const asked = [];
  // The server's socket: what it emits, the operator does.
  const socket = {
    emit: (event, data, callback) => asked.push(house.ctl('emit', event, JSON.stringify(data), '--nsp', '/', '--user', 'carol', '--ack', '--retries', '2')
      .then(({ answers }) => callback(...answers[0].args))),
  };
  runFile(serverHalf, { socket, data: { n: 1 }, console: { log: (text) => said.push(text) } });
  await Promise.all(asked);
  assert.deepEqual(processed, [{ n: 1 }]);
  assert.deepEqual(said, ['Message acknowledged']);
});

test('binary.js: both halves, through an application worker', async () => {
  const stack = await startStack({ workerNamespaces: ['/'] });
  const worker = await EchoWorker.start(stack, ['/']);
  try {
    const client = await connect(stack.gateways[0], { nsp: '/' });
    const said = [];
    runFile(receiveHalf, { socket: client.socket, console: { log: (...words) => said.push(words) } });
    runFile(sendHalf, { socket: client.socket, Buffer });
    await waitFor('the buffer', () => said.length);
    assert.deepEqual(said, [['Received buffer:', Buffer.from([1, 2, 3, 4, 5])]]);
    client.close();
  } finally {
    await worker.stop();
    await stack.down();
  }
});

test('/chat and /notifications never meet, and a user has a room of his own in each', async () => {
  const [chat, notes, tab] = [await enter(first, 'dave', '/chat'), await enter(first, 'dave', '/notifications'), await enter(second, 'dave', '/notifications')];
  for (const client of [chat, notes]) await client.ask('join-room', { roomId: 'same-name' });
  await chat.ask('message', { roomId: 'same-name', content: 'for chat' });
  await chat.next('message', { content: 'for chat' });
  // user:<id>: every tab of his, in that namespace.
  assert.deepEqual(await house.ctl('emit', 'notification', '{"n":1}', '--nsp', '/notifications', '--room', 'user:dave'), { sockets: 2, gateways: 2 });
  for (const client of [notes, tab]) await client.next('notification', { n: 1 });
  assert.deepEqual(notes.got('message'), []);
  assert.deepEqual(chat.got('notification'), []);
});

test('presence: who comes and who goes, once for all tabs', async () => {
  const watcher = await enter(first, 'eve');
  await watcher.ask('join-room', { roomId: 'lobby' });
  const tabs = [await enter(first, 'frank'), await enter(second, 'frank')];
  for (const tab of tabs) await tab.ask('join-room', { roomId: 'lobby' });
  for (const tab of tabs) await tab.ask('leave-room', { roomId: 'lobby' });
  assert.deepEqual(await watcher.next('user-left'), { roomId: 'lobby', userId: 'frank', username: 'FRANK' });
  const seen = watcher.got('room-presence', { userId: 'frank' }).map(({ action, usersCount }) => [action, usersCount]);
  assert.deepEqual(seen, [['joined', 2], ['left', 1]]);
  assert.equal(watcher.got('user-left').length, 1);
});
