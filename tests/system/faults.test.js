/*
 * Processes die, stand still and come back under load; nothing that was acknowledged is lost,
 * doubled or reordered. FAULT_ROUNDS says how often each is done; FAULT_SEED repeats the moments.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { startStack } = require('../e2e/stack');
const { generator } = require('../e2e/random');
const { test, waitFor } = require('../e2e/helpers');
const { Ledger, audit } = require('./ledger');

const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 2);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1e9);
const LEASE_MS = 1500;
const HEARTBEAT_MS = 300;
const FDS_MORE = 5;
const GATEWAYS = ['gateway-1', 'gateway-2'];

const quick = { 'lease-ms': LEASE_MS, 'heartbeat-ms': HEARTBEAT_MS };
const openFiles = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

// Who is in the rooms, as the broker sees it, is who is in them.
async function isPresenceRight(stack, ledger) {
  const { users } = await stack.ctl('users');
  const here = ledger.members.map((m) => m.name).sort();
  return JSON.stringify(users.map((u) => u.userId).sort()) === JSON.stringify(here)
    && users.every((u) => u.connections === 1);
}

/*
 * strike({ stack, random, round }) is done in each round, in the middle of the load; what it
 * returns, if anything, is done when the load has gone on for a while.
 */
async function rounds(t, strike, { stackOptions = {}, ledgerOptions = {} } = {}) {
  const stack = await startStack({ gateways: 2, brokerOpts: quick, ...stackOptions });
  const random = generator(SEED);
  let ledger;
  try {
    ledger = await Ledger.start(stack, { members: 12, rooms: 4, each: 2, ...ledgerOptions });
    const pids = () => [stack.broker, ...stack.gateways].map(({ pid }) => pid);
    const before = pids().map(openFiles);
    ledger.speak();
    for (let round = 0; round < ROUNDS; round++) {
      await ledger.acked(40 + Math.floor(random() * 40));
      const spoken = ledger.spoken;
      await strike({ stack, random, round, ledger });
      assert.ok(ledger.spoken >= spoken && ledger.members.length > 0);
      await ledger.acked(40);
    }
    await audit(ledger, t, `seed ${SEED}, ${ROUNDS} rounds: `);
    await waitFor('presence to be right', () => isPresenceRight(stack, ledger), 2 * LEASE_MS + 10000);
    const after = pids().map(openFiles);
    before.forEach((n, i) => assert.ok(after[i] <= n + ledger.members.length + FDS_MORE, `open files: ${before} -> ${after}`));
  } finally {
    ledger?.close();
    await stack.down();
  }
}

async function killed(stack, name) {
  await stack.kill(name);
  await waitFor(`${name} to be dead`, () => !stack.isAlive(name));
}

test('kill -9 of the broker', { timeout: 1800000 }, (t) => rounds(t, async ({ stack, random }) => {
  await killed(stack, 'broker');
  await sleep(random() * 500);
  await stack.start('broker');
}));

test('kill -9 of a gateway', { timeout: 1800000 }, (t) => rounds(t, async ({ stack, random, round }) => {
  const name = GATEWAYS[round % 2];
  await killed(stack, name);
  await sleep(random() * 500);
  await stack.start(name);
}));

test('kill -9 of a gateway that stays dead for longer than its lease', { timeout: 1800000 }, (t) => rounds(t, async ({ stack, round }) => {
  const name = GATEWAYS[round % 2];
  await killed(stack, name);
  await sleep(2 * LEASE_MS);
  await stack.start(name);
}));

test('kill -9 of everything at once', { timeout: 1800000 }, (t) => rounds(t, async ({ stack }) => {
  await Promise.all(['broker', ...GATEWAYS].map((name) => killed(stack, name)));
  await stack.start('broker');
  await Promise.all(GATEWAYS.map((name) => stack.start(name)));
}));

test('a broker that stands still, and goes on', { timeout: 1800000 }, (t) => rounds(t, async ({ stack, ledger, random }) => {
  process.kill(stack.broker.pid, 'SIGSTOP');
  await sleep(300); // what had left it by then
  const { acks } = ledger;
  await sleep(500 + random() * 2 * LEASE_MS);
  assert.equal(ledger.acks, acks, 'acknowledged by nobody');
  process.kill(stack.broker.pid, 'SIGCONT');
}));

test('a gateway that stands still, for less and for more than its lease', { timeout: 1800000 }, (t) => rounds(t, async ({ stack, round }) => {
  const { pid } = stack.gateways[round % 2];
  process.kill(pid, 'SIGSTOP');
  await sleep(round % 2 ? LEASE_MS / 2 : 2 * LEASE_MS);
  process.kill(pid, 'SIGCONT');
}));

test('a broker and a gateway that are told to stop, one after the other', { timeout: 1800000 }, (t) => rounds(t, async ({ stack, round }) => {
  const name = round % 2 ? 'broker' : GATEWAYS[round / 2 % 2];
  await stack.stop(name);
  await stack.start(name);
}));
