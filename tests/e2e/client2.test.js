// socket.io-client 2.5, which speaks Engine.IO revision 3, beside the client of today: both chat in
// one room, over every transport.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { after, before, describe } = require('node:test');
const io2 = require('socket.io-client-2');
const { ROOT, startStack } = require('./stack');
const { Raw, connect, mint, refusal, test, userToken, waitFor } = require('./helpers');
const { Peer } = require('./rawws');
const { request } = require('./rawpoll');

const TRANSPORTS = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] };
const endsAs = { websocket: 'websocket', polling: 'polling', upgrade: 'websocket' };
const BYTES = Buffer.from([0, 1, 4, 254, 255]);
const EVENTS = ['connect', 'disconnect', 'error', 'message', 'message-back', 'room-joined', 'room-presence', 'auth'];

let stack;
let first;
let second;
let worker;
let rooms = 0;
const open = new Set();

before(async () => {
  stack = await startStack({ gateways: 2, gatewayOpts: { 'allow-eio3': 'yes' }, workerNamespaces: ['/custom'] });
  [first, second] = stack.gateways;
});
after(async () => {
  worker?.kill('SIGKILL');
  await stack?.down();
});

const newRoom = () => `old-and-new-${++rooms}`;

// One namespace of an old client; keeps what it hears.
class Old {
  constructor(gateway, { nsp = '/chat', over, ...options } = {}) {
    this.socket = over
      ? over.socket.io.socket(nsp, options)
      : io2(gateway.url + nsp, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
    this.all = [];
    for (const name of EVENTS) this.socket.on(name, (data) => this.all.push({ name, data }));
    open.add(this);
  }

  // Takes out the next event of that name whose data has these values.
  async next(name, values = {}) {
    const fits = (e) => e.name === name && Object.entries(values).every(([key, value]) => e.data?.[key] === value);
    return (await waitFor(`${name} ${JSON.stringify(values)}; there is ${JSON.stringify(this.all.slice(-5))}`, () => {
      const i = this.all.findIndex(fits);
      return i >= 0 && this.all.splice(i, 1)[0];
    })).data;
  }

  ask(...args) {
    return new Promise((resolve) => { this.socket.emit(...args, resolve); });
  }

  close() {
    open.delete(this);
    this.socket.io.reconnection(false);
    this.socket.disconnect();
    this.socket.io.engine?.close();
  }
}

async function connectOld(gateway, options) {
  const client = new Old(gateway, options);
  await client.next('connect');
  return client;
}

// As helpers' test, and closes the old clients.
function chatTest(name, fn) {
  test(name, async (t) => {
    try {
      await fn(t);
    } finally {
      for (const client of open) client.close();
    }
  });
}

const query = (user) => ({ token: userToken(stack, user) });
const same = (heard, content) => assert.deepEqual(Buffer.isBuffer(content) ? Buffer.from(heard) : heard, content);

// Both say something in the room, and both hear both.
async function talk(old, today, roomId, content, type) {
  for (const [speaker, userId] of [[old, 'old'], [today, 'today']]) {
    const { ok, seq } = await speaker.ask('message', { roomId, content, type });
    assert.equal(ok, true);
    for (const each of [old, today]) {
      const heard = await each.next('message', { roomId, seq });
      assert.equal(heard.userId, userId);
      same(heard.content, content);
    }
  }
}

async function enter(client, roomId) {
  assert.equal((await client.ask('join-room', { roomId })).ok, true);
  await client.next('room-joined', { roomId });
}

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  chatTest(`${name}: chats with the client of today, and comes back after its gateway was killed`, async () => {
    const roomId = newRoom();
    const today = await connect(second, { token: userToken(stack, 'today') });
    const old = await connectOld(first, { transports, query: query('old') });
    assert.equal(old.socket.id, `/chat#${old.socket.io.engine.id}`);
    for (const client of [old, today]) await enter(client, roomId);
    await talk(old, today, roomId, 'grüße \u{1f600}', 'text');
    await talk(old, today, roomId, BYTES, 'image');
    await waitFor(`the transport to be ${endsAs[name]}`, () => old.socket.io.engine.transport.name === endsAs[name]);
    await talk(old, today, roomId, Buffer.alloc(70000, 0xa5), 'file');
    await talk(old, today, roomId, 'after the upgrade', 'text');

    await stack.kill('gateway-1');
    await old.next('disconnect');
    await stack.start('gateway-1');
    await old.next('connect');
    await enter(old, roomId);
    await talk(old, today, roomId, 'back again', 'text');
    await talk(old, today, roomId, BYTES, 'image');
  });

  chatTest(`${name}: nothing is lost, doubled or out of order`, async () => {
    const roomId = newRoom();
    const old = await connectOld(first, { transports, query: query('old') });
    const today = await connect(first, { token: userToken(stack, 'today') });
    for (const client of [old, today]) await enter(client, roomId);
    const count = 200;
    const acks = await Promise.all(Array.from({ length: count }, (_, i) =>
      old.ask('message', i % 10 ? { roomId, content: `m${i}` } : { roomId, content: Buffer.from([i]), type: 'image' })));
    assert.deepEqual(acks.map((a) => a.seq), Array.from({ length: count }, (_, i) => i + 1));
    const expected = Array.from({ length: count }, (_, i) => (i % 10 ? `m${i}` : [i]));
    const plain = (m) => (typeof m.content === 'string' ? m.content : [...Buffer.from(m.content)]);
    await today.next('message', { roomId, seq: count });
    assert.deepEqual(today.got('message', { roomId }).map(plain), expected);
    await waitFor('the last message', () => old.all.some((e) => e.data?.seq === count));
    assert.deepEqual(old.all.filter((e) => e.name === 'message').map((e) => plain(e.data)), expected);
  });

  chatTest(`${name}: text only, as clients without binary data have it`, async () => {
    const roomId = newRoom();
    const today = await connect(first, { token: userToken(stack, 'today') });
    const old = await connectOld(first, { transports, query: query('old'), forceBase64: true });
    for (const client of [old, today]) await enter(client, roomId);
    await waitFor(`the transport to be ${endsAs[name]}`, () => old.socket.io.engine.transport.name === endsAs[name]);
    await talk(old, today, roomId, BYTES, 'image');
    await talk(old, today, roomId, 'and text', 'text');
  });
}

describe('heartbeat', () => {
  const [INTERVAL_MS, TIMEOUT_MS] = [500, 4000];
  let quick;
  before(async () => {
    quick = await startStack({ gatewayOpts: { 'allow-eio3': 'yes', 'ping-interval-ms': INTERVAL_MS, 'ping-timeout-ms': TIMEOUT_MS } });
  });
  after(() => quick?.down());

  for (const [name, transports] of Object.entries(TRANSPORTS)) {
    chatTest(`${name}: a quiet connection lives by its own pings`, async () => {
      const old = await connectOld(quick.gateways[0], { transports, query: { token: userToken(quick, 'old') } });
      const patience = Date.now() + INTERVAL_MS + TIMEOUT_MS; // with one that is silent
      let heard = 0;
      old.socket.on('pong', () => { heard = Date.now(); });
      await waitFor('a pong for one that would be closed if it were silent', () => heard > patience);
      assert.equal(old.all.filter((e) => e.name === 'disconnect').length, 0);
    });
  }
});

chatTest('the token may come in the query of the connection, of the namespace, or in a header', async () => {
  const transports = ['websocket'];
  const root = await connectOld(first, { nsp: '/', transports, query: query('old') });
  assert.equal(root.socket.id, root.socket.io.engine.id);

  // Nobody for "/", and somebody for the namespace: which hears of both, as such clients do.
  const bare = new Old(first, { nsp: '/', transports });
  assert.deepEqual(await bare.next('error'), { code: 'token_missing' });
  const chat = new Old(first, { over: bare, nsp: '/chat', query: query('old') });
  await chat.next('connect');
  assert.equal((await chat.ask('join-room', { roomId: newRoom() })).ok, true);

  const header = new Old(first, {
    nsp: '/', transports, transportOptions: { websocket: { extraHeaders: { Authorization: `Bearer ${userToken(stack, 'old')}` } } },
  });
  await header.next('connect');
});

chatTest('who has no token, or a bad one, hears an error and no more', async () => {
  for (const nsp of ['/', '/chat']) {
    const nobody = new Old(first, { nsp });
    assert.deepEqual(await nobody.next('error'), { code: 'token_missing' });
    const late = new Old(first, { nsp, query: { token: mint(stack, { userId: 'x', exp: 1 }) } });
    assert.deepEqual(await late.next('error'), { code: 'token_expired' });
    for (const client of [nobody, late]) assert.equal(client.socket.connected, false);
  }
});

test('the client of today has no token in its address', async () => {
  const error = await refusal(first, { query: query('today') });
  assert.equal(error.data.code, 'token_missing');
});

chatTest('an unknown namespace', async () => {
  const old = await connectOld(first, { query: query('old') });
  const stray = new Old(first, { over: old, nsp: '/random' });
  assert.deepEqual(await stray.next('error'), { message: 'Invalid namespace' });
  assert.equal((await old.ask('join-room', { roomId: newRoom() })).ok, true);
});

chatTest('several namespaces on one connection, each with its own id and end', async () => {
  const root = await connectOld(first, { nsp: '/', query: query('old') });
  const chat = new Old(first, { over: root, nsp: '/chat' });
  await chat.next('connect');
  const sid = root.socket.io.engine.id;
  assert.deepEqual([root.socket.id, chat.socket.id], [sid, `/chat#${sid}`]);
  const known = () => stack.log('gateway-1').filter((r) => r.event === 'socket.connected').map((r) => r.socketId);
  await waitFor('the log', () => [sid, `/chat#${sid}`].every((id) => known().includes(id)));
  chat.socket.disconnect();
  await waitFor('its end', () => stack.log('gateway-1').some((r) => r.event === 'socket.disconnected' && r.socketId === `/chat#${sid}`));
  chat.socket.connect();
  await chat.next('connect');
  assert.equal((await chat.ask('join-room', { roomId: newRoom() })).ok, true);
  assert.equal(root.socket.connected, true);
});

chatTest('an application worker serves it as any other', async () => {
  const endpoint = /^ipc-endpoint = (.*)$/m.exec(readFileSync(`${stack.dir}/conf/broker.conf`, 'utf8'))[1];
  worker = spawn(process.execPath, [path.join(ROOT, 'examples/worker/echo.js'), endpoint, 'worker-1', '/custom'], {
    stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, NODE_PATH: path.join(__dirname, 'node_modules') },
  });
  await waitFor('the worker', () => stack.log('broker').some((r) => r.event === 'worker.serving'));
  const old = await connectOld(first, { nsp: '/custom', query: { a: '1 & 2' }, transports: ['polling'] });
  assert.deepEqual(await old.next('auth'), { a: '1 & 2' });
  const args = [1, 'zwei', { three: [BYTES] }, BYTES];
  const echoed = new Promise((resolve) => { old.socket.once('message-back', (...got) => resolve(got)); });
  old.socket.emit('message', ...args);
  assert.deepEqual(await echoed, args);
  const acked = await new Promise((resolve) => { old.socket.emit('message-with-ack', ...args, (...got) => resolve(got)); });
  assert.deepEqual(acked, args);
});

test('what is written where: the open packet, then CONNECT unasked', async () => {
  const token = userToken(stack, 'raw');
  const socket = new Raw(first, `/socket.io/?EIO=3&transport=websocket&token=${token}`);
  const { sid } = JSON.parse((await socket.next(/^0\{/)).slice(1));
  assert.equal(await socket.next(/./), '40');
  assert.ok(sid);
  socket.send(`40/chat?token=${token},`);
  assert.equal(await socket.next(/./), '40/chat,');
  socket.send('420["join-room",{"roomId":"raw"}]');
  assert.match(await socket.next(/^430/), /^430\[\{"ok":true/);
  socket.send('40');
  assert.equal(await socket.waitClosed('a second CONNECT'), 1000);
});

test('what is written where, over polling', async () => {
  const { port } = new URL(first.url);
  const peer = new Peer(Number(port));
  const get = async (target) => {
    peer.send(request('GET', target));
    return (await peer.response()).body;
  };
  const target = '/socket.io/?EIO=3&transport=polling';
  const opened = await get(target);
  const { sid } = JSON.parse(opened.match(/^\d+:0(\{.*\})$/)[1]);
  assert.equal(await get(`${target}&sid=${sid}`), '26:44{"code":"token_missing"}');
  peer.destroy();
});
