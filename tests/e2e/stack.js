// A stack of real processes for one test file, made and ended by scripts/stack.
'use strict';

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '../..');
const BUILD = path.resolve(ROOT, process.env.ROOMCAST_BUILD || 'build/test');
const STACK = path.join(ROOT, 'scripts/stack');
const RUN_MS = 120000;
const BUSY_MS = 20000; // for the broker to answer, or to let go of its database
const TAIL_LINES = 30;
const SANITIZER = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|Assertion .* failed/;
// Below what the system gives to outgoing connections; the first of each block is its guard.
const PORTS = { from: 20000, to: 32000, block: 16 };

const living = new Set();

// Standard output of a program that has to succeed; what it said otherwise is the error.
function run(file, args, { env = {}, timeout = RUN_MS } = {}) {
  return new Promise((resolve, reject) => {
    const options = { env: { ...defaults(), ...process.env, ...env }, timeout, maxBuffer: 1 << 26 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      error.message = `${path.basename(file)} ${args.join(' ')}: exit ${error.code ?? error.signal}: ${stderr.trim()}`;
      reject(Object.assign(error, { stdout, stderr }));
    });
    child.stdin.end();
  });
}

const defaults = () => ({ UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' });
const program = (name) => path.join(BUILD, name);

// A server that takes a port, or nothing where somebody has it.
function listen(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

async function isPortFree(port) {
  const server = await listen(port);
  if (server) await new Promise((resolve) => { server.close(resolve); });
  return server !== undefined;
}

/*
 * The first of `count` neighbouring ports that nobody listens on, and that no other test is given
 * while this process lives: it holds the guard of their block, for they are taken later, and left
 * and taken again.
 */
async function freePorts(count) {
  assert.ok(count < PORTS.block, `${count} ports`);
  for (let attempt = 0; attempt < 100; attempt++) {
    const base = PORTS.from + PORTS.block * Math.floor(Math.random() * (PORTS.to - PORTS.from) / PORTS.block);
    const guard = await listen(base);
    if (!guard) continue;
    guard.unref();
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isPortFree(base + 1 + i)));
    if (free.every(Boolean)) return base + 1;
  }
  throw new Error(`no ${count} free ports in a row`);
}

const pairs = (option, values) => Object.entries(values).flatMap(([key, value]) => [option, `${key}=${value}`]);

// A process that has ended and waits to be buried has no command line any more.
function isAlive(pid, dir) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(dir);
  } catch {
    return false;
  }
}

/*
 * gateways: how many. brokerOpts, gatewayOpts: { 'option-name': value }. workerNamespaces: their
 * names. auth: { namespace: policy }, of rooms. namespaceOpts: { '/chat': { 'option-name': value } }. env: what the processes
 * see beside our own environment, at each start. Ends with down(), else when the test file does.
 */
async function startStack({ gateways = 1, brokerOpts = {}, gatewayOpts = {}, workerNamespaces = [],
  auth = {}, namespaceOpts = {}, env = {} } = {}) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-'));
  const pids = new Set();
  let isDown = false;
  const command = (...args) => run(STACK, args, { env });

  async function up() {
    const base = await freePorts(gateways + 2);
    return JSON.parse(await command('up', dir, '--gateways', gateways, '--base-port', base, '--build', BUILD,
      ...pairs('--broker-opt', brokerOpts), ...pairs('--gateway-opt', gatewayOpts),
      ...workerNamespaces.flatMap((name) => ['--worker-namespace', name]), ...pairs('--auth', auth),
      ...Object.entries(namespaceOpts).flatMap(([name, options]) => Object.entries(options)
        .flatMap(([key, value]) => ['--namespace-opt', `${name}:${key}=${value}`]))));
  }

  const find = (name) => (name === 'broker' ? stack.broker : stack.gateways.find((g) => g.name === name));

  const stack = {
    dir,
    command,

    async token({ user, name = user, expires }) {
      const more = expires === undefined ? [] : ['--expires', String(expires)];
      return (await command('token', dir, '--user', user, '--name', name, ...more)).trim();
    },

    kill: (name) => command('kill', dir, name),
    stop: (name) => command('stop', dir, name),
    async start(name) {
      const { pid } = JSON.parse(await command('start', dir, name));
      find(name).pid = pid;
      pids.add(pid);
    },

    // roomcastctl on this broker; its answer.
    async ctl(...args) {
      const patience = args.includes('--timeout') ? [] : ['--timeout', `${BUSY_MS}`];
      return JSON.parse(await run(program('roomcastctl'), ['--endpoint', stack.broker.control, '--json', ...patience, ...args]));
    },

    // The database, as another program reads it.
    async sql(query) {
      const out = await run('sqlite3', ['-json', '-readonly', '-cmd', `.timeout ${BUSY_MS}`, stack.broker.database, query]);
      return out.trim() ? JSON.parse(out) : [];
    },

    // Every record that a process has logged; { text } where a line is none.
    log(name) {
      return fs.readFileSync(find(name).log, 'utf8').split('\n').filter(Boolean).map((line) => {
        try {
          return JSON.parse(line);
        } catch {
          return { text: line };
        }
      });
    },

    // The last lines of every log.
    tails() {
      const logs = path.join(dir, 'log');
      if (!fs.existsSync(logs)) return '';
      return fs.readdirSync(logs).map((file) => {
        const lines = fs.readFileSync(path.join(logs, file), 'utf8').trimEnd().split('\n');
        return `---- ${file}\n${lines.slice(-TAIL_LINES).join('\n')}\n`;
      }).join('');
    },

    isAlive: (name) => isAlive(find(name).pid, dir),

    // Ends everything; fails when a process outlives it or a sanitizer has complained.
    async down() {
      if (isDown) return;
      isDown = true;
      await command('down', dir);
      living.delete(stack);
      const left = [...pids].filter((pid) => isAlive(pid, dir));
      const complaint = stack.broker && complaintOf(dir);
      fs.rmSync(dir, { recursive: true, force: true });
      assert.deepEqual(left, [], 'processes left running');
      assert.equal(complaint, undefined, complaint);
    },

    downNow() {
      console.error(stack.tails());
      if (fs.existsSync(path.join(dir, 'stack.json'))) execFileSync(STACK, ['down', dir], { timeout: RUN_MS });
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };

  living.add(stack);
  try {
    const told = await up();
    Object.assign(stack, { broker: told.broker, gateways: told.gateways });
    for (const { pid } of [told.broker, ...told.gateways]) pids.add(pid);
    return stack;
  } catch (error) {
    living.delete(stack);
    fs.rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

// What a sanitizer has written into a log, with what follows.
function complaintOf(dir) {
  for (const file of fs.readdirSync(path.join(dir, 'log'))) {
    const text = fs.readFileSync(path.join(dir, 'log', file), 'utf8');
    const at = text.search(SANITIZER);
    if (at >= 0) return `${file}: ${text.slice(at, at + 4000)}`;
  }
  return undefined;
}

process.on('exit', () => living.forEach((stack) => stack.downNow()));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const tails = () => [...living].map((stack) => stack.tails()).join('');

module.exports = { ROOT, BUILD, freePorts, program, run, startStack, tails };
