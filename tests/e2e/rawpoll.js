// A long-polling client that can also misbehave: HTTP by hand, one connection for GETs and one for
// POSTs, as browsers have them.
'use strict';

const { Peer } = require('./rawws');

const TARGET = '/engine.io/?EIO=4&transport=polling';
const SEPARATOR = '\x1e';

// A request as text. A header of null is left out, one that is an array comes repeatedly.
function request(method, target, { headers = {}, body } = {}) {
  const all = { Host: 'localhost', ...headers };
  if (body !== undefined && all['Content-Length'] === undefined) all['Content-Length'] = Buffer.byteLength(body);
  const lines = Object.entries(all)
    .filter(([, value]) => value !== null)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body ?? '')]);
}

// Resolves when the server has read what was sent to it before: it reads in turns, and what is asked
// on a new connection is read in a later one.
async function arrived(port) {
  const peer = new Peer(port);
  peer.send(request('GET', '/health'));
  await peer.response();
  peer.destroy();
}

class Poller {
  constructor(port, target = TARGET) {
    this.port = port;
    this.target = target;
    this.getter = new Peer(port);
    this.poster = new Peer(port);
  }

  // A session that is open; `open` is what its open packet said.
  static async open(port, target, options) {
    const poller = new Poller(port, target);
    poller.answer = await poller.get(options);
    if (poller.answer.status !== 200) throw new Error(`not opened: ${poller.answer.status} ${poller.answer.body}`);
    const [packet, ...more] = poller.answer.body.split(SEPARATOR);
    poller.open = JSON.parse(packet.slice(1));
    poller.more = more;
    poller.sid = poller.open.sid;
    poller.target += `&sid=${poller.sid}`;
    return poller;
  }

  get(options) {
    this.getter.send(request('GET', this.target, options));
    return this.getter.response();
  }

  post(body, options) {
    this.poster.send(request('POST', this.target, { body, ...options }));
    return this.poster.response();
  }

  // The packets of the next poll.
  async packets() {
    const { status, body } = await this.get();
    if (status !== 200) throw new Error(`polled ${status} ${body}`);
    return body.split(SEPARATOR);
  }

  // The first n packets that are neither pings nor noops.
  async messages(n) {
    const got = [];
    while (got.length < n) got.push(...(await this.packets()).filter((packet) => !/^[26]$/.test(packet)));
    return got;
  }

  destroy() {
    this.getter.destroy();
    this.poster.destroy();
  }
}

module.exports = { SEPARATOR, TARGET, Poller, arrived, request };
