// socket.io-client 2.5 in a real browser, whose XMLHttpRequest and WebSocket have binary data in
// ways of their own, over every transport; beside the client of today.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { chromium } = require('playwright-core');
const { startStack } = require('./stack');
const { connect, test, userToken } = require('./helpers');

const CHROMIUM = '/usr/bin/chromium';
const WAIT_MS = 20000;
const BYTES = [0, 1, 4, 127, 128, 254, 255];

let stack;
let browser;
let dir;
let rooms = 0;

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-page-'));
  const client = path.join(path.dirname(require.resolve('socket.io-client-2/package.json')), 'dist/socket.io.js');
  fs.copyFileSync(client, path.join(dir, 'client2.js'));
  fs.writeFileSync(path.join(dir, 'index.html'), '<!doctype html><title>old</title><script src="client2.js"></script>');
  stack = await startStack({ gatewayOpts: { 'allow-eio3': 'yes', 'demo-dir': dir } });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    timeout: 4 * WAIT_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}, { timeout: 8 * WAIT_MS });

after(async () => {
  await browser?.close();
  await stack?.down();
  fs.rmSync(dir, { recursive: true, force: true });
});

// Runs in the page: joins, says a text and bytes, and tells what came of both and by what transport.
function chat({ token, transports, roomId, bytes, forceBase64 }) {
  return new Promise((resolve, reject) => {
    const socket = window.io('/chat', { transports, query: { token }, forceBase64 });
    const heard = [];
    const ask = (event, data) => new Promise((done) => { socket.emit(event, data, done); });
    const carriers = () => ({
      polled: performance.getEntriesByType('resource').some((r) => new URL(r.name).searchParams.get('transport') === 'polling'),
      carrier: socket.io.engine.transport.name,
    });
    socket.on('error', (error) => reject(new Error(JSON.stringify(error))));
    socket.on('message', ({ content, userId }) => {
      heard.push([userId, typeof content === 'string' ? content : [...new Uint8Array(content)]]);
      if (heard.length === 4) resolve({ heard, id: socket.id, engine: socket.io.engine.id, ...carriers() });
    });
    socket.on('connect', async () => {
      await ask('join-room', { roomId });
      await ask('message', { roomId, content: 'grüße \u{1f600}' });
      await ask('message', { roomId, content: new Uint8Array(bytes).buffer, type: 'image' });
    });
  });
}

const TRANSPORTS = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };

for (const [name, transports] of Object.entries(TRANSPORTS)) {
  for (const forceBase64 of [false, true]) {
    test(`${name}${forceBase64 ? ', text only' : ''}`, async () => {
      const [gateway] = stack.gateways;
      const roomId = `browser-${++rooms}`;
      const today = await connect(gateway, { token: userToken(stack, 'today') });
      assert.equal((await today.ask('join-room', { roomId })).ok, true);
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        await page.goto(gateway.url, { timeout: WAIT_MS });
        const result = page.evaluate(chat, { token: userToken(stack, 'old'), transports, roomId, bytes: BYTES, forceBase64 });
        result.catch(() => {}); // told below, unless something else goes wrong first
        assert.equal((await today.next('message', { roomId, userId: 'old' })).content, 'grüße \u{1f600}');
        assert.deepEqual([...(await today.next('message', { roomId, userId: 'old' })).content], BYTES);
        await today.ask('message', { roomId, content: 'hello' });
        await today.ask('message', { roomId, content: Buffer.from(BYTES), type: 'file' });
        const { heard, id, engine, polled, carrier } = await result;
        assert.deepEqual(heard, [['old', 'grüße \u{1f600}'], ['old', BYTES], ['today', 'hello'], ['today', BYTES]]);
        assert.equal(id, `/chat#${engine}`);
        assert.equal(polled, name !== 'websocket');
        if (name !== 'upgrade') assert.equal(carrier, name);
      } finally {
        await context.close();
      }
    });
  }
}
