// SPDX-License-Identifier: GPL-2.0-or-later
// Records sessions with real VNC servers: node tests/data/record.mjs [NAME...]. README.md beside it says what for.
// A recording goes on when the server has been quiet for a while: nothing of the wire code under test is in it.
import { open, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { Scope, until } from '../lib/proc.mjs';

const WIDTH = 320;
const HEIGHT = 240;
const QUIET_MS = 400;

const u8 = (...values) => Buffer.from(values);
const u16 = (...values) => Buffer.concat(values.map((v) => { const b = Buffer.alloc(2); b.writeUInt16BE(v); return b; }));
const u32 = (...values) => Buffer.concat(values.map((v) => { const b = Buffer.alloc(4); b.writeUInt32BE(v >>> 0); return b; }));

const format = (bits, depth, big, colour, max, shift) => Buffer.concat([u8(bits, depth, big, colour), u16(...max), u8(...shift, 0, 0, 0)]);
const FORMATS = {
  bgrx: format(32, 24, 0, 1, [255, 255, 255], [16, 8, 0]),
  rgb565: format(16, 16, 0, 1, [31, 63, 31], [11, 5, 0]),
  bgr233: format(8, 8, 0, 1, [7, 7, 3], [0, 3, 6]),
  map8: format(8, 8, 0, 0, [0, 0, 0], [0, 0, 0]),
};

const ENCODING = {
  raw: 0, copyrect: 1, rre: 2, corre: 4, hextile: 5, zlib: 6, tight: 7, zrle: 16, cursor: -239, xcursor: -240,
  desktopSize: -223, lastRect: -224, pointerPos: -232, compress6: -250, quality5: -27, ledState: -261, qemuKey: -258, desktopName: -307,
  extendedDesktopSize: -308, fence: -312, continuousUpdates: -313, vmwareCursorPos: 0x574d5666,
};
const KEY_A = 0x61;
const CAPS_LOCK = 0xffe5;

// A picture of very many colours, for JPEG: the format of xwd(1), shown by xwud.
function photograph(width, height) {
  const head = [104, 7, 2, 24, width, height, 0, 1, 32, 1, 32, 32, width * 4, 4, 0xff0000, 0xff00, 0xff, 8, 256, 0, width, height, 0, 0, 0];
  const pixels = Buffer.alloc(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const wave = Math.round(30 * Math.sin(x / 7) * Math.cos(y / 5));
      pixels[at + 1] = (x * 255) / width;
      pixels[at + 2] = (y * 255) / height;
      pixels[at + 3] = 128 + wave;
    }
  }
  return Buffer.concat([u32(...head), u32(0), pixels]); // and a name of nothing
}

class Session {
  async open(path) {
    this.socket = net.connect({ path });
    this.pending = Buffer.alloc(0);
    this.last = Date.now();
    this.socket.on('data', (data) => { this.pending = Buffer.concat([this.pending, data]); this.last = Date.now(); });
    this.socket.on('error', (error) => { this.error = error; });
    this.socket.on('close', () => { this.closed = true; });
    await this.take(12);
    this.socket.write('RFB 003.008\n');
    await this.take((await this.take(1))[0]);
    this.socket.write(u8(1));
    await this.take(4);
    this.socket.write(u8(1));
    const init = await this.take(24);
    await this.take(init.readUInt32BE(20));
    this.width = init.readUInt16BE(0);
    this.height = init.readUInt16BE(2);
    this.format = init.subarray(4, 20);
    this.client = Buffer.alloc(0);
  }

  async take(n) {
    await until(`${n} bytes`, () => this.pending.length >= n);
    const bytes = this.pending.subarray(0, n);
    this.pending = this.pending.subarray(n);
    return bytes;
  }

  // Sends and waits until the server has said all it has to say.
  async send(...messages) {
    const bytes = Buffer.concat(messages);
    this.client = Buffer.concat([this.client, bytes]);
    this.socket.write(bytes);
    await this.quiet();
  }

  // TigerVNC measures the way with fences and sends nothing more while they are not answered. They are found by their
  // look, at the end of what came: whatever else looks like one has an answer that does no harm.
  answerFences() {
    const head = u8(248, 0, 0, 0, 128, 0, 0);
    const answers = [];
    let at = this.scanned ?? 0;
    while ((at = this.pending.indexOf(head, at)) >= 0 && at + 9 + this.pending[at + 8] <= this.pending.length) {
      answers.push(fence(this.pending[at + 7], this.pending.subarray(at + 9, at + 9 + this.pending[at + 8])));
      at += 9 + this.pending[at + 8];
      this.scanned = at;
    }
    const bytes = Buffer.concat(answers);
    this.client = Buffer.concat([this.client, bytes]);
    this.socket.write(bytes);
    return answers.length !== 0;
  }

  async quiet() {
    do {
      this.last = Date.now();
      await until('the server to be quiet', () => Date.now() - this.last > QUIET_MS);
    } while (this.answerFences());
    if (this.closed) throw new Error(`the server hung up: ${this.error?.message ?? ''}`);
  }

  // Layout: README.md.
  file() {
    return Buffer.concat([Buffer.from('RFBREC1\n'), u16(this.width, this.height), this.format, u32(this.pending.length, this.client.length),
      this.pending, this.client]);
  }
}

const setFormat = (name) => Buffer.concat([u8(0, 0, 0, 0), FORMATS[name]]);
const setEncodings = (names) => Buffer.concat([u8(2, 0), u16(names.length), u32(...names.map((name) => ENCODING[name]))]);
const request = (incremental, x, y, w, h) => Buffer.concat([u8(3, incremental), u16(x, y, w, h)]);
const key = (down, keysym) => Buffer.concat([u8(4, down, 0, 0), u32(keysym)]);
const press = (keysym) => Buffer.concat([key(1, keysym), key(0, keysym)]);
const pointer = (buttons, x, y) => Buffer.concat([u8(5, buttons), u16(x, y)]);
const cutText = (text) => Buffer.concat([u8(6, 0, 0, 0), u32(text.length), Buffer.from(text, 'latin1')]);
const continuous = (on, x, y, w, h) => Buffer.concat([u8(150, on), u16(x, y, w, h)]);
const fence = (flags, text) => Buffer.concat([u8(248, 0, 0, 0), u32(flags), u8(text.length), Buffer.from(text)]);
const setDesktopSize = (w, h) => Buffer.concat([u8(251, 0), u16(w, h), u8(1, 0), u32(0), u16(0, 0, w, h), u32(0)]);
const qemuKey = (down, keysym, code) => Buffer.concat([u8(255, 0), u16(down), u32(keysym, code)]);

// Pixels: all of a region, then what the terminal changes in it: a line, and three lines that scroll.
async function pixels(s, desktop, { formatName = 'bgrx', encodings, region = [0, 0, WIDTH, HEIGHT] }) {
  s.format = FORMATS[formatName];
  await s.send(setFormat(formatName), setEncodings([...encodings, 'cursor']), pointer(0, 60, 120));
  await s.send(request(0, ...region));
  for (const text of ['some words', '\n', 'more words\n', '\x1b[7mreversed\x1b[0m\n']) {
    await s.send(request(1, ...region));
    await desktop.print(text);
    await s.quiet();
  }
}
const small = [4, 4, 64, 40];
const half = [0, 0, 230, 160];
const scene = (encodings, more) => (s, desktop) => pixels(s, desktop, { encodings, ...more });

// What makes the terminal ring, and what makes it own the clipboard.
const RING = '\x07';
const COPY = `\x1b]52;c;${Buffer.from('from the desktop').toString('base64')}\x07`;

async function everything(s, desktop) {
  s.format = FORMATS.bgrx;
  await s.send(setFormat('bgrx'), setEncodings(['zrle', 'cursor', 'xcursor', 'desktopSize', 'extendedDesktopSize', 'lastRect', 'desktopName',
    'ledState', 'qemuKey', 'fence', 'continuousUpdates', 'vmwareCursorPos']));
  await s.send(fence(0x00000001, ''), fence(0x80000003, 'are you there'), pointer(0, 60, 40));
  await s.send(request(0, 0, 0, WIDTH, HEIGHT));
  await s.send(request(1, 0, 0, WIDTH, HEIGHT));
  await s.send(request(1, 0, 0, WIDTH, HEIGHT), setDesktopSize(300, 200));
  await s.send(request(0, 0, 0, 300, 200), setDesktopSize(0, 200));
  await s.send(request(1, 0, 0, 300, 200), press(CAPS_LOCK));
  await s.send(request(1, 0, 0, 300, 200), press(CAPS_LOCK), press(KEY_A), qemuKey(1, 0x61, 0x1e), qemuKey(0, 0x61, 0x1e));
  await desktop.run('vncconfig', ['-display', desktop.display, '-set', 'desktop=another name']);
  await s.send(request(1, 0, 0, 300, 200));
  await desktop.print(RING + COPY);
  await s.send(cutText('from the viewer\n'));
  await s.send(continuous(1, 0, 0, 300, 200), pointer(0, 60, 120));
  await desktop.print('seen without asking');
  await s.quiet();
  await s.send(continuous(0, 0, 0, 0, 0));
}

async function resized(s, desktop) {
  s.format = FORMATS.bgrx;
  await s.send(setFormat('bgrx'), setEncodings(['hextile', 'desktopSize', 'xcursor']), pointer(0, 60, 40));
  await s.send(request(0, 0, 0, 60, 30));
  await desktop.run('xrandr', ['--output', 'VNC-0', '--mode', '640x480']);
  await s.send(request(1, 0, 0, 640, 480));
  await s.send(request(0, 600, 440, 40, 40));
}

async function colourMap(s) {
  s.format = FORMATS.map8;
  await s.send(setFormat('map8'), setEncodings(['hextile']), pointer(0, 60, 40));
  await s.send(request(0, 0, 0, 60, 30));
}

async function x11vncEverything(s, desktop) {
  s.format = FORMATS.bgrx;
  await s.send(setFormat('bgrx'), setEncodings(['hextile', 'cursor', 'desktopSize', 'extendedDesktopSize', 'lastRect', 'pointerPos']));
  await s.send(pointer(0, 60, 40), request(0, 0, 0, WIDTH, HEIGHT));
  await s.send(pointer(0, 90, 80), request(1, 0, 0, WIDTH, HEIGHT));
  await s.send(cutText('from the viewer\n'), press(KEY_A));
  await desktop.print(RING);
  await s.send(request(1, 0, 0, WIDTH, HEIGHT));
  await desktop.remote('clip:200x150+0+0');
  await s.send(request(1, 0, 0, 200, 150));
  await s.send(request(0, 0, 0, 200, 150));
}

async function x11vncResized(s, desktop) {
  s.format = FORMATS.bgrx;
  await s.send(setFormat('bgrx'), setEncodings(['hextile', 'desktopSize', 'xcursor']), pointer(0, 60, 40));
  await s.send(request(0, 0, 0, 60, 30));
  await desktop.remote('scale:1/2');
  await s.send(request(1, 0, 0, 160, 120));
  await s.send(request(0, 0, 0, 160, 120));
}

// What is on the screen: a terminal that shows what is written into a pipe, and at the right a picture.
async function furnish(desktop) {
  const { scope } = desktop;
  const env = { DISPLAY: desktop.display };
  const pipe = await scope.file('terminal');
  await scope.must('mkfifo', [pipe]);
  const toTerminal = await open(pipe, 'r+'); // for reading too: so it does not wait for the terminal
  scope.onStop(() => toTerminal.close());
  desktop.print = (text) => toTerminal.write(text);
  const terminal = scope.start('xterm', ['-geometry', '26x8+0+0', '-title', 'terminal', '-bc', '-xrm', 'XTerm*cursorBlink: false',
    '-xrm', 'XTerm*allowWindowOps: true', '-xrm', 'XTerm*disallowedWindowOps:', '-e', 'sh', '-c', 'seq 100 120; exec cat "$1"', 'sh', pipe], { env });
  const file = await scope.file('picture.xwd');
  await writeFile(file, photograph(120, 90));
  const picture = scope.start('xwud', ['-in', file, '-geometry', '+190+130'], { env });
  for (const [program, name] of [[terminal, 'xterm'], [picture, 'xwud']]) {
    await program.until('its window', async () => {
      const tree = await scope.must('xwininfo', ['-display', desktop.display, '-root', '-tree']);
      const id = new RegExp(`(0x[0-9a-f]+) [^\\n]*\\("${name}"`).exec(tree)?.[1];
      return id && /Map State: IsViewable/.test(await scope.must('xwininfo', ['-display', desktop.display, '-id', id]));
    });
  }
}

const helpers = (scope, display) => ({ scope, display, run: (command, args) => scope.must(command, args, { env: { DISPLAY: display } }) });
const displayOf = async (program) => `:${await program.until('a display', () => /^\d+\n/.test(program.extra) && program.extra.trim())}`;

async function startXvnc(scope) {
  const path = await scope.file('rfb.sock');
  const program = scope.start('Xvnc', ['-displayfd', '3', '-rfbport', '-1', '-rfbunixpath', path, '-SecurityTypes', 'None', '-desktop', 'recorded',
    '-geometry', `${WIDTH}x${HEIGHT}`, '-depth', '24', '-AlwaysShared', '-nolisten', 'tcp', '-noreset'], { extraPipe: true });
  const desktop = helpers(scope, await displayOf(program));
  await furnish(desktop);
  return { ...desktop, path };
}

async function startX11vnc(scope) {
  const screen = scope.start('Xvfb', ['-displayfd', '3', '-screen', '0', `${WIDTH}x${HEIGHT}x24`, '-nolisten', 'tcp', '-noreset'], { extraPipe: true });
  const desktop = helpers(scope, await displayOf(screen));
  await furnish(desktop);
  const path = await scope.file('rfb.sock');
  const home = { HOME: await scope.folder() };
  const program = scope.start('x11vnc', ['-display', desktop.display, '-rfbport', '0', '-unixsock', path, '-forever', '-shared', '-nopw', '-wait', '10',
    '-defer', '10', '-norc', '-quiet'], { env: home });
  await program.until('a socket', () => readFile(path).then(() => false, (error) => error.code !== 'ENOENT'));
  return { ...desktop, path, remote: (command) => until('x11vnc to obey', () => scope.must('x11vnc', ['-display', desktop.display, '-sync', '-R', command], { env: home })) };
}

const RECORDINGS = {
  'xvnc-raw': [startXvnc, scene(['raw'], { region: small })],
  'xvnc-raw16': [startXvnc, scene(['raw'], { region: small, formatName: 'rgb565' })],
  'xvnc-copyrect': [startXvnc, scene(['copyrect', 'rre'], { region: half })],
  'xvnc-rre8': [startXvnc, scene(['rre'], { formatName: 'bgr233' })],
  'xvnc-hextile': [startXvnc, scene(['hextile', 'copyrect'])],
  'xvnc-hextile16': [startXvnc, scene(['hextile'], { formatName: 'rgb565' })],
  'xvnc-tight': [startXvnc, scene(['tight', 'copyrect', 'compress6'])],
  'xvnc-tight-jpeg': [startXvnc, scene(['tight', 'quality5', 'lastRect'])],
  'xvnc-tight16': [startXvnc, scene(['tight'], { formatName: 'rgb565' })],
  'xvnc-zrle': [startXvnc, scene(['zrle', 'copyrect'])],
  'xvnc-zrle8': [startXvnc, scene(['zrle'], { formatName: 'bgr233' })],
  'xvnc-colourmap': [startXvnc, colourMap],
  'xvnc-resized': [startXvnc, resized],
  'xvnc-everything': [startXvnc, everything],
  'x11vnc-raw': [startX11vnc, scene(['raw'], { region: small })],
  'x11vnc-hextile': [startX11vnc, scene(['hextile'])],
  'x11vnc-rre': [startX11vnc, scene(['rre'], { region: half })],
  'x11vnc-corre': [startX11vnc, scene(['corre'], { region: half })],
  'x11vnc-hextile8': [startX11vnc, scene(['hextile'], { formatName: 'bgr233' })],
  'x11vnc-zlib': [startX11vnc, scene(['zlib', 'compress6'])],
  'x11vnc-tight': [startX11vnc, scene(['tight', 'compress6', 'lastRect'])],
  'x11vnc-tight-jpeg': [startX11vnc, scene(['tight', 'quality5', 'compress6', 'lastRect'])],
  'x11vnc-zrle': [startX11vnc, scene(['zrle', 'compress6'])],
  'x11vnc-zrle16': [startX11vnc, scene(['zrle'], { formatName: 'rgb565' })],
  'x11vnc-colourmap': [startX11vnc, colourMap],
  'x11vnc-resized': [startX11vnc, x11vncResized],
  'x11vnc-everything': [startX11vnc, x11vncEverything],
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RECORDINGS);
for (const name of names) {
  if (!RECORDINGS[name]) throw new Error(`there is no recording ${name}; there are: ${Object.keys(RECORDINGS).join(' ')}`);
  const [start, play] = RECORDINGS[name];
  const scope = new Scope();
  try {
    const desktop = await start(scope);
    const session = new Session();
    await session.open(desktop.path);
    await play(session, desktop);
    const file = session.file();
    await writeFile(fileURLToPath(new URL(`${name}.rfb`, import.meta.url)), file);
    process.stdout.write(`${name}: ${session.pending.length} bytes from the server, ${session.client.length} to it\n`);
    session.socket.destroy();
  } catch (error) {
    process.stderr.write(`${name}: ${error.message}\n${scope.logs()}`);
    process.exitCode = 1;
  } finally {
    await scope.stopAll();
  }
}
