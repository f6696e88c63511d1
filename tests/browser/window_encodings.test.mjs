// SPDX-License-Identifier: GPL-2.0-or-later
// noVNC's zlib streams while its window's server is one connection after the other: exact in the end.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { newPage, startChromium, canvasPicture, waitForState } from '../lib/chromium.mjs';
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

// In the page: of the encodings that noVNC asks for, one of those with zlib streams and none that loses anything.
function only(wanted) {
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    const view = data instanceof ArrayBuffer ? new DataView(data) : new DataView(data.buffer, data.byteOffset, data.byteLength);
    if (view.getUint8(0) !== 2 || view.byteLength !== 4 + 4 * view.getUint16(2)) return send.call(this, data);
    const list = Array.from({ length: view.getUint16(2) }, (_, i) => view.getInt32(4 + 4 * i))
      .filter((encoding) => encoding === 1 || encoding === 5 || (encoding < -32 && encoding > -512 && encoding !== -260) || encoding < -600);
    const message = new DataView(new ArrayBuffer(4 + 4 * (list.length + 1)));
    message.setUint8(0, 2);
    message.setUint16(2, list.length + 1);
    [wanted, ...list].forEach((encoding, i) => message.setInt32(4 + 4 * i, encoding));
    window.encodingsAsked = [wanted, ...list];
    return send.call(this, message.buffer);
  };
}

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
    await page.addInitScript(only, encoding);
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
