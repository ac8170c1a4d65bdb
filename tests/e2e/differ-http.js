/*
 * A visit to an Engine.IO server by raw HTTP, as differ-polls.js scripts it: any number of
 * connections by name, at most one session, and a transcript of what came back. What polls hear is
 * kept apart from the transcript, as one list, because servers may share it out over polls as they
 * like.
 */
'use strict';

const { CLOSE, PONG, TEXT, Peer, frame, upgradeRequest } = require('./rawws');
const { SEPARATOR, request } = require('./rawpoll');
const { within } = require('./helpers');

// Long after whatever a server does of itself; nothing that is expected takes so long.
const SILENCE_MS = 20000;
const ALIVE = '4are you there?';
const NOOP = '6';
// Of the others each server has its own, or none; a client does not look at them.
const HEADERS = ['set-cookie', 'content-encoding', 'access-control-allow-origin', 'location'];

/*
 * The revisions of the protocol. join and split: packets and the body that carries them. servers:
 * what each server has to be told to speak it (options of engine.io, arguments of tests/echo, and
 * for fuzz.test.js options of the gateway).
 */
const DIALECTS = {
  4: {
    eio: 4,
    join: (packets) => packets.join(SEPARATOR),
    split: (body) => body.split(SEPARATOR),
    servers: { reference: {}, echo: [], gateway: {} },
  },
};

// Without the ids that sessions are given.
const nameless = (text) => text.replace(/(\\?"sid\\?":\\?")[\w-]{20}/g, '$1SID');

// A body in chunks; undefined while it is not whole.
function unchunk(bytes) {
  const parts = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = parseInt(bytes.toString('latin1', at, end), 16);
    const next = end + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), length: next };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}

// The response at the beginning of the bytes, without 100 Continue; undefined while it is not whole.
function parse(bytes, isHead, hasEnded) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/\d\.\d (\d{3})/.exec(line)?.[1]);
  const headers = Object.fromEntries(lines.map((text) => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 1).trim()]));
  const rest = bytes.subarray(end + 4);
  const whole = (body, length) => ({ status, headers, body: body.toString(), length: end + 4 + length });
  if (isHead || status === 100 || status === 101 || status === 204 || status === 304) return whole('', 0);
  if (/chunked/i.test(headers['transfer-encoding'])) {
    const found = unchunk(rest);
    return found && whole(found.body, found.length);
  }
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (length === undefined) return hasEnded ? whole(rest, rest.length) : undefined;
  return rest.length < length ? undefined : whole(rest.subarray(0, length), length);
}

class Visit {
  constructor(port, dialect) {
    Object.assign(this, { port, dialect, lines: [], heard: [], peers: new Map(), sid: undefined, code: undefined, upgraded: undefined });
  }

  peer(name) {
    if (!this.peers.has(name)) this.peers.set(name, new Peer(this.port));
    return this.peers.get(name);
  }

  note(text) {
    this.lines.push(nameless(this.sid ? text.replaceAll(this.sid, 'SID') : text));
  }

  get query() {
    return `EIO=${this.dialect.eio}&transport=polling${this.sid ? `&sid=${this.sid}` : ''}`;
  }

  get target() {
    return `/engine.io/?${this.query}`;
  }

  send(name, bytes) {
    this.peer(name).send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  // The next response on a connection; undefined when it ends without one.
  async response(name, { head = false } = {}) {
    const peer = this.peer(name);
    const deadline = Date.now() + SILENCE_MS;
    for (;;) {
      const found = parse(peer.bytes, head, peer.hasEnded);
      if (found) {
        peer.cut(found.length);
        if (found.status !== 100) return found;
      } else if (peer.hasEnded) {
        return undefined;
      } else if (Date.now() > deadline) {
        throw new Error(`no response on ${name}; so far: ${this.lines.join(' | ')}`);
      } else {
        await peer.news(1000);
      }
    }
  }

  // Notes the next response on a connection. The packets of a poll are heard.
  async answer(name, options = {}) {
    const answer = await this.response(name, options);
    if (!answer) {
      this.note(`${name}: no answer`);
      return undefined;
    }
    const { status, headers } = answer;
    const isPoll = options.poll && status === 200;
    const packets = isPoll ? this.dialect.split(answer.body) : [];
    const body = !isPoll ? answer.body : packets.every((packet) => packet === NOOP) ? 'noop' : 'packets';
    this.hear(packets);
    const type = (headers['content-type'] ?? 'no type').toLowerCase().replaceAll(' ', '');
    const more = HEADERS.filter((key) => headers[key] !== undefined).map((key) => ` ${key}=${headers[key]}`).join('');
    // Engine.IO's errors are JSON, which clients may read. What others say is for people.
    const isSaid = status < 400 || type.startsWith('application/json');
    this.note(isSaid ? `${name}: ${status} ${type}${more} ${body}` : `${name}: ${status}`);
    return answer;
  }

  hear(packets) {
    this.heard.push(...packets.filter((packet) => packet !== NOOP).map(nameless));
  }

  // A request by hand, and its answer.
  async ask(name, bytes, options) {
    this.send(name, bytes);
    return this.answer(name, options);
  }

  async open(name = 'get') {
    this.send(name, request('GET', this.target));
    const { body } = await this.response(name);
    [, this.sid] = /"sid":"([^"]+)"/.exec(body);
  }

  get(name = 'get', options = {}) {
    return this.ask(name, request('GET', this.target, options), { poll: true });
  }

  // body: packets, or the body as it is.
  post(body, options = {}, name = 'post') {
    if (Array.isArray(body)) body = this.dialect.join(body);
    return this.ask(name, request('POST', this.target, { body, ...options }));
  }

  // A poll that waits; what has been sent before it has arrived.
  async park(name = 'get', options = {}) {
    this.send(name, request('GET', this.target, options));
    await this.settle();
  }

  // Whatever was sent before has had its effect: other requests have been answered since.
  async settle() {
    const peer = this.peer('settle');
    for (let i = 0; i < 3; i++) {
      peer.send('GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n');
      await this.response('settle');
    }
  }

  async abort(name, { reset = false } = {}) {
    const peer = this.peer(name);
    await peer.connected;
    if (reset) peer.reset();
    else peer.destroy();
    this.peers.delete(name);
    await this.settle();
  }

  // Whether a connection takes another request.
  async stays(name) {
    if (!this.peer(name).hasEnded) this.send(name, 'GET /engine.io/?transport=none HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await this.response(name);
    this.note(`${name}: ${answer ? `stays (${answer.status})` : 'ends'}`);
  }

  // ---- WebSocket

  // Asks for the session to be carried by a WebSocket.
  async upgrade(name = 'ws', { query = `EIO=${this.dialect.eio}&transport=websocket&sid=${this.sid}`, headers } = {}) {
    this.send(name, upgradeRequest(`/engine.io/?${query}`, { headers }));
    const answer = await this.response(name);
    this.note(answer?.status === 101 ? `${name}: 101` : `${name}: ${answer ? `${answer.status} ${answer.body}` : 'no answer'}`);
    return answer?.status === 101;
  }

  say(name, ...packets) {
    for (const packet of packets) this.send(name, Buffer.isBuffer(packet) ? packet : frame(TEXT, packet));
  }

  // Notes the next frame, or how it ends.
  async listen(name = 'ws') {
    const next = await this.frame(name);
    this.note(`${name}: ${next ? `${next.opcode === TEXT ? 'text' : 'bytes'} ${next.payload}` : 'closed'}`);
    return next;
  }

  // The next frame that carries something; undefined when there is none any more.
  async frame(name) {
    const next = await this.peer(name).frame(SILENCE_MS).catch((error) => {
      if (/ended before/.test(error.message)) return undefined;
      throw error;
    });
    if (next?.opcode === PONG) return this.frame(name);
    if (next?.opcode !== CLOSE) return next;
    this.code = next.payload.length >= 2 ? next.payload.readUInt16BE(0) : 'no code';
    return undefined;
  }

  // The whole dance, with nobody polling.
  async change(name = 'ws') {
    if (!await this.upgrade(name)) return;
    this.say(name, '2probe');
    await this.listen(name);
    this.say(name, '5');
    this.upgraded = name;
  }

  // ---- the end

  // Whether the session lives, and what else it has to say.
  async finish(waiting) {
    const outcome = { packets: this.lines, end: 'closed', code: this.code };
    if (!this.sid) outcome.end = this.lines.some((line) => /: (200|101) /.test(`${line} `)) ? 'alive' : 'closed';
    else if (this.upgraded) outcome.end = await this.isAliveByWebSocket();
    else outcome.end = await this.isAliveByPolling(waiting);
    outcome.packets = [...this.lines, ...this.heard.map((packet) => `heard ${packet.length < 1000 ? packet : `${packet.slice(0, 20)}... (${packet.length})`}`)];
    outcome.code = this.code;
    return outcome;
  }

  async isAliveByWebSocket() {
    this.say(this.upgraded, ALIVE);
    for (;;) {
      const next = await this.frame(this.upgraded);
      if (!next) return 'closed';
      const packet = next.opcode === TEXT ? next.payload.toString() : `b${next.payload.toString('base64')}`;
      if (packet === ALIVE) return 'alive';
      this.hear([packet]);
    }
  }

  // waiting: the connection whose poll has not been answered.
  async isAliveByPolling(waiting) {
    if (waiting && this.peer(waiting).hasEnded) waiting = undefined;
    this.send('last post', request('POST', this.target, { body: this.dialect.join([ALIVE]) }));
    const answer = await this.response('last post');
    const isTaken = answer?.status === 200;
    if (!isTaken) this.note(`post then: ${answer ? `${answer.status} ${answer.body}` : 'no answer'}`);
    for (;;) {
      const name = waiting ?? 'last get';
      if (!waiting) this.send(name, request('GET', this.target));
      waiting = undefined;
      const poll = await this.response(name);
      if (poll?.status !== 200) {
        this.note(`get then: ${poll ? `${poll.status} ${poll.body}` : 'no answer'}`);
        return 'closed';
      }
      const packets = this.dialect.split(poll.body);
      if (packets.at(-1) === ALIVE) {
        this.hear(packets.slice(0, -1));
        return 'alive';
      }
      this.hear(packets);
      if (packets.at(-1) === '1') this.note('told of the end');
    }
  }
}

// Plays a script: { dialect, play(visit) }; play may return the connection whose poll still waits.
async function visit(port, { dialect, play }) {
  const v = new Visit(port, DIALECTS[dialect]);
  const whole = async () => {
    const waiting = await play(v);
    return v.finish(typeof waiting === 'string' ? waiting : undefined);
  };
  try {
    return await within(whole(), () => `a script to end; so far: ${v.lines.join(' | ')}`, 3 * SILENCE_MS);
  } finally {
    for (const peer of v.peers.values()) peer.destroy();
  }
}

module.exports = { DIALECTS, visit };
