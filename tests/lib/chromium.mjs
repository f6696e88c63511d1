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

// In the page: what noVNC asks a server for, changed on its way.
function changeEncodings(only) {
  const isQuality = (encoding) => (encoding >= -32 && encoding <= -23) || (encoding >= -512 && encoding <= -412);
  const isPseudo = (encoding) => encoding < -32 && encoding !== -260; // TightPNG is none
  const wanted = (encoding) => !isQuality(encoding) && (only === null || encoding === 1 || encoding === 5 || isPseudo(encoding));
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    const view = data instanceof ArrayBuffer ? new DataView(data) : new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (view.getUint8(0) !== 2 || view.byteLength !== 4 + 4 * view.getUint16(2)) return send.call(this, data);
    const list = Array.from({ length: view.getUint16(2) }, (_, i) => view.getInt32(4 + 4 * i)).filter(wanted);
    if (only !== null) list.unshift(only);
    const message = new DataView(new ArrayBuffer(4 + 4 * list.length));
    message.setUint8(0, 2);
    message.setUint16(2, list.length);
    list.forEach((encoding, i) => message.setInt32(4 + 4 * i, encoding));
    window.encodingsAsked = list;
    return send.call(this, message.buffer);
  };
}

// Before the page is opened: it asks for nothing that loses colours, and where an encoding is named, for that one with
// CopyRect and Hextile. window.encodingsAsked tells in the page what it asked for last.
export const askFor = (page, encoding = null) => page.addInitScript(changeEncodings, encoding);
