// SPDX-License-Identifier: GPL-2.0-or-later
// porthole-agent and window streams under window managers that people have: what the agent tells is compared with what
// xwininfo and xprop see, what a stream shows with the screen.
import assert from 'node:assert/strict';
import { startXvnc } from '../lib/desktop.mjs';
import { framesOf, stackOf, startAgent } from '../lib/feed.mjs';
import { MANAGERS } from '../lib/managers.mjs';
import { captureX, difference, expected, readPng } from '../lib/picture.mjs';
import { aim, on, PORTHOLE, porthole, startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { FOREIGN, OWN, watch } from '../lib/shaking.mjs';

const NAMES = { openbox: 'Openbox', xfwm4: 'Xfwm4', fluxbox: 'Fluxbox' };

async function start(scope, manager) {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager({ manager });
  return { desktop, ...await startAgent(scope, desktop) };
}

for (const manager of MANAGERS) {
  live(`${manager}: the agent tells what xwininfo and xprop see, in frames`, async (scope) => {
    const desktop = await startXvnc(scope);
    await desktop.startWindowManager({ manager });
    const before = desktop.startXterm('before', '40x10+30+40');
    await desktop.window(before, 'before');
    const { feed } = await startAgent(scope, desktop);
    assert.deepEqual([feed.hello.version, feed.hello.display], [1, desktop.display]);
    const after = desktop.startXterm('after', '40x10+300+300');
    const seen = await desktop.window(after, 'after');
    for (const [title, program] of [['before', before], ['after', after]]) {
      const told = await feed.until(`${title} in its frame`, (s) => s.windows.find((w) => w.title === title && w.mapped && w.frame !== w.id));
      const there = await desktop.window(program, title);
      assert.equal(told.id, there.id);
      assert.deepEqual(told.rect, [there.x, there.y, there.width, there.height]);
      assert.deepEqual([told.app, told.instance, told.kind, told.owner, told.pid], ['XTerm', 'xterm', 'normal', null, program.pid]);
      const [x, y, width, height] = told.frame_rect;
      assert.ok(x <= there.x && y < there.y && x + width >= there.x + there.width && y + height >= there.y + there.height, 'the frame is around it');
    }
    await desktop.focused(after, seen);
    const snapshot = await feed.now();
    assert.deepEqual(framesOf(snapshot), await stackOf(scope, desktop));
    assert.deepEqual([snapshot.focus, snapshot.manager, snapshot.complete, snapshot.compositing], [seen.id, NAMES[manager], true, false]);
    assert.deepEqual(snapshot.screen, { width: 1280, height: 800 });
    const ids = snapshot.windows.map((window) => window.id);
    assert.equal(new Set(ids).size, ids.length);
  });

  live(`${manager}: the agent acts, and tells what has become of it`, async (scope) => {
    const { desktop, feed } = await start(scope, manager);
    desktop.startXterm('one', '40x10+30+40');
    const one = await feed.window({ title: 'one' });
    desktop.startXterm('two', '40x10+60+80');
    const two = await feed.window({ title: 'two' });
    const frame = (title) => feed.newest.windows.find((window) => window.title === title);

    await feed.order('activate', { window: one.id });
    await feed.until('one in front, with the keyboard', (s) => s.focus === one.id && s.windows.filter((w) => w.mapped && !w.override_redirect).at(-1).id === one.id);
    assert.deepEqual(framesOf(await feed.now()), await stackOf(scope, desktop));
    await feed.order('move', { window: one.id, x: 500, y: 300 });
    await feed.until('the move', () => frame('one').rect[0] === 500 && frame('one').rect[1] === 300);
    await feed.order('resize', { window: one.id, width: 400, height: 250 });
    await feed.until('the size', () => frame('one').rect[2] > 380 && frame('one').rect[2] <= 400 && frame('one').rect[3] <= 250);
    await feed.order('minimize', { window: one.id });
    await feed.until('it is minimized', () => !frame('one').mapped && frame('one').states.includes('minimized'));
    await feed.order('restore', { window: one.id });
    await feed.until('it is back', () => frame('one').mapped && !frame('one').states.includes('minimized'));
    await feed.order('close', { window: two.id });
    await feed.until('two is gone', () => !frame('two'));
  });

  live(`${manager}: menus and dialogs are their application's, whatever the toolkit says of them`, async (scope) => {
    const { desktop, feed } = await start(scope, manager);
    const owned = async (main, what) => {
      const popup = await feed.until(`${what}, owned by ${main.id}`, (s) => s.windows.find((w) => w.mapped && w.owner === main.id));
      assert.equal(popup.app, main.app);
      return popup;
    };
    // xterm's menus say nothing at all of themselves.
    desktop.startXterm('menus', '60x20+100+100');
    const xterm = await feed.window({ title: 'menus' });
    const [x, y] = xterm.rect;
    await on(scope, desktop, 'click', String(x + 200), String(y + 100));
    await feed.until('the keyboard', (s) => s.focus === xterm.id);
    const drag = scope.start(PORTHOLE, [...aim(desktop), 'drag', '--modifiers', 'ctrl', '--hold', '60', String(x + 200), String(y + 100), String(x + 210), String(y + 400)]);
    assert.equal((await owned(xterm, "xterm's menu")).kind, 'popup');
    drag.kill(); // which releases the button
    await feed.until('no menu', (s) => !s.windows.some((w) => w.owner === xterm.id));
    await feed.order('close', { window: xterm.id });

    const home = await scope.folder();
    const env = { HOME: home, XDG_RUNTIME_DIR: home, GSK_RENDERER: 'cairo', GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', GTK_A11Y: 'none' };
    for (const program of ['gtk3-demo', 'gtk4-demo']) {
      await feed.order('launch', { argv: [program, '--run=search_entry'], env });
      const dialog = await feed.window({ title: /search entry/i });
      const main = await feed.window({ id: dialog.owner ?? dialog.id }); // GTK 4's demonstration shows it alone
      assert.equal(main.owner, null);
      await feed.order('activate', { window: dialog.id });
      await feed.until('the keyboard', (s) => s.focus === dialog.id);
      const [left, top, width, height] = (await feed.now()).windows.find((w) => w.id === dialog.id).rect;
      await on(scope, desktop, 'click', '--button', 'right', String(left + Math.floor(width / 3)), String(top + height - 30));
      const menu = await feed.until(`a menu of ${program}`, (s) => s.windows.find((w) => w.mapped && w.owner === main.id && w.override_redirect));
      assert.equal(menu.app, main.app);
      await feed.order('close', { window: main.id, force: true });
      await feed.until('all of it is gone', (s) => !s.windows.some((w) => w.app === main.app));
    }
  });

  live(`${manager}: a window's stream is the window on the screen, and nothing else`, async (scope) => {
    const { desktop, feed, path } = await start(scope, manager);
    const proxy = await startPortholed(scope, {
      upstream: desktop.upstream, agent: path,
      streams: { bare: { window: 'title:below', role: 'view' }, framed: { window: 'title:below', window_frame: 'yes', role: 'view' } },
    });
    await on(scope, desktop, 'move', '0', '0'); // Xvnc draws the pointer into the picture of who has not put it there
    desktop.startXterm('below', '60x20+60+80');
    const window = await feed.window({ title: 'below' });
    desktop.startXterm('above', '30x8+200+200');
    await feed.window({ title: 'above' });
    const image = await scope.file('stream.png');
    const looks = (name, shown) => until(`${name} as it is on the screen`, async () => {
      const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', proxy.tokenFile(name), 'screenshot', image]);
      assert.equal(result.code, 0, result.stderr);
      const snapshot = await feed.now();
      const canvas = snapshot.windows.find(({ id }) => id === window.id)[shown];
      const differs = difference(await readPng(image), expected(await captureX(desktop.display), snapshot, window.id, canvas, shown));
      if (differs) throw new Error(differs);
      return true;
    });
    await looks('bare', 'rect');
    await looks('framed', 'frame_rect');
    await feed.order('activate', { window: window.id });
    await feed.order('move', { window: window.id, x: 300, y: 250 });
    await feed.until('it in front and elsewhere', (s) => s.windows.filter((w) => w.mapped && !w.override_redirect).at(-1).id === window.id && s.windows.find((w) => w.id === window.id).rect[0] === 300);
    await looks('bare', 'rect');
    await looks('framed', 'frame_rect');
  });
}

live('fluxbox: of the tabs in a frame the one in front is told, and a stream shows no other', async (scope) => {
  const { desktop, feed, path } = await start(scope, 'fluxbox');
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { w: { window: 'title:own', window_on_close: 'wait', role: 'view' } } });
  desktop.startXterm('own', '40x10+30+40', ['-name', 'tab-1', '-bg', `#${OWN}`]);
  const own = await feed.window({ title: 'own' });
  const viewer = watch(scope, proxy, 'w', 'hextile,rre');
  await viewer.ask('look');
  desktop.startXterm('foreign', '40x10+30+40', ['-name', 'tab-2', '-bg', `#${FOREIGN}`]);
  const foreign = await feed.window({ title: 'foreign' });
  assert.equal(foreign.frame, own.frame);
  // While fluxbox is at something else it may miss an order.
  const order = (what, command, probe) => until(what, async () => {
    await scope.must('fluxbox-remote', [command], { env: desktop.env });
    return probe(await feed.now());
  });
  for (let i = 0; i < 20; i++) {
    const turn = i % 2 ? foreign : own;
    const there = await order(`${turn.title} in front`, `Tab ${1 + i % 2}`, (s) => s.windows.find((w) => w.id === turn.id));
    assert.deepEqual([there.frame, there.kind, there.owner, there.mapped], [own.frame, 'normal', null, true]);
    assert.equal(feed.newest.windows.filter((w) => w.app === 'XTerm').length, 1);
  }
  // Out of the frame into one of its own.
  await order('both', 'DetachClient', (s) => [own, foreign].every(({ id }) => s.windows.some((w) => w.id === id)));
  await feed.order('activate', { window: own.id });
  const image = await scope.file('own.png');
  await until('the window as it is on the screen', async () => {
    await viewer.ask(`save ${image}`);
    const snapshot = await feed.now();
    const differs = difference(await readPng(image), expected(await captureX(desktop.display), snapshot, own.id, snapshot.windows.find(({ id }) => id === own.id).rect));
    if (differs) throw new Error(differs);
    return true;
  });
  const [frames, bad] = (await viewer.ask('look')).trim().split(' ').map(Number);
  assert.ok(frames > 10, `${frames} frames`);
  assert.equal(bad, 0, `${bad} of ${frames} frames had pixels of the other`);
});
