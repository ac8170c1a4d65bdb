// kill -9 of the broker under load: what was acked is in the database, whoever looks.
'use strict';

const assert = require('node:assert/strict');
const { startStack } = require('../e2e/stack');
const { connect, test, userToken, waitFor, within } = require('../e2e/helpers');
const { stallDisk } = require('./stall');

const CLIENTS = 25;
const MESSAGES = 1000;
const KILL_AFTER = 300;
const SILENCE_MS = 1000;
const ROUNDS_MAX = 5;
const ANSWER_MS = 90000;

const user = (i) => `user-${i % CLIENTS}`;
const room = (i) => `room-${i % CLIENTS % 3}`;

// Publishes messages first..last at once. acked: key -> id of those answered with ok.
function publish(clients, acked, first, last) {
  return Array.from({ length: last - first }, async (_, n) => {
    const i = first + n;
    const message = { roomId: room(i), content: `message ${i}`, messageId: `m-${i}` };
    // A gateway that has seen what the database has not sends its clients away: no answer.
    const ack = await clients[i % CLIENTS].ask('message', message, ANSWER_MS)
      .catch((error) => ({ ok: false, error: { code: error.message } }));
    if (ack.ok) acked.set(`${user(i)} ${room(i)} ${ack.seq} ${message.content}`, ack.id);
    if (acked.size === KILL_AFTER) acked.onEnough?.();
    return ack;
  });
}

/*
 * The broker is struck dead in the middle of MESSAGES publishes and started again; every publish
 * is answered in the end. isStalled: it is struck while its disk stands still and half of the
 * publishes have just come in. lost: acked, but not in the database.
 */
async function strike({ isStalled, env = {} }) {
  const stack = await startStack({ gateways: 2, env });
  const acked = new Map();
  const enough = new Promise((resolve) => { acked.onEnough = resolve; });
  let release = () => {};
  try {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, i) => {
      const client = await connect(stack.gateways[i % 2], { token: userToken(stack, user(i)) });
      assert.equal((await client.ask('join-room', { roomId: room(i) })).ok, true);
      return client;
    }));
    const now = isStalled ? MESSAGES / 2 : MESSAGES;
    const publishing = publish(clients, acked, 0, now);
    await within(enough, () => `${KILL_AFTER} acks`, ANSWER_MS);
    if (isStalled) {
      release = await stallDisk(stack.broker.database);
      const late = publish(clients, acked, now, MESSAGES);
      publishing.push(...late);
      // A broker that keeps its word is silent now; one that does not need not be waited for.
      await within(Promise.race(late), () => 'an ack', SILENCE_MS).catch(() => {});
    }
    process.kill(stack.broker.pid, 'SIGKILL');
    const inFlight = MESSAGES - acked.size;
    await waitFor('the broker to be dead', () => !stack.isAlive('broker'));
    await release();
    await stack.start('broker');
    const answers = await Promise.all(publishing);

    const rows = await stack.sql('SELECT user, name, messages.seq, content, message_id FROM messages JOIN rooms ON rooms.id = room');
    const stored = new Set(rows.map((r) => `${r.user} ${r.name} ${r.seq} ${r.content}`));
    const [{ integrity_check: integrity }] = await stack.sql('PRAGMA integrity_check');
    return {
      answers,
      inFlight,
      integrity,
      ids: [...acked.values()],
      lost: [...acked.keys()].filter((key) => !stored.has(key)),
      twice: rows.length - new Set(rows.map((r) => r.message_id)).size,
    };
  } finally {
    await release();
    await stack.down();
  }
}

for (const isStalled of [false, true]) {
  const when = isStalled ? 'while its disk stands still' : 'in the middle of 1000 publishes';
  test(`kill -9 of the broker ${when} loses no acked message`, { timeout: 300000 }, async (t) => {
    const { answers, inFlight, ids, lost, twice, integrity } = await strike({ isStalled });
    t.diagnostic(`${ids.length} acked, ${inFlight} in flight at the kill`);
    assert.ok(inFlight > 0, 'the kill came too late');
    assert.deepEqual(lost, []);
    assert.equal(twice, 0);
    assert.equal(integrity, 'ok');
    assert.equal(new Set(ids).size, ids.length, 'two messages got one id');
    for (const answer of answers) {
      if (!answer.ok) assert.match(answer.error.code, /^(unavailable|timeout)$/);
    }
  });
}

// The same with a broker that acks before it has committed: a test that passes this sees nothing.
test('the same finds the loss when acks come before the commit', { timeout: 600000 }, async (t) => {
  for (let n = 1; n <= ROUNDS_MAX; n++) {
    const { lost } = await strike({ isStalled: true, env: { ROOMCAST_MUTATION: 'ack-before-commit' } });
    if (lost.length > 0) return t.diagnostic(`${lost.length} acked messages lost in round ${n}`);
  }
  return assert.fail(`nothing was lost in ${ROUNDS_MAX} rounds`);
});
