/*
 * The reference server (npm's socket.io and engine.io) and ours are sent the same scripts of bytes,
 * and what comes back is compared. Every difference is in differences.js, with its reason.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./stack');
const { test } = require('./helpers');
const { complaints, deltaOf, page } = require('./differences');
const { frameScripts, requestScripts, socketScripts } = require('./differ-scripts');
const { EchoEngine, ReferenceEngine, ReferenceSocket, RelaySocket } = require('./differ-servers');

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

test(`Socket.IO: ${socketScripts.length} scripts`, async () => {
  const found = [];
  for (const parser of ['json', 'msgpack']) {
    found.push(...await compare(await ReferenceSocket.start(parser), new RelaySocket(),
      socketScripts.filter((script) => script.parser === parser)));
  }
  check('socket', found);
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
