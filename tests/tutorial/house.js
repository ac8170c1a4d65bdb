// A broker and gateways as examples/tutorial configures them: the files as they are, and ports, paths
// and keys of the test on the command line.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { page, waitFor } = require('../e2e/helpers');
const { ROOT, freePorts, program, run } = require('../e2e/stack');

const CONF = path.join(ROOT, 'examples/tutorial');
const FILES = path.join(__dirname, 'files');
const SANITIZER = /AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed/;

const living = new Set();
process.on('exit', () => { for (const child of living) child.kill('SIGKILL'); });

class Program {
  constructor(file, args) {
    this.said = '';
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.said += data; });
    living.add(this.child);
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => { this.said += error; });
      this.child.once('close', (code, signal) => {
        living.delete(this.child);
        this.isOver = true;
        resolve(code ?? signal);
      });
    });
  }

  async answers(url) {
    await waitFor(`${url} to answer`, async () => this.isOver || (await page(url)).status < 400);
    assert.ok(!this.isOver, this.said);
    return this;
  }

  stop(signal = 'SIGTERM') {
    this.wasKilled = signal === 'SIGKILL';
    this.child.kill(signal);
    return this.ended;
  }
}

// conf: the gateways' file in examples/tutorial.
async function startHouse({ gateways = 1, conf = 'gateway.conf', options = {} } = {}) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-tutorial-'));
  const link = `ipc://${dir}/link.sock`;
  const control = `ipc://${dir}/control.sock`;
  const key = `${dir}/token.key`;
  const base = await freePorts(gateways + 1);
  const ctl = (...args) => run(program('roomcastctl'), args);
  const start = (name, file, port, more) => new Program(program(name), ['--config', path.join(CONF, file), '--log-format', 'json', ...more])
    .answers(`http://127.0.0.1:${port}/ready`);

  await ctl('keygen', 'hs256', '--out', key);
  const broker = await start('roomcast-broker', 'broker.conf', base, ['--ipc-endpoint', link, '--control-endpoint', control,
    '--database', `${dir}/rooms.db`, '--http-listen', `127.0.0.1:${base}`]);
  const list = await Promise.all(Array.from({ length: gateways }, async (_, i) => {
    const port = base + 1 + i;
    const id = `gateway-${i + 1}`;
    const more = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const gateway = await start('roomcast-gateway', conf, port, ['--listen-address', '127.0.0.1', '--port', port, '--gateway-id', id,
      '--broker-endpoint', link, '--token-hs256-secret-file', key, ...more].map(String));
    return Object.assign(gateway, { id, port, url: `http://127.0.0.1:${port}` });
  }));

  return {
    gateways: list,
    token: async (user, name = user) => (await ctl('token', '--user', user, '--name', name, '--key-file', key)).trim(),
    ctl: async (...args) => JSON.parse(await ctl('--endpoint', control, '--json', ...args)),
    // Each ends in order, and none has a complaint.
    async down() {
      const codes = await Promise.all(list.map((gateway) => (gateway.wasKilled ? 0 : gateway.stop())));
      codes.push(await broker.stop());
      fs.rmSync(dir, { recursive: true, force: true });
      for (const { said } of [broker, ...list]) assert.doesNotMatch(said, SANITIZER);
      for (const code of codes) assert.equal(code, 0);
    },
  };
}

module.exports = { FILES, Program, startHouse };
