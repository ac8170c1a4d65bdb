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
// As much as the credit of a link and the backlog of a gateway hold, and then as much again.
const HELD_BYTES = 24 * 1048576;
const MORE_BYTES = 24 * 1048576;
const GROWTH_MAX_BYTES = 8 * 1048576;
const SAY_MS = 120000;
const LATE_MS = 1000;

const rss = ({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;

test('a link of 50 kB a second under a load of far more', { timeout: 600000 }, (t) => underLoad(t, async ({ network, stack, ledger }) => {
  const before = rss(stack.broker);
  const passed = network.passed[DOWN];
  const began = Date.now();
  const late = [];
  network.bytesPerSecond[DOWN] = LINK_BYTES_PER_SECOND;
  for (const member of ledger.members) {
    const { ask } = member;
    member.ask = async (...args) => {
      const asked = Date.now();
      const ack = await ask.apply(member, args);
      if (!member.socket.io.uri.startsWith(stack.gateways[1].url)) late.push(Date.now() - asked);
      return ack;
    };
  }
  const { acks } = ledger;
  const hasSaid = (bytes) => waitFor('enough to be said', () => (ledger.acks - acks) * MESSAGE_BYTES > bytes, SAY_MS);
  await hasSaid(HELD_BYTES);
  const full = rss(stack.broker);
  await hasSaid(HELD_BYTES + MORE_BYTES);
  const grown = rss(stack.broker) - full;
  const seconds = (Date.now() - began) / 1000;
  const rate = (network.passed[DOWN] - passed) / seconds;
  late.sort((a, b) => a - b);
  network.bytesPerSecond[DOWN] = 0;
  const p99 = late[Math.floor(late.length * 0.99)];
  t.diagnostic(`${ledger.acks - acks} acks in ${seconds.toFixed(1)} s while the link carried ${Math.round(rate)} bytes/s; broker grew by ${((full - before) / 1048576).toFixed(1)} MiB, then by ${(grown / 1048576).toFixed(1)} MiB; p99 at the other gateway ${p99} ms`);
  assert.ok(said(stack, 'broker', 'peer.behind', FAR) > 0, 'it never fell behind');
  assert.ok(grown < GROWTH_MAX_BYTES, `the broker grew by ${grown} bytes more`);
  assert.ok(p99 < LATE_MS, `p99 of ${p99} ms`);
}, {
  stackOptions: {
    brokerOpts: { 'gateway-backlog-max-bytes': BACKLOG_BYTES },
    gatewayOpts: { 'publish-timeout-ms': 120000, 'client-queue-max-bytes': 268435456 },
    env: { ASAN_OPTIONS: 'quarantine_size_mb=1' },
  },
  ledgerOptions: { members: 12, rooms: 3, each: 2, padding: '\u{1d11e}'.repeat(LETTERS) },
}));
