// SPDX-License-Identifier: GPL-2.0-or-later
// `make bench-leaks` runs this: node tests/bench/leaks.mjs [ROW...]. Windows at random for SECONDS each, as in
// tests/peers/cropped.test.mjs, where nothing is promised to window streams, and beside it where it is: how much of other
// windows their viewers get. Prints the table of docs/SECURITY.md; each row ends with what is on the screen, or all fails.
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { Scope } from '../lib/proc.mjs';
import { COMPOSITORS, shake } from '../lib/shaking.mjs';

const SECONDS = Number(process.env.SECONDS ?? 60);
const ENCODINGS = { raw: 'raw', hextile: 'hextile,rre' };
const x11vnc = (...extra) => (scope) => startX11vnc(scope, { extra });

const ROWS = {
  'Xvnc, strict': { start: startXvnc, stream: { window_strict: 'yes' } },
  'Xvnc, xcompmgr': { start: startXvnc, compositor: 'xcompmgr' },
  'Xvnc, picom': { start: startXvnc, compositor: 'picom' },
  'Xvnc, picom with shadows, fading and translucence': { start: startXvnc, compositor: 'picom', args: ['--shadow', '--fading', '--inactive-opacity', '0.8'] },
  'x11vnc -wait 5 -defer 5 -nonap': { start: x11vnc('-xdamage', '-wait', '5', '-defer', '5', '-nonap') },
  'x11vnc -wait 10': { start: x11vnc('-xdamage') },
  'x11vnc -wait 10 -noxdamage': { start: x11vnc() },
  'x11vnc -wait 5 -defer 5 -nonap, picom': { start: x11vnc('-xdamage', '-wait', '5', '-defer', '5', '-nonap'), compositor: 'picom' },
};

async function measure({ start, compositor, args = [], stream }) {
  const scope = new Scope();
  try {
    const desktop = await start(scope);
    await desktop.startWindowManager();
    if (compositor) scope.start(compositor, [...COMPOSITORS[compositor], ...args], { env: desktop.env });
    const { seen } = await shake(scope, desktop, { encodings: ENCODINGS, ms: SECONDS * 1000, stream });
    return seen;
  } catch (error) {
    process.stderr.write(scope.logs());
    throw error;
  } finally {
    await scope.stopAll();
  }
}

const wanted = process.argv.slice(2);
console.log('| | encoding | frames | with others\' pixels | pixels sent | of others | or tinged |\n|---|---|---|---|---|---|---|');
for (const [name, row] of Object.entries(ROWS)) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  const part = (n, of) => `${n} (${((n / of) * 100).toFixed(2)} %)`;
  for (const [encoding, { frames, bad, pixels, foreign, tinged }] of Object.entries(await measure(row))) {
    console.log(`| ${name} | ${encoding} | ${frames} | ${bad} | ${(pixels / 1e6).toFixed(1)} M | ${part(foreign, pixels)} | ${part(tinged, pixels)} |`);
  }
}
