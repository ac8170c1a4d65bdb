/*
 * kill -9 at the places where it matters, each with exactly what has to be there before the process
 * is back and afterwards. The places are failpoints, armed when everybody stands where he should;
 * for the middle of a checkpoint the disk is slowed down until the broker is seen copying pages.
 */
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ROOT, startStack } = require('../e2e/stack');
const { connect, test, userToken, waitFor } = require('../e2e/helpers');
const { Disk } = require('./iofault');
const { Ledger, audit } = require('./ledger');

const ANSWER_MS = 60000;
const LEAVE_MS = 1000; // for what the threads of the link have in hand
// No heartbeat comes between, and nobody gives up waiting.
const CALM = {
  brokerOpts: { 'heartbeat-ms': 20000, 'lease-ms': 60000 },
  gatewayOpts: { 'publish-timeout-ms': ANSWER_MS },
};
const ROOM = 'lobby';

class Scene {
  // Clients by name, in one room: { name: number of the gateway }.
  static async begin(where) {
    const scene = new Scene();
    scene.file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'failpoint-')), 'armed');
    scene.stack = await startStack({ gateways: 2, ...CALM, env: { ROOMCAST_FAILPOINT: `@${scene.file}` } });
    scene.clients = {};
    try {
      for (const [name, gateway] of Object.entries(where)) await scene.enter(name, scene.stack.gateways[gateway]);
      return scene;
    } catch (error) {
      await scene.end();
      throw error;
    }
  }

  async enter(name, gateway) {
    const client = await connect(gateway, { token: userToken(this.stack, name), reconnectionDelay: 50, reconnectionDelayMax: 200 });
    assert.equal((await client.ask('join-room', { roomId: ROOM })).ok, true);
    this.clients[name] = client;
    return client;
  }

  // From now on, for one process, once.
  arm(name) {
    fs.writeFileSync(`${this.file}.new`, name);
    fs.renameSync(`${this.file}.new`, this.file);
  }

  say(name, messageId) {
    return this.clients[name].ask('message', { roomId: ROOM, content: messageId, messageId }, ANSWER_MS)
      .catch((error) => ({ ok: false, error: { code: error.message } }));
  }

  async struck(name) {
    await waitFor(`${name} to be struck`, () => !this.stack.isAlive(name));
    assert.equal(fs.existsSync(this.file), false, 'it died of something else');
  }

  heard(name) {
    return this.clients[name].got('message').map(({ content, id, seq }) => ({ content, id, seq }));
  }

  contents(name) {
    return this.heard(name).map(({ content }) => content);
  }

  async stored() {
    return (await this.stack.sql('SELECT message_id AS id FROM messages ORDER BY gseq')).map(({ id }) => id);
  }

  // Everybody hears one more, and has heard these and it, each once and in this order.
  async allHeard(...before) {
    const [first] = Object.keys(this.clients);
    const ack = await this.say(first, 'the end');
    assert.equal(ack.ok, true, JSON.stringify(ack));
    assert.equal(ack.seq, before.length + 1);
    for (const name of Object.keys(this.clients)) {
      await waitFor(`${name} to hear the end`, () => this.contents(name).includes('the end'));
      assert.deepEqual(this.contents(name), [...before, 'the end'], name);
    }
    assert.deepEqual(await this.stored(), [...before, 'the end']);
  }

  async end() {
    for (const client of Object.values(this.clients)) client.close();
    fs.rmSync(path.dirname(this.file), { recursive: true, force: true });
    await this.stack.down();
  }
}

function scene(name, where, fn) {
  test(name, { timeout: 300000 }, async (t) => {
    const s = await Scene.begin(where);
    try {
      await fn(s, t);
    } finally {
      await s.end();
    }
  });
}

const BOTH = { alice: 0, bob: 1 };

/* ---- around the commit ---- */

for (const [place, stored] of [['before-commit', []], ['after-commit', ['one']]]) {
  scene(`${place}: the gateway asks again, and it is one message`, BOTH, async (s) => {
    s.arm(`${place}:1`);
    const asked = s.say('alice', 'one');
    await s.struck('broker');
    assert.deepEqual(await s.stored(), stored);
    assert.deepEqual([...s.heard('alice'), ...s.heard('bob')], []);
    await s.stack.start('broker');
    const { ok, seq, id, duplicate } = await asked;
    assert.deepEqual({ ok, seq, duplicate }, { ok: true, seq: 1, duplicate: false });
    await s.allHeard('one');
    assert.equal(s.heard('bob')[0].id, id);
  });

  scene(`${place}, and the gateway dies too: the client asks again, and it is one message`, BOTH, async (s) => {
    s.arm(`${place}:1`);
    const asked = s.say('alice', 'one');
    await s.struck('broker');
    assert.deepEqual(await s.stored(), stored);
    await s.stack.kill('gateway-1');
    assert.equal((await asked).ok, false, 'nobody was left to answer');
    await s.stack.start('broker');
    await s.stack.start('gateway-1');
    await waitFor('alice to be back', () => s.clients.alice.socket.connected);
    assert.equal(s.clients.alice.socket.recovered, true);
    const { ok, seq, id, duplicate } = await s.say('alice', 'one');
    assert.deepEqual({ ok, seq, duplicate }, { ok: true, seq: 1, duplicate: stored.length > 0 });
    await s.allHeard('one');
    assert.equal(s.heard('bob')[0].id, id);
  });
}

/* ---- between one who is told and another ---- */

// The gateways' numbers, in the order in which the broker tells them.
const order = (stack) => stack.log('broker').filter((r) => r.event === 'peer.hello').map(({ peer }) => Number(peer.slice(-1)) - 1);

scene('after the ack, before the delivery at another gateway: it is delivered later', {}, async (s) => {
  const [first, second] = order(s.stack);
  await s.enter('alice', s.stack.gateways[first]);
  await s.enter('bob', s.stack.gateways[second]);
  s.arm(`between-gateways:1:${LEAVE_MS}`);
  const { ok, id } = await s.say('alice', 'one');
  assert.equal(ok, true);
  await s.struck('broker');
  await waitFor('alice to hear it', () => s.contents('alice').length > 0);
  assert.deepEqual(s.contents('alice'), ['one']);
  assert.deepEqual(s.contents('bob'), []);
  assert.deepEqual(await s.stored(), ['one']);
  await s.stack.start('broker');
  await s.allHeard('one');
  assert.equal(s.heard('bob')[0].id, id);
});

scene('after the delivery at another gateway, before the ack: it is answered later', {}, async (s) => {
  const [first, second] = order(s.stack);
  await s.enter('alice', s.stack.gateways[second]);
  await s.enter('bob', s.stack.gateways[first]);
  s.arm(`between-gateways:1:${LEAVE_MS}`);
  let answer;
  const asked = s.say('alice', 'one').then((a) => { answer = a; });
  await s.struck('broker');
  await waitFor('bob to hear it', () => s.contents('bob').length === 1);
  assert.equal(answer, undefined);
  assert.deepEqual(s.contents('alice'), []);
  await s.stack.start('broker');
  await asked;
  const { ok, seq, id, duplicate } = answer;
  assert.deepEqual({ ok, seq, id, duplicate }, { ok: true, seq: 1, id: s.heard('bob')[0].id, duplicate: false });
  await s.allHeard('one');
});

scene('a gateway dies when it has told one of its clients: the others hear it when they come back', { alice: 0, bob: 0, carol: 0, dave: 1 }, async (s, t) => {
  const here = ['alice', 'bob', 'carol'];
  s.arm('between-clients:1');
  const asked = s.say('alice', 'one');
  await s.struck('gateway-1');
  await waitFor('them to notice', () => here.every((name) => !s.clients[name].socket.connected));
  const told = here.filter((name) => s.contents(name).length === 1);
  t.diagnostic(`told: ${told}`);
  assert.equal(told.length, 1, 'not one of three');
  assert.deepEqual(await s.stored(), ['one']);
  const first = await asked;
  await s.stack.start('gateway-1');
  await waitFor('them to be back', () => here.every((name) => s.clients[name].socket.connected));
  for (const name of here) assert.equal(s.clients[name].socket.recovered, true, name);
  const again = await s.say('alice', 'one');
  assert.deepEqual({ ok: again.ok, seq: again.seq, duplicate: again.duplicate }, { ok: true, seq: 1, duplicate: true });
  if (first.ok) assert.equal(first.id, again.id);
  await s.allHeard('one');
  assert.ok(here.every((name) => s.heard(name)[0].id === again.id));
});

scene('in the replay of what was missed, twice: it is replayed once', BOTH, async (s) => {
  s.arm('after-commit:1');
  const asked = s.say('alice', 'one');
  await s.struck('broker');
  for (let n = 0; n < 2; n++) {
    s.arm(`in-replay:1:${LEAVE_MS}`);
    // It may be dead before it is known to be ready.
    await s.stack.start('broker').catch(() => {});
    await s.struck('broker');
  }
  await s.stack.start('broker');
  assert.equal((await asked).seq, 1);
  await s.allHeard('one');
});

/* ---- in a checkpoint ---- */

const FULL_BYTES = 15.5e6; // of the log; at 4000 pages it is copied
const PAGE_MS = 20;
const PAGES = 5;

// Copies made of pages into the database, all in all.
function copied(disk, from) {
  const changes = disk.changes();
  const database = changes.find(({ op, data }) => op === 'open' && data.toString().endsWith('.db'))?.inode;
  return changes.filter(({ op, inode, at }) => op === 'write' && inode === database && at > from).length;
}

const CHECKPOINTS = {
  async 'because the log is full'(stack, slowDown) {
    const wal = `${stack.broker.database}-wal`;
    await waitFor('the log to be full', () => fs.statSync(wal).size > FULL_BYTES, ANSWER_MS);
    slowDown();
  },
  async 'because it is told to stop'(stack, slowDown) {
    slowDown();
    process.kill(stack.broker.pid, 'SIGTERM');
  },
};

for (const [why, begin] of Object.entries(CHECKPOINTS)) {
  test(`in a checkpoint, ${why}: nothing is lost`, { timeout: 300000 }, async (t) => {
    const disk = new Disk({ isWatched: true });
    let stack;
    let ledger;
    try {
      stack = await startStack({ gateways: 2, env: disk.env });
      ledger = await Ledger.start(stack, { members: 12, rooms: 4, padding: 'x'.repeat(4900) });
      ledger.speak();
      await ledger.acked(200);
      const from = disk.now();
      await begin(stack, () => disk.arm('write', { delay: PAGE_MS }));
      await waitFor('pages to be copied', () => copied(disk, from) >= PAGES, ANSWER_MS);
      process.kill(stack.broker.pid, 'SIGKILL');
      const { unanswered } = ledger;
      await waitFor('the broker to be dead', () => !stack.isAlive('broker'));
      disk.heal();
      const pages = copied(disk, from);
      const log = fs.statSync(`${stack.broker.database}-wal`).size / 4120;
      assert.ok(pages < log, 'the checkpoint was over');
      await stack.start('broker');
      await ledger.acked(50);
      const [{ integrity_check: integrity }] = await stack.sql('PRAGMA integrity_check');
      assert.equal(integrity, 'ok');
      t.diagnostic(`${pages} of at most ${Math.floor(log)} pages were copied, ${unanswered} publishes unanswered`);
      await audit(ledger, t);
    } finally {
      disk.heal();
      ledger?.close();
      await stack?.down();
      disk.close();
    }
  });
}

/* ---- in a migration ---- */

const SCHEMA = fs.readFileSync(path.join(ROOT, 'broker/schema.sql'), 'utf8');
const [, ...STEPS] = SCHEMA.split(/^-- version \d+$/m);
const ROWS = `INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms) VALUES (1, '/chat', '${ROOM}', 1, 1, 1);
  INSERT INTO messages (room, seq, gseq, user, username, type, content, timestamp_ms, origin_boot, origin_count, message_id)
    VALUES (1, 1, 1, 'ann', 'Ann', 'text', 'of old', 1, 1, 1, 'old');
  UPDATE meta SET last_gseq = 1;`;

test('in a migration: the version before is whole, and the next start goes on', { timeout: 300000 }, async (t) => {
  const env = {};
  const stack = await startStack({ gateways: 1, env });
  const { database } = stack.broker;
  const version = async () => (await stack.sql('PRAGMA user_version'))[0].user_version;
  try {
    await stack.stop('gateway-1');
    await stack.stop('broker');
    for (const end of ['', '-wal', '-shm']) fs.rmSync(database + end, { force: true });
    execFileSync('sqlite3', [database], { input: `${STEPS[0]}\n${ROWS}` });
    for (let step = 2; step <= STEPS.length; step++) {
      env.ROOMCAST_FAILPOINT = 'in-migration:1';
      await assert.rejects(stack.start('broker'), /ended before it was ready/);
      assert.equal(await version(), step - 1);
      assert.equal((await stack.sql('SELECT content FROM messages'))[0].content, 'of old');
      // Struck in the next step, this one is done.
      env.ROOMCAST_FAILPOINT = 'in-migration:2';
      if (step < STEPS.length) await assert.rejects(stack.start('broker'), /ended before it was ready/);
    }
    delete env.ROOMCAST_FAILPOINT;
    await stack.start('broker');
    await stack.start('gateway-1');
    assert.equal(await version(), STEPS.length);
    const client = await connect(stack.gateways[0], { token: userToken(stack, 'bob') });
    assert.equal((await client.ask('join-room', { roomId: ROOM })).seq, 1);
    const { messages } = await client.ask('history', { roomId: ROOM });
    assert.deepEqual(messages.map(({ content }) => content), ['of old']);
    t.diagnostic(`versions 1 to ${STEPS.length}`);
  } finally {
    await stack.down();
  }
});
