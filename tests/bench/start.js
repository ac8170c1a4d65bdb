/*
 * How long the broker takes from its start until it serves, with much in its database: messages,
 * rooms, and the sessions of clients that were there when it ended.
 *
 *     node tests/bench/start.js [--messages 1000000] [--rooms 1000] [--sessions 100000] [--each 2]
 *                               [--rounds 5] [--wal-mib 256] [--live 5000]
 *
 * Starts it after a clean end and after a kill -9, which leaves a log of --wal-mib to be read
 * again; then kills it under --live connected clients of roomcast-bench and waits until the
 * gateways have announced them all.
 */
'use strict';

// What is measured is what is installed.
process.env.ROOMCAST_BUILD ??= 'build/release';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { BUILD, run, startStack } = require('../e2e/stack');
const { page, userToken, waitFor } = require('../e2e/helpers');
const { bytesOf, rss, startedAt } = require('../system/proc');

const READY_MS = 60000;
const CONTENT_BYTES = 150;
const MIB = 1048576;
const NSP = '/chat';
// The window of recovery does not end while this runs.
const WINDOW_MS = 3600000;
const ROOM = 'bench';

const say = (text) => console.log(text);
const mib = (bytes) => `${(bytes / MIB).toFixed(1)} MiB`;
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const numbers = (count) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

/*
 * count messages behind those that are there, room after room in turn. Who wrote them, and their
 * ids, look like the real ones and repeat nothing.
 */
const messages = (count, rooms) => `
  CREATE TEMP TABLE first AS SELECT last_gseq AS gseq FROM meta;
  ${numbers(count)}
  INSERT INTO messages (room, seq, gseq, user, username, type, content, timestamp_ms, message_id)
  SELECT 1 + (i - 1) % ${rooms}, (first.gseq + i - 1) / ${rooms} + 1, first.gseq + i, 'user-' || i % 5000, 'User ' || i % 5000,
    'text', printf('%0${CONTENT_BYTES}d', i), ${Date.now()},
    printf('%08x-0000-4000-8000-%012x', random() & 0xffffffff, first.gseq + i) FROM n, first;
  INSERT INTO receipts (gseq, room, seq, user, message_id, origin_boot, origin_count, timestamp_ms)
  SELECT messages.gseq, room, seq, user, message_id, 77, messages.gseq, timestamp_ms FROM messages, first
    WHERE messages.gseq > first.gseq ORDER BY messages.gseq;
  UPDATE meta SET last_gseq = (SELECT max(gseq) FROM messages);
  UPDATE rooms SET seq = (SELECT max(seq) FROM messages WHERE room = rooms.id),
    bytes = (SELECT sum(length(content)) FROM messages WHERE room = rooms.id);
`;

const content = ({ rooms, sessions, each, messages: count }) => `
  BEGIN;
  ${numbers(rooms)} INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms)
  SELECT i, '${NSP}', 'room-' || i, 1, 0, 1700000000000 FROM n;
  ${messages(count, rooms)}
  ${numbers(sessions)} INSERT INTO sessions (id, pid, socket, sid, nsp, user, username, gseq)
  SELECT i, printf('%032x', i), printf('s-%018d', i), printf('s-%018d', i), '${NSP}', 'gone-' || i,
    'Gone ' || i, (SELECT last_gseq FROM meta) FROM n;
  ${numbers(sessions)}, m(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM m WHERE k < ${each - 1})
  INSERT INTO session_rooms (session, room, gseq) SELECT i, 1 + (i + k) % ${rooms}, (SELECT last_gseq FROM meta) FROM n, m;
  COMMIT;
`;

// Runs a script on the database that is nobody's now.
function fill(database, script) {
  return run('sqlite3', ['-bail', database, `PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; ${script}`], { timeout: 600000 });
}

// A log as long as this, left behind by somebody who was killed.
async function leaveLog(stack, bytes, rooms) {
  const child = spawn('sqlite3', ['-bail', stack.broker.database], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { child.on('exit', resolve); });
  child.stdin.write('PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0;\n');
  const grow = () => new Promise((resolve) => {
    child.stdout.once('data', resolve);
    child.stdin.write(`BEGIN; DROP TABLE IF EXISTS temp.first; ${messages(20000, rooms)} COMMIT;\n.print done\n`);
  });
  do await grow(); while (fs.statSync(`${stack.broker.database}-wal`).size < bytes);
  child.kill('SIGKILL');
  await ended;
}

// Starts the broker. Milliseconds until it said so in its log, and until /ready was 200.
async function start(stack) {
  const url = stack.broker.metrics.replace(/metrics$/, 'ready');
  const ready = waitFor('the broker to be ready', async () => (await page(url)).status === 200 && Date.now(), READY_MS);
  await stack.start('broker');
  return { ms: Math.round(await ready - startedAt(stack.broker.pid)), rss: rss(stack.broker.pid) };
}

function tell(what, starts) {
  const ms = starts.map((s) => s.ms);
  say(`${what}: ready after ${ms.join(', ')} ms, median ${median(ms)}; RSS ${mib(median(starts.map((s) => s.rss)))}`);
}

async function clean(stack, options) {
  const starts = [];
  for (let i = 0; i < options.rounds; i++) {
    starts.push(await start(stack));
    await stack.stop('broker');
  }
  tell('after a clean end', starts);
}

async function killed(stack, options) {
  const starts = [];
  const logs = [];
  for (let i = 0; i < options.rounds; i++) {
    await leaveLog(stack, options['wal-mib'] * MIB, options.rooms);
    logs.push(fs.statSync(`${stack.broker.database}-wal`).size);
    starts.push(await start(stack));
    await stack.kill('broker');
    if (i + 1 < options.rounds) await fill(stack.broker.database, 'PRAGMA wal_checkpoint(TRUNCATE);');
  }
  tell(`after a kill -9, with ${mib(median(logs))} in the log`, starts);
  await fill(stack.broker.database, 'PRAGMA wal_checkpoint(TRUNCATE);');
}

const live = async (stack) => (await stack.ctl('status')).connections;

// The bench's members: connected, with a message a second.
function members(stack, count) {
  const tokens = path.join(stack.dir, 'tokens');
  fs.writeFileSync(tokens, Array.from({ length: count }, (_, i) => userToken(stack, `member-${i}`)).join('\n'));
  const child = spawn(path.join(BUILD, 'tests/bench/roomcast-bench'), ['--url', stack.gateways.map(({ url }) => url).join(), '--tokens', tokens,
    '--members', String(count), '--rate', '5', '--messages', '150', '--slices', '1', '--no-baseline', '--room', ROOM,
    '--gateway-pid', stack.gateways.map(({ pid }) => pid).join()], { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`roomcast-bench: exit ${code}`))));
  });
}

const linked = ({ name, url }) => waitFor(`${name} to be ready`, async () => (await page(`${url}/ready`)).status === 200, READY_MS);

async function serving(stack, options) {
  const count = options.live;
  await start(stack);
  await Promise.all(stack.gateways.map(linked));
  const over = members(stack, count);
  over.catch(() => {});
  await waitFor('all members', async () => await live(stack) === count, READY_MS);
  await sleep(5000);
  await stack.kill('broker');
  const { ms } = await start(stack);
  const began = startedAt(stack.broker.pid);
  await Promise.all(stack.gateways.map(linked));
  const linkedMs = Math.round(Date.now() - began);
  await waitFor('all to be announced again', async () => await live(stack) === count, READY_MS);
  say(`kill -9 under ${count} clients: ready after ${ms} ms, both gateways after ${linkedMs} ms, `
    + `all clients announced after ${Math.round(Date.now() - began)} ms; `
    + `RSS ${mib(rss(stack.broker.pid))}, at most ${mib(bytesOf(stack.broker.pid, 'VmHWM'))}`);
  await over;
}

async function main() {
  const defaults = { messages: '1000000', rooms: '1000', sessions: '100000', each: '2', rounds: '5', 'wal-mib': '256', live: '5000' };
  const { values } = parseArgs({ options: Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { type: 'string', default: value }])) });
  const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
  const stack = await startStack({ gateways: 2, brokerOpts: { 'recovery-window-ms': WINDOW_MS, 'connect-rate': 0 } });
  try {
    const empty = rss(stack.broker.pid);
    await stack.stop('broker');
    await fill(stack.broker.database, content(options));
    say(`${options.messages} messages in ${options.rooms} rooms, ${options.sessions} sessions in ${options.each} rooms each: `
      + `${mib(fs.statSync(stack.broker.database).size)}; empty, the broker has ${mib(empty)}`);
    await clean(stack, options);
    await killed(stack, options);
    if (options.live > 0) await serving(stack, options);
  } finally {
    await stack.down();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
