/*
 * The tutorial's load test, unmodified, by Artillery: virtual users that show a token nobody has made,
 * join rooms and speak in them. Artillery is told by its own --target where the gateway is, and by its
 * own --overrides to send fewer users and, unless ROOMCAST_LONG is set, to go through the loop of the
 * scenario LOOPS times instead of 20, with pauses of PAUSE_S instead of 5 s; the steps are the file's.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { connect, page, test, waitFor } = require('../e2e/helpers');
const { run } = require('../e2e/stack');
const { FILES, startHouse } = require('./house');

const ARTILLERY = path.join(__dirname, 'node_modules/.bin/artillery');
const SCRIPT = path.join(FILES, 'artillery-test.yml');
const IS_LONG = Boolean(process.env.ROOMCAST_LONG);
const [LOOPS, PAUSE_S] = [5, 0.2];
const ROOMS = 100;
const ARRIVE_MS = 60000;
const PHASES = IS_LONG ? [{ duration: 10, arrivalRate: 10 }] : [{ duration: 2, arrivalRate: 25 }];

let house;
let dir;

before(async () => {
  house = await startHouse({ conf: 'loadtest.conf' });
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-artillery-'));
  // The scenario speaks in rooms that perhaps nobody of it has joined: they have to be there.
  const maker = await connect(house.gateways[0], { nsp: '/' });
  for (let i = 1; i <= ROOMS; i++) {
    for (const event of ['join-room', 'leave-room']) assert.equal((await maker.ask(event, { roomId: `room-${i}` })).ok, true);
  }
  maker.close();
}, { timeout: 120000 });
after(async () => {
  if (dir) fs.rmSync(dir, { recursive: true, force: true });
  await house?.down();
});

function scenarios() {
  const yaml = createRequire(fs.realpathSync(ARTILLERY))('js-yaml');
  const { scenarios: list } = yaml.load(fs.readFileSync(SCRIPT, 'utf8'));
  const loop = list[0].flow.find((step) => step.loop);
  assert.equal(loop.count, 20);
  if (!IS_LONG) {
    loop.count = LOOPS;
    loop.loop.find((step) => step.think).think = PAUSE_S;
  }
  return { list, loops: loop.count };
}

// The samples of a metric, by their labels.
const samples = (text, name) => Object.fromEntries([...text.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, labels, value]) => [labels ?? '', Number(value)]));

test('the tutorial\'s load test: nobody fails', { timeout: 600000 }, async () => {
  const { list, loops } = scenarios();
  const users = PHASES[0].duration * PHASES[0].arrivalRate;
  const env = { ARTILLERY_DISABLE_TELEMETRY: 'true', HOME: dir };
  await run(process.execPath, [fs.realpathSync(ARTILLERY), 'run', '--quiet', '--target', house.gateways[0].url,
    '--overrides', JSON.stringify({ config: { phases: PHASES }, scenarios: list }), '--output', `${dir}/report.json`, SCRIPT], { env, timeout: 400000 });
  const { counters } = JSON.parse(fs.readFileSync(`${dir}/report.json`, 'utf8')).aggregate;
  assert.deepEqual(counters, {
    'vusers.created_by_name.Connect and send messages': users,
    'vusers.created': users,
    'vusers.completed': users,
    'vusers.failed': 0,
    // auth, join-room, and the loop
    'socketio.emit': users * (2 + loops),
  });
  // And all of it arrives: what Artillery calls sent is not more than written.
  await waitFor('all of it to be stored', async () => (await house.ctl('status')).messages >= users * loops, ARRIVE_MS);
  const measured = async () => (await page(`${house.gateways[0].url}/metrics`)).text;
  const answered = (all) => samples(all, 'websocket_message_duration_seconds_count')['{event="message"}'];
  const text = await waitFor('all of it to be answered', async () => {
    const all = await measured();
    return answered(all) >= users * loops && all;
  }, ARRIVE_MS);
  const messages = samples(text, 'websocket_messages_total');
  assert.equal(messages['{direction="in",event="join-room"}'], ROOMS + users);
  assert.equal(messages['{direction="in",event="message"}'], users * loops);
  assert.equal(answered(text), users * loops);
  const { messages: stored } = await house.ctl('status');
  assert.equal(stored, users * loops);
});
