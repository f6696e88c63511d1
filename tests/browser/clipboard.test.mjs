// SPDX-License-Identifier: GPL-2.0-or-later
// The clipboard, by the page: both ways by hand, by itself only where somebody asked for that, and no further than the
// stream allows. A program in the desktop is the other side.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { CANVAS, openDesktop } from '../lib/page.mjs';
import { startPortholed } from '../lib/porthole.mjs';
import { newPage, startChromium } from '../lib/chromium.mjs';
import { startRecorder } from '../lib/xev.mjs';

async function startShared(scope, permissions) {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: { out: { role: 'view', clipboard: 'out' }, in: { role: 'view', clipboard: 'in' }, both: {} } });
  return { desktop, proxy, page: await newPage(await startChromium(scope, { permissions })) };
}

let owner = null;

// A program on the desktop copies.
async function copyThere(desktop, text) {
  await owner?.stop();
  owner = desktop.scope.start('xclip', ['-selection', 'clipboard', '-quiet', '-i'], { env: desktop.env, name: 'xclip', stdin: text });
}

const pastesThere = (desktop, text) => desktop.program.until(`the desktop's clipboard to be ${text}`, async () => {
  const { stdout } = await desktop.scope.run('xclip', ['-selection', 'clipboard', '-o', '-t', 'UTF8_STRING'], { env: desktop.env });
  return stdout === text;
});

const shown = (page, text) => page.waitForFunction((wanted) => document.querySelector('#clip').value === wanted, text);
const here = (page) => page.evaluate(() => navigator.clipboard.readText());

live('texts go by hand both ways', async (scope) => {
  const { desktop, proxy, page } = await startShared(scope, ['clipboard-read', 'clipboard-write']);
  await openDesktop(page, proxy, proxy.tokens.both);
  await page.evaluate(() => navigator.clipboard.writeText('mine'));
  await copyThere(desktop, 'grüße, 東京');
  await shown(page, 'grüße, 東京');
  assert.equal(await here(page), 'mine', 'nobody has asked for that');
  await page.getByRole('button', { name: 'Clipboard', exact: true }).click();
  await page.getByRole('button', { name: 'Copy here' }).click();
  await page.getByText('Copied.').waitFor();
  assert.equal(await here(page), 'grüße, 東京');
  await page.getByLabel('What the desktop copied, or text for it').fill('für dich: €');
  await page.getByRole('button', { name: 'Send to desktop' }).click();
  await pastesThere(desktop, 'für dich: €');
});

live('both clipboards are kept the same where somebody asks for that, and the browser lets it', async (scope) => {
  const { desktop, proxy, page } = await startShared(scope, []);
  const share = page.getByLabel('Keep it the same as the clipboard of this computer');
  await openDesktop(page, proxy, proxy.tokens.both);
  await page.getByRole('button', { name: 'Clipboard', exact: true }).click();
  await share.check();
  await page.getByText('does not let the page read the clipboard').waitFor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(() => navigator.clipboard.writeText('copied before'));
  await share.uncheck();
  await share.check();
  await pastesThere(desktop, 'copied before');
  await page.evaluate(() => navigator.clipboard.writeText('copied elsewhere'));
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await pastesThere(desktop, 'copied elsewhere');
  await copyThere(desktop, 'copied there');
  await page.waitForFunction(async () => await navigator.clipboard.readText() === 'copied there');
});

live('who only views takes or gives what the stream allows, and touches nothing', async (scope) => {
  const { desktop, proxy, page } = await startShared(scope, []);
  const recorder = await startRecorder(desktop);
  await openDesktop(page, proxy, proxy.tokens.out);
  await copyThere(desktop, 'to look at');
  await shown(page, 'to look at');
  const box = await page.locator(CANVAS).boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.keyboard.type('x');
  assert.equal(await page.locator(CANVAS).evaluate((canvas) => canvas === document.activeElement), false);
  await page.goto('about:blank');
  await openDesktop(page, proxy, proxy.tokens.in);
  await page.getByRole('button', { name: 'Clipboard', exact: true }).click();
  await page.getByLabel('Text for the desktop').fill('from a viewer');
  await page.getByRole('button', { name: 'Send to desktop' }).click();
  await pastesThere(desktop, 'from a viewer');
  assert.deepEqual(recorder.events().filter(({ type }) => type !== 'MotionNotify'), []);
});
