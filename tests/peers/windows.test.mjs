// SPDX-License-Identifier: GPL-2.0-or-later
// Windows from the shell: porthole windows, focus, close, launch, wait window, screenshot --window, by a real agent.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { readPng } from '../lib/picture.mjs';
import { aim, porthole } from '../lib/porthole.mjs';
import { live } from '../lib/proc.mjs';

const ask = (scope, agent, ...args) => porthole(scope, ['--agent', agent, ...args]);

async function good(scope, agent, ...args) {
  const result = await ask(scope, agent, ...args);
  assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

live('an application from its start to its end', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const { path, feed } = await startAgent(scope, desktop);
  const agent = `unix:${path}`;
  const start = async (...argv) => {
    const pid = Number(await good(scope, agent, 'launch', '--', ...argv));
    return { pid, id: (await good(scope, agent, 'wait', 'window', `pid:${pid}`)).trim() };
  };
  const one = await start('xterm', '-title', 'The first', '-geometry', '60x15+40+60', '-bg', '#123456', '-e', 'cat');
  const two = await start('xterm', '-title', 'The second', '-geometry', '60x15+90+110', '-bg', '#654321', '-e', 'cat');

  const listed = JSON.parse(await good(scope, agent, '--json', 'windows', 'xterm'));
  assert.deepEqual(listed.windows.map((window) => window.id).sort(), [one.id, two.id].sort());
  assert.deepEqual([listed.manager, listed.screen], ['Openbox', [1280, 800]]);
  const byTitle = JSON.parse(await good(scope, agent, '--json', 'windows', 'title:*first')).windows;
  assert.deepEqual(byTitle.map(({ id, pid, app, kind }) => ({ id, pid, app, kind })), [{ id: one.id, pid: one.pid, app: 'XTerm', kind: 'normal' }]);
  assert.match(await good(scope, agent, 'windows', one.id), new RegExp(`^${one.id} +[*-]- +normal +\\d+x\\d+\\+\\d+\\+\\d+ +XTerm +The first\\n$`));

  // What is typed behind `focus` reaches the window: its screen shows it, the other's does not change.
  await good(scope, agent, 'focus', one.id);
  const focused = JSON.parse(await good(scope, agent, '--json', 'windows', one.id)).windows[0];
  assert.ok(focused.states.includes('focused'));
  const file = await scope.file('window.png');
  const shot = await porthole(scope, ['--agent', agent, ...aim(desktop), 'screenshot', '--window', 'title:*first', file]);
  assert.equal(shot.code, 0, shot.stderr);
  const picture = await readPng(file);
  assert.deepEqual([picture.width, picture.height], focused.rect.slice(2));
  const counts = new Map();
  for (let i = 0; i < picture.rgb.length; i += 3) {
    const colour = Buffer.from(picture.rgb.subarray(i, i + 3)).toString('hex');
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  assert.ok(counts.get('123456') > picture.width * picture.height * 0.8, 'it is the first window');
  assert.equal(counts.get('654321'), undefined, 'and nothing of the second');

  await good(scope, agent, 'close', two.id);
  assert.equal((await feed.now()).windows.find((window) => window.id === two.id), undefined);
  const waiting = ask(scope, agent, 'wait', 'window', '--gone', 'xterm');
  await good(scope, agent, 'close', '--force', 'xterm');
  assert.equal((await waiting).code, 0);
  for (const json of [[], ['--json']]) {
    const none = await ask(scope, agent, ...json, 'windows', 'xterm');
    assert.equal(none.code, 7);
    assert.match(none.stderr, /there is no window 'xterm'/);
  }
});

live('what cannot be is said, with the exit code that belongs to it', async (scope) => {
  const desktop = await startXvnc(scope);
  const token = 'z'.repeat(40);
  const file = await scope.file('token');
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  const { path, program } = await startAgent(scope, desktop, { args: ['--listen', 'tcp:127.0.0.1:0', '--token-file', file] });
  const agent = `unix:${path}`;
  const port = /READY tcp:127\.0\.0\.1:(\d+)/.exec(program.stdout)[1];
  const wrong = await scope.file('wrong');
  await writeFile(wrong, `${'y'.repeat(40)}\n`);
  const deaf = net.createServer((socket) => socket.on('error', () => {}));
  await new Promise((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const babbler = net.createServer((socket) => { socket.on('error', () => {}); socket.write('RFB 003.008\n'); });
  await new Promise((resolve) => babbler.listen(0, '127.0.0.1', resolve));
  scope.onStop(() => { deaf.close(); babbler.close(); });
  for (const [code, words, ...args] of [
    [2, /no agent: name one/, 'windows'],
    [2, /is no agent's address; use unix/, '--agent', 'somewhere', 'windows'],
    [3, /cannot connect to .*; is porthole-agent running there\?$/m, '--agent', 'unix:/nonexistent/agent.sock', 'windows'],
    [2, /names no window: use 0xID/, '--agent', agent, 'focus', '0xnothing'],
    [2, /names no window/, '--agent', agent, 'focus', 'pid:-1'],
    [2, /which window\?/, '--agent', agent, 'focus'],
    [7, /there is no window 'nothing'/, '--agent', agent, 'focus', 'nothing'],
    [7, /there is no window 'title:no\*'/, '--agent', agent, 'windows', 'title:no*'],
    [7, /no window 'nothing' is shown/, '--agent', agent, ...aim(desktop), 'screenshot', '--window', 'nothing', await scope.file('x.png')],
    [2, /--region and --window do not go together/, '--agent', agent, ...aim(desktop), 'screenshot', '--window', 'x', '--region', '0,0,1,1', await scope.file('x.png')],
    [2, /--gone belongs to wait window/, ...aim(desktop), 'wait', 'change', '--gone'],
    [5, /timed out while waiting for the window/, '--agent', agent, '--timeout', '0.2', 'wait', 'window', 'nothing'],
    [4, /"\/nonexistent" cannot be started/, '--agent', agent, 'launch', '/nonexistent'],
    [4, /the folder "\/nonexistent" cannot be entered: no such file or directory/, '--agent', agent, 'launch', '--folder', '/nonexistent', 'true'],
    [2, /launch what\?/, '--agent', agent, 'launch'],
    [4, /does not take this token/, '--agent', `tcp:127.0.0.1:${port}`, '--agent-token-file', wrong, 'windows'],
    [2, /over TCP the agent wants a token: name its file with --agent-token-file/, '--agent', `tcp:127.0.0.1:${port}`, 'windows'],
    [5, /timed out while waiting for the agent/, '--agent', `tcp:127.0.0.1:${deaf.address().port}`, '--agent-token-file', file, '--timeout', '0.2', 'windows'],
    [6, /does not speak the window feed/, '--agent', `tcp:127.0.0.1:${babbler.address().port}`, '--agent-token-file', file, 'windows'],
  ]) {
    const result = await porthole(scope, args, { env: { PORTHOLE_AGENT: undefined } });
    assert.match(result.stderr, words);
    assert.equal(result.code, code, result.stderr);
    assert.equal(result.stdout, '');
  }
  const far = await porthole(scope, ['--agent', `tcp:127.0.0.1:${port}`, 'windows'], { env: { PORTHOLE_AGENT_TOKEN: token } });
  assert.equal(far.code, 0, far.stderr);
});
