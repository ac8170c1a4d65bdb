// kill -9 of the broker under load: what was acked is in the database, whoever looks.
'use strict';

const assert = require('node:assert/strict');
const { startStack } = require('../e2e/stack');
const { connect, test, userToken, waitFor } = require('../e2e/helpers');

const CLIENTS = 25;
const MESSAGES = 1000;
const KILL_AFTER = 300;
const ROUNDS_MAX = 12;
const ANSWER_MS = 90000;

/*
 * MESSAGES publishes at once; as soon as KILL_AFTER of them are acked the broker is struck dead,
 * then started again. All are answered; the acked ones that the database does not have are lost.
 */
async function round(env) {
  const stack = await startStack({ gateways: 2, env });
  try {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, n) => {
      const client = await connect(stack.gateways[n % 2], { token: userToken(stack, `user-${n}`) });
      assert.equal((await client.ask('join-room', { roomId: `room-${n % 3}` })).ok, true);
      return client;
    }));
    const acked = new Map();
    let inFlight;
    const publish = async (i) => {
      const n = i % CLIENTS;
      const message = { roomId: `room-${n % 3}`, content: `message ${i}`, messageId: `m-${i}` };
      const ack = await clients[n].ask('message', message, ANSWER_MS);
      if (ack.ok) acked.set(`user-${n} ${message.roomId} ${ack.seq} ${message.content}`, ack.id);
      if (acked.size === KILL_AFTER && inFlight === undefined) {
        inFlight = MESSAGES - acked.size;
        process.kill(stack.broker.pid, 'SIGKILL');
      }
      return ack;
    };
    const publishing = Promise.all(Array.from({ length: MESSAGES }, (_, i) => publish(i)));
    await waitFor('the broker to be dead', () => inFlight !== undefined && !stack.isAlive('broker'), ANSWER_MS);
    await stack.start('broker');
    const answers = await publishing;

    const rows = await stack.sql('SELECT user, name, messages.seq, content, message_id FROM messages JOIN rooms ON rooms.id = room');
    const stored = new Set(rows.map((r) => `${r.user} ${r.name} ${r.seq} ${r.content}`));
    return {
      answers,
      inFlight,
      ids: [...acked.values()],
      lost: [...acked.keys()].filter((key) => !stored.has(key)),
      twice: rows.length - new Set(rows.map((r) => r.message_id)).size,
      integrity: (await stack.sql('PRAGMA integrity_check'))[0].integrity_check,
    };
  } finally {
    await stack.down();
  }
}

test('kill -9 of the broker in the middle of 1000 publishes loses no acked message', { timeout: 300000 }, async (t) => {
  const { answers, inFlight, ids, lost, twice, integrity } = await round({});
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

// The same with a broker that acks before it has committed: a test that passes this sees nothing.
test('the same finds the loss when acks come before the commit', { timeout: 900000 }, async (t) => {
  for (let n = 1; n <= ROUNDS_MAX; n++) {
    const { lost } = await round({ ROOMCAST_MUTATION: 'ack-before-commit' });
    if (lost.length > 0) return t.diagnostic(`${lost.length} acked messages lost in round ${n}`);
  }
  return assert.fail(`nothing was lost in ${ROUNDS_MAX} rounds`);
});
