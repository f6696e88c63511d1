// SPDX-License-Identifier: GPL-2.0-or-later
// Behind another proxy: the client's address is told to those that may, and believed from nobody else. All of 127.0.0.0/8 is
// this machine: a connection's address tells who it is.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { pemFor, startHaproxy } from '../lib/haproxy.mjs';
import { admin, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const HAPROXY = '127.0.0.1';
const CLIENT = '127.0.0.2';
const OTHER = '127.0.0.3';
const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function startBehind(scope, server, upstream) {
  return startPortholed(scope, { upstream: upstream ?? `tcp:127.0.0.1:${(await startSilentServer(scope)).port}`, server: { trusted_proxies: HAPROXY, ...server } });
}

// A connection without TLS: its end is waited for.
async function says(scope, proxy, localAddress, bytes) {
  const socket = net.connect({ port: proxy.port, host: '127.0.0.1', localAddress });
  let closed = false;
  socket.on('error', () => {}).on('close', () => { closed = true; }).resume();
  scope.onStop(() => socket.destroy());
  socket.write(bytes);
  await until('its end', () => closed);
}

for (const version of ['send-proxy', 'send-proxy-v2']) {
  live(`behind HAProxy that speaks ${version}, viewers have their own addresses`, async (scope) => {
    const desktop = await startXvnc(scope);
    const proxy = await startBehind(scope, { proxy_protocol: 'on' }, desktop.upstream);
    const front = await startHaproxy(scope, ['mode tcp', 'bind BIND', `server porthole 127.0.0.1:${proxy.port} ${version}`]);
    const viewer = await new RfbViewer(scope, proxy, { port: front.port, localAddress: CLIENT }).open(proxy);
    const peer = `${CLIENT}:${viewer.socket.localPort}`;
    assert.equal((await proxy.event('viewer_open')).peer, peer);
    assert.equal((await admin(proxy, 'GET', '/v1/viewers')).json.viewers[0].peer, peer);
    viewer.socket.destroy();
    assert.equal((await proxy.event('viewer_close')).peer, peer);
    // The client is nobody whose headers count, though HAProxy is.
    await new Peer(scope, proxy, { port: front.port, localAddress: OTHER }).send(upgrade(proxy, { token: 'wrong'.repeat(8), headers: ['X-Forwarded-For: 203.0.113.9'] }))
      .gets('HTTP/1.1 401 ');
    assert.match((await proxy.event('refused')).peer, /^127\.0\.0\.3:\d+$/);
  });
}

live('a PROXY header is asked of the trusted and of nobody else', async (scope) => {
  const proxy = await startBehind(scope, { proxy_protocol: 'on', handshake_timeout: 600 });
  await new Peer(scope, proxy, { localAddress: OTHER }).send(HEALTH.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')).ends();
  const refused = async (localAddress, bytes) => {
    const count = proxy.events('refused').length + 1;
    await says(scope, proxy, localAddress, bytes);
    return proxy.event('refused', count);
  };
  // Whoever only looks whether somebody listens leaves nothing behind.
  const descriptors = async () => (await readdir(`/proc/${proxy.program.pid}/fd`)).length;
  const before = await descriptors();
  const looker = net.connect({ port: proxy.port, host: '127.0.0.1' });
  looker.write('PROXY ');
  await until('it to be there', async () => (await descriptors()) === before + 1);
  looker.destroy();
  await until('it to be gone', async () => (await descriptors()) === before);
  const forged = await refused(OTHER, 'PROXY TCP4 203.0.113.9 127.0.0.1 4711 443\r\n');
  assert.match(forged.peer, /^127\.0\.0\.3:/);
  assert.equal(forged.why, 'TLS: wrong version number'); // as portholed.conf(5) has it
  for (const [bytes, why] of [
    ['\x16\x03\x01', 'there is no header'],
    ['PROXY TCP4 203.0.113.9 127.0.0.1 4711 443\n', 'the line does not end with CRLF'],
    [`PROXY UNKNOWN ${'x'.repeat(200)}`, 'the line is longer than 107 bytes'],
    [Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex'), 'the header is longer than 4112 bytes'],
  ]) {
    const line = await refused(HAPROXY, bytes);
    assert.match(line.peer, /^127\.0\.0\.1:/);
    assert.equal(line.why, `PROXY protocol: ${why}`);
  }
  // A proxy that comes for itself, or cannot tell for whom, is believed no further header.
  for (const header of ['PROXY UNKNOWN\r\n', Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')]) {
    const count = proxy.events('refused').length + 1;
    const socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
    socket.write(header);
    await new Peer(scope, proxy, { socket }).send(upgrade(proxy, { token: 'wrong'.repeat(8), headers: ['X-Forwarded-For: 203.0.113.9'] })).gets('HTTP/1.1 401 ');
    assert.match((await proxy.event('refused', count)).peer, /^127\.0\.0\.1:/);
  }
});

live('behind HAProxy that speaks HTTPS, each request has its own address', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startBehind(scope, {}, desktop.upstream);
  const folder = dirname(proxy.config);
  const pem = await pemFor(scope, { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') });
  const front = await startHaproxy(scope, ['mode http', `bind BIND ssl crt ${pem}`, 'option forwardfor', 'http-reuse always',
    `server porthole 127.0.0.1:${proxy.port} ssl verify none`]);
  const from = (localAddress, Kind = Peer) => new Kind(scope, proxy, { port: front.port, localAddress });

  // Both requests may come on one connection of HAProxy's. What a client claims stands left of what HAProxy knows.
  const wrong = { token: 'wrong'.repeat(8), headers: ['X-Forwarded-For: 203.0.113.9', 'X-Forwarded-For: 203.0.113.10, 127.0.0.1'] };
  for (const [at, address] of [CLIENT, OTHER].entries()) {
    await from(address).send(upgrade(proxy, wrong)).gets('HTTP/1.1 401 ');
    assert.equal((await proxy.event('refused', at + 1)).peer, address);
  }
  const viewer = await from(CLIENT, RfbViewer).open(proxy, { headers: wrong.headers });
  assert.equal((await proxy.event('viewer_open')).peer, CLIENT);
  assert.equal((await admin(proxy, 'GET', '/v1/viewers')).json.viewers[0].peer, CLIENT);
  viewer.socket.destroy();
  await proxy.event('viewer_close');

  // Nobody else is believed, and a proxy's nonsense is told.
  await new Peer(scope, proxy, { localAddress: OTHER }).send(upgrade(proxy, wrong)).gets('HTTP/1.1 401 ');
  assert.match((await proxy.event('refused', 3)).peer, /^127\.0\.0\.3:\d+$/);
  assert.deepEqual(proxy.events('forwarded_ignored'), []);
  for (const count of [4, 5]) {
    await new Peer(scope, proxy).send(upgrade(proxy, { ...wrong, headers: ['X-Forwarded-For: 203.0.113.9, unknown'] })).gets('HTTP/1.1 401 ');
    assert.match((await proxy.event('refused', count)).peer, /^127\.0\.0\.1:\d+$/);
  }
  const complaints = proxy.events('forwarded_ignored');
  assert.ok(complaints.length >= 1 && complaints.length <= 2, 'one a minute and worker');
  assert.equal(complaints[0].element, 'unknown');
});
