/*
 * Where WebSocket or HTTP is not kept, because libwebsockets 4.1.6 does it and its public functions
 * give no way to mend it: read by conformance.test.js, which fails when one of them is gone, and
 * written out into docs/conformance.md.
 *
 * rule     what is broken          effect   what we do instead, as a client sees it
 * reason   why it stays so         show     fails unless it is so
 */
'use strict';

const assert = require('node:assert/strict');
const { BINARY, CLOSE, PING, PONG, TEXT, Peer, closeFrame, frame } = require('./rawws');

const GET = 'GET /health HTTP/1.1\r\nHost: x\r\n';
const HEAD_MAX_MS = 25000; // 10 s, on a busy machine

const isClose = (f, code) => {
  assert.equal(f.opcode, CLOSE);
  assert.equal(f.payload.readUInt16BE(0), code);
};

// What a connection that says these bytes is answered, and is to end behind it where that is asked;
// undefined when it ends without an answer.
async function answerTo(echo, bytes, { ends = false } = {}) {
  const peer = new Peer(echo.port);
  peer.send(bytes);
  const answer = await peer.response().catch((error) => {
    assert.match(error.message, /connection ended/);
    return undefined;
  });
  if (answer && ends) await peer.end();
  peer.destroy();
  return answer;
}

async function isRefusedBefore(echo, bytes) {
  const answer = await answerTo(echo, bytes, { ends: true });
  assert.equal(`${answer.version} ${answer.status}`, 'HTTP/1.0 403');
}

// A head that never counts as whole: nothing is answered, and the connection ends when time is up.
async function isWaitedFor(echo, bytes) {
  const peer = new Peer(echo.port);
  peer.send(bytes);
  const waited = await peer.end(HEAD_MAX_MS);
  assert.ok(waited > 5000, `${waited} ms`);
  assert.equal(peer.bytes.length, 0);
}

// A length of 2 written with more bytes than it takes.
function longLength(bytes) {
  const short = frame(TEXT, '4x');
  const size = Buffer.alloc(bytes);
  size[bytes - 1] = 2;
  return Buffer.concat([Buffer.from([short[0], bytes === 2 ? 0xfe : 0xff]), size, short.subarray(2)]);
}

const deviations = [
  // ---- WebSocket
  {
    name: 'frames without a mask',
    rule: 'a server closes the connection (RFC 6455, 5.1)',
    effect: 'they are read like masked ones',
    reason: 'both kinds are handed over alike, and no function tells which it was. The mask protects careless caches between client and server, not the server',
    async show(echo) {
      const peer = await echo.session();
      peer.send(frame(TEXT, '4x', { mask: false }));
      assert.equal(await peer.text(), '4x');
      peer.destroy();
    },
  },
  {
    name: 'a length written longer than it needs',
    rule: 'the shortest form must be used (5.2)',
    effect: 'it is read; so it is by the reference',
    reason: 'the length is handed over, not its form',
    async show(echo) {
      const peer = await echo.session();
      for (const bytes of [2, 8]) {
        peer.send(longLength(bytes));
        assert.equal(await peer.text(), '4x');
      }
      peer.destroy();
    },
  },
  {
    name: 'many pings at once',
    rule: 'each is answered, or the last of them (5.5.2, 5.5.3)',
    effect: 'the first is answered, those that come before its pong has left are not',
    reason: 'a pong waits in the place of one. Clients of Engine.IO do not ping so',
    async show(echo) {
      const peer = await echo.session();
      peer.send(Buffer.concat(['a', 'b', 'c'].map((text) => frame(PING, text)).concat(frame(TEXT, '4x'))));
      const frames = [await peer.frame(), await peer.frame()];
      assert.deepEqual(frames.map((f) => `${f.opcode} ${f.payload}`).sort(), [`${TEXT} 4x`, `${PONG} a`].sort());
      peer.send(frame(PING, 'd'));
      const next = await peer.frame();
      assert.equal(`${next.opcode} ${next.payload}`, `${PONG} d`);
      peer.destroy();
    },
  },
  {
    name: 'a ping and then a close at once',
    rule: 'the ping is answered first (5.5.2)',
    effect: 'the close frame alone is answered',
    reason: 'the answer to a close takes the place of the pong',
    async show(echo) {
      const peer = await echo.session();
      peer.send(Buffer.concat([frame(PING, 'a'), closeFrame(1000)]));
      isClose(await peer.frame(), 1000);
      await peer.end();
    },
  },
  {
    name: 'a close with code 1012, 1013 or 1014',
    rule: 'registered codes may be sent, and are echoed (7.4.2, 5.5.1)',
    effect: 'the answer has 1002',
    reason: 'the code is overwritten before anybody is asked, so it cannot be told from a real 1002',
    async show(echo) {
      for (const code of [1012, 1013, 1014]) {
        const peer = await echo.session();
        peer.send(closeFrame(code));
        isClose(await peer.frame(), 1002);
        await peer.end();
      }
    },
  },
  {
    name: 'a control frame over 125 bytes, or a length of 2^63 and more',
    rule: 'the connection fails (5.5, 5.2), as a rule with a close frame (7.1.7)',
    effect: 'it fails without one',
    reason: 'it is dropped before anybody is asked',
    async show(echo) {
      const highest = Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      for (const bytes of [frame(PING, 'x'.repeat(126)), closeFrame(1000, 'x'.repeat(124)), highest]) {
        const peer = await echo.session();
        peer.send(bytes);
        await peer.end();
        assert.equal(peer.bytes.length, 0);
      }
    },
  },
  {
    name: 'a message and then a bad frame at once',
    rule: 'none; the reference answers the message, then closes',
    effect: 'the message has its effect, the connection is closed with 1002, the answer is lost',
    reason: 'the close frame is under way before anybody is asked',
    async show(echo) {
      const peer = await echo.session();
      peer.send(Buffer.concat([frame(TEXT, '4x'), frame(BINARY, '4x', { first: 0xc2 })]));
      isClose(await peer.frame(), 1002);
      peer.destroy();
    },
  },

  // ---- HTTP
  {
    name: 'an upgrade to something else than `websocket` and `h2c`, alone or in a list',
    rule: '400 here; a server may also ignore it (RFC 9110, 7.8)',
    effect: '403 by HTTP/1.0',
    reason: 'answered before anybody is asked',
    async show(echo) {
      for (const token of ['other', 'websocket, other']) {
        await isRefusedBefore(echo, `GET /engine.io/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${token}\r\n\r\n`);
      }
    },
  },
  {
    name: 'a method that HTTP does not know, a full URL as the target, a bad escape',
    rule: '501 (RFC 9110, 15.6.2); it must be accepted (RFC 9112, 3.2.2); 400',
    effect: '403 by HTTP/1.0',
    reason: 'answered before anybody is asked. Proxies send paths to servers',
    async show(echo) {
      await isRefusedBefore(echo, 'BREW /health HTTP/1.1\r\nHost: x\r\n\r\n');
      await isRefusedBefore(echo, 'GET http://x/health HTTP/1.1\r\nHost: x\r\n\r\n');
      await isRefusedBefore(echo, 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n');
    },
  },
  {
    name: 'headers of more than 16 KiB',
    rule: '431 (RFC 6585, 5)',
    effect: 'the connection ends without an answer',
    reason: 'it is dropped before anybody is asked; the limit is ours (`HEADERS_MAX_BYTES`)',
    async show(echo) {
      assert.equal((await answerTo(echo, `${GET}X-Long: ${'y'.repeat(15000)}\r\n\r\n`)).status, 200);
      assert.equal(await answerTo(echo, `${GET}X-Long: ${'y'.repeat(17000)}\r\n\r\n`), undefined);
    },
  },
  {
    name: 'more than about 90 parameters in a query',
    rule: 'none; the reference takes any number within its headers',
    effect: 'the connection ends without an answer',
    reason: 'it is dropped before anybody is asked; the number is built in',
    async show(echo) {
      const get = (count) => answerTo(echo, `GET /health?${'a=b&'.repeat(count - 1)}a=b HTTP/1.1\r\nHost: x\r\n\r\n`);
      assert.equal((await get(80)).status, 200);
      assert.equal(await get(100), undefined);
    },
  },
  {
    name: 'a request behind one that is not answered yet',
    rule: 'both are answered, in order (RFC 9112, 9.3.2)',
    effect: 'the connection ends without an answer',
    reason: 'the place between them is lost. Browsers and proxies do not send so; and since nothing that follows a request is ever taken for another one, requests cannot be smuggled in so',
    async show(echo) {
      assert.equal(await answerTo(echo, `${GET}\r\n${GET}\r\n`), undefined);
    },
  },
  {
    name: 'an empty line before the request',
    rule: 'a server should ignore it (RFC 9112, 2.2)',
    effect: 'the connection ends without an answer',
    reason: 'it is taken for the end of the head',
    async show(echo) {
      assert.equal(await answerTo(echo, `\r\n${GET}\r\n`), undefined);
    },
  },
  {
    name: 'lines that end in LF alone, a blank before the colon of a header',
    rule: 'the first may be accepted (RFC 9112, 2.2), the second is answered 400 (5.1)',
    effect: 'both are read; with the blank it is another header than without it',
    reason: 'what is handed over are the headers, not their lines',
    async show(echo) {
      assert.equal((await answerTo(echo, 'GET /health HTTP/1.1\nHost: x\n\n')).status, 200);
      assert.equal((await answerTo(echo, `${GET}User-Agent : x\r\n\r\n`)).status, 200);
      assert.equal((await answerTo(echo, 'GET /health HTTP/1.1\r\nHost : x\r\n\r\n')).status, 400);
    },
  },
  {
    name: 'a header without a colon, or one that goes on in the next line, as the last one',
    rule: '400 (RFC 9112, 5.2, 2.2)',
    effect: 'the head does not count as whole: the connection ends after 10 seconds',
    reason: 'it is looking for the colon yet',
    async show(echo) {
      await Promise.all(['X-No-Colon', 'X-Long: a\r\n b'].map((lines) => isWaitedFor(echo, `${GET}${lines}\r\n\r\n`)));
    },
  },
  {
    name: 'a header whose name is the beginning of a known one, such as `X-Auth` (of `X-Auth-Token`) or `F` (of `From`)',
    rule: 'it is a header like others',
    effect: 'it swallows the header behind it; as the last one it is a head that does not count as whole (as above). Clients must not use such names',
    reason: 'the colon that ends the name is taken for a letter of it. What can be swallowed is the client\'s own; a length that is, leaves a body that ends the connection (above), so that nothing can be smuggled by it',
    async show(echo) {
      const swallowed = 'GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX-Auth: x\r\nOrigin: a\x01\r\n\r\n';
      assert.equal((await answerTo(echo, swallowed.replace('X-Auth', 'X-Other'))).status, 400);
      assert.equal((await answerTo(echo, swallowed)).status, 200);
      const post = 'POST /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nX-Auth: x\r\nContent-Length: 5\r\nAccept: */*\r\n\r\nhello';
      assert.equal((await answerTo(echo, post, { ends: true })).status, 411);
      await Promise.all(['X-Auth: x', 'F: x'].map((line) => isWaitedFor(echo, `${GET}${line}\r\n\r\n`)));
    },
  },
  {
    name: '`Expect: 100-continue`',
    rule: '100, or a final answer, at once (RFC 9110, 10.1.1)',
    effect: 'the body is waited for; clients send it after a second or so',
    reason: 'the header is not looked at, and an answer of two parts cannot be given',
    async show(echo) {
      const peer = new Peer(echo.port);
      peer.send('POST /health HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
      await peer.connected;
      await echo.settle();
      assert.equal(peer.bytes.length, 0);
      peer.send('hi');
      assert.equal((await peer.response()).status, 404);
      peer.destroy();
    },
  },
];

const cell = (text) => text.replace(/\|/g, '\\|');

// As the table of the page.
function page() {
  const rows = deviations.map(({ name, rule, effect, reason }) => `| ${[name, rule, effect, reason].map(cell).join(' | ')} |`);
  return `\n| what | the rule | Roomcast | why |\n|---|---|---|---|\n${rows.join('\n')}\n\n`;
}

module.exports = { deviations, page };
