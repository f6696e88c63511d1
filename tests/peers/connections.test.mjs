// SPDX-License-Identifier: GPL-2.0-or-later
// Many connections at once, and connections that are lost in the middle of an update.
import assert from 'node:assert/strict';
import { MATCH_MS, Probe } from '../lib/probe.mjs';
import { live } from '../lib/proc.mjs';
import { libvncserver, qemu, tigervnc, tightvnc, x0vncserver, x11vnc } from '../lib/servers.mjs';
import { wayvnc } from '../lib/wayland.mjs';

live('fifty connections of one process to five servers', async (scope) => {
  const size = { width: 320, height: 239 };
  const peers = await Promise.all([
    [tigervnc, ['raw', 'copyrect,raw', 'hextile', 'tight', 'zrle']],
    [x0vncserver, ['raw', 'rre', 'hextile', 'tight', 'zrle']],
    [tightvnc, ['raw', 'corre', 'hextile', 'tight', 'zlib']],
    [libvncserver, ['raw', 'copyrect,zrle', 'hextile', 'tight', 'zlib']],
    [wayvnc, ['raw', 'tight', 'zrle', 'tight,zrle', 'zrle,raw']],
  ].map(async ([start, encodings]) => ({ peer: await start(scope, size), encodings })));
  const probe = await Probe.start(scope);
  const groups = [];
  for (const [i, { peer, encodings }] of peers.entries()) {
    await peer.draw(0);
    const names = Array.from({ length: 10 }, (_, j) => `${i}-${j}`);
    for (const [j, name] of names.entries()) {
      await probe.connect(name, peer.where, encodings[j % encodings.length]);
      await probe.ask('move', name, 0, 0);
    }
    groups.push({ peer, names });
  }
  for (let step = 1; step <= 3; step++) {
    await Promise.all(groups.map(({ peer }) => peer.draw(step)));
    for (const { peer, names } of groups) await probe.expectTruth(names, peer);
  }
  for (const { names } of groups) {
    for (const name of names) await probe.ask('close', name);
  }
  await probe.finish();
});

// The tap lets the beginning of an update through; the server dies in the middle of sending it; what was on its way
// arrives, and then the end.
for (const [title, start] of [
  ['TigerVNC Xvnc', tigervnc], ['TightVNC', tightvnc], ['LibVNCServer', libvncserver], ['x11vnc', x11vnc], ['QEMU', qemu], ['wayvnc', wayvnc],
]) {
  live(`${title} killed in the middle of an update`, async (scope) => {
    const peer = await start(scope, { width: 1200, height: 800 });
    const probe = await Probe.start(scope);
    await peer.draw(1);
    await probe.connectAll(['raw'], peer);
    await probe.ask('hold', 'raw');
    await peer.draw(0);
    await probe.ask('await-held', 'raw');
    peer.server.kill('SIGKILL');
    await peer.server.wait();
    await probe.ask('release', 'raw');
    assert.match(await probe.ask('end', 'raw', MATCH_MS), /^connection closed: the server closed the connection|^connection closed: .*reset/);
    await assert.rejects(probe.ask('move', 'raw', 5, 5), /connection closed/);
    await probe.ask('close', 'raw').catch((error) => assert.match(error.message, /input may be lost/));
    await probe.finish();
  });
}

// A frame is whole or not at all: half an update does not show, even after the end.
live('what is left of half an update is the picture before it', async (scope) => {
  const peer = await libvncserver(scope, { width: 1200, height: 800 });
  const probe = await Probe.start(scope);
  await probe.connectAll(['raw'], peer);
  const before = await scope.file('before.ppm');
  await peer.server.ask(`shot ${before}`);
  await probe.ask('hold', 'raw');
  await peer.draw(1);
  await probe.ask('await-held', 'raw');
  peer.server.kill('SIGKILL');
  await peer.server.wait();
  await probe.ask('release', 'raw');
  await probe.ask('end', 'raw', MATCH_MS);
  await probe.expect(['raw'], before);
  await probe.finish();
});
