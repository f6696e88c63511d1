// SPDX-License-Identifier: GPL-2.0-or-later
// Pointer and keys of those who control one window: they reach the application or nobody, whoever else types.
import assert from 'node:assert/strict';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { porthole, startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { RfbViewer } from '../lib/viewer.mjs';
import { keysOf, Recorder, short } from '../lib/xev.mjs';

// Raw and sizes, and from then on whatever there is: what it answers to fences a server answers behind its updates.
function look(viewer) {
  const request = [3, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
  viewer.says([2, 0, 0, 2, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, ...request]);
  viewer.socket.on('data', () => viewer.says(request));
  return viewer;
}

live('input reaches the application or nobody', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const { feed, path } = await startAgent(scope, desktop);
  // Two of them, the upper one covers the right half of the lower one.
  const recorders = {};
  for (const [name, place] of [['lower', '400x300+100+100'], ['upper', '400x300+300+100']]) {
    const program = scope.start('xev', ['-name', name, '-geometry', place], { env: desktop.env });
    recorders[name] = new Recorder(program, await feed.window({ title: name }));
  }
  const { lower, upper } = recorders;
  const window = lower.window.id;
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { w: { window }, look: { window, role: 'view' } } });
  const run = async (name, ...args) => {
    const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(name), ...args]);
    assert.equal(result.code, 0, result.stderr);
  };
  await feed.order('activate', { window: upper.window.id });
  await feed.until('the upper one in front', (s) => s.focus === upper.window.id);
  for (const recorder of [lower, upper]) recorder.forget();

  // Where the other covers it: nothing, and the window does not even come to the front.
  await run('w', 'click', '350', '100');
  await run('look', 'click', '50', '50');
  await run('look', 'key', 'a');
  assert.equal((await feed.now()).focus, upper.window.id);

  // Where it can be seen, at the place that was meant, and the window comes to the front for it.
  await run('w', 'click', '50', '60');
  const clicks = await lower.wait('a click', (events) => events.some((event) => event.type === 'ButtonRelease'));
  const press = clicks.find((event) => event.type === 'ButtonPress');
  assert.deepEqual([press.x - lower.window.rect[0], press.y - lower.window.rect[1]], [50, 60]);

  // Keys wait until it has the keyboard: none is lost, and none goes elsewhere.
  await feed.order('activate', { window: upper.window.id });
  await feed.until('the upper one has the keyboard', (s) => s.focus === upper.window.id);
  for (const recorder of [lower, upper]) recorder.forget();
  await run('w', 'type', 'hello');
  await lower.wait('the text', (events) => keysOf(events).filter((event) => event.type === 'KeyPress').length >= 5);
  const typed = keysOf(lower.events()).filter((event) => event.type === 'KeyPress').map((event) => event.name);
  assert.deepEqual(typed, ['h', 'e', 'l', 'l', 'o']);
  // Not even when the viewer closes behind the last of them: it has its answer when they are there.
  for (const word of ['one', 'two', 'three']) {
    await feed.order('activate', { window: upper.window.id });
    await feed.until('the upper one has the keyboard', (s) => s.focus === upper.window.id);
    lower.forget();
    const viewer = look(await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.w }));
    for (const key of word) for (const down of [1, 0]) viewer.says([4, down, 0, 0, 0, 0, 0, key.charCodeAt(0)]);
    viewer.send(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 0xff]));
    await viewer.ends();
    assert.equal(viewer.close.code, 1000);
    await lower.wait(word, (events) => keysOf(events).filter((event) => event.type === 'KeyPress').map((event) => event.name).join('') === word);
  }
  const foreign = [...keysOf(upper.events()), ...upper.events().filter((event) => event.type.startsWith('Button'))];
  assert.deepEqual(foreign.map(short), [], 'the other window has got nothing');
});

live('two viewers control two windows at once, two more only watch', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const { feed, path } = await startAgent(scope, desktop);
  // Each covers a half of the other when it is in front: of the left one columns 200 and more, of the right one those before.
  const sides = { left: { place: '400x300+100+100', alone: 50, shared: 350 }, right: { place: '400x300+300+100', alone: 350, shared: 50 } };
  for (const [title, side] of Object.entries(sides)) {
    const program = scope.start('xev', ['-name', title, '-geometry', side.place, '-event', 'keyboard', '-event', 'mouse'], { env: desktop.env });
    side.recorder = new Recorder(program, await feed.window({ title }));
    side.id = side.recorder.window.id;
  }
  const { left, right } = sides;
  const streams = Object.fromEntries(Object.entries(sides).flatMap(([name, { id }]) => [[name, { window: id }], [`${name}-view`, { window: id, role: 'view' }]]));
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams });
  for (const [name, side] of Object.entries(sides)) {
    side.viewer = look(await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens[name] }));
    side.watcher = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens[`${name}-view`] });
  }
  const click = (viewer, x, y) => [0, 1, 0].forEach((buttons) => viewer.says([5, buttons, x >> 8, x & 0xff, y >> 8, y & 0xff]));
  const type = (viewer, text) => [...text].forEach((key) => [1, 0].forEach((down) => viewer.says([4, down, 0, 0, 0, 0, 0, key.charCodeAt(0)])));
  // The answer to a ping means that the proxy has seen all that was said before, the agent's that the X server has.
  const handled = async (...viewers) => {
    for (const viewer of viewers) {
      const pongs = () => viewer.frames.filter(({ opcode }) => opcode === 10).length;
      const before = pongs();
      viewer.send(Buffer.from([0x89, 0x80, 0, 0, 0, 0]));
      await until('the pong', () => pongs() > before);
    }
    return feed.now();
  };
  // Buttons and keys as short() has them: what each ought to have got since the last look, and no more.
  const clicked = ({ recorder: { window: { rect } } }, x, y) => [`+1@${rect[0] + x},${rect[1] + y}`, `-1@${rect[0] + x},${rect[1] + y}`];
  const typed = (text) => [...text].flatMap((key) => [`+${key}`, `-${key}`]);
  const got = ({ recorder }) => recorder.events().filter(({ type: kind }) => kind !== 'MotionNotify').map(short);
  const gets = async (side, clicks, text) => {
    await side.recorder.wait(`${clicks.length} of buttons and ${text}`, () => got(side).length >= clicks.length + 2 * text.length);
    const isKey = (word) => !word.includes('@');
    assert.deepEqual(got(side).filter(isKey), typed(text));
    assert.deepEqual(got(side).filter((word) => !isKey(word)), clicks);
    side.recorder.forget();
  };
  const nobody = () => assert.deepEqual([got(left), got(right)], [[], []]);
  const front = async (side) => {
    await feed.order('activate', { window: side.id });
    await feed.until('it in front', ({ focus }) => focus === side.id);
  };

  // Those who watch do nothing, wherever they click and whoever has the keyboard.
  await front(left);
  const watchers = [left.watcher, right.watcher];
  const meddle = () => { for (const watcher of watchers) { click(watcher, 50, 40); click(watcher, 350, 40); type(watcher, 'z'); } };
  meddle();
  assert.equal((await handled(...watchers)).focus, left.id);
  nobody();

  // Nor does a click where the other is in front; keys go to the window that they were typed into all the same.
  for (const [side, other] of [[right, left], [left, right]]) {
    await front(other);
    click(side.viewer, side.shared, 150);
    assert.equal((await handled(side.viewer)).focus, other.id);
    nobody();
    type(side.viewer, 'hidden');
    await gets(side, [], 'hidden');
    assert.deepEqual(got(other), []);
  }

  // By turns, and those who watch in between.
  for (let turn = 0; turn < 6; turn++) {
    const [side, other] = turn % 2 ? [right, left] : [left, right];
    const text = `turn${turn}`;
    click(side.viewer, side.alone, 60 + turn);
    meddle();
    type(side.viewer, text);
    await gets(side, clicked(side, side.alone, 60 + turn), text);
    assert.deepEqual(got(other), []);
  }

  // At the same moment: X has one keyboard and one pointer, which are the one's and then the other's.
  for (let round = 0; round < 10; round++) {
    const texts = { left: `left${round}`.repeat(5), right: `right${round}`.repeat(5) };
    for (const side of [left, right]) click(side.viewer, side.alone, 100 + round);
    for (let at = 0; at < texts.right.length; at++) {
      for (const [name, side] of Object.entries(sides)) type(side.viewer, texts[name].slice(at, at + 1));
      if (at % 8 === 0) {
        meddle();
        await handled(left.watcher);
      }
    }
    for (const [name, side] of Object.entries(sides)) await gets(side, clicked(side, side.alone, 100 + round), texts[name]);
  }

  // Nobody's modifiers are another's, and they are down still when it is one's own turn again.
  const key = (viewer, keysym, down) => viewer.says([4, down, 0, 0, 0, 0, keysym >> 8, keysym & 0xff]);
  key(left.viewer, 0xffe1, 1);
  await left.recorder.wait('Shift', () => got(left).length === 1);
  type(right.viewer, 'small');
  await gets(right, [], 'small');
  type(left.viewer, 'L');
  await left.recorder.wait('a capital', () => got(left).length >= 5);
  key(left.viewer, 0xffe1, 0);
  await left.recorder.wait('no Shift', () => got(left).length >= 6);
  assert.deepEqual(got(left), ['+Shift_L', '-Shift_L', '+Shift_L', '+L', '-L', '-Shift_L']);
  left.recorder.forget();
  await handled(...watchers);
  nobody();
  assert.deepEqual(proxy.events('viewer_close'), []);
});

live('command lines that come, type and go, all at once', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const { feed, path } = await startAgent(scope, desktop);
  const windows = {};
  for (const [name, place] of [['lower', '400x300+100+100'], ['upper', '400x300+300+100']]) {
    const program = scope.start('xev', ['-name', name, '-geometry', place], { env: desktop.env });
    windows[name] = new Recorder(program, await feed.window({ title: name }));
  }
  const streams = Object.fromEntries(Object.entries(windows).map(([name, { window }]) => [name, { window: window.id }]));
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams });
  const type = async (name, text) => {
    const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(name), 'type', text]);
    assert.equal(result.code, 0, result.stderr);
  };
  const textOf = (recorder) => keysOf(recorder.events()).filter((event) => event.type === 'KeyPress').map((event) => event.name).join('');
  for (let round = 0; round < 4; round++) {
    await Promise.all([type('lower', `first${round}`), type('upper', `upper${round}`), type('lower', `again${round}`)]);
    await windows.lower.wait('both texts', () => textOf(windows.lower).length >= 12);
    await windows.upper.wait('its text', () => textOf(windows.upper).length >= 6);
    assert.ok([`first${round}again${round}`, `again${round}first${round}`].includes(textOf(windows.lower)), textOf(windows.lower));
    assert.equal(textOf(windows.upper), `upper${round}`);
    for (const recorder of Object.values(windows)) recorder.forget();
  }
});
