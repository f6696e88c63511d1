// SPDX-License-Identifier: GPL-2.0-or-later
// All windows of a desktop side by side, each its own stream. They are watched; the one that was chosen is large, and gets
// input where the role allows it.
import { Card } from './card.js';
import { Hint, wireWayOut } from './keyboard.js';
import { readLink } from './link.js';
import { LEFT, STOPPED } from './reasons.js';
import { Tile } from './tile.js';
import { WindowList } from './windows.js';

const LIVE_MAX = 16; // however many the link allows: streams at a time: each is a connection to the server, and one from there to the desktop
const LINGER_MS = 2000; // somebody who scrolls past may come back

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const card = new Card($, { title: 'Connecting', text: 'Asking which windows the desktop has.' });
const hint = new Hint($('hint'));
const tiles = new Map(); // by window, in the order in which they came
const left = new Map(); // tiles that are out of sight, and since when
let list = null;
let link = null;
let front = null;
let most = LIVE_MAX;
let listed = false; // the list is there, or is asked for again

/* which are live */

function isSeen(tile) {
  const since = left.get(tile);
  return since === undefined || performance.now() - since < LINGER_MS;
}

// The large one first, then those that can be seen, as many as there may be.
function arrange() {
  const wanted = [...tiles.values()].filter((tile) => tile === front || isSeen(tile)).sort((a, b) => (b === front) - (a === front));
  const live = new Set(listed ? wanted.slice(0, most) : []);
  const full = most < LIVE_MAX ? `This link shows ${most === 1 ? 'one window' : `${most} windows`} at once` : 'Not live: choose it to see it';
  for (const tile of tiles.values()) if (!live.has(tile)) tile.setLive(false, wanted.includes(tile) ? full : 'Not live: out of sight');
  for (const tile of live) tile.setLive(true);
}

const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const tile = tiles.get(target.dataset.window);
    if (!tile) continue;
    if (isIntersecting) {
      left.delete(tile);
    } else if (!left.has(tile)) {
      left.set(tile, performance.now());
      setTimeout(arrange, LINGER_MS + 1);
    }
  }
  arrange();
});

/* windows come and go */

function add(about, rights) {
  const tile = new Tile(link, about, rights.role === 'control');
  tile.element.dataset.window = tile.id;
  tile.addEventListener('choose', () => choose(tile));
  tile.addEventListener('back', () => choose(null));
  left.set(tile, -Infinity); // until it is seen
  tiles.set(tile.id, tile);
  $('tiles').append(tile.element);
  sight.observe(tile.element);
}

function remove(tile) {
  const focused = tile.element.contains(document.activeElement);
  sight.unobserve(tile.element);
  left.delete(tile);
  tiles.delete(tile.id);
  tile.end();
  if (tile === front) choose(null);
  if (focused) ($('tiles').querySelector('.choose:not(:disabled)') ?? $('leave')).focus();
}

function onWindows({ windows, complete, rights }) {
  root.dataset.role = rights.role;
  most = Math.min(rights.max_viewers || LIVE_MAX, LIVE_MAX);
  const now = new Map(windows.map((about) => [about.id, about]));
  for (const tile of [...tiles.values()]) if (!now.has(tile.id)) remove(tile);
  // the topmost first: that is what is looked at
  for (const about of [...windows].reverse()) {
    if (tiles.has(about.id)) tiles.get(about.id).tell(about);
    else add(about, rights);
  }
  $('none').hidden = tiles.size > 0;
  $('rest').hidden = complete;
  sayHow();
  arrange();
}

function sayHow() {
  if (root.dataset.state !== 'connected') return;
  const { size } = tiles;
  const how = root.dataset.role === 'control' ? 'choose one to control' : 'view only';
  $('status').textContent = front
    ? `${root.dataset.role === 'control' ? 'In control of' : 'Looking at'} ${front.name}`
    : `${size === 1 ? '1 window' : `${size} windows`}${size > 0 || how === 'view only' ? `, ${how}` : ''}`;
}

/* the large one */

function choose(tile) {
  const before = front;
  front = tile;
  before?.setFront(false);
  tile?.setFront(true);
  root.classList.toggle('fronted', tile !== null);
  hint.hide();
  sayHow();
  arrange();
  if (tile) {
    tile.takeFocus();
    if (tile.controls) hint.show();
  } else if (before && tiles.has(before.id)) {
    before.takeFocus();
  }
}

/* state */

// While the list is asked for again, the windows' own streams go on.
function showState(detail) {
  card.show(detail);
  listed = detail.state === 'connected' || (detail.state === 'connecting' && tiles.size > 0 && listed);
  root.classList.toggle('held', listed);
  $('tiles').inert = !listed;
  if (!listed) {
    choose(null);
    $('none').hidden = $('rest').hidden = true;
  }
  if (detail.state === 'refused') for (const tile of [...tiles.values()]) remove(tile);
  sayHow();
  arrange();
  card.takeFocus();
}

/* start */

function wire() {
  const press = (id, action) => $(id).addEventListener('click', action);
  press('whole', () => location.assign('./')); // this tab keeps the token
  press('leave', () => list.leave({ ...LEFT, text: 'You left the windows. They go on without you.' }));
  press('again', () => list.again());
  press('stop', () => list.leave(STOPPED));
  wireWayOut(() => front?.rfb, () => { hint.hide(); front.part('.back').focus(); });
}

function start() {
  list?.end();
  for (const tile of [...tiles.values()]) remove(tile);
  listed = false;
  const read = readLink();
  if (read.refusal) return showState(read.refusal);
  link = read.link;
  list = new WindowList(link);
  list.addEventListener('state', (event) => showState(event.detail));
  list.addEventListener('windows', (event) => onWindows(event.detail));
  list.open();
}

wire();
start();
// Another link opened in this tab changes only the fragment: the page is not loaded anew.
window.addEventListener('hashchange', () => { if (/[#&](token|stream)=/.test(location.hash)) start(); });
