// SPDX-License-Identifier: GPL-2.0-or-later
// portholed and what it is compared with, each in front of the same source, with certificates of the same kind. One thread
// does the work of each unless BENCH_WORKERS says otherwise; everything else is as its package has it.
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { freePort } from '../../lib/desktop.mjs';
import { startPortholed } from '../../lib/porthole.mjs';

const CERTIFICATE = { ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['-newkey', 'rsa:2048'] };

export async function makeCertificate(scope, kind) {
  const [certificate, key, both] = await Promise.all(['pem', 'key', 'both'].map((end) => scope.file(`${kind}.${end}`)));
  await scope.must('openssl', ['req', '-x509', ...CERTIFICATE[kind], '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', certificate]);
  await writeFile(both, await readFile(certificate, 'utf8') + await readFile(key, 'utf8'));
  return { certificate, key, both };
}

const answers = (port) => new Promise((resolve, reject) => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).on('error', reject);
});

async function started(program, contender) {
  await program.until('a connection', () => answers(contender.port));
  return { program, pid: program.pid, token: '', ...contender };
}

// ours and, where they are asked for, further streams of it; upstream, agent: of another desktop than the source
export async function portholed(scope, { source, certificate, workers, viewers, streams = {}, upstream = `tcp:127.0.0.1:${source}`, agent }) {
  const server = { certificate: certificate.certificate, key: certificate.key, workers, max_viewers: viewers + 100 };
  const proxy = await startPortholed(scope, { upstream, agent, server, streams });
  const contender = { name: 'portholed', kind: 'ws', port: proxy.port, pid: proxy.program.pid, token: proxy.token, program: proxy.program };
  return { ...contender, proxy, streams: Object.fromEntries(Object.keys(streams).map((name) => [name, { ...contender, name, token: proxy.tokens[name] }])) };
}

// TLS in front of TCP: it knows no WebSocket, and so has less to do.
export async function haproxy(scope, { source, certificate, workers, viewers }) {
  const port = await freePort();
  const config = await scope.file('haproxy.cfg');
  await writeFile(config, `global
    nbthread ${workers}
    maxconn ${viewers + 100}
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
frontend viewers
    bind 127.0.0.1:${port} ssl crt ${certificate.both}
    default_backend source
backend source
    server source 127.0.0.1:${source}
`);
  return started(scope.start('haproxy', ['-db', '-f', config]), { name: 'HAProxy', kind: 'tls', port });
}

export async function websockify(scope, { source, certificate }) {
  const port = await freePort();
  const program = scope.start('websockify', ['--cert', certificate.certificate, '--key', certificate.key, '--ssl-only', `127.0.0.1:${port}`, `127.0.0.1:${source}`]);
  return started(program, { name: 'websockify', kind: 'ws', port });
}
