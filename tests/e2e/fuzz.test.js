/*
 * Many connections that say valid and hostile things in random order, over every transport, to a
 * gateway and its broker. They live through it, serve whoever comes then, and give back what they
 * took. FUZZ_SEED repeats the choices (not the timing), FUZZ_SECONDS says for how long.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { after, before } = require('node:test');
const { startStack } = require('./stack');
const { connect, test, userToken, waitFor } = require('./helpers');
const { generator } = require('./random');
const { DIALECTS } = require('./differ-http');
const { Lives } = require('./fuzz-lives');
const { moves } = require('./fuzz-moves');

const SECONDS = Number(process.env.FUZZ_SECONDS || 5);
const seed = Number(process.env.FUZZ_SEED || Date.now() % 2 ** 31);
const CONNECTIONS = 40;
const WARM_UP_MS = 2000;
const FDS_MORE = 5;
const PATIENCE_MS = 60000;
// In a second.
const LEAST = { frames: 100, packets: 20, posts: 10, changes: 1, script: 1, answers: 10 };
const RSS_MORE = { factor: 1.1, bytes: 8 << 20 };

const random = generator(seed);
const counts = {};

let stack;
let lives;

before(async () => {
  stack = await startStack({
    // Sessions that nobody comes back to are kept on purpose; here they shall not be in the way.
    brokerOpts: { 'recovery-window-ms': 500, 'presence-grace-ms': 100 },
    // The path of the scripts that are sent to the echo server, too.
    gatewayOpts: {
      path: '/engine.io', 'ping-interval-ms': 500, 'ping-timeout-ms': 500, 'connect-timeout-ms': 2000, 'upgrade-timeout-ms': 1000,
      ...Object.assign({}, ...Object.values(DIALECTS).map(({ servers }) => servers.gateway)),
    },
    // Freed memory that the sanitizer keeps for a while is not what is looked for.
    env: { ASAN_OPTIONS: 'quarantine_size_mb=1:thread_local_quarantine_size_kb=64' },
  });
  lives = new Lives({ port: Number(new URL(stack.gateways[0].url).port), moves: moves(random), random, counts });
});
after(() => stack?.down());

// For so long, and on a busy machine until enough has been said for that time.
async function storm(ms) {
  const until = Date.now() + ms;
  const before = { ...counts };
  const isEnough = () => Object.entries(LEAST).every(([what, least]) => counts[what] - (before[what] ?? 0) > least * ms / 1000);
  await Promise.all(Array.from({ length: CONNECTIONS }, async (_, n) => {
    // A gateway may refuse whom it has no place for; whether it lives is asked afterwards.
    while (Date.now() < until || (!isEnough() && Date.now() < until + PATIENCE_MS)) await lives.live(userToken(stack, `user-${n % 10}`)).catch(() => lives.count('refused'));
  }));
}

function use(pid) {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { rss: Number(kib) * 1024, fds: fs.readdirSync(`/proc/${pid}/fd`).length };
}

const processes = () => ({ broker: stack.broker.pid, 'gateway-1': stack.gateways[0].pid });
const uses = () => Object.fromEntries(Object.entries(processes()).map(([name, pid]) => [name, use(pid)]));

async function isWell() {
  const roomId = `well-${Date.now()}`;
  const clients = [];
  for (const user of ['a', 'b']) clients.push(await connect(stack.gateways[0], { token: userToken(stack, user), path: '/engine.io' }));
  for (const client of clients) assert.equal((await client.ask('join-room', { roomId })).ok, true);
  assert.equal((await clients[0].ask('message', { roomId, content: 'well' })).ok, true);
  for (const client of clients) await client.next('message', { roomId, content: 'well' });
  clients.forEach((client) => client.close());
}

// Sockets that the gateway serves, as the operating system counts them, and sessions at the broker.
const settled = async (fds) => waitFor('the connections to be gone', async () => {
  const now = uses();
  return (await stack.ctl('status')).connections === 0 && Object.keys(now).every((name) => now[name].fds <= fds[name].fds + FDS_MORE) && now;
}, 30000);

test(`${SECONDS} s of everything at once (FUZZ_SEED=${seed})`, { timeout: (SECONDS + 300) * 1000 }, async (t) => {
  const before = uses();
  // What is taken once and kept (arenas, caches, the sanitizer's quarantine) is taken here.
  await storm(WARM_UP_MS);
  await settled(before);
  const warm = uses();
  await storm(SECONDS * 1000);
  await isWell();
  const then = await settled(before);
  t.diagnostic(JSON.stringify({ seed, counts, before, warm, then }));
  for (const name of Object.keys(then)) {
    assert.ok(stack.isAlive(name), name);
    assert.ok(then[name].rss <= warm[name].rss * RSS_MORE.factor + RSS_MORE.bytes, `${name} has grown: ${JSON.stringify({ before, warm, then })}`);
  }
  for (const [what, least] of Object.entries(LEAST)) assert.ok(counts[what] > least * SECONDS, `${what}: ${JSON.stringify(counts)}`);
});
