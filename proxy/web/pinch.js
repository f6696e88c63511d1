// SPDX-License-Identifier: GPL-2.0-or-later
// Two fingers that part or meet: Ctrl with the wheel, which most programs zoom by. noVNC 1.7 would do that itself, but
// presses Caps Lock and Num Lock along, as it takes the locks of a gesture for known and wrong.
import KeyTable from './novnc/core/input/keysym.js';

const STEP = 75; // pixels of the page for one turn of the wheel
const TURN = 60; // more than noVNC gathers before it sends one

// screen: what noVNC puts its canvas into. rfb(): the connection now, or null.
export function wirePinch(screen, rfb) {
  let last = 0;
  const pinch = (event) => {
    if (event.detail.type !== 'pinch') return;
    event.stopPropagation();
    const { magnitudeX, magnitudeY, clientX, clientY } = event.detail;
    const now = Math.hypot(magnitudeX, magnitudeY);
    if (event.type === 'gesturestart') last = now;
    if (event.type !== 'gesturemove' || Math.abs(now - last) < STEP) return;
    const apart = now > last;
    rfb()?.sendKey(KeyTable.XK_Control_L, 'ControlLeft', true);
    for (; Math.abs(now - last) >= STEP; last += apart ? STEP : -STEP) {
      event.target.dispatchEvent(new WheelEvent('wheel', { clientX, clientY, deltaY: apart ? -TURN : TURN, cancelable: true }));
    }
    rfb()?.sendKey(KeyTable.XK_Control_L, 'ControlLeft', false);
  };
  for (const type of ['gesturestart', 'gesturemove', 'gestureend']) screen.addEventListener(type, pinch, true);
}
