// SPDX-License-Identifier: GPL-2.0-or-later
// What all groups of lines share: the source, the contenders, and measuring them in turns.
import os from 'node:os';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Scope } from '../../lib/proc.mjs';
import { row, show, summary } from '../measure.mjs';
import * as contenders from './contenders.mjs';

const PACKAGES = ['haproxy', 'websockify', 'openssl', 'libuv1', 'libwslay1'];
const OTHER_DESCRIPTORS = 200;

// rounds: how often each is measured, in turns; megabytes: of a flood; count: of updates, round trips, new viewers;
// viewers: idle ones; held: updates of a window; moves: of a window that is dragged
const FULL = { rounds: 9, megabytes: 1500, updates: 4000, trips: 10_000, beside: 1500, crowded: 4000, entering: 400, viewers: 2000, held: 2000, moves: 180 };
const QUICK = { rounds: 1, megabytes: 60, updates: 200, trips: 300, beside: 200, crowded: 200, entering: 20, viewers: 40, held: 100, moves: 30 };

export class Bench {
  constructor({ quick = false, scope = new Scope(), env = process.env } = {}) {
    Object.assign(this, quick ? QUICK : FULL, { scope, notes: [], workers: Number(env.BENCH_WORKERS ?? 1), build: env.PORTHOLE_BUILD });
    for (const name of ['rounds', 'viewers']) {
      const value = env[`BENCH_${name.toUpperCase()}`];
      if (value !== undefined) this[name] = Number(value);
    }
  }

  note(text) {
    this.notes.push(text);
  }

  // Every viewer takes two descriptors of a proxy.
  async checkDescriptors() {
    const needed = 2 * (this.viewers + OTHER_DESCRIPTORS);
    const hard = Number((await readFile('/proc/self/limits', 'utf8')).match(/Max open files\s+\d+\s+(\d+)/)?.[1] ?? Infinity);
    if (hard < needed) {
      throw new Error(`${this.viewers} viewers take ${needed} descriptors, but the hard limit is ${hard}: raise it (as root: ulimit -Hn ${needed}) or set BENCH_VIEWERS=${Math.max(1, hard / 2 - OTHER_DESCRIPTORS)}`);
    }
  }

  async source() {
    this.sourceProgram ??= this.scope.start(join(this.build, 'bench_source'), []);
    const program = this.sourceProgram;
    return program.until('its port', () => Number(program.stdout) || undefined);
  }

  // Starts those named in a scope that ends with `body`, and gives them to it.
  async against(names, body, options = {}) {
    const scope = new Scope();
    try {
      const certificate = await contenders.makeCertificate(scope, options.certificate ?? 'ecdsa');
      const settings = { source: await this.source(), workers: this.workers, viewers: this.viewers, ...options, certificate };
      const started = [];
      for (const name of names) started.push(await contenders[name](scope, settings));
      return await body(started, scope);
    } catch (error) {
      error.message += `\n${scope.logs()}`;
      throw error;
    } finally {
      await scope.stopAll();
    }
  }

  args(work, { kind, port, pid, token }, count) {
    return [work, kind, String(port), String(pid), token, String(count)];
  }

  // Runs bench_viewer against each in turns; for each what it printed, round after round.
  async rival(work, list, count) {
    const results = list.map(() => []);
    for (let round = 0; round < this.rounds; round++) {
      for (const [index, contender] of list.entries()) {
        const text = await this.scope.must(join(this.build, 'bench_viewer'), this.args(work, contender, count), { deadlineMs: 120_000 });
        results[index].push(JSON.parse(text));
      }
    }
    return results;
  }

  async machine() {
    const cpus = os.cpus();
    const versions = await this.scope.must('dpkg-query', ['-W', '-f', '${Package} ${Version}, ', ...PACKAGES]);
    const load = (await readFile('/proc/loadavg', 'utf8')).split(' ', 3).join(' ');
    const congestion = (await readFile('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8')).trim();
    return [`${cpus.length} x ${cpus[0].model.trim()}, Linux ${os.release().split('-')[0]}, load ${load}; ${process.env.CC_VERSION ?? ''}; congestion control ${congestion}; ${this.workers} worker${this.workers === 1 ? '' : 's'}`,
      versions.replace(/, $/, '')].join('\n');
  }
}

// Of two that were measured in turns: both as text, and the medians of the rounds' ratios and of their differences.
export function compare(ours, theirs, what, unit) {
  const values = (runs) => runs.map((run) => run[what]);
  const [us, them] = [values(ours), values(theirs)];
  const median = (of) => summary(us.map((value, round) => of(value, them[round]))).median;
  return { ours: show(summary(us), unit), theirs: show(summary(them), unit), ratio: median((a, b) => a / b), more: median((a, b) => a - b) };
}

// A line that stands beside a peer's.
export function beside(work, peer, { ours, theirs, ratio }, reach) {
  return row({ work, ours, peer: `${peer} ${theirs}`, figure: ratio, unit: 'x', ...reach });
}
