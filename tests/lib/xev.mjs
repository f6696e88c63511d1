// SPDX-License-Identifier: GPL-2.0-or-later
// An X client that records what reaches it: xev, its words parsed.

const HEAD = /^(KeyPress|KeyRelease|ButtonPress|ButtonRelease|MotionNotify) event,/;

function parseBlock(block) {
  const type = HEAD.exec(block)?.[1];
  if (!type || !/same_screen (YES|NO)/.test(block)) return undefined; // something else, or not yet written to its end
  const [, x, y] = /root:\((-?\d+),(-?\d+)\)/.exec(block).map(Number);
  const event = { type, x, y, state: Number(/state (0x[0-9a-f]+)/.exec(block)[1]) };
  if (type.startsWith('Key')) {
    const [, keycode, keysym, name] = /keycode (\d+) \(keysym (0x[0-9a-f]+), ([^)]*)\)/.exec(block);
    return { ...event, keycode: Number(keycode), keysym: Number(keysym), name };
  }
  const button = /button (\d+)/.exec(block);
  return button ? { ...event, button: Number(button[1]) } : event;
}

export function parseXev(text) {
  return text.split('\n\n').map((block) => parseBlock(block.trim())).filter(Boolean);
}

export class Recorder {
  constructor(program, window) {
    this.program = program;
    this.window = window;
    this.from = 0;
  }

  // Every event since the last call of `forget`.
  events() {
    return parseXev(this.program.stdout).slice(this.from);
  }

  forget() {
    this.from += this.events().length;
  }

  // Waits until `enough(events)` is true and returns the events.
  async wait(what, enough) {
    try {
      return await this.program.until(what, () => {
        const events = this.events();
        return enough(events) && events;
      }, 15_000);
    } catch (error) {
      error.message += `; recorded: ${this.events().map(short).join(' ') || 'nothing'}`;
      throw error;
    }
  }
}

// "+a -a" for keys, "+1@10,20" for buttons, "~@10,20" for motion.
export function short(event) {
  if (event.type === 'MotionNotify') return `~@${event.x},${event.y}`;
  const sign = event.type.endsWith('Press') ? '+' : '-';
  return event.type.startsWith('Key') ? `${sign}${event.name}` : `${sign}${event.button}@${event.x},${event.y}`;
}

export const keysOf = (events) => events.filter((event) => event.type.startsWith('Key'));
export const buttonsOf = (events) => events.filter((event) => event.type.startsWith('Button'));
export const motionsOf = (events) => events.filter((event) => event.type === 'MotionNotify');

// What was pressed and not let go: keys by keycode, for the keysym of a release depends on what else is down.
export function heldDown(events) {
  const down = new Map();
  for (const event of events) {
    if (event.type === 'MotionNotify') continue;
    const what = event.type.startsWith('Key') ? `key ${event.keycode}` : `button ${event.button}`;
    if (event.type.endsWith('Press')) down.set(what, short(event));
    else down.delete(what);
  }
  return [...down.values()];
}

// A recorder that has the keyboard's focus. Without a window manager the focus is where the pointer is. With one, what
// happens between a press and the manager's leave to go on is told anew at one moment, so motion loses its way.
export async function startRecorder(desktop, { title = 'recorder', geometry = '700x500+200+150' } = {}) {
  const program = desktop.scope.start('stdbuf', ['-oL', 'xev', '-name', title, '-geometry', geometry, '-event', 'keyboard', '-event', 'mouse'],
    { env: desktop.env, name: 'xev' });
  const window = await desktop.window(program, title);
  if (desktop.manager) await desktop.focused(program, window);
  return new Recorder(program, window);
}
