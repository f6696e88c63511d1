// SPDX-License-Identifier: GPL-2.0-or-later
// Windows that are never still, and viewers of one of them that look at every pixel for the colour of the others.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startAgent } from './feed.mjs';
import { captureX, difference, expected, readPng } from './picture.mjs';
import { startPortholed } from './porthole.mjs';
import { until } from './proc.mjs';

const peer = (name) => join(process.env.PORTHOLE_BUILD, 'tests/peers', name);
export const FOREIGN = 'ff00ff';
export const OWN = '2040c0';

// Those that Debian has. Each owns _NET_WM_CM_S0 from its start to its end.
export const COMPOSITORS = { xcompmgr: [], picom: ['--config', '/dev/null', '--backend', 'xrender'] };

export function shaker(scope, desktop, ...args) {
  const program = scope.start(peer('shaker'), args.map(String), { env: desktop.env, commanded: true });
  return program.line().then(() => program);
}

export function watch(scope, proxy, stream, encodings) {
  return scope.start(peer('leakwatch'), [`wss://127.0.0.1:${proxy.port}/stream`, encodings, proxy.certificate, proxy.tokenFile(stream), FOREIGN],
    { commanded: true, name: `leakwatch ${encodings}` });
}

// Waits until the viewer has the first window of the application Own as it is on the screen then: the window manager may
// have something to do still.
export async function seesWindow(scope, desktop, feed, viewer) {
  const file = await scope.file(`${viewer.name}.png`);
  await until('the window as it is on the screen', async () => {
    const snapshot = await feed.now();
    const main = snapshot.windows.find((one) => one.app === 'Own' && one.owner === null);
    const want = expected(await captureX(desktop.display), snapshot, main.id, main.rect);
    await viewer.ask(`save ${file}`);
    const words = difference(await readPng(file), want);
    if (words) throw new Error(words);
    return true;
  });
}

// Windows at random on that desktop, and viewers in each of the encodings of one whose windows are `scale` times as large as
// others': that no hole is left is checked here. What of others they have seen: NAME: { frames, bad: how many of them had any,
// pixels: that have come, foreign: how many of those were, tinged: or had something of them }.
export async function shake(scope, desktop, { encodings, ms, scale = 1, stream = {} }) {
  const { feed, path } = await startAgent(scope, desktop);
  const window = { window: 'app:Own', window_popups: 'clip', role: 'view', ...stream };
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: Object.fromEntries(Object.keys(encodings).map((name) => [name, window])) });
  await desktop.setBackground('rich');
  const own = await shaker(scope, desktop, 'Own', OWN, 1, 3, 777, scale);
  await feed.window({ app: 'Own', owner: null });
  const viewers = Object.entries(encodings).map(([name, list]) => [name, watch(scope, proxy, name, list)]);
  for (const [, viewer] of viewers) await viewer.ask('look');
  await own.ask('draw 40');
  const foreign = await shaker(scope, desktop, 'Foreign', FOREIGN, 5, 3, 12345);
  const [changes] = await Promise.all([foreign.ask(`run ${ms} 150`), own.ask(`run ${ms} 40`)]);
  assert.ok(Number(changes) > ms / 50, 'the windows were not still');
  await Promise.all([foreign.ask('rest'), own.ask('rest')]);
  await own.ask('draw 60'); // those that have begun anew go back to their encodings once it is calm

  const seen = {};
  for (const [name, viewer] of viewers) {
    await seesWindow(scope, desktop, feed, viewer);
    const [frames, bad, , , pixels, foreign, tinged] = (await viewer.ask('look')).trim().split(' ').map(Number);
    assert.ok(frames > 20, `${name} saw ${frames} frames`);
    seen[name] = { frames, bad, pixels, foreign, tinged };
  }
  assert.deepEqual(proxy.events('viewer_close'), []);
  return { proxy, seen };
}
