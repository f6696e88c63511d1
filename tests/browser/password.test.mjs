// SPDX-License-Identifier: GPL-2.0-or-later
// Streams with a password, by the page: asked for once, told when it is wrong, kept nowhere.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { assertAccessible } from '../lib/page.mjs';
import { admin, hashPassword, startPortholed } from '../lib/porthole.mjs';
import { newPage, startChromium, waitForState } from '../lib/chromium.mjs';

const PASSWORD = 'correct horse battery stäple'; // longer than VncAuth's eight characters
const SHORT = 'sesame12';

async function startLocked(scope) {
  const desktop = await startXvnc(scope);
  const hash = await scope.file('stream.hash');
  const short = await scope.file('stream.short');
  await writeFile(hash, await hashPassword(scope, PASSWORD), { mode: 0o600 });
  await writeFile(short, `${SHORT}\n`, { mode: 0o600 });
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: {
    both: { password_file: hash },
    plain: { token_file: null, password_file: hash },
    vnc: { token_file: null, vnc_password_file: short },
  } });
  return { proxy, page: await newPage(await startChromium(scope)) };
}

const field = (page) => page.getByLabel(/^Password for/);

live('a stream is opened by its name and a password, in the second attempt', async (scope) => {
  const { proxy, page } = await startLocked(scope);
  const link = `${proxy.url}#stream=plain`;
  await page.goto(link);
  await waitForState(page, 'password');
  assert.equal(await field(page).evaluate((input) => input === document.activeElement && input.autocomplete), 'current-password');
  assert.deepEqual(proxy.events('viewer_open'), []);
  await field(page).fill('wrong horse');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'The password is wrong.' }).waitFor();
  await assertAccessible(page, 'a wrong password');
  assert.equal(await field(page).inputValue(), '');
  await field(page).fill(PASSWORD);
  await page.getByRole('button', { name: 'Show the password' }).click();
  assert.equal(await field(page).getAttribute('type'), 'text');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await waitForState(page, 'connected');
  assert.equal(page.url(), link);

  // A connection that is lost is found again without asking; a page that is loaded again has forgotten.
  const { json } = await admin(proxy, 'GET', '/v1/viewers');
  await admin(proxy, 'DELETE', `/v1/viewers/${json.viewers[0].id}`);
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await waitForState(page, 'connected');
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, document.querySelector('#password').value]));
  assert.equal(kept, '[{},{},"",""]');
  await page.reload();
  await waitForState(page, 'password');
  await page.keyboard.press('Escape');
  await waitForState(page, 'disconnected');
  await page.getByText('A password is needed').waitFor();
  await page.getByRole('button', { name: 'Reconnect' }).click();
  await waitForState(page, 'password');
  for (const secret of [PASSWORD, 'wrong horse']) assert.ok(!proxy.program.log().includes(secret), 'a password is in the log');
});

live('a password beside a token, and one of eight characters', async (scope) => {
  const { proxy, page } = await startLocked(scope);
  for (const [link, password] of [[proxy.link(proxy.tokens.both), PASSWORD], [`${proxy.url}#stream=vnc`, SHORT]]) {
    await page.goto('about:blank');
    await page.goto(link);
    await waitForState(page, 'password');
    await field(page).fill(password);
    await page.keyboard.press('Enter');
    await waitForState(page, 'connected');
  }
  // One that the server has not told of is asked for when RFB does.
  await page.route('**/stream/rights*', (route) => route.fulfill({ json: { role: 'control', clipboard: 'both' } }), { times: 1 });
  await page.goto('about:blank');
  await page.goto(`${proxy.url}#stream=plain`);
  await waitForState(page, 'password');
  await field(page).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await waitForState(page, 'connected');
  await page.goto('about:blank');
  await page.goto(`${proxy.url}#stream=nobody`);
  await waitForState(page, 'refused');
  await page.getByText('No stream named "nobody" can be opened with a password here.').waitFor();
});
