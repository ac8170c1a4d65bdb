/*
 * A network that does as a test says: between a gateway and the broker, or a client and a gateway.
 * It passes on, holds what is on its way (in one direction or both; it arrives when the hold is
 * over, as with a cable that is put in again), delays, chops, throttles, and breaks with RST.
 */
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const { after } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { breakOff } = require('../e2e/rst');

const UP = 'up'; // from who connects to whom he connects to
const DOWN = 'down';
const HIGH_WATER = 64 * 1024;

const networks = new Set();
after(() => Promise.all([...networks].map((network) => network.close())));

// One direction of one connection: what came and has not been passed on yet.
class Lane {
  constructor(network, from, to, direction) {
    Object.assign(this, { network, from, to, direction });
    this.waiting = [];
    this.bytes = 0;
    from.on('data', (data) => {
      const due = Math.max(Date.now() + network.delay(), this.waiting.at(-1)?.due ?? 0);
      this.waiting.push({ data, due });
      this.bytes += data.length;
      if (this.bytes > HIGH_WATER) from.pause();
      this.run();
    });
    from.on('end', () => {
      this.isOver = true;
      this.run();
    });
  }

  async run() {
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.waiting.length && !this.to.destroyed) {
      const { due, data } = this.waiting.shift();
      if (due > Date.now()) await sleep(due - Date.now());
      await this.pass(data);
      this.bytes -= data.length;
      if (this.bytes <= HIGH_WATER) this.from.resume();
    }
    this.isRunning = false;
    if (this.isOver && !this.waiting.length) this.to.end();
  }

  async pass(data) {
    const { network } = this;
    const size = network.chop || data.length;
    for (let at = 0; at < data.length && !this.to.destroyed; at += size) {
      await network.passage(this.direction);
      const piece = data.subarray(at, at + size);
      network.passed[this.direction] += piece.length;
      await new Promise((resolve) => { this.to.write(piece, resolve); });
      if (network.chop) await new Promise(setImmediate);
      if (network.bytesPerSecond[this.direction]) await sleep(piece.length * 1000 / network.bytesPerSecond[this.direction]);
    }
  }
}

class Network {
  // To a port of this machine; `url` and `port` are where to connect instead.
  static async to(port) {
    const network = new Network();
    Object.assign(network, {
      pairs: new Set(), held: new Set(), waiting: [], delays: [0, 0], random: Math.random, chop: 0,
      bytesPerSecond: {}, passed: { [UP]: 0, [DOWN]: 0 }, connections: 0,
    });
    network.server = net.createServer((from) => network.join(from, net.connect(port, '127.0.0.1')));
    await new Promise((resolve) => { network.server.listen(0, '127.0.0.1', resolve); });
    network.port = network.server.address().port;
    network.url = `http://127.0.0.1:${network.port}`;
    networks.add(network);
    return network;
  }

  // Puts one between the broker and a gateway that comes over tcp.
  static async beforeLink(stack, name) {
    const file = `${stack.dir}/conf/${name}.conf`;
    const conf = fs.readFileSync(file, 'utf8');
    const [, port] = conf.match(/broker-endpoint = tcp:\/\/127\.0\.0\.1:(\d+)/);
    const network = await Network.to(Number(port));
    fs.writeFileSync(file, conf.replace(`127.0.0.1:${port}`, `127.0.0.1:${network.port}`));
    await stack.stop(name);
    await stack.start(name);
    return network;
  }

  join(from, to) {
    const pair = [from, to];
    this.connections += 1;
    this.pairs.add(pair);
    for (const [one, other, direction] of [[from, to, UP], [to, from, DOWN]]) {
      one.allowHalfOpen = true;
      one.setNoDelay(true);
      one.on('error', () => {});
      one.on('close', (isBroken) => {
        if (other.destroyed) this.pairs.delete(pair);
        // A cable that is out tells nobody of the other's end.
        this.passage(direction).then(() => (isBroken ? other.destroy() : other.end()));
      });
      new Lane(this, one, other, direction);
    }
  }

  delay() {
    const [least, most] = this.delays;
    return least + this.random() * (most - least);
  }

  // When what goes in this direction may pass.
  passage(direction) {
    if (!this.held.has(direction)) return Promise.resolve();
    return new Promise((resolve) => { this.waiting.push(resolve); });
  }

  hold(...directions) {
    for (const direction of directions.length ? directions : [UP, DOWN]) this.held.add(direction);
  }

  release() {
    this.held.clear();
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  // Every connection breaks, at once and on both sides.
  reset() {
    for (const pair of [...this.pairs]) for (const socket of pair) breakOff(socket);
  }

  async close() {
    networks.delete(this);
    this.release();
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}

module.exports = { DOWN, Network, UP };
