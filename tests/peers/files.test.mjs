// SPDX-License-Identifier: GPL-2.0-or-later
// What `porthole` reads and writes beside the desktop: a screenshot goes to what FILE is, and signals end what waits.
import assert from 'node:assert/strict';
import { lstat, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { decodePng } from '../lib/picture.mjs';
import { PORTHOLE, aim, on, porthole } from '../lib/porthole.mjs';

const JPEG = [0xff, 0xd8, 0xff];

live('a screenshot replaces a file, follows a link, and is written into a pipe or a device', async (scope) => {
  const desktop = await startXvnc(scope);
  const folder = await scope.file('pictures');
  await mkdir(folder);

  const plain = `${folder}/plain.png`;
  await writeFile(plain, 'old');
  await on(scope, desktop, 'screenshot', plain);
  assert.equal(decodePng(await readFile(plain)).width, 1280);

  const link = `${folder}/link.png`;
  await writeFile(`${folder}/behind.png`, 'old');
  await symlink('behind.png', link);
  await on(scope, desktop, 'screenshot', link);
  assert.ok((await lstat(link)).isSymbolicLink());
  assert.equal(decodePng(await readFile(`${folder}/behind.png`)).width, 1280);

  const fifo = `${folder}/pipe`;
  await scope.must('mkfifo', [fifo]);
  const reader = scope.run('sh', ['-c', 'head -c 3 "$0" | od -An -tu1', fifo]);
  await porthole(scope, [...aim(desktop), 'screenshot', '--format', 'jpeg', fifo]);
  assert.deepEqual((await reader).stdout.trim().split(/\s+/).map(Number), JPEG);
  assert.ok((await lstat(fifo)).isFIFO());

  await on(scope, desktop, 'screenshot', '--format', 'png', '/dev/null');
  assert.ok((await lstat('/dev/null')).isCharacterDevice());

  assert.deepEqual((await readdir(folder)).sort(), ['behind.png', 'link.png', 'pipe', 'plain.png']);
});

live('a file that cannot be written leaves nothing, and what was there stays', async (scope) => {
  const desktop = await startXvnc(scope);
  const folder = await scope.file('pictures');
  await mkdir(folder);
  for (const [path, message] of [
    [folder, /cannot write .*: Is a directory/],
    [`${folder}/none/shot.png`, /cannot write .*: No such file or directory/],
    ['/dev/full', /cannot write \/dev\/full: No space left on device/],
  ]) {
    const result = await porthole(scope, [...aim(desktop), 'screenshot', '--format', 'png', path]);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, message);
  }
  assert.deepEqual(await readdir(folder), []);
  assert.ok((await lstat('/dev/full')).isCharacterDevice());
});

live('an interrupt ends a command that waits for its standard input', async (scope) => {
  const desktop = await startXvnc(scope);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    // a pipe whose other end stays open and silent
    const fifo = await scope.file(`silent-${signal}`);
    await scope.must('mkfifo', [fifo]);
    const typing = scope.start('sh', ['-c', 'exec 3<>"$0"; exec "$@" <&3', fifo, PORTHOLE, ...aim(desktop), 'type', '-']);
    await until('porthole to read its input', async () =>
      (await readFile(`/proc/${typing.pid}/comm`, 'utf8')).trim() === 'porthole'
        && (await readFile(`/proc/${typing.pid}/syscall`, 'utf8')).startsWith('0 0x0 '));
    typing.kill(signal);
    assert.deepEqual(await typing.wait(10_000), { code: null, signal });
  }
});

live('global options are taken in front of the command and behind it', async (scope) => {
  const desktop = await startXvnc(scope);
  const before = await porthole(scope, ['--json', '-t', desktop.target, 'info']);
  const behind = await porthole(scope, ['info', '-t', desktop.target, '--timeout=20', '--json']);
  assert.equal(before.code, 0, before.stderr);
  assert.equal(JSON.parse(before.stdout).width, 1280);
  assert.deepEqual(behind, before);
  const unfinished = await porthole(scope, ['info', '-t']);
  assert.equal(unfinished.code, 2);
  assert.match(unfinished.stderr, /'-t'/);
  const text = await porthole(scope, ['-t', desktop.target, 'type', '--', '--json']);
  assert.equal(text.code, 0, text.stderr);
});
