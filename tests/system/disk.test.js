// A disk that is full, ill, slow or taken: what was acknowledged stays, the rest goes on, and it heals.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { startStack } = require('../e2e/stack');
const { connect, page, test, userToken, waitFor, within } = require('../e2e/helpers');
const { Disk } = require('./iofault');
const { Ledger, audit } = require('./ledger');
const { sleep } = require('./member');

const AFTER_ACKS = 60;
const HEAL_MS = 30000;
const BACK_ROUNDS = 5;
const BACK_PAUSE_MS = 40;
const SYNC_MS = 400; // of a slow disk

const readyOf = (stack) => stack.broker.metrics.replace(/metrics$/, 'ready');

async function ill(t, strike) {
  const disk = new Disk();
  const stack = await startStack({ gateways: 2, env: disk.env });
  let ledger;
  try {
    ledger = await Ledger.start(stack);
    ledger.speak();
    await ledger.acked(AFTER_ACKS);
    await strike({ disk, stack, ledger });
    disk.heal();
    await ledger.acked(AFTER_ACKS);
    await audit(ledger, t);
    assert.deepEqual((await stack.sql('PRAGMA integrity_check'))[0], { integrity_check: 'ok' });
    assert.equal((await stack.ctl('status')).state, 'ok');
  } finally {
    ledger?.close();
    await stack.down();
    disk.close();
  }
}

/*
 * As long as it lasts: publishes are refused (nothing that was refused is stored, the oracle sees
 * to that), what needs no disk goes on, and whoever asks is told.
 */
async function isTold({ stack, ledger }) {
  const client = await connect(stack.gateways[0], { token: userToken(stack, 'visitor') });
  await waitFor('a publish to be refused', async () => {
    const { error } = await client.ask('message', { roomId: 'ledger-0', content: 'x' });
    return error?.code === 'unavailable';
  });
  await waitFor('the broker to say so', async () => (await stack.ctl('status')).state === 'degraded');
  assert.match((await stack.ctl('status')).reason, /roomcast\.db|disk|space/);
  const ready = await page(readyOf(stack));
  assert.equal(ready.status, 503);
  assert.match(ready.text, /roomcast\.db|disk|space/);
  assert.equal((await ledger.members[0].ask('typing', { roomId: 'ledger-0' })).ok, true);
  assert.ok((await client.ask('room-users', { roomId: 'ledger-0' })).users.length > 1);
  assert.ok((await client.ask('history', { roomId: 'ledger-0' })).messages.length > 0);
  client.close();
}

for (const [name, ops, how] of [
  ['full', 'write', { error: 'ENOSPC' }],
  ['not to be written', 'write', { error: 'EIO' }],
  ['not to be synced', 'sync', { error: 'EIO' }],
]) {
  test(`a disk that is ${name} for a while`, { timeout: 300000 }, (t) => ill(t, async (on) => {
    on.disk.arm(ops, how);
    await isTold(on);
    assert.ok(on.disk.struck() > 0);
    on.disk.heal();
    await waitFor('the broker to be ready', async () => (await page(readyOf(on.stack))).status === 200, HEAL_MS);
  }));
}

// What a batch that fails takes back is given again: nobody who came in between may count it as heard.
test('clients that come back while the disk is full', { timeout: 300000 }, (t) => ill(t, async ({ disk, ledger }) => {
  for (let round = 0; round < BACK_ROUNDS; round++) {
    const refused = ledger.refusals.get('unavailable') ?? 0;
    disk.arm('write', { error: 'ENOSPC' });
    await waitFor('publishes to be refused', () => ledger.refusals.get('unavailable') > refused);
    for (const { socket } of ledger.members) {
      socket.io.engine.close();
      await sleep(BACK_PAUSE_MS);
    }
    await waitFor('all to be back', () => ledger.members.every((m) => m.isIn()), HEAL_MS);
    disk.heal();
    await ledger.acked(AFTER_ACKS);
  }
  const { recovered, fresh } = ledger.count();
  assert.ok(recovered > 0);
  assert.equal(fresh, 0, 'sessions of before were not given back');
}));

for (const [name, ops, how] of [
  ['a write that finds the disk full', 'write', { error: 'ENOSPC', times: 1 }],
  ['ten writes that fail', 'write', { error: 'EIO', times: 10 }],
  ['a sync that fails', 'sync', { error: 'EIO', times: 1 }],
  ['three syncs that fail', 'sync', { error: 'EIO', times: 3 }],
  ['everything fails five times', 'all', { error: 'EIO', times: 5 }],
]) {
  test(`${name}: once, and again later`, { timeout: 300000 }, (t) => ill(t, async ({ disk, ledger }) => {
    for (const after of [0, 3]) {
      disk.arm(ops, { ...how, after });
      await waitFor('the fault to strike', () => disk.struck() > 0);
      await ledger.acked(20);
    }
  }));
}

test('writes that do half of what was asked', { timeout: 300000 }, (t) => ill(t, async ({ disk, ledger }) => {
  disk.arm('write', { isShort: true });
  await ledger.acked(AFTER_ACKS);
  assert.ok(disk.struck() > 0);
  assert.equal(ledger.refusals.size, 0);
}));

test('a slow disk slows publishers down, and nobody else', { timeout: 300000 }, (t) => ill(t, async ({ disk, stack, ledger }) => {
  const client = await connect(stack.gateways[0], { token: userToken(stack, 'visitor') });
  // What a request that needs no disk takes, in the middle of 20.
  const typical = async () => {
    const took = [];
    for (let i = 0; i < 20; i++) {
      const began = Date.now();
      assert.ok((await client.ask('room-users', { roomId: 'ledger-0' })).ok);
      took.push(Date.now() - began);
    }
    return took.sort((a, b) => a - b)[took.length / 2];
  };
  const before = await typical();
  disk.arm('sync', { delay: SYNC_MS });
  await ledger.acked(AFTER_ACKS);
  assert.equal(ledger.refusals.size, 0);
  const slow = await typical();
  t.diagnostic(`${slow} ms for a request that needs no disk, ${before} ms before`);
  assert.ok(slow < before + SYNC_MS / 2, `they waited for the disk: ${slow} ms, ${before} ms before`);
  client.close();
}));

test('another program that holds the database for three seconds', { timeout: 300000 }, (t) => ill(t, async ({ stack, ledger }) => {
  const other = spawn('sqlite3', [stack.broker.database], { stdio: ['pipe', 'pipe', 'inherit'] });
  const over = new Promise((resolve) => { other.on('exit', resolve); });
  const held = new Promise((resolve) => { other.stdout.once('data', resolve); });
  other.stdin.end('.bail on\n.timeout 20000\nBEGIN EXCLUSIVE;\n.print held\n.shell sleep 3\nROLLBACK;\n');
  await within(held, () => 'the lock');
  await within(over, () => 'its end');
  await ledger.acked(AFTER_ACKS);
}));
