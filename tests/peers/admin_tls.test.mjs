// SPDX-License-Identifier: GPL-2.0-or-later
// The admin API over TLS: the same as by the socket, for whoever has its token and for nobody else.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, makeToken, startSilentServer, startWithAdmin } from '../lib/porthole.mjs';
import { parseMetrics } from '../lib/prometheus.mjs';
import { Peer, RfbViewer } from '../lib/viewer.mjs';

live('streams are made and ended, and numbers told, over TLS', async (scope) => {
  const desktop = await startXvnc(scope);
  const { proxy, ask, line } = await startWithAdmin(scope, { upstream: desktop.upstream });
  const answer = await ask('POST', '/v1/streams', { desktop: 'demo', label: 'x' });
  assert.equal(answer.status, 201, answer.text);
  const made = JSON.parse(answer.text);
  const told = await line('stream_made');
  assert.deepEqual([told.stream, told.by, told.uid], [made.id, 'admin_token', undefined]);
  assert.match(told.peer, /^127\.0\.0\.1:\d+$/);
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: made.token });
  const metrics = await ask('GET', '/metrics');
  assert.equal(metrics.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(parseMetrics(metrics.text).get('portholed_viewers', { role: 'view' }), 1);
  assert.equal((await ask('DELETE', `/v1/streams/${made.id}`)).status, 200);
  await viewer.ends();
  assert.equal(viewer.close.code, 4002);
  assert.equal((await ask('GET', '/v1/viewers')).text, '{"viewers":[]}\n');
  assert.equal((await ask('PUT', '/v1/streams')).headers.allow, 'GET, POST');
});

live('an answer larger than a connection takes at once comes whole', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, ask } = await startWithAdmin(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const more = Array.from({ length: 5000 }, (_, i) => `\n[stream ${'x'.repeat(27)}${i}]\ndesktop = demo\ntoken_sha256 = ${i.toString(16).padStart(64, '0')}\n`);
  await writeFile(proxy.config, await readFile(proxy.config, 'utf8') + more.join(''));
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  const { text } = await ask('GET', '/v1/streams');
  assert.ok(text.length > 700_000, String(text.length)); // beyond TLS_QUEUE_MAX
  assert.equal(JSON.parse(text).streams.length, 5001);
});

live('who has no token learns nothing', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, port, ask, token, audit, line } = await startWithAdmin(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { failed_attempts: 0 } });
  const wrong = makeToken();
  for (const path of ['/v1/streams', '/metrics', '/healthz']) {
    for (const Authorization of [`Bearer ${wrong}`, `Bearer ${proxy.token}`, `Basic ${token}`, `Bearer ${token}x`, 'Bearer']) {
      const { status, headers, text } = await ask('GET', path, undefined, { Authorization });
      assert.deepEqual([status, headers['www-authenticate'], text], [401, 'Bearer', '{"error":"this is not the token of admin_token_file"}\n']);
    }
  }
  const { status } = await ask('GET', '/v1/streams', undefined, { Origin: `https://127.0.0.1:${port}` });
  assert.equal(status, 403);
  // It is not the place for a token in the query, nor does the body count before the token does.
  const peer = new Peer(scope, { port }).send(`POST /v1/streams?token=${token} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n`);
  await peer.gets('the token of admin_token_file is needed');
  await peer.ends();
  assert.deepEqual([...new Set(proxy.events('admin_refused').map(({ why }) => why))], ['wrong token', 'foreign origin', 'no token']);
  const refused = await line('admin_refused');
  assert.deepEqual([refused.reason, refused.suppressed], ['wrong_token', 0]);
  const metrics = parseMetrics((await ask('GET', '/metrics')).text);
  assert.equal(metrics.get('portholed_refusals_total', { reason: 'wrong_token' }), 15);
  assert.equal(metrics.get('portholed_auth_failures_total'), 16);
  const written = proxy.program.stderr + await readFile(audit, 'utf8');
  for (const secret of [wrong, token, proxy.token]) assert.ok(!written.includes(secret));
});

live('who guesses has to wait, and with the right token too', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, ask, line } = await startWithAdmin(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { failed_attempts: 1 } });
  const guess = async () => (await ask('GET', '/healthz', undefined, { Authorization: `Bearer ${makeToken()}` }));
  const last = await until('an answer 429', async () => { const answer = await guess(); return answer.status === 429 && answer; });
  assert.match(last.headers['retry-after'], /^[1-9]\d*$/);
  assert.equal((await ask('GET', '/healthz')).status, 429);
  await line('admin_refused');
  assert.ok(proxy.events('admin_refused').some(({ why }) => why === 'too many failed attempts'));
});

live('connections that ask nothing keep nobody out', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, port, ask } = await startWithAdmin(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { handshake_timeout: 3 } });
  const idle = Array.from({ length: 80 }, () => new Peer(scope, { port }));
  await until('some of them to go', () => idle.filter(({ closed }) => closed).length >= 16);
  assert.equal((await ask('GET', '/healthz')).status, 200);
  assert.ok(proxy.events('admin_refused').every(({ why }) => why === 'its place is needed'));
  await until('the rest to have had their time', () => idle.every(({ closed }) => closed));
  const fragment = new Peer(scope, { port });
  for (const byte of 'GET /healthz HTTP/1.1\r\n') fragment.send(byte);
  proxy.program.kill('SIGTERM');
  assert.equal((await proxy.program.wait()).code, 0);
});

live('a new token counts from the reload on, a new address needs a restart', async (scope) => {
  const upstream = await startSilentServer(scope);
  const { proxy, file, ask } = await startWithAdmin(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const second = makeToken();
  await writeFile(file, second);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  assert.equal((await ask('GET', '/healthz')).status, 401);
  assert.equal((await ask('GET', '/healthz', undefined, { Authorization: `Bearer ${second}` })).status, 200);
  const text = await readFile(proxy.config, 'utf8');
  await writeFile(proxy.config, text.replace(/^admin_(listen|token_file) = .*\n/gm, ''));
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded', 2);
  assert.equal((await proxy.event('restart_needed')).key, 'admin_listen');
  assert.equal((await ask('GET', '/healthz', undefined, { Authorization: `Bearer ${second}` })).status, 401);
  // A place that is taken is an error.
  await writeFile(proxy.config, text.replace(/^admin_listen = .*$/m, `admin_listen = 127.0.0.1:${proxy.port}`).replace(/^admin_socket = .*\n/m, ''));
  const taken = await scope.run(PORTHOLED, ['-c', proxy.config], { name: 'portholed' });
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /event=failed detail=admin_listen error="Address already in use"/);
});
