// SPDX-License-Identifier: GPL-2.0-or-later
// What Prometheus is told: in its own format, and numbers that follow what happens.
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { admin, makeToken, startPortholed } from '../lib/porthole.mjs';
import { scrape, shows } from '../lib/prometheus.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const RAW = [2, 0, 0, 1, 0, 0, 0, 0];
const ALL = [3, 0, 0, 0, 0, 0, 4, 0, 3, 0];
const PING = 9;
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

live('viewers come, look and go, and the numbers with them', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: { look: { role: 'view' } }, server: { ping_interval: 1, max_viewers: 7, workers: 3 } });
  const none = await shows(proxy, [['portholed_viewers', { role: 'view' }, 0], ['portholed_viewers', { role: 'control' }, 0], ['portholed_connections', {}, 0],
    ['portholed_viewers_limit', {}, 7], ['portholed_streams', { origin: 'configured' }, 2], ['portholed_streams', { origin: 'granted' }, 0],
    ['portholed_upstream_connect_seconds_count', {}, 0], ['portholed_viewer_ping_seconds_count', {}, 0], ['portholed_audit_lost_lines_total', {}, 0]]);
  for (const reason of ['no_token', 'wrong_token', 'origin', 'websocket', 'full', 'stream_full', 'tls']) assert.equal(none.get('portholed_refusals_total', { reason }), 0);
  await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo' });

  const viewers = await Promise.all([proxy.token, proxy.token, proxy.tokens.look].map((token) => new RfbViewer(scope, proxy).open(proxy, { token })));
  viewers[0].says(RAW).says(ALL);
  await viewers[0].hears(1024 * 768 * 4);
  const some = await shows(proxy, [['portholed_viewers', { role: 'view' }, 1], ['portholed_viewers', { role: 'control' }, 2], ['portholed_connections', {}, 3],
    ['portholed_connections_total', {}, 3], ['portholed_viewers_total', { role: 'control' }, 2], ['portholed_viewers_total', { role: 'view' }, 1],
    ['portholed_tls_handshakes_total', { result: 'done' }, 3], ['portholed_tls_handshakes_total', { result: 'failed' }, 0],
    ['portholed_streams', { origin: 'granted' }, 1], ['portholed_upstream_connect_seconds_count', {}, 3]]);
  assert.ok(some.get('portholed_viewer_sent_bytes_total') >= 1024 * 768 * 4);
  assert.equal(some.get('portholed_viewer_received_bytes_total'), RAW.length + ALL.length);
  assert.ok(some.get('portholed_upstream_connect_seconds_sum') > 0);
  await until('a ping', () => viewers[1].frames.some(({ opcode }) => opcode === PING));
  viewers[1].send(PONG);
  await shows(proxy, [['portholed_viewer_ping_seconds_count', {}, 1]]);
  viewers[1].send(PONG); // nobody has asked

  for (const viewer of viewers) viewer.socket.end();
  await shows(proxy, [['portholed_viewers', { role: 'view' }, 0], ['portholed_viewers', { role: 'control' }, 0], ['portholed_connections', {}, 0],
    ['portholed_viewers_ended_total', { reason: 'left' }, 3], ['portholed_viewers_total', { role: 'control' }, 2], ['portholed_viewer_ping_seconds_count', {}, 1]]);
});

live('what goes wrong is counted by its reason', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  await new Peer(scope, proxy).send(upgrade(proxy, { token: makeToken() })).gets('401');
  await new Peer(scope, proxy).send(upgrade(proxy, { origin: 'https://elsewhere.example' })).gets('403');
  await new Peer(scope, proxy).send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n').gets('404'); // not for the world
  net.connect(proxy.port, '127.0.0.1').end('GET / HTTP/1.0\r\n\r\n').on('error', () => {}).resume();
  await shows(proxy, [['portholed_refusals_total', { reason: 'wrong_token' }, 1], ['portholed_refusals_total', { reason: 'origin' }, 1],
    ['portholed_refusals_total', { reason: 'tls' }, 1], ['portholed_auth_failures_total', {}, 1], ['portholed_tls_handshakes_total', { result: 'failed' }, 1]]);

  const viewer = await new RfbViewer(scope, proxy).open(proxy);
  desktop.program.kill('SIGKILL');
  await viewer.ends();
  await shows(proxy, [['portholed_upstream_errors_total', { kind: 'lost' }, 1], ['portholed_viewers_ended_total', { reason: 'upstream_lost' }, 1]]);
  new Peer(scope, proxy).send(upgrade(proxy));
  await shows(proxy, [['portholed_upstream_errors_total', { kind: 'unreachable' }, 1]]);
});

live('the process and its configuration', async (scope) => {
  const desktop = await startXvnc(scope);
  const before = Math.floor(Date.now() / 1000);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const first = await scrape(proxy);
  const certificate = await scope.must('openssl', ['x509', '-in', proxy.certificate, '-noout', '-enddate', '-dateopt', 'iso_8601']);
  assert.equal(first.get('portholed_certificate_expiry_timestamp_seconds'), Date.parse(certificate.trim().replace('notAfter=', '').replace(' ', 'T')) / 1000);
  assert.match(first.families.get('portholed_build_info').samples[0].labels.version, /^\d+\.\d+\.\d+$/);
  const started = first.get('process_start_time_seconds');
  assert.ok(started >= before && started <= Date.now() / 1000);
  assert.equal(first.get('portholed_config_last_reload_success_timestamp_seconds'), started);
  assert.ok(first.get('process_resident_memory_bytes') > 2 ** 20);
  assert.ok(first.get('process_cpu_seconds_total') > 0);
  // The scrape's own connection, which is gone when we look, is one of them.
  const files = (await readdir(`/proc/${proxy.program.pid}/fd`)).length;
  assert.ok(Math.abs(first.get('process_open_fds') - files) <= 1, `${first.get('process_open_fds')}, ${files}`);
  assert.ok(first.get('process_max_fds') > files);

  const text = await readFile(proxy.config, 'utf8');
  await writeFile(proxy.config, `${text}colour = red\n`);
  proxy.program.kill('SIGHUP');
  await proxy.event('reload_failed');
  await shows(proxy, [['portholed_config_last_reload_successful', {}, 0], ['portholed_config_last_reload_success_timestamp_seconds', {}, started]]);
  await writeFile(proxy.config, text);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  const again = await shows(proxy, [['portholed_config_last_reload_successful', {}, 1]]);
  assert.ok(again.get('portholed_config_last_reload_success_timestamp_seconds') >= started);
});
