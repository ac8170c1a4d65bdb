// Clients that do not read: they are let go, nobody else notices, and they get back what they missed.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { startStack } = require('../e2e/stack');
const { test, waitFor } = require('../e2e/helpers');
const { Ledger, audit } = require('./ledger');

const QUEUE_BYTES = 256 * 1024;
const SLEEPERS = 4;
const FILL_MS = 120000;

const tcpOf = ({ socket }) => socket.io.engine.transport.ws._socket;
const letGo = (stack) => ['gateway-1', 'gateway-2'].flatMap((name) => stack.log(name))
  .filter(({ event, reason }) => event === 'socket.disconnected' && reason === 'slow consumer').length;
const rss = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

test('clients that stop reading', { timeout: 300000 }, async (t) => {
  const stack = await startStack({ gateways: 2, gatewayOpts: { 'client-queue-max-bytes': QUEUE_BYTES } });
  let ledger;
  try {
    ledger = await Ledger.start(stack, { members: 12, rooms: 2, each: 2, padding: 'x'.repeat(4900) });
    ledger.speak();
    await ledger.acked(100);
    const before = stack.gateways.map(rss);
    const sleepers = ledger.members.slice(0, SLEEPERS);
    const awake = ledger.members.slice(SLEEPERS);
    const asleep = sleepers.map((m) => {
      const tcp = tcpOf(m);
      tcp.pause();
      return tcp;
    });
    // Until the buffers of the system are full, too, and then what may be queued for each.
    await waitFor('all of them to be let go', () => letGo(stack) === SLEEPERS, FILL_MS);
    const after = stack.gateways.map(rss);
    await ledger.acked(50);
    for (const tcp of asleep) tcp.resume();
    await waitFor('them to be back', () => sleepers.every((m) => m.isIn() && m.told.fresh + m.told.recovered > 1), FILL_MS);
    await audit(ledger, t);
    assert.ok(sleepers.every((m) => m.told.recovered > 0), 'somebody did not get his session back');
    assert.ok(awake.every((m) => m.told.fresh === 1 && m.told.recovered === 0), 'somebody else was let go');
    const grown = after.map((n, i) => n - before[i]);
    t.diagnostic(`resident memory of the gateways grew by ${grown.map((n) => (n / 1048576).toFixed(1))} MB`);
    // What the sanitizer keeps of freed memory comes on top.
    for (const n of grown) assert.ok(n < SLEEPERS * QUEUE_BYTES + 300 * 1048576, `${n} bytes more`);
  } finally {
    ledger?.close();
    await stack.down();
  }
});
