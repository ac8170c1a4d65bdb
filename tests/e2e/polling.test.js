// Long polling and the upgrade to WebSocket as a stranger sees them: the echo server and raw HTTP.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Echo, MAX_PAYLOAD, QUIET, suite } = require('./echo');
const { SEPARATOR, TARGET, Poller, arrived, request } = require('./rawpoll');
const { TEXT, BINARY, CONTINUATION, Peer, closeFrame, frame, upgrade, upgradeRequest } = require('./rawws');

const UPGRADE_MS = 700;
const LET_GO_MS = 100; // between the noops of an upgrade
const PATIENCE_MS = '30000'; // of a server that nobody should keep waiting
const essence = ({ status, body }) => ({ status, body });
const unknown = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };
const tooLate = { status: 400, body: '{"code":3,"message":"Bad request"}' };

const probeTarget = (sid) => `/engine.io/?EIO=4&transport=websocket&sid=${sid}`;

// A poll that waits.
async function park(poller) {
  const poll = poller.get();
  poll.catch(() => {});
  await arrived(poller.port);
  return { answer: poll };
}

async function isGone(poller) {
  const other = new Poller(poller.port, poller.target);
  assert.deepEqual(essence(await other.get()), unknown);
  other.destroy();
}

suite('opening', QUIET, (echo) => {
  test('the answer is the open packet, with an upgrade to offer', async () => {
    const poller = await Poller.open(echo().port);
    const { headers, body } = poller.answer;
    assert.match(body, /^0\{"sid":"[A-Za-z0-9_-]{20}","upgrades":\["websocket"\],"pingInterval":60000,"pingTimeout":200,"maxPayload":1000000\}$/);
    assert.equal(headers['content-type'], 'text/plain; charset=UTF-8');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['content-length'], String(body.length));
    assert.equal(headers.connection, undefined);
    poller.destroy();
  });

  for (const target of ['/engine.io?EIO=4&transport=polling', '/engine.io/?transport=polling&EIO=4&t=abc&b64=1', `${TARGET}&sid=`]) {
    test(`opens at ${target}`, async () => { (await Poller.open(echo().port, target)).destroy(); });
  }

  test('every session has a sid of its own, and a connection may open many', async () => {
    const peer = new Peer(echo().port);
    const sids = new Set();
    for (let i = 0; i < 20; i++) {
      peer.send(request('GET', TARGET));
      sids.add(JSON.parse((await peer.response()).body.slice(1)).sid);
    }
    assert.equal(sids.size, 20);
    peer.destroy();
  });

  test('HTTP/1.0 and Connection: close are answered and closed', async () => {
    for (const text of [`GET ${TARGET} HTTP/1.0\r\n\r\n`, `GET ${TARGET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`]) {
      const peer = new Peer(echo().port);
      peer.send(text);
      assert.match((await peer.response()).body, /^0\{/);
      await peer.end();
    }
  });
});

suite('messages', QUIET, (echo) => {
  test('come back', async () => {
    const poller = await Poller.open(echo().port);
    const ok = await poller.post('4hello');
    assert.deepEqual(essence(ok), { status: 200, body: 'ok' });
    assert.equal(ok.headers['content-type'], 'text/html');
    assert.equal(ok.headers['content-length'], '2');
    assert.equal(ok.headers['cache-control'], 'no-store');
    const answer = await poller.get();
    assert.equal(answer.body, '4hello');
    assert.equal(answer.headers['content-type'], 'text/plain; charset=UTF-8');
    poller.destroy();
  });

  test('come back to a poll that waits', async () => {
    const poller = await Poller.open(echo().port);
    for (const text of ['4one', '4', '4€ 🎉 \u0000', `4${'x'.repeat(5000)}`]) {
      const { answer } = await park(poller);
      await poller.post(text);
      assert.equal((await answer).body, Buffer.from(text).toString());
    }
    poller.destroy();
  });

  test('many of them in one body, and in one answer', async () => {
    const poller = await Poller.open(echo().port);
    await poller.post(['4a', 'bAQIDBA==', '4', 'b', '4€'].join(SEPARATOR));
    assert.deepEqual(await poller.packets(), ['4a', 'bAQIDBA==', '4', 'b', '4€']);
    const many = Array.from({ length: 5000 }, (_, i) => `4message ${i}`);
    await poller.post(many.join(SEPARATOR));
    assert.deepEqual(await poller.packets(), many);
    poller.destroy();
  });

  test('every length of base64', async () => {
    const poller = await Poller.open(echo().port);
    const packets = [0, 1, 2, 3, 4, 5, 300, 70000].map((n) => `b${Buffer.alloc(n, n).toString('base64')}`);
    await poller.post(packets.join(SEPARATOR));
    assert.deepEqual(await poller.packets(), packets);
    poller.destroy();
  });

  test('open, upgrade, noop and pong packets pass', async () => {
    const poller = await Poller.open(echo().port);
    await poller.post(['0', '3', '5', '6', '4still here'].join(SEPARATOR));
    assert.deepEqual(await poller.packets(), ['4still here']);
    poller.destroy();
  });

  test('the largest body, in many pieces', async () => {
    const poller = await Poller.open(echo().port);
    const text = `4${'y'.repeat(MAX_PAYLOAD - 1)}`;
    const bytes = request('POST', poller.target, { body: text });
    for (let at = 0; at < bytes.length; at += 100000) {
      poller.poster.send(bytes.subarray(at, at + 100000));
      await sleep(1);
    }
    assert.equal((await poller.poster.response()).body, 'ok');
    assert.equal((await poller.get()).body, text);
    poller.destroy();
  });

  test('an answer is of a bounded size, the rest comes with the next', async () => {
    const poller = await Poller.open(echo().port);
    const text = `4${'z'.repeat(400000)}`;
    for (let i = 0; i < 5; i++) await poller.post(text);
    const sizes = [];
    while (sizes.reduce((a, b) => a + b, 0) < 5) sizes.push((await poller.packets()).length);
    assert.deepEqual(sizes, [2, 2, 1]);
    poller.destroy();
  });

  test('a thousand posts and polls on two connections lose nothing', async () => {
    const poller = await Poller.open(echo().port);
    const reader = poller.messages(1000);
    for (let i = 0; i < 1000; i++) assert.equal((await poller.post(`4${i}`)).body, 'ok');
    assert.deepEqual(await reader, Array.from({ length: 1000 }, (_, i) => `4${i}`));
    poller.destroy();
  });

  test('each request on a connection of its own', async () => {
    const poller = await Poller.open(echo().port);
    for (let i = 0; i < 5; i++) {
      assert.equal((await echo().request(request('POST', poller.target, { body: `4${i}` }).toString())).body, 'ok');
      assert.equal((await echo().get(poller.target)).body, `4${i}`);
    }
    poller.destroy();
  });
});

suite('closed', QUIET, (echo) => {
  for (const [name, body, reason, echoed = []] of [
    ['an unknown packet', 'abc', 'parse error'],
    ['an empty body', '', 'parse error'],
    ['an empty packet at the end', `4x${SEPARATOR}`, 'parse error', ['4x']],
    ['an empty packet at the start', `${SEPARATOR}4x`, 'parse error'],
    ['bad base64', `4x${SEPARATOR}b!!!${SEPARATOR}4y`, 'parse error', ['4x']],
    ['invalid UTF-8', Buffer.from([0x34, 0xff]), 'parse error'],
    ['a ping', `4x${SEPARATOR}2`, 'transport error', ['4x']],
    ['a probe', '2probe', 'transport error'],
  ]) {
    test(`by ${name}; the poll that waits hears of it`, async () => {
      const poller = await Poller.open(echo().port);
      const { answer } = await park(poller);
      assert.equal((await poller.post(body)).body, 'ok');
      assert.deepEqual((await answer).body.split(SEPARATOR), echoed.length ? echoed : ['1']);
      assert.equal(await echo().reason(poller.sid), reason);
      await isGone(poller);
      assert.deepEqual(essence(await poller.post('4x')), unknown);
      poller.destroy();
    });
  }

  test('by the client; the poll that waits goes with a noop', async () => {
    const poller = await Poller.open(echo().port);
    const { answer } = await park(poller);
    assert.equal((await poller.post(`1${SEPARATOR}4too late`)).body, 'ok');
    assert.equal((await answer).body, '6');
    assert.equal(await echo().reason(poller.sid), 'transport close');
    await isGone(poller);
    poller.destroy();
  });

  test('by the client, with nobody polling', async () => {
    const poller = await Poller.open(echo().port);
    assert.equal((await poller.post('1')).body, 'ok');
    await isGone(poller);
    poller.destroy();
  });

  test('by us: what waits, then a close packet in a body of its own', async () => {
    const poller = await Poller.open(echo().port);
    const { answer } = await park(poller);
    assert.equal((await poller.post(`4one${SEPARATOR}4!close${SEPARATOR}4two`)).body, 'ok');
    assert.equal((await answer).body, `4one${SEPARATOR}4!close`);
    assert.equal(await echo().reason(poller.sid), 'forced close');
    assert.equal((await poller.get()).body, '1');
    await isGone(poller);
    poller.destroy();
  });

  test('by us, with nobody polling: the last words wait for the next poll', async () => {
    const poller = await Poller.open(echo().port);
    assert.equal((await poller.post('4!close')).body, 'ok');
    assert.equal(await echo().reason(poller.sid), 'forced close');
    assert.deepEqual(essence(await poller.post('4too late')), unknown);
    assert.equal((await poller.get()).body, '4!close');
    assert.equal((await poller.get()).body, '1');
    await isGone(poller);
    poller.destroy();
  });

  test('nobody comes for the last words', async () => {
    const poller = await Poller.open(echo().port);
    await poller.post('4!close');
    poller.destroy();
  });
});

suite('requests that do not fit', QUIET, (echo) => {
  test('a second poll closes the session', async () => {
    const poller = await Poller.open(echo().port);
    const { answer } = await park(poller);
    assert.deepEqual(essence(await echo().get(poller.target)), { status: 400, body: '' });
    assert.equal((await answer).body, '1');
    assert.equal(await echo().reason(poller.sid), 'transport error');
    await isGone(poller);
    poller.destroy();
  });

  test('a second post closes the session', async () => {
    const poller = await Poller.open(echo().port);
    const { answer } = await park(poller);
    const slow = request('POST', poller.target, { body: '4slowly' });
    poller.poster.send(slow.subarray(0, slow.length - 3));
    await arrived(echo().port);
    assert.deepEqual(essence(await echo().request(request('POST', poller.target, { body: '4x' }).toString())),
      { status: 400, body: '' });
    assert.equal((await answer).body, '1');
    assert.equal(await echo().reason(poller.sid), 'transport error');
    poller.poster.send(slow.subarray(slow.length - 3));
    assert.deepEqual(essence(await poller.poster.response()), unknown);
    poller.destroy();
  });

  test('a poll that is broken off closes the session', async () => {
    for (const end of ['destroy', 'reset']) {
      const poller = await Poller.open(echo().port);
      await park(poller);
      poller.getter[end]();
      assert.equal(await echo().reason(poller.sid), 'transport error');
      await isGone(poller);
      poller.destroy();
    }
  });

  test('a post that is broken off closes the session', async () => {
    const poller = await Poller.open(echo().port);
    const { answer } = await park(poller);
    poller.poster.send(request('POST', poller.target, { body: '4slowly' }).subarray(0, -3));
    await arrived(echo().port);
    poller.poster.destroy();
    assert.equal((await answer).body, '1');
    assert.equal(await echo().reason(poller.sid), 'transport error');
    poller.destroy();
  });

  test('a connection that ends between requests closes nothing', async () => {
    const poller = await Poller.open(echo().port);
    poller.destroy();
    await arrived(echo().port);
    const other = new Poller(echo().port, poller.target);
    await other.post('4x');
    assert.deepEqual(await other.packets(), ['4x']);
    other.destroy();
  });

  test('a request behind a poll that waits ends connection and session', async () => {
    const poller = await Poller.open(echo().port);
    await park(poller);
    poller.getter.send(request('GET', poller.target));
    await poller.getter.end();
    assert.equal(await echo().reason(poller.sid), 'transport error');
    poller.destroy();
  });

  test('octets are of another revision', async () => {
    const poller = await Poller.open(echo().port);
    const answer = await poller.post('4x', { headers: { 'Content-Type': 'application/octet-stream' } });
    assert.deepEqual(essence(answer), { status: 400, body: '' });
    assert.equal(await echo().reason(poller.sid), 'transport error');
    poller.destroy();
  });

  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    test(`${method} is not ours; the session lives`, async () => {
      const poller = await Poller.open(echo().port);
      const answer = await echo().request(request(method, poller.target, { body: '4x' }).toString());
      assert.deepEqual(essence(answer), { status: 500, body: '' });
      await poller.post('4alive');
      assert.deepEqual(await poller.packets(), ['4alive']);
      poller.destroy();
    });
  }

  test('a body over the limit is skipped; connection and session live', async () => {
    const poller = await Poller.open(echo().port);
    const answer = await poller.post(`4${'x'.repeat(MAX_PAYLOAD)}`);
    assert.deepEqual(essence(answer), { status: 413, body: '' });
    assert.equal((await poller.post('4alive')).body, 'ok');
    assert.deepEqual(await poller.packets(), ['4alive']);
    poller.destroy();
  });

  for (const [name, headers, status] of [
    ['a negative length', { 'Content-Length': '-1' }, 400],
    ['two lengths', { 'Content-Length': ['2', '3'] }, 400],
    ['no length', { 'Content-Length': null }, 411],
    ['chunks', { 'Content-Length': null, 'Transfer-Encoding': 'chunked' }, 411],
    ['chunks and a length', { 'Content-Length': '2', 'Transfer-Encoding': 'chunked' }, 411],
    ['a length of 65 MB', { 'Content-Length': String(65 << 20) }, 413],
  ]) {
    test(`a body with ${name} ends the connection; the session lives`, async () => {
      const poller = await Poller.open(echo().port);
      const answer = await poller.post('4x', { headers });
      assert.equal(answer.status, status);
      await poller.poster.end();
      poller.poster = new Peer(echo().port);
      await poller.post('4alive');
      assert.deepEqual(await poller.packets(), ['4alive']);
      poller.destroy();
    });
  }

  test('more than was announced is another request behind it', async () => {
    const poller = await Poller.open(echo().port);
    poller.poster.send(request('POST', poller.target, { body: '4xyz', headers: { 'Content-Length': '2' } }));
    await poller.poster.end();
    assert.equal(await echo().reason(poller.sid), 'transport error');
    poller.destroy();
  });

  test('less than was announced is waited for', async () => {
    const poller = await Poller.open(echo().port);
    poller.poster.send(request('POST', poller.target, { body: '4x', headers: { 'Content-Length': '3' } }));
    await arrived(echo().port);
    poller.poster.send('y');
    assert.equal((await poller.poster.response()).body, 'ok');
    assert.deepEqual(await poller.packets(), ['4xy']);
    poller.destroy();
  });

  test('another revision, another transport', async () => {
    const poller = await Poller.open(echo().port);
    const old = await echo().get(poller.target.replace('EIO=4', 'EIO=3'));
    assert.deepEqual(essence(old), { status: 400, body: '{"code":5,"message":"Unsupported protocol version"}' });
    const other = await echo().get(poller.target.replace('polling', 'websocket'));
    assert.deepEqual(essence(other), tooLate);
    await poller.post('4alive');
    assert.deepEqual(await poller.packets(), ['4alive']);
    poller.destroy();
  });

  test('polls and posts of a WebSocket session', async () => {
    const peer = await echo().session();
    for (const method of ['GET', 'POST']) {
      const answer = await echo().request(request(method, `${TARGET}&sid=${peer.open.sid}`, { body: '4x' }).toString());
      assert.deepEqual(essence(answer), tooLate);
    }
    peer.send(frame(TEXT, '4alive'));
    assert.equal(await peer.text(), '4alive');
    peer.destroy();
  });

  test('nobody else noticed', () => echo().isWell());
});

// Nobody sends a request before the last one is answered; libwebsockets 4.1.6 spins over some of them.
suite('requests one behind the other', QUIET, (echo) => {
  const health = request('GET', '/health');
  const post = request('POST', '/x', { body: '0123456789' });
  const empty = request('POST', '/x', { body: '' });
  const poll = request('GET', TARGET);
  const refused = request('POST', TARGET, { body: '4x' });
  for (const [name, parts] of Object.entries({
    'a page and a page': [[health, health]],
    'a page and a post': [[health, post]],
    'three': [[health, health, post]],
    'a post and a page': [[post, health]],
    'two posts': [[post, post]],
    'two empty posts': [[empty, empty]],
    'two posts that are refused': [[refused, refused]],
    'a post and half of one': [[post, post.subarray(0, -4)], [post.subarray(-4)]],
    'a post and the head of one': [[post, post.subarray(0, -10)], [post.subarray(-10)]],
    'a post and the beginning of one': [[post, post.subarray(0, 20)], [post.subarray(20)]],
    'a handshake and a post': [[poll, refused]],
    'many': [Array(100).fill(post)],
  })) {
    test(`${name} end the connection, and cost nothing`, async () => {
      const peer = new Peer(echo().port);
      await peer.connected;
      for (const part of parts) {
        peer.send(Buffer.concat(part));
        await arrived(echo().port);
      }
      await peer.end();
      const before = echo().cpuMs();
      await sleep(300);
      assert.ok(echo().cpuMs() - before < 100, `spent ${echo().cpuMs() - before} ms`);
    });
  }

  test('posts of a session end it', async () => {
    const poller = await Poller.open(echo().port);
    const one = request('POST', poller.target, { body: '4x' });
    poller.poster.send(Buffer.concat([one, one]));
    await poller.poster.end();
    assert.equal(await echo().reason(poller.sid), 'transport error');
    poller.destroy();
  });

  test('a body that is refused is read to its end before the answer', async () => {
    const poller = await Poller.open(echo().port);
    for (let i = 0; i < 20; i++) {
      assert.equal((await poller.post(`4${'x'.repeat(MAX_PAYLOAD)}`)).status, 413);
      assert.equal((await poller.post(`4${i}`)).body, 'ok');
      assert.deepEqual(await poller.packets(), [`4${i}`]);
    }
    poller.destroy();
  });

  test('nobody else noticed', () => echo().isWell());
});

async function probeAt(port, sid) {
  const peer = await upgrade(port, probeTarget(sid));
  peer.send(frame(TEXT, '2probe'));
  assert.equal(await peer.text(), '3probe');
  return peer;
}

async function isAlive(poller) {
  assert.equal((await poller.post('4alive')).body, 'ok');
  assert.deepEqual(await poller.messages(1), ['4alive']);
}

suite('upgrade', [...QUIET, '--upgrade-timeout-ms', PATIENCE_MS], (echo) => {
  const probe = (sid) => probeAt(echo().port, sid);

  test('a session moves, and stays one', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await probe(poller.sid);
    peer.send(frame(TEXT, '5'));
    peer.send(frame(TEXT, '4hello'));
    assert.equal(await peer.text(), '4hello');
    assert.deepEqual(essence(await poller.get()), tooLate);
    assert.deepEqual(essence(await poller.post('4x')), tooLate);
    assert.equal(echo().lines.filter((line) => line.startsWith(`close ${poller.sid}`)).length, 0);
    peer.send(closeFrame(1000));
    assert.equal(await echo().reason(poller.sid), 'transport close');
    poller.destroy();
  });

  test('everything in one write', async () => {
    const poller = await Poller.open(echo().port);
    const extra = Buffer.concat([frame(TEXT, '2probe'), frame(TEXT, '5'), frame(TEXT, '4hello')]);
    const peer = await upgrade(echo().port, probeTarget(poller.sid), { extra });
    assert.equal(await peer.text(), '3probe');
    assert.equal(await peer.text(), '4hello');
    peer.destroy();
    poller.destroy();
  });

  test('without a probe', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await upgrade(echo().port, probeTarget(poller.sid), { extra: frame(TEXT, '5') });
    peer.send(frame(TEXT, '4hello'));
    assert.equal(await peer.text(), '4hello');
    peer.destroy();
    poller.destroy();
  });

  test('polls are let go every 100 ms from the probe on, not before', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await upgrade(echo().port, probeTarget(poller.sid));
    const { answer } = await park(poller);
    await sleep(200);
    assert.equal(poller.getter.bytes.length, 0);
    peer.send(frame(TEXT, '2probe'));
    assert.equal((await answer).body, '6');
    // Whatever keeps this program waiting, it is not every time.
    const took = [];
    while (took.length < 40 && !(Math.min(...took) < 4 * LET_GO_MS)) {
      const start = Date.now();
      assert.equal((await poller.get()).body, '6');
      assert.equal((await poller.get()).body, '6');
      took.push(Date.now() - start);
    }
    assert.ok(took.every((ms) => ms > LET_GO_MS) && Math.min(...took) < 4 * LET_GO_MS, `two noops took ${took} ms`);
    peer.destroy();
    await arrived(echo().port);
    const late = await park(poller);
    await sleep(250);
    assert.equal(poller.getter.bytes.length, 0, 'no noops after the candidate has gone');
    await poller.post('4x');
    assert.equal((await late.answer).body, '4x');
    poller.destroy();
  });

  test('a poll that waits when the session moves goes with a noop', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await probe(poller.sid);
    const { answer } = await park(poller);
    peer.send(frame(TEXT, '5'));
    assert.equal((await answer).body, '6');
    peer.send(frame(TEXT, '4x'));
    assert.equal(await peer.text(), '4x');
    peer.destroy();
    poller.destroy();
  });

  test('a post that comes while the session moves is refused', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await probe(poller.sid);
    const slow = request('POST', poller.target, { body: '4slowly' });
    poller.poster.send(slow.subarray(0, -3));
    await arrived(echo().port);
    peer.send(frame(TEXT, '5')).send(frame(TEXT, '4x'));
    assert.equal(await peer.text(), '4x');
    poller.poster.send(slow.subarray(-3));
    assert.deepEqual(essence(await poller.poster.response()), unknown);
    peer.send(frame(TEXT, '4y'));
    assert.equal(await peer.text(), '4y');
    peer.destroy();
    poller.destroy();
  });

  test('what was queued moves along, in order', async () => {
    const poller = await Poller.open(echo().port);
    await poller.post(Array.from({ length: 300 }, (_, i) => `4${i}`).join(SEPARATOR));
    const peer = await probe(poller.sid);
    await poller.post(['4300', 'bAQID', '4302'].join(SEPARATOR));
    peer.send(Buffer.concat([frame(TEXT, '5'), frame(TEXT, '4303')]));
    for (let i = 0; i < 304; i++) {
      const { opcode, payload } = await peer.frame();
      if (i === 301) assert.deepEqual([opcode, [...payload]], [BINARY, [1, 2, 3]]);
      else assert.deepEqual([opcode, payload.toString()], [TEXT, `4${i}`]);
    }
    peer.destroy();
    poller.destroy();
  });

  test('the heartbeat goes on over the new transport', async () => {
    const beating = await Echo.start('--ping-interval-ms', '150', '--ping-timeout-ms', '4000');
    const poller = await Poller.open(beating.port);
    const peer = await upgrade(beating.port, probeTarget(poller.sid), { extra: Buffer.concat([frame(TEXT, '2probe'), frame(TEXT, '5')]) });
    assert.equal(await peer.text(), '3probe');
    for (let i = 0; i < 4; i++) {
      assert.equal(await peer.text(), '2');
      peer.send(frame(TEXT, '3'));
    }
    assert.equal(await peer.text(), '2');
    assert.equal((await peer.close()).reason, 'ping timeout');
    poller.destroy();
    peer.destroy();
    await beating.stop();
  });

  for (const [name, bytes] of [
    ['a message', frame(TEXT, '4x')],
    ['a plain ping', frame(TEXT, '2')],
    ['a binary probe', frame(BINARY, '2probe')],
    ['a close packet', frame(TEXT, '1')],
    ['an empty packet', frame(TEXT, '')],
    ['bad UTF-8', frame(TEXT, Buffer.from([0xff]))],
    ['a frame over the limit', frame(TEXT, 'x', { length: MAX_PAYLOAD + 1 })],
    ['a continuation of nothing', frame(CONTINUATION, 'x')],
    ['a close frame', closeFrame(1000)],
  ]) {
    test(`${name} instead of a probe ends the candidate, not the session`, async () => {
      const poller = await Poller.open(echo().port);
      const peer = await upgrade(echo().port, probeTarget(poller.sid));
      peer.send(bytes);
      await peer.close();
      peer.send(closeFrame(1000));
      await peer.end();
      await isAlive(poller);
      poller.destroy();
    });
  }

  test('a message after the probe does, too', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await probe(poller.sid);
    peer.send(frame(TEXT, '4x')).send(frame(TEXT, '5'));
    await peer.close();
    await isAlive(poller);
    poller.destroy();
    peer.destroy();
  });

  test('a candidate that goes makes room for the next', async () => {
    const poller = await Poller.open(echo().port);
    for (const end of ['destroy', 'reset']) {
      (await probe(poller.sid))[end]();
      await arrived(echo().port);
    }
    const peer = await probe(poller.sid);
    peer.send(frame(TEXT, '5')).send(frame(TEXT, '4x'));
    assert.equal(await peer.text(), '4x');
    peer.destroy();
    poller.destroy();
  });

  test('a second candidate is closed, the first goes on', async () => {
    const poller = await Poller.open(echo().port);
    const peer = await probe(poller.sid);
    const second = await upgrade(echo().port, probeTarget(poller.sid), { extra: frame(TEXT, '2probe') });
    await second.close();
    peer.send(frame(TEXT, '5')).send(frame(TEXT, '4x'));
    assert.equal(await peer.text(), '4x');
    const third = await upgrade(echo().port, probeTarget(poller.sid), { extra: frame(TEXT, '5') });
    await third.close();
    peer.send(frame(TEXT, '4y'));
    assert.equal(await peer.text(), '4y');
    for (const one of [peer, second, third, poller]) one.destroy();
  });

  test('a session that began as a WebSocket is not taken over', async () => {
    const peer = await echo().session();
    const thief = await upgrade(echo().port, probeTarget(peer.open.sid), { extra: frame(TEXT, '2probe') });
    await thief.close();
    peer.send(frame(TEXT, '4mine'));
    assert.equal(await peer.text(), '4mine');
    thief.destroy();
    peer.destroy();
  });

  test('the session ends while it moves', async () => {
    for (const end of [(poller) => poller.post('1'), (poller) => poller.post('4!close'), (poller) => poller.post('abc')]) {
      const poller = await Poller.open(echo().port);
      const peer = await probe(poller.sid);
      await end(poller);
      peer.send(frame(TEXT, '5')).send(frame(TEXT, '4x'));
      await peer.close();
      peer.destroy();
      poller.destroy();
    }
  });

  test('an unknown sid is refused before the upgrade', async () => {
    const answer = await echo().request(upgradeRequest(probeTarget('nobody')));
    assert.deepEqual(essence(answer), { status: 400, body: 'Session ID unknown' });
    assert.equal(answer.headers['content-type'], 'text/html');
  });

  test('a client that probes and reads nothing', async () => {
    const many = Buffer.concat(Array(200000).fill(frame(TEXT, '2probe')));
    const poller = await Poller.open(echo().port);
    const peer = await upgrade(echo().port, probeTarget(poller.sid));
    peer.socket.pause();
    peer.send(many);
    await sleep(500);
    peer.destroy();
    poller.poster = new Peer(echo().port); // the old one may have waited too long for its first request
    await isAlive(poller);
    poller.destroy();
  });
});

suite('an upgrade that takes too long', [...QUIET, '--upgrade-timeout-ms', String(UPGRADE_MS)], (echo) => {
  test('is broken off, with a probe or without; the session lives', async () => {
    const poller = await Poller.open(echo().port);
    const start = Date.now();
    const silent = await upgrade(echo().port, probeTarget(poller.sid));
    assert.equal((await silent.close()).reason, 'upgrade error');
    assert.ok(Date.now() - start > UPGRADE_MS / 2);
    silent.destroy();
    const peer = await probeAt(echo().port, poller.sid);
    await peer.close();
    await isAlive(poller);
    peer.destroy();
    poller.destroy();
  });
});

suite('heartbeat', ['--ping-interval-ms', '200', '--ping-timeout-ms', '4000'], (echo) => {
  test('a poll is answered with the ping', async () => {
    // From before the one that is answered: a session, or a pong.
    let start = Date.now();
    const poller = await Poller.open(echo().port);
    for (let i = 0; i < 3; i++) {
      assert.equal((await poller.get()).body, '2');
      assert.ok(Date.now() - start > 100);
      start = Date.now();
      await poller.post('3');
    }
    poller.destroy();
  });

  test('who does not answer is closed', async () => {
    const poller = await Poller.open(echo().port);
    assert.equal((await poller.get()).body, '2');
    assert.equal((await poller.get()).body, '1');
    assert.equal(await echo().reason(poller.sid), 'ping timeout');
    await isGone(poller);
    poller.destroy();
  });

  test('who never polls is closed', async () => {
    const poller = await Poller.open(echo().port);
    poller.destroy();
    assert.equal(await echo().reason(poller.sid), 'ping timeout');
    assert.equal(await echo().sessions(), 0);
  });
});

suite('bounds', [...QUIET, '--sessions-max', '5', '--queue-max-bytes', '20000'], (echo) => {
  test('sessions are counted, polling or not', async () => {
    const pollers = await Promise.all([1, 2, 3].map(() => Poller.open(echo().port)));
    const peers = [await echo().session(), await echo().session()];
    const answer = await echo().get(TARGET);
    assert.deepEqual(essence(answer), { status: 503, body: '{"code":3,"message":"Service Unavailable"}' });
    assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
    assert.equal((await echo().request(upgradeRequest('/engine.io/?EIO=4&transport=websocket'))).status, 503);
    await pollers[0].post('4x');
    assert.deepEqual(await pollers[0].packets(), ['4x']);
    const moved = await upgrade(echo().port, probeTarget(pollers[1].sid));
    await pollers[2].post('1');
    (await Poller.open(echo().port)).destroy();
    for (const one of [...pollers, ...peers, moved]) one.destroy();
  });
});

suite('a client that does not poll', [...QUIET, '--queue-max-bytes', '20000'], (echo) => {
  test('is a slow consumer', async () => {
    const poller = await Poller.open(echo().port);
    for (let i = 0; i < 3; i++) await poller.post(`4${'x'.repeat(9000)}`);
    assert.equal(await echo().reason(poller.sid), 'slow consumer');
    await isGone(poller);
    poller.destroy();
  });
});

suite('answers to slow readers', [...QUIET, '--queue-max-bytes', '100000000'], (echo) => {
  test('a large answer arrives whole, and the connection goes on', async () => {
    const poller = await Poller.open(echo().port);
    const text = `4${'y'.repeat(MAX_PAYLOAD - 1)}`;
    for (let i = 0; i < 5; i++) {
      await poller.post(text);
      poller.getter.socket.pause();
      const answer = poller.get();
      await arrived(echo().port);
      poller.getter.socket.resume();
      assert.equal((await answer).body.length, text.length);
    }
    poller.destroy();
  });

  test('gone in the middle of an answer', async () => {
    const poller = await Poller.open(echo().port);
    for (let i = 0; i < 20; i++) {
      const peer = new Peer(echo().port);
      await poller.post(`4${'y'.repeat(MAX_PAYLOAD - 1)}`);
      peer.send(request('GET', poller.target));
      await sleep(5);
      peer.reset();
    }
    await echo().isWell();
    poller.destroy();
  });
});

test('the server ends: polls hear of it', async (t) => {
  const echo = await Echo.start(...QUIET);
  t.after(() => echo.stop());
  const pollers = await Promise.all(Array.from({ length: 10 }, () => Poller.open(echo.port)));
  const polls = await Promise.all(pollers.slice(0, 5).map(park));
  pollers[6].poster.send(request('POST', pollers[6].target, { body: '4slowly' }).subarray(0, -3));
  await pollers[7].post('4unfetched');
  const candidate = await upgrade(echo.port, probeTarget(pollers[8].sid), { extra: frame(TEXT, '2probe') });
  await candidate.text();
  const close = candidate.close();
  const bodies = Promise.all(polls.map(async ({ answer }) => (await answer).body));
  await echo.stop();
  assert.deepEqual(await bodies, Array(5).fill('1'));
  assert.equal((await close).reason, 'server shutting down');
  assert.equal(echo.lines.filter((line) => line.endsWith('server shutting down')).length, 10);
  pollers.forEach((poller) => poller.destroy());
});

test('a parked poll costs nothing', async (t) => {
  const echo = await Echo.start(...QUIET);
  t.after(() => echo.stop());
  const pollers = await Promise.all(Array.from({ length: 50 }, () => Poller.open(echo.port)));
  await Promise.all(pollers.map(park));
  const before = echo.cpuMs();
  await sleep(1500);
  assert.ok(echo.cpuMs() - before < 100, `${echo.cpuMs() - before} ms`);
  pollers.forEach((poller) => poller.destroy());
  await Promise.all(pollers.map(({ sid }) => echo.reason(sid)));
  assert.equal(await echo.sessions(), 0);
});

test('a poll may wait for longer than any timeout of HTTP', async (t) => {
  const echo = await Echo.start(...QUIET);
  t.after(() => echo.stop());
  const poller = await Poller.open(echo.port);
  poller.getter.send(request('GET', poller.target));
  await sleep(13000);
  poller.poster = new Peer(echo.port);
  await poller.post('4patience');
  assert.equal((await poller.getter.response()).body, '4patience');
  poller.destroy();
});
