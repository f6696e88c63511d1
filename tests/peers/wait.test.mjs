// SPDX-License-Identifier: GPL-2.0-or-later
// `porthole wait`: for a change, for quiet, for a picture, a pixel, the bell; and its end when nothing comes.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { captureX, readPng } from '../lib/picture.mjs';
import { PORTHOLE, aim, on, porthole } from '../lib/porthole.mjs';

const USAGE = 2, TIMED_OUT = 5;
const TERMINAL = '60,60,600,400';

// An xterm that does something again and again.
async function startBusy(desktop, command, geometry = '20x5+900+500') {
  const program = desktop.scope.start('xterm', ['-title', 'busy', '-geometry', geometry, '-e', 'sh', '-c', command], { env: desktop.env });
  return desktop.window(program, 'busy');
}

const json = (scope, desktop, ...args) => on(scope, desktop, '--json', 'wait', ...args).then(JSON.parse);
const tries = (scope, desktop, ...args) => porthole(scope, [...aim(desktop), '--timeout', '0.5', 'wait', ...args]);

live('a change, in the region only', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  await on(scope, desktop, 'click', '300', '200');
  await json(scope, desktop, 'quiet');
  const waiting = scope.start(PORTHOLE, [...aim(desktop), '--json', 'wait', 'change', '--region', TERMINAL], { name: 'porthole' });
  // what it compares with is the first frame it gets: so there must be a change after that
  await until('the end of the wait', async () => {
    if (!waiting.ended) await on(scope, desktop, 'type', 'x');
    return waiting.ended;
  });
  assert.equal((await waiting.wait()).code, 0, waiting.stderr);
  assert.ok(JSON.parse(waiting.stdout).sequence > 0);
  const elsewhere = await tries(scope, desktop, 'change', '--region', '1000,600,50,50');
  assert.equal(elsewhere.code, TIMED_OUT, elsewhere.stderr);
  assert.match(elsewhere.stderr, /^porthole: timed out [^\n]+\n$/);
  assert.equal(elsewhere.stdout, '');
});

live('quiet, with what moves masked', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  const { x, y, width, height } = await startBusy(desktop, 'while sleep 0.03; do echo $((i = i + 1)); done');
  const restless = await porthole(scope, [...aim(desktop), '--timeout', '3', 'wait', 'quiet', '--for', '1.5']);
  assert.equal(restless.code, TIMED_OUT, restless.stderr);
  const quiet = await json(scope, desktop, 'quiet', '--for', '0.2', '--mask', `${x - 5},${y - 5},${width + 10},${height + 10}`);
  assert.ok(quiet.sequence > 0 && Number.isInteger(quiet.waited_ms), JSON.stringify(quiet));
  assert.equal(await on(scope, desktop, 'wait', 'quiet', '--region', TERMINAL, '--for', '0.2'), '');
});

live('a picture and a pixel', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  await json(scope, desktop, 'quiet');
  const piece = await scope.file('piece.png');
  await on(scope, desktop, 'screenshot', '--region', '70,80,90,40', piece);
  assert.ok((await readPng(piece)).width === 90);
  assert.equal(await on(scope, desktop, 'wait', 'match', piece), '70 80\n');
  const found = await json(scope, desktop, 'match', '--region', '40,40,300,300', piece);
  assert.deepEqual(found.coordinate, [70, 80]);
  const absent = await tries(scope, desktop, 'match', '--region', '600,400,200,200', piece);
  assert.equal(absent.code, TIMED_OUT, absent.stderr);

  const { rgb } = await captureX(desktop.display);
  const colour = (x, y) => rgb.subarray((y * 1280 + x) * 3, (y * 1280 + x) * 3 + 3).toString('hex');
  assert.equal(await on(scope, desktop, 'wait', 'pixel', '1100', '650', colour(1100, 650)), '1100 650\n');
  const near = `#${(Number.parseInt(colour(1100, 650), 16) ^ 0x030201).toString(16).padStart(6, '0')}`;
  assert.deepEqual((await json(scope, desktop, 'pixel', '--tolerance', '3', '1100', '650', near)).coordinate, [1100, 650]);
  assert.equal((await tries(scope, desktop, 'pixel', '1100', '650', near)).code, TIMED_OUT);
});

live('the bell', async (scope) => {
  const desktop = await startXvnc(scope);
  assert.equal((await tries(scope, desktop, 'bell')).code, TIMED_OUT);
  await startBusy(desktop, 'while sleep 0.05; do printf "\\a"; done');
  assert.ok((await json(scope, desktop, 'bell')).bells > 0);
});

live('what cannot be waited for', async (scope) => {
  const noPicture = await scope.file('no.png');
  await writeFile(noPicture, 'no picture');
  for (const [args, words] of [
    [[], /wait for what\?.*change\|quiet/],
    [['rain'], /'rain'/],
    [['change', 'now'], /it is wait change;/],
    [['match'], /it is wait match FILE;/],
    [['match', '/no/such.png'], /\/no\/such\.png: No such file/],
    [['match', noPicture], /no\.png: /],
    [['pixel', '1', '2', 'red'], /RRGGBB.*'red'/],
    [['change', '--region', '1,2,3'], /region's H is missing/],
    [['change', '--for', '1'], /--for belongs to wait quiet/],
    [['quiet', '--tolerance', '1'], /--tolerance belongs/],
    [['bell', '--mask', '0,0,1,1'], /wait bell takes no --region and no --mask/],
  ]) {
    const result = await porthole(scope, ['-t', 'vnc+unix:/nowhere', 'wait', ...args]);
    assert.equal(result.code, USAGE, `${args}: ${result.stderr}`);
    assert.match(result.stderr, words);
    assert.match(result.stderr, /^porthole: [^\n]+\n$/);
  }
});
