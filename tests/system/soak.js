/*
 * The soak: the load of the ledger at a third of what this machine can do, a kill -9 every minute,
 * for as long as one likes. Everything is held against the database twice a minute and forgotten
 * then, so that the time it runs is bounded by patience alone. What has to be seen at the end: no
 * violation, and processes that do not grow.
 *
 *     node tests/system/soak.js [--minutes 30] [--seed N] [--rate MESSAGES-PER-SECOND]
 *
 * In the first half broker and gateways die in turn; in the second it is always gateway-1, so that
 * the memory of the other two can be compared with itself. Ends with 1 when a promise was broken.
 */
'use strict';

// What is measured is what is installed.
process.env.ROOMCAST_BUILD ??= 'build/release';

const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');
const { startStack } = require('../e2e/stack');
const { generator } = require('../e2e/random');
const { mint, now, page, waitFor, within } = require('../e2e/helpers');
const { Ledger } = require('./ledger');
const { openFiles, rss, startedAt } = require('./proc');

const HALF_MS = 30000;
const CAPACITY_MS = 20000;
const SHARE = 1 / 3;
const MEMBERS = 24;
const ROOMS = 6;
const DEAD_MS_MAX = 3000;
const BACK_MS = 60000;
const SETTLE_MS = 180000;
const TOKEN_S = 86400;
const LATE_MS = 1000;
const CALM = 1 / 3; // of the whole, at its end: caches have grown to their bounds by then
const VICTIMS = ['broker', 'gateway-1', 'gateway-2'];

const say = (text) => console.log(`${new Date().toISOString().slice(11, 19)} ${text}`);
const mib = (bytes) => (bytes / 1048576).toFixed(1);
const sizeOf = (file) => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;

// Speaks at a pace, and goes home: a client whose gateway died stays where it found another.
class Load extends Ledger {
  // Messages per second of all together. Who is late, because nobody answered, does not catch up.
  speakAt(rate) {
    const step = this.members.length * 1000 / rate;
    this.isSpeaking = true;
    this.speeches = this.members.map(async (member, i) => {
      let due = Date.now() + step * i / this.members.length;
      for (let n = 0; this.isSpeaking; n++) {
        await sleep(Math.max(0, due - Date.now()));
        if (!this.isSpeaking) return;
        this.spoken += 1;
        await member.publish(member.rooms[n % member.rooms.length], `k-${this.spoken}`);
        due = Math.max(due + step, Date.now() - LATE_MS);
      }
    });
  }

  async forget() {
    await super.forget();
    for (const member of this.members) Object.assign(member, { news: [], absences: [] });
  }

  async goHome() {
    const { gateways } = this.stack;
    const isHome = ({ socket }, i) => socket.io.uri.startsWith(gateways[i % gateways.length].url);
    this.members.forEach((member, i) => { if (!isHome(member, i)) member.socket.io.engine.close(); });
    await waitFor('all members to be home', () => this.members.every((m, i) => m.isIn() && isHome(m, i)), BACK_MS);
  }
}

class Soak {
  constructor(options) {
    Object.assign(this, options);
    this.random = generator(this.seed);
    this.samples = []; // { name, life, at, age, rss, fds }
    this.restarts = new Map(VICTIMS.map((name) => [name, []]));
    this.wrong = [];
  }

  async run() {
    this.stack = await startStack({ gateways: 2 });
    try {
      this.load = await Load.start(this.stack, { members: MEMBERS, rooms: ROOMS, each: 2, options: (i) => this.socketOptions(i) });
      this.rate ??= await this.capacity() * SHARE;
      say(`seed ${this.seed}, ${this.minutes} minutes at ${this.rate.toFixed(0)} messages/s`);
      this.began = Date.now();
      for (this.round = 0; this.round < this.minutes; this.round++) await this.minute();
    } finally {
      this.load?.close();
      await this.stack.down();
    }
  }

  // With a token that is good for longer than it all takes.
  socketOptions(i) {
    const name = `member-${i}`;
    return { auth: { token: mint(this.stack, { userId: name, username: name, exp: now() + TOKEN_S }) } };
  }

  async capacity() {
    this.load.speak();
    const { acks } = this.load;
    await sleep(CAPACITY_MS);
    const rate = (this.load.acks - acks) * 1000 / CAPACITY_MS;
    await this.audit();
    say(`capacity: ${rate.toFixed(0)} messages/s acknowledged, each to ${MEMBERS * 2 / ROOMS} members`);
    return rate;
  }

  // Half a minute in which somebody dies, half a minute without, and what is left of it all.
  async minute() {
    const name = this.round < this.minutes / 2 ? VICTIMS[Math.floor(this.random() * VICTIMS.length)] : 'gateway-1';
    const ms = await this.under(async () => {
      await sleep((0.1 + 0.7 * this.random()) * HALF_MS);
      return this.strike(name);
    });
    await this.load.goHome();
    await this.under(() => {});
    this.sample();
    this.tell(`${name} killed, ready after ${ms} ms`);
  }

  // Does something while there is load, and sees what became of all that was said.
  async under(something) {
    const end = Date.now() + HALF_MS;
    this.load.speakAt(this.rate);
    const result = await something();
    await sleep(Math.max(0, end - Date.now()));
    await this.audit();
    return result;
  }

  // Kills it and starts it again. How long it was from its start to being ready.
  async strike(name) {
    const { acks } = this.load;
    await this.stack.kill(name);
    await sleep(this.random() * DEAD_MS_MAX);
    const process = name === 'broker' ? this.stack.broker : this.stack.gateways.find((g) => g.name === name);
    const url = process.metrics?.replace(/metrics$/, 'ready') ?? `${process.url}/ready`;
    const ready = waitFor(`${name} to be ready`, async () => (await page(url)).status === 200 && Date.now(), BACK_MS);
    await this.stack.start(name);
    const ms = Math.round(await ready - startedAt(process.pid));
    this.restarts.get(name).push(ms);
    await waitFor('acks', () => this.load.acks > acks, BACK_MS);
    return ms;
  }

  async audit() {
    await within(this.load.settle(), () => 'everybody to have said his last', SETTLE_MS);
    const wrong = await this.load.violations();
    for (const text of wrong.slice(0, 20)) say(text);
    this.wrong.push(...wrong.slice(0, 1000));
    await this.load.forget();
  }

  sample() {
    const { broker, gateways } = this.stack;
    const at = Date.now();
    this.now = [{ name: 'broker', ...broker }, ...gateways].map(({ name, pid }) => ({
      name, at, life: this.restarts.get(name).length, age: at - startedAt(pid), rss: rss(pid), fds: openFiles(pid),
    }));
    this.samples.push(...this.now);
    this.stored = sizeOf(broker.database);
    this.logged = sizeOf(`${broker.database}-wal`);
  }

  tell(what) {
    const { acked, received, recovered, fresh } = this.load.count();
    const each = this.now.map(({ name, rss: bytes, fds }) => `${name} ${mib(bytes)} MiB ${fds} fds`);
    say(`${this.round + 1}: ${what}; ${acked} acked, ${received} delivered, ${recovered} recovered, ${fresh} fresh, `
      + `${this.wrong.length} violations; ${each.join(', ')}; database ${mib(this.stored)} + ${mib(this.logged)} MiB, `
      + `this program ${mib(process.memoryUsage().rss)} MiB`);
  }

  report() {
    for (const name of VICTIMS) {
      const ms = this.restarts.get(name).sort((a, b) => a - b);
      if (ms.length > 0) say(`${name}: ${ms.length} kills, ready after ${ms[0]} to ${ms.at(-1)} ms, median ${ms[ms.length >> 1]}`);
      say(`${name}: ${this.growth(name)}`);
    }
    say(`database: ${mib(this.stored)} MiB after ${this.load.acks} messages, ${(this.stored / this.load.acks).toFixed(0)} bytes each`);
    const { acked, received, recovered, fresh, refusals } = this.load.count();
    const kills = [...this.restarts.values()].reduce((sum, { length }) => sum + length, 0);
    say(`${((Date.now() - this.began) / 60000).toFixed(1)} minutes, seed ${this.seed}: ${acked} acked, ${received} delivered, `
      + `${kills} kills, ${recovered} recovered, ${fresh} fresh, refusals ${JSON.stringify(refusals)}, ${this.wrong.length} violations; `
      + `KiB/min: ${VICTIMS.map((name) => `${name} ${this.slopes(name).long ?? '-'}`).join(', ')}`);
  }

  growth(name) {
    const { long, young, count } = this.slopes(name);
    const fds = this.samples.filter((s) => s.name === name).map((s) => s.fds);
    return `RSS in the last third, if it lived on: ${long ?? '-'} KiB/min; at the same age over ${count} lives: ${young ?? '-'} KiB/min; `
      + `fds ${Math.min(...fds)} to ${Math.max(...fds)}`;
  }

  // long: of the last life, in the end. young: of the first samples of all its lives.
  slopes(name) {
    const mine = this.samples.filter((s) => s.name === name);
    const calm = this.began + (mine.at(-1).at - this.began) * (1 - CALM);
    const last = mine.filter((s) => s.life === mine.at(-1).life && s.at > calm);
    const young = mine.filter((s, i) => s.life > 0 && s.life !== mine[i - 1]?.life);
    return { long: slope(last), young: slope(young), count: young.length };
  }
}

// KiB/min, by least squares.
function slope(samples) {
  if (samples.length < 3) return undefined;
  const mean = (of) => samples.reduce((sum, s) => sum + of(s), 0) / samples.length;
  const [x, y] = [mean((s) => s.at), mean((s) => s.rss)];
  const rise = mean((s) => (s.at - x) * (s.rss - y)) / mean((s) => (s.at - x) ** 2);
  return (rise * 60000 / 1024).toFixed(1);
}

async function main() {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' }, rate: { type: 'string' } } });
  const soak = new Soak({
    minutes: Number(values.minutes),
    seed: Number(values.seed ?? Date.now() % 1e9),
    rate: values.rate === undefined ? undefined : Number(values.rate),
  });
  await soak.run();
  soak.report();
  process.exitCode = soak.wrong.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
