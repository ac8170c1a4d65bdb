/*
 * The two servers that differ.test.js compares, each behind the same call: what comes back when a
 * script is sent is { packets, end }, with end "alive" or "closed". The reference servers run in
 * this process: they are npm's, and a test dependency only.
 */
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const http = require('node:http');
const { once } = require('node:events');
const { decode, encode } = require('notepack.io');
const engine = require('engine.io');
const { Server } = require('socket.io');
const msgpackParser = require('socket.io-msgpack-parser');
const WebSocket = require('ws');
const { program } = require('./stack');
const { Raw, within } = require('./helpers');
const { Relay } = require('./relay');
const { SEPARATOR, Poller } = require('./rawpoll');
const { BINARY, CLOSE, PING, PONG, TEXT, Peer, frame, upgrade } = require('./rawws');
const { DIALECTS, visit } = require('./differ-http');
const { MAX_PAYLOAD } = require('./differ-scripts');

const RESERVED_EVENTS = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']);
const HOUR_MS = 3600000;
const LIMITS = { pingInterval: HOUR_MS, pingTimeout: HOUR_MS, maxHttpBufferSize: MAX_PAYLOAD };
// Long after whatever a server does of itself; nothing that is expected takes so long.
const SILENCE_MS = 10000;

// A CONNECT to a namespace that is not there is answered by whoever lives, and changes nothing.
const PROBE = { json: '0/nobody-is-here,', msgpack: Buffer.from(encode({ type: 0, nsp: '/nobody-is-here' })) };
// A CONNECT that is answered, by one that lives.
function isConnect(message, parser) {
  if (parser === 'json') return typeof message === 'string' && /^(0(\/[a-z-]*,?)?(\{.*\})?)?$/.test(message);
  try {
    return decode(message).type === 0;
  } catch {
    return false;
  }
}
const isProbed = (packet) => /nobody-is-here/.test(packet);

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (Buffer.isBuffer(value)) return { bytes: value.toString('hex') };
  if (value instanceof ArrayBuffer) return sorted(Buffer.from(value));
  if (value instanceof Date) return { date: value.getTime() };
  if (value === undefined) return { undefined: true };
  if (Object.is(value, -0)) return { minus: 0 };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (!value || typeof value !== 'object') return value;
  // Stock clients cannot tell a key that is undefined from none.
  return Object.fromEntries(Object.keys(value).filter((key) => value[key] !== undefined).sort().map((key) => [key, sorted(value[key])]));
}

// One form for what both say: no session ids; a msgpack packet is its value, bytes are hex.
function normal(data, parser) {
  const text = typeof data === 'string' ? data
    : parser === 'msgpack' ? JSON.stringify(sorted(decode(data))) : `<${data.toString('hex')}>`;
  return text.replace(/"sid":"[^"]+"/, '"sid":"SID"');
}

// ---- Socket.IO

// The reference with one parser: events go back to who sent them, acks are the arguments.
class ReferenceSocket {
  static async start(parser) {
    const self = new ReferenceSocket();
    self.parser = parser;
    self.http = http.createServer();
    self.connections = new Map();
    self.io = new Server(self.http, {
      ...LIMITS, serveClient: false, connectTimeout: HOUR_MS, ...(parser === 'msgpack' ? { parser: msgpackParser } : {}),
    });
    for (const nsp of ['/', '/custom']) {
      self.io.of(nsp).on('connection', (socket) => {
        // A name that cannot be made a text ends the reference's whole process: closed is what is left.
        socket.use(([name], next) => {
          try {
            if (typeof name === 'object') `${name}`;
            next();
          } catch {
            socket.conn.close();
          }
        });
        socket.onAny((...all) => {
          const ack = typeof all.at(-1) === 'function' ? all.pop() : undefined;
          // What its decoder has let in though it must not be sent would end this process.
          if (!RESERVED_EVENTS.has(all[0])) socket.emit(...all);
          if (ack) ack(...all.slice(1));
        });
        socket.on('error', () => {});
      });
    }
    // How many packets of the connection have been read, so that each can have its full effect.
    self.io.engine.on('connection', (connection) => {
      const number = new URL(connection.request.url, 'http://x').searchParams.get('number');
      const seen = { count: 0, wake: () => {} };
      self.connections.set(number, seen);
      connection.on('packet', () => { seen.count++; seen.wake(); });
    });
    self.http.listen(0, '127.0.0.1');
    await once(self.http, 'listening');
    self.number = 0;
    return self;
  }

  async play({ messages }) {
    const number = String(++this.number);
    const packets = [];
    const ws = new WebSocket(`ws://127.0.0.1:${this.http.address().port}/socket.io/?EIO=4&transport=websocket&number=${number}`);
    let wake = () => {};
    let isClosed = false;
    let isOpen = false;
    let isAlive = false;
    ws.on('message', (data, isBinary) => {
      const body = isBinary ? data : data.toString();
      if (!isOpen) isOpen = true;
      else {
        const packet = normal(isBinary ? body : body.slice(1), this.parser);
        if (isProbed(packet)) isAlive = true;
        else packets.push(packet);
      }
      wake();
    });
    ws.on('close', () => { isClosed = true; wake(); });
    ws.on('error', () => {});
    const until = (done) => within((async () => {
      while (!done() && !isClosed) await new Promise((resolve) => { wake = resolve; });
    })(), () => 'the reference', SILENCE_MS);
    await until(() => isOpen);
    const seen = this.connections.get(number);
    seen.wake = () => wake();
    let sent = 0;
    for (const message of [...messages, PROBE[this.parser]]) {
      if (isClosed) break;
      ws.send(typeof message === 'string' ? `4${message}` : message);
      sent++;
      await until(() => seen.count >= sent);
      // What a packet sets off is done in ticks of its own.
      for (let i = 0; i < 4; i++) await new Promise(setImmediate);
    }
    await until(() => isAlive);
    this.connections.delete(number);
    ws.terminate();
    return { packets, end: isAlive ? 'alive' : 'closed' };
  }

  // The same server, spoken to over long-polling.
  polled() {
    // What a packet sets off is done in ticks of its own.
    const settle = async () => { for (let i = 0; i < 4; i++) await new Promise(setImmediate); };
    return new PolledSocket(this.http.address().port, settle, () => this.stop());
  }

  stop() {
    return new Promise((resolve) => { this.io.close(resolve); });
  }
}

// The same of ours.
class RelaySocket {
  constructor() {
    this.relay = new Relay();
    this.relay.guests = [this];
  }

  read(kind, body) {
    if (kind === 'x') {
      this.end = 'closed';
    } else {
      const packet = normal(kind === 't' ? body.toString() : body, this.parser);
      if (isProbed(packet)) this.end = 'alive';
      else this.packets.push(packet);
    }
    if (this.end) this.done();
  }

  async play({ messages, parser }) {
    this.packets = [];
    this.end = undefined;
    this.parser = parser;
    const finished = new Promise((resolve) => { this.done = resolve; });
    for (const message of [...messages, PROBE[parser]]) this.relay.write(0, message);
    await within(finished, () => `the relay, for ${messages}`, SILENCE_MS);
    this.relay.leave(0);
    return { packets: this.packets, end: this.end };
  }

  stop() {
    return this.relay.end();
  }
}

/*
 * Socket.IO over long-polling, to whoever listens on a port. Each message is a POST of its own, and
 * has had its whole effect when `settle` is done; a poll waits all the while.
 */
class PolledSocket {
  constructor(port, settle, stop = () => {}) {
    Object.assign(this, { port, settle, stop });
  }

  play({ messages, parser }) {
    return new PolledPlay(this, parser).run(messages);
  }
}

class PolledPlay {
  constructor({ port, settle }, parser) {
    Object.assign(this, { port, settle, parser, packets: [], isClosed: false, probes: 0, answers: 0, wake: () => {} });
  }

  read(packet) {
    if (packet === '1') this.isClosed = true;
    if (!/^[4b]/.test(packet)) return;
    this.answers++;
    const text = normal(packet[0] === 'b' ? Buffer.from(packet.slice(1), 'base64') : packet.slice(1), this.parser);
    if (isProbed(text)) this.probes++;
    else this.packets.push(text);
  }

  async poll(poller) {
    while (!this.isClosed) {
      const answer = await poller.get().catch(() => ({ status: 'none' }));
      if (answer.status !== 200) this.isClosed = true;
      else answer.body.split(SEPARATOR).forEach((packet) => this.read(packet));
      this.wake();
    }
  }

  until(done) {
    return within((async () => {
      while (!done() && !this.isClosed) await new Promise((resolve) => { this.wake = resolve; });
    })(), () => `an answer over polling; so far ${this.packets}`, SILENCE_MS);
  }

  async run(messages) {
    const poller = await Poller.open(this.port, '/socket.io/?EIO=4&transport=polling');
    const polling = this.poll(poller);
    // Before the second probe is answered, whatever the first one came behind has been.
    for (const message of [...messages, PROBE[this.parser], PROBE[this.parser]]) {
      const before = this.answers;
      const { status } = await poller.post(typeof message === 'string' ? `4${message}` : `b${message.toString('base64')}`);
      if (status !== 200) break;
      // Letting somebody in takes a while; whatever comes before it is done closes the connection.
      if (isConnect(message, this.parser)) await this.until(() => this.answers > before);
      await this.settle();
    }
    await this.until(() => this.probes >= 2);
    poller.destroy();
    await polling;
    return { packets: this.packets, end: this.probes >= 2 ? 'alive' : 'closed' };
  }
}

// A gateway with its broker, in /chat.
class GatewaySocket {
  constructor(gateway, token) {
    this.gateway = gateway;
    this.token = token;
  }

  async play({ messages }) {
    const raw = await Raw.connect(this.gateway);
    let isClosed = false;
    const closed = raw.closed.then(() => { isClosed = true; return 'closed'; });
    const said = (pattern) => new Promise((resolve) => {
      raw.ws.on('message', (data) => { if (pattern.test(data)) resolve('alive'); });
    });
    const alive = said(/nobody-is-here/);
    for (const message of [...messages, PROBE.json]) {
      if (isClosed) break;
      const answered = said(/^4[04]\/chat/);
      const full = message === '0/chat,' ? `0/chat,${JSON.stringify({ token: this.token })}` : message;
      raw.send(typeof full === 'string' ? `4${full}` : full);
      // Letting somebody in takes the broker; whatever comes before it is done closes the connection.
      if (message === '0/chat,') await within(Promise.race([answered, closed]), () => 'an answer to CONNECT', SILENCE_MS);
    }
    const end = await within(Promise.race([alive, closed]), () => `the gateway, for ${messages}`, SILENCE_MS);
    raw.close();
    return { packets: [], end };
  }
}

// ---- Engine.IO

const TARGET = '/engine.io/?EIO=4&transport=websocket';
const ALIVE = '4are you there?';

// A whole ping, that is answered: its length says more than 125 where it is not.
const isPing = (bytes) => bytes[0] === (0x80 | PING) && (bytes[1] & 0x80) !== 0 && (bytes[1] & 0x7f) < 126;

// A close frame, alone or behind a short message.
const endsWithClose = (bytes) => (bytes[0] & 0x0f) === CLOSE || (bytes.length > 8 && (bytes.at(-8) & 0x0f) === CLOSE && bytes.at(-7) === 0x82);

class Engine {
  // What frames bring back, and how it ends, with the code of the server's close frame.
  async play(script) {
    const { frames, request } = script;
    if (request) return this.ask(request);
    if (script.play) return visit(this.port, script);
    const peer = await upgrade(this.port, TARGET);
    await peer.text();
    const outcome = { packets: [], end: undefined };
    for (const bytes of frames) {
      peer.send(bytes);
      // Pongs may come late, and one may answer several pings.
      if (isPing(bytes)) this.note(await peer.frame(SILENCE_MS), outcome);
    }
    // Behind a close frame nothing may follow.
    if (!endsWithClose(frames.at(-1))) peer.send(frame(TEXT, ALIVE));
    while (!outcome.end) {
      const next = await peer.frame(SILENCE_MS).catch((error) => {
        if (/ended before/.test(error.message)) return undefined;
        throw error;
      });
      if (!next) outcome.end = 'closed';
      else this.note(next, outcome);
    }
    peer.destroy();
    return outcome;
  }

  note({ opcode, payload }, outcome) {
    if (opcode === CLOSE) {
      outcome.end = 'closed';
      outcome.code = payload.length >= 2 ? payload.readUInt16BE(0) : 'no code';
    } else if (opcode === TEXT && payload.toString() === ALIVE) {
      outcome.end = 'alive';
    } else {
      const kind = { [TEXT]: 'text', [BINARY]: 'bytes', [PING]: 'ping', [PONG]: 'pong' }[opcode];
      outcome.packets.push(`${kind} ${opcode === TEXT ? payload.toString() : payload.toString('hex')}`);
    }
  }

  // A handshake: its status and, where it is refused, the body.
  async ask(request) {
    const peer = new Peer(this.port);
    peer.send(Buffer.from(request, 'latin1'));
    const answer = await peer.response().catch(() => ({ status: 'no answer', headers: {} }));
    const packets = [`status ${answer.status}`];
    if (answer.status === 101) {
      for (const name of ['sec-websocket-protocol', 'sec-websocket-extensions', 'set-cookie']) {
        if (answer.headers[name] !== undefined) packets.push(`${name}: ${answer.headers[name]}`);
      }
      packets.push((await peer.text().catch((error) => `no text: ${error.message}`)).replace(/"sid":"[^"]+"/, '"sid":"SID"'));
    } else if (answer.body !== undefined) {
      packets.push(answer.body);
    }
    peer.destroy();
    return { packets, end: answer.status === 101 ? 'alive' : 'closed' };
  }
}

class ReferenceEngine extends Engine {
  static async start(dialect = 4) {
    const self = new ReferenceEngine();
    self.http = http.createServer((request, response) => { response.statusCode = 404; response.end(); });
    self.server = engine.attach(self.http, { ...LIMITS, ...DIALECTS[dialect].servers.reference });
    self.server.on('connection', (socket) => { socket.on('message', (data) => socket.send(data)); });
    self.http.listen(0, '127.0.0.1');
    await once(self.http, 'listening');
    self.port = self.http.address().port;
    return self;
  }

  stop() {
    this.server.close();
    this.http.closeAllConnections();
    return new Promise((resolve) => { this.http.close(resolve); });
  }
}

class EchoEngine extends Engine {
  static async start(dialect = 4) {
    const self = new EchoEngine();
    self.child = spawn(program('tests/echo'), ['--port', '0', '--ping-interval-ms', HOUR_MS, '--ping-timeout-ms', HOUR_MS,
      '--max-payload-bytes', MAX_PAYLOAD, ...DIALECTS[dialect].servers.echo].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    self.exited = new Promise((resolve) => { self.child.once('exit', (code, signal) => resolve(code ?? signal)); });
    process.once('exit', () => self.child.kill('SIGKILL'));
    const listening = new Promise((resolve) => {
      self.child.stdout.on('data', (data) => {
        const [, port] = /port (\d+)/.exec(data) ?? [];
        if (port) resolve(Number(port));
      });
    });
    self.port = await within(listening, () => 'the echo server');
    return self;
  }

  async stop() {
    this.child.kill('SIGTERM');
    assert.equal(await within(this.exited, () => 'the echo server to end'), 0);
  }
}

module.exports = { EchoEngine, GatewaySocket, PolledSocket, ReferenceEngine, ReferenceSocket, RelaySocket };
