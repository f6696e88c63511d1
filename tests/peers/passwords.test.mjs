// SPDX-License-Identifier: GPL-2.0-or-later
// Passwords and user names at the servers that auth.test.mjs does not have.
import assert from 'node:assert/strict';
import { makeAuthority } from '../lib/authority.mjs';
import { porthole } from '../lib/porthole.mjs';
import { live } from '../lib/proc.mjs';
import { libvncserver, qemu, tightvnc } from '../lib/servers.mjs';
import { wayvnc } from '../lib/wayland.mjs';

const REFUSED = 4, PROTOCOL = 6;
const SIZE = { width: 320, height: 240 };
const targetOf = ({ where }) => (where.startsWith('/') ? `vnc+unix:${where}` : `vnc://127.0.0.1::${where}`);

async function info(scope, target, args, password) {
  const result = await porthole(scope, ['-t', target, ...args, '--json', 'info'], { env: { PORTHOLE_PASSWORD: password, PORTHOLE_PASSWORD_FILE: undefined } });
  return { ...result, ...(result.code === 0 ? JSON.parse(result.stdout) : {}) };
}

async function assertLetsIn(scope, target, args, password, security) {
  const got = await info(scope, target, args, password);
  assert.deepEqual([got.code, got.security, got.width], [0, security, SIZE.width], got.stderr);
}

async function assertRefuses(scope, target, args, password) {
  const got = await info(scope, target, args, password);
  assert.equal(got.code, REFUSED, `${got.stdout}${got.stderr}`);
  assert.match(got.stderr, /^porthole: .*(password|[Aa]uthentication)[^\n]*\n$/);
}

for (const [title, start] of [['LibVNCServer', libvncserver], ['TightVNC', tightvnc], ['QEMU', qemu]]) {
  live(`${title}: VncAuth`, async (scope) => {
    const peer = await start(scope, { ...SIZE, password: 'sesame12' });
    await assertLetsIn(scope, targetOf(peer), [], 'sesame12', 'vncauth');
    await assertRefuses(scope, targetOf(peer), [], 'wrong');
    await assertRefuses(scope, targetOf(peer), [], undefined);
  });
}

live('wayvnc: VeNCrypt with a certificate, user name and password', async (scope) => {
  const authority = await makeAuthority(scope);
  const password = 'correct horse battery staple';
  const peer = await wayvnc(scope, { ...SIZE, auth: { ...await authority.certificate(), username: 'ada', password } });
  const [target, args] = [`vncs://127.0.0.1::${peer.where}`, ['--ca', authority.ca, '--user', 'ada']];
  await assertLetsIn(scope, target, args, password, 'x509plain');
  await assertRefuses(scope, target, args, undefined);
  // neatvnc 0.5.4 answers a wrong one with 32 bytes of its stack in place of a result and a reason: the first four are 0
  // ("good"), what should be a screen then has no height.
  assert.equal((await info(scope, target, args, 'wrong')).code, PROTOCOL);
});
