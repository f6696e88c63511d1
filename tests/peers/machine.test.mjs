// SPDX-License-Identifier: GPL-2.0-or-later
// Where portholed begins: as an ordinary user, with files that are not for it, without room on the disk or descriptors. What
// goes wrong around it later is in operator.test.mjs.
import assert from 'node:assert/strict';
import { chmod, chown, copyFile, cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, WEB_ROOT, ini, makeCertificate, makeToken, parseLogLine, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const NOBODY = 65534;
const isRoot = process.getuid() === 0;

// portholed and its files where an ordinary user may read them: nobody, when the tests are root's, and else their own.
async function setUp(scope) {
  const folder = await scope.folder();
  await chmod(folder, 0o755);
  const program = join(folder, 'portholed');
  await copyFile(PORTHOLED, program);
  await cp(WEB_ROOT, join(folder, 'web'), { recursive: true });
  const { certificate, key } = await makeCertificate(scope);
  const token = join(folder, 'token');
  await writeFile(token, `${makeToken()}\n`);
  const own = join(folder, 'own'); // where it may write
  await mkdir(own, { mode: 0o700 });
  if (isRoot) await chown(own, NOBODY, NOBODY);
  for (const file of [key, token]) { // for the group, as README.md has it
    if (isRoot) await chown(file, 0, NOBODY);
    await chmod(file, 0o640);
  }
  const server = { listen: '127.0.0.1:0', certificate, key, web_root: 'web', database: 'own/streams.db', admin_socket: 'own/admin.sock', audit_file: 'own/audit' };
  const as = isRoot ? ['setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', program]] : [program, []];
  const config = join(folder, 'portholed.conf');
  const write = (changes = {}, upstream = 'unix:/nonexistent/desktop.sock') => writeFile(config,
    ini([['server', { ...server, ...changes }], ['desktop demo', { upstream }], ['stream demo', { desktop: 'demo', token_file: token }]]));
  const start = (...options) => scope.start(as[0], [...as[1], '-c', config, ...options], { name: 'portholed' });
  const run = (...options) => scope.run(as[0], [...as[1], '-c', config, ...options], { name: 'portholed' });
  return { folder, key, token, certificate, config, write, start, run };
}

const events = (program, name) => program.stderr.split('\n').map(parseLogLine).filter((fields) => fields.event === name);

live('an ordinary user may run it, and is told which file is not for it', async (scope, t) => {
  const { folder, key, token, certificate, config, write, start, run } = await setUp(scope);
  await write();
  const program = start();
  await program.until('ready', () => events(program, 'ready').length > 0);
  assert.deepEqual(events(program, 'running_as_root'), []);
  program.kill();
  assert.deepEqual(await program.wait(), { code: 0, signal: null });

  const denied = async (file) => {
    const { mode } = await stat(file);
    await chmod(file, 0);
    if (isRoot) await chown(file, 0, 0);
    try {
      for (const options of [['--check'], []]) {
        const result = await run(...options);
        assert.equal(result.code, 2, result.stderr);
        assert.match(result.stderr.replace(file, 'FILE'), /FILE(: Permission denied|:? cannot be read \(Permission denied\))/);
      }
    } finally {
      if (isRoot) await chown(file, 0, NOBODY);
      await chmod(file, mode);
    }
  };
  for (const [title, file] of Object.entries({ configuration: config, certificate, key, token })) await t.test(`the ${title}`, () => denied(file));

  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o555 });
  for (const [name, code, words, where = 'closed'] of [
    ['audit_file', 2, /audit_file: \S+closed\/file: Permission denied/],
    ['database', 1, /event=store_failed doing=\S+closed\/file error="unable to open database file/],
    ['admin_socket', 1, /event=failed detail=\S+closed\/file error="Permission denied"/],
    ['admin_socket', 1, /event=failed detail=\S+missing\/file error="No such file or directory"/, 'missing'],
    ['database', 1, /event=store_failed doing=\S+missing\/file error="unable to open database file: No such/, 'missing'],
  ]) {
    await t.test(`a folder that is not for it: ${name} in one ${where}`, async () => {
      await write({ [name]: `${where}/file` });
      if (name !== 'audit_file') {
        const { code: checked, stderr } = await run('--check');
        assert.equal(checked, 0, stderr);
        assert.match(stderr, new RegExp(`: warning: ${name}: its folder \\S+/${where}/: (Permission denied|No such file or directory); make it, and let who runs portholed write there$`, 'm'));
      }
      const result = await run();
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, words);
      assert.doesNotMatch(result.stderr, /event=ready/);
    });
  }
});

live('--check warns of what may be right', async (scope) => {
  const { key, token, config, write, run } = await setUp(scope);
  const check = async () => {
    const result = await run('--check');
    assert.equal(result.code, 0, result.stderr);
    assert.equal(result.stdout, `${config}: ok\n`);
    return result.stderr.split('\n').slice(0, -1);
  };
  const line = async (name) => (await readFile(config, 'utf8')).split('\n').findIndex((text) => text.startsWith(name)) + 1;
  await write();
  const desktop = await line('[desktop demo]');
  assert.deepEqual(await check(), [`${config}:${desktop}: warning: upstream: /nonexistent/desktop.sock: No such file or directory; is the VNC server running?`]);
  await write({}, `unix:${token}`);
  assert.deepEqual(await check(), [`${config}:${desktop}: warning: upstream: ${token} is no socket`]);
  await write({}, 'tcp:127.0.0.1:5900\nagent = unix:/nonexistent/agent.sock');
  assert.deepEqual(await check(), [`${config}:${desktop}: warning: agent: /nonexistent/agent.sock: No such file or directory; is porthole-agent running?`]);
  await write({}, `tcp:127.0.0.1:5900\nagent = tcp:127.0.0.1:7000\nagent_token_file = ${token}`);
  assert.deepEqual(await check(), []);
  await write({}, `tcp:127.0.0.1:5900\nagent = tcp:192.0.2.1:7000\nagent_token_file = ${token}`);
  assert.deepEqual(await check(), [`${config}:${await line('agent =')}: warning: agent: what it tells, and its token, can be read on the way from 192.0.2.1: let nobody else listen there`]);
  await write({ listen: '0.0.0.0:0' }, 'tcp:127.0.0.1:5900');
  assert.deepEqual(await check(), [`${config}:1: warning: listen is every address, which no link can name; add public_url = https://HOST:PORT for those that the admin API gives`]);
  await write({ listen: '0.0.0.0:0', public_url: 'https://desk.example' }, 'tcp:127.0.0.1:5900');
  assert.deepEqual(await check(), []);
  await write({}, 'tcp:127.0.0.1:5900');
  assert.deepEqual(await check(), []);
  for (const file of [key, token]) await chmod(file, 0o644);
  const secrets = (await check()).sort();
  assert.deepEqual(secrets, [
    `${config}:${await line('key')}: warning: key: everybody may read ${key} (mode 0644); chmod o= ${key}`,
    `${config}:${await line('token_file')}: warning: token_file: everybody may read ${token} (mode 0644); chmod o= ${token}`,
  ].sort());
  const secret = (await readFile(token, 'utf8')).trim();
  assert.ok(!secrets.join().includes(secret));
});

live('root is advised against', async (scope) => {
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${(await startSilentServer(scope)).port}` });
  assert.equal(proxy.events('running_as_root').length, isRoot ? 1 : 0);
});

live('while the disk is full the audit trail waits, and no viewer', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { audit_file: 'audit' } });
  const limit = (value) => scope.must('prlimit', [`--pid=${proxy.program.pid}`, `--fsize=${value}:`]);
  const viewer = await new RfbViewer(scope, proxy).open(proxy);
  await limit(0); // for whoever writes, as a full disk is
  await new Peer(scope, proxy).send(upgrade(proxy, { token: 'wrong'.repeat(8) })).gets('HTTP/1.1 401 ');
  await proxy.event('audit_failed');
  const heard = viewer.said.length;
  viewer.says([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  await viewer.hears(heard + 4);
  await limit('unlimited');
  const trail = proxy.config.replace('portholed.conf', 'audit');
  await until('the trail to have what waited', async () => (await readFile(trail, 'utf8')).includes('wrong_token'));
});

live('a disk that is full at the start', async (scope) => {
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${(await startSilentServer(scope)).port}` });
  const config = await scope.file('full.conf');
  await writeFile(config, (await readFile(proxy.config, 'utf8')).replace('admin.sock', 'full.sock\ndatabase = full.db'));
  const result = await scope.run('prlimit', ['--fsize=0', PORTHOLED, '-c', config]);
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, /event=store_failed doing=\S+full\.db error="[^"]+"/);
});

live('a database that somebody else has locked, or that may only be read', async (scope, t) => {
  const { folder, write, run } = await setUp(scope);
  const file = join(folder, 'own/taken.db');
  await write({ database: 'own/taken.db' });
  await t.test('locked', async () => {
    const locker = scope.start('sqlite3', [file], { commanded: true });
    await locker.ask("BEGIN EXCLUSIVE; CREATE TABLE t (c); SELECT 'ok';");
    await chmod(file, 0o666);
    const result = await run();
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /event=store_failed doing=\S+taken\.db error="database is locked"/);
    await locker.stop();
  });
  await t.test('only to be read', async () => {
    await writeFile(file, '');
    await chmod(file, 0o444);
    const result = await run();
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /event=store_failed doing=\S+taken\.db error="attempt to write a readonly database"/);
  });
});

live('so few descriptors that it cannot begin', async (scope) => {
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${(await startSilentServer(scope)).port}` });
  const config = await scope.file('few.conf');
  await writeFile(config, (await readFile(proxy.config, 'utf8')).replace('admin.sock', 'few.sock').replace('[server]', '[server]\nworkers = 4'));
  // Wherever it runs out of them, the message says so and of what it was in need.
  const ends = new Set();
  for (const files of [4, 8, 12, 16, 20, 24]) {
    const result = await scope.run('prlimit', [`--nofile=${files}:${files}`, PORTHOLED, '-c', config]);
    ends.add(result.code);
    assert.match(result.stderr, /(cannot be read \(|error=".*)[Tt]oo many open files/, `${files}`);
    assert.doesNotMatch(result.stderr, /event=ready/);
  }
  assert.deepEqual([...ends], [2, 1]);
});
