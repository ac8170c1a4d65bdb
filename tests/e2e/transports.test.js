// Stock clients over every transport: polling alone, WebSocket alone, and polling that becomes a WebSocket.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const msgpack = require('socket.io-msgpack-parser');
const { startStack } = require('./stack');
const { connect, test, userToken, waitFor } = require('./helpers');

let stack;
let gateway;

before(async () => {
  stack = await startStack({ gatewayOpts: { 'ping-interval-ms': 500 } });
  [gateway] = stack.gateways;
});
after(() => stack?.down());

const TRANSPORTS = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };
const carrier = (client) => client.socket.io.engine.transport.name;
const endsAs = { polling: 'polling', websocket: 'websocket', upgrade: 'websocket' };

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  for (const [encoding, parser] of [['JSON', undefined], ['msgpack', msgpack]]) {
    const options = { transports, ...(parser && { parser }) };

    test(`${name} with ${encoding}: nothing is lost, doubled or out of order`, async () => {
      const roomId = `${name}-${encoding}`;
      const alice = await connect(gateway, { token: userToken(stack, 'alice'), ...options });
      const bob = await connect(gateway, { token: userToken(stack, 'bob'), ...options });
      for (const client of [alice, bob]) assert.equal((await client.ask('join-room', { roomId })).ok, true);
      // Sent at once, so that for the upgrade some go on either side of it.
      const count = 200;
      const acks = await Promise.all(Array.from({ length: count }, (_, i) =>
        alice.ask('message', { roomId, content: `m${i}` })));
      assert.deepEqual(acks.map((a) => a.seq), Array.from({ length: count }, (_, i) => i + 1));
      for (const client of [alice, bob]) {
        await client.next('message', { roomId, seq: count });
        assert.deepEqual(client.got('message', { roomId }).map((m) => m.content), Array.from({ length: count }, (_, i) => `m${i}`));
        await waitFor(`the transport to be ${endsAs[name]}`, () => carrier(client) === endsAs[name]);
      }
    });

    test(`${name} with ${encoding}: binary goes both ways`, async () => {
      const roomId = `${name}-${encoding}-binary`;
      const alice = await connect(gateway, { token: userToken(stack, 'alice'), ...options });
      await alice.ask('join-room', { roomId });
      const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));
      assert.equal((await alice.ask('message', { roomId, type: 'image', content })).ok, true);
      const heard = await alice.next('message', { roomId, type: 'image' });
      assert.deepEqual(Buffer.from(heard.content), content);
    });
  }

  test(`${name}: a quiet connection lives by its heartbeat`, async () => {
    const alice = await connect(gateway, { token: userToken(stack, 'alice'), transports: TRANSPORTS[name] });
    let pings = 0;
    alice.socket.io.engine.on('packet', ({ type }) => { pings += type === 'ping'; });
    await waitFor('three pings', () => pings >= 3);
    assert.equal(alice.got('disconnect').length, 0);
  });
}

test('operators and logs see the transport that a client has', async () => {
  const alice = await connect(gateway, { token: userToken(stack, 'polly'), transports: ['polling'] });
  assert.ok(alice.socket.connected);
  const opened = await waitFor('the log', () => stack.log('gateway-1').find((r) => r.event === 'socket.connected' && r.userId === 'polly'));
  assert.equal(opened.transport, 'polling');
});
