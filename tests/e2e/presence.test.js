// Who is here: what the others hear, and what an operator sees, whatever is killed.
'use strict';

const assert = require('node:assert/strict');
const { after, before } = require('node:test');
const { connect, newRoom, test, userToken, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');
const { program, run, startStack } = require('./stack');

// Longer than anybody who comes back at once, or a gateway that lives, is kept waiting by this machine.
const GRACE_MS = 4000;
const LEASE_MS = 4000;
const DETAIL_MAX = 8;
const TICK_MS = 200;
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };

let stack;
let first;
let second;

const brokerOpts = {
  'presence-grace-ms': GRACE_MS,
  'presence-detail-max': DETAIL_MAX,
  'presence-tick-ms': TICK_MS,
  'heartbeat-ms': 200,
  'lease-ms': LEASE_MS,
};

before(async () => {
  stack = await startStack({ gateways: 2, brokerOpts });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

async function enter(at, user, roomId, options) {
  const client = await connect(at, { token: userToken(stack, user), ...AT_ONCE, ...options });
  if (roomId) assert.equal((await client.ask('join-room', { roomId })).ok, true);
  return client;
}

// What was heard of somebody in a room, in words.
const heard = (client, userId) => client.all
  .filter((e) => e.data?.userId === userId && ['room-presence', 'user-left'].includes(e.name))
  .map((e) => (e.name === 'room-presence' ? `${e.data.action} ${e.data.usersCount}` : e.name));

const where = async (...args) => (await stack.ctl('connections', ...args)).connections.map((c) => [c.userId, c.gateway]).sort();

// Whoever was away when it begins has left for good when it is over, if he was to leave at all.
async function graceOver(watcher, roomId) {
  const user = `marker-of-${roomId}`;
  const proxy = await Proxy.to(second);
  const marker = await enter(proxy, user, roomId);
  proxy.down();
  await watcher.next('user-left', { roomId, userId: user });
  marker.close();
}

const goes = (user) => waitFor(`${user} to be gone`, async () => !(await stack.ctl('user', user)).rooms);

test('two tabs on two gateways are one user', async () => {
  const roomId = newRoom();
  const watcher = await enter(second, 'watcher-1', roomId);
  const tabs = [await enter(first, 'ann', roomId), await enter(second, 'ann', roomId)];
  assert.deepEqual(await where('--user', 'ann'), [['ann', 'gateway-1'], ['ann', 'gateway-2']]);
  const { users } = await watcher.ask('room-users', { roomId });
  assert.deepEqual(users.map((u) => [u.userId, u.connections]), [['watcher-1', 1], ['ann', 2]]);
  assert.deepEqual(heard(watcher, 'ann'), ['joined 2']);
  tabs[0].close();
  await waitFor('one tab to be gone', async () => (await where('--user', 'ann')).length === 1);
  await watcher.ask('room-users', { roomId });
  assert.deepEqual(heard(watcher, 'ann'), ['joined 2']);
  tabs[1].close();
  await watcher.next('user-left', { userId: 'ann', roomId });
  assert.deepEqual(heard(watcher, 'ann'), ['joined 2', 'left 1', 'user-left']);
});

test('who flaps within the grace is not heard of, and who does not come back leaves once', async () => {
  const roomId = newRoom();
  const watcher = await enter(second, 'watcher-2', roomId);
  const proxies = [await Proxy.to(first), await Proxy.to(second)];
  const [flaps, goner] = await Promise.all([enter(proxies[0], 'flaps', roomId), enter(proxies[1], 'goner', roomId)]);
  for (let i = 0; i < 5; i++) {
    const from = flaps.all.length;
    proxies[0].cut();
    await waitFor('the client to be back', () => flaps.all.slice(from).some((e) => e.name === 'connect'));
    proxies[0].lead(i % 2 ? first : second);
  }
  proxies[1].down();
  await watcher.next('user-left', { userId: 'goner' });
  await graceOver(watcher, roomId);
  assert.equal(heard(watcher, 'flaps').length, 1, 'joined, and nothing more');
  assert.deepEqual(heard(watcher, 'goner').slice(-2), ['left 2', 'user-left']);
  assert.equal(heard(watcher, 'goner').length, 3);
  flaps.close();
  goner.close();
});

test('in a big room only the number is told, once a tick', async () => {
  const roomId = newRoom();
  const crowd = 5 * DETAIL_MAX;
  const watcher = await enter(second, 'watcher-3', roomId);
  const members = await Promise.all(Array.from({ length: crowd }, (_, i) => enter(i % 2 ? first : second, `crowd-${i}`)));
  const began = Date.now();
  await Promise.all(members.map((m) => m.ask('join-room', { roomId })));
  const told = () => watcher.got('room-presence', { roomId });
  await watcher.next('room-presence', { roomId, usersCount: crowd + 1 });
  const ticks = Math.ceil((Date.now() - began) / TICK_MS) + 1;
  assert.equal(told().filter((e) => e.userId).length, DETAIL_MAX - 1, 'by name as long as they are few');
  for (const { usersCount, userId, action } of told()) {
    assert.equal(Boolean(userId), usersCount <= DETAIL_MAX);
    assert.equal(action, userId && 'joined');
  }
  assert.ok(told().length <= DETAIL_MAX - 1 + ticks, `${told().length} messages in ${ticks} ticks`);
  // The last to come was told the number that everybody knows.
  await waitFor('all to know', () => members.every((m) => m.got('room-presence', { roomId }).at(-1)?.usersCount === crowd + 1));
  const before = told().length;
  members[0].close();
  members[1].close();
  await watcher.next('room-presence', { roomId, usersCount: crowd - 1 });
  assert.ok(told().length <= before + 2);
  assert.equal(watcher.got('user-left').length, 0);
  // Who comes and goes within a tick is nobody; a tick may come between the two, and before the next to go.
  const quick = await enter(first, 'quick');
  const count = told().length;
  await Promise.all([quick.ask('join-room', { roomId }), quick.ask('leave-room', { roomId })]);
  members[2].close();
  await watcher.next('room-presence', { roomId, usersCount: crowd - 2 });
  const numbers = told().slice(count).map(({ usersCount }) => usersCount);
  const ways = [[crowd - 2], [crowd, crowd - 2], [crowd, crowd - 1, crowd - 2]];
  assert.ok(ways.some((way) => way.join() === numbers.join()), `told ${numbers}, ${crowd - 1} were there`);
  for (const m of members) m.close();
});

test('a gateway that is killed leaves nobody behind, and takes nobody away who comes back', async () => {
  const roomId = newRoom();
  const watcher = await enter(second, 'watcher-4', roomId);
  const proxies = await Promise.all(['back', 'gone', 'both'].map(() => Proxy.to(first)));
  await Promise.all(['back', 'gone', 'both'].map((user, i) => enter(proxies[i], user, roomId)));
  const tab = await enter(second, 'both', roomId);
  proxies[0].lead(second);
  proxies[1].down();
  proxies[2].down();
  await stack.kill('gateway-1');
  await watcher.next('user-left', { userId: 'gone' });
  await waitFor('back to be there', async () => (await where('--user', 'back')).length === 1);
  await waitFor('nobody to be at the dead gateway', async () => (await where('--gateway', 'gateway-1')).length === 0);
  assert.deepEqual(await where('--room', roomId),
    [['back', 'gateway-2'], ['both', 'gateway-2'], ['watcher-4', 'gateway-2']]);
  assert.equal(heard(watcher, 'back').length, 1);
  assert.equal(heard(watcher, 'both').length, 1);
  assert.deepEqual(heard(watcher, 'gone').slice(1), ['left 3', 'user-left']);
  await stack.start('gateway-1');
  await graceOver(watcher, roomId);
  assert.deepEqual(watcher.got('user-left').map(({ userId }) => userId).filter((user) => !user.startsWith('marker-')), ['gone'], 'and none after that');
  assert.equal(tab.socket.connected, true);
});

test('nobody is a ghost after the broker was killed, nor after both were', async () => {
  const roomId = newRoom();
  const proxy = await Proxy.to(first);
  const watcher = await enter(second, 'watcher-5', roomId);
  await enter(proxy, 'stays', roomId);
  const goner = await Proxy.to(first);
  await enter(goner, 'ghost', roomId);
  const both = [['stays', 'gateway-1'], ['watcher-5', 'gateway-2']];

  await stack.kill('broker');
  goner.down();
  await stack.start('broker');
  await watcher.next('user-left', { userId: 'ghost' });
  await waitFor('the living to be there', async () => assert.deepEqual(await where('--room', roomId), both) ?? true);
  assert.equal(heard(watcher, 'stays').length, 1, 'nobody who stays is heard of');

  await Promise.all([stack.kill('broker'), stack.kill('gateway-1')]);
  proxy.lead(second);
  await stack.start('broker');
  await waitFor('the living to be there', async () => assert.deepEqual(await where('--room', roomId),
    [['stays', 'gateway-2'], ['watcher-5', 'gateway-2']]) ?? true);
  await stack.start('gateway-1');
  assert.deepEqual(await where('--gateway', 'gateway-1'), []);
  assert.deepEqual(heard(watcher, 'ghost'), ['joined 3', 'left 2', 'user-left']);
});

test('what an operator sees of a user, while he is here and afterwards', async () => {
  const roomId = newRoom();
  const client = await enter(first, 'olga', roomId, { transports: ['polling'] });
  const here = await stack.ctl('user', 'olga');
  assert.deepEqual([here.online, here.count, here.gateways, here.rooms], [true, 1, 'gateway-1', `/chat ${roomId}`]);
  const [connection] = here.connections;
  assert.deepEqual([connection.transport, connection.ip, connection.socketId], ['polling', '127.0.0.1', client.socket.id]);
  assert.ok(Date.now() - here.lastSeen < 60000);
  assert.deepEqual((await stack.ctl('users', '--prefix', 'ol')).users.map((u) => u.userId), ['olga']);
  assert.match(await run(program('roomcastctl'), ['--endpoint', stack.broker.control, 'user', 'olga']), /last seen/);
  client.close();
  await goes('olga');
  await stack.stop('broker');
  await stack.start('broker');
  const gone = await stack.ctl('user', 'olga');
  assert.deepEqual([gone.online, gone.count, gone.rooms, gone.username], [false, 0, '', 'olga']);
  assert.ok(gone.firstSeen <= here.lastSeen && gone.lastSeen >= here.lastSeen, JSON.stringify({ here, gone }));
  const error = await stack.ctl('user', 'nobody-ever').catch((e) => e);
  assert.match(error.stderr, /no user "nobody-ever" was ever here/);
});
