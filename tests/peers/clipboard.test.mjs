// SPDX-License-Identifier: GPL-2.0-or-later
// The desktop's clipboard, both ways, against a program of the desktop's: xclip. And text that is pasted into one.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { aim, on, PORTHOLE, porthole } from '../lib/porthole.mjs';

const UNICODE = 'gr\u00fcn\n\u4f60\u597d \ud83d\ude00\ud83c\udf89 \u20ac\n';
const LONG_UNICODE = '\u4f60\ud83d\ude00 line\n'.repeat(100_000 / 13);
const LATIN1 = 'gr\u00fcn \u00ff\nand more\n';
const LONG_LATIN1 = 'plain \u00e4\n'.repeat(100_000 / 9);

// It waits with its clipboard for a login manager to go, unless it is told that none comes.
const startPatientX11vnc = (scope) => startX11vnc(scope, { env: { X11VNC_AVOID_WINDOWS: 'never' } });

// The first connections find it without the window that owns the clipboard: their texts are nowhere.
async function startReadyX11vnc(scope) {
  const desktop = await startPatientX11vnc(scope);
  await until('x11vnc to own the clipboard', async () => {
    await on(scope, desktop, 'clipboard', '--stay', '1', 'set', 'ready');
    return await pasted(desktop, 'clipboard', 'latin1') === 'ready' && await pasted(desktop, 'primary', 'latin1') === 'ready';
  });
  return desktop;
}

// What a program on the desktop is given. xclip asks for STRING, Latin-1, or for what it is told to.
async function pasted(desktop, selection, encoding) {
  const script = 'xclip -o -selection "$1" $2 | iconv -f "$3" -t utf-8';
  const target = encoding === 'utf-8' ? '-t UTF8_STRING' : '';
  const result = await desktop.scope.run('sh', ['-c', script.replace('$2', target), 'sh', selection, '', encoding], { env: desktop.env });
  return result.stdout;
}

async function isGiven(desktop, text, encoding) {
  for (const selection of ['clipboard', 'primary']) {
    let last;
    try {
      await until(`the text in ${selection}`, async () => { last = await pasted(desktop, selection, encoding); return last === text; });
    } catch (error) {
      error.message += `; there is ${JSON.stringify(last?.slice(0, 80))}`;
      throw error;
    }
  }
}

// `porthole clipboard get` while a program owns the clipboard, again and again: only what is copied from now on is told.
async function copied(desktop, bytes, patienceMs = 1000) {
  const file = await desktop.scope.file('copied');
  await writeFile(file, bytes);
  const getter = desktop.scope.start(PORTHOLE, [...aim(desktop), '--timeout', '60', 'clipboard', 'get'], { name: 'porthole' });
  while (!getter.ended) {
    const owner = desktop.scope.start('xclip', ['-quiet', '-i', '-selection', 'clipboard', file], { env: desktop.env });
    let timer;
    await Promise.race([getter.exit, new Promise((resolve) => { timer = setTimeout(resolve, patienceMs); })]);
    clearTimeout(timer);
    await owner.stop();
  }
  assert.equal(getter.stderr, '');
  assert.equal((await getter.exit).code, 0);
  return getter.stdout;
}

for (const [title, text] of [['a text', UNICODE], ['100 KB', LONG_UNICODE]]) {
  live(`Xvnc: ${title} to the desktop, as long as the connection lasts`, async (scope) => {
    const desktop = await startXvnc(scope);
    const setter = scope.start(PORTHOLE, [...aim(desktop), 'clipboard', '--stay', '600', 'set', '-'], { stdin: text, name: 'porthole' });
    await isGiven(desktop, text, 'utf-8');
    setter.kill();
    await setter.wait();
    assert.equal(await pasted(desktop, 'clipboard', 'utf-8'), '');
  });

  live(`Xvnc: ${title} from the desktop`, async (scope) => {
    assert.equal(await copied(await startXvnc(scope), text), text);
  });
}

for (const [title, text] of [['a text', LATIN1], ['100 KB', LONG_LATIN1]]) {
  live(`x11vnc: ${title} to the desktop, which stays`, async (scope) => {
    const desktop = await startReadyX11vnc(scope);
    const result = await porthole(scope, [...aim(desktop), 'clipboard', 'set', '-'], { stdin: text });
    assert.equal(result.stderr, '');
    await isGiven(desktop, text, 'latin1');
  });
}

// It tells nothing in the first 15 seconds of a connection.
live('x11vnc: 100 KB from the desktop', async (scope) => {
  assert.equal(await copied(await startPatientX11vnc(scope), Buffer.from(LONG_LATIN1, 'latin1'), 20_000), LONG_LATIN1);
});

live('x11vnc: what is not Latin-1 is refused', async (scope) => {
  const desktop = await startX11vnc(scope);
  const result = await porthole(scope, [...aim(desktop), 'clipboard', 'set', 'gr\u00fcn \ud83d\ude00']);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /character 6 of the text, U\+1F600, is not in Latin-1/);
});

// A terminal pastes what is PRIMARY; both servers make a text that.
async function pasteInto(desktop, text) {
  await desktop.startWindowManager();
  const recorder = await startTypedText(desktop);
  const result = await porthole(desktop.scope, [...aim(desktop), 'type', '--paste', '--paste-chord', 'shift+Insert', '-'], { stdin: text });
  assert.equal(result.stderr, '');
  assert.equal(result.code, 0);
  return recorder;
}

const distinct = (count, first) => String.fromCodePoint(...Array.from({ length: count }, (_, index) => first + index));

live('Xvnc: 200 distinct CJK characters and emoji are pasted, and what is typed next comes next', async (scope) => {
  const text = `${distinct(140, 0x4e00)}\n${distinct(60, 0x1f600)}`;
  const desktop = await startXvnc(scope);
  const recorder = await pasteInto(desktop, text);
  await on(scope, desktop, 'type', '<end>');
  assert.equal(await recorder.until('<end>'), text);
});

// It does not tell when a program has asked for the text, which may be long after the keys.
live('x11vnc: Latin-1 is pasted', async (scope) => {
  const text = 'plain text\nof two lines';
  const desktop = await startReadyX11vnc(scope);
  const recorder = await pasteInto(desktop, text);
  assert.equal(await recorder.until(text), '');
  await on(scope, desktop, 'type', '<end>');
  assert.equal(await recorder.until('<end>'), '');
});

live('Xvnc: a paste that nobody asks for is told', async (scope) => {
  const desktop = await startXvnc(scope);
  const result = await porthole(scope, [...aim(desktop), '--timeout', '1', 'type', '--paste', 'nobody is there']);
  assert.equal(result.code, 5);
  assert.match(result.stderr, /waiting for a program on the desktop to ask for the text/);
});
