// SPDX-License-Identifier: GPL-2.0-or-later
// The proxy's other end: VNC servers behind TLS, and who must not get away with less than the desktop's section asks for.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { live, until } from '../lib/proc.mjs';
import { makeAuthority } from '../lib/authority.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, porthole, startPortholed } from '../lib/porthole.mjs';
import { captureX, difference, readPng } from '../lib/picture.mjs';
import { startTypedText } from '../lib/typed.mjs';
import { usersFor } from '../lib/users.mjs';
import { GREETING, Peer, RfbViewer, binary, upgrade } from '../lib/viewer.mjs';

const USER = 'ada';
const LONG = 'correct horse battery staple';
const SHORT = 'sesame12';
const FLOOD_PIECE = 256 << 10;
// Up to where TLS begins: VeNCrypt 0.2 with X509None alone, and that is agreed on.
const UP_TO_TLS = 'RFB 003.008\n\x01\x13\x00\x02\x00\x01\x00\x00\x01\x04\x01';

async function secretFile(scope, name, secret) {
  const file = await scope.file(name);
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

async function startWith(scope, types, { certificate, ...options } = {}) {
  const users = await usersFor(scope, { [USER]: LONG });
  const x509 = certificate ? ['-X509Cert', certificate.certificate, '-X509Key', certificate.key] : [];
  return startXvnc(scope, { rfb: 'tcp', password: SHORT, env: users.env, ...options,
    extra: [...users.extra, '-UseBlacklist', '0', '-SecurityTypes', types, ...x509] });
}

// A server of the test's own: says `greeting` at once, keeps what it hears, and does `then` with each piece behind it.
async function startFake(scope, greeting, then = () => {}) {
  const fake = { heard: Buffer.alloc(0), connections: 0 };
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    fake.connections++;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      fake.heard = Buffer.concat([fake.heard, data]);
      then(socket, fake);
    });
    socket.write(greeting, 'latin1');
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  scope.onStop(() => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of sockets) socket.destroy();
  }));
  fake.upstream = `tcp:127.0.0.1:${server.address().port}`;
  return fake;
}

// Portholed before these desktops, each with a stream of its name. The one that it always has is the first.
async function startBefore(scope, desktops, server = {}) {
  const streams = Object.fromEntries(Object.keys(desktops).map((desktop) => [desktop, { desktop }]));
  return startPortholed(scope, { upstream: Object.values(desktops)[0].upstream, desktops, streams, server });
}

const opens = (scope, proxy, name) => new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens[name] });

// The viewer is told these words by RFB and by WebSocket, and the log has the detail.
async function isRefused(scope, proxy, name, words, detail) {
  const before = proxy.events('upstream_error').length;
  const viewer = new RfbViewer(scope, proxy).send(upgrade(proxy, { token: proxy.tokens[name] }));
  await viewer.gets(GREETING);
  viewer.send(binary(GREETING));
  await viewer.ends();
  assert.ok(viewer.close, `${name}: no close frame`);
  assert.equal(viewer.close.code, 4013, name);
  assert.match(viewer.close.words, words, name);
  const event = await proxy.event('upstream_error', before + 1);
  assert.equal(event.desktop, name);
  assert.match(event.detail, detail, name);
}

live('TigerVNC: every type that a section can ask for', async (scope) => {
  const authority = await makeAuthority(scope);
  const all = await startWith(scope, 'X509Plain,X509Vnc,X509None,TLSPlain,TLSVnc,TLSNone,Plain,VncAuth,None', { certificate: await authority.certificate() });
  const long = await secretFile(scope, 'long', LONG);
  const short = await secretFile(scope, 'short', SHORT);
  const plain = { username: USER, password_file: long };
  const vnc = { password_file: short };
  const x509 = { tls: 'x509', ca_file: authority.ca };
  const anonymous = { tls: 'anonymous' };
  const on = (keys) => ({ upstream: all.upstream, ...keys });
  const desktops = {
    x509none: on(x509), x509vnc: on({ ...x509, ...vnc }), x509plain: on({ ...x509, ...plain }),
    tlsnone: on(anonymous), tlsvnc: on({ ...anonymous, ...vnc }), tlsplain: on({ ...anonymous, ...plain }),
    plain: on(plain), vncauth: on(vnc), none: on({}),
  };
  const proxy = await startBefore(scope, desktops);
  for (const name of Object.keys(desktops)) await opens(scope, proxy, name);
  const inside = [...all.server.stderr.matchAll(/Client requests security type (\S+)/g)].map(([, type]) => type);
  for (const name of ['x509none', 'x509vnc', 'x509plain', 'tlsnone', 'tlsvnc', 'tlsplain']) {
    assert.ok(inside.some((type) => type.toLowerCase() === name), `${name} in ${inside}`);
  }
  assert.deepEqual(proxy.events('upstream_error'), []);
});

live('pictures and text go through TLS on both ends', async (scope) => {
  const authority = await makeAuthority(scope);
  const desktop = await startWith(scope, 'X509Plain', { certificate: await authority.certificate() });
  await desktop.startWindowManager();
  await desktop.setBackground('rich');
  const proxy = await startBefore(scope, { far: { upstream: desktop.upstream, tls: 'x509', ca_file: authority.ca, username: USER, password_file: await secretFile(scope, 'long', LONG) } });
  const typed = await startTypedText(desktop);
  const run = async (command) => {
    const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--insecure', ...command], { env: { PORTHOLE_TOKEN: proxy.tokens.far } });
    assert.equal(result.code, 0, result.stderr);
  };
  const text = 'The quick brown fox. '.repeat(5);
  await run(['type', `${text}end`]);
  assert.equal(await typed.until('end'), text);
  await run(['move', '0', '0']);
  const file = await scope.file('shot.png');
  await run(['screenshot', file]);
  assert.equal(difference(await readPng(file), await captureX(desktop.display)), null);
});

live('what is not trusted, or not let in, is told in words', async (scope) => {
  const authority = await makeAuthority(scope);
  const other = await makeAuthority(scope);
  const good = await startWith(scope, 'X509Plain,X509None', { certificate: await authority.certificate() });
  const old = await startWith(scope, 'X509None', { certificate: await authority.certificate({ expired: true }) });
  const elsewhere = await startWith(scope, 'X509None', { certificate: await authority.certificate({ names: 'DNS:elsewhere.example,IP:192.0.2.1' }) });
  const x509 = { tls: 'x509', ca_file: authority.ca };
  const proxy = await startBefore(scope, {
    wrong: { upstream: good.upstream, ...x509, username: USER, password_file: await secretFile(scope, 'wrong', SHORT) },
    old: { upstream: old.upstream, ...x509 },
    elsewhere: { upstream: elsewhere.upstream, ...x509 },
    named: { upstream: elsewhere.upstream, ...x509, tls_name: 'elsewhere.example' },
    misnamed: { upstream: good.upstream, ...x509, tls_name: 'elsewhere.example' },
    unknown: { upstream: good.upstream, tls: 'x509', ca_file: other.ca },
    system: { upstream: good.upstream, tls: 'x509' },
  });
  await isRefused(scope, proxy, 'wrong', /did not accept the proxy/, /^handshake: /);
  await isRefused(scope, proxy, 'old', /certificate .* has expired/, /^TLS: the certificate '\/CN=certificate-\d+' is not trusted: certificate has expired; have it renewed$/);
  await isRefused(scope, proxy, 'elsewhere', /made out to another host/, /IP address mismatch; .*tls_name$/);
  await isRefused(scope, proxy, 'misnamed', /made out to another host/, /[Hh]ostname mismatch; .*tls_name$/);
  await isRefused(scope, proxy, 'unknown', /no authority that is trusted/, /issuer certificate; .*ca_file$/);
  await isRefused(scope, proxy, 'system', /no authority that is trusted/, /issuer certificate; .*ca_file$/);
  await opens(scope, proxy, 'named');
});

live('who asks for TLS gets nothing less, and says nothing before', async (scope) => {
  const clear = await startFake(scope, 'RFB 003.008\n\x03\x01\x02\x13', (socket, fake) => {
    // in VeNCrypt there is nothing but Plain
    if (fake.heard.length === 13) socket.write('\x00\x02', 'latin1');
    if (fake.heard.length === 15) socket.write('\x00\x01\x00\x00\x01\x00', 'latin1');
  });
  const anonymous = await startWith(scope, 'TLSPlain,TLSVnc,TLSNone');
  const eager = await startFake(scope, `${UP_TO_TLS}\x00\x00\x00\x00`);
  const secret = { username: USER, password_file: await secretFile(scope, 'long', LONG) };
  const proxy = await startBefore(scope, {
    clear: { upstream: clear.upstream, tls: 'x509', ...secret },
    clear2: { upstream: clear.upstream, tls: 'anonymous', ...secret },
    anonymous: { upstream: anonymous.upstream, tls: 'x509', ...secret },
    eager: { upstream: eager.upstream, tls: 'x509' },
  });
  const wanted = /does not offer the encryption that is wanted/;
  await isRefused(scope, proxy, 'clear', wanted, /^handshake: the server offers no type of VeNCrypt .* only Plain$/);
  assert.equal(clear.heard.toString('latin1'), 'RFB 003.008\n\x13\x00\x02');
  clear.heard = Buffer.alloc(0);
  await isRefused(scope, proxy, 'clear2', wanted, /only Plain$/);
  assert.equal(clear.heard.toString('latin1'), 'RFB 003.008\n\x13\x00\x02');
  await isRefused(scope, proxy, 'anonymous', wanted, /only TLSPlain, TLSVnc, TLSNone$/);
  await isRefused(scope, proxy, 'eager', /makes no sense/, /began TLS by itself/);
  assert.equal(eager.heard.toString('latin1'), 'RFB 003.008\n\x13\x00\x02\x00\x00\x01\x04');
});

live('a server that hangs or dies inside TLS, or speaks none', async (scope) => {
  const hangs = await startFake(scope, UP_TO_TLS);
  const dies = await startFake(scope, UP_TO_TLS, (socket, fake) => { if (fake.heard.length > 19) socket.destroy(); });
  const babbles = await startFake(scope, UP_TO_TLS, (socket, fake) => { if (fake.heard.length > 19) socket.write('GET / HTTP/1.1\r\n\r\n'); });
  const proxy = await startBefore(scope, { dies: { upstream: dies.upstream, tls: 'x509' }, babbles: { upstream: babbles.upstream, tls: 'x509' } });
  await isRefused(scope, proxy, 'dies', /closed the connection/, /^(TLS handshake: end of stream|reading from .*: connection reset by peer)$/);
  await isRefused(scope, proxy, 'babbles', /TLS handshake .* failed/, /^TLS handshake: TLS: /);
  const hasty = await startBefore(scope, { hangs: { upstream: hangs.upstream, tls: 'x509' } }, { handshake_timeout: 1, admin_socket: 'hasty.sock' });
  await isRefused(scope, hasty, 'hangs', /did not answer in time/, /^TLS handshake: no answer in time$/);
});

live('a server that goes away takes its viewers along', async (scope) => {
  const authority = await makeAuthority(scope);
  const desktop = await startWith(scope, 'X509None', { certificate: await authority.certificate() });
  const proxy = await startBefore(scope, { far: { upstream: desktop.upstream, tls: 'x509', ca_file: authority.ca } });
  const viewer = await opens(scope, proxy, 'far');
  desktop.server.kill('SIGTERM');
  await viewer.ends();
  assert.deepEqual(viewer.close, { code: 4013, words: "the desktop's VNC server closed the connection" });
  assert.equal((await proxy.event('viewer_close')).why, 'upstream lost');
});

// After the handshake, which is X509None: `flood` to whoever comes; how much of it the kernel has taken is in `taken`.
async function startFlood(scope, { certificate, key }, flood) {
  const context = tls.createSecureContext({ cert: await readFile(certificate), key: await readFile(key) });
  const fake = await startFake(scope, UP_TO_TLS.slice(0, -1), (socket) => {
    if (fake.heard.length !== 19) return;
    socket.removeAllListeners('data');
    socket.write('\x01', 'latin1');
    fake.socket = new tls.TLSSocket(socket, { isServer: true, secureContext: context });
    fake.socket.on('error', () => {});
    fake.socket.resume();
    fake.socket.write(`\0\0\0\0\0\x40\0\x30\x20\x18\0\x01\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0\0\x01d`, 'latin1');
    fake.taken = 0;
    const next = () => fake.taken < flood.length && fake.socket.write(flood.subarray(fake.taken, fake.taken + FLOOD_PIECE), (error) => {
      if (error) return;
      fake.taken += FLOOD_PIECE;
      next();
    });
    next();
  });
  return fake;
}

live('a viewer that reads nothing stops the server behind TLS, and gets all of it later', async (scope) => {
  const authority = await makeAuthority(scope);
  const flood = Buffer.alloc(48 << 20);
  for (let at = 0; at < flood.length; at += 4) flood.writeUInt32BE(at, at);
  const fake = await startFlood(scope, await authority.certificate(), flood);
  const proxy = await startBefore(scope, { far: { upstream: fake.upstream, tls: 'x509', ca_file: authority.ca } });
  const viewer = await opens(scope, proxy, 'far');
  viewer.socket.pause();
  // what the kernel has taken of the server's, until it takes no more
  let last = -1, still = 0;
  await until('the server to be stopped', () => {
    still = fake.taken === last ? still + 1 : 0;
    last = fake.taken;
    return still === 10;
  });
  assert.ok(last < flood.length / 1.5, `${last} bytes went somewhere`);
  const pieces = [];
  let got = 0;
  viewer.socket.removeAllListeners('data');
  viewer.socket.on('data', (data) => { pieces.push(data); got += data.length; });
  viewer.socket.resume();
  await until('all of it', () => viewer.text.length + got > flood.length || viewer.closed);
  const rest = () => {
    viewer.text += Buffer.concat(pieces.splice(0)).toString('latin1');
    return viewer.said;
  };
  await until('the end of it', () => rest().length === flood.length);
  assert.ok(viewer.said.equals(flood));
});

live('a section that cannot work is an error of the configuration', async (scope) => {
  const fake = await startFake(scope, '');
  const proxy = await startPortholed(scope, { upstream: fake.upstream });
  const text = await readFile(proxy.config, 'utf8');
  const config = await scope.file('bad.conf');
  const check = async (keys) => {
    await writeFile(config, text.replace(/\nupstream = .*\n/, (line) => `${line}${keys}\n`));
    const { code, stderr } = await scope.run(PORTHOLED, ['--check', '-c', config], { name: 'portholed' });
    return { code, stderr: stderr.trim() };
  };
  assert.match((await check('tls = x509\nca_file = none.pem')).stderr, /:\d+: ca_file: no certificate can be read from .*none\.pem \(No such file or directory\); name a PEM file/);
  await writeFile(await scope.file('no.pem'), 'no PEM\n');
  const bad = await check(`tls = x509\nca_file = ${await scope.file('no.pem')}`);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /:\d+: ca_file: no certificate can be read from .*no\.pem \(.*\); name a PEM file/);
  assert.deepEqual(await check('tls = x509'), { code: 0, stderr: '' });
});
