// SPDX-License-Identifier: GPL-2.0-or-later
// `make bench-client` runs this: node tests/bench/client.mjs [--quick] [GROUP...]. Starts its own servers.
import { Bench } from './bench.mjs';
import * as groups from './rows.mjs';
import { run } from './run.mjs';

await run(process.argv.slice(2), groups, (quick) => new Bench(quick ? { rounds: 2, updates: 8 } : {}));
