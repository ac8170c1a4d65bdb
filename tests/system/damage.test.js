// A damaged database: the broker says so and does not start, or serves what is right, and nothing else.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { startStack } = require('../e2e/stack');
const { connect, test, userToken, waitFor } = require('../e2e/helpers');

const PAGE = 4096;
const MESSAGES = 40;
// Of the head of each page. DAMAGE_ALL=1: more of them.
const BYTES = process.env.DAMAGE_ALL ? [0, 1, 3, 5, 7, 8] : [0, 5];
const ANSWER_MS = 3000;

function flip(bytes, offset) {
  bytes[offset] ^= 0x55;
  return bytes;
}

// What can be read in one room: the messages, or the code of the error.
async function history(client) {
  const answer = await client.ask('history', { roomId: 'lobby', limit: 100 }, ANSWER_MS).catch(() => ({ error: { code: 'none' } }));
  return answer.ok ? answer.messages.map(({ seq, content }) => `${seq} ${content}`) : answer.error.code;
}

async function withDatabase(fn) {
  const stack = await startStack();
  try {
    const file = stack.broker.database;
    const client = await connect(stack.gateways[0], { token: userToken(stack, 'ann'), reconnectionDelayMax: 200 });
    await client.ask('join-room', { roomId: 'lobby' });
    for (let i = 1; i <= MESSAGES; i++) {
      const ack = await client.ask('message', { roomId: 'lobby', content: `${i} ${'x'.repeat(900)}`, messageId: `m-${i}` });
      assert.equal(ack.seq, i);
    }
    const good = await history(client);
    assert.equal(good.length, MESSAGES);
    await stack.kill('broker');
    const base = fs.readFileSync(file);
    const logged = fs.readFileSync(`${file}-wal`);
    // The same, copied into the database to its end.
    await stack.start('broker');
    await stack.stop('broker');
    const whole = fs.readFileSync(file);
    assert.ok(!fs.existsSync(`${file}-wal`) || fs.statSync(`${file}-wal`).size === 0);
    await fn({ stack, client, file, good, whole, base, logged });
  } finally {
    await stack.down();
  }
}

// Starts the broker on these files. What it said when it did not start; else nothing.
async function startOn({ stack, file }, bytes, log) {
  if (stack.isAlive('broker')) await stack.kill('broker');
  fs.rmSync(`${file}-shm`, { force: true });
  fs.rmSync(`${file}-wal`, { force: true });
  fs.writeFileSync(file, bytes);
  if (log) fs.writeFileSync(`${file}-wal`, log);
  const before = fs.statSync(stack.broker.log).size;
  try {
    await stack.start('broker');
    return undefined;
  } catch {
    return fs.readFileSync(stack.broker.log).subarray(before).toString();
  }
}

function damages(whole) {
  const pages = whole.length / PAGE;
  const list = {
    'an empty header': Buffer.concat([Buffer.alloc(100), whole.subarray(100)]),
    'another program\'s file': Buffer.from('#!/bin/sh\necho not a database\n'.repeat(300)),
    'all but the first page cut off': whole.subarray(0, PAGE),
    'half of it cut off': whole.subarray(0, Math.floor(pages / 2) * PAGE),
    'the end of its last page cut off': whole.subarray(0, whole.length - 100),
  };
  for (let n = 0; n < pages; n++) {
    // What a page is, and where its cells are.
    for (const at of BYTES) list[`page ${n}, byte ${at}`] = flip(Buffer.from(whole), n * PAGE + (n ? at : 100 + at));
  }
  return list;
}

test('a damaged database is refused with a word, or serves nothing wrong', { timeout: 600000 }, async (t) => {
  await withDatabase(async (scene) => {
    const { client, file, good, whole } = scene;
    const seen = { refused: 0, right: 0, error: 0 };
    for (const [name, bytes] of Object.entries(damages(whole))) {
      const said = await startOn(scene, bytes);
      if (said !== undefined) {
        assert.ok(said.includes(file), `${name}: does not name the file: ${said}`);
        assert.match(said, /backup|not a Roomcast database/, `${name}: does not say what to do: ${said}`);
        seen.refused += 1;
        continue;
      }
      await waitFor('the link', async () => (await client.ask('room-users', { roomId: 'lobby' }, ANSWER_MS).catch(() => ({}))).ok !== undefined);
      const got = await history(client);
      if (typeof got === 'string') seen.error += 1;
      else {
        assert.deepEqual(got, good, `${name}: serves what is wrong`);
        seen.right += 1;
      }
    }
    t.diagnostic(JSON.stringify(seen));
    assert.ok(seen.refused > 4);
    assert.equal(await startOn(scene, whole), undefined, 'and the good one is taken');
    assert.deepEqual(await waitFor('history', async () => [await history(client)].find(Array.isArray)), good);
  });
});

test('a log that breaks off, or is damaged, gives what stood before that', { timeout: 600000 }, async () => {
  await withDatabase(async (scene) => {
    const { stack, client, good, base, logged } = scene;
    for (const log of [logged, logged.subarray(0, logged.length - 10), logged.subarray(0, Math.floor(logged.length / 2)),
      flip(Buffer.from(logged), Math.floor(logged.length * 0.7)), flip(Buffer.from(logged), 40)]) {
      const said = await startOn(scene, base, log);
      assert.equal(said, undefined, said);
      const got = await waitFor('history', async () => {
        const answer = await history(client);
        return (Array.isArray(answer) || answer === 'room_not_found') && answer;
      });
      if (log === logged) assert.deepEqual(got, good);
      if (Array.isArray(got)) assert.deepEqual(got, good.slice(0, got.length));
      assert.deepEqual(await stack.sql('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
    }
  });
});
