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
const TICKS = {
  sending: 'Sending', acked: 'Committed', delivered: 'Committed and seen in the room', failed: 'Not sent',
};

const $ = (id) => document.getElementById(id);
const list = $('messages');
const { token, room, nsp } = whoAndWhere();
const me = claimsOf(token);

const log = new Map();     // seq -> list item of a stored message
const outbox = new Map();  // messageId -> { messageId, content, item, waiting } not yet acked
const users = new Map();   // userId -> { username, connections }
const typists = new Map(); // userId -> { username, timer }
let socket = null;
let joined = false;        // the gateway has us in the room
let floor = 0;             // nothing at or below this seq can be had
let head = 0;              // highest seq known to exist
let usersCount = 0;
let usersTimer = null;
let unsupported = new Set();
let unread = 0;

/* ---- who and where ---- */

// The fragment never leaves the browser, so a token belongs there; the query is accepted too.
// Either way it leaves the address bar at once and lives on in this tab only.
function whoAndWhere() {
  const given = new URLSearchParams(location.search);
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) given.set(key, value);
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
    const part = jwt.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    const userId = claims.userId ?? claims.sub;
    return { userId, username: claims.username ?? claims.name ?? userId };
  } catch {
    return { userId: undefined, username: 'You' };
  }
}

/* ---- small things ---- */

function make(tag, props, ...children) {
  const { data, ...rest } = props;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, data);
  node.append(...children);
  return node;
}

function avatar(userId, username) {
  const node = make('span', { className: 'avatar', ariaHidden: 'true' },
    [...String(username || '?')][0].toUpperCase());
  node.style.setProperty('--hue', hue(userId));
  return node;
}

const hue = (id) => [...String(id)].reduce((h, c) => (h * 31 + c.codePointAt(0)) % 360, 7);
const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;
const reason = (error) => `${error.message || 'Failed'}${error.code ? ` (${error.code})` : ''}` +
  (error.retryAfter ? `, again in ${Math.ceil(error.retryAfter / 1000)} s` : '');

function newMessageId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

function say(text, ...actions) {
  $('banner').hidden = !text;
  $('banner').replaceChildren(make('span', {}, text || ''), ...actions.map(([label, act]) =>
    make('button', { type: 'button', className: 'link', textContent: label, onclick: act })));
}

function setStatus(state, text, data = {}) {
  const pill = $('status');
  for (const key of Object.keys(pill.dataset)) if (key !== 'testid') delete pill.dataset[key];
  Object.assign(pill.dataset, { state, ...data });
  pill.textContent = text;
}

// Every question has exactly one answer: the server's, or ours for "no answer".
async function ask(event, payload) {
  try {
    const answer = await socket.timeout(ACK_TIMEOUT_MS).emitWithAck(event, payload);
    if (answer?.error?.code === 'unknown_event') unsupported.add(event);
    return answer ?? { ok: false, error: { message: 'Empty answer' } };
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
  socket.on('user-left', here((event) => { users.delete(event.userId); stopTyping(event.userId); showUsers(); }));
  socket.on('auth-expiring', onExpiring);
  socket.on('error', (event) => say(reason(event?.error ?? event ?? {}), ['Dismiss', () => say()]));
}

async function onConnect() {
  const transport = socket.io.engine.transport.name;
  const session = socket.recovered ? 'recovered' : 'fresh';
  setStatus('connected', `${location.host} · ${transport} · ${session}`,
    { gateway: location.host, transport, session });
  say();
  unsupported = new Set();
  if (!socket.recovered || !joined) {
    joined = false;
    const answer = await ask('join-room', { roomId: room });
    if (answer.lost) return;
    if (!answer.ok) {
      say(`Cannot join ${room}: ${reason(answer.error)}`, ['Try again', onConnect], ['Choose another', signIn]);
      return;
    }
    joined = true;
    usersCount = answer.usersCount ?? 0;
    catchUp(answer.seq ?? 0);
  }
  users.clear();
  if (me.userId !== undefined) users.set(me.userId, { username: me.username, connections: 1 });
  showUsers();
  refreshUsers();
  flush();
}

function onDisconnect(why) {
  stopTyping(...typists.keys());
  if (socket.active) return setStatus('reconnecting', `Connection lost (${why}), reconnecting`, { attempt: 0 });
  joined = false;
  setStatus('closed', `Closed by the server (${why})`);
  say('The server ended this session.', ['Connect again', () => socket.connect()], ['Use another token', signIn]);
}

function onConnectError(err) {
  if (socket.active) return; // a transport error: the client tries again by itself
  const code = err.data?.code ?? err.message;
  setStatus('refused', `Refused: ${code}`, { code });
  say(reason({ message: err.message, ...err.data }), ['Try again', () => socket.connect()], ['Use another token', signIn]);
}

function onExpiring({ expiresAt }) {
  const at = new Date(expiresAt);
  say(`Your token expires${isNaN(at) ? ' soon' : ` at ${at.toLocaleTimeString()}`}.`, ['Renew', signIn]);
}

/* ---- messages ---- */

function newItem({ userId, username, content, timestamp, type }, own) {
  const text = typeof content === 'string' ? content : `${type}, ${plural(content?.byteLength ?? 0, 'byte', 'bytes')}`;
  const item = make('li', { className: 'message', data: { testid: 'message', own, userId: userId ?? '', at: timestamp } },
    avatar(userId, username),
    make('span', { className: 'author', textContent: username, data: { testid: 'author' } }),
    make('div', { className: 'bubble' },
      make('span', { className: 'content', textContent: text, data: { testid: 'content' } }),
      make('span', { className: 'meta' }, make('time', {}))),
    make('div', { className: 'note', data: { testid: 'note' } }));
  item.style.setProperty('--hue', hue(userId));
  setTime(item, timestamp);
  setState(item, own ? 'delivered' : 'received');
  return item;
}

function setTime(item, timestamp) {
  const at = new Date(timestamp);
  const today = at.toDateString() === new Date().toDateString();
  item.dataset.at = timestamp;
  Object.assign(item.querySelector('time'), {
    dateTime: at.toISOString(),
    title: at.toLocaleString(),
    textContent: at.toLocaleString([], { timeStyle: 'short', ...(today ? {} : { dateStyle: 'short' }) }),
  });
}

function setState(item, state, note = '', retry = null) {
  item.dataset.state = state;
  item.querySelector('.note').replaceChildren(note, ...(retry ? [make('button',
    { type: 'button', className: 'link', textContent: 'Retry', onclick: retry, data: { testid: 'retry' } })] : []));
  item.querySelector('.tick')?.remove();
  if (!TICKS[state]) return;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.append(document.createElementNS(svg.namespaceURI, 'use'));
  svg.firstChild.setAttribute('href', `#i-${state}`);
  for (const [k, v] of Object.entries({ class: 'tick', role: 'img', 'aria-label': TICKS[state] })) svg.setAttribute(k, v);
  item.querySelector('.meta').append(svg);
}

// Stored messages stand in order of seq, ours without one yet come last.
function place(item) {
  const seq = Number(item.dataset.seq);
  let before = list.lastElementChild;
  while (before && !(Number(before.dataset.seq) < seq)) before = before.previousElementSibling;
  if (before) before.after(item); else list.prepend(item);
  log.set(seq, item);
  head = Math.max(head, seq);
}

// One message of the room, from wherever: the room itself or its history.
function put(message) {
  if (message.userId !== undefined && message.userId !== me.userId) learnName(message);
  const known = log.get(message.seq);
  if (known) {
    if (known.dataset.state === 'acked') setState(known, 'delivered');
    return null;
  }
  const item = newItem(message, message.userId === me.userId);
  Object.assign(item.dataset, { seq: message.seq, id: message.id });
  place(item);
  return item;
}

function onMessage(message) {
  const stuck = atBottom();
  const item = put(message);
  stopTyping(message.userId);
  while (stuck && log.size > LOG_MAX) dropOldest();
  tidy();
  if (stuck) toBottom();
  if (item && item.dataset.own === 'false' && (document.hidden || !stuck)) showUnread(unread + 1);
}

function dropOldest() {
  const item = list.querySelector('[data-seq]');
  log.delete(Number(item.dataset.seq));
  item.remove();
}

// Wherever seq jumps there is a notice, and a button when history can fill it.
function tidy() {
  const old = new Map([...list.querySelectorAll('.gap')].map((gap) => [gap.dataset.key, gap]));
  let last = { seq: floor, item: null };
  const notice = (from, to, next) => {
    const gap = old.get(`${from}-${to}`) ?? newGap(from, to, last.item ? 'missed' : 'earlier');
    old.delete(gap.dataset.key);
    list.insertBefore(gap, next);
    last = { seq: to, item: null };
  };
  for (const item of list.querySelectorAll('.message')) {
    const seq = Number(item.dataset.seq) || head + 1;
    if (seq > last.seq + 1) notice(last.seq + 1, seq - 1, item);
    const { userId, at } = last.item?.dataset ?? {};
    item.classList.toggle('follows', userId === item.dataset.userId && item.dataset.at - at < FOLLOWS_MS);
    last = { seq: Math.min(seq, head), item };
  }
  if (head > last.seq) notice(last.seq + 1, head, null);
  for (const gap of old.values()) gap.remove();
}

function newGap(from, to, kind) {
  const count = plural(to - from + 1, 'message', 'messages');
  const text = kind === 'earlier' ? `${count} before this` : `${count} missed`;
  const gap = make('li', { className: 'gap', data: { testid: 'gap', key: `${from}-${to}`, from, to, kind } }, make('span', {}, text));
  if (!unsupported.has('history')) {
    gap.append(make('button', { type: 'button', className: 'link', textContent: 'Load', data: { testid: 'load' },
      onclick: () => loadHistory(to) }));
  }
  return gap;
}

// After a join: what the room holds up to `seq` and we do not have yet.
async function catchUp(seq) {
  const fresh = log.size === 0;
  head = Math.max(head, seq);
  if (fresh) floor = seq; // shown as a gap only if history cannot fill it
  if (seq > 0 && !log.has(seq) && !(await loadHistory(seq))) tidy();
}

async function loadHistory(upTo) {
  const answer = await ask('history', { roomId: room, before: upTo + 1, limit: HISTORY_PAGE });
  if (!answer.ok) {
    if (unsupported.has('history')) for (const gap of list.querySelectorAll('.gap button')) gap.remove();
    else say(`History: ${reason(answer.error)}`, ['Dismiss', () => say()]);
    return false;
  }
  const stuck = atBottom();
  const oldest = answer.messages[0]?.seq ?? upTo + 1;
  for (const message of answer.messages) put(message);
  if (!answer.more) floor = oldest - 1;
  else if (floor >= oldest) floor = 0;
  tidy();
  if (stuck) toBottom();
  return true;
}

/* ---- sending ---- */

function compose(content) {
  const item = newItem({ ...me, content, timestamp: Date.now() }, true);
  const entry = { messageId: newMessageId(), content, item, waiting: true };
  item.dataset.messageId = entry.messageId;
  setState(item, 'sending', joined && socket.connected ? '' : 'Waits for the connection');
  outbox.set(entry.messageId, entry);
  list.append(item);
  tidy();
  toBottom();
  flush();
}

function flush() {
  if (joined && socket.connected) for (const entry of outbox.values()) if (entry.waiting) send(entry);
}

// Always with the same messageId: however often it is sent, the room gets it once.
async function send(entry) {
  entry.waiting = false;
  setState(entry.item, 'sending');
  const answer = await ask('message', { roomId: room, content: entry.content, messageId: entry.messageId });
  if (answer.ok) return settle(entry, answer);
  entry.waiting = Boolean(answer.lost);
  if (answer.lost) setState(entry.item, 'sending', 'Waits for the connection');
  else setState(entry.item, 'failed', reason(answer.error), () => { entry.waiting = true; setState(entry.item, 'sending'); flush(); });
  flush();
}

function settle(entry, { id, seq, timestamp }) {
  const stuck = atBottom();
  const known = log.get(seq); // the room was faster than the ack
  outbox.delete(entry.messageId);
  if (known) {
    entry.item.remove();
    me.userId ??= known.dataset.userId;
    Object.assign(known.dataset, { own: true, messageId: entry.messageId });
    setState(known, 'delivered');
  } else {
    Object.assign(entry.item.dataset, { seq, id });
    setTime(entry.item, timestamp ?? Date.now());
    setState(entry.item, 'acked');
    place(entry.item);
  }
  tidy();
  if (stuck) toBottom();
}

/* ---- who is here, who is typing ---- */

function onPresence({ userId, usersCount: count, action }) {
  usersCount = count ?? usersCount;
  if (action === 'left') { users.delete(userId); stopTyping(userId); }
  if (action === 'joined' && userId !== undefined && !users.has(userId)) {
    users.set(userId, { username: userId, connections: 1 });
    usersTimer ??= setTimeout(refreshUsers, USERS_REFRESH_MS); // it knows the name
  }
  showUsers();
}

async function refreshUsers() {
  usersTimer = null;
  if (!joined || unsupported.has('room-users')) return;
  const answer = await ask('room-users', { roomId: room });
  if (!answer.ok) return;
  users.clear();
  for (const user of answer.users) users.set(user.userId, user);
  usersCount = answer.usersCount ?? users.size;
  showUsers();
}

function learnName({ userId, username }) {
  const user = users.get(userId);
  if (!user || !username || user.username === username) return;
  user.username = username;
  showUsers();
}

function showUsers() {
  const first = ([id, user]) => (id === me.userId ? '' : String(user.username));
  const rows = [...users].sort((a, b) => first(a).localeCompare(first(b))).map(([userId, user]) => {
    const marks = [userId === me.userId ? 'you' : '', user.connections > 1 ? `×${user.connections}` : ''].filter(Boolean);
    return make('li', { data: { testid: 'user', userId } }, avatar(userId, user.username),
      make('span', { className: 'name', textContent: user.username }), make('small', {}, marks.join(' ')));
  });
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
  const names = [...typists.values()].map((t) => t.username);
  const text = names.length === 0 ? '' : names.length > 2 ? 'Several people are typing'
    : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing`;
  if ($('typing').textContent !== text) $('typing').textContent = text;
}

/* ---- the page ---- */

const atBottom = () => $('log').scrollHeight - $('log').scrollTop - $('log').clientHeight < 40;
const toBottom = () => { $('log').scrollTop = $('log').scrollHeight; };

function showUnread(count) {
  unread = count;
  $('jump').hidden = count === 0 || atBottom();
  $('jump').textContent = `↓ ${plural(count, 'new message', 'new messages')}`;
  document.title = `${count ? `(${count}) ` : ''}${room} · Roomcast`;
}

function signIn() {
  document.body.dataset.view = 'signin';
  Object.assign($('room'), { value: room });
  Object.assign($('nsp'), { value: nsp });
  $('token').focus();
}

async function onSignIn(event) {
  event.preventDefault();
  const to = { room: $('room').value, nsp: $('nsp').value };
  const fresh = $('token').value.trim().replace(/^bearer\s+/i, '');
  if (socket?.connected && to.room === room && to.nsp === nsp) { // a living session takes a newer token in place
    const answer = await ask('auth', { token: fresh });
    if (!answer.ok) return say(reason(answer.error), ['Dismiss', () => say()]);
    sessionStorage.setItem(TOKEN_KEY, fresh);
    socket.auth = { token: fresh };
    document.body.dataset.view = 'chat';
    return say();
  }
  sessionStorage.setItem(TOKEN_KEY, fresh);
  showPlace(to);
  location.reload();
}

$('signin-form').addEventListener('submit', onSignIn);
$('sign-out').addEventListener('click', () => { sessionStorage.removeItem(TOKEN_KEY); location.reload(); });
$('jump').addEventListener('click', () => { toBottom(); showUnread(0); });
$('log').addEventListener('scroll', () => { if (unread && !document.hidden && atBottom()) showUnread(0); });
document.addEventListener('visibilitychange', () => { if (!document.hidden && atBottom()) showUnread(0); });
window.addEventListener('hashchange', () => location.reload());

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  if ($('input').value.trim()) compose($('input').value.trim());
  $('input').value = '';
  $('input').focus();
});
$('input').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});
let typedAt = 0;
$('input').addEventListener('input', () => {
  if (!joined || !$('input').value.trim() || Date.now() - typedAt < TYPING_SEND_MS) return;
  typedAt = Date.now();
  socket.volatile.emit('typing', { roomId: room });
});

if (token === null) {
  signIn();
} else {
  document.body.dataset.view = 'chat';
  $('room-name').textContent = `${room} in ${nsp}`;
  showUnread(0);
  connect();
  $('input').focus();
}
