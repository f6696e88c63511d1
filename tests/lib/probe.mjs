// SPDX-License-Identifier: GPL-2.0-or-later
// The test's own client and painters: tests/peers/probe.c, scene.h, painter.c. They are programs of `make check`.
import { join } from 'node:path';
import { writePpm } from './picture.mjs';

const build = process.env.PORTHOLE_BUILD;
if (!build) throw new Error('PORTHOLE_BUILD is not set: it names the build folder (tests/run sets it)');

export const MATCH_MS = 20_000;

export const peerProgram = (name) => join(build, 'tests/peers', name);

// Many connections in one process. `where` is what a tap connects to: the path of a socket, or a port.
export class Probe {
  constructor(scope, program) {
    this.scope = scope;
    this.program = program;
    this.pictures = 0;
  }

  static async start(scope) {
    return new Probe(scope, scope.start(peerProgram('probe'), [await scope.folder()], { commanded: true }));
  }

  ask(...words) {
    return this.program.ask(words.join(' '));
  }

  connect(name, where, encodings, jpegQuality = 0) {
    return this.ask('connect', name, where, encodings, jpegQuality);
  }

  async save(picture) {
    if (typeof picture === 'string') return picture; // a file already
    const file = await this.scope.file(`picture-${++this.pictures}.ppm`);
    await writePpm(file, picture);
    return file;
  }

  // Until all of them show the picture, pixel for pixel.
  async expect(names, picture) {
    const file = await this.save(picture);
    for (const name of names) await this.ask('expect', name, file, MATCH_MS);
  }

  // Until it resembles the picture, by so many decibels.
  async resemble(name, picture, db) {
    return parseFloat(await this.ask('resemble', name, await this.save(picture), MATCH_MS, db));
  }

  async expectTruth(names, peer) {
    for (;;) {
      try {
        return await this.expect(names, await peer.truth());
      } catch (error) {
        if (!await peer.isStale?.()) throw error;
      }
    }
  }

  // Connections named by their encodings. One by one, each with its first picture: a client that connects makes QEMU 7.2
  // drop what it is sending to others, which then get nothing any more (vnc_abort_display_jobs).
  async connectAll(names, peer) {
    for (const name of names) {
      await this.connect(name, peer.where, name);
      await this.ask('move', name, 0, 0); // TigerVNC draws the pointer for whoever has not moved it to where it is
      await this.expectTruth([name], peer);
    }
  }

  // Ends it, as every test does that has come to its end: sanitizers may have something to say then.
  async finish() {
    this.program.child.stdin.end();
    const { code, signal } = await this.program.wait();
    if (code !== 0) throw new Error(`probe ended with ${code ?? signal}`);
  }

  // What the server has sent since the last time: {raw: pixels, tight: pixels, cursor: times, ...}
  async counts(name) {
    const answer = await this.ask('counts', name);
    return Object.fromEntries(answer.split(' ').filter(Boolean).map((word) => word.split('=')).map(([encoding, n]) => [encoding, Number(n)]));
  }
}
