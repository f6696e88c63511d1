// SPDX-License-Identifier: GPL-2.0-or-later
// What is measured of the proxy, a function for each group of lines. docs/BENCHMARKS.md explains them.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { row, show, summary } from '../measure.mjs';
import { beside, compare } from './bench.mjs';
import { cut, drag, strict } from './windows.mjs';

// ---- flood: whole screens, as fast as one viewer takes them ----

function flood(bench) {
  return bench.against(['portholed', 'haproxy', 'websockify'], async (list) => {
    const [ours, haproxy, websockify] = await bench.rival('flood', list, bench.megabytes);
    const other = compare(ours, websockify, 'cpu_s_per_gb', 's');
    bench.note(`1080p raw flood: websockify takes ${other.theirs} of processor time per GB (${other.ratio.toFixed(2)}x) at ${show(summary(websockify.map((run) => run.mb_per_s)), 'MB/s')}`);
    return [
      beside('1080p raw flood, processor time per GB', 'HAProxy', compare(ours, haproxy, 'cpu_s_per_gb', 's'), { most: 0.7 }),
      beside('the same, rate', 'HAProxy', compare(ours, haproxy, 'mb_per_s', 'MB/s'), { least: 1.3 }),
    ];
  });
}

// ---- updates: 1 KB each, each by itself ----

function updates(bench) {
  return bench.against(['portholed', 'haproxy', 'websockify'], async (list) => {
    const [ours, haproxy, websockify] = await bench.rival('updates', list, bench.updates);
    return [
      beside('1 KB updates, processor time each', 'HAProxy', compare(ours, haproxy, 'cpu_us', 'us'), { most: 0.85 }),
      beside('the same', 'websockify', compare(ours, websockify, 'cpu_us', 'us'), { most: 0.5 }),
    ];
  });
}

// ---- trips: a pointer event to the update it brings ----

function trips(bench) {
  return bench.against(['portholed', 'haproxy', 'websockify'], async (list) => {
    const [ours, haproxy, websockify] = await bench.rival('ping', list, bench.trips);
    const [flooded, theirs] = await bench.rival('beside', list.slice(0, 2), bench.beside);
    const rates = compare(flooded, theirs, 'mb_per_s', 'MB/s');
    bench.note(`round trip: ${compare(ours, haproxy, 'cpu_us', 'us').ratio.toFixed(2)}x of HAProxy's processor time; websockify's p50 is ${show(summary(websockify.map((run) => run.p50_us)), 'us')}`);
    bench.note(`beside a flood: the flooding viewer goes on at ${rates.ours}, HAProxy's at ${rates.theirs}; p50 ${compare(flooded, theirs, 'p50_us', 'us').ours}, HAProxy ${compare(flooded, theirs, 'p50_us', 'us').theirs}`);
    return [
      beside('round trip, p50', 'HAProxy', compare(ours, haproxy, 'p50_us', 'us'), { most: 1 }),
      beside('round trip, p99', 'HAProxy', compare(ours, haproxy, 'p99_us', 'us'), { most: 1 }),
      beside('round trip beside one flooding viewer, p99', 'HAProxy', compare(flooded, theirs, 'p99_us', 'us'), { most: 0.2 }),
    ];
  });
}

// ---- crowd: many idle viewers and a busy one ----

async function pss({ pid }) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(text.match(/^Pss:\s+(\d+) kB/m)[1]);
}

// Opens the idle viewers of one; what each takes, and the program that holds them.
async function gather(bench, contender, scope) {
  const empty = await pss(contender);
  const crowd = scope.start(join(bench.build, 'bench_viewer'), bench.args('idle', contender, bench.viewers), { commanded: true });
  const line = await crowd.line();
  if (line !== 'ok') throw new Error(`bench_viewer said ${line}`);
  const memory = (await pss(contender) - empty) / bench.viewers;
  return { crowd, memory, ask: async (what) => JSON.parse(await crowd.ask(what)) };
}

async function crowd(bench) {
  await bench.checkDescriptors();
  return bench.against(['portholed', 'haproxy'], async ([ours, haproxy], scope) => {
    const us = await gather(bench, ours, scope);
    const them = await gather(bench, haproxy, scope);
    const runs = { ours: [], theirs: [] };
    for (let round = 0; round < bench.rounds; round++) {
      runs.ours.push(await us.ask(`ping ${bench.crowded}`));
      runs.theirs.push(await them.ask(`ping ${bench.crowded}`));
    }
    const reloaded = await us.ask(`reload ${bench.crowded}`);
    await ours.proxy.event('reloaded');
    const dropped = await us.ask('dropped');
    bench.note(`${bench.viewers} idle viewers and a busy one: p50 ${compare(runs.ours, runs.theirs, 'p50_us', 'us').ours}, HAProxy ${compare(runs.ours, runs.theirs, 'p50_us', 'us').theirs}; `
      + `p99 ${compare(runs.ours, runs.theirs, 'p99_us', 'us').ours}, HAProxy ${compare(runs.ours, runs.theirs, 'p99_us', 'us').theirs}`);
    bench.note(`with a reload of configuration and certificate in the middle: p50 ${reloaded.p50_us} us, p99 ${reloaded.p99_us} us, the longest ${reloaded.most_us} us`);
    return [
      row({ work: `memory per idle viewer, ${bench.viewers} of them`, ours: `${us.memory.toFixed(1)} KB`, peer: `HAProxy ${them.memory.toFixed(1)} KB`, figure: us.memory, most: 28, unit: ' KB' }),
      beside(`processor time per round trip beside ${bench.viewers} idle`, 'HAProxy', compare(runs.ours, runs.theirs, 'cpu_us', 'us'), { most: 1 }),
      row({ work: 'of them dropped by a reload', ours: String(dropped), figure: dropped, most: 0 }),
    ];
  });
}

// ---- enter: new viewers ----

async function enter(bench) {
  const rows = [];
  for (const certificate of ['ecdsa', 'rsa']) {
    rows.push(await bench.against(['portholed', 'haproxy'], async (list) => {
      const [ours, theirs] = await bench.rival('enter', list, bench.entering);
      const cpu = compare(ours, theirs, 'cpu_us', 'us');
      bench.note(`new viewers, ${certificate.toUpperCase()}: processor time each ${cpu.ours}, HAProxy ${cpu.theirs}: ${cpu.ratio.toFixed(2)}x`);
      return beside(`new viewers a second, ${certificate.toUpperCase()}`, 'HAProxy', compare(ours, theirs, 'per_s', '/s'), { least: 1 });
    }, { certificate }));
  }
  return rows;
}

// ---- view: what filtering costs ----

function view(bench) {
  const streams = { view: { role: 'view' }, untouched: { role: 'control', clipboard: 'both' } };
  return bench.against(['portholed'], async ([proxy]) => {
    const [framed, bytes] = await bench.rival('flood', [proxy.streams.view, proxy.streams.untouched], bench.megabytes);
    return [beside('view-only, processor time per GB', 'untouched', compare(framed, bytes, 'cpu_s_per_gb', 's'), { most: 1.03 })];
  }, { streams });
}

// In the order of the table.
export const groups = { flood, updates, trips, crowd, enter, view, cut, strict, drag };
