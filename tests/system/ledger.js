/*
 * The ledger: a load that writes down what was sent, acknowledged and received, and the oracle
 * that holds it against the database, which is read by another program.
 */
'use strict';

const assert = require('node:assert/strict');
const { waitFor } = require('../e2e/helpers');
const { Member, nameOf, sleep } = require('./member');

const SETTLE_MS = 60000;

class Ledger {
  /*
   * members: how many; each is in `each` of `rooms` rooms and speaks in all of them, with `inFlight`
   * messages at a time. padding: what every message ends in. options: of the sockets, or a function
   * of the member's number that says them.
   *
   * isSteady: clients whose connection must not break: they never reconnect, say everything once and
   * without a messageId, and wait for the answer.
   */
  constructor(stack, { members = 8, rooms = 3, each = 2, inFlight = 1, padding = '', isSteady = false, options = {} } = {}) {
    Object.assign(this, { stack, padding, inFlight, isSteady });
    this.sent = new Map();
    this.refusals = new Map(); // code -> how many
    this.acks = 0;
    this.unanswered = 0; // publishes, now
    this.spoken = 0;
    this.forgotten = { gseq: 0, seqs: new Map(), received: 0 }; // up to where, seqs: roomId -> seq
    const names = Array.from({ length: rooms }, (_, i) => `ledger-${i}`);
    this.members = Array.from({ length: members }, (_, i) => new Member(this, `member-${i}`, {
      gateways: stack.gateways,
      turn: i,
      rooms: Array.from({ length: each }, (__, k) => names[(i + k) % rooms]),
      options: { ...(isSteady && { reconnection: false }), ...(typeof options === 'function' ? options(i) : options) },
    }));
  }

  static async start(stack, options) {
    const ledger = new this(stack, options);
    await waitFor('all members to be in their rooms', () => ledger.members.every((m) => m.isIn()), SETTLE_MS);
    return ledger;
  }

  // Everybody speaks, `pause` ms after each answer, until settle() or `count` messages each.
  speak({ count = Infinity, pause = 0 } = {}) {
    this.isSpeaking = true;
    this.speeches = this.members.flatMap((member) => {
      let n = 0;
      return Array.from({ length: this.inFlight }, async () => {
        while (n < count && this.isSpeaking && !(this.isSteady && member.lost)) {
          const roomId = member.rooms[n++ % member.rooms.length];
          this.spoken += 1;
          await member.publish(roomId, `k-${this.spoken}`);
          if (pause) await sleep(pause);
        }
      });
    });
  }

  refuse(code) {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }

  // Until so many are acknowledged from now on.
  async acked(more) {
    const wanted = this.acks + more;
    await waitFor(`${more} acks`, () => this.acks >= wanted, 2 * SETTLE_MS);
  }

  // Those whose connection has to be there.
  present() {
    return this.members.filter((m) => !(this.isSteady && m.lost));
  }

  // Everybody has said his last and everything that was acknowledged has come to everybody.
  async settle() {
    this.isSpeaking = false;
    await Promise.all(this.speeches ?? []);
    await waitFor('all members to be back', () => this.present().every((m) => m.isIn()), SETTLE_MS);
    const last = new Map();
    for (const { roomId, seq, isAcked } of this.sent.values()) {
      if (isAcked) last.set(roomId, Math.max(last.get(roomId) ?? 0, seq));
    }
    const isComplete = ({ roomId, from, messages }) => from >= (last.get(roomId) ?? 0)
      || (messages.at(-1)?.seq ?? 0) >= (last.get(roomId) ?? 0);
    await waitFor('the last message at everybody', () => this.present().every((m) => [...m.stays.values()].every(isComplete)), this.isSteady ? SETTLE_MS / 2 : SETTLE_MS)
      .catch(() => {}); // the oracle says who lacks what
  }

  /*
   * Everything that is wrong, in words; empty = all promises were kept. Messages: I1 acknowledged
   * is stored as acknowledged, I2 numbers without gap or repetition, I3 every stay has everything
   * once and in order, I4 nothing that was not sent, I7 nothing stored twice. A steady client that
   * lost its connection is a violation of I3.
   */
  async violations() {
    const rows = await this.rows();
    return [...this.ofStore(rows), ...this.ofAnswers(), ...this.members.flatMap((m) => this.ofMember(m, rows))];
  }

  // What the database has, but for what is forgotten.
  rows() {
    return this.stack.sql(`SELECT rooms.name AS roomId, messages.seq, gseq, user, message_id AS key, content
      FROM messages JOIN rooms ON rooms.id = messages.room WHERE gseq > ${this.forgotten.gseq}
      AND rooms.name LIKE 'ledger-%' ORDER BY rooms.id, messages.seq`);
  }

  // To be called when it has settled and nothing was wrong: what comes next is held against the oracle alone.
  async forget() {
    this.forgotten.received = this.received();
    for (const { roomId, seq, gseq } of await this.rows()) {
      this.forgotten.gseq = Math.max(this.forgotten.gseq, gseq);
      this.forgotten.seqs.set(roomId, seq);
    }
    this.sent.clear();
    for (const member of this.members) {
      member.past = [];
      for (const stay of member.stays.values()) {
        stay.from = this.forgotten.seqs.get(stay.roomId) ?? 0;
        stay.messages = [];
      }
    }
  }

  ofStore(rows) {
    const wrong = [];
    const next = new Map(this.forgotten.seqs);
    const stored = new Map();
    for (const row of rows) {
      const seq = (next.get(row.roomId) ?? 0) + 1;
      if (row.seq !== seq) wrong.push(`I2 ${row.roomId}: ${row.seq} follows ${seq - 1}`);
      next.set(row.roomId, row.seq);
      const name = nameOf(row.content);
      const sent = this.sent.get(name);
      if (stored.has(name)) wrong.push(`I7 ${name} is stored twice`);
      if (!sent || sent.content !== row.content || sent.roomId !== row.roomId || sent.user !== row.user) {
        wrong.push(`I4 ${name} was not sent like this`);
      }
      if (sent && !this.isSteady && sent.key !== row.key) wrong.push(`I4 ${name} has the messageId ${row.key}`);
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

  ofAnswers() {
    const ids = [...this.sent.values()].filter(({ isAcked }) => isAcked).map(({ id }) => id);
    return new Set(ids).size === ids.length ? [] : ['I1 an id was given twice'];
  }

  // A stay that lasts has everything up to now, one that has ended everything up to its end.
  ofMember(member, rows) {
    const wrong = [];
    const check = (stay, isOver) => {
      const to = isOver ? stay.messages.at(-1)?.seq ?? stay.from : Infinity;
      const rest = rows.filter(({ roomId, seq }) => roomId === stay.roomId && seq > stay.from && seq <= to);
      const got = stay.messages.map((m) => `${m.seq} ${m.content}`);
      const want = rest.map((row) => `${row.seq} ${row.content}`);
      const at = want.findIndex((text, i) => text !== got[i]);
      if (at >= 0 || got.length !== want.length) {
        const i = at >= 0 ? at : want.length;
        const [is, due] = [got[i], want[i]].map((text) => text && nameOf(text));
        wrong.push(`I3 ${member.name} in ${stay.roomId} after ${stay.from}: ${got.length} of ${want.length}, number ${i} is ${is}, not ${due}`);
      }
      const other = stay.messages.find(({ id, content }) => (this.sent.get(nameOf(content))?.id ?? id) !== id);
      if (other) wrong.push(`I1 ${member.name} knows ${nameOf(other.content)} as ${other.id}, its sender as another`);
    };
    for (const stay of member.past) check(stay, true);
    for (const stay of member.stays.values()) check(stay, false);
    if (this.isSteady && member.lost) wrong.push(`I3 ${member.name} lost its connection: ${member.lost}`);
    return wrong;
  }

  received() {
    const stays = this.members.flatMap((m) => [...m.past, ...m.stays.values()]);
    return stays.reduce((sum, { messages }) => sum + messages.length, this.forgotten.received);
  }

  count() {
    return {
      acked: this.acks,
      received: this.received(),
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

// Nothing is wrong; what was counted goes to the report.
async function audit(ledger, t, what = '') {
  await ledger.settle();
  const wrong = await ledger.violations();
  t.diagnostic(`${what}${JSON.stringify(ledger.count())}, ${wrong.length} violations`);
  assert.deepEqual(wrong.slice(0, 20), []);
}

module.exports = { Ledger, audit };
