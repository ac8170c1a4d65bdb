// Pages of several origins in a real browser: the one that is listed may connect, another not, on
// either transport; and the page that a gateway serves itself.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { once } = require('node:events');
const { after, before, describe, test } = require('node:test');
const { chromium } = require('playwright-core');
const { userToken } = require('./helpers');
const { startStack } = require('./stack');

const CHROMIUM = '/usr/bin/chromium';
const WAIT_MS = 60000;
const CLIENT = path.join(path.dirname(require.resolve('socket.io-client/package.json')), 'dist/socket.io.min.js');

// Every host name of a page is this machine; each name is an origin of its own.
const LISTED = 'http://app.test';
const EVIL = 'http://evil.test';

const PAGE = '<!doctype html><script src="/socket.io.min.js"></script>';

let pages;
let port;
let browser;
let demoDir;

// A server of one page, for whatever name it is asked under.
async function servePage() {
  const server = http.createServer((request, response) => {
    const isClient = request.url === '/socket.io.min.js';
    response.writeHead(200, { 'Content-Type': isClient ? 'text/javascript' : 'text/html' });
    response.end(isClient ? fs.readFileSync(CLIENT) : PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

// The same page, for a gateway to serve.
function makeDemo() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-page-'));
  fs.writeFileSync(path.join(dir, 'index.html'), PAGE);
  fs.copyFileSync(CLIENT, path.join(dir, 'socket.io.min.js'));
  return dir;
}

before(async () => {
  demoDir = makeDemo();
  pages = await servePage();
  ({ port } = pages.address());
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    timeout: 4 * WAIT_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--host-resolver-rules=MAP *.test 127.0.0.1',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}, { timeout: 8 * WAIT_MS });

after(async () => {
  await browser?.close();
  pages?.closeAllConnections();
  pages?.close();
  fs.rmSync(demoDir, { recursive: true, force: true });
}, { timeout: 4 * WAIT_MS });

// What becomes of a stock client in a page of that origin: { ok, transport, cookies } or { error, cookies }.
async function connectFrom(origin, gateway, token, options) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${origin}/`, { timeout: WAIT_MS });
    const answer = await page.evaluate(([url, auth, more]) => new Promise((resolve) => {
      const socket = window.io(`${url}/chat`, { auth: { token: auth }, reconnection: false, ...more });
      socket.on('connect_error', (error) => { socket.close(); resolve({ error: error.message, status: error.description }); });
      socket.on('connect', async () => {
        const { ok } = await socket.emitWithAck('join-room', { roomId: 'hall' });
        const transport = socket.io.engine.transport.name;
        socket.close();
        resolve({ ok, transport });
      });
    }), [gateway.url, token, options]);
    return { ...answer, cookies: await context.cookies(gateway.url) };
  } finally {
    await context.close();
  }
}

function suite(name, gatewayOpts, fn) {
  describe(name, () => {
    const shared = {};
    before(async () => {
      shared.stack = await startStack({ gatewayOpts: gatewayOpts() });
      [shared.gateway] = shared.stack.gateways;
      shared.token = userToken(shared.stack, 'ann');
      shared.from = (origin, options) => connectFrom(origin, shared.gateway, shared.token, options);
    }, { timeout: 8 * WAIT_MS });
    after(() => shared.stack?.down());
    fn(shared);
  });
}

const timeout = 4 * WAIT_MS;

suite('a list of origins, with credentials', () => ({
  'cors-origins': `${LISTED}:${port} http://other.test`, 'cors-credentials': 'yes', cookie: 'lb',
}), (shared) => {
  for (const transport of ['polling', 'websocket']) {
    test(`a listed origin connects over ${transport}`, { timeout }, async () => {
      const answer = await shared.from(`${LISTED}:${port}`, { transports: [transport], withCredentials: true });
      assert.deepEqual({ ok: answer.ok, transport: answer.transport }, { ok: true, transport });
    });

    test(`another does not over ${transport}`, { timeout }, async () => {
      for (const withCredentials of [true, false]) {
        const answer = await shared.from(`${EVIL}:${port}`, { transports: [transport], withCredentials });
        assert.match(answer.error, transport === 'polling' ? /xhr poll error/ : /websocket error/);
        assert.deepEqual(answer.cookies, []);
      }
    });
  }

  test('a listed origin goes from polling to WebSocket, with headers of its own', { timeout }, async () => {
    // A header that is not simple makes the browser ask first.
    const answer = await shared.from(`${LISTED}:${port}`, { extraHeaders: { 'X-Custom': '1', Authorization: 'Bearer x' } });
    assert.equal(answer.ok, true);
  });
});

suite('any origin', () => ({ 'cors-origins': '*' }), (shared) => {
  test('connects over both transports', { timeout }, async () => {
    for (const transport of ['polling', 'websocket']) {
      assert.equal((await shared.from(`${EVIL}:${port}`, { transports: [transport] })).ok, true);
    }
    // With credentials a browser takes no `*`.
    assert.match((await shared.from(`${EVIL}:${port}`, { transports: ['polling'], withCredentials: true })).error, /xhr poll error/);
  });
});

suite('no CORS', () => ({}), (shared) => {
  test('is what the reference does: pages of others do not poll, but have WebSockets', { timeout }, async () => {
    assert.match((await shared.from(`${EVIL}:${port}`, { transports: ['polling'] })).error, /xhr poll error/);
    assert.equal((await shared.from(`${EVIL}:${port}`, { transports: ['websocket'] })).ok, true);
  });
});

suite('the page of the gateway itself', () => ({ 'cors-origins': LISTED, 'demo-dir': demoDir }), (shared) => {
  test('connects, though it is not listed', { timeout }, async () => {
    for (const transport of ['polling', 'websocket']) {
      assert.equal((await shared.from(shared.gateway.url, { transports: [transport] })).ok, true);
    }
  });
});
