// SPDX-License-Identifier: GPL-2.0-or-later
// wayvnc on a sway without a screen: a background, and a terminal that floats before it.
import { chmod, chown, copyFile, mkdir, open, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, greeting } from './desktop.mjs';
import { writeBackground } from './picture.mjs';
import { GivenUp, until } from './proc.mjs';

const NOBODY = 65534;

// What a server needs to ask for a user's name and password, which it does only through TLS and on a TCP port.
async function configureAuth(folder, { certificate, key, username, password }) {
  const config = join(folder, 'wayvnc.conf');
  const copy = async (from, name) => {
    const to = join(folder, name);
    await copyFile(from, to);
    return to;
  };
  const files = [await copy(certificate, 'certificate.pem'), await copy(key, 'key.pem'), config];
  await writeFile(config, `enable_auth=true\ncertificate_file=${files[0]}\nprivate_key_file=${files[1]}\nusername=${username}\npassword=${password}\n`);
  for (const file of files) {
    await chmod(file, 0o600);
    if (process.getuid() === 0) await chown(file, NOBODY, NOBODY);
  }
  return config;
}

// sway refuses to run as root, so root runs it as nobody.
async function privateFolder(scope) {
  const folder = await scope.file('wayland');
  await mkdir(folder, { mode: 0o700 });
  if (process.getuid() !== 0) return { folder, as: [] };
  await chmod(await scope.folder(), 0o711);
  await chown(folder, NOBODY, NOBODY);
  return { folder, as: ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] };
}

// auth: {certificate, key, username, password}, and it is on a port instead of a socket
export async function wayvnc(scope, { width, height, auth }) {
  const { folder, as } = await privateFolder(scope);
  const env = { XDG_RUNTIME_DIR: folder, HOME: folder, WLR_BACKENDS: 'headless', WLR_RENDERER: 'pixman', WLR_LIBINPUT_NO_DEVICES: '1', DISPLAY: undefined };
  const start = (...command) => scope.start(...split([...as, ...command]), { env, name: command[0] });
  const must = (...command) => scope.must(...split([...as, ...command]), { env });

  const config = join(folder, 'sway.conf');
  await writeFile(config, `xwayland disable
output HEADLESS-1 mode ${width}x${height}
default_border none
for_window [app_id="foot"] floating enable, resize set 301 203, move absolute position 20 30\n`);
  const sway = start('sway', '-c', config);
  const socketOf = (pattern) => sway.until('its sockets', async () => (await readdir(folder)).find((name) => pattern.test(name)));
  env.WAYLAND_DISPLAY = await socketOf(/^wayland-\d+$/);
  env.SWAYSOCK = join(folder, await socketOf(/^sway-ipc/));
  const swaymsg = (...words) => must('swaymsg', ...words);

  const pipe = join(folder, 'terminal');
  await must('mkfifo', pipe);
  const terminal = await open(pipe, 'r+'); // for reading too: so it does not wait for the terminal
  scope.onStop(() => terminal.close());
  const foot = start('foot', '-c', '/dev/null', 'cat', pipe);
  await foot.until('its window', async () => (await swaymsg('-t', 'get_tree')).includes('"app_id": "foot"'));

  const serve = async (address, ...args) => {
    const program = start('wayvnc', '-f', '60', ...args);
    await program.until('an RFB greeting', async () => (await greeting(address)).startsWith('RFB '));
    return { program, where: address.path ?? String(address.port) };
  };
  const serveOnPort = async () => {
    const options = await configureAuth(folder, auth);
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        return await serve({ port }, '-C', options, '127.0.0.1', String(port));
      } catch (error) {
        if (!(error instanceof GivenUp) || attempt === 5) throw error; // somebody else has taken it
      }
    }
  };
  const path = join(folder, 'vnc.sock');
  const { program: server, where } = auth ? await serveOnPort() : await serve({ path }, '-u', path);

  const file = join(folder, 'grim.ppm');
  const capture = async () => {
    await must('grim', '-t', 'ppm', file);
    return readFile(file);
  };
  // All that is asked for here happens some time later. So draw() waits for the screen to change, and truth() for it to
  // stand still.
  let known = await capture();
  const change = async (command) => {
    await command();
    await until('the screen to change', async () => !(await capture()).equals(known));
  };
  const truth = async () => {
    await until('the screen to stand still', async () => {
      const previous = known;
      known = await capture();
      return known.equals(previous);
    });
    return file;
  };
  const background = async (kind, w, h) => {
    const picture = await scope.file(`background-${kind}.png`);
    await writeBackground(picture, w, h, kind);
    await chmod(picture, 0o644);
    await swaymsg('output', 'HEADLESS-1', 'bg', picture, 'fill');
  };
  const steps = [
    () => background('rich', width, height),
    () => terminal.write(Array.from({ length: 99 }, (_, i) => `\x1b[${31 + i % 7}mline ${i}\n`).join('')),
    () => swaymsg('[app_id="foot"] move absolute position 87 61'),
    () => terminal.write('\x1b[0mmore\nlines\n\x1b[7mthat scroll\n'),
    () => background('plain', width, height),
    () => swaymsg('[app_id="foot"] resize set 171 333'),
    () => terminal.write('\x1b[41m\x1b[2Jred\n'),
  ];
  return {
    server,
    where,
    draw: (step) => change(steps[step]),
    truth,
    isStale: async () => !(await capture()).equals(known),
    resize: (w, h) => change(() => swaymsg('output', 'HEADLESS-1', 'mode', `${w}x${h}`)),
  };
}

const split = ([command, ...args]) => [command, args];
