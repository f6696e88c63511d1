// SPDX-License-Identifier: GPL-2.0-or-later
// A light viewer: TLS, WebSocket and RFB as bytes that are read once and not kept, so that it can watch for hours; and
// the frames that a client may send, or may not.
import net from 'node:net';
import tls from 'node:tls';

// One frame. mask: four bytes, or null for none; claims: the length its head tells, where that is not the payload's.
export function frame(payload = '', { opcode = 2, fin = true, rsv = 0, mask = [0, 0, 0, 0], claims } = {}) {
  const body = Buffer.from(payload);
  const length = claims ?? body.length;
  const head = [(fin ? 0x80 : 0) | rsv << 4 | opcode, mask ? 0x80 : 0];
  if (length < 126) {
    head[1] |= length;
  } else if (length < 65536) {
    head[1] |= 126;
    head.push(length >> 8, length & 0xff);
  } else {
    head[1] |= 127;
    const long = Buffer.alloc(8);
    long.writeBigUInt64BE(BigInt(length));
    head.push(...long);
  }
  return Buffer.concat([Buffer.from([...head, ...(mask ?? [])]), mask ? body.map((byte, i) => byte ^ mask[i % 4]) : body]);
}

export const CLOSE = 8, PING = 9, PONG = 10;
export const RFB_38 = 'RFB 003.008\n';

export function closeFrame(code, words = '') {
  return frame(Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(words)]), { opcode: CLOSE });
}

const numbers = (...bytes) => Buffer.from(bytes);
export const setEncodings = (...list) => Buffer.concat([numbers(2, 0, list.length >> 8, list.length & 0xff),
  ...list.map((encoding) => { const n = Buffer.alloc(4); n.writeInt32BE(encoding); return n; })]);
export const setFormat = numbers(0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0); // as noVNC sets it
export const updateRequest = (x, y, width, height, incremental = 0) => numbers(3, incremental, x >> 8, x & 0xff, y >> 8, y & 0xff,
  width >> 8, width & 0xff, height >> 8, height & 0xff);

// The request that opens a stream. headers: in place of the right ones, undefined leaves one out.
export function upgradeRequest(port, { token, headers = {}, path = '/stream' } = {}) {
  const all = { Host: `localhost:${port}`, Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Protocol': 'binary', Authorization: token && `Bearer ${token}`, ...headers };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

// Bytes in the order they came, taken in pieces of the taker's size.
class Pipe {
  constructor() {
    Object.assign(this, { chunks: [], length: 0, ended: false, wake: undefined });
  }

  push(chunk) {
    this.chunks.push(chunk);
    this.length += chunk.length;
    this.wake?.();
  }

  end() {
    this.ended = true;
    this.wake?.();
  }

  async wait() {
    await new Promise((resolve) => { this.wake = resolve; });
    this.wake = undefined;
  }

  async take(count) {
    while (this.length < count) {
      if (this.ended) throw new Error(`the connection ended after ${this.length} of ${count} bytes`);
      await this.wait();
    }
    const all = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks = all.length === count ? [] : [all.subarray(count)];
    this.length -= count;
    return all.subarray(0, count);
  }

  // Throws so many bytes away as they come.
  async skip(count) {
    for (let left = count; left > 0;) left -= (await this.take(Math.min(left, Math.max(this.length, 1)))).length;
  }
}

// A connection to the proxy.
export class Line {
  // options: port; plain: without TLS; socket: in place of one of its own; the rest is TLS's.
  constructor({ port, plain = false, socket, ...options }) {
    this.raw = new Pipe();
    this.port = port;
    this.closed = new Promise((resolve) => { this.onClosed = resolve; });
    this.isClosed = false;
    this.connected = new Promise((resolve) => { this.onConnected = resolve; });
    this.socket = plain ? net.connect({ port, host: '127.0.0.1' })
      : tls.connect({ ...(socket ? { socket } : { port, host: '127.0.0.1' }), rejectUnauthorized: false, ...options });
    this.socket.setNoDelay?.();
    this.socket.on(plain ? 'connect' : 'secureConnect', () => this.onConnected());
    this.socket.on('data', (data) => this.take(data));
    this.socket.on('error', (error) => { this.error = error; });
    this.socket.on('close', () => {
      this.isClosed = true;
      this.finish();
      this.onConnected();
      this.onClosed();
    });
  }

  take(data) { this.raw.push(data); }

  finish() { this.raw.end(); }

  send(bytes) {
    if (!this.isClosed) this.socket.write(Array.isArray(bytes) ? Buffer.from(bytes) : bytes);
    return this;
  }

  destroy() { this.socket.destroy(); }

  // An answer of HTTP: { status, headers, body }.
  async answer() {
    let head = '';
    while (!head.endsWith('\r\n\r\n')) head += (await this.raw.take(1)).toString('latin1');
    const headers = Object.fromEntries([...head.matchAll(/^([\w-]+): (.*)\r$/gm)].map(([, name, value]) => [name.toLowerCase(), value]));
    const status = Number(/^HTTP\/1\.1 (\d+) /.exec(head)[1]);
    return { status, headers, body: (await this.raw.take(Number(headers['content-length'] ?? 0))).toString('utf8') };
  }
}

// One whose request was granted: what it gets is frames.
export class LightViewer extends Line {
  constructor(options) {
    super(options);
    this.rfb = new Pipe();
    Object.assign(this, { switched: false, pongs: [], pings: 0, close: undefined, updates: 0, bytes: 0 });
  }

  take(data) {
    this.raw.push(data);
    if (this.switched) this.parse();
  }

  finish() {
    this.raw.end();
    this.rfb.end();
  }

  // What has come so far as frames.
  parse() {
    if (this.raw.length === 0) return;
    let all = Buffer.concat(this.raw.chunks);
    while (all.length >= 2) {
      const short = all[1];
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (all.length < head) break;
      const length = short === 126 ? all.readUInt16BE(2) : short === 127 ? Number(all.readBigUInt64BE(2)) : short;
      if (all.length < head + length) break;
      this.onFrame(all[0] & 0x0f, all.subarray(head, head + length));
      all = all.subarray(head + length);
    }
    this.raw.chunks = all.length > 0 ? [all] : [];
    this.raw.length = all.length;
  }

  onFrame(opcode, payload) {
    if (opcode === 2) {
      this.bytes += payload.length;
      this.rfb.push(payload);
    } else if (opcode === PING) {
      this.pings++;
      this.send(frame(payload, { opcode: PONG }));
    } else if (opcode === PONG) {
      this.pongs.push(payload.toString('latin1'));
    } else if (opcode === CLOSE) {
      this.close = payload.length === 0 ? { code: 1005, words: '' } : { code: payload.readUInt16BE(0), words: payload.toString('utf8', 2) };
    }
  }

  says(bytes, options) { return this.send(frame(bytes, options)); }

  // Asks to be let in. What is not a switch to WebSocket is an error that tells the answer.
  async open(token, options) {
    this.send(upgradeRequest(this.port, { token, ...options }));
    const answer = await this.answer();
    if (answer.status !== 101) throw Object.assign(new Error(`answered ${answer.status}: ${answer.body}`), answer);
    this.switched = true;
    this.parse();
    return this;
  }

  // RFB's handshake, as noVNC does it: { width, height, name }.
  async handshake({ version = RFB_38, type = 1 } = {}) {
    await this.rfb.take(12);
    this.says(version);
    if (version === 'RFB 003.003\n') {
      this.type = (await this.rfb.take(4)).readUInt32BE(0);
    } else {
      const [count] = await this.rfb.take(1);
      if (count === 0) {
        const reason = await this.rfb.take((await this.rfb.take(4)).readUInt32BE(0));
        throw Object.assign(new Error(`refused: ${reason}`), { reason: reason.toString('utf8') });
      }
      this.types = [...await this.rfb.take(count)];
      this.says([type]);
      if (version === RFB_38) await this.rfb.take(4);
    }
    this.says([1]);
    const init = await this.rfb.take(24);
    Object.assign(this, { width: init.readUInt16BE(0), height: init.readUInt16BE(2) });
    this.name = (await this.rfb.take(init.readUInt32BE(20))).toString('utf8');
    return this;
  }

  // Sets a format and one encoding, Raw.
  prepare() {
    return this.says(setFormat).says(setEncodings(0));
  }

  // The next message: its type. Rectangles are Raw, and only counted.
  async message() {
    const [type] = await this.rfb.take(1);
    if (type === 0) {
      const count = (await this.rfb.take(3)).readUInt16BE(1);
      for (let i = 0; i < count; i++) {
        const head = await this.rfb.take(12);
        if (head.readInt32BE(8) !== 0) throw new Error(`encoding ${head.readInt32BE(8)}`);
        await this.rfb.skip(head.readUInt16BE(4) * head.readUInt16BE(6) * 4);
      }
      this.updates++;
    } else if (type === 1) {
      await this.rfb.skip((await this.rfb.take(5)).readUInt16BE(3) * 6);
    } else if (type === 3) {
      await this.rfb.skip((await this.rfb.take(7)).readUInt32BE(3));
    } else if (type !== 2) {
      throw new Error(`message ${type}`);
    }
    return type;
  }

  // Asks for a picture and awaits it.
  async update(width = 16, height = 16) {
    this.says(updateRequest(0, 0, width, height));
    while (await this.message() !== 0);
  }
}

// A viewer in good faith that looks on while others do evil: it asks for one picture after the other. `failure` is set
// when it is disturbed.
export class Witness extends LightViewer {
  // pauseMs: between an update and the next request; onUpdate: told how long each took.
  static async start(port, token, { pauseMs = 10, onUpdate } = {}) {
    const witness = await new Witness({ port }).open(token);
    await witness.handshake();
    witness.prepare();
    witness.longest = 0;
    witness.watching = witness.watch(pauseMs, onUpdate).catch((error) => { witness.failure = new Error(`the witness was disturbed: ${error.message}, ${JSON.stringify(witness.close)}`); });
    return witness;
  }

  async watch(pauseMs, onUpdate) {
    while (!this.leaving) {
      const begin = performance.now();
      await this.update();
      const took = performance.now() - begin;
      this.longest = Math.max(this.longest, took);
      onUpdate?.(took);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async leave() {
    this.leaving = true;
    await this.watching;
    this.send(closeFrame(1000));
    await this.closed;
  }
}
