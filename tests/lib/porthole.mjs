// SPDX-License-Identifier: GPL-2.0-or-later
// The programs under test: the command line `porthole` and the proxy `portholed`, from the build folder.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { until } from './proc.mjs';

const build = process.env.PORTHOLE_BUILD;
if (!build) throw new Error('PORTHOLE_BUILD is not set: it names the build folder (tests/run sets it)');

export const PORTHOLE = join(build, 'porthole');
export const LIBRARY = join(build, 'libsrc/.libs/libporthole.so');
export const PORTHOLED = join(build, 'portholed');
export const WEB_ROOT = join(build, 'web');

// What a stream's password_file holds.
export async function hashPassword(scope, password) {
  const result = await scope.run(PORTHOLED, ['--hash-password'], { stdin: `${password}\n` });
  if (result.code !== 0) throw new Error(`portholed --hash-password: ${result.stderr}`);
  return result.stdout;
}

// The arguments that reach a desktop.
export function aim(desktop) {
  return ['-t', desktop.target, ...(desktop.passwordFile ? ['--password-file', desktop.passwordFile] : [])];
}

// Runs `porthole ARGS` to its end.
export function porthole(scope, args, options = {}) {
  return scope.run(PORTHOLE, args, { name: 'porthole', ...options, env: { PORTHOLE: undefined, ...options.env } });
}

// The same against a desktop, and it must succeed; returns what it printed.
export async function on(scope, desktop, ...args) {
  const result = await porthole(scope, [...aim(desktop), ...args]);
  if (result.code !== 0) throw new Error(`porthole ${args.join(' ')} ended with ${result.code ?? result.signal}: ${result.stderr.trim()}`);
  return result.stdout;
}

export const makeToken = () => randomBytes(32).toString('base64url');

export async function makeCertificate(scope) {
  const certificate = await scope.file('certificate.pem');
  const key = await scope.file('key.pem');
  await scope.must('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate]);
  return { certificate, key };
}

export function ini(sections) {
  return sections.map(([head, values]) => `[${head}]\n${Object.entries(values).map(([name, value]) => `${name} = ${value}\n`).join('')}`).join('\n');
}

// One logfmt line as an object. A value in quotes may hold \" and \\.
export function parseLogLine(line) {
  const fields = {};
  for (const [, name, quoted, bare] of line.matchAll(/([\w.-]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    fields[name] = quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1');
  }
  return fields;
}

class Proxy {
  constructor(program, token) {
    this.program = program;
    this.token = token;
  }

  events(name) {
    return this.program.stderr.split('\n').map(parseLogLine).filter((fields) => fields.event === name);
  }

  event(name, count = 1) {
    return this.program.until(`event=${name}`, () => {
      const events = this.events(name);
      return events.length >= count && events[count - 1];
    });
  }

  // The address to open in a browser.
  link(token = this.token) {
    return `${this.url}#token=${token}`;
  }
}

async function writeToken(scope, name, token) {
  const file = await scope.file(`${name}.token`);
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return file;
}

// Starts portholed with one desktop behind one token. upstream: `unix:/path` or `tcp:HOST:PORT`. streams: further ones of
// the desktop, NAME: KEYS; their tokens are in `tokens` of the answer. desktops: further ones, NAME: KEYS.
// sections: others, HEAD: KEYS. env: of the process.
export async function startPortholed(scope, { upstream, passwordFile, agent, server = {}, streams = {}, desktops = {}, sections: further = {}, env, token = makeToken() }) {
  const tokens = Object.fromEntries(Object.keys(streams).map((name) => [name, makeToken()]));
  const sections = [['stream demo', { desktop: 'demo', token_file: await writeToken(scope, 'demo', token) }]];
  for (const [name, keys] of Object.entries(streams)) {
    const all = { desktop: 'demo', token_file: await writeToken(scope, name, tokens[name]), ...keys };
    if (all.token_file === null) delete all.token_file; // a password alone opens it
    sections.push([`stream ${name}`, all]);
  }
  const { certificate, key } = await makeCertificate(scope);
  const config = await scope.file('portholed.conf');
  await writeFile(config, ini([
    ['server', { listen: '127.0.0.1:0', certificate, key, web_root: WEB_ROOT, admin_socket: 'admin.sock', ...server }],
    ['desktop demo', { upstream, ...(passwordFile ? { password_file: passwordFile } : {}), ...(agent ? { agent: `unix:${agent}` } : {}) }],
    ...Object.entries(desktops).map(([name, keys]) => [`desktop ${name}`, keys]),
    ...sections,
    ...Object.entries(further),
  ]));
  const program = scope.start(PORTHOLED, ['-c', config], { name: 'portholed', env });
  const proxy = new Proxy(program, token);
  const ready = await proxy.event('ready');
  proxy.url = ready.url;
  proxy.port = Number(new URL(ready.url).port);
  proxy.config = config;
  proxy.certificate = certificate;
  proxy.tokens = tokens;
  proxy.tokenFile = (name) => join(dirname(config), `${name}.token`);
  proxy.adminSocket = join(dirname(config), 'admin.sock');
  return proxy;
}

// The same configuration, once the first process has ended.
export async function restart(scope, proxy) {
  proxy.program.kill('SIGTERM');
  await proxy.program.wait(10_000);
  const program = scope.start(PORTHOLED, ['-c', proxy.config], { name: 'portholed' });
  const again = Object.assign(Object.create(Object.getPrototypeOf(proxy)), proxy, { program });
  again.port = Number(new URL((await again.event('ready')).url).port);
  return again;
}

// Asks the admin socket; answers { status, headers, json }. body: an object, or a text as it is.
export function admin(proxy, method, path, body) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: proxy.adminSocket, method, path, headers: text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) } }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (data) => { answer += data; });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, json: JSON.parse(answer) }));
    });
    request.on('error', reject);
    request.end(text);
  });
}

// portholed with its admin API over TLS too, and an audit trail. ask() has the token; line(EVENT, PROBE): of the audit trail.
export async function startWithAdmin(scope, { upstream, ...options }) {
  const token = makeToken();
  const audit = await scope.file('audit.jsonl');
  const file = await scope.file('admin.token');
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  const proxy = await startPortholed(scope, { upstream, ...options, server: { admin_listen: '127.0.0.1:0', admin_token_file: file, audit_file: audit, ...options.server } });
  const { port } = new URL((await proxy.event('admin_ready')).url);
  const ca = await readFile(proxy.certificate);
  const line = (event, probe = () => true) => until(`a line ${event}`, async () => (await readFile(audit, 'utf8')).trim().split('\n').map((text) => JSON.parse(text)).find((one) => one.event === event && probe(one)));
  const ask = (method, path, body, headers = {}) => new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const length = text === undefined ? {} : { 'Content-Length': Buffer.byteLength(text) };
    const request = https.request({ host: '127.0.0.1', port, ca, method, path, agent: false, headers: { Authorization: `Bearer ${token}`, ...length, ...headers } }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (data) => { answer += data; })
        .on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: answer }));
    });
    request.on('error', reject);
    request.end(text);
  });
  return { proxy, port: Number(port), token, file, audit, line, ask };
}

// An upstream that only counts who comes. It says nothing, so whoever waits for its greeting waits in vain.
export async function startSilentServer(scope, { greeting = '' } = {}) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    state.connections++;
    state.open++;
    socket.on('error', () => {});
    socket.on('close', () => { state.open--; sockets.delete(socket); });
    socket.resume();
    if (greeting) socket.write(greeting);
  });
  const state = { connections: 0, open: 0 };
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  scope.onStop(() => new Promise((resolve) => {
    server.close(resolve);
    for (const socket of sockets) socket.destroy();
  }));
  state.port = server.address().port;
  return state;
}
