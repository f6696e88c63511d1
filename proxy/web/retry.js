// SPDX-License-Identifier: GPL-2.0-or-later
// When to try again: later each time, never all viewers at once, and not while nobody would see it.

const BACK_OFF_S = [1, 2, 4, 8, 15, 30];

export class Retry {
  // go(): tries. tell({retryIn} or {waitsFor: 'network' | 'sight'}): what is waited for now. signal: it is not needed any more.
  constructor(go, tell, signal) {
    this.go = go;
    this.tell = tell;
    this.attempt = 0;
    this.timer = 0;
    this.waiting = null;
    addEventListener('online', () => { if (this.waiting === 'network') this.due(); }, { signal });
    addEventListener('offline', () => { if (this.timer) this.due(); }, { signal });
    document.addEventListener('visibilitychange', () => { if (this.waiting === 'sight') this.due(); }, { signal });
  }

  // atLeast: seconds that the server asked for. The rest is ours: a server that comes back meets its viewers spread out.
  schedule(atLeast = 0) {
    this.stop();
    const most = BACK_OFF_S[Math.min(this.attempt++, BACK_OFF_S.length - 1)];
    const seconds = Math.max(atLeast, most * (0.5 + Math.random() / 2));
    this.notBefore = performance.now() + atLeast * 1000;
    this.timer = setTimeout(() => this.due(), seconds * 1000);
    if (!navigator.onLine) this.due();
    else this.tell({ retryIn: seconds });
  }

  due() {
    this.stop();
    const early = this.notBefore - performance.now();
    if (!navigator.onLine) {
      this.wait('network');
    } else if (early > 0) {
      this.timer = setTimeout(() => this.due(), early);
      this.tell({ retryIn: early / 1000 });
    } else if (document.hidden) {
      this.wait('sight');
    } else {
      this.go();
    }
  }

  wait(what) {
    this.waiting = what;
    this.tell({ waitsFor: what });
  }

  // Nothing is tried any more until `schedule` is called again.
  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.waiting = null;
  }

  // The next wait is a short one again.
  reset() {
    this.attempt = 0;
  }
}
