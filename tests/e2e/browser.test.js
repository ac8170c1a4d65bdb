// The demo page in a real browser: two people on two gateways talk to each other.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, afterEach, before, test } = require('node:test');
const { chromium } = require('playwright-core');
const { startStack } = require('./stack');

const CHROMIUM = '/usr/bin/chromium';
const WAIT_MS = 30000;
const ROOT = path.resolve(__dirname, '../..');
const ARTIFACTS = path.resolve(ROOT, process.env.ROOMCAST_ARTIFACTS || 'build/artifacts');

let stack;
let browser;
let demoDir;
const pages = []; // of the test that runs

// What a gateway serves: the page of this repository and the client of its package, side by side.
function assembleDemo() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-demo-'));
  fs.cpSync(path.join(ROOT, 'examples/chat'), dir, { recursive: true });
  const entry = require.resolve('socket.io-client/package.json');
  fs.copyFileSync(path.join(path.dirname(entry), 'dist/socket.io.min.js'), path.join(dir, 'socket.io.min.js'));
  return dir;
}

// A person is a browser context of their own (as good as another computer) on one gateway's page.
async function enter({ gateway, user, name, token, room = 'lobby' }) {
  const context = await browser.newContext({ viewport: { width: 900, height: 640 } });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const log = [];
  page.on('console', (message) => log.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => log.push(`uncaught: ${error.stack}`));
  pages.push({ user, page, log });
  const fragment = new URLSearchParams({
    token: token ?? await stack.token({ user, name }), room, nsp: '/chat',
  });
  await page.goto(`${new URL('/', gateway.url)}#${fragment}`, { timeout: WAIT_MS });
  const at = (id) => page.getByTestId(id);
  return { page, log, at, gateway, name };
}

const status = (person, state) => person.page.locator(`[data-testid=status][data-state=${state}]`);
const inRoom = (person, user) => person.page.locator(`[data-testid=user][data-user-id="${user}"]`);

// The message with this text once it is in this state.
const message = (person, text, state) => person.page.locator(`[data-testid=message][data-state=${state}]`)
  .filter({ has: person.page.locator('[data-testid=content]', { hasText: text }) });

// What a person sees, from the top.
const shown = (person) => person.page.locator('[data-testid=message]').evaluateAll((items) =>
  items.map((item) => ({
    seq: Number(item.dataset.seq),
    author: item.querySelector('[data-testid=author]').textContent,
    text: item.querySelector('[data-testid=content]').textContent,
  })));

// An empty element is not visible, hence "attached".
const waitForText = (locator, expected) => locator.filter({ hasText: expected }).waitFor({ state: 'attached' });

const complaints = (person) => person.log.filter((line) => /^(error|uncaught):/.test(line));

// Whether the test passed or failed: what each page looked like at its end, and what it had to say.
async function keep() {
  for (const { user, page, log } of pages.splice(0)) {
    if (log.length) fs.writeFileSync(path.join(ARTIFACTS, `chat-${user}.log`), `${log.join('\n')}\n`);
    await page.screenshot({ path: path.join(ARTIFACTS, `chat-${user}.png`), timeout: WAIT_MS });
  }
}

before(async () => {
  fs.mkdirSync(ARTIFACTS, { recursive: true });
  demoDir = assembleDemo();
  stack = await startStack({ gateways: 2, gatewayOpts: { 'demo-dir': demoDir }, brokerOpts: {} });
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
  if (demoDir) fs.rmSync(demoDir, { recursive: true, force: true });
}, { timeout: 4 * WAIT_MS });

afterEach(keep, { timeout: 4 * WAIT_MS });

test('two people on two gateways talk to each other', { timeout: 12 * WAIT_MS }, async () => {
  const [first, second] = stack.gateways;
  const alice = await enter({ gateway: first, user: 'alice', name: 'Alice' });
  const bob = await enter({ gateway: second, user: 'bob', name: 'Bob' });
  const both = [alice, bob];

  // Each is connected, to another gateway, over a WebSocket; no token stays in the address bar.
  for (const person of both) {
    await status(person, 'connected').waitFor();
    assert.equal(await person.at('status').getAttribute('data-gateway'), new URL(person.gateway.url).host);
    assert.equal(await person.at('status').getAttribute('data-transport'), 'websocket');
    assert.equal(await person.at('status').getAttribute('data-session'), 'fresh');
    assert.doesNotMatch(person.page.url(), /token/);
  }
  assert.notEqual(new URL(first.url).port, new URL(second.url).port);
  assert.match(await alice.at('status').textContent(), new RegExp(`:${new URL(first.url).port}\\b`));
  assert.match(await bob.at('status').textContent(), new RegExp(`:${new URL(second.url).port}\\b`));

  // Each sees both.
  for (const person of both) {
    await inRoom(person, 'alice').waitFor();
    await inRoom(person, 'bob').waitFor();
    await waitForText(person.at('users-count'), /^2$/);
  }

  // Alice types, key by key: Bob sees it, Alice does not see herself.
  // What is shown goes away again while she is slow.
  await alice.at('input').click();
  await Promise.all([
    waitForText(bob.at('typing'), 'Alice'),
    alice.page.keyboard.type('Hello from the first gateway'),
  ]);
  assert.equal(await alice.at('typing').textContent(), '');

  // She sends with Enter; the line at Bob's goes away as the message comes.
  await alice.page.keyboard.press('Enter');
  await message(alice, 'Hello from the first gateway', 'delivered').waitFor();
  await message(bob, 'Hello from the first gateway', 'received').waitFor();
  await waitForText(bob.at('typing'), /^$/);
  assert.equal(await alice.at('input').inputValue(), '');

  // Bob answers with the button. What looks like markup is text.
  const markup = 'Hello <b>Alice</b> & <img src=x onerror="document.title=1"> from the second';
  await bob.at('input').click();
  await Promise.all([waitForText(alice.at('typing'), 'Bob'), bob.page.keyboard.type(markup)]);
  await bob.at('send').click();
  await message(bob, markup, 'delivered').waitFor();
  await message(alice, markup, 'received').waitFor();
  assert.equal(await alice.page.locator('#messages img, #messages b').count(), 0);

  // Same messages, same order, same numbers, and the ticks of each on their own only.
  const expected = [
    { seq: 1, author: 'Alice', text: 'Hello from the first gateway' },
    { seq: 2, author: 'Bob', text: markup },
  ];
  for (const person of both) {
    await person.page.locator('[data-state=sending]').waitFor({ state: 'detached' });
    assert.deepEqual(await shown(person), expected);
    assert.equal(await person.page.locator('[data-testid=message][data-own=true][data-state=delivered]').count(), 1);
    assert.equal(await person.page.locator('[data-testid=message][data-own=false][data-state=received]').count(), 1);
    assert.equal(await person.at('gap').count(), 0);
    assert.deepEqual(complaints(person), []);
  }
});

test('a bad token is refused with its reason', { timeout: 4 * WAIT_MS }, async () => {
  const mallory = await enter({ gateway: stack.gateways[0], user: 'mallory', token: 'not-a-token' });
  await status(mallory, 'refused').waitFor();
  assert.equal(await mallory.at('status').getAttribute('data-code'), 'token_malformed');
  await waitForText(mallory.at('banner'), 'Invalid authentication');
});
