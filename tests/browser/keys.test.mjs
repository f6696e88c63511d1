// SPDX-License-Identifier: GPL-2.0-or-later
// Keys and fingers on the page, as an X client in the desktop sees them.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { HEIGHT, startX11vnc, WIDTH } from '../lib/desktop.mjs';
import { CANVAS, openDesktop, PHONE, startAll } from '../lib/page.mjs';
import { waitForState } from '../lib/chromium.mjs';
import { buttonsOf, heldDown, keysOf, short, startRecorder } from '../lib/xev.mjs';
import { startTypedText } from '../lib/typed.mjs';

async function startRecorded(scope, options) {
  const all = await startAll(scope, options);
  await all.desktop.startWindowManager();
  const recorder = await startRecorder(all.desktop);
  await openDesktop(all.page, all.proxy);
  return { ...all, scope, recorder };
}

const released = (name) => (events) => events.some((event) => event.type === 'KeyRelease' && event.name === name);
const names = (events) => keysOf(events).map(short);

async function everyKeyArrives({ page, recorder }) {
  const key = (name) => page.getByRole('button', { name, exact: true });
  const expected = [];
  const plain = { Escape: 'Escape', Tab: 'Tab', '←: Left arrow': 'Left', '↑: Up arrow': 'Up', '↓: Down arrow': 'Down', '→: Right arrow': 'Right',
    Home: 'Home', End: 'End', 'PgUp: Page up': 'Prior', 'PgDn: Page down': 'Next', Insert: 'Insert', Delete: 'Delete',
    'Print screen': 'Print', Menu: 'Menu', F1: 'F1', F12: 'F12' };
  for (const [name, keysym] of Object.entries(plain)) {
    await key(name).click();
    expected.push(`+${keysym}`, `-${keysym}`);
  }
  await key('Ctrl+Alt+Del').click();
  expected.push('+Control_L', '+Alt_L', '+Delete', '-Delete', '-Alt_L', '-Control_L');
  // a button that has the focus is pressed by Enter, and keeps it
  await key('F5').focus();
  await page.keyboard.press('Enter');
  expected.push('+F5', '-F5');
  assert.equal(await key('F5').evaluate((button) => button === document.activeElement), true);
  assert.deepEqual(names(await recorder.wait('the last key', released('F5'))), expected);
}

async function modifiersAreSticky({ page, recorder }) {
  recorder.forget();
  await page.locator(CANVAS).focus();
  const ctrl = page.getByRole('button', { name: 'Control', exact: false }).first();
  const pressed = () => ctrl.getAttribute('aria-pressed');
  await ctrl.click();
  assert.equal(await pressed(), 'true');
  await page.keyboard.press('c'); // the desktop still has the focus
  await recorder.wait('Control up', released('Control_L'));
  assert.equal(await pressed(), 'false');
  await ctrl.click();
  await ctrl.click();
  await page.keyboard.press('a');
  await page.getByRole('button', { name: 'F2', exact: true }).click();
  assert.equal(await pressed(), 'true');
  await ctrl.click();
  await page.keyboard.press('z');
  const events = await recorder.wait('z', released('z'));
  assert.deepEqual(names(events), ['+Control_L', '+c', '-c', '-Control_L', '+Control_L', '+a', '-a', '+F2', '-F2', '-Control_L', '+z', '-z']);
  // it goes with a click too
  recorder.forget();
  await page.getByRole('button', { name: 'Shift', exact: true }).click();
  const box = await page.locator(CANVAS).boundingBox();
  await page.mouse.click(Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2));
  const clicked = await recorder.wait('Shift up', released('Shift_L'));
  assert.equal(buttonsOf(clicked).find(({ type }) => type === 'ButtonPress').state & 1, 1, clicked.map(short).join(' '));
}

async function nothingStaysDown({ page, recorder }) {
  const button = (name) => page.getByRole('button', { name, exact: true });
  const away = () => page.evaluate(() => {
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));
    delete document.hasFocus;
  });
  // what is let go: what a hand holds when the desktop has the keyboard no longer, what the panel holds with the panel
  const ways = {
    'the page loses the focus': [away, ['x', 'Alt_L']],
    'somebody goes to the toolbar': [() => button('Full screen').focus(), ['x']],
    'Ctrl+Shift+F6 leads out': [() => page.keyboard.press('Control+Shift+F6'), ['x']],
    'the panel is closed': [() => button('Keys').click(), ['Alt_L']],
    'the desktop is left': [() => button('Leave').click(), ['x', 'Alt_L']],
  };
  for (const [when, [leave, loosed]] of Object.entries(ways)) {
    recorder.forget();
    if (!await page.locator('#keypanel').isVisible()) await button('Keys').click();
    await page.locator(CANVAS).focus();
    await button('Alt').click();
    await page.keyboard.down('x');
    await recorder.wait(`x, before ${when}`, (all) => all.some((event) => event.type === 'KeyPress' && event.name === 'x'));
    await leave();
    const events = await recorder.wait(`${loosed} up, when ${when}`, (all) => loosed.every((name) => released(name)(all) || released(name.toUpperCase())(all))); // with Shift it is an X
    assert.ok(!events.some(({ name }) => name === 'F6'), events.map(short).join(' '));
    await page.keyboard.up('x');
    for (let i = 0; !loosed.includes('Alt_L') && i < 2; i++) await button('Alt').click(); // held, and let go
    await recorder.wait(`nothing held down, when ${when}`, (all) => heldDown(all).length === 0);
  }
}

live('a phone\'s keyboard: typed, composed, corrected, with a modifier', async (scope) => {
  const { desktop, proxy, page } = await startAll(scope, { viewport: PHONE });
  await desktop.startWindowManager();
  const typed = await startTypedText(desktop);
  await openDesktop(page, proxy);
  await page.getByRole('button', { name: 'Type' }).tap();
  await page.waitForFunction(() => document.activeElement.id === 'typing');
  const devtools = await page.context().newCDPSession(page);
  const compose = (text) => devtools.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  const commit = (text) => devtools.send('Input.insertText', { text });
  await commit('ab ');
  for (const text of ['h', 'he', 'hel', 'help']) await compose(text);
  await commit('held'); // corrected at the end: one character goes, another comes
  await commit('é€ 😀\n');
  // Backspace takes what was typed before too, and when there is nothing
  await commit('xyz');
  for (let i = 0; i < 3; i++) await page.keyboard.press('Backspace');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await typed.until('\t\n'), 'ab help\x7fdé€ 😀\nxyz\x7f\x7f\x7f');
  // A key from the panel leaves the keyboard where it is, and so does a tap on the desktop.
  await page.getByRole('button', { name: 'Keys' }).tap();
  await page.getByRole('button', { name: 'Type' }).tap();
  await page.locator(CANVAS).tap({ position: { x: 60, y: 60 } });
  await page.getByRole('button', { name: 'Control', exact: false }).first().tap();
  await page.getByRole('button', { name: 'Type' }).tap(); // the focus moves, the modifier stays
  await commit('a');
  await page.locator(CANVAS).tap({ position: { x: 60, y: 60 } });
  assert.equal(await page.evaluate(() => document.activeElement.id), 'typing');
  await commit('b\n');
  assert.equal(await typed.until('\n'), '\x01b');
  await page.getByRole('button', { name: 'Type' }).tap();
  await page.waitForFunction(() => document.activeElement.id !== 'typing');
});

// A gesture of fingers: points, and where each goes.
async function gesture(page, from, to = from, { steps = 8, hold = 0 } = {}) {
  const devtools = await page.context().newCDPSession(page);
  const points = (share) => from.map(([x, y], i) => ({ id: i, x: x + (to[i][0] - x) * share, y: y + (to[i][1] - y) * share }));
  const touch = (type, touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', points(0));
  if (hold) await page.waitForTimeout(hold);
  if (to !== from) for (let step = 1; step <= steps; step++) await touch('touchMove', points(step / steps));
  await touch('touchEnd', []);
}

async function gesturesAct({ page, recorder }) {
  const box = await page.locator(CANVAS).boundingBox();
  const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
  const seen = async (what, enough, act) => {
    recorder.forget();
    await act();
    return (await recorder.wait(what, enough)).filter(({ type }) => type !== 'MotionNotify').map((event) => short(event).replace(/@.*/, ''));
  };
  const up = (button) => (events) => buttonsOf(events).some((event) => event.type === 'ButtonRelease' && event.button === button);
  assert.deepEqual(await seen('a tap', up(1), () => gesture(page, [[x, y]])), ['+1', '-1']);
  assert.deepEqual(await seen('two fingers', up(3), () => gesture(page, [[x, y], [x + 30, y]])), ['+3', '-3']);
  assert.deepEqual(await seen('a long press', up(3), () => gesture(page, [[x, y]], undefined, { hold: 1200 })), ['+3', '-3']);
  const dragged = await seen('a drag', up(1), () => gesture(page, [[x, y]], [[x + 70, y + 20]]));
  assert.deepEqual(dragged, ['+1', '-1']);
  const scrolled = await seen('scrolling', up(5), () => gesture(page, [[x - 20, y + 40], [x + 20, y + 40]], [[x - 20, y - 100], [x + 20, y - 100]]));
  assert.deepEqual(new Set(scrolled), new Set(['+5', '-5']));
  const pinched = await seen('pinching', (events) => released('Control_L')(events) && up(4)(events), () => gesture(page, [[x - 20, y], [x + 20, y]], [[x - 130, y], [x + 130, y]]));
  assert.deepEqual(new Set(pinched), new Set(['+Control_L', '+4', '-4', '-Control_L']));
  assert.ok(pinched[0] === '+Control_L' && pinched.at(-1) === '-Control_L', pinched.join(' '));
}

async function viewIsPanned({ page, recorder }) {
  recorder.forget();
  await page.getByRole('button', { name: 'Scaling' }).tap();
  await page.getByLabel('At its own size').check();
  await page.getByRole('button', { name: 'Close scaling' }).tap();
  const pan = page.getByRole('button', { name: 'Pan' });
  assert.equal(await pan.getAttribute('aria-pressed'), 'true');
  await gesture(page, [[300, 500]], [[60, 300]]);
  await pan.tap();
  await gesture(page, [[150, 300]]);
  const events = await recorder.wait('a tap', (all) => buttonsOf(all).length === 2);
  // so much further than where the finger is on the canvas, as there is to see
  const { x, y, width, height } = await page.locator(CANVAS).boundingBox();
  const at = `${150 - x + Math.min(240, WIDTH - width)},${300 - Math.round(y) + Math.min(200, HEIGHT - Math.round(height))}`;
  assert.deepEqual(buttonsOf(events).map(short), [`+1@${at}`, `-1@${at}`]);
}

async function desktopTakesWindowSize({ desktop, page, scope }) {
  await page.getByRole('button', { name: 'Scaling' }).click();
  await page.getByLabel("Give the desktop the window's size").check();
  const room = await page.locator('#screen').evaluate((element) => `${element.clientWidth}x${element.clientHeight}`);
  await desktop.program.until(room, async () => (await scope.must('xdpyinfo', ['-display', desktop.display])).includes(`dimensions:    ${room} pixels`));
  assert.equal(await page.locator(CANVAS).evaluate((canvas) => `${canvas.width}x${canvas.height}`), room);
}

async function fullScreenHidesToolbar({ page }) {
  await page.getByRole('button', { name: 'Full screen' }).click();
  await page.locator('#actions').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Show toolbar' }).click();
  await page.getByRole('button', { name: 'Full screen', pressed: true }).click();
  await page.waitForFunction(() => document.fullscreenElement === null);
  await page.getByRole('button', { name: 'Full screen', pressed: false }).waitFor();
  await waitForState(page, 'connected');
}

live('at a desk: special keys, sticky modifiers, nothing stays down, full screen, remote resize', async (scope) => {
  const all = await startRecorded(scope);
  await all.page.getByRole('button', { name: 'Keys' }).click();
  await everyKeyArrives(all);
  await modifiersAreSticky(all);
  await nothingStaysDown(all);
  await all.page.getByRole('button', { name: 'Reconnect' }).click();
  await waitForState(all.page, 'connected');
  await fullScreenHidesToolbar(all);
  await desktopTakesWindowSize(all);
});

live('on a phone: gestures, and panning', async (scope) => {
  const all = await startRecorded(scope, { viewport: PHONE });
  await gesturesAct(all);
  await viewIsPanned(all);
});

live('who leaves lets go of what is down, where the server would not', async (scope) => {
  const { page, recorder } = await startRecorded(scope, { start: startX11vnc });
  await page.getByRole('button', { name: 'Keys' }).click();
  await page.getByRole('button', { name: 'Super', exact: true }).click();
  await recorder.wait('Super', (all) => heldDown(all).length === 1);
  await page.getByRole('button', { name: 'Leave' }).click();
  await recorder.wait('nothing held down', (all) => heldDown(all).length === 0);
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await waitForState(page, 'connected');
  recorder.forget();
  await page.keyboard.down('Control');
  await recorder.wait('Control', (all) => heldDown(all).length === 1);
  await page.close();
  await recorder.wait('nothing held down', (all) => heldDown(all).length === 0);
});
