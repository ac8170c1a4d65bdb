// How the processes start, say how they are, stop, and find each other again.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before } = require('node:test');
const { BUILD, ROOT, freePorts, program, run, startStack } = require('./stack');
const { Client, connect, joined, page, test, userToken, waitFor, within } = require('./helpers');

const PROGRAMS = ['roomcast-broker', 'roomcast-gateway'];
const METRICS = ['websocket_connected_clients', 'websocket_messages_total', 'websocket_message_duration_seconds', 'websocket_rooms_total'];

let stack;
let first;
let second;

before(async () => {
  stack = await startStack({ gateways: 2 });
  [first, second] = stack.gateways;
});
after(() => stack?.down());

const status = async (gateway, name) => (await page(`${gateway.url}/${name}`)).status;
const isReady = (gateway) => waitFor(`${gateway.name} to be ready`, async () => await status(gateway, 'ready') === 200);
const failure = (...args) => run(...args).then((said) => assert.fail(`succeeded: ${said}`), (error) => error);

const enter = async (gateway, user, roomId, options = {}) =>
  joined(await connect(gateway, { token: userToken(stack, user), ...options }), roomId);

test('every program explains itself', async () => {
  for (const name of [...PROGRAMS, 'roomcastctl']) {
    assert.match(await run(program(name), ['--help']), new RegExp(name));
    assert.match(await run(program(name), ['--version']), /\d+\.\d+/);
  }
});

test('what --print-config prints is good to --check-config', async () => {
  for (const name of PROGRAMS) {
    const file = path.join(stack.dir, `${name}.sample`);
    fs.writeFileSync(file, await run(program(name), ['--print-config']));
    // The one thing that no sample can bring: a key to check tokens with.
    const key = name === 'roomcast-gateway' ? ['--token-hs256-secret-file', path.join(stack.dir, 'keys/token.secret')] : [];
    await run(program(name), ['--config', file, ...key, '--check-config']);
    const printed = fs.readFileSync(file, 'utf8');
    for (const line of printed.split('\n')) assert.match(line, /^(#.*|\[.+\]|[a-z0-9-]+ = .*|[a-z0-9-]+ =|)$/);
  }
});

test('files of keys that cannot be used are named, by --check-config too', async () => {
  const key = (name, text, mode) => {
    const file = path.join(stack.dir, name);
    fs.writeFileSync(file, text, { mode });
    return file;
  };
  const faults = [
    ['gateway-1', `--token-hs256-secret-file=${stack.dir}/nowhere.secret`, /nowhere\.secret does not exist/],
    ['gateway-1', `--token-hs256-secret-file=${key('open.secret', 'x'.repeat(32), 0o644)}`, /open\.secret.*chmod 600/s],
    ['gateway-1', `--token-hs256-secret-file=${key('short.secret', 'x', 0o600)}`, /short\.secret/],
    ['gateway-2', `--curve-secret-file=${key('no.key', 'x', 0o600)}`, /no\.key/],
    ['broker', `--curve-secret-file=${stack.dir}/nowhere.key`, /nowhere\.key does not exist/],
  ];
  for (const [name, option, sentence] of faults) {
    for (const more of [['--check-config'], []]) {
      const { code, stderr } = await failure(program(`roomcast-${name.split('-')[0]}`), ['--config', path.join(stack.dir, `conf/${name}.conf`), option, ...more]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, sentence);
    }
  }
});

test('an unknown option is refused with a suggestion', async () => {
  const file = path.join(stack.dir, 'typo.conf');
  fs.writeFileSync(file, '[log]\nlog-levle = info\n');
  for (const name of PROGRAMS) {
    const inFile = await failure(program(name), ['--config', file, '--check-config']);
    assert.equal(inFile.code, 2);
    assert.match(inFile.stderr, /typo\.conf:2\b.*log-levle.*log-level/s);
    const onLine = await failure(program(name), ['--log-levle', 'info']);
    assert.equal(onLine.code, 2);
    assert.match(onLine.stderr, /log-levle.*log-level/s);
    const value = await failure(program(name), ['--log-level', 'loud']);
    assert.equal(value.code, 2);
    assert.match(value.stderr, /log-level.*loud/s);
  }
});

test('health, readiness and metrics', async () => {
  for (const gateway of stack.gateways) {
    assert.equal(await status(gateway, 'health'), 200);
    assert.equal(await status(gateway, 'ready'), 200);
    assert.equal(await status(gateway, 'no-such-page'), 404);
  }
  assert.equal((await page(stack.broker.metrics.replace('metrics', 'health'))).status, 200);
  assert.match((await page(stack.broker.metrics)).text, /^# TYPE \w+ (counter|gauge|histogram)$/m);

  const alice = await enter(first, 'alice', 'metrics');
  await alice.ask('message', { roomId: 'metrics', content: 'x' });
  const { text, type } = await page(`${first.url}/metrics`);
  assert.match(type, /^text\/plain/);
  for (const name of METRICS) assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
  assert.match(text, /^websocket_connected_clients(\{.*\})? 1$/m);
  assert.match(text, /^websocket_rooms_total(\{.*\})? \d+$/m);
  assert.match(text, /^websocket_messages_total\{.*\} 1$/m);
  assert.match(text, /^websocket_message_duration_seconds_count(\{.*\})? [1-9]/m);
});

test('a gateway before its broker waits and becomes ready when it comes', async () => {
  await stack.stop('gateway-1');
  await stack.stop('broker');
  await stack.start('gateway-1');
  assert.equal(await status(first, 'health'), 200);
  const { status: code, text } = await page(`${first.url}/ready`);
  assert.equal(code, 503);
  assert.match(text, /broker/);

  // Clients are turned away so that they come back by themselves, and do.
  const early = new Client(first, { token: userToken(stack, 'early'), reconnectionDelayMax: 1000 });
  assert.equal((await early.next('connect_error')).data, undefined, 'no CONNECT_ERROR packet');
  await stack.start('broker');
  await isReady(first);
  await isReady(second);
  await early.next('connect');
  assert.equal((await early.ask('join-room', { roomId: 'early' })).ok, true);
});

for (const how of ['stop', 'kill']) {
  test(`a broker that comes back (${how}) knows the rooms of living clients`, async () => {
    const roomId = `back-${how}`;
    const alice = await enter(first, 'alice', roomId);
    const bob = await enter(second, 'bob', roomId);
    const sockets = [alice.socket.id, bob.socket.id];
    const before = await alice.ask('message', { roomId, content: 'before' });
    await bob.next('message', { roomId, content: 'before' });

    await stack[how]('broker');
    await waitFor('both to notice', async () => await status(first, 'ready') === 503 && await status(second, 'ready') === 503);
    // Said while it is away: answered all the same, and if with ok then stored.
    const meanwhile = alice.ask('message', { roomId, content: 'meanwhile', messageId: `meanwhile-${how}` }, 60000);
    await stack.start('broker');
    await Promise.all(stack.gateways.map(isReady));

    await waitFor('both members', async () => {
      const { members } = await stack.ctl('members', roomId, '--nsp', '/chat');
      return members.map((m) => m.userId).sort().join() === 'alice,bob';
    });
    const answer = await meanwhile;
    const after = await bob.ask('message', { roomId, content: 'after' });
    assert.equal(after.seq, before.seq + (answer.ok ? 2 : 1));
    for (const client of [alice, bob]) {
      await client.next('message', { roomId, content: 'after' });
      assert.equal(client.got('disconnect').length, 0);
    }
    if (answer.ok) await alice.next('message', { roomId, seq: answer.seq, content: 'meanwhile' });
    else assert.equal(alice.got('message', { content: 'meanwhile' }).length, 0);
    assert.deepEqual([alice.socket.id, bob.socket.id], sockets);
    const rows = await stack.sql(`SELECT content FROM messages JOIN rooms ON rooms.id = room WHERE name = '${roomId}' ORDER BY messages.seq`);
    assert.deepEqual(rows.map((r) => r.content), ['before', ...(answer.ok ? ['meanwhile'] : []), 'after']);
  });
}

test('the members of a gateway that dies leave', async () => {
  const alice = await enter(first, 'alice', 'lease');
  // He would be back as soon as his gateway is.
  await enter(second, 'bob', 'lease', { reconnection: false });
  await stack.kill('gateway-2');
  await alice.next('user-left', { roomId: 'lease', userId: 'bob' }, 60000);
  await stack.start('gateway-2');
  await isReady(second);
  const { usersCount } = await (await connect(second, { token: userToken(stack, 'carol') })).ask('join-room', { roomId: 'lease' });
  assert.equal(usersCount, 2);
  assert.equal(alice.got('user-left', { roomId: 'lease' }).length, 1);
});

test('the demo shows its page and two tokens, and Ctrl-C ends all of it', async () => {
  const port = await freePorts(4);
  const demo = spawn(path.join(ROOT, 'scripts/demo'), ['--build', BUILD, '--base-port', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { demo.on('exit', (code) => resolve(code)); });
  let said = '';
  demo.stdout.on('data', (data) => { said += data; });
  try {
    const links = await waitFor('two links', () => {
      const found = said.match(/http:\/\/127\.0\.0\.1:\d+\/#\S+/g);
      return found?.length === 2 && /Ctrl-C/.test(said) && found;
    }, 60000);
    for (const link of links) {
      const url = new URL(link);
      assert.match((await page(url.origin)).text, /<title>Roomcast/);
      assert.equal((await page(`${url.origin}/socket.io.min.js`)).status, 200);
      const token = new URLSearchParams(url.hash.slice(1)).get('token');
      const client = await connect({ url: url.origin }, { token });
      assert.equal((await client.ask('join-room', { roomId: 'lobby' })).ok, true);
    }
  } finally {
    demo.kill('SIGINT');
    await within(ended, () => 'the demo to end', 60000);
  }
  for (let i = 0; i < 2; i++) await assert.rejects(page(`http://127.0.0.1:${port + i}/health`));
});
