// SPDX-License-Identifier: GPL-2.0-or-later
// Moments at which a connection may have died without a word: the machine slept, the network changed, the tab was frozen.

const TICK_MS = 5000;
const GAP_MS = 20_000; // so late is no timer of a visible page on a machine that is awake

// Calls `suspect()` at each of them, until the signal.
export function watchForDeath(suspect, signal) {
  let last = Date.now(); // unlike performance.now() it goes on while the machine sleeps
  const look = () => {
    const late = Date.now() - last > GAP_MS;
    last = Date.now();
    if (late) suspect();
  };
  const ticking = setInterval(() => { if (!document.hidden) look(); }, TICK_MS);
  signal.addEventListener('abort', () => clearInterval(ticking));
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) last = Date.now();
    else look();
  }, { signal });
  addEventListener('online', suspect, { signal });
}
