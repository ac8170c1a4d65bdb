// Worker namespaces: the example workers behind two gateways, as stock clients see them.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const { decodeMulti } = require('@msgpack/msgpack');
const { after, before } = require('node:test');
const { EchoWorker } = require('./echo-worker');
const { ROOT, startStack } = require('./stack');
const { Raw, connect, refusal, test, userToken, waitFor } = require('./helpers');

const EXAMPLES = path.join(ROOT, 'examples/worker');
const PYTHON = ['/usr/bin/python3', path.join(EXAMPLES, 'echo.py')];
const NODE = [process.execPath, path.join(EXAMPLES, 'echo.js')];
const BACKLOG = 200;
// A worker that hears nothing for three of them begins anew: more than one is busy with a task here.
const HEARTBEAT_MS = 1000;
const LEASE_MS = 4000;
const BUSY_S = 2;

let stack;
let first;
let second;
let names = 0;
const workers = new Set();

before(async () => {
  stack = await startStack({ gateways: 2, workerNamespaces: ['/', '/custom'], brokerOpts: { 'heartbeat-ms': HEARTBEAT_MS, 'lease-ms': LEASE_MS } });
  [first, second] = stack.gateways;
});
after(async () => {
  for (const worker of workers) worker.kill('SIGKILL');
  await stack?.down();
});

const confOf = (file, key) => new RegExp(`^${key} = (.*)$`, 'm').exec(readFileSync(`${stack.dir}/conf/${file}`, 'utf8'))[1];

// A worker that the broker knows; over tcp it is the one that has a key.
async function hire(program, { tcp = false, namespaces = ['/', '/custom'] } = {}) {
  const name = tcp ? 'worker' : `worker-${++names}`;
  const endpoint = confOf('broker.conf', tcp ? 'tcp-endpoint' : 'ipc-endpoint');
  const before = stack.log('broker').filter((line) => line.event === 'worker.serving').length;
  const keys = `${stack.dir}/keys`;
  const [file, script] = program;
  const worker = spawn(file, [script, endpoint, name, ...namespaces], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      NODE_PATH: path.join(__dirname, 'node_modules'),
      ROOMCAST_CURVE_KEY: `${keys}/worker.key`,
      ROOMCAST_CURVE_PUBLIC: `${keys}/worker.pub`,
      ROOMCAST_BROKER_KEY: `${keys}/broker.pub`,
    },
  });
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
  await waitFor(`${name} to serve`, () => stack.log('broker').filter((line) => line.event === 'worker.serving').length > before);
  return Object.assign(worker, { workerName: name });
}

// Ends them and waits until the broker knows.
async function dismiss(...gone) {
  for (const worker of gone) {
    const before = stack.log('broker').filter((line) => line.event === 'peer.gone').length;
    worker.kill('SIGKILL');
    await waitFor(`${worker.workerName} to be missed`, () => stack.log('broker').filter((line) => line.event === 'peer.gone').length > before);
  }
}

const enter = (gateway, options) => connect(gateway, { nsp: '/custom', ...options });
const ask = (client, ...args) => client.socket.timeout(20000).emitWithAck(...args);

for (const [what, program, options] of [['python over ipc', PYTHON], ['javascript over ipc', NODE], ['python over tcp', PYTHON, { tcp: true }], ['javascript over tcp', NODE, { tcp: true }]]) {
  test(`the example worker in ${what}`, async () => {
    const worker = await hire(program, options);
    const alice = await enter(first, { auth: { seat: 1 } });
    const bob = await enter(second);
    assert.deepEqual(await alice.next('auth'), { seat: 1 });
    assert.deepEqual(await bob.next('auth'), {});

    const args = [1, '2', { 3: [true, null, 1.5] }, Buffer.from('bytes')];
    const back = new Promise((resolve) => { alice.socket.once('message-back', (...all) => resolve(all)); });
    alice.socket.emit('message', ...args);
    assert.deepEqual(await back, args);
    assert.deepEqual(await ask(bob, 'message-with-ack', { a: Buffer.from('b') }), { a: Buffer.from('b') });

    bob.socket.once('question', (question, answer) => answer(question, 'answered'));
    const acked = new Promise((resolve) => { bob.socket.once('acked', (...all) => resolve(all)); });
    bob.socket.emit('ask', 'why');
    assert.deepEqual(await acked, ['why', 'answered']);

    const roomId = `room-${names}-${options?.tcp}`;
    await ask(alice, 'join', roomId);
    await ask(bob, 'join', roomId);
    alice.socket.emit('say', roomId, 'one');
    assert.equal(await bob.next('said', {}), 'one');
    await ask(bob, 'leave', roomId);
    alice.socket.emit('say', roomId, 'two');
    bob.socket.emit('say', roomId, 'three');
    assert.equal(await alice.next('said', {}), 'three');
    assert.equal(bob.got('said').length, 1);
    assert.equal(alice.got('said').length, 1, 'who says it does not hear it');

    bob.socket.emit('end');
    assert.equal(await bob.inbox.take((e) => e.name === 'disconnect', 'the end').then((e) => e.data), 'io server disconnect');

    const refused = await refusal(second, { nsp: '/custom', auth: { refuse: true } });
    assert.equal(refused.message, 'Not you');
    assert.deepEqual(refused.data, { code: 'not_you' });
    alice.close();
    await dismiss(worker);
  });
}

test('the packets of a worker namespace', async () => {
  const worker = await hire(PYTHON);
  const raw = await Raw.connect(first);
  raw.send('40{"token":"123"}');
  await raw.next(/^40\{"sid":"[^"]+"\}$/);
  await raw.next(/^42\["auth",\{"token":"123"\}\]$/);
  raw.send('40/custom,');
  await raw.next(/^40\/custom,\{"sid":"[^"]+"\}$/);
  await raw.next(/^42\/custom,\["auth",\{\}\]$/);
  raw.send('42["message",1,"2",{"3":[true]}]', '42/custom,456["message-with-ack",1,"2",{"3":[false]}]');
  await raw.next(/^42\["message-back",1,"2",\{"3":\[true\]\}\]$/);
  await raw.next(/^43\/custom,456\[1,"2",\{"3":\[false\]\}\]$/);
  raw.send('40/unknown,');
  await raw.next(/^44\/unknown,\{"message":"Invalid namespace"\}$/);
  raw.close();
  await dismiss(worker);
});

test('without a worker the connection is closed and comes back by itself', async () => {
  const raw = await Raw.connect(first);
  raw.send('40');
  await raw.waitClosed('no worker');
  assert.deepEqual(raw.inbox.items, []);
  const coming = enter(second);
  const worker = await hire(PYTHON);
  const client = await coming;
  client.close();
  await dismiss(worker);
});

test('a worker hears of the handshake, but of nothing that lets a client in', async () => {
  const worker = await EchoWorker.start(stack, ['/custom']);
  const client = await enter(first, {
    query: { a: '1 & 2', token: 'secret-1' },
    extraHeaders: { Origin: 'http://example.com', Referer: 'http://example.com/page', 'Accept-Language': 'de', Cookie: 'io=secret-2', Authorization: 'Bearer secret-3' },
  });
  const [connect] = worker.connects;
  const [, , nsp, , , ip, , transport, since, url, secure, headers] = [...decodeMulti(connect)];
  assert.deepEqual([nsp, ip, transport, secure], ['/custom', '127.0.0.1', 'websocket', false]);
  assert.ok(Math.abs(Date.now() - since) < 60000);
  assert.match(url, /^\/socket\.io\/\?a=1%20%26%202&token=&EIO=4&transport=websocket$/);
  assert.deepEqual(headers, { host: new URL(first.url).host, origin: 'http://example.com', referer: 'http://example.com/page', 'accept-language': 'de' });
  assert.ok(!connect.includes('secret'));
  client.close();
  const before = stack.log('broker').filter((line) => line.event === 'peer.gone').length;
  await worker.stop();
  await waitFor('the worker to be missed', () => stack.log('broker').filter((line) => line.event === 'peer.gone').length > before);
});

test('events that a namespace of rooms does not know go to a worker that serves it', async () => {
  const alice = await connect(first, { token: userToken(stack, 'alice') });
  const bob = await connect(second, { token: userToken(stack, 'bob') });
  const unknown = { code: 'unknown_event', message: 'Unknown event' };
  assert.deepEqual((await alice.ask('message-with-ack', 'x')).error, unknown);
  for (const program of [PYTHON, NODE]) {
    const worker = await hire(program, { namespaces: ['/chat'] });
    assert.equal(await ask(alice, 'message-with-ack', 'x'), 'x');
    // Without an ack, and with one of ours.
    alice.socket.emit('message-back', 'is not known');
    const back = new Promise((resolve) => { bob.socket.once('question', (question, answer) => { answer(question, 'answered'); resolve(); }); });
    bob.socket.emit('ask', 'why');
    await back;
    await bob.inbox.take((e) => e.name === 'acked', 'the ack at the worker');
    // The rooms go on as they are.
    for (const client of [alice, bob]) assert.equal((await client.ask('join-room', { roomId: 'both' })).ok, true);
    assert.equal((await alice.ask('message', { roomId: 'both', content: 'hello' })).ok, true);
    await bob.next('message', { content: 'hello' });
    alice.socket.emit('say', 'both', 'from the worker');
    await bob.inbox.take((e) => e.name === 'said' && e.data === 'from the worker', 'what the worker says to a room');
    await dismiss(worker);
  }
  assert.deepEqual((await bob.ask('message-with-ack', 'x')).error, unknown);
  alice.close();
  bob.close();
});

test('two workers share the sockets, and each keeps its order', async () => {
  const crew = [await hire(PYTHON), await hire(PYTHON)];
  const clients = [];
  for (let i = 0; i < 10; i++) clients.push(await enter(i % 2 ? first : second));
  const answers = await Promise.all(clients.map((client) => Promise.all(
    Array.from({ length: 50 }, (_, i) => ask(client, 'slow', 0, i)))));
  const byPid = answers.map((all) => new Set(all));
  for (const pids of byPid) assert.equal(pids.size, 1, 'one socket, one worker');
  const shares = crew.map(({ pid }) => byPid.filter((pids) => pids.has(pid)).length);
  assert.deepEqual(shares, [5, 5]);

  const heard = clients.map((client) => {
    const all = [];
    client.socket.on('message-back', (i) => all.push(i));
    for (let i = 0; i < 100; i++) client.socket.emit('message', i);
    return all;
  });
  await waitFor('every echo', () => heard.every((all) => all.length === 100));
  for (const all of heard) assert.deepEqual(all, Array.from({ length: 100 }, (_, i) => i));
  for (const client of clients) client.close();
  await dismiss(...crew);
});

test('another worker does what a killed one left undone, in order', async () => {
  const dying = await hire(PYTHON);
  const client = await enter(first);
  const other = await hire(PYTHON);
  const order = [];
  const asked = [ask(client, 'slow', BUSY_S, 'first')];
  for (let i = 0; i < BACKLOG; i++) asked.push(ask(client, 'message-with-ack', i).then((n) => order.push(n)));
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  await dismiss(dying);
  const [who] = await Promise.all(asked);
  assert.equal(who, other.pid);
  assert.deepEqual(order, Array.from({ length: BACKLOG }, (_, i) => i));
  assert.equal(client.got('disconnect').length, 0);

  // The last one is gone, too: nobody can, and the client hears so.
  const late = ask(client, 'slow', 5, 'last');
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  await dismiss(other);
  assert.equal((await late).error.code, 'unavailable');
  assert.equal((await ask(client, 'message-with-ack', 1)).error.code, 'unavailable');

  // A new one takes the client over as it is.
  const heir = await hire(NODE);
  assert.equal(await ask(client, 'message-with-ack', 'again'), 'again');
  assert.equal(client.got('disconnect').length, 0);
  client.close();
  await dismiss(heir);
});

test('nothing of it is stored', async () => {
  assert.deepEqual(await stack.sql("SELECT name FROM rooms WHERE nsp IN ('/', '/custom')"), []);
  for (const { name } of [{ name: 'broker' }, ...stack.gateways]) {
    const bad = stack.log(name).filter((line) => line.event === 'worker.invalid');
    assert.deepEqual(bad, []);
  }
});
