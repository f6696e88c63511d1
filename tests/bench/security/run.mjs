// SPDX-License-Identifier: GPL-2.0-or-later
// `make bench-security` runs this: testssl.sh against portholed with an RSA and an ECDSA certificate, over the loopback
// interface alone. Prints its report, without what is this machine's and this hour's, and ends with 1 when anything was
// found that is not among the few findings below. docs/TLS-REPORT.txt is such a report.
//   REPORT=FILE  where the report goes too
import { readFile, writeFile } from 'node:fs/promises';
import { ini, PORTHOLED, WEB_ROOT } from '../../lib/porthole.mjs';
import { Scope } from '../../lib/proc.mjs';

const PATIENCE_MS = 30 * 60_000;

// What testssl.sh finds that the server cannot help, or that is meant so.
const meant = {
  cert_revocation: 'the authority is made for this run, and answers nobody',
  engine_problem: 'testssl.sh has no use for engines here',
  HSTS: 'it would bind the whole host, with all its ports, and forbid trying out a certificate that is not trusted yet',
};

const scope = new Scope();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => scope.stopAll().finally(() => process.exit(1)));

async function makeCertificate(name, kind, extra) {
  const files = { certificate: await scope.file(`${name}.pem`), key: await scope.file(`${name}.key`) };
  await scope.must('openssl', ['req', '-x509', '-newkey', ...kind, '-nodes', '-days', '90', '-keyout', files.key, '-out', files.certificate, ...extra]);
  return files;
}

async function startServer() {
  const ec = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const ca = await makeCertificate('authority', ec, ['-subj', '/CN=an authority']);
  const server = ['-CA', ca.certificate, '-CAkey', ca.key, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-addext', 'basicConstraints=CA:FALSE', '-addext', 'keyUsage=digitalSignature', '-addext', 'extendedKeyUsage=serverAuth'];
  const config = await scope.file('portholed.conf');
  await writeFile(config, ini([
    ['server', { listen: '127.0.0.1:0', web_root: WEB_ROOT, ...await makeCertificate('ecdsa', ec, server) }],
    ['certificate rsa', await makeCertificate('rsa', ['rsa:2048'], server)],
  ]));
  const program = scope.start(PORTHOLED, ['-c', config], { name: 'portholed' });
  const port = await program.until('event=ready', () => /event=ready url=https:\/\/127\.0\.0\.1:(\d+)/.exec(program.stderr)?.[1]);
  return { port, ca: ca.certificate };
}

// Times, addresses, ports, digests and paths are of one run.
function tidy(text) {
  const gone = /^\s*(Start |Done |A record via|rDNS|Service detected|Serial|Fingerprints|SHA256 [0-9A-F]{64}|Certificate Validity|HTTP clock skew|https:\/\/search|make sure you don't|No engine)/;
  return `${text.split('\n').filter((line) => !gone.test(line)).map((line) => line.trimEnd()).join('\n').replace(/\n{3,}/g, '\n\n').trim()}\n`;
}

try {
  const { port, ca } = await startServer();
  const json = await scope.file('findings.json');
  const result = await scope.run('testssl', ['--quiet', '--warnings', 'batch', '--color', '0', '--nodns', 'none', '--openssl', '/usr/bin/openssl', '--add-ca', ca,
    '--jsonfile', json, '--ip', '127.0.0.1', `localhost:${port}`], { deadlineMs: PATIENCE_MS });
  const version = await scope.must('dpkg-query', ['-W', '-f', '${source:Upstream-Version}', 'testssl.sh']);
  const report = `testssl.sh ${version} against portholed\n\n${tidy(result.stdout)}`;
  process.stdout.write(report);
  if (process.env.REPORT) await writeFile(process.env.REPORT, report);
  const findings = JSON.parse(await readFile(json, 'utf8'));
  const bad = findings.filter(({ id, severity }) => !['OK', 'INFO'].includes(severity) && !(id.split(' ')[0] in meant));
  // a scan that broke off finds nothing
  for (const id of ['SSLv3', 'TLS1', 'TLS1_1', 'TLS1_3', 'heartbleed', 'cipherlist_AVERAGE', 'LUCKY13']) {
    if (!findings.some((finding) => finding.id === id)) bad.push({ id, severity: 'MISSING', finding: 'was not looked at' });
  }
  for (const { id, severity, finding } of bad) console.log(`FAILED: ${id}: ${severity}: ${finding}${severity === 'WARN' ? ' (it could not look: run it again on a machine at rest)' : ''}`);
  if (bad.length === 0) console.log(`ok: ${findings.length} findings, none of them bad`);
  process.exitCode = bad.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`${error.message}\n${scope.logs()}`);
  process.exitCode = 1;
} finally {
  await scope.stopAll();
}
