// A stack whose second gateway is beyond a network that does as the test says, under load.
'use strict';

const { startStack } = require('../e2e/stack');
const { generator } = require('../e2e/random');
const { waitFor } = require('../e2e/helpers');
const { Ledger, audit } = require('./ledger');
const { Network } = require('./network');

const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1e9);
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);
const FAR = 'gateway-2';
const PRESENCE_MS = 60000;

// How often a process has logged that, of one peer or of any.
const said = (stack, name, event, peer) => stack.log(name)
  .filter((r) => r.event === event && (!peer || r.peer === peer)).length;

async function isPresenceRight(stack, ledger) {
  const { users } = await stack.ctl('users');
  const here = ledger.members.map((m) => m.name).sort();
  return JSON.stringify(users.map((u) => u.userId).sort()) === JSON.stringify(here)
    && users.every((u) => u.connections === 1);
}

// The members that are at a gateway now.
function membersAt(stack, ledger, name) {
  const { url } = stack.gateways.find((g) => g.name === name);
  return ledger.members.filter((m) => m.socket.io.uri.startsWith(url));
}

const acksOf = (ledger, member) => [...ledger.sent.values()].filter((s) => s.isAcked && s.user === member.name).length;

/*
 * trouble({ stack, ledger, network, random }) happens in the middle of the load; then the oracle
 * speaks (`check`), and presence has to be right. pause: of a member after each of its messages, ms.
 */
async function underLoad(t, trouble, { stackOptions = {}, ledgerOptions = {}, pause = 0, check = audit } = {}) {
  const stack = await startStack({ gateways: 2, ...stackOptions });
  const random = generator(SEED);
  let ledger;
  try {
    const network = await Network.beforeLink(stack, FAR);
    network.random = random;
    ledger = await Ledger.start(stack, { members: 12, rooms: 4, each: 2, ...ledgerOptions });
    ledger.speak({ pause });
    await ledger.acked(40);
    await trouble({ stack, ledger, network, random });
    await ledger.acked(40);
    await check(ledger, t, `seed ${SEED}: `);
    await waitFor('presence to be right', () => isPresenceRight(stack, ledger), PRESENCE_MS);
  } finally {
    ledger?.close();
    await stack.down();
  }
}

module.exports = { FAR, ROUNDS, SEED, acksOf, membersAt, said, underLoad };
