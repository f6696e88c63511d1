// SPDX-License-Identifier: GPL-2.0-or-later
// One command to QEMU's monitor, by the QEMU Machine Protocol: a JSON object a line.
import net from 'node:net';
import { createInterface } from 'node:readline';

export async function qmp(path, command, args) {
  const socket = net.connect({ path });
  try {
    socket.on('error', () => {}); // the lines end then
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async () => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`QEMU's monitor hung up before it answered ${command}`);
      const message = JSON.parse(value);
      if (message.error) throw new Error(`QEMU, ${command}: ${message.error.desc}`);
      return message;
    };
    const answer = async () => {
      for (;;) {
        const message = await next();
        if ('return' in message) return message.return; // events come in between
      }
    };
    await next(); // its greeting
    socket.write('{"execute":"qmp_capabilities"}\n');
    await answer();
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    return await answer();
  } finally {
    socket.destroy();
  }
}
