// docs/conformance.md: what it lists is so, and the tests that it names are there.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { ROOT, startStack } = require('./stack');
const { MAX_PAYLOAD, QUIET, suite } = require('./echo');
const { BINARY, TEXT, closeFrame, frame, upgrade } = require('./rawws');
const { mint, test: stackTest } = require('./helpers');
const { deviations, page } = require('./deviations');

const PAGE = path.join(ROOT, 'docs/conformance.md');
const [BEGIN, END] = ['<!-- made from tests/e2e/deviations.js -->\n', '<!-- end -->'];
const SOCKET_TARGET = '/socket.io/?EIO=4&transport=websocket';

suite('what libwebsockets does and we cannot mend', QUIET, (echo) => {
  for (const { name, show } of deviations) test(name, { timeout: 60000 }, () => show(echo()));
  test('nobody else noticed', () => echo().isWell());
}, { concurrency: true });

suite('what comes before a close', QUIET, (echo) => {
  const long = `4${'x'.repeat(300000)}`;
  for (const [what, texts] of [['a message', ['4a']], ['some messages', ['4a', '4b', '4c']], ['a long one', [long]]]) {
    test(`${what} and a close frame in one write: the answers, then the close`, async () => {
      const peer = await echo().session();
      peer.send(Buffer.concat([...texts.map((text) => frame(TEXT, text)), closeFrame(1000, 'bye')]));
      for (const text of texts) assert.equal(await peer.text(), text);
      assert.deepEqual(await peer.close(), { code: 1000, reason: 'bye' });
      await peer.end();
      assert.equal(await echo().reason(peer.open.sid), 'transport close');
    });
  }

  for (const code of [5000, 65535]) {
    test(`a close with ${code}, which is no code`, async () => {
      const peer = await echo().session();
      peer.send(closeFrame(code));
      assert.equal((await peer.close()).code, 1002);
      await peer.end();
      assert.equal(await echo().reason(peer.open.sid), 'transport error');
    });
  }
}, { concurrency: true });

suite('versions of HTTP', QUIET, (echo) => {
  for (const [head, status] of [
    ['HTTP/1.1\r\nHost: x', 200], ['HTTP/1.0', 200], ['HTTP/1.1', 400],
    ['HTTP/2.0\r\nHost: x', 505], ['HTTP/9.9\r\nHost: x', 505], ['XYZ\r\nHost: x', 505],
  ]) {
    test(`${JSON.stringify(head)} is answered ${status}`, async () => {
      for (const target of ['/health', '/engine.io/?EIO=4&transport=polling']) {
        assert.equal((await echo().request(`GET ${target} ${head}\r\n\r\n`)).status, status);
      }
    });
  }
}, { concurrency: true });

// ---- messages over the limit, in a namespace of rooms

const TOO_LARGE = [{ ok: false, error: { code: 'payload_too_large', message: 'Payload too large' } }];

async function enter(stack, gateway, user) {
  const peer = await upgrade(Number(new URL(gateway.url).port), SOCKET_TARGET);
  assert.match(await peer.text(), /^0\{/);
  peer.send(frame(TEXT, `40/chat,${JSON.stringify({ token: mint(stack, { userId: user }) })}`));
  assert.match(await peer.text(), /^40\/chat,/);
  return peer;
}

// The next text, and behind it nothing but the close frame.
async function lastWords(peer) {
  const text = await peer.text();
  assert.deepEqual(await peer.close(), { code: 1009, reason: 'payload too large' });
  peer.send(closeFrame(1009));
  await peer.end();
  return text;
}

stackTest('a message over the limit is answered, and then closed with 1009', async () => {
  const stack = await startStack({ brokerOpts: { recovery: 'no' }, gatewayOpts: { recovery: 'no' } });
  const [gateway] = stack.gateways;
  const content = 'x'.repeat(MAX_PAYLOAD);
  const event = (head) => `${head}["message",{"roomId":"a","content":"${content}"}]`;
  const ack = (id) => `43/chat,${id}${JSON.stringify(TOO_LARGE)}`;
  const place = '["message",{"roomId":"a","type":"file","content":{"_placeholder":true,"num":0}}]';
  const announced = MAX_PAYLOAD + 1;

  const cases = [
    ['whole', ack(17), frame(TEXT, event('42/chat,17'))],
    ['announced only', ack(18), frame(TEXT, '42/chat,18["message",', { length: announced })],
    ['in fragments', ack(19), Buffer.concat([frame(TEXT, event('42/chat,19').slice(0, 900000), { fin: false }), frame(0, 'x'.repeat(200000))])],
    ['as an attachment', ack(20), Buffer.concat([frame(TEXT, `451-/chat,20${place}`), frame(BINARY, content + content)])],
    ['without an ack', `42/chat,["error",${JSON.stringify(TOO_LARGE[0])}]`, frame(TEXT, event('42/chat,'))],
  ];
  for (const [what, expected, bytes] of cases) {
    const peer = await enter(stack, gateway, what.replace(/ /g, '-'));
    peer.send(bytes);
    assert.equal(await lastWords(peer), expected, what);
  }

  // Where nobody can be told, nobody is.
  for (const head of ['42/nowhere,17["a",', '42/chat,17', '43/chat,17[', '2', 'nonsense']) {
    const peer = await enter(stack, gateway, 'silent');
    peer.send(frame(TEXT, head, { length: announced }));
    assert.equal((await peer.frame()).payload.readUInt16BE(0), 1009, head);
    peer.destroy();
  }
  await stack.down();
});

// ---- the page

const text = () => fs.readFileSync(PAGE, 'utf8');

test('the page lists what the table lists', () => {
  const whole = text();
  const [from, to] = [whole.indexOf(BEGIN) + BEGIN.length, whole.indexOf(END)];
  assert.ok(from >= BEGIN.length && to >= from, 'the marks are there');
  const made = whole.slice(0, from) + page() + whole.slice(to);
  if (process.env.UPDATE) fs.writeFileSync(PAGE, made);
  assert.equal(text(), made);
});

// Named as `file`: "name of the test", "another one"
test('every test that the page names is there', () => {
  let count = 0;
  const sources = new Map();
  const wrong = [];
  for (const [, file, names] of text().matchAll(/`([\w/.-]+)`: ((?:"[^"\n]+"(?:, )?)+)/g)) {
    if (!sources.has(file)) sources.set(file, fs.readFileSync(path.join(ROOT, 'tests', file), 'utf8'));
    for (const [, name] of names.matchAll(/"([^"]+)"/g)) {
      count++;
      if (!sources.get(file).includes(name)) wrong.push(`${file}: ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 50, `${count} names`);
});
