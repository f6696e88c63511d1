// SPDX-License-Identifier: GPL-2.0-or-later
// A GTK program in the browser, worked by mouse as somebody would who has nothing but its window: each step is seen in the
// canvas, pixel for pixel. With TEST_ARTEFACTS=DIR the page's pictures are kept there.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askFor, newPage, startChromium, canvasPicture, waitForState } from '../lib/chromium.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { CANVAS } from '../lib/page.mjs';
import { belongs, captureX, colours, crop, difference, expected } from '../lib/picture.mjs';
import { on, startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';

const APP = 'Gtk3-demo-application';

// Nothing in it moves by itself, and it knows no program of its kind but itself.
async function startGtk(scope, desktop) {
  const home = await scope.folder();
  const settings = join(home, '.config/gtk-3.0');
  await mkdir(settings, { recursive: true });
  await writeFile(join(settings, 'settings.ini'), '[Settings]\ngtk-cursor-blink=false\ngtk-enable-animations=false\n');
  return scope.start('gtk3-demo-application', [], { env: { ...desktop.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_RUNTIME_DIR: home,
    GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory', DBUS_SESSION_BUS_ADDRESS: `unix:path=${home}/none` } });
}

// The canvas after all these snapshots: it grows with the window's menus and dialogs until that is moved or resized.
function canvasOf(snapshots, main) {
  let own = [];
  let canvas;
  for (const { windows } of snapshots) {
    const now = windows.find(({ id, mapped }) => id === main && mapped)?.frame_rect;
    if (!now) continue;
    if (now.join() !== own.join()) canvas = [now[0], now[1], now[0] + now[2], now[1] + now[3]];
    own = now;
    for (const { frame_rect: [x, y, w, h] } of windows.filter((window) => window.mapped && belongs(windows, window, main))) {
      canvas = [Math.min(canvas[0], x), Math.min(canvas[1], y), Math.max(canvas[2], x + w), Math.max(canvas[3], y + h)];
    }
  }
  return [canvas[0], canvas[1], canvas[2] - canvas[0], canvas[3] - canvas[1]];
}

live('a GTK program: its menus, its dialog, dragged, resized, covered and closed', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  await desktop.setBackground('rich');
  const { feed, path } = await startAgent(scope, desktop);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { gtk: { window: `app:${APP}`, window_frame: 'yes', role: 'control' } } });
  await startGtk(scope, desktop);
  const { id } = await feed.window({ app: APP, owner: null });
  const page = await newPage(await startChromium(scope));
  await askFor(page); // the program's shades would come as JPEG
  await page.goto(proxy.link(proxy.tokens.gtk));
  await waitForState(page, 'connected');

  const main = ({ windows } = feed.newest) => windows.find((window) => window.id === id);
  const owned = (kind) => ({ windows }) => windows.find((window) => window.mapped && window.owner === id && window.kind === kind);
  const gone = (kind) => feed.until(`no ${kind}`, (snapshot) => !owned(kind)(snapshot));
  let step = 0;
  // Answers the canvas's picture, and where on the screen it is, once it is what it ought to be. The VNC server paints the
  // pointer for viewers who have not moved it last: it goes out of the way.
  const shows = async (what) => {
    await on(scope, desktop, 'move', '1279', '799');
    const seen = await until(what, async () => {
      const snapshot = await feed.now();
      const canvas = canvasOf(feed.snapshots.filter(({ serial }) => serial <= snapshot.serial), id);
      const picture = await canvasPicture(page, CANVAS);
      const words = difference(picture, expected(await captureX(desktop.display), snapshot, id, canvas, 'frame_rect'));
      if (words) throw new Error(words);
      return { picture, at: ([x, y, w, h]) => crop(picture, x - canvas[0], y - canvas[1], w, h), canvas };
    });
    assert.ok(colours(seen.picture) > 50, 'it is not flat');
    const folder = process.env.TEST_ARTEFACTS;
    if (folder) await page.screenshot({ path: join(folder, `gtk-${++step}-${what.replaceAll(' ', '-')}.png`) });
    return seen;
  };
  // The mouse, to a place on the screen as the canvas shows it now.
  const point = async (x, y) => {
    const canvas = canvasOf(feed.snapshots, id);
    const box = await page.locator(CANVAS).boundingBox();
    await page.mouse.move(box.x + (x - canvas[0] + 0.5) * (box.width / canvas[2]), box.y + (y - canvas[1] + 0.5) * (box.height / canvas[3]));
  };
  const click = async (x, y) => {
    await point(x, y);
    await page.mouse.down();
    await page.mouse.up();
  };
  const inside = ([x, y], right, down) => [x + right, y + down];

  await shows('the window');

  // A menu, beyond the window's edge.
  await click(...inside(main().rect, 95, 12));
  const menu = await feed.until('a menu', owned('menu'));
  const opened = await shows('its menu');
  assert.ok(menu.rect[0] + menu.rect[2] > main().frame_rect[0] + main().frame_rect[2], 'the menu goes beyond the window');
  assert.ok(colours(opened.at(menu.rect)) > 10, 'the menu is in the picture');
  await page.keyboard.press('Escape');
  await gone('menu');
  await shows('the window without its menu');

  // Another menu, whose item opens a dialog that is larger than the window.
  await click(...inside(main().rect, 205, 12));
  await click(...inside((await feed.until('another menu', owned('menu'))).rect, 60, 12));
  const dialog = await feed.until('a dialog', owned('dialog'));
  const asked = await shows('its dialog');
  assert.ok(dialog.rect[3] > main().rect[3] && colours(asked.at(dialog.rect)) > 50, 'the dialog is in the picture');
  await click(...inside(dialog.rect, dialog.rect[2] - 52, dialog.rect[3] - 25));
  await gone('dialog');
  await shows('the window without its dialog');

  // A dialog that a menu opens, and the menu once more: another dialog lies on the first, at the same place and with the
  // program's other colours.
  const ask = async () => {
    await click(...inside(main().rect, 95, 12));
    const { rect } = await feed.until('the menu again', owned('menu'));
    await click(...inside(rect, 60, 12));
    await gone('menu');
  };
  const dialogs = ({ windows }) => windows.filter((window) => window.mapped && window.owner === id && window.kind === 'dialog');
  for (const count of [1, 2]) {
    await ask();
    await feed.until(`${count} of its dialogs`, (snapshot) => dialogs(snapshot).length === count);
    await shows(`${count} dialogs in one place`);
  }
  assert.deepEqual(...dialogs(feed.newest).map(({ rect }) => rect));
  for (const count of [1, 0]) {
    const { rect } = dialogs(feed.newest).at(-1);
    await click(...inside(rect, Math.floor(rect[2] / 2), rect[3] - 15));
    await feed.until(`${count} of its dialogs`, (snapshot) => dialogs(snapshot).length === count);
    await shows(`${count} dialogs after one was closed`);
  }

  // By its title bar. The canvas goes along with the window below the mouse.
  const before = main().frame_rect;
  await point(...inside(before, 60, 10));
  await page.mouse.down();
  for (const right of [70, 80, 100]) await point(...inside(before, right, 10));
  await feed.until('the window moved', (snapshot) => main(snapshot).frame_rect[0] > before[0] + 20);
  await page.mouse.up();
  const dragged = await shows('the window dragged');
  assert.deepEqual(dragged.canvas.slice(2), before.slice(2), 'what the canvas had grown by is gone');

  // Larger by the agent, since a drag ends where it leaves the window, and smaller by its corner.
  await feed.order('move', { window: id, x: 300, y: 200 });
  await feed.order('resize', { window: id, width: 480, height: 360 });
  await feed.until('a larger window', (snapshot) => main(snapshot).rect.join() === '300,200,480,360');
  await shows('the window enlarged');
  const large = main().frame_rect;
  await point(...inside(large, large[2] - 4, large[3] - 3));
  await page.mouse.down();
  for (const by of [10, 40, 80]) await point(...inside(large, large[2] - 4 - by, large[3] - 3 - by));
  await feed.until('a smaller window', (snapshot) => main(snapshot).frame_rect[2] < large[2] - 40 && main(snapshot).frame_rect[3] < large[3] - 40);
  await page.mouse.up();
  await shows('the window made smaller');

  // Another over it, and away.
  const cover = scope.start('xterm', ['-class', 'Cover', '-geometry', '20x6+400+300', '-bg', 'red', '-xrm', 'XTerm*cursorBlink: false', '-e', 'cat'], { env: desktop.env });
  const over = await feed.window({ app: 'Cover' });
  await feed.order('activate', { window: over.id });
  await feed.until('the other in front', ({ focus }) => focus === over.id);
  const covered = await shows('the window covered');
  assert.ok(covered.at([over.rect[0] + 5, over.rect[1] + 5, 30, 30]).rgb.every((byte) => byte === 0), 'black where it is covered');
  cover.kill();
  await feed.until('no other', ({ windows }) => !windows.some(({ app }) => app === 'Cover'));
  const again = await shows('the window uncovered');
  assert.ok(!again.at([over.rect[0] + 5, over.rect[1] + 5, 30, 30]).rgb.every((byte) => byte === 0));

  // By the button in its frame.
  await click(...inside(main().frame_rect, main().frame_rect[2] - 11, 10));
  await waitForState(page, 'disconnected');
  assert.equal(await page.locator('#cardtitle').textContent(), 'This window is not open');
  assert.equal(await page.locator('#cardmore').textContent(), 'The server says: the window was closed');
  assert.deepEqual(page.complaints, []);
});
