/*
 * What both servers are sent by differ.test.js: scripts of messages, made from tables. A script of
 * Socket.IO is { name, parser, messages }, each message a text or bytes; one of Engine.IO is
 * { name, frames } or { name, request }.
 */
'use strict';

const { inspect } = require('node:util');
const { encode } = require('notepack.io');
const { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, closeFrame, frame, upgradeRequest } = require('./rawws');

const MAX_PAYLOAD = 100000;
const PLACE = (num) => `{"_placeholder":true,"num":${num}}`;
const DEEP = (depth) => '['.repeat(depth) + ']'.repeat(depth);

// A name that shows what is sent, on one line and not too long.
const SHOWN = 90;
const labels = new WeakMap();
const label = (text, bytes) => { labels.set(bytes, cut(text)); return bytes; };
const cut = (text) => (text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}... (${text.length})`);
function show(message) {
  if (labels.has(message)) return labels.get(message);
  if (typeof message !== 'string') return `<${message.length <= 24 ? message.toString('hex') : `${message.length} bytes`}>`;
  const text = JSON.stringify(message).slice(1, -1).replaceAll('\\"', '"');
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}... (${message.length})`;
}

const script = (group, messages, parser = 'json') => ({ name: `${group}: ${messages.map(show).join(' | ')}`, parser, messages });
const each = (group, lists, before = []) => lists.map((list) => script(group, [...before, ...[list].flat()]));
const product = (a, b, make) => a.flatMap((x) => b.map((y) => make(x, y)));

// ---- Socket.IO, default parser

// Every packet of one character, every one of two, and both behind a type.
const ALPHABET = [...'0123456789/-,[]{}"a .'];
const tiny = ['', ...ALPHABET, ...product(ALPHABET, ALPHABET, (x, y) => x + y)];

const first = [
  '0', '0{}', '0{"token":"x"}', '0/', '0/,', '0/,{}', '0/custom', '0/custom,', '0/custom,{}', '0/custom,{"a":[1,{"b":null}]}',
  '0/nowhere', '0/nowhere,{"a":1}', '0/custom/', '0/custom?token=1,', '0//custom,', '0/Custom,', '0/ custom,', '0/cus,tom,',
  '0[]', '0[1]', '0null', '0true', '0"x"', '0 1', '0{', '0{"a"', '0{"a":1}x', '0{} ', '0 {}', '00', '01{}', '05', '00{}', '0/custom,0{}',
  '0/custom,[]', '0/custom,null', '0/custom,"x"', '0/custom,{', '1', '1/', '1/custom,', '1{}', '1[]', '1null', '1"x"', '10',
  '2', '2["a"]', '20["a"]', '2/custom,["a"]', '3', '3[]', '30[]', '3/custom,0[]', '4', '4{}', '4{"message":"x"}', '4"x"',
  '5', '5-', '50-["a"]', '51-["a"]', '61-[]', '61-0[]', '7', '8', '9', 'a', '-1', '{}', '[]', 'null', '"0"', ' 0', '\n', '\u0000', '\ufeff0', '+0', '0x0',
  '/', '/custom,', ',', '\u{1f4a3}', 'primus::ping::1', '1:::', '2::', '0{"__proto__":{"a":1}}', '0{"pid":"x","offset":"y"}', '0{"pid":5}',
];

const single = [
  // types and their data
  '0', '0{}', '1', '1{}', '1[]', '1null', '1/', '1/,', '10', '1 ', '1x', '2', '2[]', '2{}', '2null', '2"a"', '2 ', '2["a"', '2["a"]]', '2["a"] ',
  '2 ["a"]', '2\t["a"]', '2["a"]\n', '2[ "a" , 1 ]', '2["a",]', '2[,"a"]', "2['a']", '2["a"]x', '2[null]', '2[true]', '2[{}]', '2[[]]', '2[["a"]]',
  '2[{"toString":"foo"}]', '2[{"length":1}]', '3', '3[]', '30', '30[]', '30[1]', '30{}', '30null', '30"x"', '30[', '3{}', '3null', '3"x"', '4', '4{}',
  '4{"message":"x"}', '4"x"', '4null', '4[]', '7', '8["a"]', '9', ':', 'x', '"', '[', '{', '\u0000', '\u00002["a"]', '2\u0000["a"]', '\u{1f600}',
  // namespaces
  '2/,["a"]', '2/["a"]', '2/a["x"]', '2/a,["x"]', '2/custom,["a"]', '2/custom["a"]', '2/nowhere,["a"]', '1/nowhere,', '1/custom,', '3/nowhere,0[]',
  '3/custom,0[]', '0/nowhere', '0/nowhere,', '0/nowhere,{}', '0/nowhere,[]', '0/custom', '0/custom,', '0/custom,{}', '0/,', '0/,{}', '0/', '2/ ,["a"]', '2//,["a"]',
  '2/?a=1,["a"]', '0/?a=1,', '2/\u00e9,["a"]', '0/\u00e9', '0/\u00e9,', `0/${'n'.repeat(100)},`, `0/${'n'.repeat(127)},`, `0/${'n'.repeat(128)},`, `0/${'n'.repeat(1000)},`,
  '0/__proto__,', '0/constructor,', '0/hasOwnProperty', '2/__proto__,["a"]', '2/constructor,["a"]', '0/"quoted",', '0/\n,', '0/\u0000,', '0/\\,',
];

const ackIds = ['0', '1', '00', '01', '10', '999', '007', '2147483647', '2147483648', '4294967295', '4294967296', '9007199254740991', '9007199254740992',
  '9007199254740993', '18446744073709551615', '18446744073709551616', '9'.repeat(30), '9'.repeat(400), '-1', '1.5', '1e3', '0x1', ' 1', '1 ', '+1', '\u0661'];

const names = ['a', '', ' ', 'message', 'error', 'connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener', 'Connect', 'connection',
  'connect ', 'ping', 'pong', 'reconnect', 'data', 'close', 'toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', 'length', 'emit', '0', '*', '\u0000',
  '\u00e9', '\u{1f600}', '"', '\\', '\n', '/', ',', 'x'.repeat(256), 'x'.repeat(257), 'x'.repeat(5000)];
const rawNames = ['0', '1', '-1', '1.5', '1e3', '-0', '1e400', '9007199254740993', '12345678901234567890', '0.1', '1e21', '1e-7', 'null', 'true', 'false', '{}', '[]',
  '["a"]', '{"a":1}', '"\\u0063onnect"', '"\\ud83d"', '"\\u0000"'];

const values = ['null', 'true', 'false', '0', '-0', '1', '-1', '1.0', '1.5', '-1.5e-10', '1e21', '1e-7', '123456789012345', '9007199254740991', '9007199254740992',
  '9007199254740993', '18446744073709551615', '18446744073709551616', '-9223372036854775808', '-9223372036854775809', '1e308', '1e309', '-1e400', '1e-400', '5e-324',
  '0.1', '0.30000000000000004', '1.7976931348623157e308', '4.35', '2e0', '1E5', '1e+5', '01', '-', '+1', '.5', '1.', '1e', 'NaN', 'Infinity', '-Infinity', 'undefined', 'nul',
  '0x10', '""', '"a"', '"\\n\\t\\b\\f\\r\\"\\\\\\/"', '"\\u0000"', '"\\u00e9"', '"\u00e9\u20ac\u{1f600}"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\ude00\\ud83d"', '"\\uD83D"',
  '"\u2028\u2029"', '"\u007f\u0080"', '"\ufeff"', '"\uffff"', '"\t"', '"\n"', '"\u0000"', '"\\x41"', '"\\u12"', '"\\', '"', "'a'", '[]', '{}', '[[]]', '[{}]', '[1,2,3]', '[1,]', '[,]', '{"a":1}',
  '{"a":1,}', '{a:1}', '{"a"}', '{"a":}', '{"a":1 "b":2}', '{"a":1,"a":2}', '{"":1}', '{"__proto__":1}', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{"x":1}}}',
  '{"toJSON":1}', '{"b":1,"a":2}', '{"2":1,"1":2}', '{"1":0,"a":1,"0":2}', '{"a":{"b":{"c":[null]}}}', '{"_placeholder":true}', '{"_placeholder":true,"num":0}', '{"_placeholder":false,"num":0}',
  '/**/1', '1//', '1 ', ' 1 ', '\u00a01', '\ufeff1', '"a" "b"', '1,2,3', '{"a":1},[2],"x",null', DEEP(10), DEEP(29), DEEP(30), DEEP(31), DEEP(32), DEEP(33), DEEP(1000), '['.repeat(5000), '{"a":'.repeat(1000), `"${'x'.repeat(50000)}"`,
  `[${'0,'.repeat(5000)}0]`];

const A = Buffer.from('A');
const B = Buffer.from('B');
const EMPTY = Buffer.alloc(0);
const ten = Array.from({ length: 10 }, (_, i) => Buffer.from([i]));
const places = (count) => Array.from({ length: count }, (_, i) => PLACE(i)).join(',');
const counts = ['', '0', '00', '1', '01', '2', '9', '10', '11', '12', '99', '100', '999999999999', '-1', '1.5', ' 1', '1 ', '0x1', '1e0', '+1', 'x', '1x'];

const binary = [
  ...counts.map((n) => [`5${n}-["a"]`]), ...counts.map((n) => [`6${n}-0[]`]),
  ...counts.map((n) => [`5${n}-["a",${PLACE(0)}]`, A]), ...counts.map((n) => [`5${n}-["a"]`, '2["next"]']),
  ...counts.map((n) => [`5${n}-["a"]`, A]),
  ['5'], ['6'], ['5["a"]'], ['6[]'], ['51'], ['51["a"]', A], ['51-'], ['51-', A], ['51-["a"'], ['51-[]'], ['51-{}'], ['51-null'], ['51-[null]'], ['51-["connect"]'], ['51-["connect"]', A],
  ['51-["a"]', EMPTY], [`51-["a",${PLACE(0)}]`, EMPTY], [`51-["a",${PLACE(0)}]`, A, '2["b"]'], [`51-["a",${PLACE(0)}]`, A, A], [`51-["a",${PLACE(0)}]`, '2["b"]'], [`51-["a",${PLACE(0)}]`, '1'],
  [`51-["a",${PLACE(0)}]`, ''], [`51-["a",${PLACE(0)}]`, `51-["b",${PLACE(0)}]`, A, B],
  [`51-["a",${PLACE(0)}]`, A, `51-["b",${PLACE(0)}]`, B], [`52-["a",${PLACE(0)},${PLACE(1)}]`, A, B], [`52-["a",${PLACE(1)},${PLACE(0)}]`, A, B], [`52-["a",${PLACE(0)}]`, A, B], [`52-["a",${PLACE(1)}]`, A, B],
  [`52-["a",${PLACE(0)},${PLACE(0)}]`, A, B], [`52-["a",${PLACE(0)},${PLACE(1)}]`, A, '2["b"]'], [`52-["a",${PLACE(0)},${PLACE(1)}]`, A],
  [`51-["a",${PLACE(0)},${PLACE(0)}]`, A], [`51-["a",${PLACE(0)},${PLACE(0)},${PLACE(0)}]`, A], [`51-["a",{"b":[${PLACE(0)}]}]`, A], [`51-[${PLACE(0)}]`, A], [`51-["a",{"x":{"y":${PLACE(0)}},"z":1}]`, A],
  [`510-["a",${places(10)}]`, ...ten], [`510-["a",${places(9)}]`, ...ten], [`511-["a",${places(10)}]`, ...ten], [`51-1["a",${PLACE(0)}]`, A], [`51-/custom,["a",${PLACE(0)}]`, A], [`51-/,["a",${PLACE(0)}]`, A],
  [`51-/nowhere,["a",${PLACE(0)}]`, A], [`51-9007199254740993["a",${PLACE(0)}]`, A], [`61-1[${PLACE(0)}]`, A], [`61-[${PLACE(0)}]`, A], ['61-1', A], ['61-1{}', A], [`61-99[${PLACE(0)}]`, A, '2["b"]'], [`60-1[]`, '2["b"]'],
  ...['-1', '1', '10', '0.5', '1e0', '"0"', '"splice"', '"length"', '"__proto__"', 'null', 'true', '[]', '[0]', '{}', '-0', '0.0', '1e400', '18446744073709551616'].map((num) => [`51-["a",${PLACE(num)}]`, A]),
  ['51-["a",{"_placeholder":true}]', A], ['51-["a",{"num":0}]', A], ['51-["a",{"_placeholder":false,"num":0}]', A], ['51-["a",{"_placeholder":1,"num":0}]', A], ['51-["a",{"_placeholder":"true","num":0}]', A],
  ['51-["a",{"num":0,"_placeholder":true}]', A], ['51-["a",{"_placeholder":true,"num":0,"more":1}]', A], ['51-["a",{"_placeholder":true,"_placeholder":false,"num":0}]', A],
  ['51-["a",{"_placeholder":true,"num":7,"num":0}]', A], [A], [EMPTY], [Buffer.from('2["a"]')], ['2["a"]', A], ['2["a",{"_placeholder":true,"num":0}]', A], ['50-["a",{"_placeholder":true,"num":0}]'],
];

const CONNECTED = ['0'];
const state = [
  ['0', '0'], ['0', '0{}'], ['0', '', '2["a"]'], ['', '2["a"]'], ['', '0'], ['0', '0/custom,'], ['0/custom,', '0'], ['0/custom,', '0/custom,'], ['0', '0/custom,', '2/custom,["a"]', '2["b"]'], ['0/custom', '2["a"]'],
  ['0/custom', '2/custom,["a"]'], ['0', '1'], ['0', '1', '0'], ['0', '1', '0', '2["a"]'], ['0', '1', '2["a"]'], ['0', '1', '1'], ['0', '1', '30[]'], ['0', '1', '0', '0'], ['0', '0/custom,', '1/custom,', '2["a"]'],
  ['0', '0/custom,', '1', '2/custom,["a"]'], ['0', '0/custom,', '1', '2["a"]'], ['0', '0/custom,', '1/custom,', '2/custom,["a"]'], ['0', '0/custom,', '1/custom,', '0/custom,', '2/custom,["a"]'],
  ['0', '0/nowhere,', '2["a"]'], ['0/nowhere,', '0/nowhere,'], ['0/nowhere,', '0'], ['0/nowhere,', '0', '2["a"]'], ['0/nowhere,', '2/nowhere,["a"]'], ['0/nowhere,', '1/nowhere,'], ['0', '30[]', '30[]', '2["a"]'],
  ['0', '20["a"]', '20["a"]', '20["a"]'], ['0', '20["a"]', '21["a"]', '2["b",1]'], ['0', '2', '2["a"]'], ['0', '3', '2["a"]'], ['0', '2', '2', '20', '2["a"]'], ['0', '3[1]', '2["a"]'], ['0', '1/', '2["a"]'],
  ['0', '51-["a"]', '0/nowhere,'], ['0', '0/custom,', '51-["a"]', '2/custom,["b"]'], ['0', '0/custom,', `51-/custom,["a",${PLACE(0)}]`, A, '2["b"]'], ['0', '1', `51-["a",${PLACE(0)}]`, A], [`51-["a",${PLACE(0)}]`, A],
  ['0{"a":1}', '2["a"]'], ['0', '4{"message":"x"}', '2["a"]'], ['0', '2["connect"]', '2["a"]'], ['0', '2["a"]', '2["b"]', '2["c"]'], [A, '0'], [EMPTY, '0'], ['0/custom,', '1', '2/custom,["a"]'], ['0', '1/custom,', '2["a"]'],
];

const text = [
  ...each('first', first),
  ...each('tiny', tiny.filter((t) => !first.includes(t)), CONNECTED),
  ...each('single', single.filter((t) => !tiny.includes(t)), CONNECTED),
  ...each('event', tiny.filter((t) => t.length > 0).map((t) => `2["a",${t}]`).slice(0, ALPHABET.length), CONNECTED),
  ...each('ack id', product(['2', '3', '51-', '61-', '2/custom,'], ackIds, (type, id) => [`${type}${id}["a",1]`, ...(/-$/.test(type) ? [A] : [])]), ['0', '0/custom,']),
  ...each('name', names.map((name) => `21${JSON.stringify([name, 1])}`), CONNECTED),
  ...each('name', rawNames.map((name) => `2[${name},1]`), CONNECTED),
  ...each('value', values.map((value) => `21["a",${value}]`), CONNECTED),
  ...each('auth', values.slice(0, 60).map((value) => `0{"a":${value}}`)),
  ...each('ack', values.map((value) => `31[${value}]`), CONNECTED),
  ...each('binary', binary, CONNECTED),
  ...each('state', state),
];

// ---- Socket.IO, msgpack parser

const say = (value) => inspect(value, { breakLength: Infinity, depth: 9, maxArrayLength: 3, maxStringLength: 40 });
const pack = (value) => label(say(value), Buffer.from(encode(value)));
const hex = (digits) => Buffer.from(digits.replace(/ /g, ''), 'hex');
const CONNECT = pack({ type: 0, nsp: '/' });
const event = (data, more = {}) => label(`event ${say(data)}${'id' in more ? ` id ${say(more.id)}` : ''}`,
  Buffer.from(encode({ type: 2, data, options: { compress: true }, nsp: '/', ...more })));
const raw = (key, bytes) => Buffer.concat([hex('83 a4 74797065 02 a3 6e7370 a1 2f'), pack(key), bytes]);
const arg = (bytes) => label(`argument ${bytes}`, raw('data', Buffer.concat([hex('92 a1 61'), hex(bytes)])));

const mfirst = [CONNECT, pack({ type: 0, nsp: '/', data: {} }), pack({ type: 0, nsp: '/', data: { token: 'x' } }), pack({ type: 0, nsp: '/', data: undefined }), pack({ type: 0, nsp: '/', data: null }),
  pack({ type: 0, nsp: '/', data: [] }), pack({ type: 0, nsp: '/', data: 'x' }), pack({ type: 0, nsp: '/', data: 5 }), pack({ type: 0, nsp: '/custom', data: {} }), pack({ type: 0, nsp: '/nowhere' }), pack({ type: 0, nsp: 'custom' }),
  pack({ type: 0, nsp: '' }), pack({ type: 0, nsp: 5 }), pack({ type: 0, nsp: null }), pack({ type: 0 }), pack({ nsp: '/' }), pack({ type: '0', nsp: '/' }), pack({ type: 0.5, nsp: '/' }), pack({ type: -1, nsp: '/' }), pack({ type: null, nsp: '/' }),
  pack({ type: 5, nsp: '/', data: ['a'] }), pack({ type: 6, nsp: '/' }), pack({ type: 7, nsp: '/' }), pack({ type: 4, nsp: '/', data: { message: 'x' } }), pack({ type: 4, nsp: '/', data: 'x' }), pack({ type: 1, nsp: '/' }), event(['a']),
  pack({ type: 3, nsp: '/', data: [], id: 1 }), pack({}), pack([]), pack(0), pack(null), pack('0'), pack(true), EMPTY, hex('c1'), hex('81'), hex('ff'), hex('dfffffffff'), hex('ddffffffff'), hex('dd0fffffff'), hex('80 00'),
  Buffer.concat([CONNECT, hex('00')]), Buffer.concat([CONNECT, CONNECT]), CONNECT.subarray(0, -1), pack({ nsp: '/', type: 0 }), pack({ type: 0, nsp: '/', x: 1 }), pack({ type: 0, nsp: '/', options: null }), hex('82 a4 74797065 cc 00 a3 6e7370 a1 2f'),
  hex('82 a4 74797065 cb 0000000000000000 a3 6e7370 a1 2f'), hex('82 a4 74797065 c2 a3 6e7370 a1 2f'), pack({ type: 0, nsp: '/', id: 1 }), pack({ type: 0, nsp: '/', id: null }), pack({ type: 0, nsp: '/', id: undefined }), pack({ type: 0, nsp: '/', attachments: 1 }), '0{"text":1}'];

const msingle = [
  ...names.map((name) => event([name, 1], { id: 1 })), ...[0, 1, -1, 1.5, 2 ** 53, true, false, null, undefined, {}, [], ['a'], { toString: 'x' }, Buffer.from('a')].map((name) => event([name, 1])),
  ...[0, 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -1, 1.5, '1', '', null, undefined, true, [], {}].flatMap((id) => [event(['a', 1], { id }), pack({ type: 3, nsp: '/', data: [1], id })]),
  event([]), event({}), event('a'), event(null), event(undefined), event(5), event(Buffer.from('a')), pack({ type: 2, nsp: '/' }), pack({ type: 1, nsp: '/' }), pack({ type: 1, nsp: '/', data: {} }), pack({ type: 1, nsp: '/', data: null }),
  pack({ type: 1, nsp: '/', data: undefined }), pack({ type: 3, nsp: '/', id: 1 }), pack({ type: 3, nsp: '/', data: {}, id: 1 }), pack({ type: 3, nsp: '/', data: null, id: 1 }), pack({ type: 3, nsp: '/', data: [] }), pack({ type: 0, nsp: '/' }), pack({ type: 0, nsp: '/custom' }),
  pack({ type: 2, nsp: '/custom', data: ['a'] }), pack({ type: 2, nsp: '/nowhere', data: ['a'] }), pack({ type: 2, nsp: 5, data: ['a'] }), pack({ type: 2, data: ['a'] }), pack({ type: 5, nsp: '/', data: ['a'], attachments: 1 }), pack({ type: 4, nsp: '/', data: {} }), '2["a"]', '', EMPTY, hex('c1'), Buffer.from('2["a"]'),
  ...[null, true, false, 0, -1, 127, 128, -32, -33, 2 ** 31, 2 ** 32, 2 ** 53, 0.1, -0, 1e300, '', 'é€\u{1f600}', 'x'.repeat(300), [], {}, [1, [2]], { a: { b: null } }, Buffer.from('AB'), EMPTY, [Buffer.from('A'), { b: Buffer.from('B') }], new Array(12).fill(Buffer.from('A'))].map((value) => event(['a', value], { id: 3 })),
  ...[new Date(0), undefined, { a: undefined }, NaN, Infinity, new Uint8Array([1, 2])].map((value) => event(['a', value])),
  // spelled by hand: ints and lengths that are not the shortest, ext types, bad strings, keys
  ...['cc 01', 'cd 0001', 'ce 00000001', 'cf 0000000000000001', 'cf ffffffffffffffff', 'd0 01', 'd1 0001', 'd2 00000001', 'd3 0000000000000001', 'd3 8000000000000000', 'ca 3f800000', 'ca 3dcccccd', 'cb 3ff0000000000000', 'cb 7ff0000000000000',
    'cb 7ff8000000000000', 'd9 01 61', 'da 0001 61', 'db 00000001 61', 'c4 01 61', 'c5 0001 61', 'c6 00000001 61', 'dc 0001 01', 'dd 00000001 01', 'de 0001 a1 61 01', 'df 00000001 a1 61 01', 'c1', 'd4 00 00', 'd4 05 00', 'd6 ff 00000000', 'd7 ff 0000000000000000',
    'd7 00 0000000000000000', 'c7 01 00 61', 'c7 01 05 61', 'd5 01 0000', 'a1 ff', 'a2 c3 28', 'a3 ed a0 80', 'a1', '81 01 02', '81 c0 02', '81 c3 02', '81 90 02', '81 80 02', '81 a9 5f5f70726f746f5f5f 01', '82 a1 61 01 a1 61 02', '91', 'dd ffffffff', 'c6 ffffffff', 'db ffffffff 61'].map(arg),
  arg(`${'91'.repeat(28)} 01`), arg(`${'91'.repeat(40)} 01`), arg(`${'91'.repeat(10000)} 01`),
];

const mstate = [
  [CONNECT, CONNECT], [CONNECT, pack({ type: 1, nsp: '/' }), CONNECT, event(['a'])], [CONNECT, pack({ type: 1, nsp: '/' }), event(['a'])], [CONNECT, pack({ type: 0, nsp: '/custom' }), pack({ type: 2, nsp: '/custom', data: ['a'] }), event(['b'])],
  [pack({ type: 0, nsp: '/custom' }), event(['a'])], [CONNECT, event(['a'], { id: 0 }), event(['a'], { id: 0 })], [pack({ type: 0, nsp: '/nowhere' }), CONNECT, event(['a'])],
];

const msgpack = [
  ...mfirst.map((m) => script('msgpack first', [m].flat(), 'msgpack')),
  ...msingle.map((m) => script('msgpack', [CONNECT, m], 'msgpack')),
  ...mstate.map((m) => script('msgpack state', m, 'msgpack')),
];

// Names that came twice are told apart by their number.
function unique(scripts) {
  const seen = new Map();
  return scripts.map((s) => {
    const count = (seen.get(s.name) ?? 0) + 1;
    seen.set(s.name, count);
    return count === 1 ? s : { ...s, name: `${s.name} #${count}` };
  });
}

// Scripts of "/" alone as they are said in another namespace. What names a namespace itself is left out.
const CHAT = '/chat,';
const chatScripts = unique(text).filter(({ messages }) => messages[0] === '0' && !messages.some((m) => m === '' || String(m).includes('/')))
  .map((s) => ({ ...s, messages: s.messages.map((m) => (typeof m === 'string' ? m.replace(/^([56][^"[{-]*-|\d)/, `$1${CHAT}`) : m)) }));

// ---- Engine.IO over WebSocket

const t = (payload, options) => frame(TEXT, payload, options);
const b = (payload, options) => frame(BINARY, payload, options);
const c = (payload, options) => frame(CONTINUATION, payload, options);
const big = 'x'.repeat(MAX_PAYLOAD - 1);

// Engine.IO packets, and binary messages, as every transport carries them.
const enginePackets = ['4', '4a', '4\u{1f600}\u0000\u2028', '44', `4${big}`, `4${big}x`, `4${big}xx`, '', '0', '0{}', '0{"sid":"x"}', '1', '1x', '2', '2probe', '2x', '3', '3probe', '3x', '5', '5x', '6', '6x', '7', '8', '9', 'a', 'B', ' ', '\u0000', '-', '4 ', ' 4',
    '\ufeff4', '\u{1f4a3}', '4a\u001e4b', '\u001e', 'b', 'bAAEC', 'bQQ==', 'bQQ', 'bQ', 'b!!!', 'b====', 'bQQ==QQ==', 'b QQ==', 'bQQ==\n', 'b-_', 'b4a', 'bé', '{}', 'null', '10', '40', '4:'];
const engineBytes = ['', 'a', '4a', '\u0004a', '\u0000', '2', 'b', big, `${big}x`, `${big}xx`];

const frames = {
  // packets
  ...Object.fromEntries(enginePackets.map((packet) => [`packet ${show(packet)}`, [t(packet)]])),
  ...Object.fromEntries(engineBytes.map((packet) => [`bytes ${show(packet)}`, [b(packet)]])),
  'two packets': [t('4a'), t('4b')],
  'a packet, then garbage': [t('4a'), t('9')],
  'garbage, then a packet': [t('9'), t('4a')],
  'pong, then a packet': [t('3'), t('4a')],
  'three pongs': [t('3'), t('3'), t('3')],
  'noop and upgrade, then a packet': [t('6'), t('5'), t('4a')],
  'close, then a packet': [t('1'), t('4a')],
  'text and bytes by turns': [t('4a'), b('x'), t('4b'), b('y')],
  // frames
  'bytes one by one': [...t('4abc')].map((byte) => Buffer.from([byte])),
  'two frames in one write': [Buffer.concat([t('4a'), t('4b')])],
  'in two fragments': [t('4a', { fin: false }), c('b')],
  'in three fragments, one empty': [t('4', { fin: false }), c('', { fin: false }), c('b')],
  'in fragments, the first empty': [t('', { fin: false }), c('4a')],
  'bytes in fragments': [b('a', { fin: false }), c('b')],
  'a character cut in two': [t(Buffer.from([0x34, 0xc3]), { fin: false }), c(Buffer.from([0xa9]))],
  'a ping between fragments': [t('4a', { fin: false }), frame(PING, 'x'), c('b')],
  'a text between fragments': [t('4a', { fin: false }), t('4b')],
  'bytes between fragments': [t('4a', { fin: false }), b('b')],
  'fragments of a message too long': [t(`4${big.slice(1)}`, { fin: false }), c('xx', { fin: false }), c('')],
  'a continuation of nothing': [c('a')],
  'a continuation without end of nothing': [c('a', { fin: false })],
  'ping': [frame(PING, 'hi')],
  'ping without payload': [frame(PING)],
  'ping of 125 bytes': [frame(PING, 'x'.repeat(125))],
  'ping of 126 bytes': [frame(PING, 'x'.repeat(126))],
  'ping in fragments': [frame(PING, 'x', { fin: false })],
  'pong unasked': [frame(PONG, 'x')],
  'pong of 126 bytes': [frame(PONG, 'x'.repeat(126))],
  'no mask': [t('4a', { mask: false })],
  'no mask, ping': [frame(PING, '', { mask: false })],
  ...Object.fromEntries([0x40, 0x20, 0x10, 0x70].map((rsv) => [`reserved bits ${rsv.toString(16)}`, [t('4a', { first: 0x81 | rsv })]])),
  ...Object.fromEntries([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [frame(opcode, 'a')]])),
  ...Object.fromEntries(Object.entries({ 'a lone byte': 'ff', 'cut short': 'c3', overlong: 'c080', 'a surrogate': 'eda080', 'beyond U+10FFFF': 'f4908080', 'a stray byte': '6180' }).map(([what, bytes]) =>
    [`not UTF-8: ${what}`, [t(Buffer.concat([Buffer.from('4'), hex(bytes)]))]])),
  'not UTF-8 in a fragment': [t(Buffer.from([0x34, 0xff]), { fin: false }), c('a')],
  'length in 16 bits that fits 7': [hex('81fe000200000000 3461')],
  'length in 64 bits that fits 7': [hex('81ff000000000000000200000000 3461')],
  'length beyond the limit, no payload': [t('4a', { length: MAX_PAYLOAD + 1 })],
  'length of 2^32': [t('4a', { length: 2 ** 32 })],
  'length with the highest bit': [hex('81ff800000000000000200000000 3461')],
  'length of 2^53': [hex('81ff002000000000000000000000 3461')],
  // close frames
  'close without code': [frame(CLOSE)],
  'close of one byte': [frame(CLOSE, 'x')],
  ...Object.fromEntries([0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 2000, 2999, 3000, 4000, 4999, 5000, 65535].map((code) => [`close ${code}`, [closeFrame(code)]])),
  'close with a reason': [closeFrame(1000, 'bye')],
  'close with a reason of 123 bytes': [closeFrame(1000, 'x'.repeat(123))],
  'close with a reason of 124 bytes': [closeFrame(1000, 'x'.repeat(124))],
  'close with a reason that is not UTF-8': [frame(CLOSE, hex('03e8 ff'))],
  'close in fragments': [frame(CLOSE, '', { fin: false })],
  'close within a message': [t('4a', { fin: false }), closeFrame(1000)],
  'a message and close in one write': [Buffer.concat([t('4a'), closeFrame(1000)])],
};

// ---- handshakes

const W = '/engine.io/?EIO=4&transport=websocket';
const targets = [W, '/engine.io?EIO=4&transport=websocket', '/engine.io/?transport=websocket&EIO=4', `${W}&t=abc`, `${W}&b64=1`, `${W}&a=b&c`, `${W}&`, `${W}&&`, `${W}#x`, '/engine.io/?EIO=3&transport=websocket', '/engine.io/?EIO=5&transport=websocket', '/engine.io/?EIO=&transport=websocket',
  '/engine.io/?transport=websocket', '/engine.io/?EIO=04&transport=websocket', '/engine.io/?EIO=4.0&transport=websocket', '/engine.io/?EIO=x&transport=websocket', '/engine.io/?EIO=4&EIO=4&transport=websocket', '/engine.io/?EIO=4', '/engine.io/?EIO=4&transport=', '/engine.io/?EIO=4&transport=tube',
  '/engine.io/?EIO=4&transport=WebSocket', '/engine.io/?EIO=4&transport=__proto__', '/engine.io/?EIO=4&transport=constructor', '/engine.io/?EIO=4&transport=hasOwnProperty', '/engine.io/?EIO=4&transport=webtransport', '/engine.io/?EIO=4&transport=websocket&transport=websocket', '/engine.io/?EIO=%34&transport=%77ebsocket',
  '/engine.io/', '/engine.io/?', `${W}&sid=`, `${W}&sid=x`, `${W}&sid=${'a'.repeat(20)}`, `${W}&sid=__proto__`, `${W}&sid=constructor`, `${W}&sid=%00`, '/engine.io/x?EIO=4&transport=websocket', '/engine.io/?EIO=4&transport=websocket%00'];
const headerCases = {
  'an Origin': { Origin: 'http://example.com' }, 'an Origin of null': { Origin: 'null' }, 'an Origin with a tab inside': { Origin: 'a\tb' }, 'an Origin with a high byte': { Origin: 'caf\u00e9' }, 'no key': { 'Sec-WebSocket-Key': null }, 'an empty key': { 'Sec-WebSocket-Key': '' }, 'a short key': { 'Sec-WebSocket-Key': 'AAAA' },
  'a key that is no base64': { 'Sec-WebSocket-Key': '!'.repeat(24) }, 'no version': { 'Sec-WebSocket-Version': null }, 'version 8': { 'Sec-WebSocket-Version': '8' }, 'version 12': { 'Sec-WebSocket-Version': '12' }, 'version 14': { 'Sec-WebSocket-Version': '14' }, 'version x': { 'Sec-WebSocket-Version': 'x' },
  'Upgrade in capitals': { Upgrade: 'WEBSOCKET' }, 'Upgrade to something else': { Upgrade: 'h2c' }, 'Upgrade to two': { Upgrade: 'h2c, websocket' }, 'Connection with two words': { Connection: 'keep-alive, Upgrade' }, 'Connection in small letters': { Connection: 'upgrade' }, 'a subprotocol': { 'Sec-WebSocket-Protocol': 'chat' },
  'permessage-deflate': { 'Sec-WebSocket-Extensions': 'permessage-deflate' }, 'an extension named constructor': { 'Sec-WebSocket-Extensions': 'constructor' }, 'a User-Agent': { 'User-Agent': 'x'.repeat(1000) }, 'a cookie': { Cookie: 'io=x' }, 'an Authorization': { Authorization: 'Bearer x' },
};
const requests = Object.fromEntries([
  ...targets.map((target) => [`target ${target}`, upgradeRequest(target)]),
  ...Object.entries(headerCases).map(([what, headers]) => [what, upgradeRequest(W, { headers })]),
  ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'].map((method) => [`method ${method}`, upgradeRequest(W, { method })]),
  ['HTTP/1.0', upgradeRequest(W, { version: 'HTTP/1.0' })],
]);

module.exports = {
  MAX_PAYLOAD,
  chatScripts,
  cut,
  engineBytes,
  enginePackets,
  headerCases,
  hex,
  show,
  socketScripts: unique([...text, ...msgpack]),
  frameScripts: Object.entries(frames).map(([name, list]) => ({ name, frames: list })),
  targets,
  requestScripts: Object.entries(requests).map(([name, request]) => ({ name, request })),
};
