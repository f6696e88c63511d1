// SPDX-License-Identifier: GPL-2.0-or-later
// A subscriber of porthole-agent's feed (docs/PROTOCOL.feed).
import net from 'node:net';
import { join } from 'node:path';
import { until } from './proc.mjs';

export const AGENT = join(process.env.PORTHOLE_BUILD, 'porthole-agent');

export class Feed {
  // address: {path} or {port}; token: said first, over TCP.
  constructor(address, token) {
    this.socket = net.connect(address.path ? { path: address.path } : { port: address.port, host: '127.0.0.1' });
    this.snapshots = [];
    this.replies = new Map();
    this.ended = false;
    this.nextId = 1;
    let text = '';
    this.socket.setEncoding('utf8').on('data', (data) => {
      text += data;
      const lines = text.split('\n');
      text = lines.pop();
      for (const line of lines) this.take(JSON.parse(line));
    });
    this.socket.on('error', () => {}).on('close', () => { this.ended = true; });
    if (token !== undefined) this.say({ token });
  }

  take(line) {
    if (line.type === 'hello') this.hello = line;
    else if (line.type === 'windows') this.snapshots.push(line);
    else if (line.type === 'reply') this.replies.set(line.id, line);
  }

  say(value) {
    this.socket.write(typeof value === 'string' ? value : `${JSON.stringify(value)}\n`);
  }

  get newest() { return this.snapshots.at(-1); }

  async ask(command, fields = {}) {
    const id = this.nextId++;
    this.say({ id, command, ...fields });
    return until(`the reply to ${command}`, () => this.replies.get(id) ?? (this.ended ? Promise.reject(new Error('the feed ended')) : undefined));
  }

  // It must be done.
  async order(command, fields) {
    const reply = await this.ask(command, fields);
    if (!reply.ok) throw new Error(`${command}: ${reply.error}`);
    return reply;
  }

  // The snapshot of everything up to now.
  async now() {
    const { serial } = await this.order('sync');
    return this.snapshots.find((snapshot) => snapshot.serial === serial);
  }

  // Until a snapshot pleases `probe`; returns what it answered.
  async until(what, probe) {
    try {
      return await until(what, () => this.newest && probe(this.newest));
    } catch (error) {
      error.message += `; the newest snapshot: ${JSON.stringify(this.newest)}`;
      throw error;
    }
  }

  // Until there is a mapped window with these fields; titles may be patterns.
  window(fields) {
    return this.until(`a window ${JSON.stringify(fields)}`, (snapshot) => snapshot.windows.find((window) => window.mapped && Object.entries(fields)
      .every(([name, value]) => (value instanceof RegExp ? value.test(window[name]) : window[name] === value))));
  }

  close() {
    this.socket.destroy();
  }
}

// Starts the agent on the desktop's display and subscribes to it.
export async function startAgent(scope, desktop, { args = [] } = {}) {
  const path = await scope.file('agent.sock');
  const program = scope.start(AGENT, ['--listen', `unix:${path}`, ...args], { env: desktop.env, name: 'porthole-agent' });
  await program.until('the agent', () => program.stdout.includes(`READY unix:${path}\n`));
  const feed = new Feed({ path });
  scope.onStop(() => feed.close());
  await feed.until('a snapshot', () => true);
  return { program, path, feed };
}

// The mapped windows of a snapshot, bottom to top.
export const framesOf = (snapshot) => snapshot.windows.filter((window) => window.mapped).map((window) => window.frame);

// The same by xwininfo: the root's mapped children.
export async function stackOf(scope, desktop) {
  const text = await scope.must('xwininfo', ['-display', desktop.display, '-root', '-children']);
  const ids = [...text.matchAll(/^ {5}(0x[0-9a-f]+) /gm)].map(([, id]) => id).reverse();
  const mapped = [];
  for (const id of ids) {
    const info = await scope.must('xwininfo', ['-display', desktop.display, '-id', id]);
    if (/Map State: IsViewable/.test(info) && /Class: InputOutput/.test(info)) mapped.push(id);
  }
  return mapped;
}
