// SPDX-License-Identifier: GPL-2.0-or-later
// A certificate authority of a test's own, made by openssl: which certificates it gives decides whom a client trusts.
import { writeFile } from 'node:fs/promises';

const RSA_KEY = ['-newkey', 'rsa:2048', '-nodes'];
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1';

let counter = 0;

class Authority {
  constructor(scope, ca, key) {
    this.scope = scope;
    this.ca = ca;
    this.key = key;
  }

  // Files {certificate, key}; names: whom it is made out to, the test's own machine unless told; rsa: for servers that take
  // no other keys.
  async certificate({ names = NAMES, expired = false, rsa = false } = {}) {
    const name = `certificate-${++counter}`;
    const files = { certificate: await this.scope.file(`${name}.pem`), key: await this.scope.file(`${name}.key`) };
    const request = ['req', ...(rsa ? RSA_KEY : KEY), '-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-keyout', files.key];
    if (!expired) {
      await this.scope.must('openssl', [...request, '-x509', '-CA', this.ca, '-CAkey', this.key, '-addext', 'basicConstraints=CA:FALSE', '-days', '2',
        '-out', files.certificate]);
      return files;
    }
    // only openssl's "ca" takes dates of the past, and it wants to keep books
    const book = await this.scope.file(`${name}.index`);
    const config = await this.scope.file(`${name}.cnf`);
    const csr = await this.scope.file(`${name}.csr`);
    await writeFile(book, '');
    await writeFile(config, `[ca]\ndefault_ca = it\n[it]\ndatabase = ${book}\nnew_certs_dir = ${await this.scope.folder()}\nrand_serial = yes\n`
      + 'default_md = sha256\npolicy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n');
    await this.scope.must('openssl', [...request, '-out', csr]);
    await this.scope.must('openssl', ['ca', '-batch', '-notext', '-config', config, '-cert', this.ca, '-keyfile', this.key,
      '-startdate', '20200101000000Z', '-enddate', '20200102000000Z', '-in', csr, '-out', files.certificate]);
    return files;
  }
}

export async function makeAuthority(scope) {
  const name = `authority-${++counter}`;
  const ca = await scope.file(`${name}.pem`);
  const key = await scope.file(`${name}.key`);
  await scope.must('openssl', ['req', '-x509', ...KEY, '-subj', `/CN=${name}`, '-days', '2', '-keyout', key, '-out', ca]);
  return new Authority(scope, ca, key);
}
