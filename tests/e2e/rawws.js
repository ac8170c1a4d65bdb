// A WebSocket client that can also misbehave: HTTP and frames by hand on a TCP socket.
'use strict';

const crypto = require('node:crypto');
const net = require('node:net');
const { breakOff } = require('./rst');

const WAIT_MS = 30000;
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const TEXT = 0x1;
const BINARY = 0x2;
const CONTINUATION = 0x0;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

// One frame as bytes. `length` lies about the payload's length, `first` replaces the first byte.
function frame(opcode, payload = '', { fin = true, mask = true, length, first } = {}) {
  const data = Buffer.from(payload);
  const announced = length ?? data.length;
  const head = [first ?? ((fin ? 0x80 : 0) | opcode)];
  const bit = mask ? 0x80 : 0;
  if (announced < 126) {
    head.push(bit | announced);
  } else if (announced < 65536) {
    head.push(bit | 126, announced >> 8, announced & 0xff);
  } else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(announced));
    head.push(bit | 127, ...size);
  }
  if (!mask) return Buffer.concat([Buffer.from(head), data]);
  const key = crypto.randomBytes(4);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3];
  return Buffer.concat([Buffer.from(head), key, masked]);
}

function closeFrame(code, reason = '') {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(CLOSE, payload);
}

class Peer {
  constructor(port, host = '127.0.0.1') {
    this.bytes = Buffer.alloc(0);
    this.hasEnded = false;
    this.wake = () => {};
    this.socket = net.connect({ port, host, noDelay: true });
    this.connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('error', reject);
    });
    this.connected.catch(() => {});
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => {
      this.bytes = Buffer.concat([this.bytes, data]);
      this.wake();
    });
    this.socket.on('close', () => {
      this.hasEnded = true;
      this.wake();
    });
  }

  send(data) {
    this.socket.write(data);
    return this;
  }

  // The first thing that `take` finds in what has come; it removes what it takes.
  async next(what, take, ms = WAIT_MS) {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = take();
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (this.hasEnded) throw new Error(`connection ended before ${what}; rest: ${this.bytes.toString('latin1')}`);
      if (left <= 0) throw new Error(`waited ${ms} ms for ${what}; rest: ${this.bytes.toString('latin1')}`);
      await this.news(left);
    }
  }

  news(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  cut(length) {
    const head = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    return head;
  }

  // An HTTP response: { version, status, headers, body }.
  response({ head = false } = {}) {
    return this.next('a response', () => {
      const end = this.bytes.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const [line, ...lines] = this.bytes.toString('latin1', 0, end).split('\r\n');
      const [, version, status] = line.match(/^(HTTP\/\d\.\d) (\d{3})/);
      const headers = Object.fromEntries(lines.map((text) => {
        const at = text.indexOf(':');
        return [text.slice(0, at).toLowerCase(), text.slice(at + 1).trim()];
      }));
      const length = head || status === '101' ? 0 : Number(headers['content-length'] ?? 0);
      if (this.bytes.length < end + 4 + length) return undefined;
      this.cut(end + 4);
      return { version, status: Number(status), headers, body: this.cut(length).toString() };
    });
  }

  // A frame from the server: { opcode, fin, payload }. They are never masked.
  frame(ms) {
    return this.next('a frame', () => {
      const b = this.bytes;
      if (b.length < 2) return undefined;
      if (b[1] & 0x80) throw new Error('a masked frame from the server');
      const short = b[1] & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (b.length < head) return undefined;
      const length = short === 126 ? b.readUInt16BE(2) : short === 127 ? Number(b.readBigUInt64BE(2)) : short;
      if (b.length < head + length) return undefined;
      const found = { opcode: b[0] & 0x0f, fin: (b[0] & 0x80) !== 0, rsv: b[0] & 0x70 };
      this.cut(head);
      found.payload = Buffer.from(this.cut(length));
      return found;
    }, ms);
  }

  // The text of the next frame, which must be a text frame.
  async text(ms) {
    const { opcode, payload } = await this.frame(ms);
    if (opcode !== TEXT) throw new Error(`opcode ${opcode} instead of text: ${payload.toString('latin1')}`);
    return payload.toString();
  }

  // Waits for the close frame, whatever comes before it: { code, reason }.
  async close(ms) {
    for (;;) {
      const { opcode, payload } = await this.frame(ms);
      if (opcode !== CLOSE) continue;
      return { code: payload.length ? payload.readUInt16BE(0) : undefined, reason: payload.toString('utf8', 2) };
    }
  }

  // Waits until the server has ended the connection; resolves to how long that took, ms.
  async end(ms = WAIT_MS) {
    const start = Date.now();
    while (!this.hasEnded) {
      const left = start + ms - Date.now();
      if (left <= 0) throw new Error(`the connection was still open after ${ms} ms`);
      await this.news(left);
    }
    return Date.now() - start;
  }

  destroy() {
    this.socket.destroy();
  }

  reset() {
    breakOff(this.socket);
  }
}

// An upgrade request as text. A header of null is left out, one that is an array comes repeatedly.
function upgradeRequest(target, { method = 'GET', version = 'HTTP/1.1', headers = {} } = {}) {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': crypto.randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== null)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`));
  return `${method} ${target} ${version}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

// A connection that has been upgraded; `extra` bytes go out with the request.
async function upgrade(port, target, { headers = {}, extra = '' } = {}) {
  const key = crypto.randomBytes(16).toString('base64');
  const peer = new Peer(port);
  const request = upgradeRequest(target, { headers: { 'Sec-WebSocket-Key': key, ...headers } });
  peer.send(Buffer.concat([Buffer.from(request), Buffer.from(extra)]));
  peer.answer = await peer.response();
  if (peer.answer.status !== 101) throw new Error(`not upgraded: ${peer.answer.status} ${peer.answer.body}`);
  const accept = crypto.createHash('sha1').update(key + GUID).digest('base64');
  if (peer.answer.headers['sec-websocket-accept'] !== accept) throw new Error('a wrong Sec-WebSocket-Accept');
  return peer;
}

module.exports = {
  TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG, Peer, closeFrame, frame, upgrade, upgradeRequest,
};
