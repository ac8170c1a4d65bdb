/*
 * Open files run out: who is in is served, nobody else is let in, nothing spins or dies, the pages
 * and the log say so, and it is over when there are enough again.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { program, run, startStack } = require('../e2e/stack');
const { Client, connect, page, test, userToken, waitFor } = require('../e2e/helpers');

const GATEWAY_FILES = 64;
const BROKER_FILES = 128;
const MORE_CLIENTS = 60;
const FLOOD = 200;
const WATCH_MS = 2000;
const CPU_MAX = 20; // of 100
const TICK_MS = 10;

const limit = ({ pid }, files) => run('prlimit', ['--pid', String(pid), `--nofile=${files}:${files}`]);
const count = (stack, name, event) => stack.log(name).filter((r) => r.event === event).length;

function cpuMs({ pid }) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

async function cpuPercent(process) {
  const [ms, began] = [cpuMs(process), Date.now()];
  await sleep(WATCH_MS);
  return (cpuMs(process) - ms) * 100 / (Date.now() - began);
}

// Connections that say nothing; closed by the function that it returns.
function flood(to) {
  const sockets = Array.from({ length: FLOOD }, () => net.connect(to).on('error', () => {}));
  return () => sockets.forEach((socket) => socket.destroy());
}

async function isServed(client, roomId) {
  const began = Date.now();
  assert.equal((await client.ask('message', { roomId, content: 'still here' })).ok, true);
  return Date.now() - began;
}

test('a gateway', { timeout: 120000 }, async (t) => {
  const stack = await startStack();
  const [gateway] = stack.gateways;
  try {
    await limit(gateway, GATEWAY_FILES);
    const ann = await connect(gateway, { token: userToken(stack, 'ann') });
    assert.equal((await ann.ask('join-room', { roomId: 'lobby' })).ok, true);
    const others = Array.from({ length: MORE_CLIENTS }, (_, i) => new Client(gateway, {
      token: userToken(stack, `user-${i}`), reconnectionDelay: 300, reconnectionDelayMax: 1000,
    }));
    await waitFor('files to be short', () => count(stack, gateway.name, 'files.short') > 0);
    const refusing = await cpuPercent(gateway);
    const inside = others.filter(({ socket }) => socket.connected).length;
    assert.ok(inside > 0 && inside < MORE_CLIENTS, `${inside} were let in`);
    assert.match((await page(`${gateway.url}/health`)).text, /^ok\nopen files run out/);
    assert.equal((await page(`${gateway.url}/ready`)).status, 503);
    await isServed(ann, 'lobby');

    const ebb = flood(new URL(gateway.url).port);
    await waitFor('accepting to pause', () => count(stack, gateway.name, 'listener.pause') > 0);
    const paused = await cpuPercent(gateway);
    const ms = await isServed(ann, 'lobby');
    ebb();
    for (const client of others.filter(({ socket }) => socket.connected)) client.close();
    const waiting = others.filter(({ socket }) => socket.active).slice(0, inside);
    others.filter((client) => client.socket.active && !waiting.includes(client)).forEach((client) => client.close());
    await waitFor('those who waited to be let in', () => waiting.every(({ socket }) => socket.connected));
    waiting.slice(0, waiting.length / 2).forEach((client) => client.close());
    await waitFor('it to be ready again', async () => (await page(`${gateway.url}/ready`)).status === 200);
    assert.equal((await page(`${gateway.url}/health`)).text, 'ok\n');
    assert.equal(count(stack, gateway.name, 'files.short'), 1);
    assert.equal(count(stack, gateway.name, 'listener.pause'), 1);
    await waitFor('the log to say so', () => count(stack, gateway.name, 'files.enough') > 0);
    t.diagnostic(`${inside} of ${MORE_CLIENTS} let in; CPU ${refusing.toFixed(1)} % while refusing, ${paused.toFixed(1)} % while paused; an answer then took ${ms} ms`);
    assert.ok(refusing < CPU_MAX && paused < CPU_MAX, `CPU ${refusing} %, ${paused} %`);
  } finally {
    await stack.down();
  }
});

test('the broker', { timeout: 120000 }, async (t) => {
  const stack = await startStack({ gateways: 2 });
  const broker = { ...stack.broker };
  const [, port] = fs.readFileSync(`${stack.dir}/conf/broker.conf`, 'utf8').match(/tcp-endpoint = tcp:\/\/127\.0\.0\.1:(\d+)/);
  const turnedAway = async () => Number(/^roomcast_broker_turned_away_total (\d+)/m.exec((await page(broker.metrics)).text)[1]);
  try {
    const clients = await Promise.all(stack.gateways.map((g, i) => connect(g, { token: userToken(stack, `user-${i}`) })));
    for (const client of clients) assert.equal((await client.ask('join-room', { roomId: 'lobby' })).ok, true);
    await limit(broker, BROKER_FILES);
    const figures = [];
    for (const to of [{ port, host: '127.0.0.1' }, { path: broker.control.replace('ipc://', '') }]) {
      const before = await turnedAway();
      const ebb = flood(to);
      await waitFor('some to be turned away', async () => await turnedAway() > before);
      const cpu = await cpuPercent(broker);
      assert.match((await page(broker.metrics.replace('metrics', 'health'))).text, /^ok\n/);
      for (const client of clients) await isServed(client, 'lobby');
      if (to.port) assert.equal((await stack.ctl('status')).state, 'ok');
      figures.push(`${to.port ? 'tcp' : 'ipc'}: ${await turnedAway() - before} turned away, CPU ${cpu.toFixed(1)} %`);
      assert.ok(cpu < CPU_MAX, `CPU ${cpu} %`);
      ebb();
      await waitFor('operators to be let in', () => stack.ctl('status'));
    }
    await waitFor('the log to say so', () => count(stack, 'broker', 'files.enough') > 0);
    assert.equal(count(stack, 'broker', 'files.short'), 1);
    assert.equal(count(stack, 'gateway-1', 'link.down') + count(stack, 'gateway-2', 'link.down'), 0);
    t.diagnostic(figures.join('; '));
  } finally {
    await stack.down();
  }
});

test('neither starts with too few', async () => {
  const stack = await startStack();
  try {
    await stack.stop('gateway-1');
    await stack.stop('broker');
    for (const [name, files] of [['broker', 100], ['gateway', 40]]) {
      const conf = `${stack.dir}/conf/${name === 'broker' ? name : 'gateway-1'}.conf`;
      const error = await run('prlimit', [`--nofile=${files}`, program(`roomcast-${name}`), '--config', conf]).catch((e) => e);
      assert.equal(error.code, 1);
      assert.match(error.stderr, new RegExp(`may have ${files} open files and needs \\d+: raise the limit`));
    }
  } finally {
    await stack.down();
  }
});
