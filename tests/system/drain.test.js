// A gateway that ends sends its clients elsewhere one after the other, and many that come at once are let in one after the other.
'use strict';

const assert = require('node:assert/strict');
const net = require('node:net');
const { startStack } = require('../e2e/stack');
const { io, page, test, userToken, waitFor } = require('../e2e/helpers');
const { Ledger, audit } = require('./ledger');

const DRAIN_RATE = 1; // so that there is time to look around before the last has left
const HANDSHAKE = '/socket.io/?EIO=4&transport=polling';

const sessions = async (gateway) => Number(/^websocket_connected_clients (\d+)$/m.exec((await page(`${gateway.url}/metrics`)).text)[1]);

async function withLedger(options, fn) {
  const stack = await startStack({ gateways: 2, ...options });
  let ledger;
  try {
    ledger = await Ledger.start(stack, { members: 20 });
    ledger.speak({ pause: 5 });
    await ledger.acked(50);
    await fn(stack, ledger);
  } finally {
    ledger?.close();
    await stack.down();
  }
}

const drained = (stack, name) => waitFor(`${name} to end`, () => !stack.isAlive(name), 60000);
const isAt = (ledger, gateway) => ledger.members.every(({ socket }) => socket.connected && socket.io.uri.startsWith(gateway.url));

// A connection that is open already.
class Old {
  constructor({ url }) {
    this.peer = net.connect(new URL(url).port, '127.0.0.1');
  }

  get(path) {
    const answer = new Promise((resolve) => { this.peer.once('data', (data) => resolve(data.toString())); });
    this.peer.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n\r\n`);
    return answer;
  }
}

// Whether it takes a new connection.
function isListening({ url }) {
  return new Promise((resolve) => {
    const peer = net.connect(new URL(url).port, '127.0.0.1', () => { peer.destroy(); resolve(true); });
    peer.once('error', () => resolve(false));
  });
}

test('SIGTERM: clients leave at the pace, nothing is lost, the others take them', { timeout: 240000 }, async (t) => {
  await withLedger({ gatewayOpts: { 'drain-rate': DRAIN_RATE, 'drain-timeout-ms': 60000 } }, async (stack, ledger) => {
    const [first, second] = stack.gateways;
    const before = await sessions(first);
    const old = new Old(first);
    await old.get('/health');
    assert.ok(before >= 10);
    const began = Date.now();
    process.kill(first.pid, 'SIGTERM');
    await waitFor('the first to leave', () => ledger.members.some((m) => m.told.fresh + m.told.recovered > 1));
    assert.ok(!isAt(ledger, second), 'they left all at once');
    assert.equal(await isListening(first), false, 'it takes new connections');
    assert.match(await old.get('/ready'), /^HTTP\/1.1 503 [^]*not ready: draining\n$/);
    assert.match(await old.get(HANDSHAKE), /^HTTP\/1.1 503 /);
    old.peer.destroy();
    await drained(stack, 'gateway-1');
    const ms = Date.now() - began;
    assert.ok(ms > (before - 2) * 1000 / DRAIN_RATE * 0.8, `${before} clients left in ${ms} ms`);
    await waitFor('all to be at the other', () => isAt(ledger, second));
    const log = stack.log('gateway-1');
    assert.ok(log.find((r) => r.event === 'gateway.draining' && r.count === before));
    await stack.start('gateway-1');
    await audit(ledger, t, `${before} clients left in ${ms} ms: `);
  });
});

test('roomcastctl drain: the same, at the pace it says', { timeout: 240000 }, async (t) => {
  await withLedger({ gatewayOpts: { 'drain-rate': 1 } }, async (stack, ledger) => {
    const second = stack.gateways[1];
    const { gateways } = await stack.ctl('gateways');
    const { id } = gateways.find(({ endpoint }) => endpoint.startsWith('ipc'));
    assert.deepEqual(await stack.ctl('drain', id, '--rate', '100'), { gateway: id });
    await drained(stack, 'gateway-1');
    await waitFor('all to be at the other', () => isAt(ledger, second));
    await assert.rejects(stack.ctl('drain', 'nobody'), /no gateway "nobody"; `gateways` lists them/);
    await audit(ledger, t);
  });
});

test('at the deadline it ends, and a second SIGTERM is the deadline', { timeout: 240000 }, async (t) => {
  await withLedger({ gatewayOpts: { 'drain-rate': 1, 'drain-timeout-ms': 60000 } }, async (stack, ledger) => {
    const [first, second] = stack.gateways;
    process.kill(first.pid, 'SIGTERM');
    await waitFor('the drain', () => stack.log('gateway-1').some((r) => r.event === 'gateway.draining'));
    process.kill(first.pid, 'SIGTERM');
    await drained(stack, 'gateway-1');
    await waitFor('all to be at the other', () => isAt(ledger, second));
    await audit(ledger, t);
  });
});

// Everybody at once: let in as fast as the broker wants it, over both gateways together.
test('a storm of clients is let in at the rate of the broker', { timeout: 240000 }, async (t) => {
  const RATE = 20;
  const CLIENTS = 100;
  const stack = await startStack({ gateways: 2, brokerOpts: { 'connect-rate': RATE } });
  const sockets = [];
  try {
    await waitFor('both gateways to know their share', async () => {
      const answers = await Promise.all(Array.from({ length: 3 * RATE }, () => fetch(stack.gateways[0].url + HANDSHAKE)));
      const busy = answers.find(({ status }) => status === 503);
      assert.equal(busy.headers.get('retry-after'), '1');
      return true;
    });
    const began = Date.now();
    const at = [];
    for (let i = 0; i < CLIENTS; i++) {
      const socket = io(`${stack.gateways[i % 2].url}/chat`, {
        transports: ['websocket'], forceNew: true, auth: { token: userToken(stack, `user-${i}`) }, reconnectionDelayMax: 1000,
      });
      socket.on('connect', () => at.push(Date.now() - began));
      sockets.push(socket);
    }
    await waitFor('all to be in', () => at.length === CLIENTS, 60000);
    const took = at.at(-1);
    t.diagnostic(`${CLIENTS} clients in ${took} ms at ${RATE} a second`);
    // What the buckets hold at first comes on top.
    assert.ok(took > (CLIENTS - RATE) * 1000 / RATE * 0.9, `all were in after ${took} ms`);
  } finally {
    for (const socket of sockets) socket.disconnect();
    await stack.down();
  }
});
