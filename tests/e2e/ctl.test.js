// roomcastctl: what an operator sees, for people and for programs.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before } = require('node:test');
const { program, run, startStack } = require('./stack');
const { connect, test, userToken } = require('./helpers');

const CTL = program('roomcastctl');

let stack;
let alice;
let bob;

before(async () => {
  stack = await startStack({ gateways: 2 });
  const [first, second] = stack.gateways;
  const enter = (gateway, user) => connect(gateway, { token: userToken(stack, user, user.toUpperCase()) });
  [alice, bob] = [await enter(first, 'alice'), await enter(second, 'bob')];
  await enter(second, 'alice');
  for (const client of [alice, bob]) await client.ask('join-room', { roomId: 'lobby' });
  for (let i = 1; i <= 5; i++) await alice.ask('message', { roomId: 'lobby', content: `message ${i}` });
});
after(() => stack?.down());

const human = (...args) => run(CTL, ['--endpoint', stack.broker.control, ...args]);
const failure = (...args) => run(CTL, args).then((said) => assert.fail(`succeeded: ${said}`), (error) => error);
const nsp = ['--nsp', '/chat'];

test('status', async () => {
  const status = await stack.ctl('status');
  assert.equal(status.pid, stack.broker.pid);
  assert.match(await human('status'), new RegExp(`${stack.broker.pid}`));
});

test('gateways', async () => {
  const { gateways } = await stack.ctl('gateways');
  assert.deepEqual(gateways.map((g) => [g.id, g.state, g.connections]).sort(), [['gateway-1', 'ready', 1], ['gateway-2', 'ready', 2]]);
  for (const { id, endpoint } of gateways) {
    const line = (await human('gateways')).split('\n').find((text) => text.startsWith(id));
    assert.ok(line.includes(endpoint), line);
    assert.match(endpoint, id === 'gateway-1' ? /^ipc:/ : /^tcp:/);
  }
});

test('rooms, members and users', async () => {
  const { rooms } = await stack.ctl('rooms');
  const { seq, users, members: sockets } = rooms.find((r) => r.room === 'lobby' && r.nsp === '/chat');
  assert.deepEqual({ seq, users, sockets }, { seq: 5, users: 2, sockets: 2 });
  assert.deepEqual((await stack.ctl('rooms', '--nsp', '/notifications')).rooms, []);
  const { members } = await stack.ctl('members', 'lobby', ...nsp);
  assert.deepEqual(members.map((m) => [m.userId, m.username, m.gateway, m.socketId]).sort(),
    [['alice', 'ALICE', 'gateway-1', alice.socket.id], ['bob', 'BOB', 'gateway-2', bob.socket.id]]);
  const { users: all } = await stack.ctl('users');
  assert.deepEqual(all.map((u) => [u.userId, u.connections]).sort(), [['alice', 2], ['bob', 1]]);
  assert.match(await human('rooms'), /lobby/);
  assert.match(await human('members', 'lobby', ...nsp), /ALICE/);
  assert.match(await human('users'), /alice/);
});

test('history', async () => {
  const { messages } = await stack.ctl('history', 'lobby', ...nsp);
  assert.deepEqual(messages.map((m) => [m.seq, m.userId, m.content]), [1, 2, 3, 4, 5].map((i) => [i, 'alice', `message ${i}`]));
  assert.match(await human('history', 'lobby', ...nsp), /message 5/);
  const part = async (...args) => (await stack.ctl('history', 'lobby', ...nsp, ...args)).messages.map((m) => m.seq);
  assert.deepEqual(await part('--limit', '2'), [4, 5]);
  assert.deepEqual(await part('--before', '3'), [1, 2]);
  assert.deepEqual(await part('--after', '3'), [4, 5]);
});

test('what is not there is said', async () => {
  for (const args of [['members', 'nowhere', ...nsp], ['history', 'nowhere', ...nsp]]) {
    const { code, stderr } = await failure('--endpoint', stack.broker.control, ...args);
    assert.equal(code, 1);
    assert.match(stderr, /nowhere/);
  }
  assert.equal((await failure('--endpoint', stack.broker.control, 'stauts')).code, 2);
  assert.match((await failure('--endpoint', stack.broker.control, 'stauts')).stderr, /status/);
  assert.equal((await failure('--endpoint', stack.broker.control, 'members')).code, 2);
});

test('a broker that is not there is said, and soon', async () => {
  const endpoint = `ipc://${stack.dir}/run/nobody.sock`;
  const { code, stderr } = await failure('--endpoint', endpoint, '--timeout', '500', 'status');
  assert.equal(code, 3);
  assert.match(stderr, /nobody\.sock/);
  assert.match(stderr, /broker/);
});

test('keygen makes pairs and secrets that only their owner can read', async () => {
  const at = (name) => path.join(stack.dir, 'keys', name);
  const mode = (name) => (fs.statSync(at(name)).mode & 0o777).toString(8);
  await run(CTL, ['keygen', 'curve', '--out', at('new')]);
  assert.deepEqual([mode('new.key'), mode('new.pub')], ['600', '644']);
  for (const name of ['new.key', 'new.pub']) assert.match(fs.readFileSync(at(name), 'utf8'), /^\S{40}\n$/);
  const secret = fs.readFileSync(at('new.key'));
  assert.match((await failure('keygen', 'curve', '--out', at('new'))).stderr, /exists/);
  assert.deepEqual(fs.readFileSync(at('new.key')), secret, 'never overwritten');
  await run(CTL, ['keygen', 'hs256', '--out', at('hs256')]);
  assert.equal(mode('hs256'), '600');
  await run(CTL, ['keygen', 'ed25519', '--out', at('ed')]);
  assert.equal(mode('ed.key'), '600');
});

test('tokens name a user and end', async () => {
  const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  const token = await stack.token({ user: 'carol', name: 'Carol "C" Ünal', expires: 60 });
  const { exp } = claims(token);
  assert.ok(Math.abs(exp - Date.now() / 1000 - 60) < 30, `exp ${exp}`);
  const carol = await connect(stack.gateways[1], { token });
  await carol.ask('join-room', { roomId: 'names' });
  await carol.ask('message', { roomId: 'names', content: 'x' });
  await carol.next('message', { userId: 'carol', username: 'Carol "C" Ünal' });
  assert.match((await failure('token', '--key-file', path.join(stack.dir, 'nothing'), '--user', 'x', '--name', 'x')).stderr, /nothing/);
});
