// SPDX-License-Identifier: GPL-2.0-or-later
// VNC servers of all kinds behind one face: `where` a tap finds them (a socket's path, or a port); draw(step) changes what
// they show; truth() is what they then hold, as a picture or the name of a PPM file, asked of the server or of the screen
// behind it, never of RFB. Some have resize(width, height), which draws step 0 of the new size too; and isStale(), which
// tells that the truth has changed since, for those where nobody knows when all is drawn. wayvnc is in wayland.mjs.
import { freePort, greeting, passwordFiles, startX11vnc, startXvfb, startXvnc, sweep } from './desktop.mjs';
import { captureX, crop } from './picture.mjs';
import { peerProgram } from './probe.mjs';
import { GivenUp } from './proc.mjs';
import { qmp } from './qmp.mjs';

let counter = 0;

// A program that says "ready" and then does as it is told.
async function startCommanded(scope, command, args, options) {
  const program = scope.start(command, args, { commanded: true, ...options });
  const line = await program.line();
  if (line !== 'ready') throw new Error(`${program.name} said ${line} where it should be ready`);
  return program;
}

// ---- on an X display ----

// widen: how the server widens colours of fewer than eight bits
async function onX(desktop, widen) {
  const painter = await startCommanded(desktop.scope, peerProgram('painter'), [], { env: desktop.env });
  return {
    desktop,
    server: desktop.server,
    where: desktop.address.path ?? String(desktop.address.port),
    draw: (step) => painter.ask(`draw ${step}`),
    scroll: (step) => painter.ask(`scroll ${step}`),
    truth: () => captureX(desktop.display, widen),
  };
}

// TigerVNC's own X server. extra: more arguments. It widens by i * 255 / max in whole numbers (PixelFormat.cxx).
export async function tigervnc(scope, { width, height, depth = 24, extra = [] }) {
  const peer = await onX(await startXvnc(scope, { geometry: `${width}x${height}`, extra: ['-depth', String(depth), ...extra] }), Math.floor);
  const randr = (...args) => scope.must('xrandr', ['-display', peer.desktop.display, ...args]);
  peer.resize = async (w, h) => {
    const mode = `${w}x${h}`;
    await randr('--newmode', mode, '0', w, '0', '0', '0', h, '0', '0', '0');
    await randr('--addmode', 'VNC-0', mode);
    await randr('--output', 'VNC-0', '--mode', mode);
    await peer.draw(0);
  };
  return peer;
}

// x11vnc shows another X server's screen, or after resize() a corner of it. It polls, so it lags behind.
export async function x11vnc(scope, { width, height, depth = 24, screen = [], extra = [] }) {
  const desktop = await startX11vnc(scope, { geometry: `${width}x${height}x${depth}`, screen, extra });
  const peer = await onX(desktop);
  let shown;
  peer.truth = async () => {
    const picture = await captureX(desktop.display);
    return shown ? crop(picture, 0, 0, ...shown) : picture;
  };
  peer.resize = async (w, h) => {
    shown = [w, h];
    await scope.must('x11vnc', ['-display', desktop.display, '-sync', '-R', `clip:${w}x${h}+0+0`], { env: { HOME: await scope.folder() } });
    await peer.draw(0);
  };
  return peer;
}

// TigerVNC's server for a screen that is there already
export async function x0vncserver(scope, { width, height }) {
  const screen = await startXvfb(scope, `${width}x${height}x24`);
  const path = await scope.file(`x0-${++counter}.sock`);
  const server = scope.start('x0vncserver', ['-display', screen.display, '-rfbport', '-1', '-rfbunixpath', path, '-SecurityTypes', 'None',
    '-AlwaysShared', '-FrameRate', '240']);
  await server.until('an RFB greeting', async () => (await greeting({ path })).startsWith('RFB '));
  return onX({ scope, server, address: { path }, display: screen.display, env: { DISPLAY: screen.display } });
}

// TightVNC: an X server of the last century, which wants to be told its display and a TCP port.
export async function tightvnc(scope, { width, height, depth = 24, password }) {
  const files = await passwordFiles(scope, password);
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const display = `:${port}`; // no X server takes one as high by itself
    const server = scope.start('Xtightvnc', [display, '-rfbport', String(port), '-localhost', '-geometry', `${width}x${height}`, '-depth', String(depth),
      '-alwaysshared', '-nolisten', 'tcp', ...(password ? ['-rfbauth', files.server] : [])]);
    sweep(scope, server, display);
    try {
      await server.until('an RFB greeting', async () => (await greeting({ port })).startsWith('RFB '));
      return await onX({ scope, server, address: { port }, display, env: { DISPLAY: display } });
    } catch (error) {
      if (!(error instanceof GivenUp) || attempt === 5) throw error;
    }
  }
}

// ---- with a framebuffer of their own ----

// LibVNCServer (tests/peers/vncserver.c); format: bgrx rgbx rgb565 bgr233 map8
export async function libvncserver(scope, { width, height, format = 'bgrx', password }) {
  const where = await scope.file(`libvncserver-${++counter}.sock`);
  const server = await startCommanded(scope, peerProgram('vncserver'), [where, String(width), String(height), format, ...(password ? [password] : [])]);
  return {
    server,
    where,
    draw: (step) => server.ask(`draw ${step}`),
    resize: (w, h) => server.ask(`resize ${w} ${h}`),
    truth: async () => {
      const file = await scope.file('libvncserver.ppm');
      await server.ask(`shot ${file}`);
      return file;
    },
  };
}

// QEMU, whose virtual machine runs tests/peers/guest.c; bits: of a pixel in its display's mode.
export async function qemu(scope, { width, height, bits = 32, password }) {
  const where = await scope.file(`qemu-${++counter}.sock`);
  const monitor = await scope.file(`qemu-${counter}.qmp`);
  const guest = await startCommanded(scope, 'qemu-system-x86_64', ['-machine', 'pc,accel=tcg', '-m', '32', '-nodefaults', '-vga', 'std', '-kernel', peerProgram('guest'),
    '-serial', 'stdio', '-display', 'none', '-vnc', `unix:${where}${password ? ',password=on' : ''}`, '-qmp', `unix:${monitor},server=on,wait=off`]);
  const peer = {
    server: guest,
    where,
    draw: (step) => guest.ask(`draw ${step}`),
    resize: async (w, h) => {
      await guest.ask(`mode ${w} ${h} ${bits}`);
      await peer.draw(0);
    },
    truth: async () => {
      const file = await scope.file('qemu.ppm');
      await qmp(monitor, 'screendump', { filename: file });
      return file;
    },
  };
  if (password) await qmp(monitor, 'set_password', { protocol: 'vnc', password });
  await peer.resize(width, height);
  return peer;
}
