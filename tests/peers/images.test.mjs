// SPDX-License-Identifier: GPL-2.0-or-later
// What `porthole screenshot` and `porthole zoom` make of a real desktop: formats, scaling, budgets, and the numbers of
// --json, which lead back to the desktop.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { live, until } from '../lib/proc.mjs';
import { HEIGHT, WIDTH, startX11vnc, startXvnc } from '../lib/desktop.mjs';
import { captureX, difference, readPng } from '../lib/picture.mjs';
import { aim, on, porthole } from '../lib/porthole.mjs';

// TigerVNC draws the pointer unless it is where this client has moved it: in the corner, for a new one.
async function furnished(scope) {
  const desktop = await startXvnc(scope);
  await desktop.furnish();
  await on(scope, desktop, 'move', '0', '0');
  return desktop;
}

const told = async (scope, desktop, ...args) => JSON.parse(await on(scope, desktop, '--json', ...args));

function cut(picture, { x, y, width, height }) {
  const rows = [];
  for (let row = y; row < y + height; row++) rows.push(picture.rgb.subarray((row * picture.width + x) * 3, (row * picture.width + x + width) * 3));
  return { width, height, rgb: Buffer.concat(rows) };
}

const colourAt = (picture, x, y) => [...picture.rgb.subarray((y * picture.width + x) * 3, (y * picture.width + x) * 3 + 3)];

function mean(picture) {
  const sums = [0, 0, 0];
  for (let at = 0; at < picture.rgb.length; at++) sums[at % 3] += picture.rgb[at];
  return sums.map((sum) => sum / (picture.width * picture.height));
}

live('a region is cut out to the pixel, and told', async (scope) => {
  const desktop = await furnished(scope);
  const file = await scope.file('part.png');
  const region = { x: 411, y: 307, width: 333, height: 77 };
  const answer = await told(scope, desktop, 'screenshot', '--region', '411,307,333,77', file);
  assert.equal(difference(await readPng(file), cut(await captureX(desktop.display), region)), null);
  const { sequence, bytes, ...rest } = answer;
  assert.ok(sequence >= 1);
  assert.equal(bytes, (await readFile(file)).length);
  assert.deepEqual(rest, { file, format: 'png', width: 333, height: 77, region: [411, 307, 744, 384], scale_x: 1, scale_y: 1 });
});

live('a screenshot is scaled down to an edge, or a number of pixels', async (scope) => {
  const desktop = await furnished(scope);
  const file = await scope.file('small.png');
  const held = mean(await captureX(desktop.display));
  for (const [option, value, width, height] of [['--max-edge', '320', 320, 200], ['--max-pixels', '16000', 160, 100], ['--max-edge', '9999', WIDTH, HEIGHT]]) {
    const answer = await told(scope, desktop, 'screenshot', option, value, file);
    const picture = await readPng(file);
    assert.deepEqual([picture.width, picture.height, answer.width, answer.height], [width, height, width, height]);
    assert.deepEqual([answer.scale_x, answer.scale_y], [WIDTH / width, HEIGHT / height]);
    assert.deepEqual(answer.region, [0, 0, WIDTH, HEIGHT]);
    mean(picture).forEach((value, channel) => assert.ok(Math.abs(value - held[channel]) < 1.5, `${mean(picture)} where ${held} was expected`));
  }
});

// The filter passes through what it scales: with an odd factor, each pixel of the desktop stands unchanged in the
// middle of its own square. So the numbers of --json must lead there and back.
live('zoom shows each pixel of the desktop where its numbers say', async (scope) => {
  const desktop = await furnished(scope);
  const file = await scope.file('zoom.png');
  const answer = await told(scope, desktop, 'zoom', '--max-edge', '200', '1240', '775', '40', '25', file);
  const [picture, held] = [await readPng(file), await captureX(desktop.display)];
  assert.deepEqual(answer.region, [1240, 775, 1280, 800]);
  assert.deepEqual([picture.width, picture.height, answer.scale_x, answer.scale_y], [200, 125, 0.2, 0.2]);
  for (let y = 2; y < 125; y += 5) {
    for (let x = 2; x < 200; x += 5) {
      const [dx, dy] = [1240 + Math.floor((x + 0.5) * answer.scale_x), 775 + Math.floor((y + 0.5) * answer.scale_y)];
      assert.deepEqual(colourAt(picture, x, y), colourAt(held, dx, dy), `the pixel at ${x},${y}, of the desktop's ${dx},${dy}`);
    }
  }
});

live("zoom enlarges to the screen's longest side, unless told", async (scope) => {
  const desktop = await furnished(scope);
  const file = await scope.file('zoom.jpg');
  const answer = await told(scope, desktop, 'zoom', '60', '60', '200', '30', file);
  assert.deepEqual([answer.format, answer.width, answer.height], ['jpeg', WIDTH, 192]);
  const square = await told(scope, desktop, 'zoom', '--max-pixels', '10000', '60', '60', '20', '20', file);
  assert.deepEqual([square.width, square.height], [100, 100]);
});

// Where two pictures differ: {x, y, width, height, count}.
function change(before, after) {
  const [xs, ys] = [[], []];
  for (let at = 0; at < before.rgb.length; at += 3) {
    if (before.rgb.compare(after.rgb, at, at + 3, at, at + 3) === 0) continue;
    xs.push((at / 3) % before.width);
    ys.push(Math.floor(at / 3 / before.width));
  }
  const min = (list) => list.reduce((a, b) => Math.min(a, b), Infinity);
  const max = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);
  return { x: min(xs), y: min(ys), width: max(xs) - min(xs) + 1, height: max(ys) - min(ys) + 1, count: xs.length };
}

// x11vnc tells shape and place to whoever connects; it polls for both.
live('the pointer is drawn when it is asked for, where it is', async (scope) => {
  const desktop = await startX11vnc(scope);
  await desktop.furnish();
  await on(scope, desktop, 'move', '700', '500');
  const [plain, drawn] = [await scope.file('plain.png'), await scope.file('drawn.png')];
  const seen = await until('the pointer at 700,500', async () => {
    const answer = await told(scope, desktop, 'screenshot', '--cursor', drawn);
    return answer.cursor?.[0] === 700 && answer.cursor[1] === 500 && answer;
  });
  assert.deepEqual(seen.cursor, [700, 500]);
  assert.equal((await told(scope, desktop, 'screenshot', plain)).cursor, undefined);
  const { x, y, width, height, count } = change(await readPng(plain), await readPng(drawn));
  assert.ok(count >= 20 && width <= 64 && height <= 64 && x <= 700 && y <= 500 && x + width >= 700 && y + height >= 500,
    `${count} pixels differ, in ${width}x${height} at ${x},${y}`);
  const half = await scope.file('half.png');
  await on(scope, desktop, 'screenshot', '--cursor', '--region', '700,500,40,40', half);
  assert.equal(difference(await readPng(half), cut(await readPng(drawn), { x: 700, y: 500, width: 40, height: 40 })), null);
  const actions = JSON.stringify([{ action: 'screenshot', cursor: true, file: half }]);
  const done = await porthole(scope, [...aim(desktop), 'do'], { stdin: actions });
  assert.equal(done.code, 0, done.stdout + done.stderr);
  assert.equal(difference(await readPng(half), await readPng(drawn)), null);
});

// What kind of WebP it is, and its size (RFC 9649, sections 2.5 and 2.6).
function webpHead(bytes) {
  assert.equal(bytes.toString('latin1', 0, 4) + bytes.toString('latin1', 8, 12), 'RIFFWEBP');
  assert.equal(bytes.readUInt32LE(4) + 8, bytes.length);
  const kind = bytes.toString('latin1', 12, 16);
  if (kind === 'VP8 ') return { kind, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  const sizes = bytes.readUInt32LE(21);
  return { kind, width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 };
}

live('WebP is WebP, lossy unless it is to be lossless', async (scope) => {
  const desktop = await furnished(scope);
  const file = await scope.file('shot.webp');
  const lossy = await told(scope, desktop, 'screenshot', file);
  assert.equal(lossy.quality, 85);
  assert.deepEqual(webpHead(await readFile(file)), { kind: 'VP8 ', width: WIDTH, height: HEIGHT });
  const lossless = await told(scope, desktop, 'screenshot', '--lossless', file);
  assert.equal(lossless.quality, undefined);
  assert.deepEqual(webpHead(await readFile(file)), { kind: 'VP8L', width: WIDTH, height: HEIGHT });
});

live('files keep to a budget of bytes: quality gives way before scale', async (scope) => {
  const desktop = await furnished(scope);
  // what is left of the file as it would be, and which of the two it takes
  for (const [name, part, gives] of [['a.jpg', 0.7, 'quality'], ['a.jpg', 0.1, 'scale'], ['a.webp', 0.7, 'quality'], ['a.webp', 0.1, 'scale'], ['a.png', 0.5, 'scale']]) {
    const file = await scope.file(name);
    const whole = await told(scope, desktop, 'screenshot', file);
    const budget = Math.floor(whole.bytes * part);
    const answer = await told(scope, desktop, 'screenshot', '--max-bytes', `${budget}`, file);
    assert.equal(answer.bytes, (await readFile(file)).length);
    assert.ok(answer.bytes <= budget && answer.bytes > budget / 4, `${name}: ${answer.bytes} bytes of ${budget}`);
    assert.equal(answer.width < WIDTH, gives === 'scale', `${name}: ${JSON.stringify(answer)}`);
    if (name !== 'a.png') assert.ok(answer.quality >= 40 && answer.quality < 85, `quality ${answer.quality}`);
  }
  const many = await told(scope, desktop, 'screenshot', '--max-bytes', '100M', await scope.file('b.jpg'));
  assert.equal(many.quality, 85);
  const few = await told(scope, desktop, 'screenshot', '--max-bytes', '8k', await scope.file('c.jpg'));
  assert.ok(few.bytes <= 8192 && few.bytes > 2048, `${few.bytes} bytes`);

  const file = await scope.file('none.jpg');
  const result = await porthole(scope, [...aim(desktop), 'screenshot', '--max-bytes', '300', file]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /the JPEG does not fit into 300 bytes: at 64x40 pixels it still has \d+/);
  await assert.rejects(readFile(file), { code: 'ENOENT' });
});

live('what cannot be is refused, and says why', async (scope) => {
  const desktop = await startXvnc(scope);
  const file = await scope.file('never.png');
  for (const [args, message] of [
    [['zoom', '10', '10', '20', file], /X Y W H FILE are needed/],
    [['zoom', '10', '10', '20', '0', file], /H 0 is not 1 to 16384/],
    [['zoom', '1270', '10', '20', '20', file], /the region of 20x20 at \(1270, 10\) is not inside the screen of 1280x800/],
    [['screenshot', '--max-edge', '0', file], /max-edge 0 is not 1 to 16384/],
    [['screenshot', '--lossless', '--format', 'jpeg', file], /a JPEG is never lossless/],
    [['screenshot', '--max-bytes', '12G', file], /max-bytes '12G' is not a number of bytes/],
    [['screenshot', '--format', 'gif', file], /unknown format 'gif': there is png\|jpeg\|webp/],
    [['screenshot', file.replace('.png', '.bmp')], /say --format png\|jpeg\|webp/],
  ]) {
    const result = await porthole(scope, [...aim(desktop), ...args]);
    assert.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, message);
  }
  await assert.rejects(readFile(file), { code: 'ENOENT' });
});
