// Rooms, members and moderation: rights that change while stock clients are there, or are not.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const { connect, newRoom, refusal, test, userToken, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');
const { program, run, startStack } = require('./stack');

const BAN_MS = 6000; // long enough to run into it
const BAN_OVER_MS = 30000;
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };

let stack;
let first;
let second;

before(async () => {
  stack = await startStack({ gateways: 2, brokerOpts: { 'presence-grace-ms': 500 } });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const nsp = ['--nsp', '/chat'];const enter = (user, at = first, options = {}) => connect(at, { token: userToken(stack, user), ...options });
const join = async (client, roomId) => assert.equal((await client.ask('join-room', { roomId })).ok, true);
const code = (answer) => answer.error?.code ?? 'ok';
const say = (client, roomId, content) => client.ask('message', { roomId, content });
const heard = (client, roomId) => client.got('message', { roomId }).map((m) => m.content);
const refused = (...args) => run(program('roomcastctl'), ['--endpoint', stack.broker.control, ...args])
  .then((said) => assert.fail(`succeeded: ${said}`), (error) => error.stderr);

async function makeRoom(...options) {
  const roomId = newRoom();
  await stack.ctl('room', 'create', roomId, ...nsp, ...options);
  return roomId;
}

const add = (roomId, user, role = 'member') => stack.ctl('member', 'add', roomId, ...nsp, '--user', user, '--role', role);

// A client whose network can be cut.
async function behindProxy(user, at) {
  const proxy = await Proxy.to(at);
  const client = await enter(user, proxy, AT_ONCE);
  client.proxy = proxy;
  return client;
}

async function away(client, meanwhile) {
  client.proxy.isDown = true;
  client.proxy.cut();
  await waitFor('the client to notice', () => !client.socket.connected);
  await meanwhile();
  client.proxy.up();
  await waitFor('the client to be back', () => client.socket.connected);
}

test('a private room is for its members, who join it when they are made such and when they connect', async () => {
  const roomId = await makeRoom('--private');
  const [ann, tab] = [await enter('ann'), await enter('ann', second)];
  assert.equal(code(await ann.ask('join-room', { roomId })), 'access_denied');
  await add(roomId, 'ann');
  await Promise.all([ann, tab].map((c) => c.next('room-joined', { roomId })));
  assert.equal(code(await say(ann, roomId, 'in')), 'ok');
  await tab.next('message', { roomId, content: 'in' });
  const later = await enter('ann', second);
  await later.next('room-joined', { roomId });
  const { members } = await stack.ctl('member', 'list', roomId, ...nsp);
  assert.deepEqual(members.map((m) => [m.userId, m.role, m.connections]), [['ann', 'member', 3]]);
});

test('a removed member is put out on every gateway, and hears nothing more', async () => {
  const roomId = await makeRoom('--private');
  await add(roomId, 'bob');
  await add(roomId, 'cid');
  const [bob, tab, cid] = [await enter('bob'), await enter('bob', second), await enter('cid', second)];
  await Promise.all([bob, tab, cid].map((c) => c.next('room-joined', { roomId })));
  await stack.ctl('member', 'remove', roomId, ...nsp, '--user', 'bob');
  for (const client of [bob, tab]) await client.next('room-left', { roomId, reason: 'removed' });
  await cid.next('user-left', { roomId, userId: 'bob' });
  await cid.next('room-presence', { roomId, userId: 'bob', action: 'left', usersCount: 1 });
  assert.equal(cid.got('user-left', { roomId }).length, 1);
  assert.equal(code(await say(cid, roomId, 'after')), 'ok');
  await cid.next('message', { content: 'after' });
  for (const event of ['message', 'history', 'room-users', 'join-room', 'typing'])
    assert.equal(code(await bob.ask(event, { roomId, content: 'x' })), 'access_denied', event);
  assert.deepEqual([...heard(bob, roomId), ...heard(tab, roomId)], []);
  assert.match(await refused('member', 'remove', roomId, ...nsp, '--user', 'bob'), /no member/);
});

test('who is removed while he is away recovers the rest, and is told', async () => {
  const [roomId, other] = [await makeRoom('--private'), newRoom()];
  await add(roomId, 'dan');
  const [dan, eve] = [await behindProxy('dan', first), await enter('eve', second)];
  await add(roomId, 'eve', 'moderator');
  await dan.next('room-joined', { roomId });
  for (const client of [dan, eve]) await join(client, other);
  await say(eve, roomId, 'before');
  await dan.next('message', { content: 'before' });
  await away(dan, async () => {
    await say(eve, roomId, 'missed, and his');
    await stack.ctl('member', 'remove', roomId, ...nsp, '--user', 'dan');
    await say(eve, roomId, 'secret');
    await say(eve, other, 'for him');
  });
  await dan.next('message', { roomId: other, content: 'for him' });
  assert.equal(dan.socket.recovered, true);
  await dan.next('room-left', { roomId, reason: 'removed' });
  assert.deepEqual(heard(dan, roomId), ['before']);
  assert.equal(code(await dan.ask('history', { roomId })), 'access_denied');
});

test('rights survive the death of the broker, for those who are away and those who are there', async () => {
  const roomId = await makeRoom('--private');
  for (const user of ['fay', 'gus', 'hal']) await add(roomId, user, user === 'hal' ? 'moderator' : 'member');
  const [fay, gus, hal] = [await behindProxy('fay', first), await enter('gus', second), await enter('hal', second)];
  for (const client of [fay, gus, hal]) await client.next('room-joined', { roomId });
  await stack.ctl('ban', 'add', 'ivy', '--reason', 'spam');
  await stack.ctl('mute', 'add', 'gus', '--room', roomId, ...nsp);
  await away(fay, async () => {
    await stack.ctl('member', 'remove', roomId, ...nsp, '--user', 'fay');
    await stack.kill('broker');
    await stack.start('broker');
    await waitFor('the broker', async () => (await say(hal, roomId, 'after')).ok);
  });
  assert.equal(fay.socket.recovered, true);
  assert.equal(code(await say(fay, roomId, 'x')), 'access_denied');
  assert.deepEqual(heard(fay, roomId), []);
  assert.equal(code(await say(gus, roomId, 'x')), 'muted');
  assert.equal((await refusal(first, { token: userToken(stack, 'ivy') })).data.code, 'user_banned');
  assert.deepEqual((await stack.ctl('ban', 'list')).sanctions.map((s) => [s.userId, s.reason]), [['ivy', 'spam']]);
  await stack.ctl('ban', 'remove', 'ivy');
  assert.equal(await refusal(first, { token: userToken(stack, 'ivy') }), undefined);
});

test('a room that becomes private, and one that is archived', async () => {
  const roomId = newRoom();
  const [jan, kim] = [await enter('jan'), await enter('kim', second)];
  for (const client of [jan, kim]) await join(client, roomId);
  await say(jan, roomId, 'one');
  await add(roomId, 'jan');
  await stack.ctl('room', 'private', roomId, ...nsp);
  await kim.next('room-left', { roomId, reason: 'private' });
  assert.equal(code(await kim.ask('join-room', { roomId })), 'access_denied');
  await stack.ctl('room', 'public', roomId, ...nsp);
  await join(kim, roomId);
  await stack.ctl('room', 'archive', roomId, ...nsp);
  await kim.next('room-left', { roomId, reason: 'archived' });
  const answer = await say(jan, roomId, 'two');
  assert.deepEqual([answer.error.code, answer.error.message], ['access_denied', 'This room is archived']);
  assert.deepEqual((await jan.ask('history', { roomId })).messages.map((m) => m.content), ['one']);
  assert.equal((await kim.ask('join-room', { roomId })).error.message, 'This room is archived');
  const facts = await stack.ctl('room', 'show', roomId, ...nsp);
  assert.deepEqual([facts.public, facts.archived, facts.members, facts.sockets], [true, true, 1, 1]);
  await stack.ctl('room', 'unarchive', roomId, ...nsp);
  assert.equal(code(await say(jan, roomId, 'two')), 'ok');
});

test('a moderator kicks, mutes and bans, on whatever gateway', async () => {
  const roomId = newRoom();
  const [mod, lee, tab] = [await enter('mod'), await enter('lee', second), await enter('lee')];
  for (const client of [mod, lee, tab]) await join(client, roomId);
  const act = (by, action, more = {}) => by.ask(action, { roomId, userId: 'lee', ...more });
  assert.equal(code(await act(mod, 'kick')), 'access_denied');
  await add(roomId, 'mod', 'moderator');
  assert.deepEqual(await act(mod, 'kick', { reason: 'noise' }), { ok: true, roomId, userId: 'lee' });
  for (const client of [lee, tab]) await client.next('room-left', { roomId, reason: 'kicked' });
  await mod.next('moderation', { roomId, action: 'kick', userId: 'lee', by: 'mod', reason: 'noise' });
  for (const client of [lee, tab]) await join(client, roomId);

  const { until } = await act(mod, 'mute', { durationMs: 60000 });
  assert.ok(until > Date.now() && until <= Date.now() + 61000);
  await lee.next('moderation', { roomId, action: 'mute', until });
  const { error } = await say(tab, roomId, 'x');
  assert.equal(error.code, 'muted');
  assert.ok(error.retryAfter > 50000 && error.retryAfter <= 60000);
  assert.equal(code(await lee.ask('typing', { roomId })), 'muted');
  assert.equal(code(await act(mod, 'unmute')), 'ok');
  assert.equal(code(await say(lee, roomId, 'x')), 'ok');

  assert.equal(code(await act(mod, 'ban', { durationMs: BAN_MS })), 'ok');
  await lee.next('room-left', { roomId, reason: 'banned' });
  assert.equal((await lee.ask('join-room', { roomId })).error.message, 'You are banned from this room');
  await waitFor('the end of the ban', async () => (await lee.ask('join-room', { roomId })).ok, BAN_OVER_MS);
  assert.equal(code(await mod.ask('ban', { roomId, userId: 'mod' })), 'access_denied');
  assert.deepEqual((await mod.ask('ban', { roomId, durationMs: -1 })).error.details.map((d) => d.path).sort(), ['durationMs', 'userId']);
  const done = await waitFor('the log to say so', () => {
    const records = stack.log('broker').filter((r) => r.event === 'rights.changed' && r.by === 'mod');
    return records.length >= 4 && records;
  });
  assert.deepEqual(done.map((r) => [r.action, r.userId, r.roomId]), ['kick', 'mute', 'unmute', 'ban'].map((a) => [a, 'lee', roomId]));
});

test('who is banned is told why and put out, and not let in again until it is over', async () => {
  const roomId = newRoom();
  const [max, tab, ned] = [await enter('max'), await enter('max', second), await enter('ned', second)];
  const other = await enter('max', first, { nsp: '/notifications' });
  for (const client of [max, tab, ned]) await join(client, roomId);
  await stack.ctl('ban', 'add', 'max', ...nsp, '--for', String(BAN_MS / 1000), '--reason', 'spam');
  for (const client of [max, tab]) {
    const said = await client.next('error');
    assert.deepEqual([said.ok, said.error.code, said.error.message], [false, 'user_banned', 'spam']);
    assert.equal(await client.next('disconnect'), 'io server disconnect');
  }
  await ned.next('user-left', { roomId, userId: 'max' });
  assert.equal(other.socket.connected, true);
  const error = await refusal(second, { token: userToken(stack, 'max') });
  assert.deepEqual([error.message, error.data], ['Invalid authentication', { code: 'user_banned' }]);
  await waitFor('the end of the ban', async () => !(await refusal(second, { token: userToken(stack, 'max') })), BAN_OVER_MS);
  await waitFor('the row to go', async () => (await stack.sql("SELECT * FROM sanctions WHERE user = 'max'")).length === 0);
});

test('who is kicked out comes back if he likes', async () => {
  const [pat, tab] = [await enter('pat'), await enter('pat', second)];
  await stack.ctl('kick', 'socket', tab.socket.id);
  assert.equal(await tab.next('disconnect'), 'io server disconnect');
  assert.equal(pat.socket.connected, true);
  await stack.ctl('kick', 'user', 'pat');
  assert.equal(await pat.next('disconnect'), 'io server disconnect');
  pat.socket.connect();
  await pat.next('connect');
  assert.equal(pat.socket.recovered, false);
  assert.match(await refused('kick', 'user', 'nobody'), /not connected/);
});
