// What pruning costs those who publish: acks of a steady stream, before it and while it takes away
// 200 000 messages and their receipts, in one run of one stack. See README.md.
'use strict';

const { execFileSync } = require('node:child_process');
const { connect, userToken, waitFor } = require('../e2e/helpers');
const { startStack } = require('../e2e/stack');

const ROOMS = 100;
const ROWS = Number(process.env.ROWS ?? 200000);
const CLIENTS = 10;
const PERIOD_MS = 20;
const BEFORE_MS = 10000;

// Old messages, as a broker that kept everything would have left them.
const fill = `BEGIN;
  INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROOMS})
    SELECT i, '/chat', 'room-' || i, 1, ${ROWS / ROOMS}, 0 FROM n;
  INSERT INTO messages (room, seq, gseq, user, username, type, content, timestamp_ms, message_id)
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${ROWS})
    SELECT i % ${ROOMS} + 1, i / ${ROOMS} + 1, i + 1, 'user-' || i % 1000, 'User', 'text', hex(randomblob(64)),
      1600000000000 + i, hex(randomblob(16)) FROM n;
  INSERT INTO receipts (gseq, room, seq, user, message_id, origin_boot, origin_count, timestamp_ms)
    SELECT gseq, room, seq, user, message_id, 1, gseq, timestamp_ms FROM messages ORDER BY gseq;
  UPDATE rooms SET bytes = (SELECT sum(length(content)) FROM messages WHERE room = rooms.id);
  UPDATE meta SET last_gseq = ${ROWS};
COMMIT;`;

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))].toFixed(2);
}

function show(name, times) {
  const sorted = times.sort((a, b) => a - b);
  console.log(`${name.padEnd(8)} ${String(sorted.length).padStart(6)} acks  p50 ${quantile(sorted, 0.5)} ms  `
    + `p99 ${quantile(sorted, 0.99)} ms  p99.9 ${quantile(sorted, 0.999)} ms  max ${quantile(sorted, 1)} ms`);
}

async function main() {
  const stack = await startStack({
    brokerOpts: { 'recovery-window-ms': BEFORE_MS },
    namespaceOpts: { '/chat': { 'retention-age-ms': 3600000 } },
  });
  await stack.kill('broker');
  execFileSync('sqlite3', [stack.broker.database, fill]);
  await stack.start('broker');
  const began = Date.now();
  await waitFor('the link', async () => (await fetch(`${stack.gateways[0].url}/ready`)).ok);
  const clients = [];
  for (let i = 0; i < CLIENTS; i++) {
    const client = await connect(stack.gateways[0], { token: userToken(stack, `u${i}`) });
    await client.ask('join-room', { roomId: `room-${i + 1}` });
    clients.push(client);
  }
  const left = async () => (await stack.sql('SELECT count(*) AS n FROM messages WHERE timestamp_ms < 1700000000000'))[0].n
    + (await stack.sql('SELECT count(*) AS n FROM receipts WHERE timestamp_ms < 1700000000000'))[0].n;
  const phases = { before: [], during: [], after: [] };
  let phase = 'none';
  const timer = setInterval(() => clients.forEach(async (client, i) => {
    const at = phase;
    const start = performance.now();
    const answer = await client.ask('message', { roomId: `room-${i + 1}`, content: 'x'.repeat(100), messageId: `${start}` });
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    phases[at]?.push(performance.now() - start);
  }), PERIOD_MS);
  await new Promise((resolve) => { setTimeout(resolve, 2000); });
  phase = 'before';
  await new Promise((resolve) => { setTimeout(resolve, began + BEFORE_MS - 500 - Date.now()); });
  phase = 'none';
  await waitFor('pruning', async () => await left() < 2 * ROWS);
  const start = Date.now();
  phase = 'during';
  while (await left()) await new Promise((resolve) => { setTimeout(resolve, 2000); });
  const took = Date.now() - start;
  phase = 'after';
  await new Promise((resolve) => { setTimeout(resolve, 5000); });
  clearInterval(timer);
  await new Promise((resolve) => { setTimeout(resolve, 500); });
  console.log(`${ROWS} messages and as many receipts went in ${(took / 1000).toFixed(1)} s`);
  for (const [name, times] of Object.entries(phases)) show(name, times);
  clients.forEach((client) => client.close());
  await stack.down();
}

main();
