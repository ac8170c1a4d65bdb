// An application worker: tells every client its auth and sends back what it hears.
//
// usage: node echo.js ENDPOINT NAME NAMESPACE...
//
// On a TCP endpoint the environment has ROOMCAST_CURVE_KEY, ROOMCAST_CURVE_PUBLIC and
// ROOMCAST_BROKER_KEY, the files of the worker's own two keys and of the broker's public one.
// Messages: docs/workers.md.
'use strict';

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const { decodeMulti, encode } = require('@msgpack/msgpack');
const zmq = require('zeromq');

const VERSION = 4;
const [HELLO, WELCOME, REFUSED, HEARTBEAT, CREDIT, GOODBYE, BATCH] = [1, 2, 3, 4, 5, 6, 8];
const [SERVE, CONNECT, EVENT, ACK, DISCONNECT] = [50, 51, 52, 53, 54];
const [ACCEPT, REFUSE, ANSWER, DONE, EMIT, JOIN, LEAVE, END] = [60, 61, 62, 63, 64, 65, 66, 67];
const WINDOW = [1000, 16 << 20]; // ZeroMQ messages, bytes
const SILENCE = 3; // heartbeats

const readKey = (variable) => fs.readFileSync(process.env[variable], 'utf8').trim();

// The conversation with the broker; onTask gets every message for the worker.
class Link {
  constructor(endpoint, name, namespaces, onTask) {
    Object.assign(this, { endpoint, name, namespaces, onTask });
  }

  connect() {
    const curve = {};
    if (this.endpoint.startsWith('tcp:')) {
      curve.curveSecretKey = readKey('ROOMCAST_CURVE_KEY');
      curve.curvePublicKey = readKey('ROOMCAST_CURVE_PUBLIC');
      curve.curveServerKey = readKey('ROOMCAST_BROKER_KEY');
    }
    this.socket = new zmq.Dealer({ linger: 0, ...curve });
    this.socket.connect(this.endpoint);
    this.heartbeat = 2000;
    this.sent = this.taken = this.takenBytes = 0;
    this.leaving = Promise.resolve();
    this.heard = Date.now();
    this.send([[HELLO, VERSION, this.name, randomBytes(6).readUIntBE(0, 6), 0, 0, ...WINDOW]]);
  }

  // One ZeroMQ message: all of it arrives, or nothing. One leaves after the other.
  send(messages) {
    const { socket } = this;
    const parts = [[BATCH, ++this.sent], ...messages].map((m) => encode(m));
    const leave = () => socket.send(Buffer.concat(parts));
    this.leaving = this.leaving.then(leave).catch(() => socket.close());
  }

  // False: the conversation has to begin anew.
  receive(batch) {
    const messages = [...decodeMulti(batch)];
    this.heard = Date.now();
    if (messages.at(-1)[0] === REFUSED) {
      console.error('refused:', messages.at(-1)[2]);
      return false;
    }
    this.taken++;
    this.takenBytes += batch.length;
    if (messages[0][1] !== this.taken) return false;
    const answers = [];
    for (const [number, ...fields] of messages.slice(1)) {
      if (number === GOODBYE) return false;
      if (number === WELCOME) {
        this.heartbeat = fields[4];
        answers.push([SERVE, this.namespaces]);
      } else if (number >= SERVE) {
        answers.push(...this.onTask(number, fields));
      }
    }
    if (answers.length || this.taken % 100 === 0) this.send([this.credit(), ...answers]);
    return true;
  }

  credit() {
    return [CREDIT, this.taken, this.takenBytes];
  }

  beat() {
    if (Date.now() - this.heard > SILENCE * this.heartbeat) this.socket.close();
    else if (this.taken > 0) this.send([this.credit(), [HEARTBEAT]]);
  }

  async run() {
    for (;;) {
      this.connect();
      const timer = setInterval(() => this.beat(), this.heartbeat / 4);
      try {
        for await (const [batch] of this.socket) if (!this.receive(batch)) break;
      } finally {
        clearInterval(timer);
        this.socket.close();
      }
      await sleep(200);
    }
  }
}

function emit(nsp, event, args, { socket = '', room = '', except = [], ack } = {}) {
  return [EMIT, nsp, socket, room, except, event, args, ack !== undefined, ack ?? 0, false];
}

const namespaceOf = new Map(); // of the sockets that this worker serves

function onConnect([task, socket, nsp, ...facts]) {
  const auth = facts.at(-1);
  namespaceOf.set(socket, nsp);
  if (task === 0) return []; // another worker let it in
  if (auth?.refuse) return [[REFUSE, task, 'Not you', { code: 'not_you' }]];
  return [[ACCEPT, task], emit(nsp, 'auth', [auth ?? {}], { socket })];
}

const onEvent = {
  message: ({ task, socket, nsp, args }) => [emit(nsp, 'message-back', args, { socket }), [DONE, task]],
  'message-with-ack': ({ task, args }) => [[ANSWER, task, args]],
  join: ({ task, socket, args: [room] }) => [[JOIN, socket, room], [ANSWER, task, [process.pid]]],
  leave: ({ task, socket, args: [room] }) => [[LEAVE, socket, room], [ANSWER, task, []]],
  // To the others in the room.
  say: ({ task, socket, nsp, args: [room, text] }) => [emit(nsp, 'said', [text], { room, except: [socket] }), [DONE, task]],
  ask: ({ task, socket, nsp, args }) => [emit(nsp, 'question', args, { socket, ack: task }), [DONE, task]],
  end: ({ task, socket }) => [[END, socket, false], [DONE, task]],
};

function onTask(number, fields) {
  if (number === CONNECT) return onConnect(fields);
  if (number === ACK) return [emit(namespaceOf.get(fields[0]), 'acked', fields[2], { socket: fields[0] })];
  if (number === DISCONNECT) namespaceOf.delete(fields[0]);
  if (number !== EVENT) return [];
  const [task, socket, nsp, event, args] = fields;
  return Object.hasOwn(onEvent, event) ? onEvent[event]({ task, socket, nsp, args }) : [[DONE, task]];
}

const [endpoint, name, ...namespaces] = process.argv.slice(2);
new Link(endpoint, name, namespaces, onTask).run();
