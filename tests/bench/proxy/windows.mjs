// SPDX-License-Identifier: GPL-2.0-or-later
// What streams of one window cost beside those of the whole desktop: a real agent and, but for the flood, a real server.
// docs/BENCHMARKS.md explains the lines.
import { join } from 'node:path';
import { startXvnc } from '../../lib/desktop.mjs';
import { startAgent } from '../../lib/feed.mjs';
import { Scope, until } from '../../lib/proc.mjs';
import { row, summary } from '../measure.mjs';
import { beside, compare } from './bench.mjs';

const SCREEN = '1920x1080';
const TITLE = 'measured';
// All rights: the whole desktop's bytes go by untouched.
const RIGHTS = { role: 'control', clipboard: 'both' };
const STREAMS = { window: { window: `title:${TITLE}`, ...RIGHTS }, desktop: RIGHTS };
const MOVES_PER_S = 60;
const RADIUS = 250; // of the circle that a window is dragged along, pixels
const SETTLED_MS = 200;

// A desktop with an agent, and the window of a program on it, for as long as `body` takes.
async function withWindow({ managed, program: [command, ...args] }, body) {
  const scope = new Scope();
  try {
    const desktop = await startXvnc(scope, { geometry: SCREEN, extra: ['-FrameRate', '60'] });
    if (managed) await desktop.startWindowManager();
    const { feed, path: agent } = await startAgent(scope, desktop);
    scope.start(command, args, { env: desktop.env });
    const window = await feed.window({ title: TITLE });
    return await body({ desktop, feed, window, options: { agent, streams: STREAMS } });
  } catch (error) {
    error.message += `\n${scope.logs()}`;
    throw error;
  } finally {
    await scope.stopAll();
  }
}

// ---- cut: pixels at full speed ----

// The source has no windows: those of an empty screen of the same size, one of which covers all of it, do in their place.
const ALL_OF_IT = { program: ['xev', '-name', TITLE, '-bw', '0', '-geometry', `${SCREEN}+0+0`] };

// A window's pixels beside the whole desktop's, on one proxy: what they cost; the note tells how fast they come.
async function costs(bench, { streams }, pull, what) {
  const [ours, whole] = await bench.rival(pull, [streams.window, streams.desktop], bench.megabytes);
  const rate = compare(ours, whole, 'mb_per_s', 'MB/s');
  bench.note(`${what} of a window comes at ${rate.ours}, of the whole desktop at ${rate.theirs}: ${rate.ratio.toFixed(2)}x`);
  return compare(ours, whole, 'cpu_s_per_gb', 's');
}

export function cut(bench) {
  return withWindow(ALL_OF_IT, async ({ desktop, window, options }) => {
    if (window.rect.join() !== `0,0,${SCREEN.replace('x', ',')}`) throw new Error(`the window lies at ${window.rect}`);
    const flood = await bench.against(['portholed'], ([ours]) => costs(bench, ours, 'pull', 'a flood'), options);
    const drawn = await bench.against(['portholed'], ([ours]) => costs(bench, ours, 'redraw', 'what Xvnc draws again and again'), { ...options, upstream: desktop.upstream });
    bench.note(`what Xvnc draws again and again: processor time per GB is ${drawn.ours} for a window, ${drawn.theirs} for the whole desktop: ${drawn.ratio.toFixed(2)}x`);
    return [beside('1080p raw flood of a window, processor time per GB', 'whole desktop', flood, { most: 1.1 })];
  });
}

// ---- strict: what holding an update costs ----

// It has its name when it has drawn its text.
const TERMINAL = {
  managed: true,
  program: ['xterm', '-title', 'not yet', '-geometry', '80x24+100+100', '-xrm', 'XTerm*cursorBlink: false',
    '-e', 'sh', '-c', `ls -l /usr/bin | head -n 60; printf '\\033]2;${TITLE}\\007'; exec cat`],
};

export function strict(bench) {
  return withWindow(TERMINAL, ({ desktop, options }) => bench.against(['portholed'], async ([{ streams }]) => {
    const [ours, whole] = await bench.rival('trips', [streams.window, streams.desktop], bench.held);
    const later = (work, what, most) => {
      const { ours: us, theirs, more } = compare(ours, whole, what, 'us');
      return row({ work, ours: us, peer: `whole desktop ${theirs}`, figure: more / 1000, most, unit: ' ms more' });
    };
    const cpu = compare(ours, whole, 'cpu_us', 'us');
    bench.note(`request to update: portholed's processor time is ${cpu.ours} for a window, ${cpu.theirs} for the whole desktop`);
    return [later('request to update of a window, p50', 'p50_us', 0.5), later('the same, p99', 'p99_us', 5)];
  }, { ...options, upstream: desktop.upstream }));
}

// ---- drag: what a window that is moved costs ----

// Moves the window along a circle and back to where it was.
async function move(feed, { id }, count) {
  const [left, top] = [200, 200];
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const wait = start + i * 1000 / MOVES_PER_S - performance.now();
    if (wait > 0) await new Promise((resolve) => { setTimeout(resolve, wait); });
    const angle = 2 * Math.PI * i / count;
    const [x, y] = [left + RADIUS * (1 + Math.sin(angle)), top + RADIUS * (1 - Math.cos(angle))].map(Math.round);
    feed.say({ id: 0, command: 'move', window: id, x, y });
  }
  await feed.now();
  return (performance.now() - start) / count;
}

// What has come when nothing comes any more.
function settled(viewer) {
  let before;
  let since = 0;
  return until('all to have come', async () => {
    const { updates, pixels } = JSON.parse(await viewer.ask('tell'));
    if (before?.updates !== updates) since = performance.now();
    before = { updates, pixels };
    return performance.now() - since > SETTLED_MS && before;
  });
}

// One viewer looks on; what it gets for each move.
async function watch(bench, contender, feed, window) {
  const viewer = bench.scope.start(join(bench.build, 'bench_viewer'), bench.args('watch', contender, 0), { commanded: true });
  const line = await viewer.line();
  if (!line.startsWith('ok')) throw new Error(`bench_viewer said ${line}`);
  const before = await settled(viewer);
  const ms = await move(feed, window, bench.moves);
  const after = await settled(viewer);
  await viewer.stop();
  const each = (what) => (after[what] - before[what]) / bench.moves;
  return { areas: each('pixels') / (window.rect[2] * window.rect[3]), updates: each('updates'), ms };
}

export function drag(bench) {
  return withWindow(TERMINAL, ({ desktop, feed, window, options }) => bench.against(['portholed'], async ([{ streams }]) => {
    const [ours, whole] = [[], []];
    for (let round = 0; round < bench.rounds; round++) {
      ours.push(await watch(bench, streams.window, feed, window));
      whole.push(await watch(bench, streams.desktop, feed, window));
    }
    const areas = compare(ours, whole, 'areas', 'windows');
    const updates = compare(ours, whole, 'updates', 'updates');
    const { median } = summary(ours.map((run) => run.areas));
    bench.note(`a window of ${window.rect.slice(2).join('x')} dragged, a move each ${summary(ours.map((run) => run.ms)).median.toFixed(1)} ms: for each come ${updates.ours}, of the whole desktop ${updates.theirs}`);
    return [row({ work: `window dragged, ${MOVES_PER_S} moves/s: pixels for each`, ours: areas.ours, peer: `whole desktop ${areas.theirs}`, figure: median, most: 1.05, unit: ' windows' })];
  }, { ...options, upstream: desktop.upstream }));
}
