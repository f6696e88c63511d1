// SPDX-License-Identifier: GPL-2.0-or-later
// portholed's page in a browser, before a real desktop; and what a page must be for those who do not see it or have no mouse.
import assert from 'node:assert/strict';
import { newPage, startChromium, waitForState } from './chromium.mjs';
import { startXvnc } from './desktop.mjs';
import { axeSource } from './npm.mjs';
import { startPortholed } from './porthole.mjs';

export const CANVAS = '#screen canvas';

export const DESK = { width: 1440, height: 900 };
export const TABLET = { width: 820, height: 1180, hasTouch: true, isMobile: true };
export const PHONE = { width: 390, height: 844, hasTouch: true, isMobile: true };
export const SIDEWAYS = { width: 844, height: 390, hasTouch: true, isMobile: true };

// browser: options of startChromium; proxy: of startPortholed.
export async function startAll(scope, { start = startXvnc, options = {}, furnished = false, server = {}, viewport, streams } = {}) {
  const desktop = await start(scope, options);
  if (furnished) await desktop.furnish({ background: 'plain' });
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, passwordFile: desktop.passwordFile, server, streams });
  const page = await newPage(await startChromium(scope, viewport));
  return { desktop, proxy, page };
}

export async function openDesktop(page, proxy, token) {
  await page.goto(proxy.link(token));
  await waitForState(page, 'connected');
}

// What axe finds wrong: nothing. It comes in as the debugger's, so that the page's policy does not keep it out.
export async function assertAccessible(page, where) {
  await page.evaluate(axeSource());
  const violations = await page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary.replace(/\s+/g, ' ')}`).join(' | ')}`);
  });
  assert.deepEqual(violations, [], where);
}

// Everything that can be seen is inside the window, or in something that scrolls, and no button lies over another or is
// too small: 44 pixels for a finger, 24 for a pointer.
export async function assertFits(page, where) {
  const wrong = await page.evaluate(() => {
    const least = matchMedia('(pointer: coarse)').matches ? 44 : 24;
    const scrolled = (element) => {
      for (let at = element.parentElement; at; at = at.parentElement) if (/auto|scroll/.test(getComputedStyle(at).overflowY)) return true;
      return false;
    };
    const seen = [...document.querySelectorAll('button, textarea:not(#typing), dialog, .panel, .box, #name, #status, #hint, label.check')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => ({ element, id: element.id || element.textContent.trim(), box: element.getBoundingClientRect() }));
    const buttons = seen.filter(({ element }) => element.matches('button, label.check'));
    const out = seen.filter(({ element, box }) => box.left < 0 || box.right > innerWidth + 0.5 || (!scrolled(element) && (box.top < 0 || box.bottom > innerHeight + 0.5)));
    const small = buttons.filter(({ element, box }) => element.id !== 'show' && (box.height < least - 0.5 || box.width < least - 0.5));
    const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    const bar = buttons.filter(({ element }) => element.closest('nav, #keypanel'));
    const overlaid = bar.filter((a) => bar.some((b) => a !== b && over(a.box, b.box)));
    const cut = bar.filter(({ element }) => element.scrollWidth > element.clientWidth + 1);
    const name = (list) => list.map(({ id }) => id);
    return { out: name(out), small: name(small), overlaid: name(overlaid), cut: name(cut) };
  });
  assert.deepEqual(wrong, { out: [], small: [], overlaid: [], cut: [] }, where);
}
