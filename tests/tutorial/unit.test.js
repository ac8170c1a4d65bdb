/*
 * The tutorial's own unit tests, unmodified, with Roomcast in the place of socket.io. The file asks
 * for a test framework and a server; it is given
 *
 *  describe, beforeAll, afterAll, test, expect   node's, with the names and callbacks of Jest
 *  http                                          a stack whose gateway is at port
 *  socket.io                                     Server: what a socket hears comes by an application
 *                                                worker, what it says is said by roomcastctl emit
 *
 * Its third test is wrong three times: httpServer is out of its sight (here it is in it), nobody
 * serves join-room (here the worker does), and to() of a socket leaves that socket out (here emit
 * --room does not).
 */
'use strict';

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const nodeTest = require('node:test');
const { program, run, startStack } = require('../e2e/stack');
const { EchoWorker, decode, encode } = require('../e2e/echo-worker');
const { io: connect } = require('../e2e/helpers');
const { FILES } = require('./house');

const [WORK_CONNECT, WORK_EVENT] = [51, 52];
const [ACCEPT, WORK_DONE, WORK_JOIN] = [60, 63, 65];
const NSP = '/';

let stack;
let server;

const message = (...fields) => Buffer.from(encode(fields));

// The socket of a client, as an application sees it.
class ServerSocket {
  constructor(id) {
    this.id = id;
    this.handlers = new Map();
  }

  on(event, handler) {
    this.handlers.set(event, handler);
  }

  emit(event, ...args) {
    say(['--socket', this.id], event, args);
  }

  to(room) {
    return { emit: (event, ...args) => say(['--room', room], event, args) };
  }
}

// What goes wrong is seen by the test that waits for it.
function say(whom, event, args) {
  const words = ['--endpoint', stack.broker.control, 'emit', '--nsp', NSP, ...whom, event, ...args.map((arg) => JSON.stringify(arg))];
  run(program('roomcastctl'), words).catch((error) => console.error(error.message));
}

// A worker that is the server of the tests.
class Worker extends EchoWorker {
  answer([type, ...encoded]) {
    if (![WORK_CONNECT, WORK_EVENT].includes(type[0])) return super.answer([type, ...encoded]);
    const [task, id, , event, args] = encoded.map((field) => decode(field));
    if (type[0] === WORK_CONNECT) {
      server.sockets.set(id, new ServerSocket(id));
      server.onConnection(server.sockets.get(id));
      return [message(ACCEPT, task)];
    }
    server.sockets.get(id).handlers.get(event)?.(...args);
    return [...(event === 'join-room' ? [message(WORK_JOIN, id, args[0])] : []), message(WORK_DONE, task)];
  }
}

class Server {
  constructor() {
    server = this;
    this.sockets = new Map();
  }

  on(event, handler) {
    assert.equal(event, 'connection');
    this.onConnection = handler;
  }

  close() {
    this.closed = this.worker.stop().then(() => stack.down());
  }
}

const httpServer = {
  address: () => ({ port: Number(new URL(stack.gateways[0].url).port) }),
  async listen(done) {
    stack = await startStack({ workerNamespaces: [NSP] });
    server.worker = await Worker.start(stack, [NSP]);
    done();
  },
};

const clients = [];

function Client(url) {
  clients.push(connect(url, { forceNew: true }));
  return clients.at(-1);
}

const withCallback = (fn) => (fn.length ? (t, done) => fn(done) : () => fn());
const jest = {
  describe: nodeTest.describe,
  beforeAll: (fn) => nodeTest.before(withCallback(fn), { timeout: 120000 }),
  // The file waits for nothing, and leaves a client behind when its third test fails.
  afterAll: (fn) => nodeTest.after(async () => {
    fn();
    for (const client of clients) client.close();
    await server.closed;
  }),
  test: (name, fn) => nodeTest.test(name, { timeout: 120000 }, withCallback(fn)),
  expect: (value) => ({ toBe: (other) => assert.equal(value, other) }),
};
const modules = { http: { createServer: () => httpServer }, 'socket.io': { Server }, 'socket.io-client': Client };

const given = { ...jest, httpServer, require: (name) => modules[name] };
new Function(...Object.keys(given), readFileSync(path.join(FILES, 'unit-tests.js'), 'utf8'))(...Object.values(given));
