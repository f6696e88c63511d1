// SPDX-License-Identifier: GPL-2.0-or-later
// What a supervisor hears, and the service's file. socat stands for systemd: it prints the datagrams, whose lines end.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { live, until } from '../lib/proc.mjs';
import { PORTHOLED, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, upgrade } from '../lib/viewer.mjs';

const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

// Reads what is said to a supervisor: `next(NAME)` answers the value of the next line of this name, and skips no line
// but those of the watchdog.
class Supervisor {
  constructor(scope, socket) {
    this.program = scope.start('socat', ['-u', socket, 'STDOUT']);
    this.at = 0;
  }

  get lines() {
    return this.program.stdout.split('\n').slice(0, -1);
  }

  async next(name) {
    const line = await this.program.until(`${name} to be said`, () => {
      while (this.lines[this.at]?.startsWith('WATCHDOG=')) this.at++;
      return this.lines[this.at];
    });
    this.at++;
    assert.equal(line.split('=')[0], name);
    return line.slice(name.length + 1);
  }

  get beats() {
    return this.lines.filter((line) => line === 'WATCHDOG=1').length;
  }
}

async function supervise(scope) {
  const path = await scope.file('notify.sock');
  const supervisor = new Supervisor(scope, `UNIX-RECV:${path}`);
  await supervisor.program.until('its socket', () => existsSync(path));
  return { supervisor, path };
}

async function start(scope, env, server) {
  return startPortholed(scope, { upstream: `tcp:127.0.0.1:${(await startSilentServer(scope)).port}`, server, env });
}

const monotonic = () => process.hrtime.bigint() / 1000n;

live('a supervisor hears of the beginning, of reloads and of the end', async (scope) => {
  const { supervisor, path } = await supervise(scope);
  const starting = start(scope, { NOTIFY_SOCKET: path, WATCHDOG_USEC: '100000', WATCHDOG_PID: undefined }, { drain_timeout: 3600 });
  assert.equal(await supervisor.next('READY'), '1');
  const status = await supervisor.next('STATUS');
  const [, port] = /^Serving https:\/\/127\.0\.0\.1:(\d+)\/$/.exec(status);
  await new Peer(scope, { port }).send(HEALTH).gets('ok\n'); // it listens already
  const proxy = await starting;
  const beats = supervisor.beats;
  await until('two beats more', () => supervisor.beats >= beats + 2);

  for (const [words, end] of [['', status], ['nonsense\n', `${status}; the configuration was not taken, see the log`]]) {
    await appendFile(proxy.config, words);
    const before = monotonic();
    proxy.program.kill('SIGHUP');
    assert.equal(await supervisor.next('RELOADING'), '1');
    const at = BigInt(await supervisor.next('MONOTONIC_USEC'));
    assert.ok(at >= before && at <= monotonic());
    assert.equal(await supervisor.next('STATUS'), 'Reading the configuration');
    assert.equal(await supervisor.next('READY'), '1');
    assert.equal(await supervisor.next('STATUS'), end);
  }

  const viewer = new Peer(scope, proxy).send(upgrade(proxy));
  await proxy.event('viewer_open');
  proxy.program.kill('SIGTERM');
  assert.equal(await supervisor.next('STOPPING'), '1');
  assert.equal(await supervisor.next('EXTEND_TIMEOUT_USEC'), '3630000000');
  assert.equal(await supervisor.next('STATUS'), 'Draining, for 3600 seconds at most');
  viewer.socket.destroy();
  assert.equal(await supervisor.next('STOPPING'), '1');
  assert.equal(await supervisor.next('STATUS'), 'Stopping');
  assert.deepEqual(await proxy.program.wait(), { code: 0, signal: null });
  assert.deepEqual(proxy.events('notify_failed'), []);
});

live('the supervisor may have an abstract address, and another process to watch', async (scope) => {
  const name = (await scope.folder()).replaceAll('/', '-');
  const supervisor = new Supervisor(scope, `ABSTRACT-RECV:${name}`);
  await until('its socket', async () => (await readFile('/proc/net/unix', 'utf8')).includes(`@${name}`));
  const proxy = await start(scope, { NOTIFY_SOCKET: `@${name}`, WATCHDOG_USEC: '10000', WATCHDOG_PID: '1' });
  assert.equal(await supervisor.next('READY'), '1');
  proxy.program.kill('SIGTERM');
  assert.deepEqual(await proxy.program.wait(), { code: 0, signal: null });
  assert.match(await supervisor.next('STATUS'), /^Serving /);
  assert.equal(await supervisor.next('STOPPING'), '1');
  assert.equal(supervisor.beats, 0);
});

live('it serves without a supervisor that can be reached', async (scope) => {
  for (const [socket, detail] of [
    ['notify.sock', 'NOTIFY_SOCKET is neither a path nor @ and a name, or too long'],
    [`/${'x'.repeat(108)}`, 'NOTIFY_SOCKET is neither a path nor @ and a name, or too long'],
    [await scope.file('nobody.sock'), 'No such file or directory'],
  ]) {
    const proxy = await start(scope, { NOTIFY_SOCKET: socket });
    assert.equal((await proxy.event('notify_failed')).detail, detail);
    await new Peer(scope, proxy).send(HEALTH).gets('ok\n');
    proxy.program.kill('SIGINT');
    await proxy.program.wait();
  }
});

live("the service's file is one that systemd takes, and leaves little to attack", async (scope) => {
  const made = await readFile(join(process.env.PORTHOLE_BUILD, 'proxy/portholed.service'), 'utf8');
  const text = made.replace(/^ExecStart=\S+/m, `ExecStart=${PORTHOLED}`); // it is not installed here
  assert.notEqual(text, made);
  assert.doesNotMatch(text, /@[a-z]+@/);
  const root = await scope.file('units');
  await mkdir(root);
  const unit = join(root, 'portholed.service');
  await writeFile(unit, text);
  assert.equal(await scope.must('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', unit]), '');
  await scope.must('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unit]);
});
