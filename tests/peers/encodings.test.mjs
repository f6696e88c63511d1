// SPDX-License-Identifier: GPL-2.0-or-later
// Every VNC server that Debian has, in every lossless encoding it speaks: what comes out of a connection is, pixel for
// pixel, what the server holds; at first, through a row of changes and copies, and after a change of size. What came in
// which encoding is counted on the wire.
import assert from 'node:assert/strict';
import net from 'node:net';
import { live } from '../lib/proc.mjs';
import { Probe } from '../lib/probe.mjs';
import { wayvnc } from '../lib/wayland.mjs';
import { libvncserver, qemu, tigervnc, tightvnc, x0vncserver, x11vnc } from '../lib/servers.mjs';

const SIZE = { width: 643, height: 479 };
const STEPS = 6;

// Of all pixels that came, how many in the encoding asked for: a server may send any rectangle raw, and some do where that
// is shorter. Copies are as many as the picture has.
const ALL = 1;
const MOST = 0.9;
const SOME = 0.01;

const OF_TIGERVNC = { raw: ALL, rre: SOME, hextile: ALL, tight: ALL, zrle: ALL };
const OF_LIBVNCSERVER = { raw: ALL, rre: SOME, corre: SOME, hextile: ALL, zlib: MOST, tight: ALL, zrle: ALL };

const PEERS = [
  { title: 'TigerVNC Xvnc', start: tigervnc, sends: { ...OF_TIGERVNC, 'copyrect,raw': SOME, 'copyrect,tight': SOME }, resized: [801, 333] },
  { title: 'TigerVNC x0vncserver', start: x0vncserver, sends: OF_TIGERVNC },
  { title: 'TightVNC', start: tightvnc, sends: { raw: ALL, 'copyrect,raw': SOME, rre: SOME, corre: SOME, hextile: ALL, zlib: MOST, tight: ALL } },
  { title: 'LibVNCServer', start: libvncserver, sends: { ...OF_LIBVNCSERVER, 'copyrect,raw': SOME, 'copyrect,zrle': SOME }, resized: [801, 333] },
  { title: 'x11vnc', start: x11vnc, sends: OF_LIBVNCSERVER, resized: [333, 401] },
  // QEMU shows whole blocks of 16 columns.
  { title: 'QEMU', start: qemu, size: { width: 640, height: 479 }, sends: { raw: ALL, hextile: ALL, zlib: ALL, tight: ALL, zrle: ALL }, resized: [800, 333] },
  { title: 'wayvnc', start: wayvnc, sends: { raw: ALL, tight: ALL, zrle: ALL }, resized: [801, 333] },
];

function share(counts, encodings) {
  const wanted = encodings.split(',')[0];
  const total = Object.entries(counts).reduce((sum, [name, n]) => (PIXELS.has(name) ? sum + n : sum), 0);
  return (counts[wanted] ?? 0) / total;
}
const PIXELS = new Set(['raw', 'copyrect', 'rre', 'corre', 'hextile', 'zlib', 'tight', 'tight-jpeg', 'zrle']);

// The picture at first and after each step, in encodings that pack pixels in very different ways.
async function sameAsHeld(scope, peer, steps, names = ['raw', 'hextile', 'tight', 'zrle']) {
  const probe = await Probe.start(scope);
  await peer.draw(0);
  await probe.connectAll(names, peer);
  for (let step = 1; step <= steps; step++) {
    await peer.draw(step);
    await probe.expectTruth(names, peer);
  }
  await probe.finish();
}

for (const { title, start, size = SIZE, sends, resized } of PEERS) {
  live(`${title}: ${Object.keys(sends).join(' ')}`, async (scope) => {
    const peer = await start(scope, size);
    const probe = await Probe.start(scope);
    const names = Object.keys(sends);
    await peer.draw(0);
    await probe.connectAll(names, peer);
    for (let step = 1; step <= STEPS; step++) {
      await peer.draw(step);
      await probe.expectTruth(names, peer);
    }
    if (resized) {
      await peer.resize(...resized);
      await probe.expectTruth(names, peer);
      await peer.draw(1);
      await probe.expectTruth(names, peer);
    }
    for (const name of names) {
      const counts = await probe.counts(name);
      const came = share(counts, name);
      assert.ok(came >= sends[name], `${name}: ${came} of the pixels came so: ${JSON.stringify(counts)}`);
    }
    await probe.finish();
  });
}

// What scrolls below a window: TigerVNC's CopyRects are wrong then, so they are not asked for unless by name.
live('a scroll below a window, in the encodings of the default', async (scope) => {
  const peer = await tigervnc(scope, SIZE);
  const probe = await Probe.start(scope);
  await peer.draw(0);
  await probe.connectAll(['default'], peer);
  for (let step = 1; step <= 12; step++) {
    await peer.scroll(step);
    await probe.expectTruth(['default'], peer);
  }
  await probe.finish();
});

// Servers whose own pixels are others than those that are asked for, and have to be turned into them.
const FORMATS = [
  ['TigerVNC Xvnc, 16 bits', tigervnc, { depth: 16 }],
  ['TigerVNC Xvnc, red and blue changed over', tigervnc, { extra: ['-pixelformat', 'bgr888'] }],
  ['TightVNC, 16 bits', tightvnc, { depth: 16 }],
  ['TightVNC, colour map', tightvnc, { depth: 8 }],
  ['LibVNCServer, red and blue changed over', libvncserver, { format: 'rgbx' }],
  ['LibVNCServer, 16 bits', libvncserver, { format: 'rgb565' }],
  ['LibVNCServer, 8 bits', libvncserver, { format: 'bgr233' }],
  ['LibVNCServer, colour map', libvncserver, { format: 'map8' }],
  ['x11vnc, 16 bits', x11vnc, { depth: 16 }],
  ['x11vnc, colour map', x11vnc, { depth: 8 }],
  ['QEMU, 16 bits', qemu, { bits: 16 }],
  ['QEMU, colour map', qemu, { bits: 8 }],
];

for (const [title, start, options] of FORMATS) {
  live(title, async (scope) => {
    await sameAsHeld(scope, await start(scope, { width: 320, height: 241, ...options }), 2);
  });
}

// No server here is on a big-endian machine. This one is made to say so of its pixels (RFC 6143 section 7.3.2), and must
// be asked for others before anything else.
live('a server that announces big-endian pixels', async (scope) => {
  const peer = await libvncserver(scope, { width: 320, height: 241 });
  const where = await scope.file('big-endian.sock');
  const relay = net.createServer((client) => {
    const server = net.connect({ path: peer.where });
    const flag = 12 + 2 + 4 + 4 + 2; // behind the version, the security types, their result, width and height, bits and depth
    let passed = 0;
    client.pipe(server);
    server.on('data', (data) => {
      if (passed <= flag && flag < passed + data.length) data[flag - passed] = 1;
      passed += data.length;
      client.write(data);
    });
    server.on('close', () => client.destroy());
    for (const socket of [client, server]) socket.on('error', () => server.destroy());
  });
  scope.onStop(() => relay.close());
  await new Promise((resolve) => { relay.listen(where, resolve); });
  await sameAsHeld(scope, { ...peer, where }, 2);
});

// LibVNCServer sends no row of more than 30,000 bytes (its UPDATE_BUF_SIZE).
for (const [title, start, widest] of [['TigerVNC Xvnc', tigervnc, 16384], ['LibVNCServer', libvncserver, 7500]]) {
  for (const [width, height] of [[1, 1], [2, 3], [65, 17], [widest, 3], [5, 4097]]) {
    live(`${title} of ${width}x${height}`, async (scope) => {
      await sameAsHeld(scope, await start(scope, { width, height }), 3);
    });
  }
}

// Where loss is allowed, JPEG comes, and what it shows resembles what is held: in decibels of peak signal-to-noise ratio,
// for a picture with much noise. The best quality has full colour resolution at most servers, half of it at TightVNC and
// wayvnc.
for (const [title, start, best] of [
  ['TigerVNC Xvnc', tigervnc, 45], ['TigerVNC x0vncserver', x0vncserver, 45], ['x11vnc', x11vnc, 45], ['LibVNCServer', libvncserver, 45],
  ['TightVNC', tightvnc, 18], ['wayvnc', wayvnc, 28],
]) {
  live(`${title}: JPEG`, async (scope) => {
    const peer = await start(scope, SIZE);
    const probe = await Probe.start(scope);
    await peer.draw(0);
    for (const [quality, least] of [[1, 11], [10, best]]) {
      const name = `quality-${quality}`;
      await probe.connect(name, peer.where, 'tight', quality);
      await probe.ask('move', name, 0, 0);
      await probe.resemble(name, await peer.truth(), least);
      assert.ok((await probe.counts(name))['tight-jpeg'] > 0, `${title} sent no JPEG at quality ${quality}`);
    }
    await probe.finish();
  });
}
