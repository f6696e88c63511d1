// SPDX-License-Identifier: GPL-2.0-or-later
// The npm packages of the tests. They are installed beside the build, not into the source tree, so plain imports would
// not find them; PORTHOLE_NPM names the folder that holds node_modules.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = process.env.PORTHOLE_NPM;
if (!folder) throw new Error('PORTHOLE_NPM is not set: it names the folder with the node_modules of the tests (tests/run sets it)');
const require = createRequire(join(folder, 'package.json'));

export const { PNG } = require('pngjs');
export const playwright = () => require('playwright-core');
export const axeSource = () => require('axe-core').source;
