// SPDX-License-Identifier: GPL-2.0-or-later
// quickstart-check.mjs PICTURE URL TOKENFILE: tries what quickstart has started. Needs nothing but Node.js.
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import tls from 'node:tls';
import { inflateSync } from 'node:zlib';

const [picture, address, tokenFile] = process.argv.slice(2);
const url = new URL(address);
const token = (await readFile(tokenFile, 'utf8')).trim();
const PATIENCE_MS = 20_000;

function must(condition, message) {
  if (!condition) throw new Error(message);
}

// Size and number of different rows (as they were filtered: a flat picture has one or two).
function lookAtPng(bytes) {
  must(bytes.subarray(1, 4).toString() === 'PNG', 'it is not a PNG');
  const data = [];
  let size;
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.subarray(at + 4, at + 8).toString();
    if (type === 'IHDR') size = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12), bytes[at + 16], bytes[at + 17]];
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const [width, height, depth, kind] = size;
  must(depth === 8 && kind === 2, `it has depth ${depth} and colour type ${kind}, not 8 and 2`);
  const raw = inflateSync(Buffer.concat(data));
  const row = 1 + width * 3;
  must(raw.length === row * height, 'its pixels are not complete');
  const rows = new Set();
  for (let y = 0; y < height; y++) rows.add(raw.toString('latin1', y * row, (y + 1) * row));
  return { width, height, rows: rows.size };
}

function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = https.get(new URL(path, url), { headers, rejectUnauthorized: false, timeout: PATIENCE_MS, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

// What the server says to a WebSocket handshake, as far as `enough`.
function upgrade(withToken, enough) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: url.hostname, port: url.port, rejectUnauthorized: false }, () => {
      socket.write(`GET /stream HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: ${url.origin}\r\n`
        + 'Sec-WebSocket-Key: cG9ydGhvbGUgcXVpY2tzdA==\r\nSec-WebSocket-Version: 13\r\n'
        + `Sec-WebSocket-Protocol: binary, porthole.token.${withToken}\r\n\r\n`);
    });
    let text = '';
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (enough(text)) { socket.destroy(); resolve(text); }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
}

const CHECKS = {
  'the screenshot is 1280x800 and not flat': async () => {
    const { width, height, rows } = lookAtPng(await readFile(picture));
    must(width === 1280 && height === 800, `it is ${width}x${height}`);
    must(rows > 16, `it has ${rows} different rows`);
  },
  'the page answers': async () => {
    const { status, body } = await get('/');
    must(status === 200 && body.includes('viewer.js'), `status ${status}`);
    const library = await get('/novnc/core/rfb.js');
    must(library.status === 200, `noVNC: status ${library.status}`);
  },
  'a wrong token is refused': async () => {
    const { status } = await get('/stream', { Authorization: `Bearer ${'0'.repeat(64)}` });
    must(status === 401, `asked plainly: status ${status}`);
    const answer = await upgrade('0'.repeat(64), (text) => text.includes('\r\n\r\n'));
    must(/^HTTP\/1\.1 401 /.test(answer), answer.split('\r\n')[0]);
  },
  'the right token opens the desktop': async () => {
    const answer = await upgrade(token, (text) => text.includes('RFB 003.008\n'));
    must(/^HTTP\/1\.1 101 /.test(answer), answer.split('\r\n')[0]);
  },
};

let failures = 0;
for (const [title, check] of Object.entries(CHECKS)) {
  try {
    await check();
    console.log(`  ok      ${title}`);
  } catch (error) {
    failures++;
    console.log(`  FAILED  ${title}: ${error.message}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
