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
  // One for all rounds: begin(), the fault and lose(), here(), left(). worst: what it came to, ms.
  // times: { heartbeatMs, leaseMs, graceMs } of the broker.
  constructor(ledger, times) {
    Object.assign(this, { ledger, times, guests: 0, worst: { here: 0, left: -Infinity, heard: 0 } });
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

  // The lists have the members and, of those who are meant, nobody else.
  async #right(isMeant) {
    const { stack, members } = this.ledger;
    const here = members.map((m) => m.name).sort();
    const others = (users) => users.filter(isMeant);
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
    let before = since; // when it was asked the time before
    let wrong;
    await waitFor('presence to be right', () => {
      before = asked ?? since;
      asked = Date.now();
      return this.#right(({ userId }) => userId !== this.guest.name).catch((error) => { wrong = error; throw error; });
    });
    // It was wrong when it was asked the time before; how long asking takes is not its fault.
    this.worst.here = Math.max(this.worst.here, before - since);
    assert.ok(before - since <= 2 * this.times.heartbeatMs, `presence was wrong after ${before - since} ms: ${wrong?.message}`);
  }

  // What a member has heard since begin().
  #heard(member, name, userId) {
    return member.news.slice(this.marks.get(member)).filter((n) => n.name === name && n.userId === userId);
  }

  #wasIn(member, moment) {
    return !member.absences.some(({ from, to }) => from <= moment && moment <= (to ?? Infinity));
  }

  // How often it has heard that.
  #times(member, name, userId, roomId) {
    return this.#heard(member, name, userId).filter((n) => n.roomId === roomId).length;
  }

  // The guest is gone, and nobody else. away: members that stayed away for longer than lease and grace.
  async left(away = []) {
    for (const roomId of this.guest.rooms) await this.#guestLeft(roomId, away);
    await this.#right(() => true);
    for (const member of this.ledger.members) await this.#stayed(member, away);
  }

  async #guestLeft(roomId, away) {
    const { name } = this.guest;
    const { heartbeatMs, leaseMs, graceMs } = this.times;
    const due = this.back + leaseMs + graceMs;
    const inside = this.ledger.members.filter((m) => m.rooms.includes(roomId));
    const times = (m) => this.#times(m, 'user-left', name, roomId);
    const moments = () => inside.flatMap((m) => this.#heard(m, 'user-left', name)).filter((n) => n.roomId === roomId).map(({ at }) => at);
    // Where all came back late, nobody was there to hear it.
    const isNobodyThere = () => Date.now() > due + 2 * heartbeatMs
      && inside.every((m) => away.includes(m) || (m.absences.at(-1)?.to ?? 0) >= this.struck + graceMs);
    await waitFor(`${name} to leave ${roomId}`, () => moments().length > 0 || isNobodyThere());
    if (moments().length === 0) return;
    this.worst.heard += 1;
    const first = Math.min(...moments());
    const there = inside.filter((m) => !away.includes(m) && this.#wasIn(m, first));
    assert.ok(there.length > 0, 'nobody was there to hear it');
    await waitFor('all who were there to hear it', () => there.every((m) => times(m) > 0));
    const last = Math.max(...moments());
    this.worst.left = Math.max(this.worst.left, last - due);
    assert.ok(last <= due + 2 * heartbeatMs, `${name} left ${roomId} ${last - due} ms after lease and grace`);
    assert.ok(first >= this.struck + graceMs, `${name} left ${roomId} before the grace was over`);
    for (const m of inside) assert.ok(times(m) <= 1, `${m.name} heard ${times(m)} times that ${name} left ${roomId}`);
  }

  /*
   * Who was away for longer than the grace may have left, once each time, and is then said to be
   * back; who stands still without knowing it (away) has left for the others. A member notices that
   * it is away when this program has its turn, so half of the grace may have been all of it.
   */
  async #stayed(member, away) {
    const isAway = away.includes(member);
    const long = member.absences.slice(this.absences.get(member)).filter(({ from, to }) => to - from >= this.times.graceMs / 2).length;
    const most = isAway ? Math.max(1, long) : long;
    const places = this.ledger.members.filter((hearer) => hearer !== member)
      .flatMap((hearer) => hearer.rooms.filter((roomId) => member.rooms.includes(roomId)).map((roomId) => ({ hearer, roomId })));
    for (const { hearer, roomId } of places) {
      const said = `${hearer.name} of ${member.name} in ${roomId}, which was away ${most} times`;
      const gone = this.#times(hearer, 'user-left', member.name, roomId);
      assert.ok(gone <= most, `${gone} times user-left: ${said}`);
      if (isAway && !away.includes(hearer) && long === 0) assert.equal(gone, 1, `never user-left: ${said}`);
      const joined = () => this.#heard(hearer, 'room-presence', member.name).filter((n) => n.roomId === roomId && n.action === 'joined').length;
      const wasThere = hearer.absences.length === this.absences.get(hearer);
      if (gone > 0 && wasThere) await waitFor(`room-presence joined: ${said}`, () => joined() >= gone);
    }
  }

  close() {
    this.guest?.close();
  }
}

module.exports = { Presence };
