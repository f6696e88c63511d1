// SPDX-License-Identifier: GPL-2.0-or-later
// What the process holds, sample by sample.
import { readFile, readdir } from 'node:fs/promises';

export const memoryMayGrowKb = 4096; // what glibc may keep of what was freed, for three threads

// name: how it is called in the table
const COLUMNS = { seconds: 'seconds', pss: 'memory, Pss KB', descriptors: 'descriptors', threads: 'threads', cpu: 'CPU of portholed, % of a core', own: 'CPU of the soak itself, %',
  viewers: 'viewers', latency: 'update for a witness, ms, median', slowest: 'the same, slowest' };

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (value) => Math.round(value * 10) / 10;

let last;

// CPU is of the time since the measurement before.
export async function measure(actors) {
  const folder = `/proc/${actors.proxy.program.pid}`;
  const [stat, rollup, status, files] = await Promise.all([readFile(`${folder}/stat`, 'utf8'), readFile(`${folder}/smaps_rollup`, 'utf8'),
    readFile(`${folder}/status`, 'utf8'), readdir(`${folder}/fd`)]);
  const [utime, stime] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  const own = process.cpuUsage();
  const now = { at: Date.now(), cpu: (utime + stime) * 10, own: (own.user + own.system) / 1000 }; // a tick is 10 ms
  const before = last ?? { ...now, at: now.at - 1 };
  const latencies = actors.latencies.splice(0);
  last = now;
  return {
    seconds: Math.round((now.at - actors.since) / 1000),
    pss: Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)[1]),
    descriptors: files.length,
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)[1]),
    cpu: round((now.cpu - before.cpu) / (now.at - before.at) * 100),
    own: round((now.own - before.own) / (now.at - before.at) * 100),
    viewers: actors.viewers,
    latency: latencies.length > 0 ? round(median(latencies)) : 0,
    slowest: latencies.length > 0 ? round(Math.max(...latencies)) : 0,
  };
}

export class Samples {
  constructor() {
    this.rows = [];
  }

  add(row) {
    this.rows.push(row);
  }

  csv() {
    const names = Object.keys(COLUMNS);
    return `${[names, ...this.rows.map((row) => names.map((name) => row[name]))].map((cells) => cells.join(',')).join('\n')}\n`;
  }

  table() {
    const lines = Object.entries(COLUMNS).slice(1).map(([name, title]) => {
      const values = this.rows.map((row) => row[name]);
      return `| ${title} | ${values[0]} | ${values.at(-1)} | ${median(values)} | ${Math.max(...values)} |`;
    });
    return ['| | first | last | median | most |', '|---|---|---|---|---|', ...lines].join('\n');
  }
}
