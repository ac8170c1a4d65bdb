// kill -9 of the broker under load: what was acked is in the database, whoever looks.
'use strict';

const assert = require('node:assert/strict');
const { startStack } = require('../e2e/stack');
const { test, waitFor } = require('../e2e/helpers');
const { Ledger } = require('./ledger');
const { stallDisk } = require('./stall');

// 500 publishes at a time, each said once and never again by its client.
const LOAD = { isSteady: true, members: 25, rooms: 3, each: 1, inFlight: 20 };
const EACH = 40; // messages of one client
const KILL_AFTER = 300;
const SILENCE_MS = 1000;
const ROUNDS_MAX = 5;

/*
 * The broker is struck dead in the middle of the publishes and started again; every publish is
 * answered in the end. isStalled: it is struck while its disk stands still. lost: what was acked
 * and is not in the database.
 */
async function strike({ isStalled, env = {} }) {
  const stack = await startStack({ gateways: 2, env });
  let release = () => {};
  let ledger;
  try {
    ledger = await Ledger.start(stack, LOAD);
    ledger.speak({ count: isStalled ? Infinity : EACH });
    await ledger.acked(KILL_AFTER);
    if (isStalled) {
      release = await stallDisk(stack.broker.database);
      // A broker that keeps its word is silent now; one that does not need not be waited for.
      const { acks } = ledger;
      await waitFor('an ack', () => ledger.acks > acks, SILENCE_MS).catch(() => {});
    }
    process.kill(stack.broker.pid, 'SIGKILL');
    const inFlight = ledger.unanswered;
    await waitFor('the broker to be dead', () => !stack.isAlive('broker'));
    await release();
    await stack.start('broker');
    if (!isStalled) await Promise.all(ledger.speeches);
    await ledger.settle();
    const wrong = await ledger.violations();
    const [{ integrity_check: integrity }] = await stack.sql('PRAGMA integrity_check');
    return { acked: ledger.acks, inFlight, integrity, wrong, refusals: ledger.refusals };
  } finally {
    await release();
    ledger?.close();
    await stack.down();
  }
}

for (const isStalled of [false, true]) {
  const when = isStalled ? 'while its disk stands still' : 'in the middle of 1000 publishes';
  test(`kill -9 of the broker ${when} loses no acked message`, { timeout: 300000 }, async (t) => {
    const { acked, inFlight, integrity, wrong, refusals } = await strike({ isStalled });
    t.diagnostic(`${acked} acked in the end, ${inFlight} unanswered at the kill, refusals ${JSON.stringify([...refusals])}`);
    assert.ok(inFlight > 0, 'the kill came too late');
    assert.deepEqual(wrong.slice(0, 20), []);
    assert.equal(integrity, 'ok');
    for (const code of refusals.keys()) assert.match(code, /^(unavailable|timeout)$/);
  });
}

// The same with a broker that acks before it has committed: a test that passes this sees nothing.
test('the same finds the loss when acks come before the commit', { timeout: 600000 }, async (t) => {
  for (let n = 1; n <= ROUNDS_MAX; n++) {
    const { wrong } = await strike({ isStalled: true, env: { ROOMCAST_MUTATION: 'ack-before-commit' } });
    const lost = wrong.filter((text) => /^I1 .* was acknowledged /.test(text));
    if (lost.length > 0) return t.diagnostic(`${lost.length} acked messages lost in round ${n}`);
  }
  return assert.fail(`nothing was lost in ${ROUNDS_MAX} rounds`);
});
