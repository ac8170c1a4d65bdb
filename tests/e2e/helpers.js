// Stock clients, raw connections and waiting with a deadline, for the tests beside this file.
'use strict';

const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const fs = require('node:fs');
const nodeTest = require('node:test');
const { inspect, isDeepStrictEqual } = require('node:util');
const { io } = require('socket.io-client');
const WebSocket = require('ws');
const { tails } = require('./stack');

const WAIT_MS = 20000;
const TEST_MS = 120000;
const POLL_MS = 20;

const open = new Set();
// A program that borrows from here and is no test would be made one by this.
if (require.main?.filename.endsWith('.test.js')) nodeTest.after(() => { for (const connection of open) connection.close(); });

// node's test, with the end of the logs when it fails, and its connections closed afterwards.
function test(name, options, fn) {
  if (typeof options === 'function') return test(name, {}, options);
  return nodeTest.test(name, { timeout: TEST_MS, ...options }, async (t) => {
    const older = new Set(open);
    try {
      await fn(t);
    } catch (error) {
      console.error(`\n${name}\n${tails()}`);
      throw error;
    } finally {
      for (const connection of open) if (!older.has(connection)) connection.close();
    }
  });
}

// Settles with `promise`, or fails with what was waited for.
function within(promise, what, ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what()}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The first truthy answer of fn. An fn that throws is asked again until the deadline.
async function waitFor(what, fn, ms = WAIT_MS) {
  const deadline = Date.now() + ms;
  for (;;) {
    let last;
    try {
      last = await fn();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms for ${what}; last: ${inspect(last)}`);
    await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
  }
}

// Keeps what arrives until somebody asks for it.
class Inbox {
  constructor() {
    this.items = [];
    this.waiting = [];
  }

  put(item) {
    const i = this.waiting.findIndex((w) => w.fits(item));
    if (i >= 0) this.waiting.splice(i, 1)[0].resolve(item);
    else this.items.push(item);
  }

  // Takes out the first item that fits, past or to come.
  take(fits, what, ms) {
    const i = this.items.findIndex(fits);
    if (i >= 0) return Promise.resolve(this.items.splice(i, 1)[0]);
    const asked = new Promise((resolve) => { this.waiting.push({ fits, resolve }); });
    return within(asked, () => `${what}; there is ${inspect(this.items.slice(-10), { depth: 4 })}`, ms);
  }
}

const covers = (whole, part) => Object.entries(part).every(([key, value]) => isDeepStrictEqual(whole?.[key], value));

/*
 * One namespace of a stock client over a WebSocket. `all` has every event in order as { name,
 * data }, the client's own (connect, disconnect, connect_error) among them.
 */
class Client {
  constructor(gateway, { token, nsp = '/chat', over, ...options } = {}) {
    const auth = token === undefined ? {} : { token };
    this.socket = over
      ? over.socket.io.socket(nsp, { auth })
      : io(gateway.url + nsp, { transports: ['websocket'], forceNew: true, auth, ...options });
    this.all = [];
    this.inbox = new Inbox();
    const keep = (name, data) => {
      this.all.push({ name, data });
      this.inbox.put({ name, data });
    };
    this.socket.onAny(keep);
    this.socket.on('connect', () => keep('connect', this.socket.id));
    for (const name of ['disconnect', 'connect_error']) this.socket.on(name, (data) => keep(name, data));
    open.add(this);
  }

  // The answer to an event; an error object where it was refused.
  ask(event, data, ms = WAIT_MS) {
    return this.socket.timeout(ms).emitWithAck(event, data);
  }

  // The next event of that name whose data has these values.
  async next(name, data = {}, ms = WAIT_MS) {
    const what = `${name} ${inspect(data)} at ${this.socket.id}`;
    return (await this.inbox.take((e) => e.name === name && covers(e.data, data), what, ms)).data;
  }

  // What came of that name, all in all.
  got(name, data = {}) {
    return this.all.filter((e) => e.name === name && covers(e.data, data)).map((e) => e.data);
  }

  close() {
    open.delete(this);
    this.socket.offAny();
    this.socket.disconnect();
  }
}

const firstAnswer = (client) => client.inbox.take(({ name }) => /^connect(_error)?$/.test(name), 'an answer to CONNECT');

// A client that is connected.
async function connect(gateway, options) {
  const client = new Client(gateway, options);
  const { name, data } = await firstAnswer(client);
  if (name === 'connect_error') throw data;
  return client;
}

let rooms = 0;

// The name of a room that no other test of a file has.
const newRoom = () => `room-${++rooms}`;

// The client, in that room.
async function joined(client, roomId) {
  const answer = await client.ask('join-room', { roomId });
  assert.equal(answer.ok, true, inspect(answer));
  return client;
}

// The error with which a client is refused; nothing when it is let in.
async function refusal(gateway, options) {
  const client = new Client(gateway, { reconnection: false, ...options });
  const { name, data } = await firstAnswer(client);
  client.close();
  return name === 'connect_error' ? data : undefined;
}

// A WebSocket that speaks whatever the test says. closed resolves with the close code.
class Raw {
  constructor(gateway, path = '/socket.io/?EIO=4&transport=websocket') {
    this.ws = new WebSocket(gateway.url.replace('http', 'ws') + path);
    this.inbox = new Inbox();
    this.closed = new Promise((resolve) => { this.ws.on('close', resolve); });
    this.ws.on('message', (data, isBinary) => this.inbox.put(isBinary ? data : data.toString()));
    this.ws.on('error', (error) => this.inbox.put(`error: ${error.message}`));
    open.add(this);
  }

  static async connect(gateway) {
    const raw = new Raw(gateway);
    await raw.next(/^0\{/);
    return raw;
  }

  send(...packets) {
    for (const packet of packets) this.ws.send(packet);
    return this;
  }

  next(pattern) {
    return this.inbox.take((text) => pattern.test(text), `packet ${pattern}`);
  }

  waitClosed(why) {
    return within(this.closed, () => `the connection to be closed for ${inspect(why).slice(0, 80)}`);
  }

  close() {
    open.delete(this);
    this.ws.terminate();
  }
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

// Tokens of our own making, good and bad, signed with the stack's secret unless told otherwise.
function mint(stack, claims, { header = { alg: 'HS256', typ: 'JWT' }, secret } = {}) {
  const key = secret ?? fs.readFileSync(`${stack.dir}/keys/token.secret`, 'utf8').trim();
  const text = `${base64url(header)}.${base64url({ exp: now() + 600, ...claims })}`;
  const signature = header.alg === 'none' ? '' : createHmac('sha256', key).update(text).digest('base64url');
  return `${text}.${signature}`;
}

const userToken = (stack, user, name = user) => mint(stack, { userId: user, username: name });

async function page(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(WAIT_MS) });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

/*
 * Every gateway is linked to the broker that runs now. A gateway's own /ready may still speak of the
 * one before, which it has not missed yet.
 */
const linked = (stack) => waitFor('the gateways to be linked', async () => {
  const { gateways } = await stack.ctl('gateways');
  return gateways.filter((g) => g.state === 'ready').length === stack.gateways.length;
});

module.exports = { Client, Raw, connect, io, joined, linked, mint, newRoom, now, page, refusal, test, userToken, waitFor, within };
