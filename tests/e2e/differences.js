/*
 * Where Roomcast answers other than the reference server, each with its reason: read by
 * differ.test.js, and written out as docs/differences.md.
 *
 * level     "engine" (frames), "handshake" (of WebSocket), "request" (HTTP without a session),
 *           "polling", "upgrade", "socket" (messages) or "worker" (what is so beside "socket" when they
 *           go over polling to a gateway, a broker and a worker)
 * delta     how the outcomes differ: "alive/closed" (the reference's first), "packets" (the same
 *           end after other packets), "code A/B" (close codes); an array where it may be either
 * scripts   the scripts it is about, all of which must differ so; left out, it is all that do
 */
'use strict';

const differences = [
  // ---- Engine.IO
  { level: 'engine', delta: 'code no code/1002', what: 'a packet that cannot be read, or a ping',
    reference: 'closes without a code', roomcast: 'closes with 1002', reason: 'a code tells whoever debugs a client why; stock clients treat both alike' },
  { level: 'engine', delta: 'alive/closed', scripts: /^packet (1|1x|10)$|^close, then a packet$/, what: 'a close packet (`1`)',
    reference: 'ignores it', roomcast: 'closes with 1000', reason: 'it is what the client asks for; stock clients close the WebSocket by themselves' },
  { level: 'engine', delta: 'alive/closed', scripts: /^packet (bQ|b!!!|b====|bQQ==QQ==|b-_|b4a|bé)$/, what: 'base64 that is none (its padding may be left out)',
    reference: 'takes what can be read of it', roomcast: 'closes with 1002', reason: 'no client writes it, and a message half read is worse than none' },
  { level: 'engine', delta: 'code 1002/none', scripts: /^(ping|pong) of 126 bytes$|^close with a reason of 124 bytes$/, what: 'a control frame over 125 bytes',
    reference: 'closes with 1002', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 drops it before anybody is asked' },
  { level: 'engine', delta: 'code 1009/none', scripts: /^length with the highest bit$/, what: 'a length of 2^63 or more',
    reference: 'closes with 1009', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 drops it before anybody is asked' },
  { level: 'engine', delta: 'closed/alive', scripts: /^no mask/, what: 'frames that are not masked',
    reference: 'closes with 1002', roomcast: 'reads them', reason: 'libwebsockets 4.1.6 takes both kinds and hands them over alike' },
  { level: 'engine', delta: 'code 1012/1002', what: 'a close with code 1012', reference: 'echoes the code', roomcast: 'closes with 1002', reason: 'libwebsockets 4.1.6 answers close frames, and this code so; the connection ends either way' },
  { level: 'engine', delta: 'code 1013/1002', what: 'a close with code 1013', reference: 'echoes the code', roomcast: 'closes with 1002', reason: 'as for 1012' },
  { level: 'engine', delta: 'code 1014/1002', what: 'a close with code 1014', reference: 'echoes the code', roomcast: 'closes with 1002', reason: 'as for 1012' },

  // ---- handshakes of WebSocket
  { level: 'handshake', delta: 'closed/alive', scripts: /^target \/engine\.io\?EIO=4&transport=websocket$/, what: 'the path without its slash at the end',
    reference: 'refuses', roomcast: 'accepts', reason: 'clients with `addTrailingSlash: false` need no configuration' },
  { level: 'handshake', delta: 'alive/closed', scripts: /websocket#x$/, what: 'a fragment in the target', reference: 'leaves it out', roomcast: 'Transport unknown', reason: 'RFC 9112 has no fragment in a target; no client sends one' },
  { level: 'handshake', delta: 'alive/closed', scripts: /^target \/engine\.io\/\?(EIO=(3|5||04|4\.0|x)&)?transport=websocket$/, what: 'a protocol version that is not `4`',
    reference: 'accepts (101), then sends an HTTP answer where frames belong', roomcast: '400 Unsupported protocol version', reason: 'the same refusal, where a client can read it' },
  { level: 'handshake', delta: 'alive/closed', scripts: /EIO=4&EIO=4|transport=websocket&transport=websocket/, what: 'EIO or transport given twice', reference: 'accepts', roomcast: 'refuses', reason: 'proxies and servers disagree which one counts' },
  { level: 'handshake', delta: 'packets', scripts: /%00$/, what: 'a NUL in the query', reference: '400 with the error of its place', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 takes no NUL in a target' },
  { level: 'handshake', delta: 'packets', scripts: /^(no key|an empty key|a short key|a key that is no base64)$/, what: 'a bad Sec-WebSocket-Key', reference: '400, named', roomcast: '400 Bad request', reason: 'one text for whatever is not a WebSocket handshake' },
  { level: 'handshake', delta: 'packets', scripts: /^(no version|version (12|14|x))$/, what: 'a WebSocket version that is not 13', reference: '400', roomcast: '426 with Sec-WebSocket-Version: 13', reason: 'RFC 6455, 4.2.2' },
  { level: 'handshake', delta: 'alive/closed', scripts: /^version 8$/, what: 'WebSocket version 8', reference: 'accepts', roomcast: '426 with Sec-WebSocket-Version: 13', reason: 'a draft of 2011' },
  { level: 'handshake', delta: 'packets', scripts: /^Upgrade to something else$/, what: 'an Upgrade to another protocol', reference: '400 Invalid Upgrade header', roomcast: '400 Bad request', reason: 'one text for whatever is not a WebSocket handshake' },
  { level: 'handshake', delta: 'packets', scripts: /^Upgrade to two$/, what: 'an Upgrade to two protocols', reference: '400 Invalid Upgrade header', roomcast: '403', reason: 'libwebsockets 4.1.6 answers it before anybody is asked' },
  { level: 'handshake', delta: 'alive/closed', scripts: /^HTTP\/1\.0$/, what: 'an upgrade by HTTP/1.0', reference: 'accepts', roomcast: '400 Bad request', reason: 'RFC 6455, 4.2.1' },

  // ---- requests of HTTP, without a session
  { level: 'request', delta: ['closed/alive', 'packets'], scripts: /^target \/engine\.io\?EIO=4&transport=polling(&sid=x)?$/, what: 'the path without its slash at the end',
    reference: 'not its own', roomcast: 'takes it', reason: 'clients with `addTrailingSlash: false` need no configuration' },
  { level: 'request', delta: ['closed/alive', 'alive/closed'], scripts: /^target (\/\/engine|\/x\/\.\.|\/\.\/engine|\/engine\.io\/\.\.|\/engine\.io%2f|\/%65)/, what: 'a path with `..`, `.`, `//`, or encoded characters', reference: 'compares it as it is', roomcast: 'makes it plain first', reason: 'the files beside it are found so, and nothing can slip past a rule' },
  { level: 'request', delta: 'alive/closed', scripts: /polling#x$/, what: 'a fragment in the target', reference: 'leaves it out', roomcast: 'Transport unknown', reason: 'RFC 9112 has no fragment in a target; no client sends one' },
  { level: 'request', delta: ['alive/closed', 'packets'], scripts: /EIO=\d&EIO=4&|transport=polling&transport=|&sid=&sid=$/, what: 'EIO, transport or sid given twice', reference: 'takes the last, or an array for none', roomcast: 'refuses', reason: 'proxies and servers disagree which one counts' },
  { level: 'request', delta: 'closed/alive', scripts: /EIO=4(&amp)?;transport/, what: '`;` between parameters', reference: 'a character like any other', roomcast: 'separates them', reason: 'libwebsockets 4.1.6 splits there; no client sends one that is not encoded' },
  { level: 'request', delta: 'packets', scripts: /%00$/, what: 'a NUL in the query', reference: '400 with the error of its place', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 takes no NUL in a target' },
  { level: 'request', delta: ['alive/closed', 'packets'], scripts: /polling(%|%zz|&%|&a=%u1234)$/, what: '`%` without two hexadecimal digits', reference: 'a character like any other', roomcast: '403', reason: 'libwebsockets 4.1.6 answers it before anybody is asked; clients encode their query' },
  { level: 'request', delta: 'packets', scripts: /&j=/, what: 'JSONP in revision 4', reference: 'answers with a script', roomcast: 'answers as to everybody', reason: 'no client of this revision asks for it, and scripts are read across origins' },
  { level: 'request', delta: 'alive/closed', scripts: /\(436\)$|\(136\)$/, what: '100 parameters', reference: 'takes them', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 has places for some 90' },
  { level: 'request', delta: 'closed/alive', scripts: /&a=\u00e9$/, what: 'bytes over 127 in the target', reference: '400', roomcast: 'takes them', reason: 'they harm nothing: names and values of others are not looked at' },
  { level: 'request', delta: 'packets', scripts: /^target \/engine\.io\/ x/, what: 'a space in the target', reference: '400', roomcast: 'the target ends there: Transport unknown', reason: 'refused either way' },
  { level: 'request', delta: 'packets', scripts: /^target (engine|\*|https?:|HTTP:|ftp:|$)/, what: 'a target that is no path', reference: '404 or 400', roomcast: '403', reason: 'refused either way, by libwebsockets 4.1.6 before anybody is asked' },
  { level: 'request', delta: 'packets', scripts: /^header: an Origin with (a control character|DEL)$/, what: 'a control character in the Origin', reference: '400 of its HTTP parser', roomcast: '400 Bad request, code 3', reason: 'as engine.io has it for parsers that let it through' },
  { level: 'request', delta: 'alive/closed', scripts: /^header: Upgrade alone$/, what: 'Upgrade without Connection: Upgrade', reference: 'leaves it out', roomcast: '400 Bad request', reason: 'a proxy that passes on one and not the other is broken, and this tells' },
  { level: 'request', delta: 'closed/alive', scripts: /^header: another Expect$/, what: 'an Expect that nobody knows', reference: '417', roomcast: 'leaves it out', reason: 'RFC 9110 lets a server choose' },
  { level: 'request', delta: 'packets', scripts: /^header: a name that begins like/, what: 'a header whose name is the beginning of one that libwebsockets knows (`X-Auth`, `User`, `V`)', reference: 'a header like any other', roomcast: 'swallows the header behind it, and waits where there is none', reason: 'libwebsockets 4.1.6 looks for the end of such a name in the next line; give the header another name (`X-Auth-Key`)' },
  { level: 'request', delta: 'packets', scripts: /^header: a header of 20000 bytes$/, what: 'more than 16 KiB of headers', reference: '431', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 drops it before anybody is asked' },
  { level: 'request', delta: 'closed/alive', scripts: /^header: (white space before|a header without|a folded|a header name with|a header with)|^ends of lines without CR$/, what: 'headers that RFC 9112 does not have: folded, without a colon or a name, with white space, NUL, bytes over 127, or no CR at their end', reference: '400', roomcast: 'leaves them out', reason: 'libwebsockets 4.1.6 reads them so; those that say how long a body is are checked again (`http_request_bad_body`)' },
  { level: 'request', delta: 'alive/closed', scripts: /^header: an empty Host$/, what: 'an empty Host', reference: 'takes it', roomcast: '400, as without Host', reason: 'libwebsockets 4.1.6 does not tell the one from the other; no client of ours has an empty name' },
  { level: 'request', delta: 'packets', scripts: /^method (PUT|PATCH)$/, what: 'PUT and PATCH without Content-Length', reference: '400 Bad handshake method', roomcast: '411', reason: 'libwebsockets 4.1.6 would wait for a body' },
  { level: 'request', delta: 'packets', scripts: /^method (TRACE|PROPFIND|SEARCH|FOO|G| GET|GETGET.*)$|^line: (a tab|garbage|a TLS greeting|an answer|the preface of HTTP\/2)$/, what: 'methods that nobody knows, and what is no request', reference: '400', roomcast: '403, or drops the connection', reason: 'refused either way, by libwebsockets 4.1.6 before anybody is asked' },
  { level: 'request', delta: 'closed/alive', scripts: /^method (get|Get)$/, what: 'a method in small letters', reference: '400', roomcast: 'takes it', reason: 'libwebsockets 4.1.6 reads them so; it harms nothing' },
  { level: 'request', delta: 'packets', scripts: /^line: (HTTP\/1\.2|HTTP\/9\.9|HTTP\/11|http\/1\.1|HTTPS\/1\.1|an empty version|words behind the version)$/, what: 'a version of HTTP that is none', reference: '400', roomcast: '505', reason: 'the status that RFC 9110 has for it; the connection ends either way' },
  { level: 'request', delta: 'alive/closed', scripts: /^line: (HTTP\/2\.0|HTTP\/0\.9|no version)$/, what: 'HTTP/0.9 and HTTP/2.0 on a request line', reference: 'opens a session and ends the connection', roomcast: '505', reason: 'nobody speaks them like this' },
  { level: 'request', delta: 'alive/closed', scripts: /^line: (an empty line|empty lines) first$/, what: 'empty lines before a request', reference: 'skips them', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 does not skip them; RFC 9112 asks for it for the sake of clients of 1996' },
  { level: 'request', delta: 'alive/closed', scripts: /^a GET with a body( in chunks)?$/, what: 'a GET with a body', reference: 'leaves it unread', roomcast: 'drops the connection, or 411', reason: 'RFC 9110, 9.3.1: it may lead to the request being refused; browsers cannot send it' },
  { level: 'request', delta: 'alive/closed', scripts: /in one write$/, what: 'a second request before the answer to the first (pipelining)', reference: 'answers both in order', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 loses requests that wait; neither browsers nor proxies send them' },

  // ---- requests of a session
  { level: 'polling', delta: 'packets', scripts: /(to|of) (EIO=\d|no EIO|an empty EIO)$|^a poll of another revision/, what: 'another revision than the session has', reference: '400 Bad request', roomcast: '400 Unsupported protocol version', reason: 'it says what is wrong; the session lives on either way' },
  { level: 'polling', delta: 'packets', scripts: /(the sid twice|the sid and an empty one|a wrong sid first)$/, what: 'sid given twice', reference: 'takes the last', roomcast: '400 Session ID unknown', reason: 'proxies and servers disagree which one counts' },
  { level: 'polling', delta: 'packets', scripts: /no slash at the end$/, what: 'the path without its slash at the end', reference: 'not its own', roomcast: 'takes it', reason: 'clients with `addTrailingSlash: false` need no configuration' },
  { level: 'polling', delta: 'packets', scripts: /the sid with NUL$/, what: 'a NUL in the query', reference: '400 Session ID unknown', roomcast: 'drops the connection', reason: 'libwebsockets 4.1.6 takes no NUL in a target' },
  { level: 'polling', delta: 'packets', scripts: /an absolute target$/, what: 'a target that is no path', reference: '404', roomcast: '403', reason: 'refused either way, by libwebsockets 4.1.6 before anybody is asked' },
  { level: 'polling', delta: 'packets', scripts: /^(PUT|PATCH) with a sid$/, what: 'PUT and PATCH without Content-Length', reference: '500', roomcast: '411', reason: 'libwebsockets 4.1.6 would wait for a body' },
  { level: 'polling', delta: 'packets', scripts: /^(TRACE|PROPFIND|SEARCH|FOO|G| GET|GETGET.*) with a sid$/, what: 'methods that nobody knows', reference: '400 or 500', roomcast: '403', reason: 'refused either way, by libwebsockets 4.1.6 before anybody is asked' },
  { level: 'polling', delta: 'packets', scripts: /^(get|Get) with a sid$/, what: 'a method in small letters', reference: '400', roomcast: 'takes it', reason: 'libwebsockets 4.1.6 reads them so; it harms nothing' },
  { level: 'polling', delta: 'packets', scripts: /^an Origin with a control character/, what: 'a control character in the Origin', reference: '400 of its HTTP parser', roomcast: '400 Bad request, code 3', reason: 'as engine.io has it for parsers that let it through' },
  { level: 'polling', delta: 'packets', scripts: /^a long message to one who takes gzip$/, what: 'an answer of more than 1024 bytes to one who takes gzip', reference: 'compresses it', roomcast: 'does not', reason: 'a proxy in front does it where it pays; secrets beside what others have said are not compressed together' },
  { level: 'polling', delta: 'alive/closed', scripts: /(^body|:) (4a \| )?(bQ|b!!!|b====|bQQ==QQ==|b-_|b4a|b\u00e9)( \| 4b)?$/, what: 'base64 that is none (its padding may be left out)', reference: 'takes what can be read of it', roomcast: 'parse error', reason: 'no client writes it, and a message half read is worse than none' },
  { level: 'polling', delta: 'alive/closed', scripts: /^bytes: (a lone byte|a character cut short|an overlong character|a surrogate|half a character)/, what: 'a body that is not UTF-8', reference: 'U+FFFD', roomcast: 'parse error', reason: 'it could be stored nowhere, and a WebSocket is closed for it, too' },
  { level: 'polling', delta: ['closed/alive', 'packets'], scripts: /^POST (without a length|with an empty length)$/, what: 'a POST without Content-Length', reference: 'an empty body, which ends the session', roomcast: '411; the session lives', reason: 'libwebsockets 4.1.6 would wait for a body' },
  { level: 'polling', delta: 'packets', scripts: /^POST with a length of 2\^64/, what: 'a length over 2^64', reference: '400', roomcast: '413', reason: 'refused either way' },
  { level: 'polling', delta: ['packets', 'closed/alive'], scripts: /^POST (in (two |no )?chunks?|with gzip|with Transfer-Encoding)/, what: 'a body in chunks', reference: 'takes it', roomcast: '411; the session lives', reason: 'libwebsockets 4.1.6 does not read them; browsers cannot send it, and proxies have to be told to pass bodies on whole' },
  { level: 'polling', delta: 'packets', scripts: /^POST with another Expect$/, what: 'an Expect that nobody knows', reference: '417', roomcast: 'leaves it out', reason: 'RFC 9110 lets a server choose' },
  { level: 'polling', delta: 'closed/alive', scripts: /^POST that announces/, what: 'a POST that announces too much, and then another one', reference: 'waits for the first, and ends the session for the second', roomcast: '413 to the first', reason: 'what is too much need not be read first' },
  { level: 'polling', delta: ['alive/closed', 'packets'], scripts: /^POST (with a length and (more bytes|another request)|and GET in one write)$|^(two polls on one connection|a poll that waits, and a POST on the same connection)$/, what: 'a second request, or other bytes, before the answer to the first (pipelining)',
    reference: 'answers both in order', roomcast: 'drops the connection, and the session with it', reason: 'libwebsockets 4.1.6 loses requests that wait; neither browsers nor proxies send them' },
  { level: 'polling', delta: 'packets', scripts: /^a message and the end, with a poll/, what: 'a message and a close packet (`1`) in one body', reference: 'the poll hears the answer to the message', roomcast: 'the poll hears a noop', reason: 'who ends a session does not listen any more' },

  // ---- the change from polling to WebSocket
  { level: 'upgrade', delta: 'code no code/1002', what: 'whatever ends a WebSocket that is no probe', reference: 'closes without a code', roomcast: 'closes with 1002', reason: 'a code tells whoever debugs a client why; the session is carried by polling as before' },
  { level: 'upgrade', delta: 'code no code/1000', scripts: /^the session ends behind the probe$/, what: 'a session that ends while it changes', reference: 'closes without a code', roomcast: 'closes with 1000', reason: 'as above' },
  { level: 'upgrade', delta: 'alive/closed', scripts: /^probe 5x$/, what: '`5` with something behind it', reference: 'takes it for `5`', roomcast: 'closes that WebSocket; the session is carried by polling as before', reason: 'no client sends it' },
  { level: 'upgrade', delta: 'packets', scripts: /^5 with a poll that waits$/, what: '`5` while a poll waits', reference: 'ends the poll with a close packet', roomcast: 'ends it with a noop', reason: 'the session has not ended' },
  { level: 'upgrade', delta: 'packets', scripts: /^a POST that began before the change$/, what: 'a POST that is not whole when `5` comes', reference: 'drops the connection', roomcast: '400', reason: 'stock clients have posted everything by then; an answer tells the others' },
  { level: 'upgrade', delta: 'alive/closed', scripts: /^the end by WebSocket$/, what: 'a close packet (`1`)', reference: 'ignores it', roomcast: 'closes with 1000', reason: 'it is what the client asks for; stock clients close the WebSocket by themselves' },
  { level: 'upgrade', delta: 'packets', scripts: /^an upgrade with transport=polling$/, what: 'an upgrade with `transport=polling`', reference: 'accepts (101) and closes', roomcast: '400 Bad request', reason: 'the same refusal, where a client can read it' },
  { level: 'upgrade', delta: 'packets', scripts: /^an upgrade with (EIO=\d|no EIO)$/, what: 'another revision than the session has', reference: '400 Bad request', roomcast: '400 Unsupported protocol version', reason: 'it says what is wrong; the session lives on either way' },
  { level: 'upgrade', delta: 'packets', scripts: /^an upgrade with the sid twice$/, what: 'sid given twice', reference: 'takes the last', roomcast: '400 Session ID unknown', reason: 'proxies and servers disagree which one counts' },
  { level: 'upgrade', delta: 'packets', scripts: /^an upgrade with an Origin with a control/, what: 'a control character in the Origin', reference: '400 of its HTTP parser', roomcast: '400 Bad request', reason: 'as engine.io has it for parsers that let it through' },
  { level: 'upgrade', delta: 'packets', scripts: /^an upgrade with no key$/, what: 'a bad Sec-WebSocket-Key', reference: '400, named', roomcast: '400 Bad request', reason: 'one text for whatever is not a WebSocket handshake' },
  { level: 'upgrade', delta: 'packets', scripts: /^an upgrade with version 12$/, what: 'a WebSocket version that is not 13', reference: '400', roomcast: '426 with Sec-WebSocket-Version: 13', reason: 'RFC 6455, 4.2.2' },

  // ---- Socket.IO, default parser
  { level: 'socket', delta: 'alive/closed', scripts: /^first: (0 1|0 \{\}| 0|\\n|\ufeff0)$|^tiny: 0 \| [123] $|^single: 0 \| 2( |\\t)\["a"\]$/, what: 'white space where a type or an ack id belongs',
    reference: 'counts it as a zero', roomcast: 'parse error', reason: 'a slip of `Number(" ")`; no client sends it' },
  { level: 'socket', delta: 'alive/closed', scripts: /^ack id: .*\| (2|3|5?1-|6?1-|51-|61-|2\/custom,)( 1|1 )\["a",1\]/, what: 'white space around an ack id', reference: 'takes it', roomcast: 'parse error', reason: 'as above' },
  { level: 'socket', delta: 'packets', scripts: /^tiny: 0 \| 2[0-9/]$|^state: 0 \| 2 \| |^binary: 0 \| 51- \| <41>$/, what: 'an event without data (`2`, `20`)',
    reference: 'an event named undefined', roomcast: 'ignores it', reason: 'it says nothing; no client sends it' },
  { level: 'socket', delta: 'closed/alive', scripts: /^tiny: 0 \| 6-$|^binary: 0 \| (5|6)0?0?-0?(\["a"\]|\[\])( \| 2\["next"\])?$|^binary: 0 \| 60-1\[\] \| |^binary: 0 \| 50-\["a",\{"_placeholder":true,"num":0\}\]$/, what: 'a binary packet with 0 attachments',
    reference: 'closes at the next packet', roomcast: 'an event like any other', reason: 'a client that counts wrong loses nothing' },
  { level: 'socket', delta: 'packets', scripts: /^binary: 0 \| 50?0?-\["a"(,\{"_placeholder":true,"num":0\})?\] \| <41>$/, what: 'a binary packet with 0 attachments, and then one', reference: 'closes', roomcast: 'the event, then closes', reason: 'as above' },
  { level: 'socket', delta: 'alive/closed', scripts: /^single: 0 \| 0\/n+\.\.\. \((131|1003)\)$/, what: 'a namespace of more than 128 bytes', reference: 'Invalid namespace', roomcast: 'closes', reason: 'names are bounded before anything is done with them (`LIMIT_NSP`)' },
  { level: 'socket', delta: 'alive/closed', scripts: /^ack id: .*\| (2|3|51-|61-|2\/custom,)(9007199254740992|9007199254740993|1844674407370955161[56]|9{30,}|9{60,}\.\.\. .*)(\["a",1\])?( \| <41>)?$|51-9007199254740993\["a",\{/, what: 'an ack id over 2^53-1',
    reference: 'answers another number', roomcast: 'parse error', reason: 'an answer that nobody can match is none' },
  { level: 'socket', delta: 'packets', scripts: /^name: 0 \| 2\[(0|1|-1|1\.5|1e3|-0|9007199254740993|12345678901234567890|0\.1|1e21|1e-7),1\]$|^msgpack: .* event \[ (0|1|-1|1\.5|9007199254740992), 1 \]$/, what: 'a number as the name of an event', reference: 'stays a number', roomcast: 'becomes its text', reason: 'clients look both up under the same name' },
  { level: 'socket', delta: 'packets', scripts: /^(name|value): .*\\\\u(d83d|D83D|ude00|de00)(\\\\ud83d)?",?/, except: /\\\\ud83d\\\\ude00/, what: 'half of a surrogate pair in a string', reference: 'keeps it', roomcast: 'U+FFFD', reason: 'it has no UTF-8, and could be stored nowhere' },
  { level: 'socket', delta: 'alive/closed', scripts: /^(name|value|auth|ack): .*(1e309|-?1e400)/, what: 'a number that no double holds (`1e400`)', reference: 'null', roomcast: 'parse error', reason: 'it is not the number that was said' },
  { level: 'socket', delta: 'packets', scripts: /^value: 0 \| 21\["a",-0\]$/, what: '-0', reference: '0', roomcast: '-0', reason: 'it is what was said' },
  { level: 'socket', delta: 'packets', scripts: /^value: 0 \| 21\["a",(9007199254740993|18446744073709551615|-9223372036854775808)\]$/, what: 'an integer of 64 bits', reference: 'rounds it', roomcast: 'keeps every digit', reason: 'clients that have such integers get them; JavaScript rounds by itself' },
  { level: 'socket', delta: 'packets', scripts: /^value: 0 \| 21\["a",\{"a":1,"a":2\}\]$|"_placeholder":true,"_placeholder":false/, what: 'a key given twice', reference: 'the last', roomcast: 'both, in their order', reason: 'who reads takes the last, too' },
  { level: 'socket', delta: 'packets', scripts: /^value: 0 \| 21\["a",\{("2":1,"1":2|"1":0,"a":1,"0":2)\}\]$/, what: 'keys that are numbers', reference: 'sorts them to the front', roomcast: 'keeps their order', reason: 'objects have no order that a program may rely on' },
  { level: 'socket', delta: 'alive/closed', scripts: /^value: .*\[{32,33}\]|^ack: .*\[{33,34}\]|^(value|ack): .*\[{30}.*\(20\d\d\)$|argument (91){20}.*\(92\)$/, what: 'values nested deeper than 32', reference: 'takes them', roomcast: 'parse error', reason: '`LIMIT_VALUE_DEPTH`: bounded stack in every program that reads them' },
  { level: 'socket', delta: 'alive/closed', scripts: /^binary: 0 \| 5( 1|1 |0x1|1e0|\+1)-\["a".*<41>$/, what: 'a number of attachments with white space, in hex, as 1e0 or +1', reference: 'takes it', roomcast: 'parse error', reason: 'a slip of `Number()`; no client sends it' },
  { level: 'socket', delta: 'alive/closed', scripts: /"num":0\.5\}/, what: 'half a placeholder (`num: 0.5`)', reference: 'undefined', roomcast: 'parse error', reason: 'as for any other number without an attachment' },
  { level: 'socket', delta: 'closed/alive', scripts: /^state:  \| 2\["a"\]$|^first: $/, what: 'a message without text (`4`) as the first',
    reference: 'closes', roomcast: 'CONNECT to `/`', reason: 'its own parser takes it so; only its transport loses empty texts' },
  { level: 'socket', delta: 'packets', scripts: /^state:  \| 0$/, what: 'the same, and then CONNECT', reference: 'closes', roomcast: 'connects, then closes', reason: 'as above' },

  // ---- Socket.IO, over long-polling to a gateway and an application worker
  { level: 'worker', delta: 'packets', scripts: /^name: 0 \| 21\["x+\.\.\. \((265|5008)\)$|^msgpack: .* event \[ 'x+'\.\.\. (217|4960) more/, what: 'an event name over 256 bytes, to a worker', reference: 'takes it', roomcast: '`invalid_message`', reason: 'names are bounded before they are carried anywhere (`LIMIT_EVENT`)' },

  // ---- Socket.IO, msgpack parser
  { level: 'socket', delta: 'packets', scripts: /^msgpack first: 0\{"text":1\}$/, what: 'text to a server of msgpack', reference: 'closes', roomcast: 'a client of the default parser', reason: 'one port serves both: the first message tells' },
  { level: 'socket', delta: 'alive/closed', scripts: /^msgpack first: <82a474797065cb0000/, what: 'a packet type that is a double', reference: 'takes it', roomcast: 'parse error', reason: 'no client writes it' },
  { level: 'socket', delta: 'alive/closed', scripts: /^msgpack: .* event \[ '(connect|connect_error|disconnect|disconnecting|newListener|removeListener)', 1 \]/, what: 'reserved event names in msgpack', reference: 'takes them', roomcast: 'parse error', reason: 'the same rule for both parsers; an echo of such a name ends the reference process' },
  { level: 'socket', delta: 'alive/closed', scripts: /^msgpack: .* event \[ (true|false|null|undefined|\{\}|\[\]|\[ 'a' \]|<Buffer 61>), 1 \]|^msgpack: .* event \[\]$/, what: 'event names in msgpack that are neither text nor number, or none', reference: 'takes them', roomcast: 'parse error', reason: 'the same rule for both parsers' },
  { level: 'socket', delta: 'packets', scripts: /^msgpack: .* event \[ \{ toString: 'x' \}, 1 \]/, what: 'an event name that cannot be made a text', reference: 'its process ends', roomcast: 'parse error', reason: 'the same rule for both parsers' },
  { level: 'socket', delta: 'alive/closed', scripts: /^msgpack: .* id:? (9007199254740992|-1)( \})?$/, what: 'ack ids in msgpack under 0 or over 2^53-1', reference: 'takes them', roomcast: 'parse error', reason: 'the same rule for both parsers' },
  { level: 'socket', delta: 'alive/closed', scripts: /^msgpack: .* 9 more items/, what: 'more than 10 binary values in one msgpack packet', reference: 'takes them', roomcast: 'parse error', reason: 'clients of the default parser in the room take 10' },
  { level: 'socket', delta: 'packets', scripts: /^msgpack: .* (event \[ 'a', (1970-.*|undefined|NaN|Infinity) \]|argument (cb 7ff.*|d4 0.*|d6 ff.*|d7 .*|c7 01 05 61|d5 01 0000))$/, what: 'what JSON has no word for: Date, undefined, NaN, infinities, unknown ext', reference: 'keeps it', roomcast: 'what JSON makes of it', reason: 'clients of both parsers hear the same ([json.md](json.md))' },
  { level: 'socket', delta: 'packets', scripts: /argument cf ffffffffffffffff$/, what: 'the greatest integer of 64 bits in msgpack', reference: '0', roomcast: 'keeps it', reason: 'it is what was said' },
  { level: 'socket', delta: 'alive/closed', scripts: /argument (a1 ff|a2 c3 28|a3 ed a0 80)$/, what: 'msgpack strings that are not UTF-8', reference: 'U+FFFD', roomcast: 'parse error', reason: 'they could be stored nowhere' },
  { level: 'socket', delta: 'packets', scripts: /argument 81 (90|80) 02$/, what: 'an array or a map as a key', reference: 'the text JavaScript makes of it', roomcast: '"null"', reason: 'only scalars have a text' },
];

// How two outcomes differ; undefined if they do not.
function deltaOf(reference, ours) {
  if (reference.end !== ours.end) return `${reference.end}/${ours.end}`;
  if (JSON.stringify(reference.packets) !== JSON.stringify(ours.packets)) return 'packets';
  const [a, b] = [reference.code ?? 'none', ours.code ?? 'none'];
  return a === b ? undefined : `code ${a}/${b}`;
}

const isDelta = (entry, delta) => [entry.delta].flat().includes(delta);
const isAbout = (entry, name) => !entry.scripts || (entry.scripts.test(name) && !entry.except?.test(name));

/*
 * What is wrong with the table, as texts: found is [{ name, delta, reference, ours }] of all scripts
 * of the levels, delta undefined where both agree.
 */
function complaints(levels, found) {
  const entries = differences.filter((entry) => levels.includes(entry.level));
  const said = [];
  const of = (text) => JSON.stringify(text).slice(0, 300);
  for (const { name, delta, reference, ours } of found) {
    const about = entries.filter((entry) => isAbout(entry, name) && (isDelta(entry, delta) || (entry.scripts && delta === undefined)));
    if (delta && about.length === 0) said.push(`not listed: ${name} (${delta})\n  reference ${of(reference)}\n  roomcast  ${of(ours)}`);
    if (delta && about.length > 1) said.push(`listed ${about.length} times: ${name} (${delta}): ${about.map((entry) => entry.what).join('; ')}`);
    if (!delta && about.length > 0) said.push(`no difference any more: ${name}, listed as "${about[0].what}"`);
  }
  for (const entry of entries) {
    if (!found.some(({ name, delta }) => isDelta(entry, delta) && isAbout(entry, name))) said.push(`no such difference any more: ${entry.what}`);
  }
  return said;
}

const TITLES = {
  engine: 'Engine.IO packets and WebSocket frames', handshake: 'WebSocket handshakes', request: 'HTTP requests', polling: 'HTTP long-polling', upgrade: 'From polling to WebSocket', socket: 'Socket.IO packets',
  worker: 'Socket.IO packets over long-polling, to an application worker',
};

// docs/differences.md. counts: scripts compared, by level.
function page(counts) {
  const cell = (text) => text.replaceAll('|', '\\|');
  const parts = Object.entries(TITLES).map(([level, title]) => [
    `## ${title}`, '', `${counts[level]} scripts compared.`, '', '| what is sent | the reference | Roomcast | why |', '|---|---|---|---|',
    ...differences.filter((entry) => entry.level === level)
      .map(({ what, reference, roomcast, reason }) => `| ${[what, reference, roomcast, reason].map(cell).join(' | ')} |`),
  ].join('\n'));
  return `# Where Roomcast differs from the Node server

Made from \`tests/e2e/differences.js\` by \`tests/e2e/differ.test.js\` (\`UPDATE=1\` writes it). That test sends
the same scripts of bytes, valid, odd and hostile, to \`socket.io\` and \`engine.io\` of npm and to ours:
frames and requests to \`tests/echo\`, Socket.IO packets to \`tests/relay\`, both of which send back what
they hear. It compares statuses and bodies, the packets that come back, whether the session and the
connection live on, and the close code of WebSocket, and fails when there is a difference that is not in
this list, and when one of the list is none any more.
Scripts of Socket.IO packets go to a gateway with its broker, too: over WebSocket to a namespace of rooms,
which has to end what the relay ends, and over long-polling to an echoing worker, which has to say what the
reference says over long-polling, but for the differences that are listed here.

${parts.join('\n\n')}
`;
}

module.exports = { complaints, deltaOf, page };
