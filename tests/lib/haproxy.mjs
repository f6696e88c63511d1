// SPDX-License-Identifier: GPL-2.0-or-later
// Debian's HAProxy in front of portholed.
import { readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { freePort } from './desktop.mjs';
import { until } from './proc.mjs';

const COMMON = `global
  maxconn 100
defaults
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
  timeout check 10s
`;

let counter = 0;

function answers(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1' }, () => { socket.destroy(); resolve(true); });
    socket.on('error', reject);
  });
}

// One listener at 127.0.0.1 with these lines; BIND in them stands for its address. Where its port has been taken meanwhile,
// it gets another. Answers { program, port }.
export async function startHaproxy(scope, lines) {
  const config = await scope.file(`haproxy-${++counter}.cfg`);
  for (;;) {
    const port = await freePort();
    await writeFile(config, `${COMMON}listen front\n${lines.map((line) => `  ${line.replace('BIND', `127.0.0.1:${port}`)}\n`).join('')}`);
    const program = scope.start('haproxy', ['-db', '-f', config]);
    const ready = await until('HAProxy to listen', () => (program.ended ? 'ended' : answers(port)));
    if (ready === true) return { program, port };
    if (!/annot bind/.test(program.stderr)) throw new Error(`HAProxy ended: ${program.stderr}`);
  }
}

// Certificate and key in one file, as HAProxy wants them.
export async function pemFor(scope, { certificate, key }) {
  const pem = await scope.file(`haproxy-${++counter}.pem`);
  await writeFile(pem, `${await readFile(certificate, 'utf8')}${await readFile(key, 'utf8')}`, { mode: 0o600 });
  return pem;
}
