/*
 * The ledger: a load that writes down what was sent, acknowledged and received, and the oracle
 * that holds it against the database, which is read by another program.
 */
'use strict';

const assert = require('node:assert/strict');
const { io, userToken, waitFor } = require('../e2e/helpers');

const NSP = '/chat';
const ACK_MS = 5000;
const AGAIN_MS = 50;
const SETTLE_MS = 60000;

/*
 * What one client received of one room while it was a member without a break: from its join (a
 * message with a greater seq has to come) to the end, or to the moment when it was told that what
 * it missed will not come.
 */
class Stay {
  constructor(roomId, from) {
    this.roomId = roomId;
    this.from = from;
    this.messages = [];
  }
}

class Member {
  constructor(ledger, name, gateways, rooms, options) {
    this.ledger = ledger;
    this.name = name;
    this.rooms = rooms;
    this.stays = new Map(); // roomId -> the present Stay
    this.past = [];
    this.told = { recovered: 0, fresh: 0 };
    // Reconnecting clients go round the gateways, as behind a balancer.
    let turn = ledger.members.length;
    this.socket = io(gateways[turn % gateways.length].url + NSP, {
      transports: ['websocket'], forceNew: true, auth: { token: userToken(ledger.stack, name) },
      reconnectionDelay: 50, reconnectionDelayMax: 500, ...options,
    });
    const { io: manager } = this.socket;
    manager.on('reconnect_attempt', () => {
      turn += 1;
      manager.uri = gateways[turn % gateways.length].url;
    });
    this.socket.on('connect', () => this.onConnect());
    this.socket.on('message', (message) => this.onMessage(message));
    this.isWanted = true;
  }

  onConnect() {
    if (this.socket.recovered) {
      this.told.recovered += 1;
      return;
    }
    this.told.fresh += 1;
    this.past.push(...this.stays.values());
    this.stays.clear();
    this.arrival = this.join();
  }

  // Joins what it wants to be in; again as long as it is not let in.
  async join() {
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
  }

  onMessage(message) {
    let stay = this.stays.get(message.roomId);
    if (!stay) {
      stay = new Stay(message.roomId, message.seq - 1);
      this.stays.set(message.roomId, stay);
    }
    stay.messages.push(message);
  }

  isIn() {
    return this.socket.connected && this.rooms.every((room) => this.stays.has(room));
  }

  // The answer, or nothing when there was none.
  ask(event, data) {
    return this.socket.timeout(ACK_MS).emitWithAck(event, data).catch(() => undefined);
  }

  // Says it until it is acknowledged, as an application does that does not want to lose it.
  async publish(roomId, key) {
    const sent = { key, roomId, user: this.name, content: `${this.name}: ${key}${this.ledger.padding}` };
    this.ledger.sent.set(`${this.name} ${key}`, sent);
    while (this.isWanted) {
      const ack = this.socket.connected
        ? await this.ask('message', { roomId, content: sent.content, messageId: key }) : undefined;
      if (ack?.ok) {
        Object.assign(sent, { id: ack.id, seq: ack.seq, isAcked: true });
        this.ledger.acks += 1;
        return sent;
      }
      if (ack) this.ledger.refusals.set(ack.error.code, (this.ledger.refusals.get(ack.error.code) ?? 0) + 1);
      await sleep(AGAIN_MS);
    }
    return sent;
  }

  close() {
    this.isWanted = false;
    this.socket.disconnect();
  }
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

class Ledger {
  /*
   * members: how many; each is in `each` of `rooms` rooms and speaks in all of them. padding: what
   * every message ends in.
   */
  constructor(stack, { members = 8, rooms = 3, each = 2, padding = '', options = {} } = {}) {
    this.padding = padding;
    this.stack = stack;
    this.sent = new Map();
    this.refusals = new Map(); // code -> how many
    this.acks = 0;
    this.members = [];
    const names = Array.from({ length: rooms }, (_, i) => `ledger-${i}`);
    for (let i = 0; i < members; i++) {
      const mine = Array.from({ length: each }, (_, k) => names[(i + k) % rooms]);
      this.members.push(new Member(this, `member-${i}`, stack.gateways, mine, options));
    }
  }

  static async start(stack, options) {
    const ledger = new Ledger(stack, options);
    await waitFor('all members to be in their rooms', () => ledger.members.every((m) => m.isIn()), SETTLE_MS);
    return ledger;
  }

  // Everybody speaks, one message after the other, until stop() or `count` messages each.
  speak({ count = Infinity, pause = 0 } = {}) {
    this.isSpeaking = true;
    this.speeches = this.members.map(async (member) => {
      for (let n = 0; n < count && this.isSpeaking; n++) {
        this.spoken = (this.spoken ?? 0) + 1;
        await member.publish(member.rooms[n % member.rooms.length], `k-${this.spoken}`);
        if (pause) await sleep(pause);
      }
    });
  }

  // Until so many are acknowledged from now on.
  async acked(more) {
    const wanted = this.acks + more;
    await waitFor(`${more} acks`, () => this.acks >= wanted, SETTLE_MS);
  }

  // Everybody has said his last and everything that was acknowledged has come to everybody.
  async settle() {
    this.isSpeaking = false;
    await Promise.all(this.speeches ?? []);
    await waitFor('all members to be back', () => this.members.every((m) => m.isIn()), SETTLE_MS);
    const last = new Map();
    for (const { roomId, seq, isAcked } of this.sent.values()) {
      if (isAcked) last.set(roomId, Math.max(last.get(roomId) ?? 0, seq));
    }
    const isComplete = ({ roomId, from, messages }) => from >= (last.get(roomId) ?? 0)
      || (messages.at(-1)?.seq ?? 0) >= (last.get(roomId) ?? 0);
    await waitFor('the last message at everybody', () => this.members.every((m) => [...m.stays.values()].every(isComplete)), SETTLE_MS)
      .catch(() => {}); // the oracle says who lacks what
  }

  /*
   * Everything that is wrong, in words; empty = all promises were kept. Messages: I1 acknowledged
   * is stored as acknowledged, I2 numbers without gap or repetition, I3 every stay has everything
   * once and in order, I4 nothing that was not sent, I7 nothing stored twice.
   */
  async violations() {
    const rows = await this.stack.sql(`SELECT rooms.name AS roomId, messages.seq, gseq, user, message_id AS key, content
      FROM messages JOIN rooms ON rooms.id = messages.room WHERE rooms.name LIKE 'ledger-%' ORDER BY rooms.id, messages.seq`);
    return [...this.ofStore(rows), ...this.members.flatMap((m) => ofMember(m, rows))];
  }

  ofStore(rows) {
    const wrong = [];
    const next = new Map();
    const stored = new Map();
    for (const row of rows) {
      const seq = (next.get(row.roomId) ?? 0) + 1;
      if (row.seq !== seq) wrong.push(`I2 ${row.roomId}: ${row.seq} follows ${seq - 1}`);
      next.set(row.roomId, row.seq);
      const name = `${row.user} ${row.key}`;
      const sent = this.sent.get(name);
      if (stored.has(name)) wrong.push(`I7 ${name} is stored twice`);
      if (!sent || sent.content !== row.content || sent.roomId !== row.roomId) wrong.push(`I4 ${name} was not sent like this`);
      stored.set(name, row);
    }
    for (const [name, sent] of this.sent) {
      const row = stored.get(name);
      if (sent.isAcked && row?.seq !== sent.seq) wrong.push(`I1 ${name} was acknowledged as ${sent.roomId} ${sent.seq}, stored is ${row?.seq}`);
    }
    const order = new Set(rows.map((row) => row.gseq));
    if (order.size !== rows.length) wrong.push('I2 a gseq was given twice');
    return wrong;
  }

  count() {
    return {
      acked: this.acks,
      received: this.members.reduce((n, m) => n + [...m.past, ...m.stays.values()].reduce((k, s) => k + s.messages.length, 0), 0),
      recovered: this.members.reduce((n, m) => n + m.told.recovered, 0),
      fresh: this.members.reduce((n, m) => n + m.told.fresh, 0) - this.members.length,
      refusals: Object.fromEntries(this.refusals),
    };
  }

  close() {
    this.isSpeaking = false;
    for (const member of this.members) member.close();
  }
}

// A stay that lasts has everything up to now, one that has ended everything up to its end.
function ofMember(member, rows) {
  const wrong = [];
  const check = (stay, isOver) => {
    const room = rows.filter((row) => row.roomId === stay.roomId);
    const to = isOver ? stay.messages.at(-1)?.seq ?? stay.from : room.length;
    const due = room.slice(stay.from, to);
    const got = stay.messages.map((m) => `${m.seq} ${m.content}`);
    const want = due.map((row) => `${row.seq} ${row.content}`);
    const at = want.findIndex((text, i) => text !== got[i]);
    if (at >= 0 || got.length !== want.length) {
      const i = at >= 0 ? at : want.length;
      wrong.push(`I3 ${member.name} in ${stay.roomId} after ${stay.from}: ${got.length} of ${want.length}, number ${i} is ${got[i]}, not ${want[i]}`);
    }
  };
  for (const stay of member.past) check(stay, true);
  for (const stay of member.stays.values()) check(stay, false);
  return wrong;
}

// Nothing is wrong; what was counted goes to the report.
async function audit(ledger, t, what = '') {
  await ledger.settle();
  const wrong = await ledger.violations();
  t.diagnostic(`${what}${JSON.stringify(ledger.count())}, ${wrong.length} violations`);
  assert.deepEqual(wrong.slice(0, 20), []);
}

module.exports = { Ledger, audit };
