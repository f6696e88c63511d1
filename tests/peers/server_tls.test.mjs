// SPDX-License-Identifier: GPL-2.0-or-later
// The proxy as a TLS server: as whom it shows itself to whom, what it speaks, and what becomes of it while viewers are there.
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import tls from 'node:tls';
import { live, until } from '../lib/proc.mjs';
import { makeAuthority } from '../lib/authority.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { PORTHOLED, ini, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { Peer, RfbViewer } from '../lib/viewer.mjs';

const RSA = 'RSA+SHA256:rsa_pss_rsae_sha256';
const ECDSA = 'ecdsa_secp256r1_sha256';

// Shakes hands and goes: {names, kind, protocol, cipher, session, resumed}, or the error's code.
function shake(proxy, options = {}) {
  return new Promise((resolve) => {
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      const { subjectaltname: names, asn1Curve } = socket.getPeerCertificate();
      resolve({ names, kind: asn1Curve ? 'ecdsa' : 'rsa', protocol: socket.getProtocol(), cipher: socket.getCipher().standardName, resumed: socket.isSessionReused() });
      socket.destroy();
    });
    socket.on('error', (error) => resolve(error.code));
  });
}

// Before a server that says nothing: `certificates` are sections behind the desktop's.
async function startServer(scope, own, certificates = {}) {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: own });
  const text = await readFile(proxy.config, 'utf8');
  await writeFile(proxy.config, `${text}\n${ini(Object.entries(certificates).map(([name, keys]) => [`certificate ${name}`, keys]))}`);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  return proxy;
}

async function check(scope, own, certificates = {}) {
  const config = await scope.file('checked.conf');
  await writeFile(config, ini([['server', { web_root: '.', ...own }], ...Object.entries(certificates).map(([name, keys]) => [`certificate ${name}`, keys])]));
  const { code, stderr } = await scope.run(PORTHOLED, ['--check', '-c', config], { name: 'portholed' });
  return { code, lines: stderr.trim().split('\n').map((line) => line.replace(/^[^:]*:/, '')) };
}

live('each name has its certificate, of the kind that the viewer takes', async (scope) => {
  const authority = await makeAuthority(scope);
  const own = 'DNS:desk.example,DNS:*.desk.example', other = 'DNS:other.example';
  const proxy = await startServer(scope, await authority.certificate({ names: own, rsa: true }), {
    own: await authority.certificate({ names: 'DNS:*.desk.example,DNS:desk.example' }),
    other: await authority.certificate({ names: other }),
    'other-rsa': await authority.certificate({ names: other, rsa: true }),
  });
  for (const [servername, names] of [[undefined, own], ['desk.example', own], ['a.desk.example', own], ['other.example', other], ['OTHER.example', other],
    ['nobody.example', own], ['a.other.example', own]]) {
    for (const [kind, sigalgs] of [['rsa', RSA], ['ecdsa', ECDSA]]) {
      for (const version of ['TLSv1.2', 'TLSv1.3']) {
        const got = await shake(proxy, { servername, sigalgs, minVersion: version, maxVersion: version });
        assert.deepEqual([got.names?.split(', ').sort().join(), got.kind, got.protocol], [names.split(',').sort().join(), kind, version], `${servername} ${kind} ${version} ${got}`);
      }
    }
  }
});

live('nothing below TLS 1.2, and no weak cipher', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
  assert.match(await shake(proxy, old), /^ERR_SSL_/);
  for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'DHE-RSA-AES128-GCM-SHA256', 'aNULL:@SECLEVEL=0', 'ECDHE-ECDSA-AES128-CCM']) {
    assert.match(await shake(proxy, { maxVersion: 'TLSv1.2', ciphers }), /^ERR_SSL_/, ciphers);
  }
  assert.match(await shake(proxy, { ecdhCurve: 'ffdhe8192' }), /^ERR_SSL_/);
  const taken = async (ciphers, maxVersion = 'TLSv1.2') => (await shake(proxy, { maxVersion, ciphers })).cipher;
  assert.equal(await taken('ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'), 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256');
  assert.equal(await taken('ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256'), 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256');
  assert.equal(await taken('TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256', 'TLSv1.3'), 'TLS_AES_128_GCM_SHA256');
});

live('who comes again resumes, also after another worker and another certificate', async (scope) => {
  const authority = await makeAuthority(scope);
  const own = await authority.certificate();
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}`, server: { ...own, workers: 2 } });
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    const options = { minVersion: version, maxVersion: version };
    const peer = new Peer(scope, proxy, options);
    let session;
    peer.socket.on('session', (got) => { session = got; });
    await peer.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n').gets('ok\n');
    await until('a ticket', () => session !== undefined);
    for (let count = 0; count < 3; count++) assert.equal((await shake(proxy, { ...options, session })).resumed, true, version);
    assert.equal((await shake(proxy, options)).resumed, false);
    // the keys of tickets are the service's: a reload makes others
    const before = proxy.events('reloaded').length;
    proxy.program.kill('SIGHUP');
    await proxy.event('reloaded', before + 1);
    assert.equal((await shake(proxy, { ...options, session })).resumed, false, version);
  }
});

live('a signal replaces certificates and drops nobody', async (scope) => {
  const authority = await makeAuthority(scope);
  const desktop = await startXvnc(scope);
  const own = await authority.certificate();
  const extra = await authority.certificate({ names: 'DNS:extra.example' });
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, server: own });
  await writeFile(proxy.config, `${await readFile(proxy.config, 'utf8')}\n${ini([['certificate extra', extra]])}`);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded');
  const print = (servername) => new Promise((resolve, reject) => {
    const socket = tls.connect({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false, servername }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
  const viewer = await new RfbViewer(scope, proxy).open(proxy);
  const before = [await print('localhost'), await print('extra.example')];
  for (const [files, names] of [[own], [extra, 'DNS:extra.example']]) {
    const fresh = await authority.certificate(names ? { names } : {});
    await copyFile(fresh.certificate, files.certificate);
    await copyFile(fresh.key, files.key);
  }
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded', 2);
  const after = [await print('localhost'), await print('extra.example')];
  assert.equal(new Set([...before, ...after]).size, 4);
  viewer.says([3, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
  await viewer.hears(4);
  assert.equal(viewer.closed, false);
});

live('files that do not fit are errors, and dates are warnings', async (scope) => {
  const authority = await makeAuthority(scope);
  const good = await authority.certificate();
  const same = await authority.certificate();
  const rsa = await authority.certificate({ rsa: true });
  const old = await authority.certificate({ expired: true });
  const nameless = await authority.certificate({ names: 'IP:192.0.2.1' });
  assert.deepEqual(await check(scope, good), { code: 0, lines: [''] });
  const one = async (own, certificates, words) => {
    const { code, lines: all } = await check(scope, own, certificates);
    const lines = all.filter((line) => !/warning: key: everybody may read/.test(line)); // where it is a certificate
    assert.equal(code, 2, lines.join('\n'));
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0], words);
  };
  await one({ ...good, key: same.key }, {}, /^\d+: key: .*: it belongs to another certificate; name the certificate's private key/);
  await one({ ...good, key: rsa.key }, {}, /^\d+: key: .*: it belongs to another certificate/);
  await one(good, { twin: same }, /^\d+: certificate: .*: there is one for the same names with such a key already; keep one$/);
  await one(good, { nameless }, /^\d+: certificate: .* has no host names in its subjectAltName, so nobody would be shown it/);
  await one(good, { half: { certificate: same.certificate } }, /^\d+: key is missing in this section/);
  for (const wrong of [{ certificate: good.key, key: good.key }, { certificate: good.key, key: good.certificate }]) {
    await one(good, { wrong }, /^\d+: certificate: .*: there is a PRIVATE KEY in it and no CERTIFICATE \(are the two exchanged\?\); name a PEM file$/);
  }
  await one(good, { wrong: { certificate: same.certificate, key: same.certificate } }, /^\d+: key: .*: there is a CERTIFICATE in it and no PRIVATE KEY \(are the two exchanged\?\); name the certificate's private key/);
  const none = await scope.file('none.pem');
  await writeFile(none, '-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n');
  await one(good, { wrong: { certificate: none, key: same.key } }, /^\d+: certificate: .*: there is no CERTIFICATE in it; name a PEM file$/);
  await one(good, { wrong: { certificate: same.certificate, key: none } }, /^\d+: key: .*: there is no PRIVATE KEY in it; name the certificate's private key/);
  const expired = await check(scope, old);
  assert.equal(expired.code, 0);
  assert.match(expired.lines.join('\n'), /^\d+: warning: certificate: .* has expired on 2020-01-02: no viewer will trust it; renew it$/);
  // it is shown all the same, and so is the warning when it comes with a signal
  const proxy = await startServer(scope, { ...good });
  await copyFile(old.certificate, good.certificate);
  await copyFile(old.key, good.key);
  proxy.program.kill('SIGHUP');
  await proxy.event('reloaded', 2);
  assert.match((await proxy.event('reload_warning')).detail, /has expired on 2020-01-02/);
  assert.equal(typeof await shake(proxy), 'object');
});

live('plain HTTP is told where it is, and nothing more', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await startPortholed(scope, { upstream: `tcp:127.0.0.1:${upstream.port}` });
  const ask = (...pieces) => new Promise((resolve, reject) => {
    const socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', (data) => { text += data.toString('latin1'); });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    (async () => {
      for (const piece of pieces) {
        await new Promise((written) => { socket.write(piece, written); });
        await new Promise(setImmediate);
      }
    })();
  });
  const words = 'This port speaks TLS: use https:// in place of http://.\n';
  const answer = `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${words.length}\r\nConnection: close\r\n\r\n${words}`;
  for (const pieces of [['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'], ['G', 'E', 'T ', '/healthz HTTP/1.1\r\n', 'Host: localhost\r\n\r\n'],
    ['POST /stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n', 'x'.repeat(100000)]]) {
    assert.equal(await ask(...pieces), answer);
  }
  assert.equal(proxy.events('refused').filter(({ why }) => /http request/.test(why)).length, 3);
  assert.doesNotMatch(await ask('SSH-2.0-x\r\n'), /HTTP/);
  await new Peer(scope, proxy).send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n').gets('ok\n');
});
