// SPDX-License-Identifier: GPL-2.0-or-later
// Users and passwords for servers that ask PAM: pam_wrapper (cwrap.org) lets one program have services and users that the
// machine does not know.
import { mkdir, writeFile } from 'node:fs/promises';

const SERVICE = 'porthole-test';

// passwords: {user: password}. What the server is started with: {env, extra} (extra is for TigerVNC's Xvnc).
export async function usersFor(scope, passwords) {
  const folder = await scope.file('pam');
  const book = await scope.file('pam-users');
  await mkdir(folder, { recursive: true });
  await writeFile(book, Object.entries(passwords).map(([user, password]) => `${user}:${password}:${SERVICE}\n`).join(''), { mode: 0o600 });
  const library = (await scope.must('sh', ['-c', 'dpkg -L libpam-wrapper | grep /pam_matrix.so$'])).trim();
  await writeFile(`${folder}/${SERVICE}`, ['auth', 'account', 'password', 'session'].map((kind) => `${kind} required ${library} passdb=${book}\n`).join(''));
  return {
    env: { LD_PRELOAD: 'libpam_wrapper.so', PAM_WRAPPER: '1', PAM_WRAPPER_SERVICE_DIR: folder },
    extra: ['-PlainUsers', Object.keys(passwords).join(','), '-PAMService', SERVICE],
  };
}
