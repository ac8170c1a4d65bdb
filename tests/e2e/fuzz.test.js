/*
 * Many connections that say valid and hostile things in random order, to a gateway and its broker.
 * They live through it, serve whoever comes then, and give back what they took. FUZZ_SEED repeats
 * the choices (not the timing), FUZZ_SECONDS says for how long.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { after, before } = require('node:test');
const { startStack } = require('./stack');
const { connect, test, userToken, waitFor } = require('./helpers');
const { generator } = require('./random');
const { BINARY, CLOSE, CONTINUATION, PING, TEXT, Peer, closeFrame, frame, upgrade } = require('./rawws');
const { frameScripts, requestScripts, socketScripts } = require('./differ-scripts');

const SECONDS = Number(process.env.FUZZ_SECONDS || 5);
const seed = Number(process.env.FUZZ_SEED || Date.now() % 2 ** 31);
const CONNECTIONS = 40;
const WARM_UP_MS = 2000;
const TARGET = '/socket.io/?EIO=4&transport=websocket';
const FDS_MORE = 5;
const RSS_MORE = { factor: 1.1, bytes: 8 << 20 };

const random = generator(seed);
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const some = (max, make) => Array.from({ length: 1 + below(max) }, make);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

let stack;
const counts = { connections: 0, messages: 0, frames: 0, handshakes: 0, closed: 0, answers: 0 };

before(async () => {
  stack = await startStack({
    gatewayOpts: { 'ping-interval-ms': 500, 'ping-timeout-ms': 500, 'connect-timeout-ms': 2000 },
    // Freed memory that the sanitizer keeps for a while is not what is looked for.
    env: { ASAN_OPTIONS: 'quarantine_size_mb=1:thread_local_quarantine_size_kb=64' },
  });
});
after(() => stack?.down());

const room = () => pick(['lobby', 'lobby', `r-${below(20)}`, '', 'user:x', 'x'.repeat(129), '\u0000']);
const content = () => pick(['hello', 'x'.repeat(below(6000)), '', '\u{1f600}\u0000', '"\\']);
const id = () => pick(['', '', `${below(5)}`, '9007199254740991', '9007199254740992']);
const args = () => JSON.stringify({
  roomId: room(), content: pick([content(), 5, null, { a: [content()] }, { _placeholder: true, num: below(3) }]),
  ...pick([{}, { messageId: `m-${below(50)}` }, { type: pick(['text', 'image', 'file', 'x']) }, { before: below(9), limit: below(200) }, { after: -1 }]),
});
const EVENTS = ['join-room', 'join-room', 'leave-room', 'message', 'message', 'message', 'typing', 'history', 'room-users', 'refresh-token', 'connect', 'nothing'];

// Bytes changed, lost, doubled, or put in.
function spoil(data) {
  const bytes = [...Buffer.from(data)];
  for (const at of some(3, () => below(bytes.length + 1))) {
    pick([() => bytes.splice(at, 1), () => bytes.splice(at, 0, below(256)), () => { bytes[at] = below(256); }, () => bytes.splice(at, 0, ...bytes.slice(at, at + below(20))),
      () => bytes.splice(at)])();
  }
  return Buffer.from(bytes);
}

const asText = (message) => (typeof message === 'string' ? frame(TEXT, `4${message}`) : frame(BINARY, message));
const inChat = (message) => (typeof message === 'string' ? message.replace(/^([0-6])(\d*-)?(?!\d*\/|\/)/, '$1$2/chat,') : message);

// What a connection may do next, each as frames; the more often it stands here the likelier.
const valid = () => [asText(`2/chat,${id()}["${pick(EVENTS)}",${args()}]`)];
const pings = () => [pick([frame(PING, 'x'), frame(TEXT, '3')])];
const attachments = () => {
  const announced = below(4);
  return [asText(`5${announced}-/chat,${id()}["message",${args()}]`), ...Array.from({ length: pick([announced, announced, below(5)]) }, () => frame(BINARY, Buffer.alloc(below(3000), 65)))];
};
const scripted = () => pick(socketScripts).messages.map((message) => asText(inChat(message)));
const spoilt = () => [frame(TEXT, spoil(`42/chat,${id()}["${pick(EVENTS)}",${args()}]`).toString('latin1'))];
const spoiltBytes = () => [frame(BINARY, spoil(pick(socketScripts.filter((s) => s.parser === 'msgpack')).messages.at(-1)))];
const framed = () => pick(frameScripts).frames;
const spoiltFrame = () => [spoil(asText(`2/chat,0["message",${args()}]`))];
const fragments = () => {
  const [text] = [`42/chat,${id()}["message",${args()}]`];
  const cut = below(text.length);
  return [frame(TEXT, text.slice(0, cut), { fin: false }), ...pick([[], pings(), [frame(CONTINUATION, '', { fin: false })]]), frame(CONTINUATION, text.slice(cut))];
};
const ending = () => [pick([closeFrame(1000), frame(TEXT, '1'), frame(TEXT, '41/chat,'), frame(CLOSE)])];
const MOVES = [valid, valid, valid, valid, valid, valid, pings, attachments, attachments, scripted, fragments, fragments, pings, valid,
  spoilt, spoiltBytes, framed, spoiltFrame, ending];

// The connection's answers, read or left lying; a ping is answered most of the time.
function listen(peer) {
  peer.socket.on('data', (data) => {
    counts.answers += 1;
    peer.bytes = Buffer.alloc(0);
    if (data.includes('\x81\x012') && random() < 0.9) peer.send(frame(TEXT, '3'));
  });
}

async function life(user) {
  counts.connections++;
  if (random() < 0.1) {
    counts.handshakes++;
    const peer = new Peer(Number(new URL(stack.gateways[0].url).port));
    const request = pick(requestScripts).request.replaceAll('/engine.io', '/socket.io');
    peer.send(random() < 0.5 ? Buffer.from(request, 'latin1') : spoil(request));
    await pause(below(50));
    return peer.destroy();
  }
  const peer = await upgrade(Number(new URL(stack.gateways[0].url).port), TARGET);
  listen(peer);
  if (random() < 0.9) peer.send(asText(`0/chat,${JSON.stringify({ token: random() < 0.95 ? userToken(stack, user) : 'none' })}`));
  if (random() < 0.8) peer.send(asText('2/chat,0["join-room",{"roomId":"lobby"}]'));
  // Not at once, or most of it would come before the broker has let it in.
  await pause(below(40));
  for (let left = below(60); left > 0 && !peer.hasEnded; left--) {
    const frames = pick(MOVES)();
    counts.messages++;
    counts.frames += frames.length;
    for (const bytes of frames) {
      if (random() < 0.05) {
        const cut = below(bytes.length);
        peer.send(bytes.subarray(0, cut));
        await pause(1);
        peer.send(bytes.subarray(cut));
      } else {
        peer.send(bytes);
      }
    }
    if (random() < 0.3) await pause(below(20));
    if (random() < 0.02) peer.socket.pause();
  }
  if (peer.hasEnded) counts.closed++;
  pick([() => peer.destroy(), () => peer.reset(), () => { peer.send(closeFrame(1000)); peer.socket.end(); peer.destroy(); }])();
}

async function storm(ms) {
  const until = Date.now() + ms;
  await Promise.all(Array.from({ length: CONNECTIONS }, async (_, n) => {
    // A gateway may refuse whom it has no place for; whether it lives is asked afterwards.
    while (Date.now() < until) await life(`user-${n % 10}`).catch(() => { counts.refused = (counts.refused ?? 0) + 1; });
  }));
}

function use(pid) {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { rss: Number(kib) * 1024, fds: fs.readdirSync(`/proc/${pid}/fd`).length };
}

const processes = () => ({ broker: stack.broker.pid, 'gateway-1': stack.gateways[0].pid });
const uses = () => Object.fromEntries(Object.entries(processes()).map(([name, pid]) => [name, use(pid)]));

async function isWell() {
  const roomId = `well-${below(2 ** 31)}`;
  const clients = [];
  for (const user of ['a', 'b']) clients.push(await connect(stack.gateways[0], { token: userToken(stack, user) }));
  for (const client of clients) assert.equal((await client.ask('join-room', { roomId })).ok, true);
  assert.equal((await clients[0].ask('message', { roomId, content: 'well' })).ok, true);
  for (const client of clients) await client.next('message', { roomId, content: 'well' });
  clients.forEach((client) => client.close());
}

// Sockets that the gateway serves, as the operating system counts them.
const settled = async (fds) => waitFor('the connections to be gone', () => {
  const now = uses();
  return Object.keys(now).every((name) => now[name].fds <= fds[name].fds + FDS_MORE) && now;
}, 30000);

test(`${SECONDS} s of everything at once (FUZZ_SEED=${seed})`, { timeout: (SECONDS + 120) * 1000 }, async (t) => {
  const before = uses();
  // What is taken once and kept (arenas, caches, the sanitizer's quarantine) is taken here.
  await storm(WARM_UP_MS);
  await settled(before);
  const warm = uses();
  await storm(SECONDS * 1000);
  await isWell();
  const then = await settled(before);
  t.diagnostic(JSON.stringify({ seed, counts, before, warm, then }));
  for (const name of Object.keys(then)) {
    assert.ok(stack.isAlive(name), name);
    assert.ok(then[name].rss <= warm[name].rss * RSS_MORE.factor + RSS_MORE.bytes, `${name} has grown: ${JSON.stringify({ before, warm, then })}`);
  }
  assert.ok(counts.frames > 100 * SECONDS && counts.answers > 10 * SECONDS, JSON.stringify(counts));
});
