// ---- the selection, and changes of shapes ----------------------------------------------

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// What the pointer and the keyboard do with shapes. The kernel carries out each change,
// and sends the shapes again.
class Editor {
  constructor(view, model, stage) {
    this.view = view;
    this.model = model;
    this.queue = [];
    this.shapes = new Shapes(view, stage);
    this.pen = new Pen(view, this.shapes.svg, {
      onDraft: (shape) => this.profile.preview(shape),
      onDrawn: (shape) => this.add(shape),
    });
    this.build(stage);
    this.profile = new Profile(view, this.error);
    this.listen(stage);
    this.follow = () => this.update(model.get("overlay"));
    model.on("change:overlay", this.follow);
    this.update(model.get("overlay"));
    this.endKeys = takeKeys(view.el, /^(z|Arrow.*)$/);
  }

  remove() {
    this.model.off("change:overlay", this.follow);
    this.endKeys();
  }

  // -- elements --

  build(stage) {
    const { view } = this;
    this.tools = element("div", view.el, { className: "dle-row dle-tools" });
    this.tools.setAttribute("role", "toolbar");
    this.tools.setAttribute("aria-label", "Draw");
    this.buttons = {};
    const kinds = view.isImage
      ? ["rectangle", "circle", "polygon", "segment", "point"]
      : ["span", "segment", "point"];
    for (const kind of kinds) {
      const [name, , help] = TOOLS[kind];
      this.buttons[kind] = view.button(this.tools, name, help, (event) => this.choose(kind, event));
      this.buttons[kind].setAttribute("aria-pressed", false);
    }
    this.offer = view.button(view.row, "draw", "Draw, change and delete regions, points and lines", () =>
      this.send({ ask: "draw", draws: !this.state.edits }));
    this.undoing = view.button(this.tools, "undo", "Take back the last change made here (Ctrl+Z)", () => this.undo());
    this.chosen = element("div", view.el, { className: "dle-row dle-chosen" });
    const label = element("label", this.chosen, { textContent: "name " });
    this.name = element("input", label, { type: "text", maxLength: 500 });
    this.outside = view.button(this.chosen, "outside", "The region is the outside of its shape", () => this.invert());
    view.button(this.chosen, "delete", "Delete the shape (Delete)", () => this.erase());
    this.keeping = view.button(this.chosen, "add to workspace", "Add the data under it to the workspace, as a signal", () => this.keep());
    this.where = element("span", this.chosen, { className: "dle-where" });
    this.status = element("div", view.el, { className: "dle-status" });
    this.status.setAttribute("role", "status");
    this.error = element("div", view.el, { className: "dle-problem" });
    this.error.setAttribute("role", "alert");
    stage.after(this.tools, this.chosen, this.status, this.error);
  }

  listen(stage) {
    const { svg } = this.shapes;
    svg.addEventListener("pointerdown", (event) => this.onDown(event));
    svg.addEventListener("pointermove", (event) => this.onMove(event));
    svg.addEventListener("pointerup", (event) => this.onUp(event));
    svg.addEventListener("pointercancel", () => this.cancel());
    svg.addEventListener("wheel", (event) => this.pass(event), { passive: false });
    svg.addEventListener("focusin", (event) => {
      const node = event.target.closest("[data-id]");
      if (node) this.select(node.dataset.id);
    });
    this.view.canvas.addEventListener("pointerdown", (event) => { this.pressed = [event.offsetX, event.offsetY]; });
    this.view.canvas.addEventListener("click", (event) => this.onClick(event));
    stage.takeKey = (event) => this.onKey(event);
    stage.addEventListener("keyup", (event) => ARROWS[event.key] && this.commit());
    svg.addEventListener("focusout", () => this.commit());
    this.name.takeKey = (event) => this.onNameKey(event);
    this.name.addEventListener("change", () => this.rename());
    this.tools.takeKey = this.chosen.takeKey = (event) => this.onUndoKey(event);
  }

  // Let the canvas have an event that is not about a shape.
  pass(event) {
    event.preventDefault();
    event.stopPropagation();
    this.view.canvas.dispatchEvent(new event.constructor(event.type, event));
  }

  // -- state --

  update(state) {
    this.state = state;
    this.tools.hidden = !state.edits;
    this.offer.hidden = !state.offers;
    this.offer.setAttribute("aria-pressed", state.edits);
    if (!state.edits && this.pen.kind) this.press(null);
    if (this.buttons.circle) this.buttons.circle.disabled = !state.circles;
    this.shapes.update(state);
    this.view.el.classList.toggle("dle-edits", state.edits);
    this.showChosen();
    this.profile.inspect(this.current);
    this.hint();
  }

  hint() {
    this.view.say(this.status, this.pen.kind ? TOOLS[this.pen.kind][2] : this.state.note);
  }

  get current() {
    return this.shapes.find(this.shapes.selected);
  }

  // Whether a shape is being drawn, moved or resized.
  get isChanging() {
    return Boolean(this.drag || this.keyed || this.pen.from);
  }

  select(id) {
    if (id === this.shapes.selected) return;
    this.commit();
    this.shapes.selected = id;
    this.shapes.paint();
    this.showChosen();
    const { what, index, key } = this.current ?? {};
    this.view.link.ask("select", { what, index, key });
    this.profile.inspect(this.current);
  }

  showChosen() {
    const shape = this.current;
    const canEdit = Boolean(shape && this.shapes.canEdit(shape));
    this.chosen.hidden = !shape;
    this.chosen.classList.toggle("dle-editing", canEdit);
    if (!shape) return;
    for (const part of [...this.chosen.children]) if (part !== this.where) part.hidden = !canEdit;
    this.keeping.hidden = !canEdit || !["segment", "span"].includes(shape.kind);
    this.outside.hidden = !canEdit || shape.what !== "region" || !this.view.isImage;
    this.outside.setAttribute("aria-pressed", shape.outside);
    if (document.activeElement !== this.name) this.name.value = shape.title ?? "";
    this.name.placeholder = shape.label;
    this.view.say(this.where, this.shapes.describe(shape));
  }

  // -- requests --

  // Send one request after the other: each must know the result of the one before.
  send(request) {
    this.queue.push({ ...request, changed: performance.now() });
    this.view.say(this.error, "");
    this.pump();
  }

  pump() {
    const { waiting } = this.view.link;
    if (waiting.edit || waiting.undo || waiting.keep || waiting.draw || !this.queue.length) return;
    const { ask, ...request } = this.queue.shift();
    this.view.link.ask(ask, request);
  }

  receive(reply, buffers) {
    if (reply.ask === "select") return;
    if (reply.ask === "profile") {
      if (!this.isChanging) this.profile.receive(reply, buffers);
      return;
    }
    if (reply.before !== undefined) this.settled(reply);
    if (reply.error) this.view.say(this.error, reply.error);
    if (!this.queue.length && !this.drag) this.shapes.drafts = {};
    this.shapes.paint();
    this.showChosen();
    this.pump();
    const { dataset } = this.view.el;
    Object.assign(dataset, {
      edits: Number(dataset.edits ?? 0) + 1,
      edited: performance.now() - reply.changed,
    });
  }

  // Use the new key of a changed shape in the requests that still wait.
  settled({ before, key, index }) {
    for (const request of this.queue) if (before && request.key === before) request.key = key;
    if (this.adding && index >= 0) this.focus(`${this.adding}:${index}`);
    this.adding = null;
  }

  focus(id) {
    this.shapes.nodes.get(id)?.el.focus({ preventScroll: true });
  }

  edit(action, shape, more = {}) {
    const { what, index, key, kind } = shape;
    this.send({ ask: "edit", do: action, what, index, key, shape: kind, ...more });
  }

  add({ kind, coords }) {
    this.press(null);
    this.adding = TOOLS[kind][1];
    this.send({ ask: "edit", do: "add", what: this.adding, shape: kind, coords });
  }

  change(shape, coords) {
    if (String(coords) === String(shape.coords)) delete this.shapes.drafts[shape.id];
    else this.edit("change", shape, { coords });
  }

  rename() {
    const shape = this.current;
    if (!shape || this.name.value === (shape.title ?? "")) return;
    shape.title = this.name.value; // the field loses the keyboard, and asks again
    this.edit("rename", shape, { title: shape.title });
  }

  invert() {
    if (this.current) this.edit("invert", this.current, { outside: !this.current.outside });
  }

  erase() {
    const shape = this.current;
    if (!shape || !this.shapes.canEdit(shape)) return;
    this.edit("remove", shape);
    this.select(null);
    this.shapes.svg.focus({ preventScroll: true });
  }

  keep() {
    const { what, index, key } = this.current;
    this.send({ ask: "keep", what, index, key });
  }

  undo() {
    this.commit();
    this.send({ ask: "undo" });
  }

  // -- tools --

  choose(kind, event) {
    if (!event.detail) {
      this.press(null);
      this.pen.middle(kind); // by the keyboard
    } else if (this.pen.kind === kind) this.press(null);
    else this.press(kind);
  }

  press(kind) {
    this.pen.stop();
    if (kind) this.pen.start(kind);
    for (const [name, button] of Object.entries(this.buttons)) button.setAttribute("aria-pressed", name === kind);
    this.hint();
  }

  // -- the pointer --

  onClick(event) {
    const at = [event.offsetX, event.offsetY];
    if (!this.pressed || Math.hypot(at[0] - this.pressed[0], at[1] - this.pressed[1]) > 3) return;
    const shape = this.shapes.pick(at);
    if (shape) this.focus(shape.id);
    else this.select(null);
  }

  onDown(event) {
    const handle = event.target.dataset?.handle;
    const node = event.target.closest("[data-id]");
    const id = handle === undefined ? node?.dataset.id : this.shapes.selected;
    const shape = this.shapes.find(id);
    if (!shape || event.button !== 0 || !this.shapes.canEdit(shape)) return;
    event.preventDefault();
    event.stopPropagation();
    this.focus(id);
    this.shapes.svg.setPointerCapture(event.pointerId);
    this.drag = { id, handle, from: this.pen.at(event), shape: this.shapes.now(shape) };
  }

  onMove(event) {
    if (!this.drag) {
      if (!this.pen.kind) this.pass(event);
      return;
    }
    const { id, handle, from, shape } = this.drag;
    const at = this.pen.at(event);
    const by = [at[0] - from[0], at[1] - from[1]];
    if (Math.hypot(...by) < SMALLEST && !this.shapes.drafts[id]) return;
    this.shapes.drafts[id] = handle === undefined
      ? moved(this.view, shape, by)
      : this.resized(shape, Number(handle), by, event.shiftKey);
    this.shapes.paint();
    this.showChosen();
    this.profile.preview(this.shapes.now(shape));
  }

  resized(shape, handle, by, isStraight) {
    const coords = resized(this.view, shape, handle, by);
    return isStraight && shape.kind === "segment" ? straightened(this.view, coords, handle) : coords;
  }

  onUp() {
    const { drag } = this;
    this.drag = null;
    if (drag && this.shapes.drafts[drag.id]) this.change(drag.shape, this.shapes.drafts[drag.id]);
  }

  cancel() {
    this.drag = this.keyed = null;
    this.shapes.drafts = {};
    this.press(null);
    this.shapes.paint();
    this.showChosen();
    this.profile.inspect(this.current);
  }

  // -- the keyboard --

  onKey(event) {
    if (this.onUndoKey(event) || this.onShapeKey(event)) event.preventDefault();
  }

  onUndoKey(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return false;
    event.preventDefault();
    if (this.state.edits) this.undo();
    return true;
  }

  onShapeKey(event) {
    if (event.key === "Escape") {
      this.cancel();
      return true;
    }
    if (this.pen.kind) {
      if (event.key === "Enter") this.pen.close();
      return event.key === "Enter";
    }
    const shape = this.current;
    if (!shape || !this.shapes.canEdit(shape)) return false;
    if (ARROWS[event.key]) this.nudge(shape, event);
    else if (event.key === "Enter" || event.key === "F2") this.name.select();
    else if (event.key === "Delete" || event.key === "Backspace") this.erase();
    else return false;
    return true;
  }

  // Move or resize by an arrow key; the kernel has it when the key is released.
  nudge(shape, event) {
    const by = ARROWS[event.key].map((side, n) => side * this.step(n) * (event.ctrlKey ? 10 : 1));
    const now = this.shapes.now(shape);
    this.shapes.drafts[shape.id] = (event.shiftKey ? grown : moved)(this.view, now, by);
    this.keyed = shape;
    this.shapes.paint();
    this.showChosen();
    this.profile.preview(this.shapes.now(shape));
  }

  // Return the pixels of the screen of one step: those of a pixel of the image, if it
  // is larger than one.
  step(number) {
    if (!this.view.isImage) return 1;
    const axis = number ? "y" : "x";
    const [low, high] = this.view[axis];
    const size = (number ? this.view.plot.height : this.view.plot.width) / (high - low);
    return Math.ceil(1 / size - 1e-9) * size;
  }

  commit() {
    const shape = this.keyed;
    this.keyed = null;
    if (shape && this.shapes.drafts[shape.id]) this.change(shape, this.shapes.drafts[shape.id]);
  }

  onNameKey(event) {
    if (event.key === "Escape") this.name.value = this.current?.title ?? "";
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault();
    this.rename();
    this.focus(this.shapes.selected);
  }
}
