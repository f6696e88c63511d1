// SPDX-License-Identifier: GPL-2.0-or-later
// The proxy against whoever comes to it with bad intent: one of them must never be a reason for others to be kept out.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, makeCertificate, makeToken, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { GREETING, Peer, RfbViewer, binary, upgrade } from '../lib/viewer.mjs';

const SPARE = 256; // connections that are no viewer's, as in proxy/server.c
const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

// The same proxy a second time, with more in its last section, which is the stream's, or with a standard error of the
// test's own.
async function startAgain(scope, proxy, { stream = '', stderr } = {}) {
  const config = await scope.file('again.conf');
  await writeFile(config, `${(await readFile(proxy.config, 'utf8')).replace('admin.sock', 'again.sock')}${stream}\n`);
  const program = stderr === undefined
    ? scope.start(PORTHOLED, ['-c', config], { name: 'portholed' })
    : scope.start('sh', ['-c', 'exec "$0" -c "$1" 2>"$2"', PORTHOLED, config, stderr], { name: 'portholed' });
  return Object.assign(Object.create(Object.getPrototypeOf(proxy)), { program, token: proxy.token });
}

async function waitForPort(proxy) {
  proxy.port = Number(new URL((await proxy.event('ready')).url).port);
  return proxy;
}

// How long the desktop is willing to talk: its security types, or its refusal.
async function greetedBy(scope, proxy) {
  const viewer = new Peer(scope, proxy).send(upgrade(proxy));
  await viewer.gets(GREETING);
  const before = viewer.text.length;
  viewer.send(binary(GREETING));
  await until('the security types', () => viewer.text.length >= before + 4);
  return [...viewer.text.slice(before, before + 4)].map((letter) => letter.charCodeAt(0));
}

live('viewers that break off at once do not make the desktop lock the proxy out', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  for (let count = 1; count <= 15; count++) {
    // One TLS record: the request, and a frame that is text where only binary is taken.
    await new Peer(scope, proxy).send(Buffer.concat([Buffer.from(upgrade(proxy)), Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x41])])).ends();
    await proxy.event('viewer_close', count);
  }
  assert.deepEqual(await greetedBy(scope, proxy), [0x82, 2, 1, 1]);
  assert.deepEqual(proxy.events('upstream_error'), []);
  assert.doesNotMatch(desktop.server.stderr, /Too many security failures|blacklist/i);
});

live('a handshake with the server outlives its viewer, but not the proxy', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { handshake_timeout: 60 } });
  for (let count = 1; count <= 3; count++) {
    const viewer = new Peer(scope, proxy).send(upgrade(proxy));
    await viewer.gets('101 Switching Protocols');
    viewer.socket.destroy();
    await proxy.event('viewer_close', count);
  }
  // Two at a time: the third viewer left while it was waiting for its turn.
  await until('two connections', () => upstream.connections === 2);
  const last = new Peer(scope, proxy).send(upgrade(proxy));
  await proxy.event('viewer_open', 4);
  proxy.program.kill('SIGTERM');
  await last.ends();
  assert.deepEqual(await proxy.program.wait(10_000), { code: 0, signal: null });
  assert.equal(upstream.connections, 2);
});

live('connections without a token keep nobody out', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { max_viewers: 2, workers: 1 } }); // each worker has its share of the places
  const viewer = new Peer(scope, proxy).send(upgrade(proxy));
  await viewer.gets(GREETING);
  const held = [];
  for (const count of [20, SPARE / 2, SPARE / 2]) {
    const wave = Array.from({ length: count }, () => new Peer(scope, proxy).send(HEALTH));
    await Promise.all(wave.map((peer) => peer.gets('ok\n')));
    held.push(...wave);
  }
  await until('the oldest to make room', () => held.slice(0, 20).every((peer) => peer.closed));
  assert.equal(held.filter((peer) => peer.closed).length, 20);
  held.at(-1).send(HEALTH);
  await until('another answer', () => held.at(-1).statuses.length === 2);
  assert.deepEqual(await greetedBy(scope, proxy), [0x82, 2, 1, 1]);
  assert.equal(viewer.closed, false);
});

live('a connection that opens no stream ends, however busy it is', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { handshake_timeout: 1 } });
  const peer = new Peer(scope, proxy).send(HEALTH);
  await until('its end', () => {
    if (peer.statuses.length > 0 && !peer.closed) peer.send(HEALTH);
    return peer.closed;
  });
  assert.ok(peer.statuses.length > 1 && peer.statuses.every((status) => status === 200), String(peer.statuses));
});

live('a stream has so many viewers and no more', async (scope) => {
  const desktop = await startXvnc(scope);
  const first = await startPortholed(scope, { upstream: desktop.upstream });
  const proxy = await waitForPort(await startAgain(scope, first, { stream: 'max_viewers = 1' }));
  const viewer = new Peer(scope, proxy).send(upgrade(proxy));
  await viewer.gets(GREETING);
  const other = new Peer(scope, proxy).send(upgrade(proxy));
  await other.gets('\x88\x12\x0f\xa8too many viewers'); // close 4008
  assert.deepEqual(other.statuses, [101]);
  assert.equal((await proxy.event('refused')).why, 'too many viewers of this stream');
  assert.equal(proxy.events('viewer_open').length, 1);
  assert.equal(viewer.closed, false);
  viewer.socket.destroy();
  await proxy.event('viewer_close');
  assert.deepEqual(await greetedBy(scope, proxy), [0x82, 2, 1, 1]);
});

live('a log that nobody reads stops no stream', async (scope) => {
  const desktop = await startXvnc(scope);
  const first = await startPortholed(scope, { upstream: desktop.upstream });
  const fifo = await scope.file('log');
  await scope.must('mkfifo', [fifo]);
  const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  scope.onStop(() => closeSync(reader));
  const fill = (size) => {
    try {
      for (;;) writeSync(reader, Buffer.alloc(size, '#'));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  };
  const drain = () => {
    const buffer = Buffer.alloc(1 << 20);
    try {
      return buffer.toString('latin1', 0, readSync(reader, buffer));
    } catch (error) {
      if (error.code === 'EAGAIN') return '';
      throw error;
    }
  };
  const proxy = await startAgain(scope, first, { stderr: fifo });
  let log = '';
  proxy.port = await proxy.program.until('event=ready', () => {
    log += drain();
    const found = /event=ready url=https:\/\/127\.0\.0\.1:(\d+)\//.exec(log);
    return found ? Number(found[1]) : undefined;
  });
  fill(4096);
  fill(1);
  // Three lines are lost here: somebody is refused for a wrong token, which makes two, and a viewer is let in.
  await new Peer(scope, proxy).send(upgrade(proxy, { token: 'wrong'.repeat(8) })).gets('HTTP/1.1 401 ');
  const viewer = new Peer(scope, proxy).send(upgrade(proxy));
  await viewer.gets(GREETING);
  log = drain();
  assert.match(log, /^#+$/);
  viewer.socket.destroy();
  log = await until('the next line', () => drain() || undefined);
  assert.match(log, /event=viewer_close .* dropped=3\n/);
});

live('a body of unknown length is no request', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  for (const header of ['Transfer-Encoding: gzip', 'Transfer-Encoding: identity', 'Transfer-Encoding: chunked', 'Transfer-Encoding : chunked']) {
    const peer = new Peer(scope, proxy).send(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n${HEALTH}`);
    await peer.ends();
    assert.deepEqual(peer.statuses, [400], header);
    assert.match(peer.text, /\r\nConnection: close\r\n/);
  }
});

live("another site's page opens no stream", async (scope) => {
  const desktop = await startXvnc(scope);
  const friend = 'https://friend.example:8443';
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { allowed_origins: friend } });
  for (const origin of ['https://evil.example', 'https://localhost', `https://localhost.evil:${proxy.port}`, 'null', 'https://friend.example']) {
    const peer = new Peer(scope, proxy).send(upgrade(proxy, { origin }));
    await peer.gets('Pages of this origin may not open streams here');
    assert.deepEqual(peer.statuses, [403], origin);
  }
  assert.deepEqual(proxy.events('viewer_open'), []);
  assert.deepEqual([...new Set(proxy.events('refused').map(({ why }) => why))], ['foreign origin']);
  for (const origin of [undefined, friend, `https://localhost:${proxy.port}`]) {
    await new Peer(scope, proxy).send(upgrade(proxy, { origin })).gets(GREETING);
  }
});

live('a signal reads the configuration again and drops nobody', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: { stays: {}, goes: {}, narrows: {} } });
  const open = (token) => new RfbViewer(scope, proxy).open(proxy, { token });
  const served = async () => {
    const peer = new Peer(scope, proxy);
    await new Promise((resolve) => peer.socket.once('secureConnect', resolve));
    return peer.socket.getPeerCertificate().fingerprint256;
  };
  const viewers = {};
  for (const [name, token] of Object.entries(proxy.tokens)) viewers[name] = await open(token);
  const before = await served();

  // Another certificate under the same name, one stream less, one with fewer rights, a token for a new one.
  const { certificate } = await makeCertificate(scope);
  const text = await readFile(proxy.config, 'utf8');
  assert.ok(text.includes(certificate));
  const token = makeToken();
  const digest = createHash('sha256').update(token).digest('hex');
  await writeFile(proxy.config, `${text.replace(/\[stream goes\]\n([^[]+)/, '').replace('[stream narrows]', '[stream narrows]\nrole = view')}
[stream comes]\ndesktop = demo\ntoken_sha256 = ${digest}\n`);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  for (const name of ['goes', 'narrows']) {
    await viewers[name].ends();
    assert.deepEqual(viewers[name].close, { code: 4002, words: 'the stream was revoked' }, name);
  }
  assert.notEqual(await served(), before);
  const newcomer = await open(token);
  await new Peer(scope, proxy).send(upgrade(proxy, { token: proxy.tokens.goes })).gets('HTTP/1.1 401 ');
  await open(proxy.tokens.narrows);
  for (const viewer of [viewers.stays, newcomer]) {
    const heard = viewer.said.length;
    viewer.says([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
    await viewer.hears(heard + 4);
  }

  // A file with a mistake changes nothing, and the log tells the line.
  await writeFile(proxy.config, `${text}nonsense = 1\n`);
  proxy.program.kill('SIGHUP');
  assert.match((await proxy.event('reload_failed')).detail, /portholed\.conf:\d+: unknown key "nonsense" in \[stream NAME\]/);
  await open(token);
  assert.equal(viewers.stays.closed, false);

  // What only a restart can change is told.
  await writeFile(proxy.config, text.replace('listen = 127.0.0.1:0', 'listen = 127.0.0.1:1\nworkers = 7'));
  proxy.program.kill('SIGHUP');
  await proxy.event('restart_needed', 2);
  assert.deepEqual(proxy.events('restart_needed').map(({ key }) => key), ['listen', 'workers']);
  proxy.program.kill('SIGTERM');
  assert.deepEqual(await proxy.program.wait(10_000), { code: 0, signal: null });
});

live('a port that is taken is an error', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const config = await scope.file('second.conf');
  await writeFile(config, (await readFile(proxy.config, 'utf8')).replace('127.0.0.1:0', `127.0.0.1:${proxy.port}`));
  const second = await scope.run(PORTHOLED, ['-c', config], { name: 'portholed' });
  assert.equal(second.code, 1);
  assert.match(second.stderr, /event=failed detail="listen on 127\.0\.0\.1:\d+" error="Address already in use"/);
});
