// The client library for browsers under the path of Engine.IO, as the reference serves it.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const path = require('node:path');
const { after, before } = require('node:test');
const { Server } = require('socket.io');
const { startStack } = require('./stack');
const { test } = require('./helpers');

const DIST = path.join(path.dirname(require.resolve('socket.io-client/package.json')), 'dist');
const VERSION = '"4.8.3"'; // the client's; the reference gives its own
const NAMES = ['socket.io', 'socket.io.min', 'socket.io.esm.min', 'socket.io.msgpack.min']
  .flatMap((name) => [`${name}.js`, `${name}.js.map`]);

let stack, reference;

before(async () => {
  stack = await startStack({ gatewayOpts: { 'client-dir': DIST } });
  reference = http.createServer();
  new Server(reference);
  await new Promise((resolve) => { reference.listen(0, '127.0.0.1', resolve); });
});

after(async () => {
  reference?.close();
  await stack?.down();
});

function get(origin, name, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    http.request(`${origin}/socket.io/${name}`, { method, headers, agent: false }, (answer) => {
      const body = [];
      answer.on('data', (chunk) => body.push(chunk));
      answer.on('end', () => {
        const { etag, 'cache-control': cache, 'content-type': type } = answer.headers;
        resolve({ status: answer.statusCode, etag, cache, type, body: Buffer.concat(body).toString() });
      });
    }).on('error', reject).end();
  });
}

const theirs = (name, options) => get(`http://127.0.0.1:${reference.address().port}`, name, options);
const ours = (name, options) => get(stack.gateways[0].url, name, options);

for (const name of NAMES) {
  test(`${name}, and not when it is known`, async () => {
    const [expected, answer] = await Promise.all([theirs(name), ours(name)]);
    assert.equal(expected.status, 200);
    // The files of the reference are those of the client of its own version.
    assert.deepEqual({ ...answer, body: '' }, { ...expected, etag: VERSION, body: '' });
    assert.ok(answer.body.length > 10000 && answer.body.includes('ocket.io'));
    for (const known of [VERSION, `W/${VERSION}`]) {
      const again = await ours(name, { headers: { 'If-None-Match': known } });
      assert.deepEqual([again.status, again.body], [304, '']);
    }
    assert.equal((await ours(name, { headers: { 'If-None-Match': '"4.8.2"' } })).status, 200);
    assert.deepEqual(await ours(name, { method: 'HEAD' }), { ...answer, body: '' });
  });
}

test('what is no file of it is Engine.IO, as ever', async () => {
  for (const name of ['socket.io.mjs', '../package.json', 'socket.io.js/..', '%2e%2e/package.json', '']) {
    assert.ok([400, 404].includes((await ours(name)).status), name);
  }
  assert.equal((await ours('socket.io.js', { method: 'POST' })).status, 400);
});

test('a folder that is no dist is refused with a word', async () => {
  await assert.rejects(startStack({ gatewayOpts: { 'client-dir': __dirname } }), /name the folder `dist` of socket.io-client/);
});
