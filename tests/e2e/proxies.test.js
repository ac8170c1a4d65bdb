// Real proxies before a real gateway: nginx as the sample configures it, haproxy with its PROXY
// protocol. Who the broker takes a client for is the client, and never what a client says it is.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe } = require('node:test');
const { connect, refusal, test, userToken, waitFor } = require('./helpers');
const { ROOT, freePorts, startStack } = require('./stack');

const SAMPLE = path.join(ROOT, 'examples/nginx/roomcast.conf');
// The client's address; every 127.x.y.z is this machine.
const CLIENT = '127.0.7.7';
const FORGED = { 'X-Forwarded-For': '203.0.113.66', 'X-Real-IP': '203.0.113.66', 'X-Forwarded-Proto': 'https' };
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

// A program with a configuration file of its own, until its end.
async function run(file, args, name, text, port) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'roomcast-proxy-'));
  const conf = path.join(dir, name);
  fs.writeFileSync(conf, text.replaceAll('DIR', dir));
  const child = spawn(file, args.map((arg) => arg.replace('CONF', conf)), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { said += data; });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => { said += error; resolve(); });
    child.once('exit', resolve);
  });
  let isOver = false;
  ended.then(() => { isOver = true; });
  const proxy = {
    url: `http://127.0.0.1:${port}`,
    port,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      fs.rmSync(dir, { recursive: true, force: true });
    },
  };
  try {
    await waitFor(`${file} to listen`, () => new Promise((resolve, reject) => {
      if (isOver) return resolve(true);
      const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      return socket.on('error', reject);
    }));
    assert.ok(!isOver, said);
    return proxy;
  } catch (error) {
    await proxy.stop();
    throw new Error(`${error.message}: ${said}`);
  }
}

// The sample, with ports of this test.
async function startNginx(gateways) {
  const port = await freePorts(1);
  const servers = gateways.map(({ url }) => `server ${new URL(url).host};`);
  let at = 0;
  const sample = fs.readFileSync(SAMPLE, 'utf8')
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace(/server 127\.0\.0\.1:\d+;/g, () => servers[at++] ?? '');
  assert.equal(at, gateways.length);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path DIR/${what};`);
  return run('/usr/sbin/nginx', ['-c', 'CONF', '-e', 'stderr'], 'nginx.conf', `
    daemon off;
    master_process off;
    pid DIR/nginx.pid;
    events { worker_connections 256; }
    http { access_log off; ${temporary.join(' ')}
    ${sample} }
  `, port);
}

const startHaproxy = (port, section) => run('/usr/sbin/haproxy', ['-db', '-f', 'CONF'], 'haproxy.cfg', `
defaults
  timeout connect 10s
  timeout client 1h
  timeout server 1h
listen roomcast
  bind 127.0.0.1:${port}
${section}
`, port);

let users = 0;

// What the broker takes for the address of a client that comes from CLIENT to `url`.
async function ipOf(stack, url, { transports = ['websocket'], headers = {} } = {}) {
  const user = `user-${++users}`;
  const agent = new http.Agent({ keepAlive: true, localAddress: CLIENT });
  const client = await connect({ url }, { token: userToken(stack, user), transports, extraHeaders: headers, agent });
  assert.equal((await client.ask('join-room', { roomId: 'hall' })).ok, true);
  const { members } = await stack.ctl('members', 'hall', '--nsp', '/chat');
  client.close();
  agent.destroy();
  const mine = members.filter(({ userId }) => userId === user);
  assert.equal(mine.length, 1, JSON.stringify(members));
  return mine[0].ip;
}

describe('nginx as the sample has it', () => {
  let stack;
  let nginx;
  before(async () => {
    stack = await startStack({ gateways: 2, gatewayOpts: { 'trusted-proxies': '127.0.0.1' } });
    nginx = await startNginx(stack.gateways);
  }, { timeout: 60000 });
  after(async () => {
    await nginx?.stop();
    await stack?.down();
  });

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    test(`the client is the client over ${transports.join(' and ')}, whatever it says`, async () => {
      assert.equal(await ipOf(stack, nginx.url, { transports }), CLIENT);
      assert.equal(await ipOf(stack, nginx.url, { transports, headers: FORGED }), CLIENT);
    });

    test(`without a proxy nobody is believed over ${transports.join(' and ')}`, async () => {
      const [{ url }] = stack.gateways;
      assert.equal(await ipOf(stack, url, { transports, headers: FORGED }), CLIENT);
    });
  }

  test('what is logged is the client, too', async () => {
    await ipOf(stack, nginx.url, { headers: FORGED });
    const logged = () => ['gateway-1', 'gateway-2'].flatMap((name) => stack.log(name)).map(({ ip }) => ip).filter(Boolean);
    await waitFor('the log to say so', () => logged().includes(CLIENT));
    const ips = logged();
    assert.ok(!ips.includes(FORGED['X-Forwarded-For']) && !ips.includes('127.0.0.1'), ips.join(' '));
  });

  test('a body as long as it may be passes, and a longer one does not', async () => {
    const target = `${nginx.url}/socket.io/?EIO=4&transport=polling`;
    const post = async (length) => {
      const { sid } = JSON.parse((await (await fetch(target)).text()).slice(1));
      const answer = await fetch(`${target}&sid=${sid}`, { method: 'POST', body: '4'.padEnd(length, 'x') });
      await answer.text();
      return answer.status;
    };
    assert.equal(await post(1000000), 200);
    assert.equal(await post(1000001), 413);
  });
});

describe('haproxy with its PROXY protocol', () => {
  let stack;
  let gateway;
  let haproxy;
  const proxyPort = () => new URL(gateway.url).port;
  before(async () => {
    stack = await startStack({ gatewayOpts: { 'trusted-proxies': '127.0.0.2', 'proxy-protocol': 'yes' } });
    [gateway] = stack.gateways;
    haproxy = await startHaproxy(await freePorts(1), `  mode tcp
  server gateway 127.0.0.1:${proxyPort()} send-proxy-v2 source 127.0.0.2`);
  }, { timeout: 60000 });
  after(async () => {
    await haproxy?.stop();
    await stack?.down();
  });

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    test(`the client is the client over ${transports.join(' and ')}`, async () => {
      assert.equal(await ipOf(stack, haproxy.url, { transports }), CLIENT);
      assert.equal(await ipOf(stack, haproxy.url, { transports, headers: FORGED }), CLIENT);
    });
  }

  // The first bytes of an answer to what is said from an address; '' = it was hung up on.
  const say = (from, bytes) => new Promise((resolve) => {
    let answer = '';
    const socket = net.connect({ port: proxyPort(), host: '127.0.0.1', localAddress: from }, () => socket.write(bytes));
    socket.on('error', () => {});
    socket.on('data', (data) => { answer += data; socket.destroy(); });
    socket.on('close', () => resolve(answer));
  });
  const HEALTH = Buffer.from('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const header = Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0, 12, 203, 0, 113, 66, 127, 0, 0, 1, 0, 80, 0, 80])]);

  test('who is no proxy of ours needs no header, and is not believed one', async () => {
    assert.match(await say(CLIENT, HEALTH), /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(await say(CLIENT, Buffer.concat([header, HEALTH])), /^HTTP\/1\.1 200 /);
  });

  test('who is must send one', async () => {
    assert.match(await say('127.0.0.2', Buffer.concat([header, HEALTH])), /^HTTP\/1\.1 200 /);
    assert.equal(await say('127.0.0.2', HEALTH), '');
    assert.equal(await say('127.0.0.2', Buffer.from('PROXY TCP4 203.0.113.66 127.0.0.1 80 80\r\n')), '');
    await waitFor('the log to say so', () => stack.log('gateway-1').some(({ event, ip }) => event === 'proxy.refused' && ip === '127.0.0.2'));
  });
});

describe('haproxy with X-Forwarded-For', () => {
  let stack;
  let haproxy;
  before(async () => {
    stack = await startStack({ gatewayOpts: { 'trusted-proxies': '127.0.0.0/28' } });
    haproxy = await startHaproxy(await freePorts(1), `  mode http
  option forwardfor
  http-request set-header X-Forwarded-Proto https if { ssl_fc }
  server gateway ${new URL(stack.gateways[0].url).host} source 127.0.0.2`);
  }, { timeout: 60000 });
  after(async () => {
    await haproxy?.stop();
    await stack?.down();
  });

  // It adds a header of its own behind the client's, instead of a word to its list.
  for (const transports of [['polling'], ['websocket']]) {
    test(`the client is the client over ${transports[0]}, whatever it says`, async () => {
      assert.equal(await ipOf(stack, haproxy.url, { transports }), CLIENT);
      assert.equal(await ipOf(stack, haproxy.url, { transports, headers: FORGED }), CLIENT);
    });
  }
});

describe('haproxy that goes by the cookie', () => {
  let stack;
  let haproxy;
  before(async () => {
    stack = await startStack({ gateways: 2, gatewayOpts: { cookie: 'lb', 'trusted-proxies': '127.0.0.1' } });
    const servers = stack.gateways.map(({ name, url }) => `  server ${name} ${new URL(url).host}`);
    haproxy = await startHaproxy(await freePorts(1), `  mode http
  option forwardfor
  balance roundrobin
  stick-table type string len 32 size 100k expire 1h
  stick store-response res.cook(lb)
  stick match req.cook(lb)
${servers.join('\n')}`);
  }, { timeout: 60000 });
  after(async () => {
    await haproxy?.stop();
    await stack?.down();
  });

  test('a session that polls stays with its gateway, though requests are dealt out in turn', async () => {
    const seen = new Set();
    for (const user of ['ann', 'ben', 'cem']) {
      const client = await connect(haproxy, { token: userToken(stack, user), transports: ['polling', 'websocket'], withCredentials: true });
      assert.equal((await client.ask('join-room', { roomId: 'hall' })).ok, true);
      await waitFor('the upgrade', () => client.socket.io.engine.transport.name === 'websocket');
      const { members } = await stack.ctl('members', 'hall', '--nsp', '/chat');
      seen.add(members.find(({ userId }) => userId === user).gateway);
      client.close();
    }
    assert.deepEqual([...seen].sort(), ['gateway-1', 'gateway-2']);
    // Without the cookie the next request goes to another gateway, which does not know the session.
    const error = await refusal(haproxy, { token: userToken(stack, 'dan'), transports: ['polling'] });
    assert.match(error.message, /xhr p/);
  });
});
