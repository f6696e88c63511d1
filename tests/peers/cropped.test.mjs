// SPDX-License-Identifier: GPL-2.0-or-later
// Streams of one window: what reaches the viewer is the application's, all of it and nothing else; and so is its input.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startFakeAgent } from '../lib/agents.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { captureX, crop, difference, expected, readPng } from '../lib/picture.mjs';
import { admin, PORTHOLE, porthole, startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { scrape } from '../lib/prometheus.mjs';
import { COMPOSITORS, FOREIGN, OWN, shake, shaker, watch } from '../lib/shaking.mjs';
import { binary, GREETING, RfbViewer, upgrade } from '../lib/viewer.mjs';
import { keysOf, short, startRecorder } from '../lib/xev.mjs';

async function start(scope, { manager = true, streams, xvnc = {} }) {
  const desktop = await startXvnc(scope, xvnc);
  if (manager) await desktop.startWindowManager();
  const { feed, path } = await startAgent(scope, desktop);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams });
  const connect = (name) => ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(name)];
  return { desktop, feed, proxy, connect };
}

// Rectangles of the first two can be dropped one by one; for those of the others the server has to begin anew.
const ENCODINGS = { raw: 'raw', hextile: 'hextile,rre', zrle: 'zrle', tight: 'tight' };
const SHAKE_MS = Number(process.env.SHAKE_MS ?? 8000);

// Large updates go on while they come.
for (const [manager, scale] of [[true, 1], [false, 3]]) {
  live(`windows at random, ${manager ? 'with' : 'without'} a window manager: nothing foreign, no hole`, async (scope) => {
    const desktop = await startXvnc(scope, { extra: ['-nocursor'] }); // it would be drawn into what is compared
    if (manager) await desktop.startWindowManager();
    const { proxy, seen } = await shake(scope, desktop, { encodings: ENCODINGS, ms: SHAKE_MS, scale, stream: { window_strict: 'yes' } });
    for (const [name, { frames, bad }] of Object.entries(seen)) assert.equal(bad, 0, `${name}: ${bad} of ${frames} frames had pixels of others`);
    assert.ok((await scrape(proxy)).get('portholed_window_reconnects_total') > 1, 'the server has begun anew');
  });
}

// x11vnc looks at the screen from time to time, so that what it sends may be somebody else's (docs/SECURITY.md).
live('windows at random behind x11vnc: best effort, and no hole', async (scope) => {
  const desktop = await startX11vnc(scope, { extra: ['-xdamage', '-nonap'] });
  await desktop.startWindowManager();
  const { proxy } = await shake(scope, desktop, { encodings: { raw: 'raw', hextile: 'hextile,rre' }, ms: SHAKE_MS / 4 });
  const bounds = (await admin(proxy, 'GET', '/v1/viewers')).json.viewers.map(({ stream, bound }) => [stream, bound]);
  assert.deepEqual(bounds.sort(), [['hextile', 'best effort'], ['raw', 'best effort']]);
});

live('a toolkit without backgrounds shows nothing of others either', async (scope) => {
  const { desktop, feed, proxy } = await start(scope, { streams: { w: { window: 'app:Gtk3-widget-factory', window_popups: 'clip', role: 'view' } } });
  const home = await scope.folder();
  await feed.order('launch', { argv: ['gtk3-widget-factory'], env: { HOME: home, XDG_RUNTIME_DIR: home, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' } });
  await feed.window({ app: 'Gtk3-widget-factory' });
  const viewer = watch(scope, proxy, 'w', 'hextile,rre');
  await viewer.ask('look');
  const foreign = await shaker(scope, desktop, 'Foreign', FOREIGN, 5, 3, 4711);
  await foreign.ask('run 5000 100');
  const [frames, bad] = (await viewer.ask('look')).trim().split(' ').map(Number);
  assert.ok(frames > 20, `${frames} frames`);
  assert.equal(bad, 0, `${bad} of ${frames} frames had pixels of others`);
});

// Xvnc closes the connection of who leaves more than 32 MB unread: this is more, in one update, and is kept until the agent
// has answered.
live('a window as large as a large screen, in Raw', async (scope) => {
  const [width, height] = [4096, 2304];
  const { desktop, feed, proxy } = await start(scope, { manager: false, streams: { w: { window: 'title:large', role: 'view' } }, xvnc: { geometry: `${width}x${height}` } });
  scope.start('xev', ['-name', 'large', '-bw', '0', '-geometry', `${width}x${height}+0+0`], { env: desktop.env });
  await feed.window({ title: 'large' });
  const [, , ...size] = (await watch(scope, proxy, 'w', 'raw').ask('look')).trim().split(' ').map(Number); // once all of it has come
  assert.deepEqual(size.slice(0, 2), [width, height]);
  assert.deepEqual(proxy.events('viewer_close'), []);
});

for (const [compositor, args] of Object.entries(COMPOSITORS)) {
  live(`${compositor} makes streams best effort, and ends those that are strict`, async (scope) => {
    const window = { window: 'app:Own', role: 'view' };
    const { desktop, feed, proxy, connect } = await start(scope, { streams: { any: window, strict: { ...window, window_strict: 'yes' }, part: { window: 'rect:100x100+0+0' } } });
    await shaker(scope, desktop, 'Own', OWN, 1, 0, 1);
    await feed.window({ app: 'Own' });
    const bounds = async (list, key) => Object.fromEntries((await admin(proxy, 'GET', `/v1/${list}`)).json[list].map((one) => [one[key], one.bound]));
    const nameOf = async (stream) => JSON.parse((await porthole(scope, ['--json', ...connect(stream), 'info'])).stdout).name;
    assert.deepEqual(await bounds('streams', 'id'), { demo: undefined, any: null, strict: null, part: undefined });

    const viewers = [watch(scope, proxy, 'any', 'hextile,rre'), watch(scope, proxy, 'strict', 'hextile,rre'), watch(scope, proxy, 'part', 'hextile,rre')];
    for (const viewer of viewers) await viewer.ask('look');
    await until('what is promised', async () => isDeepStrictEqual(await bounds('viewers', 'stream'), { any: 'strict', strict: 'strict', part: undefined }));
    assert.equal(await nameOf('any'), 'Own');
    const { id } = proxy.events('viewer_open').find(({ stream }) => stream === 'any');

    const drawing = scope.start(compositor, args, { env: desktop.env });
    await feed.until('a compositing manager', ({ compositing }) => compositing);
    const ended = await proxy.event('viewer_close', 2); // the first is nameOf's
    assert.deepEqual([ended.stream, ended.why], ['strict', 'not strict']);
    await until('the label', async () => isDeepStrictEqual(await bounds('viewers', 'stream'), { any: 'best effort', part: undefined }));
    assert.deepEqual(await bounds('streams', 'id'), { demo: undefined, any: 'best effort', strict: 'best effort', part: undefined });
    assert.equal(await nameOf('any'), 'Own (best effort)');
    const refused = await porthole(scope, [...connect('strict'), 'screenshot', await scope.file('x.png')]);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /4014: no strict stream of a window can be had: a compositing manager draws the desktop/);
    const counted = await scrape(proxy);
    assert.ok(counted.get('portholed_window_best_effort_total', { viewer: 'told' }) >= 1);
    assert.equal(counted.get('portholed_window_best_effort_total', { viewer: 'sent_away' }), 2);
    const made = await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', window: 'app:Own', window_strict: true });
    assert.deepEqual([made.status, made.json.bound], [201, 'best effort']);
    assert.ok(!proxy.events('viewer_close').some(({ stream }) => stream === 'part'));

    drawing.kill();
    await feed.until('none', ({ compositing }) => !compositing);
    await until('the promise', async () => (await bounds('viewers', 'stream')).any === 'strict');
    assert.equal(await nameOf('any'), 'Own');
    assert.deepEqual(proxy.events('window_bound').filter((event) => event.id === id).map(({ bound }) => bound), ['strict', 'best effort', 'strict']);
  });
}

live('a window that is not there yet, is closed, or never comes', async (scope) => {
  const { desktop, feed, proxy, connect } = await start(scope, { streams: { soon: { window: 'app:XTerm', window_wait: 30 }, never: { window: 'title:No such*', window_wait: 0 } } });
  const never = await porthole(scope, [...connect('never'), 'screenshot', await scope.file('never.png')]);
  assert.notEqual(never.code, 0);
  assert.match(never.stderr, /4003: there is no window title:No such\*/);
  const viewer = watch(scope, proxy, 'soon', 'hextile,rre');
  await proxy.event('viewer_open', 2);
  const xterm = scope.start('xterm', ['-title', 'A title', '-geometry', '40x10+50+50', '-e', 'cat'], { env: desktop.env });
  const window = await feed.window({ app: 'XTerm' });
  const [, , width, height] = (await viewer.ask('look')).trim().split(' ').map(Number);
  assert.deepEqual([width, height], window.rect.slice(2));
  const info = JSON.parse((await porthole(scope, ['--json', ...connect('soon'), 'info'])).stdout);
  assert.equal(info.name, 'A title');
  xterm.kill();
  const ended = await until('the end of the viewer', () => proxy.events('viewer_close').find((event) => event.why === 'the window was closed'));
  assert.equal(ended.stream, 'soon');
});

live('a viewer goes on to the next window of the application, and waits for it where that is wanted', async (scope) => {
  const { desktop, feed, proxy, connect } = await start(scope, { streams: { ends: { window: 'app:Own' } } });
  const made = await porthole(scope, ['stream', 'create', 'demo', '--window', 'app:Own', '--window-on-close', 'wait', '--window-popups', 'none', '--admin', proxy.adminSocket]);
  assert.equal(made.code, 0, made.stderr);
  await writeFile(proxy.tokenFile('waits'), made.stdout.trim().split('#token=')[1]);
  await desktop.setBackground('rich');
  assert.equal((await porthole(scope, [...connect('demo'), 'move', '1279', '799'])).code, 0); // its picture, off the windows
  const names = ['ends', 'waits'];
  const viewers = {};
  // Each sees the newest window, as it is on the screen, or where there is none a flat picture of the size that it had.
  const see = async (name, { rect }) => {
    const file = await scope.file(`${name}.png`);
    const nothing = { width: rect[2], height: rect[3], rgb: Buffer.alloc(rect[2] * rect[3] * 3) };
    await until(`the window, for ${name}`, async () => {
      const snapshot = await feed.now();
      const main = snapshot.windows.find((window) => window.app === 'Own');
      const want = main ? expected(await captureX(desktop.display), snapshot, main.id, rect) : nothing;
      await viewers[name].ask(`save ${file}`);
      const words = difference(await readPng(file), want);
      if (words) throw new Error(words);
      return true;
    });
  };

  const [first, second] = [await shaker(scope, desktop, 'Own', OWN, 1, 0, 1), await shaker(scope, desktop, 'Own', '20c040', 1, 0, 2)];
  const both = await feed.until('both', (s) => s.windows.filter(({ app }) => app === 'Own').length === 2 && s);
  const [below, above] = both.windows.filter(({ app }) => app === 'Own');
  assert.notDeepEqual(above.rect.slice(2), below.rect.slice(2));
  for (const name of names) {
    viewers[name] = watch(scope, proxy, name, 'hextile,rre');
    await viewers[name].ask('look');
  }
  const programs = new Map([[OWN, first], ['20c040', second]]);
  // Which program has the upper one, its colour in the picture tells.
  const file = await scope.file('which.png');
  await until('a picture', async () => {
    await viewers.ends.ask(`save ${file}`);
    return programs.has((await readPng(file)).rgb.subarray(0, 3).toString('hex'));
  });
  const upper = (await readPng(file)).rgb.subarray(0, 3).toString('hex');
  programs.get(upper).kill();
  await feed.until('one', (s) => s.windows.filter(({ app }) => app === 'Own').length === 1);
  for (const name of names) await see(name, below);
  const gone = () => proxy.events('viewer_close').filter(({ stream }) => stream !== 'demo');
  assert.deepEqual(gone(), []);

  programs.get(upper === OWN ? '20c040' : OWN).kill();
  assert.equal((await until('the end of one', () => gone()[0])).why, 'the window was closed');
  await see('waits', below);
  await shaker(scope, desktop, 'Own', 'c04020', 1, 0, 3);
  const third = await feed.window({ app: 'Own' });
  assert.notDeepEqual(third.rect.slice(2), below.rect.slice(2));
  await see('waits', third);
  assert.deepEqual(gone().map(({ stream }) => stream), ['ends']);
});

live('a rectangle of the screen, without an agent', async (scope) => {
  const desktop = await startXvnc(scope);
  const streams = { part: { window: 'rect:500x400+200+100' }, corner: { window: 'rect:500x400+780+400', role: 'view' }, beyond: { window: 'rect:500x400+781+400' } };
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams });
  const connect = (name) => ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(name)];
  const run = async (name, ...args) => {
    const result = await porthole(scope, [...connect(name), ...args]);
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  await desktop.setBackground('rich');
  await run('demo', 'move', '10', '10'); // the pointer's picture, out of the way
  assert.equal(JSON.parse((await run('part', '--json', 'info')).stdout).name, 'test desktop');

  // All that lies there, as it changes, and nothing of the rest.
  const restless = await shaker(scope, desktop, 'Own', OWN, 3, 2, 99);
  const viewers = { part: watch(scope, proxy, 'part', 'hextile,rre'), corner: watch(scope, proxy, 'corner', 'raw') };
  const see = async (name, [x, y, w, h], screen = { width: 1280, height: 800 }) => {
    const file = await scope.file(`${name}.png`);
    await until(`the screen, for ${name}`, async () => {
      const seen = crop(await captureX(desktop.display), x, y, Math.min(w, screen.width - x), Math.min(h, screen.height - y));
      const want = { width: w, height: h, rgb: Buffer.alloc(w * h * 3) };
      for (let row = 0; row < seen.height; row++) seen.rgb.copy(want.rgb, row * w * 3, row * seen.width * 3, (row + 1) * seen.width * 3);
      await viewers[name].ask(`save ${file}`);
      const words = difference(await readPng(file), want);
      if (words) throw new Error(words);
      return true;
    });
  };
  await restless.ask('run 1000 100');
  await see('part', [200, 100, 500, 400]);
  await see('corner', [780, 400, 500, 400]);

  // Not there as a whole: told.
  const refused = await porthole(scope, [...connect('beyond'), 'screenshot', await scope.file('x.png')]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /rect:500x400\+781\+400 is not on the desktop's screen of 1280x800 pixels/);
  assert.match((await proxy.event('upstream_error')).detail, /is not on the desktop's screen/);

  // A smaller screen takes some of it.
  await scope.must('xrandr', ['--display', desktop.display, '--output', 'VNC-0', '--mode', '1024x768']);
  await see('corner', [780, 400, 500, 400], { width: 1024, height: 768 });
  await see('part', [200, 100, 500, 400]);

  // Input arrives where it was meant, and keys go to who has the keyboard: without a manager, whom the pointer is over.
  restless.kill();
  const recorder = await startRecorder(desktop, { geometry: '700x500' }); // in the corner
  await run('part', 'click', '100', '60');
  await run('part', 'key', 'a');
  const events = await recorder.wait('the keys', (all) => keysOf(all).length >= 2);
  const press = events.find((event) => event.type === 'ButtonPress');
  assert.deepEqual([press.x, press.y], [100 + 200, 60 + 100]);
  assert.deepEqual(keysOf(events).map(short), ['+a', '-a']);
  assert.deepEqual(proxy.events('viewer_close').filter(({ stream }) => stream === 'corner'), []);
});

live('a server without ContinuousUpdates: best effort, and nothing for who is strict', async (scope) => {
  const desktop = await startX11vnc(scope);
  await desktop.startWindowManager();
  await desktop.setBackground('rich');
  const { path, feed } = await startAgent(scope, desktop);
  const window = { window: 'app:XTerm' };
  const streams = { any: window, strict: { ...window, window_strict: 'yes' }, part: { window: 'rect:300x200+500+300' } };
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams });
  const program = scope.start('xterm', ['-title', 'A title', '-geometry', '40x10+50+50', '-xrm', 'XTerm*cursorBlink: false', '-e', 'cat'], { env: desktop.env });
  await desktop.focused(program, await feed.window({ app: 'XTerm' }));
  const run = (stream, ...args) => porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(stream), ...args]);

  // Nothing is sent to who is strict, not even of the window.
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.strict });
  viewer.says([3, 0, 0, 0, 0, 0, 2, 0, 2, 0]);
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4014, words: 'no strict stream of a window can be had: the VNC server has no ContinuousUpdates' });
  assert.equal(viewer.said.length, 0);
  assert.deepEqual(proxy.events('viewer_close').map(({ stream, why }) => [stream, why]), [['strict', 'not strict']]);

  // The rest of them see the window as it is, and are told; from the first viewer on the server is known.
  assert.equal((await admin(proxy, 'GET', '/v1/streams')).json.streams.find(({ id }) => id === 'any').bound, 'best effort');
  assert.match((await porthole(scope, ['stream', 'list', '--admin', proxy.adminSocket])).stdout, /^any .*  \S+ \(best effort\) +\(portholed\.conf\)$/m);
  const info = JSON.parse((await run('any', '--json', 'info')).stdout);
  assert.equal(info.name, 'A title (best effort)');
  const typed = await run('any', 'type', 'words');
  assert.equal(typed.code, 0, typed.stderr);
  for (const [stream, where] of [['any', async () => (await feed.window({ app: 'XTerm' })).rect], ['part', () => [500, 300, 300, 200]]]) {
    const file = await scope.file(`${stream}.png`);
    await until(`what is on the screen, for ${stream}`, async () => {
      const { code, stderr } = await run(stream, 'screenshot', file);
      assert.equal(code, 0, stderr);
      const words = difference(await readPng(file), crop(await captureX(desktop.display), ...await where()));
      if (words) throw new Error(words);
      return true;
    });
  }
});

live('a stream whose desktop has lost its agent to another configuration', async (scope) => {
  const proxy = await startPortholed(scope, { upstream: 'unix:/nonexistent/vnc', agent: '/nonexistent/agent' });
  const made = await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', window: 'app:XTerm' });
  assert.equal(made.status, 201);
  await writeFile(proxy.config, (await readFile(proxy.config, 'utf8')).replace(/^agent = .*$/m, ''));
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  const viewer = new RfbViewer(scope, proxy).send(upgrade(proxy, { token: made.json.token }));
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4013, words: 'the desktop has no agent' });
  assert.match((await proxy.event('upstream_error')).detail, /no agent/);
});

// Says that there is one window, and leaves the commands to `answer(command, say)`.
const startWindow = async (scope, answer, rect = [0, 0, 200, 200]) => (await startFakeAgent(scope, { answer, windows: [{ title: 'A', rect }] })).path;

live('an agent that answers nothing is given up, in words', async (scope) => {
  const desktop = await startXvnc(scope);
  const asked = [];
  const path = await startWindow(scope, ({ command }) => asked.push(command));
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { w: { window: 'app:A' } } });
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.w });
  viewer.says([3, 0, 0, 0, 0, 0, 0, 200, 0, 200]);
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4013, words: 'the desktop\'s agent is lost' });
  assert.deepEqual([...new Set(asked)], ['sync']);
  assert.equal((await proxy.event('upstream_error')).detail, 'the agent does not answer');
});

// A server whose answer to the probe comes late, and with all of the window right behind it.
async function startLateServer(scope, [width, height]) {
  const path = await scope.file('late.sock');
  const u16 = (...numbers) => numbers.flatMap((n) => [n >> 8, n & 0xff]);
  const update = (w, h) => Buffer.concat([Buffer.from([0, 0, ...u16(1, 0, 0, w, h), 0, 0, 0, 0]), Buffer.alloc(w * h * 4, 7)]);
  const END = Buffer.from([150]); // of ContinuousUpdates
  const init = Buffer.from([...u16(1280, 800), 32, 24, 0, 1, ...u16(255, 255, 255), 16, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0x78]);
  const steps = [Buffer.from([1, 1]), Buffer.alloc(4), init, END, Buffer.concat([update(1, 1), END, update(width, height)])];
  const sockets = [];
  const server = net.createServer((socket) => {
    const left = [...steps];
    socket.write('RFB 003.008\n');
    sockets.push(socket.on('error', () => {}).on('data', () => { if (left.length > 0) socket.write(left.shift()); }));
  });
  scope.onStop(() => { for (const socket of sockets) socket.destroy(); server.close(); });
  await new Promise((resolve) => { server.listen(path, resolve); });
  return `unix:${path}`;
}

live('what comes behind an update that waits for the agent is not lost, however large', async (scope) => {
  const size = [1200, 700];
  const agent = await startWindow(scope, ({ id }, say) => setTimeout(say, 300, { type: 'reply', id, ok: true, serial: 1 }), [0, 0, ...size]);
  const proxy = await startPortholed(scope, { upstream: await startLateServer(scope, size), agent, streams: { w: { window: 'app:A' } } });
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.w });
  viewer.says([3, 0, 0, 0, 0, 0, ...size.flatMap((n) => [n >> 8, n & 0xff])]);
  await viewer.hears(size[0] * size[1] * 4);
  assert.deepEqual(proxy.events('viewer_close'), []);
});

live('an agent that is slow is not flooded with a viewer\'s clicks', async (scope) => {
  const desktop = await startXvnc(scope);
  const asked = []; // to activate
  const path = await startWindow(scope, ({ id, command }, say) => {
    const reply = (fields) => say({ type: 'reply', id, ok: true, ...fields });
    if (command === 'activate') asked.push(reply);
    else reply({ serial: 1 });
  });
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { w: { window: 'app:A', role: 'control' } } });
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.w });
  const clicks = async (count) => {
    for (let i = 0; i < count; i++) {
      viewer.says([5, 1, 0, 10, 0, 10]).says([5, 0, 0, 10, 0, 10]);
      viewer.send(Buffer.from([0x89, 0x80, 0, 0, 0, 0])); // a ping: its answer means that they were seen
      const pongs = i + 1 + clicks.before;
      await until('the pong', () => viewer.frames.filter(({ opcode }) => opcode === 10).length >= pongs);
    }
    clicks.before += count;
  };
  clicks.before = 0;
  await clicks(10);
  await until('the agent is asked', () => asked.length > 0);
  assert.equal(asked.length, 1);
  // What came meanwhile is not forgotten, but asked for once.
  asked[0]();
  await until('the agent is asked again', () => asked.length > 1);
  await clicks(1);
  asked[1]();
  await until('the agent is asked a third time', () => asked.length > 2);
  assert.equal(asked.length, 3);
  assert.deepEqual(proxy.events('viewer_close'), []);
});

// The desktop's, whatever the alphabet; for as long as the viewer stays, through all connections that the proxy makes for it.
live('the clipboard, both ways', async (scope) => {
  const window = { window: 'app:Own', clipboard: 'both' };
  const { desktop, feed, proxy, connect } = await start(scope, { streams: { both: window, in: { ...window, clipboard: 'in' } } });
  const own = await shaker(scope, desktop, 'Own', OWN, 1, 0, 1);
  await feed.window({ app: 'Own' });
  const pasted = async () => (await scope.run('xclip', ['-o', '-selection', 'clipboard', '-t', 'UTF8_STRING'], { env: desktop.env })).stdout;
  for (const stream of ['both', 'in']) {
    const text = `${stream}: gr\u00fcn \u4f60\u597d`;
    const setter = scope.start(PORTHOLE, [...connect(stream), 'clipboard', '--stay', '600', 'set', text], { name: 'porthole' });
    await until('the text on the desktop', async () => await pasted() === text);
    setter.kill();
    await setter.wait();
  }
  // One that would have the proxy take a clipboard for pixels, of which there are less in the format that it asks for late.
  const sly = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.in });
  const request = [3, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
  sly.says([150, 0, 0, 0, 0, 0, 0, 0, 0, 0]).says([0, 0, 0, 0, 8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 6, 0, 0, 0]).says([2, 0, 0, 1, 0, 0, 0, 0, ...request]);
  sly.socket.on('data', () => sly.says(request));
  await sly.hears(1000);
  const file = await scope.file('copied');
  await writeFile(file, 'secret \u4f60\u597d');
  const getter = scope.start(PORTHOLE, [...connect('both'), '--timeout', '60', 'clipboard', 'get'], { name: 'porthole' });
  const barred = scope.start(PORTHOLE, [...connect('in'), '--timeout', '60', 'clipboard', 'get'], { name: 'porthole' });
  while (!getter.ended) { // only what is copied from now on is told
    const owner = scope.start('xclip', ['-quiet', '-i', '-selection', 'clipboard', file], { env: desktop.env });
    await Promise.race([getter.exit, once(owner.child, 'exit'), delay(1000)]);
    await owner.stop();
  }
  assert.equal(getter.stdout, 'secret \u4f60\u597d');
  const { json: { viewers } } = await admin(proxy, 'GET', '/v1/viewers');
  assert.deepEqual([viewers.map(({ stream }) => stream), barred.ended, barred.stdout], [['in', 'in'], false, ''], 'it listens, and is told nothing');
  const before = sly.said.length;
  await own.ask('draw 5');
  await sly.hears(before + 1000);
  assert.ok(!sly.said.includes('secret'), 'the clipboard, behind pixels');
});

// The window is there when the viewer comes, and not any more when it is through with its handshake.
live('a window that is closed while a viewer shakes hands', async (scope) => {
  const window = { window: 'app:Own' };
  const { desktop, feed, proxy } = await start(scope, { streams: { ends: window, waits: { ...window, window_on_close: 'wait' } } });
  const own = await shaker(scope, desktop, 'Own', OWN, 1, 0, 1);
  const { rect } = await feed.window({ app: 'Own' });
  const viewers = Object.fromEntries(['ends', 'waits'].map((name) => [name, new RfbViewer(scope, proxy).send(upgrade(proxy, { token: proxy.tokens[name] }))]));
  for (const viewer of Object.values(viewers)) await viewer.gets(GREETING); // the desktop's VNC server has been reached
  own.kill();
  await feed.until('none', (s) => !s.windows.some(({ app }) => app === 'Own'));
  await admin(proxy, 'GET', '/v1/desktops/demo/windows');
  for (const viewer of Object.values(viewers)) viewer.send(binary(GREETING)).says([1]).says([1]);
  await viewers.ends.ends();
  assert.deepEqual(viewers.ends.close, { code: 4003, words: 'the window was closed' });
  const said = await viewers.waits.hears(12 + 2 + 4 + 4);
  assert.deepEqual([said.readUInt16BE(18), said.readUInt16BE(20)], rect.slice(2));
});
