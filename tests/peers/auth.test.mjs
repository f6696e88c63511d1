// SPDX-License-Identifier: GPL-2.0-or-later
// Every way into a VNC server, against servers that have them: with TLS and without, through WebSockets, with the right
// secrets, with wrong ones and with none. Nothing may fall back to something weaker than was asked for.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { live, until } from '../lib/proc.mjs';
import { makeAuthority } from '../lib/authority.mjs';
import { freePort, greeting, startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { captureX, difference, readPng } from '../lib/picture.mjs';
import { PORTHOLE, makeToken, porthole, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { usersFor } from '../lib/users.mjs';

const USAGE = 2, UNREACHABLE = 3, REFUSED = 4, TIMED_OUT = 5, PROTOCOL = 6, NOT_FOUND = 7;
const USER = 'ada';
const LONG = 'correct horse battery staple'; // Plain has no limit of eight
const SHORT = 'sesame12';

let counter = 0;

async function secretFile(scope, secret) {
  const file = await scope.file(`secret-${++counter}`);
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

// What `porthole info` finds out; env: secrets go there, and the test's own are kept away.
async function info(scope, target, args = [], env = {}) {
  const result = await porthole(scope, ['-t', target, ...args, '--json', 'info'], {
    env: { PORTHOLE_PASSWORD: undefined, PORTHOLE_PASSWORD_FILE: undefined, PORTHOLE_TOKEN: undefined, PORTHOLE_TOKEN_FILE: undefined, ...env },
  });
  return { ...result, ...(result.code === 0 ? JSON.parse(result.stdout) : {}) };
}

async function assertWay(scope, target, args, env, security, tls = 'TLSv1.3') {
  const got = await info(scope, target, args, env);
  assert.deepEqual({ code: got.code, security: got.security, tls: got.tls }, { code: 0, security, tls }, `${target} ${args.join(' ')}: ${got.stderr}`);
}

async function assertRefused(scope, target, args, env, code, words) {
  const got = await info(scope, target, args, env);
  assert.equal(got.code, code, `${target} ${args.join(' ')}: ${got.stdout}${got.stderr}`);
  assert.match(got.stderr, /^porthole: [^\n]*\n$/);
  assert.match(got.stderr, words);
}

// TigerVNC with these security types.
async function startWith(scope, types, { certificate, ...options } = {}) {
  const users = await usersFor(scope, { [USER]: LONG });
  const x509 = certificate ? ['-X509Cert', certificate.certificate, '-X509Key', certificate.key] : [];
  return startXvnc(scope, { rfb: 'tcp', password: SHORT, env: users.env, ...options,
    extra: [...users.extra, '-UseBlacklist', '0', '-SecurityTypes', types, ...x509, ...(options.extra ?? [])] });
}

const vncs = (desktop, host = '127.0.0.1') => `vncs://${host}::${desktop.address.port}`;

// The picture of a connection with these arguments is what the X server holds, and text arrives whole, which is delivered
// when the connection ends: one that takes no pixels, and one that is sent them meanwhile.
async function assertWorks(scope, desktop, target, args, env) {
  const file = await scope.file(`shot-${++counter}.png`);
  const typed = await startTypedText(desktop);
  const run = async (command, stdin) => {
    const result = await porthole(scope, ['-t', target, ...args, ...command], { env, stdin });
    assert.equal(result.code, 0, `${command[0]}: ${result.stderr}`);
  };
  const text = 'The quick brown fox. '.repeat(40);
  await run(['type', `${text}end`]);
  assert.equal(await typed.until('end'), text);
  await run(['do'], `${JSON.stringify({ action: 'type', text: `${text}end` })}\n`);
  assert.equal(await typed.until('end'), text);
  await run(['move', '0', '0']);
  await run(['screenshot', file]);
  assert.equal(difference(await readPng(file), await captureX(desktop.display)), null);
}

live('TigerVNC: every type that a certificate allows, and those without TLS', async (scope) => {
  const authority = await makeAuthority(scope);
  const desktop = await startWith(scope, 'X509Plain,X509Vnc,X509None,TLSPlain,TLSVnc,TLSNone,Plain,VncAuth,None',
    { certificate: await authority.certificate() });
  const ca = ['--ca', authority.ca];
  const short = { PORTHOLE_PASSWORD: SHORT };
  const long = { PORTHOLE_PASSWORD: LONG };
  await assertWay(scope, desktop.target, [], {}, 'none', null);
  await assertWay(scope, desktop.target, [], short, 'vncauth', null);
  await assertWay(scope, desktop.target, ['--user', USER], long, 'plain', null);
  await assertWay(scope, vncs(desktop), ca, {}, 'x509none');
  await assertWay(scope, vncs(desktop, 'localhost'), ca, short, 'x509vnc');
  await assertWay(scope, vncs(desktop), [...ca, '--user', USER], long, 'x509plain');
  await assertWay(scope, vncs(desktop), ['--insecure'], {}, 'x509none');
  await assertRefused(scope, vncs(desktop), [...ca, '--user', USER], short, REFUSED, /password/i);
  await assertRefused(scope, vncs(desktop), [...ca, '--user', 'eve'], long, REFUSED, /password|user/i);
});

live('TigerVNC: pictures and text through TLS', async (scope) => {
  const authority = await makeAuthority(scope);
  const desktop = await startWith(scope, 'X509Vnc', { certificate: await authority.certificate() });
  await desktop.startWindowManager();
  await desktop.setBackground('rich');
  await assertWorks(scope, desktop, vncs(desktop), ['--ca', authority.ca], { PORTHOLE_PASSWORD: SHORT });
});

live('TigerVNC: TLS without certificates only when asked for, and never without TLS', async (scope) => {
  const desktop = await startWith(scope, 'TLSPlain,TLSVnc,TLSNone');
  const none = {};
  await assertWay(scope, vncs(desktop), ['--insecure'], none, 'tlsnone', 'TLSv1.2');
  await assertWay(scope, vncs(desktop), ['--insecure'], { PORTHOLE_PASSWORD: SHORT }, 'tlsvnc', 'TLSv1.2');
  await assertWay(scope, vncs(desktop), ['--insecure', '--user', USER], { PORTHOLE_PASSWORD: LONG }, 'tlsplain', 'TLSv1.2');
  await assertRefused(scope, vncs(desktop), [], none, PROTOCOL, /only TLSPlain, TLSVnc, TLSNone; .*--insecure/);
  await assertRefused(scope, desktop.target, [], none, PROTOCOL, /TLSPlain, TLSVnc, TLSNone; vncs:\/\//);
  const plain = await startWith(scope, 'VncAuth,None');
  await assertRefused(scope, vncs(plain), ['--insecure'], none, PROTOCOL, /only VncAuth, None; it has no TLS/);
});

live('a certificate is verified: who gave it, to whom, until when', async (scope) => {
  const authority = await makeAuthority(scope);
  const other = await makeAuthority(scope);
  const ca = ['--ca', authority.ca];
  const good = await startWith(scope, 'X509None', { certificate: await authority.certificate() });
  await assertRefused(scope, vncs(good), [], {}, REFUSED, /not trusted.*issuer certificate.*--ca.*--insecure/);
  await assertRefused(scope, vncs(good), ['--ca', other.ca], {}, REFUSED, /not trusted.*issuer certificate.*--ca/);
  await assertRefused(scope, vncs(good), ['--ca', await scope.file('none.pem')], {}, USAGE, /none\.pem/);
  await assertRefused(scope, vncs(good), ['--ca', await secretFile(scope, 'no PEM')], {}, USAGE, /cannot read certificates/);
  const elsewhere = await startWith(scope, 'X509None', { certificate: await authority.certificate({ names: 'DNS:elsewhere.example,IP:192.0.2.1' }) });
  await assertRefused(scope, vncs(elsewhere), ca, {}, REFUSED, /IP address mismatch/);
  await assertRefused(scope, vncs(elsewhere, 'localhost'), ca, {}, REFUSED, /hostname mismatch/);
  const old = await startWith(scope, 'X509None', { certificate: await authority.certificate({ expired: true }) });
  await assertRefused(scope, vncs(old), ca, {}, REFUSED, /certificate has expired/);
  for (const desktop of [good, elsewhere, old]) await assertWay(scope, vncs(desktop), ['--insecure'], {}, 'x509none');
});

live('wrong passwords, and too many of them', async (scope) => {
  const desktop = await startXvnc(scope, { rfb: 'tcp', password: SHORT });
  await assertRefused(scope, desktop.target, [], {}, REFUSED, /wants a password and none was given/);
  await assertWay(scope, desktop.target, [], { PORTHOLE_PASSWORD: SHORT }, 'vncauth', null);
  let last;
  for (let count = 0; count < 12 && !/[Tt]oo many/.test(last?.stderr); count++) {
    last = await info(scope, desktop.target, [], { PORTHOLE_PASSWORD: 'wrong' });
    assert.equal(last.code, REFUSED, last.stderr);
    assert.match(last.stderr, /[Aa]uthentication fail|[Tt]oo many/);
  }
  assert.match(last.stderr, /[Tt]oo many/);
});

live('x11vnc: VeNCrypt with a certificate and without', async (scope) => {
  const authority = await makeAuthority(scope);
  const { certificate, key } = await authority.certificate({ rsa: true });
  const pem = await scope.file('x11vnc.pem');
  await scope.must('sh', ['-c', 'umask 077; cat "$1" "$2" >"$3"', 'sh', key, certificate, pem]);
  const ssl = (mode) => ['-ssl', pem, '-vencrypt', mode, '-anontls', 'never'];
  const sure = await startX11vnc(scope, { rfb: 'tcp', password: SHORT, extra: ssl('nodh:force') });
  await assertWay(scope, vncs(sure), ['--ca', authority.ca], { PORTHOLE_PASSWORD: SHORT }, 'x509vnc');
  // x11vnc now and then hangs up on who comes while its helper for the connection before still ends
  const refused = await until('x11vnc to have time', async () => {
    const result = await info(scope, vncs(sure), ['--ca', authority.ca], { PORTHOLE_PASSWORD: 'wrong' });
    return !/closed the connection in the handshake/.test(result.stderr) && result;
  });
  assert.equal(refused.code, REFUSED, refused.stderr);
  assert.match(refused.stderr, /password/);
  // Debian's OpenSSL has no anonymous suites unless it is told to
  const config = await scope.file('openssl.cnf');
  await writeFile(config, 'openssl_conf = it\n[it]\nssl_conf = ssl\n[ssl]\nsystem_default = any\n[any]\nCipherString = ALL:@SECLEVEL=0\n');
  const anonymous = await startX11vnc(scope, { rfb: 'tcp', extra: ssl('nox509:force'), env: { OPENSSL_CONF: config } });
  await assertWay(scope, vncs(anonymous), ['--insecure'], {}, 'tlsnone', 'TLSv1.2');
});

live('QEMU: VeNCrypt with a certificate', async (scope) => {
  const authority = await makeAuthority(scope);
  const { certificate, key } = await authority.certificate();
  const folder = await scope.file('qemu-tls');
  await scope.must('sh', ['-c', 'mkdir "$1" && cp "$2" "$1/ca-cert.pem" && cp "$3" "$1/server-cert.pem" && cp "$4" "$1/server-key.pem"', 'sh',
    folder, authority.ca, certificate, key]);
  const socket = await scope.file('qemu.sock');
  const server = scope.start('qemu-system-x86_64', ['-machine', 'none', '-nodefaults', '-display', 'none',
    '-object', `tls-creds-x509,id=tls,dir=${folder},endpoint=server,verify-peer=off`, '-vnc', `unix:${socket},tls-creds=tls`]);
  await server.until('an RFB greeting', async () => (await greeting({ path: socket })).startsWith('RFB '));
  const port = await relay(scope, { path: socket });
  await assertWay(scope, `vncs://127.0.0.1::${port}`, ['--ca', authority.ca], {}, 'x509none');
  await assertRefused(scope, `vncs://127.0.0.1::${port}`, [], {}, REFUSED, /not trusted/);
});

// A port that leads to somewhere else: {path} or {port}.
async function relay(scope, to, host = '127.0.0.1') {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const upstream = net.connect(to.path ? to : { port: to.port, host: '127.0.0.1' });
    for (const [from, into] of [[socket, upstream], [upstream, socket]]) {
      sockets.add(from);
      from.on('error', () => into.destroy());
      from.pipe(into);
    }
  });
  await new Promise((resolve, reject) => { server.on('error', reject); server.listen(0, host, resolve); });
  scope.onStop(() => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of sockets) socket.destroy();
  }));
  return server.address().port;
}

live('IPv6 addresses', async (scope) => {
  const authority = await makeAuthority(scope);
  const desktop = await startWith(scope, 'X509None,None', { certificate: await authority.certificate() });
  const port = await relay(scope, desktop.address, '::1');
  await assertWay(scope, `vnc://[::1]::${port}`, [], {}, 'none', null);
  await assertWay(scope, `vncs://[::1]::${port}`, ['--ca', authority.ca], {}, 'x509none');
});

live('portholed: wss with a token', async (scope) => {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  await desktop.setBackground('rich');
  const proxy = await startPortholed(scope, { upstream: desktop.upstream });
  const target = `wss://localhost:${proxy.port}/stream`;
  const ca = ['--ca', await scope.file('certificate.pem')];
  const token = { PORTHOLE_TOKEN: proxy.token };
  await assertWay(scope, target, ca, token, 'none');
  await assertWay(scope, target, [...ca, '--token-file', await secretFile(scope, proxy.token)], {}, 'none');
  await assertWay(scope, target, ['--insecure'], { PORTHOLE_TOKEN_FILE: await secretFile(scope, proxy.token) }, 'none');
  await assertRefused(scope, target, [], token, REFUSED, /not trusted/);
  await assertRefused(scope, target, ca, {}, REFUSED, /401.*wants a token and none was given/);
  await assertRefused(scope, target, ca, { PORTHOLE_TOKEN: makeToken() }, REFUSED, /401/);
  await assertRefused(scope, target, ca, { PORTHOLE_TOKEN: 'two words' }, USAGE, /token/);
  await assertRefused(scope, `wss://localhost:${proxy.port}/streams`, ca, token, NOT_FOUND, /404.*\/streams/);
  await assertRefused(scope, `wss://localhost:${proxy.port}/`, ca, token, PROTOCOL, /no WebSocket/);
  await assertRefused(scope, `ws://localhost:${proxy.port}/stream`, [], token, PROTOCOL, /This port speaks TLS/);
  await assertWorks(scope, desktop, target, ca, token);
  await desktop.server.stop();
  await assertRefused(scope, target, ca, token, REFUSED, /the desktop's VNC server cannot be reached/);
});

live('websockify: ws and wss', async (scope) => {
  const authority = await makeAuthority(scope);
  const { certificate, key } = await authority.certificate();
  const desktop = await startXvnc(scope, { password: SHORT });
  await desktop.startWindowManager();
  await desktop.setBackground('rich');
  const start = async (...args) => {
    const port = await freePort();
    const program = scope.start('websockify', [...args, `127.0.0.1:${port}`, '--unix-target', desktop.address.path]);
    await program.until('it to listen', () => new Promise((resolve) => {
      const socket = net.connect({ port, host: '127.0.0.1' }, () => { socket.destroy(); resolve(true); });
      socket.on('error', () => resolve(false));
    }));
    return port;
  };
  const clear = await start();
  await assertWay(scope, `ws://127.0.0.1:${clear}/websockify`, [], { PORTHOLE_PASSWORD: SHORT }, 'vncauth', null);
  await assertRefused(scope, `ws://127.0.0.1:${clear}/`, [], { PORTHOLE_PASSWORD: 'wrong' }, REFUSED, /password|[Aa]uthentication/);
  const secure = await start('--cert', certificate, '--key', key, '--ssl-only');
  const target = `wss://127.0.0.1:${secure}/websockify`;
  await assertRefused(scope, target, [], { PORTHOLE_PASSWORD: SHORT }, REFUSED, /not trusted/);
  await assertWorks(scope, desktop, target, ['--ca', authority.ca], { PORTHOLE_PASSWORD: SHORT });
});

// Says what it is told to whoever comes, and then nothing.
live('handshakes that stall end in time, and say which', async (scope) => {
  const silent = (await startSilentServer(scope)).port;
  const inTls = (await startSilentServer(scope, { greeting: 'RFB 003.008\n\x01\x13\x00\x02\x00\x01\x00\x00\x01\x04\x01' })).port;
  const cases = [
    [`vnc://127.0.0.1::${silent}`, /timed out while waiting for the VNC handshake/],
    [`vncs://127.0.0.1::${inTls}`, /timed out while in the TLS handshake/],
    [`wss://127.0.0.1:${silent}/`, /timed out while in the TLS handshake/],
    [`ws://127.0.0.1:${silent}/`, /timed out while in the WebSocket handshake/],
  ];
  for (const [target, words] of cases) {
    await assertRefused(scope, target, ['--timeout', '0.5'], {}, TIMED_OUT, words);
  }
});

live('servers that speak something else', async (scope) => {
  const rfb = (await startSilentServer(scope, { greeting: 'RFB 003.008\n' })).port;
  const http = (await startSilentServer(scope, { greeting: 'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n' })).port;
  await assertRefused(scope, `wss://127.0.0.1:${rfb}/`, [], {}, PROTOCOL, /TLS handshake failed/);
  await assertRefused(scope, `ws://127.0.0.1:${rfb}/`, [], {}, PROTOCOL, /no HTTP/);
  await assertRefused(scope, `ws://127.0.0.1:${http}/`, [], {}, PROTOCOL, /302 Found.*no WebSocket/);
  await assertRefused(scope, `vnc://127.0.0.1::${http}`, [], {}, PROTOCOL, /no VNC server/);
});

live('a socket that is connected already', async (scope) => {
  const desktop = await startXvnc(scope, { rfb: 'tcp', password: SHORT });
  const script = 'exec 7<>"/dev/tcp/127.0.0.1/$1" && exec "$2" -t fd:7 --json info';
  const result = await scope.run('bash', ['-c', script, 'bash', String(desktop.address.port), PORTHOLE], { env: { PORTHOLE_PASSWORD: SHORT } });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(JSON.parse(result.stdout).security, 'vncauth');
  await assertRefused(scope, 'fd:99', [], {}, USAGE, /fd 99 is no connected stream socket/);
  await assertRefused(scope, 'fd:0', [], {}, USAGE, /fd 0 is no connected stream socket/);
});

live('a person at the terminal is asked, and nobody else', async (scope) => {
  const desktop = await startWith(scope, 'Plain');
  // util-linux's script gives it a terminal; what is typed comes once it has asked
  const ask = async (answers) => {
    const program = scope.start('script', ['-qec', `${PORTHOLE} -t ${desktop.target} info`, '/dev/null'], { commanded: true });
    for (const [question, answer] of answers) {
      await program.until(question, () => program.stdout.includes(question));
      program.child.stdin.write(answer);
    }
    return { end: await program.wait(), text: program.stdout };
  };
  const good = await ask([['User name for ', `${USER}\n`], ['Password for ', `${LONG}\n`]]);
  assert.deepEqual(good.end, { code: 0, signal: null }, good.text);
  assert.match(good.text, /security +plain/);
  assert.ok(good.text.includes(USER) && !good.text.includes(LONG), good.text);
  const interrupted = await ask([['User name for ', '\x03']]);
  assert.deepEqual(interrupted.end, { code: 130, signal: null }, interrupted.text);
  await assertRefused(scope, desktop.target, [], {}, REFUSED, /wants a user name and none was given/);
});
