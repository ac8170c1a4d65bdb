// Tokens and those who bear them: algorithms, keys that change, who says later who he is, expiry, revocation.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { connect, linked, now, refusal, test, waitFor } = require('./helpers');
const { Proxy } = require('./proxy');
const { startStack } = require('./stack');

const EXPIRING_MS = 3000;
const AUTH_TIMEOUT_MS = 5000;
const AT_ONCE = { reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };
const SOON_MS = 10000; // at once, on a busy machine
const EARLY_MS = 50;   // what clocks of two processes may differ

let dir;
let file;
let stack;
let first;
let second;

/* ---- keys and tokens ---- */

const PAIRS = {
  RS256: ['rsa', { modulusLength: 2048 }],
  ES256: ['ec', { namedCurve: 'P-256' }],
  EdDSA: ['ed25519', {}],
};

// A key that signs, with the JWK that checks.
function makeKey(alg, kid) {
  if (alg.startsWith('HS')) {
    const secret = crypto.randomBytes(64);
    return { alg, kid, secret, jwk: { kty: 'oct', k: secret.toString('base64url'), alg, kid } };
  }
  const { publicKey, privateKey } = crypto.generateKeyPairSync(...PAIRS[alg]);
  return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' } };
}

function signature({ alg, secret, privateKey }, text) {
  if (secret) return crypto.createHmac(`sha${alg.slice(2)}`, secret).update(text).digest('base64url');
  const hash = alg === 'EdDSA' ? null : 'sha256';
  return crypto.sign(hash, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function sign(key, claims, header = {}) {
  const whole = { iat: now(), exp: now() + 600, ...claims };
  const text = `${encode({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header })}.${encode(whole)}`;
  return `${text}.${signature(key, text)}`;
}

const KEYS = Object.fromEntries(['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'EdDSA'].map((alg) => [alg, makeKey(alg, `k-${alg}`)]));
const set = (...keys) => JSON.stringify({ keys: keys.map((key) => key.jwk) });

// As a careful administrator does it: a new file takes the place of the old one.
function exchange(text) {
  fs.writeFileSync(`${file}.new`, text, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}

const token = (user, claims) => sign(KEYS.EdDSA, { sub: user, name: user, ...claims });

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-keys-'));
  file = path.join(dir, 'keys.json');
  exchange(set(...Object.values(KEYS)));
  stack = await startStack({
    gateways: 2,
    auth: { '/later': 'deferred', '/load': 'any' },
    brokerOpts: { 'heartbeat-ms': 500, 'lease-ms': 4000 },
    gatewayOpts: {
      'token-keys-file': file,
      'token-leeway-ms': 0,
      'token-audience': 'chat, mobile',
      'auth-expiring-ms': EXPIRING_MS,
      'auth-timeout-ms': AUTH_TIMEOUT_MS,
    },
  });
  [first, second] = stack.gateways;
});
after(async () => {
  await stack?.down();
  fs.rmSync(dir, { recursive: true, force: true });
});

const FOR_US = { aud: 'chat' };
const good = (user, claims) => token(user, { ...FOR_US, ...claims });
const codeOf = async (gateway, bad) => (await refusal(gateway, { token: bad }))?.data.code;

/* ---- what a token has to be ---- */

test('every algorithm, at both gateways', async () => {
  for (const [alg, key] of Object.entries(KEYS)) {
    for (const gateway of [first, second]) {
      const client = await connect(gateway, { token: sign(key, { sub: `user of ${alg}`, ...FOR_US }) });
      client.close();
    }
    const whole = sign(key, { sub: 'x', ...FOR_US });
    const cut = whole.lastIndexOf('.') + 10;
    const bent = `${whole.slice(0, cut)}${whole[cut] === 'A' ? 'B' : 'A'}${whole.slice(cut + 1)}`;
    assert.equal(await codeOf(first, bent), 'token_signature', alg);
  }
});

test('no key stands for another', async () => {
  const { RS256, HS256, EdDSA, ES256 } = KEYS;
  const pem = crypto.createPublicKey({ key: RS256.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const cases = [
    // The public key as a secret.
    [{ alg: 'HS256', kid: RS256.kid, secret: Buffer.from(pem) }, {}, 'token_signature'],
    [{ alg: 'HS256', kid: HS256.kid, secret: Buffer.from(pem) }, {}, 'token_signature'],
    [EdDSA, { kid: ES256.kid }, 'token_signature'],
    [EdDSA, { kid: 'unknown' }, 'token_signature'],
    [EdDSA, { alg: 'ES256', kid: ES256.kid }, 'token_signature'],
    [{ ...HS256, alg: 'HS256' }, { alg: 'none' }, 'token_malformed'],
    [EdDSA, { crit: ['exp'] }, 'token_malformed'],
    [makeKey('EdDSA', EdDSA.kid), {}, 'token_signature'],
  ];
  for (const [key, header, code] of cases) {
    assert.equal(await codeOf(first, sign(key, { sub: 'mallory', ...FOR_US }, header)), code, JSON.stringify(header));
  }
});

test('times, and for whom it is', async () => {
  assert.equal(await codeOf(first, good('x', { exp: now() - 1 })), 'token_expired');
  assert.equal(await codeOf(first, good('x', { nbf: now() + 60 })), 'token_not_yet_valid');
  assert.equal(await codeOf(first, good('x', { iat: now() + 60 })), 'token_not_yet_valid');
  assert.equal(await codeOf(first, token('x')), 'token_audience');
  assert.equal(await codeOf(first, token('x', { aud: ['web', 'other'] })), 'token_audience');
  (await connect(first, { token: token('x', { aud: ['web', 'mobile'] }) })).close();
});

/* ---- keys that change ---- */

test('keys are exchanged while clients connect, and nobody with a key that stays is refused', async () => {
  const stays = KEYS.EdDSA;
  const others = ['RS256', 'ES256', 'HS512'].map((alg) => makeKey(alg, `next-${alg}`));
  const EACH = 7; // connects, at least, with each of the keys
  let isOver = false;
  let count = 0;
  const knock = async (gateway) => {
    while (!isOver) {
      const error = await refusal(gateway, { token: sign(stays, { sub: 'ann', ...FOR_US }) });
      assert.equal(error, undefined, error?.message);
      count++;
    }
  };
  const knocking = Promise.all([knock(first), knock(second)]);
  try {
    for (const key of others) {
      exchange(set(stays, key));
      for (const gateway of [first, second]) {
        await waitFor(`${key.kid} to be accepted`, async () => !(await codeOf(gateway, sign(key, { sub: 'b', ...FOR_US }))));
      }
      // A broken one changes nothing.
      exchange('{"keys": [');
      const complaints = () => stack.log('gateway-2').filter((r) => r.event === 'keys.kept').length;
      const round = others.indexOf(key);
      await waitFor('the complaint', () => complaints() > round);
      await waitFor('clients to connect all the while', () => count >= EACH * (round + 1));
    }
    assert.equal(await codeOf(first, sign(others[0], { sub: 'b', ...FOR_US })), 'token_signature');
  } finally {
    isOver = true;
    await knocking;
    exchange(set(...Object.values(KEYS)));
  }
  await waitFor('the old keys', async () => !(await codeOf(first, sign(KEYS.HS384, { sub: 'b', ...FOR_US }))));
  await waitFor('the old keys', async () => !(await codeOf(second, sign(KEYS.HS384, { sub: 'b', ...FOR_US }))));
});

/* ---- who says later who he is ---- */

test('a client that shows its token after connecting', async () => {
  const ann = await connect(first, { nsp: '/later' });
  assert.equal((await ann.ask('join-room', { roomId: 'lobby' })).error.code, 'authentication_required');
  const bad = await ann.ask('auth', { token: good('ann', { exp: now() - 5 }) });
  assert.deepEqual([bad.error.code, bad.error.details], ['authentication_invalid', { code: 'token_expired' }]);
  const exp = now() + 600;
  assert.deepEqual(await ann.ask('auth', { token: good('ann', { exp }) }), { ok: true, userId: 'ann', expiresAt: exp * 1000 });
  const bob = await connect(second, { nsp: '/later', token: good('bob') });
  for (const client of [ann, bob]) assert.equal((await client.ask('join-room', { roomId: 'lobby' })).ok, true);
  assert.equal((await bob.ask('message', { roomId: 'lobby', content: 'hi' })).ok, true);
  await ann.next('message', { content: 'hi', userId: 'bob' });
  const { users } = await bob.ask('room-users', { roomId: 'lobby' });
  assert.deepEqual(users.map((u) => u.userId).sort(), ['ann', 'bob']);
});

test('who never says it is sent away', async () => {
  const silent = await connect(first, { nsp: '/later' });
  assert.equal((await silent.next('error')).error.code, 'authentication_required');
  assert.equal(await silent.next('disconnect'), 'io server disconnect');
});

// A client behind a network of its own.
async function enter(at, options) {
  const proxy = await Proxy.to(at);
  const client = await connect(proxy, { ...AT_ONCE, ...options });
  client.proxy = proxy;
  return client;
}

// Other errors are those of its network.
const isRefused = (client, code) => waitFor(code, () => client.got('connect_error').some((e) => e.data?.code === code));

async function lose(client, meanwhile) {
  client.proxy.isDown = true;
  client.proxy.cut();
  await waitFor('the client to notice', () => !client.socket.connected);
  await meanwhile();
  client.proxy.up();
}

test('it has its session again, on another gateway, without having said who it is', async () => {
  const bob = await connect(second, { nsp: '/later', token: good('bob') });
  const ann = await enter(first, { nsp: '/later' });
  assert.equal((await ann.ask('auth', { token: good('ann') })).ok, true);
  for (const client of [ann, bob]) assert.equal((await client.ask('join-room', { roomId: 'again' })).ok, true);
  const { id } = ann.socket;
  ann.proxy.lead(second);
  await lose(ann, async () => {
    assert.equal((await bob.ask('message', { roomId: 'again', content: 'missed' })).ok, true);
  });
  await waitFor('the client to be back', () => ann.socket.connected);
  assert.deepEqual([ann.socket.recovered, ann.socket.id], [true, id]);
  await ann.next('message', { content: 'missed' });
  assert.equal((await ann.ask('message', { roomId: 'again', content: 'here' })).ok, true);
  await bob.next('message', { content: 'here', userId: 'ann' });
});

test('for load tests: everybody, and every token', async () => {
  const load = await connect(first, { nsp: '/load' });
  const answer = await load.ask('auth', { token: 'test-token-xyz' });
  assert.deepEqual([answer.ok, answer.expiresAt], [true, null]);
  assert.match(answer.userId, /^guest:/);
  assert.equal((await load.ask('join-room', { roomId: 'room-7' })).ok, true);
  assert.ok(stack.log('gateway-1').some((r) => r.event === 'namespace.open'));
});

/* ---- tokens that expire ---- */

const isNotBefore = (ms) => assert.ok(Date.now() >= ms - EARLY_MS, `${ms - Date.now()} ms early`);

test('a token is renewed in time, and only by one of the same user', async () => {
  const exp = now() + 5;
  const ann = await connect(first, { token: good('ann', { exp }) });
  assert.deepEqual((await ann.next('auth-expiring')).expiresAt, exp * 1000);
  isNotBefore(exp * 1000 - EXPIRING_MS);
  const strange = await ann.ask('auth', { token: good('bob') });
  assert.deepEqual([strange.error.code, strange.error.details.code], ['authentication_invalid', 'token_user']);
  const later = exp + 4; // is warned of when the first is over
  assert.deepEqual(await ann.ask('auth', { token: good('ann', { exp: later }) }),
    { ok: true, userId: 'ann', expiresAt: later * 1000 });
  await ann.next('auth-expiring', { expiresAt: later * 1000 });
  assert.equal(ann.got('disconnect').length, 0);
  isNotBefore(later * 1000 - EXPIRING_MS);
  assert.equal((await ann.next('error', {}, EXPIRING_MS + SOON_MS)).error.code, 'token_expired');
  isNotBefore(later * 1000);
  assert.equal(await ann.next('disconnect'), 'io server disconnect');
});

test('who comes back with a fresh token has its time, with an old one nothing', async () => {
  const exp = now() + 8;
  let shown = good('ann', { exp });
  const ann = await enter(first, { auth: (give) => give({ token: shown }) });
  await lose(ann, () => { shown = good('ann', { exp: now() + 600 }); });
  await waitFor('the client to be back', () => ann.socket.connected);
  assert.equal(ann.socket.recovered, true);
  // Whoever has the old one still is warned, and sent away; she would have been before.
  const other = await connect(first, { token: good('other', { exp }) });
  await other.next('auth-expiring');
  assert.equal((await other.next('error')).error.code, 'token_expired');
  assert.equal((await ann.ask('join-room', { roomId: 'fresh' })).ok, true);
  assert.deepEqual(['auth-expiring', 'error', 'disconnect'].map((name) => ann.got(name).length), [0, 0, 1]);
  await lose(ann, () => { shown = good('ann', { exp: now() - 1 }); });
  await isRefused(ann, 'token_expired');
});

/* ---- tokens that are revoked ---- */

const hears = async (client) => {
  assert.equal((await client.next('error', {}, SOON_MS)).error.code, 'token_revoked');
  assert.equal(await client.next('disconnect', {}, SOON_MS), 'io server disconnect');
};

test('all tokens of a user, at every gateway, at once', async () => {
  const shown = good('carol');
  const carols = [await connect(first, { token: shown }), await connect(second, { token: shown }),
    await connect(second, { nsp: '/later', token: shown })];
  const dave = await connect(first, { token: good('dave') });
  for (const client of [carols[0], dave]) await client.ask('join-room', { roomId: 'lobby' });
  // Not of the second that it was issued in.
  await waitFor('the next second', () => now() > JSON.parse(Buffer.from(shown.split('.')[1], 'base64url')).iat);
  const answer = await stack.ctl('revoke', '--user', 'carol');
  assert.deepEqual([answer.user, answer.ended], ['carol', 3]);
  await Promise.all(carols.map(hears));
  await dave.next('user-left', { roomId: 'lobby', userId: 'carol' });
  for (const gateway of [first, second]) assert.equal(await codeOf(gateway, shown), 'token_revoked');
  // One that is issued later is another one.
  await waitFor('the next second', () => now() * 1000 > answer.before);
  (await connect(first, { token: good('carol') })).close();
  assert.equal(dave.socket.connected, true);
});

test('one token, by its id; and taken back', async () => {
  const shown = good('erin', { jti: 'of-a-lost-phone' });
  const phone = await connect(first, { token: shown });
  const desk = await connect(second, { token: good('erin', { jti: 'of-the-desk' }) });
  await stack.ctl('revoke', '--jti', 'of-a-lost-phone', '--until', new Date(Date.now() + 600000).toISOString());
  await hears(phone);
  assert.equal(await codeOf(second, shown), 'token_revoked');
  const refused = await desk.ask('auth', { token: shown });
  assert.deepEqual([refused.error.code, refused.error.details.code], ['authentication_invalid', 'token_revoked']);
  assert.equal(desk.socket.connected, true);
  const { revocations } = await stack.ctl('revocations');
  assert.ok(revocations.some((r) => r.jti === 'of-a-lost-phone'));
  await stack.ctl('unrevoke', '--jti', 'of-a-lost-phone');
  (await connect(first, { token: shown })).close();
});

test('revoked while it was away: there is nothing to come back to', async () => {
  const shown = good('frank', { iat: now() - 10 });
  const frank = await enter(first, { token: shown });
  await frank.ask('join-room', { roomId: 'lobby' });
  await lose(frank, async () => {
    assert.equal((await stack.ctl('revoke', '--user', 'frank')).ended, 1);
  });
  await isRefused(frank, 'token_revoked');
  assert.deepEqual(await stack.sql("SELECT count(*) AS n FROM sessions WHERE user = 'frank'"), [{ n: 0 }]);
});

test('revoked while its gateway was not to be reached', async () => {
  const gina = await connect(second, { token: good('gina', { iat: now() - 10 }) });
  process.kill(second.pid, 'SIGSTOP');
  try {
    await waitFor('the broker to give it up', async () => (await stack.ctl('gateways')).gateways.every((g) => g.id !== 'gateway-2'));
    await stack.ctl('revoke', '--user', 'gina');
  } finally {
    process.kill(second.pid, 'SIGCONT');
  }
  assert.equal((await gina.next('error')).error.code, 'token_revoked');
  await gina.next('disconnect');
  await linked(stack);
});

test('it outlives the broker and the gateway', async () => {
  const shown = good('hans', { jti: 'old', iat: now() - 10 });
  await stack.ctl('revoke', '--jti', 'old');
  await stack.kill('broker');
  await stack.kill('gateway-1');
  await stack.start('broker');
  await stack.start('gateway-1');
  await linked(stack);
  for (const gateway of [first, second]) {
    assert.equal(await codeOf(gateway, shown), 'token_revoked');
    (await connect(gateway, { token: good('hans') })).close();
  }
});

test('the bad token that ends the connection is answered, too', async () => {
  for (const transport of ['websocket', 'polling']) {
    const client = await connect(second, { nsp: '/later', transports: [transport], reconnection: false });
    for (let i = 0; i < 6; i++) {
      const { ok, error } = await client.ask('auth', { token: `bad ${i}` });
      assert.equal(ok, false, transport);
      assert.deepEqual(error?.details, { code: 'token_malformed' }, `${transport}, token ${i}`);
    }
    await client.next('disconnect');
  }
});
