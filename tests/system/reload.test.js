/*
 * Operators change things under way: SIGHUP with a sound and with a broken configuration, a
 * database of an older version, a gateway and a broker of different ones, a right that is taken away.
 */
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { ROOT, program, run, startStack } = require('../e2e/stack');
const { connect, mint, page, test, userToken, waitFor } = require('../e2e/helpers');

const ROOMS = 20;
const MESSAGES = 2000;

const events = (stack, name, event) => stack.log(name).filter((r) => r.event === event);

const PROCESSES = {
  broker: { changed: ['connect-rate', '777'], kept: ['recovery-window-ms', '60000'], section: { 'connect-rate': 'link', 'recovery-window-ms': 'sessions' } },
  'gateway-1': { changed: ['drain-rate', '777'], kept: ['ping-interval-ms', '20000'], section: { 'drain-rate': 'drain', 'ping-interval-ms': 'engine' } },
};

for (const [name, { changed, kept, section }] of Object.entries(PROCESSES)) {
  test(`SIGHUP of the ${name.split('-')[0]}`, async () => {
    const stack = await startStack();
    const file = `${stack.dir}/conf/${name}.conf`;
    const { pid } = name === 'broker' ? stack.broker : stack.gateways[0];
    const sound = fs.readFileSync(file, 'utf8');
    const hangUp = (text) => {
      fs.writeFileSync(file, text);
      process.kill(pid, 'SIGHUP');
    };
    const add = (text, [option, value]) => text.replace(/\n\[log\]/, `\n[${section[option]}]\n${option} = ${value}\n\n[log]`);
    try {
      const ann = await connect(stack.gateways[0], { token: userToken(stack, 'ann') });
      await ann.ask('join-room', { roomId: 'lobby' });

      const broken = sound.replace('log-level = info', 'log-level = loud');
      const line = broken.split('\n').indexOf('log-level = loud') + 1;
      hangUp(broken);
      const [told] = await waitFor('the log to say so', () => events(stack, name, 'config.kept').length && events(stack, name, 'config.kept'));
      const wrong = `${file}:${line}: log-level = loud is not allowed; give one of: error, warn, notice, info, debug`;
      assert.equal(told.reason, wrong);
      const checked = await run(program(`roomcast-${name.split('-')[0]}`), ['--config', file, '--check-config']).catch((e) => e);
      assert.equal(checked.code, 2);
      assert.ok(checked.stderr.includes(wrong), checked.stderr);
      assert.equal((await ann.ask('message', { roomId: 'lobby', content: 'still here' })).ok, true);

      hangUp(add(add(sound.replace('log-level = info', 'log-level = debug'), changed), kept));
      await waitFor('it to be read', () => events(stack, name, 'config.read').length === 1);
      assert.deepEqual(events(stack, name, 'config.changed').map((r) => r.option).sort(), [changed[0], 'log-level'].sort());
      assert.deepEqual(events(stack, name, 'config.restart').map((r) => r.option), [kept[0]]);
      await ann.ask('message', { roomId: 'lobby', content: 'said in detail' });

      fs.unlinkSync(file);
      process.kill(pid, 'SIGHUP');
      await waitFor('the missing file to be noticed', () => events(stack, name, 'config.kept').length === 2);
      assert.match(events(stack, name, 'config.kept')[1].reason, /does not exist/);
      hangUp(sound);
      await waitFor('it to be read again', () => events(stack, name, 'config.read').length === 2);
      assert.equal((await ann.ask('message', { roomId: 'lobby', content: 'and still' })).ok, true);
      assert.equal(ann.socket.connected, true);
      const printed = await run(program(`roomcast-${name.split('-')[0]}`), ['--print-config']);
      const text = printed.replace(/\n# /g, ' ');
      assert.match(text, new RegExp(`SIGHUP reads it again\\.\n#${changed[0]} =`));
    } finally {
      await stack.down();
    }
  });
}

// The database as the first version of the program left it, with rows in every table.
function makeOldDatabase(file) {
  const schema = fs.readFileSync(`${ROOT}/broker/schema.sql`, 'utf8').split('-- version 2')[0];
  const made = spawnSync('sqlite3', [file], {
    input: `PRAGMA journal_mode = WAL;\nBEGIN;\n${schema}
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROOMS})
        INSERT INTO rooms SELECT i, '/chat', 'room-' || i, i % 2, ${MESSAGES / ROOMS}, 0 FROM n;
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${MESSAGES - 1})
        INSERT INTO messages SELECT i % ${ROOMS} + 1, i / ${ROOMS} + 1, i + 1, 'ann', 'Ann', 'text',
          'message ' || i, ${Date.now()} + i, 1, i + 1, 'id-' || i FROM n;
      INSERT INTO memberships SELECT id, 'ann', 'member', 0 FROM rooms;
      UPDATE meta SET last_gseq = ${MESSAGES}, last_commit = 7;\nCOMMIT;\n`,
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
}

// Everything that was in the first version, as text; what makes asking again safe has moved since.
const contentOf = async (file) => run('sqlite3', ['-readonly', file, `SELECT epoch, last_gseq FROM meta;
  SELECT id, nsp, name, is_public, seq, created_ms FROM rooms;
  SELECT room, seq, gseq, user, username, type, content, timestamp_ms, message_id FROM messages ORDER BY room, seq;
  SELECT gseq, origin_boot, origin_count, message_id FROM ${await versionOf(file) < 3 ? 'messages' : 'receipts'} ORDER BY gseq;
  SELECT * FROM memberships; PRAGMA integrity_check`]);
const versionOf = async (file) => Number(await run('sqlite3', ['-readonly', file, 'PRAGMA user_version']));

test('a database of the first version, with kill -9 in its migration until it comes through', async (t) => {
  const env = {};
  const stack = await startStack({ env });
  try {
    await stack.stop('gateway-1');
    await stack.stop('broker');
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(stack.broker.database + suffix, { force: true });
    makeOldDatabase(stack.broker.database);
    const before = await contentOf(stack.broker.database);
    let kills = 0;
    // In the first step, in the second one, and there again.
    for (const [step, version] of [[1, 1], [2, 2], [1, 2]]) {
      env.ROOMCAST_FAILPOINT = `in-migration:${step}`;
      await stack.start('broker').then(() => assert.fail('it came through'), () => {});
      await waitFor('it to be dead', () => !stack.isAlive('broker'));
      assert.equal(await versionOf(stack.broker.database), version);
      assert.equal(await contentOf(stack.broker.database), before);
      kills += 1;
    }
    delete env.ROOMCAST_FAILPOINT;
    await stack.start('broker');
    await stack.start('gateway-1');
    assert.equal(await versionOf(stack.broker.database), 3);
    assert.equal(await contentOf(stack.broker.database), before);
    const ann = await connect(stack.gateways[0], { token: userToken(stack, 'ann', 'Ann') });
    const { seq } = await ann.ask('message', { roomId: 'room-1', content: 'the next one' });
    assert.equal(seq, MESSAGES / ROOMS + 1);
    const again = await ann.ask('message', { roomId: 'room-1', content: 'message 0', messageId: 'id-0' });
    assert.ok(again.duplicate && again.seq === 1, 'it is known that it was said');
    t.diagnostic(`${kills} kills, ${MESSAGES} messages kept`);
  } finally {
    await stack.down();
  }
});

test('a broker that is older than its gateway, until it is upgraded', async () => {
  const env = {};
  const stack = await startStack({ env });
  const [gateway] = stack.gateways;
  try {
    await stack.stop('broker');
    await waitFor('the link to be down', () => events(stack, 'gateway-1', 'link.down').length > 0);
    env.ROOMCAST_MUTATION = 'older-link';
    const { pid } = stack.broker;
    await stack.start('broker').catch(() => {});
    assert.notEqual(stack.broker.pid, pid);
    const [told] = await waitFor('the gateway to say so', () => events(stack, 'gateway-1', 'link.version').length && events(stack, 'gateway-1', 'link.version'));
    assert.match(told.reason, /upgrade the broker$/);
    await waitFor('the broker to say so', () => stack.log('broker').some((r) => /upgrade the broker/.test(r.reason ?? '')));
    assert.match((await page(`${gateway.url}/ready`)).text, /upgrade the broker/);
    await stack.stop('broker');
    delete env.ROOMCAST_MUTATION;
    await stack.start('broker');
    await waitFor('the gateway to be ready', async () => (await page(`${gateway.url}/ready`)).status === 200);
    assert.equal(events(stack, 'gateway-1', 'link.version').length, 1);
    const ann = await connect(gateway, { token: userToken(stack, 'ann') });
    assert.equal((await ann.ask('join-room', { roomId: 'lobby' })).ok, true);
  } finally {
    await stack.down();
  }
});

test('a right to a private room that is taken away while its holder is offline', async () => {
  const stack = await startStack();
  const [gateway] = stack.gateways;
  const change = async (sql) => {
    await stack.stop('broker');
    await run('sqlite3', [stack.broker.database, sql]);
    await stack.start('broker');
    await waitFor('the gateway to be ready', async () => (await page(`${gateway.url}/ready`)).status === 200);
  };
  try {
    await change(`INSERT INTO rooms (id, nsp, name, is_public, seq, created_ms) VALUES (1000, '/chat', 'club', 0, 0, 0), (1001, '/chat', 'den', 0, 0, 0);
      INSERT INTO memberships VALUES (1000, 'ann', 'member', 0), (1000, 'bob', 'member', 0), (1001, 'bob', 'member', 0)`);
    const bob = await connect(gateway, { token: userToken(stack, 'bob') });
    const tokens = [mint(stack, { sub: 'ann', rooms: ['den'] }), mint(stack, { sub: 'ann' })];
    const ann = await connect(gateway, { token: tokens[0] });
    for (const roomId of ['club', 'den', 'open']) {
      assert.equal((await ann.ask('join-room', { roomId })).ok, true);
      assert.equal((await bob.ask('join-room', { roomId })).ok, true);
      await bob.ask('message', { roomId, content: 'before' });
      await ann.next('message', { roomId, content: 'before' });
    }
    const heardBefore = ann.got('message').length;
    [, ann.socket.auth.token] = tokens; // the grant is not in the new token
    ann.socket.io.reconnection(false);
    ann.socket.io.engine.close();
    await waitFor('her to be away', () => !ann.socket.connected);
    for (const roomId of ['club', 'den']) assert.equal((await bob.ask('message', { roomId, content: 'secret' })).ok, true);
    await change("DELETE FROM memberships WHERE user = 'ann'");
    for (const roomId of ['club', 'den', 'open']) assert.equal((await bob.ask('message', { roomId, content: 'secret' })).ok, true);
    ann.socket.connect();
    await waitFor('her to be back', () => ann.socket.connected);
    await bob.ask('message', { roomId: 'club', content: 'secret' });
    await bob.ask('message', { roomId: 'den', content: 'secret' });
    await bob.ask('message', { roomId: 'open', content: 'last' });
    await ann.next('message', { roomId: 'open', content: 'last' });
    assert.deepEqual(ann.got('message').slice(heardBefore).map((m) => m.roomId).filter((id) => id !== 'open'), []);
    for (const roomId of ['club', 'den']) {
      assert.equal((await ann.ask('message', { roomId, content: 'may I?' })).ok, false);
      assert.equal((await ann.ask('join-room', { roomId })).error.code, 'access_denied');
      assert.deepEqual((await stack.ctl('members', roomId, '--nsp', '/chat')).members.map((m) => m.userId), ['bob']);
    }
  } finally {
    await stack.down();
  }
});
