// SPDX-License-Identifier: GPL-2.0-or-later
// noVNC's zlib streams while its window's server is one connection after the other: exact in the end.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { askFor, newPage, startChromium, canvasPicture, waitForState } from '../lib/chromium.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { CANVAS } from '../lib/page.mjs';
import { captureX, crop, difference } from '../lib/picture.mjs';
import { startPortholed } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { scrape } from '../lib/prometheus.mjs';

const SHAKER = join(process.env.PORTHOLE_BUILD, 'tests/peers/shaker');
const ENCODINGS = { Tight: 7, ZRLE: 16 };
const SWAPS = 3;

for (const [name, encoding] of Object.entries(ENCODINGS)) {
  live(`${name} in noVNC, while the server begins anew`, async (scope) => {
    const desktop = await startXvnc(scope);
    const { feed, path } = await startAgent(scope, desktop);
    const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: path, streams: { w: { window: 'app:Own', role: 'view' } } });
    const start = async (...args) => {
      const program = scope.start(SHAKER, args, { env: desktop.env, commanded: true });
      await program.line();
      return program;
    };
    const own = await start('Own', '2040c0', '1', '0', '5');
    const { rect } = await feed.window({ app: 'Own' });
    const page = await newPage(await startChromium(scope));
    await askFor(page, encoding);
    await page.goto(proxy.link(proxy.tokens.w));
    await waitForState(page, 'connected');
    assert.equal(await page.evaluate(() => window.encodingsAsked[0]), encoding);
    const foreign = await start('Foreign', 'ff00ff', '5', '3', '99');
    for (let swap = 0; swap < SWAPS; swap++) {
      await foreign.ask('run 800 100');
      // The window comes to the top of all, and is calm for longer than it takes to ask for the encoding again.
      await own.ask('draw 40');
      await until('the window as it is on the screen', async () => {
        const words = difference(await canvasPicture(page, CANVAS), crop(await captureX(desktop.display), ...rect));
        if (words) throw new Error(words);
        return true;
      });
    }
    assert.ok((await scrape(proxy)).get('portholed_window_reconnects_total') >= SWAPS, 'the server has begun anew each time');
    assert.deepEqual(page.complaints, []);
  });
}
