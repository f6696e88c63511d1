// SPDX-License-Identifier: GPL-2.0-or-later
// How connections end, what the page says then, and when it tries again.
import assert from 'node:assert/strict';
import net from 'node:net';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { CANVAS, openDesktop } from '../lib/page.mjs';
import { admin, startPortholed } from '../lib/porthole.mjs';
import { newPage, startChromium, waitForState } from '../lib/chromium.mjs';
import { forClose } from '../../proxy/web/reasons.js';

const RIGHTS = '**/stream/rights*';

// A desktop behind a socket that may go away and come back.
async function startFlaky(scope) {
  const desktop = await startXvnc(scope);
  const path = await scope.file('flaky.sock');
  const open = new Set();
  const flaky = { path, comes: 0, gone: false, cut() { this.gone = true; for (const socket of open) socket.destroy(); } };
  const server = net.createServer((socket) => {
    flaky.comes++;
    if (flaky.gone) return socket.destroy();
    const upstream = net.connect(desktop.address.path);
    for (const [from, to] of [[socket, upstream], [upstream, socket]]) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => { open.delete(from); to.destroy(); });
    }
  });
  await new Promise((resolve) => { server.listen(path, resolve); });
  scope.onStop(() => { flaky.cut(); server.close(); });
  const proxy = await startPortholed(scope, { upstream: `unix:${path}` });
  const page = await newPage(await startChromium(scope));
  return { flaky, proxy, page };
}

test('every close code of portholed(8) has words of its own', async () => {
  const manual = await readFile(new URL('../../docs/portholed.8', import.meta.url), 'utf8');
  const codes = [...manual.split('.SH CLOSE CODES')[1].split('.SH')[0].matchAll(/\b(\d{4}) \(/g)].map(([, code]) => Number(code));
  assert.ok(codes.length >= 9, codes.join());
  for (const code of [...codes, 4003]) assert.doesNotMatch(forClose(code, '').text, /code \d/, `${code}`);
  assert.match(forClose(4999, 'so there').text, /4999/);
  assert.equal(forClose(4999, 'so there').more, 'so there');
});

live('a desktop that comes back is found again, and its last picture stays meanwhile', async (scope) => {
  const { flaky, proxy, page } = await startFlaky(scope);
  await openDesktop(page, proxy);
  flaky.cut();
  // it may be trying again already: then this comes back
  await page.locator('#cardtitle', { hasText: 'There is nothing to show just now' }).waitFor();
  await page.getByText(/Trying again in \d+ s\./).waitFor();
  assert.equal(await page.locator('#ghost canvas').evaluate((canvas) => canvas.width), 1280);
  // it is tried again by itself, in vain, and by the button
  await page.getByRole('button', { name: 'Try now' }).click();
  await proxy.program.until('two more attempts', () => flaky.comes >= 3);
  flaky.gone = false;
  await waitForState(page, 'connected');
  assert.equal(await page.locator('#ghost canvas').count(), 0);

  // who stops it is left alone
  flaky.cut();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('No further attempts are made').waitFor();
  flaky.gone = false;
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await waitForState(page, 'connected');
});

live('an operator who ends a connection is obeyed, and a server that names a time', async (scope) => {
  const { proxy, page } = await startFlaky(scope);
  await openDesktop(page, proxy);
  const { json } = await admin(proxy, 'GET', '/v1/viewers');
  await admin(proxy, 'DELETE', `/v1/viewers/${json.viewers[0].id}`);
  await waitForState(page, 'disconnected');
  assert.equal(await page.locator('#cardtitle').textContent(), 'Access was withdrawn');
  assert.equal(await page.locator('#stop').isVisible(), false);
  await page.route(RIGHTS, (route) => route.fulfill({ status: 429, headers: { 'Retry-After': '2' } }), { times: 1 });
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await page.getByText(/Too many attempts/).waitFor();
  await page.getByText(/Trying again in 2 s\./).waitFor();
  assert.equal(await page.locator('#again').isVisible(), false);
  await waitForState(page, 'connected');
});

live('nothing is tried without a network, or while nobody looks', async (scope) => {
  const { flaky, proxy, page } = await startFlaky(scope);
  await openDesktop(page, proxy);
  await page.context().setOffline(true);
  flaky.cut();
  await page.getByText('Waiting for the network.').waitFor();
  const before = flaky.comes;
  flaky.gone = false;
  await page.context().setOffline(false);
  await waitForState(page, 'connected');
  assert.equal(flaky.comes, before + 1);

  const look = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await look(true);
  flaky.cut();
  await page.getByText('Trying again when this tab is looked at.').waitFor();
  flaky.gone = false;
  assert.equal(flaky.comes, before + 1);
  await look(false);
  await waitForState(page, 'connected');
  assert.equal(flaky.comes, before + 2);
});

live('a connection that died without a word is noticed when the network comes back', async (scope) => {
  const { proxy, page } = await startFlaky(scope);
  await openDesktop(page, proxy);
  proxy.program.kill('SIGSTOP');
  try {
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await waitForState(page, 'disconnected');
  } finally {
    proxy.program.kill('SIGCONT');
  }
  assert.equal(await page.locator('#cardtitle').textContent(), 'Connection lost');
  await waitForState(page, 'connected');
  assert.equal(await page.locator(CANVAS).count(), 1);
});
