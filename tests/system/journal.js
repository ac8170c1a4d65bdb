// Who published what and who received what: members of rooms under load, and the oracle that says
// what is missing, double or out of order.
'use strict';

const { connect, userToken, waitFor } = require('../e2e/helpers');

const ROOMS = 5;
const CLIENTS = 20;
const ANSWER_MS = 90000;
const HEAR_MS = 30000;

const roomName = (n) => `room-${n % ROOMS}`;

// A client in two rooms, that publishes to them in turn and notes what it hears of them.
class Member {
  constructor(ledger, number) {
    Object.assign(this, { ledger, number, rooms: [roomName(number), roomName(number + 1)] });
    this.count = 0;
    this.heard = new Map(); // room -> [{ seq, key }] in the order of arrival
    this.joinedAt = new Map(); // room -> seq
  }

  async enter(gateway) {
    const { stack } = this.ledger;
    this.client = await connect(gateway, { token: userToken(stack, `user-${this.number}`), reconnection: false });
    const { socket } = this.client;
    socket.offAny(); // nothing is kept but what is noted here
    socket.on('disconnect', (why) => this.ledger.problems.push(`member ${this.number} lost its connection: ${why}`));
    for (const room of this.rooms) this.heard.set(room, []);
    socket.on('message', ({ roomId, seq, content }) => this.heard.get(roomId).push({ seq, key: content.split(' ')[0] }));
    for (const room of this.rooms) {
      const { ok, seq } = await this.client.ask('join-room', { roomId: room });
      if (!ok) throw new Error(`member ${this.number} cannot join ${room}`);
      this.joinedAt.set(room, seq);
    }
  }

  // One message, answered sooner or later; never sent again by the client.
  async publish() {
    const n = ++this.count;
    const room = this.rooms[n % this.rooms.length];
    const key = `${this.number}.${n}`;
    const ack = await this.client.ask('message', { roomId: room, content: `${key} ${this.ledger.padding}` }, ANSWER_MS)
      .catch((error) => ({ ok: false, error: { code: String(error) } }));
    if (ack.ok) this.ledger.acked.set(key, { room, seq: ack.seq });
    else this.ledger.refused.push(ack.error.code);
  }

  async publishUntil(isOver) {
    while (!isOver()) await this.publish();
  }
}

class Ledger {
  // inFlight: unanswered publishes of one client at a time. size: characters of a message.
  constructor(stack, { inFlight = 4, size = 100 } = {}) {
    Object.assign(this, { stack, inFlight });
    this.padding = 'x'.repeat(size);
    this.acked = new Map(); // key -> { room, seq }
    this.refused = []; // codes
    this.problems = [];
    this.isOver = false;
  }

  async enter() {
    this.members = Array.from({ length: CLIENTS }, (_, i) => new Member(this, i));
    await Promise.all(this.members.map((m, i) => m.enter(this.stack.gateways[i % this.stack.gateways.length])));
  }

  begin() {
    const isOver = () => this.isOver;
    this.publishing = this.members.flatMap((m) => Array.from({ length: this.inFlight }, () => m.publishUntil(isOver)));
  }

  // Until so many more are acked.
  more(count) {
    const goal = this.acked.size + count;
    return waitFor(`${count} more acks`, () => this.acked.size >= goal, ANSWER_MS);
  }

  // How many the database has.
  async stored() {
    const [{ count }] = await this.stack.sql('SELECT count(*) AS count FROM messages');
    return count;
  }

  async end() {
    this.isOver = true;
    await Promise.all(this.publishing);
  }

  // What is wrong, all in all: nothing, if the promise was kept.
  async audit() {
    const rows = await this.stack.sql("SELECT name, messages.seq, substr(content, 1, instr(content, ' ') - 1) AS key FROM messages JOIN rooms ON rooms.id = room ORDER BY name, messages.seq");
    const stored = new Map(); // room -> [key] by seq, from 1
    for (const { name, seq, key } of rows) {
      if (!stored.has(name)) stored.set(name, []);
      if (stored.get(name).push(key) !== seq) this.problems.push(`${name} has no ${seq - 1}`);
    }
    const keys = rows.map((r) => r.key);
    if (new Set(keys).size !== keys.length) this.problems.push('a message was stored twice');
    for (const [key, { room, seq }] of this.acked) {
      if (stored.get(room)?.[seq - 1] !== key) this.problems.push(`${key} was acked as ${room} ${seq} and is not there`);
    }
    // Who hears less than all hears the last ones late, or never.
    const places = this.members.flatMap((member) => member.rooms.map((room) => ({ member, room })));
    const isAtEnd = ({ member, room }) => member.heard.get(room).at(-1)?.seq >= stored.get(room).length;
    await waitFor('the last messages', () => places.every(isAtEnd), HEAR_MS).catch(() => {});
    for (const { member, room } of places) this.#auditMember(member, room, stored.get(room));
    return [...this.problems];
  }

  #auditMember(member, room, stored) {
    const heard = member.heard.get(room);
    const who = `member ${member.number} in ${room}`;
    let next = member.joinedAt.get(room) + 1;
    for (const { seq, key } of heard) {
      if (seq !== next) this.problems.push(`${who} heard ${seq} where ${next} was due`);
      if (stored[seq - 1] !== key) this.problems.push(`${who} heard ${key} as ${seq}, which is ${stored[seq - 1]}`);
      next = seq + 1;
    }
    if (next !== stored.length + 1) this.problems.push(`${who} never heard ${next} to ${stored.length}`);
  }

  summary() {
    const heard = this.members.flatMap((m) => [...m.heard.values()]).reduce((sum, h) => sum + h.length, 0);
    return `${this.acked.size} acked, ${this.refused.length} refused, ${heard} deliveries`;
  }
}

module.exports = { Ledger };
