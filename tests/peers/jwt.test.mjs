// SPDX-License-Identifier: GPL-2.0-or-later
// JWTs: what somebody else's key has signed opens a stream, as long as it may.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes, sign as signWith } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { captureX, crop, difference, readPng } from '../lib/picture.mjs';
import { admin, porthole, restart, startPortholed, startSilentServer } from '../lib/porthole.mjs';
import { shows } from '../lib/prometheus.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
const claims = (fields = {}) => ({ desktop: 'demo', iat: now(), exp: now() + 600, ...fields });

// One key of each algorithm: { header, sign(text), file: what [jwt NAME] reads }.
const secret = randomBytes(32).toString('hex');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed = generateKeyPairSync('ed25519');
const pem = ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' });
const signers = {
  HS256: { sign: (text) => createHmac('sha256', secret).update(text).digest(), file: `${secret}\n` },
  RS256: { sign: (text) => signWith('sha256', Buffer.from(text), rsa.privateKey), file: pem(rsa) },
  EdDSA: { sign: (text) => signWith(null, Buffer.from(text), ed.privateKey), file: pem(ed) },
};

function make(payload, { alg = 'HS256', header = {}, sign = signers[alg].sign } = {}) {
  const text = `${encode({ alg, typ: 'JWT', ...header })}.${encode(payload)}`;
  return `${text}.${sign(text).toString('base64url')}`;
}

// portholed that takes all three; keys: more keys of their sections.
async function start(scope, upstream, { keys = {}, server = {}, ...options } = {}) {
  const sections = {};
  for (const [alg, { file }] of Object.entries(signers)) {
    const name = await scope.file(`${alg}.key`);
    await writeFile(name, file);
    sections[`jwt ${alg.toLowerCase()}`] = { algorithm: alg, key_file: name, ...keys[alg] };
  }
  return startPortholed(scope, { upstream, ...options, server: { database: 'streams.db', ...server }, sections });
}

const open = (scope, proxy, token) => new RfbViewer(scope, proxy).open(proxy, { token });

async function ends(viewer, close) {
  await viewer.ends();
  assert.deepEqual(viewer.close, close);
}

// The answer says no more than it must, the log why.
async function refused(scope, proxy, token, why, words = 'This token opens no stream.') {
  const count = proxy.events('refused').length;
  const peer = new Peer(scope, proxy).send(upgrade(proxy, { token }));
  await peer.gets(words);
  assert.deepEqual(peer.statuses, [401]);
  assert.equal((await proxy.event('refused', count + 1)).why, why);
}

const viewers = async (proxy) => (await admin(proxy, 'GET', '/v1/viewers')).json.viewers;
const streams = async (proxy) => (await admin(proxy, 'GET', '/v1/streams')).json.streams.filter(({ jwt }) => jwt);

live('JWTs of three algorithms open what they say', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await start(scope, desktop.upstream, { server: { audit_file: 'audit.log' } });
  const tokens = {};
  for (const alg of Object.keys(signers)) {
    tokens[alg] = make(claims({ jti: `id/${alg}`, role: 'control', clipboard: 'out', max_viewers: 1 }), { alg });
    const viewer = await open(scope, proxy, tokens[alg]);
    const [stream] = await streams(proxy);
    assert.deepEqual([stream.jwt, stream.jti, stream.role, stream.clipboard, stream.max_viewers, stream.viewers, stream.configured],
      [alg.toLowerCase(), `id/${alg}`, 'control', 'out', 1, 1, false]);
    await shows(proxy, [['portholed_streams', { origin: 'jwt' }, 1], ['portholed_streams', { origin: 'granted' }, 0], ['portholed_streams', { origin: 'configured' }, 1]]);
    const [watching] = await viewers(proxy);
    assert.deepEqual([watching.stream, watching.role], [stream.id, 'control']);
    // Another token with this jti counts with it.
    const second = new RfbViewer(scope, proxy).send(upgrade(proxy, { token: make(claims({ jti: `id/${alg}`, max_viewers: 1 })) }));
    await second.ends();
    assert.equal(second.close.code, 4008);
    viewer.socket.destroy();
    await until('its stream to go', async () => (await streams(proxy)).length === 0);
  }
  // What is not said is not given; a token without a jti has a stream of its own too.
  const plain = make(claims());
  const both = [await open(scope, proxy, plain), await open(scope, proxy, plain)];
  const [stream] = await streams(proxy);
  assert.deepEqual([stream.jti, stream.role, stream.clipboard, stream.viewers], [null, 'view', 'none', 2]);
  assert.match((await porthole(scope, ['stream', 'list', '--admin', proxy.adminSocket])).stdout, new RegExp(`^${stream.id}  demo .* JWT  \\(key hs256\\)$`, 'm'));
  assert.equal((await admin(proxy, 'DELETE', `/v1/streams/${stream.id}`)).status, 200);
  for (const viewer of both) await ends(viewer, { code: 4002, words: 'the stream was revoked' });
  await refused(scope, proxy, plain, 'JWT: it has been revoked, or its single use was another\'s');
  const audit = (await readFile(proxy.config.replace('portholed.conf', 'audit.log'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(audit.some((line) => line.event === 'viewer_begun' && line.jti === 'id/EdDSA' && line.auth === 'jwt'), JSON.stringify(audit));
  for (const token of [plain, ...Object.values(tokens)]) assert.ok(!proxy.program.stderr.includes(token.split('.')[1]));
});

live('a JWT of a whole desktop opens its windows and their list', async (scope) => {
  const desktop = await startXvnc(scope);
  const { feed, path } = await startAgent(scope, desktop);
  const proxy = await start(scope, desktop.upstream, { agent: path });
  await desktop.startTerminal();
  const { id } = await feed.window({ app: 'XTerm' });
  const ask = (fields, options) => new RfbViewer(scope, proxy).send(upgrade(proxy, { token: make(claims(fields)), ...options }));
  const list = ask({ jti: 'wall' }, { path: '/windows' });
  await until('the list', () => list.texts.some((text) => JSON.parse(text).windows[0]?.id === id));
  const window = await new RfbViewer(scope, proxy).open(proxy, { token: make(claims({ jti: 'wall' })), query: `?window=${id}` });
  await ask({ window: 'app:xterm' }, { path: '/windows' }).gets('A stream of one window has no list');
  await ask({ window: 'app:xterm' }, { query: '?window=0x1' }).gets('This stream is of one window');
  await ask({ jti: 'once', single_use: true }, { path: '/windows' }).gets('whoever may open a single one');
  await admin(proxy, 'POST', '/v1/revocations', { jti: 'wall' });
  for (const one of [list, window]) await ends(one, { code: 4002, words: 'the stream was revoked' });
});

live('a JWT opens one window alone', async (scope) => {
  const desktop = await startXvnc(scope);
  const { feed, path } = await startAgent(scope, desktop);
  const proxy = await start(scope, desktop.upstream, { agent: path, desktops: { bare: { upstream: desktop.upstream } } });
  await desktop.startTerminal();
  const window = await feed.window({ app: 'XTerm' });
  const [token, image] = [await scope.file('window.token'), await scope.file('window.png')];
  const shot = async (fields) => {
    await writeFile(token, `${make(claims(fields))}\n`, { mode: 0o600 });
    const result = await porthole(scope, ['-t', `wss://127.0.0.1:${proxy.port}/stream`, '--ca', proxy.certificate, '--token-file', token, 'screenshot', image]);
    assert.equal(result.code, 0, result.stderr);
    return readPng(image);
  };
  const [x, y, width, height] = window.rect;
  const looks = (selector, ...part) => until(`${selector} as it is on the screen`, async () => {
    const differs = difference(await shot({ window: selector }), crop(await captureX(desktop.display), ...part));
    if (differs) throw new Error(differs);
    return true;
  });
  await looks('app:xterm', x, y, width, height);
  await looks(`rect:100x50+${x + 9}+${y}`, x + 9, y, 100, 50);
  // The window of the title is not there, and nobody is to wait for it.
  const gone = new RfbViewer(scope, proxy).send(upgrade(proxy, { token: make(claims({ window: 'title:other', window_wait: 0 })) }));
  await ends(gone, { code: 4003, words: 'there is no window title:other' });
  const here = await open(scope, proxy, make(claims({ window: window.id, jti: 'w' })));
  assert.deepEqual((await streams(proxy)).map((one) => [one.jti, one.window]), [['w', window.id]]);
  assert.equal(here.closed, false);
  await refused(scope, proxy, make(claims({ window: { app: 'xterm' } })), 'JWT: a window that is not app:NAME, title:PATTERN, 0xID or rect:WIDTHxHEIGHT+X+Y, of at most 128 bytes');
  await refused(scope, proxy, make(claims({ window_popups: 'clip' })), 'JWT: claims of a window without a window');
  await refused(scope, proxy, make(claims({ window: 'xterm', desktop: 'bare' })), 'JWT: a window of a desktop that has no agent');
});

live('JWTs that are wrong in any way open nothing', async (scope) => {
  const upstream = await startSilentServer(scope);
  const proxy = await start(scope, `tcp:127.0.0.1:${upstream.port}`, { keys: { HS256: { audience: 'porthole', desktops: 'demo' } }, server: { failed_attempts: 0 /* each is to get its own answer */ } });
  const good = claims({ aud: 'porthole' });
  const wrong = (payload, why, options, words) => refused(scope, proxy, make({ ...good, ...payload }, options), `JWT: ${why}`, words);
  await wrong({}, 'an algorithm in its header that is not taken', { header: { alg: 'none' } });
  // RS256's public key is no secret of HS256.
  await wrong({}, 'a wrong signature', { sign: (text) => createHmac('sha256', signers.RS256.file).update(text).digest() });
  await wrong({}, 'a wrong signature', { alg: 'RS256', sign: signers.HS256.sign });
  await wrong({}, 'a wrong signature', { alg: 'EdDSA', sign: signers.RS256.sign });
  await wrong({}, 'a wrong signature', { sign: (text) => signers.HS256.sign(`${text} `) });
  await wrong({ exp: now() - 1, iat: now() - 100 }, 'it has expired', {}, 'This token has expired.');
  await wrong({ nbf: now() + 300 }, 'it is not good yet');
  await wrong({ aud: 'others' }, 'another audience');
  await wrong({ exp: now() + 2 * 86400 }, 'a longer life than max_ttl');
  await wrong({ desktop: 'other' }, 'a desktop that its key is not to open');
  await refused(scope, proxy, make({ ...claims(), desktop: 'other' }, { alg: 'EdDSA' }), 'JWT: there is no such desktop');
  await refused(scope, proxy, `${encode({ alg: 'none' })}.${encode(good)}.`, 'wrong token');
  await refused(scope, proxy, 'no.token', 'wrong token');
  assert.equal(upstream.connections, 0);
});

live('a JWT ends at its time, by its jti, and with its key', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await start(scope, desktop.upstream);
  const short = await open(scope, proxy, make(claims({ exp: now() + 2 })));
  const tokens = [make(claims({ jti: 'one' })), make(claims({ jti: 'one', role: 'control' }), { alg: 'EdDSA' }), make(claims({ jti: 'two' }))];
  const [first, second, other] = [await open(scope, proxy, tokens[0]), await open(scope, proxy, tokens[1]), await open(scope, proxy, tokens[2])];
  await ends(short, { code: 4001, words: 'the stream has expired' });

  const revoked = await admin(proxy, 'POST', '/v1/revocations', { jti: 'one' });
  assert.equal(revoked.status, 200, JSON.stringify(revoked.json));
  for (const viewer of [first, second]) await ends(viewer, { code: 4002, words: 'the stream was revoked' });
  assert.equal(other.closed, false);
  const command = (...args) => porthole(scope, ['stream', 'revoke', '--admin', proxy.adminSocket, ...args]);
  assert.deepEqual(await command('--jti', 'never used').then(({ code, stdout }) => [code, stdout]), [0, '']);
  assert.deepEqual((await admin(proxy, 'GET', '/v1/revocations')).json.revocations.map(({ jti }) => jti), ['one', 'never used']);
  for (const body of [{}, { jti: '' }, { jti: 'x'.repeat(65) }, { jti: 1 }, { jti: 'ä' }, { jti: 'a', x: 1 }]) {
    assert.equal((await admin(proxy, 'POST', '/v1/revocations', body)).status, 400, JSON.stringify(body));
  }
  assert.equal((await command('id', '--jti', 'x')).code, 2);

  // One for a single use is used up, and its viewer stays; all that survives a restart.
  const once = make(claims({ jti: 'once', single_use: true }));
  await open(scope, proxy, once);
  const why = 'JWT: it has been revoked, or its single use was another\'s';
  await refused(scope, proxy, once, why);
  assert.equal((await viewers(proxy)).length, 2);
  const again = await restart(scope, proxy);
  for (const token of [tokens[0], tokens[1], once, make(claims({ jti: 'never used' }))]) await refused(scope, again, token, why);
  const [stays, goes] = [await open(scope, again, tokens[2]), await open(scope, again, make(claims(), { alg: 'EdDSA' }))];

  // A key that is gone opens nothing more, whenever the connection began.
  const early = new Peer(scope, again).send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await early.gets('ok');
  const text = await readFile(proxy.config, 'utf8');
  await writeFile(proxy.config, text.replace(/\[jwt eddsa\][^[]*/, ''));
  again.program.kill('SIGHUP');
  await again.event('reloaded');
  await ends(goes, { code: 4002, words: 'the stream was revoked' });
  assert.equal(stays.closed, false);
  early.send(upgrade(again, { token: make(claims(), { alg: 'EdDSA' }) }));
  await early.gets('This token opens no stream.');
});

live('a revocation that the database does not take still ends its viewers', async (scope) => {
  const desktop = await startXvnc(scope);
  const proxy = await start(scope, desktop.upstream);
  const token = make(claims({ jti: 'one' }));
  const viewer = await open(scope, proxy, token);
  const locker = scope.start('sqlite3', [proxy.config.replace('portholed.conf', 'streams.db')], { commanded: true });
  await locker.ask("BEGIN IMMEDIATE; SELECT 'ok';");
  const { status, json } = await admin(proxy, 'POST', '/v1/revocations', { jti: 'one' });
  assert.deepEqual([status, json.error], [503, 'it is revoked, but that is not stored; this is tried again: database is locked']);
  await ends(viewer, { code: 4002, words: 'the stream was revoked' });
  await locker.ask("ROLLBACK; SELECT 'ok';");
  // Any other request tries again.
  await admin(proxy, 'GET', '/healthz');
  await refused(scope, await restart(scope, proxy), token, 'JWT: it has been revoked, or its single use was another\'s');
});
