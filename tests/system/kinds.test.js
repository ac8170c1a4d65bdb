/*
 * kill -9 of the broker and of each gateway under a load of clients of every kind: each transport
 * with each parser, in the same rooms, without and with TLS. What one of them is sent in another
 * way than the others shows in the same ledger.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const msgpack = require('../e2e/node_modules/socket.io-msgpack-parser');
const { Issuer } = require('../e2e/issuer');
const { startStack } = require('../e2e/stack');
const { generator } = require('../e2e/random');
const { test, waitFor } = require('../e2e/helpers');
const { Ledger, audit } = require('./ledger');
const { sleep } = require('./member');

const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1e9);
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);
const DEAD_MS_MAX = 500;
const ACKS = 100;
const PAUSE_MS = 5;
const TRANSPORTS = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] };
const KINDS = Object.entries(TRANSPORTS).flatMap(([name, transports]) => [
  { name, options: { transports } },
  { name: `${name} with msgpack`, options: { transports, parser: msgpack } },
]);
const endsAs = ({ transports }) => transports.at(-1);

/*
 * Two of each kind, beginning at different gateways. struck: how many publishes were unanswered when
 * a process was killed; the counts of each kind tell that all of them were at work.
 */
async function run(t, options, certificate = {}) {
  const stack = await startStack({ gateways: 2, ...options });
  const random = generator(SEED);
  let ledger;
  let struck = 0;
  try {
    // Members 0 to 5 are of one kind each, 6 to 11 again, one gateway further.
    const kindOf = (i) => KINDS[(i + Math.floor(i / KINDS.length)) % KINDS.length];
    ledger = await Ledger.start(stack, { members: 2 * KINDS.length, rooms: 4, options: (i) => ({ ...kindOf(i).options, ...certificate }) });
    const isAsItEnds = (m, i) => m.socket.io.engine?.transport?.name === endsAs(kindOf(i).options);
    await waitFor('the upgrades', () => ledger.members.every(isAsItEnds));
    ledger.speak({ pause: PAUSE_MS });
    await ledger.acked(ACKS);
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of ['broker', 'gateway-1', 'gateway-2']) {
        await ledger.acked(Math.floor(random() * ACKS));
        await waitFor('a publish to be under way', () => ledger.unanswered > 0);
        struck += ledger.unanswered;
        process.kill([stack.broker, ...stack.gateways].find((p) => (p.name ?? 'broker') === name).pid, 'SIGKILL');
        await waitFor(`${name} to be dead`, () => !stack.isAlive(name));
        await sleep(random() * DEAD_MS_MAX);
        await stack.start(name);
        await waitFor('all to be back', () => ledger.members.every((m) => m.isIn()), 60000);
        await ledger.acked(ACKS);
      }
    }
    await audit(ledger, t, `seed ${SEED}, ${ROUNDS} rounds, ${struck} publishes unanswered when it struck: `);
    for (const kind of KINDS) {
      const members = ledger.members.filter((_, i) => kindOf(i) === kind);
      const acked = [...ledger.sent.values()].filter(({ user, isAcked }) => isAcked && members.some((m) => m.name === user)).length;
      const recovered = members.reduce((n, m) => n + m.told.recovered, 0);
      t.diagnostic(`${kind.name}: ${acked} acked, ${recovered} recovered, ${members.reduce((n, m) => n + m.told.fresh, 0) - members.length} fresh`);
      assert.equal(members.length, 2);
      assert.ok(acked > 0 && recovered > 0, `${kind.name} was not in it`);
    }
    await waitFor('the upgrades', () => ledger.members.every(isAsItEnds));
  } finally {
    ledger?.close();
    await stack.down();
  }
}

test('clients of every kind', { timeout: 600000 }, (t) => run(t, {}));

test('clients of every kind, with TLS', { timeout: 600000 }, async (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-kinds-'));
  try {
    const issuer = new Issuer(dir);
    const files = issuer.issue('server', 1);
    await run(t, { gatewayOpts: { 'tls-certificate-file': files.certificate, 'tls-key-file': files.key } }, { ca: issuer.ca });
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
