// Who a client is and what that opens: keys, headers, stored memberships; and gateways that share a port.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { program, run, startStack } = require('./stack');
const { connect, linked, mint, refusal, test, userToken, waitFor } = require('./helpers');

let keys;
let stack;
let gateway;

before(async () => {
  keys = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-keys-'));
  await run(program('roomcastctl'), ['keygen', 'ed25519', '--out', path.join(keys, 'issuer')]);
  stack = await startStack({
    gatewayOpts: { 'reuse-port': 'yes', 'token-eddsa-public-key-file': path.join(keys, 'issuer.pub') },
  });
  [gateway] = stack.gateways;
});
after(async () => {
  await stack?.down();
  fs.rmSync(keys, { recursive: true, force: true });
});

const eddsaToken = async (user) => (await run(program('roomcastctl'),
  ['token', '--key-file', path.join(keys, 'issuer.key'), '--user', user, '--name', user])).trim();

test('a token signed with EdDSA is as good as one with HS256', async () => {
  const alice = await connect(gateway, { token: await eddsaToken('alice') });
  const bob = await connect(gateway, { token: userToken(stack, 'bob') });
  await bob.ask('join-room', { roomId: 'lobby' });
  assert.equal((await alice.ask('join-room', { roomId: 'lobby' })).usersCount, 2);
});

test('a token says its algorithm, and the key decides', async () => {
  const publicKey = fs.readFileSync(path.join(keys, 'issuer.pub'), 'utf8');
  const confused = mint(stack, { sub: 'mallory' }, { secret: publicKey });
  assert.equal((await refusal(gateway, { token: confused })).data.code, 'token_signature');
  const renamed = mint(stack, { sub: 'mallory' }, { header: { alg: 'EdDSA', typ: 'JWT' } });
  assert.equal((await refusal(gateway, { token: renamed })).data.code, 'token_signature');
});

test('the token may stand in the Authorization header', async () => {
  const extraHeaders = { Authorization: `Bearer ${userToken(stack, 'carol')}` };
  const carol = await connect(gateway, { extraHeaders });
  assert.equal((await carol.ask('join-room', { roomId: 'lobby' })).ok, true);
});

test('a private room opens to its stored members, who are in it from the start, and to whom the token grants it', async () => {
  // The broker reads memberships when it starts; there is no other way to set them yet.
  await stack.stop('broker');
  await run('sqlite3', [stack.broker.database,
    "INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms) VALUES (1000, '/chat', 'club', 0, 0, 0);"
    + "INSERT INTO memberships (room, user, role, since_ms) VALUES (1000, 'dora', 'member', 0);"]);
  await stack.start('broker');
  await linked(stack);

  const dora = await connect(gateway, { token: userToken(stack, 'dora') });
  assert.deepEqual(await dora.next('room-joined'), { roomId: 'club' });
  const eve = await connect(gateway, { token: userToken(stack, 'eve') });
  for (const [event, message] of [['join-room', 'Access denied to this room'], ['message', 'Access denied']]) {
    const { ok, error } = await eve.ask(event, { roomId: 'club', content: 'let me in' });
    assert.equal(ok, false);
    assert.equal(error.code, 'access_denied');
    assert.equal(error.message, message);
  }
  const granted = await connect(gateway, { token: mint(stack, { sub: 'frank', rooms: ['club'] }) });
  assert.equal((await granted.ask('join-room', { roomId: 'club' })).usersCount, 2);
  await dora.next('room-presence', { roomId: 'club', userId: 'frank', action: 'joined' });
  assert.equal((await granted.ask('message', { roomId: 'club', content: 'hello' })).ok, true);
  await dora.next('message', { roomId: 'club', content: 'hello' });
});

test('gateways that share a port share its clients', async () => {
  const second = spawn(program('roomcast-gateway'),
    ['--config', path.join(stack.dir, 'conf/gateway-1.conf'), '--gateway-id', 'twin', '--reuse-port', 'yes'],
    { stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = new Promise((resolve) => { second.on('exit', resolve); });
  try {
    const connections = async () => Object.fromEntries((await stack.ctl('gateways')).gateways
      .filter((g) => g.state === 'ready').map((g) => [g.id, g.connections]));
    await waitFor('the twin to be linked', async () => 'twin' in await connections());
    const clients = [];
    await waitFor('both to have clients', async () => {
      clients.push(await connect(gateway, { token: userToken(stack, `u${clients.length}`) }));
      const { twin, 'gateway-1': first } = await connections();
      return twin > 0 && first > 0;
    });
    assert.ok(clients.length < 60, `${clients.length} clients`);
    for (const client of clients) assert.equal((await client.ask('join-room', { roomId: 'shared' })).ok, true);
    await clients[0].ask('message', { roomId: 'shared', content: 'to both' });
    await Promise.all(clients.map((client) => client.next('message', { roomId: 'shared', content: 'to both' })));
    for (const client of clients) client.close();
  } finally {
    second.kill('SIGTERM');
    assert.equal(await ended, 0);
  }
});
