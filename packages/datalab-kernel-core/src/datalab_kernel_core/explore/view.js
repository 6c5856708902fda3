// The view that replaces its picture in a page. The data stays in the kernel. Whenever
// the view changes, it requests the data that the screen can show, and until the reply
// arrives, it shows the previous data at the new scale.

const MAX_WIDTH = 900;
const MAX_ELONGATION = 5;

// ---- the view ------------------------------------------------------------------------

class View extends PlotArea {
  constructor(model, image) {
    super();
    this.about = model.get("about");
    this.image = image;
    this.isImage = this.about.kind === "image";
    this.link = new Link(model, () => this.say(this.note, "the kernel is busy…"));
    this.log = [...(this.about.log ?? [false, false])];
    this.limits = null;
    this.colormap = null;
    this.shown = 0;
    this.asked = {};
    this.build(model);
    this.listen();
    this.resize();
    this.begin();
  }

  build(model) {
    this.el = document.createElement("div");
    this.el.className = `datalab-explore dle-${this.about.kind}`;
    this.el.style.display = "none"; // until the first picture
    const stage = element("div", this.el, { className: "dle-stage" });
    this.canvas = element("canvas", stage);
    const row = (this.row = element("div", this.el, { className: "dle-row" }));
    this.value = element("span", row, { className: "dle-value" });
    this.button(row, "show all", "Show all (double-click)", () => this.home());
    if (!this.isImage) this.logs = ["x", "y"].map((axis, n) => this.buildLog(row, axis, n));
    else if (this.about.limits) this.colors = new ColorScale(this);
    this.note = element("div", this.el, { className: "dle-note" });
    this.error = element("div", this.el, { className: "dle-error" });
    this.el.title =
      "wheel: zoom; drag: move; Shift+drag: zoom to a rectangle; double-click: show all";
    this.image.after(this.el);
    this.editor = new Editor(this, model, stage);
    this.model = model;
    this.follow = () => this.renew(model.get("about"));
    model.on("change:about", this.follow);
  }

  button(row, text, title, action) {
    const button = element("button", row, { textContent: text, title, type: "button" });
    button.addEventListener("click", action);
    return button;
  }

  buildLog(row, axis, number) {
    const button = this.button(row, `log ${axis}`, `Logarithmic ${axis} axis`, () => {
      this.log[number] = !this.log[number];
      button.setAttribute("aria-pressed", this.log[number]);
      this.home();
    });
    button.setAttribute("aria-pressed", this.log[number]);
    button.disabled = !this.canBeLog(axis);
    return button;
  }

  canBeLog(axis) {
    return Boolean(this.about.extents[`${axis}log`] && this.about.extents[axis]);
  }

  // -- geometry --

  resize() {
    const room = this.el.clientWidth || this.image.parentElement?.clientWidth || MAX_WIDTH;
    const width = Math.max(Math.min(room, MAX_WIDTH), 240);
    let height = 360;
    if (this.isImage) {
      const [rows, columns] = this.about.shape;
      const shape = (rows * this.about.aspect) / (columns || 1) || 1;
      const isLong = shape > MAX_ELONGATION || shape < 1 / MAX_ELONGATION;
      height = Math.min(Math.max((width - 88) * (isLong ? 0.5 : shape) + 66, 260), 560);
    }
    if (width === this.width && height === this.height) return false;
    this.size(width, height);
    return true;
  }

  home() {
    if (this.isImage) this.fit();
    else {
      const { extents } = this.about;
      const range = (axis, log) => extents[log ? `${axis}log` : axis] ?? [0, 1];
      this.x = [...range("x", this.log[0])];
      this.y = [...range("y", this.log[1])];
      this.autoY = true;
    }
    this.change();
  }

  // Show the object as it is now: the same part of it, unless it has another extent.
  renew(about) {
    const extent = ({ shape, axes, extents }) => JSON.stringify([shape, axes, extents?.x]);
    const isSame = extent(about) === extent(this.about);
    this.about = about;
    this.logs?.forEach((button, n) => {
      const axis = "xy"[n];
      button.disabled = !this.canBeLog(axis);
      if (button.disabled && this.log[n]) button.click();
    });
    this.colors?.renew(about);
    if (isSame) this.change();
    else {
      this.resize();
      this.home();
    }
    this.editor.profile.inspect(this.editor.current);
  }

  // Show what the user of the kernel asked for, at first.
  begin() {
    this.home();
    const { x, y } = this.about.home ?? {};
    if (x) this.x = this.x.map((end, n) => x[n] ?? end);
    if (y) this.y = this.y.map((end, n) => y[n] ?? end);
    if (y && (y[0] ?? y[1]) != null) this.autoY = false;
    if (x || y) this.change();
  }

  fit() {
    const [rows, columns] = this.about.shape.map((side) => side || 1);
    const { aspect } = this.about;
    const { width, height } = this.plot;
    const elongation = columns / (rows * aspect);
    let scales = [columns / width, rows / height];
    if (elongation < MAX_ELONGATION && elongation > 1 / MAX_ELONGATION) {
      const scale = Math.max(scales[0], scales[1] * aspect);
      scales = [scale, scale / aspect];
    }
    const around = (middle, span) => [middle - span / 2, middle + span / 2];
    this.x = around(columns / 2, width * scales[0]);
    this.y = around(rows / 2, height * scales[1]);
  }

  zoom(axis, factor, pixel) {
    const center = this.at(axis, pixel);
    this.set(axis, this[axis].map((end) => center + (end - center) * factor));
  }

  // Set the ends of an axis, unless the range is too small for distinct numbers or
  // pixels, or too large to be useful.
  set(axis, [low, high]) {
    const side = axis === "x" ? 1 : 0;
    const whole = this.isImage
      ? this.about.shape[side] || 1
      : Math.abs(this.extent(axis)[1] - this.extent(axis)[0]);
    const finest = this.isImage ? 3 : 1e-13 * Math.max(Math.abs(low), Math.abs(high));
    const span = high - low;
    if (span > finest && span < 50 * whole && Number.isFinite(span)) this[axis] = [low, high];
  }

  extent(axis) {
    const log = this.log[axis === "x" ? 0 : 1];
    return this.about.extents[log ? `${axis}log` : axis] ?? [0, 1];
  }

  // -- requests and replies --

  change() {
    this.draw();
    this.changed = performance.now();
    const { width, height } = this.plot;
    this.link.ask("view", {
      x: this.x,
      y: this.y,
      width: Math.round(width * (this.isImage ? this.ratio : 1)),
      height: Math.round(height * (this.isImage ? this.ratio : 1)),
      log: this.log,
      limits: this.limits,
      colormap: this.colormap,
      changed: this.changed,
    });
  }

  async receive(reply, buffers) {
    if (reply.view !== this.link.id) return;
    this.link.answered(reply.ask);
    if (["edit", "undo", "select", "keep", "profile", "draw"].includes(reply.ask)) {
      this.editor.receive(reply, buffers);
      return;
    }
    this.say(this.error, reply.error ?? "");
    this.say(this.note, this.picture?.reply.note ?? "");
    if (reply.error) this.show();
    else if (reply.ask === "value") this.read(reply);
    else await this.take(reply, buffers);
  }

  async take(reply, buffers) {
    const picture = this.isImage ? await Pixels.of(reply, buffers) : new Curve(reply, buffers);
    if (reply.number < this.shown) return; // a later reply arrived first
    this.shown = reply.number;
    this.picture = picture;
    if (picture.palette) this.colors?.take(picture.palette);
    this.say(this.note, reply.note);
    if (!this.isImage && this.autoY) {
      this.y = widened(reply.range);
    }
    this.show();
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    this.draw(() => {
      const taken = performance.now() - reply.changed;
      Object.assign(this.el.dataset, { painted: reply.number, milliseconds: taken, bytes });
    });
  }

  show() {
    if (this.el.style.display === "") return;
    this.el.style.display = "";
    this.image.style.display = "none";
  }

  remove() {
    this.model.off("change:about", this.follow);
    this.editor.remove();
    this.el.remove();
    this.image.style.display = "";
  }

  say(where, text) {
    if (where.textContent !== text) where.textContent = text ?? "";
  }

  read(reply) {
    if (!this.pointer) return;
    this.say(this.value, reply.text);
    this.mark = reply.at;
    if (!this.isImage) this.draw();
  }

  draw(then) {
    if (then) this.then = then;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      paint(this);
      this.editor.shapes.paint();
      this.editor.profile?.draw();
      const done = this.then;
      this.then = null;
      if (done) done();
    });
  }

  // -- the pointer --

  listen() {
    const on = (name, action, options) => this.canvas.addEventListener(name, action, options);
    on("wheel", (event) => this.onWheel(event), { passive: false });
    on("pointerdown", (event) => this.onDown(event));
    on("pointermove", (event) => this.onMove(event));
    on("pointerup", (event) => this.onUp(event));
    on("pointercancel", () => { this.drag = this.rectangle = null; });
    on("dblclick", () => this.home());
    on("pointerleave", () => {
      this.pointer = this.mark = null;
      this.say(this.value, "");
      this.draw();
    });
    this.resizes = new ResizeObserver(() => {
      if (this.el.style.display === "" && this.resize()) {
        if (this.isImage) this.fit();
        this.change();
      }
    });
    this.resizes.observe(this.el);
  }

  onWheel(event) {
    event.preventDefault();
    event.stopPropagation();
    const lines = event.deltaMode === 1 ? 24 : 1;
    const factor = Math.exp(Math.max(Math.min(event.deltaY * lines * 0.002, 1), -1));
    const onYAxis = event.offsetX < this.plot.left;
    if (this.isImage || !onYAxis) this.zoom("x", factor, event.offsetX);
    if (this.isImage || onYAxis) {
      this.autoY = false;
      this.zoom("y", factor, event.offsetY);
    }
    this.change();
  }

  onDown(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const from = [event.offsetX, event.offsetY];
    this.drag = { from, x: this.x, y: this.y, zooms: event.shiftKey };
  }

  onMove(event) {
    const [x, y] = (this.pointer = [event.offsetX, event.offsetY]);
    if (!this.drag) {
      this.link.ask("value", { x: this.at("x", x), y: this.at("y", y), log: this.log });
      return;
    }
    const [fromX, fromY] = this.drag.from;
    if (this.drag.zooms) {
      this.rectangle = [fromX, fromY, x, y];
      this.draw();
      return;
    }
    if (Math.abs(x - fromX) + Math.abs(y - fromY) < 3) return;
    this.x = this.moved("x", x - fromX);
    if (this.isImage || !this.autoY) this.y = this.moved("y", y - fromY);
    this.change();
  }

  moved(axis, pixels) {
    const [low, high] = this.drag[axis];
    const { width, height } = this.plot;
    const upwards = axis === "y" && !this.isImage;
    const by = (pixels / (axis === "x" ? width : height)) * (high - low);
    return [low, high].map((end) => end + (upwards ? by : -by));
  }

  onUp() {
    const { rectangle } = this;
    this.drag = this.rectangle = null;
    if (!rectangle) return;
    const [x0, y0, x1, y1] = rectangle;
    if (Math.abs(x1 - x0) > 4 && Math.abs(y1 - y0) > 4) {
      const ends = (axis, a, b) => [this.at(axis, a), this.at(axis, b)].sort((p, q) => p - q);
      const [x, y] = [ends("x", x0, x1), ends("y", y0, y1)];
      this.set("x", x);
      this.set("y", y);
      this.autoY = false;
      this.change();
    }
    this.draw();
  }
}
