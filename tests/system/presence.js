/*
 * Who is in the rooms of a ledger after a fault: as the broker says (roomcastctl users), as clients
 * are told (room-users), and as the members heard it (user-left, room-presence).
 *
 *  - Once the processes are back, that is all of them say at /ready that they serve and are linked,
 *    and every member knows itself in its rooms again, both lists are right within two heartbeats of
 *    the link.
 *  - A guest, who loses its connection in the fault and never returns, leaves each of its rooms
 *    once: not before the grace is over, and at the latest two heartbeats after lease and grace are,
 *    counted from the moment when the processes are back.
 *  - A member that comes back within the grace has not left, for anybody.
 */
'use strict';

const assert = require('node:assert/strict');
const { page, waitFor } = require('../e2e/helpers');
const { Member } = require('./member');

const BACK_MS = 60000;

const namesOf = (users) => users.map(({ userId }) => userId).sort();

class Presence {
  // times: { heartbeatMs, leaseMs, graceMs } of the broker.
  constructor(ledger, times) {
    Object.assign(this, { ledger, times, guests: 0, worst: { here: 0, left: 0 } });
  }

  // Somebody in the rooms of the ledger, at that gateway, who will not return; and what all have heard by now.
  async begin(gateway) {
    this.marks = new Map(this.ledger.members.map((m) => [m, m.news.length]));
    this.absences = new Map(this.ledger.members.map((m) => [m, m.absences.length]));
    this.guests += 1;
    const { rooms } = this.ledger.members[this.guests % this.ledger.members.length];
    this.guest = new Member(this.ledger, `guest-${this.guests}`, { gateways: [gateway], rooms, options: { reconnection: false } });
    await waitFor('the guest to be in', () => this.guest.isIn());
  }

  // The guest's connection breaks, in the middle of the fault.
  lose() {
    this.struck = Date.now();
    this.guest.lose();
  }

  async #areReady() {
    const { broker, gateways } = this.ledger.stack;
    const urls = [broker.metrics.replace(/metrics$/, 'ready'), ...gateways.map(({ url }) => `${url}/ready`)];
    return (await Promise.all(urls.map(page))).every(({ status }) => status === 200);
  }

  async #right() {
    const { stack, members } = this.ledger;
    const here = members.map((m) => m.name).sort();
    const others = (users) => users.filter(({ userId }) => userId !== this.guest.name);
    const { users } = await stack.ctl('users');
    assert.deepEqual(namesOf(others(users)), here);
    assert.ok(others(users).every(({ connections }) => connections === 1), 'a connection more than there is');
    for (const roomId of new Set(members.flatMap((m) => m.rooms))) {
      const inside = members.filter((m) => m.rooms.includes(roomId));
      const answer = await inside[0].ask('room-users', { roomId });
      assert.deepEqual(namesOf(others(answer.users)), inside.map((m) => m.name).sort(), roomId);
      assert.ok(others(answer.users).every(({ connections }) => connections === 1), `a connection more than there is in ${roomId}`);
    }
    return true;
  }

  // The lists are right; to be called when the processes run again.
  async here() {
    await waitFor('all to be ready', () => this.#areReady(), BACK_MS);
    this.back = Date.now();
    await waitFor('all members to be in their rooms', () => this.ledger.members.every((m) => m.isIn()), BACK_MS);
    const since = Date.now();
    let asked;
    let wrong;
    await waitFor('presence to be right', () => {
      asked = Date.now();
      return this.#right().catch((error) => { wrong = error; throw error; });
    });
    this.worst.here = Math.max(this.worst.here, asked - since);
    assert.ok(asked - since <= 2 * this.times.heartbeatMs, `presence was right after ${asked - since} ms; before: ${wrong?.message}`);
  }

  // What a member has heard since begin().
  #heard(member, name, userId) {
    return member.news.slice(this.marks.get(member)).filter((n) => n.name === name && n.userId === userId);
  }

  #wasIn(member, moment) {
    return !member.absences.some(({ from, to }) => from <= moment && moment <= (to ?? Infinity));
  }

  // The guest is gone, and nobody else. away: members that stayed away for longer than lease and grace.
  async left(away = []) {
    const { heartbeatMs, leaseMs, graceMs } = this.times;
    const latest = this.back + leaseMs + graceMs + 2 * heartbeatMs;
    for (const roomId of this.guest.rooms) {
      const inside = this.ledger.members.filter((m) => m.rooms.includes(roomId));
      const said = () => inside.flatMap((m) => this.#heard(m, 'user-left', this.guest.name)).filter((n) => n.roomId === roomId);
      await waitFor(`${this.guest.name} to leave ${roomId}`, () => said().length > 0);
      const first = Math.min(...said().map(({ at }) => at));
      const due = inside.filter((m) => !away.includes(m) && this.#wasIn(m, first));
      assert.ok(due.length > 0, 'nobody was there to hear it');
      const times = (m) => this.#heard(m, 'user-left', this.guest.name).filter((n) => n.roomId === roomId).length;
      await waitFor('all to hear it', () => due.every((m) => times(m) > 0));
      const last = Math.max(...said().map(({ at }) => at));
      this.worst.left = Math.max(this.worst.left, last - (latest - 2 * heartbeatMs));
      assert.ok(last <= latest, `${this.guest.name} left ${roomId} ${last - latest} ms late`);
      assert.ok(first >= this.struck + graceMs, `${this.guest.name} left ${roomId} before the grace was over`);
      for (const m of inside) assert.ok(times(m) <= 1, `${m.name} heard ${times(m)} times that ${this.guest.name} left ${roomId}`);
    }
    const { users } = await this.ledger.stack.ctl('users');
    assert.ok(!namesOf(users).includes(this.guest.name), `${this.guest.name} is still here`);
    await this.#stayed(away);
  }

  // Who was away for longer than the grace may have left, once each time, and must be said to be back.
  async #stayed(away) {
    const { members } = this.ledger;
    for (const member of members) {
      const long = member.absences.slice(this.absences.get(member)).filter(({ from, to }) => to - from >= this.times.graceMs).length;
      const most = away.includes(member) ? Math.max(1, long) : long;
      for (const hearer of members) {
        if (hearer === member) continue;
        for (const roomId of hearer.rooms) {
          const times = (name, action) => this.#heard(hearer, name, member.name).filter((n) => n.roomId === roomId && n.action === action).length;
          const gone = times('user-left');
          assert.ok(gone <= most, `${hearer.name} heard ${gone} times that ${member.name} left ${roomId}, which was away for ${most} times`);
          const isDue = away.includes(member) && !away.includes(hearer) && member.rooms.includes(roomId);
          if (isDue && long === 0) assert.equal(gone, 1, `${hearer.name} did not hear that ${member.name} left ${roomId}`);
          if (gone > 0 && this.#wasIn(hearer, Date.now())) await waitFor(`${member.name} to be back for ${hearer.name}`, () => times('room-presence', 'joined') >= gone);
        }
      }
    }
  }

  close() {
    this.guest?.close();
  }
}

module.exports = { Presence };
