// SPDX-License-Identifier: GPL-2.0-or-later
// The wall: a desktop's windows side by side in the browser, each its own stream, and one of them controlled.
import assert from 'node:assert/strict';
import { canvasPicture, newPage, startChromium, waitForState } from '../lib/chromium.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { AGENT, startAgent } from '../lib/feed.mjs';
import { assertAccessible, assertFits, DESK, PHONE } from '../lib/page.mjs';
import { captureX, difference, expected } from '../lib/picture.mjs';
import { admin, on, startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { RfbViewer } from '../lib/viewer.mjs';
import { buttonsOf, keysOf, startRecorder } from '../lib/xev.mjs';

async function start(scope, { vnc = startXvnc, viewport = DESK, streams = { look: { role: 'view' } }, ...more } = {}) {
  const desktop = await vnc(scope);
  await desktop.startWindowManager();
  await desktop.setBackground('plain');
  const { feed, path, program: agent } = await startAgent(scope, desktop);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams, ...more, desktops: more.desktops?.(desktop) });
  const page = await newPage(await startChromium(scope, viewport));
  return { desktop, feed, path, agent, proxy, page };
}

const wallOf = (proxy, token = proxy.token) => `${proxy.url}wall#token=${token}`;
const tileOf = (page, title) => page.locator('.tile', { has: page.getByRole('heading', { name: title, exact: true, includeHidden: true }) });
const titles = (page) => page.locator('.tile .title').allTextContents();
const liveTiles = (page) => page.locator('.tile[data-state=connected]').count();
const show = (page, ...wanted) => until(`the tiles ${wanted}`, async () => (await titles(page)).sort().join() === [...wanted].sort().join() && await liveTiles(page) === wanted.length);

// Each tile's canvas is what its window shows on the screen. The VNC server paints the pointer for who has not moved it:
// it goes out of the way.
async function assertPictures(scope, { desktop, feed, page }) {
  await on(scope, desktop, 'move', '1279', '799');
  for (const title of await titles(page)) {
    await until(`the window ${title}`, async () => {
      const snapshot = await feed.now();
      const { id, rect } = snapshot.windows.find((window) => window.title === title);
      const picture = await canvasPicture(page, `.tile[data-window="${id}"] .screen canvas`);
      const words = difference(picture, expected(await captureX(desktop.display), snapshot, id, rect));
      if (words) throw new Error(words);
      return true;
    });
  }
}

live('windows appear and go as they do on the desktop, each with its own picture', async (scope) => {
  const all = await start(scope);
  const { desktop, feed, proxy, page } = all;
  await page.goto(wallOf(proxy));
  await waitForState(page, 'connected');
  assert.ok(!page.url().includes(proxy.token), 'the token is not left in the address');
  await page.getByText('No window is open on this desktop').waitFor();
  desktop.startXterm('One', '40x12+50+50', ['-bg', 'navy', '-fg', 'white']);
  desktop.startXterm('Two', '50x16+200+150', ['-bg', 'darkgreen', '-fg', 'white']); // in part over the other, or under it
  await show(page, 'One', 'Two');
  await assertPictures(scope, all);
  const third = desktop.startXterm('Three (best effort)', '30x10+700+400', ['-bg', 'maroon', '-fg', 'white']);
  await show(page, 'One', 'Two', 'Three (best effort)');
  await assertPictures(scope, all);
  assert.equal(await page.locator('.bound:visible').count(), 0, 'whatever a window is called');
  third.kill();
  await show(page, 'One', 'Two');
  await page.getByText('2 windows').waitFor();

  const { id } = await feed.window({ title: 'One' });
  await feed.order('minimize', { window: id });
  await tileOf(page, 'One').getByText('Minimised').waitFor();
  assert.equal(await tileOf(page, 'One').locator('.choose').isDisabled(), true);
  await feed.order('restore', { window: id });
  await show(page, 'One', 'Two');
  await assertPictures(scope, all);
  assert.deepEqual(page.complaints, []);
});

live('the window that was chosen gets the keyboard, and it alone', async (scope) => {
  const { desktop, proxy, page } = await start(scope);
  const one = await startTypedText(desktop, { title: 'One' });
  const two = await startTypedText(desktop, { title: 'Two' });
  await page.goto(wallOf(proxy));
  await show(page, 'One', 'Two');
  await page.keyboard.type('nobody'); // they are only watched
  await page.getByRole('button', { name: 'Control One' }).click();
  await page.waitForFunction(() => document.activeElement.matches('.front canvas'));
  await page.getByText('In control of One').waitFor();
  await page.keyboard.type('for one.');
  assert.equal(await one.until('.'), 'for one');
  assert.equal(await two.text(), '');
  // a click is the window's
  await page.locator('.front .screen canvas').click();
  await page.keyboard.type('again.');
  assert.equal(await one.until('.'), 'again');

  // by the keyboard: out of the window, back to all, and to the other
  await page.keyboard.press('Control+Shift+F6');
  await page.waitForFunction(() => document.activeElement.matches('.front .back'));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.matches('.choose'));
  assert.equal(await page.locator('.front').count(), 0);
  await page.keyboard.type('nobody');
  await page.getByRole('button', { name: 'Control Two' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement.matches('.front canvas'));
  await page.keyboard.type('for two.');
  assert.equal(await two.until('.'), 'for two');
  assert.equal(await one.text(), '');
  // straight from one to the other
  await page.getByRole('button', { name: 'Control One' }).click();
  await page.waitForFunction(() => document.activeElement.matches('.front canvas') && document.querySelectorAll('canvas[tabindex]').length === 1);
  await page.keyboard.type('one.');
  assert.equal(await one.until('.'), 'one');
  assert.equal(await two.text(), '');
  // it is closed while it is large
  one.program.kill();
  await show(page, 'Two');
  assert.equal(await page.locator('.front').count(), 0);
  assert.deepEqual(page.complaints, []);
});

live('a click that chooses a window is none in it, nor in the one that was large', async (scope) => {
  const { desktop, proxy, page } = await start(scope);
  const recorders = {};
  for (const title of ['One', 'Two']) recorders[title] = await startRecorder(desktop, { title, geometry: `300x200+${title === 'One' ? 50 : 500}+100` });
  await page.goto(wallOf(proxy));
  await show(page, 'One', 'Two');
  for (const [i, title] of ['One', 'Two', 'One'].entries()) {
    recorders[title].forget();
    const box = await tileOf(page, title).locator('.screen canvas').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.waitForFunction((name) => document.activeElement.matches('.front canvas') && document.activeElement.getAttribute('aria-label') === `Window ${name}`, title);
    await page.keyboard.press('a');
    const events = await recorders[title].wait(`the key, round ${i}`, (all) => keysOf(all).length >= 2);
    assert.deepEqual(buttonsOf(events), []);
    await page.locator('.front .screen canvas').click();
    await recorders[title].wait('the click', (all) => buttonsOf(all).length >= 2);
  }
  assert.equal(buttonsOf(recorders.Two.events()).length, 2);
});

live('who only views enlarges windows and controls nothing', async (scope) => {
  const { desktop, proxy, page } = await start(scope);
  const one = await startTypedText(desktop, { title: 'One' });
  await page.goto(wallOf(proxy, proxy.tokens.look));
  await show(page, 'One');
  await page.getByText('1 window, view only').waitFor();
  await page.getByRole('button', { name: 'Enlarge One' }).click();
  await page.getByText('Looking at One').waitFor();
  const box = await page.locator('.front .screen').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.keyboard.type('by nobody');
  await page.locator('.front .screen canvas').focus();
  await page.keyboard.type('by nobody');
  assert.equal(await page.locator('canvas[tabindex]').count(), 0);
  await page.locator('.front .back').focus();
  await page.keyboard.press('Escape');
  await until('all windows', async () => await page.locator('.front').count() === 0);
  await on(scope, desktop, 'type', 'end.'); // what was typed before had come before
  assert.equal(await one.until('.'), 'end');
});

live('so many windows are live, and the one that is chosen always', async (scope) => {
  const { desktop, feed, proxy, page } = await start(scope, { viewport: { width: 2200, height: 950 } });
  const viewers = async () => (await admin(proxy, 'GET', '/v1/viewers')).json.viewers.filter(({ list }) => !list);
  for (let i = 0; i < 18; i++) scope.start('xev', ['-name', `xev ${i}`, '-geometry', `90x60+${i % 6 * 200}+${Math.floor(i / 6) * 200}`], { env: desktop.env });
  await feed.until('all windows', ({ windows }) => windows.filter(({ title, mapped }) => mapped && title.startsWith('xev')).length === 18);
  await page.goto(wallOf(proxy));
  await until('16 live ones', async () => await liveTiles(page) === 16 && (await viewers()).length === 16);
  const paused = page.locator('.tile[data-state=paused]');
  assert.equal(await paused.count(), 2);
  const title = await paused.first().locator('.title').textContent();
  await tileOf(page, title).locator('.choose').click();
  await page.waitForFunction(() => document.activeElement.matches('.front canvas'));
  assert.ok((await viewers()).length <= 17);
  await until('no more than 16', async () => (await viewers()).length <= 16);
  // what cannot be seen is not live
  await page.setViewportSize({ width: 390, height: 700 });
  await until('few', async () => (await viewers()).length < 6);
});

live('why there is no wall, and what becomes of it', async (scope) => {
  const { desktop, agent, path, proxy, page } = await start(scope, { streams: { window: { window: 'app:xterm' }, never: { window: 'app:nothere', window_wait: 0 } }, server: { handshake_timeout: 3 } });
  const title = () => page.locator('#cardtitle').textContent();
  const make = async (body) => (await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', ...body })).json;
  const anew = async (token) => { await page.goto('about:blank'); await page.goto(wallOf(proxy, token)); };
  await anew('wrong');
  await waitForState(page, 'refused');
  assert.match(await title(), /does not open a desktop/);
  for (const token of [proxy.tokens.window, (await make({ single_use: true })).token, (await make({ password: 'x' })).token]) {
    await anew(token);
    await waitForState(page, 'refused');
    assert.match(await title(), /no windows to choose from/);
  }
  assert.match(await page.locator('#cardtext').textContent(), /asks for a password/);
  const more = () => page.locator('#cardmore').textContent();
  const alone = async (token, state, window = '') => {
    await page.goto('about:blank');
    await page.goto(`${proxy.url}#token=${token}&window=${window}`);
    await waitForState(page, state);
    assert.equal(await page.locator('#stop').isHidden(), true, 'it is not tried again');
    return title();
  };
  assert.equal(await alone(proxy.token, 'refused', 'pid:1'), 'This link names no window');
  assert.match(await more(), /^The server says: window must be app:NAME, title:PATTERN, 0xID or rect:/);
  assert.equal(await alone(proxy.tokens.window, 'refused', 'app:other'), 'This window cannot be shown');
  assert.equal(await more(), 'The server says: This stream is of one window, and shows no other.');
  assert.equal(await alone(proxy.tokens.never, 'disconnected'), 'This window is not open');
  assert.equal(await more(), 'The server says: there is no window app:nothere');

  desktop.startXterm('One', '40x12+50+50');
  desktop.startXterm('Two', '40x12+500+50');
  const made = await make({});
  await anew(made.token);
  await show(page, 'One', 'Two');
  agent.kill();
  await waitForState(page, 'disconnected');
  assert.match(await title(), /nothing to show just now/);
  await agent.wait();
  const again = scope.start(AGENT, ['--listen', `unix:${path}`], { env: desktop.env, name: 'porthole-agent' });
  await again.until('the agent', () => again.stdout.includes('READY'));
  await waitForState(page, 'connected');
  await show(page, 'One', 'Two');
  await admin(proxy, 'DELETE', `/v1/streams/${made.id}`);
  await waitForState(page, 'disconnected');
  assert.match(await title(), /Access was withdrawn/);
  assert.equal(await page.locator('#stop').isHidden(), true, 'it is not tried again');
});

live('a link that lets few in shows as many windows', async (scope) => {
  const { desktop, proxy, page } = await start(scope);
  for (const [i, title] of ['One', 'Two', 'Three'].entries()) desktop.startXterm(title, `30x8+${20 + 300 * i}+50`);
  const { token, id } = (await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', role: 'control', max_viewers: 2 })).json;
  const live = async () => (await page.locator('.tile[data-state=connected] .title').allTextContents()).join();
  await page.goto(wallOf(proxy, token));
  await until('two of them', async () => await titles(page).then(({ length }) => length) === 3 && await liveTiles(page) === 2);
  const idle = page.locator('.tile[data-state=paused]');
  assert.equal(await idle.locator('.word p').textContent(), 'This link shows 2 windows at once');
  // the one that is chosen takes the place of another
  const title = await idle.locator('.title').textContent();
  await tileOf(page, title).locator('.choose').click();
  await page.waitForFunction(() => document.activeElement.matches('.front canvas'));
  await until('two of them', async () => await liveTiles(page) === 2 && (await live()).includes(title));
  // somebody else has a place
  await page.goto('about:blank');
  await until('nobody', async () => (await admin(proxy, 'GET', '/v1/streams')).json.streams.find((stream) => stream.id === id).viewers === 0);
  await new RfbViewer(scope, proxy).open(proxy, { token });
  await page.goto(wallOf(proxy, token));
  await page.getByText('This link allows no more viewers').waitFor();
  await page.locator('.retry:visible').waitFor();
  await until('the other', async () => await liveTiles(page) === 1);
});

live('a window that others cover is not just black', async (scope) => {
  const { desktop, feed, proxy, page } = await start(scope);
  desktop.startXterm('Below', '30x8+100+100');
  const { id } = await feed.window({ title: 'Below' });
  desktop.startXterm('Above', '80x24+50+30');
  await feed.window({ title: 'Above' });
  await page.goto(wallOf(proxy));
  await show(page, 'Above', 'Below');
  const words = page.getByText('Covered, or off the screen');
  await tileOf(page, 'Below').getByText('Covered, or off the screen').waitFor();
  assert.equal(await words.count(), 1);
  await page.getByRole('button', { name: 'Control Below, which is covered' }).waitFor();
  await feed.order('activate', { window: id });
  await words.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Control Below', exact: true }).waitFor();
});

live('a window that may show others for a moment is told apart', async (scope) => {
  const { desktop, proxy, page } = await start(scope, { vnc: startX11vnc });
  desktop.startXterm('One', '40x12+50+50');
  await page.goto(wallOf(proxy));
  await show(page, 'One');
  await tileOf(page, 'One').getByText('best effort').waitFor();
  desktop.startXterm('Two (best effort)', '40x12+500+50');
  await show(page, 'One', 'Two (best effort)');
  await until('both of them', async () => await page.locator('.bound:visible').count() === 2);
  assert.deepEqual(page.complaints, []);
});

live('from a desktop to its wall, to one window alone, and back', async (scope) => {
  const { desktop, proxy, page } = await start(scope, { streams: { blind: { desktop: 'blind' } }, desktops: ({ upstream }) => ({ blind: { upstream } }) });
  desktop.startXterm('One', '40x12+50+50');
  await page.goto(proxy.link());
  await waitForState(page, 'connected');
  await page.getByRole('button', { name: 'Windows' }).click();
  await show(page, 'One');
  await page.getByRole('button', { name: 'Control One' }).click();
  await page.getByRole('link', { name: 'One alone' }).click();
  await waitForState(page, 'connected');
  await until('the title', async () => await page.title() === 'One - Porthole');
  await page.reload();
  await waitForState(page, 'connected');
  await until('the title', async () => await page.title() === 'One - Porthole');
  await page.getByRole('button', { name: 'Windows' }).click();
  await show(page, 'One');
  await page.getByRole('button', { name: 'Desktop' }).click();
  await waitForState(page, 'connected');
  assert.notEqual(await page.title(), 'One - Porthole');
  // where there is nobody who knows the windows, there is no way to a wall
  await page.goto(proxy.link(proxy.tokens.blind));
  await waitForState(page, 'connected');
  assert.equal(await page.locator('#windows').isHidden(), true);
});

for (const [name, viewport] of Object.entries({ desk: DESK, phone: PHONE })) {
  live(`the wall on a ${name}: it fits, and is for everybody`, async (scope) => {
    const { desktop, proxy, page } = await start(scope, { viewport });
    const look = async (what) => {
      await assertFits(page, what);
      for (const colorScheme of viewport === DESK ? ['dark', 'light'] : ['light']) {
        await page.emulateMedia({ colorScheme });
        await assertAccessible(page, `${what}, ${colorScheme}`);
      }
    };
    await page.goto(wallOf(proxy));
    await page.getByText('No window is open on this desktop').waitFor();
    await look('no windows');
    desktop.startXterm('One', '40x12+50+50');
    desktop.startXterm('A window whose title is so long that no tile has room for the whole of it, and no bar either', '60x20+400+300');
    await until('two tiles', async () => await liveTiles(page) === 2);
    await look('all windows');
    await page.getByRole('button', { name: 'Control One' }).click();
    await page.waitForFunction(() => document.activeElement.matches('.front canvas'));
    await look('one window');
    proxy.program.kill('SIGKILL');
    await waitForState(page, 'disconnected');
    await look('the server is lost');
  });
}
