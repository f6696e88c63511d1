// SPDX-License-Identifier: GPL-2.0-or-later
// What all groups of lines share: the programs under test and the servers, each started when it is first asked for.
import os from 'node:os';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { greeting } from '../lib/desktop.mjs';
import { Scope } from '../lib/proc.mjs';
import { startDesktop } from './desktop.mjs';

const PACKAGES = ['tigervnc-standalone-server', 'x11vnc', 'scrot', 'gvncviewer', 'libvncclient1', 'zlib1g', 'libdeflate0', 'libturbojpeg0', 'xterm'];

export class Bench {
  // rounds: how often each is measured, in turns; updates: of a recording
  constructor({ rounds = 25, updates = 16, scope = new Scope() } = {}) {
    Object.assign(this, { rounds, updates, scope, notes: [], desktops: new Map() });
    this.build = process.env.PORTHOLE_BUILD;
    // The program itself: libtool's script in front of it is a shell.
    this.porthole = join(this.build, '.libs/porthole');
    this.env = { LD_LIBRARY_PATH: join(this.build, 'libsrc/.libs') };
  }

  note(text) {
    this.notes.push(text);
  }

  // Runs one of tests/bench's programs; what it printed.
  async tool(name, args, options = {}) {
    const text = await this.scope.must(join(this.build, name), args,
      { deadlineMs: 600_000, ...options, env: { ...this.env, ...options.env } });
    return JSON.parse(text);
  }

  // One for each frame rate; Xvnc's own default where none is named.
  desktop(frameRate) {
    if (!this.desktops.has(frameRate)) this.desktops.set(frameRate, startDesktop(this.scope, { frameRate }));
    return this.desktops.get(frameRate);
  }

  // The socket of an x11vnc that shows the same desktop.
  async x11vnc() {
    const desktop = await this.desktop();
    const path = await this.scope.file('x11vnc.sock');
    const server = this.scope.start('x11vnc', ['-display', desktop.display, '-rfbport', '0', '-unixsock', path, '-forever', '-shared',
      '-nopw', '-norc', '-quiet', '-noxdamage', '-noxrecord'], { env: { HOME: await this.scope.folder() } });
    await server.until('an RFB greeting', async () => (await greeting({ path })).startsWith('RFB '));
    return path;
  }

  // What is measured where, in a few lines.
  async machine() {
    const cpus = os.cpus();
    const versions = await this.scope.must('dpkg-query', ['-W', '-f', '${Package} ${Version}, ', ...PACKAGES]);
    const load = (await readFile('/proc/loadavg', 'utf8')).split(' ', 3).join(' ');
    return [`${cpus.length} x ${cpus[0].model.trim()}, Linux ${os.release().split('-')[0]}, load ${load}; ${process.env.CC_VERSION ?? ''}`,
      versions.replace(/, $/, '')].join('\n');
  }
}
