// SPDX-License-Identifier: GPL-2.0-or-later
// The windows of a desktop by the admin API: what its agent tells, or in words why not; and nobody is kept waiting for it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { admin, porthole, startSilentServer, startWithAdmin } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { Peer, RfbViewer } from '../lib/viewer.mjs';

const PATH = '/v1/desktops/demo/windows';
const HELLO = { type: 'hello', version: 1, display: ':0', pid: 1 };
const WINDOW = {
  id: '0x1', frame: '0x1', app: 'A', instance: 'a', title: 'Ünï', pid: 0, kind: 'normal', owner: null, rect: [0, 0, 200, 200],
  frame_rect: [0, 0, 200, 200], mapped: true, override_redirect: false, states: [],
};
const SNAPSHOT = {
  type: 'windows', serial: 1, screen: { width: 1280, height: 800 }, manager: null, compositing: false, complete: true, focus: null, touched: [], windows: [WINDOW],
};
const REQUEST = `GET ${PATH} HTTP/1.1\r\nHost: x\r\n`;

// An agent with a fault: says the lines to who comes, and then nothing. `open` are those who are there.
async function fakeAgent(scope, lines) {
  const agent = { path: await scope.file('fake.sock'), open: new Set(), came: 0 };
  agent.say = (line) => { for (const socket of agent.open) socket.write(`${JSON.stringify(line)}\n`); };
  const server = net.createServer((socket) => {
    agent.came++;
    agent.open.add(socket.on('error', () => {}).on('close', () => agent.open.delete(socket)).resume());
    socket.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  });
  scope.onStop(() => { for (const socket of agent.open) socket.destroy(); server.close(); });
  await new Promise((resolve) => { server.listen(agent.path, resolve); });
  return agent;
}

async function start(scope, lines, options) {
  const agent = await fakeAgent(scope, lines);
  const upstream = await startSilentServer(scope);
  return { agent, ...await startWithAdmin(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, agent: agent.path, ...options }) };
}

// A sanitizer makes it another code: of what is left behind, and of what is used when it is gone.
async function endsWell(proxy) {
  proxy.program.kill('SIGTERM');
  assert.deepEqual(await proxy.program.wait(10_000), { code: 0, signal: null });
}

live('the windows of a desktop are told as its agent tells them', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const { feed, path } = await startAgent(scope, desktop);
  const { proxy, ask } = await startWithAdmin(scope, { upstream: desktop.upstream, agent: path, desktops: { bare: { upstream: desktop.upstream } }, streams: { w: { window: 'app:XTerm', role: 'view' } } });
  assert.deepEqual((await admin(proxy, 'GET', '/v1/desktops')).json, { desktops: [{ name: 'demo', agent: true }, { name: 'bare', agent: false }] });
  const told = async () => {
    const { status, json } = await admin(proxy, 'GET', PATH);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  };
  const titles = (windows) => windows.filter(({ kind }) => kind === 'normal').map(({ title, app }) => [title, app]); // openbox has one of its own
  assert.deepEqual(titles((await told()).windows), []);

  await desktop.startTerminal('below', '40x10+100+100');
  await desktop.startTerminal('the "top" one', '40x10+200+150');
  await feed.until('the focus', ({ focus, windows }) => windows.find(({ id }) => id === focus)?.title === 'the "top" one');
  const { serial, screen, manager, compositing, complete, focus, windows } = await feed.now();
  const want = { desktop: 'demo', serial, screen, manager, compositing, complete, focus };
  want.windows = windows.map(({ id, app, title, kind, pid, owner, rect, frame_rect, mapped, states }) => ({ id, app, title, kind, pid, owner, rect, frame_rect, mapped, states }));
  assert.deepEqual(titles(want.windows), [['below', 'XTerm'], ['the "top" one', 'XTerm']]);
  const cli = await porthole(scope, ['windows', '--json', '--agent', `unix:${path}`]);
  assert.deepEqual(JSON.parse(cli.stdout).windows, want.windows);
  // Beside a stream that follows the same agent, and many at once, by both ways.
  await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.w });
  const again = await told();
  assert.ok(again.serial >= serial);
  assert.deepEqual(again, { ...want, serial: again.serial });
  const answers = await Promise.all(Array.from({ length: 10 }, told));
  for (const one of answers) assert.deepEqual(one.windows, want.windows);
  assert.deepEqual(JSON.parse((await ask('GET', PATH)).text).windows, want.windows);

  // What was told is not kept.
  await feed.order('close', { window: want.windows.find(({ title }) => title === 'below').id });
  await feed.until('it to go', (snapshot) => titles(snapshot.windows).length === 1);
  assert.deepEqual(titles((await told()).windows), [['the "top" one', 'XTerm']]);
  await endsWell(proxy);
});

live('a desktop whose windows are not to be had says why', async (scope) => {
  const gone = `unix:${await scope.file('nobody.sock')}`;
  const { proxy, agent } = await start(scope, [HELLO, SNAPSHOT, { ...SNAPSHOT, serial: 2 }], { desktops: { bare: { upstream: 'tcp:127.0.0.1:1' }, gone: { upstream: 'tcp:127.0.0.1:1', agent: gone } } });
  const cannot = (name, why) => `the agent of desktop "${name}" cannot be asked: ${why}`;
  for (const [path, status, words] of [
    ['/v1/desktops/other/windows', 404, 'there is no desktop "other"'],
    [`/v1/desktops/${'x'.repeat(100)}/windows`, 404, `there is no desktop "${'x'.repeat(32)}"`],
    ['/v1/desktops/demo%00/windows', 404, 'there is no desktop "demo%00"'],
    ['/v1/desktops/bare/windows', 409, 'desktop "bare" has no agent, which knows the windows; add agent = unix:PATH to it'],
    ['/v1/desktops/gone/windows', 502, cannot('gone', `the agent: connecting to ${gone}: no such file or directory`)],
    ...['/v1/desktops//windows', '/v1/desktops/demo', '/v1/desktops/demo/', '/v1/desktops/demo/windows/', '/v1/desktops/demo/x/windows'].map((path) => [path, 404, `there is nothing at ${path}`]),
  ]) {
    const answer = await admin(proxy, 'GET', path);
    assert.deepEqual([answer.status, answer.json], [status, { error: words }]);
  }
  const wrong = await admin(proxy, 'POST', PATH, {});
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET']);
  assert.equal(agent.came, 0);
  const answer = await admin(proxy, 'GET', PATH);
  assert.deepEqual([answer.status, answer.json.serial], [200, 1]);
  await until('the agent to be let go', () => agent.came === 1 && agent.open.size === 0);
  await endsWell(proxy);
});

for (const [what, lines, why] of [
  ['speaks another version', [{ ...HELLO, version: 2 }], 'the agent speaks another version of the window feed'],
  ['does not say what a line is', [{}], "the agent does not speak the window feed's protocol"],
  ['has windows without places', [HELLO, { ...SNAPSHOT, windows: [{ ...WINDOW, rect: [0, 0, 1] }] }], "the agent's snapshot makes no sense"],
  ['has a process that is no number', [HELLO, { ...SNAPSHOT, windows: [{ ...WINDOW, pid: '1' }] }], 'its snapshot makes no sense'],
  ['has a state that is no word', [HELLO, { ...SNAPSHOT, windows: [WINDOW, { ...WINDOW, id: '0x2', states: ['focused', {}] }] }], 'its snapshot makes no sense'],
  ['has a window manager that is no word', [HELLO, { ...SNAPSHOT, manager: 1 }], 'its snapshot makes no sense'],
]) {
  live(`an agent that ${what} is told of`, async (scope) => {
    const { proxy } = await start(scope, lines);
    const answer = await admin(proxy, 'GET', PATH);
    assert.deepEqual([answer.status, answer.json], [502, { error: `the agent of desktop "demo" cannot be asked: ${why}` }]);
    await endsWell(proxy);
  });
}

live('an agent that hangs up is told of', async (scope) => {
  const { proxy, agent } = await start(scope, [HELLO]);
  const answer = admin(proxy, 'GET', PATH);
  await until('the agent to be asked', () => agent.open.size === 1);
  for (const socket of agent.open) socket.end();
  assert.deepEqual([(await answer).status, (await answer).json.error], [502, 'the agent of desktop "demo" cannot be asked: the agent closed the connection']);
  await endsWell(proxy);
});

// The reply is to nothing that was asked: it must not count as a sign of life.
live('an agent that tells no windows is given up, and keeps nobody else waiting', async (scope) => {
  const { proxy, agent, ask } = await start(scope, [HELLO, { type: 'reply', id: 1, ok: true }], { server: { handshake_timeout: 1 } });
  const answers = [admin(proxy, 'GET', PATH), ask('GET', PATH).then(({ status, text }) => ({ status, json: JSON.parse(text) })), admin(proxy, 'GET', PATH)];
  let done = 0;
  for (const answer of answers) answer.then(() => { done++; });
  await until('the agent to be asked', () => agent.came > 0);
  assert.deepEqual((await admin(proxy, 'GET', '/healthz')).json, { ok: true });
  assert.equal((await ask('GET', '/healthz')).status, 200);
  assert.equal(done, 0);
  for (const { status, json } of await Promise.all(answers)) {
    assert.deepEqual([status, json.error], [504, 'the agent of desktop "demo" cannot be asked: the agent does not tell its windows']);
  }
  assert.equal(agent.came, 1); // they share the connection
  await until('the agent to be let go', () => agent.open.size === 0);
  await endsWell(proxy);
});

live('who goes while waiting lets the agent go, and whoever stays is answered', async (scope) => {
  const { proxy, agent, port, token, ask } = await start(scope, [HELLO]);
  const bySocket = () => net.connect(proxy.adminSocket).on('error', () => {}).resume();
  for (const connect of [
    () => { const socket = bySocket(); socket.write(`${REQUEST}\r\n`); return () => socket.destroy(); },
    () => { const peer = new Peer(scope, { port }).send(`${REQUEST}Authorization: Bearer ${token}\r\n\r\n`); return () => peer.socket.destroy(); },
  ]) {
    const before = agent.came;
    const go = connect();
    await until('the agent to be asked', () => agent.came > before && agent.open.size === 1);
    go();
    await until('the agent to be let go', () => agent.open.size === 0);
  }
  const before = agent.came;
  const gone = bySocket();
  gone.write(`${REQUEST}\r\n`);
  await until('the agent to be asked', () => agent.came > before);
  const stays = [ask('GET', PATH).then(({ text }) => JSON.parse(text)), admin(proxy, 'GET', PATH).then(({ json }) => json)];
  assert.equal((await admin(proxy, 'GET', '/healthz')).status, 200);
  assert.equal((await ask('GET', '/healthz')).status, 200);
  gone.destroy();
  agent.say(SNAPSHOT);
  for (const { windows: [{ title }] } of await Promise.all(stays)) assert.equal(title, 'Ünï');
  await endsWell(proxy);
});

live('what else is said while waiting is nobody\'s', async (scope) => {
  const { proxy, agent, port, token } = await start(scope, [HELLO]);
  const socket = net.connect(proxy.adminSocket).setEncoding('utf8');
  let text = '';
  socket.on('data', (data) => { text += data; });
  socket.write(`${REQUEST}\r\n`);
  const peer = new Peer(scope, { port }).send(`${REQUEST}Authorization: Bearer ${token}\r\n\r\n`);
  await until('the agent to be asked', () => agent.came > 0);
  assert.equal((await admin(proxy, 'GET', '/healthz')).status, 200);
  socket.write(`${REQUEST}\r\n`);
  peer.send(`${REQUEST}Authorization: Bearer ${token}\r\n\r\n`);
  assert.equal((await admin(proxy, 'GET', '/healthz')).status, 200);
  agent.say(SNAPSHOT);
  await until('the socket to be closed', () => socket.closed);
  assert.equal(text.match(/HTTP\/1\.1 200 OK/g).length, 1);
  await peer.ends();
  assert.deepEqual(peer.statuses, [200]);
  assert.equal(agent.came, 1);
  await endsWell(proxy);
});

// By the socket: a connection by TLS keeps the configuration that it began under, and so does the process its first.
live('reading the configuration again does not disturb who waits', async (scope) => {
  const { proxy, agent } = await start(scope, [HELLO]);
  const reload = async (count) => {
    proxy.program.kill('SIGHUP');
    await proxy.event('reloaded', count);
  };
  await reload(1);
  const answers = [admin(proxy, 'GET', PATH), admin(proxy, 'GET', PATH)];
  await until('the agent to be asked', () => agent.came > 0);
  const text = await readFile(proxy.config, 'utf8');
  await writeFile(proxy.config, text.replace('[desktop demo]', '[desktop other]').replaceAll('desktop = demo', 'desktop = other').replace(/^agent = .*\n/m, ''));
  await reload(2);
  assert.equal((await admin(proxy, 'GET', PATH)).status, 404);
  assert.equal((await admin(proxy, 'GET', '/v1/desktops/other/windows')).status, 409);
  agent.say(SNAPSHOT);
  for (const { json: { desktop, windows } } of await Promise.all(answers)) assert.deepEqual([desktop, windows.length], ['demo', 1]);
  await endsWell(proxy);
});

live('portholed stops while somebody waits', async (scope) => {
  const { proxy, agent, ask } = await start(scope, [HELLO]);
  const answers = Promise.allSettled([admin(proxy, 'GET', PATH), ask('GET', PATH), admin(proxy, 'GET', PATH)]);
  await until('the agent to be asked', () => agent.came > 0);
  assert.equal((await admin(proxy, 'GET', '/healthz')).status, 200);
  await endsWell(proxy);
  for (const { status } of await answers) assert.equal(status, 'rejected');
  await until('the agent to be let go', () => agent.open.size === 0);
});
