// A disk that fails when told to, or that is watched: iofault.c under the broker of a stack.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { BUILD } = require('../e2e/stack');

const OPS = { open: 1, read: 2, write: 4, sync: 8, truncate: 16, unlink: 32 };
const ALL = Object.values(OPS).reduce((a, b) => a | b);
const ERRNO = { EIO: 5, ENOSPC: 28 };
const FIELDS = ['ops', 'after', 'times', 'code', 'delay', 'isShort', 'seen', 'struck'];
const ENTRY = 32; // bytes of its struct entry
const SECTOR = 512;
const DATABASE = 'roomcast.db'; // and its log, and what is shared of that

const mask = (ops) => (ops === 'all' ? ALL : ops.split(' ').reduce((all, op) => all | OPS[op], 0));

class Disk {
  // isWatched: every change is kept for afterwards.
  constructor({ isWatched = false } = {}) {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'iofault-'));
    this.control = fs.openSync(path.join(this.dir, 'control'), 'w+');
    this.journalFile = path.join(this.dir, 'journal');
    this.set({});
    this.env = {
      LD_PRELOAD: path.join(BUILD, 'tests/system/libiofault.so'),
      // The sanitizer's library comes behind this one, and need not mind.
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
      IOFAULT_PATH: DATABASE,
      IOFAULT_CONTROL: path.join(this.dir, 'control'),
      ...(isWatched ? { IOFAULT_JOURNAL: this.journalFile } : {}),
    };
  }

  set(values) {
    const words = Int32Array.from(FIELDS, (field) => values[field] ?? 0);
    fs.writeSync(this.control, Buffer.from(words.buffer), 0, words.byteLength, 0);
  }

  get(field) {
    const word = Buffer.alloc(4);
    fs.readSync(this.control, word, 0, 4, FIELDS.indexOf(field) * 4);
    return word.readUInt32LE();
  }

  /*
   * From now on calls of these kinds ('all', or some of OPS) fail with `error`; without one they
   * are only counted, delayed by `delay` ms or made short. The first `after` of them are spared,
   * `times` are hit, -1 = all that follow.
   */
  arm(ops, { error, after = 0, times = -1, delay = 0, isShort = false } = {}) {
    this.set({ ops: mask(ops), after, times, code: ERRNO[error] ?? 0, delay, isShort: Number(isShort) });
  }

  heal() {
    this.set({});
  }

  seen() {
    return this.get('seen');
  }

  struck() {
    return this.get('struck');
  }

  // How much has been journalled: a moment that can be found again.
  now() {
    return fs.statSync(this.journalFile).size;
  }

  /*
   * Every change in the order in which it took effect: { op, inode, offset, data, at }, `at` = the
   * moment at which it was over.
   */
  changes() {
    const bytes = fs.readFileSync(this.journalFile);
    const names = Object.fromEntries(Object.entries(OPS).map(([name, op]) => [op, name]));
    const found = [];
    for (let at = 0; at < bytes.length;) {
      const op = names[bytes.readUInt32LE(at + 4)];
      const inode = bytes.readBigUInt64LE(at + 8);
      const offset = Number(bytes.readBigUInt64LE(at + 16));
      const length = Number(bytes.readBigUInt64LE(at + 24));
      const data = bytes.subarray(at + ENTRY, at + ENTRY + length);
      at += ENTRY + length;
      found.push({ op, inode, offset, data, at });
    }
    return found;
  }

  close() {
    fs.closeSync(this.control);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

// A file as a disk without power may have it: what was synced, and of the rest whatever came through.
class TornFile {
  constructor() {
    this.durable = Buffer.alloc(0);
    this.pending = [];
  }

  static apply(bytes, { op, offset, data }) {
    if (op === 'truncate') {
      const cut = Buffer.alloc(offset);
      bytes.copy(cut);
      return cut;
    }
    const end = offset + data.length;
    const grown = end > bytes.length ? Buffer.concat([bytes, Buffer.alloc(end - bytes.length)]) : bytes;
    data.copy(grown, offset);
    return grown;
  }

  sync() {
    this.durable = this.pending.reduce(TornFile.apply, this.durable);
    this.pending = [];
  }

  // Each sector of each write that was not synced is there or not, as chance has it.
  after(random) {
    let bytes = Buffer.from(this.durable);
    for (const change of this.pending) {
      if (change.op === 'truncate') {
        if (random() < 0.5) bytes = TornFile.apply(bytes, change);
        continue;
      }
      for (let from = 0; from < change.data.length;) {
        const to = Math.min(change.data.length, from + SECTOR - ((change.offset + from) % SECTOR));
        if (random() < 0.5) {
          bytes = TornFile.apply(bytes, { offset: change.offset + from, data: change.data.subarray(from, to) });
        }
        from = to;
      }
    }
    return bytes;
  }
}

/*
 * The power goes at each of `moments` (ascending, of Disk.now()): fn gets the files as the disk may
 * have them then, path -> bytes, and the moment.
 */
async function cutPower(changes, moments, random, fn) {
  const files = new Map(); // inode -> TornFile
  const names = new Map(); // path -> inode
  let next = 0;
  for (const moment of moments) {
    for (; next < changes.length && changes[next].at <= moment; next++) {
      const change = changes[next];
      const file = files.get(change.inode) ?? new TornFile();
      files.set(change.inode, file);
      if (change.op === 'open') names.set(change.data.toString(), change.inode);
      else if (change.op === 'unlink') {
        files.delete(change.inode);
        for (const [name, inode] of names) if (inode === change.inode) names.delete(name);
      } else if (change.op === 'sync') file.sync();
      else file.pending.push(change);
    }
    const after = new Map([...names].map(([name, inode]) => [name, files.get(inode).after(random)]));
    await fn(after, moment);
  }
}

module.exports = { Disk, cutPower };
