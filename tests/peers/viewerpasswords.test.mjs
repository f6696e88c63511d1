// SPDX-License-Identifier: GPL-2.0-or-later
// Streams that ask their viewers for a password: with a token beside it and without, by every way that RFB has for it,
// against right ones, wrong ones, and viewers that try to go around.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, admin, hashPassword, porthole, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { newPage, startChromium } from '../lib/chromium.mjs';
import { GREETING, RfbViewer, binary, upgrade } from '../lib/viewer.mjs';

const PASSWORD = 'correct horse battery staple'; // Plain has no limit of eight
const SHORT = 'sesame12';
const REFUSED = 4;
const PLAIN_WAY = '\x13\x00\x02\x00\x00\x01\x00';

async function fileOf(scope, name, text) {
  const file = await scope.file(name);
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

// A proxy whose streams are: `both` with token and password, `plain`, `vnc` and `any` with passwords alone.
async function startLocked(scope, { upstream, server, streams = {} }) {
  const hash = await fileOf(scope, 'stream.hash', await hashPassword(scope, PASSWORD));
  const short = await fileOf(scope, 'stream.short', `${SHORT}\n`);
  return startPortholed(scope, { upstream, server, streams: {
    both: { password_file: hash },
    plain: { token_file: null, password_file: hash },
    vnc: { token_file: null, vnc_password_file: short },
    any: { token_file: null, password_file: hash, vnc_password_file: short },
    ...streams,
  } });
}

const plain = (password, user = '') => {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(user.length, 0);
  lengths.writeUInt32BE(password.length, 4);
  return `${lengths.toString('latin1')}${user}${password}`;
};

// A viewer that has come as far as the security types.
async function knock(scope, proxy, options, version = GREETING) {
  const viewer = new RfbViewer(scope, proxy).send(upgrade(proxy, options));
  await viewer.gets(GREETING);
  return viewer.send(binary(version));
}

// One that has offered its password, up to the result.
async function offer(scope, proxy, password, options = { token: null, query: '?stream=plain' }) {
  const viewer = await knock(scope, proxy, options);
  await viewer.hears(14);
  viewer.send(binary(PLAIN_WAY.slice(0, 1)));
  viewer.send(binary(PLAIN_WAY.slice(1)));
  await viewer.hears(14 + 2 + 6);
  return viewer.send(binary(plain(password)));
}

async function info(scope, proxy, query, args, env) {
  const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream${query}`, '--insecure', ...args, '--json', 'info'], {
    env: { PORTHOLE_PASSWORD: undefined, PORTHOLE_PASSWORD_FILE: undefined, PORTHOLE_TOKEN: undefined, PORTHOLE_TOKEN_FILE: undefined, ...env } });
  return { ...result, ...(result.code === 0 ? JSON.parse(result.stdout) : {}) };
}

function assertSecretsStayOut(proxy, ...more) {
  for (const secret of [PASSWORD, SHORT, ...more]) assert.ok(!proxy.program.log().includes(secret), `${secret} is in the log`);
}

live('the command line, by every way, with the right secrets and with others', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startLocked(scope, { upstream: desktop.upstream });
  const [good, short, wrong] = await Promise.all([['good', PASSWORD], ['short', SHORT], ['wrong', 'wrong']].map(([name, text]) => fileOf(scope, `${name}.password`, `${text}\n`)));
  const token = await fileOf(scope, 'both.token', proxy.tokens.both);
  for (const [query, args, security] of [
    ['?stream=plain', ['--user', 'ada', '--password-file', good], 'plain'],
    ['', ['--user', 'ada', '--password-file', good, '--token-file', token], 'plain'],
    ['?stream=vnc', ['--password-file', short], 'vncauth'],
    ['?stream=any', ['--password-file', short], 'vncauth'],
    ['?stream=any', ['--user', 'ada', '--password-file', good], 'plain'],
  ]) {
    const got = await info(scope, proxy, query, args);
    assert.deepEqual([got.code, got.security], [0, security], `${query} ${args}: ${got.stderr}`);
  }
  const entered = proxy.events('viewer_open').length;
  for (const [query, args, words] of [
    ['?stream=plain', ['--user', 'ada', '--password-file', wrong], /password/],
    ['?stream=vnc', ['--password-file', wrong], /password/],
    ['?stream=any', ['--user', 'ada', '--password-file', short], /password/], // the weak one opens the weak way only
    ['', ['--user', 'ada', '--token-file', token], /password/],
    ['', ['--user', 'ada', '--password-file', good], /token/],
    ['?stream=both', ['--user', 'ada', '--password-file', good], /token|401/],
  ]) {
    const got = await info(scope, proxy, query, args);
    assert.equal(got.code, REFUSED, `${query} ${args}: ${got.stdout}${got.stderr}`);
    assert.match(got.stderr, words);
  }
  assert.equal(proxy.events('viewer_open').length, entered);
  assert.deepEqual(proxy.events('weak_password').map(({ stream }) => stream), ['vnc', 'any']);
  assert.deepEqual([...new Set(proxy.events('refused').map(({ why }) => why))].sort(), ['no token', 'wrong name', 'wrong password']);
  assertSecretsStayOut(proxy, ...Object.values(proxy.tokens));
});

live('nothing is opened upstream, and nobody counts as a viewer, before the password is right', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startLocked(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { max_viewers: 1 } });
  const wrong = await offer(scope, proxy, 'wrong');
  await wrong.ends();
  assert.deepEqual(wrong.close, { code: 4001, words: 'the password is wrong' });
  assert.ok(wrong.text.includes('\x00\x00\x00\x01\x00\x00\x00\x15the password is wrong'), 'RFB says it too');
  // as many as like may be at the door
  const waiting = await Promise.all(Array.from({ length: 4 }, () => knock(scope, proxy, { token: null, query: '?stream=plain' })));
  const leaving = await Promise.all(Array.from({ length: 8 }, () => offer(scope, proxy, 'wrong')));
  for (const viewer of leaving) viewer.socket.destroy(); // while their passwords are checked
  const good = await offer(scope, proxy, PASSWORD);
  await proxy.event('viewer_open');
  await proxy.program.until('the upstream connection', () => upstream.connections === 1);
  for (const viewer of waiting) assert.equal(viewer.closed, false);
  await new RfbViewer(scope, proxy).send(upgrade(proxy, { token: null, query: '?stream=plain' })).gets('HTTP/1.1 503 ');
  assert.equal(good.closed, false);
  assert.equal(upstream.connections, 1);
  assertSecretsStayOut(proxy);
});

live('viewers that go around the password get nowhere', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startLocked(scope, { upstream: desktop.upstream });
  const door = { token: null, query: '?stream=plain' };
  for (const [what, version, bytes, code, words] of [
    ['None', GREETING, ['\x01'], 1002, /not offered/],
    ['VncAuth', GREETING, ['\x02'], 1002, /not offered/],
    ['a subtype with None', GREETING, ['\x13', '\x00\x02', '\x00\x00\x01\x04'], 1002, /not offered/],
    ['a password of 4 GB', GREETING, ['\x13', '\x00\x02', '\x00\x00\x01\x00', '\x00\x00\x00\x00\xff\xff\xff\xff'], 1002, /longer than 1023/],
    ['ClientInit in the same breath', GREETING, ['\x13', '\x00\x02', '\x00\x00\x01\x00', `${plain(PASSWORD)}\x01`], 1002, /did not wait/],
    ['RFB 3.3, which has no Plain', 'RFB 003.003\n', [], 1008, /needs a viewer of RFB version 3\.7 or 3\.8/],
  ]) {
    const viewer = await knock(scope, proxy, door, version);
    for (const piece of bytes) viewer.send(binary(piece));
    await viewer.ends();
    assert.equal(viewer.close.code, code, `${what}: ${JSON.stringify(viewer.close)}`);
    assert.match(viewer.close.words, words, what);
  }
  assert.deepEqual(proxy.events('viewer_open'), []);
  // one byte at a time is no offence; then the rest of the handshake
  const slow = await knock(scope, proxy, door);
  await slow.hears(14);
  for (const letter of `${PLAIN_WAY}${plain(PASSWORD, 'ada')}`) slow.send(binary(letter));
  await slow.hears(14 + 2 + 6 + 4);
  slow.send(binary('\x01'));
  await slow.hears(14 + 2 + 6 + 4 + 24);
  assert.deepEqual(proxy.events('viewer_open').map(({ stream }) => stream), ['plain']);
});

live('a password that is changed sends away who came by the old one', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startLocked(scope, { upstream: desktop.upstream });
  const viewer = await offer(scope, proxy, PASSWORD);
  await viewer.hears(14 + 2 + 6 + 4);
  viewer.send(binary('\x01'));
  await viewer.hears(14 + 2 + 6 + 4 + 24);
  await writeFile(await scope.file('stream.hash'), await hashPassword(scope, 'another'));
  proxy.program.kill('SIGHUP');
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4002, words: 'the stream was revoked' });
  const again = await offer(scope, proxy, 'another');
  await until('the new one', () => proxy.events('viewer_open').length === 2);
  assert.equal(again.closed, false);
});

live("Debian's noVNC asks: wrong, wrong again, then right", async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startLocked(scope, { upstream: desktop.upstream, server: { web_root: '/usr/share/novnc' } });
  const page = await newPage(await startChromium(scope));
  for (const [stream, right] of [['vnc', SHORT], ['plain', PASSWORD]]) {
    for (const password of ['wrong', right]) {
      await page.goto('about:blank');
      await page.goto(`${proxy.url}vnc.html?autoconnect=1&resize=off&path=${encodeURIComponent(`stream?stream=${stream}`)}`);
      // noVNC moves the focus 0.1 s after it has opened the dialog: what is being filled in then would go to the other field
      await page.locator(`#noVNC_${stream === 'plain' ? 'username' : 'password'}_input:focus`).waitFor();
      if (stream === 'plain') await page.locator('#noVNC_username_input').fill('ada');
      await page.locator('#noVNC_password_input').fill(password);
      await page.locator('#noVNC_credentials_button').click();
      if (password === 'wrong') await page.getByText('the password is wrong').waitFor();
    }
    await until('the desktop', () => page.evaluate(() => document.documentElement.classList.contains('noVNC_connected')));
  }
  assert.deepEqual(proxy.events('viewer_open').map(({ stream }) => stream), ['vnc', 'plain']);
  assertSecretsStayOut(proxy);
});

live('streams made at run time have passwords too, and only their hashes are kept', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: { database: 'streams.db' } });
  const make = async (fields) => (await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', password: PASSWORD, ...fields })).json;
  const [beside, instead] = [await make({}), await make({ link: 'password' })];
  assert.equal(beside.url, `${proxy.url}#token=${beside.token}`);
  assert.deepEqual([instead.token, instead.url, instead.ws_url],
    [null, `${proxy.url}#stream=${instead.id}`, `${proxy.url.replace('https', 'wss')}stream?stream=${instead.id}`]);
  const { json: { streams } } = await admin(proxy, 'GET', '/v1/streams');
  assert.deepEqual([beside, instead].map(({ id }) => streams.find((stream) => stream.id === id)).map(({ password, link }) => [password, link]), [['plain', 'token'], ['plain', 'password']]);
  const good = await fileOf(scope, 'good', `${PASSWORD}\n`);
  const stream = (...args) => porthole(scope, ['stream', ...args], { env: { PORTHOLE_ADMIN: proxy.adminSocket } });
  const third = await stream('create', 'demo', '--password-file', good, '--link', 'password');
  assert.match(third.stdout, new RegExp(`^${proxy.url}#stream=[0-9a-f]{16}\n$`), third.stderr);
  const refused = await stream('create', 'demo', '--link', 'password');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /"password" is missing/);
  const name = third.stdout.trim().split('=')[1];

  const token = await fileOf(scope, 'beside', `${beside.token}\n`);
  const enter = async (again) => {
    for (const [query, args] of [['', ['--token-file', token]], [`?stream=${instead.id}`, []], [`?stream=${name}`, []]]) {
      const got = await info(scope, again, query, ['--user', 'ada', '--password-file', good, ...args]);
      assert.deepEqual([got.code, got.security], [0, 'plain'], got.stderr);
    }
  };
  await enter(proxy);
  proxy.program.kill('SIGTERM');
  await proxy.program.wait(10_000);
  const program = scope.start(PORTHOLED, ['-c', proxy.config], { name: 'portholed' });
  const again = Object.assign(Object.create(Object.getPrototypeOf(proxy)), proxy, { program });
  again.port = Number(new URL((await again.event('ready')).url).port);
  await enter(again);
  for (const end of ['', '-wal']) {
    const bytes = await readFile(await scope.file(`streams.db${end}`)).catch(() => Buffer.alloc(0));
    assert.ok(!bytes.includes(PASSWORD));
  }
  assertSecretsStayOut(proxy, beside.token);
  assertSecretsStayOut(again, beside.token);
});

live('--hash-password and --check', async (scope) => {
  const hash = (stdin) => scope.run(PORTHOLED, ['--hash-password'], { stdin });
  const [first, second] = [await hash(`${PASSWORD}\nmore\n`), await hash(PASSWORD)];
  for (const { stdout } of [first, second]) assert.match(stdout, /^\$scrypt\$ln=\d+,r=\d+,p=\d+\$[\w+/]+\$[\w+/]+\n$/);
  assert.notEqual(first.stdout, second.stdout);
  for (const [stdin, words] of [['', /is empty/], ['\n', /is empty/], [`${'x'.repeat(1024)}\n`, /too long; use at most 1023 bytes/]]) {
    const result = await hash(stdin);
    assert.deepEqual([result.code, result.stdout], [1, '']);
    assert.match(result.stderr, words);
  }
  // a terminal is asked twice, without echo
  const program = scope.start('script', ['-qec', `${PORTHOLED} --hash-password`, '/dev/null'], { commanded: true });
  await program.until('the question', () => program.stdout.includes('Password: '));
  program.child.stdin.write(`${PASSWORD}\n`);
  await program.until('the second question', () => program.stdout.includes('Verifying - Password: '));
  program.child.stdin.write(`${PASSWORD}\n`);
  assert.deepEqual(await program.wait(), { code: 0, signal: null });
  assert.match(program.stdout, /\$scrypt\$/);
  assert.ok(!program.stdout.includes(PASSWORD));

  const upstream = await startSilentServer(scope);
  const proxy = await startLocked(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const checked = await scope.run(PORTHOLED, ['--check', '-c', proxy.config]);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stderr, /^\S+: \[stream vnc\]: warning: vnc_password_file: .*weak.*\n\S+: \[stream any\]: warning: [^\n]+\n$/);
  await writeFile(await scope.file('stream.hash'), `${PASSWORD}\n`);
  const bad = await scope.run(PORTHOLED, ['--check', '-c', proxy.config]);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /password_file: its first line is not a scrypt hash .*portholed --hash-password\n/);
  assert.ok(!bad.stderr.includes(PASSWORD));
});
