// SPDX-License-Identifier: GPL-2.0-or-later
// What an X display shows, by the X protocol itself: one GetImage of the root (X Window System Protocol, version 11).
// Tools such as xwd put a picture together window by window where there are several visuals, and leave what two windows of
// one visual share black.
import net from 'node:net';

const [GET_GEOMETRY, GET_IMAGE, QUERY_COLORS] = [14, 73, 91];
const Z_PIXMAP = 2;

// Reads from the socket: read(n) resolves to its next n bytes.
function reader(socket, display) {
  let have = Buffer.alloc(0);
  let want;
  const look = () => {
    if (!want || have.length < want.count) return;
    const { count, resolve } = want;
    want = undefined;
    const bytes = have.subarray(0, count);
    have = have.subarray(count);
    resolve(bytes);
  };
  let ended;
  const end = (error) => { ended ??= error ?? new Error(`the X server of ${display} hung up`); want?.reject(ended); };
  let chunks = [];
  let queued = 0;
  socket.on('data', (data) => {
    chunks.push(data);
    queued += data.length;
    if (have.length + queued < (want?.count ?? 0)) return; // an image comes in thousands of pieces
    have = Buffer.concat([have, ...chunks]);
    [chunks, queued] = [[], 0];
    look();
  }).on('error', end).on('close', () => end());
  return (count) => new Promise((resolve, reject) => {
    want = { count, resolve, reject };
    if (ended) reject(ended);
    else look();
  });
}

function request(opcode, detail, ...fields) {
  const bytes = Buffer.alloc(4 + fields.length * 4);
  bytes.writeUInt8(opcode, 0);
  bytes.writeUInt8(detail, 1);
  bytes.writeUInt16LE(bytes.length / 4, 2);
  fields.forEach((field, i) => bytes.writeUInt32LE(field, 4 + i * 4));
  return bytes;
}

// What of the server's greeting matters here: of its first screen.
function readSetup(body) {
  const [formats, vendor] = [body[21], body.readUInt16LE(16)];
  let at = 32 + Math.ceil(vendor / 4) * 4;
  const byDepth = new Map();
  for (let i = 0; i < formats; i++, at += 8) byDepth.set(body[at], { perPixel: body[at + 1], pad: body[at + 2] });
  const screen = { root: body.readUInt32LE(at), colours: body.readUInt32LE(at + 4) };
  const [rootVisual, depth, depths] = [body.readUInt32LE(at + 32), body[at + 38], body[at + 39]];
  at += 40;
  for (let i = 0; i < depths; i++) {
    const visuals = body.readUInt16LE(at + 2);
    at += 8;
    for (let k = 0; k < visuals; k++, at += 24) {
      if (body.readUInt32LE(at) !== rootVisual) continue;
      Object.assign(screen, { visual: body[at + 4], entries: body.readUInt16LE(at + 6), masks: [8, 12, 16].map((offset) => body.readUInt32LE(at + offset)) });
    }
  }
  return { ...screen, ...byDepth.get(depth), littleEndian: body[22] === 0 };
}

async function talk(socket, display) {
  const read = reader(socket, display);
  const ask = async (bytes) => {
    socket.write(bytes);
    const head = await read(32);
    if (head[0] !== 1) throw new Error(`the X server of ${display} answers request ${bytes[0]} with error ${head[1]}`);
    return { head, body: await read(head.readUInt32LE(4) * 4) };
  };
  socket.write(Buffer.from([0x6c, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0])); // little-endian, without authorization
  const hello = await read(8);
  const setup = await read(hello.readUInt16LE(6) * 4);
  if (hello[0] !== 1) throw new Error(`the X server of ${display} refuses: ${setup.toString('latin1', 0, hello[1])}`);
  const screen = readSetup(setup);
  const { head } = await ask(request(GET_GEOMETRY, 0, screen.root)); // it may have become another since
  const [width, height] = [head.readUInt16LE(16), head.readUInt16LE(18)];
  const { body: pixels } = await ask(request(GET_IMAGE, Z_PIXMAP, screen.root, 0, width | height << 16, 0xffffffff));
  const image = { ...screen, width, height, pixels, perLine: Math.ceil(width * screen.perPixel / screen.pad) * screen.pad / 8 };
  if (screen.perPixel > 8) return image;
  const { body } = await ask(request(QUERY_COLORS, 0, screen.colours, ...Array(screen.entries).keys()));
  return { ...image, map: Array.from({ length: screen.entries }, (_, i) => [1, 3, 5].map((offset) => body[i * 8 + offset])) }; // the high byte of each
}

// { width, height, visual (class), masks, perPixel, perLine (bytes), littleEndian, pixels, map (of colours: where there is one) }
export async function rootImage(display) {
  const socket = net.connect({ path: `/tmp/.X11-unix/X${display.slice(1)}` });
  try {
    return await talk(socket, display);
  } finally {
    socket.destroy();
  }
}
