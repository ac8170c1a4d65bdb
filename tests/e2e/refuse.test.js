// Bad input and bad circumstances: each gets a clear answer, and the server lives on.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, afterEach, before } = require('node:test');
const { BUILD, freePorts, program, run, startStack } = require('./stack');
const { Raw, connect, mint, now, page, refusal, test, userToken, waitFor, within } = require('./helpers');

const CONNECT = (token) => `40/chat,${JSON.stringify({ token })}`;
// Root may write everywhere; without this capability it is refused like anybody else.
const UNPRIVILEGED = process.getuid() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
const QUIET_POLLS = 100;

let stack;
let first;
let second;
let pids;
let rounds = 0;

before(async () => {
  stack = await startStack({ gateways: 2, gatewayOpts: { 'token-leeway-ms': 0 } });
  [first, second] = stack.gateways;
  pids = [stack.broker, first, second].map((p) => p.pid);
});
after(() => stack?.down());

// After each of them: the same processes, ready, and a message goes through both gateways.
afterEach(async () => {
  assert.deepEqual(['broker', 'gateway-1', 'gateway-2'].map(stack.isAlive), [true, true, true]);
  assert.deepEqual([stack.broker, first, second].map((p) => p.pid), pids);
  const roomId = `alive-${++rounds}`;
  const clients = await Promise.all([first, second].map((g) => connect(g, { token: userToken(stack, 'probe') })));
  for (const client of clients) assert.equal((await client.ask('join-room', { roomId })).ok, true);
  assert.equal((await clients[0].ask('message', { roomId, content: 'alive' })).ok, true);
  for (const client of clients) await client.next('message', { roomId, content: 'alive' });
  clients.forEach((client) => client.close());
});

const connectedRaw = async () => {
  const raw = await Raw.connect(first);
  raw.send(CONNECT(userToken(stack, 'mallory')));
  await raw.next(/^40\/chat,\{"sid"/);
  return raw;
};

// Runs a program that is expected to give up by itself; what it said and how it ended.
function giveUp(command, ...args) {
  const child = spawn(command, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { said += data; });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, said }));
  });
  return within(ended, () => `${path.basename(command)} to give up; it said ${said}`).finally(() => child.kill('SIGKILL'));
}

const secondBroker = async (...args) => {
  const base = await freePorts(2);
  const elsewhere = path.join(stack.dir, 'run', `other-${base}`);
  return [program('roomcast-broker'), '--config', path.join(stack.dir, 'conf/broker.conf'),
    '--ipc-endpoint', `ipc://${elsewhere}.sock`, '--control-endpoint', `ipc://${elsewhere}-control.sock`,
    '--tcp-endpoint', `tcp://127.0.0.1:${base}`, '--http-listen', `127.0.0.1:${base + 1}`, ...args];
};

const refusals = {
  'no token': ['token_missing', 'Authentication required', () => undefined],
  'a token that is no string': ['token_missing', 'Authentication required', () => 42],
  'no token but words': ['token_malformed', 'Invalid authentication', () => 'not-a-token'],
  'a token of 64 KiB': ['token_malformed', 'Invalid authentication', () => mint(stack, { userId: 'x', pad: 'x'.repeat(65536) })],
  'alg none': ['token_malformed', 'Invalid authentication', () => mint(stack, { userId: 'x' }, { header: { alg: 'none', typ: 'JWT' } })],
  'an algorithm without a key': ['token_signature', 'Invalid authentication', () => mint(stack, { userId: 'x' }, { header: { alg: 'HS512' } })],
  'an unknown algorithm': ['token_malformed', 'Invalid authentication', () => mint(stack, { userId: 'x' }, { header: { alg: 'RS512' } })],
  'another key': ['token_signature', 'Invalid authentication', () => mint(stack, { userId: 'x' }, { secret: randomBytes(32).toString('hex') })],
  'a changed payload': ['token_signature', 'Invalid authentication', () => {
    const [header, , signature] = mint(stack, { userId: 'x' }).split('.');
    return [header, mint(stack, { userId: 'root' }).split('.')[1], signature].join('.');
  }],
  expired: ['token_expired', 'Invalid authentication', () => mint(stack, { userId: 'x', exp: now() - 3600 })],
  'not yet valid': ['token_not_yet_valid', 'Invalid authentication', () => mint(stack, { userId: 'x', nbf: now() + 3600 })],
};

for (const [what, [code, message, token]] of Object.entries(refusals)) {
  test(`refused at CONNECT: ${what}`, async () => {
    const error = await refusal(first, { token: token() });
    assert.equal(error.message, message);
    assert.equal(error.data.code, code);
  });
}

test('refused at CONNECT: an expired token of our own making', async () => {
  const token = await stack.token({ user: 'x', expires: 1 });
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  assert.ok(exp <= now() + 1);
  await waitFor('it to be refused', async () => {
    const error = await refusal(first, { token });
    return error && error.data.code === 'token_expired';
  });
});

test('refused at CONNECT: a namespace that is not there', async () => {
  const error = await refusal(first, { nsp: '/nowhere', token: userToken(stack, 'x') });
  assert.equal(error.message, 'Invalid namespace');
});

const garbage = {
  'before CONNECT, an event': ['42["message",{"roomId":"lobby","content":"x"}]', '42/chat,0["join-room",{"roomId":"lobby"}]'],
  'an Engine.IO packet': ['', '7', 'x', '2', '\u0000', '\u{1f4a3}'],
  'a Socket.IO packet': ['49', '4x', '40[]', '40null', '40"x"', '40{"token"', '41{}', '4/', '4-', '44{"message":"x"}', '45999999999-["x"]'],
  'bytes': [Buffer.alloc(0), Buffer.from([0xff]), randomBytes(1000)],
};
for (const [what, packets] of Object.entries(garbage)) {
  test(`closes the connection: ${what}`, async () => {
    for (const packet of packets) {
      const raw = await Raw.connect(first);
      raw.send(packet);
      await raw.waitClosed(packet);
    }
  });
}

test('closes the connection: a bad packet after CONNECT', async () => {
  const packets = ['42/chat,[]', '42/chat,{}', '42/chat,["a"', '42/chat,[null]', '42/chat,["connect"]', '42/chat,["disconnecting"]',
    '42["message",{}]', '41/chat,{}', CONNECT('again'), '42/chat,[{"toString":"x"}]', '451-/chat,["x",{"_placeholder":true,"num":"splice"}]',
    `42/chat,["x",${'['.repeat(100000)}`];
  for (const packet of packets) {
    const raw = await connectedRaw();
    raw.send(packet);
    if (packet.startsWith('451-')) raw.send(Buffer.from('x'));
    await raw.waitClosed(packet);
  }
});

test('closes the connection: more than the largest payload', async () => {
  const raw = await connectedRaw();
  raw.send(`42/chat,["message",{"roomId":"lobby","content":"${'x'.repeat(2e6)}"}]`);
  await raw.waitClosed('2 MB');
});

test('an id of 10000 characters and missing fields are named in the answer', async () => {
  const client = await connect(first, { token: userToken(stack, 'mallory') });
  const long = 'r'.repeat(10000);
  const cases = [
    ['join-room', { roomId: long }, ['roomId']], ['leave-room', { roomId: long }, ['roomId']], ['typing', { roomId: long }, ['roomId']],
    ['message', { roomId: long, content: 'x' }, ['roomId']], ['join-room', {}, ['roomId']], ['join-room', null, undefined],
    ['message', {}, ['content', 'roomId']], ['message', { roomId: 'lobby' }, ['content']], ['join-room', { roomId: '' }, ['roomId']],
  ];
  for (const [event, data, paths] of cases) {
    const { ok, error } = await client.ask(event, data);
    assert.equal(ok, false);
    assert.equal(error.code, 'invalid_message', event);
    if (paths) assert.deepEqual(error.details.map((d) => d.path).sort(), paths);
    for (const { message } of error.details) assert.ok(message.length > 0 && message.length < 200);
  }
  assert.equal(client.socket.connected, true);
});

// Sends bytes and waits for the other side to hang up, or hangs up once all is sent.
function pour(port, bytes) {
  return within(new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', resolve).on('close', resolve).resume();
    socket.end(bytes);
    socket.setTimeout(5000, () => socket.destroy());
  }), () => `the end of a connection to port ${port}`);
}

test('binary garbage on both ports', async () => {
  const conf = fs.readFileSync(path.join(stack.dir, 'conf/broker.conf'), 'utf8');
  const link = Number(/tcp-endpoint = tcp:\/\/127\.0\.0\.1:(\d+)/.exec(conf)[1]);
  const greeting = Buffer.concat([Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]), Buffer.from('NULL'.padEnd(20, '\0')), Buffer.alloc(32)]);
  const upgrade = Buffer.from('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  const kinds = [randomBytes(100), randomBytes(100000), Buffer.alloc(5000), Buffer.alloc(5000, 0xff), Buffer.from([0x80, 0x00]),
    Buffer.concat([greeting, randomBytes(2000)]), Buffer.concat([upgrade, randomBytes(5000)]),
    Buffer.from(`GET /${'a'.repeat(100000)} HTTP/1.1\r\n\r\n`), Buffer.from('POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nx')];
  for (const port of [new URL(first.url).port, new URL(second.url).port, link]) {
    for (const bytes of kinds) await pour(port, bytes);
  }
  for (const { url } of stack.gateways) assert.equal((await page(`${url}/health`)).status, 200);
});

test('a gateway whose key nobody authorised never becomes ready, and the broker says so once', async () => {
  const key = path.join(stack.dir, 'rogue');
  await run(program('roomcastctl'), ['keygen', 'curve', '--out', key]);
  const port = await freePorts(1);
  const rogue = spawn(program('roomcast-gateway'), ['--config', path.join(stack.dir, 'conf/gateway-2.conf'), '--gateway-id', 'rogue',
    '--port', String(port), '--curve-secret-file', `${key}.key`], { stdio: 'ignore' });
  try {
    const denials = () => stack.log('broker').filter((r) => ['warn', 'error'].includes(r.level) && /zap|curve|key|denied/i.test(r.event));
    await waitFor('the broker to say so', () => denials().length > 0);
    const ready = () => page(`http://127.0.0.1:${port}/ready`);
    await waitFor('the gateway to answer', async () => (await ready()).status);
    for (let i = 0; i < QUIET_POLLS; i++) assert.equal((await ready()).status, 503);
    assert.equal((await page(`http://127.0.0.1:${port}/health`)).status, 200);
    assert.equal(denials().length, 1, JSON.stringify(denials()));
    assert.ok(!(await stack.ctl('gateways')).gateways.some((g) => g.id === 'rogue'));
  } finally {
    const gone = new Promise((resolve) => { rogue.on('exit', resolve); });
    rogue.kill('SIGKILL');
    await gone;
  }
});

test('a second broker on the same database is refused with the pid of the first', async () => {
  const { code, said } = await giveUp(...await secondBroker());
  assert.equal(code, 1, said);
  assert.match(said, new RegExp(`\\b${stack.broker.pid}\\b`));
});

test('a database directory that cannot be written to is refused', async () => {
  const dir = path.join(stack.dir, 'sealed');
  fs.mkdirSync(dir, { mode: 0o500 });
  const [command, ...args] = [...UNPRIVILEGED, ...await secondBroker('--database', path.join(dir, 'x.db'))];
  const { code, said } = await giveUp(command, ...args);
  assert.equal(code, 1, said);
  assert.match(said, /sealed/);
  assert.deepEqual(fs.readdirSync(dir), []);
});

test('a port in use is refused', async () => {
  const { port } = new URL(first.url);
  const gateway = await giveUp(program('roomcast-gateway'), '--config', path.join(stack.dir, 'conf/gateway-1.conf'), '--gateway-id', 'late');
  assert.equal(gateway.code, 1, gateway.said);
  assert.match(gateway.said, new RegExp(`\\b${port}\\b`));
  assert.match(gateway.said, /in use/i);

  const other = path.join(stack.dir, 'data/other.db');
  const broker = await giveUp(...await secondBroker('--database', other, '--http-listen', new URL(stack.broker.metrics).host));
  assert.equal(broker.code, 1, broker.said);
  assert.match(broker.said, /in use/i);

  const taken = await stack.command('up', path.join(stack.dir, 'another'), '--base-port', port, '--build', BUILD).catch((error) => error);
  assert.match(taken.message, new RegExp(`port ${port} is in use`));
});
