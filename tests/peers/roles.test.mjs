// SPDX-License-Identifier: GPL-2.0-or-later
// What a stream's viewers may do is decided by the proxy: here by viewers that send whatever they like.
import assert from 'node:assert/strict';
import { live, until } from '../lib/proc.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { startPortholed } from '../lib/porthole.mjs';
import { RfbViewer } from '../lib/viewer.mjs';
import { short, startRecorder } from '../lib/xev.mjs';

const SERVERS = { Xvnc: startXvnc, x11vnc: startX11vnc };
const STREAMS = {
  view: { role: 'view' },
  copy: { role: 'view', clipboard: 'out' },
  paste: { role: 'view', clipboard: 'in' },
  control: { clipboard: 'none' },
};

const key = (keysym, down) => [4, down ? 1 : 0, 0, 0, 0, 0, keysym >> 8, keysym & 0xff];
const pointer = (x, y, buttons) => [5, buttons, x >> 8, x & 0xff, y >> 8, y & 0xff];
const qemuKey = (keysym, keycode, down) => [255, 0, 0, down ? 1 : 0, 0, 0, keysym >> 8, keysym & 0xff, 0, 0, 0, keycode];
const text = (words) => [6, 0, 0, 0, 0, 0, 0, words.length, ...Buffer.from(words, 'latin1')];
const request = [3, 0, 0, 0, 0, 0, 0, 1, 0, 1];
// raw, QEMU extended key, extended mouse buttons, extended clipboard, QEMU audio
const encodings = [2, 0, 0, 5, 0, 0, 0, 0, ...[-258, -316, 0xc0a1e5ce, -259].flatMap((n) => [n >> 24 & 255, n >> 16 & 255, n >> 8 & 255, n & 255])];

const KEY_A = 0x61;
const typed = (viewer) => viewer.says([...key(KEY_A, true), ...key(KEY_A, false)])
  .says([...pointer(400, 300, 0), ...pointer(400, 300, 1), ...pointer(400, 300, 0)]);

for (const [name, start] of Object.entries(SERVERS)) {
  live(`${name}: who may only look moves nothing`, async (scope) => {
    const desktop = await start(scope);
    const proxy = await startPortholed(scope, { upstream: desktop.upstream, passwordFile: desktop.passwordFile, streams: STREAMS });
    const recorder = await startRecorder(desktop);
    const open = (stream) => new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens[stream] });
    const looking = await Promise.all(['view', 'copy', 'paste'].map(open));
    const allowed = await open('control');
    for (const viewer of looking) {
      typed(viewer);
      viewer.says([...qemuKey(KEY_A, 0x1e, true), ...qemuKey(KEY_A, 0x1e, false)]);
      // An answer behind it: the proxy has seen all that came before.
      const before = viewer.said.length;
      viewer.says(request);
      await viewer.hears(before + 4);
    }
    typed(allowed);
    const ended = (events) => events.some(({ type, button }) => type === 'ButtonRelease' && button === 1);
    const events = await recorder.wait('the one who may', ended);
    const buttons = events.filter(({ type }) => type.startsWith('Button')).map(short);
    assert.deepEqual(buttons, ['+1@400,300', '-1@400,300']);
    assert.deepEqual(events.filter(({ type }) => type.startsWith('Key')).map(short), ['+a', '-a']);
    for (const viewer of looking) assert.equal(viewer.closed, false);
  });
}

// The desktop's clipboard, as its programs see it.
const copied = async (desktop) => (await desktop.scope.run('xclip', ['-selection', 'clipboard', '-o'], { env: desktop.env, name: 'xclip' })).stdout;

live('the clipboard goes only where the stream lets it', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, streams: STREAMS });
  const viewers = {};
  for (const stream of Object.keys(STREAMS)) {
    viewers[stream] = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens[stream] });
  }
  // In: each says its own; only one of them arrives.
  for (const [stream, viewer] of Object.entries(viewers)) {
    viewer.says(text(`from ${stream}`)).says(request);
    await viewer.hears(4);
  }
  await until('the text', async () => await copied(desktop) === 'from paste');

  // Out: the one who may have it has it; the others get the next update and nothing before it.
  const heard = Object.fromEntries(Object.entries(viewers).map(([stream, viewer]) => [stream, viewer.said.length]));
  const owner = scope.start('xclip', ['-selection', 'clipboard', '-quiet', '-i'], { env: desktop.env, name: 'xclip', stdin: 'a secret' });
  await until('the owner', async () => await copied(desktop) === 'a secret');
  const out = (viewer, from) => viewer.said.subarray(from);
  await until('the text at the viewer', () => out(viewers.copy, heard.copy).includes('a secret'));
  assert.equal(out(viewers.copy, heard.copy)[0], 3);
  for (const stream of ['view', 'paste', 'control']) {
    viewers[stream].says(request);
    const said = await viewers[stream].hears(heard[stream] + 4 + 12 + 4).then(() => out(viewers[stream], heard[stream]));
    assert.equal(said[0], 0, `${stream}: ${said.toString('hex')}`);
    assert.ok(!said.includes('a secret'), stream);
  }
  owner.kill();

  // The extended clipboard is offered to no one who has no right to any.
  for (const viewer of Object.values(viewers)) viewer.says(encodings).says(request);
  await until('its capabilities', () => viewers.copy.said.includes(Buffer.from([3, 0, 0, 0, 0xff, 0xff])));
  for (const stream of ['view', 'control']) {
    await viewers[stream].hears(heard[stream] + 4 + 12 + 4 + 4);
    assert.ok(!viewers[stream].said.includes(Buffer.from([3, 0, 0, 0, 0xff, 0xff])), stream);
  }
});
