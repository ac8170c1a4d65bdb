// What a user, a connection and an address may do in a time, and what they hear when it is more.
'use strict';

const assert = require('node:assert/strict');
const timers = require('node:timers/promises');
const { after, before } = require('node:test');
const WebSocket = require('ws');
const { Client, connect, page, refusal, test, userToken, waitFor } = require('./helpers');
const { startStack } = require('./stack');

const MESSAGES = 5;
const CONNECTS = 4;
const WINDOW_MS = 6000;
const PACKETS = 20;
const HANDSHAKES = 4;
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 100, randomizationFactor: 0 };
// Timers of node may be a fraction of a millisecond early.
const sleep = (ms) => timers.setTimeout(ms + 1);
const LIMITED = { code: 'rate_limited', message: 'Rate limit exceeded' };

let users; // a stack that limits users
let senders; // one that limits connections and addresses

before(async () => {
  [users, senders] = await Promise.all([
    startStack({
      gateways: 2,
      brokerOpts: { 'messages-per-window': MESSAGES, 'connects-per-window': CONNECTS, 'rate-window-ms': WINDOW_MS },
    }),
    startStack({
      gatewayOpts: {
        'client-packets-per-second': PACKETS,
        'client-bytes-per-second': 100000,
        'ip-handshakes-per-second': HANDSHAKES,
        'trusted-proxies': '127.0.0.1',
      },
    }),
  ]);
});
after(() => Promise.all([users?.down(), senders?.down()]));

const enter = async (stack, gateway, user, options) => {
  const client = await connect(gateway, { token: userToken(stack, user), ...options });
  assert.equal((await client.ask('join-room', { roomId: 'lobby' })).ok, true);
  return client;
};

// A refusal with a time to wait; the time.
function retryAfter(answer, max) {
  const { retryAfter: ms, ...error } = answer.error ?? {};
  assert.deepEqual({ ok: answer.ok, ...error }, { ok: false, ...LIMITED });
  assert.ok(Number.isInteger(ms) && ms > 0 && ms <= max, `retryAfter ${ms}`);
  return ms;
}

test('messages count for the user, on all gateways, and the time to wait is exact', async () => {
  const tabs = await Promise.all(users.gateways.map((gateway) => enter(users, gateway, 'ann')));
  const say = (i, data) => tabs[i % 2].ask('message', { roomId: 'lobby', content: `n${i}`, messageId: `m${i}`, ...data });
  const began = Date.now();
  for (let i = 0; i < MESSAGES; i++) assert.equal((await say(i)).ok, true);
  // Neither a duplicate nor a refused one counts, whatever came before it.
  for (let i = 0; i < 10; i++) assert.equal((await say(1)).duplicate, true);
  const ms = retryAfter(await say(100), WINDOW_MS);
  assert.ok(ms >= WINDOW_MS - (Date.now() - began) - 1, 'not before the first is out of the window');
  retryAfter(await say(101), ms);
  tabs[0].socket.emit('message', { roomId: 'lobby', content: 'no ack' });
  retryAfter(await tabs[0].next('error'), ms);
  const bob = await enter(users, users.gateways[0], 'bob');
  assert.equal((await bob.ask('message', { roomId: 'lobby', content: 'hi' })).ok, true);
  // As soon as it says, and to the same user anywhere.
  const last = retryAfter(await say(102), ms);
  await sleep(last);
  assert.equal((await say(103)).ok, true);
  const { messages } = await bob.ask('history', { roomId: 'lobby' });
  assert.deepEqual(messages.map((m) => m.content), ['n0', 'n1', 'n2', 'n3', 'n4', 'hi', 'n103'], 'nothing refused is stored');
  const { text } = await page(users.broker.metrics);
  assert.match(text, /^roomcast_broker_limited_messages_total 4$/m);
  assert.equal(users.log('broker').filter((l) => l.event === 'user.limited' && l.userId === 'ann').length, 1, 'logged once');
});

test('a refused user may go on as long as he waits each time', async () => {
  const client = await enter(users, users.gateways[1], 'patient');
  const until = Date.now() + 2 * WINDOW_MS;
  let refused = 0;
  let last;
  for (let i = 0; Date.now() < until; i++) {
    last = await client.ask('message', { roomId: 'lobby', content: `p${i}` });
    if (last.ok) continue;
    refused++;
    await sleep(retryAfter(last, WINDOW_MS));
    assert.equal((await client.ask('message', { roomId: 'lobby', content: `again ${i}` })).ok, true, 'exact');
  }
  assert.ok(refused > 1);
});

test('connects count, on all gateways, and coming back to a session does not', async () => {
  const token = userToken(users, 'carol');
  const at = (i) => users.gateways[i % 2];
  const first = await connect(at(0), { token, ...AT_ONCE });
  for (let i = 0; i <= CONNECTS; i++) {
    const back = first.all.length;
    first.socket.io.engine.close();
    await waitFor('the client to be back', () => first.all.slice(back).some((e) => e.name === 'connect'));
    assert.equal(first.socket.recovered, true);
  }
  for (let i = 1; i < CONNECTS; i++) await connect(at(i), { token });
  const error = await refusal(at(0), { token });
  assert.equal(error.message, LIMITED.message);
  assert.equal(error.data.code, LIMITED.code);
  assert.ok(error.data.retryAfter > 0 && error.data.retryAfter <= WINDOW_MS);
  assert.equal(await refusal(at(1), { token: userToken(users, 'dave') }), undefined);
  // What an application does: it waits, and connects again.
  const late = new Client(at(1), { token });
  const { data } = await late.next('connect_error');
  await sleep(data.retryAfter);
  late.socket.connect();
  await late.next('connect');
});

test('a connection that sends too fast is told when to go on, and is closed when it does not stop', async () => {
  const [gateway] = senders.gateways;
  const client = await enter(senders, gateway, 'eve', AT_ONCE);
  const typing = () => client.ask('typing', { roomId: 'lobby' });
  const answers = await Promise.all(Array.from({ length: 3 * PACKETS }, typing));
  const refused = answers.filter((a) => !a.ok);
  assert.ok(answers.length - refused.length >= 2 * PACKETS - 5, 'two seconds worth of packets');
  assert.ok(refused.length > 0);
  await sleep(Math.max(...refused.map((a) => retryAfter(a, 1000))));
  assert.equal((await typing()).ok, true);
  assert.equal(client.got('disconnect').length, 0);
  // What stays below it for long is never refused.
  for (let i = 0; i < PACKETS / 2; i++) {
    await sleep(1000 / PACKETS + 20);
    assert.equal((await typing()).ok, true);
  }
  for (let i = 0; i < 10 * PACKETS; i++) client.socket.emit('typing', { roomId: 'lobby' });
  assert.equal(await client.next('disconnect'), 'transport close');
  await waitFor('the client to be back', () => client.socket.connected);
  const log = senders.log('gateway-1');
  assert.equal(log.filter((l) => l.event === 'socket.disconnected' && l.reason === 'flood').length, 1);
  assert.equal(log.filter((l) => l.event === 'client.limited' && l.userId === 'eve').length >= 1, true);
  const { text } = await page(`${gateway.url}/metrics`);
  assert.match(text, /^roomcast_gateway_limited_total\{limit="floods"\} 1$/m);
  assert.match(text, /^roomcast_gateway_limited_total\{limit="events"\} [1-9]/m);
});

test('an address that comes too often hears 429, and stock clients come again', async () => {
  const [gateway] = senders.gateways;
  const from = (address) => ({ 'x-forwarded-for': address });
  const poll = (address) => fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling`, { headers: from(address) });
  const polls = () => Promise.all(Array.from({ length: 8 * HANDSHAKES }, () => poll('198.51.100.1')));
  const upgrade = () => new Promise((resolve, reject) => {
    const url = `${gateway.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url, { headers: from('198.51.100.1') });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('open', () => resolve(socket.close()));
    socket.on('error', reject);
  });
  const answers = await polls();
  const refused = answers.filter((a) => a.status !== 200);
  assert.ok(refused.length > 0 && answers.length - refused.length >= 2 * HANDSHAKES);
  for (const answer of refused) {
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get('retry-after'), '1');
  }
  await waitFor('an upgrade to be refused', async () => (await polls()) && (await upgrade()) === 429);
  // Others are not meant; and whoever is comes in by itself.
  assert.equal((await poll('198.51.100.2')).status, 200);
  const client = new Client(gateway, { token: userToken(senders, 'fay'), extraHeaders: from('198.51.100.1'), ...AT_ONCE });
  await client.next('connect');
  const { connections } = await senders.ctl('connections', '--user', 'fay');
  assert.deepEqual(connections.map((c) => c.ip), ['198.51.100.1']);
  assert.equal(senders.log('gateway-1').filter((l) => l.event === 'handshakes.limited').length, 1);
  const { text } = await page(`${gateway.url}/metrics`);
  assert.match(text, /^roomcast_gateway_limited_total\{limit="handshakes"\} [1-9]/m);
});
