// SPDX-License-Identifier: GPL-2.0-or-later
// Debian's Chromium, headless, each time with an empty profile and nothing going on in the background.
import { playwright } from './npm.mjs';
import { fromRgba } from './picture.mjs';

const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-default-apps', '--disable-domain-reliability', '--no-default-browser-check'];

// more: further options of Playwright's context, as hasTouch or permissions
export async function startChromium(scope, { width = 1400, height = 1000, ...more } = {}) {
  const profile = await scope.file('chromium');
  const { chromium } = playwright();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    // Chromium's own sandbox cannot be had by root.
    chromiumSandbox: process.getuid() !== 0,
    args: QUIET,
    ignoreHTTPSErrors: true,
    viewport: { width, height },
    deviceScaleFactor: 1,
    ...more,
  });
  scope.onStop(() => context.close());
  return context;
}

// A page whose complaints are kept: `page.complaints` holds console errors, exceptions and blocked resources.
export async function newPage(context) {
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => { if (message.type() === 'error') page.complaints.push(message.text()); });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

export async function waitForState(page, state) {
  try {
    await page.waitForFunction((wanted) => document.documentElement.dataset.state === wanted, state, { timeout: 30_000 });
  } catch (error) {
    const now = await page.evaluate(() => `${document.documentElement.dataset.state}: ${document.body.innerText}`);
    throw new Error(`the page did not become ${state}; it is ${now}; ${page.complaints?.join(' | ')}`, { cause: error });
  }
}

// What a canvas shows, in its own pixels.
export async function canvasPicture(page, selector) {
  const { width, height, base64 } = await page.evaluate((where) => {
    const canvas = document.querySelector(where);
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const chunks = [];
    for (let at = 0; at < data.data.length; at += 0x8000) chunks.push(String.fromCharCode(...data.data.subarray(at, at + 0x8000)));
    return { width: canvas.width, height: canvas.height, base64: btoa(chunks.join('')) };
  }, selector);
  return fromRgba(width, height, Buffer.from(base64, 'base64'));
}
