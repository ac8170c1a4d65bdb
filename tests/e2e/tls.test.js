// TLS of a gateway: what it shows and refuses, what stock clients see, and how a certificate is renewed.
'use strict';

const assert = require('node:assert/strict');
const { randomBytes } = require('node:crypto');
const { once } = require('node:events');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const https = require('node:https');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const tls = require('node:tls');
const { Echo, QUIET } = require('./echo');
const { Issuer, RSA } = require('./issuer');
const { program, startStack } = require('./stack');
const { connect, refusal, test, userToken, waitFor, within } = require('./helpers');

const HANDSHAKE_MAX_MS = 25000; // 10 s, on a busy machine
const MANY = 50;
const SAY_EVERY_MS = 10000; // of a gateway, that handshakes fail

let dir;
let issuer;
let stack;
let gateway;
let files;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-tls-'));
  issuer = new Issuer(path.join(dir, 'ca'));
  files = issuer.issue('server', 1);
  stack = await startStack({
    gatewayOpts: { 'tls-certificate-file': files.certificate, 'tls-key-file': files.key, 'client-queue-max-bytes': 16 << 20,
      'ping-timeout-ms': 120000 }, // some do not read for a while
  });
  [gateway] = stack.gateways;
});
after(async () => {
  await stack?.down();
  fs.rmSync(dir, { recursive: true, force: true });
});

const port = () => Number(new URL(gateway.url).port);
const enter = async (user, roomId, options) => {
  const client = await connect(gateway, { token: userToken(stack, user), ca: issuer.ca, ...options });
  assert.equal((await client.ask('join-room', { roomId })).ok, true);
  return client;
};

// A handshake of our own; resolves to the socket.
function dial(options = {}) {
  return within(new Promise((resolve, reject) => {
    const socket = tls.connect({ port: port(), host: '127.0.0.1', ca: issuer.ca, ...options }, () => resolve(socket));
    socket.on('error', reject);
  }), () => 'a handshake');
}

async function serialShown(options) {
  const socket = await dial(options);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return parseInt(serialNumber, 16);
}

function get(name, options = {}) {
  return within(new Promise((resolve, reject) => {
    const request = https.get(`${gateway.url}/${name}`, { ca: issuer.ca, agent: false, ...options }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (data) => { text += data; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    request.on('error', reject);
  }), () => name);
}

async function handshakes() {
  const { text } = await get('metrics');
  return Object.fromEntries([...text.matchAll(/^roomcast_gateway_tls_handshakes_total\{state="(\w+)"\} (\d+)$/mg)]
    .map(([, state, count]) => [state, Number(count)]));
}

const openFiles = () => fs.readdirSync(`/proc/${gateway.pid}/fd`).length;

// Replaces the pair as a tool that renews would, and waits until the gateway says what came of it.
async function renew(pair, event) {
  const before = stack.log('gateway-1').filter((r) => r.event === event).length;
  fs.copyFileSync(pair.certificate, files.certificate);
  fs.copyFileSync(pair.key, files.key);
  process.kill(gateway.pid, 'SIGHUP');
  return waitFor(event, () => stack.log('gateway-1').filter((r) => r.event === event)[before]);
}

for (const [name, transports] of Object.entries({ polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] })) {
  test(`a stock client over ${name}`, async () => {
    const roomId = `stock-${name}`;
    const alice = await enter(`alice-${name}`, roomId, { transports });
    const bob = await enter(`bob-${name}`, roomId, { transports });
    const picture = randomBytes(200000);
    assert.equal((await alice.ask('message', { roomId, content: 'text' })).ok, true);
    assert.equal((await alice.ask('message', { roomId, type: 'image', content: picture })).ok, true);
    assert.deepEqual((await bob.next('message', { roomId, seq: 2 })).content, picture);
    if (name === 'upgrade') await waitFor('the upgrade', () => alice.socket.io.engine.transport.name === 'websocket');
  });
}

test('a client that does not know the authority refuses us', async () => {
  for (const transports of [['polling'], ['websocket']]) {
    const error = await refusal(gateway, { token: userToken(stack, 'eve'), transports });
    assert.match(error.message, /xhr poll error|websocket error/);
  }
});

test('pages', async () => {
  assert.deepEqual(await get('health'), { status: 200, text: 'ok\n' });
  assert.equal((await get('ready')).status, 200);
  const { text } = await get('metrics');
  const expires = Number(text.match(/^roomcast_gateway_tls_certificate_expires_seconds\{certificate="server"\} (\d+)$/m)[1]);
  assert.ok(Math.abs(expires - Date.now() / 1000 - 30 * 86400) < 3600, text);
});

test('TLS 1.2 and 1.3, nothing older', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const socket = await dial({ minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
    assert.equal(socket.authorized, true);
    socket.destroy();
  }
  for (const version of ['TLSv1', 'TLSv1.1']) {
    await assert.rejects(dial({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }), /alert protocol version/i);
  }
  await assert.rejects(dial({ maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' }), /handshake failure/i);
});

test('HTTP/1.1 whatever else is offered', async () => {
  for (const offer of [['h2', 'http/1.1'], ['http/1.1']]) {
    const socket = await dial({ ALPNProtocols: offer });
    assert.equal(socket.alpnProtocol, 'http/1.1');
    socket.destroy();
  }
  const socket = await dial({ ALPNProtocols: ['h2'] }).catch(() => undefined);
  assert.ok(!socket?.alpnProtocol, 'no HTTP/2');
  socket?.destroy();
});

test('plain HTTP is told so and hung up on; the log is not flooded', async () => {
  const { failed } = await handshakes();
  const lines = () => stack.log('gateway-1').filter((r) => r.event === 'tls.failed').length;
  const [before, began] = [lines(), Date.now()];
  for (let i = 0; i < 30; i++) {
    const said = await within(new Promise((resolve) => {
      let text = '';
      const socket = net.connect({ port: port(), host: '127.0.0.1' });
      socket.on('data', (data) => { text += data; }).on('error', () => {}).on('close', () => resolve(text));
      socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    }), () => 'the connection to be closed');
    assert.match(said, /^HTTP\/1\.1 400 [\s\S]*https is needed/);
  }
  assert.equal((await handshakes()).failed, failed + 30);
  const most = 2 + Math.floor((Date.now() - began) / SAY_EVERY_MS);
  assert.ok(most < 30 && lines() - before <= most, `${lines() - before} lines`);
  assert.equal((await get('health')).status, 200);
});

test('who reads slowly gets everything, in order, when he reads again', async () => {
  const roomId = 'slow';
  const count = 40; // more than the kernel holds for one connection
  const reader = await enter('reader', roomId);
  const alice = await enter('alice', roomId);
  const bob = await enter('bob', roomId);
  const { _socket: socket } = reader.socket.io.engine.transport.ws;
  socket.pause();
  const contents = Array.from({ length: count }, (_, i) => randomBytes(i % 3 ? 400000 : 10));
  for (const [i, content] of contents.entries()) {
    const answer = await (i % 2 ? alice : bob).ask('message', { roomId, type: 'file', content });
    assert.equal(answer.seq, i + 1);
    await bob.next('message', { roomId, seq: i + 1 });
  }
  assert.equal(reader.got('message').length, 0);
  socket.resume();
  await reader.next('message', { roomId, seq: count });
  const got = reader.got('message', { roomId });
  assert.deepEqual(got.map((m) => m.seq), contents.map((_, i) => i + 1));
  got.forEach((m, i) => assert.ok(m.content.equals(contents[i]), `content ${i + 1}`));
});

test('a new certificate comes with SIGHUP, under load, and nobody is dropped', async () => {
  const roomId = 'reload';
  const old = issuer.issue('old', 100);
  const renewed = issuer.issue('renewed', 200, { kind: RSA });
  await renew(old, 'tls.renewed');
  assert.equal(await serialShown(), 100);

  const clients = await Promise.all(Array.from({ length: MANY }, (_, i) =>
    enter(`user-${i}`, roomId, { transports: i % 5 ? ['websocket'] : ['polling'] })));
  let isOver = false;
  let sent = 0;
  const talk = async (client, i) => {
    for (let n = 0; !isOver; n++) {
      const answer = await client.ask('message', { roomId, content: `${i}-${n}` });
      assert.equal(answer.ok, true, JSON.stringify(answer));
      sent++;
    }
  };
  const talking = Promise.all(clients.map(talk));
  await waitFor('the load', () => sent > MANY);
  await renew(renewed, 'tls.renewed');
  const atRenewal = sent;
  const late = await enter('late', roomId);
  for (const version of ['TLSv1.2', 'TLSv1.3']) assert.equal(await serialShown({ minVersion: version, maxVersion: version }), 200);
  await waitFor('the load to go on', () => sent > atRenewal + MANY);
  isOver = true;
  await talking;
  for (const client of clients) {
    await client.next('message', { roomId, seq: sent });
    assert.equal(client.got('disconnect').length, 0);
    assert.equal(client.got('message', { roomId }).length, sent);
  }
  assert.equal(late.got('disconnect').length, 0);
});

test('a session does not go on by a ticket of before', async () => {
  await renew(issuer.issue('ticket-1', 301), 'tls.renewed');
  const socket = await dial({ maxVersion: 'TLSv1.2' });
  const session = socket.getSession();
  socket.destroy();
  const again = await dial({ maxVersion: 'TLSv1.2', session });
  assert.equal(again.isSessionReused(), true);
  again.destroy();
  await renew(issuer.issue('ticket-2', 302), 'tls.renewed');
  const after = await dial({ maxVersion: 'TLSv1.2', session });
  assert.equal(after.isSessionReused(), false);
  after.destroy();
  assert.equal(await serialShown(), 302);
});

test('a pair that is none leaves the old one in place, and the log says what to do', async () => {
  const good = issuer.issue('good', 400);
  const other = issuer.issue('other', 401);
  await renew(good, 'tls.renewed');
  const mismatch = await renew({ certificate: other.certificate, key: good.key }, 'tls.kept');
  assert.match(mismatch.reason, /server\.key.*does not belong to.*server\.pem/);
  assert.match(mismatch.hint, /SIGHUP/);
  assert.equal(await serialShown(), 400);
  fs.writeFileSync(issuer.file('torn'), fs.readFileSync(good.certificate).subarray(0, 200));
  const torn = await renew({ certificate: issuer.file('torn'), key: good.key }, 'tls.kept');
  assert.match(torn.reason, /server\.pem/);
  assert.equal(await serialShown(), 400);
  await enter('meanwhile', 'kept');
  await renew(other, 'tls.renewed');
  assert.equal(await serialShown(), 401);
});

// What ends a gateway that is given these options; undefined = it did not end.
async function start(options, ...more) {
  const args = Object.entries(options).map(([key, value]) => `--${key}=${value}`);
  const child = spawn(program('roomcast-gateway'), ['--config', path.join(stack.dir, 'conf/gateway-1.conf'), ...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const out of [child.stdout, child.stderr]) out.on('data', (data) => { said += data; });
  const code = await within(new Promise((resolve) => { child.on('close', resolve); }), () => `an end; ${said}`).finally(() => child.kill('SIGKILL'));
  return { code, said };
}

test('what is wrong with the files is said at once, to --check-config too', async () => {
  const good = issuer.issue('check', 500);
  const other = issuer.issue('check-other', 501);
  const open = issuer.issue('check-open', 502);
  fs.chmodSync(open.key, 0o644);
  const faults = [
    [{ 'tls-certificate-file': good.certificate }, /go together/],
    [{ 'tls-key-file': good.key }, /go together/],
    [{ 'tls-certificate-file': issuer.file('nowhere.pem'), 'tls-key-file': good.key }, /nowhere\.pem does not exist/],
    [{ 'tls-certificate-file': good.certificate, 'tls-key-file': issuer.file('nowhere.key') }, /nowhere\.key does not exist/],
    [{ 'tls-certificate-file': good.certificate, 'tls-key-file': other.key }, /check-other\.key does not belong/],
    [{ 'tls-certificate-file': good.key, 'tls-key-file': good.key }, /no certificate/],
    [{ 'tls-certificate-file': open.certificate, 'tls-key-file': open.key }, /chmod 600/],
  ];
  for (const [options, sentence] of faults) {
    for (const more of [['--check-config'], []]) {
      const { code, said } = await start(options, ...more);
      assert.equal(code, 2, said);
      assert.match(said, sentence);
    }
  }
  const fine = await start({ 'tls-certificate-file': good.certificate, 'tls-key-file': good.key }, '--check-config');
  assert.equal(fine.code, 0, fine.said);
});

test('a certificate that has expired is served, with a warning', async () => {
  await renew(issuer.issue('expired', 600, { days: 0 }), 'tls.renewed');
  const { hint } = await waitFor('the warning', () => stack.log('gateway-1').find((r) => r.event === 'tls.expired'));
  assert.match(hint, /renew/);
  await assert.rejects(dial(), /expired/i);
  assert.equal(await serialShown({ rejectUnauthorized: false }), 600);
  await renew(issuer.issue('fresh', 601), 'tls.renewed');
  assert.equal(await serialShown(), 601);
});

test('who does not finish a handshake is not waited for, and leaves nothing behind', async () => {
  const before = openFiles();
  const hello = await new Promise((resolve) => {
    const sink = net.createServer((socket) => {
      socket.once('data', (data) => { resolve(data); socket.destroy(); sink.close(); });
    }).listen(0, '127.0.0.1', () => {
      tls.connect({ port: sink.address().port, host: '127.0.0.1' }).on('error', () => {});
    });
  });
  const openings = [Buffer.alloc(0), hello.subarray(0, 3), hello.subarray(0, hello.length / 2), hello];
  const started = Date.now();
  await Promise.all(Array.from({ length: 40 }, (_, i) => within(new Promise((resolve) => {
    const socket = net.connect({ port: port(), host: '127.0.0.1' });
    socket.on('data', () => {}).on('error', () => {}).on('close', resolve);
    if (openings[i % 4].length) socket.write(openings[i % 4]);
  }), () => 'a silent connection to be closed', HANDSHAKE_MAX_MS)));
  assert.ok(Date.now() - started > 5000, 'who is slow has some seconds');
  await waitFor(`${before} descriptors`, () => openFiles() <= before);
  assert.equal((await get('health')).status, 200);
});

test('connections leave nothing behind', async () => {
  const before = openFiles();
  const clients = await Promise.all(Array.from({ length: MANY }, (_, i) =>
    connect(gateway, { token: userToken(stack, `gone-${i}`), ca: issuer.ca, transports: i % 2 ? ['websocket'] : ['polling', 'websocket'] })));
  assert.ok(openFiles() > before);
  for (const client of clients) client.close();
  await waitFor(`${before} descriptors`, () => openFiles() <= before);
  const { begun, done } = await handshakes();
  assert.ok(begun >= done && done > MANY, `${begun} ${done}`);
});

test('behind a proxy that passes TLS on, with a PROXY header before it', async () => {
  const header = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071427f00000100500050', 'hex');
  const echo = await Echo.start(...QUIET, '--tls-certificate-file', files.certificate, '--tls-key-file', files.key,
    '--proxy-protocol', '1', '--trusted-proxies', '127.0.0.1');
  const plain = net.connect({ port: echo.port, host: '127.0.0.1' });
  try {
    plain.write(header);
    const socket = tls.connect({ socket: plain, host: '127.0.0.1', ca: issuer.ca });
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [answer] = await within(once(socket, 'data'), () => 'an answer');
    assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
  } finally {
    plain.destroy();
    await echo.stop();
  }
});
