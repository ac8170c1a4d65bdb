/*
 * The reference server (npm's socket.io and engine.io) and ours are sent the same scripts of bytes,
 * and what comes back is compared. Every difference is in differences.js, with its reason.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, startStack } = require('./stack');
const { connect, test, userToken } = require('./helpers');
const { complaints, deltaOf, page } = require('./differences');
const { EchoWorker } = require('./echo-worker');
const { MAX_PAYLOAD, chatScripts, frameScripts, requestScripts, socketScripts } = require('./differ-scripts');
const { DIALECTS } = require('./differ-http');
const { httpScripts } = require('./differ-polls');
const { EchoEngine, GatewaySocket, PolledSocket, ReferenceEngine, ReferenceSocket, RelaySocket } = require('./differ-servers');

const PAGE = path.join(ROOT, 'docs/differences.md');

const AT_ONCE = 8; // scripts that share nothing but the servers
const timeout = 600000; // a busy machine takes a tenth of it

// Plays them to both, and stops both.
async function compare(reference, ours, scripts, atOnce = 1) {
  const found = [];
  const left = [...scripts.entries()];
  const work = async () => {
    while (left.length > 0) {
      const [i, script] = left.shift();
      const [theirs, mine] = await Promise.all([reference.play(script), ours.play(script)]);
      found[i] = { name: script.name, delta: deltaOf(theirs, mine), reference: theirs, ours: mine };
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    await Promise.all([reference.stop(), ours.stop()]);
  }
  return found;
}

function check(levels, found) {
  const said = complaints(levels, found);
  assert.equal(said.length, 0, `${said.length} complaints\n${said.join('\n')}`);
  assert.equal(new Set(found.map(({ name }) => name)).size, found.length, 'names of scripts are unique');
  // That both are silent or both refuse everything would compare well, too.
  assert.ok(found.some(({ ours }) => ours.end === 'alive' && ours.packets.length > 0));
  assert.ok(found.some(({ ours }) => ours.end === 'closed'));
}

const ends = new Map(); // of our Socket.IO, by the name of the script

test(`Socket.IO: ${socketScripts.length} scripts`, { timeout }, async () => {
  const found = [];
  for (const parser of ['json', 'msgpack']) {
    found.push(...await compare(await ReferenceSocket.start(parser), new RelaySocket(),
      socketScripts.filter((script) => script.parser === parser)));
  }
  for (const { name, ours } of found) ends.set(name, ours.end);
  check(['socket'], found);
});

// In the namespace of rooms, whose events and acks are others: what is compared is how it ends.
test(`the gateway ends what the relay ends: ${chatScripts.length} scripts`, { timeout }, async () => {
  const stack = await startStack();
  const gateway = new GatewaySocket(stack.gateways[0], userToken(stack, 'script'));
  const wrong = [];
  for (const script of chatScripts) {
    const { end } = await gateway.play(script);
    if (end !== ends.get(script.name)) wrong.push(`${script.name}: ${end}, relay: ${ends.get(script.name)}`);
  }
  assert.deepEqual(wrong, []);
  await stack.down();
});

// What has been sent has had its effect when a later event has been to the worker and back.
test(`Socket.IO over long-polling, to a worker: ${socketScripts.length} scripts`, { timeout }, async () => {
  const namespaces = ['/', '/custom'];
  const stack = await startStack({ workerNamespaces: namespaces, gatewayOpts: { 'ping-interval-ms': 300000, 'max-payload-bytes': MAX_PAYLOAD } });
  const worker = await EchoWorker.start(stack, namespaces);
  const witness = await connect(stack.gateways[0], { nsp: '/' });
  const ours = new PolledSocket(Number(new URL(stack.gateways[0].url).port), () => witness.ask('witness'));
  const found = [];
  try {
    for (const parser of ['json', 'msgpack']) {
      const reference = await ReferenceSocket.start(parser);
      found.push(...await compare(reference.polled(), ours, socketScripts.filter((script) => script.parser === parser), AT_ONCE));
    }
  } finally {
    witness.close();
    await worker.stop();
    await stack.down();
  }
  check(['socket', 'worker'], found);
});

test(`Engine.IO: ${frameScripts.length} scripts of frames, ${requestScripts.length} handshakes`, { timeout }, async () => {
  const frames = await compare(await ReferenceEngine.start(), await EchoEngine.start(), frameScripts);
  const requests = await compare(await ReferenceEngine.start(), await EchoEngine.start(), requestScripts);
  check(['engine'], frames);
  check(['handshake'], requests);
});

for (const [level, what] of [['request', 'HTTP requests without a session'], ['polling', 'long-polling'], ['upgrade', 'the change to WebSocket']]) {
  const scripts = httpScripts.filter((script) => script.level === level);
  test(`Engine.IO: ${scripts.length} scripts of ${what}`, { timeout }, async () => {
    const found = [];
    for (const dialect of Object.keys(DIALECTS).map(Number)) {
      found.push(...await compare(await ReferenceEngine.start(dialect), await EchoEngine.start(dialect),
        scripts.filter((script) => script.dialect === dialect), AT_ONCE));
    }
    check([level], found);
  });
}

test('the page about the differences is what the table says', () => {
  const counts = {};
  for (const { level } of httpScripts) counts[level] = (counts[level] ?? 0) + 1;
  const made = page({ ...counts, engine: frameScripts.length, handshake: requestScripts.length, socket: socketScripts.length, worker: socketScripts.length });
  if (process.env.UPDATE) fs.writeFileSync(PAGE, made);
  assert.equal(fs.readFileSync(PAGE, 'utf8'), made);
});
