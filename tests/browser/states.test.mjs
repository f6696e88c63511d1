// SPDX-License-Identifier: GPL-2.0-or-later
// The page in each of its states, at the sizes of a desk, a tablet and a phone held both ways: everything fits, is large
// enough for a finger, and axe finds nothing wrong.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { startPortholed } from '../lib/porthole.mjs';
import { assertAccessible, assertFits, CANVAS, DESK, openDesktop, PHONE, SIDEWAYS, TABLET } from '../lib/page.mjs';
import { newPage, startChromium, waitForState } from '../lib/chromium.mjs';

const IN_LIGHT = ['special keys', 'clipboard', 'password', 'refused'];
const RIGHTS = '**/stream/rights*';

// What is looked at: opens it, and says its name.
async function* connected(page, proxy) {
  await openDesktop(page, proxy, proxy.tokens.view);
  yield 'view only';
  await page.goto('about:blank');
  await openDesktop(page, proxy);
  yield 'in control';
  await page.locator('#keys').click();
  await page.getByRole('button', { name: 'Control' }).click();
  yield 'special keys';
  await page.locator('#text').click();
  yield 'clipboard';
  await page.locator('#scale').click();
  await page.getByLabel('At its own size').check();
  yield 'scaling';
  await page.locator('#hide').click();
  yield 'toolbar hidden';
  await page.locator('#show').click();
  await page.locator('#full').click();
  await page.waitForFunction(() => document.fullscreenElement !== null);
  yield 'full screen';
  await page.evaluate(() => document.exitFullscreen());
}

async function* notConnected(page, proxy) {
  const answer = (response) => page.route(RIGHTS, (route) => response && route.fulfill(response));
  const anew = async (link = proxy.link()) => { await page.goto('about:blank'); await page.goto(link); };
  await answer(null);
  await anew();
  await waitForState(page, 'connecting');
  yield 'connecting';
  await page.unroute(RIGHTS);
  await answer({ json: { role: 'view', clipboard: 'none', password: 'plain' } });
  await anew();
  await waitForState(page, 'password');
  yield 'password';
  await page.unroute(RIGHTS);
  await answer({ status: 429, headers: { 'Retry-After': '300' } });
  await anew();
  await waitForState(page, 'disconnected');
  yield 'waiting for another attempt';
  await page.unroute(RIGHTS);
  await anew(proxy.link('wrong'));
  await waitForState(page, 'refused');
  yield 'refused';
}

const SIZES = { desk: DESK, tablet: TABLET, phone: PHONE, 'phone, sideways': SIDEWAYS };

for (const [name, viewport] of Object.entries(SIZES)) {
  live(`every state on a ${name}`, async (scope) => {
    const desktop = await startXvnc(scope);
    const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: { view: { role: 'view', clipboard: 'out' } } });
    const page = await newPage(await startChromium(scope, viewport));
    let count = 0;
    for (const states of [connected, notConnected]) {
      for await (const state of states(page, proxy)) {
        count++;
        await assertFits(page, `${state} on a ${name}`);
        if (viewport !== DESK && viewport !== PHONE) continue;
        await assertAccessible(page, `${state} on a ${name}`);
        if (!IN_LIGHT.includes(state)) continue;
        await page.emulateMedia({ colorScheme: 'light' });
        await assertAccessible(page, `${state} on a ${name}, light`);
        await page.emulateMedia({ colorScheme: 'dark' });
      }
    }
    assert.equal(count, 11);
  });
}

live('the keyboard reaches everything, and leads out of the desktop', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const page = await newPage(await startChromium(scope));
  await openDesktop(page, proxy);
  // who is there for the first time is told the way out
  await page.getByText('leads back to the toolbar').waitFor();
  assert.equal(await page.evaluate((canvas) => document.activeElement === document.querySelector(canvas), CANVAS), true);
  assert.match(await page.locator(CANVAS).getAttribute('aria-describedby'), /hint/);
  await page.keyboard.press('Control+Shift+F6');
  await page.waitForFunction(() => document.activeElement.id === 'keys');
  const order = [];
  for (let i = 0; i < 6; i++) {
    order.push(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
    await page.keyboard.press('Tab');
  }
  assert.deepEqual(order, ['keys', 'text', 'scale', 'full', 'leave', 'hide']);
  await page.waitForFunction((canvas) => document.activeElement === document.querySelector(canvas), CANVAS);
  // panels open by Enter, take the focus, and give it back to their button
  for (const [id, inside] of [['text', 'clip'], ['scale', 'INPUT']]) {
    await page.locator(`#${id}`).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction((wanted) => [document.activeElement.id, document.activeElement.tagName].includes(wanted), inside);
    await page.keyboard.press('Escape');
    await page.waitForFunction((wanted) => document.activeElement.id === wanted, id);
    assert.equal(await page.locator(`#${id}`).getAttribute('aria-expanded'), 'false');
  }
});
