// SPDX-License-Identifier: GPL-2.0-or-later
// SIGTERM with drain_timeout: whoever watches goes on, nobody new comes in, and balancers are told.
import assert from 'node:assert/strict';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { startHaproxy } from '../lib/haproxy.mjs';
import { startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
const LONG = { drain_timeout: 3600 };
const STOPPING = { code: 1001, words: 'portholed is stopping' };

async function startSilent(scope, server) {
  return startPortholed(scope, { upstream: `tcp:127.0.0.1:${(await startSilentServer(scope)).port}`, server });
}

async function startWithViewer(scope, server) {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server });
  return { proxy, viewer: await new RfbViewer(scope, proxy).open(proxy) };
}

const ended = async (proxy) => assert.deepEqual(await proxy.program.wait(), { code: 0, signal: null });

async function asks(scope, proxy, request, words) {
  const peer = new Peer(scope, proxy).send(request);
  await peer.gets(words);
  assert.match(peer.text, /\r\nConnection: close\r\n/);
  await peer.ends();
  return peer.statuses;
}

live('while it drains, viewers go on and nobody comes', async (scope) => {
  const { proxy, viewer } = await startWithViewer(scope, LONG);
  const kept = new Peer(scope, proxy).send(HEALTH);
  await kept.gets('ok\n');
  proxy.program.kill('SIGTERM');
  const { viewers, seconds } = await proxy.event('draining');
  assert.deepEqual({ viewers, seconds }, { viewers: '1', seconds: '3600' });

  const heard = viewer.said.length;
  viewer.says([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  await viewer.hears(heard + 4);

  kept.send(HEALTH);
  await kept.gets('draining\n');
  await kept.ends();
  assert.deepEqual(kept.statuses, [200, 503]);
  assert.deepEqual(await asks(scope, proxy, HEALTH, 'draining\n'), [503]);
  assert.deepEqual(await asks(scope, proxy, upgrade(proxy), 'about to stop'), [503]);
  assert.deepEqual(await asks(scope, proxy, upgrade(proxy, { token: 'wrong'.repeat(8) }), 'opens no stream'), [401]);
  assert.deepEqual(await asks(scope, proxy, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', '</html>'), [200]);
  assert.equal((await proxy.event('refused')).why, 'portholed is about to stop');
  assert.equal(viewer.closed, false);
  assert.deepEqual(proxy.events('stopping'), []);

  viewer.socket.destroy();
  await ended(proxy);
  assert.equal(proxy.events('stopping')[0].viewers, '0');
  assert.equal(proxy.events('stopped').length, 1);
});

live('when its time is over, who is left is told', async (scope) => {
  const { proxy, viewer } = await startWithViewer(scope, { drain_timeout: 1 });
  proxy.program.kill('SIGTERM');
  await viewer.ends();
  assert.deepEqual(viewer.close, STOPPING);
  await ended(proxy);
  assert.equal(proxy.events('draining').length, 1);
  assert.equal(proxy.events('stopping')[0].viewers, '1');
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  live(`${signal} ends the draining`, async (scope) => {
    const { proxy, viewer } = await startWithViewer(scope, LONG);
    proxy.program.kill('SIGTERM');
    await proxy.event('draining');
    proxy.program.kill(signal);
    await viewer.ends();
    assert.deepEqual(viewer.close, STOPPING);
    await ended(proxy);
    assert.equal(proxy.events('stopping')[0].signal, signal);
  });
}

live('SIGINT drains nothing', async (scope) => {
  const { proxy, viewer } = await startWithViewer(scope, LONG);
  proxy.program.kill('SIGINT');
  await viewer.ends();
  assert.deepEqual(viewer.close, STOPPING);
  await ended(proxy);
  assert.deepEqual(proxy.events('draining'), []);
});

live('without viewers there is nothing to drain', async (scope) => {
  const proxy = await startSilent(scope, LONG);
  proxy.program.kill('SIGTERM');
  await ended(proxy);
  assert.equal(proxy.events('draining')[0].viewers, '0');
});

for (const [title, server, lines, options] of [
  ['that speaks HTTP', {}, ['mode http'], 'check-ssl'],
  ['that speaks the PROXY protocol', { trusted_proxies: '127.0.0.1', proxy_protocol: 'on' }, ['mode tcp'], 'send-proxy-v2 check-ssl'],
]) {
  live(`the health check of a HAProxy ${title} sees it`, async (scope) => {
    const desktop = await startXvnc(scope);
    const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { ...LONG, ...server } });
    const viewer = await new RfbViewer(scope, proxy, { localAddress: '127.0.0.2' }).open(proxy);
    const front = await startHaproxy(scope, [...lines, 'bind BIND', 'option httpchk GET /healthz',
      `server porthole 127.0.0.1:${proxy.port} ${options} check verify none inter 100ms fall 1 rise 1`]);
    proxy.program.kill('SIGTERM');
    await until('HAProxy to take it out', () => /Server front\/porthole is DOWN, reason: Layer7 wrong status, code: 503/.test(front.program.stderr));
    viewer.socket.destroy();
    await ended(proxy);
  });
}
