// SPDX-License-Identifier: GPL-2.0-or-later
// porthole-agent on real displays without a window manager, and what its subscribers may do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { startXvnc } from '../lib/desktop.mjs';
import { AGENT, Feed, framesOf, stackOf, startAgent } from '../lib/feed.mjs';
import { isAlive, live, until } from '../lib/proc.mjs';

live('without a window manager, too', async (scope) => {
  const desktop = await startXvnc(scope);
  const { feed } = await startAgent(scope, desktop);
  desktop.startXterm('one', '40x10+30+40');
  const one = await feed.window({ title: 'one' });
  desktop.startXterm('two', '40x10+60+80');
  const two = await feed.window({ title: 'two' });
  assert.deepEqual([one.frame, feed.newest.manager], [one.id, null]);
  await feed.until('two in front', (s) => s.windows.at(-1).id === two.id);
  await feed.order('activate', { window: one.id });
  await feed.until('one in front', (s) => s.windows.at(-1).id === one.id && s.focus === one.id);
  assert.deepEqual(framesOf(await feed.now()), await stackOf(scope, desktop));
  await feed.order('move', { window: one.id, x: -50, y: 300 });
  await feed.until('one hangs over the edge', (s) => { const { rect } = s.windows.find((w) => w.id === one.id); return rect[0] === -50 && rect[1] === 300; });
  assert.match((await feed.ask('minimize', { window: one.id })).error, /needs a window manager/);
  await feed.order('close', { window: one.id });
  await feed.until('one is gone', (s) => !s.windows.some((w) => w.id === one.id));
  // xeyes is a shape; it asks for WM_DELETE_WINDOW as well, so it can be closed
  await feed.order('launch', { argv: ['xeyes', '-geometry', '150x100+700+100'] });
  const eyes = await feed.window({ app: 'XEyes' });
  assert.ok(Array.isArray(eyes.shape) && eyes.shape.length > 2, 'a shape of several rectangles');
  const [left, top, width, height] = eyes.frame_rect;
  for (const [x, y, w, h] of eyes.shape) assert.ok(x >= left && y >= top && x + w <= left + width && y + h <= top + height);
});

live('programs are started, and mistakes are told', async (scope) => {
  const desktop = await startXvnc(scope);
  const { feed, program } = await startAgent(scope, desktop);
  const home = await scope.folder();
  const { pid } = await feed.order('launch', { argv: ['sh', '-c', 'echo "$GREETING $DISPLAY $PWD" >said; exec xterm -title launched'], cwd: home, env: { GREETING: 'hello' } });
  const window = await feed.window({ title: 'launched' });
  assert.equal(window.pid, pid);
  assert.equal(await scope.must('cat', [`${home}/said`]), `hello ${desktop.display} ${home}\n`);
  for (const [command, fields, error] of [
    ['nope', {}, /unknown command "nope"; known are windows, sync/],
    ['activate', {}, /window: an id .* is needed/],
    ['activate', { window: '0x1' }, /there is no window 0x1/],
    ...['0x10000000000', '0x', '0x-1', '0x 1', '0x0', '0xX', `${window.id} `, 1, null].map((id) => ['activate', { window: id }, /window: an id/]),
    ['move', { window: window.id, x: 1.5, y: 0 }, /x: a whole number from -32767 to 32767 is needed/],
    ['resize', { window: window.id, width: 0, height: 5 }, /width: a whole number from 1/],
    ['close', { window: window.id, force: 1 }, /force: true or false/],
    ['launch', {}, /argv: a list/],
    ['launch', { argv: ['true'], env: { 'A=B': 'c' } }, /env: names without/],
    ['launch', { argv: ['/nonexistent/program'] }, /cannot be started: no such file/],
    ['launch', { argv: ['true'], cwd: '/nonexistent' }, /the folder "\/nonexistent" cannot be entered: no such file/],
    ['launch', { argv: ['true'], cwd: '/dev/null' }, /the folder "\/dev\/null" cannot be entered: not a directory/],
    ['launch', { argv: ['/nonexistent'], cwd: '/' }, /"\/nonexistent" cannot be started: no such file/],
  ]) {
    const reply = await feed.ask(command, fields);
    assert.equal(reply.ok, false);
    assert.match(reply.error, error);
  }
  feed.say('{"command":"windows"}\n');
  const reply = await until('the reply without an id', () => feed.replies.get(null));
  assert.match(reply.error, /id: a whole number/);
  await feed.order('close', { window: window.id, force: true });
  await feed.until('its client has been ended', (s) => !s.windows.some((w) => w.id === window.id));
  program.kill();
  assert.deepEqual(await program.wait(), { code: 0, signal: null });
  assert.equal(program.stderr.replaceAll(/^xterm: .*\r?\n/gm, ''), '', 'no word of its own: what it starts has the same standard error');
  await until('the feed has ended', () => feed.ended);
});

live('subscribers that break the rules are dropped, others are not disturbed', async (scope) => {
  const desktop = await startXvnc(scope);
  const token = 'x'.repeat(40);
  const file = await scope.file('token');
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  const { feed, path, program } = await startAgent(scope, desktop, { args: ['--listen', 'tcp:127.0.0.1:0', '--token-file', file] });
  assert.equal(program.stderr, '');
  const port = Number(/READY tcp:127\.0\.0\.1:(\d+)/.exec(program.stdout)[1]);
  const dropped = async (what, subscriber) => {
    await until(`${what} is dropped`, () => subscriber.ended);
    subscriber.close();
  };
  const talk = (line, address = { path }) => { const s = new Feed(address); s.say(line); return s; };
  await dropped('no JSON', talk('hello\n'));
  await dropped('no object', talk('[1]\n'));
  await dropped('a long line', talk('x'.repeat(70_000)));
  const wrong = new Feed({ port }, 'y'.repeat(40));
  await dropped('a wrong token', wrong);
  assert.equal(wrong.hello, undefined, 'nothing was said to it');
  await dropped('a command before the token', talk('{"id":1,"command":"windows"}\n', { port }));
  assert.match(program.stderr, /^porthole-agent: a wrong token, or none, came from 127\.0\.0\.1 \(1 since the last such line\)\n$/, 'once for both');
  const far = new Feed({ port }, token);
  scope.onStop(() => far.close());
  await far.until('a snapshot over TCP', () => true);
  // strangers in heaps who say nothing: the oldest go, and keep nobody out
  const silent = [];
  for (let i = 0; i < 64; i++) {
    silent.push(new Feed({ port }));
    await once(silent[i].socket, 'connect');
  }
  const late = new Feed({ port }, token);
  await until('an answer in spite of them', () => late.newest || late.ended);
  assert.ok(late.newest, 'it is let in');
  assert.ok(silent[0].ended || !silent.at(-1).ended, 'the oldest goes first');
  for (const one of [late, ...silent]) one.close();
  // one that never reads: snapshots are made until it has left 8 MiB unread
  const deaf = new Feed({ path });
  scope.onStop(() => deaf.close());
  await deaf.until('a snapshot', () => true);
  deaf.socket.pause();
  desktop.startXterm('restless', '40x10+0+0');
  const window = await feed.window({ title: 'restless' });
  const descriptors = async () => (await scope.must('ls', [`/proc/${program.pid}/fd`])).split('\n').length;
  const before = await descriptors();
  for (let i = 0; await descriptors() >= before; i++) {
    assert.ok(i < 200, 'it is dropped some day');
    for (let k = 0; k < 500; k++) deaf.say({ id: k, command: 'windows' });
    await feed.order('move', { window: window.id, x: i % 50, y: 5 });
  }
  await far.until('others go on', (s) => s.serial === feed.newest.serial);
  assert.ok(await isAlive(program.pid));
});

live('wrong options are told from what cannot be', async (scope) => {
  const desktop = await startXvnc(scope);
  const file = await scope.file('token');
  await writeFile(file, `${'x'.repeat(40)}\n`, { mode: 0o600 });
  const open = await scope.file('open');
  await writeFile(open, `${'x'.repeat(40)}\n`, { mode: 0o604 });
  for (const [code, words, ...args] of [
    [2, /--listen ADDRESS is needed/],
    [2, /use unix:PATH or tcp:ADDRESS:PORT/, '--listen', 'somewhere'],
    [2, /TCP needs a token; add --token-file FILE/, '--listen', 'tcp:127.0.0.1:0'],
    [1, /unix:\/nonexistent\/agent\.sock: no such file or directory; make its folder first$/m, '--listen', 'unix:/nonexistent/agent.sock'],
    [2, /open: warning: everybody may read or write it/, '--listen', 'tcp:localhost:7000', '--token-file', open],
    [2, /tcp:localhost:7000: invalid argument; use a numeric address/, '--listen', 'tcp:localhost:7000', '--token-file', file],
    [1, /the X display ":no" cannot be opened/, '--listen', `unix:${await scope.file('a.sock')}`, '--display', ':no'],
  ]) {
    const result = await scope.run(AGENT, args, { env: desktop.env });
    assert.match(result.stderr, words);
    assert.equal(result.code, code, result.stderr);
  }
});

live('a screen that is resized, and one that goes away', async (scope) => {
  const desktop = await startXvnc(scope);
  const { feed, program } = await startAgent(scope, desktop);
  await scope.must('xrandr', ['--display', desktop.display, '--output', 'VNC-0', '--mode', '1024x768']);
  await feed.until('the size', (s) => s.screen.width === 1024 && s.screen.height === 768);
  desktop.program.kill();
  assert.deepEqual(await program.wait(), { code: 1, signal: null });
  assert.match(program.stderr, /the X display has gone/);
});
