// A process of a stack that is a child of the test, which so learns how it ends.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { BUILD } = require('../e2e/stack');
const { page, waitFor, within } = require('../e2e/helpers');

const READY_MS = 60000;

class Child {
  // Runs it as scripts/stack would, and waits until it is ready.
  static async start(stack, name) {
    const child = new Child(stack, name);
    const { broker, gateways } = stack;
    const process = name === 'broker' ? broker : gateways.find((g) => g.name === name);
    process.pid = child.process.pid;
    fs.writeFileSync(path.join(stack.dir, 'pid', name), `${process.pid}\n`);
    const url = name === 'broker' ? broker.metrics.replace(/metrics$/, 'ready') : `${process.url}/ready`;
    await waitFor(`${name} to be ready`, async () => (await page(url)).status === 200, READY_MS);
    return child;
  }

  constructor(stack, name) {
    const kind = name.replace(/-\d+$/, '');
    const { opts } = JSON.parse(fs.readFileSync(path.join(stack.dir, 'stack.json')));
    const log = fs.openSync(path.join(stack.dir, 'log', `${name}.log`), 'a');
    const options = opts[kind].flatMap((option) => {
      const [, key, value] = /^([^=]*)=(.*)$/.exec(option);
      return [`--${key}`, value];
    });
    this.name = name;
    this.process = spawn(path.join(BUILD, `roomcast-${kind}`), ['--config', path.join(stack.dir, 'conf', `${name}.conf`), ...options], {
      stdio: ['ignore', log, log], env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1' },
    });
    fs.closeSync(log);
    this.ended = new Promise((resolve) => { this.process.once('exit', (code, signal) => resolve({ code, signal })); });
  }

  // How it ended: { code, signal }.
  end(ms) {
    return within(this.ended, () => `${this.name} to end`, ms);
  }
}

module.exports = { Child };
