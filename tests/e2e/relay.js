// Processes of tests/relay.c, Socket.IO on standard input, and the clients in them.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { after } = require('node:test');
const { program } = require('./stack');
const { within } = require('./helpers');

const relays = new Set();
after(() => { for (const relay of relays) relay.kill(); });

// A guest has read(kind, body), called for each message to it; its number is its place in guests.
class Relay {
  constructor() {
    this.child = spawn(program('tests/relay'), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = new Promise((resolve) => { this.child.on('exit', (code, signal) => resolve(code ?? signal)); });
    this.guests = [];
    this.rest = Buffer.alloc(0);
    this.child.stdout.on('data', (data) => this.take(data));
    relays.add(this.child);
  }

  take(data) {
    this.rest = Buffer.concat([this.rest, data]);
    while (this.rest.length >= 6) {
      const end = 6 + this.rest.readUInt32BE(2);
      if (this.rest.length < end) return;
      const body = Buffer.from(this.rest.subarray(6, end));
      this.guests[this.rest[0]].read(String.fromCharCode(this.rest[1]), body);
      this.rest = this.rest.subarray(end);
    }
  }

  write(number, part) {
    this.put(number, typeof part === 'string' ? 't' : 'b', Buffer.from(part));
  }

  // The connection of that number has ended; the next message with it is another client's.
  leave(number) {
    this.put(number, 'x', Buffer.alloc(0));
  }

  put(number, kind, body) {
    const head = Buffer.alloc(6);
    head[0] = number;
    head[1] = kind.charCodeAt(0);
    head.writeUInt32BE(body.length, 2);
    this.child.stdin.write(Buffer.concat([head, body]));
  }

  async end() {
    this.child.stdin.end();
    assert.equal(await within(this.exited, () => 'the relay to end'), 0);
    relays.delete(this.child);
  }
}

module.exports = { Relay };
