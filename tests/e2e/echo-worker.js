/*
 * An application worker in this process, for tests that compare: it lets everybody in, sends every
 * event back to who sent it, and then acknowledges it with its arguments, byte for byte as they came.
 * connects has the fields of every WORK_CONNECT, encoded.
 */
'use strict';

const { readFileSync } = require('node:fs');
const { decode, encode } = require('@msgpack/msgpack');
const zmq = require('zeromq');
const { waitFor } = require('./helpers');

const VERSION = 4;
const [HELLO, WELCOME, HEARTBEAT, CREDIT, BATCH] = [1, 2, 4, 5, 8];
const [SERVE, CONNECT, EVENT] = [50, 51, 52];
const [ACCEPT, ANSWER, DONE, EMIT] = [60, 62, 63, 64];
const WINDOW = [1000, 16 << 20];
const BEAT_MS = 500;

// How many bytes of data and how many values follow a head of msgpack; data includes what it counts.
function head(bytes, at) {
  const b = bytes[at];
  if (b <= 0x7f || b >= 0xe0) return { size: 1, values: 0 };
  if (b <= 0x8f) return { size: 1, values: 2 * (b & 0x0f) };
  if (b <= 0x9f) return { size: 1, values: b & 0x0f };
  if (b <= 0xbf) return { size: 1 + (b & 0x1f), values: 0 };
  const fixed = { 0xc0: 1, 0xc2: 1, 0xc3: 1, 0xca: 5, 0xcb: 9, 0xcc: 2, 0xcd: 3, 0xce: 5, 0xcf: 9, 0xd0: 2, 0xd1: 3, 0xd2: 5, 0xd3: 9 }[b];
  if (fixed) return { size: fixed, values: 0 };
  const width = { 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4, 0xdc: 2, 0xdd: 4, 0xde: 2, 0xdf: 4 }[b];
  const count = bytes.readUIntBE(at + 1, width);
  if (b >= 0xdc) return { size: 1 + width, values: b >= 0xde ? 2 * count : count };
  return { size: 1 + width + count, values: 0 };
}

// Where the value that begins at `at` ends.
function endOf(bytes, at) {
  for (let left = 1; left > 0; left--) {
    const { size, values } = head(bytes, at);
    at += size;
    left += values;
  }
  return at;
}

// The messages of a batch, each an array of its fields, encoded.
function messagesOf(batch) {
  const messages = [];
  for (let at = 0; at < batch.length;) {
    const { size, values } = head(batch, at);
    at += size;
    messages.push(Array.from({ length: values }, () => {
      const start = at;
      at = endOf(batch, at);
      return batch.subarray(start, at);
    }));
  }
  return messages;
}

const message = (...fields) => Buffer.concat([Buffer.from([0x90 | fields.length]), ...fields.map((field) => (Buffer.isBuffer(field) ? field : Buffer.from(encode(field))))]);

class EchoWorker {
  static async start(stack, namespaces) {
    const self = new this();
    const [, endpoint] = /^ipc-endpoint = (.*)$/m.exec(readFileSync(`${stack.dir}/conf/broker.conf`, 'utf8'));
    self.socket = new zmq.Dealer({ linger: 0 });
    self.socket.connect(endpoint);
    Object.assign(self, { namespaces, connects: [], sent: 0, taken: 0, takenBytes: 0, leaving: Promise.resolve() });
    self.send(message(HELLO, VERSION, 'echo', Date.now(), 0, 0, ...WINDOW));
    self.timer = setInterval(() => self.send(self.credit(), message(HEARTBEAT)), BEAT_MS);
    self.running = self.run();
    await waitFor('the worker to serve', () => stack.log('broker').some((line) => line.event === 'worker.serving'));
    return self;
  }

  send(...messages) {
    const batch = Buffer.concat([message(BATCH, ++this.sent), ...messages]);
    this.leaving = this.leaving.then(() => this.socket.closed || this.socket.send(batch)).catch(() => {});
  }

  credit() {
    return message(CREDIT, this.taken, this.takenBytes);
  }

  async run() {
    for await (const [batch] of this.socket) {
      this.taken++;
      this.takenBytes += batch.length;
      const answers = messagesOf(batch).flatMap((fields) => this.answer(fields));
      if (answers.length) this.send(this.credit(), ...answers);
    }
  }

  answer([type, ...fields]) {
    const number = type[0];
    if (number === WELCOME) return [message(SERVE, this.namespaces)];
    if (number === CONNECT) {
      this.connects.push(Buffer.concat(fields));
      return [message(ACCEPT, fields[0])];
    }
    if (number !== EVENT) return [];
    const [task, socket, nsp, event, args, hasAck] = fields;
    return [message(EMIT, nsp, socket, '', null, event, args, false, 0, false), hasAck[0] === 0xc3 ? message(ANSWER, task, args) : message(DONE, task)];
  }

  async stop() {
    clearInterval(this.timer);
    this.socket.close();
    await this.running.catch(() => {});
  }
}

module.exports = { EchoWorker, decode, encode };
