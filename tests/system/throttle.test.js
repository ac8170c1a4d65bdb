// A gateway whose link is slower than what is said: it falls behind, alone, and catches up.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test, waitFor } = require('../e2e/helpers');
const { FAR, said, underLoad } = require('./beyond');
const { DOWN } = require('./network');

const LINK_BYTES_PER_SECOND = 50000;
const LETTERS = 4900;
const MESSAGE_BYTES = 4 * LETTERS;
const BACKLOG_BYTES = 4194304;
const MIB = 1048576;
const HELD_BYTES = 20 * MIB; // more than the credit of a link and the backlog of a gateway hold
const MORE_BYTES = 10 * MIB;
const GROWTH_BYTES = 6 * MIB; // over what SQLite keeps of the same amount in its page caches
const SAY_MS = 120000;
// At the other gateway, in 99 of 100 cases: so much longer than before, at most.
const LATE_MS = 1000;
const LATE_TIMES = 4;

const rss = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

test('a link of 50 kB a second under a load of far more', { timeout: 600000 }, (t) => underLoad(t, async ({ network, stack, ledger }) => {
  // What the broker grows by while that is said.
  const growth = async (bytes) => {
    const [acks, before] = [ledger.acks, rss(stack.broker)];
    await waitFor('enough to be said', () => (ledger.acks - acks) * MESSAGE_BYTES > bytes, SAY_MS);
    return (rss(stack.broker) - before) / MIB;
  };
  const late = [];
  for (const member of ledger.members) {
    const { ask } = member;
    member.ask = async (...args) => {
      const asked = Date.now();
      const ack = await ask.apply(member, args);
      if (!member.socket.io.uri.startsWith(stack.gateways[1].url)) late.push(Date.now() - asked);
      return ack;
    };
  }
  const p99 = () => {
    const sorted = late.splice(0).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)];
  };
  const open = await growth(MORE_BYTES);
  const usual = p99();
  const passed = network.passed[DOWN];
  const began = Date.now();
  network.bytesPerSecond[DOWN] = LINK_BYTES_PER_SECOND;
  const { acks } = ledger;
  const filling = await growth(HELD_BYTES);
  const grown = await growth(MORE_BYTES);
  const seconds = (Date.now() - began) / 1000;
  const rate = (network.passed[DOWN] - passed) / seconds;
  network.bytesPerSecond[DOWN] = 0;
  const slowed = p99();
  t.diagnostic(`${ledger.acks - acks} acks in ${seconds.toFixed(1)} s while the link carried ${Math.round(rate)} bytes/s; the broker grew by ${open.toFixed(1)} MiB before, ${filling.toFixed(1)} MiB while its queue filled, then ${grown.toFixed(1)} MiB; p99 at the other gateway ${slowed} ms, before ${usual} ms`);
  assert.ok(said(stack, 'broker', 'peer.behind', FAR) > 0, 'it never fell behind');
  assert.ok(grown < open + GROWTH_BYTES / MIB, `the broker grew by ${grown} MiB more, ${open} before`);
  assert.ok(slowed < LATE_MS + LATE_TIMES * usual, `p99 of ${slowed} ms, before ${usual} ms`);
}, {
  stackOptions: {
    brokerOpts: { 'gateway-backlog-max-bytes': BACKLOG_BYTES },
    gatewayOpts: { 'publish-timeout-ms': 120000, 'client-queue-max-bytes': 268435456 },
    env: { ASAN_OPTIONS: 'quarantine_size_mb=1' },
  },
  ledgerOptions: { members: 6, rooms: 3, each: 1, padding: '\u{1d11e}'.repeat(LETTERS) },
}));
