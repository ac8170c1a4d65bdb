// Engine.IO and WebSocket as a stranger sees them: the echo server (tests/echo.c) and raw sockets.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { ECHO, Echo, MAX_PAYLOAD, QUIET, TARGET, suite } = require('./echo');
const { waitFor } = require('./helpers');
const {
  TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG, Peer, closeFrame, frame, upgrade, upgradeRequest,
} = require('./rawws');

const ENDS_MS = 30000; // for what the server ends after 10 s at the latest, on a busy machine

suite('handshake', QUIET, (echo) => {
  test('the open packet has exactly the five keys, in order', async () => {
    const peer = await upgrade(echo().port, TARGET);
    const text = await peer.text();
    assert.match(text, /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\[\],"pingInterval":60000,"pingTimeout":200,"maxPayload":1000000\}$/);
    assert.deepEqual(Object.keys(JSON.parse(text.slice(1))),
      ['sid', 'upgrades', 'pingInterval', 'pingTimeout', 'maxPayload']);
    assert.equal(peer.answer.version, 'HTTP/1.1');
    assert.equal(peer.answer.headers.upgrade.toLowerCase(), 'websocket');
    assert.equal(peer.answer.headers.connection.toLowerCase(), 'upgrade');
    assert.equal(peer.answer.headers['sec-websocket-extensions'], undefined);
    peer.destroy();
  });

  test('every session has a sid of its own', async () => {
    const peers = await Promise.all(Array.from({ length: 20 }, () => echo().session()));
    assert.equal(new Set(peers.map((peer) => peer.open.sid)).size, 20);
    peers.forEach((peer) => peer.destroy());
  });

  for (const target of [
    '/engine.io?EIO=4&transport=websocket',
    '/engine.io/?transport=websocket&EIO=4&t=abc&b64=1',
    '/engine.io/x?EIO=4&transport=websocket',
    '/engine.io/?EIO=%34&transport=web%73ocket',
    '/x/../engine.io/?EIO=4&transport=websocket&sid=',
  ]) {
    test(`opens at ${target}`, async () => {
      (await echo().session({ target })).destroy();
    });
  }

  test('takes any case and more words in the headers', async () => {
    const headers = { Connection: 'keep-alive, uPGRADE', Upgrade: 'WebSocket', 'X-More': 'x'.repeat(4000) };
    (await echo().session({ headers })).destroy();
  });

  test('does not negotiate extensions', async () => {
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
    const peer = await echo().session({ headers });
    assert.equal(peer.answer.headers['sec-websocket-extensions'], undefined);
    peer.destroy();
  });

  test('answers with the first subprotocol that is offered', async () => {
    for (const offer of ['chat', 'v2.chat, v1.chat', 'engine.io', 'chat']) {
      const peer = await echo().session({ headers: { 'Sec-WebSocket-Protocol': offer } });
      assert.equal(peer.answer.headers['sec-websocket-protocol'], offer.split(',')[0]);
      peer.destroy();
      const plain = await echo().session();
      assert.equal(plain.answer.headers['sec-websocket-protocol'], undefined);
      plain.destroy();
      assert.equal((await echo().get('/health')).status, 200);
    }
  });

  test('takes a token of 8000 characters', async () => {
    (await echo().session({ headers: { Authorization: `Bearer ${'x'.repeat(8000)}` } })).destroy();
  });

  test('frames may come with the request', async () => {
    const peer = await echo().session({ extra: Buffer.concat([frame(TEXT, '4one'), frame(TEXT, '4two')]) });
    assert.equal(await peer.text(), '4one');
    assert.equal(await peer.text(), '4two');
    peer.destroy();
  });
});

suite('refused upgrades', QUIET, (echo) => {
  const base = '/engine.io/?EIO=4&transport=websocket';
  const cases = [
    ['no transport', '/engine.io/?EIO=4', {}, 400, 'Transport unknown'],
    ['no query', '/engine.io/', {}, 400, 'Transport unknown'],
    ['transport abc', '/engine.io/?EIO=4&transport=abc', {}, 400, 'Transport unknown'],
    ['transport polling', '/engine.io/?EIO=4&transport=polling', {}, 400, 'Bad request'],
    ['transport __proto__', '/engine.io/?EIO=4&transport=__proto__', {}, 400, 'Transport unknown'],
    ['transport constructor', '/engine.io/?EIO=4&transport=constructor', {}, 400, 'Transport unknown'],
    ['transport webtransport', '/engine.io/?EIO=4&transport=webtransport', {}, 400, 'Transport unknown'],
    ['transport twice', `${base}&transport=websocket`, {}, 400, 'Transport unknown'],
    ['no EIO', '/engine.io/?transport=websocket', {}, 400, 'Unsupported protocol version'],
    ['EIO 3', '/engine.io/?EIO=3&transport=websocket', {}, 400, 'Unsupported protocol version'],
    ['EIO abc', '/engine.io/?EIO=abc&transport=websocket', {}, 400, 'Unsupported protocol version'],
    ['a sid', `${base}&sid=abc`, {}, 400, 'Session ID unknown'],
    ['sid __proto__', `${base}&sid=__proto__`, {}, 400, 'Session ID unknown'],
    ['POST', base, { method: 'POST', headers: { 'Content-Length': '0' } }, 400, 'Bad handshake method'],
    ['DELETE', base, { method: 'DELETE' }, 400, 'Bad handshake method'],
    ['HTTP/1.0', base, { version: 'HTTP/1.0' }, 400, 'Bad request'],
    ['HTTP/9.9', base, { version: 'HTTP/9.9' }, 400, 'Bad request'],
    ['control character in Origin', base, { headers: { Origin: 'http://a\x01' } }, 400, 'Bad request'],
    ['no Host', base, { headers: { Host: null } }, 400, 'Bad request'],
    ['no key', base, { headers: { 'Sec-WebSocket-Key': null } }, 400, 'Bad request'],
    ['a short key', base, { headers: { 'Sec-WebSocket-Key': 'eA==' } }, 400, 'Bad request'],
    ['a key that is no base64', base, { headers: { 'Sec-WebSocket-Key': '!'.repeat(24) } }, 400, 'Bad request'],
    ['two keys', base, { headers: { 'Sec-WebSocket-Key': Array(2).fill('dGhlIHNhbXBsZSBub25jZQ==') } }, 400, 'Bad request'],
    ['Connection without upgrade', base, { headers: { Connection: 'keep-alive' } }, 400, 'Bad request'],
    ['no Connection', base, { headers: { Connection: null } }, 400, 'Bad request'],
    ['h2c', base, { headers: { Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAARAAAAAAAIAAAAA' } }, 400, 'Bad request'],
    ['a subprotocol twice', base, { headers: { 'Sec-WebSocket-Protocol': 'chat, chat' } }, 400, 'Bad request'],
    ['a subprotocol that is none', base, { headers: { 'Sec-WebSocket-Protocol': 'a b' } }, 400, 'Bad request'],
    ['a subprotocol of 7000 blanks', base, { headers: { 'Sec-WebSocket-Protocol': `b${' '.repeat(7000)}x` } }, 400, 'Bad request'],
    ['no version', base, { headers: { 'Sec-WebSocket-Version': null } }, 426, 'Upgrade Required'],
    ['version 8', base, { headers: { 'Sec-WebSocket-Version': '8' } }, 426, 'Upgrade Required'],
    ['two versions', base, { headers: { 'Sec-WebSocket-Version': ['13', '13'] } }, 426, 'Upgrade Required'],
    ['another path', '/x?EIO=4&transport=websocket', {}, 404, 'Not Found\n'],
    ['a path that only begins alike', '/engine.iox/?EIO=4&transport=websocket', {}, 404, 'Not Found\n'],
  ];
  for (const [name, target, options, status, body] of cases) {
    test(name, async () => {
      const peer = new Peer(echo().port);
      peer.send(upgradeRequest(target, options));
      const answer = await peer.response();
      assert.equal(answer.version, 'HTTP/1.1');
      assert.equal(answer.status, status);
      assert.equal(answer.body, body);
      assert.equal(answer.headers.connection, 'close');
      if (status === 400) assert.equal(answer.headers['content-type'], 'text/html');
      if (status === 426) assert.equal(answer.headers['sec-websocket-version'], '13');
      await peer.end();
    });
  }

  test('a keep-alive connection may be upgraded, and refused', async () => {
    const peer = new Peer(echo().port);
    peer.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await peer.response()).status, 200);
    peer.send(upgradeRequest('/engine.io/?transport=websocket'));
    assert.equal((await peer.response()).status, 400);
    await peer.end();
    const other = new Peer(echo().port);
    other.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal((await other.response()).status, 200);
    other.send(upgradeRequest(TARGET));
    assert.equal((await other.response()).status, 101);
    assert.match(await other.text(), /^0\{/);
    other.destroy();
  });

  test('no session was opened by any of them', async () => {
    await echo().isWell();
    assert.deepEqual(echo().lines.filter((line) => line.startsWith('close') && !/transport close$/.test(line)), []);
  });
}, { concurrency: true });

suite('full', QUIET, (echo) => {
  test('answers 503 with Retry-After, and opens again later', async () => {
    const peer = await echo().session();
    peer.send(frame(TEXT, '4!full'));
    await peer.text();
    const answer = await echo().request(upgradeRequest(TARGET));
    assert.equal(answer.status, 503);
    assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
    assert.equal((await echo().request(upgradeRequest('/engine.io/?EIO=4'))).status, 400);
    peer.send(frame(TEXT, '4!free'));
    await peer.text();
    await echo().isWell();
    peer.destroy();
  });
});

suite('plain requests', QUIET, (echo) => {
  const cases = [
    ['GET', '/engine.io', { code: 0, message: 'Transport unknown' }],
    ['GET', '/engine.io/?EIO=4&transport=__proto__', { code: 0, message: 'Transport unknown' }],
    ['GET', '/engine.io/?EIO=4&transport=polling&transport=polling', { code: 0, message: 'Transport unknown' }],
    ['GET', '/engine.io/?EIO=4&transport=polling&sid=abc', { code: 1, message: 'Session ID unknown' }],
    ['GET', '/engine.io/?EIO=4&transport=websocket&sid=abc', { code: 1, message: 'Session ID unknown' }],
    ['POST', '/engine.io/?EIO=4&transport=polling&sid=__proto__', { code: 1, message: 'Session ID unknown' }],
    ['POST', '/engine.io/?EIO=4&transport=polling', { code: 2, message: 'Bad handshake method' }],
    ['OPTIONS', '/engine.io/?EIO=4&transport=polling', { code: 2, message: 'Bad handshake method' }],
    ['POST', '/engine.io/?EIO=4&transport=websocket', { code: 2, message: 'Bad handshake method' }],
    ['GET', '/engine.io/?EIO=4&transport=websocket', { code: 3, message: 'Bad request' }],
    ['GET', '/engine.io/?EIO=3&transport=polling', { code: 5, message: 'Unsupported protocol version' }],
    ['GET', '/engine.io/?transport=polling', { code: 5, message: 'Unsupported protocol version' }],
  ];
  for (const [method, target, body] of cases) {
    test(`${method} ${target}`, async () => {
      const answer = await echo().request(`${method} ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi`);
      assert.equal(answer.status, 400);
      assert.match(answer.headers['content-type'], /^application\/json/);
      assert.deepEqual(JSON.parse(answer.body), body);
    });
  }

  test('pages and the rest', async () => {
    assert.deepEqual((({ status, body }) => ({ status, body }))(await echo().get('/health?x')), { status: 200, body: 'sessions 0\n' });
    for (const target of ['/', '/x', '/health/x', '/ready', '/engine.iox']) {
      assert.equal((await echo().get(target)).status, 404, target);
    }
    const head = await echo().request('HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-length'], '11');
    assert.equal((await echo().request('POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')).status, 404);
  });

  test('many requests on one connection, bodies between them', async () => {
    const peer = new Peer(echo().port);
    for (let i = 0; i < 5; i++) {
      peer.send('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n');
      peer.send('0123456789');
      assert.equal((await peer.response()).status, 404);
      peer.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.equal((await peer.response()).status, 200);
    }
    peer.destroy();
  });

  for (const [name, headers, status] of [
    ['a negative length', 'Content-Length: -1', 400],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6', 400],
    ['no length', 'Accept: */*', 411],
    ['chunks', 'Transfer-Encoding: chunked', 411],
    ['chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 5', 411],
    ['a length that nobody would skip', `Content-Length: ${65 * 1024 * 1024}`, 413],
    ['a length over all limits', 'Content-Length: 99999999999999999999999999', 413],
  ]) {
    test(`POST with ${name} is refused and closed`, async () => {
      const peer = new Peer(echo().port);
      peer.send(`POST /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
      assert.equal((await peer.response()).status, status);
      await peer.end();
    });
  }

  test('HTTP/1.0 is answered and closed', async () => {
    const peer = new Peer(echo().port);
    peer.send('GET /health HTTP/1.0\r\n\r\n');
    assert.equal((await peer.response()).status, 200);
    await peer.end();
  });
});

suite('messages', QUIET, (echo) => {
  test('text and binary come back', async () => {
    const peer = await echo().session();
    peer.send(frame(TEXT, '4hello')).send(frame(TEXT, '4')).send(frame(TEXT, '4€ 🎉 \u0000'));
    assert.equal(await peer.text(), '4hello');
    assert.equal(await peer.text(), '4');
    assert.equal(await peer.text(), '4€ 🎉 \u0000');
    for (const bytes of [[1, 2, 3, 4], [], [0x34, 0xff, 0xfe], Array(300).fill(7), Array(70000).fill(8)]) {
      peer.send(frame(BINARY, Buffer.from(bytes)));
      const { opcode, payload } = await peer.frame();
      assert.equal(opcode, BINARY);
      assert.deepEqual([...payload], bytes);
    }
    peer.destroy();
  });

  test('base64 in a text frame is binary', async () => {
    const peer = await echo().session();
    peer.send(frame(TEXT, 'bAQIDBA=='));
    const { opcode, payload } = await peer.frame();
    assert.equal(opcode, BINARY);
    assert.deepEqual([...payload], [1, 2, 3, 4]);
    peer.destroy();
  });

  test('a thousand in one write come back in order', async () => {
    const peer = await echo().session();
    peer.send(Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame(TEXT, `4message ${i}`))));
    for (let i = 0; i < 1000; i++) assert.equal(await peer.text(), `4message ${i}`);
    peer.destroy();
  });

  test('every length of header, both ways', async () => {
    const peer = await echo().session();
    for (const length of [123, 124, 125, 126, 127, 65533, 65534, 65535, 65536, 200000, MAX_PAYLOAD - 1]) {
      const text = `4${'x'.repeat(length)}`;
      peer.send(frame(TEXT, text));
      assert.equal((await peer.text()).length, text.length);
    }
    peer.destroy();
  });

  test('fragments, with control frames between them', async () => {
    const peer = await echo().session();
    peer.send(frame(TEXT, '4hel', { fin: false }));
    peer.send(frame(PING, 'are you there?'));
    const pong = await peer.frame();
    assert.equal(pong.opcode, PONG);
    assert.equal(pong.payload.toString(), 'are you there?');
    peer.send(frame(CONTINUATION, '', { fin: false })).send(frame(CONTINUATION, 'l', { fin: false }));
    peer.send(frame(PONG, 'unasked'));
    peer.send(frame(CONTINUATION, 'o')).send(frame(TEXT, '', { fin: false })).send(frame(CONTINUATION, '4next'));
    assert.equal(await peer.text(), '4hello');
    assert.equal(await peer.text(), '4next');
    peer.send(frame(BINARY, [1], { fin: false })).send(frame(CONTINUATION, [2]));
    assert.deepEqual([...(await peer.frame()).payload], [1, 2]);
    peer.destroy();
  });

  test('a character across fragments', async () => {
    const peer = await echo().session();
    const euro = Buffer.from('4€');
    peer.send(frame(TEXT, euro.subarray(0, 2), { fin: false }));
    peer.send(frame(CONTINUATION, euro.subarray(2, 3), { fin: false })).send(frame(CONTINUATION, euro.subarray(3)));
    assert.equal(await peer.text(), '4€');
    peer.destroy();
  });

  test('one byte at a time', async () => {
    const peer = await echo().session();
    for (const byte of frame(TEXT, '4slowly')) {
      peer.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    assert.equal(await peer.text(), '4slowly');
    peer.destroy();
  });

  test('endless tiny fragments count as what they hold', async () => {
    const peer = await echo().session();
    peer.send(Buffer.concat([
      frame(TEXT, '4', { fin: false }),
      ...Array.from({ length: 20000 }, () => frame(CONTINUATION, 'x', { fin: false })),
      ...Array.from({ length: 20000 }, () => frame(CONTINUATION, '', { fin: false })),
      frame(CONTINUATION, '!'),
    ]));
    assert.equal((await peer.text()).length, 20002);
    peer.destroy();
  });

  test('the largest message, in one frame and in many', async () => {
    const peer = await echo().session();
    const text = `4${'y'.repeat(MAX_PAYLOAD - 1)}`;
    peer.send(frame(TEXT, text));
    assert.equal(await peer.text(), text);
    peer.send(frame(TEXT, text.slice(0, 10), { fin: false })).send(frame(CONTINUATION, text.slice(10)));
    assert.equal(await peer.text(), text);
    peer.destroy();
  });

  test('noop, upgrade and open packets pass', async () => {
    const peer = await echo().session();
    peer.send(frame(TEXT, '6')).send(frame(TEXT, '5')).send(frame(TEXT, '0{}')).send(frame(TEXT, '4still here'));
    assert.equal(await peer.text(), '4still here');
    peer.destroy();
  });
});

suite('closed for what the client sends', QUIET, (echo) => {
  const euro = Buffer.from('4€');
  const cases = [
    ['an unknown packet', frame(TEXT, 'abc'), 1002, 'parse error'],
    ['an empty packet', frame(TEXT, ''), 1002, 'parse error'],
    ['bad base64', frame(TEXT, 'b!!!'), 1002, 'parse error'],
    ['a ping', frame(TEXT, '2'), 1002, 'transport error'],
    ['a probe', frame(TEXT, '2probe'), 1002, 'transport error'],
    ['a close packet', frame(TEXT, '1'), 1000, 'transport close'],
    ['a frame over the limit', frame(TEXT, `4${'x'.repeat(MAX_PAYLOAD)}`), 1009, 'payload too large'],
    ['the announcement of one', frame(TEXT, '4', { length: MAX_PAYLOAD + 1 }), 1009, 'payload too large'],
    ['the announcement of 2^53 bytes', frame(BINARY, '4', { length: 2 ** 53 }), 1009, 'payload too large'],
    ['fragments that add up',
      Buffer.concat([frame(TEXT, `4${'x'.repeat(600000)}`, { fin: false }), frame(CONTINUATION, 'x'.repeat(600000))]),
      1009, 'payload too large'],
    ['invalid UTF-8', frame(TEXT, Buffer.from([0x34, 0xff])), 1007, 'transport error'],
    ['an overlong form', frame(TEXT, Buffer.from([0x34, 0xc0, 0x80])), 1007, 'transport error'],
    ['a surrogate', frame(TEXT, Buffer.from([0x34, 0xed, 0xa0, 0x80])), 1007, 'transport error'],
    ['a character cut off', frame(TEXT, euro.subarray(0, 3)), 1007, 'transport error'],
    ['a character cut off before an empty fragment',
      Buffer.concat([frame(TEXT, euro.subarray(0, 3), { fin: false }), frame(CONTINUATION, '')]),
      1007, 'transport error'],
    ['RSV1', frame(TEXT, '4x', { first: 0xc1 }), 1002, 'transport error'],
    ['RSV2', frame(TEXT, '4x', { first: 0xa1 }), 1002, 'transport error'],
    ['RSV3', frame(TEXT, '4x', { first: 0x91 }), 1002, 'transport error'],
    ['opcode 3', frame(3, '4x'), 1002, 'transport error'],
    ['opcode 11', frame(11, '4x'), 1002, 'transport error'],
    ['a fragmented ping', frame(PING, 'x', { fin: false }), 1002, 'transport error'],
    ['a continuation of nothing', frame(CONTINUATION, '4x'), 1002, 'transport error'],
    ['a message inside a message', Buffer.concat([frame(TEXT, '4', { fin: false }), frame(TEXT, '4x')]), 1002, 'transport error'],
    ['a close frame of one byte', frame(CLOSE, '\x03'), 1002, 'transport error'],
    ['a close frame with bad text', frame(CLOSE, Buffer.from([0x03, 0xe8, 0xff])), 1007, 'transport error'],
  ];
  for (const [name, bytes, code, reason] of cases) {
    test(name, async () => {
      const peer = await echo().session();
      peer.send(frame(TEXT, '4first'));
      assert.equal(await peer.text(), '4first');
      peer.send(bytes).send(frame(TEXT, '4too late'));
      assert.equal((await peer.close()).code, code);
      peer.send(closeFrame(1000));
      await peer.end();
      assert.equal(await echo().reason(peer.open.sid), reason);
    });
  }

  for (const [name, bytes] of [
    ['a ping of 126 bytes', frame(PING, 'x'.repeat(126))],
    ['a length with its highest bit', Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ]) {
    test(`${name} ends the connection`, async () => {
      const peer = await echo().session();
      peer.send(bytes);
      await peer.end();
    });
  }

  test('nobody else noticed', async () => {
    await echo().isWell();
  });
}, { concurrency: true });

suite('closing', QUIET, (echo) => {
  for (const [sent, answered] of [[1000, 1000], [1001, 1001], [3000, 3000], [4001, 4001], [1005, 1002], [999, 1002], [2999, 1002]]) {
    test(`the client closes with ${sent}`, async () => {
      const peer = await echo().session();
      peer.send(closeFrame(sent, 'bye'));
      assert.equal((await peer.close()).code, answered);
      await peer.end();
      assert.equal(await echo().reason(peer.open.sid), 'transport close');
    });
  }

  test('the client closes without a code', async () => {
    const peer = await echo().session();
    peer.send(frame(CLOSE));
    assert.equal((await peer.close()).code, undefined);
    await peer.end();
  });

  test('the server closes: first what was queued, then the frame, then TCP after our answer', async () => {
    const deaf = await echo().session();
    const peer = await echo().session();
    deaf.send(frame(TEXT, '4!close'));
    await deaf.close();
    peer.send(Buffer.concat([frame(TEXT, '4one'), frame(TEXT, '4!close'), frame(TEXT, '4two')]));
    assert.equal(await peer.text(), '4one');
    assert.equal(await peer.text(), '4!close');
    const { opcode, payload } = await peer.frame();
    assert.equal(opcode, CLOSE);
    assert.deepEqual(payload, Buffer.from('\x03\xe8forced close', 'latin1'));
    assert.equal(await echo().reason(peer.open.sid), 'forced close');
    peer.send(closeFrame(1000));
    await peer.end();
    assert.equal(peer.bytes.length, 0);
    assert.equal(deaf.hasEnded, false, 'not when patience ends with one that does not answer');
    deaf.destroy();
  });

  test('the server closes and the client does not answer', async () => {
    const peer = await echo().session();
    peer.send(frame(TEXT, '4!close'));
    await peer.close();
    peer.send(frame(TEXT, '4deaf'));
    await peer.end(ENDS_MS);
  });

  test('the client is gone without a word', async () => {
    const one = await echo().session();
    const two = await echo().session();
    one.destroy();
    two.reset();
    assert.equal(await echo().reason(one.open.sid), 'transport close');
    assert.equal(await echo().reason(two.open.sid), 'transport close');
  });

  test('gone in the middle of a message, of a handshake, of an answer', async () => {
    for (let i = 0; i < 20; i++) {
      const peer = await echo().session();
      peer.send(frame(TEXT, '4never complete', { length: 5000 }));
      i % 2 ? peer.reset() : peer.destroy();
      const early = new Peer(echo().port);
      await early.connected;
      early.send(upgradeRequest(TARGET).slice(0, 10 * i));
      await new Promise(setImmediate);
      early.reset();
      const greedy = await echo().session();
      greedy.send(Buffer.concat(Array.from({ length: 50 }, () => frame(TEXT, `4${'x'.repeat(20000)}`))));
      await new Promise(setImmediate);
      greedy.reset();
    }
    await echo().isWell();
  });
});

// Time enough to answer on a busy machine.
const PATIENT = ['--ping-timeout-ms', '3000'];

suite('heartbeat', PATIENT, (echo) => {
  test('the server pings, an interval after each pong', async () => {
    let since = Date.now();
    const peer = await echo().session();
    assert.equal(peer.open.pingInterval, 300);
    for (let i = 0; i < 3; i++) {
      assert.equal(await peer.text(), '2');
      assert.ok(Date.now() - since >= 290, `${Date.now() - since} ms`);
      since = Date.now();
      peer.send(frame(TEXT, '3'));
    }
    peer.destroy();
  });

  test('who does not answer is closed after the timeout', async () => {
    const start = Date.now();
    const peer = await echo().session();
    assert.equal(await peer.text(), '2');
    const { code, reason } = await peer.close();
    const waited = Date.now() - start;
    assert.equal(code, 1001);
    assert.equal(reason, 'ping timeout');
    assert.ok(waited >= 3290, `${waited} ms`);
    assert.equal(await echo().reason(peer.open.sid), 'ping timeout');
    peer.destroy();
  });

  test('a server that stood still reads the pongs that have come before it judges', async () => {
    const own = await Echo.start(...PATIENT);
    const peers = await Promise.all(Array.from({ length: 20 }, () => own.session()));
    for (const peer of peers) assert.equal(await peer.text(), '2');
    own.child.kill('SIGSTOP');
    peers.forEach((peer) => peer.send(frame(TEXT, '3')));
    await sleep(4000); // longer than its patience
    own.child.kill('SIGCONT');
    for (const peer of peers) assert.equal(await peer.text(), '2');
    peers.forEach((peer) => peer.destroy());
    await own.stop();
  });

  test('traffic is no heartbeat', async () => {
    const peer = await echo().session();
    const timer = setInterval(() => peer.send(frame(TEXT, '4busy')), 20);
    const seen = [];
    for (;;) {
      const { opcode, payload } = await peer.frame();
      if (opcode === CLOSE) break;
      seen.push(payload.toString());
    }
    clearInterval(timer);
    assert.equal(seen.filter((text) => text === '2').length, 1);
    assert.ok(seen.length > 10);
    assert.equal(await echo().reason(peer.open.sid), 'ping timeout');
    peer.destroy();
  });
}, { concurrency: true });

suite('slow consumer', ['--ping-interval-ms', '60000', '--queue-max-bytes', '300000'], (echo) => {
  test('is closed, and nobody else notices', async () => {
    const slow = await echo().session();
    const other = await echo().session();
    slow.socket.pause();
    const block = Buffer.concat(Array.from({ length: 100 }, () => frame(TEXT, `4${'x'.repeat(50000)}`)));
    let ended = false;
    slow.socket.on('close', () => { ended = true; });
    for (let i = 0; i < 20 && !ended; i++) {
      slow.send(block);
      other.send(frame(TEXT, `4${i}`));
      assert.equal(await other.text(), `4${i}`);
    }
    assert.equal(await echo().reason(slow.open.sid), 'slow consumer');
    slow.destroy();
    other.destroy();
    await echo().isWell();
  });

  test('a fast one gets many times the bound through', async () => {
    const peer = await echo().session();
    for (let i = 0; i < 100; i++) {
      peer.send(frame(TEXT, `4${'z'.repeat(50000)}`));
      assert.equal((await peer.text()).length, 50001);
    }
    peer.destroy();
  });
});

suite('strangers on the port', QUIET, (echo) => {
  const tls = Buffer.from('16030100c8010000c40303', 'hex');
  for (const [name, bytes] of [
    ['garbage', Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7919) & 0xff))],
    ['zeroes', Buffer.alloc(5000)],
    ['a TLS client', Buffer.concat([tls, Buffer.alloc(195, 1)])],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a tunnel', Buffer.from('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['an unknown method', Buffer.from('BREW / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['two methods', Buffer.from('GET / HTTP/1.1\r\nPOST /x HTTP/1.1\r\n\r\n')],
    ['too many headers', Buffer.from(`GET /health HTTP/1.1\r\n${'X-Header-Name: value\r\n'.repeat(2000)}\r\n`)],
    ['a header without end', Buffer.from(`GET /health HTTP/1.1\r\nX: ${'y'.repeat(40000)}`)],
    ['a URL without end', Buffer.from(`GET /${'y'.repeat(40000)}`)],
    ['too many parameters', Buffer.from(`GET /engine.io/?${'a&'.repeat(5000)} HTTP/1.1\r\n\r\n`)],
    ['a bad escape', Buffer.from('GET /%zz HTTP/1.1\r\n\r\n')],
    ['a NUL in the URL', Buffer.from('GET /health%00 HTTP/1.1\r\nHost: x\r\n\r\n')],
  ]) {
    test(`${name}: the connection ends`, async () => {
      const peer = new Peer(echo().port);
      peer.send(bytes);
      await peer.end(ENDS_MS);
    });
  }

  test('an upgrade to something else, on a fresh connection and on a used one', async () => {
    const other = 'GET /engine.io/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n';
    const fresh = new Peer(echo().port);
    fresh.send(other);
    assert.equal((await fresh.response()).status, 403);
    await fresh.end();
    for (const rest of ['', other, upgradeRequest(TARGET)]) {
      const used = new Peer(echo().port);
      used.send('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
      assert.equal((await used.response()).status, 200);
      used.send(other + rest);
      assert.equal((await used.response()).status, 403);
      await used.end();
    }
  });

  test('a head that drips in is not waited for', async () => {
    const peer = new Peer(echo().port);
    peer.send('GET /engine.io/ HTTP/1.1\r\nX: ');
    const timer = setInterval(() => peer.send('y'), 500);
    await peer.end(ENDS_MS).finally(() => clearInterval(timer));
  });

  test('silence is not waited for', async () => {
    const peer = new Peer(echo().port);
    await peer.connected;
    await peer.end(ENDS_MS);
  });

  test('closed before it was established, a hundred times', async () => {
    await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const peer = new Peer(echo().port);
      peer.send(upgradeRequest(TARGET, { headers: { [i % 2 ? 'Sec-WebSocket-Key' : 'Host']: null } }));
      assert.equal((await peer.response()).status, 400);
      await peer.end();
    }));
  });

  test('a crowd comes and goes', async () => {
    const peers = await Promise.all(Array.from({ length: 200 }, () => echo().session()));
    assert.ok(await echo().sessions() >= 200);
    peers.forEach((peer, i) => { i % 2 ? peer.destroy() : peer.send(closeFrame(1000)); });
    await Promise.all(peers.map((peer) => echo().reason(peer.open.sid)));
    await echo().isWell();
  });
}, { concurrency: true });

describe('static files', () => {
  let echo;
  let dir;

  before(async () => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-static-'));
    fs.mkdirSync(path.join(dir, 'public/sub'), { recursive: true });
    fs.writeFileSync(path.join(dir, 'secret.txt'), 'secret');
    for (const [name, text] of Object.entries({
      'index.html': '<p>hi', 'a.css': 'p{}', 'a.js': 'x()', 'a.svg': '<svg/>', 'a.png': 'png', health: 'not me', 'sub/x.txt': 'x',
    })) fs.writeFileSync(path.join(dir, 'public', name), text);
    fs.writeFileSync(path.join(dir, 'public/big.js'), 'z'.repeat(300000));
    echo = await Echo.start(...QUIET, '--static-dir', path.join(dir, 'public'));
  });

  after(async () => {
    await echo.stop();
    fs.rmSync(dir, { recursive: true });
  });

  for (const [target, type, body] of [
    ['/', 'text/html', '<p>hi'],
    ['/index.html', 'text/html', '<p>hi'],
    ['/a.css?v=1', 'text/css', 'p{}'],
    ['/a.js', 'text/javascript', 'x()'],
    ['/a.svg', 'image/svg+xml', '<svg/>'],
    ['/a.png', 'image/png', 'png'],
    ['/sub/x.txt', 'text/plain', 'x'],
    ['/big.js', 'text/javascript', 'z'.repeat(300000)],
  ]) {
    test(`GET ${target}`, async () => {
      const answer = await echo.get(target);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'].split(';')[0], type);
      assert.equal(answer.body, body);
    });
  }

  test('nothing outside, no listings, no files in the place of pages', async () => {
    for (const target of ['/missing', '/sub', '/sub/', '/../secret.txt', '/%2e%2e/secret.txt', '/sub/../../secret.txt', '/..%2fsecret.txt']) {
      assert.equal((await echo.get(target)).status, 404, target);
    }
    assert.equal((await echo.get('/health')).body, 'sessions 0\n');
    await echo.isWell();
  });
});

describe('the process', () => {
  test('listens on the asked address only', async () => {
    const echo = await Echo.start('--address', '127.0.0.1');
    const port = echo.port.toString(16).toUpperCase().padStart(4, '0');
    const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => fs.readFileSync(file, 'utf8').split('\n'))
      .map((line) => line.trim().split(/\s+/)).filter((columns) => columns[1]?.endsWith(`:${port}`) && columns[3] === '0A');
    assert.deepEqual(listening.map((columns) => columns[1]), [`0100007F:${port}`]);
    const other = new Peer(echo.port, '127.0.0.2');
    await assert.rejects(other.connected, { code: 'ECONNREFUSED' });
    await echo.stop();
  });

  test('says why it cannot listen', async () => {
    const echo = await Echo.start();
    for (const [args, why] of [
      [['--port', String(echo.port)], /in use/],
      [['--address', 'nowhere'], /nowhere/],
      [['--static-dir', '/does/not/exist'], /does\/not\/exist/],
      [['--path', 'x'], /path/],
    ]) {
      const child = spawn(ECHO, ['--port', '0', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      let errors = '';
      child.stderr.on('data', (data) => { errors += data; });
      const code = await new Promise((resolve) => { child.once('close', resolve); });
      assert.equal(code, 1);
      assert.match(errors, why);
      assert.doesNotMatch(errors, /Sanitizer|runtime error/);
    }
    await echo.stop();
  });

  test('rests when it has no descriptors left, and recovers', async () => {
    const echo = await Echo.start(64, ...QUIET);
    const peers = Array.from({ length: 100 }, () => new Peer(echo.port));
    await Promise.all(peers.map((peer) => peer.connected));
    await waitFor('it to rest', () => /listener\.pause/.test(echo.errors));
    const before = echo.cpuMs();
    await sleep(1500);
    assert.ok(echo.cpuMs() - before < 300, `${echo.cpuMs() - before} ms of CPU in 1500 ms`);
    peers.forEach((peer) => peer.destroy());
    await echo.isWell();
    await echo.stop();
  });

  test('SIGTERM tells everybody and leaves nothing behind', async () => {
    const echo = await Echo.start(...QUIET);
    const peers = await Promise.all(Array.from({ length: 10 }, () => echo.session()));
    const half = new Peer(echo.port);
    half.send('GET /engine.io/ HTTP/1.1\r\n');
    const deaf = await echo.session();
    deaf.socket.pause();
    deaf.send(Buffer.concat(Array.from({ length: 40 }, () => frame(TEXT, `4${'x'.repeat(100000)}`))));
    await peers[0].send(frame(TEXT, '4x')).text();
    const closes = Promise.all(peers.map((peer) => peer.close()));
    await echo.stop();
    for (const { code, reason } of await closes) {
      assert.equal(code, 1001);
      assert.equal(reason, 'server shutting down');
    }
    assert.equal(echo.lines.filter((line) => line.endsWith('server shutting down')).length, 11);
    deaf.destroy();
    half.destroy();
  });
});
