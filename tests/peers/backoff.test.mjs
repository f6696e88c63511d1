// SPDX-License-Identifier: GPL-2.0-or-later
// Whoever guesses is slowed down, in words and in the log, and nobody else is. Addresses are those of 127.0.0.0/8.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { hashPassword, makeToken, porthole, startPortholed } from '../lib/porthole.mjs';
import { GREETING, Peer, RfbViewer, binary, upgrade } from '../lib/viewer.mjs';

const PASSWORD = 'correct horse battery staple';
const FREE = 3;
const MANY = /^too many failed attempts from your address; try again in \d+ seconds$/;
const DOOR = { token: null, query: '?stream=door' };

// With the streams demo (a token) and door (a password, checked by VncAuth, which takes no time).
async function startGuarded(scope, { plain = false, free = FREE } = {}) {
  const desktop = await startXvnc(scope);
  const file = await scope.file('door.password');
  await writeFile(file, plain ? await hashPassword(scope, PASSWORD) : 'sesame12\n');
  return startPortholed(scope, { upstream: desktop.upstream, server: { failed_attempts: free },
    streams: { door: { token_file: null, [plain ? 'password_file' : 'vnc_password_file']: file } } });
}

async function answerTo(scope, proxy, from, options) {
  const peer = new Peer(scope, proxy, { localAddress: from }).send(upgrade(proxy, options));
  await until('an answer', () => peer.statuses.length === 1);
  return peer;
}

// A viewer at the door, before its password: VeNCrypt's Plain has been agreed on, or VncAuth's challenge has come.
async function knock(scope, proxy, from, plain = false) {
  const viewer = new RfbViewer(scope, proxy, { localAddress: from }).send(upgrade(proxy, DOOR));
  await viewer.gets(GREETING);
  viewer.send(binary(GREETING));
  await viewer.hears(14);
  viewer.send(binary(plain ? '\x13' : '\x02'));
  if (plain) viewer.send(binary('\x00\x02\x00\x00\x01\x00'));
  await viewer.hears(plain ? 14 + 2 + 6 : 14 + 16);
  return viewer;
}

const wrong = (viewer, plain = false) => viewer.send(binary(plain ? '\x00\x00\x00\x00\x00\x00\x00\x05wrong' : '0123456789abcdef'));
const right = (viewer) => viewer.send(binary(`\x00\x00\x00\x00\x00\x00\x00${String.fromCharCode(PASSWORD.length)}${PASSWORD}`));

live('an address that tries tokens must wait, and others need not', async (scope) => {
  const proxy = await startGuarded(scope);
  const tried = ['e30.e30.e30', ...Array.from({ length: FREE }, makeToken)]; // something like a JWT counts as well
  for (const token of tried) assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2', { token })).statuses, [401]);
  // whatever it brings now: tokens, names, the page's question
  const refused = await answerTo(scope, proxy, '127.0.0.2');
  assert.deepEqual(refused.statuses, [429]);
  await refused.gets('Too many failed attempts came from your address; try again later.');
  assert.match(refused.text, /\r\nRetry-After: \d+\r\n/);
  assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2', DOOR)).statuses, [429]);
  const page = new Peer(scope, proxy, { localAddress: '127.0.0.2' }).send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await page.gets('HTTP/1.1 200 ');
  await new RfbViewer(scope, proxy, { localAddress: '127.0.0.3' }).open(proxy);
  // in time it may try again
  await until('the wait to end', async () => (await answerTo(scope, proxy, '127.0.0.2')).statuses[0] === 101);
  const failures = proxy.events('auth_failed');
  assert.equal(failures.length, FREE + 1);
  for (const { peer, how } of failures) assert.deepEqual([peer.split(':')[0], how], ['127.0.0.2', 'wrong_token']);
  assert.ok(proxy.events('refused').some(({ why }) => why === 'too many failed attempts'));
  for (const token of [...tried, proxy.token]) assert.ok(!proxy.program.log().includes(token));
});

live('names count too, and no attempt at all does not', async (scope) => {
  const proxy = await startGuarded(scope);
  for (let i = 0; i < 3 * FREE; i++) assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2', { token: null })).statuses, [401]);
  for (let i = 0; i <= FREE; i++) assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2', { token: null, query: `?stream=s${i}` })).statuses, [401]);
  assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2', { token: null })).statuses, [429]);
});

live('passwords that come at the same time are not all looked at', async (scope) => {
  const proxy = await startGuarded(scope);
  const viewers = [];
  for (let i = 0; i < 3 * FREE; i++) viewers.push(await knock(scope, proxy, '127.0.0.2'));
  for (const viewer of viewers) wrong(viewer);
  for (const viewer of viewers) await viewer.ends();
  const told = viewers.map(({ close }) => close);
  assert.equal(told.filter(({ code, words }) => code === 4001 && words === 'the password is wrong').length, FREE + 1);
  const others = told.filter(({ code }) => code === 1013);
  assert.equal(others.length, viewers.length - FREE - 1);
  for (const { words } of others) assert.match(words, MANY);
  assert.equal(proxy.events('auth_failed').length, FREE + 1);
  for (const { stream, how } of proxy.events('auth_failed')) assert.deepEqual([stream, how], ['door', 'wrong_password']);
  // RFB had the same words, for viewers that know no WebSocket, and our own tells them apart from a wrong password
  assert.ok(viewers.some(({ text }) => text.includes('\x00\x00\x00\x01\x00\x00\x00') && text.includes('too many failed attempts')));
  const file = await scope.file('password');
  await writeFile(file, 'wrong\n');
  const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream?stream=door`, '--insecure', '--password-file', file, '--json', 'info']);
  assert.equal(result.code, 4, result.stderr); // from 127.0.0.1: a wrong password and no more
  assert.match(result.stderr, /the password is wrong/);
});

live('a right password takes back what went before, and is looked at while others guess', async (scope) => {
  const proxy = await startGuarded(scope, { plain: true });
  const enter = async (from) => {
    const viewer = right(await knock(scope, proxy, from, true));
    await viewer.hears(14 + 2 + 6 + 4);
    assert.equal(viewer.close, undefined);
  };
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < FREE - 1; i++) await wrong(await knock(scope, proxy, '127.0.0.2', true), true).ends();
    await enter('127.0.0.2');
  }
  // strangers, each with another address: slower for all, and the door is shut to nobody
  for (let i = 0; i < FREE + 3; i++) await wrong(await knock(scope, proxy, `127.0.1.${i + 1}`, true), true).ends();
  await enter('127.0.0.3');
  await proxy.event('viewer_open', 4);
  assert.equal(proxy.events('viewer_open').length, 4);
  assert.ok(!proxy.program.log().includes(PASSWORD));
});

live('failed_attempts = 0 lets everybody try', async (scope) => {
  const proxy = await startGuarded(scope, { free: 0 });
  for (let i = 0; i < 20; i++) assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2', { token: makeToken() })).statuses, [401]);
  assert.deepEqual((await answerTo(scope, proxy, '127.0.0.2')).statuses, [101]);
});
