// A disk that stands still.
'use strict';

const { spawn } = require('node:child_process');
const { within } = require('../e2e/helpers');

// Another writer holds the database, so that nothing commits as long as it lives.
async function stallDisk(database) {
  const child = spawn('sqlite3', [database], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { child.on('exit', resolve); });
  child.stdin.write('.bail on\n.timeout 20000\nBEGIN IMMEDIATE;\n.print held\n');
  const held = new Promise((resolve) => { child.stdout.once('data', resolve); });
  await within(held, () => 'the write lock');
  return async () => {
    child.kill('SIGKILL'); // closing would tidy up the files that the broker has to recover from
    await ended;
  };
}

module.exports = { stallDisk };
