// The demo chat of Roomcast: one room, spoken to with a stock socket.io-client.
// A page load is a session: whatever changes who or where ends in a reload.
'use strict';

const ACK_TIMEOUT_MS = 10000;
const TYPING_SEND_MS = 1500;
const TYPING_SHOW_MS = 3000;
const USERS_REFRESH_MS = 500;
const FOLLOWS_MS = 5 * 60000;
const HISTORY_PAGE = 50;
const LOG_MAX = 500;
const TOKEN_KEY = 'roomcast-token';
const TICKS = { sending: 'Sending', acked: 'Committed', delivered: 'Committed and seen in the room', failed: 'Not sent' };

const $ = (id) => document.getElementById(id);
const list = $('messages');
const { token, room, nsp } = whoAndWhere();
const me = claimsOf(token);

const log = new Map();         // seq -> list item of a stored message
const outbox = new Map();      // messageId -> { messageId, content, item, waiting }, not yet acked
const users = new Map();       // userId -> { username, connections }
const typists = new Map();     // userId -> { username, timer }
const unsupported = new Set(); // events this server does not know
let socket = null;
let joined = false;            // the server has us in the room
let floor = 0;                 // nothing at or below this seq can be had
let head = 0;                  // highest seq known to exist
let usersCount = 0;
let usersTimer = null;
let unread = 0;
let typedAt = 0;

/* ---- who and where ---- */

// The fragment never leaves the browser, so a token belongs there; the query is accepted too.
// Either way it leaves the address bar at once and lives on in this tab only.
function whoAndWhere() {
  const given = new URLSearchParams(`${location.search.slice(1)}&${location.hash.slice(1)}`);
  if (given.has('token')) sessionStorage.setItem(TOKEN_KEY, given.get('token'));
  const to = { room: given.get('room') || 'lobby', nsp: given.get('nsp') || '/chat' };
  showPlace(to);
  return { token: sessionStorage.getItem(TOKEN_KEY), ...to };
}

function showPlace(to) {
  history.replaceState(null, '', `${location.pathname}#${new URLSearchParams(to)}`);
}

// For display only: the server alone decides whether the token is good.
function claimsOf(jwt) {
  try {
    const part = atob(jwt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'));
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(part, (c) => c.charCodeAt(0))));
    const userId = claims.userId ?? claims.sub;
    return { userId, username: claims.username ?? claims.name ?? userId };
  } catch {
    return { userId: undefined, username: 'You' };
  }
}

/* ---- small things ---- */

const hue = (id) => [...String(id)].reduce((h, c) => (h * 31 + c.codePointAt(0)) % 360, 7);
const count = (n, one) => `${n} ${one}${n === 1 ? '' : 's'}`;
const reason = ({ message, code, retryAfter }) => `${message || 'Failed'}${code ? ` (${code})` : ''}` +
  (retryAfter ? `, again in ${Math.ceil(retryAfter / 1000)} s` : '');

function make(tag, { data, ...props }, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  Object.assign(node.dataset, data);
  node.append(...children);
  return node;
}

const link = (text, onclick, testid) =>
  make('button', { type: 'button', className: 'link', textContent: text, onclick, data: { testid } });

function avatar(userId, username) {
  const node = make('span', { className: 'avatar', ariaHidden: 'true' }, [...`${username || '?'}`][0].toUpperCase());
  node.style.setProperty('--hue', hue(userId));
  return node;
}

function say(text = '', actions = { Dismiss: () => say() }) {
  $('banner').hidden = !text;
  $('banner').replaceChildren(make('span', {}, text), ...Object.entries(actions).map((action) => link(...action)));
}

function setStatus(state, text, data = {}) {
  const pill = $('status');
  for (const key in pill.dataset) if (key !== 'testid') delete pill.dataset[key];
  Object.assign(pill.dataset, { state, ...data });
  pill.textContent = text;
}

// Every question gets one answer: the server's, or ours for "no answer".
async function ask(event, payload) {
  try {
    if (!socket.connected) throw new Error('disconnected');
    const answer = await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload);
    if (answer.error?.code === 'unknown_event') unsupported.add(event);
    return answer;
  } catch (err) {
    const lost = /disconnected/.test(err.message);
    return { ok: false, lost, error: { code: lost ? 'disconnected' : 'timeout', message: 'No answer' } };
  }
}

/* ---- the connection ---- */

function connect() {
  setStatus('connecting', `Connecting to ${location.host}`);
  socket = io(nsp, { transports: ['websocket'], auth: token ? { token } : {} });
  socket.on('connect', onConnect);
  socket.on('disconnect', onDisconnect);
  socket.on('connect_error', onConnectError);
  socket.io.on('reconnect_attempt', (attempt) =>
    setStatus('reconnecting', `Reconnecting to ${location.host}, attempt ${attempt}`, { attempt }));

  // A recovery offset may follow as a last argument: handlers look at the first one only.
  const here = (handler) => (event) => { if (event?.roomId === room) handler(event); };
  socket.on('message', here(onMessage));
  socket.on('user-typing', here(onTyping));
  socket.on('room-presence', here(onPresence));
  socket.on('user-left', here(({ userId }) => onPresence({ userId, action: 'left' })));
  socket.on('error', (event) => say(reason(event?.error ?? event ?? {})));
  socket.on('auth-expiring', ({ expiresAt }) =>
    say(`Your token expires at ${new Date(expiresAt).toLocaleTimeString()}.`, { 'Enter a new one': signIn }));
}

async function onConnect() {
  const transport = socket.io.engine.transport.name;
  const session = socket.recovered ? 'recovered' : 'fresh';
  setStatus('connected', `${location.host} · ${transport} · ${session}`, { gateway: location.host, transport, session });
  say();
  unsupported.clear();
  if (!socket.recovered || !joined) { // a recovered session is in its rooms already
    joined = false;
    const answer = await ask('join-room', { roomId: room });
    if (answer.lost) return;
    if (!answer.ok) {
      say(`Cannot join ${room}: ${reason(answer.error)}`, { 'Try again': onConnect, 'Choose another': signIn });
      return;
    }
    joined = true;
    usersCount = answer.usersCount ?? 0;
    catchUp(answer.seq ?? 0);
  }
  users.clear();
  if (me.userId !== undefined) users.set(me.userId, { username: me.username });
  showUsers();
  refreshUsers();
  flush();
}

function onDisconnect(why) {
  stopTyping(...typists.keys());
  if (socket.active) return setStatus('reconnecting', `Connection lost (${why}), reconnecting`, { attempt: 0 });
  joined = false;
  setStatus('closed', `Closed by the server (${why})`);
  say('The server ended this session.', { 'Connect again': () => socket.connect(), 'Use another token': signIn });
}

function onConnectError(err) {
  if (socket.active) return; // a transport error: the client tries again by itself
  const code = err.data?.code ?? err.message;
  setStatus('refused', `Refused: ${code}`, { code });
  say(reason({ ...err.data, message: err.message }), { 'Try again': () => socket.connect(), 'Use another token': signIn });
}

/* ---- messages ---- */

function newItem({ userId, username, content, timestamp, type }, own) {
  const text = typeof content === 'string' ? content : `${type}, ${count(content?.byteLength ?? 0, 'byte')}`;
  const item = make('li', { className: 'message', data: { testid: 'message', own, userId: userId ?? '' } },
    avatar(userId, username),
    make('span', { className: 'author', textContent: username, data: { testid: 'author' } }),
    make('div', { className: 'bubble' },
      make('span', { textContent: text, data: { testid: 'content' } }),
      make('span', { className: 'meta' }, make('time', {}))),
    make('div', { className: 'note', data: { testid: 'note' } }));
  item.style.setProperty('--hue', hue(userId));
  setTime(item, timestamp);
  setState(item, own ? 'delivered' : 'received');
  return item;
}

function setTime(item, timestamp) {
  const at = new Date(timestamp);
  item.dataset.at = timestamp;
  Object.assign(item.querySelector('time'), { dateTime: at.toISOString(), title: at.toLocaleString(),
    textContent: at.toLocaleTimeString([], { timeStyle: 'short' }) });
}

function setState(item, state, ...note) {
  item.dataset.state = state;
  item.querySelector('.note').replaceChildren(...note);
  item.querySelector('.tick')?.remove();
  if (!TICKS[state]) return;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.append(document.createElementNS(svg.namespaceURI, 'use'));
  svg.firstChild.setAttribute('href', `#i-${state}`);
  svg.classList.add('tick');
  Object.assign(svg, { role: 'img', ariaLabel: TICKS[state] });
  item.querySelector('.meta').append(svg);
}

// Stored messages stand in order of seq; those of ours that have none yet come last.
function place(item, seq) {
  item.dataset.seq = seq;
  let before = list.lastElementChild;
  while (before && !(before.dataset.seq < seq)) before = before.previousElementSibling;
  if (before) before.after(item); else list.prepend(item);
  log.set(seq, item);
  head = Math.max(head, seq);
}

// One message of the room, from wherever: the room itself or its history.
function put(message) {
  learnName(message);
  const known = log.get(message.seq);
  if (known?.dataset.state === 'acked') setState(known, 'delivered');
  if (known) return null;
  const item = newItem(message, message.userId === me.userId);
  item.dataset.id = message.id;
  place(item, message.seq);
  return item;
}

function onMessage(message) {
  const stuck = atBottom();
  const item = put(message);
  stopTyping(message.userId);
  for (const [seq, oldest] of [...log].sort(([a], [b]) => a - b).slice(0, stuck ? -LOG_MAX : 0)) {
    log.delete(seq);
    oldest.remove();
  }
  tidy(stuck);
  if (item?.dataset.own === 'false' && (document.hidden || !stuck)) showUnread(unread + 1);
}

// Wherever seq jumps there is a notice, and a button if history can fill it.
function tidy(stuck) {
  const old = new Map([...list.querySelectorAll('.gap')].map((gap) => [gap.dataset.key, gap]));
  let last = { seq: floor, item: null };
  const notice = (from, to, next) => {
    if (from > to) return;
    const key = `${from}-${to}`;
    const gap = old.get(key) ?? newGap(key, from, to);
    old.delete(key);
    if (!gap.isConnected || gap.nextElementSibling !== next) list.insertBefore(gap, next);
    last = { seq: to, item: null };
  };
  for (const item of list.querySelectorAll('.message')) {
    const seq = Number(item.dataset.seq ?? head + 1);
    notice(last.seq + 1, seq - 1, item);
    const { userId, at } = last.item?.dataset ?? {};
    item.classList.toggle('follows', userId === item.dataset.userId && item.dataset.at - at < FOLLOWS_MS);
    last = { seq: Math.min(seq, head), item };
  }
  notice(last.seq + 1, head, null);
  for (const gap of old.values()) gap.remove();
  $('empty').hidden = !joined || list.childElementCount > 0;
  if (stuck) $('log').scrollTop = $('log').scrollHeight;
}

function newGap(key, from, to) {
  const kind = from === floor + 1 ? 'earlier' : 'missed';
  const text = `${count(to - from + 1, 'message')} ${kind === 'earlier' ? 'before this' : 'missed'}`;
  const gap = make('li', { className: 'gap', data: { testid: 'gap', key, from, to, kind } }, make('span', {}, text));
  if (!unsupported.has('history')) gap.append(link('Load', () => loadHistory(to), 'load'));
  return gap;
}

// After a join: what the room holds up to `seq` and we do not have yet.
async function catchUp(seq) {
  if (log.size === 0) floor = seq; // earlier ones are worth a notice only if history has them
  head = Math.max(head, seq);
  tidy(atBottom());
  if (head > 0 && !log.has(head)) await loadHistory(head);
}

async function loadHistory(upTo) {
  const answer = await ask('history', { roomId: room, before: upTo + 1, limit: HISTORY_PAGE });
  if (unsupported.has('history')) for (const button of list.querySelectorAll('.gap button')) button.remove();
  else if (!answer.ok) say(`History: ${reason(answer.error)}`);
  if (!answer.ok) return;
  const stuck = atBottom();
  const oldest = answer.messages[0]?.seq ?? upTo + 1;
  for (const message of answer.messages) put(message);
  if (!answer.more) floor = oldest - 1;
  else if (floor >= oldest) floor = 0;
  tidy(stuck);
}

/* ---- sending ---- */

function compose(content) {
  const messageId = [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
  const item = newItem({ ...me, content, timestamp: Date.now() }, true);
  item.dataset.messageId = messageId;
  list.append(item);
  outbox.set(messageId, { messageId, content, item, waiting: true });
  flush();
  tidy(true);
}

function flush() {
  for (const entry of outbox.values()) {
    if (entry.waiting && joined && socket.connected) send(entry);
    else if (entry.waiting) setState(entry.item, 'sending', 'Waits for the connection');
  }
}

// Always with the same messageId: however often it is sent, the room gets it once.
async function send(entry) {
  const { messageId, content, item } = entry;
  entry.waiting = false;
  setState(item, 'sending');
  const answer = await ask('message', { roomId: room, content, messageId });
  if (answer.ok) return settle(entry, answer);
  const again = () => { entry.waiting = true; flush(); };
  if (answer.lost) again();
  else setState(item, 'failed', reason(answer.error), link('Retry', again, 'retry'));
}

function settle({ messageId, item }, { id, seq, timestamp }) {
  const stuck = atBottom();
  const known = log.get(seq); // the room was faster than the ack
  outbox.delete(messageId);
  if (known) {
    item.remove();
    me.userId ??= known.dataset.userId;
    Object.assign(known.dataset, { own: true, messageId });
    setState(known, 'delivered');
  } else {
    item.dataset.id = id;
    setTime(item, timestamp ?? Date.now());
    setState(item, 'acked');
    place(item, seq);
  }
  tidy(stuck);
}

/* ---- who is here, who is typing ---- */

function onPresence({ userId, usersCount: now, action }) {
  usersCount = now ?? usersCount;
  if (action === 'left') {
    users.delete(userId);
    stopTyping(userId);
  } else if (userId !== undefined && !users.has(userId)) {
    users.set(userId, { username: userId });
    usersTimer ??= setTimeout(refreshUsers, USERS_REFRESH_MS); // the list knows the name
  }
  showUsers();
}

async function refreshUsers() {
  usersTimer = null;
  const answer = unsupported.has('room-users') ? {} : await ask('room-users', { roomId: room });
  if (!answer.ok) return;
  users.clear();
  for (const user of answer.users) users.set(user.userId, user);
  usersCount = answer.usersCount;
  showUsers();
}

// Where the server has no list, names come with what people say.
function learnName({ userId, username }) {
  if (!username || !users.has(userId) || users.get(userId).username === username) return;
  users.get(userId).username = username;
  showUsers();
}

function showUsers() {
  const key = ([id, user]) => (id === me.userId ? '' : `${user.username}`);
  const rows = [...users].sort((a, b) => key(a).localeCompare(key(b))).map(([userId, { username, connections }]) =>
    make('li', { data: { testid: 'user', userId } }, avatar(userId, username),
      make('span', { className: 'name', textContent: username }),
      make('small', {}, userId === me.userId ? 'you ' : '', connections > 1 ? `×${connections}` : '')));
  if (usersCount > users.size) rows.push(make('li', {}, make('small', {}, `and ${usersCount - users.size} more`)));
  $('users').replaceChildren(...rows);
  $('count').textContent = Math.max(usersCount, users.size);
}

function onTyping({ userId, username }) {
  if (userId === me.userId) return;
  learnName({ userId, username });
  clearTimeout(typists.get(userId)?.timer);
  typists.set(userId, { username: username ?? userId, timer: setTimeout(stopTyping, TYPING_SHOW_MS, userId) });
  showTyping();
}

function stopTyping(...ids) {
  for (const id of ids) {
    clearTimeout(typists.get(id)?.timer);
    typists.delete(id);
  }
  showTyping();
}

function showTyping() {
  const names = [...typists.values()].map((typist) => typist.username);
  const text = ['', `${names[0]} is typing`, `${names.join(' and ')} are typing`][names.length] ?? 'Several people are typing';
  if ($('typing').textContent !== text) $('typing').textContent = text;
}

/* ---- the page ---- */

function atBottom() {
  const { scrollHeight, scrollTop, clientHeight } = $('log');
  return scrollHeight - scrollTop - clientHeight < 40;
}

function showUnread(n) {
  unread = n;
  $('jump').hidden = n === 0 || atBottom();
  $('jump').textContent = `↓ ${count(n, 'new message')}`;
  document.title = `${n ? `(${n}) ` : ''}${room} · Roomcast`;
}

function seen() {
  if (unread && !document.hidden && atBottom()) showUnread(0);
}

function signIn() {
  document.body.dataset.view = 'signin';
  $('room').value = room;
  $('nsp').value = nsp;
  $('token').focus();
}

$('signin-form').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN_KEY, $('token').value.trim().replace(/^bearer\s+/i, ''));
  showPlace({ room: $('room').value, nsp: $('nsp').value });
  location.reload();
});
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const content = $('input').value.trim();
  if (content) compose(content);
  $('input').value = '';
  $('input').focus();
  typedAt = 0;
});
$('input').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});
$('input').addEventListener('input', () => {
  if (!joined || !$('input').value.trim() || Date.now() - typedAt < TYPING_SEND_MS) return;
  typedAt = Date.now();
  socket.volatile.emit('typing', { roomId: room });
});
$('sign-out').addEventListener('click', () => { sessionStorage.removeItem(TOKEN_KEY); location.reload(); });
$('jump').addEventListener('click', () => { $('log').scrollTop = $('log').scrollHeight; });
$('log').addEventListener('scroll', seen);
document.addEventListener('visibilitychange', seen);
window.addEventListener('hashchange', () => location.reload());

if (token === null) {
  signIn();
} else {
  document.body.dataset.view = 'chat';
  $('room-name').textContent = `${room} in ${nsp}`;
  showUnread(0);
  connect();
  $('input').focus();
}
