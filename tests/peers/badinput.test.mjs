// SPDX-License-Identifier: GPL-2.0-or-later
// Bad input: one line that says what, where and what would be right, the right exit code, and nothing half done.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { live } from '../lib/proc.mjs';
import { freePort, startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, WEB_ROOT, ini, makeCertificate, makeToken, porthole, startSilentServer } from '../lib/porthole.mjs';

const OTHER = 1, USAGE = 2, UNREACHABLE = 3, REFUSED = 4, TIMED_OUT = 5, PROTOCOL = 6;

// words: what the one line must say, each a regular expression.
function assertRefusal(result, program, code, words) {
  const told = `exit code ${result.code ?? result.signal}, stderr ${JSON.stringify(result.stderr)}`;
  assert.equal(result.code, code, told);
  assert.match(result.stderr, new RegExp(`^${program}: [^\\n]+\\n$`), `one line: ${told}`);
  for (const word of words) assert.match(result.stderr, word, told);
  assert.equal(result.stdout, '', 'nothing on standard output');
}

// ---- the command line: without a server ----

const WITHOUT_SERVER = [
  ['no command', [], [/command/i]],
  ['an unknown command', ['dance'], [/dance/, /screenshot|--help/]],
  ['an unknown option', ['--colour', 'info'], [/colour/]],
  ['an unknown option of a command', ['click', '1', '1', '--colour', 'red'], [/colour/]],
  ['no target', ['info'], [/-t|PORTHOLE/]],
  ['a target of an unknown kind', ['-t', 'ftp://example/', 'info'], [/ftp/, /vnc:/]],
  ['a target without a host', ['-t', 'vnc://', 'info'], [/vnc:/]],
  ['a target with a bad port', ['-t', 'vnc://127.0.0.1::70000', 'info'], [/70000/]],
  ['a relative socket path', ['-t', 'vnc+unix:here.sock', 'info'], [/here\.sock/, /\//]],
  ['a coordinate that is no number', ['-t', 'T', 'move', 'left', '5'], [/left/]],
  ['too few coordinates', ['-t', 'T', 'move', '5'], [/1 coordinates where 2 are needed/]],
  ['too many arguments', ['-t', 'T', 'move', '5', '6', '7'], [/3 coordinates where 2 are needed/]],
  ['an odd number of coordinates', ['-t', 'T', 'drag', '1', '2', '3'], [/3 coordinates where an even number of at least 4/]],
  ['an unknown button', ['-t', 'T', 'click', '1', '1', '--button', 'top'], [/top/, /left/]],
  ['no direction to scroll in', ['-t', 'T', 'scroll', '1', '1'], [/--down/]],
  ['an unknown key', ['-t', 'T', 'key', 'ctrl+nosuchkey'], [/nosuchkey/]],
  ['no key', ['-t', 'T', 'key'], [/no keys/]],
  ['a timeout that is no number', ['-t', 'T', '--timeout', 'soon', 'info'], [/soon/]],
  ['an unknown encoding', ['-t', 'T', 'screenshot', '--encodings', 'raw,morse', 'OUT'], [/morse/, /raw/]],
  ['an unknown format', ['-t', 'T', 'screenshot', '--format', 'bmp', 'OUT'], [/bmp/, /png/]],
  ['a quality out of range', ['-t', 'T', 'screenshot', '--format', 'jpeg', '--quality', '101', 'OUT'], [/101/, /100/]],
];

live('command lines that cannot be right: exit code 2, and nobody is called', async (scope, t) => {
  const server = await startSilentServer(scope);
  const out = await scope.file('out.png');
  const target = `vnc://127.0.0.1::${server.port}`;
  for (const [title, args, words] of WITHOUT_SERVER) {
    await t.test(title, async () => {
      const line = args.map((arg) => ({ T: target, OUT: out })[arg] ?? arg);
      assertRefusal(await porthole(scope, line), 'porthole', USAGE, words);
      assert.equal(existsSync(out), false);
    });
  }
  assert.equal(server.connections, 0, 'no connection was made');
});

// ---- the command line: with servers ----

live('files that cannot be read or written', async (scope) => {
  const desktop = await startXvnc(scope);
  const nowhere = await scope.file('no/such/folder/shot.png');
  assertRefusal(await porthole(scope, ['-t', desktop.target, 'screenshot', nowhere]), 'porthole', OTHER, [/no\/such\/folder/, /No such file/]);
  const folder = await scope.file('folder');
  await mkdir(folder);
  assertRefusal(await porthole(scope, ['-t', desktop.target, 'screenshot', folder]), 'porthole', OTHER, [/folder/, /directory/i]);
  assert.deepEqual(await readdir(folder), []);
  const missing = await scope.file('no-password');
  assertRefusal(await porthole(scope, ['-t', desktop.target, '--password-file', missing, 'info']), 'porthole', USAGE, [/no-password/, /No such file/]);
});

live('coordinates outside the screen are refused, not clamped', async (scope) => {
  const desktop = await startXvnc(scope);
  for (const args of [['move', '1280', '5'], ['click', '5', '800'], ['scroll', '1280', '5', '--down', '1'], ['drag', '5', '5', '5', '800'], ['move', '--', '-1', '5']]) {
    const wrong = args.find((arg) => ['1280', '800', '-1'].includes(arg));
    assertRefusal(await porthole(scope, ['-t', desktop.target, ...args]), 'porthole', USAGE, [new RegExp(wrong), /1280x800/]);
  }
});

live('unreachable, refusing, silent and foreign servers', async (scope) => {
  const out = await scope.file('out.png');
  await writeFile(out, 'what was there before');
  const shot = (target, ...options) => porthole(scope, ['-t', target, ...options, 'screenshot', out]);

  const socket = await scope.file('no.sock');
  assertRefusal(await shot(`vnc+unix:${socket}`), 'porthole', UNREACHABLE, [/no\.sock/, /No such file/]);
  const port = await freePort();
  assertRefusal(await shot(`vnc://127.0.0.1::${port}`), 'porthole', UNREACHABLE, [new RegExp(`${port}`), /refused/i]);
  assertRefusal(await shot('vnc://no-such-host.invalid'), 'porthole', UNREACHABLE, [/no-such-host\.invalid/]);

  const desktop = await startXvnc(scope, { password: 'sesame12' });
  const wrong = await scope.file('wrong');
  await writeFile(wrong, 'open up\n', { mode: 0o600 });
  assertRefusal(await shot(desktop.target, '--password-file', wrong), 'porthole', REFUSED, [/password|authentication/i]);
  assertRefusal(await shot(desktop.target), 'porthole', REFUSED, [/password/i]);

  const silent = await startSilentServer(scope);
  assertRefusal(await shot(`vnc://127.0.0.1::${silent.port}`, '--timeout', '0.3'), 'porthole', TIMED_OUT, [/timed out while waiting for the VNC handshake/]);
  const foreign = await startSilentServer(scope, { greeting: 'SSH-2.0-OpenSSH_9.2\r\nabcdefg' });
  assertRefusal(await shot(`vnc://127.0.0.1::${foreign.port}`), 'porthole', PROTOCOL, [/RFB/]);

  assert.equal(await readFile(out, 'utf8'), 'what was there before', 'the old file is untouched');
  assert.deepEqual((await readdir(await scope.folder())).filter((name) => name.startsWith('out')), ['out.png']);
});

// ---- the proxy's configuration ----

live('configurations that cannot be right', async (scope, t) => {
  const { certificate, key } = await makeCertificate(scope);
  const folder = await scope.folder();
  const token = join(folder, 'token');
  await writeFile(token, `${makeToken()}\n`, { mode: 0o600 });
  const server = { listen: '127.0.0.1:0', certificate, key, web_root: WEB_ROOT };
  const desktop = { upstream: 'unix:/run/desktop.sock' };
  const stream = { desktop: 'demo', token_file: token };
  const good = () => [['server', { ...server }], ['desktop demo', { ...desktop }], ['stream demo', { ...stream }]];
  const change = (index, values) => { const all = good(); Object.assign(all[index][1], values); return all; };
  const without = (index, name) => { const all = good(); delete all[index][1][name]; return all; };
  const config = join(folder, 'portholed.conf');
  const run = async (sections, ...options) => {
    await writeFile(config, typeof sections === 'string' ? sections : ini(sections));
    return scope.run(PORTHOLED, [...options, '-c', config], { name: 'portholed', deadlineMs: 10_000 });
  };

  await t.test('a right one passes --check', async () => {
    const result = await run(good(), '--check');
    assert.equal(result.code, 0, result.stderr);
  });

  const missing = join(folder, 'missing');
  const damaged = join(folder, 'damaged.pem');
  await writeFile(damaged, 'not a certificate\n');
  const cases = [
    ['an unknown key', change(0, { colour: 'red' }), [/:\d+: /, /colour/]],
    ['an unknown key of a desktop', change(1, { colour: 'red' }), [/:\d+: /, /colour/]],
    ['an unknown section', [...good(), ['kitchen', { sink: 'yes' }]], [/:\d+: /, /kitchen/, /server/]],
    ['a desktop without a name', [...good(), ['desktop', desktop]], [/:\d+: /, /desktop/]],
    ['a line that is neither', `${ini(good())}\nhello there\n`, [/:\d+: /]],
    ['a bad address to listen on', change(0, { listen: 'here' }), [/:2: /, /here/]],
    ['a bad port', change(0, { listen: '127.0.0.1:70000' }), [/:2: /, /70000/]],
    ['a missing certificate', change(0, { certificate: missing }), [/missing/, /No such file/]],
    ['a damaged certificate', change(0, { certificate: damaged }), [/damaged\.pem/]],
    ['a missing web root', change(0, { web_root: missing }), [/missing/, /No such file/]],
    ['no certificate', without(0, 'certificate'), [/certificate/]],
    ['a number that is none', change(0, { ping_interval: 'often' }), [/:\d+: /, /often/]],
    ['a bad upstream', change(1, { upstream: 'smoke:signals' }), [/:\d+: /, /smoke/, /unix:/]],
    ['no upstream', without(1, 'upstream'), [/upstream/]],
    ['a missing password file', change(1, { password_file: missing }), [/missing/, /No such file/]],
    ['an unknown desktop', change(2, { desktop: 'other' }), [/:\d+: /, /other/]],
    ['a missing token file', change(2, { token_file: missing }), [/missing/, /No such file/]],
    ['no token', without(2, 'token_file'), [/token/]],
  ];
  for (const [title, sections, words] of cases) {
    await t.test(title, async () => {
      for (const options of [['--check'], []]) {
        const result = await run(sections, ...options);
        assert.equal(result.code, 2, result.stderr);
        assert.match(result.stderr, /portholed\.conf/);
        for (const word of words) assert.match(result.stderr, word);
        assert.doesNotMatch(result.stderr, /event=ready/);
      }
    });
  }

  await t.test('a missing configuration', async () => {
    const result = await scope.run(PORTHOLED, ['-c', missing], { name: 'portholed' });
    assert.equal(result.code, 2);
    assert.match(result.stderr, /missing.*No such file/);
  });
  await t.test('a port that is taken', async () => {
    const other = await startSilentServer(scope);
    const result = await run(change(0, { listen: `127.0.0.1:${other.port}` }));
    assert.equal(result.code, 1);
    assert.match(result.stderr, new RegExp(`${other.port}.*in use`, 'i'));
  });
});
