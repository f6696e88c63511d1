// SPDX-License-Identifier: GPL-2.0-or-later
// Window managers, each with a configuration of its own in the test's folder. What comes back is ready: windows that are
// mapped from then on are looked after.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// The sign of one that says so by EWMH once it takes all windows that come: _NET_SUPPORTING_WM_CHECK names a window that
// is there and names itself.
function announced(desktop, program) {
  return program.until('a window manager', async () => {
    const id = /# (0x[0-9a-f]+)/.exec(await desktop.property('-root', '_NET_SUPPORTING_WM_CHECK'))?.[1];
    return id !== undefined && /_NET_WM_NAME\(.*\) = "/.test(await desktop.property('-id', id, '_NET_WM_NAME'));
  });
}

async function startOpenbox(scope, desktop, { frames }) {
  const config = await scope.file(`openbox${desktop.display}.xml`);
  await writeFile(config, `<openbox_config xmlns="http://openbox.org/3.4/rc">
<applications><application class="*"><decor>${frames ? 'yes' : 'no'}</decor></application></applications></openbox_config>\n`);
  // It announces itself to others before it looks after windows: one that is mapped in between is forgotten. What it
  // runs at the end of its start is the true sign.
  const ready = await scope.file(`openbox${desktop.display}.ready`);
  const program = scope.start('openbox', ['--sm-disable', '--config-file', config, '--startup', `touch ${ready}`], { env: desktop.env });
  await program.until('a window manager', () => existsSync(ready));
  return program;
}

// It keeps its settings in xfconfd, which is found on a session bus. Its own compositor is off: see the tests of that.
async function startXfwm4(scope, desktop) {
  const home = await scope.folder();
  const env = { HOME: home, XDG_RUNTIME_DIR: home, NO_AT_BRIDGE: '1' };
  const bus = scope.start('dbus-daemon', ['--session', '--nofork', '--print-address'], { env: { ...env, ...desktop.env } });
  const address = await bus.until('its address', () => /^(unix:.*)\n/.exec(bus.stdout)?.[1]);
  const program = scope.start('xfwm4', ['--compositor=off'], { env: { ...env, ...desktop.env, DBUS_SESSION_BUS_ADDRESS: address } });
  await announced(desktop, program);
  return program;
}

// Windows whose instance is tab-1 and tab-2 share a frame. `fluxbox-remote` may give orders.
async function startFluxbox(scope, desktop) {
  const home = await scope.folder();
  const file = (name) => join(home, '.fluxbox', name);
  await mkdir(join(home, '.fluxbox'));
  await writeFile(file('init'), `session.styleOverlay: ${file('overlay')}\nsession.menuFile: ${file('menu')}\nsession.appsFile: ${file('apps')}\n`
    + 'session.screen0.toolbar.visible: false\nsession.screen0.allowRemoteActions: true\n');
  await writeFile(file('overlay'), 'background: none\n'); // or it would run programs that set one
  await writeFile(file('menu'), '[begin] (fluxbox)\n[end]\n');
  await writeFile(file('apps'), '[group]\n [app] (name=tab-1)\n [app] (name=tab-2)\n[end]\n');
  const program = scope.start('fluxbox', [], { env: { ...desktop.env, HOME: home } });
  await announced(desktop, program);
  return program;
}

const managers = { openbox: startOpenbox, xfwm4: startXfwm4, fluxbox: startFluxbox };
export const MANAGERS = Object.keys(managers);

// frames: false goes with openbox alone.
export function startManager(scope, desktop, name, { frames = true } = {}) {
  return managers[name](scope, desktop, { frames });
}
