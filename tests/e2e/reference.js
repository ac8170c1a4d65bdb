// The reference for HTTP: engine.io with its middleware `cors`, and a list of origins enforced the
// way its manual shows (allowRequest). It runs in this process; npm's, and a test dependency only.
'use strict';

const http = require('node:http');
const { once } = require('node:events');
const engine = require('engine.io');
const { Peer } = require('./rawws');

// origins: a list, '*', or nothing = no CORS. One origin is given as a string.
async function startReference({ origins, credentials = false, cookie = false }) {
  const origin = Array.isArray(origins) && origins.length === 1 ? origins[0] : origins;
  const isListed = (from) => !from || !Array.isArray(origins) || origins.includes(from);
  const server = http.createServer();
  const io = new engine.Server({
    cors: origins ? { origin, credentials } : false,
    cookie: cookie ? { name: cookie } : false,
    allowRequest: (request, callback) => callback(null, isListed(request.headers.origin)),
  });
  io.attach(server, { path: '/engine.io/' });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    async stop() {
      io.close();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

function unchunk(text) {
  const at = text.indexOf('\r\n');
  const length = at < 0 ? NaN : parseInt(text.slice(0, at), 16);
  if (Number.isNaN(length) || text.length < at + 4 + length) return undefined;
  if (length === 0) return '';
  const rest = unchunk(text.slice(at + 4 + length));
  return rest === undefined ? undefined : text.slice(at + 2, at + 2 + length) + rest;
}

/*
 * The answer to a request as it came: { status, lines, body }, with the lines of its head that a
 * browser goes by, in their order. Ids of sessions are hidden, blanks in lists are made one, and
 * what differs in every answer is left out.
 */
async function ask(port, request) {
  const peer = new Peer(port);
  peer.send(request);
  const answer = await peer.next('an answer', () => {
    const text = peer.bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [first, ...lines] = text.slice(0, end).split('\r\n');
    const header = (name) => lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
    const rest = text.slice(end + 4);
    const length = Number(header('content-length') ?? 0);
    const status = Number(first.split(' ')[1]);
    const body = header('transfer-encoding') ? unchunk(rest)
      : rest.length < length ? undefined : status === 101 ? '' : rest.slice(0, length);
    return body === undefined ? undefined : { status, lines, body };
  });
  peer.destroy();
  const sid = /"sid":"([^"]+)"/.exec(answer.body)?.[1];
  const hide = (text) => (sid ? text.replaceAll(sid, 'SID') : text);
  return {
    status: answer.status,
    lines: answer.lines.filter((line) => /^(access-control-|vary:|set-cookie:)/i.test(line)
      || (answer.status === 204 && /^content-length:/i.test(line)))
      .map((line) => hide(line).replace(/,\s+/g, ', ')),
    body: hide(answer.body).replace(/"pingInterval".*}/, '...}'),
  };
}

module.exports = { ask, startReference };
