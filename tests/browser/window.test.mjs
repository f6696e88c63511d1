// SPDX-License-Identifier: GPL-2.0-or-later
// One application in the browser: a link made by one command, the window as it is on the screen, its menu, its end.
import assert from 'node:assert/strict';
import { newPage, startChromium, canvasPicture, waitForState } from '../lib/chromium.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { CANVAS } from '../lib/page.mjs';
import { captureX, crop, difference } from '../lib/picture.mjs';
import { admin, porthole, startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';

live('a link shows one application and nothing else', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  await desktop.setBackground('plain');
  const { feed, path } = await startAgent(scope, desktop);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path });
  const made = await porthole(scope, ['--json', 'stream', 'create', 'demo', '--window', 'app:xterm', '--role', 'control', '--admin', proxy.adminSocket]);
  assert.equal(made.code, 0, made.stderr);
  const { url, id } = JSON.parse(made.stdout);
  const listed = (await admin(proxy, 'GET', '/v1/streams')).json.streams.find((stream) => stream.id === id);
  assert.equal(listed.window, 'app:xterm');

  scope.start('xterm', ['-title', 'Only this', '-geometry', '60x16+150+120', '-xrm', 'XTerm*cursorBlink: false', '-e', 'cat'], { env: desktop.env });
  const window = await feed.window({ title: 'Only this' });
  const page = await newPage(await startChromium(scope));
  await page.goto(url);
  await waitForState(page, 'connected');
  const shows = (what) => until(what, async () => {
    const { rect } = (await feed.now()).windows.find((one) => one.id === window.id);
    const words = difference(await canvasPicture(page, CANVAS), crop(await captureX(desktop.display), ...rect));
    if (words) throw new Error(words);
    return true;
  });
  // as large as fits, but not blurred, whatever size it has
  const enlarged = () => page.locator(CANVAS).evaluate((canvas) => [canvas.width, Math.round(canvas.getBoundingClientRect().width * 100 / canvas.width) / 100]);
  assert.equal(await page.title(), 'Only this - Porthole');
  await shows('the window');
  assert.deepEqual(await enlarged(), [window.rect[2], 2]);
  await page.locator(CANVAS).click({ position: { x: 100, y: 60 } });
  await page.keyboard.type('typed into the window');
  await shows('the text');
  await feed.order('move', { window: window.id, x: 400, y: 300 });
  await feed.order('resize', { window: window.id, width: 500, height: 320 });
  await feed.until('another size', (s) => s.windows.find((one) => one.id === window.id).rect[2] > 400);
  await until('twice its new size', async () => { const [width, times] = await enlarged(); return width !== window.rect[2] && times === 2; });
  await shows('the window at its new place and size');

  // Another covers it: black there, and the rest as it is.
  scope.start('xterm', ['-class', 'Cover', '-title', 'Cover', '-geometry', '20x6+450+350', '-bg', 'red', '-e', 'cat'], { env: desktop.env });
  await feed.window({ app: 'Cover' });
  await feed.order('activate', { window: (await feed.window({ app: 'Cover' })).id });
  await until('what is covered is black', async () => {
    const { rect } = (await feed.now()).windows.find((one) => one.id === window.id);
    const cover = (await feed.now()).windows.find((one) => one.app === 'Cover');
    const picture = await canvasPicture(page, CANVAS);
    const hidden = crop(picture, cover.frame_rect[0] - rect[0] + 2, cover.frame_rect[1] - rect[1] + 2, 40, 40);
    return hidden.rgb.every((byte) => byte === 0);
  });

  await feed.order('close', { window: window.id });
  await waitForState(page, 'disconnected');
  assert.equal(await page.locator('#cardtitle').textContent(), 'This window is not open');
  assert.equal(await page.locator('#cardmore').textContent(), 'The server says: the window was closed');
});

live('the page shows a window of x11vnc, and says that it is best effort', async (scope) => {
  const desktop = await startX11vnc(scope, { extra: ['-xdamage', '-nonap'] });
  await desktop.startWindowManager();
  await desktop.setBackground('plain');
  const { feed, path } = await startAgent(scope, desktop);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { any: { window: 'app:xterm' }, strict: { window: 'app:xterm', window_strict: 'yes' } } });
  const program = scope.start('xterm', ['-title', 'Seen late', '-geometry', '60x16+150+120', '-xrm', 'XTerm*cursorBlink: false', '-e', 'cat'], { env: desktop.env });
  const window = await feed.window({ title: 'Seen late' });
  await desktop.focused(program, window);
  const browser = await startChromium(scope);
  const page = await newPage(browser);
  await page.goto(proxy.link(proxy.tokens.any));
  await waitForState(page, 'connected');
  await until('the label', async () => (await page.locator('#name').textContent()) === 'Seen late (best effort)');
  await page.locator(CANVAS).click({ position: { x: 100, y: 60 } });
  await page.keyboard.type('typed into the window');
  await feed.order('move', { window: window.id, x: 400, y: 300 });
  await until('the window with the text, at its new place', async () => {
    const { rect } = (await feed.now()).windows.find((one) => one.id === window.id);
    const words = difference(await canvasPicture(page, CANVAS), crop(await captureX(desktop.display), ...rect));
    if (words) throw new Error(words);
    return rect[0] >= 390;
  });
  const other = await newPage(browser);
  await other.goto(proxy.link(proxy.tokens.strict));
  await waitForState(other, 'disconnected');
  assert.equal(await other.locator('#cardtitle').textContent(), 'This window is not shown');
  assert.match(await other.locator('#cardmore').textContent(), /the VNC server has no ContinuousUpdates/);
});

live('a desktop without an agent has no windows', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  for (const [body, words] of [
    [{ desktop: 'demo', window: 'app:xterm' }, /has no agent, which knows the windows; add agent = unix:PATH/],
    [{ desktop: 'demo', window: '0x' }, /"window" must be app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT\+X\+Y/],
    [{ desktop: 'demo', window: 'rect:10x10+0+0', window_frame: true }, /"window_frame" is for windows, and a rectangle is none/],
    [{ desktop: 'demo', window_popups: 'all' }, /"window_popups" must be "expand", "clip" or "none"/],
    [{ desktop: 'demo', window_on_close: 'stay' }, /"window_on_close" must be "end" or "wait"/],
    [{ desktop: 'demo', window_wait: -1 }, /"window_wait" must be/],
  ]) {
    const { status, json } = await admin(proxy, 'POST', '/v1/streams', body);
    assert.equal(status, 400);
    assert.match(json.error, words);
  }
});
