// Stock clients on every transport, against gateways and a broker.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const { startStack } = require('./stack');
const { connect, test, userToken, waitFor } = require('./helpers');

let stack;

before(async () => { stack = await startStack({ gateways: 1, gatewayOpts: { 'ping-interval-ms': 500 } }); });
after(() => stack?.down());

const transportOf = (client) => client.socket.io.engine.transport.name;
const kinds = {
  'polling only': { transports: ['polling'] },
  'polling, then upgraded': { transports: ['polling', 'websocket'] },
  'WebSocket only': { transports: ['websocket'] },
  'WebSocket first': { transports: ['websocket', 'polling'], tryAllTransports: true },
};
const user = (name, options) => connect(stack.gateways[0], { token: userToken(stack, name), ...options });

for (const [name, options] of Object.entries(kinds)) {
  test(`${name}: joins, talks and hears`, async () => {
    const roomId = `room-${name.length}`;
    const [me, other] = await Promise.all([user('me', options), user('other', kinds['WebSocket only'])]);
    for (const client of [me, other]) assert.equal((await client.ask('join-room', { roomId })).ok, true);
    const ack = await me.ask('message', { roomId, content: 'hello €🎉' });
    assert.equal(ack.ok, true);
    for (const client of [me, other]) await client.next('message', { id: ack.id, content: 'hello €🎉' });
    const answer = await other.ask('message', { roomId, content: 'x'.repeat(5000) });
    await me.next('message', { id: answer.id });
    if (name.includes('upgraded')) await waitFor('the upgrade', () => transportOf(me) === 'websocket');
    else assert.equal(transportOf(me), options.transports[0]);
  });

  test(`${name}: lives through heartbeats, and its end is noticed`, async () => {
    const roomId = `heart-${name.length}`;
    const [me, other] = await Promise.all([user('me', options), user('other', options)]);
    for (const client of [me, other]) await client.ask('join-room', { roomId });
    await new Promise((resolve) => { setTimeout(resolve, 2500); });
    assert.equal(me.got('disconnect').length, 0);
    assert.equal((await me.ask('room-users', { roomId })).usersCount, 2);
    other.close();
    await me.next('user-left', { roomId, userId: 'other' });
  });
}

test('nothing is lost or reordered while clients upgrade in the middle of a conversation', async () => {
  const ROUNDS = 8;
  const EACH = 150;
  const speaker = await user('speaker', kinds['WebSocket only']);
  await speaker.ask('join-room', { roomId: 'busy' });
  for (let round = 0; round < ROUNDS; round++) {
    const listeners = await Promise.all([0, 1, 2].map((n) => user(`l${n}`, kinds['polling, then upgraded'])));
    await Promise.all(listeners.map((client) => client.ask('join-room', { roomId: 'busy' })));
    const acks = await Promise.all(Array.from({ length: EACH }, (_, i) => (
      [speaker, ...listeners][i % 4].ask('message', { roomId: 'busy', content: `${round} ${i}` }))));
    assert.ok(acks.every(({ ok }) => ok));
    const seqs = acks.map(({ seq }) => seq).sort((a, b) => a - b);
    for (const client of listeners) {
      await waitFor('all messages', () => client.got('message').length >= EACH);
      assert.deepEqual(client.got('message').map(({ seq }) => seq), seqs);
      await waitFor('the upgrade', () => transportOf(client) === 'websocket');
      client.close();
    }
  }
});

test('a burst to clients that poll', async () => {
  const [me, other] = await Promise.all([user('me', kinds['polling only']), user('other', kinds['polling only'])]);
  for (const client of [me, other]) await client.ask('join-room', { roomId: 'burst' });
  const acks = await Promise.all(Array.from({ length: 300 }, (_, i) => me.ask('message', { roomId: 'burst', content: `${i}` })));
  for (const client of [me, other]) {
    await waitFor('all messages', () => client.got('message').length >= 300);
    assert.deepEqual(client.got('message').map(({ seq }) => seq), acks.map(({ seq }) => seq).sort((a, b) => a - b));
  }
});

test('clients that poll come back after the gateway has been killed', async () => {
  const me = await user('me', { transports: ['polling'], reconnectionDelay: 200, reconnectionDelayMax: 500 });
  await stack.kill('gateway-1');
  await me.next('disconnect');
  await stack.start('gateway-1');
  await me.next('connect');
  assert.equal((await me.ask('join-room', { roomId: 'back' })).ok, true);
});

test('a refused token on polling', async () => {
  await assert.rejects(connect(stack.gateways[0], { transports: ['polling'], token: 'bad' }), /Invalid authentication/);
});
