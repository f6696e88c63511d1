// SPDX-License-Identifier: GPL-2.0-or-later
// Pictures as {width, height, rgb}, three bytes a pixel, from PNG files and from what the X server holds.
import { readFile, writeFile } from 'node:fs/promises';
import { PNG } from './npm.mjs';
import { rootImage } from './x11.mjs';

export function decodePng(bytes) {
  const png = PNG.sync.read(bytes);
  return fromRgba(png.width, png.height, png.data);
}

export async function readPng(path) {
  return decodePng(await readFile(path));
}

export function fromRgba(width, height, rgba) {
  const rgb = Buffer.alloc(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return { width, height, rgb };
}

// `rich`: every pixel has a colour of its own, nearly, so that a shifted or stale rectangle cannot look right by chance.
// `plain`: blocks of 16 colours in an order that never repeats. Browsers ask for lossy JPEG, which servers use only for
// rectangles of many colours: this one reaches them exactly.
const BACKGROUNDS = {
  rich: (x, y) => [x & 0xff, y & 0xff, ((x >> 8) * 16 + (y >> 8) * 64 + ((x ^ y) & 15)) & 0xff],
  plain: (x, y) => {
    const index = (Math.imul((x >> 3) * 160 + (y >> 3) + 1, 0x9e3779b1) >>> 28);
    return [(index & 3) * 60 + 20, (index >> 2) * 60 + 30, index * 15];
  },
};

export async function writeBackground(path, width, height, kind) {
  const colourAt = BACKGROUNDS[kind];
  const png = new PNG({ width, height });
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) png.data.set([...colourAt(x, y), 0xff], at);
  }
  await writeFile(path, PNG.sync.write(png));
}

// A colour's part of a pixel, as a fraction of its greatest.
function part(pixel, mask) {
  const shift = 31 - Math.clz32(mask & -mask);
  return ((pixel & mask) >>> shift) / (mask >>> shift);
}

// An image as the X server gives it, whose pixels are whole bytes, of true colours or of numbers in its colour map. widen:
// makes eight bits of fewer; to the nearest, as most VNC servers do.
function decodeImage({ width, height, visual, masks, perPixel, perLine, littleEndian, pixels, map }, widen = Math.round) {
  const [pseudoColour, trueColour] = [3, 4];
  if (![8, 16, 32].includes(perPixel) || ![pseudoColour, trueColour].includes(visual)) {
    throw new Error(`an image of ${perPixel} bits a pixel and visual class ${visual} is not understood`);
  }
  const colourOf = (pixel) => (map && visual === pseudoColour ? map[pixel] : masks.map((mask) => widen(part(pixel, mask) * 255)));
  const read = { 8: (at) => pixels[at], 16: (at) => (littleEndian ? pixels.readUInt16LE(at) : pixels.readUInt16BE(at)),
    32: (at) => (littleEndian ? pixels.readUInt32LE(at) : pixels.readUInt32BE(at)) }[perPixel];
  const rgb = Buffer.alloc(width * height * 3);
  const eights = perPixel === 32 && masks.join() === [0xff0000, 0xff00, 0xff].join();
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = read(y * perLine + x * (perPixel / 8));
      if (eights) to = rgb.writeUIntBE(value & 0xffffff, to, 3);
      else for (const level of colourOf(value)) rgb[to++] = level;
    }
  }
  return { width, height, rgb };
}

// The part of a picture.
export function crop({ width, rgb }, x, y, w, h) {
  const rows = Array.from({ length: h }, (_, row) => rgb.subarray(((y + row) * width + x) * 3, ((y + row) * width + x + w) * 3));
  return { width: w, height: h, rgb: Buffer.concat(rows) };
}

export async function writePpm(path, { width, height, rgb }) {
  await writeFile(path, Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), rgb]));
}

// What the X server holds, the pointer not in it.
export const captureX = async (display, widen) => decodeImage(await rootImage(display), widen);

// Where two rectangles meet; without width or height where they do not.
function meet([x, y, width, height], [left, top, w, h]) {
  const [from, above] = [Math.max(x, left), Math.max(y, top)];
  return [from, above, Math.max(0, Math.min(x + width, left + w) - from), Math.max(0, Math.min(y + height, top + h) - above)];
}

// Is the window main, or does it belong to it: itself, or what it belongs to?
export function belongs(windows, window, main) {
  for (let i = 0; window && i < 16; i++) {
    if (window.id === main) return true;
    const { owner } = window;
    window = windows.find(({ id }) => id === owner);
  }
  return false;
}

// What a viewer of the window `main` ought to have of the screen, in the snapshot of porthole-agent's feed that belongs to it:
// the application's pixels where its windows are on top, black elsewhere. canvas: [x, y, width, height]; shown: `rect`, or
// `frame_rect` for windows with their frames.
export function expected(screen, { windows }, main, canvas, shown = 'rect') {
  const [left, top, width, height] = canvas;
  const owner = new Int8Array(width * height); // 1: the application's
  const paint = ([x, y, w, h], value) => {
    for (let row = Math.max(y, top); row < Math.min(y + h, top + height); row++) {
      const from = Math.max(x, left) - left;
      const to = Math.min(x + w, left + width) - left;
      if (to > from) owner.fill(value, (row - top) * width + from, (row - top) * width + to);
    }
  };
  for (const window of windows.filter((one) => one.mapped)) {
    paint(window.frame_rect, 0);
    if (!belongs(windows, window, main)) continue;
    for (const part of window.shape ?? [window.frame_rect]) paint(meet(part, window[shown]), 1); // round corners
  }
  const picture = { width, height, rgb: Buffer.alloc(width * height * 3) };
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = left + column;
      const y = top + row;
      if (!owner[row * width + column] || x < 0 || y < 0 || x >= screen.width || y >= screen.height) continue;
      screen.rgb.copy(picture.rgb, (row * width + column) * 3, (y * screen.width + x) * 3, (y * screen.width + x) * 3 + 3);
    }
  }
  return picture;
}

// What differs, in one line, or null where nothing does.
export function difference(actual, expected) {
  if (actual.width !== expected.width || actual.height !== expected.height) {
    return `size ${actual.width}x${actual.height} where ${expected.width}x${expected.height} was expected`;
  }
  if (actual.rgb.equals(expected.rgb)) return null;
  let count = 0;
  let first = -1;
  for (let at = 0; at < expected.rgb.length; at += 3) {
    if (actual.rgb[at] === expected.rgb[at] && actual.rgb[at + 1] === expected.rgb[at + 1] && actual.rgb[at + 2] === expected.rgb[at + 2]) continue;
    if (first < 0) first = at;
    count++;
  }
  const hex = (picture) => `#${picture.rgb.subarray(first, first + 3).toString('hex')}`;
  const pixel = first / 3;
  return `${count} pixels differ, the first at ${pixel % expected.width},${Math.floor(pixel / expected.width)}: `
    + `${hex(actual)} where ${hex(expected)} was expected`;
}

// How many colours a picture has, counted up to a limit: a flat picture would make every comparison easy.
export function colours(picture, limit = 1000) {
  const seen = new Set();
  for (let at = 0; at < picture.rgb.length && seen.size < limit; at += 3) seen.add(picture.rgb.readUIntBE(at, 3));
  return seen.size;
}
