/*
 * The network between a gateway and the broker is cut off for a while, in one direction or both, or
 * breaks. Nothing that was acknowledged is lost, doubled or reordered, the other gateway does not
 * notice, and who was cut off stays or is told. FAULT_ROUNDS says how often, FAULT_SEED repeats it.
 */
'use strict';

const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');
const { test, waitFor } = require('../e2e/helpers');
const { FAR, ROUNDS, acksOf, membersAt, said, underLoad } = require('./beyond');
const { DOWN, UP } = require('./network');

const LEASE_MS = 3000;
const HEARTBEAT_MS = 500;
const PAUSE_MS = 1000;
const NOTICED_MS = 30000;
const ON_ITS_WAY_MS = 500;

const quick = { brokerOpts: { 'lease-ms': LEASE_MS, 'heartbeat-ms': HEARTBEAT_MS } };

/*
 * Holds the directions for so long, and until meanwhile() is done: who is beyond is not answered,
 * everybody else is. How many answers these got.
 */
async function cutOff({ stack, ledger, network }, directions, ms, meanwhile) {
  const beyond = membersAt(stack, ledger, FAR);
  const near = ledger.members.filter((m) => !beyond.includes(m));
  const acked = (members) => members.map((m) => acksOf(ledger, m));
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

  assert.ok(beyond.length > 0 && near.length > 0, 'nobody is beyond the network');
  network.hold(...directions);
  const before = await waitFor('what was on its way to be read', async () => {
    const counts = acked(beyond);
    await sleep(ON_ITS_WAY_MS);
    return sum(acked(beyond)) === sum(counts) && counts;
  });
  const others = sum(acked(near));
  await Promise.all([sleep(ms), meanwhile?.()]);
  const after = acked(beyond);
  const staying = membersAt(stack, ledger, FAR);
  beyond.forEach((m, i) => assert.ok(after[i] === before[i] || !staying.includes(m), `${m.name} was answered through a cut`));
  const answers = sum(acked(near)) - others;
  assert.ok(answers > 0, 'the others were not served meanwhile');
  network.release();
  return answers;
}

// Both ends find out by themselves, though the connection stands as far as they can see.
async function noticed(stack, before) {
  await Promise.all([
    waitFor('the gateway to notice', () => said(stack, FAR, 'link.down') > before.down, NOTICED_MS),
    waitFor('the broker to give it up', () => said(stack, 'broker', 'peer.gone', FAR) > before.gone, NOTICED_MS),
  ]);
}

const WAYS = [['in both directions', [UP, DOWN]], ['up to the broker', [UP]], ['down from the broker', [DOWN]]];

async function cutOffInEachWay(t, scene) {
  const { stack, ledger } = scene;
  for (const [name, directions] of WAYS) {
    const before = { down: said(stack, FAR, 'link.down'), gone: said(stack, 'broker', 'peer.gone', FAR) };
    const began = Date.now();
    let ms;
    const answers = await cutOff(scene, directions, 3 * LEASE_MS, async () => {
      await noticed(stack, before);
      ms = Date.now() - began;
    });
    await waitFor('the link to be up', async () => (await stack.ctl('status')).gateways === 2);
    await ledger.acked(40);
    t.diagnostic(`nothing ${name}: noticed by both after ${ms} ms, the others had ${answers} answers`);
  }
}

test('nothing passes for three leases, in one direction or in both', { timeout: 600000 }, (t) => underLoad(t, async (scene) => {
  for (let round = 0; round < ROUNDS; round++) await cutOffInEachWay(t, scene);
}, { stackOptions: quick }));

test('a network that stands still for a second, and connections that are reset', { timeout: 600000 }, (t) => underLoad(t, async (scene) => {
  const { network, stack, ledger, random } = scene;
  for (let round = 0; round < 4 * ROUNDS; round++) {
    const before = said(stack, 'broker', 'peer.hello', FAR);
    network.reset();
    await waitFor('the gateway to begin anew', () => said(stack, 'broker', 'peer.hello', FAR) > before);
    await sleep(random() * 300);
  }
  await ledger.acked(40);
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await cutOff(scene, [UP, DOWN], PAUSE_MS);
    t.diagnostic(`the others had ${answers} answers meanwhile`);
    await ledger.acked(40);
  }
}));

let beyond;
test('without the replay the oracle finds what is missing', { timeout: 300000 }, (t) => underLoad(t, async (scene) => {
  const { stack, ledger } = scene;
  beyond = membersAt(stack, ledger, FAR).map((m) => m.name);
  const before = said(stack, FAR, 'link.down');
  await cutOff(scene, [UP, DOWN], LEASE_MS, () => waitFor('the gateway to notice', () => said(stack, FAR, 'link.down') > before));
}, {
  stackOptions: { ...quick, env: { ROOMCAST_MUTATION: 'skip-replay' } },
  async check(ledger) {
    ledger.isSpeaking = false;
    await Promise.all(ledger.speeches);
    let wrong;
    await waitFor('the others to have everything', async () => {
      wrong = await ledger.violations();
      return wrong.every((text) => beyond.some((name) => text.startsWith(`I3 ${name} `)));
    });
    t.diagnostic(`found: ${wrong.length}, ${wrong[0]?.slice(0, 100)}`);
    assert.notDeepEqual(wrong, [], 'nothing was missed');
  },
}));
