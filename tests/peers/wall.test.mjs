// SPDX-License-Identifier: GPL-2.0-or-later
// What a wall of windows stands on: a viewer of a whole desktop that asks for one window, and the list of them.
import assert from 'node:assert/strict';
import { startFakeAgent } from '../lib/agents.mjs';
import { startXvnc } from '../lib/desktop.mjs';
import { startAgent } from '../lib/feed.mjs';
import { admin, startPortholed, startWithAdmin } from '../lib/porthole.mjs';
import { live, until } from '../lib/proc.mjs';
import { Peer, RfbViewer, upgrade } from '../lib/viewer.mjs';

const LIST = { path: '/windows' };

// A viewer of the list. `list()`: the newest of what it was told; `count`: how much it was told.
class Lister extends RfbViewer {
  constructor(scope, proxy, options) {
    super(scope, proxy);
    this.send(upgrade(proxy, { ...LIST, ...options }));
  }

  get count() { return this.texts.length; }

  list() {
    const newest = this.texts.at(-1);
    return newest && JSON.parse(newest);
  }

  // Until what it was told pleases `probe`; returns what that answered.
  until(what, probe) {
    return until(`${what} in the list`, () => {
      if (this.closed) throw new Error(`closed: ${JSON.stringify(this.close)}, ${JSON.stringify(this.text.slice(0, 400))}`);
      return this.list() && probe(this.list());
    });
  }
}

async function refused(scope, proxy, options, status, words) {
  const peer = new Peer(scope, proxy).send(upgrade(proxy, options));
  await peer.gets(words);
  assert.deepEqual(peer.statuses, [status]);
}

// What its ServerInit has told: [width, height].
const sizeOf = (viewer) => {
  const all = Buffer.concat(viewer.frames.filter(({ opcode }) => opcode === 2).map(({ payload }) => payload));
  return [all.readUInt16BE(18), all.readUInt16BE(20)];
};

async function start(scope, options) {
  const desktop = await startXvnc(scope);
  await desktop.startWindowManager();
  const { feed, path, program: agent } = await startAgent(scope, desktop);
  desktop.startXterm('One', '40x10+100+100');
  const one = await feed.window({ title: 'One' });
  return { desktop, feed, path, agent, one, options: { upstream: desktop.upstream, agent: path, ...options } };
}

live('a viewer of a desktop may ask for one of its windows, and for nothing that its token does not open', async (scope) => {
  const { desktop, one, options } = await start(scope);
  const { proxy, line } = await startWithAdmin(scope, { ...options, streams: { look: { role: 'view' }, window: { window: 'app:xterm' } }, desktops: { blind: { upstream: desktop.upstream } } });
  const whole = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.look });
  assert.deepEqual(sizeOf(whole), [1280, 800]);
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.look, query: `?window=${one.id}` });
  assert.deepEqual(sizeOf(viewer), one.rect.slice(2));
  const { json: { viewers: [newest, oldest] } } = await admin(proxy, 'GET', '/v1/viewers');
  assert.deepEqual([newest.window, newest.list, newest.role, oldest.window], [one.id, false, 'view', null]);
  assert.equal((await line('viewer_begun')).window, undefined);
  await line('viewer_begun', ({ window }) => window === one.id);

  const titled = await new RfbViewer(scope, proxy).open(proxy, { query: '?window=title:%4fne' });
  assert.deepEqual(sizeOf(titled), one.rect.slice(2));
  const rect = await new RfbViewer(scope, proxy).open(proxy, { query: '?window=rect:70x50+3+4' });
  assert.deepEqual(sizeOf(rect), [70, 50]);

  await refused(scope, proxy, { query: '?window=pid:1' }, 400, 'window must be app:NAME');
  await refused(scope, proxy, { token: proxy.tokens.window, query: '?window=app:xterm' }, 403, 'This stream is of one window, and shows no other.');
  const { json: blind } = await admin(proxy, 'POST', '/v1/streams', { desktop: 'blind' });
  await refused(scope, proxy, { token: blind.token, query: '?window=app:xterm' }, 403, 'This desktop has no agent');
  const said = await line('refused');
  assert.equal(said.reason, 'window');
});

live('the list of windows follows them, and tells nothing else', async (scope) => {
  const { desktop, feed, one, options } = await start(scope);
  const proxy = await startPortholed(scope, { ...options, streams: { look: { role: 'view', max_viewers: 1 } } });
  const list = new Lister(scope, proxy, { token: proxy.tokens.look });
  await list.until('the first window', ({ windows }) => windows.length === 1);
  assert.deepEqual(list.list(), { windows: [{ id: one.id, app: 'XTerm', title: 'One', width: one.rect[2], height: one.rect[3], mapped: true, visible: true }], complete: true });

  const second = desktop.startXterm('Two', '30x8+200+150');
  const two = await feed.window({ title: 'Two' });
  await list.until('two windows, the lower one first', ({ windows }) => windows.map(({ title }) => title).join() === 'One,Two');
  await feed.order('activate', { window: one.id });
  await list.until('another order', ({ windows }) => windows.map(({ title }) => title).join() === 'Two,One');
  // One that others cover is told, though not by what.
  const cover = desktop.startXterm('Cover', '90x30+30+30');
  await list.until('none but the cover to be seen', ({ windows }) => windows.map(({ title, visible }) => `${title} ${visible}`).join() === 'Two false,One false,Cover true');
  cover.kill();
  await list.until('all to be seen', ({ windows }) => windows.length === 2 && windows.every(({ visible }) => visible));
  await feed.order('minimize', { window: two.id });
  await list.until('a minimised one', ({ windows }) => windows.some(({ id, mapped }) => id === two.id && !mapped));
  await feed.order('restore', { window: two.id });
  await feed.order('resize', { window: two.id, width: 300, height: 200 });
  const resized = await feed.until('another size', ({ windows }) => windows.find(({ id, rect }) => id === two.id && rect[2] !== two.rect[2]));
  await list.until('another size', ({ windows }) => windows.some(({ id, width, height, mapped }) => mapped && id === two.id && width === resized.rect[2] && height === resized.rect[3]));
  // Where windows are it does not tell: so a window that moves is no news.
  await feed.order('move', { window: one.id, x: 300, y: 300 });
  await feed.until('another place', ({ windows }) => windows.find(({ id, rect }) => id === one.id && rect[0] > 200));
  second.kill();
  await list.until('one window', ({ windows }) => windows.length === 1);
  list.texts.forEach((text, i) => assert.notEqual(text, list.texts[i - 1]));
  for (const text of list.texts) assert.ok(!/rect|pid|owner|frame/.test(text), text);

  // It takes none of the viewers' places, and has as many; it counts among all.
  await new RfbViewer(scope, proxy).open(proxy, { token: proxy.tokens.look });
  const another = new Lister(scope, proxy, { token: proxy.tokens.look });
  await another.ends();
  assert.deepEqual(another.close, { code: 4008, words: 'too many viewers' });
  const { json: { viewers } } = await admin(proxy, 'GET', '/v1/viewers');
  assert.deepEqual(viewers.map((viewer) => viewer.list), [false, true]);
  assert.equal((await admin(proxy, 'GET', '/v1/streams')).json.streams.find(({ id }) => id === 'look').viewers, 1);

  // It is not asked anything.
  list.says([1]);
  await list.ends();
  assert.deepEqual(list.close, { code: 1003, words: 'a list of windows takes no messages' });
});

live('a list ends with its token and its agent, and has none without', async (scope) => {
  const { agent, options } = await start(scope);
  const proxy = await startPortholed(scope, { ...options, streams: { window: { window: 'app:xterm' } } });
  const make = async (body) => (await admin(proxy, 'POST', '/v1/streams', { desktop: 'demo', ...body })).json;
  const made = await make({});
  const list = new Lister(scope, proxy, { token: made.token });
  await list.until('a window', ({ windows }) => windows.length === 1);
  const viewer = await new RfbViewer(scope, proxy).open(proxy, { token: made.token, query: '?window=app:xterm' });
  await admin(proxy, 'DELETE', `/v1/streams/${made.id}`);
  for (const one of [list, viewer]) {
    await one.ends();
    assert.deepEqual(one.close, { code: 4002, words: 'the stream was revoked' });
  }
  await refused(scope, proxy, { ...LIST, token: made.token }, 401, 'This token opens no stream.');
  const brief = new Lister(scope, proxy, { token: (await make({ ttl: 1 })).token });
  await brief.ends();
  assert.deepEqual(brief.close, { code: 4001, words: 'the stream has expired' });

  await refused(scope, proxy, { ...LIST, token: null }, 401, 'A token is needed');
  await refused(scope, proxy, { ...LIST, origin: 'https://elsewhere' }, 403, 'Pages of this origin');
  await refused(scope, proxy, { ...LIST, token: proxy.tokens.window }, 403, 'A stream of one window has no list of windows.');
  const once = await make({ single_use: true });
  await refused(scope, proxy, { ...LIST, token: once.token }, 403, 'whoever may open a single one');
  await new RfbViewer(scope, proxy).open(proxy, { token: once.token, query: '?window=app:xterm' }); // which it has left
  const secret = await make({ password: 'secret' });
  await refused(scope, proxy, { ...LIST, token: secret.token }, 403, 'This stream asks for a password');

  const last = new Lister(scope, proxy);
  await last.until('a window', ({ windows }) => windows.length === 1);
  agent.kill();
  await last.ends();
  assert.deepEqual(last.close, { code: 4013, words: "the desktop's agent is lost" });
});

live('who does not read the list gets the newest only, and one that is too long is cut at its lower end', async (scope) => {
  const desktop = await startXvnc(scope);
  const agent = await startFakeAgent(scope);
  const proxy = await startPortholed(scope, { upstream: desktop.upstream, agent: agent.path });
  await agent.tell([{ title: 'first' }]);
  const list = new Lister(scope, proxy);
  await list.until('the first', ({ windows }) => windows[0].title === 'first');
  list.socket.pause();
  const rounds = 400; // of 80 KB each: more than the kernel's buffers hold
  for (let i = 1; i <= rounds; i++) await agent.tell(Array.from({ length: 80 }, (_, at) => ({ title: `${i} ${at} ${'x'.repeat(960)}` })));
  const other = new Lister(scope, proxy); // whoever comes then is told at once
  await other.until('the newest', ({ windows }) => windows[0].title.startsWith(`${rounds} 0 `));
  list.socket.resume();
  await list.until('the newest', ({ windows }) => windows[0].title.startsWith(`${rounds} 0 `));
  assert.ok(list.count < rounds / 2, `${list.count} of ${rounds} were told`);

  await agent.tell(Array.from({ length: 300 }, (_, at) => ({ title: `${at} ${'"'.repeat(1000)}` })));
  const { windows, complete } = await other.until('what there is room for', (all) => !all.complete && all);
  assert.equal(complete, false);
  assert.ok(windows.length > 20 && windows.length < 300, `${windows.length} windows`);
  assert.ok(windows.at(-1).title.startsWith('299 '), 'the topmost are told');
  assert.equal(windows[0].title.split(' ')[0], String(300 - windows.length));
});
