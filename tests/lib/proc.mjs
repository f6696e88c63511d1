// SPDX-License-Identifier: GPL-2.0-or-later
// Programs a test starts: their output is kept, they are waited for with a deadline, and all of them are stopped.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

export const DEADLINE_MS = 30_000;
const STOP_MS = 10_000;
const POLL_MS = 20;

// Asks `probe` until it returns something other than undefined or false, and returns that. An exception is "not yet";
// the last one is told when the deadline passes.
export async function until(what, probe, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      if (error instanceof GivenUp) throw error;
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${deadlineMs} ms in vain for ${what}${last ? `: ${last.message}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

// Thrown by a probe when waiting longer is of no use.
export class GivenUp extends Error {}

export class Program {
  constructor(command, args, options = {}) {
    this.name = options.name ?? command.split('/').pop();
    this.command = [command, ...args].join(' ');
    this.stdout = '';
    this.stderr = '';
    const stdio = ['ignore', 'pipe', 'pipe', ...(options.extraPipe ? ['pipe'] : [])];
    if (options.stdin !== undefined || options.commanded) stdio[0] = 'pipe';
    this.child = spawn(command, args, { stdio, env: { ...process.env, ...options.env }, cwd: options.cwd });
    this.child.stdout.setEncoding('utf8').on('data', (text) => { this.stdout += text; });
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.stderr += text; });
    this.extra = '';
    if (options.extraPipe) this.child.stdio[3].setEncoding('utf8').on('data', (text) => { this.extra += text; });
    if (options.stdin !== undefined) {
      this.child.stdin.on('error', () => {}); // it may end without reading
      this.child.stdin.end(options.stdin);
    }
    if (options.commanded) this.listen();
    this.ended = false;
    this.exit = new Promise((resolve) => {
      this.child.on('error', (error) => { this.stderr += `${error.message}\n`; this.ended = true; resolve({ code: null, signal: null, error }); });
      this.child.on('close', (code, signal) => { this.ended = true; resolve({ code, signal }); });
    });
  }

  get pid() { return this.child.pid; }

  // With `commanded`: its standard output is lines, which answer those on its standard input.
  listen() {
    const waiting = [];
    const lines = [];
    this.child.stdin.on('error', () => {}); // whoever waits for the answer is told
    createInterface({ input: this.child.stdout }).on('line', (line) => (waiting.length > 0 ? waiting.shift().resolve(line) : lines.push(line)))
      .on('close', () => { for (const { reject } of waiting.splice(0)) reject(new Error(`${this.name} ended: ${this.stderr.trim()}`)); });
    this.line = () => new Promise((resolve, reject) => {
      if (lines.length > 0) resolve(lines.shift());
      else if (this.ended) reject(new Error(`${this.name} has ended: ${this.stderr.trim()}`));
      else waiting.push({ resolve, reject });
    });
  }

  // The answer to a command, without its "ok"; anything else is an error.
  async ask(command) {
    this.child.stdin.write(`${command}\n`);
    const line = await this.line();
    if (!/^ok\b/.test(line)) throw new Error(`${this.name}, ${command}: ${line}`);
    return line.slice(3);
  }

  // Waits until `probe` is content; gives up at once when the program has ended.
  until(what, probe, deadlineMs) {
    return until(`${what} (${this.name})`, async () => {
      const value = await probe();
      if ((value === undefined || value === false) && this.ended) throw new GivenUp(`${this.name} ended before ${what}`);
      return value;
    }, deadlineMs);
  }

  kill(signal = 'SIGTERM') {
    if (!this.ended) this.child.kill(signal);
  }

  // How it ended: {code, signal}; an error when it does not end in time.
  async wait(deadlineMs = DEADLINE_MS) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} did not end within ${deadlineMs} ms`)), deadlineMs);
    });
    try {
      return await Promise.race([this.exit, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop() {
    if (this.ended) return;
    this.kill();
    const killer = setTimeout(() => this.kill('SIGKILL'), STOP_MS);
    await this.exit;
    clearTimeout(killer);
  }

  log() {
    const part = (title, text) => (text ? `--- ${title}\n${text.slice(-20000)}\n` : '');
    return `=== ${this.command}\n${part('stdout', this.stdout)}${part('stderr', this.stderr)}`;
  }
}

// Everything one test has started, and its folder.
export class Scope {
  constructor() {
    this.programs = [];
    this.cleanups = [];
  }

  // One, however many ask for it at the same time.
  folder() {
    this.made ??= mkdtemp(join(tmpdir(), 'porthole-test-'));
    return this.made;
  }

  async file(name) {
    return join(await this.folder(), name);
  }

  start(command, args, options) {
    const program = new Program(command, args, options);
    this.programs.push(program);
    return program;
  }

  // Runs a program to its end. It is asked often, so its output belongs to the result and not to the logs.
  async run(command, args, options = {}) {
    const program = this.start(command, args, options);
    const end = await program.wait(options.deadlineMs);
    this.programs.splice(this.programs.indexOf(program), 1);
    return { ...end, stdout: program.stdout, stderr: program.stderr };
  }

  // The same, and it must succeed.
  async must(command, args, options) {
    const result = await this.run(command, args, options);
    if (result.code !== 0) {
      throw new Error(`${[command, ...args].join(' ')} ended with ${result.code ?? result.signal}: ${result.stderr.trim()}`);
    }
    return result.stdout;
  }

  onStop(cleanup) {
    this.cleanups.push(cleanup);
  }

  async stopAll() {
    for (const cleanup of this.cleanups.reverse()) await cleanup();
    for (const program of [...this.programs].reverse()) await program.stop();
    if (this.made) await rm(await this.made, { recursive: true, force: true });
  }

  logs() {
    return this.programs.map((program) => program.log()).join('');
  }
}

// A test with a scope of its own: stopped however the test ends, its logs printed when it fails.
export function live(name, body, options = {}) {
  test(name, { timeout: 180_000, ...options }, async (t) => {
    const scope = new Scope();
    try {
      await body(scope, t);
    } catch (error) {
      process.stderr.write(`\n##### ${name}: ${error.message}\n${scope.logs()}#####\n`);
      throw error;
    } finally {
      await scope.stopAll();
    }
  });
}

// True while the process exists (a zombie that nobody reaped does not count).
export async function isAlive(pid) {
  const { readFile } = await import('node:fs/promises');
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return !/^\d+ \(.*\) [ZX]/s.test(stat);
  } catch {
    return false;
  }
}
