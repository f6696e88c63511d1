// SPDX-License-Identifier: GPL-2.0-or-later
// `make bench-proxy` runs this: node tests/bench/proxy/run.mjs [GROUP...]. Starts the source, the proxies and the viewers, all
// on 127.0.0.1, prints the table of docs/BENCHMARKS.md, and ends with 0 whether or not the figures are reached.
import { run } from '../run.mjs';
import { Bench } from './bench.mjs';
import { groups } from './rows.mjs';

await run(process.argv.slice(2), groups, (quick) => new Bench({ quick: quick || process.env.BENCH_QUICK === '1' }));
