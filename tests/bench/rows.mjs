// SPDX-License-Identifier: GPL-2.0-or-later
// What is measured, a function for each group of lines. docs/BENCHMARKS.md explains them.
import { join } from 'node:path';
import { aim, porthole } from '../lib/porthole.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { row, show, summary } from './measure.mjs';

const FRAMEBUFFER = 1920 * 1080 * 4;

// ---- screenshot: whole processes ----

export async function screenshot(bench) {
  const { scope, rounds } = bench;
  const desktop = await bench.desktop();
  const file = (name) => scope.file(name);
  const [png, jpeg, scrot, gvnc] = [await file('ours.png'), await file('ours.jpg'), await file('scrot.png'), await file('gvnc.png')];
  const lists = await bench.tool('bench_spawn', [String(rounds),
    bench.porthole, '-t', desktop.target, 'screenshot', png, '--',
    bench.porthole, '-t', desktop.target, 'screenshot', jpeg, '--',
    'scrot', '--overwrite', scrot, '--',
    'gvnccapture', '--quiet', `127.0.0.1:${desktop.tcpPort - 5900}`, gvnc], { env: desktop.env });
  const [ours, small, theirs, slow] = [0, 1, 2, 3].map((index) => summary(lists[index]));
  return [
    row({ work: 'cold screenshot to PNG', ours: show(ours, 'ms'), peer: `scrot ${show(theirs, 'ms')}`, figure: ours.median / theirs.median, most: 0.5, unit: 'x' }),
    row({ work: 'the same', ours: show(ours, 'ms'), peer: `gvnccapture ${show(slow, 'ms')}`, figure: ours.median / slow.median, most: 0.08, unit: 'x' }),
    row({ work: 'cold screenshot to JPEG', ours: show(small, 'ms'), figure: small.median, most: 25, unit: ' ms' }),
  ];
}

// ---- latency: a key sent to pixels that have changed ----

export async function latency(bench) {
  const desktop = await bench.desktop(500);
  const terminal = await startTypedText(desktop, { echo: true, title: 'echo' });
  const times = await bench.tool('bench_latency', [desktop.address.path, String(bench.rounds), '25']);
  await terminal.program.stop();
  const [ours, bare] = [summary(times.ours), summary(times.bare)];
  return [row({ work: 'key sent to changed pixels', ours: show(ours, 'us'), peer: `bare socket ${show(bare, 'us')}`, figure: ours.median / bare.median, most: 1.3, unit: 'x' })];
}

// ---- decode: full-screen updates, recorded and played to both ----

const ENCODINGS = [
  { name: 'hextile', least: 1.3 }, { name: 'zrle', least: 1.05 }, { name: 'tight', least: 1.05 },
  { name: 'zlib', least: 1.05, recorder: 'x11vnc' }, // TigerVNC has no Zlib
  { name: 'raw', least: 1.5 },
];

async function record(bench, { name, recorder }) {
  const desktop = await bench.desktop();
  const file = await bench.scope.file(`${name}.recording`);
  const socket = recorder === 'x11vnc' ? await bench.x11vnc() : desktop.address.path;
  const { bytes } = await bench.tool('bench_record', [socket, name, String(bench.updates), file]);
  return { file, bytes };
}

async function play(bench, encoding) {
  const socket = await bench.scope.file(`${encoding.name}.sock`);
  const { file, bytes } = await record(bench, encoding);
  const server = bench.scope.start(join(bench.build, 'bench_replay'), [file, socket]);
  await server.until('being ready', () => server.stdout.includes('ready'));
  const runs = { ours: [], theirs: [], nothing: [] };
  for (let round = 0; round < bench.rounds; round++) {
    runs.nothing.push(await bench.tool('bench_read', [socket, String(bytes), String(bench.updates)]));
    for (const [who, tool] of [['ours', 'bench_decode_porthole'], ['theirs', 'bench_decode_vncclient']]) {
      runs[who].push(await bench.tool(tool, [socket, encoding.name, String(bench.updates)]));
    }
  }
  await server.stop();
  if (new Set([...runs.ours, ...runs.theirs].map((run) => run.picture)).size !== 1) {
    throw new Error(`${encoding.name}: the two decoders show different pictures`);
  }
  return runs;
}

export async function decode(bench) {
  const rows = [];
  let memory = 0;
  for (const encoding of ENCODINGS) {
    const { ours, theirs, nothing } = await play(bench, encoding);
    const of = (runs, what) => summary(runs.map((run) => run[what] / 1e6));
    const [us, them] = [of(ours, 'ns'), of(theirs, 'ns')];
    memory = Math.max(memory, ...ours.map((run) => run.memory));
    rows.push(row({ work: `decode ${encoding.name}, an update`, ours: show(us, 'ms'), peer: `LibVNCClient ${show(them, 'ms')}`,
      figure: them.median / us.median, least: encoding.least, unit: 'x' }));
    const [ourTime, theirTime, reading] = [ours, theirs, nothing].map((runs) => of(runs, 'cpu_ns'));
    bench.note(`decode ${encoding.name}: processor time ${show(ourTime, 'ms')}, LibVNCClient ${show(theirTime, 'ms')}: ${(theirTime.median / ourTime.median).toFixed(2)}x; `
      + `reading the socket alone takes ${show(reading, 'ms')} of it, and ${show(of(nothing, 'ns'), 'ms')} by the clock`);
  }
  rows.push(row({ work: 'memory of a connection, a frame held', ours: `${(memory / 2 ** 20).toFixed(1)} MiB`, figure: memory / FRAMEBUFFER, most: 3, unit: ' framebuffers' }));
  return rows;
}

// ---- frame: what a snapshot costs ----

export async function frame(bench) {
  const times = await bench.tool('bench_frame', [String(bench.rounds * 50)]);
  const [ours, copy] = [summary(times.ours), summary(times.copy)];
  return [row({ work: 'a frame after 64x64 pixels changed', ours: show(ours, 'us'), peer: `memcpy of all ${show(copy, 'us')}`, figure: ours.median, most: 50, unit: ' us' })];
}

// ---- typing: text that arrives as text ----

function ascii(length) {
  return Array.from({ length }, (_, index) => String.fromCharCode(32 + (index * 37) % 95)).join('');
}

// 150 CJK ideographs and 50 emoji, all different.
const SYMBOLS = String.fromCodePoint(...Array.from({ length: 150 }, (_, index) => 0x4e00 + index * 7),
  ...Array.from({ length: 50 }, (_, index) => 0x1f600 + index));

async function typeInto(bench, desktop, recorder, args, text) {
  const end = '<end>';
  const start = process.hrtime.bigint();
  const result = await porthole(bench.scope, [...aim(desktop), 'type', ...args, '-'], { stdin: text + end });
  if (result.code !== 0) throw new Error(`porthole type: ${result.stderr}`);
  const came = await recorder.until(end);
  return { came, seconds: Number(process.hrtime.bigint() - start) / 1e9 };
}

// Characters of one that are not in the same place of the other.
function wrong(came, sent) {
  const [a, b] = [[...came], [...sent]];
  return b.filter((character, index) => a[index] !== character).length + Math.max(0, a.length - b.length);
}

export async function typing(bench) {
  const desktop = await bench.desktop();
  const recorder = await startTypedText(desktop);
  const text = ascii(10_000);
  const rates = [];
  let lost = 0;
  for (let round = 0; round < Math.min(bench.rounds, 5); round++) {
    const { came, seconds } = await typeInto(bench, desktop, recorder, [], text);
    rates.push(text.length / seconds);
    lost += wrong(came, text);
  }
  const rate = summary(rates);
  const symbols = await typeInto(bench, desktop, recorder, ['--paste', '--paste-chord', 'shift+Insert'], SYMBOLS);
  await recorder.program.stop();
  return [
    row({ work: 'typing ASCII into xterm', ours: show(rate, 'characters/s'), figure: rate.median, least: 1000, unit: '/s' }),
    row({ work: 'of 10,000 characters, wrong or lost', ours: `${lost}`, figure: lost, most: 0 }),
    row({ work: 'of 200 CJK and emoji, wrong', ours: `${wrong(symbols.came, SYMBOLS)} in ${symbols.seconds.toFixed(2)} s`, figure: wrong(symbols.came, SYMBOLS), most: 0 }),
  ];
}
