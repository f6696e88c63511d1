// SPDX-License-Identifier: GPL-2.0-or-later
// The page: buttons and panels around a Session. All that comes from the server is shown as text, never as HTML.
import keysyms from './novnc/core/input/keysymdef.js';
import { isWellFormed, takeToken } from './link.js';
import { BAD_TOKEN, NO_TOKEN } from './reasons.js';
import { Session } from './session.js';

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const SHORT = { connecting: 'Connecting', connected: 'Connected', disconnected: 'Disconnected', refused: 'Refused' };
const CONTROL_KEYSYMS = { '\n': 0xff0d, '\t': 0xff09 };

let session = null;
let rfb = null;
let fit = true;
let countdown = 0;

/* state */

function showState({ state, reason, retryIn }) {
  clearInterval(countdown);
  root.dataset.state = state;
  $('status').textContent = SHORT[state];
  $('cardtitle').textContent = reason?.title ?? 'Connecting';
  $('cardtext').textContent = reason?.text ?? 'Opening the stream to the desktop.';
  $('cardmore').textContent = reason?.more ?? '';
  $('again').hidden = state !== 'disconnected';
  if (state === 'connected') return;
  rfb = null;
  openPanel(false);
  if (state === 'disconnected') $('again').focus({ preventScroll: true });
  if (retryIn) countFrom(retryIn, reason.more);
}

function countFrom(seconds, words) {
  const end = performance.now() + seconds * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    $('cardmore').textContent = `${words ? `${words}. ` : ''}Trying again in ${left} s.`;
  };
  show();
  countdown = setInterval(show, 1000);
}

function showName(name) {
  $('name').textContent = name || 'Desktop';
  document.title = name ? `${name} - Porthole` : 'Porthole';
  canvas()?.setAttribute('aria-label', `Remote desktop ${name}`);
}

function canvas() {
  return $('screen').querySelector('canvas');
}

/* desktop */

function onOpen(opened, rights) {
  rfb = opened;
  showRights(rights);
  // The desktop's surround is the page's.
  rfb.background = getComputedStyle(root).getPropertyValue('--back');
  const element = canvas();
  element.tabIndex = 0;
  element.setAttribute('role', 'application');
  element.setAttribute('aria-keyshortcuts', 'Control+Shift+F6');
  rfb.addEventListener('clipboard', (event) => { $('clip').value = event.detail.text; });
  rfb.addEventListener('clippingviewport', (event) => showPan(event.detail));
  applyScale();
  rfb.focus({ preventScroll: true });
}

// What the server would not let through is not offered.
function showRights({ role, clipboard }) {
  const controls = role === 'control';
  const sets = clipboard === 'in' || clipboard === 'both';
  const gets = clipboard === 'out' || clipboard === 'both';
  SHORT.connected = controls ? 'Connected' : 'Connected, view only';
  $('cad').hidden = $('cliptype').hidden = !controls;
  $('clipsend').hidden = !sets;
  $('text').hidden = !controls && !sets && !gets;
  $('clip').readOnly = !controls && !sets;
}

function applyScale() {
  $('scale').setAttribute('aria-pressed', String(fit));
  if (!rfb) return;
  rfb.scaleViewport = fit;
  // At its own size the desktop is scrolled; fingers, which act on the desktop, get a button that pans instead.
  rfb.clipViewport = !fit && matchMedia('(pointer: coarse)').matches;
  if (fit) showPan(false);
}

function showPan(clipping) {
  $('pan').hidden = !clipping;
  setPan(false);
}

function setPan(on) {
  $('pan').setAttribute('aria-pressed', String(on));
  if (rfb) rfb.dragViewport = on;
}

/* text */

function openPanel(open) {
  $('textpanel').hidden = !open;
  $('text').setAttribute('aria-expanded', String(open));
  if (open) $('clip').focus();
}

function typeText(text) {
  for (const character of text.replaceAll('\r\n', '\n')) {
    rfb?.sendKey(CONTROL_KEYSYMS[character] ?? keysyms.lookup(character.codePointAt(0)));
  }
}

/* buttons */

function wire() {
  const press = (id, action) => $(id).addEventListener('click', action);
  const backToDesktop = () => rfb?.focus({ preventScroll: true });

  press('scale', () => { fit = !fit; applyScale(); backToDesktop(); });
  press('pan', () => setPan($('pan').getAttribute('aria-pressed') !== 'true'));
  press('text', () => openPanel($('textpanel').hidden));
  press('cad', () => { rfb?.sendCtrlAltDel(); backToDesktop(); });
  press('leave', () => session.leave());
  press('again', () => session.again());
  press('clipsend', () => { rfb?.clipboardPasteFrom($('clip').value); openPanel(false); backToDesktop(); });
  press('cliptype', () => { typeText($('clip').value); openPanel(false); backToDesktop(); });
  press('clipclose', () => { openPanel(false); $('text').focus(); });

  $('full').hidden = !document.fullscreenEnabled;
  press('full', async () => {
    try {
      await (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
    } catch {
      $('status').textContent = 'Full screen is not allowed here';
    }
    backToDesktop();
  });
  document.addEventListener('fullscreenchange', () => {
    $('full').setAttribute('aria-pressed', String(document.fullscreenElement !== null));
  });

  $('textpanel').addEventListener('keydown', (event) => {
    if (event.key === 'Escape') { openPanel(false); $('text').focus(); }
  });
  wireWayOut();
}

// The desktop takes every key, Tab too, so it would be a trap for the keyboard: Ctrl+Shift+F6 leads out to the bar.
// The step is made when the keys are up again, or the desktop would never hear that Ctrl and Shift were released.
function wireWayOut() {
  let leaving = false;
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'F6' || !event.ctrlKey || !event.shiftKey) return;
    leaving = true;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener('keyup', (event) => {
    if (event.key === 'F6' && leaving) event.stopPropagation();
  }, true);
  window.addEventListener('keyup', (event) => {
    if (!leaving || event.ctrlKey || event.shiftKey) return;
    leaving = false;
    $('scale').focus();
  }, true);
}

/* start */

function start() {
  session?.drop();
  $('screen').replaceChildren();
  const token = takeToken();
  if (!token) return showState({ state: 'refused', reason: NO_TOKEN });
  if (!isWellFormed(token)) return showState({ state: 'refused', reason: BAD_TOKEN });
  session = new Session($('screen'), token);
  session.addEventListener('state', (event) => showState(event.detail));
  session.addEventListener('open', (event) => onOpen(event.detail.rfb, event.detail.rights));
  session.addEventListener('name', (event) => showName(event.detail.name));
  session.open();
}

wire();
start();
// Another link opened in this tab changes only the fragment: the page is not loaded anew.
window.addEventListener('hashchange', () => { if (location.hash.includes('token=')) start(); });
