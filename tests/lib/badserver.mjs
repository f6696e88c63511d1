// SPDX-License-Identifier: GPL-2.0-or-later
// VNC servers that are not what they should be: each listens on a unix socket of its own and is a desktop of the
// proxy's configuration. What a viewer is told, and what the log says, stands beside what the server does.
import net from 'node:net';

const GREETING = Buffer.from('RFB 003.008\n');
const NONE = Buffer.from([1, 1]);
const OK = Buffer.alloc(4);
const u32 = (n) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(n); return bytes; };

function serverInit({ width = 64, height = 48, format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0], nameLength = 4 } = {}) {
  return Buffer.concat([Buffer.from([width >> 8, width & 0xff, height >> 8, height & 0xff, ...format]), u32(nameLength), Buffer.from('fake')]);
}

// Says the steps, each when the viewer has answered the one before with so many bytes.
async function play(socket, steps) {
  for (const [says, answer = 0] of steps) {
    socket.write(Buffer.from(says));
    for (let got = 0; got < answer;) {
      const data = await socket.next();
      if (data === undefined) return false;
      got += data.length;
    }
  }
  return true;
}

const greeted = [GREETING, 12];
const agreed = [greeted, [NONE, 1], [OK, 1]];
const whole = [...agreed, [serverInit()]];
const HANDSHAKE = Buffer.concat([GREETING, NONE, OK, serverInit()]);
export const HANDSHAKE_LENGTH = HANDSHAKE.length;

const UNREACHABLE = /cannot be reached$/;
const CLOSED = /closed the connection$/;
const LATE = /did not answer in time$/;
const NONSENSE = /gave an answer that makes no sense$/;
const UNKNOWN = /speaks no version or security type known here$/;

const says = (...steps) => (socket) => play(socket, steps);
const hangs = (...steps) => ({ serve: (socket) => play(socket, steps), words: LATE, detail: /no answer in time/ });

// Handshakes that go wrong. words: what the viewer is told; detail: what the log says.
export const BAD_HANDSHAKES = {
  refuses: { listens: false, words: UNREACHABLE, detail: /^connecting to unix:.*refuses: no such file or directory/ },
  'hangs.at-once': hangs(),
  'hangs.version': hangs([GREETING.subarray(0, 11)]),
  'hangs.types': hangs(greeted),
  'hangs.result': hangs(greeted, [NONE, 1]),
  'hangs.init': hangs(...agreed),
  'hangs.name': hangs(...agreed, [serverInit({ nameLength: 5 })]),
  // Each connection gets one byte more of the handshake than the one before, and then none.
  dies: {
    serve: async (socket, count) => {
      let rest = count % HANDSHAKE.length;
      for (const [bytes, answer] of whole) {
        const part = bytes.subarray(0, rest);
        rest -= part.length;
        if (part.length > 0) socket.write(part);
        if (part.length < bytes.length) break;
        if (!await play(socket, [[Buffer.alloc(0), answer]])) return;
      }
      socket.end();
    },
    words: CLOSED,
    detail: /^handshake: end of stream$/,
  },
  garbage: { serve: says(['\x00\xff'.repeat(512)]), words: NONSENSE, detail: /^handshake: / },
  web: { serve: says(['HTTP/1.1 400 Bad Request\r\n\r\n']), words: NONSENSE, detail: /^handshake: / },
  'types.none': { serve: says(greeted, [[0, ...u32(12), ...Buffer.from('go away\x1b[2J!')]]), words: /refused the connection$/, detail: /^handshake: go away \[2J!$/ },
  'types.255': { serve: says(greeted, [[255, ...Array.from({ length: 255 }, (_, i) => (i === 0 ? 3 : 30 + i % 200))]]), words: UNKNOWN, detail: /^handshake: / },
  'reason.4g': { serve: says(greeted, [[0, 0xff, 0xff, 0xff, 0xff]], ['x'.repeat(8192)]), words: NONSENSE, detail: /reason is longer than 4096 bytes/ },
  'result.7': { serve: says(greeted, [NONE, 1], [u32(7)]), words: NONSENSE, detail: /unknown security result/ },
  'result.refused': { serve: says(greeted, [NONE, 1], [[...u32(1), ...u32(0xffffffff)]]), words: NONSENSE, detail: /reason is longer/ },
  'name.4g': { serve: says(...agreed, [serverInit({ nameLength: 0xffffffff })], ['x'.repeat(8192)]), words: NONSENSE, detail: /name is longer than 4096 bytes/ },
  'size.0': { serve: says(...agreed, [serverInit({ width: 0, height: 0 })]), words: NONSENSE, detail: /framebuffer is empty or above/ },
  'size.65535': { serve: says(...agreed, [serverInit({ width: 65535, height: 65535 })]), words: NONSENSE, detail: /framebuffer is empty or above/ },
  'format.7': { serve: says(...agreed, [serverInit({ format: [7, 3, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0] })]), words: NONSENSE, detail: /pixel format is impossible/ },
};

const update = (rectangles) => Buffer.concat([Buffer.from([0, 0, 0, rectangles]), Buffer.from([0, 0, 0, 0, 0, 64, 0, 48, 0, 0, 0, 0])]);

// Writes the same bytes again and again, as fast as they are taken.
function pour(socket, bytes) {
  const more = () => {
    while (socket.writable && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

async function then(socket, act) {
  if (await play(socket, whole)) await act(socket);
}

// What goes wrong behind the handshake. filtered: the stream's clipboard is closed, and so the server's bytes are framed.
// close: the code and words that the viewer gets; undefined: nothing is wrong that the proxy could see, and it goes on.
export const BAD_SERVERS = {
  'dies.update': { serve: (s) => then(s, () => s.end(Buffer.concat([update(1), Buffer.alloc(100)]))), words: CLOSED, detail: /^end of stream$/ },
  'dies.unread': { serve: (s) => then(s, () => s.destroy()), words: CLOSED, detail: /end of stream|connection reset|broken pipe/ },
  'filtered.garbage': { filtered: true, serve: (s) => then(s, () => s.write('\x99'.repeat(64))), words: /broke the protocol$/, detail: /./ },
  'filtered.outside': { filtered: true, serve: (s) => then(s, () => s.write(Buffer.from([0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 64, 0, 48, 0, 0, 0, 0]))), words: /broke the protocol$/, detail: /./ },
  'filtered.encoding': { filtered: true, serve: (s) => then(s, () => s.write(Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 64, 0, 48, 0, 0, 0x7f, 0x7f]))), words: /broke the protocol$/, detail: /./ },
  'filtered.cut-text': { filtered: true, serve: (s) => then(s, () => { s.write(Buffer.from([3, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff])); pour(s, Buffer.alloc(65536, 'x')); }) },
  'filtered.extended': { filtered: true, serve: (s) => then(s, () => { s.write(Buffer.from([3, 0, 0, 0, 0x80, 0, 0, 1, 0, 0, 0, 1])); pour(s, Buffer.alloc(65536, 'x')); }) },
  'filtered.colours': { filtered: true, serve: (s) => then(s, () => pour(s, Buffer.concat([Buffer.from([1, 0, 0, 0, 0xff, 0xff]), Buffer.alloc(6 * 65535)]))) },
  colours: { serve: (s) => then(s, () => pour(s, Buffer.concat([Buffer.from([1, 0, 0, 0, 0xff, 0xff]), Buffer.alloc(6 * 65535)]))) },
  flood: { serve: (s) => then(s, () => pour(s, Buffer.alloc(65536, '\x02'))) },
  // Takes no byte behind the handshake.
  deaf: { serve: (s) => then(s, () => s.deafen()), deaf: true, words: /takes no input$/, detail: /^takes no input$/ },
};

// Starts them all; { desktops, streams } for startPortholed, and how many connections there are.
export async function startBadServers(scope) {
  const state = { desktops: {}, streams: {}, open: 0 };
  for (const [name, { listens = true, serve, filtered }] of Object.entries({ ...BAD_HANDSHAKES, ...BAD_SERVERS })) {
    const path = await scope.file(`bad-${name}`);
    state.desktops[name] = { upstream: `unix:${path}` };
    state.streams[name] = { desktop: name, ...(filtered ? { role: 'view' } : {}) };
    if (!listens) continue;
    let count = 0;
    const sockets = new Set();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      state.open++;
      let waiting;
      const chunks = [];
      socket.on('data', (data) => { if (waiting) { waiting(data); waiting = undefined; } else if (chunks.length < 16) chunks.push(data); });
      socket.on('error', () => {});
      socket.on('close', () => { state.open--; sockets.delete(socket); waiting?.(undefined); });
      socket.next = () => (chunks.length > 0 ? Promise.resolve(chunks.shift()) : socket.destroyed ? Promise.resolve(undefined) : new Promise((resolve) => { waiting = resolve; }));
      socket.deafen = () => { socket.removeAllListeners('data'); socket.pause(); };
      serve(socket, count++);
    });
    await new Promise((resolve, reject) => server.on('error', reject).listen(path, resolve));
    scope.onStop(() => new Promise((resolve) => {
      server.close(resolve);
      for (const socket of sockets) socket.destroy();
    }));
  }
  return state;
}
