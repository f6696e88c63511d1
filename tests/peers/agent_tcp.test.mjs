// SPDX-License-Identifier: GPL-2.0-or-later
// portholed and an agent over TCP: window streams are what they are by a unix socket, however far the agent is; and what
// is wrong with it is told.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { captureX, difference, expected, readPng } from '../lib/picture.mjs';
import { admin, makeToken, porthole, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { FOREIGN, OWN, seesWindow, shaker, watch } from '../lib/shaking.mjs';
import { RfbViewer, upgrade } from '../lib/viewer.mjs';

async function writeToken(scope, name, token) {
  const file = await scope.file(name);
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return file;
}

// A desktop with an agent on TCP, of which feed is a subscriber by its unix socket. The token has what JSON must escape.
async function start(scope, { token = `"\\ ${makeToken()}` } = {}) {
  const desktop = await startXvnc(scope);
  const file = await writeToken(scope, 'agent-token', token);
  const agent = await startAgent(scope, desktop, { args: ['--listen', 'tcp:127.0.0.1:0', '--token-file', file] });
  return { desktop, file, token, ...agent, port: Number(/READY tcp:127\.0\.0\.1:(\d+)/.exec(agent.program.stdout)[1]) };
}

// Carries bytes to a port, each way late by so many milliseconds.
async function startFarWay(scope, port, late) {
  const sockets = new Set();
  const carry = (from, to) => from.on('data', (data) => setTimeout(() => to.destroyed || to.write(data), late))
    .on('error', () => {}).on('close', () => { sockets.delete(from); to.destroy(); });
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.setNoDelay());
    carry(near, far);
    carry(far, near);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  scope.onStop(() => { server.close(); for (const socket of sockets) socket.destroy(); });
  return server.address().port;
}

const startProxy = (scope, upstream, agent, file, options = {}) => startPortholed(scope, {
  upstream, ...options, desktops: { far: { upstream, agent, agent_token_file: file }, ...options.desktops },
});
const look = (scope, proxy, stream, ...args) => porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(stream), ...args]);

live('a window by an agent over TCP, whose host is looked up', async (scope) => {
  const { desktop, feed, program, file, port, token } = await start(scope);
  desktop.startXterm('here', '40x10+50+60');
  const window = await feed.window({ title: 'here' });
  // localhost is ::1 first, where nobody listens, on machines that have it
  const proxy = await startProxy(scope, desktop.upstream, `tcp:localhost:${port}`, file, { streams: { w: { desktop: 'far', window: 'app:xterm' } } });
  const image = await scope.file('window.png');
  await until('the window as it is on the screen', async () => {
    assert.equal((await look(scope, proxy, 'w', 'screenshot', image)).code, 0);
    const differs = difference(await readPng(image), expected(await captureX(desktop.display), await feed.now(), window.id, window.rect));
    if (differs) throw new Error(differs);
    return true;
  });
  const told = await admin(proxy, 'GET', '/v1/desktops/far/windows');
  assert.deepEqual([told.status, told.json.windows.map(({ title }) => title)], [200, ['here']]);
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.w });
  program.kill();
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4013, words: "the desktop's agent is lost" });
  assert.ok(!proxy.program.stderr.includes(token.slice(3)), 'the token is in no log');
});

live('nothing foreign comes through however far the agent is', async (scope) => {
  const { desktop, feed, file, port } = await start(scope);
  const way = await startFarWay(scope, port, 25);
  const proxy = await startProxy(scope, desktop.upstream, `tcp:127.0.0.1:${way}`, file, { streams: { w: { desktop: 'far', window: 'app:Own', window_popups: 'clip', role: 'view' } } });
  const own = await shaker(scope, desktop, 'Own', OWN, 1, 3, 777);
  await feed.window({ app: 'Own', owner: null });
  const viewer = watch(scope, proxy, 'w', 'hextile,rre');
  await viewer.ask('look');
  const foreign = await shaker(scope, desktop, 'Foreign', FOREIGN, 5, 3, 12345);
  await Promise.all([foreign.ask('run 4000 60'), own.ask('run 4000 20')]);
  await Promise.all([foreign.ask('rest'), own.ask('rest')]);
  await own.ask('draw 20');
  await seesWindow(scope, desktop, feed, viewer);
  const [frames, bad] = (await viewer.ask('look')).trim().split(' ').map(Number);
  assert.ok(frames > 5, `${frames} frames`);
  assert.equal(bad, 0, `${bad} of ${frames} frames had pixels of others`);
});

live('an agent that cannot be reached, or does not know the token, is told of', async (scope) => {
  const { desktop, file, port, token } = await start(scope);
  const wrong = await writeToken(scope, 'wrong-token', makeToken());
  const silent = await startSilentServer(scope);
  const closed = await startFarWay(scope, 0, 0); // it hangs up on everybody
  const desktops = Object.fromEntries(Object.entries({
    stranger: [`tcp:127.0.0.1:${port}`, wrong], nowhere: ['tcp:no-such-host.invalid:7000', file],
    nobody: ['tcp:127.0.0.1:1', file], hangs: [`tcp:127.0.0.1:${closed}`, file], silent: [`tcp:127.0.0.1:${silent.port}`, file],
  }).map(([name, [agent, token_file]]) => [name, { upstream: desktop.upstream, agent, agent_token_file: token_file }]));
  const proxy = await startProxy(scope, desktop.upstream, `tcp:127.0.0.1:${port}`, file, { desktops, streams: { w: { desktop: 'stranger', window: 'app:xterm' }, n: { desktop: 'nowhere', window: 'app:xterm' } } });
  const not = 'the agent closed the connection: agent_token_file is not its token';
  for (const [name, status, why] of [
    ['stranger', 502, not],
    ['nowhere', 502, /^the agent: looking up tcp:no-such-host\.invalid:7000: /],
    ['nobody', 502, 'the agent: connecting to tcp:127.0.0.1:1: connection refused'],
    ['hangs', 502, not],
    ['silent', 504, 'the agent does not tell its windows'],
  ]) {
    const { status: said, json: { error } } = await admin(proxy, 'GET', `/v1/desktops/${name}/windows`);
    const words = error.replace(`the agent of desktop "${name}" cannot be asked: `, '');
    assert.equal(said, status, error);
    if (why instanceof RegExp) assert.match(words, why);
    else assert.equal(words, why);
  }
  for (const [i, stream] of ['w', 'n'].entries()) {
    const viewer = new RfbViewer(scope, proxy).send(upgrade(proxy, { token: proxy.tokens[stream] }));
    await viewer.ends();
    assert.deepEqual(viewer.close, { code: 4013, words: "the desktop's agent is lost" });
    const { desktop: name, detail } = await proxy.event('upstream_error', i + 1);
    assert.match(detail, name === 'stranger' ? /agent_token_file is not its token$/ : /^the agent: looking up tcp:no-such-host/);
  }
  // Another token is read with the configuration; who comes then is not kept waiting by the old one.
  await writeFile(wrong, `${token}\n`);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  const { status } = await admin(proxy, 'GET', '/v1/desktops/stranger/windows');
  assert.equal(status, 200);
});
