// Stock clients of other makes and settings: each connects, joins, chats, sends binary, and comes back.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { after, before } = require('node:test');
const parser = require('socket.io-msgpack-parser');
const { startStack } = require('./stack');
const { Client, connect, joined, newRoom, test, userToken, waitFor, within } = require('./helpers');

const PYTHON = '/usr/bin/python3';
const SCRIPT = path.join(__dirname, 'client.py');

let stack;
let gateway;

before(async () => {
  // Other makes know nothing of offsets, and some do not take an argument more than they expect.
  const opts = { recovery: 'no' };
  stack = await startStack({ gateways: 2, gatewayOpts: opts, brokerOpts: opts });
  [gateway] = stack.gateways;
});
after(() => stack?.down());

// The gateway ends without a word, and another takes its place.
async function replaceGateway() {
  await stack.kill('gateway-1');
  await stack.start('gateway-1');
}

// What everybody who is with them in the room sees; on another gateway, so that it stays.
const watcher = async (roomId) => joined(await connect(stack.gateways[1], { token: userToken(stack, 'watcher') }), roomId);

const SETTINGS = {
  'tryAllTransports, WebSocket first': { transports: ['websocket', 'polling'], tryAllTransports: true },
  'socket.io-msgpack-parser': { parser },
  'retries and ackTimeout': { retries: 3, ackTimeout: 20000 },
};

for (const [what, options] of Object.entries(SETTINGS)) {
  test(`socket.io-client with ${what}`, async () => {
    const roomId = newRoom();
    const other = await watcher(roomId);
    const client = await connect(gateway, { token: userToken(stack, 'alice'), reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
    const talk = async (content, type) => {
      const { ok, seq } = await client.ask('message', { roomId, content, type });
      assert.equal(ok, true);
      for (const each of [client, other]) assert.deepEqual((await each.next('message', { roomId, seq })).content, content);
    };
    const listen = async (content, type) => {
      assert.equal((await other.ask('message', { roomId, content, type })).ok, true);
      assert.deepEqual((await client.next('message', { roomId, userId: 'watcher' })).content, content);
      await other.next('message', { roomId, userId: 'watcher' });
    };
    assert.equal((await client.ask('join-room', { roomId })).ok, true);
    await talk('hello', 'text');
    await talk(Buffer.from([0, 1, 254, 255]), 'image');
    await listen('hello yourself', 'text');
    await listen(Buffer.from([255, 0]), 'file');
    assert.equal(client.socket.io.engine.transport.name, 'websocket');

    const before = client.socket.id;
    await replaceGateway();
    await client.next('disconnect');
    await client.next('connect');
    assert.notEqual(client.socket.id, before);
    assert.equal((await client.ask('join-room', { roomId })).ok, true);
    await talk('back again', 'text');
    await listen(Buffer.from('and bytes'), 'image');
  });
}

// A process of client.py: a line of JSON is a command, its answer a line as well.
class Python {
  constructor(url, token) {
    this.child = spawn(PYTHON, [SCRIPT, url, token], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = [];
    this.errors = '';
    this.child.stderr.on('data', (data) => { this.errors += data; });
    this.exited = new Promise((resolve) => { this.child.on('exit', (code, signal) => resolve(code ?? signal)); });
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line));
    });
  }

  // The next line of that kind whose data has these values.
  async next(kind, values = {}) {
    const fits = (line) => line.kind === kind && Object.entries(values).every(([key, value]) => line.data[key] === value);
    const found = await waitFor(`${kind} ${JSON.stringify(values)}; there is ${JSON.stringify(this.lines.slice(-5))} ${this.errors.slice(-2000)}`, () => {
      const i = this.lines.findIndex(fits);
      return i >= 0 && this.lines.splice(i, 1)[0];
    });
    return found.data;
  }

  ask(event, data) {
    this.child.stdin.write(`${JSON.stringify({ event, data })}\n`);
    return this.next('ack');
  }
}

test('python-socketio', async () => {
  const roomId = newRoom();
  const other = await watcher(roomId);
  const python = new Python(gateway.url, userToken(stack, 'monty'));
  try {
    await python.next('connect');
    // Bytes are { bytes: hex } on the way to and from the process.
    const talk = async (content, type) => {
      const { ok, seq } = await python.ask('message', { roomId, content, type });
      assert.equal(ok, true);
      const seen = (await other.next('message', { roomId, seq })).content;
      assert.deepEqual(Buffer.isBuffer(seen) ? { bytes: seen.toString('hex') } : seen, content);
      assert.deepEqual((await python.next('message', { seq })).content, content);
    };
    const listen = async (content, type, seen) => {
      const { seq } = await other.ask('message', { roomId, content, type });
      assert.deepEqual((await python.next('message', { seq })).content, seen);
    };
    assert.equal((await python.ask('join-room', { roomId })).ok, true);
    await talk('hello', 'text');
    await talk({ bytes: '0001feff' }, 'image');
    await listen('hello yourself', 'text', 'hello yourself');
    await listen(Buffer.from([255, 0]), 'file', { bytes: 'ff00' });
    const { ok, error } = await python.ask('message', { roomId, content: '' });
    assert.deepEqual([ok, error.code], [false, 'invalid_message']);

    await replaceGateway();
    await python.next('disconnect');
    await python.next('connect');
    assert.equal((await python.ask('join-room', { roomId })).ok, true);
    await talk('back again', 'text');
    python.child.stdin.end();
    assert.equal(await within(python.exited, () => `python to end; ${python.errors}`), 0);
  } finally {
    python.child.kill('SIGKILL');
  }
});

test('tryAllTransports: a client that is refused by WebSocket tries on, and comes when the gateway is back', async () => {
  await stack.kill('gateway-1');
  const client = new Client(gateway, {
    token: userToken(stack, 'late'), transports: ['websocket', 'polling'], tryAllTransports: true, reconnectionDelay: 50, reconnectionDelayMax: 200,
  });
  await client.next('connect_error');
  await stack.start('gateway-1');
  await client.next('connect');
  assert.equal((await client.ask('join-room', { roomId: newRoom() })).ok, true);
});
