// SPDX-License-Identifier: GPL-2.0-or-later
// On a terminal, what takes longer than a second is told in a line that goes away again; elsewhere nothing is.
import assert from 'node:assert/strict';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLE, aim, porthole, startSilentServer } from '../lib/porthole.mjs';

const ERASE = '\r\x1b[K';

// Runs porthole with a terminal for all three; returns what that shows.
async function onTerminal(scope, args, env = {}) {
  const quoted = [PORTHOLE, ...args].map((word) => `'${word}'`).join(' ');
  const { stdout, code } = await scope.run('script', ['-qec', quoted, '/dev/null'], { env: { TERM: 'xterm', PORTHOLE: undefined, ...env }, stdin: '' });
  return { text: stdout.replaceAll('\r\n', '\n'), code };
}

live('connecting', async (scope) => {
  const { port } = await startSilentServer(scope);
  const target = `vnc://127.0.0.1::${port}`;
  const args = ['-t', target, '--timeout', '2.5', 'info'];
  const { text, code } = await onTerminal(scope, args);
  assert.equal(code, 5, text);
  const told = text.indexOf(`\rconnecting to ${target}... 1 s\x1b[K`);
  assert.ok(told >= 0, JSON.stringify(text));
  const rest = text.slice(text.lastIndexOf(ERASE) + ERASE.length);
  assert.match(rest, /^porthole: timed out [^\n]+\n$/, 'the error stands alone in its line');

  const silent = await porthole(scope, args);
  assert.match(silent.stderr, /^porthole: timed out [^\n]+\n$/, 'no terminal: the error alone');
  const dumb = await onTerminal(scope, args, { TERM: 'dumb' });
  assert.match(dumb.text, /^porthole: timed out [^\n]+\n$/, 'a terminal that cannot erase: the error alone');
});

live('waiting for quiet', async (scope) => {
  const desktop = await startXvnc(scope);
  const { text, code } = await onTerminal(scope, [...aim(desktop), 'wait', 'quiet', '--for', '1.3']);
  assert.equal(code, 0, text);
  assert.match(text, /\rwaiting for quiet\.\.\. 1 s\x1b\[K/);
  assert.ok(text.endsWith(ERASE), JSON.stringify(text));
});
