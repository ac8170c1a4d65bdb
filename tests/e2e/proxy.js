// A network between a client and a gateway that breaks when a test says so.
'use strict';

const net = require('node:net');
const { after } = require('node:test');

const proxies = new Set();
after(() => Promise.all([...proxies].map((proxy) => proxy.close())));

/*
 * Passes connections through to `port`, which may change: then later ones go elsewhere. `url` is
 * where clients connect. orphans: connections to a gateway whose client is gone, without a word.
 */
class Proxy {
  static async to(gateway) {
    const proxy = new Proxy();
    proxy.pairs = new Set();
    proxy.orphans = [];
    proxy.lead(gateway);
    proxy.server = net.createServer((client) => proxy.pass(client));
    await new Promise((resolve) => { proxy.server.listen(0, '127.0.0.1', resolve); });
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    proxies.add(proxy);
    return proxy;
  }

  lead(gateway) {
    this.port = Number(new URL(gateway.url).port);
  }

  pass(client) {
    if (this.isDown) return void client.destroy();
    const gateway = net.connect(this.port, '127.0.0.1');
    const pair = { client, gateway };
    this.pairs.add(pair);
    client.pipe(gateway);
    gateway.pipe(client);
    for (const [one, other] of [[client, gateway], [gateway, client]]) {
      one.on('error', () => {});
      one.on('close', () => {
        this.pairs.delete(pair);
        if (!pair.isOrphan) other.destroy();
      });
    }
    return undefined;
  }

  // Every connection breaks, on both sides.
  cut() {
    for (const { client, gateway } of this.pairs) {
      client.destroy();
      gateway.destroy();
    }
  }

  // The clients notice that their connections broke; the gateways do not.
  orphan() {
    for (const pair of [...this.pairs]) {
      pair.isOrphan = true;
      pair.client.unpipe(pair.gateway);
      pair.gateway.unpipe(pair.client);
      const orphan = { socket: pair.gateway, isClosed: false };
      pair.gateway.on('close', () => { orphan.isClosed = true; });
      pair.gateway.resume();
      this.orphans.push(orphan);
      pair.client.destroy();
    }
  }

  // Nobody gets through until up().
  down() {
    this.isDown = true;
    this.cut();
  }

  up() {
    this.isDown = false;
  }

  async close() {
    proxies.delete(this);
    this.cut();
    for (const { socket } of this.orphans) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}

module.exports = { Proxy };
