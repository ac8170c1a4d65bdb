/*
 * The tutorial's client.js and nginx.conf, unmodified: the client comes through its nginx to three
 * gateways. What the files leave to their reader is given from outside: where ws.example.com is, a
 * token, alert() of the browser, and getRoomsFromLocalState(), which client.js calls and does not have.
 */
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { register } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { pathToFileURL } = require('node:url');
const { connect, io, test, waitFor } = require('../e2e/helpers');
const { freePorts } = require('../e2e/stack');
const { FILES, Program, startHouse } = require('./house');

const PAGE = pathToFileURL(path.join(FILES, 'client.js')).href;
const GIVEN = { url: 'https://ws.example.com', token: 'user-token-123' };

// In the module the import is the stock client's io(), and beyond it its names can be used, as by
// another script of the same page.
register(`data:text/javascript,${encodeURIComponent(`
  import { readFileSync } from 'node:fs';
  const isPage = (url) => url?.startsWith(${JSON.stringify(PAGE)});
  export const resolve = (specifier, context, next) => (specifier === 'socket.io-client' && isPage(context.parentURL)
    ? { url: 'data:text/javascript,export const io = (...args) => globalThis.tutorial.io(...args);', shortCircuit: true }
    : next(specifier, context));
  export const load = (url, context, next) => (isPage(url)
    ? { format: 'module', source: readFileSync(new URL(url), 'utf8') + 'export { WebSocketClient, client };', shortCircuit: true }
    : next(url, context));
`)}`);

let house;
let nginx;
let url;
let pages = 0;
const opened = new Set();

before(async () => {
  house = await startHouse({ gateways: 3 });
  nginx = await startNginx(house.gateways);
  url = nginx.url;
}, { timeout: 120000 });
after(async () => {
  for (const client of opened) client.disconnect();
  await nginx?.stop();
  await house?.down();
});

// nginx with the tutorial's file: only the port and the addresses of the servers are this machine's.
async function startNginx(gateways) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-nginx-'));
  const port = await freePorts(1);
  let given = fs.readFileSync(path.join(FILES, 'nginx.conf'), 'utf8').replace('listen 80;', `listen 127.0.0.1:${port};`);
  gateways.forEach((gateway, i) => { given = given.replace(`server ws-server-${i + 1}:3000;`, `server 127.0.0.1:${gateway.port};`); });
  assert.doesNotMatch(given, /ws-server/);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${dir}/${what};`).join(' ');
  fs.writeFileSync(`${dir}/nginx.conf`, `daemon off; master_process off; pid ${dir}/pid;
    events { worker_connections 256; }
    http { access_log off; ${temporary}
    ${given} }`);
  const server = new Program('/usr/sbin/nginx', ['-c', `${dir}/nginx.conf`, '-e', 'stderr']);
  await server.answers(`http://127.0.0.1:${port}/health`);
  const stop = async () => {
    await server.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

// A page that has the file in it, of that user. heard: what its handlers were called with.
async function openPage(user, rooms = []) {
  const token = await house.token(user, user.toUpperCase());
  globalThis.tutorial = {
    io: (to, options) => (to === GIVEN.url && options.auth.token === GIVEN.token ? io(url, { ...options, auth: { token } }) : io(to, options)),
  };
  const page = await import(`${PAGE}?${++pages}`);
  opened.add(page.client);
  const heard = { message: [], typing: [], left: [] };
  page.WebSocketClient.prototype.getRoomsFromLocalState = () => rooms;
  page.client.handleMessage = (data) => heard.message.push(data);
  page.client.handleTyping = (data) => heard.typing.push(data);
  page.client.handleUserLeft = (data) => heard.left.push(data);
  return { ...page, heard, rooms };
}

// Somebody else, in room-1, at another gateway than the page.
async function enter(gateway, user) {
  const client = await connect(gateway, { token: await house.token(user, user.toUpperCase()), nsp: '/' });
  assert.equal((await client.ask('join-room', { roomId: 'room-1' })).ok, true);
  return client;
}

const gatewayOf = async (user) => {
  const { users } = await house.ctl('users');
  return house.gateways.find(({ id }) => users.find(({ userId }) => userId === user)?.gateways === id);
};

test('as it is: it connects, and what it said before is said then', async () => {
  const ann = await enter(house.gateways[0], 'ann');
  const { client } = await openPage('eve');
  assert.equal(client.messageQueue.length, 1);
  const { id, seq, timestamp, ...said } = await ann.next('message', { content: 'Hello, world!' });
  assert.deepEqual(said, { roomId: 'room-1', userId: 'eve', username: 'EVE', content: 'Hello, world!', type: 'text' });
  assert.equal(client.messageQueue.length, 0);
});

test('it joins, hears who speaks, types and leaves, and leaves a room', async () => {
  const { client, heard } = await openPage('bob');
  await waitFor('bob to be in', () => client.socket.connected);
  client.joinRoom('room-1');
  const carol = await enter(house.gateways[1], 'carol');
  await waitFor('bob to be in the room', async () => (await carol.ask('room-users', { roomId: 'room-1' })).users.some(({ userId }) => userId === 'bob'));
  const { id } = await carol.ask('message', { roomId: 'room-1', content: 'hi bob' });
  await waitFor('the message', () => heard.message.some((data) => data.id === id && data.username === 'CAROL'));
  await carol.ask('typing', { roomId: 'room-1' });
  await waitFor('typing', () => heard.typing.some(({ username }) => username === 'CAROL'));
  carol.socket.emit('leave-room', { roomId: 'room-1' });
  await waitFor('who left', () => heard.left.some(({ username }) => username === 'CAROL'));
  client.leaveRoom('room-1');
  await waitFor('bob to be out', async () => !(await carol.ask('room-users', { roomId: 'room-1' })).users?.some(({ userId }) => userId === 'bob'));
});

test('it keeps what is said while its gateway is dead, comes back at another, and says it once', async () => {
  const { client, heard, rooms } = await openPage('dave');
  await waitFor('dave to be in', () => client.socket.connected);
  client.joinRoom('room-1');
  rooms.push('room-1');
  const dead = await waitFor('dave\'s gateway', () => gatewayOf('dave'));
  const frank = await enter(house.gateways.find((gateway) => gateway !== dead), 'frank');
  await waitFor('dave to be in the room', async () => (await frank.ask('room-users', { roomId: 'room-1' })).users.some(({ userId }) => userId === 'dave'));
  await dead.stop('SIGKILL');
  await waitFor('dave to notice', () => !client.socket.connected);
  client.sendMessage('room-1', 'while offline');
  assert.equal(client.messageQueue.length, 1);
  const missed = await frank.ask('message', { roomId: 'room-1', content: 'and dave hears this' });
  await frank.next('message', { content: 'while offline', userId: 'dave' });
  assert.equal(client.socket.recovered, true);
  await waitFor('what he missed', () => heard.message.some(({ id }) => id === missed.id));
  // Joining once more, as the tutorial's client does, changes nothing.
  await frank.ask('message', { roomId: 'room-1', content: 'last' });
  await waitFor('the last one', () => heard.message.some(({ content }) => content === 'last'));
  assert.equal(heard.message.filter(({ id }) => id === missed.id).length, 1);
  assert.equal(heard.message.filter(({ content }) => content === 'last').length, 1);
  assert.equal(frank.got('message', { content: 'while offline' }).length, 1);
  assert.equal(frank.got('user-left', { userId: 'dave' }).length, 0);
});

test('its user is told when nobody answers', async () => {
  const { WebSocketClient } = await openPage('grace');
  const port = await freePorts(1);
  const told = new Promise((resolve) => { globalThis.alert = resolve; });
  const client = new WebSocketClient(`http://127.0.0.1:${port}`, 'x');
  opened.add(client);
  client.maxReconnectAttempts = 2;
  client.connect();
  assert.equal(await told, 'Unable to connect to server. Please refresh the page.');
  delete globalThis.alert;
});

test('a bad token is refused, and it does not try again', async () => {
  const { WebSocketClient } = await openPage('heidi');
  const client = new WebSocketClient(url, GIVEN.token);
  opened.add(client);
  client.connect();
  await waitFor('the refusal', () => client.reconnectAttempts === 1);
  assert.equal(client.socket.active, false);
});
