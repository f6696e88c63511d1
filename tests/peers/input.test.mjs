// SPDX-License-Identifier: GPL-2.0-or-later
// What `porthole` does with pointer and keyboard arrives in an X client: the keysyms, the order, the coordinates, and
// nothing is left pressed.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { buttonsOf, heldDown, keysOf, motionsOf, short, startRecorder } from '../lib/xev.mjs';
import { aim, on, PORTHOLE } from '../lib/porthole.mjs';

const SERVERS = { Xvnc: startXvnc, x11vnc: startX11vnc };
const MODIFIER = /^(Shift|Control|Alt|Super|Meta|Caps_Lock|ISO_Level3)/;

// Runs the commands, then one key that ends the recording: what comes before it has all arrived.
async function record(desktop, recorder, ...commands) {
  recorder.forget();
  for (const command of commands) await on(desktop.scope, desktop, ...command);
  await on(desktop.scope, desktop, 'key', 'F9');
  const ended = (events) => events.some((event) => event.type === 'KeyRelease' && event.name === 'F9');
  const events = await recorder.wait('the last key', ended);
  assert.deepEqual(heldDown(events), [], `left pressed; ${events.map(short).join(' ')}`);
  return events.filter((event) => event.name !== 'F9');
}

const shorts = (events) => events.map(short);

for (const [name, start] of Object.entries(SERVERS)) {
  const withRecorder = (title, body, { manager = true } = {}) => live(`${name}: ${title}`, async (scope) => {
    const desktop = await start(scope);
    if (manager) await desktop.startWindowManager();
    await body(desktop, await startRecorder(desktop));
  });

  withRecorder('move and click', async (desktop, recorder) => {
    const moved = await record(desktop, recorder, ['move', '400', '300'], ['move', '523', '411']);
    assert.deepEqual(shorts(buttonsOf(moved)), []);
    assert.equal(short(motionsOf(moved).at(-1)), '~@523,411');

    const clicked = await record(desktop, recorder, ['click', '431', '287']);
    assert.deepEqual(shorts(buttonsOf(clicked)), ['+1@431,287', '-1@431,287']);

    const others = await record(desktop, recorder, ['click', '640', '480', '--button', 'middle'], ['click', '641', '482', '--button', 'right']);
    assert.deepEqual(shorts(buttonsOf(others)), ['+2@640,480', '-2@640,480', '+3@641,482', '-3@641,482']);

    const twice = await record(desktop, recorder, ['click', '450', '300', '--count', '2']);
    assert.deepEqual(shorts(buttonsOf(twice)), ['+1@450,300', '-1@450,300', '+1@450,300', '-1@450,300']);
  });

  withRecorder('drag', async (desktop, recorder) => {
    const dragged = await record(desktop, recorder, ['drag', '300', '250', '500', '350', '600', '300']);
    assert.deepEqual(shorts(buttonsOf(dragged)), ['+1@300,250', '-1@600,300']);
    const from = dragged.findIndex((event) => event.type === 'ButtonPress');
    const to = dragged.findIndex((event) => event.type === 'ButtonRelease');
    const path = motionsOf(dragged.slice(from, to));
    assert.ok(path.length >= 2, 'the pointer moves while the button is down');
    assert.ok(path.every((event) => event.state & 0x100), 'with the first button held');
    assert.ok(path.every((event, index) => index === 0 || event.x >= path[index - 1].x), `and never back: ${shorts(path).join(' ')}`);
    assert.ok(path.some((event) => event.x === 500 && event.y === 350), `through the corner: ${shorts(path).join(' ')}`);
    assert.equal(short(path.at(-1)), '~@600,300');
  }, { manager: false });

  withRecorder('scroll', async (desktop, recorder) => {
    const directions = [['up', 4], ['down', 5], ['left', 6], ['right', 7]];
    // x11vnc knows five buttons: sideways is beyond it.
    for (const [direction, button] of directions.slice(0, name === 'x11vnc' ? 2 : 4)) {
      const scrolled = await record(desktop, recorder, ['scroll', '500', '400', `--${direction}`, '3']);
      const one = [`+${button}@500,400`, `-${button}@500,400`];
      assert.deepEqual(shorts(buttonsOf(scrolled)), [...one, ...one, ...one], direction);
    }
  });

  withRecorder('key chords', async (desktop, recorder) => {
    const cases = [
      [['Return'], ['+Return', '-Return']],
      [['enter', 'esc', 'pgup'], ['+Return', '-Return', '+Escape', '-Escape', '+Prior', '-Prior']],
      [['ctrl+c'], ['+Control_L', '+c', '-c', '-Control_L']],
      [['alt+F7'], ['+Alt_L', '+F7', '-F7', '-Alt_L']],
      [['ctrl+alt+a'], ['+Control_L', '+Alt_L', '+a', '-a', '-Alt_L', '-Control_L']],
    ];
    for (const [chords, expected] of cases) {
      const events = await record(desktop, recorder, ['key', ...chords]);
      assert.deepEqual(shorts(keysOf(events)), expected, chords.join(' '));
    }
  });

  withRecorder('a chord with shift', async (desktop, recorder) => {
    const events = keysOf(await record(desktop, recorder, ['key', 'ctrl+shift+t']));
    const letter = events.find((event) => event.type === 'KeyPress' && /^t$/i.test(event.name));
    assert.ok(letter, `the letter arrives: ${shorts(events).join(' ')}`);
    assert.equal(letter.state & 0x5, 0x5, `with Shift and Control down: ${shorts(events).join(' ')}`);
  });

  withRecorder('text', async (desktop, recorder) => {
    const text = 'Hello, World! 3*(4-1) ~#$%^&@ \\"quoted\\" qQ';
    const events = keysOf(await record(desktop, recorder, ['type', text]));
    const pressed = events.filter((event) => event.type === 'KeyPress' && !MODIFIER.test(event.name));
    assert.equal(String.fromCodePoint(...pressed.map((event) => event.keysym)), text);
  });

  withRecorder('text with characters that no key has', async (desktop, recorder) => {
    const events = keysOf(await record(desktop, recorder, ['type', 'caf\u00e9 \u20ac \u03a9']));
    const pressed = events.filter((event) => event.type === 'KeyPress' && !MODIFIER.test(event.name));
    // The euro and Omega have old keysyms of their own beside the Unicode ones: both are right.
    const code = (keysym) => ({ 0x20ac: 0x20ac, 0x7d9: 0x3a9 })[keysym] ?? (keysym >= 0x1000000 ? keysym - 0x1000000 : keysym);
    assert.equal(String.fromCodePoint(...pressed.map((event) => code(event.keysym))), 'caf\u00e9 \u20ac \u03a9');
  });

  withRecorder('modifiers are down around each thing that is done', async (desktop, recorder) => {
    const clicked = shorts(await record(desktop, recorder, ['click', '431', '287', '--modifiers', 'ctrl+shift', '--count', '2']))
      .filter((event) => !event.startsWith('~'));
    const one = ['+1@431,287', '-1@431,287'];
    assert.deepEqual(clicked, ['+Control_L', '+Shift_L', ...one, ...one, '-Shift_L', '-Control_L']);

    const dragged = await record(desktop, recorder, ['drag', '300', '250', '400', '250', '--modifiers', 'alt']);
    const buttons = buttonsOf(dragged);
    assert.deepEqual(shorts(buttons), ['+1@300,250', '-1@400,250']);
    assert.ok(buttons.every((event) => event.state & 0x8), 'with Alt held');
    assert.deepEqual(shorts(keysOf(dragged)), ['+Alt_L', '-Alt_L']);

    const scrolled = await record(desktop, recorder, ['scroll', '500', '400', '--down', '2', '--modifiers', 'ctrl']);
    assert.ok(buttonsOf(scrolled).every((event) => event.state & 0x4), 'with Control held');
    assert.deepEqual(shorts(scrolled.filter((event) => event.type !== 'MotionNotify')),
      ['+Control_L', '+5@500,400', '-5@500,400', '+5@500,400', '-5@500,400', '-Control_L']);
  }, { manager: false });

  // A click that is held ends when the command is interrupted: with its release, and that of its modifier.
  withRecorder('what is held is released when the command is interrupted', async (desktop, recorder) => {
    recorder.forget();
    const holding = desktop.scope.start(PORTHOLE, [...aim(desktop), 'click', '431', '287', '--modifiers', 'ctrl', '--hold', '50'], { name: 'porthole' });
    const down = await recorder.wait('the press', (events) => events.some((event) => event.type === 'ButtonPress'));
    assert.deepEqual(heldDown(down), ['+Control_L', '+1@431,287']);
    holding.kill('SIGINT');
    assert.equal((await holding.wait()).code, 130);
    await recorder.wait('the releases', (events) => heldDown(events).length === 0);
  }, { manager: false });
}
