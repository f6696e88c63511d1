// SPDX-License-Identifier: GPL-2.0-or-later
// The page: buttons and panels around a Session. All that comes from the server is shown as text, never as HTML.
import { Card } from './card.js';
import { Clipboard } from './clipboard.js';
import { Hint, takeKeyboard, wireWayOut } from './keyboard.js';
import { Keys } from './keys.js';
import { readLink } from './link.js';
import { PasswordPrompt } from './password.js';
import { wirePinch } from './pinch.js';
import { NO_PASSWORD, STOPPED } from './reasons.js';
import { Scaling } from './scaling.js';
import { Session } from './session.js';
import { keyOf, Typing } from './typing.js';

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const PANELS = { keys: 'keypanel', text: 'textpanel', scale: 'scalepanel' };

let session = null;
let link = null;
let rfb = null;

const currentRfb = () => rfb;
const card = new Card($, { title: 'Connecting', text: 'Opening the stream.' });
const hint = new Hint($('hint'));
const keys = new Keys($('keypanel'), currentRfb);
const clipboard = new Clipboard($, currentRfb);
const scaling = new Scaling($, currentRfb);
const typing = new Typing($('typing'), (keysym, code) => keys.press(keysym, code), () => showTyping(false));
const prompt = new PasswordPrompt($, (password) => session.enter(password), () => session.leave(NO_PASSWORD));

/* state */

function showState(detail) {
  const waits = card.show(detail);
  if (detail.state === 'connected') return $('ghost').replaceChildren();
  putAway(waits || (detail.state === 'connecting' && $('ghost').hasChildNodes()));
  card.takeFocus();
}

// Nothing of an ended connection is left to press. remember: its last picture stays, dimmed, while it is sought again.
function putAway(remember) {
  if (rfb && remember) $('ghost').replaceChildren(lastCanvas);
  if (!remember) $('ghost').replaceChildren();
  keys.release();
  rfb = null;
  showTyping(false);
  openPanel(null);
  showBar(true);
  hint.hide();
}

function showName(name) {
  $('name').textContent = name || 'Desktop';
  document.title = name ? `${name} - Porthole` : 'Porthole';
  labelCanvas();
}

function labelCanvas() {
  $('screen').querySelector('canvas')?.setAttribute('aria-label', `Remote screen ${$('name').textContent}`);
}

/* desktop */

let lastCanvas = null;

function onOpen(opened, rights) {
  rfb = opened;
  const controls = rights.role === 'control';
  card.short.connected = controls ? 'Connected, in control' : 'Connected, view only';
  root.dataset.role = controls ? 'control' : 'view';
  // noVNC keeps the clipboard from whoever only views. So it may believe that it controls; no input reaches its canvas.
  rfb.viewOnly = !controls && rights.clipboard === 'none';
  rfb.focusOnClick = controls;
  // The desktop's surround is the page's.
  rfb.background = 'transparent';
  rfb.addEventListener('clipboard', (event) => clipboard.received(event.detail.text));
  $('keys').hidden = !controls;
  $('type').hidden = !controls || !matchMedia('(any-pointer: coarse)').matches;
  $('windows').hidden = !rights.windows && !link.window;
  clipboard.allow(rights);
  scaling.attach(rfb, controls);
  lastCanvas = $('screen').querySelector('canvas');
  labelCanvas();
  if (controls) giveKeyboard(lastCanvas);
  else lastCanvas.setAttribute('role', 'img');
  clipboard.offer();
}

function giveKeyboard(canvas) {
  takeKeyboard(canvas);
  canvas.setAttribute('aria-describedby', 'hint');
  canvas.addEventListener('focus', () => hint.show());
  keys.watch(canvas);
  backToDesktop();
}

function backToDesktop() {
  if (!typing.open && root.dataset.role === 'control') rfb?.focus({ preventScroll: true });
}

/* panels: one at a time */

function openPanel(which) {
  for (const [button, panel] of Object.entries(PANELS)) {
    $(panel).hidden = button !== which;
    $(button).setAttribute('aria-expanded', String(button === which));
  }
  if (which !== 'keys') keys.release();
}

function wirePanels() {
  for (const [button, panel] of Object.entries(PANELS)) {
    const close = () => { openPanel(null); $(button).focus(); };
    $(button).addEventListener('click', (event) => {
      const opens = $(panel).hidden;
      const byKeyboard = event.detail === 0;
      openPanel(opens ? button : null);
      if (opens && (button !== 'keys' || byKeyboard)) $(panel).querySelector('textarea, input:checked, .keygroup button').focus();
      else if (!byKeyboard) backToDesktop();
    });
    $(panel).querySelector('.close')?.addEventListener('click', close);
    $(panel).addEventListener('keydown', (event) => { if (event.key === 'Escape') close(); });
  }
}

/* the bar, full screen, the on-screen keyboard */

function showBar(shown) {
  root.classList.toggle('barless', !shown);
  $('show').hidden = shown;
}

function wireBar() {
  $('hide').addEventListener('click', () => { openPanel(null); showBar(false); if (root.dataset.role === 'control') backToDesktop(); else $('show').focus(); });
  $('show').addEventListener('click', () => { showBar(true); $('hide').focus(); });
  $('full').hidden = !document.fullscreenEnabled;
  $('full').addEventListener('click', toggleFull);
  document.addEventListener('fullscreenchange', () => {
    const full = document.fullscreenElement !== null;
    $('full').setAttribute('aria-pressed', String(full));
    if (rfb) showBar(!full);
  });
}

async function toggleFull() {
  try {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
    } else {
      await root.requestFullscreen({ navigationUI: 'hide' });
      // Alt+Tab, Escape and the like then go to the desktop too, where the browser lets them (Escape held leads out).
      if (root.dataset.role === 'control') await navigator.keyboard?.lock?.();
    }
  } catch {
    $('status').textContent = 'Full screen is not allowed here';
  }
  backToDesktop();
}

function showTyping(on) {
  $('type').setAttribute('aria-pressed', String(on));
  if (rfb) rfb.focusOnClick = !on && root.dataset.role === 'control';
  if (on) typing.show();
  else if (typing.open) typing.close();
}

// Where the keyboard lies over the page and not beside it (Safari), the page is what is left.
function followKeyboard() {
  const { visualViewport: seen } = window;
  seen?.addEventListener('resize', () => {
    if (seen.scale > 1) return;
    root.style.setProperty('--height', `${seen.height}px`);
    scrollTo(0, 0);
  });
}

/* buttons */

function wire() {
  const press = (id, action) => $(id).addEventListener('click', action);
  press('windows', () => location.assign('wall')); // this tab keeps the token
  press('leave', () => { keys.release(); session.leave(); });
  press('again', () => session.again());
  press('stop', () => session.leave(STOPPED));
  press('clipsend', () => { clipboard.send($('clip').value); openPanel(null); backToDesktop(); });
  press('cliptype', () => {
    for (const character of $('clip').value.replaceAll('\r\n', '\n')) keys.press(...keyOf(character));
    openPanel(null);
    backToDesktop();
  });
  press('type', () => showTyping(!typing.open));
  // A finger on these must not take the focus: that closes a phone's keyboard.
  for (const id of ['type', 'keys']) $(id).addEventListener('mousedown', (event) => event.preventDefault());
  wirePinch($('screen'), currentRfb);
  wireBar();
  wirePanels();
  wireWayOut(currentRfb, toBar);
  followKeyboard();
}

function toBar() {
  hint.hide();
  showBar(true);
  $('keys').hidden ? $('scale').focus() : $('keys').focus();
}

/* start */

function start() {
  keys.release();
  session?.end();
  prompt.close();
  putAway(false);
  $('screen').replaceChildren();
  const read = readLink();
  if (read.refusal) return showState(read.refusal);
  link = read.link;
  session = new Session($('screen'), link);
  session.addEventListener('state', (event) => showState(event.detail));
  session.addEventListener('open', (event) => onOpen(event.detail.rfb, event.detail.rights));
  session.addEventListener('name', (event) => showName(event.detail.name));
  session.addEventListener('password', (event) => prompt.open(event.detail.wrong, link.stream));
  session.open();
}

wire();
start();
// Another link opened in this tab changes only the fragment: the page is not loaded anew.
window.addEventListener('hashchange', () => { if (/[#&](token|stream|window)=/.test(location.hash)) start(); });
