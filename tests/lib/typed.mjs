// SPDX-License-Identifier: GPL-2.0-or-later
// An X client that records the text it is given, as text: xterm with its input method, and a program in it that writes
// what it reads into a file. The terminal gives newlines for Return and changes nothing else.
import { readFile } from 'node:fs/promises';

let counter = 0;

export class TypedText {
  constructor(program, file) {
    this.program = program;
    this.file = file;
    this.from = 0;
  }

  async text() {
    return (await readFile(this.file, 'utf8')).slice(this.from);
  }

  // What was typed since the last call, up to and without `end`, which the test types last.
  async until(end, deadlineMs) {
    try {
      const text = await this.program.until(JSON.stringify(end), async () => {
        const now = await this.text();
        return now.endsWith(end) && now;
      }, deadlineMs);
      this.from += text.length;
      return text.slice(0, text.length - end.length);
    } catch (error) {
      const text = await this.text();
      error.message += `; ${text.length} characters came, the last are ${JSON.stringify(text.slice(-80))}`;
      throw error;
    }
  }
}

// It has the keyboard's focus. echo: what is typed is shown.
export async function startTypedText(desktop, { title = 'typed text', echo = false } = {}) {
  const file = await desktop.scope.file(`typed-${++counter}`);
  const script = `stty -icanon ${echo ? '' : '-'}echo -isig -iexten -ixon min 1; : >"$1.ready"; exec cat >"$1"`;
  const program = desktop.scope.start('xterm', ['-u8', '-title', title, '-geometry', '80x24+60+60', '-e', 'sh', '-c', script, 'sh', file],
    { env: { ...desktop.env, LC_ALL: 'C.UTF-8', XMODIFIERS: '@im=none' } });
  const window = await desktop.window(program, title);
  if (desktop.manager) await desktop.focused(program, window);
  const typed = new TypedText(program, file);
  await program.until('the terminal', async () => { await readFile(`${file}.ready`); return await typed.text() === ''; });
  return typed;
}
