// The Engine.IO echo server (tests/echo.c) for tests that speak to it by hand.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { after, before, describe } = require('node:test');
const { TEXT, Peer, frame, upgrade } = require('./rawws');

const ROOT = path.resolve(__dirname, '../..');
const BUILD = path.resolve(ROOT, process.env.ROOMCAST_BUILD || 'build/test');
const ECHO = path.join(BUILD, 'tests/echo');
const TARGET = '/engine.io/?EIO=4&transport=websocket';
const MAX_PAYLOAD = 1000000;
const EXIT_MS = 15000;
const LINE_MS = 30000;
const QUIET = ['--ping-interval-ms', '60000']; // for tests that want no ping in between

// The echo server on a free port, its lines, and its end. A number as first argument limits its files.
class Echo {
  static async start(...args) {
    const echo = new Echo();
    echo.lines = [];
    echo.errors = '';
    echo.wake = () => {};
    const files = typeof args[0] === 'number' ? `ulimit -n ${args.shift()}; ` : '';
    echo.child = spawn('/bin/sh', ['-c', `${files}exec "$@"`, 'sh', ECHO, '--port', '0', ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    echo.exited = new Promise((resolve) => {
      // Whose last lines have been read, too.
      echo.child.once('close', (code, signal) => { echo.hasExited = true; echo.wake(); resolve(code ?? signal); });
    });
    echo.child.stderr.on('data', (data) => { echo.errors += data; });
    readline.createInterface({ input: echo.child.stdout }).on('line', (line) => {
      echo.lines.push(line);
      echo.wake();
    });
    const line = await echo.line(/^listening on (\S+) port (\d+)$/);
    [, echo.address, echo.port] = line.match(/^listening on (\S+) port (\d+)$/);
    echo.port = Number(echo.port);
    return echo;
  }

  // The first line that fits, past or to come.
  async line(pattern) {
    const deadline = Date.now() + LINE_MS;
    for (;;) {
      const line = this.lines.find((text) => pattern.test(text));
      if (line) return line;
      assert.ok(!this.hasExited, `echo exited: ${this.errors}`);
      assert.ok(Date.now() < deadline, `no line ${pattern}; lines: ${this.lines.join(' | ')}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.wake = () => { clearTimeout(timer); resolve(); };
      });
    }
  }

  // Why the session ended, in engine.io's words.
  async reason(sid) {
    const line = await this.line(new RegExp(`^close ${sid} `));
    return line.slice(`close ${sid} `.length);
  }

  async stop() {
    if (this.hasExited) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), EXIT_MS);
    const code = await this.exited;
    clearTimeout(late);
    assert.equal(code, 0, this.errors);
    assert.doesNotMatch(this.errors, /Sanitizer|runtime error/);
  }

  // A session: an upgraded connection that has read its open packet.
  async session(options = {}) {
    const peer = await upgrade(this.port, options.target ?? TARGET, options);
    peer.open = JSON.parse((await peer.text()).slice(1));
    return peer;
  }

  async request(text) {
    const peer = new Peer(this.port);
    peer.send(text);
    const answer = await peer.response({ head: text.startsWith('HEAD') });
    peer.destroy();
    return answer;
  }

  get(target) {
    return this.request(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  // What was sent before on connections that stood has been read: other requests have been answered since.
  async settle() {
    for (let i = 0; i < 3; i++) await this.get('/health');
  }

  async sessions() {
    return Number((await this.get('/health')).body.match(/^sessions (\d+)/)[1]);
  }

  // Processor time it has used.
  cpuMs() {
    const [, rest] = fs.readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ');
    const [user, system] = rest.split(' ').slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  }

  async isWell() {
    const peer = await this.session();
    peer.send(frame(TEXT, '4are you well?'));
    assert.equal(await peer.text(), '4are you well?');
    peer.destroy();
  }
}

// Tests that share one echo server.
function suite(name, args, fn, options = {}) {
  describe(name, options, () => {
    const shared = {};
    before(async () => { shared.echo = await Echo.start(...args); });
    after(async () => { await shared.echo.stop(); });
    fn(() => shared.echo);
  });
}

module.exports = { ECHO, Echo, MAX_PAYLOAD, QUIET, TARGET, suite };
