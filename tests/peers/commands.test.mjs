// SPDX-License-Identifier: GPL-2.0-or-later
// The commands beside screenshot, do and wait: what they send with their options, and what they answer.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { live } from '../lib/proc.mjs';
import { startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { PORTHOLE, aim, on, porthole } from '../lib/porthole.mjs';
import { buttonsOf, keysOf, motionsOf, short, startRecorder } from '../lib/xev.mjs';

const USAGE = 2, REFUSED = 4, NOT_FOUND = 7;

const json = (scope, desktop, ...args) => on(scope, desktop, '--json', ...args).then(JSON.parse);

async function refused(scope, args, code, words) {
  const result = await porthole(scope, args);
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, /^porthole: [^\n]+\n$/);
  assert.match(result.stderr, words);
}

// Until F9 has come, which is sent behind all else.
async function recorded(scope, desktop, recorder) {
  await on(scope, desktop, 'key', 'F9');
  const events = await recorder.wait('the last key', (all) => all.some((event) => event.type === 'KeyRelease' && event.name === 'F9'));
  return events.filter((event) => event.name !== 'F9');
}

live('modifiers, holds and intervals', async (scope) => {
  const desktop = await startXvnc(scope);
  const recorder = await startRecorder(desktop);
  const timeOf = async (...args) => {
    const begin = Date.now();
    await on(scope, desktop, ...args);
    return Date.now() - begin;
  };
  await on(scope, desktop, 'click', '300', '300', '--modifiers', 'ctrl+shift');
  await on(scope, desktop, 'drag', '--modifiers', 'alt', '300', '300', '310', '310', '320', '300');
  await on(scope, desktop, 'scroll', '300', '300', '--modifiers', 'ctrl', '--up', '1');
  const events = await recorded(scope, desktop, recorder);
  const pressed = buttonsOf(events).filter((event) => event.type === 'ButtonPress');
  assert.deepEqual(pressed.map((event) => event.state), [5, 8, 4], 'Shift is 1, Control 4, Alt 8');
  assert.deepEqual(keysOf(events).map(short), ['+Control_L', '+Shift_L', '-Shift_L', '-Control_L', '+Alt_L', '-Alt_L', '+Control_L', '-Control_L']);
  assert.ok(motionsOf(events).some((event) => event.x === 310 && event.y === 310), 'the path leads through its corner');

  // how long is asked for is no time that the server takes: --timeout is shorter
  assert.ok(await timeOf('--timeout', '0.3', 'key', '--hold', '0.6', 'a') >= 600);
  assert.ok(await timeOf('--timeout', '0.3', 'click', '--hold', '0.6', '300', '300') >= 600);
  assert.ok(await timeOf('--timeout', '0.3', 'type', '--interval', '0.2', 'abcd') >= 600);
  assert.ok(await timeOf('--timeout', '0.3', 'scroll', '--interval', '0.3', '--down', '3', '300', '300') >= 600);
});

live('each input command answers in JSON when asked', async (scope) => {
  const desktop = await startXvnc(scope);
  for (const command of [['move', '1', '1'], ['click', '1', '1'], ['drag', '1', '1', '2', '2'], ['scroll', '1', '1', '--down', '1'], ['key', 'a'], ['type', 'a']]) {
    assert.deepEqual(await json(scope, desktop, ...command), { ok: true }, command[0]);
    assert.equal(await on(scope, desktop, ...command), '', command[0]);
  }
});

live('the pointer', async (scope) => {
  const desktop = await startX11vnc(scope);
  const file = await scope.file('pointer.pam');
  const cursor = await json(scope, desktop, 'cursor', '--save', file);
  assert.ok(cursor.width > 0 && cursor.height > 0, JSON.stringify(cursor));
  const bytes = await readFile(file);
  const head = `P7\nWIDTH ${cursor.width}\nHEIGHT ${cursor.height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n`;
  assert.equal(bytes.subarray(0, head.length).toString(), head);
  assert.equal(bytes.length, head.length + cursor.width * cursor.height * 4);
  assert.match(await on(scope, desktop, 'cursor'), /^position  .+\nshape     \d+x\d+, hot spot -?\d+ -?\d+\n$/);
  await refused(scope, ['-t', desktop.target, 'cursor', 'here'], USAGE, /unexpected argument 'here'/);
});

live('a pointer that the server draws itself has no shape to save', async (scope) => {
  const desktop = await startXvnc(scope);
  await refused(scope, ['-t', desktop.target, 'cursor', '--save', await scope.file('no.pam')], NOT_FOUND, /no shape to save/);
  assert.match(await on(scope, desktop, 'cursor'), /^position  .+\nshape     hidden or not known\n$/);
});

live('the size, and another', async (scope) => {
  const desktop = await startXvnc(scope);
  assert.equal(await on(scope, desktop, 'size'), '1280x800\n');
  assert.equal(await on(scope, desktop, 'size', '1024x768'), '');
  assert.deepEqual(await json(scope, desktop, 'size'), { width: 1024, height: 768 });
  assert.deepEqual(await json(scope, desktop, 'size', '800x600'), { width: 800, height: 600 });
  const fixed = await startX11vnc(scope);
  await refused(scope, ['-t', fixed.target, 'size', '800x600'], REFUSED, /does not let clients resize/);
  for (const size of ['big', '800', 'x600', '800x', '0x600', '800x600x2', '99999x1']) {
    await refused(scope, ['-t', desktop.target, 'size', size], USAGE, /WxH|whole number|not 1 to 16384/);
  }
});

live('the clipboard: kept until it is interrupted, and wrong usage', async (scope) => {
  const desktop = await startXvnc(scope);
  const text = 'Grüße, 漢字 😀\nzwei\n';
  const keeper = scope.start(PORTHOLE, [...aim(desktop), 'clipboard', 'set', '--stay', '60', '-'], { name: 'porthole', stdin: text });
  const pasted = () => scope.must('xclip', ['-selection', 'clipboard', '-o'], { env: desktop.env });
  await keeper.until('the clipboard', async () => await pasted() === text);
  keeper.kill('SIGINT');
  assert.deepEqual(await keeper.wait(), { code: 0, signal: null });
  assert.equal(keeper.stdout + keeper.stderr, '');

  for (const args of [['clipboard'], ['clipboard', 'get', 'x'], ['clipboard', 'set'], ['clipboard', 'put', 'x']]) {
    await refused(scope, ['-t', desktop.target, ...args], USAGE, /it is clipboard get, or clipboard set TEXT/);
  }
  await refused(scope, ['-t', desktop.target, 'clipboard', 'get', '--stay', '1'], USAGE, /--stay belongs to clipboard set/);
  const silent = await porthole(scope, [...aim(desktop), '--timeout', '0.3', 'clipboard', 'get']);
  assert.equal(silent.code, 5, silent.stderr);
});

live('text through the clipboard, as an action', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const recorder = await startTypedText(desktop);
  const actions = [{ action: 'type', text: 'Grüße, 漢字', paste: true, paste_chord: 'shift+Insert' }, { action: 'type', text: '<end>' }];
  const { code, stdout } = await porthole(scope, [...aim(desktop), 'do'], { stdin: JSON.stringify(actions) });
  assert.equal(code, 0, stdout);
  assert.equal(await recorder.until('<end>'), 'Grüße, 漢字');
});

live('the clipboard of a co-process: what was copied, and what is copied next', async (scope) => {
  const desktop = await startXvnc(scope);
  const owner = (text) => scope.must('sh', ['-c', 'printf "%s" "$0" | xclip -selection clipboard -i >/dev/null 2>&1', text], { env: desktop.env });
  const actions = [{ action: 'clipboard_set', text: 'ours' }, { action: 'clipboard_get', timeout: 30 }];
  const program = scope.start(PORTHOLE, [...aim(desktop), 'do'], { name: 'porthole', stdin: JSON.stringify(actions) });
  await program.until('the copy', async () => {
    if (!program.ended && program.stdout.includes('clipboard_set')) await owner('theirs');
    return program.ended;
  });
  const answers = program.stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(answers.map(({ ok }) => ok), [true, true], program.stdout + program.stderr);
  assert.equal(answers[1].text, 'theirs');
  assert.ok(answers[1].serial >= 1);
});

live('help: of all commands, and of each', async (scope) => {
  const help = await porthole(scope, ['--help']);
  assert.equal(help.code, 0);
  const names = help.stdout.split('Commands:\n')[1].split('\n\n')[0].split('\n').map((line) => line.trim().split(/\s+/)[0]);
  assert.ok(names.includes('screenshot') && names.includes('wait'), names.join());
  for (const name of names) {
    const own = await porthole(scope, [name, '--help']);
    assert.equal(own.code, 0, own.stderr);
    assert.ok(own.stdout.startsWith(`Usage: porthole [OPTION]... ${name}`), own.stdout);
    assert.deepEqual(await porthole(scope, ['help', name]), own);
  }
  assert.match((await porthole(scope, ['do', '--help'])).stdout, /left_click_drag[^]*unless_changed_since/);
});
