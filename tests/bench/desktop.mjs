// SPDX-License-Identifier: GPL-2.0-or-later
// The desktop that is measured: Xvnc of 1920x1080, on a unix socket and on a TCP port at once, with a background that is as
// hard to compress as a photograph, and windows with text on it.
import { writeFile } from 'node:fs/promises';
import { freePort, startXvnc } from '../lib/desktop.mjs';

export const WIDTH = 1920;
export const HEIGHT = 1080;

// The same numbers each time: 0 to 1 for a place and a seed.
function hash(x, y, seed) {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

// Noise between the points of a grid, smoothly.
function smooth(x, y, cell, seed) {
  const [i, j] = [Math.floor(x / cell), Math.floor(y / cell)];
  const ease = (t) => t * t * (3 - 2 * t);
  const [u, v] = [ease(x / cell - i), ease(y / cell - j)];
  const top = hash(i, j, seed) * (1 - u) + hash(i + 1, j, seed) * u;
  const bottom = hash(i, j + 1, seed) * (1 - u) + hash(i + 1, j + 1, seed) * u;
  return top * (1 - v) + bottom * v;
}

// Shapes of every size, the smaller the fainter as in nature, under a sky that darkens, with the grain of a sensor.
function photograph(width, height) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let light = 0;
      for (let cell = 512, weight = 0.42; cell >= 2; cell /= 2, weight *= 0.6) light += weight * smooth(x, y, cell, cell);
      const hue = smooth(x, y, 300, 7);
      const level = 255 * light * (1.15 - 0.4 * (y / height));
      for (const tint of [0.75 + 0.4 * hue, 0.9, 1.1 - 0.4 * hue]) {
        const grain = (hash(x, y, at) - 0.5) * 6;
        rgb[at++] = Math.max(0, Math.min(255, level * tint + grain));
      }
    }
  }
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), rgb]);
}

async function setPhotograph(scope, desktop) {
  const file = await scope.file('photograph.ppm');
  await writeFile(file, photograph(WIDTH, HEIGHT));
  await scope.must('feh', ['--no-fehbg', '--bg-fill', file], { env: { ...desktop.env, HOME: await scope.folder() } });
}

// A terminal that shows text until it is stopped.
async function startText(scope, desktop, title, geometry) {
  const program = scope.start('xterm', ['-title', title, '-geometry', geometry, '-xrm', 'XTerm*cursorBlink: false',
    '-e', 'sh', '-c', 'ls -l --color=always /usr/bin | head -n 60; exec cat'], { env: desktop.env });
  return desktop.window(program, title);
}

// The desktop's `target` is the unix socket, its `tcpPort` the same server's port. frameRate: Xvnc's default is 60.
export async function startDesktop(scope, { frameRate = 60 } = {}) {
  const tcpPort = await freePort();
  const extra = ['-rfbport', String(tcpPort), '-interface', '127.0.0.1', '-FrameRate', String(frameRate)];
  const desktop = await startXvnc(scope, { geometry: `${WIDTH}x${HEIGHT}`, extra });
  desktop.tcpPort = tcpPort;
  await desktop.startWindowManager();
  await setPhotograph(scope, desktop);
  await startText(scope, desktop, 'left', '100x40+80+60');
  await startText(scope, desktop, 'right', '90x45+1000+300');
  return desktop;
}
