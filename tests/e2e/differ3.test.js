/*
 * Engine.IO revision 3 and Socket.IO on it: the reference server (npm's, with allowEIO3) and ours are
 * sent the same bytes, and what comes back is compared byte by byte. Where ours is stricter is in
 * docs/architecture.md, and not among the scripts.
 */
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { once } = require('node:events');
const { after, before } = require('node:test');
const engine = require('engine.io');
const { Server } = require('socket.io');
const { Echo, MAX_PAYLOAD } = require('./echo');
const { BINARY, CLOSE, TEXT, Peer, frame, upgrade } = require('./rawws');
const { request } = require('./rawpoll');
const { startStack } = require('./stack');
const { test } = require('./helpers');

const HOUR_MS = 3600000;
const LIMITS = { pingInterval: HOUR_MS, pingTimeout: HOUR_MS, maxHttpBufferSize: MAX_PAYLOAD, allowEIO3: true };
const STREAM = 'application/octet-stream';
const hex = (...parts) => Buffer.concat(parts.map((p) => (typeof p === 'number' ? Buffer.from([p]) : Buffer.from(p))));

let reference;
let echo;

before(async () => {
  const server = http.createServer();
  reference = { server, engine: engine.attach(server, { ...LIMITS, path: '/engine.io' }) };
  reference.engine.on('connection', (socket) => {
    socket.on('message', (message) => socket.send(message));
    socket.transport.closeTimeout = 0; // a poll that will not come is not waited for
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  reference.port = server.address().port;
  echo = await Echo.start('--allow-eio3', '1', '--ping-interval-ms', String(HOUR_MS), '--ping-timeout-ms', String(HOUR_MS));
});
after(async () => {
  reference?.engine.close();
  reference?.server.closeAllConnections?.();
  reference?.server.close();
  await echo?.stop();
});

// An answer with its body as bytes; no session ids.
async function answerOf(peer) {
  const head = await peer.next('a head', () => {
    const end = peer.bytes.indexOf('\r\n\r\n');
    return end < 0 ? undefined : peer.cut(end + 4).toString('latin1');
  });
  const length = Number(head.match(/content-length: (\d+)/i)?.[1] ?? 0);
  const body = await peer.next('its body', () => (peer.bytes.length < length ? undefined : peer.cut(length).toString('latin1')));
  return { status: Number(head.split(' ')[1]), type: head.match(/content-type: (.*)\r/i)?.[1], body: body.replace(/"sid":"[^"]+"/, '"sid":"SID"'), raw: body };
}

const essence = ({ status, type, body }) => ({ status, type, body });

// What a POST brings about: its answer, and the next poll's, which is echoed messages or a refusal.
async function poll(port, query, posts) {
  const [getter, poster] = [new Peer(port), new Peer(port)];
  const get = (target) => { getter.send(request('GET', target)); return answerOf(getter); };
  const opened = await get(`/engine.io/?EIO=3&transport=polling${query}`);
  const target = `/engine.io/?EIO=3&transport=polling&sid=${opened.raw.match(/"sid":"([^"]+)"/)[1]}`;
  const said = [essence(opened)];
  for (const [body, type = 'text/plain;charset=UTF-8'] of posts) {
    poster.send(request('POST', target, { body, headers: { 'Content-Type': type } }));
    said.push(essence(await answerOf(poster)));
  }
  // A last message, so that there is something to poll from whoever lives.
  poster.send(request('POST', target, { body: '4:4end', headers: { 'Content-Type': 'text/plain' } }));
  said.push(essence(await answerOf(poster)), essence(await get(target)));
  getter.destroy();
  poster.destroy();
  return said;
}

const POSTS = {
  'a text': [['6:4hello']],
  'several texts': [['2:4a2:4b3:4\u{1f600}2:4€']],
  'several posts': [['2:4a'], ['2:4b']],
  'base64': [['6:4hello10:b4AQIDBA==']],
  'a binary body': [[Buffer.from('0006ff3468656c6c6f0105ff0401020304', 'hex'), STREAM]],
  'a binary body of texts': [[Buffer.from('0006ff3468656c6c6f', 'hex'), STREAM]],
  'a binary body with UTF-8': [[hex(0, 4, 255, '4€', 1, 1, 255, 4), STREAM]],
  'a binary body with base64': [[hex(0, 6, 255, 'b4AQ=='), STREAM]],
  'binary data of many lengths': [[Buffer.concat([9, 10, 99, 100, 1000].map((n) =>
    hex(1, ...String(n).split('').map(Number), 255, 4, Buffer.alloc(n - 1, 0xa5)))), STREAM]],
  'a ping': [['1:2']],
  'packets of no length': [['0:2:4a0:']],
  'nothing but a packet of no length': [['0:']],
  'leading zeros': [['002:4a']],
  'packets that mean nothing': [['1:01:51:62:4a']],
  'no length': [['4hello']],
  'a length over the end': [['2:4a9:4b']],
  'rest behind the last': [['2:4a7']],
  'half a surrogate pair': [['2:4\u{1f600}']],
  'an empty body': [['']],
  'an unknown type': [['2:9a']],
  'an empty text in a binary body': [[hex(0, 0, 255), STREAM]],
  'text that is not UTF-8': [[hex(0, 2, 255, '4', 255), STREAM]],
  'a pong': [['1:3']],
  'a close packet': [['1:1']],
};

for (const [name, posts] of Object.entries(POSTS)) {
  for (const query of ['', '&b64=1']) {
    test(`polling${query}: ${name}`, async () => {
      const [theirs, ours] = [await poll(reference.port, query, posts), await poll(echo.port, query, posts)];
      // Where it is over, what becomes of the last POST is a matter of who closes when.
      const compared = (said) => (said.at(-1).status === 200 ? said : [said[0], said.at(-1).status]);
      assert.deepEqual(compared(ours), compared(theirs));
    });
  }
}

// Packets until the last message is echoed, or the connection ends.
async function talk(port, query, frames) {
  const peer = await upgrade(port, `/engine.io/?EIO=3&transport=websocket${query}`);
  const packets = [];
  peer.send(Buffer.concat([...frames, frame(TEXT, '4end')]));
  try {
    for (;;) {
      const { opcode, payload } = await peer.frame();
      if (opcode === CLOSE) return { packets, end: 'closed' };
      const text = payload.toString('latin1').replace(/"sid":"[^"]+"/, '"sid":"SID"');
      packets.push(`${opcode === BINARY ? 'binary' : 'text'} ${text}`);
      if (text === '4end') return { packets, end: 'alive' };
    }
  } catch (error) {
    assert.match(error.message, /connection ended/);
    return { packets, end: 'closed' };
  } finally {
    peer.destroy();
  }
}

const FRAMES = {
  'text': [frame(TEXT, '4hello')],
  'binary': [frame(BINARY, Buffer.from([4, 1, 2, 3]))],
  'binary of no length': [frame(BINARY, Buffer.from([4]))],
  'base64': [frame(TEXT, 'b4AQIDBA==')],
  'both': [frame(TEXT, '4€\u{1f600}'), frame(BINARY, Buffer.from([4, 0])), frame(TEXT, '4')],
  'a ping': [frame(TEXT, '2')],
  'a binary ping': [frame(BINARY, Buffer.from([2]))],
  'packets that mean nothing': [frame(TEXT, '0'), frame(TEXT, '5'), frame(TEXT, '6')],
  'a pong': [frame(TEXT, '3')],
  'an unknown type': [frame(TEXT, '9')],
  'an empty text': [frame(TEXT, '')],
};

for (const [name, frames] of Object.entries(FRAMES)) {
  for (const query of ['', '&b64=1']) {
    test(`WebSocket${query}: ${name}`, async () => {
      const [theirs, ours] = [await talk(reference.port, query, frames), await talk(echo.port, query, frames)];
      assert.deepEqual(ours, theirs);
    });
  }
}

// Two gateways, one the reference; "/" is open to everybody there, and here to whoever has a token.
test('Socket.IO: CONNECT, refusals, namespaces', async () => {
  const stack = await startStack({ gatewayOpts: { 'allow-eio3': 'yes' } });
  const server = http.createServer();
  const io = new Server(server, { ...LIMITS, serveClient: false });
  try {
    const token = await stack.token({ user: 'script' });
    for (const nsp of ['/chat', '/notifications']) {
      io.of(nsp).use((socket, next) => {
        const ours = socket.handshake.auth.token ?? socket.handshake.query.token;
        next(ours === token ? undefined : Object.assign(new Error('refused'), { data: { code: 'token_malformed' } }));
      });
    }
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (const script of scriptsOf(token)) {
      const [theirs, ours] = [await connects(server.address().port, token, script),
        await connects(Number(new URL(stack.gateways[0].url).port), token, script)];
      assert.equal(theirs[1], '40');
      assert.deepEqual(ours, theirs, script.join(' '));
    }
  } finally {
    io.close();
    await stack.down();
  }
});

const scriptsOf = (token) => [
  [],
  ['40/chat?token=bad,'],
  [`40/chat?token=${token},`],
  [`40/chat?token=${token}`],
  [`40/chat?a=b&token=${token}&c,`],
  ['40/chat,'],
  ['40/chat,{"token":1}'],
  ['40/random,'],
  ['40/random?a=1,'],
  [`40/chat?token=${token},`, `40/notifications?token=${token},`],
  [`40/chat?token=${token},`, '41/chat,', `40/chat?token=${token},`],
  [`40/chat?token=${token},`, `40/chat?token=${token},`],
  ['40'],
  ['42/chat,["a"]'],
];

// Each is answered before the next is sent, for what waits for a broker may come in another order.
async function connects(port, token, packets) {
  const peer = await upgrade(port, `/socket.io/?EIO=3&transport=websocket&token=${token}`);
  const said = [];
  const hear = async () => {
    const { opcode, payload } = await peer.frame();
    said.push(opcode === CLOSE ? 'closed' : payload.toString().replace(/^0\{.*/, '0'));
  };
  await hear();
  await hear();
  for (const packet of packets) {
    peer.send(frame(TEXT, packet));
    if (packet.startsWith('41')) peer.send(frame(TEXT, '2'));
    await hear();
  }
  peer.destroy();
  return said;
}
