// SPDX-License-Identifier: GPL-2.0-or-later
// The examples, as a user has them: built with pkg-config against what `make install` installs, and run on real desktops.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { live } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLE } from '../lib/porthole.mjs';
import { captureX, difference, readPng } from '../lib/picture.mjs';

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../..');
const BUILD = process.env.PORTHOLE_BUILD;

// A variable of the build's Makefile, as configure has set it.
async function variable(name) {
  const text = await readFile(join(BUILD, 'Makefile'), 'utf8');
  return new RegExp(`^${name} = (.*)$`, 'm').exec(text)[1].trim();
}

// The library, its header and its pkg-config file below a folder of the test.
async function install(scope, targets = ['libLTLIBRARIES', 'includeHEADERS', 'pkgconfigDATA']) {
  const root = await scope.file('root');
  await scope.must('make', ['-C', BUILD, ...targets.map((target) => `install-${target}`), `DESTDIR=${root}`], { deadlineMs: 120_000 });
  const prefix = join(root, await variable('prefix'));
  const env = { PKG_CONFIG_SYSROOT_DIR: root, PKG_CONFIG_PATH: join(prefix, 'lib/pkgconfig') };
  const flags = (await scope.must('pkg-config', ['--cflags', '--libs', 'porthole'], { env })).trim().split(/\s+/);
  return { flags, prefix, libraries: join(prefix, 'lib') };
}

// Compiles an example; returns how to start it.
async function example(scope, name) {
  const installed = await install(scope);
  const program = await scope.file(name);
  const words = async (variableName) => (await variable(variableName)).split(/\s+/).filter(Boolean);
  const [compiler, ...first] = await words('CC');
  await scope.must(compiler, [...first, ...await words('SANITIZE_FLAGS'), '-Wall', '-Wextra', '-Werror', '-o', program,
    join(TOP, 'examples', `${name}.c`), ...installed.flags, '-pthread']);
  return (args, options) => scope.start(program, args, { ...options, env: { LD_LIBRARY_PATH: installed.libraries, ...options?.env } });
}

live('first: looks, clicks, types, sees', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  const start = await example(scope, 'first');
  const truth = await captureX(desktop.display);
  const picture = await scope.file('first.png');
  const program = start([desktop.target, picture]);
  assert.equal((await program.wait()).code, 0, program.log());
  assert.match(program.stdout, /^\d+ bytes of PNG\nthe screen has changed\n$/);
  // the pointer is drawn into it until it has been moved, in the middle of the screen
  const shot = await readPng(picture);
  const top = ({ width, rgb }) => ({ width, height: 300, rgb: rgb.subarray(0, width * 300 * 3) });
  assert.equal(difference(top(shot), top(truth)), null);

  const nobody = start(['vnc+unix:/no/such.sock', picture]);
  assert.equal((await nobody.wait()).code, 1);
  assert.match(nobody.stderr, /no\/such\.sock.*No such file/);
});

live('many: several desktops, a thread each', async (scope) => {
  const desktops = await Promise.all(['one', 'two', 'three'].map((name) => startXvnc(scope, { name, geometry: '320x200' })));
  const start = await example(scope, 'many');
  const program = start(desktops.map(({ target }) => target));
  assert.equal((await program.wait()).code, 0, program.log());
  const lines = program.stdout.trim().split('\n');
  assert.deepEqual(lines.map((line) => line.split(': ')[1]), ['one, 320x200', 'two, 320x200', 'three, 320x200']);

  const broken = start([desktops[0].target, 'vnc+unix:/no/such.sock']);
  assert.equal((await broken.wait()).code, 1);
  assert.match(broken.stderr, /^vnc\+unix:\/no\/such\.sock: .*No such file/m);
});

live('watch: where the screen changes, until it is interrupted', async (scope) => {
  const desktop = await (await startXvnc(scope)).furnish();
  const start = await example(scope, 'watch');
  const program = start([desktop.target]);
  await program.until('the first frame', () => program.stdout.startsWith('frame 1: 1280x800 at 0,0\n'));
  scope.start('xterm', ['-geometry', '20x5+900+500'], { env: desktop.env });
  await program.until('a change', () => /^frame \d+: (?!1280x800).*x.* at 9\d\d,/m.test(program.stdout));
  program.kill('SIGINT');
  assert.deepEqual(await program.wait(), { code: 0, signal: null });
  assert.equal(program.stderr, '');
});

live('what bash-completion loads is where it looks', async (scope) => {
  const { prefix } = await install(scope, ['pkgconfigDATA', 'dist_bashcompletionDATA']);
  const script = await readFile(join(prefix, 'share/bash-completion/completions/porthole'), 'utf8');
  const known = await scope.must('bash', ['-c', 'porthole() { "$0" "$@"; }; eval "$1"; complete -p porthole', PORTHOLE, script]);
  assert.equal(known, 'complete -F _porthole porthole\n');
});
