// SPDX-License-Identifier: GPL-2.0-or-later
// `porthole do`: actions in JSON on one connection, in order, each with its answer and what it expects of the screen.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { captureX, decodePng, difference, readPng } from '../lib/picture.mjs';
import { PORTHOLE, aim, porthole, startSilentServer } from '../lib/porthole.mjs';
import { buttonsOf, heldDown, keysOf, short, startRecorder } from '../lib/xev.mjs';

const USAGE = 2, REFUSED = 4, TIMED_OUT = 5;

// What an action did besides: its answer without what every answer has.
const answersOf = (stdout) => stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

async function run(scope, desktop, actions, ...options) {
  const input = Array.isArray(actions) ? JSON.stringify(actions) : actions;
  const result = await porthole(scope, [...aim(desktop), 'do', ...options], { stdin: input });
  return { ...result, answers: answersOf(result.stdout) };
}

// The same, and all of it must succeed.
async function runWell(scope, desktop, actions) {
  const result = await run(scope, desktop, actions);
  assert.equal(result.code, 0, result.stderr + result.stdout);
  assert.equal(result.stderr, '');
  assert.equal(result.answers.length, actions.length);
  for (const [index, answer] of result.answers.entries()) {
    assert.equal(answer.index, index);
    assert.equal(answer.action, actions[index].action);
    assert.equal(answer.ok, true);
    assert.ok(Number.isInteger(answer.sequence) && answer.sequence > 0, JSON.stringify(answer));
  }
  return result.answers;
}

// A program that is spoken to line by line.
class Coprocess {
  constructor(scope, args) {
    this.child = spawn(PORTHOLE, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = [];
    this.waiting = [];
    this.stderr = '';
    let rest = '';
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.stderr += text; });
    this.child.stdout.setEncoding('utf8').on('data', (text) => {
      rest += text;
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        this.lines.push(JSON.parse(rest.slice(0, end)));
        rest = rest.slice(end + 1);
      }
      while (this.waiting.length && this.lines.length) this.waiting.shift()(this.lines.shift());
    });
    this.exit = new Promise((resolve) => this.child.on('close', (code, signal) => {
      for (const give of this.waiting.splice(0)) give({ ended: code ?? signal, stderr: this.stderr });
      resolve({ code, signal });
    }));
    this.child.stdin.on('error', () => {});
    scope.onStop(async () => { this.child.kill('SIGKILL'); await this.exit; });
  }

  answer() {
    if (this.lines.length) return Promise.resolve(this.lines.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  ask(action) {
    this.child.stdin.write(`${JSON.stringify(action)}\n`);
    return this.answer();
  }
}

live('pointer and keyboard arrive in order', async (scope) => {
  const desktop = await startXvnc(scope);
  const recorder = await startRecorder(desktop);
  await runWell(scope, desktop, [
    { action: 'mouse_move', coordinate: [300, 300] },
    { action: 'left_click' },
    { action: 'right_click', coordinate: [310, 301] },
    { action: 'middle_click', coordinate: [311, 302], text: 'ctrl' },
    { action: 'double_click', coordinate: [312, 303] },
    { action: 'triple_click', coordinate: [313, 304] },
    { action: 'left_click_drag', start_coordinate: [320, 310], coordinate: [330, 320] },
    { action: 'left_click_drag', path: [[331, 321], [340, 330], [332, 322]] },
    { action: 'left_mouse_down', coordinate: [350, 350] },
    { action: 'mouse_move', coordinate: [360, 360] },
    { action: 'left_mouse_up' },
    { action: 'scroll', coordinate: [370, 370], scroll_direction: 'down', scroll_amount: 2 },
    { action: 'scroll', scroll_direction: 'left', scroll_amount: 1, text: 'shift' },
    { action: 'key', text: 'Down ctrl+a' },
    { action: 'type', text: 'hi\n' },
    { action: 'hold_key', text: 'shift', duration: 0.01 },
    { action: 'wait', duration: 0.01 },
    { action: 'key', text: 'F9' },
  ]);
  const events = await recorder.wait('the last key', (all) => all.some((event) => event.name === 'F9' && event.type === 'KeyRelease'));
  assert.deepEqual(heldDown(events), []);
  const click = (button, at, count = 1) => Array(count).fill([`+${button}@${at}`, `-${button}@${at}`]).flat();
  assert.deepEqual(buttonsOf(events).map(short), [
    ...click(1, '300,300'), ...click(3, '310,301'), ...click(2, '311,302'), ...click(1, '312,303', 2), ...click(1, '313,304', 3),
    '+1@320,310', '-1@330,320', '+1@331,321', '-1@332,322', '+1@350,350', '-1@360,360',
    ...click(5, '370,370', 2), ...click(6, '370,370'),
  ]);
  assert.equal(buttonsOf(events).find((event) => event.button === 2).state & 4, 4, 'with Control');
  assert.equal(buttonsOf(events).find((event) => event.button === 6).state & 1, 1, 'with Shift');
  assert.deepEqual(keysOf(events).map(short), [
    '+Control_L', '-Control_L', '+Shift_L', '-Shift_L', '+Down', '-Down', '+Control_L', '+a', '-a', '-Control_L',
    '+h', '-h', '+i', '-i', '+Return', '-Return', '+Shift_L', '-Shift_L', '+F9', '-F9',
  ]);
});

live('what is held down is released at the end, and by release_all', async (scope) => {
  const desktop = await startXvnc(scope);
  const recorder = await startRecorder(desktop);
  await runWell(scope, desktop, [{ action: 'left_mouse_down', coordinate: [300, 300] }, { action: 'release_all' }, { action: 'key', text: 'F8' }]);
  const events = await recorder.wait('F8', (all) => all.some((event) => event.name === 'F8'));
  assert.deepEqual(events.filter((event) => event.type !== 'MotionNotify').slice(0, 2).map(short), ['+1@300,300', '-1@300,300']);
  recorder.forget();
  await runWell(scope, desktop, [{ action: 'left_mouse_down', coordinate: [300, 300] }]);
  await recorder.wait('the release', (all) => all.some((event) => event.type === 'ButtonRelease'));
});

live('screenshots and zoom: in the answer and in files', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  const file = await scope.file('shot.png');
  const [moved, inline, saved, zoomed, small, lossless] = await runWell(scope, desktop, [
    { action: 'mouse_move', coordinate: [0, 0] },
    { action: 'screenshot', wait_quiet_ms: 100 },
    { action: 'screenshot', file },
    { action: 'zoom', region: [100, 100, 420, 300], max_edge: 320 },
    { action: 'screenshot', format: 'jpeg', quality: 60, max_edge: 400 },
    { action: 'screenshot', format: 'webp', lossless: true },
  ]);
  assert.deepEqual(Object.keys(moved), ['index', 'action', 'ok', 'sequence']);
  const truth = await captureX(desktop.display);
  assert.equal(difference(decodePng(Buffer.from(inline.image, 'base64')), truth), null);
  assert.equal(difference(await readPng(file), truth), null);
  assert.equal(saved.file, file);
  assert.equal(saved.image, undefined);
  assert.equal(saved.bytes, (await readFile(file)).length);
  assert.deepEqual(saved.region, [0, 0, 1280, 800]);
  assert.deepEqual([zoomed.format, zoomed.width, zoomed.height, zoomed.region], ['png', 320, 200, [100, 100, 420, 300]]);
  const crop = decodePng(Buffer.from(zoomed.image, 'base64'));
  assert.equal(crop.rgb.readUIntBE(0, 3), truth.rgb.readUIntBE((100 * 1280 + 100) * 3, 3));
  assert.deepEqual([small.format, small.width, small.height], ['jpeg', 400, 250]);
  assert.deepEqual([lossless.format, lossless.quality], ['webp', undefined]);
  assert.deepEqual([...Buffer.from(small.image, 'base64').subarray(0, 3)], [0xff, 0xd8, 0xff]);
});

live('expectations: a change, quiet, and nothing changed since a frame', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  const typing = { action: 'type', text: 'echo\n', expect_change: [60, 60, 700, 500], wait_quiet_ms: 100 };
  const [moved, , shot, typed] = await runWell(scope, desktop, [
    { action: 'left_click', coordinate: [300, 200] },
    { action: 'wait_quiet', quiet_ms: 200 },
    { action: 'screenshot', format: 'jpeg' },
    typing,
  ]);
  assert.ok(moved.sequence <= shot.sequence && shot.sequence < typed.sequence, JSON.stringify([moved.sequence, shot.sequence, typed.sequence]));
  assert.ok(Number.isInteger(typed.waited_ms));

  // The screen at the terminal changes, far from it it does not: only the click there is made.
  const coprocess = new Coprocess(scope, [...aim(desktop), 'do']);
  const { sequence } = await coprocess.ask({ action: 'screenshot', format: 'jpeg', wait_quiet_ms: 200 });
  await coprocess.ask(typing);
  const region = [60, 60, 700, 500];
  const fine = await coprocess.ask({ action: 'left_click', coordinate: [1200, 700], unless_changed_since: sequence });
  assert.equal(fine.ok, true, JSON.stringify(fine));
  const refused = await coprocess.ask({ action: 'left_click', coordinate: [1200, 700], unless_changed_since: sequence, unchanged_region: region });
  assert.deepEqual([refused.ok, refused.done, refused.error.code], [false, false, 'refused']);
  assert.match(refused.error.message, /something in 60,60 640x440 has changed since frame \d+/);
  assert.deepEqual(await coprocess.exit, { code: REFUSED, signal: null });

  const late = await run(scope, desktop, [{ action: 'mouse_move', coordinate: [5, 5], expect_change: [1000, 600, 1100, 700], timeout: 0.3 }, { action: 'screenshot' }]);
  assert.equal(late.code, TIMED_OUT);
  assert.equal(late.answers.length, 1, 'it stops at the first failure');
  assert.deepEqual([late.answers[0].ok, late.answers[0].done, late.answers[0].error.code], [false, true, 'timeout']);
  assert.match(late.stderr, /^porthole: action 0, mouse_move: [^\n]*timed out[^\n]*\n$/);
  const unknown = await run(scope, desktop, [{ action: 'left_click', coordinate: [5, 5], unless_changed_since: 1_000_000 }]);
  assert.equal(unknown.code, USAGE);
  assert.match(unknown.answers[0].error.message, /unless_changed_since is 1000000, and the newest frame is \d+/);
});

live('a long-lived co-process: each line is run when it comes', async (scope) => {
  const desktop = await startXvnc(scope);
  const coprocess = new Coprocess(scope, [...aim(desktop), 'do']);
  assert.deepEqual(await coprocess.ask({ action: 'mouse_move', coordinate: [7, 9] }).then(({ ok, index }) => [ok, index]), [true, 0]);
  assert.deepEqual((await coprocess.ask({ action: 'cursor_position' })).coordinate, [7, 9]);
  assert.equal((await coprocess.ask([{ action: 'cursor_position' }, { action: 'wait', duration: 0.01 }])).index, 2);
  assert.equal((await coprocess.answer()).index, 3);
  coprocess.child.stdin.end();
  assert.deepEqual(await coprocess.exit, { code: 0, signal: null });
});

live('a co-process is interrupted: while it waits for a line, and in an action', async (scope) => {
  const desktop = await startXvnc(scope);
  const idle = new Coprocess(scope, [...aim(desktop), 'do']);
  await idle.ask({ action: 'mouse_move', coordinate: [1, 1] });
  idle.child.kill('SIGTERM');
  assert.deepEqual(await idle.exit, { code: 130, signal: null });
  assert.match(idle.stderr, /^porthole: interrupted while reading standard input\n$/);
  const busy = new Coprocess(scope, [...aim(desktop), 'do']);
  await busy.ask({ action: 'mouse_move', coordinate: [1, 1] });
  const answer = busy.ask({ action: 'wait', duration: 60 });
  busy.child.kill('SIGINT');
  assert.equal((await answer).error?.code ?? 'cancelled', 'cancelled'); // the signal may come before the line
  assert.deepEqual(await busy.exit, { code: 130, signal: null });
});

// What cannot be right, and the words that say so.
const WRONG = [
  ['an unknown action', [{ action: 'dance' }], 0, [/unknown action 'dance'/, /left_click/]],
  ['an unknown parameter', [{ action: 'wait', duration: 1 }, { action: 'left_click', colour: 1 }], 1, [/left_click: unknown parameter 'colour'/, /coordinate/]],
  ['a missing parameter', [{ action: 'type' }], 0, [/type: text is missing/]],
  ['a wrong type', [{ action: 'mouse_move', coordinate: '1,2' }], 0, [/mouse_move: coordinate must be \[x, y\]/]],
  ['an unknown key', [{ action: 'key', text: 'a' }, { action: 'wait', duration: 1 }, { action: 'key', text: 'nosuchkey' }], 2, [/key: text: .*nosuchkey/]],
  ['no object', ['left_click'], 0, [/an action is an object/]],
];

live('an array is looked at wholly before anybody is called', async (scope, t) => {
  const server = await startSilentServer(scope);
  const desktop = { target: `vnc://127.0.0.1::${server.port}` };
  for (const [title, actions, index, words] of WRONG) {
    await t.test(title, async () => {
      const result = await run(scope, desktop, actions);
      assert.equal(result.code, USAGE, result.stderr);
      assert.equal(result.answers.length, 1);
      const [answer] = result.answers;
      assert.deepEqual([answer.index, answer.ok, answer.error.code], [index, false, 'argument']);
      for (const word of words) assert.match(answer.error.message, word);
      assert.match(result.stderr, new RegExp(`^porthole: action ${index}: [^\\n]+\\n$`));
    });
  }
  await t.test('no JSON', async () => {
    const result = await run(scope, desktop, '\nclick here\n');
    assert.equal(result.code, USAGE);
    assert.match(result.stderr, /^porthole: standard input, line 2: [^\n]+\n$/);
    assert.equal(result.stdout, '');
  });
  await t.test('a file that is not there', async () => {
    const result = await run(scope, desktop, '', '/no/such/file');
    assert.equal(result.code, USAGE);
    assert.match(result.stderr, /\/no\/such\/file: No such file/);
  });
  assert.equal(server.connections, 0, 'no connection was made');
});

live('a file of lines runs up to the first that fails', async (scope) => {
  const desktop = await startXvnc(scope);
  const file = await scope.file('actions.jsonl');
  const shot = await scope.file('never.png');
  await writeFile(file, [
    { action: 'mouse_move', coordinate: [4, 4] },
    { action: 'mouse_move', coordinate: [4, 4000] },
    { action: 'screenshot', file: shot },
  ].map((action) => JSON.stringify(action)).join('\n'));
  const result = await run(scope, desktop, '', file);
  assert.equal(result.code, USAGE);
  assert.deepEqual(result.answers.map(({ ok }) => ok), [true, false]);
  assert.deepEqual([result.answers[1].done, result.answers[1].error.code], [false, 'argument']);
  assert.match(result.answers[1].error.message, /4000.*1280x800/);
  assert.equal(existsSync(shot), false);
});
