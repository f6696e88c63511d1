// SPDX-License-Identifier: GPL-2.0-or-later
// Text that `porthole` types arrives as that text in a program that reads it.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { aim, on, porthole } from '../lib/porthole.mjs';

const SERVERS = { Xvnc: startXvnc, x11vnc: startX11vnc };
const END = '<end>';
// Characters that stand for themselves in a terminal that gives newlines.
const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));

function scramble(length) {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return PRINTABLE[Math.floor(state / 65536) % PRINTABLE.length];
  }).join('');
}

for (const [name, start] of Object.entries(SERVERS)) {
  const typed = (title, text) => live(`${name}: ${title}`, async (scope) => {
    const desktop = await start(scope);
    await desktop.startWindowManager();
    const recorder = await startTypedText(desktop);
    // x11vnc takes half a millisecond for a key
    const result = await porthole(scope, [...aim(desktop), '--timeout', '60', 'type', '-'], { stdin: text + END });
    assert.equal(result.stderr, '');
    assert.equal(result.code, 0);
    assert.equal(await recorder.until(END), text);
  });

  typed('every printable character of ASCII, newlines and tabs', `${PRINTABLE}\n\ttab\tand\n\nline ${PRINTABLE}\n`);
  typed('10,000 characters', scramble(10_000));
  typed('umlauts and accents', '\u00e4\u00f6\u00fc\u00c4\u00d6\u00dc\u00df\u00e9\u00e8\u00e5 and again \u00e4\u00f6\u00fc\u00e4\u00f6\u00fc');
  typed('CJK and emoji', '\u4f60\u597d\u4e16\u754c \u65e5\u672c\u8a9e\ud83d\ude00\ud83c\udf89\ud83d\ude80 \ud55c\uae00 \u20ac\u03a9\u0416');
  // U+0301 on its own is a character as well: what is composed and what is not stay apart.
  typed('combining characters', 'e\u0301 \u00e9 a\u0308');

  live(`${name}: dead keys compose`, async (scope) => {
    const desktop = await start(scope);
    await desktop.startWindowManager();
    const recorder = await startTypedText(desktop);
    await on(scope, desktop, 'key', 'dead_acute', 'e', 'dead_diaeresis', 'U');
    await on(scope, desktop, 'type', END);
    assert.equal(await recorder.until(END), '\u00e9\u00dc');
  });

  live(`${name}: more new symbols than servers take are refused whole`, async (scope) => {
    const desktop = await start(scope);
    await desktop.startWindowManager();
    const recorder = await startTypedText(desktop);
    const many = String.fromCharCode(...Array.from({ length: 17 }, (_, index) => 0x4e00 + index));
    const refused = await porthole(scope, [...aim(desktop), 'type', many]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /17 symbols beyond basic Latin.*paste/);
    await on(scope, desktop, 'type', END);
    assert.equal(await recorder.until(END), '');
  });
}
