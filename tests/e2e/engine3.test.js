// Engine.IO revision 3 as its protocol text and client-facing promises have it: clients that ping
// themselves, bodies with lengths, binary data with a type. Spoken by hand to the echo server.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Echo, QUIET, suite } = require('./echo');
const { BINARY, CLOSE, TEXT, Peer, frame, upgrade, upgradeRequest } = require('./rawws');
const { request } = require('./rawpoll');

const POLLING = '/engine.io/?EIO=3&transport=polling';
const WEBSOCKET = '/engine.io/?EIO=3&transport=websocket';
const ALLOWED = ['--allow-eio3', '1'];
const CALM = [...ALLOWED, ...QUIET];
const STREAM = 'application/octet-stream';
// hello and the bytes 1 to 4, as the protocol's own example has them
const HELLO_AND_BYTES = Buffer.from('0006ff3468656c6c6f0105ff0401020304', 'hex');

const text = (packet) => `${packet.length}:${packet}`; // as JavaScript counts
const part = (kind, data) => {
  const digits = String(data.length).split('').map(Number);
  return Buffer.concat([Buffer.from([kind, ...digits, 0xff]), data]);
};
const said = (packet) => part(0, Buffer.from(packet));
const bytes = (...data) => part(1, Buffer.from([4, ...data]));

// The whole body of an answer as bytes, where Peer gives text only.
async function answerOf(peer) {
  const head = await peer.next('the head of an answer', () => {
    const end = peer.bytes.indexOf('\r\n\r\n');
    return end < 0 ? undefined : peer.cut(end + 4).toString('latin1');
  });
  const length = Number(head.match(/content-length: (\d+)/i)[1]);
  const body = await peer.next('its body', () => (peer.bytes.length < length ? undefined : Buffer.from(peer.cut(length))));
  return { status: Number(head.split(' ')[1]), type: head.match(/content-type: (.*)\r/i)?.[1], body };
}

class Poller {
  constructor(port) {
    this.port = port;
    this.getter = new Peer(port);
    this.poster = new Peer(port);
  }

  static async open(port, query = '') {
    const poller = new Poller(port);
    poller.target = POLLING + query;
    poller.answer = await poller.get();
    assert.equal(poller.answer.status, 200, poller.answer.body.toString());
    const [, length, packet] = poller.answer.body.toString().match(/^(\d+):(.*)$/s);
    assert.equal(Number(length), packet.length);
    poller.open = JSON.parse(packet.slice(1));
    poller.sid = poller.open.sid;
    poller.target = `${POLLING}&sid=${poller.sid}`;
    return poller;
  }

  get() {
    this.getter.send(request('GET', this.target));
    return answerOf(this.getter);
  }

  post(body, type = 'text/plain;charset=UTF-8') {
    this.poster.send(request('POST', this.target, { body, headers: { 'Content-Type': type } }));
    return answerOf(this.poster);
  }

  async polled(body, type = 'text/plain; charset=UTF-8') {
    const answer = await this.get();
    assert.deepEqual([answer.status, answer.type, answer.body], [200, type, Buffer.from(body)]);
  }

  async posted(...args) {
    const answer = await this.post(...args);
    assert.deepEqual([answer.status, answer.type, answer.body.toString()], [200, 'text/html', 'ok']);
  }

  // No poll waits and no post is under way: the session is unknown.
  async isGone() {
    const answer = await this.get();
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { code: 1, message: 'Session ID unknown' }]);
  }

  destroy() {
    this.getter.destroy();
    this.poster.destroy();
  }
}

async function openWebSocket(port, query = '') {
  const peer = await upgrade(port, WEBSOCKET + query);
  const packet = await peer.text();
  assert.equal(packet[0], '0');
  peer.open = JSON.parse(packet.slice(1));
  return peer;
}

async function binary(peer) {
  const { opcode, payload } = await peer.frame();
  assert.equal(opcode, BINARY);
  return [...payload];
}

describe('revision 3 where it is not allowed', () => {
  suite('without allow-eio3', QUIET, (echo) => {
    for (const target of [POLLING, '/engine.io/?transport=polling']) {
      test(`GET ${target}`, async () => {
        const answer = await echo().get(target);
        assert.equal(answer.status, 400);
        assert.deepEqual(JSON.parse(answer.body), { code: 5, message: 'Unsupported protocol version' });
      });
    }

    test('an upgrade is refused before the 101', async () => {
      const answer = await echo().request(upgradeRequest(WEBSOCKET));
      assert.deepEqual([answer.status, answer.body], [400, 'Unsupported protocol version']);
    });
  });
});

suite('handshake of revision 3', CALM, (echo) => {
  const keys = ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload'];

  test('over polling', async () => {
    const poller = await Poller.open(echo().port);
    assert.deepEqual(Object.keys(poller.open), keys);
    assert.deepEqual(poller.open.upgrades, ['websocket']);
    assert.equal(poller.open.pingInterval, 60000);
    assert.equal(poller.answer.type, 'text/plain; charset=UTF-8');
    poller.destroy();
  });

  test('over WebSocket', async () => {
    const peer = await openWebSocket(echo().port);
    assert.deepEqual(Object.keys(peer.open), keys);
    assert.deepEqual(peer.open.upgrades, []);
    peer.destroy();
  });

  test('no EIO at all is revision 3', async () => {
    const answer = await echo().get('/engine.io/?transport=polling');
    assert.match(answer.body, /^\d+:0\{"sid":/);
  });

  const refused = [
    ['GET', '/engine.io/?EIO=3&transport=abc', 0, 'Transport unknown'],
    ['GET', `${POLLING}&sid=abc`, 1, 'Session ID unknown'],
    ['POST', POLLING, 2, 'Bad handshake method'],
    ['GET', WEBSOCKET, 3, 'Bad request'],
    ['GET', '/engine.io/?EIO=2&transport=polling', 5, 'Unsupported protocol version'],
    ['GET', '/engine.io/?EIO=abc&transport=polling', 5, 'Unsupported protocol version'],
    ['GET', `${POLLING}&j=0`, 0, 'Transport unknown'], // JSONP
  ];
  for (const [method, target, code, message] of refused) {
    test(`${method} ${target} is refused with ${code}`, async () => {
      const body = method === 'POST' ? '' : undefined;
      const answer = await echo().request(request(method, target, { body }).toString());
      assert.equal(answer.status, 400);
      assert.deepEqual(JSON.parse(answer.body), { code, message });
    });
  }

  test('a session is of one revision', async () => {
    const three = await Poller.open(echo().port);
    const four = await echo().get('/engine.io/?EIO=4&transport=polling');
    const { sid } = JSON.parse(four.body.slice(1));
    for (const target of [three.target.replace('EIO=3', 'EIO=4'), `${POLLING}&sid=${sid}`]) {
      const answer = await echo().get(target);
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { code: 3, message: 'Bad request' }]);
      const refusal = await echo().request(upgradeRequest(target.replace('polling', 'websocket')));
      assert.deepEqual([refusal.status, refusal.body], [400, 'Bad request']);
    }
    await three.posted(text('4alive'));
    await three.polled(text('4alive'));
    three.destroy();
  });
});

suite('polling in revision 3', CALM, (echo) => {
  test('text, one packet and several', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('6:4hello');
    await poller.polled('6:4hello');
    await poller.posted('2:4a2:4b3:4cc');
    await poller.polled('2:4a2:4b3:4cc');
    poller.destroy();
  });

  test('lengths are UTF-16 code units', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('2:4€');
    await poller.polled('2:4€');
    const packets = ['4\u{1f600}', '4x\u{1f600}\u{10ffff}é', '4\u0000'];
    assert.deepEqual(packets.map((packet) => packet.length), [3, 7, 2]);
    await poller.posted(packets.map(text).join(''));
    await poller.polled(packets.map(text).join(''));
    poller.destroy();
  });

  test('the bytes of the protocol, both ways', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted(HELLO_AND_BYTES, STREAM);
    await poller.polled(HELLO_AND_BYTES, STREAM);
    await poller.posted(Buffer.concat([said('4€\u{1f600}'), bytes(), bytes(255, 0), bytes(...Buffer.alloc(300))]), STREAM);
    await poller.polled(Buffer.concat([said('4€\u{1f600}'), bytes(), bytes(255, 0), bytes(...Buffer.alloc(300))]), STREAM);
    await poller.posted(said('4text alone'), STREAM);
    await poller.polled(text('4text alone'));
    poller.destroy();
  });

  test('binary in a text body', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('6:4hello10:b4AQIDBA==');
    await poller.polled(HELLO_AND_BYTES, STREAM);
    poller.destroy();
  });

  test('b64 in the handshake: nothing but text', async () => {
    const poller = await Poller.open(echo().port, '&b64=1');
    await poller.posted(HELLO_AND_BYTES, STREAM);
    await poller.polled('6:4hello10:b4AQIDBA==');
    poller.destroy();
  });

  test('a ping is answered with its data', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('1:2');
    await poller.polled('1:3');
    await poller.posted('6:2probe2:4a');
    await poller.polled('6:3probe2:4a');
    poller.destroy();
  });

  test('a packet of no length is none', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('0:2:4a');
    await poller.polled('2:4a');
    poller.destroy();
  });

  const bad = {
    'an empty body': [''],
    'no length': ['4hello'],
    'a length over the end': ['6:4hell'],
    'a length that splits a surrogate pair': ['2:4\u{1f600}'],
    'no number': ['x:4hello'],
    'an unknown type': ['2:9a'],
    'an unknown type, binary': [part(1, Buffer.from([9, 1])), STREAM],
    'no end of a length': [Buffer.from([0, 6]), STREAM],
    'a length over the end, binary': [Buffer.from('0006ff3468', 'hex'), STREAM],
    'text that is not UTF-8': [said(Buffer.from([0x34, 0xff])), STREAM],
    'a pong': ['1:3'],
  };
  for (const [what, args] of Object.entries(bad)) {
    test(`${what} ends the session`, async () => {
      const poller = await Poller.open(echo().port);
      await poller.posted(...args);
      assert.equal(await echo().reason(poller.sid), what === 'a pong' ? 'transport error' : 'parse error');
      await poller.isGone();
      poller.destroy();
    });
  }

  test('packets before the broken one are delivered', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('7:4!close9:4');
    assert.equal(await echo().reason(poller.sid), 'forced close');
    poller.destroy();
  });

  test('a close packet lets the waiting poll go', async () => {
    const poller = await Poller.open(echo().port);
    const waiting = poller.get();
    await echo().settle(); // the poll goes first, on a connection of its own
    await poller.posted('1:1');
    assert.equal((await waiting).body.toString(), '1:6');
    assert.equal(await echo().reason(poller.sid), 'transport close');
    await poller.isGone();
    poller.destroy();
  });

  test('the server closes with a close packet', async () => {
    const poller = await Poller.open(echo().port);
    await poller.posted('7:4!close');
    await poller.polled('7:4!close');
    await poller.polled('1:1');
    await poller.isGone();
    poller.destroy();
  });

  test('a body that is too big', async () => {
    const poller = await Poller.open(echo().port);
    assert.equal((await poller.post(Buffer.alloc(1000001), STREAM)).status, 413);
    poller.destroy();
  });

  test('two polls at a time', async () => {
    const poller = await Poller.open(echo().port);
    const first = poller.get();
    await echo().settle();
    const second = new Peer(echo().port);
    second.send(request('GET', poller.target));
    assert.equal((await answerOf(second)).status, 400);
    assert.equal((await first).status, 200);
    assert.equal(await echo().reason(poller.sid), 'transport error');
    second.destroy();
    poller.destroy();
  });
});

suite('WebSocket in revision 3', CALM, (echo) => {
  test('text and binary, both ways', async () => {
    const peer = await openWebSocket(echo().port);
    peer.send(frame(TEXT, '4hello'));
    assert.equal(await peer.text(), '4hello');
    peer.send(frame(BINARY, Buffer.from([4, 1, 2, 3, 4])));
    assert.deepEqual(await binary(peer), [4, 1, 2, 3, 4]);
    peer.send(frame(BINARY, Buffer.from([4])));
    assert.deepEqual(await binary(peer), [4]);
    peer.send(frame(TEXT, 'b4AQIDBA=='));
    assert.deepEqual(await binary(peer), [4, 1, 2, 3, 4]);
    peer.destroy();
  });

  test('binary messages of every length of length', async () => {
    const peer = await openWebSocket(echo().port);
    for (const length of [124, 125, 126, 65534, 65535, 65536, 200000]) {
      const data = Buffer.alloc(length + 1, 0xa5);
      data[0] = 4;
      peer.send(frame(BINARY, data));
      const { opcode, payload } = await peer.frame();
      assert.equal(opcode, BINARY);
      assert.ok(payload.equals(data), `${length} bytes`);
    }
    peer.destroy();
  });

  test('many at once arrive whole and in order', async () => {
    const peer = await openWebSocket(echo().port);
    const n = 200;
    peer.send(Buffer.concat(Array.from({ length: n }, (_, i) =>
      (i % 2 ? frame(TEXT, `4${i}`) : frame(BINARY, Buffer.from([4, i]))))));
    for (let i = 0; i < n; i++) {
      if (i % 2) assert.equal(await peer.text(), `4${i}`);
      else assert.deepEqual(await binary(peer), [4, i]);
    }
    peer.destroy();
  });

  test('b64 in the handshake: base64 in text frames', async () => {
    const peer = await openWebSocket(echo().port, '&b64=1');
    peer.send(frame(BINARY, Buffer.from([4, 1, 2, 3, 4])));
    assert.equal(await peer.text(), 'b4AQIDBA==');
    peer.send(frame(TEXT, '4hello'));
    assert.equal(await peer.text(), '4hello');
    peer.destroy();
  });

  test('pings in text and binary', async () => {
    const peer = await openWebSocket(echo().port);
    peer.send(frame(TEXT, '2'));
    assert.equal(await peer.text(), '3');
    peer.send(frame(TEXT, '2hello'));
    assert.equal(await peer.text(), '3hello');
    peer.send(frame(BINARY, Buffer.from([2])));
    assert.equal(await peer.text(), '3');
    peer.destroy();
  });

  const bad = {
    'an empty text': frame(TEXT, ''),
    'an empty binary frame': frame(BINARY, ''),
    'an unknown type': frame(TEXT, '9'),
    'a binary frame without its type': frame(BINARY, Buffer.from([0x34, 1])),
    'base64 without its type': frame(TEXT, 'bAQIDBA=='),
    'a pong': frame(TEXT, '3'),
  };
  for (const [what, packet] of Object.entries(bad)) {
    test(`${what} ends the session`, async () => {
      const peer = await openWebSocket(echo().port);
      peer.send(packet);
      assert.equal((await peer.close()).code, 1002);
      assert.equal(await echo().reason(peer.open.sid), what === 'a pong' ? 'transport error' : 'parse error');
      peer.destroy();
    });
  }

  test('a close packet', async () => {
    const peer = await openWebSocket(echo().port);
    peer.send(frame(TEXT, '1'));
    assert.equal(await echo().reason(peer.open.sid), 'transport close');
    peer.destroy();
  });
});

suite('upgrade in revision 3', CALM, (echo) => {
  const probeTarget = (poller) => `${WEBSOCKET}&sid=${poller.sid}`;

  async function probe(poller) {
    const peer = await upgrade(echo().port, probeTarget(poller));
    peer.send(frame(TEXT, '2probe'));
    assert.equal(await peer.text(), '3probe');
    return peer;
  }

  test('the waiting poll is let go, and the rest comes by the WebSocket', async () => {
    const poller = await Poller.open(echo().port);
    const waiting = poller.get();
    const peer = await probe(poller);
    assert.equal((await waiting).body.toString(), '1:6');
    await poller.posted(HELLO_AND_BYTES, STREAM);
    peer.send(frame(TEXT, '5'));
    assert.equal(await peer.text(), '4hello');
    assert.deepEqual(await binary(peer), [4, 1, 2, 3, 4]);
    peer.send(frame(TEXT, '2'));
    assert.equal(await peer.text(), '3');
    const answer = await poller.get();
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [400, 3]);
    peer.destroy();
    poller.destroy();
  });

  test('b64 of the handshake holds after it', async () => {
    const poller = await Poller.open(echo().port, '&b64=1');
    const peer = await probe(poller);
    peer.send(frame(TEXT, '5'));
    peer.send(frame(BINARY, Buffer.from([4, 1])));
    assert.equal(await peer.text(), 'b4AQ==');
    peer.destroy();
    poller.destroy();
  });

  test('anything else on the candidate closes it, and the session lives', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await upgrade(echo().port, probeTarget(poller));
    peer.send(frame(TEXT, '4hello'));
    await peer.close();
    await poller.posted('2:4a');
    await poller.polled('2:4a');
    peer.destroy();
    poller.destroy();
  });

  test('the session dies with its WebSocket', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await probe(poller);
    peer.send(frame(TEXT, '5'));
    peer.send(frame(TEXT, '2'));
    await peer.text();
    peer.destroy();
    assert.equal(await echo().reason(poller.sid), 'transport close');
    poller.destroy();
  });
});

suite('heartbeat in revision 3', [...ALLOWED, '--ping-interval-ms', '1500', '--ping-timeout-ms', '1500'], (echo) => {
  const DEATH_MS = 3000;

  test('who does not ping is closed, without having been pinged', async () => {
    const start = Date.now();
    const peer = await openWebSocket(echo().port);
    const { opcode, payload } = await peer.frame();
    assert.equal(opcode, CLOSE, payload.toString());
    assert.ok(Date.now() - start >= DEATH_MS - 10, `after ${Date.now() - start} ms`);
    assert.equal(await echo().reason(peer.open.sid), 'ping timeout');
    peer.destroy();
  });

  test('messages are no pings', async () => {
    const peer = await openWebSocket(echo().port);
    const talk = setInterval(() => peer.send(frame(TEXT, '4x')), 50);
    assert.equal(await echo().reason(peer.open.sid), 'ping timeout');
    clearInterval(talk);
    peer.destroy();
  });

  test('who pings lives', async () => {
    const peer = await openWebSocket(echo().port);
    const end = Date.now() + 2 * DEATH_MS;
    while (Date.now() < end) {
      peer.send(frame(TEXT, '2'));
      assert.equal(await peer.text(), '3');
      await sleep(50);
    }
    peer.send(frame(TEXT, '4alive'));
    assert.equal(await peer.text(), '4alive');
    peer.destroy();
  });

  test('polling, too', async () => {
    const poller = await Poller.open(echo().port);
    const end = Date.now() + 2 * DEATH_MS;
    while (Date.now() < end) {
      await poller.posted('1:2');
      await poller.polled('1:3');
      await sleep(50);
    }
    assert.equal(await echo().reason(poller.sid), 'ping timeout');
    await poller.isGone();
    poller.destroy();
  });

  test('after an upgrade, too', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await upgrade(echo().port, `${WEBSOCKET}&sid=${poller.sid}`);
    peer.send(frame(TEXT, '2probe'));
    await peer.text();
    peer.send(frame(TEXT, '5'));
    assert.equal(await echo().reason(poller.sid), 'ping timeout');
    peer.destroy();
    poller.destroy();
  });
}, { concurrency: true });

test('who pings without end and reads nothing is a slow consumer', async () => {
  const echo = await Echo.start(...CALM, '--queue-max-bytes', '20000');
  const peer = await openWebSocket(echo.port);
  peer.socket.pause();
  const many = Buffer.concat(Array.from({ length: 2000 }, () => frame(TEXT, `2${'x'.repeat(1000)}`)));
  let isOver = false;
  const reason = echo.reason(peer.open.sid).finally(() => { isOver = true; });
  while (!isOver && !peer.hasEnded) {
    if (!peer.socket.write(many)) await Promise.race([reason, once(peer.socket, 'drain').catch(() => {})]);
  }
  assert.equal(await reason, 'slow consumer');
  peer.destroy();
  await echo.isWell();
  await echo.stop();
});
