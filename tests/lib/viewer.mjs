// SPDX-License-Identifier: GPL-2.0-or-later
// A viewer that obeys nobody: TLS, WebSocket and RFB as bytes, so that a test can send what no page would.
import assert from 'node:assert/strict';
import tls from 'node:tls';
import { until } from './proc.mjs';

export const GREETING = 'RFB 003.008\n';

// The request that opens a stream.
export function upgrade(proxy, { token = proxy.token, origin, path = '/stream', query = '', headers = [] } = {}) {
  return `GET ${path}${query} HTTP/1.1\r\nHost: localhost:${proxy.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
    + 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n'
    + `${origin ? `Origin: ${origin}\r\n` : ''}${headers.map((line) => `${line}\r\n`).join('')}${token === null ? '' : `Authorization: Bearer ${token}\r\n`}\r\n`;
}

// A client's binary frame, its mask all zeros.
export function binary(payload) {
  assert.ok(payload.length < 126);
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, 0, 0, 0, 0]), Buffer.from(payload, 'latin1')]);
}

// A TLS connection whose input is kept. options: of tls.connect, such as where it comes from, or another port.
export class Peer {
  constructor(scope, proxy, options = {}) {
    this.text = '';
    this.closed = false;
    this.socket = tls.connect({ port: proxy.port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    this.socket.setNoDelay();
    this.socket.on('data', (data) => { this.text += data.toString('latin1'); });
    this.socket.on('error', () => {});
    this.socket.on('close', () => { this.closed = true; });
    scope.onStop(() => this.socket.destroy());
  }

  send(bytes) {
    this.socket.write(bytes);
    return this;
  }

  gets(words) {
    return until(`${JSON.stringify(words)}; there is ${JSON.stringify(this.text.slice(-300))}`, () => this.text.includes(words));
  }

  ends() {
    return until('the end of the connection', () => this.closed);
  }

  get statuses() {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
  }
}

// Frames of a server, none of them masked: [{ opcode, payload }], of those that are whole.
function parseFrames(bytes) {
  const frames = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const short = bytes[at + 1] & 0x7f;
    const head = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (at + head > bytes.length) break;
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    if (at + head + length > bytes.length) break;
    frames.push({ opcode: bytes[at] & 0x0f, payload: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return frames;
}

// One that is through with both handshakes: what it sends and gets is RFB.
export class RfbViewer extends Peer {
  get frames() {
    const head = this.text.indexOf('\r\n\r\n');
    return head < 0 ? [] : parseFrames(Buffer.from(this.text.slice(head + 4), 'latin1'));
  }

  // Its text messages.
  get texts() {
    return this.frames.filter(({ opcode }) => opcode === 1).map(({ payload }) => payload.toString('utf8'));
  }

  // What the server has said since the handshake.
  get said() {
    return Buffer.concat(this.frames.filter(({ opcode }) => opcode === 2).map(({ payload }) => payload)).subarray(this.greeted ?? 0);
  }

  get close() {
    const frame = this.frames.find(({ opcode }) => opcode === 8);
    return frame && { code: frame.payload.readUInt16BE(0), words: frame.payload.toString('utf8', 2) };
  }

  says(bytes) {
    return this.send(binary(Buffer.from(bytes).toString('latin1')));
  }

  // Waits until the server has said so many bytes.
  async hears(count) {
    await until(`${count} bytes of RFB`, () => this.said.length >= count || this.closed);
    assert.ok(this.said.length >= count, `closed: ${JSON.stringify(this.close)}`);
    return this.said;
  }

  async open(proxy, options) {
    this.send(upgrade(proxy, options));
    await this.gets(GREETING);
    this.send(binary(GREETING));
    await this.hears(12 + 2);
    this.says([1]);
    await this.hears(12 + 2 + 4);
    this.says([1]);
    const init = 12 + 2 + 4 + 24;
    const name = (await this.hears(init)).readUInt32BE(init - 4);
    await this.hears(init + name);
    this.greeted = init + name;
    return this;
  }
}
