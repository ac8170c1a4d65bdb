/*
 * What fuzz.test.js says: valid, odd and hostile messages of both parsers, frames and bodies, made
 * by chance from a seed. A message is a text or bytes, and whoever carries it makes a frame or a
 * packet of it.
 */
'use strict';

const { encode } = require('notepack.io');
const { CLOSE, CONTINUATION, PING, TEXT, closeFrame, frame } = require('./rawws');
const { SEPARATOR } = require('./rawpoll');
const { engineBytes, enginePackets, frameScripts, socketScripts } = require('./differ-scripts');

const EVENTS = ['join-room', 'join-room', 'leave-room', 'message', 'message', 'message', 'typing', 'history', 'room-users', 'refresh-token', 'connect', 'nothing', ''];
const scriptsOf = { json: socketScripts.filter((s) => s.parser === 'json'), msgpack: socketScripts.filter((s) => s.parser === 'msgpack') };

// random: a number from 0 to 1, each time another.
function moves(random) {
  const below = (n) => Math.floor(random() * n);
  const pick = (list) => list[below(list.length)];
  const some = (max, make) => Array.from({ length: 1 + below(max) }, make);

  const room = () => pick(['lobby', 'lobby', `r-${below(20)}`, '', 'user:x', 'x'.repeat(129), '\u0000']);
  const content = () => pick(['hello', 'x'.repeat(below(6000)), '', '\u{1f600}\u0000', '"\\']);
  const fields = () => ({
    roomId: room(), content: pick([content(), 5, null, { a: [content()] }, { _placeholder: true, num: below(3) }]),
    ...pick([{}, { messageId: `m-${below(50)}` }, { type: pick(['text', 'image', 'file', 'x']) }, { before: below(9), limit: below(200) }, { after: -1 }]),
  });
  const id = () => pick([undefined, undefined, below(5), 2 ** 53 - 1, 2 ** 53]);
  const event = (parser, name, data, ack) => (parser === 'json' ? `2/chat,${ack ?? ''}${JSON.stringify([name, data])}`
    : Buffer.from(encode({ type: 2, nsp: '/chat', data: [name, data], ...(ack === undefined ? {} : { id: ack }) })));
  const bytes = () => Buffer.alloc(below(3000), 65);

  // Bytes changed, lost, doubled, or put in.
  function spoil(data) {
    const list = [...Buffer.from(data)];
    for (const at of some(3, () => below(list.length + 1))) {
      pick([() => list.splice(at, 1), () => list.splice(at, 0, below(256)), () => { list[at] = below(256); }, () => list.splice(at, 0, ...list.slice(at, at + below(20))),
        () => list.splice(at)])();
    }
    return Buffer.from(list);
  }

  const inChat = (message) => (typeof message === 'string' ? message.replace(/^([0-6])(\d*-)?(?!\d*\/|\/)/, '$1$2/chat,') : message);
  const attachments = {
    json: () => {
      const announced = below(4);
      return [`5${announced}-/chat,${id() ?? ''}${JSON.stringify(['message', fields()])}`, ...Array.from({ length: pick([announced, announced, below(5)]) }, bytes)];
    },
    msgpack: () => [event('msgpack', 'message', { ...fields(), content: pick([bytes(), [bytes(), bytes()]]) }, id())],
  };
  const valid = (parser) => [event(parser, pick(EVENTS), fields(), id())];
  const scripted = (parser) => pick(scriptsOf[parser]).messages.map(inChat);
  const spoilt = (parser) => {
    const whole = event(parser, pick(EVENTS), fields(), id());
    return [typeof whole === 'string' ? spoil(whole).toString('latin1') : spoil(whole)];
  };
  const foreign = (parser) => valid(parser === 'json' ? 'msgpack' : 'json');
  const leaving = (parser) => [parser === 'json' ? '1/chat,' : Buffer.from(encode({ type: 1, nsp: '/chat' }))];
  const TALK = [valid, valid, valid, valid, valid, valid, valid, (parser) => attachments[parser](), (parser) => attachments[parser](), scripted, spoilt, foreign, leaving];

  // Frames of WebSocket that are no messages, or bad ones.
  const fragments = () => {
    const text = `4${event('json', 'message', fields(), id())}`;
    const cut = below(text.length);
    return [frame(TEXT, text.slice(0, cut), { fin: false }), ...pick([[], [frame(PING, 'x')], [frame(CONTINUATION, '', { fin: false })]]), frame(CONTINUATION, text.slice(cut))];
  };
  const FRAMES = [() => [frame(PING, 'x')], () => [frame(TEXT, '3')], () => [frame(TEXT, '3')], fragments, fragments, () => pick(frameScripts).frames,
    () => [spoil(frame(TEXT, `4${event('json', 'message', fields(), 0)}`))], () => [pick([closeFrame(1000), frame(TEXT, '1'), frame(CLOSE)])]];

  // Packets of Engine.IO that carry no message, or badly.
  const oddPacket = () => pick(['3', '3', '6', '5', '', '1', '2', pick(enginePackets), `b${Buffer.from(pick(engineBytes)).toString('base64')}`]);
  const oddBody = () => pick([SEPARATOR, spoil(['3', '6', '40'].join(SEPARATOR)), 'd=4a', '2:4a', Buffer.from([0x34, 0xff]), 'x'.repeat(below(2000))]);

  return {
    below, pick, some, spoil, oddPacket, oddBody,
    hello: (parser, token) => [parser === 'json' ? `0/chat,${JSON.stringify({ token })}` : Buffer.from(encode({ type: 0, nsp: '/chat', data: { token } })),
      event(parser, 'join-room', { roomId: 'lobby' }, 0)],
    talk: (parser) => pick(TALK)(parser),
    frames: () => pick(FRAMES)(),
    probe: () => pick(['2probe', '2probe', '2probe', '2probe', '5', '4', '', '2', '2probe ', '3probe', '1', 'b', '{}']),
  };
}

module.exports = { moves };
