// SPDX-License-Identifier: GPL-2.0-or-later
// An agent of the test's own: what it tells and answers is what the test says.
import net from 'node:net';

const describe = ({ title, app = 'A', rect = [0, 0, 10, 10] }, i) => ({
  id: `0x${(i + 1).toString(16)}`, frame: `0x${(i + 1).toString(16)}`, app, instance: 'a', title, pid: 1, kind: 'normal', owner: null,
  rect, frame_rect: rect, mapped: true, override_redirect: false, states: [],
});

// windows: that it tells at once, each {title, app, rect}; without, nothing. answer(command, say): of a command that came.
// Returns {path, tell(windows)}.
export async function startFakeAgent(scope, { windows, answer = () => {} } = {}) {
  const path = await scope.file('fake-agent.sock');
  const sockets = new Set();
  let serial = 0;
  let newest = null;
  const print = (line) => `${JSON.stringify(line)}\n`;
  const describeAll = (all) => {
    newest = print({
      type: 'windows', serial: ++serial, screen: { width: 1280, height: 800 }, manager: null, compositing: false, complete: true, focus: null, touched: [],
      windows: all.map(describe),
    });
  };
  if (windows) describeAll(windows);
  const server = net.createServer((socket) => {
    let text = '';
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket)).on('data', (data) => {
      const lines = (text + data).split('\n');
      text = lines.pop();
      for (const line of lines) answer(JSON.parse(line), (words) => socket.write(print(words)));
    });
    socket.write(print({ type: 'hello', version: 1, display: ':0', pid: 1 }));
    if (newest) socket.write(newest);
  });
  await new Promise((resolve, reject) => { server.on('error', reject).listen(path, resolve); });
  scope.onStop(() => new Promise((resolve) => { server.close(resolve); for (const socket of sockets) socket.destroy(); }));
  const tell = async (all) => {
    describeAll(all);
    await Promise.all([...sockets].map((socket) => new Promise((resolve) => { socket.write(newest, resolve); })));
  };
  return { path, tell };
}
