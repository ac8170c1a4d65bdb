/*
 * The parsers of stock clients on either side of ours, without a network: whatever one of them
 * writes, all of them read as the same value.
 */
'use strict';

const assert = require('node:assert/strict');
const json = require('socket.io-parser');
const msgpack = require('socket.io-msgpack-parser');
const { generator } = require('./random');
const { Relay } = require('./relay');
const { test, within } = require('./helpers');

const ROUNDS = 3000;
const BINS_MAX = 5;
const seed = Number(process.env.TEST_SEED || Date.now() % 2 ** 31);

// A client with that parser, connected to "/".
class Guest {
  constructor(relay, parser) {
    this.relay = relay;
    this.number = relay.guests.push(this) - 1;
    this.encoder = new parser.Encoder();
    this.decoder = new parser.Decoder();
    this.packets = [];
    this.waiting = [];
    this.decoder.on('decoded', (packet) => this.put(packet));
    this.send({ type: 0, nsp: '/' });
  }

  send(packet) {
    for (const part of this.encoder.encode(packet)) this.relay.write(this.number, part);
  }

  read(kind, body) {
    if (kind === 'x') this.put({ closed: body.toString() });
    else this.decoder.add(kind === 't' ? body.toString() : body);
  }

  put(packet) {
    if (this.waiting.length) this.waiting.shift()(packet);
    else this.packets.push(packet);
  }

  next() {
    if (this.packets.length) return this.packets.shift();
    return within(new Promise((resolve) => { this.waiting.push(resolve); }), () => `a packet at ${this.number}`);
  }
}

async function meet(...parsers) {
  const relay = new Relay();
  const guests = parsers.map((parser) => new Guest(relay, parser));
  for (const guest of guests) assert.deepEqual(await guest.next(), { type: 0, nsp: '/', data: { sid: 'sid' } });
  return { relay, guests };
}

// What every guest sees when one of them sends these arguments; its own ack first checked.
async function say(guests, from, args) {
  from.send({ type: 2, nsp: '/', data: ['e', ...args], id: 7, options: { compress: true } });
  const seen = [];
  for (const guest of guests) {
    const packet = await guest.next();
    assert.equal(packet.type, 2, JSON.stringify(packet));
    seen.push(packet.data.slice(1));
  }
  const ack = await from.next();
  assert.equal(ack.type, 3);
  assert.equal(ack.id, 7);
  assert.deepEqual(ack.data, seen[guests.indexOf(from)]);
  return seen;
}

const random = generator(seed);
const below = (n) => Math.floor(random() * n);
const pick = (...choices) => choices[below(choices.length)];
const list = (max, make) => Array.from({ length: below(max) }, make);

function text() {
  const pieces = ['', 'a', '"', '\\', '\n', '\0', '\x1f', 'é', '€', '\u{1f600}', '\u2028', '\ufffd', '_placeholder', 'x'.repeat(40)];
  return list(6, () => pick(...pieces)).join('');
}

function number() {
  return pick(
    () => below(300) - 150,
    () => below(2 ** 32) - 2 ** 31,
    () => Math.round((random() - 0.5) * Number.MAX_SAFE_INTEGER),
    () => (random() - 0.5) * 10 ** below(15) + 1 / 3,
    () => random() * 2 ** -below(1000),
    () => pick(0, 1, -1, 127, 128, 255, 256, 65535, 65536, -32, -33, -128, -129, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 53)),
  )();
}

// No key is "_placeholder": beside binary the default parser has no word for a true one.
function tree(depth, bins) {
  const leaf = () => pick(
    () => null, () => random() < 0.5, number, number, text,
    () => (bins.left-- > 0 ? Buffer.from(list(pick(4, 300), () => below(256))) : 0),
  )();
  if (!depth) return leaf();
  return pick(
    leaf, leaf,
    () => list(20, () => tree(depth - 1, bins)),
    () => Object.fromEntries(list(20, (_, i) => [pick(`k${i}`, `${text()}.`, 'num', 'constructor'), tree(depth - 1, bins)])),
  )();
}

test(`random arguments are the same to clients of both parsers, and back again (TEST_SEED=${seed})`, { timeout: 600000 }, async () => {
  const { relay, guests } = await meet(json, msgpack, json);
  const [first, second] = guests;
  for (let round = 0; round < ROUNDS; round++) {
    const bins = { left: BINS_MAX };
    const args = list(4, () => tree(3, bins));
    const seen = await say(guests, first, args);
    for (const one of seen) assert.deepEqual(one, args);
    // What the client of the other parser has received it sends on.
    for (const again of await say(guests, second, seen[1])) assert.deepEqual(again, args);
  }
  await relay.end();
});

test('what only msgpack can say is what JSON makes of it', async () => {
  const { relay, guests } = await meet(json, msgpack, msgpack);
  const date = new Date(Date.UTC(2026, 1, 28, 12, 34, 56, 789));
  const said = [undefined, { gone: undefined, kept: 1 }, [undefined], date, NaN, Infinity, -0, { f() {} },
    new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 3]).buffer, new Date(-1), new Date(253402300800000)];
  const bytes = Buffer.from([1, 2, 3]);
  const seen = [null, { kept: 1 }, [null], date.toJSON(), null, null, 0, {}, bytes, bytes,
    '1969-12-31T23:59:59.999Z', '+010000-01-01T00:00:00.000Z'];
  for (const args of await say(guests, guests[1], said)) assert.deepEqual(args, seen);
  await relay.end();
});

test('what JSON can say and JavaScript does not', async () => {
  const { relay, guests } = await meet(json, msgpack);
  const say2 = async (data, expected) => {
    relay.write(0, `2["e",${data}]`);
    for (const guest of guests) assert.deepEqual((await guest.next()).data.slice(1), expected);
  };
  await say2('18446744073709551615', [18446744073709551615]);
  await say2('18446744073709551616,-9223372036854775809', [18446744073709551616, -9223372036854775809]);
  await say2('9007199254740993', [9007199254740993]);
  await say2('1e21,1E-7,0.1,5e-324,1.7976931348623157e308', [1e21, 1e-7, 0.1, 5e-324, Number.MAX_VALUE]);
  await say2('-0', [-0]);
  await say2('1e-400', [0]);
  await say2('"\\ud83d","\\ude00\\ud83d","a\\ud83dz"', ['\ufffd', '\ufffd\ufffd', 'a\ufffdz']);
  await say2('"\\u0000\\u007f"', ['\0\x7f']);
  await say2('{"a":1,"a":2,"b":3}', [{ a: 2, b: 3 }]);
  await say2('{"":1,"constructor":2,"toString":3}', [{ '': 1, constructor: 2, toString: 3 }]);
  relay.write(0, '2["e",1e400]');
  assert.deepEqual(await guests[0].next(), { closed: 'parse error' });
  await relay.end();
});

test('what looks like a placeholder beside binary does not end the connections of others', async () => {
  const { relay, guests } = await meet(json, msgpack);
  const fake = { _placeholder: true, num: 7 };
  const [inJson, inMsgpack] = await say(guests, guests[1], [fake, Buffer.from('x')]);
  assert.deepEqual(inJson, [{ _placeholder: null, num: 7 }, Buffer.from('x')]);
  assert.deepEqual(inMsgpack, [fake, Buffer.from('x')]);
  for (const args of await say(guests, guests[1], [fake])) assert.deepEqual(args, [fake]);
  await relay.end();
});

test('a key named __proto__ is a key, and changes nothing else', async () => {
  const { relay, guests } = await meet(json, msgpack);
  relay.write(0, '2["e",{"__proto__":{"admin":true},"x":1}]');
  const [inJson] = (await guests[0].next()).data.slice(1);
  assert.deepEqual(Object.keys(inJson), ['__proto__', 'x']);
  assert.equal(inJson.admin, undefined);
  assert.equal((await guests[1].next()).data[1].x, 1);
  assert.equal({}.admin, undefined);
  await relay.end();
});
