// The power goes: what was not synced is there or not. What was acknowledged by then is in the database.
'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { startStack } = require('../e2e/stack');
const { test, waitFor } = require('../e2e/helpers');
const { generator } = require('../e2e/random');
const { Disk, cutPower } = require('./iofault');
const { Ledger } = require('./ledger');

const CUTS = Number(process.env.POWER_CUTS ?? 20);
const SEED = Number(process.env.POWER_SEED ?? Date.now() % 1e9);
const ACKS = 400;
const ROUNDS_MAX = 20; // of so many acks, until the log is copied into the database
const QUERY = `PRAGMA integrity_check;
  SELECT rooms.name, messages.seq, user, message_id FROM messages JOIN rooms ON rooms.id = room ORDER BY rooms.name, messages.seq;`;
const run = promisify(execFile);

// What another program reads from the files, as they were left.
async function read(files, dir) {
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir);
  for (const [name, bytes] of files) {
    // What is shared between processes is made anew after a start of the machine.
    if (!name.endsWith('-shm')) fs.writeFileSync(path.join(dir, path.basename(name)), bytes);
  }
  const { stdout } = await run('sqlite3', [path.join(dir, 'roomcast.db'), QUERY], { maxBuffer: 1 << 26 });
  const [integrity, ...rows] = stdout.trim().split('\n');
  return { integrity, rows: rows.map((row) => row.split('|')) };
}

function wrongIn({ integrity, rows }, due) {
  const wrong = integrity === 'ok' ? [] : [`integrity: ${integrity}`];
  const stored = new Map(rows.map(([room, seq, user, key]) => [`${user} ${key}`, `${room} ${seq}`]));
  const next = new Map();
  for (const [room, seq] of rows) {
    if (Number(seq) !== (next.get(room) ?? 0) + 1) wrong.push(`${room}: ${seq} follows ${next.get(room)}`);
    next.set(room, Number(seq));
  }
  if (stored.size !== rows.length) wrong.push('a message is stored twice');
  for (const { key, user, roomId, seq } of due) {
    if (stored.get(`${user} ${key}`) !== `${roomId} ${seq}`) wrong.push(`${user} ${key} was acknowledged and is not there`);
  }
  return wrong;
}

// Pages that were copied from the log into the database since then.
function pagesCopied(changes, from) {
  const database = changes.find(({ op, data }) => op === 'open' && data.toString().endsWith('.db')).inode;
  return changes.filter(({ op, inode, at }) => op === 'write' && inode === database && at > from).length;
}

// The load, and every change it made to the files; each ack with the moment at which it was there.
async function record(disk, env) {
  const stack = await startStack({ gateways: 1, env: { ...disk.env, ...env } });
  let ledger;
  try {
    ledger = await Ledger.start(stack, { members: 10, rooms: 4 });
    const publish = ledger.members[0].publish;
    for (const member of ledger.members) {
      member.publish = async (...args) => Object.assign(await publish.apply(member, args), { at: disk.now() });
    }
    const from = disk.now();
    ledger.speak();
    for (let n = 0; n < ROUNDS_MAX && !pagesCopied(disk.changes(), from); n++) await ledger.acked(ACKS);
    await ledger.acked(ACKS);
    const to = disk.now();
    ledger.isSpeaking = false;
    await waitFor('the last words', () => Promise.all(ledger.speeches));
    return { sent: [...ledger.sent.values()], changes: disk.changes(), from, to };
  } finally {
    ledger?.close();
    await stack.down();
  }
}

// How many messages that had been acknowledged are missing, all in all, and what else is wrong.
async function cuts(t, env = {}) {
  const disk = new Disk({ isWatched: true });
  try {
    const { sent, changes, from, to } = await record(disk, env);
    const copied = pagesCopied(changes, from);
    const random = generator(SEED);
    // At any time, and when somebody has just been told that his message is safe.
    const told = sent.map(({ at }) => at).filter((at) => at > from && at < to);
    const moments = Array.from({ length: CUTS }, (_, i) => (i % 2
      ? from + Math.floor(random() * (to - from)) : told[Math.floor(random() * told.length)])).sort((a, b) => a - b);
    const wrong = [];
    let due = 0;
    await cutPower(changes, moments, random, async (files, moment) => {
      const acked = sent.filter(({ at }) => at <= moment);
      due += acked.length;
      wrong.push(...wrongIn(await read(files, path.join(disk.dir, 'after')), acked).map((text) => `at ${moment}: ${text}`));
    });
    t.diagnostic(`seed ${SEED}: ${CUTS} cuts, ${changes.length} changes, ${copied} pages copied into the database, ${due} acks to be found, ${wrong.length} violations`);
    assert.ok(due > CUTS, 'there was nothing to be lost');
    assert.ok(copied > 0, 'the log was never copied into the database');
    return wrong;
  } finally {
    disk.close();
  }
}

test('a power cut loses nothing that was acknowledged', { timeout: 600000 }, async (t) => {
  assert.deepEqual((await cuts(t)).slice(0, 10), []);
});

test('the same finds the loss when nothing is synced before the ack', { timeout: 600000 }, async (t) => {
  assert.notDeepEqual(await cuts(t, { ROOMCAST_MUTATION: 'ack-before-commit' }), []);
});
