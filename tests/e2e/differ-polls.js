/*
 * What both servers are sent by differ.test.js over HTTP long-polling, and while a session changes
 * to WebSocket. A script is { name, level, dialect, play }, and play is given a Visit
 * (differ-http.js). Where revisions of the protocol have scripts in common, they are made for each.
 */
'use strict';

const { DIALECTS } = require('./differ-http');
const { MAX_PAYLOAD, engineBytes, enginePackets, headerCases, hex, show, targets } = require('./differ-scripts');
const { BINARY, CLOSE, CONTINUATION, PING, TEXT, closeFrame, frame } = require('./rawws');
const { SEPARATOR, request } = require('./rawpoll');

const latin1 = (text) => Buffer.from(text, 'latin1');
const http = (line, headers = ['Host: x'], body = '') => latin1(`${line}\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n${body}`);

// ---- requests without a session

const P = '/engine.io/?EIO=4&transport=polling';
const asPolling = (target) => target.replace('%77ebsocket', '%70olling').replaceAll('websocket', 'polling').replace('WebSocket', 'Polling').replace('transport=webtransport', 'transport=websocket');

const pollTargets = [...new Set([
  ...targets.map(asPolling),
  // other names and values
  `${P}&j=0`, `${P}&j=___eio[0]`, `${P}&b64`, `${P}&b64=0`, `${P}&t=${'x'.repeat(2000)}`, `${P}&sid`, `${P}&sid=&sid=`, `${P}&sid=a&sid=b`, `${P}&sid[]=a`, `${P}&SID=abc`,
  '/engine.io/?eio=4&TRANSPORT=polling', '/engine.io/?EIO[]=4&transport=polling', '/engine.io/?EIO=4&transport[]=polling', '/engine.io/?EIO=4&transport=polling%20', '/engine.io/?EIO=4&transport=+polling',
  '/engine.io/?EIO=4&transport=polling%', '/engine.io/?EIO=4&transport=polling%zz', '/engine.io/?EIO=%204&transport=polling', '/engine.io/?EIO=+4&transport=polling', '/engine.io/?EIO=4&transport=polling&transport=websocket',
  '/engine.io/?EIO=3&EIO=4&transport=polling', '/engine.io/?EIO=4&EIO=3&transport=polling', '/engine.io/?EIO=4;transport=polling', '/engine.io/?EIO=4&amp;transport=polling', '/engine.io/?EIO=4?transport=polling', '/engine.io/??EIO=4&transport=polling',
  '/engine.io/?EIO=4&transport=valueOf', '/engine.io/?EIO=4&transport=toString', '/engine.io/?EIO=4&transport=0', '/engine.io/?EIO=4&transport=polling,websocket', '/engine.io/?EIO=4&transport=webtransport', '/engine.io/?EIO=Infinity&transport=polling',
  '/engine.io/?EIO=4294967300&transport=polling', '/engine.io/?EIO=-4&transport=polling', '/engine.io/?EIO=0x4&transport=polling', '/engine.io/?EIO=4e0&transport=polling', '/engine.io/?EIO=2&transport=polling', '/engine.io/?EIO=1&transport=polling',
  `${P}&${'a=b&'.repeat(100)}`, `${P}&${'&'.repeat(100)}`, `${P}&=`, `${P}&=b&=`, `${P}&%`, `${P}&a%3Db=c%26d`, `${P}&%74=x`, '/engine.io/?%45IO=4&%74ransport=polling', '/engine.io/?EIO=4%26transport=polling', '/engine.io/?EIO%3D4&transport=polling',
  `${P}&__proto__=x`, `${P}&hasOwnProperty=x`, `${P}&a=\u00e9`, `${P}&a=%c3%a9`, `${P}&a=%ff`, `${P}&a=%u1234`,
  // paths
  '/engine.io?EIO=4&transport=polling&sid=x', '//engine.io/?EIO=4&transport=polling', '/engine.io//?EIO=4&transport=polling', '/x/../engine.io/?EIO=4&transport=polling', '/./engine.io/?EIO=4&transport=polling', '/engine.io/../x/?EIO=4&transport=polling',
  '/engine.io%2f?EIO=4&transport=polling', '/%65ngine.io/?EIO=4&transport=polling', '/ENGINE.IO/?EIO=4&transport=polling', '/engine.io/;x?EIO=4&transport=polling', '/engine.io;x/?EIO=4&transport=polling', '/engine.iox/?EIO=4&transport=polling',
  '/engine.io/x/y/z?EIO=4&transport=polling', '/engine.io/%00?EIO=4&transport=polling', '/engine.io/ x?EIO=4&transport=polling', '/engine.io\\?EIO=4&transport=polling', '/engine.io/&EIO=4&transport=polling', '/socket.io/?EIO=4&transport=polling', '/?EIO=4&transport=polling',
  'engine.io/?EIO=4&transport=polling', '*', 'http://localhost/engine.io/?EIO=4&transport=polling', 'http://other:99/engine.io/?EIO=4&transport=polling', 'HTTP://localhost/engine.io/?EIO=4&transport=polling', 'ftp://localhost/engine.io/?EIO=4&transport=polling', '',
])];

const CHUNKED = 'Transfer-Encoding: chunked';
const pollHeaders = {
  ...Object.fromEntries(Object.entries(headerCases).filter(([what]) => !/key|version|permessage|subprotocol|Upgrade|named|Connection/.test(what))
    .map(([what, headers]) => [what, Object.entries(headers).map(([key, value]) => `${key}: ${value}`)])),
  'an empty Origin': ['Origin:'], 'two Origins': ['Origin: http://a', 'Origin: http://b'], 'an Origin with a control character': ['Origin: a\x01b'], 'an Origin with DEL': ['Origin: a\x7fb'], 'an Origin of 4000 bytes': [`Origin: ${'x'.repeat(4000)}`],
  'Accept-Encoding': ['Accept-Encoding: gzip, deflate, br'], 'Accept': ['Accept: application/json'], 'Range': ['Range: bytes=0-3'], 'If-None-Match': ['If-None-Match: *'], 'Connection: close': ['Connection: close'],
  'Connection: keep-alive': ['Connection: keep-alive'], 'Connection with nonsense': ['Connection: x, y'], 'Connection: Upgrade alone': ['Connection: Upgrade'], 'Upgrade alone': ['Upgrade: websocket'], 'Expect': ['Expect: 100-continue'],
  'another Expect': ['Expect: cookies'], 'Content-Length: 0': ['Content-Length: 0'], 'Referer': ['Referer: http://x/'], 'a header of its own': ['X-Custom: y'], 'an empty header': ['X-Custom:'], 'a name that begins like a known one': ['X-Auth: y', 'Connection: close'],
  'a User-Agent of Internet Explorer': ['User-Agent: Mozilla/5.0;MSIE Trident/7.0'], 'X-Forwarded-For': ['X-Forwarded-For: 1.2.3.4'], 'Sec-Fetch headers': ['Sec-Fetch-Mode: cors', 'Sec-Fetch-Site: cross-site'], 'a preflight header': ['Access-Control-Request-Method: POST'],
  '60 headers': Array.from({ length: 60 }, (_, i) => `X-H${i}: v`), 'a header of 8000 bytes': [`X-Long: ${'x'.repeat(8000)}`], 'a header of 20000 bytes': [`X-Long: ${'x'.repeat(20000)}`], '10 cookies': Array.from({ length: 10 }, (_, i) => `Cookie: c${i}=v`),
  'white space before the colon': ['X-Custom : y'], 'a header without a colon': ['nonsense'], 'a header without a name': [': y'], 'a folded header': ['X-Custom: a', ' b'], 'a header name with a space': ['X Custom: y'], 'a header name with a high byte': ['X-\u00e9: y'],
  'a header with NUL': ['X-Custom: a\x00b'], 'a header with a lone CR': ['X-Custom: a\rb'], 'Host twice': ['Host: y'],
};

const methods = ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', 'PROPFIND', 'SEARCH', 'FOO', 'get', 'Get', 'G', ' GET', 'GETGETGETGETGETGETGET'];
const lines = {
  'HTTP/1.0': `GET ${P} HTTP/1.0`, 'HTTP/1.2': `GET ${P} HTTP/1.2`, 'HTTP/2.0': `GET ${P} HTTP/2.0`, 'HTTP/0.9': `GET ${P} HTTP/0.9`, 'HTTP/9.9': `GET ${P} HTTP/9.9`, 'HTTP/11': `GET ${P} HTTP/11`, 'http/1.1': `GET ${P} http/1.1`,
  'HTTPS/1.1': `GET ${P} HTTPS/1.1`, 'no version': `GET ${P}`, 'an empty version': `GET ${P} `, 'two spaces': `GET  ${P} HTTP/1.1`, 'two spaces behind the target': `GET ${P}  HTTP/1.1`, 'a tab': `GET\t${P}\tHTTP/1.1`, 'words behind the version': `GET ${P} HTTP/1.1 x`,
  'an empty line first': `\r\nGET ${P} HTTP/1.1`, 'empty lines first': `\r\n\r\n\r\nGET ${P} HTTP/1.1`, 'garbage': 'garbage', 'a TLS greeting': hex('16030100 05 0100000103').toString('latin1'), 'an answer': 'HTTP/1.1 200 OK', 'the preface of HTTP/2': 'PRI * HTTP/2.0',
};

const plain = (name, bytes, options = {}) => ({
  name,
  level: 'request',
  dialect: 4,
  play: async (v) => {
    await v.ask('a', bytes, options);
    await v.stays('a');
  },
});

const requests = [
  ...pollTargets.map((target) => plain(`target ${target.length < 100 ? target : `${target.slice(0, 60)}... (${target.length})`}`, http(`GET ${target} HTTP/1.1`))),
  ...Object.entries(pollHeaders).map(([what, headers]) => plain(`header: ${what}`, http(`GET ${P} HTTP/1.1`, ['Host: x', ...headers, 'Accept: */*']))),
  plain('header: no Host', http(`GET ${P} HTTP/1.1`, [])),
  plain('header: an empty Host', http(`GET ${P} HTTP/1.1`, ['Host:'])),
  plain('header: a Host with a path', http(`GET ${P} HTTP/1.1`, ['Host: a/b'])),
  plain('HTTP/1.0 without Host', http(`GET ${P} HTTP/1.0`, [])),
  plain('HTTP/1.0 with keep-alive', http(`GET ${P} HTTP/1.0`, ['Host: x', 'Connection: keep-alive'])),
  ...methods.map((method) => plain(`method ${method}`, http(`${method} ${P} HTTP/1.1`, ['Host: x', ...(method === 'POST' ? ['Content-Length: 0'] : [])]), { head: method === 'HEAD' })),
  ...methods.slice(0, 6).map((method) => plain(`method ${method} with a body`, http(`${method} ${P} HTTP/1.1`, ['Host: x', 'Content-Length: 2'], '4a'), { head: method === 'HEAD' })),
  ...Object.entries(lines).map(([what, line]) => plain(`line: ${what}`, http(line))),
  plain('ends of lines without CR', latin1(`GET ${P} HTTP/1.1\nHost: x\n\n`)),
  plain('a GET with a body', http(`GET ${P} HTTP/1.1`, ['Host: x', 'Content-Length: 2'], '4a')),
  plain('a GET with a body in chunks', http(`GET ${P} HTTP/1.1`, ['Host: x', CHUNKED], '2\r\n4a\r\n0\r\n\r\n')),
  plain('a request in pieces', http(`GET ${P} HTTP/1.1`)),
  {
    name: 'a request byte by byte', level: 'request', dialect: 4,
    play: async (v) => {
      for (const byte of http(`GET ${P} HTTP/1.1`)) v.send('a', Buffer.from([byte]));
      await v.answer('a');
      await v.stays('a');
    },
  },
  {
    name: 'three handshakes in one write', level: 'request', dialect: 4,
    play: async (v) => {
      const one = http(`GET ${P} HTTP/1.1`);
      v.send('a', Buffer.concat([one, one, one]));
      for (let i = 0; i < 3; i++) await v.answer('a');
      await v.stays('a');
    },
  },
  {
    name: 'a refused request and a good one in one write', level: 'request', dialect: 4,
    play: async (v) => {
      v.send('a', Buffer.concat([http('GET /engine.io/?EIO=4&transport=tube HTTP/1.1'), http(`GET ${P} HTTP/1.1`)]));
      for (let i = 0; i < 2; i++) await v.answer('a');
      await v.stays('a');
    },
  },
];

// ---- requests with a session

const sid = (v) => v.target;
const encoded = (text) => `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`;
const swapped = (text) => [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');

// Targets of one that has a session, as POST and as GET.
const livingTargets = {
  'as it should be': sid, 'EIO first and last': (v) => `/engine.io/?transport=polling&sid=${v.sid}&EIO=${v.dialect.eio}`, 'EIO=2': (v) => sid(v).replace(/EIO=./, 'EIO=2'), 'EIO=5': (v) => sid(v).replace(/EIO=./, 'EIO=5'), 'no EIO': (v) => sid(v).replace(/EIO=.&/, ''),
  'an empty EIO': (v) => sid(v).replace(/EIO=./, 'EIO='), 'transport=websocket': (v) => sid(v).replace('polling', 'websocket'), 'transport=tube': (v) => sid(v).replace('polling', 'tube'), 'no transport': (v) => sid(v).replace('&transport=polling', ''),
  'a sid cut short': (v) => sid(v).slice(0, -1), 'a sid and more': (v) => `${sid(v)}x`, 'a sid in the other case': (v) => sid(v).replace(v.sid, swapped(v.sid)), 'an encoded sid': (v) => sid(v).replace(v.sid, encoded(v.sid)), 'a sid with a space': (v) => `${sid(v)}%20`,
  'the sid twice': (v) => `${sid(v)}&sid=${v.sid}`, 'the sid and an empty one': (v) => `${sid(v)}&sid=`, 'a wrong sid first': (v) => sid(v).replace('&sid', '&sid=x&sid'), 't and b64': (v) => `${sid(v)}&t=abc&b64=1`, 'no slash at the end': (v) => sid(v).replace('io/', 'io'), 'a longer path': (v) => sid(v).replace('io/', 'io/x/y'),
  'the sid with NUL': (v) => `${sid(v)}%00`, 'an absolute target': (v) => `http://x${sid(v)}`, 'j=0': (v) => `${sid(v)}&j=0`,
};

// One for each revision of the protocol.
const session = (name, play, level = 'polling') => Object.keys(DIALECTS).map(Number).map((dialect) => ({
  name: dialect === 4 ? name : `EIO=${dialect} ${name}`,
  level,
  dialect,
  play: async (v) => {
    await v.open();
    return play(v);
  },
}));
const LENGTH = (body) => `Content-Length: ${Buffer.byteLength(body)}`;

const living = [
  ...Object.entries(livingTargets).flatMap(([what, target]) => [
    session(`POST to ${what}`, (v) => v.ask('post', http(`POST ${target(v)} HTTP/1.1`, ['Host: x', LENGTH('4a')], '4a'))),
    session(`GET of ${what}`, async (v) => {
      await v.post(['4a']);
      await v.ask('get', http(`GET ${target(v)} HTTP/1.1`), { poll: true });
    }),
  ]),
  ...methods.filter((m) => m !== 'POST').map((method) => session(`${method} with a sid`, async (v) => {
    await v.post(['4a']); // for those that are taken for a poll
    await v.ask('other', http(`${method} ${sid(v)} HTTP/1.1`), { head: method === 'HEAD' });
    await v.stays('other');
  })),
  ...['PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => session(`${method} with a sid and a body`, (v) => v.ask('other', http(`${method} ${sid(v)} HTTP/1.1`, ['Host: x', 'Content-Length: 2'], '4a')))),
  session('another Origin in every request', async (v) => {
    await v.post(['4a'], { headers: { Origin: 'http://a' } });
    await v.get('get', { headers: { Origin: 'http://b' } });
  }),
  session('an Origin with a control character in a POST', (v) => v.post(['4a'], { headers: { Origin: 'a\x01' } })),
  session('another User-Agent and address in every request', async (v) => {
    await v.post(['4a'], { headers: { 'User-Agent': 'x', 'X-Forwarded-For': '1.2.3.4' } });
    await v.get('get', { headers: { 'User-Agent': 'y' } });
  }),
  session('a long message to one who takes gzip', async (v) => {
    await v.post([`4${'x'.repeat(5000)}`]);
    await v.get('get', { headers: { 'Accept-Encoding': 'gzip' } });
  }),
  session('a short message to one who takes gzip', async (v) => {
    await v.post(['4x']);
    await v.get('get', { headers: { 'Accept-Encoding': 'gzip' } });
  }),
];

// ---- what POSTs carry

const shown = (packets) => packets.map(show).join(' | ');
const alone = enginePackets.map((packet) => [packet]);
const between = enginePackets.map((packet) => ['4a', packet, '4b']);
const asBase64 = engineBytes.map((bytes) => [`b${Buffer.from(bytes).toString('base64')}`]);
const BIG = MAX_PAYLOAD - 1;
const lists = [
  ...alone, ...between, ...asBase64, ['4a', 'bAQID', '4b'], ['bAQID', 'bBAUG'], ['b', 'b', '4'], ['4', '4', '4'], ['', ''], ['', '4a'], ['4a', ''], ['4a', '', '4b'], ['', '', ''], ['6', '6', '5', '0', '4a'], ['3', '3', '3', '4a'], ['4a', '1', '4b'], ['1', '4a'], ['1', '1'],
  ['2', '4a'], ['4a', '2'], ['4a', '2probe'], ['4a', '9', '4b', '1'], ['9', '1'], Array.from({ length: 100 }, (_, i) => `4${i}`), Array.from({ length: 2000 }, (_, i) => `4${i}`), Array.from({ length: 50 }, (_, i) => `b${Buffer.alloc(i, i).toString('base64')}`),
  [`4${'x'.repeat(BIG - 2)}`, '4'], ['4', `4${'x'.repeat(BIG - 1)}`], [`b${Buffer.alloc(70000, 7).toString('base64')}`], [`4${'\u{1f600}'.repeat(20000)}`], [`4${'\u20ac'.repeat(33333)}`], [`4${'\u20ac'.repeat(33333)}x`],
];

const raw = {
  'nothing': '', 'a separator': SEPARATOR, 'a newline behind it': '4a\n', 'CRLF behind it': '4a\r\n', 'a form of JSONP': 'd=4a', 'a form': 'a=4a&b=4b', 'a payload of revision 3': '2:4a', 'a binary payload of revision 3': hex('00 02 ff 34 61'), 'JSON': '{"type":"message"}',
  'a byte order mark': '\ufeff4a', 'a lone byte': hex('34 ff'), 'a character cut short': hex('34 c3'), 'an overlong character': hex('34 c0 80'), 'a surrogate': hex('34 ed a0 80'), 'half a character at a separator': hex('34 c3 1e 34 61'), 'NUL': hex('00'), 'a message with NUL': hex('34 00 61'),
  'a separator that is encoded': '4a%1e4b', 'the separators 0x1f and 0x1d': '4a\x1f4b\x1d4c', 'a separator in base64': 'bAQ\x1e==', 'bytes that are none': hex('80 81 82'), 'gzip': hex('1f8b0800000000000003 33490400'),
};

const types = ['text/plain;charset=UTF-8', 'text/plain', 'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/html', '', 'x', 'application/octet-stream', 'Application/Octet-Stream', 'application/octet-stream; x=y', ' application/octet-stream', 'text/plain; charset=UTF-16', 'text/plain; charset=latin1'];

// A POST by hand: its headers beside Host, and what follows. Behind it the connection is looked at.
const posted = (name, headers, body, options) => session(`POST ${name}`, async (v) => {
  await v.ask('post', http(`POST ${sid(v)} HTTP/1.1`, ['Host: x', ...headers], body), options);
  await v.stays('post');
});

const lengths = [
  posted('with Content-Length: 2', ['Content-Length: 2'], '4a'),
  posted('without a length', [], ''),
  posted('with an empty length', ['Content-Length:'], ''),
  posted('with a length of -1', ['Content-Length: -1'], '4a'),
  posted('with a length of +2', ['Content-Length: +2'], '4a'),
  posted('with a length of 02', ['Content-Length: 02'], '4a'),
  posted('with a length of 0x2', ['Content-Length: 0x2'], '4a'),
  posted('with a length of 2e0', ['Content-Length: 2e0'], '4a'),
  posted('with a length of 2.0', ['Content-Length: 2.0'], '4a'),
  posted('with a length of 2, 2', ['Content-Length: 2, 2'], '4a'),
  posted('with a length of 2 3', ['Content-Length: 2 3'], '4a'),
  posted('with the length twice', ['Content-Length: 2', 'Content-Length: 2'], '4a'),
  posted('with two lengths', ['Content-Length: 2', 'Content-Length: 3'], '4ab'),
  posted('with a length that is no number', ['Content-Length: x'], '4a'),
  posted('with a length of 2^64+2', ['Content-Length: 18446744073709551618'], '4a'),
  posted('with a length and more bytes', ['Content-Length: 2'], '4abc'),
  posted('with a length and another request', ['Content-Length: 2'], '4aGET /engine.io/?transport=x HTTP/1.1\r\nHost: x\r\n\r\n'),
  posted('in chunks', [CHUNKED], '2\r\n4a\r\n0\r\n\r\n'),
  posted('in two chunks', [CHUNKED], '1\r\n4\r\n1\r\na\r\n0\r\n\r\n'),
  posted('in chunks of bad size', [CHUNKED], 'x\r\n4a\r\n0\r\n\r\n'),
  posted('in chunks with an extension', [CHUNKED], '2;a=b\r\n4a\r\n0\r\n\r\n'),
  posted('in chunks with a trailer', [CHUNKED], '2\r\n4a\r\n0\r\nX-T: y\r\n\r\n'),
  posted('in chunks that are too long', [CHUNKED], `${(MAX_PAYLOAD + 1).toString(16)}\r\n4${'x'.repeat(MAX_PAYLOAD)}\r\n0\r\n\r\n`),
  posted('in no chunk', [CHUNKED], '0\r\n\r\n'),
  posted('in chunks, with a length', [CHUNKED, 'Content-Length: 2'], '2\r\n4a\r\n0\r\n\r\n'),
  posted('with gzip, chunked', ['Transfer-Encoding: gzip, chunked'], '2\r\n4a\r\n0\r\n\r\n'),
  posted('with Transfer-Encoding: identity', ['Transfer-Encoding: identity', 'Content-Length: 2'], '4a'),
  posted('with Transfer-Encoding: x', ['Transfer-Encoding: x', 'Content-Length: 2'], '4a'),
  posted('with Content-Encoding: gzip', ['Content-Encoding: gzip', 'Content-Length: 2'], '4a'),
  posted('with Expect: 100-continue', ['Expect: 100-continue', 'Content-Length: 2'], '4a'),
  posted('with another Expect', ['Expect: x', 'Content-Length: 2'], '4a'),
  posted('that is the last of its connection', ['Connection: close', 'Content-Length: 2'], '4a'),
  ...[BIG + 1, BIG + 2, 2 * BIG, 10 * BIG].map((size) => posted(`of ${size} bytes`, [`Content-Length: ${size}`], `4${'x'.repeat(size - 1)}`)),
  ...[BIG + 2, 10 * BIG, 2 ** 31, 2 ** 32 + 2, 1e15].map((size) => session(`POST that announces ${size} bytes and sends none`, async (v) => {
    v.send('post', http(`POST ${sid(v)} HTTP/1.1`, ['Host: x', `Content-Length: ${size}`]));
    await v.settle();
  })),
  session('POST by HTTP/1.0', (v) => v.ask('post', http(`POST ${sid(v)} HTTP/1.0`, ['Content-Length: 2'], '4a'))),
  session('POST in pieces', async (v) => {
    v.send('post', http(`POST ${sid(v)} HTTP/1.1`, ['Host: x', 'Content-Length: 4']));
    for (const piece of ['4', 'a', 'b', 'c']) {
      await v.settle();
      v.send('post', piece);
    }
    await v.answer('post');
  }),
  session('POST of a character in two pieces', async (v) => {
    v.send('post', http(`POST ${sid(v)} HTTP/1.1`, ['Host: x', 'Content-Length: 3'], '4\xc3'));
    await v.settle();
    v.send('post', '\xa9');
    await v.answer('post');
  }),
  session('three POSTs in one write', async (v) => {
    v.send('post', Buffer.concat(['4a', '4b', '4c'].map((body) => request('POST', v.target, { body }))));
    for (let i = 0; i < 3; i++) await v.answer('post');
  }),
  session('POST and GET in one write', async (v) => {
    v.send('post', Buffer.concat([request('POST', v.target, { body: '4a' }), request('GET', v.target)]));
    await v.answer('post');
    await v.answer('post', { poll: true });
  }),
];

const payloads = [
  ...lists.map((packets) => session(`body ${shown(packets).slice(0, 120)}${packets.length > 20 ? ` (${packets.length})` : ''}`, (v) => v.post(packets))),
  ...alone.map((packets) => session(`body to a poll that waits: ${shown(packets)}`, async (v) => {
    await v.park();
    await v.post(packets);
    return 'get';
  })),
  ...Object.entries(raw).map(([what, body]) => session(`bytes: ${what}`, (v) => v.post(body))),
  ...types.map((type) => session(`content type "${type}"`, async (v) => {
    await v.post(['4a'], { headers: { 'Content-Type': type } });
    await v.stays('post');
  })),
  session('no content type', (v) => v.post(['4a'])),
  session('two content types', (v) => v.ask('post', http(`POST ${sid(v)} HTTP/1.1`, ['Host: x', 'Content-Type: text/plain', 'Content-Type: application/octet-stream', 'Content-Length: 2'], '4a'))),
  ...lengths,
];

// ---- several requests at once, and requests that end early

const half = (v, body = '4a') => http(`POST ${v.target} HTTP/1.1`, ['Host: x', `Content-Length: ${body.length}`], body.slice(0, 1));
const overlaps = [
  session('a poll beside a poll', async (v) => {
    await v.park('get');
    await v.get('other');
    await v.answer('get', { poll: true });
    await v.stays('get');
    await v.stays('other');
  }),
  session('two polls on one connection', async (v) => {
    v.send('get', Buffer.concat([request('GET', v.target), request('GET', v.target)]));
    await v.settle();
    await v.post(['4a']);
    await v.post(['4b']);
    for (let i = 0; i < 2; i++) await v.answer('get', { poll: true });
  }),
  session('three polls', async (v) => {
    await v.park('get');
    await v.park('other');
    await v.park('third');
    for (const name of ['get', 'other', 'third']) await v.answer(name, { poll: true });
  }),
  session('a POST beside a POST', async (v) => {
    v.send('post', half(v));
    await v.settle();
    await v.post(['4b'], {}, 'other');
    await v.stays('other');
  }),
  session('a POST beside a POST, and a poll that waits', async (v) => {
    await v.park();
    v.send('post', half(v));
    await v.settle();
    await v.post(['4b'], {}, 'other');
    return 'get';
  }),
  session('a POST beside a POST, and the rest of the first', async (v) => {
    v.send('post', half(v));
    await v.settle();
    await v.post(['4b'], {}, 'other');
    v.send('post', 'a');
    await v.settle();
  }),
  session('an empty POST beside a POST', async (v) => {
    v.send('post', half(v));
    await v.settle();
    await v.post([''], {}, 'other');
  }),
  session('POSTs one after another on connections of their own', async (v) => {
    for (const name of ['p1', 'p2', 'p3', 'p4']) await v.post([`4${name}`], {}, name);
  }),
  session('a poll that waits, and a POST on the same connection', async (v) => {
    v.send('get', Buffer.concat([request('GET', v.target), request('POST', v.target, { body: '4a' })]));
    await v.settle();
    await v.post(['4b']);
    await v.answer('get', { poll: true });
    await v.answer('get');
  }),
  session('a poll broken off', async (v) => {
    await v.park();
    await v.abort('get');
  }),
  session('a poll reset', async (v) => {
    await v.park();
    await v.abort('get', { reset: true });
  }),
  session('a poll whose client says no more', async (v) => {
    await v.park();
    v.peer('get').socket.end();
    await v.settle();
  }),
  session('a POST broken off', async (v) => {
    v.send('post', half(v));
    await v.settle();
    await v.abort('post');
  }),
  session('a POST reset', async (v) => {
    v.send('post', half(v));
    await v.settle();
    await v.abort('post', { reset: true });
  }),
  session('a POST broken off, and a poll that waits', async (v) => {
    await v.park();
    v.send('post', half(v));
    await v.settle();
    await v.abort('post');
    return 'get';
  }),
  session('a POST broken off in its headers', async (v) => {
    v.send('post', `POST ${v.target} HTTP/1.1\r\nHost:`);
    await v.settle();
    await v.abort('post');
  }),
  session('the connection of an answered poll ends', async (v) => {
    await v.post(['4a']);
    await v.get();
    await v.abort('get');
  }),
  session('the connection of the handshake ends', (v) => v.abort('get')),
  session('the connection of an answered POST ends', async (v) => {
    await v.post(['4a']);
    await v.abort('post');
  }),
  session('a POST behind the end', async (v) => {
    await v.post(['1']);
    await v.post(['4a']);
    await v.stays('post');
  }),
  session('a POST behind an error', async (v) => {
    await v.post(['9']);
    await v.post(['4a']);
    await v.get();
  }),
  session('the end, with a poll that waits', async (v) => {
    await v.park();
    await v.post(['1']);
    await v.answer('get', { poll: true });
    await v.stays('get');
  }),
  session('a message and the end, with a poll that waits', async (v) => {
    await v.park();
    await v.post(['4a', '1']);
    await v.answer('get', { poll: true });
  }),
  session('an error, with a poll that waits', async (v) => {
    await v.park();
    await v.post(['9']);
    await v.answer('get', { poll: true });
    await v.stays('get');
  }),
  session('a message and an error, with a poll that waits', async (v) => {
    await v.park();
    await v.post(['4a', '9']);
    await v.answer('get', { poll: true });
  }),
  session('too much, with a poll that waits', async (v) => {
    await v.park();
    await v.post([`4${'x'.repeat(BIG + 1)}`]);
    return 'get';
  }),
  session('bytes, with a poll that waits', async (v) => {
    await v.park();
    await v.post(['4a'], { headers: { 'Content-Type': 'application/octet-stream' } });
    await v.answer('get', { poll: true });
  }),
  session('HEAD, with a poll that waits', async (v) => {
    await v.park();
    await v.ask('other', request('HEAD', v.target), { head: true });
    return 'get';
  }),
  session('DELETE, with a poll that waits', async (v) => {
    await v.park();
    await v.ask('other', request('DELETE', v.target));
    return 'get';
  }),
  session('a poll of another revision, with a poll that waits', async (v) => {
    await v.park();
    await v.ask('other', request('GET', v.target.replace(/EIO=./, 'EIO=2')));
    return 'get';
  }),
  session('a poll that asks for WebSocket without Upgrade, with a poll that waits', async (v) => {
    await v.park();
    await v.ask('other', request('GET', v.target.replace('polling', 'websocket')));
    return 'get';
  }),
];

// ---- the change to WebSocket

const probes = ['2probe', '2', '2x', '2probe2', '2Probe', '2 probe', '2probe ', '3probe', '3', '0', '0probe', '1', '4', '4a', '40', '5', '5x', '6', '7', '9', '', 'b', 'bcHJvYmU=', 'b!!!', 'probe', ' 2probe', '\ufeff2probe', 'a', '\u0000', '2probe\u001e5', '{}'];
const change = (name, play) => session(name, play, 'upgrade');
const WS = (v, more = '') => `EIO=${v.dialect.eio}&transport=websocket&sid=${v.sid}${more}`;

// Both keep the session where the WebSocket was not taken for it.
const upgrades = [
  change('the whole dance', (v) => v.change()),
  change('the dance, then messages', async (v) => {
    await v.change();
    v.say('ws', '4a', '4b', frame(BINARY, 'c'), 'bAQID', '3');
  }),
  change('messages before, and then the dance', async (v) => {
    await v.post(['4a', 'bAQID', '4b']);
    await v.change();
    v.say('ws', '4c');
  }),
  change('the dance, with a poll that waits', async (v) => {
    await v.park();
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.answer('get', { poll: true });
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('a poll after the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.get();
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('two polls after the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.get();
    await v.get();
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('a POST after the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.post(['4a']);
    v.say('ws', '5');
    v.upgraded = 'ws';
    v.say('ws', '4b');
  }),
  change('a POST and a poll after the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.post(['4a']);
    await v.get();
    await v.post(['4b']);
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('the probe is never followed', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.post(['4a']);
  }),
  change('nothing is said on the WebSocket', async (v) => {
    await v.upgrade();
    await v.post(['4a']);
  }),
  change('the probe twice', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe', '2probe');
    await v.listen();
    await v.listen();
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('5 at once', async (v) => {
    await v.upgrade();
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('5 at once, with messages that wait', async (v) => {
    await v.post(['4a', '4b']);
    await v.upgrade();
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('the probe, 5 and a message in one write', async (v) => {
    await v.upgrade();
    v.send('ws', Buffer.concat([frame(TEXT, '2probe'), frame(TEXT, '5'), frame(TEXT, '4a')]));
    v.upgraded = 'ws';
  }),
  change('5 with a poll that waits', async (v) => {
    await v.park();
    await v.upgrade();
    v.say('ws', '2probe', '5');
    await v.listen();
    v.upgraded = 'ws';
    await v.answer('get', { poll: true });
    await v.stays('get');
  }),
  ...probes.map((packet) => change(`probe ${show(packet)}`, async (v) => {
    await v.upgrade();
    v.say('ws', packet);
    if (!packet.startsWith('5')) await v.listen();
    else v.upgraded = 'ws';
  })),
  ...probes.filter((packet) => !packet.startsWith('5') && packet !== '2probe').map((packet) => change(`after the probe ${show(packet)}`, async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    v.say('ws', packet);
    await v.listen();
  })),
  ...[['bytes', frame(BINARY, '2probe')], ['bytes of a 5', frame(BINARY, '5')], ['fragments', Buffer.concat([frame(TEXT, '2pr', { fin: false }), frame(CONTINUATION, 'obe')])], ['a ping first', Buffer.concat([frame(PING, 'x'), frame(TEXT, '2probe')])]]
    .map(([what, bytes]) => change(`the probe as ${what}`, async (v) => {
      await v.upgrade();
      v.say('ws', bytes);
      await v.listen();
    })),
  ...[['close', frame(CLOSE)], ['close 1000', closeFrame(1000)], ['close 1001', closeFrame(1001)], ['text that is not UTF-8', frame(TEXT, hex('34ff'))], ['a reserved opcode', frame(3, 'x')], ['a continuation of nothing', frame(CONTINUATION, 'x')], ['a frame too long', frame(TEXT, 'x', { length: MAX_PAYLOAD + 1 })]]
    .flatMap(([what, bytes]) => [
      change(`instead of the probe ${what}`, async (v) => {
        await v.upgrade();
        v.say('ws', bytes);
        await v.listen();
      }),
      change(`behind the probe ${what}`, async (v) => {
        await v.upgrade();
        v.say('ws', '2probe');
        await v.listen();
        v.say('ws', bytes);
        await v.listen();
      }),
      change(`behind the change ${what}`, async (v) => {
        await v.change();
        v.say('ws', bytes);
        await v.listen();
        await v.abort('ws');
        v.upgraded = undefined;
      }),
    ]),
  change('the WebSocket is broken off before the probe', async (v) => {
    await v.upgrade();
    await v.abort('ws');
    await v.post(['4a']);
  }),
  change('the WebSocket is broken off behind the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.abort('ws');
    await v.post(['4a']);
  }),
  change('the WebSocket is broken off behind the probe, and another one is taken', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.abort('ws');
    await v.change('second');
  }),
  change('the WebSocket is broken off behind the change', async (v) => {
    await v.change();
    v.say('ws', '4a');
    await v.listen();
    await v.abort('ws');
    v.upgraded = undefined;
  }),
  change('a second WebSocket beside the first', async (v) => {
    await v.upgrade('ws');
    await v.upgrade('second');
    await v.listen('second');
    v.say('ws', '2probe');
    await v.listen('ws');
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('a second WebSocket behind the probe', async (v) => {
    await v.upgrade('ws');
    v.say('ws', '2probe');
    await v.listen('ws');
    await v.upgrade('second');
    await v.listen('second');
    v.say('ws', '5');
    v.upgraded = 'ws';
  }),
  change('a second WebSocket behind the change', async (v) => {
    await v.change();
    await v.upgrade('second');
    await v.listen('second');
  }),
  change('a second WebSocket after a failed one', async (v) => {
    await v.upgrade('ws');
    v.say('ws', '4a');
    await v.listen('ws');
    await v.change('second');
  }),
  change('a WebSocket for a session that has ended', async (v) => {
    await v.post(['1']);
    await v.upgrade();
  }),
  change('the session ends behind the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.post(['1']);
    await v.listen();
  }),
  change('an error behind the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.post(['9']);
    await v.listen();
  }),
  change('two polls behind the probe', async (v) => {
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    v.send('g1', request('GET', v.target));
    v.send('g2', request('GET', v.target));
    await v.response('g1');
    await v.response('g2');
    await v.listen();
  }),
  change('a poll behind the change', async (v) => {
    await v.change();
    await v.settle();
    v.say('ws', '4a');
    await v.listen();
    await v.get();
  }),
  change('a POST behind the change', async (v) => {
    await v.change();
    v.say('ws', '4a');
    await v.listen();
    await v.post(['4b']);
  }),
  change('an end by POST behind the change', async (v) => {
    await v.change();
    v.say('ws', '4a');
    await v.listen();
    await v.post(['1']);
  }),
  change('a POST that began before the change', async (v) => {
    v.send('post', half(v));
    await v.settle();
    await v.change();
    v.say('ws', '4b');
    await v.listen();
    v.send('post', 'a');
    await v.answer('post');
  }),
  change('the end by WebSocket', async (v) => {
    await v.change();
    v.say('ws', '1');
  }),
  change('a ping by WebSocket', async (v) => {
    await v.change();
    v.say('ws', '2');
  }),
  change('a probe behind the change', async (v) => {
    await v.change();
    v.say('ws', '2probe');
  }),
  change('5 twice', async (v) => {
    await v.change();
    v.say('ws', '5', '4a');
  }),
  change('many messages around the change', async (v) => {
    await v.post(Array.from({ length: 50 }, (_, i) => `4p${i}`));
    await v.upgrade();
    v.say('ws', '2probe');
    await v.listen();
    await v.post(Array.from({ length: 50 }, (_, i) => `4q${i}`));
    v.say('ws', '5', ...Array.from({ length: 50 }, (_, i) => `4r${i}`));
    v.upgraded = 'ws';
  }),
  ...Object.entries({
    'transport=polling': (v) => WS(v).replace('websocket', 'polling'), 'no transport': (v) => `EIO=${v.dialect.eio}&sid=${v.sid}`, 'EIO=2': (v) => WS(v).replace(/EIO=./, 'EIO=2'), 'no EIO': (v) => WS(v).replace(/EIO=.&/, ''), 'a sid cut short': (v) => WS(v).slice(0, -1),
    'the sid twice': (v) => WS(v, `&sid=${v.sid}`), 't and b64': (v) => WS(v, '&t=x&b64=1'),
  }).map(([what, query]) => change(`an upgrade with ${what}`, async (v) => {
    if (!await v.upgrade('ws', { query: query(v) })) return;
    v.say('ws', '2probe');
    await v.listen();
  })),
  ...Object.entries({ 'an Origin': { Origin: 'http://a' }, 'an Origin with a control character': { Origin: 'a\x01' }, 'no key': { 'Sec-WebSocket-Key': null }, 'version 12': { 'Sec-WebSocket-Version': '12' }, 'permessage-deflate': { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
    .map(([what, headers]) => change(`an upgrade with ${what}`, async (v) => {
      if (!await v.upgrade('ws', { headers })) return;
      v.say('ws', '2probe');
      await v.listen();
    })),
];

// Names that came twice are told apart by their number.
function unique(scripts) {
  const seen = new Map();
  return scripts.map((script) => {
    const key = `${script.level} ${script.name}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key) === 1 ? script : { ...script, name: `${script.name} #${seen.get(key)}` };
  });
}

module.exports = { httpScripts: unique([requests, living, payloads, overlaps, upgrades].flat(2)) };
