// What the system says of a process.
'use strict';

const fs = require('node:fs');

const TICK_MS = 10; // USER_HZ is 100 everywhere

const bytesOf = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
const rss = (pid) => bytesOf(pid, 'VmRSS');
const openFiles = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

// When it began, by the clock of Date.now().
function startedAt(pid) {
  const uptime = Number(fs.readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
  // The name of the program may have anything in it but ends at the last bracket.
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
  return Date.now() - uptime + Number(fields[19]) * TICK_MS;
}

module.exports = { bytesOf, openFiles, rss, startedAt };
