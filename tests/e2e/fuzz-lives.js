/*
 * The connections of fuzz.test.js: each lives by chance, over WebSocket, over long-polling, from the
 * one to the other, or as a script of raw HTTP, and ends as it likes. Revisions of the protocol are
 * those of differ-http.js.
 */
'use strict';

const { DIALECTS, visit } = require('./differ-http');
const { httpScripts } = require('./differ-polls');
const { requestScripts } = require('./differ-scripts');
const { BINARY, TEXT, Peer, closeFrame, frame, upgrade, upgradeRequest } = require('./rawws');
const { Poller } = require('./rawpoll');

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const asFrame = (message) => (typeof message === 'string' ? frame(TEXT, `4${message}`) : frame(BINARY, message));
const asPacket = (message) => (typeof message === 'string' ? `4${message}` : `b${message.toString('base64')}`);

class Lives {
  constructor({ port, moves, random, counts }) {
    Object.assign(this, { port, moves, random, counts });
  }

  chance(share) {
    return this.random() < share;
  }

  count(what, n = 1) {
    this.counts[what] = (this.counts[what] ?? 0) + n;
  }

  // One life, of somebody with that token.
  live(token) {
    const { pick } = this.moves;
    const kind = pick(['websocket', 'websocket', 'websocket', 'polling', 'polling', 'upgrade', 'upgrade', 'script', 'handshake']);
    this.count(kind);
    const guest = { dialect: DIALECTS[pick(Object.keys(DIALECTS))], parser: pick(['json', 'json', 'msgpack']), token: this.chance(0.95) ? token : 'none' };
    return this[kind](guest);
  }

  // ---- WebSocket

  async websocket(guest) {
    const peer = await upgrade(this.port, `/engine.io/?EIO=${guest.dialect.eio}&transport=websocket`);
    this.listen(peer);
    const [connect, join] = this.moves.hello(guest.parser, guest.token);
    if (this.chance(0.9)) peer.send(asFrame(connect));
    if (this.chance(0.8)) peer.send(asFrame(join));
    // Not at once, or most of it would come before the broker has let it in.
    await pause(this.moves.below(40));
    await this.talk(peer, guest);
    this.leave(peer);
  }

  // The connection's answers, read or left lying; a ping is answered most of the time.
  listen(peer) {
    peer.socket.on('data', (data) => {
      this.count('answers');
      peer.bytes = Buffer.alloc(0);
      if (data.includes('\x81\x012') && this.chance(0.9)) peer.send(frame(TEXT, '3'));
    });
  }

  async talk(peer, { parser }) {
    const { below } = this.moves;
    for (let left = below(60); left > 0 && !peer.hasEnded; left--) {
      const frames = this.chance(0.75) ? this.moves.talk(parser).map(asFrame) : this.moves.frames();
      this.count('frames', frames.length);
      for (const bytes of frames) {
        if (this.chance(0.05)) {
          const cut = below(bytes.length);
          peer.send(bytes.subarray(0, cut));
          await pause(1);
          peer.send(bytes.subarray(cut));
        } else {
          peer.send(bytes);
        }
      }
      if (this.chance(0.3)) await pause(below(20));
      if (this.chance(0.02)) peer.socket.pause();
    }
    if (peer.hasEnded) this.count('closed');
  }

  leave(peer) {
    this.moves.pick([() => peer.destroy(), () => peer.reset(), () => { peer.send(closeFrame(1000)); peer.socket.end(); peer.destroy(); }])();
  }

  // ---- long-polling

  async polling(guest) {
    const poller = await this.open(guest);
    await this.chat(poller, guest, this.moves.below(40));
    this.hangUp(poller);
  }

  async open({ dialect, parser, token }) {
    const poller = new Poller(this.port, `/engine.io/?EIO=${dialect.eio}&transport=polling`);
    const { body } = await poller.get();
    [, poller.sid] = /"sid":"([^"]+)"/.exec(body);
    poller.target += `&sid=${poller.sid}`;
    this.polls(poller, dialect);
    const [connect, join] = this.moves.hello(parser, token);
    if (this.chance(0.9)) await this.post(poller, dialect.join([asPacket(connect)]));
    await pause(this.moves.below(40));
    if (this.chance(0.8)) await this.post(poller, dialect.join([asPacket(join)]));
    return poller;
  }

  // One poll after another, until one is not answered as it should be; pings are answered.
  async polls(poller, dialect) {
    while (!poller.isOver) {
      const { status, body } = await poller.get().catch(() => ({ status: 'none' }));
      if (status !== 200) {
        poller.isOver = true;
      } else {
        this.count('answers');
        if (dialect.split(body).includes('2') && this.chance(0.9)) this.post(poller, dialect.join(['3'])).catch(() => {});
        // Sometimes a poll comes late, and messages wait for it.
        if (this.chance(0.1)) await pause(this.moves.below(50));
      }
    }
  }

  // POSTs follow one another, but for those that are to overlap.
  async post(poller, body, { isOverlap = false } = {}) {
    this.count('posts');
    const before = poller.posting ?? Promise.resolve();
    if (!isOverlap) await before;
    const posted = isOverlap ? this.alone(poller.target, body) : poller.post(body);
    poller.posting = posted.then(() => {}, () => { poller.isOver = true; });
    const { status } = await posted.catch(() => ({ status: 'none' }));
    if (status !== 200) poller.isOver = true;
  }

  // A POST on a connection of its own, whole or broken off.
  async alone(target, body) {
    const other = new Poller(this.port, target);
    try {
      if (this.chance(0.5)) {
        other.poster.send(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body) + 1}\r\n\r\n`);
        other.poster.send(body);
        await pause(this.moves.below(10));
        return { status: 'broken off' };
      }
      return await other.post(body);
    } finally {
      other.destroy();
    }
  }

  async pollBeside(target) {
    const other = new Poller(this.port, target);
    await other.get().catch(() => {});
    other.destroy();
  }

  async chat(poller, { dialect, parser }, count) {
    const { below, oddBody, oddPacket, some } = this.moves;
    for (let left = count; left > 0 && !poller.isOver; left--) {
      const packets = some(4, () => (this.chance(0.93) ? this.moves.talk(parser).map(asPacket) : [oddPacket()])).flat();
      this.count('packets', packets.length);
      if (this.chance(0.02)) await this.post(poller, oddBody());
      else await this.post(poller, dialect.join(packets), { isOverlap: this.chance(0.02) });
      if (this.chance(0.01)) this.pollBeside(poller.target);
      if (this.chance(0.01)) poller.getter.destroy();
      if (this.chance(0.3)) await pause(below(20));
      if (this.chance(0.02)) poller.getter.socket.pause();
    }
    if (poller.isOver) this.count('closed');
  }

  hangUp(poller) {
    poller.isOver = true;
    if (this.chance(0.3)) poller.poster.send(`POST ${poller.target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1`);
    this.moves.pick([() => poller.destroy(), () => { poller.getter.reset(); poller.poster.reset(); }])();
  }

  // ---- from the one to the other

  async upgrade(guest) {
    const poller = await this.open(guest);
    try {
      await this.chat(poller, guest, this.moves.below(5));
      for (let left = 1 + this.moves.below(2); left > 0; left--) await this.probe(poller, guest);
    } finally {
      this.hangUp(poller);
    }
  }

  async probe(poller, guest) {
    const peer = new Peer(this.port);
    peer.send(upgradeRequest(`/engine.io/?EIO=${guest.dialect.eio}&transport=websocket&sid=${poller.sid}`));
    const { status } = await peer.response().catch(() => ({ status: 'none' }));
    if (status !== 101) return peer.destroy();
    this.listen(peer);
    peer.send(frame(TEXT, this.moves.probe()));
    // Both go on while it changes.
    await this.chat(poller, guest, this.moves.below(3));
    if (this.chance(0.1)) return this.leave(peer);
    peer.send(this.chance(0.9) ? frame(TEXT, '5') : this.moves.pick([frame(TEXT, '4a'), frame(BINARY, '5'), frame(TEXT, '5x')]));
    if (this.chance(0.9)) poller.isOver = true;
    this.count('changes');
    await this.talk(peer, guest);
    return this.leave(peer);
  }

  // ---- scripts of raw HTTP

  script() {
    return visit(this.port, this.moves.pick(httpScripts));
  }

  async handshake() {
    const peer = new Peer(this.port);
    const { request } = this.moves.pick(requestScripts);
    peer.send(this.chance(0.5) ? Buffer.from(request, 'latin1') : this.moves.spoil(request));
    await pause(this.moves.below(50));
    peer.destroy();
  }
}

module.exports = { Lives };
