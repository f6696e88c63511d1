// SPDX-License-Identifier: GPL-2.0-or-later
// A real browser on portholed's page: what it shows, what it sends, and what it says when a link is no good.
import assert from 'node:assert/strict';
import { live, until } from '../lib/proc.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { CANVAS, openDesktop, startAll } from '../lib/page.mjs';
import { captureX, difference, readPng } from '../lib/picture.mjs';
import { buttonsOf, heldDown, keysOf, short, startRecorder } from '../lib/xev.mjs';
import { admin, makeToken, on, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { canvasPicture, newPage, startChromium, waitForState } from '../lib/chromium.mjs';

// TigerVNC draws the pointer into the pixels for whoever has not put it where it is: for the page after the library has
// moved it, for the library everywhere but in the corner. So the page puts it into the corner.
async function parkPointer(page, selector) {
  const { x, y } = await page.locator(selector).boundingBox();
  await page.mouse.move(Math.ceil(x) + 300, Math.ceil(y) + 300);
  await page.mouse.move(Math.ceil(x), Math.ceil(y));
}

// Canvas, library and X server agree. The browser draws when it likes, so its canvas is asked until it does.
async function assertSamePicture(scope, desktop, page, selector) {
  const file = await scope.file('shot.png');
  await until('the canvas to show the desktop', async () => {
    const canvas = await canvasPicture(page, selector);
    await on(scope, desktop, 'screenshot', file);
    const library = await readPng(file);
    assert.equal(difference(canvas, library), null, 'canvas and library');
    assert.equal(difference(library, await captureX(desktop.display)), null, 'library and X server');
    return true;
  });
}

for (const [name, start, options] of [['Xvnc', startXvnc, {}], ['Xvnc with a password that only the proxy knows', startXvnc, { password: 'sesame12' }], ['x11vnc', startX11vnc, {}]]) {
  live(`the canvas shows what the library sees: ${name}`, async (scope) => {
    const { desktop, proxy, page } = await startAll(scope, { start, options, furnished: true });
    await openDesktop(page, proxy);
    await parkPointer(page, CANVAS);
    await assertSamePicture(scope, desktop, page, CANVAS);
    assert.deepEqual(page.complaints, []);
  });
}

live('typed text arrives, key by key', async (scope) => {
  const { desktop, proxy, page } = await startAll(scope);
  await desktop.startWindowManager();
  const recorder = await startRecorder(desktop);
  await openDesktop(page, proxy);
  const text = 'Hello, World! 42 #~';
  await page.keyboard.type(text);
  await page.keyboard.press('Control+a');
  await page.keyboard.press('F9');
  const events = await recorder.wait('the last key', (all) => all.some((event) => event.type === 'KeyRelease' && event.name === 'F9'));
  const pressed = keysOf(events).filter((event) => event.type === 'KeyPress' && !/^(Shift|Control)/.test(event.name) && event.name !== 'F9');
  const last = pressed.pop();
  assert.equal(String.fromCodePoint(...pressed.map((event) => event.keysym)), text);
  assert.deepEqual([last.name, last.state & 0x4], ['a', 0x4], 'Control+a');
  assert.deepEqual(heldDown(events), [], events.map(short).join(' '));
});

live('text from the panel is typed', async (scope) => {
  const { desktop, proxy, page } = await startAll(scope);
  await desktop.startWindowManager();
  const recorder = await startRecorder(desktop);
  await openDesktop(page, proxy);
  await page.getByRole('button', { name: 'Clipboard', exact: true }).click();
  await page.getByRole('textbox').fill('a\tb\n');
  await page.getByRole('button', { name: 'Type it' }).click();
  const events = keysOf(await recorder.wait('the last key', (all) => all.some((event) => event.type === 'KeyRelease' && event.name === 'Return')));
  assert.deepEqual(events.map(short), ['+a', '-a', '+Tab', '-Tab', '+b', '-b', '+Return', '-Return']);
});

async function scaleTo(page, words) {
  await page.getByRole('button', { name: 'Scaling', exact: true }).click();
  await page.getByLabel(words).check();
  await page.getByRole('button', { name: 'Close scaling' }).click();
}

for (const [name, viewport] of [['larger than life', { width: 1600, height: 1100 }], ['on a small screen', { width: 820, height: 1180 }]]) {
  live(`a click lands at the right pixel, ${name} and at its own size`, async (scope) => {
    const { desktop, proxy, page } = await startAll(scope, { viewport });
    await desktop.startWindowManager();
    const recorder = await startRecorder(desktop);
    await openDesktop(page, proxy);
    for (const fit of [true, false]) {
      if (!fit) await scaleTo(page, 'At its own size');
      for (const [x, y] of [[300, 250], [437, 391], [702, 533]]) {
        recorder.forget();
        // The browser's mouse knows whole pixels of the page; the desktop's pixel is the one under that.
        const at = await page.evaluate(([selector, dx, dy]) => {
          const canvas = document.querySelector(selector);
          const box = canvas.getBoundingClientRect();
          const scale = box.width / canvas.width;
          const page = [Math.round(box.left + (dx + 0.5) * scale), Math.round(box.top + (dy + 0.5) * scale)];
          return { page, desktop: [Math.floor((page[0] - box.left) / scale), Math.floor((page[1] - box.top) / scale)], scale };
        }, [CANVAS, x, y]);
        assert.equal(at.scale === 1, !fit, `scale ${at.scale}`);
        assert.ok(Math.abs(at.desktop[0] - x) <= 1 && Math.abs(at.desktop[1] - y) <= 1);
        await page.mouse.click(...at.page);
        const events = await recorder.wait('the click', (all) => buttonsOf(all).length === 2);
        const where = at.desktop.join(',');
        assert.deepEqual(buttonsOf(events).map(short), [`+1@${where}`, `-1@${where}`], `scale ${at.scale}`);
      }
    }
  });
}

live('a wrong token: the page says so, and nothing upstream is opened', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const page = await newPage(await startChromium(scope));
  const wrong = makeToken();
  await page.goto(proxy.link(wrong));
  await waitForState(page, 'refused');
  await page.getByText("This link's token is not valid (wrong, expired or revoked)").waitFor();
  assert.equal(await page.getByRole('button', { name: 'Reconnect' }).isVisible(), false);
  await proxy.event('refused');
  assert.equal(upstream.connections, 0);
  assert.deepEqual(proxy.events('viewer_open'), []);

  // The counter counts: the right link in the same tab is let through.
  await page.goto(proxy.link());
  await proxy.program.until('the upstream connection', () => upstream.connections === 1);
  for (const token of [wrong, proxy.token]) assert.ok(!proxy.program.log().includes(token), 'a token is in the log');
});

live('no token, or a damaged one: the page says what is needed', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const page = await newPage(await startChromium(scope));
  await page.goto(proxy.url);
  await waitForState(page, 'refused');
  await page.getByText('A link with a token is needed').waitFor();
  await page.goto(proxy.link('spaces%20and%22quotes'));
  await waitForState(page, 'refused');
  await page.getByText('Its characters are damaged').waitFor();
  assert.equal(upstream.connections, 0);
});

live('the token leaves the address, outlives a reload and stays out of the log', async (scope) => {
  const { proxy, page } = await startAll(scope);
  await openDesktop(page, proxy);
  assert.equal(page.url(), proxy.url);
  await page.reload();
  await waitForState(page, 'connected');
  await proxy.event('viewer_open', 2);
  assert.ok(!proxy.program.log().includes(proxy.token), 'the token is in the log');
});

live("a desktop's name is text", async (scope) => {
  const name = '<img src=x onerror=document.title=1>&amp;';
  const { proxy, page } = await startAll(scope, { options: { name } });
  await openDesktop(page, proxy);
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), name);
  assert.equal(await page.title(), `${name} - Porthole`);
  assert.equal(await page.locator(CANVAS).getAttribute('aria-label'), `Remote screen ${name}`);
});

live("Debian's own noVNC page connects through the proxy", async (scope) => {
  const { desktop, proxy, page } = await startAll(scope, { furnished: true, server: { web_root: '/usr/share/novnc' } });
  await page.goto(`${proxy.url}vnc.html?autoconnect=1&resize=off&path=${encodeURIComponent(`stream?token=${proxy.token}`)}`);
  await page.locator('#noVNC_container canvas').waitFor();
  await parkPointer(page, '#noVNC_container canvas');
  await assertSamePicture(scope, desktop, page, '#noVNC_container canvas');
  assert.ok(!proxy.program.log().includes(proxy.token), 'the token is in the log');
});

live('who may only look is told so, and offered nothing else', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: { view: { role: 'view' }, copy: { role: 'view', clipboard: 'out' }, control: { clipboard: 'none' } } });
  const browser = await startChromium(scope);
  const shown = async (stream) => {
    const page = await newPage(browser);
    await page.goto(proxy.link(proxy.tokens[stream]));
    await waitForState(page, 'connected');
    const visible = { keys: await page.locator('#keys').isVisible(), text: await page.locator('#text').isVisible() };
    if (visible.text) await page.locator('#text').click();
    for (const id of ['clipsend', 'clipcopy', 'cliptype']) visible[id] = await page.locator(`#${id}`).isVisible();
    return { status: await page.locator('#status').textContent(), ...visible };
  };
  assert.deepEqual(await shown('view'), { status: 'Connected, view only', keys: false, text: false, clipsend: false, clipcopy: false, cliptype: false });
  assert.deepEqual(await shown('copy'), { status: 'Connected, view only', keys: false, text: true, clipsend: false, clipcopy: true, cliptype: false });
  assert.deepEqual(await shown('control'), { status: 'Connected, in control', keys: true, text: true, clipsend: false, clipcopy: false, cliptype: true });
});

live('a link for a single use opens once', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const { json: { url } } = await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', single_use: true });
  const browser = await startChromium(scope);
  const [first, second] = [await newPage(browser), await newPage(browser)];
  await first.goto(url);
  await waitForState(first, 'connected');
  await second.goto(url);
  await waitForState(second, 'refused');
  assert.equal(await second.locator('#cardtitle').textContent(), 'This link does not open a desktop');
  assert.equal(await first.locator('#status').textContent(), 'Connected, view only');
});
