// One client of the ledger: what it says, what it hears, and when it was away.
'use strict';

const { io, userToken } = require('../e2e/helpers');

const NSP = '/chat';
const ACK_MS = 5000;
const STEADY_ACK_MS = 90000;
const AGAIN_MS = 50;

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/*
 * What one client received of one room while it was a member without a break: from its join (a
 * message with a greater seq has to come) to the end, or to the moment when it was told that what
 * it missed will not come.
 */
class Stay {
  constructor(roomId, from) {
    this.roomId = roomId;
    this.from = from;
    this.messages = []; // { seq, id, content }
  }
}

class Member {
  // gateways: it goes round them, beginning with number `turn`, as behind a balancer.
  constructor(ledger, name, { gateways, turn = 0, rooms, options }) {
    Object.assign(this, { ledger, name, rooms, isWanted: true });
    this.stays = new Map(); // roomId -> the present Stay
    this.past = [];
    this.told = { recovered: 0, fresh: 0 };
    this.news = []; // what it heard of who came and went: { at, name, roomId, userId, action }
    this.absences = []; // { from, to }, by the clock; to = when it was back in its rooms
    this.socket = io(gateways[turn % gateways.length].url + NSP, {
      transports: ['websocket'], forceNew: true, auth: { token: userToken(ledger.stack, name) },
      reconnectionDelay: 50, reconnectionDelayMax: 500, ...options,
    });
    this.#follow(gateways, turn);
    this.socket.on('connect', () => this.#onConnect());
    this.socket.on('disconnect', (why) => this.#onDisconnect(why));
    this.socket.on('message', (message) => this.#onMessage(message));
    for (const event of ['user-left', 'room-presence']) {
      this.socket.on(event, ({ roomId, userId, action }) => this.news.push({ at: Date.now(), name: event, roomId, userId, action }));
    }
  }

  #follow(gateways, turn) {
    const { io: manager } = this.socket;
    let next = turn;
    manager.on('reconnect_attempt', () => {
      next += 1;
      manager.uri = gateways[next % gateways.length].url;
    });
  }

  #onConnect() {
    if (this.socket.recovered) {
      this.told.recovered += 1;
      this.#end();
      return;
    }
    this.told.fresh += 1;
    this.past.push(...this.stays.values());
    this.stays.clear();
    this.arrival = this.#join();
  }

  #onDisconnect(why) {
    if (!this.isWanted) return;
    this.lost ??= why;
    if (!this.absences.at(-1) || this.absences.at(-1).to) this.absences.push({ from: Date.now() });
  }

  // An absence is over.
  #end() {
    if (this.absences.length > 0) this.absences.at(-1).to ??= Date.now();
  }

  // Joins what it wants to be in; again as long as it is not let in.
  async #join() {
    const { id } = this.socket;
    for (const roomId of this.rooms) {
      for (;;) {
        if (this.socket.id !== id || !this.isWanted) return;
        const ack = await this.ask('join-room', { roomId });
        if (this.socket.id !== id) return;
        if (ack?.ok) {
          // What came between its joining and this answer counts.
          const stay = this.stays.get(roomId);
          if (stay) stay.from = ack.seq;
          else this.stays.set(roomId, new Stay(roomId, ack.seq));
          break;
        }
        await sleep(AGAIN_MS);
      }
    }
    this.#end();
  }

  #onMessage({ roomId, seq, id, content }) {
    let stay = this.stays.get(roomId);
    if (!stay) {
      stay = new Stay(roomId, seq - 1);
      this.stays.set(roomId, stay);
    }
    // Of what was sent like this there is one copy, whoever hears it.
    const sent = this.ledger.sent.get(nameOf(content));
    stay.messages.push({ seq, id, content: sent?.content === content ? sent.content : content });
  }

  isIn() {
    return this.socket.connected && this.rooms.every((room) => this.stays.has(room));
  }

  // The answer, or nothing when there was none.
  ask(event, data, ms = ACK_MS) {
    return this.socket.timeout(ms).emitWithAck(event, data).catch(() => undefined);
  }

  async #say(data, ms) {
    this.ledger.unanswered += 1;
    const ack = await this.ask('message', data, ms);
    this.ledger.unanswered -= 1;
    if (ack && !ack.ok) this.ledger.refuse(ack.error.code);
    return ack;
  }

  // Says it until it is acknowledged, as an application does that does not want to lose it.
  async publish(roomId, key) {
    const { isSteady } = this.ledger;
    const name = `${this.name} ${key}`;
    const sent = { name, key, roomId, user: this.name, content: `${name}:${this.ledger.padding}` };
    const data = { roomId, content: sent.content, ...(!isSteady && { messageId: key }) };
    this.ledger.sent.set(name, sent);
    while (this.isWanted) {
      const ack = this.socket.connected ? await this.#say(data, isSteady ? STEADY_ACK_MS : ACK_MS) : undefined;
      if (ack?.ok) {
        const { id, seq, duplicate } = ack;
        Object.assign(sent, { id, seq, duplicate, isAcked: true });
        this.ledger.acks += 1;
        return sent;
      }
      if (isSteady) {
        if (!ack) this.ledger.refuse('none');
        return sent;
      }
      await sleep(AGAIN_MS);
    }
    return sent;
  }

  // Its connection breaks; it does not say goodbye.
  lose() {
    this.isWanted = false;
    this.socket.io.reconnection(false);
    this.socket.io.engine?.close();
  }

  close() {
    this.isWanted = false;
    this.socket.disconnect();
  }
}

// By which a message is known, whatever its database row says: the beginning of its content.
const nameOf = (content) => String(content).split(':', 1)[0];

module.exports = { Member, nameOf, sleep };
