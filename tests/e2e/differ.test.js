/*
 * The reference server (npm's socket.io and engine.io) and ours are sent the same scripts of bytes,
 * and what comes back is compared. Every difference is in differences.js, with its reason.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, startStack } = require('./stack');
const { test, userToken } = require('./helpers');
const { complaints, deltaOf, page } = require('./differences');
const { chatScripts, frameScripts, requestScripts, socketScripts } = require('./differ-scripts');
const { EchoEngine, GatewaySocket, ReferenceEngine, ReferenceSocket, RelaySocket } = require('./differ-servers');

const PAGE = path.join(ROOT, 'docs/differences.md');

// Plays them to both, and stops both.
async function compare(reference, ours, scripts) {
  const found = [];
  try {
    for (const script of scripts) {
      const [theirs, mine] = [await reference.play(script), await ours.play(script)];
      found.push({ name: script.name, delta: deltaOf(theirs, mine), reference: theirs, ours: mine });
    }
  } finally {
    await Promise.all([reference.stop(), ours.stop()]);
  }
  return found;
}

function check(level, found) {
  const said = complaints(level, found);
  assert.equal(said.length, 0, `${said.length} complaints\n${said.join('\n')}`);
  assert.equal(new Set(found.map(({ name }) => name)).size, found.length, 'names of scripts are unique');
  // That both are silent or both refuse everything would compare well, too.
  assert.ok(found.some(({ ours }) => ours.end === 'alive' && ours.packets.length > 0));
  assert.ok(found.some(({ ours }) => ours.end === 'closed'));
}

const ends = new Map(); // of our Socket.IO, by the name of the script

test(`Socket.IO: ${socketScripts.length} scripts`, async () => {
  const found = [];
  for (const parser of ['json', 'msgpack']) {
    found.push(...await compare(await ReferenceSocket.start(parser), new RelaySocket(),
      socketScripts.filter((script) => script.parser === parser)));
  }
  for (const { name, ours } of found) ends.set(name, ours.end);
  check('socket', found);
});

// In the namespace of rooms, whose events and acks are others: what is compared is how it ends.
test(`the gateway ends what the relay ends: ${chatScripts.length} scripts`, async () => {
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

test(`Engine.IO: ${frameScripts.length} scripts of frames, ${requestScripts.length} handshakes`, async () => {
  const frames = await compare(await ReferenceEngine.start(), await EchoEngine.start(), frameScripts);
  const requests = await compare(await ReferenceEngine.start(), await EchoEngine.start(), requestScripts);
  check('engine', frames);
  check('handshake', requests);
});

test('the page about the differences is what the table says', () => {
  const made = page({ engine: frameScripts.length, handshake: requestScripts.length, socket: socketScripts.length });
  if (process.env.UPDATE) fs.writeFileSync(PAGE, made);
  assert.equal(fs.readFileSync(PAGE, 'utf8'), made);
});
