// ---- the list of rows, of which only those on the screen exist ------------------------

const AHEAD = 20; // rows that are fetched before they are on the screen
const MOST_PICTURES = 60;

class List {
  constructor(parent, link, hooks) {
    this.link = link;
    this.hooks = hooks;
    this.el = element("div", parent, { className: "dlb-list", tabIndex: -1 });
    this.el.setAttribute("role", "tree");
    this.el.setAttribute("aria-label", "Objects of the workspace");
    this.el.setAttribute("aria-multiselectable", "true");
    this.space = element("div", this.el, { className: "dlb-space" });
    this.space.setAttribute("role", "none");
    this.rows = new Map(); // elements by key
    this.loaded = [];
    this.first = 0;
    this.total = 0;
    this.search = "";
    this.closed = new Set();
    this.chosen = new Set(); // UUIDs
    this.active = null; // key of the row that has the keyboard
    this.anchor = null;
    this.wanted = null; // number of a row that becomes active when it arrives
    this.pictures = new Map(); // by UUID
    this.el.addEventListener("scroll", () => this.draw());
    this.resizes = new ResizeObserver(() => this.draw());
    this.resizes.observe(this.el);
  }

  query() {
    return { search: this.search, closed: [...this.closed] };
  }

  // -- data --

  ask() {
    const { begin, end } = this.range();
    const first = Math.max(begin - AHEAD, 0);
    const request = { ...this.query(), first, count: end - begin + 2 * AHEAD };
    this.link.ask("rows", { ...request, active: this.active });
  }

  // The numbers of the rows on the screen.
  range() {
    const begin = Math.max(Math.floor(this.el.scrollTop / ROW) - 2, 0);
    const end = Math.ceil((this.el.scrollTop + (this.el.clientHeight || 380)) / ROW) + 2;
    return { begin, end: this.total ? Math.min(end, this.total) : end };
  }

  take(reply) {
    this.loaded = reply.rows;
    this.first = reply.first;
    this.total = reply.total;
    this.space.style.height = `${this.total * ROW}px`;
    this.settle(reply.active);
    this.draw();
  }

  at(index) {
    return this.loaded[index - this.first];
  }

  // Keep a row active: the one that was, or the one that is now in its place.
  settle([key, place]) {
    if (this.wanted !== null) {
      const index = Math.min(this.wanted, this.total - 1);
      const row = this.at(index);
      if (row) this.activate(row.key, index, true);
      if (row) return;
    }
    if (key !== this.active && this.active !== null) {
      // The rows are about the row that was active when they were asked for.
      const number = this.loaded.findIndex((row) => row.key === this.active);
      if (number >= 0) this.place = this.first + number;
      else this.ask();
      return;
    }
    if (place !== null) this.place = place;
    else if (this.total) {
      const index = Math.min(this.place ?? 0, this.total - 1);
      const row = this.at(index) ?? this.loaded[0];
      const lost = this.active && this.chosen.delete(this.active);
      this.active = row?.key ?? null;
      this.place = row ? this.loaded.indexOf(row) + this.first : 0;
      if (lost && row?.level === 2) this.chosen.add(row.key);
    }
  }

  // -- drawing --

  draw() {
    const { begin, end } = this.range();
    const kept = new Set();
    for (let index = begin; index < end; index += 1) {
      const data = this.at(index);
      if (data) kept.add(this.show(index, data));
    }
    const active = this.rows.get(this.active);
    if (active && !kept.has(this.active)) {
      const data = this.at(this.place) ?? active.data;
      kept.add(this.show(this.place, data.key === this.active ? data : active.data));
    }
    for (const [key, row] of this.rows) {
      if (kept.has(key) || row.editor) continue;
      if (row.el === document.activeElement) this.focus(); // or the notebook takes it
      row.el.remove();
      this.rows.delete(key);
    }
    const missing = begin < this.first || end > this.first + this.loaded.length;
    if (missing && this.total) this.ask();
    this.askForPictures(begin, end);
    this.hooks.onDrawn();
  }

  show(index, data) {
    let row = this.rows.get(data.key);
    if (!row) {
      row = new Row(this.space);
      this.rows.set(data.key, row);
    }
    row.update(index, data, this.pictures.get(data.key));
    row.el.setAttribute("aria-selected", this.chosen.has(data.key));
    row.el.tabIndex = data.key === this.active ? 0 : -1;
    return data.key;
  }

  askForPictures(begin, end) {
    if (this.link.waiting.pictures) return; // its reply draws again
    const lacking = this.loaded.slice(Math.max(begin - this.first, 0), end - this.first)
      .filter((row) => row.level === 2 && this.pictures.get(row.key)?.stamp !== row.stamp)
      .slice(0, MOST_PICTURES);
    if (!lacking.length) return;
    this.stamps = new Map(lacking.map((row) => [row.key, row.stamp]));
    this.link.ask("pictures", { uuids: [...this.stamps.keys()] });
  }

  takePictures(reply, buffers) {
    let number = 0;
    for (const [key, size] of reply.pictures ?? []) {
      const url = size ? pictureUrl(buffers[number]) : null;
      number += size ? 1 : 0;
      this.pictures.set(key, { stamp: this.stamps.get(key), url, size });
    }
    if (!reply.error) this.draw();
  }

  // -- the active row, and the chosen ones --

  focus() {
    (this.activeRow?.el ?? this.el).focus({ preventScroll: true });
  }

  get activeRow() {
    return this.rows.get(this.active);
  }

  activate(key, index, focus) {
    this.active = key;
    this.place = index;
    this.wanted = null;
    if (!this.rows.has(key)) this.show(index, this.at(index));
    for (const row of this.rows.values()) row.el.tabIndex = row.el.dataset.key === key ? 0 : -1;
    if (focus) this.rows.get(key).el.focus({ preventScroll: true });
  }

  // Make a row active and bring it on the screen; choose it or extend the choice.
  go(index, event) {
    const target = Math.max(Math.min(index, this.total - 1), 0);
    const top = target * ROW;
    const height = this.el.clientHeight;
    if (top < this.el.scrollTop) this.el.scrollTop = top;
    else if (top + ROW > this.el.scrollTop + height) this.el.scrollTop = top + ROW - height;
    const row = this.at(target);
    if (!row) {
      this.wanted = target; // it becomes active when it arrives
      this.ask();
      return;
    }
    this.activate(row.key, target, true);
    if (!event.ctrlKey && !event.metaKey) this.choose(row, event);
    this.draw();
  }

  // Choose a row alone, in addition (with Ctrl), or all up to it (with Shift).
  choose(row, event) {
    if (event.shiftKey && this.anchor) {
      this.link.ask("keys", { ...this.query(), ends: [this.anchor, row.key] });
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      if (!this.chosen.delete(row.key) && row.level === 2) this.chosen.add(row.key);
    } else {
      this.chosen = new Set(row.level === 2 ? [row.key] : []);
    }
    this.anchor = row.key;
    this.hooks.onChoice(row);
  }

  chooseActive() {
    const data = this.activeRow?.data;
    this.chosen = new Set(data?.level === 2 ? [data.key] : []);
    this.draw();
  }

  chooseAll() {
    this.link.ask("keys", this.query());
  }

  takeKeys(keys) {
    this.chosen = new Set(keys);
    this.draw();
    this.hooks.onChoice(null);
  }

  toggle(key) {
    if (!this.closed.delete(key)) this.closed.add(key);
    this.ask();
  }

  find(text) {
    this.search = text;
    this.el.scrollTop = 0;
    this.ask();
  }
}
