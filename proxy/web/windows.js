// SPDX-License-Identifier: GPL-2.0-or-later
// Which windows a desktop has, as they come and go.
import { NO_LIST, NO_LIST_PASSWORD } from './reasons.js';
import { needsPassword, Stream } from './stream.js';

export class WindowList extends Stream {
  // Events beside Stream's: `windows` {windows, complete, rights}: each {id, app, title, width, height, mapped, visible}, bottom to
  // top (portholed(8), /windows).
  constructor(link) {
    super(link, 'windows');
    this.socket = null;
  }

  begin(rights) {
    if (!rights.windows) return this.settle(needsPassword(rights) ? NO_LIST_PASSWORD : NO_LIST);
    const end = { opened: false, since: 0 };
    const socket = this.openSocket(end);
    socket.addEventListener('message', this.current((event) => {
      if (!end.since) {
        end.since = performance.now();
        this.tell('state', { state: 'connected' });
      }
      this.tell('windows', { ...JSON.parse(event.data), rights });
    }));
    socket.addEventListener('close', this.current((event) => this.ended(end, event)));
    this.socket = socket;
  }

  async ended(end, event) {
    const { generation } = this;
    const why = await this.whyEnded(end, event);
    if (generation === this.generation) this.settle(why);
  }

  // A list is not asked anything: another one tells whether anybody is there.
  suspect() {
    if (this.socket) this.open();
  }

  drop() {
    super.drop();
    this.socket?.close();
    this.socket = null;
  }
}
