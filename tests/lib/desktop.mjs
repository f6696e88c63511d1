// SPDX-License-Identifier: GPL-2.0-or-later
// Real desktops: TigerVNC's Xvnc, or x11vnc on Xvfb, with a window manager, a terminal and a background that is not flat.
// Each announces itself and is polled for; sockets are unix sockets in the test's folder or kernel-chosen ports.
import { readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { startManager } from './managers.mjs';
import { GivenUp } from './proc.mjs';
import { writeBackground } from './picture.mjs';

export const WIDTH = 1280;
export const HEIGHT = 800;

let counter = 0;

// A port that was free a moment ago. Whoever gets it must be ready to find it taken, and ask again.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().unref();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The first bytes a server says: {path} or {port}. Rejects when it does not answer.
export function greeting(address, length = 4) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(address.path ? { path: address.path } : { port: address.port, host: '127.0.0.1' });
    let text = '';
    socket.setTimeout(5000, () => socket.destroy(new Error('no greeting')));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.length >= length) { socket.destroy(); resolve(text); }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without a greeting')));
  });
}

export async function passwordFiles(scope, password) {
  if (password === undefined) return {};
  const plain = await scope.file(`password-${++counter}`);
  await writeFile(plain, `${password}\n`, { mode: 0o600 });
  const server = `${plain}.vnc`;
  const shell = 'umask 077; exec tigervncpasswd -f > "$1"';
  await scope.must('sh', ['-c', shell, 'sh', server], { stdin: `${password}\n` });
  return { plain, server };
}

class Desktop {
  // address: {path} or {port}; display: ":N"
  constructor(scope, { display, address, program, server, passwordFile }) {
    Object.assign(this, { scope, display, address, program, server, passwordFile });
    this.env = { DISPLAY: display };
    this.target = address.path ? `vnc+unix:${address.path}` : `vnc://127.0.0.1::${address.port}`;
    this.upstream = address.path ? `unix:${address.path}` : `tcp:127.0.0.1:${address.port}`;
  }

  // manager: one of MANAGERS (managers.mjs).
  async startWindowManager({ frames = true, manager = 'openbox' } = {}) {
    this.manager = await startManager(this.scope, this, manager, { frames });
  }

  property(...args) {
    return this.scope.must('xprop', ['-display', this.display, ...args]);
  }

  // The window named `title`, once it is on the screen: {id, x, y, width, height}, inside its frame.
  async window(program, title) {
    try {
      return await this.mapped(program, title);
    } catch (error) {
      const tree = await this.scope.run('xwininfo', ['-display', this.display, '-root', '-tree']);
      error.message += `; there is: ${tree.stdout}${tree.stderr}`;
      throw error;
    }
  }

  mapped(program, title) {
    return program.until(`the window "${title}"`, async () => {
      const text = await this.scope.must('xwininfo', ['-display', this.display, '-name', title]);
      if (!/Map State: IsViewable/.test(text)) return undefined;
      const number = (what) => Number(new RegExp(`${what}:\\s*(-?\\d+)`).exec(text)[1]);
      return {
        id: /Window id: (0x[0-9a-f]+)/.exec(text)[1],
        x: number('Absolute upper-left X'),
        y: number('Absolute upper-left Y'),
        width: number('Width'),
        height: number('Height'),
      };
    });
  }

  // Until the keyboard belongs to that window.
  focused(program, window) {
    return program.until('the focus', async () => {
      const active = await this.property('-root', '_NET_ACTIVE_WINDOW');
      return Number.parseInt(/# (0x[0-9a-f]+)/.exec(active)?.[1] ?? '0', 16) === Number.parseInt(window.id, 16);
    });
  }

  // more: further arguments.
  startXterm(title, geometry, more = []) {
    return this.scope.start('xterm', ['-title', title, '-geometry', geometry, '-xrm', 'XTerm*cursorBlink: false', ...more, '-e', 'cat'], { env: this.env });
  }

  async startTerminal(title = 'terminal', geometry = '80x24+60+60') {
    const program = this.scope.start('xterm', ['-title', title, '-geometry', geometry, '-xrm', 'XTerm*cursorBlink: false',
      '-e', 'sh', '-c', 'printf "Porthole test desktop\\n\\033[31mred \\033[32mgreen \\033[34mblue\\033[0m\\n"; exec cat'], { env: this.env });
    return this.window(program, title);
  }

  // feh ends when the background is set.
  async setBackground(kind) {
    const file = await this.scope.file('background.png');
    await writeBackground(file, WIDTH, HEIGHT, kind);
    const home = await this.scope.folder(); // it leaves ~/.fehbg behind
    await this.scope.must('feh', ['--no-fehbg', '--bg-fill', file], { env: { ...this.env, HOME: home } });
  }

  // background: see writeBackground. The plain one goes without window frames, whose shades are many colours.
  async furnish({ background = 'rich' } = {}) {
    await this.startWindowManager({ frames: background === 'rich' });
    await this.setBackground(background);
    await this.startTerminal();
    return this;
  }
}

async function displayOf(program) {
  const number = await program.until('a display', () => /^\d+\n/.test(program.extra) && program.extra.trim());
  return `:${number}`;
}

// An X server that is killed leaves its lock and socket behind. By then the display may be another server's: the lock
// tells whose it is.
export function sweep(scope, program, display) {
  scope.onStop(async () => {
    await program.stop();
    const lock = `/tmp/.X${display.slice(1)}-lock`;
    const owner = await readFile(lock, 'utf8').catch(() => '');
    if (Number.parseInt(owner, 10) !== program.pid) return;
    await rm(lock, { force: true });
    await rm(`/tmp/.X11-unix/X${display.slice(1)}`, { force: true });
  });
}

// rfb: 'unix' or 'tcp'; password: VncAuth where given; extra: more arguments; env: more environment.
export async function startXvnc(scope, { geometry = `${WIDTH}x${HEIGHT}`, rfb = 'unix', password, name = 'test desktop', extra = [], env } = {}) {
  const files = await passwordFiles(scope, password);
  const security = password === undefined ? ['-SecurityTypes', 'None'] : ['-SecurityTypes', 'VncAuth', '-PasswordFile', files.server];
  for (let attempt = 1; ; attempt++) {
    const address = rfb === 'unix' ? { path: await scope.file(`xvnc-${++counter}.sock`) } : { port: await freePort() };
    const where = address.path
      ? ['-rfbport', '-1', '-rfbunixpath', address.path]
      : ['-rfbport', String(address.port), '-interface', '127.0.0.1', '-rfbunixpath', ''];
    const program = scope.start('Xvnc', ['-displayfd', '3', ...where, ...security, '-desktop', name, '-geometry', geometry,
      '-depth', '24', '-AlwaysShared', '-FrameRate', '240', '-nolisten', 'tcp', '-noreset', ...extra], { extraPipe: true, env });
    try {
      const display = await displayOf(program);
      sweep(scope, program, display);
      await program.until('an RFB greeting', async () => (await greeting(address)).startsWith('RFB '));
      return new Desktop(scope, { display, address, program, server: program, passwordFile: files.plain });
    } catch (error) {
      // Somebody else may have taken the port in between.
      if (!(error instanceof GivenUp) || rfb === 'unix' || attempt === 5) throw error;
    }
  }
}

// A screen that nobody sees. geometry: WIDTHxHEIGHTxDEPTH; screen: more arguments.
export async function startXvfb(scope, geometry = `${WIDTH}x${HEIGHT}x24`, screen = []) {
  const program = scope.start('Xvfb', ['-displayfd', '3', '-screen', '0', geometry, '-nolisten', 'tcp', '-noreset', ...screen], { extraPipe: true });
  const display = await displayOf(program);
  sweep(scope, program, display);
  await program.until('the display', () => scope.must('xdpyinfo', ['-display', display]));
  return { program, display };
}

// x11vnc shows an Xvfb; its own port or socket.
export async function startX11vnc(scope, { rfb = 'unix', password, geometry, screen: more, extra = [], env } = {}) {
  const { program: screen, display } = await startXvfb(scope, geometry, more);
  const files = await passwordFiles(scope, password);
  const security = password === undefined ? ['-nopw'] : ['-rfbauth', files.server];
  for (let attempt = 1; ; attempt++) {
    const address = rfb === 'unix' ? { path: await scope.file(`x11vnc-${++counter}.sock`) } : { port: await freePort() };
    const where = address.path ? ['-rfbport', '0', '-unixsock', address.path] : ['-rfbport', String(address.port), '-listen', '127.0.0.1', '-noipv6'];
    const program = scope.start('x11vnc', ['-display', display, ...where, '-forever', '-shared', ...security, '-wait', '10', '-noxdamage',
      '-norc', '-quiet', '-noxrecord', ...extra], { env: { HOME: await scope.folder(), ...env } });
    try {
      await program.until('an RFB greeting', async () => (await greeting(address)).startsWith('RFB '));
      return new Desktop(scope, { display, address, program: screen, server: program, passwordFile: files.plain });
    } catch (error) {
      if (!(error instanceof GivenUp) || rfb === 'unix' || attempt === 5) throw error;
    }
  }
}
