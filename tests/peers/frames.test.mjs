// SPDX-License-Identifier: GPL-2.0-or-later
// One connection, while the desktop changes under it: changes, sizes, the pointer, and asking for another size.
import assert from 'node:assert/strict';
import { live, until } from '../lib/proc.mjs';
import { HEIGHT, WIDTH, startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { peerProgram } from '../lib/probe.mjs';
import { on } from '../lib/porthole.mjs';

const MS = 20_000;

async function watch(desktop, ...encodings) {
  const program = desktop.scope.start(peerProgram('watcher'), [desktop.target, ...encodings], { commanded: true });
  const watcher = { ask: (...words) => program.ask(words.join(' ')) };
  await watcher.ask('mark'); // a complete frame
  return watcher;
}

const paint = (desktop, colour) => desktop.scope.must('xsetroot', ['-display', desktop.display, '-solid', `#${colour}`]);

async function infoOf(watcher) {
  const [width, height, continuous, fence, resize] = (await watcher.ask('info')).split(' ').map(Number);
  return { width, height, continuous, fence, resize };
}

async function cursorOf(watcher) {
  const [known, x, y, width, height, opaque] = (await watcher.ask('cursor')).split(' ').map(Number);
  return { known, x, y, width, height, opaque };
}

async function geometryOf(desktop) {
  const text = await desktop.scope.must('xwininfo', ['-display', desktop.display, '-root']);
  return ['Width', 'Height'].map((what) => Number(new RegExp(`${what}: (\\d+)`).exec(text)[1]));
}

const colourOf = (i) => ((0x102030 + i * 0x030507) & 0xffffff).toString(16).padStart(6, '0');

// The server never waits for a request or a fence that does not come.
async function followsManyChanges(desktop, watcher, count) {
  for (let i = 1; i <= count; i++) {
    await paint(desktop, colourOf(i));
    await watcher.ask('pixel', 700, 500, colourOf(i), MS);
  }
}

for (const [title, encodings] of [['raw', 'copyrect,raw'], ['tight', 'tight,zrle'], ['rre', 'rre']]) {
  live(`Xvnc: continuous updates and fences, ${title}`, async (scope) => {
    const desktop = await startXvnc(scope);
    const watcher = await watch(desktop, encodings);
    await followsManyChanges(desktop, watcher, 40);
    assert.deepEqual(await infoOf(watcher), { width: WIDTH, height: HEIGHT, continuous: 1, fence: 1, resize: 1 });
    await watcher.ask('quiet', 200, MS);
    await watcher.ask('mark');
    await assert.rejects(watcher.ask('change', 0, 0, 100, 100, 300), /timed out/);
    await paint(desktop, 'abcdef');
    await watcher.ask('change', 0, 0, 100, 100, MS);
  });
}

live('x11vnc: a request for each update', async (scope) => {
  const desktop = await startX11vnc(scope);
  const watcher = await watch(desktop);
  await followsManyChanges(desktop, watcher, 10);
  assert.deepEqual(await infoOf(watcher), { width: WIDTH, height: HEIGHT, continuous: 0, fence: 0, resize: 1 });
  await assert.rejects(watcher.ask('resize', 640, 480, MS), /refused: no resize to 640x480: the server does not let clients resize it/);
});

live('Xvnc: resized by us and from within, shown to the last corner', async (scope) => {
  const desktop = await startXvnc(scope);
  const watcher = await watch(desktop);
  for (const [width, height] of [[640, 480], [1400, 1000], [801, 603]]) {
    await watcher.ask('resize', width, height, MS);
    assert.deepEqual(await geometryOf(desktop), [width, height]);
    const colour = colourOf(width);
    await paint(desktop, colour);
    await watcher.ask('pixel', width - 1, height - 1, colour, MS); // what has grown is shown too
  }
  await scope.must('xrandr', ['-display', desktop.display, '-s', '1024x768']);
  await until('a frame of the size that xrandr has set', async () => await watcher.ask('mark') === '1024 768');
  await paint(desktop, '123456');
  await watcher.ask('pixel', 1023, 767, '123456', MS);
});

live('Xvnc that may not be resized says so', async (scope) => {
  const desktop = await startXvnc(scope, { extra: ['-AcceptSetDesktopSize=0'] });
  const watcher = await watch(desktop);
  await assert.rejects(watcher.ask('resize', 640, 480, MS), /refused: no resize to 640x480: the server does not let clients resize it/);
  assert.deepEqual(await geometryOf(desktop), [WIDTH, HEIGHT]);
});

const shapeOf = (watcher, enough) => until('the shape', async () => {
  const cursor = await cursorOf(watcher);
  return cursor.opaque > 0 && enough(cursor) && cursor;
});

// TigerVNC tells a shape once the pointer is where this client has put it.
live('Xvnc: the shape of the pointer', async (scope) => {
  const desktop = await startXvnc(scope);
  const watcher = await watch(desktop);
  const choose = (name) => scope.must('xsetroot', ['-display', desktop.display, '-cursor_name', name]);
  await choose('crosshair');
  await watcher.ask('move', 300, 200);
  const crosshair = await shapeOf(watcher, () => true);
  assert.deepEqual([crosshair.known, crosshair.x, crosshair.y], [1, 300, 200]);
  await choose('gumby');
  await shapeOf(watcher, ({ width, height, opaque }) => opaque !== crosshair.opaque || width !== crosshair.width || height !== crosshair.height);
});

live('x11vnc: where another client has put the pointer', async (scope) => {
  const desktop = await startX11vnc(scope);
  const watcher = await watch(desktop);
  await watcher.ask('move', 300, 200);
  await shapeOf(watcher, ({ known, x, y }) => known === 1 && x === 300 && y === 200);
  await on(scope, desktop, 'move', '411', '322');
  await shapeOf(watcher, ({ known, x, y }) => known === 1 && x === 411 && y === 322);
});
