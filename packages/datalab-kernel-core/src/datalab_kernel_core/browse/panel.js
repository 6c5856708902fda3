// ---- the panel ------------------------------------------------------------------------

// Keys with Ctrl that the panel uses itself; JupyterLab has the others, such as Ctrl+S.
const WITH_CTRL = /^(a|z|x|c|v|Arrow.*|Home|End|Enter| )$/;

class Panel {
  constructor(model, picture) {
    this.picture = picture;
    this.abilities = {};
    this.link = new Link(model, () => this.say("the kernel is busy…"));
    this.build();
    this.listen();
    this.list.ask();
  }

  build() {
    this.el = document.createElement("div");
    this.el.className = "datalab-browse";
    this.el.setAttribute("role", "region");
    this.el.setAttribute("aria-label", "Workspace");
    this.el.style.display = "none"; // until the first rows
    const bar = element("div", this.el, { className: "dlb-bar" });
    this.search = element("input", bar, { type: "search", placeholder: "Search" });
    this.search.setAttribute("aria-label", "Search names");
    this.count = element("span", bar, { className: "dlb-count" });
    this.undo = this.button(bar, "Undo", "Take back the last change (Ctrl+Z)", () =>
      this.act("undo"));
    this.more = this.button(bar, "⋯", "Actions for the chosen objects (menu key)", () => {
      const { left, bottom } = this.more.getBoundingClientRect();
      this.openMenu(left, bottom);
    });
    this.more.setAttribute("aria-haspopup", "menu");
    this.more.setAttribute("aria-label", "Actions");
    this.list = new List(this.el, this.link, {
      onChoice: (row) => {
        if (row?.level === 2) this.detail.show(row);
        this.report();
      },
      onDrawn: () => this.el.classList.toggle("dlb-none", !this.list.total),
    });
    this.form = new Form(this.el);
    this.status = element("div", this.el, { className: "dlb-status" });
    this.status.setAttribute("role", "status");
    this.error = element("div", this.el, { className: "dlb-error" });
    this.error.setAttribute("role", "alert");
    this.detail = new Detail(this.el, this.link);
    this.picture.after(this.el);
  }

  button(row, text, title, action) {
    const button = element("button", row, { textContent: text, title, type: "button" });
    button.addEventListener("click", action);
    return button;
  }

  // -- messages --

  receive(reply, buffers) {
    if (reply.view !== this.link.id) return;
    if (reply.ask !== "changes") this.link.answered(reply.ask);
    if (reply.error && reply.ask === "detail") this.detail.fail(reply.error);
    else if (reply.error) this.fail(reply);
    else if (reply.ask === "rows" || reply.ask === "changes") this.take(reply);
    else if (reply.ask === "pictures") this.list.takePictures(reply, buffers);
    else if (reply.ask === "keys") this.takeKeys(reply.keys);
    else if (reply.ask === "act") this.done(reply.done);
    else {
      if (reply.ask === "explore") this.say("");
      this.detail.take(reply, buffers);
    }
  }

  fail(reply) {
    this.say("");
    this.next = null;
    this.removing = false;
    this.error.textContent = reply.error;
    this.show();
  }

  take(reply) {
    if (reply.ask === "rows") this.say(this.busy ? "" : this.status.textContent);
    this.abilities = reply.abilities;
    this.undo.hidden = !this.abilities.undo;
    this.groups = reply.groups;
    this.objects = reply.objects;
    this.found = reply.found;
    this.list.take(reply);
    this.detail.follow(reply.rows);
    this.report();
    this.show();
    this.el.dataset.painted = Number(this.el.dataset.painted ?? 0) + 1;
  }

  takeKeys(keys) {
    this.list.takeKeys(keys);
    const next = this.next;
    this.next = null;
    if (next && !this.link.waiting.keys) next();
  }

  // Do something with the chosen objects, once the kernel has said which they are.
  then(action) {
    if (this.link.waiting.keys) this.next = action;
    else action();
  }

  done(text) {
    this.say(text);
    if (this.removing) this.list.chooseActive();
    this.removing = false;
    this.report();
  }

  say(text) {
    this.busy = text.endsWith("busy…");
    if (this.status.textContent !== text) this.status.textContent = text;
    this.error.textContent = "";
  }

  report() {
    const chosen = this.list.chosen.size;
    const all = `${this.objects} object${this.objects === 1 ? "" : "s"}`;
    const found = this.found === this.objects ? all : `${this.found} of ${all}`;
    this.count.textContent = chosen > 1 ? `${found}, ${chosen} chosen` : found;
  }

  show() {
    if (this.el.style.display === "") return;
    this.el.style.display = "";
    this.picture.style.display = "none";
    this.list.draw();
  }

  draw() {} // colors follow the theme by themselves

  remove() {
    this.el.remove();
    this.picture.style.display = "";
    this.endKeys();
  }

  // -- actions --

  act(action, more = {}) {
    this.say("");
    this.link.ask("act", { action, ...more });
  }

  // What an action concerns: the chosen objects, or those of the active group.
  target() {
    const { chosen, activeRow } = this.list;
    if (chosen.size) return { uuids: [...chosen] };
    if (activeRow?.data.level === 1) return { members: activeRow.data.key };
    return activeRow ? { uuids: [activeRow.data.key] } : null;
  }

  back() {
    this.list.draw();
    this.list.focus();
  }

  rename() {
    const row = this.list.activeRow;
    if (!row) return;
    const { level, key } = row.data;
    row.edit((name) => {
      if (level === 1) this.act("rename group", { group: key, name });
      else this.act("rename", { uuids: [key], name });
    }, () => this.list.draw());
  }

  removeObjects() {
    const target = this.target();
    if (!target) return;
    const number = target.uuids?.length ?? this.list.activeRow.data.count;
    const objects = number === 1 ? "1 object" : `${number} objects`;
    const remove = () => {
      this.removing = true;
      this.act("remove", target);
    };
    if (this.abilities.undo && target.uuids) remove();
    else this.form.ask({ label: `Remove ${objects}?`, button: "Remove" }, remove, () => this.back());
  }

  move() {
    const target = this.target();
    const form = { label: "Move to group", button: "Move", choices: this.groups };
    this.form.ask(form, (name) => this.act("move", { ...target, name }), () => this.back());
  }

  export() {
    const target = this.target();
    const placeholder = target.uuids?.length === 1 ? "data.csv" : "folder/{name}.csv";
    const form = { label: "Export to", button: "Export", choices: [], placeholder };
    this.form.ask(form, (name) => this.act("export", { ...target, name }), () => this.back());
  }

  explore() {
    const row = this.list.activeRow;
    if (row?.data.level === 1) this.list.toggle(row.data.key);
    else if (row) {
      this.say(`opening ${row.data.name}…`);
      this.detail.explore(row.data.key);
    }
  }

  entries() {
    const row = this.list.activeRow;
    const isGroup = row?.data.level === 1 && !this.list.chosen.size;
    const { groups, window: hasWindow } = this.abilities;
    return [
      !isGroup && { label: "Explore", key: "Enter", action: () => this.explore() },
      !isGroup && hasWindow && {
        label: "Show in DataLab",
        action: () => this.act("show", { uuids: [row.data.key] }),
      },
      { label: "Select", action: () => this.act("select", this.target()) },
      (!isGroup || (groups && row.data.name)) && {
        label: isGroup ? "Rename group" : "Rename",
        key: "F2",
        action: () => this.rename(),
      },
      groups && { label: "Move to group…", action: () => this.move() },
      { label: "Export…", action: () => this.export() },
      { label: "Remove", key: "Delete", action: () => this.removeObjects() },
    ].filter(Boolean);
  }

  openMenu(x, y) {
    if (this.list.activeRow) this.menu = new Menu(x, y, this.entries(), () => this.back());
  }

  // -- mouse and keyboard --

  listen() {
    const on = (name, action) => this.list.el.addEventListener(name, action);
    on("click", (event) => this.onClick(event));
    on("dblclick", (event) => this.onDoubleClick(event));
    on("contextmenu", (event) => this.onMenu(event));
    this.list.el.takeKey = (event) => this.onKey(event);
    this.search.addEventListener("input", () => this.list.find(this.search.value));
    this.search.takeKey = (event) => {
      if (event.key === "ArrowDown") this.list.go(0, event);
    };
    this.endKeys = takeKeys(this.el, WITH_CTRL, (target) => this.detail.el.contains(target));
  }

  rowOf(event) {
    return event.target.closest(".dlb-row")?.row;
  }

  onClick(event) {
    const row = this.rowOf(event);
    if (!row) return;
    this.list.activate(row.data.key, row.index, true);
    this.list.choose(row.data, event);
    if (event.target.closest(".dlb-arrow")) this.list.toggle(row.data.key);
    this.list.draw();
  }

  onDoubleClick(event) {
    if (this.rowOf(event) && !event.target.closest(".dlb-arrow")) this.explore();
  }

  onMenu(event) {
    const row = this.rowOf(event);
    if (!row || event.shiftKey) return; // with Shift, the browser's own menu
    event.preventDefault();
    event.stopPropagation();
    this.list.activate(row.data.key, row.index, true);
    if (!this.list.chosen.has(row.data.key)) this.list.choose(row.data, {});
    this.list.draw();
    const { left, bottom } = row.el.getBoundingClientRect();
    const byKey = event.button !== 2;
    this.openMenu(byKey ? left + 40 : event.clientX, byKey ? bottom : event.clientY);
  }

  onKey(event) {
    const handler = this.keys()[event.key];
    const withCtrl = event.ctrlKey || event.metaKey;
    if (withCtrl && event.key === "a") this.list.chooseAll();
    else if (withCtrl && event.key === "z") this.act("undo");
    else if (handler && !event.altKey) handler(event);
    else return;
    event.preventDefault();
  }

  keys() {
    const { list } = this;
    const now = list.place ?? 0;
    const page = Math.max(Math.floor(list.el.clientHeight / ROW) - 1, 1);
    const go = (index) => (event) => list.go(index, event);
    return {
      ArrowDown: go(now + 1),
      ArrowUp: go(now - 1),
      PageDown: go(now + page),
      PageUp: go(now - page),
      Home: go(0),
      End: go(list.total - 1),
      ArrowRight: (event) => this.onRight(event),
      ArrowLeft: (event) => this.onLeft(event),
      Enter: () => this.explore(),
      " ": () => this.toggleChoice(),
      F2: () => this.rename(),
      Delete: () => this.then(() => this.removeObjects()),
      ContextMenu: () => this.then(() => this.openMenuAtRow()),
      F10: (event) => event.shiftKey && this.then(() => this.openMenuAtRow()),
    };
  }

  openMenuAtRow() {
    const { left, bottom } = this.list.activeRow.el.getBoundingClientRect();
    this.openMenu(left + 40, bottom);
  }

  toggleChoice() {
    const row = this.list.activeRow;
    if (row.data.level === 1) this.list.toggle(row.data.key);
    else this.list.choose(row.data, { ctrlKey: true });
    this.list.draw();
  }

  onRight(event) {
    const { data } = this.list.activeRow;
    if (data.level !== 1) return;
    if (data.open) this.list.go(this.list.place + 1, event);
    else this.list.toggle(data.key);
  }

  onLeft(event) {
    const { data } = this.list.activeRow;
    if (data.level === 2) this.list.go(this.list.place - data.place[0], event);
    else if (data.open) this.list.toggle(data.key);
  }
}
