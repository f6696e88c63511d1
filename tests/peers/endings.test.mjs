// SPDX-License-Identifier: GPL-2.0-or-later
// Any of the three ends dies in the middle of a session: a plain message, the right exit code, nothing left behind.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import tls from 'node:tls';
import { isAlive, live } from '../lib/proc.mjs';
import { greeting, startXvnc } from '../lib/desktop.mjs';
import { buttonsOf, heldDown, short, startRecorder } from '../lib/xev.mjs';
import { PORTHOLE, aim, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { newPage, startChromium, waitForState } from '../lib/chromium.mjs';

async function connectedPage(scope, desktop) {
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const page = await newPage(await startChromium(scope));
  await page.goto(proxy.link());
  await waitForState(page, 'connected');
  await proxy.event('viewer_open');
  return { proxy, page };
}

async function stopProxy(proxy, signal = 'SIGTERM') {
  proxy.program.kill(signal);
  const end = await proxy.program.wait(10_000);
  assert.deepEqual(end, { code: 0, signal: null }, proxy.program.log());
  assert.equal(proxy.events('stopping').length, 1);
  assert.equal(proxy.events('stopped').length, 1);
  assert.equal(await isAlive(proxy.program.pid), false);
  await assert.rejects(greeting({ port: proxy.port }), /ECONNREFUSED/);
}

// A viewer without a browser: {socket, head} once the stream is open.
function rawViewer(scope, proxy) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      socket.write('GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
        + 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n'
        + `Authorization: Bearer ${proxy.token}\r\n\r\n`);
    });
    scope.onStop(() => socket.destroy());
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.includes('RFB 003.008\n')) resolve({ socket, head: text });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed early: ${text}`)));
  });
}

live('the desktop dies: the page says so, the proxy lives on', async (scope) => {
  const desktop = await startXvnc(scope);
  const { proxy, page } = await connectedPage(scope, desktop);
  desktop.server.kill('SIGKILL');
  await waitForState(page, 'disconnected');
  await page.getByText('There is nothing to show just now').waitFor();
  await page.getByRole('button', { name: 'Try now' }).waitFor();
  await page.getByText(/Trying again in \d+ s/).waitFor();
  const closed = await proxy.event('viewer_close');
  assert.equal(closed.why, 'upstream lost');

  // The desktop is gone for good: the page's next try is refused by the proxy in words that say which end is missing.
  await page.getByRole('button', { name: 'Try now' }).click();
  await proxy.event('upstream_error');
  await page.getByText('This cannot be shown').waitFor();
  await stopProxy(proxy);
});

live('the desktop comes back: the page connects by itself', async (scope) => {
  const desktop = await startXvnc(scope);
  const { proxy, page } = await connectedPage(scope, desktop);
  await desktop.server.stop();
  await waitForState(page, 'disconnected');
  const again = scope.start('Xvnc', ['-displayfd', '3', '-rfbport', '-1', '-rfbunixpath', desktop.address.path, '-SecurityTypes', 'None',
    '-geometry', '800x600', '-AlwaysShared', '-nolisten', 'tcp'], { extraPipe: true });
  await again.until('an RFB greeting', async () => (await greeting(desktop.address)).startsWith('RFB '));
  await waitForState(page, 'connected');
  await proxy.event('viewer_open', 2);
});

live('the browser tab is closed: the proxy lets the desktop go', async (scope) => {
  const desktop = await startXvnc(scope);
  const { proxy, page } = await connectedPage(scope, desktop);
  await page.close();
  await proxy.event('viewer_close');
  await desktop.server.until('Xvnc to see the viewer leave', () => /Connections:\s+closed/.test(desktop.server.stderr));
  await stopProxy(proxy);
});

live('a viewer vanishes without a word: its upstream connection is closed', async (scope) => {
  const upstream = await startSilentServer(scope, { greeting: 'RFB 003.008\n' });
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const viewer = await rawViewer(scope, proxy);
  await proxy.program.until('the upstream connection', () => upstream.open === 1);
  viewer.socket.destroy();
  await proxy.program.until('the upstream connection to end', () => upstream.connections === 1 && upstream.open === 0);
  await proxy.event('viewer_close');
  await stopProxy(proxy);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  live(`portholed is told to stop (${signal}) with a viewer connected`, async (scope) => {
    const desktop = await startXvnc(scope);
    const { proxy, page } = await connectedPage(scope, desktop);
    await stopProxy(proxy, signal);
    await waitForState(page, 'disconnected');
    await page.getByText('The server is stopping').waitFor();
    // The desktop is not ours to end.
    assert.match(await greeting(desktop.address), /^RFB /);
  });
}

live('portholed is told to stop in the middle of a handshake', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  await rawViewer(scope, proxy);
  await stopProxy(proxy);
});

live('the desktop dies under `porthole`', async (scope) => {
  const desktop = await startXvnc(scope);
  desktop.server.kill('SIGSTOP'); // it accepts, and says nothing any more
  const before = await entriesOf(desktop.address.path);
  const file = await scope.file('never.png');
  const program = scope.start(PORTHOLE, [...aim(desktop), '--timeout', '60', 'screenshot', file], { name: 'porthole' });
  await program.until('the connection', async () => await entriesOf(desktop.address.path) > before);
  desktop.server.kill('SIGKILL');
  const { code } = await program.wait(10_000);
  assert.equal(code, 3, program.stderr);
  assert.match(program.stderr, /^porthole: .*(closed|ended|reset|lost|hung up)[^\n]*\n$/);
  assert.equal(existsSync(file), false);
});

live('`porthole` is interrupted while it waits', async (scope) => {
  const upstream = await startSilentServer(scope);
  const file = await scope.file('never.png');
  for (const signal of ['SIGINT', 'SIGTERM']) {
    const seen = upstream.connections;
    const program = scope.start(PORTHOLE, ['-t', `vnc://127.0.0.1::${upstream.port}`, '--timeout', '60', 'screenshot', file], { name: 'porthole' });
    await program.until('the connection', () => upstream.connections === seen + 1);
    program.kill(signal);
    const end = await program.wait(10_000);
    assert.deepEqual(end, { code: 130, signal: null }, signal);
    assert.match(program.stderr, /^porthole: [^\n]*(cancelled|interrupted)[^\n]*\n$/);
    await program.until('its connection to end', () => upstream.open === 0);
  }
  assert.deepEqual((await readdir(await scope.folder())).filter((name) => name.startsWith('never')), []);
});

live('`porthole` is interrupted in the middle of a drag: no button stays down', async (scope) => {
  const desktop = await startXvnc(scope);
  const recorder = await startRecorder(desktop);
  // More steps than fit into the socket, so that some are still to be sent when the first ones arrive.
  const corners = Array.from({ length: 1000 }, (_, index) => (index % 2 ? ['880', '640'] : ['220', '190'])).flat();
  const program = scope.start(PORTHOLE, [...aim(desktop), '--timeout', '60', 'drag', ...corners], { name: 'porthole' });
  await recorder.wait('the press', (events) => events.some((event) => event.type === 'ButtonPress'));
  program.kill('SIGINT');
  const { code } = await program.wait(20_000);
  assert.ok([0, 130].includes(code), `exit code ${code}: ${program.stderr}`);
  const events = await recorder.wait('the release', (all) => heldDown(all).length === 0);
  assert.deepEqual(buttonsOf(events).map((event) => event.type), ['ButtonPress', 'ButtonRelease'], buttonsOf(events).map(short).join(' '));
});

// How often a unix socket is listed: for its listening, and for each connection to it that is open or waits to be accepted.
async function entriesOf(path) {
  const table = await readFile('/proc/net/unix', 'utf8');
  return table.split('\n').filter((line) => line.endsWith(` ${path}`)).length;
}
