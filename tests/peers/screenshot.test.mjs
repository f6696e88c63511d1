// SPDX-License-Identifier: GPL-2.0-or-later
// What `porthole screenshot` saves is, pixel for pixel, what the X server holds: every transport and lossless encoding.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { HEIGHT, WIDTH, startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { captureX, colours, decodePng, difference, readPng } from '../lib/picture.mjs';
import { LIBRARY, PORTHOLE, aim, on, porthole } from '../lib/porthole.mjs';

// TigerVNC draws the pointer into the pixels for whoever has not moved it to where it is. For a new client that is
// everywhere but in the corner.
async function furnished(desktop) {
  await desktop.furnish();
  await on(desktop.scope, desktop, 'move', '0', '0');
  return desktop;
}

// A screenshot between two captures that agree: what the server then held is known, whatever drew before.
async function shotOf(scope, desktop, encodings) {
  const file = await scope.file('shot.png');
  return until('a desktop that stands still', async () => {
    const before = await captureX(desktop.display);
    await on(scope, desktop, 'screenshot', ...(encodings ? ['--encodings', encodings] : []), file);
    const after = await captureX(desktop.display);
    return difference(before, after) === null && { shot: await readPng(file), held: after };
  });
}

function assertSame({ shot, held }) {
  assert.ok(colours(held) >= 1000, 'the desktop is flat: the comparison would say nothing');
  assert.equal(difference(shot, held), null);
}

const XVNC = [
  { title: 'unix socket', options: { rfb: 'unix' }, encodings: [undefined, 'raw'] },
  { title: 'unix socket with VncAuth', options: { rfb: 'unix', password: 'sesame' }, encodings: [undefined] },
  { title: 'TCP', options: { rfb: 'tcp' }, encodings: [undefined, 'raw', 'zrle', 'tight', 'hextile', 'rre'] },
  { title: 'TCP with VncAuth', options: { rfb: 'tcp', password: 'sesame12' }, encodings: [undefined] },
];

for (const { title, options, encodings } of XVNC) {
  live(`Xvnc, ${title}: ${encodings.map((list) => list ?? 'default').join(', ')}`, async (scope) => {
    const desktop = await furnished(await startXvnc(scope, options));
    for (const list of encodings) {
      assertSame(await shotOf(scope, desktop, list));
    }
  });
}

// x11vnc polls the X server, so its framebuffer comes after what the X server holds: asked until it has caught up.
for (const [title, options, encodings] of [
  ['unix socket', { rfb: 'unix' }, [undefined]],
  ['TCP', { rfb: 'tcp' }, [undefined, 'raw', 'zrle', 'tight', 'hextile', 'zlib', 'corre', 'rre']],
  ['TCP with VncAuth', { rfb: 'tcp', password: 'sesame12' }, [undefined]],
]) {
  live(`x11vnc, ${title}: ${encodings.map((list) => list ?? 'default').join(', ')}`, async (scope) => {
    const desktop = await furnished(await startX11vnc(scope, options));
    for (const list of encodings) {
      await until(`x11vnc to show what Xvfb holds (${list ?? 'default'})`, async () => {
        assertSame(await shotOf(scope, desktop, list));
        return true;
      });
    }
  });
}

// Something else in the place where the loader looks first: the same as a machine that has no LibVNCClient.
live('without LibVNCClient, what needs it says so and the rest works', async (scope) => {
  const desktop = await furnished(await startXvnc(scope));
  const names = (await scope.must('strings', ['-a', LIBRARY])).split('\n').filter((line) => /^libvncclient\.so/.test(line));
  assert.equal(names.length, 1, `libporthole names ${names}`);
  await writeFile(await scope.file(names[0]), 'not a library\n');
  const env = { LD_LIBRARY_PATH: await scope.folder() };
  const file = await scope.file('shot.png');
  const needy = await porthole(scope, [...aim(desktop), 'screenshot', '--encodings', 'tight', file], { env });
  assert.equal(needy.code, 1, needy.stderr);
  assert.match(needy.stderr, /cannot load LibVNCClient, which decodes this encoding: .*libvncclient/);
  for (const encoding of ['raw', 'zrle', 'hextile']) {
    const other = await porthole(scope, [...aim(desktop), 'screenshot', '--encodings', encoding, file], { env });
    assert.equal(other.code, 0, other.stderr);
  }
});

live('the picture goes to standard output', async (scope) => {
  const desktop = await furnished(await startXvnc(scope));
  const file = await scope.file('out.png');
  await scope.must('sh', ['-c', 'out=$1; shift; exec "$@" > "$out"', 'sh', file, PORTHOLE,
    ...aim(desktop), 'screenshot', '-']);
  assert.equal(difference(decodePng(await readFile(file)), await captureX(desktop.display)), null);
});

live('JPEG is JPEG, of the right size, and smaller at lower quality', async (scope) => {
  const desktop = await furnished(await startXvnc(scope));
  const sizes = [];
  for (const quality of ['20', '90']) {
    const file = await scope.file(`q${quality}.jpg`);
    await on(scope, desktop, 'screenshot', '--format', 'jpeg', '--quality', quality, file);
    const bytes = await readFile(file);
    assert.equal(bytes.readUInt16BE(0), 0xffd8, 'start of image');
    assert.equal(bytes.readUInt16BE(bytes.length - 2), 0xffd9, 'end of image');
    assert.deepEqual(jpegSize(bytes), { width: WIDTH, height: HEIGHT });
    sizes.push(bytes.length);
  }
  assert.ok(sizes[0] < sizes[1], `quality 20 gives ${sizes[0]} bytes, quality 90 gives ${sizes[1]}`);
});

// Walks the segments up to the frame header (SOF0 to SOF2).
function jpegSize(bytes) {
  for (let at = 2; at < bytes.length;) {
    const marker = bytes.readUInt16BE(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

live('info names the desktop and its size', async (scope) => {
  const desktop = await startXvnc(scope, { name: 'a name with "quotes" & <tags>', geometry: '1024x700' });
  const info = JSON.parse(await on(scope, desktop, '--json', 'info'));
  assert.deepEqual([info.name, info.width, info.height], ['a name with "quotes" & <tags>', 1024, 700]);
  assert.match(await on(scope, desktop, 'info'), /1024x700/);
  const byEnvironment = await porthole(scope, ['--json', 'info'], { env: { PORTHOLE: desktop.target } });
  assert.equal(JSON.parse(byEnvironment.stdout).width, 1024, byEnvironment.stderr);
});
