/*
 * A bad network: slow by chance, one byte at a time, broken in the middle of anything. On the link
 * (ZMTP and CURVE) and between clients and a gateway (handshakes, polling, frames), under load.
 */
'use strict';

const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');
const { startStack } = require('../e2e/stack');
const { generator } = require('../e2e/random');
const { connect, test, userToken, waitFor } = require('../e2e/helpers');
const { FAR, ROUNDS, SEED, said, underLoad } = require('./beyond');
const { Ledger, audit } = require('./ledger');
const { Network } = require('./network');

const DELAYS_MS = [50, 200];
const RESETS = 6 * ROUNDS;
const ACKS = 60;
const PAUSE_MS = 50;
// A stock client that loses its connection after the handshake and before the open packet waits so long.
const OPENING_MS = 5000;
const CRUMBS = 20000;
const few = { members: 6, rooms: 3, each: 2 };

test('a link that is late by 50 to 200 ms, and one that comes in single bytes', { timeout: 600000 }, (t) => underLoad(t, async ({ network, stack, ledger }) => {
  network.delays = DELAYS_MS;
  await ledger.acked(ACKS);
  network.delays = [0, 0];
  network.chop = 1;
  const before = said(stack, 'broker', 'peer.hello', FAR);
  network.reset(); // so that the handshake comes in crumbs, too
  await waitFor('the gateway to begin anew', () => said(stack, 'broker', 'peer.hello', FAR) > before);
  const { up, down } = { ...network.passed };
  await waitFor('crumbs to pass', () => network.passed.down > down + CRUMBS && network.passed.up > up + CRUMBS / 4, 60000);
  await ledger.acked(ACKS);
  t.diagnostic(`${network.passed.up - up} bytes up and ${network.passed.down - down} down, one by one`);
  network.chop = 0;
}, { ledgerOptions: few, pause: PAUSE_MS }));

/*
 * A stock client keeps what it hears before CONNECT, and when its connection breaks right there it
 * hears it again: applications know a message by its id. How many were dropped like this.
 */
function dropRepeated(ledger) {
  const dropped = { count: 0 };
  for (const member of ledger.members) {
    const seen = new Set();
    const [hear] = member.socket.listeners('message');
    member.socket.off('message', hear);
    member.socket.on('message', (message) => {
      if (seen.has(message.id)) dropped.count += 1;
      else hear(message);
      seen.add(message.id);
    });
  }
  return dropped;
}

// The ledger's members, each behind the network and with the transports that it is given.
async function clientsThrough(t, transports, trouble) {
  const stack = await startStack({ gateways: 1, gatewayOpts: { 'ping-interval-ms': 1000, 'ping-timeout-ms': 20000 } });
  let ledger;
  try {
    const network = await Network.to(Number(new URL(stack.gateways[0].url).port));
    const beyond = { ...stack, gateways: [{ ...stack.gateways[0], url: network.url }] };
    network.random = generator(SEED);
    network.chop = 1;
    ledger = await Ledger.start(beyond, { members: 4, rooms: 2, each: 2, options: { transports, timeout: OPENING_MS } });
    const dropped = dropRepeated(ledger);
    ledger.speak();
    await ledger.acked(20);
    await trouble?.({ network, ledger, stack });
    await ledger.acked(20);
    await audit(ledger, t, `seed ${SEED}, ${transports}, ${network.connections} connections, ${network.passed.up} + ${network.passed.down} bytes: `);
    t.diagnostic(`${dropped.count} heard again and known by their id`);
    const { users } = await stack.ctl('users');
    assert.deepEqual(users.map((u) => u.userId).sort(), ledger.members.map((m) => m.name).sort());
  } finally {
    ledger?.close();
    await stack.down();
  }
}

test('WebSocket clients whose bytes come one by one, and whose connections break anywhere', { timeout: 600000 }, (t) => clientsThrough(t, ['websocket'], async ({ network, ledger }) => {
  network.delays = [0, 20];
  for (let n = 0; n < RESETS; n++) {
    await sleep(network.random() * 300);
    network.reset();
  }
  network.delays = [0, 0];
  await waitFor('all to be back', () => ledger.members.every((m) => m.isIn()), 60000);
  const told = ledger.count();
  assert.ok(told.recovered + told.fresh > 0, 'nobody lost his connection');
}));

test('polling clients whose bytes come one by one, and whose connections break anywhere', { timeout: 600000 }, (t) => clientsThrough(t, ['polling'], async ({ network, ledger }) => {
  for (let n = 0; n < RESETS; n++) {
    await sleep(network.random() * 300);
    network.reset();
  }
  await waitFor('all to be back', () => ledger.members.every((m) => m.isIn()), 60000);
}));

test('an upgrade from polling to WebSocket in single bytes', async () => {
  const stack = await startStack();
  try {
    const network = await Network.to(Number(new URL(stack.gateways[0].url).port));
    network.chop = 1;
    const client = await connect({ url: network.url }, { token: userToken(stack, 'ann'), transports: ['polling', 'websocket'] });
    await waitFor('the upgrade', () => client.socket.io.engine.transport.name === 'websocket');
    assert.equal((await client.ask('join-room', { roomId: 'lobby' })).ok, true);
    assert.equal((await client.ask('message', { roomId: 'lobby', content: 'x'.repeat(3000) })).ok, true);
    assert.equal((await client.next('message')).content.length, 3000);
  } finally {
    await stack.down();
  }
});
