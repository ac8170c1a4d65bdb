/*
 * Every call on the database's files fails once, or from then on: of a start of the broker and 20
 * messages. Each time it either starts or says what is wrong, and what it acknowledged is there.
 * EVERY_CALL=1 tries each call; without it every n-th, beginning where chance has it.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { startStack } = require('../e2e/stack');
const { connect, test, userToken, waitFor } = require('../e2e/helpers');
const { Disk } = require('./iofault');

const MESSAGES = 20;
const STEP = Number(process.env.EVERY_CALL ?? 10);
const ANSWER_MS = 2000;

const said = (stack) => fs.readFileSync(stack.broker.log, 'utf8');

class Scene {
  static async open() {
    const scene = new Scene();
    scene.disk = new Disk();
    scene.stack = await startStack({ env: scene.disk.env, gatewayOpts: { 'publish-timeout-ms': 1000 } });
    scene.acked = new Map();
    scene.sent = 0;
    scene.client = await connect(scene.stack.gateways[0], { token: userToken(scene.stack, 'ann'), reconnectionDelayMax: 200 });
    return scene;
  }

  // It ends by itself when it cannot start, with a word on what and where.
  async start() {
    const before = said(this.stack).length;
    try {
      await this.stack.start('broker');
      return true;
    } catch (error) {
      assert.match(error.message, /ended before it was ready/);
      assert.match(said(this.stack).slice(before), /roomcast\.db/);
      return false;
    }
  }

  async speak() {
    await Promise.all(Array.from({ length: MESSAGES }, async () => {
      const messageId = `m-${this.sent++}`;
      const ack = await this.client.ask('message', { roomId: 'lobby', content: messageId, messageId }, ANSWER_MS).catch(() => ({}));
      if (ack.ok) this.acked.set(messageId, ack.seq);
    }));
  }

  // One run of the whole, with the disk as it was told to be.
  async run() {
    await this.stack.kill('broker');
    const hasStarted = await this.start();
    if (hasStarted) {
      await waitFor('the link', async () => (await this.client.ask('join-room', { roomId: 'lobby' }, ANSWER_MS).catch(() => ({}))).ok
        || this.disk.struck() > 0);
      await this.speak();
    }
    return hasStarted;
  }

  // The disk is well: it starts, and has what it ever acknowledged.
  async check() {
    this.disk.heal();
    await this.stack.kill('broker').catch(() => {});
    await this.stack.start('broker');
    const rows = await this.stack.sql('SELECT seq, message_id AS id FROM messages ORDER BY seq');
    rows.forEach(({ seq }, i) => assert.equal(seq, i + 1));
    const stored = new Map(rows.map(({ id, seq }) => [id, seq]));
    assert.equal(stored.size, rows.length, 'a message is stored twice');
    for (const [id, seq] of this.acked) assert.equal(stored.get(id), seq, `${id} was acknowledged`);
    assert.deepEqual(await this.stack.sql('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  }

  async close() {
    this.client.close();
    await this.stack.down();
    this.disk.close();
  }
}

for (const [name, times] of [['once', 1], ['from then on', -1]]) {
  test(`the n-th call fails ${name}`, { timeout: 3600000 }, async (t) => {
    const scene = await Scene.open();
    try {
      scene.disk.arm('all', { times: 0 });
      assert.ok(await scene.run());
      const calls = scene.disk.seen();
      let refused = 0, tried = 0;
      for (let n = Math.floor(Math.random() * STEP); n < calls; n += STEP) {
        scene.disk.arm('all', { error: 'EIO', after: n, times });
        if (!await scene.run()) refused += 1;
        await scene.check();
        tried += 1;
      }
      t.diagnostic(`${tried} of ${calls} calls, ${refused} kept it from starting, ${scene.acked.size} of ${scene.sent} messages acknowledged`);
      assert.ok(tried > 0 && scene.acked.size > 0);
    } finally {
      await scene.close();
    }
  });
}
