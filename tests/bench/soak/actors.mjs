// SPDX-License-Identifier: GPL-2.0-or-later
// Who is about while the soak runs.
import { readdir } from 'node:fs/promises';
import { newPage, startChromium, waitForState } from '../../lib/chromium.mjs';
import { startXvnc } from '../../lib/desktop.mjs';
import { startBadServers } from '../../lib/badserver.mjs';
import { STAGES } from '../../lib/hostile.mjs';
import { LightViewer, Line, Witness, closeFrame } from '../../lib/light.mjs';
import { admin, makeCertificate, startPortholed } from '../../lib/porthole.mjs';
import { until } from '../../lib/proc.mjs';

const VISITORS = 40;
const REST_MS = 60_000;

export async function startWorld(scope) {
  const [demo, second] = await Promise.all([startXvnc(scope), startXvnc(scope)]);
  await Promise.all([demo, second].map((desktop) => desktop.startTerminal()));
  const bad = await startBadServers(scope);
  const proxy = await startPortholed(scope, {
    upstream: demo.upstream,
    // all come from one address: who guesses must not keep the others out
    server: { handshake_timeout: 5, ping_interval: 5, workers: 2, failed_attempts: 0, database: 'streams.db' },
    streams: { control: {}, view: { role: 'view' }, 'second.control': { desktop: 'second' }, 'second.view': { desktop: 'second', role: 'view', clipboard: 'out' }, ...bad.streams },
    desktops: { second: { upstream: second.upstream }, ...bad.desktops },
  });
  const { port, tokens } = proxy;
  const first = [new Line({ port }), new Line({ port })];
  await Promise.all(first.map((line) => line.connected));
  for (const line of first) line.destroy();
  return { scope, proxy, port, tokens, deadlineMs: 60_000, admin: (method, path, body) => admin(proxy, method, path, body), refusal() {}, upstreamError() {} };
}

const key = (down) => [4, down, 0, 0, 0, 0, 0, 0x61];
const pointer = (x, y) => [5, 0, x >> 8, x & 0xff, y >> 8, y & 0xff];

// Each actor is a function that is called again and again, between two pauses.
export class Actors {
  constructor(world, seed) {
    Object.assign(this, { world, proxy: world.proxy, state: seed >>> 0, since: Date.now(), failures: [], latencies: [], counts: {}, witnesses: [], viewers: 0, running: false, tasks: [] });
    this.abuses = Object.values(STAGES).flatMap(Object.entries);
  }

  get failure() { return this.failures[0]; }

  // Mulberry32.
  random() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.state ^ this.state >>> 15, this.state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  }

  between(low, high) { return low + this.random() * (high - low); }

  pick(list) { return list[Math.floor(this.random() * list.length)]; }

  count(what) { this.counts[what] = (this.counts[what] ?? 0) + 1; }

  // Shorter when it is to come to an end.
  async pause(seconds) {
    const end = Date.now() + seconds * 1000;
    while (this.running && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, Math.min(250, end - Date.now())));
  }

  // The two who are there from the beginning to the end, and what the process holds with them alone: the configuration
  // they began under, and the next one.
  async attest() {
    for (const stream of ['control', 'second.control']) {
      this.witnesses.push(await Witness.start(this.world.port, this.world.tokens[stream], { pauseMs: 200, onUpdate: (ms) => this.latencies.push(ms) }));
    }
    await this.reload();
    this.base = await this.descriptors();
  }

  async descriptors() {
    return (await readdir(`/proc/${this.proxy.program.pid}/fd`)).length;
  }

  // From now on they act. Seconds from one time to the next: low to high, and how many before the first.
  begin() {
    this.running = true;
    const loop = async (name, low, high, act, first = high) => {
      await this.pause(this.between(0, first));
      while (this.running) {
        await act.call(this).then(() => this.count(name), (error) => this.failures.push(`${name}: ${error.message}`));
        await this.pause(this.between(low, high));
      }
    };
    this.tasks = [
      ...Array.from({ length: VISITORS }, () => loop('visits', 0.5, 10, this.visit)),
      loop('abuses', 1, 4, this.abuse),
      loop('abuses', 1, 4, this.abuse),
      loop('reloads', 20, 60, this.reload),
      loop('browsers', 120, 300, this.browse, 5),
      loop('lists', 5, 20, this.look),
    ];
  }

  // Until nothing is going on but what the witnesses see; those who are gone may linger for a while.
  async rest() {
    this.running = false;
    await Promise.all(this.tasks);
    const quiet = async () => await this.descriptors() === this.base
      && (await this.world.admin('GET', '/v1/viewers')).json.viewers.length === this.witnesses.length;
    await until('all others to be gone', quiet, REST_MS).catch((error) => this.failures.push(error.message));
    for (const { failure } of this.witnesses) if (failure) this.failures.push(failure.message);
  }

  // Ends all; the failures of that.
  async stop() {
    await Promise.all(this.witnesses.map((witness) => witness.leave()));
    this.proxy.program.kill('SIGTERM');
    const { code, signal } = await this.proxy.program.wait();
    return code === 0 ? [] : [`portholed ended with ${code ?? signal}`];
  }

  summary() {
    const updates = this.witnesses.reduce((sum, { updates: n }) => sum + n, 0);
    const slowest = Math.round(Math.max(...this.witnesses.map(({ longest }) => longest)));
    return `${Object.entries(this.counts).map(([what, n]) => `${n} ${what}`).join(', ')}; ${updates} updates for the witnesses, the slowest in ${slowest} ms`;
  }

  // ---- what they do ----

  // A token, and whether its stream will end before its viewer wants to go.
  async chooseStream() {
    if (this.random() < 0.6) return { token: this.world.tokens[this.pick(['control', 'view', 'second.control', 'second.view'])] };
    const fate = this.pick(['stays', 'expires', 'revoked', 'single']);
    const ttl = fate === 'expires' ? Math.ceil(this.between(2, 10)) : 600;
    const asked = Date.now();
    const { status, json } = await this.world.admin('POST', '/v1/streams', { desktop: this.pick(['demo', 'second']), role: this.pick(['view', 'control']),
      clipboard: this.pick(['none', 'both']), ttl, single_use: fate === 'single' });
    if (status !== 201) throw new Error(`no stream: ${JSON.stringify(json)}`);
    this.count(`streams (${fate})`);
    return { token: json.token, id: json.id, fate, ends: asked + (ttl - 1) * 1000 }; // in whole seconds
  }

  async visit() {
    const { token, id, fate, ends } = await this.chooseStream();
    const viewer = new LightViewer({ port: this.world.port });
    this.viewers++;
    try {
      await viewer.open(token);
      await viewer.handshake();
      viewer.prepare();
      const end = Date.now() + this.between(0.5, 40) * 1000;
      while (this.running && Date.now() < end) {
        await viewer.update(Math.ceil(this.between(8, 256)), 64);
        if (this.random() < 0.3) viewer.says(pointer(Math.floor(this.between(0, viewer.width)), 5)).says([...key(1), ...key(0)]);
        await this.pause(this.between(0.1, 1));
      }
      if (fate === 'revoked') await this.world.admin('DELETE', `/v1/streams/${id}`);
      else if (this.random() < 0.3) viewer.destroy();
      else viewer.send(closeFrame(1000));
      await viewer.closed;
    } catch (error) {
      // Its stream may run out at any moment, before it is in as well.
      const ranOut = fate === 'expires' && Date.now() >= ends && (viewer.close?.code === 4001 || error.status === 401);
      if (!ranOut) throw new Error(`${error.message}, ${JSON.stringify(viewer.close)}`, { cause: error });
    } finally {
      this.viewers--;
      viewer.destroy();
      if (id && fate !== 'revoked') await this.world.admin('DELETE', `/v1/streams/${id}`);
    }
  }

  async abuse() {
    const [title, act] = this.pick(this.abuses);
    await act(this.world).catch((error) => { throw new Error(`${title}: ${error.message}`, { cause: error }); });
  }

  // Half of the times with another certificate.
  async reload() {
    const wanted = this.proxy.events('reloaded').length + 1;
    if (this.random() < 0.5) await makeCertificate(this.world.scope);
    this.proxy.program.kill('SIGHUP');
    await this.proxy.event('reloaded', wanted);
  }

  async browse() {
    const context = await startChromium({ ...this.world.scope, file: (name) => this.world.scope.file(name), onStop() {} });
    try {
      const page = await newPage(context);
      await page.goto(this.proxy.link(this.world.tokens[this.pick(['control', 'second.view'])]));
      await waitForState(page, 'connected');
      this.viewers++;
      await this.pause(this.between(10, 40)).finally(() => this.viewers--);
    } finally {
      await context.close();
    }
  }

  async look() {
    const [streams, viewers] = await Promise.all(['/v1/streams', '/v1/viewers'].map((path) => this.world.admin('GET', path)));
    if (streams.status !== 200 || viewers.status !== 200) throw new Error(`answered ${streams.status} and ${viewers.status}`);
  }
}
