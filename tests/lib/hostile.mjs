// SPDX-License-Identifier: GPL-2.0-or-later
// What viewers without good faith do to the proxy, each by itself, with the answer it has to get. An abuse is a function
// of the world: { port, proxy, tokens, deadlineMs, admin(...), refusal(line, why), ended(stream, why) }. It ends when its
// connections have.
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import net from 'node:net';
import { CLOSE, LightViewer, Line, PING, RFB_38, closeFrame, frame, setEncodings, setFormat, updateRequest, upgradeRequest } from './light.mjs';
import { BAD_HANDSHAKES, BAD_SERVERS } from './badserver.mjs';

const TEXT = 1, MORE = 0;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---- before there is TLS ----

// The first flight of a real handshake.
const clientHello = () => new Promise((resolve) => {
  const wire = new Duplex({ read() {}, write(chunk, encoding, done) { resolve(chunk); done(); } });
  tls.connect({ socket: wire, servername: 'localhost' }).on('error', () => {});
});

// A connection without TLS of its own that says so much and awaits the end.
async function mutters(world, bytes, why) {
  const line = new Line({ port: world.port, plain: true });
  await line.connected;
  const { localPort } = line.socket;
  if (bytes) line.send(bytes);
  await line.closed;
  await world.refusal(localPort, why);
}

const TLS_STAGE = {
  'silence instead of TLS': (world) => mutters(world, undefined, 'no request in time'),
  'half a ClientHello': async (world) => {
    const hello = await clientHello();
    await mutters(world, hello.subarray(0, hello.length >> 1), 'no request in time');
  },
  'a TLS handshake that is held open': async (world) => mutters(world, await clientHello(), 'no request in time'),
  'plain HTTP': (world) => mutters(world, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', /^TLS: http request$/),
  'RFB without TLS': (world) => mutters(world, RFB_38, /^TLS: /),
  'random bytes for TLS': (world) => mutters(world, Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 131 + 17) & 0xff)), /^TLS: /),
  'a record larger than TLS has': (world) => mutters(world, Buffer.concat([Buffer.from([0x16, 3, 1, 0xff, 0xff]), Buffer.alloc(0xffff)]), /^TLS: /),
  'a reset in the middle of TLS': async (world) => {
    const line = new Line({ port: world.port, plain: true });
    await line.connected;
    line.send((await clientHello()).subarray(0, 100));
    line.socket.resetAndDestroy();
    await line.closed;
  },
};

// So many lines at once that the log leaves some out.
const CROWDS = {
  'a flood of plain HTTP': (world) => Promise.all(Array.from({ length: 40 }, () => mutters(world, 'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n'))),
};

// ---- HTTP ----

async function asks(world, bytes, status, words) {
  const line = new Line({ port: world.port });
  line.send(bytes);
  const answer = await line.answer();
  assert.equal(answer.status, status, answer.body);
  if (words) assert.match(answer.body, words);
  line.destroy();
  await line.closed;
  return answer;
}

const get = (path, extra = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${extra}\r\n`;

// A token as the admin API makes them.
async function granted(world, fields) {
  const { status, json } = await world.admin('POST', '/v1/streams', { desktop: 'demo', ttl: 60, ...fields });
  assert.equal(status, 201, JSON.stringify(json));
  return json;
}

const HTTP_STAGE = {
  'headers that come byte by byte': async (world) => {
    const line = new Line({ port: world.port });
    await line.connected;
    const { localPort } = line.socket;
    const request = get('/', `X-Slow: ${'x'.repeat(4000)}\r\n`);
    for (let at = 0; at < request.length && line.raw.length === 0 && !line.isClosed; at++) {
      line.send(request[at]);
      await sleep(20);
    }
    assert.equal((await line.answer()).status, 408);
    await line.closed;
    await world.refusal(localPort, 'no request in time');
  },
  'headers without an end': (world) => asks(world, get('/', `X: ${'x'.repeat(9000)}\r\n`), 431, /8192 bytes/),
  'a thousand headers': (world) => asks(world, get('/', 'A: b\r\n'.repeat(2000)), 431),
  'a path without an end': (world) => asks(world, get(`/${'a'.repeat(9000)}`), 431),
  'a query without an end': (world) => asks(world, get(`/stream?token=${'a'.repeat(9000)}`), 431),
  'no HTTP': (world) => asks(world, '\x00\x01\x02\x03\r\n\r\n', 400),
  'HTTP/2 by prior knowledge': (world) => asks(world, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400),
  'a request with a body': (world) => asks(world, get('/', 'Content-Length: 5\r\n'), 413),
  'two lengths of a body': (world) => asks(world, get('/', 'Content-Length: 5\r\nContent-Length: 6\r\n'), 400),
  'a chunked body': (world) => asks(world, get('/', 'Transfer-Encoding: chunked\r\n'), 400),
  'another method': (world) => asks(world, 'DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n', 405),
  'a tunnel': (world) => asks(world, 'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n', 405),
  'no host': (world) => asks(world, 'GET / HTTP/1.1\r\n\r\n', 400),
  'a path upwards': (world) => asks(world, get('/../../../../etc/passwd'), 404),
  'an encoded path upwards': (world) => asks(world, get('/%2e%2e/%2e%2e/etc/passwd'), 404),
  'requests in a heap, no answer of which is read': async (world) => {
    const line = new Line({ port: world.port });
    await line.connected;
    line.socket.pause();
    line.send(get('/').repeat(8000));
    await sleep(500);
    line.destroy();
    await line.closed;
  },
  'an upgrade without a token': (world) => asks(world, upgradeRequest(world.port), 401, /token is needed/),
  'a wrong token': (world) => asks(world, upgradeRequest(world.port, { token: 'x'.repeat(43) }), 401, /opens no stream/),
  'a token of no end': (world) => asks(world, upgradeRequest(world.port, { token: 'x'.repeat(7000) }), 401),
  'an expired token': async (world) => {
    const { token } = await granted(world, { ttl: 1 });
    await sleep(2100);
    await asks(world, upgradeRequest(world.port, { token }), 401, /opens no stream/);
  },
  'a revoked token': async (world) => {
    const { token, id } = await granted(world);
    assert.equal((await world.admin('DELETE', `/v1/streams/${id}`)).status, 200);
    await asks(world, upgradeRequest(world.port, { token }), 401, /opens no stream/);
  },
  'a token for a single use, twice': async (world) => {
    const { token } = await granted(world, { single_use: true });
    const first = await new LightViewer({ port: world.port }).open(token);
    await asks(world, upgradeRequest(world.port, { token }), 401, /opens no stream/);
    first.destroy();
    await first.closed;
  },
  'a window by a broken escape': async (world) => asks(world, upgradeRequest(world.port, { token: (await granted(world)).token, path: '/stream?window=app:%zz' }), 400, /window must be/),
  'a window of no end': async (world) => asks(world, upgradeRequest(world.port, { token: (await granted(world)).token, path: `/stream?window=title:${'*'.repeat(7000)}` }), 400, /at most 128 bytes/),
  'a window of another stream': async (world) => {
    const { token } = await granted(world, { window: 'rect:10x10+0+0' });
    await asks(world, upgradeRequest(world.port, { token, path: '/stream?window=rect:20x20%2B0%2B0' }), 403, /shows no other/);
    await asks(world, upgradeRequest(world.port, { token, path: '/windows' }), 403, /no list of windows/);
  },
  'a token that is revoked under its viewer': async (world) => {
    const { token, id } = await granted(world);
    const viewer = await opened(world, { token });
    await world.admin('DELETE', `/v1/streams/${id}`);
    await viewer.closed;
    assert.deepEqual(viewer.close, { code: 4002, words: 'the stream was revoked' });
  },
  'a page from elsewhere': (world) => asks(world, upgradeRequest(world.port, { token: world.tokens.control, headers: { Origin: 'https://evil.example' } }), 403, /origin/),
  'an older WebSocket': (world) => asks(world, upgradeRequest(world.port, { token: world.tokens.control, headers: { 'Sec-WebSocket-Version': '8' } }), 426),
  'a key that is none': (world) => asks(world, upgradeRequest(world.port, { token: world.tokens.control, headers: { 'Sec-WebSocket-Key': 'short' } }), 400),
  'a stream without an upgrade': (world) => asks(world, upgradeRequest(world.port, { token: world.tokens.control, headers: { Upgrade: undefined, Connection: 'close' } }), 426),
};

// ---- WebSocket (RFC 6455 sections 5 and 7) ----

// A viewer that is through with everything.
async function opened(world, { stream = 'control', token = world.tokens[stream], ...options } = {}) {
  const viewer = await new LightViewer({ port: world.port, ...options }).open(token);
  await viewer.handshake();
  return viewer.prepare();
}

// Frames behind the handshake, and the code they are closed with.
async function breaks(world, bytes, code, words) {
  const viewer = await opened(world);
  viewer.send(bytes);
  await viewer.closed;
  assert.equal(viewer.close?.code, code, JSON.stringify(viewer.close));
  if (words !== undefined) assert.match(viewer.close.words, words);
}

const claim = (...bytes) => Buffer.from(bytes);

// title: frames, code, words. Each group is one rule of the RFC's.
export const WEBSOCKET_RULES = {
  // 5.1: a client masks
  'a frame without a mask': [frame('a', { mask: null }), 1002],
  'a ping without a mask': [frame('a', { mask: null, opcode: PING }), 1002],
  // 5.2: reserved bits and opcodes, lengths
  'reserved bit 1': [frame('a', { rsv: 4 }), 1002],
  'reserved bit 2': [frame('a', { rsv: 2 }), 1002],
  'reserved bit 3': [frame('a', { rsv: 1 }), 1002],
  'a reserved bit on a ping': [frame('a', { rsv: 4, opcode: PING }), 1002],
  ...Object.fromEntries([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [`opcode ${opcode}`, [frame('a', { opcode }), 1002]])),
  'a length that is longer than need be': [claim(0x82, 0xfe, 0, 3, 0, 0, 0, 0, 1, 2, 3), 1002],
  'a length of 64 bits that need not be': [claim(0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0), 1002],
  'a length of 63 bits': [claim(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1), 1009, /too large/],
  'a negative length': [claim(0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), 1002],
  'a frame above the limit': [frame('a', { claims: (16 << 20) + 1 }), 1009, /too large/],
  // 5.4: fragments
  'a continuation of nothing': [frame('a', { opcode: MORE }), 1002],
  'the middle of nothing': [frame('a', { opcode: MORE, fin: false }), 1002],
  'a message within a message': [Buffer.concat([frame('', { fin: false }), frame('a')]), 1002],
  'a text within a message': [Buffer.concat([frame('', { fin: false }), frame('a', { opcode: TEXT })]), 1003],
  'a continuation behind the end': [Buffer.concat([frame('', { fin: false }), frame('', { opcode: MORE }), frame('', { opcode: MORE })]), 1002],
  // 5.5: control frames
  'half a ping': [frame('a', { opcode: PING, fin: false }), 1002],
  'half a close': [frame('\x03\xe8', { opcode: CLOSE, fin: false }), 1002],
  'a ping of 126 bytes': [frame('a'.repeat(126), { opcode: PING }), 1002],
  'a close of 126 bytes': [closeFrame(1000, 'a'.repeat(124)), 1002],
  // 5.6: what data is taken
  'a text': [frame('hello', { opcode: TEXT }), 1003, /binary/],
  'an empty text': [frame('', { opcode: TEXT }), 1003],
  'a text in fragments': [frame('a', { opcode: TEXT, fin: false }), 1003],
  // 5.5.1, 7.1.5, 7.4: closing
  'a close without a code': [frame('', { opcode: CLOSE }), 1005],
  'a close of one byte': [frame('a', { opcode: CLOSE }), 1002],
  ...Object.fromEntries([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) => [`close ${code}`, [closeFrame(code, 'bye'), code, /^$/]])),
  ...Object.fromEntries([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => [`close ${code}, which nobody may send`, [closeFrame(code), 1002]])),
  'a close in words that are no UTF-8': [closeFrame(1000, Buffer.from([0xce, 0xba, 0xff])), 1007],
  'a close in words cut in a character': [closeFrame(1000, Buffer.from('κόσ').subarray(0, 5)), 1007],
  'a close in a surrogate': [closeFrame(1000, Buffer.from([0xed, 0xa0, 0x80])), 1007],
  'a close in UTF-8': [closeFrame(1000, 'κόσμε'), 1000],
  'a close with a NUL in its words': [closeFrame(1000, 'a\0b'), 1000],
  'a close, and more behind it': [Buffer.concat([closeFrame(1000), frame('a', { opcode: TEXT }), frame('', { rsv: 7 })]), 1000],
};

const WEBSOCKET_STAGE = {
  ...Object.fromEntries(Object.entries(WEBSOCKET_RULES).map(([title, rule]) => [`WebSocket: ${title}`, (world) => breaks(world, ...rule)])),
  'fragments and pings between them, every byte masked': async (world) => {
    const viewer = await opened(world);
    const request = updateRequest(0, 0, 8, 8);
    const mask = [0x37, 0xfa, 0x21, 0x3d];
    [...request].forEach((byte, i) => {
      viewer.send(frame([byte], { mask, opcode: i === 0 ? 2 : MORE, fin: i === request.length - 1 }));
      viewer.send(frame(`ping ${i}`, { mask, opcode: PING }));
      viewer.send(frame('', { mask, opcode: 10 })); // a pong that nobody asked for
    });
    while (await viewer.message() !== 0);
    assert.ok(viewer.pongs.length > 0 && viewer.pongs.every((text) => /^ping \d+$/.test(text)), String(viewer.pongs));
    viewer.send(closeFrame(1000));
    await viewer.closed;
    assert.equal(viewer.close.code, 1000);
  },
  'a flood of pings': async (world) => {
    const viewer = await opened(world);
    const pings = Array.from({ length: 20_000 }, (_, i) => frame(String(i), { opcode: PING }));
    viewer.send(Buffer.concat(pings));
    await viewer.update();
    assert.ok(viewer.pongs.length < 2000, `${viewer.pongs.length} answers to 20000 pings`);
    assert.equal(viewer.pongs.at(-1), '19999');
    viewer.destroy();
    await viewer.closed;
  },
  'a flood of pings that takes no answer': async (world) => {
    const viewer = await opened(world);
    viewer.socket.pause();
    const piece = Buffer.concat(Array.from({ length: 1000 }, () => frame('x'.repeat(125), { opcode: PING })));
    for (let i = 0; i < 40 && !viewer.isClosed; i++) {
      viewer.send(piece);
      await sleep(5);
    }
    viewer.destroy();
    await viewer.closed;
  },
  'a flood of empty frames': async (world) => {
    const viewer = await opened(world);
    viewer.send(Buffer.concat(Array.from({ length: 20_000 }, (_, i) => frame('', { opcode: i === 0 ? 2 : MORE, fin: false }))));
    viewer.send(frame('', { opcode: MORE }));
    await viewer.update();
    viewer.destroy();
    await viewer.closed;
  },
  'the end in the middle of a frame': async (world) => {
    const viewer = await opened(world);
    viewer.send(frame('abc', { claims: 1000 }));
    viewer.socket.end();
    await viewer.closed;
  },
  'a reset in the middle of a frame': async (world) => {
    const socket = net.connect({ port: world.port, host: '127.0.0.1' });
    const viewer = await opened(world, { socket });
    viewer.send(frame('abc', { claims: 1000 }));
    socket.resetAndDestroy();
    await viewer.closed;
  },
  'the end in the middle of a frame\'s head': async (world) => {
    const viewer = await opened(world);
    viewer.send([0x82]);
    viewer.socket.end();
    await viewer.closed;
  },
  'never reading': async (world) => {
    const viewer = await opened(world);
    viewer.socket.pause();
    for (let i = 0; i < 50; i++) viewer.says(updateRequest(0, 0, viewer.width, viewer.height));
    await sleep(500);
    viewer.destroy();
    await viewer.closed;
  },
  'reading a byte at a time': async (world) => {
    const wire = net.connect({ port: world.port, host: '127.0.0.1', highWaterMark: 1 });
    const end = Date.now() + 1500;
    let slow = false;
    const pace = new Duplex({
      read() {},
      write(chunk, encoding, done) { wire.write(chunk, encoding, () => done()); },
      destroy(error, done) { wire.destroy(); done(error); },
    });
    const step = () => {
      const bytes = wire.read(slow ? 1 : undefined);
      if (bytes) pace.push(bytes);
    };
    wire.on('readable', () => { if (!slow) step(); }).on('error', () => {}).on('close', () => pace.destroy());
    const viewer = await opened(world, { socket: pace });
    slow = true;
    for (let i = 0; i < 20; i++) viewer.says(updateRequest(0, 0, viewer.width, viewer.height));
    while (Date.now() < end) {
      step();
      await sleep(100);
    }
    viewer.destroy();
    wire.destroy();
    await viewer.closed;
  },
};

// ---- RFB ----

// What the viewer says where the greeting's answer belongs, and the words of the close frame.
async function misgreets(world, bytes, words) {
  const viewer = await new LightViewer({ port: world.port }).open(world.tokens.control);
  await viewer.rfb.take(12);
  viewer.says(bytes);
  await viewer.closed;
  assert.equal(viewer.close?.code, 1002, JSON.stringify(viewer.close));
  assert.match(viewer.close.words, words);
}

async function confuses(world, stream, bytes, code, words) {
  const viewer = await opened(world, { stream });
  viewer.says(bytes);
  await viewer.closed;
  assert.equal(viewer.close?.code, code, JSON.stringify(viewer.close));
  assert.match(viewer.close.words, words);
}

const WRONG_VERSION = /^RFB handshake: the viewer did not answer with RFB version/;

const RFB_STAGE = {
  'RFB 3.3': async (world) => {
    const viewer = await new LightViewer({ port: world.port }).open(world.tokens.control);
    await viewer.handshake({ version: 'RFB 003.003\n' });
    assert.equal(viewer.type, 1);
    await viewer.prepare().update();
    viewer.destroy();
    await viewer.closed;
  },
  'RFB 3.7': async (world) => {
    const viewer = await new LightViewer({ port: world.port }).open(world.tokens.control);
    await viewer.handshake({ version: 'RFB 003.007\n' });
    await viewer.prepare().update();
    viewer.destroy();
    await viewer.closed;
  },
  'the future\'s RFB': (world) => misgreets(world, 'RFB 004.000\n', WRONG_VERSION),
  'garbage for a version': (world) => misgreets(world, Buffer.alloc(64, 0xff), WRONG_VERSION),
  ...Object.fromEntries([0, 2, 16, 19, 255].map((type) => [`security type ${type}, which was not offered`,
    (world) => misgreets(world, Buffer.concat([Buffer.from(RFB_38), Buffer.from([type])]), /security type that was not offered/)])),
  'a handshake that stands still': async (world) => {
    const viewer = await new LightViewer({ port: world.port }).open(world.tokens.control);
    await viewer.rfb.take(12);
    viewer.says('RFB 003.0');
    await viewer.closed;
    assert.deepEqual(viewer.close, { code: 1008, words: 'the RFB handshake took too long' });
  },
  'a viewer that speaks first': async (world) => {
    const viewer = new LightViewer({ port: world.port });
    viewer.send(Buffer.concat([Buffer.from(upgradeRequest(world.port, { token: world.tokens.control })), frame(RFB_38)]));
    assert.equal((await viewer.answer()).status, 101);
    viewer.switched = true;
    viewer.parse();
    await viewer.closed;
    assert.deepEqual(viewer.close, { code: 1002, words: 'in RFB the server speaks first' });
  },
  'a handshake and all behind it in one frame': async (world) => {
    const viewer = await new LightViewer({ port: world.port }).open(world.tokens.control);
    await viewer.rfb.take(12);
    viewer.says(Buffer.concat([Buffer.from(RFB_38), Buffer.from([1, 1]), setFormat, setEncodings(0), updateRequest(0, 0, 8, 8)]));
    await viewer.rfb.take(2 + 4);
    await viewer.rfb.take((await viewer.rfb.take(24)).readUInt32BE(20));
    while (await viewer.message() !== 0);
    viewer.destroy();
    await viewer.closed;
  },
  'garbage behind the handshake of who may look': (world) => confuses(world, 'view', Buffer.alloc(64, 0x99), 1002, /^RFB: /),
  'garbage behind the handshake of who may control': (world) => confuses(world, 'control', Buffer.alloc(64, 0x99), 4013, /closed the connection/),
  'a list of 65535 encodings': (world) => confuses(world, 'view', [2, 0, 0xff, 0xff], 1002, /^RFB: /),
  'a clipboard of 2 GiB': async (world) => {
    const viewer = await opened(world, { stream: 'view' });
    viewer.says([6, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]);
    for (let i = 0; i < 32 && !viewer.isClosed; i++) viewer.says(Buffer.alloc(65536, 'x'));
    viewer.send(closeFrame(1000));
    await viewer.closed;
    assert.equal(viewer.close.code, 1000);
  },
};

// ---- what VNC servers do to a viewer in good faith ----

async function refusedBy(world, name) {
  const { words } = BAD_HANDSHAKES[name];
  const viewer = await new LightViewer({ port: world.port }).open(world.tokens[name]);
  const refusal = await viewer.handshake().then(() => assert.fail('let in'), (error) => error);
  assert.match(refusal.reason ?? refusal.message, words);
  await viewer.closed;
  assert.deepEqual(viewer.close, { code: 4013, words: refusal.reason });
  await world.upstreamError(name);
}

async function lostBy(world, name) {
  const { words, deaf } = BAD_SERVERS[name];
  const viewer = await new LightViewer({ port: world.port }).open(world.tokens[name]);
  viewer.socket.setMaxListeners(0);
  await viewer.handshake();
  const drain = (async () => { for (;;) await viewer.rfb.skip(1 << 16); })().catch(() => {});
  if (words) {
    while (deaf && !viewer.isClosed) {
      viewer.says(Buffer.alloc(16384, 0));
      await sleep(10);
    }
    await viewer.closed;
    assert.equal(viewer.close?.code, 4013, JSON.stringify(viewer.close));
    assert.match(viewer.close.words, words);
    await world.upstreamError(name);
  } else {
    await sleep(300);
    assert.equal(viewer.close, undefined);
    viewer.send(closeFrame(1000));
    await viewer.closed;
    assert.equal(viewer.close.code, 1000);
  }
  await drain;
}

const UPSTREAMS = {
  ...Object.fromEntries(Object.keys(BAD_HANDSHAKES).map((name) => [`a server's handshake: ${name}`, (world) => refusedBy(world, name)])),
  ...Object.fromEntries(Object.keys(BAD_SERVERS).map((name) => [`a server: ${name}`, (world) => lostBy(world, name)])),
};

export const STAGES = { TLS: TLS_STAGE, HTTP: HTTP_STAGE, WebSocket: WEBSOCKET_STAGE, RFB: RFB_STAGE, upstreams: UPSTREAMS, crowds: CROWDS };
