// roomcastctl why: what became of a message, as an operator sees it.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const { program, run, startStack } = require('./stack');
const { connect, joined, newRoom, test, userToken, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');

const CTL = program('roomcastctl');
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };
const BIG = 100 * 1024;
const FILL_MS = 90000; // what the system holds for one connection

let stack;
let first;
let second;

before(async () => {
  // A gateway that stands still is alive for as long as its test.
  stack = await startStack({ gateways: 2, brokerOpts: { 'lease-ms': 120000 } });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const enter = async (gateway, user, roomId) =>
  joined(await connect(gateway, { token: userToken(stack, user, user.toUpperCase()), ...AT_ONCE }), roomId);

async function say(client, roomId, content, type = 'text') {
  const answer = await client.ask('message', { roomId, content, type });
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer;
}

const text = (...args) => run(CTL, ['--endpoint', stack.broker.control, 'why', ...args]);
const failure = (...args) => text(...args).then((said) => assert.fail(`succeeded: ${said}`), (error) => error);

// The answer, its gateways by their ids.
async function why(id) {
  const { gateways, ...facts } = await stack.ctl('why', id);
  return { facts, at: Object.fromEntries(gateways.map(({ id: name, ...rest }) => [name, rest])) };
}

function assertDelivered(row, counts, since) {
  const { at, ...rest } = row;
  assert.deepEqual(rest, { state: 'live', outcome: 'delivered', recovered: 0, lagging: 0, ...counts });
  assert.ok(at >= since && at <= Date.now(), `at ${at}, since ${since}`);
}

test('a message for three members at two gateways', async () => {
  const roomId = newRoom();
  const ann = await enter(first, 'ann', roomId);
  const others = [await enter(second, 'bob', roomId), await enter(second, 'carol', roomId)];
  const since = Date.now();
  const said = await say(ann, roomId, 'hello');
  for (const client of [ann, ...others]) await client.next('message', { content: 'hello' });
  const { facts, at } = await why(said.id);
  const { gseq, ...rest } = facts;
  assert.deepEqual(rest, {
    id: said.id, nsp: '/chat', room: roomId, members: 3, seq: said.seq, userId: 'ann', username: 'ANN', type: 'text', timestamp: said.timestamp,
  });
  assert.ok(gseq > 0);
  assertDelivered(at['gateway-1'], { sockets: 1, written: 1 }, since);
  assertDelivered(at['gateway-2'], { sockets: 2, written: 2 }, since);
  const lines = (await text(said.id)).split('\n');
  assert.ok(lines.some((line) => /^user +ann$/.test(line)), lines.join('\n'));
  assert.ok(lines.some((line) => /^gateway-2 +live +delivered +2 +2 +0 +0 +\d{4}-/.test(line)), lines.join('\n'));
});

test('where nobody is in the room nobody is told', async () => {
  const roomId = newRoom();
  const { id } = await say(await enter(first, 'ann', roomId), roomId, 'alone');
  const { at } = await why(id);
  assert.equal(at['gateway-1'].outcome, 'delivered');
  assert.deepEqual(at['gateway-2'], { state: 'live', outcome: 'nobody here' });
});

test('a client that came back to another gateway recovered it there', async () => {
  const roomId = newRoom();
  const ann = await enter(first, 'ann', roomId);
  const proxy = await Proxy.to(first);
  const bob = await enter(proxy, 'bob', roomId);
  await say(ann, roomId, 'before'); // bob has an offset
  await bob.next('message', { content: 'before' });
  proxy.isDown = true;
  proxy.cut();
  await waitFor('the gateway to notice', async () => (await stack.ctl('gateways')).gateways
    .find((g) => g.id === 'gateway-1').connections === 1);
  const { id } = await say(ann, roomId, 'missed');
  proxy.lead(second);
  proxy.up();
  await bob.next('message', { content: 'missed' });
  await waitFor('bob to be back', () => bob.socket.connected);
  assert.equal(bob.socket.recovered, true);
  const { at } = await why(id);
  assert.deepEqual([at['gateway-1'].sockets, at['gateway-1'].recovered], [1, 0]);
  assert.deepEqual([at['gateway-2'].sockets, at['gateway-2'].recovered], [0, 1]);
  assert.equal(at['gateway-2'].outcome, 'delivered');
});

test('a client that reads nothing lags', async () => {
  const roomId = newRoom();
  const ann = await enter(first, 'ann', roomId);
  const bob = await enter(second, 'bob', roomId);
  const wire = bob.socket.io.engine.transport.ws._socket;
  wire.pause();
  try {
    await waitFor('it to lag', async () => {
      const { id } = await say(ann, roomId, Buffer.alloc(BIG), 'file');
      const row = (await why(id)).at['gateway-2'];
      assert.equal(row.outcome, 'delivered');
      assert.equal(row.written + row.lagging, 1);
      return row.lagging === 1;
    }, FILL_MS);
  } finally {
    wire.resume();
  }
});

test('what is no id, and what no message has had, is said', async () => {
  for (const bad of ['nonsense', '000000000001', '000000000001U']) {
    const { code, stderr } = await failure(bad);
    assert.equal(code, 1, stderr);
    assert.match(stderr, new RegExp(`"${bad}" is no id of a message`));
  }
  for (const bad of [[], ['0'.repeat(14)]]) {
    const { code, stderr } = await failure(...bad);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /MESSAGE-ID/);
  }
  const { code, stderr } = await failure('00000000zzzzz');
  assert.equal(code, 1);
  assert.match(stderr, /no message has had this id: the newest is [0-9a-z]{13}/);
});

test('a gateway that stands still does not answer, one that began later does not know', async () => {
  const roomId = newRoom();
  const ann = await enter(first, 'ann', roomId);
  await enter(second, 'bob', roomId);
  const { id } = await say(ann, roomId, 'hello');
  process.kill(second.pid, 'SIGSTOP');
  try {
    const { at } = await why(id);
    assert.equal(at['gateway-1'].outcome, 'delivered');
    assert.deepEqual(at['gateway-2'], { state: 'live', outcome: 'no answer' });
    assert.match(await text(id), /^gateway-2 +live +no answer +- +- +- +- +-$/m);
  } finally {
    process.kill(second.pid, 'SIGCONT');
  }
  await waitFor('its answer', async () => (await why(id)).at['gateway-2']?.outcome === 'delivered');
  await stack.kill('gateway-2');
  await stack.start('gateway-2');
  await waitFor('the new one to be asked', async () => (await why(id)).at['gateway-2']?.outcome === 'not known any more');
  assert.equal((await why(id)).at['gateway-1'].outcome, 'delivered');
});
