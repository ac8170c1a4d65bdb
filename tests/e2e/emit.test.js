// roomcastctl emit: an operator says something to clients, and hears who has acknowledged it.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const msgpackParser = require('socket.io-msgpack-parser');
const { program, run, startStack } = require('./stack');
const { EchoWorker, decode, encode } = require('./echo-worker');
const { connect, test, userToken, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');

const CTL = program('roomcastctl');
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };
const LONG = ['--ack', '--timeout', '15000'];
const [FAILED, USAGE, UNREACHABLE, OFFLINE, UNANSWERED] = [1, 2, 3, 4, 5];

let stack;
let first;
let second;
let names = 0;

before(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const newName = (what) => `${what}-${++names}`;
const enter = (gateway, user, options) => connect(gateway, { token: userToken(stack, user), ...AT_ONCE, ...options });
const emit = (...args) => stack.ctl('emit', ...args);

// The same where it does not succeed: its exit status, and the answer or the complaint.
async function failure(code, ...args) {
  const error = await emit(...args).then((said) => assert.fail(`succeeded: ${JSON.stringify(said)}`), (e) => e);
  assert.equal(error.code, code, error.message);
  return error.stdout ? JSON.parse(error.stdout) : error.stderr.trim();
}

// Keeps what the client is asked, and answers with fn(nth time, arguments), an array, unless that is undefined.
function listen(client, event, fn) {
  const asked = [];
  client.socket.on(event, (...args) => {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : undefined;
    asked.push(args);
    const answer = fn(asked.length, args);
    if (answer) callback(...answer);
  });
  return asked;
}

// Everything but the time that it took.
const rows = ({ answers }) => answers.map(({ ms, ...row }) => {
  assert.equal(ms !== undefined, row.outcome === 'answered');
  return row;
}).sort((a, b) => (a.socketId < b.socketId ? -1 : 1));
const row = (client, user, gateway, rest) => ({ userId: user, socketId: client.socket.id, gateway, tries: 1, outcome: 'answered', ...rest });
const sorted = (...list) => list.sort((a, b) => (a.socketId < b.socketId ? -1 : 1));

test('every tab of a user answers, whatever it speaks', async () => {
  const user = newName('ann');
  const tabs = [
    await enter(first, user),
    await enter(second, user, { transports: ['polling'] }),
    await enter(second, user, { parser: msgpackParser }),
  ];
  const asked = tabs.map((tab) => listen(tab, 'important-message', (_, args) => ['received', args[0].n]));
  const elsewhere = await enter(first, user, { nsp: '/notifications' });
  listen(elsewhere, 'important-message', () => assert.fail('another namespace'));
  const answer = await emit('important-message', '{"n":1,"text":"héllo"}', '"two"', '--user', user, ...LONG);
  assert.deepEqual({ ...answer, answers: 0 }, { sockets: 3, gateways: 2, answered: 3, answers: 0 });
  const args = ['received', 1];
  assert.deepEqual(rows(answer), sorted(row(tabs[0], user, 'gateway-1', { args }), row(tabs[1], user, 'gateway-2', { args }), row(tabs[2], user, 'gateway-2', { args })));
  // Nothing stands behind the arguments: the callback is the last one.
  for (const heard of asked) assert.deepEqual(heard, [[{ n: 1, text: 'héllo' }, 'two']]);
});

test('of a room, who answers and who does not', async () => {
  const roomId = newName('room');
  const users = [newName('bob'), newName('carol'), newName('dave')];
  const [bob, carol, dave] = [await enter(first, users[0]), await enter(second, users[1]), await enter(second, users[2])];
  for (const client of [bob, carol, dave]) assert.equal((await client.ask('join-room', { roomId })).ok, true);
  listen(bob, 'ping', () => ['pong']);
  listen(carol, 'ping', () => undefined);
  const answer = await failure(UNANSWERED, 'ping', '--room', roomId, '--ack', '--timeout', '4000');
  assert.deepEqual([answer.sockets, answer.gateways, answer.answered], [3, 2, 1]);
  assert.deepEqual(rows(answer), sorted(
    row(bob, users[0], 'gateway-1', { args: ['pong'] }),
    row(carol, users[1], 'gateway-2', { outcome: 'no answer' }),
    row(dave, users[2], 'gateway-2', { outcome: 'no answer' }),
  ));
});

test('who is silent is asked until he answers, and his first answer counts', async () => {
  const user = newName('eve');
  const eve = await enter(second, user);
  const asked = listen(eve, 'important-message', (nth) => (nth < 3 ? undefined : [`the ${nth}rd time`]));
  const [TRY_MS, RETRIES] = [2000, 9];
  const answer = await emit('important-message', '--user', user, '--ack', '--timeout', `${TRY_MS * (RETRIES + 1)}`, '--retries', `${RETRIES}`);
  assert.deepEqual(rows(answer), [row(eve, user, 'gateway-2', { tries: 3, args: ['the 3rd time'] })]);
  assert.equal(asked.length, 3);
  assert.ok(answer.answers[0].ms >= 2 * TRY_MS && answer.answers[0].ms < 3 * TRY_MS, JSON.stringify(answer));
});

test('a client that answers twice, and what it was not asked', async () => {
  const user = newName('mallory');
  const client = await enter(first, user);
  const { engine } = client.socket.io;
  const numbers = [];
  engine.on('message', (data) => numbers.push(/^2\/chat,(\d+)\["question"/.exec(data)?.[1]));
  client.socket.on('question', (callback) => {
    const number = BigInt(numbers.find(Boolean));
    // The stock client lets a callback be called once; this is what another one might do.
    for (const other of [1n, number + 1n]) engine.write(`3/chat,${other}["not asked"]`);
    callback('first');
    engine.write(`3/chat,${number}["second"]`);
  });
  const answer = await emit('question', '--user', user, ...LONG);
  assert.deepEqual(rows(answer), [row(client, user, 'gateway-1', { args: ['first'] })]);
  assert.equal(client.socket.connected, true);
});

test('a binary answer', async () => {
  const user = newName('frank');
  const client = await enter(second, user);
  listen(client, 'question', () => [Buffer.from([1, 2, 255]), { deep: [Buffer.from('x')] }]);
  const answer = await emit('question', '--user', user, ...LONG);
  assert.deepEqual(answer.answers[0].args, [{ base64url: 'AQL_' }, { deep: [{ base64url: 'eA' }] }]);
});

test('a client that leaves is not waited for', async () => {
  const user = newName('grace');
  const client = await enter(first, user);
  client.socket.on('question', () => client.socket.disconnect());
  const answer = await failure(UNANSWERED, 'question', '--user', user, ...LONG);
  assert.equal(answer.answers[0].outcome, 'gone');
});

for (const [how, lose] of [['loses its connection', 'cut'], ['leaves a half-open connection', 'orphan']]) test(`a client that ${how} is asked again at the other gateway`, async () => {
  const user = newName('heidi');
  const proxy = await Proxy.to(first);
  const client = await enter(proxy, user);
  const sid = client.socket.id;
  const asked = listen(client, 'important-message', (nth) => {
    if (nth > 1) return ['received'];
    proxy.lead(second);
    proxy[lose]();
    return undefined;
  });
  const answer = await emit('important-message', '{"n":7}', '--user', user, ...LONG);
  assert.equal(client.socket.recovered, true);
  assert.equal(client.socket.id, sid);
  assert.deepEqual(rows(answer), [row(client, user, 'gateway-2', { tries: 2, args: ['received'] })]);
  assert.deepEqual(asked, [[{ n: 7 }], [{ n: 7 }]]);
});

test('a client that stays away', async () => {
  const user = newName('ivan');
  const proxy = await Proxy.to(first);
  const client = await enter(proxy, user);
  client.socket.on('question', () => proxy.down());
  const answer = await failure(UNANSWERED, 'question', '--user', user, '--ack', '--timeout', '6000', '--retries', '1');
  assert.deepEqual([answer.answers[0].outcome, answer.answers[0].tries], ['away', 1]);
  // And whoever asks now is told that he is not there.
  assert.match(await failure(OFFLINE, 'question', '--user', user, '--ack'), /user "ivan-\d+" is not connected to namespace \/chat/);
});

// Asks who sends it an event, as an application would, and keeps what it hears of it.
class AskingWorker extends EchoWorker {
  answer([type, ...fields]) {
    const [EVENT, WORK_ACK, EMIT, DONE] = [52, 53, 64, 63];
    const said = (...values) => Buffer.concat(values.map((value) => Buffer.from(encode(value))));
    if (type[0] === WORK_ACK) this.acks = [...(this.acks ?? []), fields.slice(1).map((field) => decode(field))];
    if (type[0] !== EVENT) return super.answer([type, ...fields]);
    const [task, socket, nsp] = fields.map((field) => decode(field));
    return [said([EMIT, nsp, socket, '', null, 'question', ['of the worker'], true, 7, false]), said([DONE, task])];
  }
}

test('a worker and an operator ask the same socket, and each hears his answer', async () => {
  const user = newName('nina');
  const worker = await AskingWorker.start(stack, ['/chat']);
  try {
    const client = await enter(first, user);
    const callbacks = new Map();
    client.socket.on('question', (whose, callback) => callbacks.set(whose, callback));
    client.socket.emit('ask me');
    await waitFor('the question of the worker', () => callbacks.has('of the worker'));
    const asked = emit('question', '"of the operator"', '--user', user, ...LONG);
    await waitFor('the question of the operator', () => callbacks.has('of the operator'));
    for (const [whose, callback] of callbacks) callback(`the answer ${whose}`);
    assert.deepEqual((await asked).answers[0].args, ['the answer of the operator']);
    await waitFor('the ack at the worker', () => worker.acks);
    assert.deepEqual(worker.acks, [[7, ['the answer of the worker']]]);
  } finally {
    await worker.stop();
  }
});

test('without an ack: sent, forgotten, not stored', async () => {
  const roomId = newName('room');
  const users = [newName('judy'), newName('ken')];
  const judy = await enter(first, users[0]);
  const ken = await enter(second, users[1], { parser: msgpackParser });
  for (const client of [judy, ken]) await client.ask('join-room', { roomId });
  assert.deepEqual(await emit('notice', '{"n":1}', 'null', '--room', roomId), { sockets: 2, gateways: 2 });
  for (const client of [judy, ken]) assert.deepEqual(await client.next('notice'), { n: 1 });
  assert.deepEqual(await emit('notice', '{"n":2}', '--user', users[0]), { sockets: 1, gateways: 1 });
  await judy.next('notice', { n: 2 });
  assert.deepEqual(await emit('notice', '{"n":3}', '--socket', ken.socket.id), { sockets: 1, gateways: 1 });
  await ken.next('notice', { n: 3 });
  for (const client of [judy, ken]) {
    assert.deepEqual((await client.ask('history', { roomId })).messages, []);
    assert.equal(client.got('notice').length, 2);
  }
});

test('nobody, nothing and nonsense', async () => {
  const user = newName('leo');
  await enter(first, user);
  assert.match(await failure(OFFLINE, 'hi', '--user', 'nobody'), /user "nobody" is not connected/);
  assert.match(await failure(OFFLINE, 'hi', '--user', user, '--nsp', '/notifications'), /not connected to namespace \/notifications/);
  assert.match(await failure(FAILED, 'hi', '--room', 'never-made'), /no room "never-made" in namespace \/chat/);
  assert.match(await failure(FAILED, 'hi', '--socket', 'x', '--ack'), /no socket "x"/);
  assert.match(await failure(FAILED, 'hi', '--user', user, '--nsp', '/mars'), /no namespace \/mars/);
  assert.match(await failure(FAILED, 'disconnect', '--user', user), /a name that clients keep for themselves/);
  assert.match(await failure(USAGE, 'hi', '{}', '{"a":1,}', '--user', user), /JSON 2: line 1, column 8: /);
  assert.match(await failure(USAGE, 'hi'), /emit needs --user, --room or --socket/);
  assert.match(await run(CTL, ['emit', '--help']), /usage: roomcastctl emit EVENT \[JSON\]/);
});

test('the broker is away, or goes while it asks', async () => {
  const user = newName('mia');
  const client = await enter(first, user);
  let asked;
  client.socket.on('question', (callback) => { asked = callback; });
  const lost = failure(UNREACHABLE, 'question', '--user', user, '--ack', '--timeout', '8000');
  await waitFor('the question', () => asked);
  await stack.kill('broker');
  assert.match(await lost, /no answer/);
  assert.match(await failure(UNREACHABLE, 'question', '--user', user, '--timeout', '300'), /no answer/);
  await stack.start('broker');
  // An answer to what the last broker asked is nobody's, and the client is heard as ever.
  asked('late');
  listen(client, 'again', () => ['here']);
  const answer = await waitFor('the user to be there', () => emit('again', '--user', user, ...LONG));
  assert.deepEqual(answer.answers[0].args, ['here']);
});
