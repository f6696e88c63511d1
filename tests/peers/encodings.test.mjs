// SPDX-License-Identifier: GPL-2.0-or-later
// Every VNC server that Debian has, in every lossless encoding it speaks: what comes out of a connection is, pixel for
// pixel, what the server holds; at first, through a row of changes and copies, and after a change of size. What came in
// which encoding is counted on the wire.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { Probe } from '../lib/probe.mjs';
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
];

function share(counts, encodings) {
  const wanted = encodings.split(',')[0];
  const total = Object.entries(counts).reduce((sum, [name, n]) => (PIXELS.has(name) ? sum + n : sum), 0);
  return (counts[wanted] ?? 0) / total;
}
const PIXELS = new Set(['raw', 'copyrect', 'rre', 'corre', 'hextile', 'zlib', 'tight', 'tight-jpeg', 'zrle']);

// One by one, each with its first picture: a client that connects makes QEMU 7.2 drop what it is sending to others for
// the first time, and never resume (vnc_abort_display_jobs).
async function connectAll(probe, peer, names) {
  const truth = await peer.truth();
  for (const name of names) {
    await probe.connect(name, peer.where, name);
    await probe.ask('move', name, 0, 0); // TigerVNC draws the pointer for whoever has not moved it to where it is
    await probe.expect([name], truth);
  }
}

for (const { title, start, size = SIZE, sends, resized } of PEERS) {
  live(`${title}: ${Object.keys(sends).join(' ')}`, async (scope) => {
    const peer = await start(scope, size);
    const probe = await Probe.start(scope);
    const names = Object.keys(sends);
    await peer.draw(0);
    await connectAll(probe, peer, names);
    for (let step = 1; step <= STEPS; step++) {
      await peer.draw(step);
      await probe.expect(names, await peer.truth());
    }
    if (resized) {
      await peer.resize(...resized);
      await probe.expect(names, await peer.truth());
      await peer.draw(1);
      await probe.expect(names, await peer.truth());
    }
    for (const name of names) {
      const counts = await probe.counts(name);
      const came = share(counts, name);
      assert.ok(came >= sends[name], `${name}: ${came} of the pixels came so: ${JSON.stringify(counts)}`);
    }
  });
}
