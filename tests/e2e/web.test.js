// What browsers are told: CORS, origins, cookies; the same bytes as the reference server, where they
// are a matter of bytes. And what must not be told to anybody.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');
const { Echo, QUIET } = require('./echo');
const { Client, connect, page, refusal, userToken } = require('./helpers');
const { Poller, request } = require('./rawpoll');
const { upgradeRequest } = require('./rawws');
const { ask, startReference } = require('./reference');
const { program, startStack } = require('./stack');

const A = 'https://a.example';
const B = 'https://b.example:8443';
const EVIL = 'https://evil.example';
const POLL = '/engine.io/?EIO=4&transport=polling';
const OPEN = '/engine.io/?EIO=4&transport=websocket';

const SETTINGS = {
  'no CORS': {},
  'any origin': { origins: '*' },
  'one origin': { origins: [A] },
  'one origin, credentials, cookie': { origins: [A], credentials: true, cookie: 'io' },
  'a list': { origins: [A, B] },
  'a list, credentials, cookie': { origins: [A, B], credentials: true, cookie: 'lb.sid' },
};

const ORIGINS = {
  'a listed origin': A,
  'another listed origin': B,
  'an origin that is not listed': EVIL,
  'no origin': null,
  'the origin null': 'null',
  'an origin in upper case': A.toUpperCase(),
  'an origin with a slash': `${A}/`,
  'an origin with a port': `${A}:444`,
  'an origin with a tab in it': 'https://a\t.example',
  'an origin that is not ASCII': 'https://\xe4.example',
  'two origins': [A, B],
  'a listed origin twice': [A, A],
};

const REQUESTS = {
  'a preflight': (headers) => request('OPTIONS', POLL, { headers: { ...headers, 'Access-Control-Request-Method': 'POST' } }),
  'a preflight for headers': (headers) => request('OPTIONS', POLL, { headers: { ...headers, 'Access-Control-Request-Headers': 'content-type, X-Custom_1' } }),
  'a preflight for headers on two lines': (headers) => request('OPTIONS', POLL, { headers: { ...headers, 'Access-Control-Request-Headers': ['a', 'b, c'] } }),
  'a preflight for no header': (headers) => request('OPTIONS', POLL, { headers: { ...headers, 'Access-Control-Request-Headers': '' } }),
  'a preflight for nothing known': (headers) => request('OPTIONS', '/engine.io/?transport=pigeon&sid=nobody', { headers }),
  'a handshake': (headers) => request('GET', POLL, { headers }),
  'a handshake by POST': (headers) => request('POST', POLL, { headers, body: '4x' }),
  'an unknown transport': (headers) => request('GET', '/engine.io/?EIO=4&transport=pigeon', { headers }),
  'an unknown session': (headers) => request('GET', `${POLL}&sid=nobody`, { headers }),
  'an old protocol': (headers) => request('GET', '/engine.io/?EIO=3&transport=polling', { headers }),
  'a WebSocket without Upgrade': (headers) => request('GET', OPEN, { headers }),
  'a WebSocket': (headers) => upgradeRequest(OPEN, { headers }),
  'a WebSocket with an unknown session': (headers) => upgradeRequest(`${OPEN}&sid=nobody`, { headers }),
};

function args({ origins, credentials, cookie }) {
  return [...QUIET, '--cors-origins', [origins ?? []].flat().join(' '), '--cors-credentials', credentials ? '1' : '0',
    '--cookie', cookie ?? ''];
}

for (const [setting, options] of Object.entries(SETTINGS)) {
  describe(`the same bytes as the reference: ${setting}`, () => {
    let echo;
    let reference;
    before(async () => {
      [echo, reference] = await Promise.all([Echo.start(...args(options)), startReference(options)]);
    });
    after(() => Promise.all([echo?.stop(), reference?.stop()]));

    for (const [what, of] of Object.entries(REQUESTS)) {
      test(what, async () => {
        for (const [who, origin] of Object.entries(ORIGINS)) {
          const bytes = Buffer.from(of({ Origin: origin }).toString('latin1'), 'latin1');
          const [ours, theirs] = await Promise.all([ask(echo.port, bytes), ask(reference.port, bytes)]);
          assert.deepEqual(ours, theirs, `${what} with ${who}`);
        }
      });
    }
  });
}

const listed = [...QUIET, '--cors-origins', `${A},${B}`];

describe('origins', () => {
  let echo;
  before(async () => { echo = await Echo.start(...listed); });
  after(() => echo?.stop());

  test('a session that was opened goes on, whoever asks; a WebSocket may carry it on for the listed only', async () => {
    const poller = await Poller.open(echo.port, POLL, { headers: { Origin: A } });
    assert.equal((await poller.post('4hello', { headers: { Origin: EVIL } })).status, 200);
    assert.deepEqual(await poller.messages(1), ['4hello']);
    const target = `${OPEN}&sid=${poller.sid}`;
    const refused = await ask(echo.port, upgradeRequest(target, { headers: { Origin: EVIL } }));
    assert.deepEqual(refused, { status: 400, lines: [], body: 'Forbidden' });
    assert.equal((await ask(echo.port, upgradeRequest(target, { headers: { Origin: A } }))).status, 101);
    poller.destroy();
  });

  test('every answer to a session carries the headers', async () => {
    const headers = { Origin: B };
    const poller = await Poller.open(echo.port, POLL, { headers });
    const posted = await poller.post('4hello', { headers });
    const polled = await poller.get({ headers });
    const odd = await ask(echo.port, request('PUT', poller.target, { headers, body: 'x' }));
    const tooBig = await ask(echo.port, request('POST', poller.target, { headers: { ...headers, 'Content-Length': 1000001 } })
      .toString() + 'x'.repeat(1000001));
    for (const answer of [poller.answer, posted, polled]) {
      assert.equal(answer.headers['access-control-allow-origin'], B);
      assert.equal(answer.headers.vary, 'Origin');
    }
    for (const [answer, status] of [[odd, 500], [tooBig, 413]]) {
      assert.equal(answer.status, status);
      assert.deepEqual(answer.lines, [`Access-Control-Allow-Origin: ${B}`, 'Vary: Origin']);
    }
    // Refused before it is read.
    const chunked = await ask(echo.port, request('POST', poller.target, { headers: { ...headers, 'Transfer-Encoding': 'chunked' } }));
    assert.equal(chunked.status, 411);
    assert.deepEqual(chunked.lines, [`Access-Control-Allow-Origin: ${B}`, 'Vary: Origin']);
    poller.destroy();
  });

  test('no control character in an origin passes, and none comes back', async () => {
    for (const bad of ['\x01', '\x0b', '\x1f', '\x7f', 'a\x00b', `${A}\x07`]) {
      const peer = await ask(echo.port, Buffer.from(request('GET', POLL, { headers: { Origin: bad } }).toString('latin1'), 'latin1'))
        .catch((error) => error);
      if (peer instanceof Error) assert.match(peer.message, /connection ended before/);
      else assert.deepEqual(peer, { status: 400, lines: ['Vary: Origin'], body: '{"code":3,"message":"Bad request"}' }, JSON.stringify(bad));
    }
    await echo.isWell();
  });

  test('nothing that could end a line is ever sent back', async () => {
    const names = ['a\rSet-Cookie: x=y', 'a\x0bb', 'a:b', 'a;b', '"a"', 'caf\xe9', 'a\x7f', 'a\nSet-Cookie: x=y', 'a\r\n Set-Cookie: x=y'];
    for (const name of names) {
      const text = `OPTIONS ${POLL} HTTP/1.1\r\nHost: localhost\r\nOrigin: ${A}\r\nAccess-Control-Request-Headers: ${name}\r\n\r\n`;
      const answer = await ask(echo.port, Buffer.from(text, 'latin1')).catch((error) => error);
      if (answer instanceof Error) {
        assert.match(answer.message, /connection ended before/);
        continue;
      }
      assert.ok(!answer.lines.some((line) => /set-cookie/i.test(line)), JSON.stringify({ name, answer }));
      for (const line of answer.lines) assert.match(line, /^[ -~]*$/);
    }
    await echo.isWell();
  });

  test('names of headers are granted up to 2048 bytes', async () => {
    const ask1 = (names) => ask(echo.port, request('OPTIONS', POLL, { headers: { Origin: A, 'Access-Control-Request-Headers': names } }));
    const most = `x-${'a'.repeat(2046)}`;
    assert.ok((await ask1(most)).lines.includes(`Access-Control-Allow-Headers: ${most}`));
    const over = await ask1(`${most}a`);
    assert.equal(over.status, 204);
    assert.ok(!over.lines.some((line) => /allow-headers/i.test(line)));
  });

  test('pages beside Engine.IO are nobody else\'s business', async () => {
    for (const [method, target, status] of [['GET', '/health', 200], ['OPTIONS', '/health', 404], ['GET', '/nothing', 404]]) {
      const answer = await ask(echo.port, request(method, target, { headers: { Origin: A } }));
      assert.equal(answer.status, status);
      assert.deepEqual(answer.lines, []);
    }
  });
});

describe('whose request it is', () => {
  let echo;
  before(async () => {
    echo = await Echo.start(...QUIET, '--address', '::', '--trusted-proxies', '127.0.0.1,10.0.0.0/8 2001:db8::/32');
  });
  after(() => echo?.stop());

  const forwarded = (value, proto = null) => ({ 'X-Forwarded-For': value, 'X-Forwarded-Proto': proto });
  for (const [what, headers, expected] of [
    ['nobody was forwarded', {}, '127.0.0.1'],
    ['one address', forwarded('203.0.113.9', 'https'), '203.0.113.9 secure'],
    ['one with a port', forwarded('203.0.113.9:80', 'http'), '203.0.113.9'],
    ['one in brackets', forwarded('[2001:dbf::9]:443'), '2001:dbf::9'],
    ['several proxies of ours', forwarded('6.6.6.6, 203.0.113.9, 10.0.0.7, 2001:db8::1'), '203.0.113.9'],
    ['several headers', forwarded(['6.6.6.6, 203.0.113.9', '10.0.0.7']), '203.0.113.9'],
    ['nothing but proxies of ours', forwarded('10.0.0.9,10.0.0.7'), '10.0.0.9'],
    ['garbage', forwarded('203.0.113.9 <b>'), '127.0.0.1'],
    ['garbage behind the client', forwarded('<b>, 203.0.113.9'), '203.0.113.9'],
    ['a very long list', forwarded(Array(1000).fill('10.0.0.7').join()), '127.0.0.1'],
  ]) {
    test(what, async () => {
      const poller = await Poller.open(echo.port, POLL, { headers });
      assert.equal((await echo.line(new RegExp(`^open ${poller.sid}`))).split(' ').slice(2).join(' '), expected);
      poller.destroy();
      const peer = await echo.session({ headers });
      assert.equal((await echo.line(new RegExp(`^open ${peer.open.sid}`))).split(' ').slice(2).join(' '), expected);
      peer.destroy();
    });
  }
});

describe('a gateway with its broker', () => {
  let stack;
  let gateway;
  before(async () => {
    stack = await startStack({ gatewayOpts: { 'cors-origins': `${A} ${B}`, 'cors-credentials': 'yes', cookie: 'lb' } });
    [gateway] = stack.gateways;
  });
  after(() => stack?.down());

  const options = (origin, more) => ({ token: userToken(stack, 'ann'), extraHeaders: { Origin: origin }, ...more });

  for (const transport of ['polling', 'websocket']) {
    test(`socket.io-client over ${transport}: a listed origin is let in, another not`, async () => {
      const client = await connect(gateway, options(A, { transports: [transport] }));
      assert.equal((await client.ask('join-room', { roomId: 'hall' })).ok, true);
      client.close();
      const error = await refusal(gateway, options(EVIL, { transports: [transport] }));
      assert.match(error.message, transport === 'polling' ? /xhr poll error/ : /websocket error/);
      if (transport === 'polling') assert.equal(error.description, 403);
    });
  }

  test('socket.io-client without an origin is let in', async () => {
    const client = await connect(gateway, { token: userToken(stack, 'ann'), transports: ['polling'] });
    client.close();
  });

  test('a client that keeps cookies sends the one of its session back, and is given none again', async () => {
    const client = new Client(gateway, options(A, { transports: ['polling'], withCredentials: true }));
    await client.next('connect', undefined);
    const { engine } = client.socket.io;
    const [[name, cookie]] = [...engine._cookieJar._cookies];
    assert.equal(name, 'lb');
    assert.equal(cookie.value, engine.id);
    assert.equal((await client.ask('join-room', { roomId: 'hall' })).ok, true);
    client.close();
  });

  test('its other pages stay as they are', async () => {
    assert.equal((await page(`${gateway.url}/health`)).status, 200);
    assert.equal((await page(`${gateway.url}/ready`)).status, 200);
    const answer = await fetch(`${gateway.url}/metrics`, { headers: { Origin: EVIL } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('access-control-allow-origin'), null);
    await answer.text();
  });
});

describe('what a gateway refuses to start with', () => {
  const start = (...more) => spawnSync(program('roomcast-gateway'), ['--config', '/dev/null', '--token-hs256-secret-file', '/x',
    ...more], { encoding: 'utf8' });

  for (const [what, options, sentence] of [
    ['any origin with credentials', ['--cors-origins', '*', '--cors-credentials', 'yes'], /browsers refuse the two together: name the origins/],
    ['an origin with a path', ['--cors-origins', 'https://a.example/'], /--cors-origins https:\/\/a\.example\/ has a path/],
    ['a cookie that is none', ['--cookie', 'a b'], /--cookie a b is no name of a cookie/],
    ['a proxy that is none', ['--trusted-proxies', 'nginx.local'], /--trusted-proxies nginx\.local is no address/],
    ['PROXY headers from nobody', ['--proxy-protocol', 'yes'], /proxy-protocol without trusted-proxies: name the proxies/],
  ]) {
    test(what, () => {
      const { status, stderr } = start(...options);
      assert.equal(status, 2);
      assert.match(stderr, sentence);
    });
  }
});
