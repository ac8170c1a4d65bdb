/*
 * Processes die, stand still, are told to stop and come back under load: nothing that was
 * acknowledged is lost, doubled or reordered, presence is right after each time, and nothing is left
 * behind. FAULT_ROUNDS says how often each is done; FAULT_SEED repeats the moments.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { BUILD, startStack } = require('../e2e/stack');
const { generator } = require('../e2e/random');
const { page, test, waitFor } = require('../e2e/helpers');
const { Ledger, audit } = require('./ledger');
const { Presence } = require('./presence');
const { Child } = require('./child');
const { openFiles, rss } = require('./proc');

const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 2);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1e9);
// So long that whoever lives is in time on a machine that has other things to do.
const TIMES = { heartbeatMs: 1000, leaseMs: 3000, graceMs: 2000 };
const STOP_MS_MAX = 30000; // what systemd gives them
const DEAD_MS_MAX = 500;
const PAUSE_MS = 5;
const QUIET_MS = 500;
const WARM_ACKS = 200;
const ACKS = 40;
const FDS_MORE = 5;
const RSS_MORE = 1.1;
const RSS_MORE_BYTES = 4 * 1048576; // of a process that is small
const GATEWAYS = ['gateway-1', 'gateway-2'];

const quick = { 'heartbeat-ms': TIMES.heartbeatMs, 'lease-ms': TIMES.leaseMs, 'presence-grace-ms': TIMES.graceMs };
const isSanitized = JSON.parse(fs.readFileSync(path.join(BUILD, 'meson-info/intro-buildoptions.json')))
  .find(({ name }) => name === 'b_sanitize').value !== 'none';
const mib = (bytes) => (bytes / 1048576).toFixed(0);
const all = ({ broker, gateways }) => [broker, ...gateways];

const clients = async ({ url }) => Number(/^websocket_connected_clients (\d+)$/m.exec((await page(`${url}/metrics`)).text)[1]);

// What each process holds beside the connections of clients.
async function sizes(stack) {
  const connections = [0, ...await Promise.all(stack.gateways.map(clients))];
  return all(stack).map(({ pid }, i) => ({ fds: openFiles(pid) - connections[i], rss: rss(pid) }));
}

async function assertNothingGrew(stack, before) {
  let after;
  const isBack = async () => {
    after = await sizes(stack);
    return after.every(({ fds }, i) => Math.abs(fds - before[i].fds) <= FDS_MORE);
  };
  await waitFor('the open files to be what they were', isBack).catch(() => {});
  const said = `fds ${before.map((s) => s.fds)} -> ${after.map((s) => s.fds)}, RSS ${before.map((s) => mib(s.rss))} -> ${after.map((s) => mib(s.rss))} MiB`;
  assert.ok(after.every(({ fds }, i) => Math.abs(fds - before[i].fds) <= FDS_MORE), said);
  // What a sanitizer keeps of freed memory says nothing.
  const isSmall = (s, i) => s.rss <= Math.max(before[i].rss * RSS_MORE, before[i].rss + RSS_MORE_BYTES);
  if (!isSanitized) assert.ok(after.every(isSmall), said);
  return `${said}${isSanitized ? ' (sanitized)' : ''}`;
}

/*
 * strike({ stack, random, round, name, gateway, ledger }) is done in each round, in the middle of
 * the load; it strikes before it first waits, and ends when the processes are back. gateway, called
 * `name`, is the one whose turn it is. It may return the members that it keeps away for longer than
 * lease and grace.
 */
async function rounds(t, strike, { prepare, stackOptions = {}, ledgerOptions = {} } = {}) {
  const stack = await startStack({ gateways: 2, brokerOpts: quick, ...stackOptions });
  const random = generator(SEED);
  let ledger;
  let presence;
  let unanswered = 0;
  try {
    await prepare?.(stack);
    ledger = await Ledger.start(stack, { members: 12, rooms: 4, each: 2, ...ledgerOptions });
    presence = new Presence(ledger, TIMES);
    ledger.speak({ pause: PAUSE_MS });
    await ledger.acked(WARM_ACKS);
    const before = await sizes(stack);
    for (let round = 0; round < ROUNDS; round++) {
      const gateway = stack.gateways[round % 2];
      await presence.begin(gateway);
      await ledger.acked(ACKS + Math.floor(random() * ACKS));
      await waitFor('a publish to be under way', () => ledger.unanswered > 0);
      unanswered += ledger.unanswered;
      const struck = strike({ stack, random, round, name: gateway.name, gateway, ledger });
      presence.lose();
      const away = await struck;
      await presence.here();
      await ledger.acked(ACKS);
      await presence.left(away);
    }
    const { here, left, heard } = presence.worst;
    t.diagnostic(`seed ${SEED}, ${ROUNDS} rounds, ${unanswered} publishes unanswered when it struck; presence right ${here} ms after the return, `
      + `the last to leave ${left} ms after lease and grace, heard in ${heard} of ${2 * ROUNDS} rooms`);
    assert.ok(heard > 0, 'nobody ever heard who left');
    await audit(ledger, t);
    assert.equal(ledger.count().fresh, 0, 'sessions of before were not given back');
    t.diagnostic(await assertNothingGrew(stack, before));
    assert.ok(unanswered > 0, 'it always struck when nothing was under way');
  } finally {
    presence?.close();
    ledger?.close();
    await stack.down();
  }
}

const find = (stack, name) => all(stack).find((p) => (p.name ?? 'broker') === name);

async function killed(stack, name) {
  process.kill(find(stack, name).pid, 'SIGKILL');
  await waitFor(`${name} to be dead`, () => !stack.isAlive(name));
}

const LONG = { timeout: 1800000 };

test('kill -9 of the broker', LONG, (t) => rounds(t, async ({ stack, random }) => {
  await killed(stack, 'broker');
  await sleep(random() * DEAD_MS_MAX);
  await stack.start('broker');
}));

test('kill -9 of a gateway', LONG, (t) => rounds(t, async ({ stack, random, name }) => {
  await killed(stack, name);
  await sleep(random() * DEAD_MS_MAX);
  await stack.start(name);
}));

test('kill -9 of a gateway that stays dead for longer than its lease', LONG, (t) => rounds(t, async ({ stack, name }) => {
  await killed(stack, name);
  await sleep(2 * TIMES.leaseMs);
  await stack.start(name);
}));

test('kill -9 of everything at once', LONG, (t) => rounds(t, async ({ stack }) => {
  await Promise.all(['broker', ...GATEWAYS].map((name) => killed(stack, name)));
  await Promise.all(['broker', ...GATEWAYS].map((name) => stack.start(name)));
}));

// How many are acknowledged, once there come no more.
async function standing(ledger) {
  for (;;) {
    const { acks } = ledger;
    await sleep(QUIET_MS);
    if (ledger.acks === acks) return acks;
  }
}

test('a broker that stands still, and goes on', LONG, (t) => rounds(t, async ({ stack, ledger, random }) => {
  process.kill(stack.broker.pid, 'SIGSTOP');
  const acks = await standing(ledger); // with what had left it by then
  await sleep(500 + random() * 2 * TIMES.leaseMs);
  assert.equal(ledger.acks, acks, 'acknowledged by nobody');
  process.kill(stack.broker.pid, 'SIGCONT');
}));

test('a gateway that stands still, for less and for more than its lease', LONG, (t) => rounds(t, async ({ stack, ledger, round, gateway }) => {
  const isLong = round % 4 % 3 === 0; // in the end each of them both ways
  const there = ledger.members.filter(({ socket }) => socket.io.uri.startsWith(gateway.url));
  const near = ledger.members.filter((m) => !there.includes(m));
  const from = new Map(near.map((m) => [m, m.news.length]));
  // They left, as it heard since, each of the rooms that it shares with them.
  const hasSeenOff = (hearer, who) => who.every((m) => m.rooms.filter((roomId) => hearer.rooms.includes(roomId))
    .every((roomId) => hearer.news.slice(from.get(hearer)).some((n) => n.name === 'user-left' && n.userId === m.name && n.roomId === roomId)));
  const gone = () => stack.log('broker').filter((r) => r.event === 'peer.gone').length;
  const before = gone();
  process.kill(gateway.pid, 'SIGSTOP');
  if (isLong) {
    await waitFor('it to be given up', () => gone() > before);
    await waitFor('its members to have left', () => near.every((m) => hasSeenOff(m, there)));
  } else {
    await sleep(TIMES.leaseMs / 3);
  }
  process.kill(gateway.pid, 'SIGCONT');
  if (isLong) await waitFor('it to be back', async () => (await page(`${gateway.url}/ready`)).status === 200);
  return isLong ? there : [];
}));

/* ---- told to stop ---- */

const walOf = (stack) => fs.statSync(`${stack.broker.database}-wal`, { throwIfNoEntry: false })?.size ?? 0;

// Ends with 0 in time, and a broker leaves nothing in its log.
async function assertEnds(stack, children) {
  const began = Date.now();
  for (const child of children) {
    assert.deepEqual(await child.end(STOP_MS_MAX), { code: 0, signal: null }, `${child.name} after ${Date.now() - began} ms`);
    if (child.name === 'broker') assert.equal(walOf(stack), 0, 'the log was not copied into the database');
  }
  return Date.now() - began;
}

async function adopt(stack) {
  await Promise.all(GATEWAYS.map((name) => stack.stop(name)));
  await stack.stop('broker');
  stack.children = {};
  for (const name of ['broker', ...GATEWAYS]) stack.children[name] = await Child.start(stack, name);
}

async function restart(stack, name) {
  stack.children[name] = await Child.start(stack, name);
}

test('one after the other is told to stop', LONG, (t) => rounds(t, async ({ stack, round, name }) => {
  const one = round % 2 ? name : 'broker';
  process.kill(find(stack, one).pid, 'SIGTERM');
  await assertEnds(stack, [stack.children[one]]);
  await restart(stack, one);
}, { prepare: adopt }));

test('broker and gateways are told to stop at once', LONG, (t) => rounds(t, async ({ stack, random }) => {
  const names = ['broker', ...GATEWAYS].sort(() => random() - 0.5);
  for (const name of names) process.kill(find(stack, name).pid, 'SIGTERM');
  await assertEnds(stack, names.map((name) => stack.children[name]));
  await restart(stack, 'broker');
  await Promise.all(GATEWAYS.map((name) => restart(stack, name)));
}, { prepare: adopt }));

test('a gateway is told to stop while the broker is killed with -9 and comes back', LONG, (t) => rounds(t, async ({ stack, random, name, gateway }) => {
  const gone = killed(stack, 'broker');
  await sleep(random() * 100);
  process.kill(gateway.pid, 'SIGTERM');
  const ended = assertEnds(stack, [stack.children[name]]);
  await gone;
  await sleep(random() * DEAD_MS_MAX);
  await restart(stack, 'broker');
  await ended;
  await restart(stack, name);
}, { prepare: adopt }));
